//! Profiles: what runs spent, operation by operation, and in which calls.
//!
//! A [`Profile`] is a tree of calls: the main body, what it calls, what that calls. Each node has, for every
//! operation of its function, how often it was executed and what it cost: all of it, what depends on sizes and
//! what the host charges included. So the sum over a profile is what the runs used, to the thousandth and to
//! the instruction, and it is the same on every engine.
//!
//! # How much it can get
//!
//! A program decides how deep it calls and in how many ways, so the tree is bounded in depth, nodes and
//! operations together. A call beyond that is booked to a node that is there: of the nearest caller that is the
//! same function, which is what recursion comes to; else of the function in a list beside the tree, under
//! [`Node::function`] `None`. Which one it is follows from the calls so far alone, and what an operation costs
//! is exact wherever it is booked.
//!
//! # Stretches
//!
//! An operation's number is kept as a difference to the operation before it. So native code counts a whole
//! block by adding one where it begins and taking one away where it ends, and takes back in the same way
//! what it leaves to the interpreter (see `native`).
//!
//! Knows nothing of how operations are executed; it is told by whoever does it, as a `Ledger`.

use crate::energy::Energy;
use crate::program::{Action, FunctionId, Pc, Program};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::{AddAssign, Range};
use std::sync::Arc;

/// The deepest nodes of the tree are so many calls away from the main body.
const DEPTH_MAX: u32 = 100;
/// The most nodes of the tree.
const NODES_MAX: usize = 1 << 13;
/// The most operations that all nodes of the tree but the first have together.
const CELLS_MAX: usize = 1 << 20;

/// What executing something took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// How many instructions were executed, each counted as often as it was paid.
    pub visits: u64,
    /// What they cost.
    pub energy: Energy,
}

impl AddAssign for Spent {
    fn add_assign(&mut self, other: Spent) {
        self.visits = self.visits.wrapping_add(other.visits);
        self.energy = self.energy.saturating_add(other.energy);
    }
}

/// What is kept of an operation in a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Cell {
    /// How much more often it was executed than the operation before it.
    pub(crate) visits: u64,
    /// What it cost beyond the price that the program says.
    pub(crate) beyond: u64,
}

/// A place in the tree.
#[derive(Clone, Debug)]
struct Place {
    parent: Option<usize>,
    function: Option<FunctionId>,
    depth: u32,
    /// Where its cells begin: one for each operation of the function, and one more.
    cells: usize,
    /// What it called last, and where that is.
    last: Option<(FunctionId, usize)>,
}

/// A function as it was called from one place in the tree of calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Who called it: a node that comes before it.
    pub parent: Option<usize>,
    /// The function; `None` for the head of the list of calls that have no place in the tree.
    pub function: Option<FunctionId>,
    /// What was spent in the function itself, by the index of the instruction.
    pub own: BTreeMap<u32, Spent>,
}

impl Node {
    /// What was spent in the function itself.
    #[must_use]
    pub fn own(&self) -> Spent {
        sum(self.own.values().copied())
    }
}

/// A function of the program, wherever it was called from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// Its name; `None` for the main body.
    pub name: Option<String>,
    /// How often it was called. The main body is not.
    pub calls: u64,
    /// What was spent in the function itself.
    pub own: Spent,
}

/// What runs of a program spent, and where.
///
/// ```
/// use lau_runtime::instance::{Instance, Linked};
/// use lau_runtime::program::{Action, Function, Op, Parts, Pc, Program, price};
/// use lau_runtime::{Energy, Host, Limits};
/// use std::sync::Arc;
///
/// // A program that jumps to itself.
/// let op = |action, at| Op { energy: price(&Op { action, energy: 0, at }) as u32, action, at };
/// let program = Program::new(Parts {
///     functions: vec![Function { name: None, parameters: 0, variables: vec![], code: 0..2 }],
///     ops: vec![op(Action::Jump(Pc::new(0)), 0), op(Action::End, 1)],
///     instructions: 1,
///     ..Parts::default()
/// }).unwrap();
/// let host = Arc::new(Host::default());
/// let linked = Arc::new(Linked::new(Arc::new(program), host.interface()));
/// let mut instance = Instance::new(linked, host, Limits::default()).unwrap();
/// instance.start_profile();
/// instance.set_energy(Energy::ZERO, Energy::from_units(1.0));
/// let outcome = instance.run();
/// let profile = instance.take_profile().unwrap();
/// assert_eq!(profile.instructions()[&0].visits, 20);
/// assert_eq!(profile.total().energy, outcome.energy);
/// ```
#[derive(Clone)]
pub struct Profile {
    program: Arc<Program>,
    /// The first is the main body.
    places: Vec<Place>,
    cells: Vec<Cell>,
    children: HashMap<(usize, FunctionId), usize>,
    /// The head of the list beside the tree.
    beside: Option<usize>,
    /// How often each function was called.
    calls: Vec<u64>,
    /// The places of the frames in progress, outermost first.
    path: Vec<usize>,
    /// Added to the number of an operation of the function in progress it gives its cell.
    here: usize,
}

