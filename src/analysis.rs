//! Facts: what can be proved about a program before it runs, for native code alone.
//!
//! Forward data flow over the blocks of each function: how high the operand stack is where a block
//! begins, and what types its values and the function's variables have there; over functions, what types
//! they are called with and return, and what memory they touch; and how blocks join to segments that
//! are paid for at once. Requires a linked program (prices and types of builtins come from the interface);
//! leaves [`Facts`]. It decides nothing about how code is made, except one thing that both must agree
//! on: which operations native code covers at all ([`flow::Flow::step`]).

pub mod blocks;
mod expect;
pub mod flow;
pub mod segments;
mod summary;
mod types;

pub use blocks::{Block, Blocks};
pub use flow::{Flow, Operand, State, Step};
pub use segments::Charge;
pub use summary::Summaries;
pub use types::Type;

use lau_runtime::instance::Linked;
use lau_runtime::program::{Action, FunctionId, Pc};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The facts about one function.
#[derive(Debug)]
pub struct FunctionFacts {
    /// Its blocks.
    pub blocks: Blocks,
    /// What holds where each block begins, by the block's first operation. A block that is not here is
    /// never come to, or only with two heights of the stack, or from one that is; it is interpreted.
    pub states: BTreeMap<Pc, State>,
    /// What each of those blocks has to do with energy.
    pub charges: BTreeMap<Pc, Charge>,
    /// Where blocks begin that are come to with two heights of the stack.
    pub uneven: BTreeSet<Pc>,
    /// The operations that native code leaves to the interpreter.
    pub left: BTreeSet<Pc>,
    /// Where native code can be entered.
    pub entries: BTreeSet<Pc>,
    /// The highest its operand stack gets in native code.
    pub height_max: usize,
    /// How many of its variables can be in registers.
    pub registers: usize,
}

/// The facts about a program.
#[derive(Debug)]
pub struct Facts {
    /// Of each function, the main body first.
    pub functions: Vec<FunctionFacts>,
    /// What is known of functions as wholes.
    pub summaries: Summaries,
    /// The `get`s that are not taken to be of lists of Numbers.
    pub mixed: BTreeSet<Pc>,
}

/// Why a program gets no native code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TooLarge {
    /// It has more operations than that.
    Operations(usize),
    /// Its loops nest so deep.
    Nesting(usize),
    /// The data flow takes more steps than are allowed.
    Work,
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TooLarge::Operations(n) => {
                write!(f, "it has {n} instructions, and native code is made of {OPERATIONS_MAX}")
            }
            TooLarge::Nesting(n) => {
                write!(f, "its loops nest {n} deep, and native code is made of {NESTING_MAX}")
            }
            TooLarge::Work => f.write_str("its types would take too long to find"),
        }
    }
}
impl std::error::Error for TooLarge {}

/// The most operations of a program that gets native code.
pub const OPERATIONS_MAX: usize = 200_000;
/// The deepest that its loops nest.
pub const NESTING_MAX: usize = 64;
/// The data flow looks at no more operations and variables than this, for each operation of the program.
const WORK_PER_OPERATION: usize = 60;
/// The data flow may look at so many in any case.
const WORK_MIN: usize = 1_000_000;
/// At most so many variables of a function are in registers; fewer in a long one, since each exit writes
/// them all.
const REGISTERS_MAX: usize = 48;
const _: () = assert!(REGISTERS_MAX <= summary::WATCHED);
/// Operations times variables in registers are not more than this.
const SIZE_MAX: usize = 1_000_000;
/// At entries the variables in registers are read and checked: not more than so many in a function.
const READ_AT_ENTRIES_MAX: usize = 20_000;
/// After so many visits, what a function is called with and returns is taken to be anything.
const VISITS_MAX: usize = 8;