impl Profile {
    /// A profile of runs of the program, empty.
    #[must_use]
    pub fn new(program: &Arc<Program>) -> Profile {
        let mut profile = Profile {
            program: Arc::clone(program),
            places: Vec::new(),
            cells: Vec::new(),
            children: HashMap::new(),
            beside: None,
            calls: vec![0; program.parts().functions.len()],
            path: Vec::new(),
            here: 0,
        };
        profile.add(None, Some(FunctionId::MAIN));
        profile.rewind();
        profile
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// What was spent in all.
    #[must_use]
    pub fn total(&self) -> Spent {
        sum(self.instructions().into_values())
    }

    /// What was spent, by the index of the instruction; those that were never come to are left out.
    #[must_use]
    pub fn instructions(&self) -> BTreeMap<u32, Spent> {
        self.by(|at| at)
    }

    /// What was spent, by the line of the source. Instructions of a program without places are all in line 0.
    #[must_use]
    pub fn lines(&self) -> BTreeMap<u32, Spent> {
        let places = &self.program.parts().places;
        self.by(|at| places.get(at as usize).map_or(0, |place| place.line))
    }

    /// The functions of the program, the main body first.
    #[must_use]
    pub fn functions(&self) -> Vec<Called> {
        let functions = self.program.parts().functions.iter().zip(&self.calls);
        let called = |(function, calls): (&crate::program::Function, &u64)| Called {
            name: function.name.clone(),
            calls: *calls,
            own: Spent::default(),
        };
        let mut functions: Vec<Called> = functions.map(called).collect();
        for place in &self.places {
            if let Some(function) = place.function {
                functions[function.index()].own += sum(self.own(place).map(|(_, spent)| spent));
            }
        }
        functions
    }

    /// The tree of calls, the main body first.
    #[must_use]
    pub fn nodes(&self) -> Vec<Node> {
        let node = |place: &Place| {
            let mut own: BTreeMap<u32, Spent> = BTreeMap::new();
            self.own(place).for_each(|(at, spent)| *own.entry(at).or_default() += spent);
            Node { parent: place.parent, function: place.function, own }
        };
        self.places.iter().map(node).collect()
    }

    fn by(&self, key: impl Fn(u32) -> u32) -> BTreeMap<u32, Spent> {
        let mut all: BTreeMap<u32, Spent> = BTreeMap::new();
        for place in &self.places {
            self.own(place).for_each(|(at, spent)| *all.entry(key(at)).or_default() += spent);
        }
        all
    }

    /// What the operations of a place spent that spent something, by their instructions.
    fn own(&self, place: &Place) -> impl Iterator<Item = (u32, Spent)> {
        let code = self.code(place.function);
        let ops = &self.program.parts().ops[code.start..code.end];
        let mut executed = 0_u64;
        ops.iter().zip(&self.cells[place.cells..]).filter_map(move |(op, cell)| {
            executed = executed.wrapping_add(cell.visits);
            // The end of a function is free and not counted.
            let visits = if op.action == Action::End { 0 } else { executed };
            let energy = visits.wrapping_mul(op.energy.into()).wrapping_add(cell.beyond);
            let spent = Spent { visits, energy: Energy::from_thousandths(energy) };
            (spent != Spent::default()).then_some((op.at, spent))
        })
    }

    fn code(&self, function: Option<FunctionId>) -> Range<usize> {
        let Some(function) = function else { return 0..0 };
        let code = &self.program.parts().functions[function.index()].code;
        code.start as usize..code.end as usize
    }

    /// Adds a place.
    fn add(&mut self, parent: Option<usize>, function: Option<FunctionId>) -> usize {
        let (place, cells) = (self.places.len(), self.cells.len());
        let depth = parent.map_or(0, |parent| self.places[parent].depth + 1);
        self.places.push(Place { parent, function, depth, cells, last: None });
        self.cells.resize(cells + self.code(function).len() + 1, Cell::default());
        if let (Some(parent), Some(function)) = (parent, function) {
            self.children.insert((parent, function), place);
        }
        place
    }

    /// The place of a function that is called from a place.
    fn called(&mut self, from: usize, function: FunctionId) -> usize {
        if let Some((last, to)) = self.places[from].last
            && last == function
        {
            return to;
        }
        let known = self.children.get(&(from, function)).copied();
        let to = known.unwrap_or_else(|| self.newly_called(from, function));
        self.places[from].last = Some((function, to));
        to
    }

    fn newly_called(&mut self, from: usize, function: FunctionId) -> usize {
        let fits = self.places.len() < NODES_MAX
            && self.places[from].depth < DEPTH_MAX
            && self.cells.len() + self.code(Some(function)).len()
                < CELLS_MAX + self.cells_at_least();
        let in_tree = self.beside.is_none() || self.places[from].parent != self.beside;
        if fits && in_tree {
            return self.add(Some(from), Some(function));
        }
        let mut at = Some(from);
        while let Some(place) = at {
            if self.places[place].function == Some(function) {
                return place;
            }
            at = self.places[place].parent;
        }
        let beside = self.beside.unwrap_or_else(|| self.add(Some(0), None));
        self.beside = Some(beside);
        let known = self.children.get(&(beside, function)).copied();
        known.unwrap_or_else(|| self.add(Some(beside), Some(function)))
    }

    /// The cells of the main body, which there always are.
    fn cells_at_least(&self) -> usize {
        self.code(Some(FunctionId::MAIN)).len() + 1
    }

    /// A run begins.
    pub(crate) fn rewind(&mut self) {
        self.path.clear();
        self.go_to(0);
    }

    /// A run goes on, with these functions in progress, outermost first. That is no new call of them.
    pub(crate) fn go_on(&mut self, frames: impl Iterator<Item = FunctionId>) {
        self.rewind();
        for function in frames.skip(1) {
            let place = self.called(self.path[self.path.len() - 1], function);
            self.go_to(place);
        }
    }

    fn go_to(&mut self, place: usize) {
        self.path.push(place);
        self.look();
    }

    fn look(&mut self) {
        let place = &self.places[self.path[self.path.len() - 1]];
        self.here = place.cells.wrapping_sub(self.code(place.function).start);
    }

    /// Where native code finds the cells of the function in progress: as many as it has operations, and one
    /// more. They move when a function is entered.
    pub(crate) fn cells(&mut self) -> *mut Cell {
        let place = &self.places[self.path[self.path.len() - 1]];
        self.cells[place.cells..].as_mut_ptr()
    }

    /// Takes back that the frame, so many calls away from the main body, executed these operations, and what
    /// they cost beyond their prices; of others that is not taken back.
    pub(crate) fn take_back(&mut self, frame: usize, stretch: &Range<Pc>, beyond: &[(Pc, u64)]) {
        if stretch.is_empty() {
            return;
        }
        let place = &self.places[self.path[frame]];
        let here = place.cells.wrapping_sub(self.code(place.function).start);
        let cell = |pc: Pc| here.wrapping_add(pc.index());
        let (start, end) = (cell(stretch.start), cell(stretch.end));
        self.cells[start].visits = self.cells[start].visits.wrapping_sub(1);
        self.cells[end].visits = self.cells[end].visits.wrapping_add(1);
        for (pc, energy) in beyond.iter().filter(|(pc, _)| stretch.contains(pc)) {
            let kept = &mut self.cells[cell(*pc)].beyond;
            *kept = kept.wrapping_sub(*energy);
        }
    }
}

fn sum(all: impl Iterator<Item = Spent>) -> Spent {
    all.fold(Spent::default(), |mut sum, spent| {
        sum += spent;
        sum
    })
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profile")
            .field("total", &self.total())
            .field("nodes", &self.places.len())
            .finish_non_exhaustive()
    }
}

/// Whom an engine tells what it does.
pub(crate) trait Ledger {
    /// Whether anything is kept.
    const KEEPS: bool;
    /// The operation was executed so often, at that price each time, and took so much in all.
    fn book(&mut self, pc: usize, price: u64, visits: u64, energy: u64);
    /// A function is entered.
    fn enter(&mut self, function: FunctionId);
    /// The function in progress is left, for the one that called it.
    fn leave(&mut self);
    /// What native code is to keep.
    fn profile(&mut self) -> Option<&mut Profile>;
}

impl Ledger for Profile {
    const KEEPS: bool = true;

    #[inline]
    fn book(&mut self, pc: usize, price: u64, visits: u64, energy: u64) {
        let at = self.here.wrapping_add(pc);
        let [cell, next] = &mut self.cells[at..at + 2] else { unreachable!("there is one more") };
        cell.visits = cell.visits.wrapping_add(visits);
        next.visits = next.visits.wrapping_sub(visits);
        cell.beyond = cell.beyond.wrapping_add(energy.wrapping_sub(price.wrapping_mul(visits)));
    }

    fn enter(&mut self, function: FunctionId) {
        self.calls[function.index()] = self.calls[function.index()].wrapping_add(1);
        let place = self.called(self.path[self.path.len() - 1], function);
        self.go_to(place);
    }

    fn leave(&mut self) {
        if self.path.len() > 1 {
            self.path.pop();
        }
        self.look();
    }

    fn profile(&mut self) -> Option<&mut Profile> {
        Some(self)
    }
}

/// Nothing is kept.
impl Ledger for () {
    const KEEPS: bool = false;
    #[inline(always)]
    fn book(&mut self, _: usize, _: u64, _: u64, _: u64) {}
    #[inline(always)]
    fn enter(&mut self, _: FunctionId) {}
    #[inline(always)]
    fn leave(&mut self) {}
    fn profile(&mut self) -> Option<&mut Profile> {
        None
    }
}