impl Facts {
    /// Finds the facts about a program. The `get`s in `mixed`, and those that look like it, are not taken to
    /// be of lists of Numbers.
    ///
    /// # Errors
    /// If the program is too large to be looked at.
    pub fn of(linked: &Linked, mut mixed: BTreeSet<Pc>) -> Result<Facts, TooLarge> {
        let program = linked.program();
        let operations = program.parts().ops.len();
        if operations > OPERATIONS_MAX {
            return Err(TooLarge::Operations(operations));
        }
        mixed.extend(expect::mixed(linked));
        let count = program.parts().functions.len();
        let ids = || (0..count).map(FunctionId::new);
        let left = BTreeSet::new();
        let mut search = Search {
            linked,
            mixed: &mixed,
            summaries: Summaries::new(linked),
            work: WORK_MIN + WORK_PER_OPERATION * operations,
            found: ids().map(|id| Found::new(linked, id, &left)).collect(),
        };
        if let Some(nesting) = search.found.iter().map(|f| f.blocks.nesting).max()
            && nesting > NESTING_MAX
        {
            return Err(TooLarge::Nesting(nesting));
        }
        search.solve(FunctionId::MAIN)?;
        // What is not found to return is taken for anything from here on, and calls are looked for anew, so that
        // none is known by what never comes.
        search.summaries.forget_calls();
        for id in ids().skip(1) {
            if matches!(search.summaries.result(id), None | Some(Type::Never)) {
                search.summaries.returns(id, Type::Word);
            }
        }
        search.solve(FunctionId::MAIN)?;
        // What no native code calls is called by the interpreter, if at all.
        for id in ids().skip(1) {
            if !search.summaries.is_called(id) {
                let parameters = program.parts().functions[id.index()].parameters;
                search.summaries.called(id, &vec![Type::Word; parameters.into()]);
                search.solve(id)?;
            }
        }
        let Search { summaries, found, .. } = search;
        let mut functions = Vec::new();
        for (id, found) in ids().zip(found) {
            let registers = found.registers;
            let flow =
                Flow { linked, function: id, summaries: &summaries, registers, mixed: &mixed };
            functions.push(found.finish(&flow));
        }
        Ok(Facts { functions, summaries, mixed })
    }

    /// What the flow of a function goes by.
    #[must_use]
    pub fn flow<'a>(&'a self, linked: &'a Linked, function: FunctionId) -> Flow<'a> {
        let registers = self.functions[function.index()].registers;
        Flow { linked, function, summaries: &self.summaries, registers, mixed: &self.mixed }
    }

    /// How many of the program's instructions native code covers, and how many there are that can be
    /// come to.
    #[must_use]
    pub fn coverage(&self, linked: &Linked) -> (usize, usize) {
        let mut covered = (0, 0);
        for (at, facts) in self.functions.iter().enumerate() {
            let flow = self.flow(linked, FunctionId::new(at));
            let interpreted = facts.interpreted(linked);
            for block in &facts.blocks.list {
                let operations = block.end.index() - block.start.index();
                let Some(state) = facts.states.get(&block.start) else {
                    covered.1 += if interpreted.contains(&block.start) { operations } else { 0 };
                    continue;
                };
                let here = flow.covered(*block, state);
                covered.0 += here.operations + usize::from(here.end == Step::Ends);
                covered.1 += match here.end {
                    Step::Done | Step::TooHigh => operations,
                    Step::Ends => here.operations + 1,
                };
            }
        }
        covered
    }
}

impl FunctionFacts {
    /// Where blocks begin that may be come to, and of which it is not known how high the stack is there.
    #[must_use]
    pub fn interpreted(&self, linked: &Linked) -> BTreeSet<Pc> {
        let ops = &linked.program().parts().ops;
        let mut found = BTreeSet::new();
        let mut todo = self.uneven.clone();
        while let Some(start) = todo.pop_first() {
            let Some(at) = self.blocks.at(start) else { continue };
            if self.states.contains_key(&start) || !found.insert(start) {
                continue;
            }
            let block = self.blocks.list[at];
            let last = ops[block.end.index() - 1].action;
            todo.extend(blocks::target(last));
            todo.extend((!blocks::ends(last)).then_some(block.end));
        }
        found
    }
}

/// The search for facts about all functions together.
struct Search<'a> {
    linked: &'a Linked,
    mixed: &'a BTreeSet<Pc>,
    summaries: Summaries,
    /// Operations that may still be looked at.
    work: usize,
    found: Vec<Found>,
}

impl Search<'_> {
    /// Solves the data flow of a function, and of all others for which that is news.
    fn solve(&mut self, first: FunctionId) -> Result<(), TooLarge> {
        let mut todo = BTreeSet::from([first]);
        // Callees mostly come after their callers, and what they return is better known first.
        while let Some(id) = todo.pop_last() {
            let found = &mut self.found[id.index()];
            found.visits += 1;
            let flow = Flow {
                linked: self.linked,
                function: id,
                summaries: &self.summaries,
                registers: found.registers,
                mixed: self.mixed,
            };
            found.solved = flow.solve(&found.blocks, self.work).ok_or(TooLarge::Work)?;
            if !found.solved.left.is_subset(&found.left) {
                // Native code can be entered again after an operation that it leaves, if a block begins there.
                found.left.extend(&found.solved.left);
                found.blocks = Blocks::of(self.linked.program(), id, &found.left);
                todo.insert(id);
            }
            self.work -= found.solved.work;
            let settled = found.visits > VISITS_MAX;
            let wide = |of: Type| if settled { Type::Word } else { of };
            let result = found.solved.result.map(wide);
            let calls = found.solved.calls.clone();
            for (callee, with) in calls {
                self.found[callee.index()].callers.insert(id);
                let with: Vec<Type> = with.into_iter().map(wide).collect();
                if self.summaries.called(callee, &with) {
                    todo.insert(callee);
                }
            }
            if id != FunctionId::MAIN
                && let Some(result) = result
                && self.summaries.returns(id, result)
            {
                todo.extend(&self.found[id.index()].callers);
            }
        }
        Ok(())
    }
}

/// What has been found about a function.
struct Found {
    blocks: Blocks,
    left: BTreeSet<Pc>,
    solved: flow::Solved,
    registers: usize,
    callers: BTreeSet<FunctionId>,
    visits: usize,
}

impl Found {
    fn new(linked: &Linked, id: FunctionId, left: &BTreeSet<Pc>) -> Found {
        let blocks = Blocks::of(linked.program(), id, left);
        let operations = linked.program().parts().functions[id.index()].code.len();
        Found {
            blocks,
            left: BTreeSet::new(),
            solved: flow::Solved::default(),
            registers: (SIZE_MAX / operations.max(1)).clamp(4, REGISTERS_MAX),
            callers: BTreeSet::new(),
            visits: 0,
        }
    }

    fn finish(self, flow: &Flow<'_>) -> FunctionFacts {
        let Found { blocks, left, solved, registers, .. } = self;
        let (states, uneven) = (solved.states, solved.uneven);
        debug_assert!(
            states.values().all(|state| {
                let never = flow::Operand::Typed(Type::Never);
                !state.variables.contains(&Type::Never) && !state.stack.contains(&never)
            }),
            "in the end everything that comes is something"
        );
        let entries = entries(flow, &blocks, &states, &left);
        let heads = blocks
            .list
            .iter()
            .filter(|block| {
                let after_call = block.start.index().checked_sub(1).is_some_and(|at| {
                    matches!(flow.linked.program().parts().ops[at].action, Action::Call(..))
                });
                block.header || after_call || entries.contains(&block.start)
            })
            .map(|block| block.start)
            .chain(blocks.list.first().map(|block| block.start))
            .collect();
        let charges = segments::charges(flow, &blocks, &states, &heads);
        let height = |block: &Block| {
            let state = states.get(&block.start)?;
            let covered = flow.covered(*block, state);
            (covered.operations > 0).then_some(covered.height.max(state.stack.len()))
        };
        let height_max = blocks.list.iter().filter_map(height).max().unwrap_or(0);
        FunctionFacts { blocks, states, charges, uneven, left, entries, height_max, registers }
    }
}

/// Where native code can be entered: at the function's start, at loops, after calls, behind what it left,
/// and where it goes from one part to another.
fn entries(
    flow: &Flow<'_>,
    blocks: &Blocks,
    states: &BTreeMap<Pc, State>,
    left: &BTreeSet<Pc>,
) -> BTreeSet<Pc> {
    let ops = &flow.linked.program().parts().ops;
    let enterable = |block: &&Block| {
        let covered = |state| flow.covered(**block, state).operations > 0;
        states.get(&block.start).is_some_and(covered)
    };
    let wanted = |block: &&Block| {
        let after = block.start.index().checked_sub(1).is_some_and(|at| {
            left.contains(&Pc::new(at)) || matches!(ops[at].action, Action::Call(..))
        });
        block.start == blocks.list[0].start || block.header || after
    };
    let found = blocks.list.iter().filter(wanted).filter(enterable);
    let registers = flow::variables(flow.linked, flow.function).min(flow.registers) + 1;
    let every = (found.clone().count() * registers).div_ceil(READ_AT_ENTRIES_MAX).max(1);
    let mut entries: BTreeSet<Pc> = found.step_by(every).map(|block| block.start).collect();
    let mut crossed = BTreeSet::new();
    for (at, block) in blocks.list.iter().enumerate() {
        let last = ops[block.end.index() - 1].action;
        let target = blocks::target(last).and_then(|target| blocks.at(target));
        let next = (!blocks::ends(last)).then_some(at + 1);
        let to = target.into_iter().chain(next).filter_map(|to| blocks.list.get(to));
        crossed.extend(to.filter(|to| to.part != block.part).map(|to| to.start));
    }
    let crossed = crossed.into_iter().filter_map(|start| Some(&blocks.list[blocks.at(start)?]));
    entries.extend(crossed.filter(enterable).map(|block| block.start));
    entries
}
