//! The data flow: what each operation does to the types of the stack and of variables.
//!
//! [`Flow::step`] is the one place that says what native code covers and what it may take for granted
//! afterwards; the code generator follows it operation by operation. Facts hold for control that comes
//! from native code. Control that comes from the interpreter has them checked on entry.

mod direct;
mod state;

pub use direct::Direct;
pub use state::{Operand, State};

use super::blocks::{Block, Blocks, ends, target};
use super::summary::Summaries;
use super::types::Type;
use lau_runtime::host::ScalarType;
use lau_runtime::instance::Linked;
use lau_runtime::program::opcode::Takes;
use lau_runtime::program::{Action, FunctionId, Op, Pc, Slot};
use std::collections::{BTreeMap, BTreeSet};

/// What becomes of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Native code does it.
    Done,
    /// It is a trap, or the end of the run, whatever the values are: native code leaves there.
    Ends,
    /// Native code leaves it to the interpreter, since the stack is too high.
    TooHigh,
}

/// The type of a variable of which nothing is known.
pub const UNKNOWN: Type = Type::Word;

/// A stack that is higher is the interpreter's.
pub const HEIGHT_MAX: usize = 128;

/// What the flow goes by.
#[derive(Clone, Copy)]
pub struct Flow<'a> {
    /// The program.
    pub linked: &'a Linked,
    /// The function.
    pub function: FunctionId,
    /// What is known of functions as wholes.
    pub summaries: &'a Summaries,
    /// How many of the variables can be in registers.
    pub registers: usize,
    /// The `get`s that are not taken to be of lists of Numbers.
    pub mixed: &'a BTreeSet<Pc>,
}

/// How many variables a function has; the main body has memory.
#[must_use]
pub fn variables(linked: &Linked, function: FunctionId) -> usize {
    let parts = linked.program().parts();
    if function == FunctionId::MAIN {
        parts.memory.len()
    } else {
        parts.functions[function.index()].variables.len()
    }
}

impl Flow<'_> {
    fn main(&self) -> bool {
        self.function == FunctionId::MAIN
    }

    /// What is known where the function begins: in the main body nothing of memory; in a function the
    /// types of what it is called with, and other variables are `Null`.
    #[must_use]
    pub fn start(&self) -> State {
        let count = variables(self.linked, self.function);
        let variables = if self.main() {
            vec![Type::Word; count.min(self.registers)]
        } else {
            let of = |at| self.summaries.parameter(self.function, at).unwrap_or(Type::Scalar);
            (0..count.min(self.registers)).map(of).collect()
        };
        // Where a function is called natively, what it is called with has never been in its home.
        let dirty = variables.iter().map(|of| !self.main() && *of != Type::Word).collect();
        State { stack: Vec::new(), variables, dirty }
    }

    /// The type of an operand.
    #[must_use]
    pub fn type_of(&self, operand: Operand) -> Type {
        match operand {
            Operand::Typed(of) => of,
            Operand::Variable(_) => Type::Word,
            Operand::Constant(constant) => {
                Type::of(&self.linked.program().parts().constants[constant.index()])
            }
        }
    }

    /// Whether the operand can be taken for a Number, checked where it is not known.
    fn number(&self, operand: Operand, s: &mut State) -> Option<()> {
        if let Operand::Variable(slot) = operand {
            s.refine(slot, Type::Number);
            return Some(());
        }
        self.may_be_number(operand).then_some(())
    }

    /// Whether the operand is not known to be no Number.
    #[must_use]
    pub fn may_be_number(&self, operand: Operand) -> bool {
        let of = self.type_of(operand);
        match operand {
            Operand::Constant(_) => of == Type::Number,
            Operand::Typed(_) | Operand::Variable(_) => of != Type::Bool,
        }
    }

    /// Whether the operand is not known to have no storage.
    fn may_have_storage(&self, operand: Operand) -> bool {
        matches!(self.type_of(operand), Type::Word | Type::Never)
    }

    /// Whether the operand is known to be a Number.
    #[must_use]
    pub fn is_number(&self, operand: Operand) -> bool {
        self.type_of(operand) == Type::Number
    }

    /// Whether a `get` is taken to be of a list of Numbers, by its operands.
    #[must_use]
    pub fn assumes_numbers(&self, pc: Pc, container: Operand, key: Operand) -> bool {
        !self.mixed.contains(&pc)
            && matches!(container, Operand::Variable(_) | Operand::Typed(Type::Word))
            && self.may_be_number(key)
    }

    /// Does an operation to what is known. Where that is not `Done`, what is known is of no use afterwards.
    #[must_use]
    pub fn step(&self, pc: Pc, op: &Op, state: &mut State) -> Step {
        let high = state.stack.len() > HEIGHT_MAX;
        match self.effect(pc, op.action, state) {
            None => Step::Ends,
            Some(()) if high || state.stack.len() > HEIGHT_MAX => Step::TooHigh,
            Some(()) => Step::Done,
        }
    }

    /// How far native code does a block: so many operations, for so many thousandths, and why it stops.
    #[must_use]
    pub fn covered(&self, block: Block, state: &State) -> Covered {
        let mut state = state.clone();
        let mut covered =
            Covered { operations: 0, price: 0, counted: 0, height: 0, end: Step::Done };
        let ops = &self.linked.program().parts().ops;
        let (start, end) = (block.start.index(), block.end.index());
        for (at, op) in (start..).zip(&ops[start..end]) {
            let price = self.price(op, &state);
            covered.end = self.step(Pc::new(at), op, &mut state);
            if covered.end != Step::Done {
                break;
            }
            covered.height = covered.height.max(state.stack.len());
            covered.operations += 1;
            covered.price += price;
            covered.counted += u32::from(op.action != Action::End);
        }
        covered
    }

    /// What an operation does to what is known; `None` if it cannot go well.
    fn effect(&self, pc: Pc, action: Action, s: &mut State) -> Option<()> {
        let number = Operand::Typed(Type::Number);
        let bool = Operand::Typed(Type::Bool);
        let any = Operand::Typed(Type::Word);
        match action {
            Action::Push(constant) => s.stack.push(Operand::Constant(constant)),
            Action::Pop => drop(s.stack.pop()),
            Action::Dup => {
                s.has(1)?;
                s.stack.push(s.stack[s.stack.len() - 1]);
            }
            Action::Over => {
                s.has(2)?;
                s.stack.push(s.stack[s.stack.len() - 2]);
            }
            Action::Swap => {
                s.has(2)?;
                let at = s.stack.len() - 2;
                s.stack.swap(at, at + 1);
            }
            Action::Store(slot) => self.store(slot, s),
            Action::Load(slot) => s.stack.push(match s.variable(slot) {
                Type::Word => Operand::Variable(slot),
                of @ (Type::Never | Type::Number | Type::Bool | Type::Scalar) => Operand::Typed(of),
            }),
            Action::Take(slot) => {
                let of = s.variable(slot);
                s.retype(slot, Type::Word);
                s.stack.push(Operand::Typed(of));
                s.write(slot, Type::Scalar, of != Type::Word);
            }
            Action::Observe(slot) if self.main() => {
                return self.effect(pc, Action::Load(slot), s);
            }
            Action::Observe(_) => s.stack.push(any),
            Action::Publish(slot) if self.main() => self.store(slot, s),
            Action::Publish(_) => drop(s.stack.pop()),
            Action::Add | Action::Sub | Action::Mul | Action::Div | Action::Rem | Action::Pow => {
                self.numbers(2, s)?;
                s.stack.push(number);
            }
            Action::Neg => {
                self.numbers(1, s)?;
                s.stack.push(number);
            }
            Action::Eq | Action::Ne => {
                s.has(2)?;
                s.take(2);
                s.stack.push(bool);
            }
            Action::Lt | Action::Le | Action::Gt | Action::Ge => {
                s.has(2)?;
                // One that is known to be a Number can be compared with another only.
                if s.stack[s.stack.len() - 2..].iter().any(|operand| self.is_number(*operand)) {
                    self.numbers(2, s)?;
                } else {
                    s.take(2);
                }
                s.stack.push(bool);
            }
            Action::Not => {
                s.has(1)?;
                s.take(1);
                s.stack.push(bool);
            }
            Action::And | Action::Or | Action::Has => {
                s.has(2)?;
                s.take(2);
                s.stack.push(bool);
            }
            Action::List(n) => {
                s.has(n as usize)?;
                s.take(n as usize);
                s.stack.push(any);
            }
            Action::Map(n) => {
                s.has(2 * n as usize)?;
                s.take(2 * n as usize);
                s.stack.push(any);
            }
            Action::Get => {
                s.has(2)?;
                let (container, key) = (s.stack[s.stack.len() - 2], s.stack[s.stack.len() - 1]);
                if !self.may_have_storage(container) {
                    return None;
                }
                let result = if self.assumes_numbers(pc, container, key) {
                    self.number(key, s)?;
                    // Both may be the same variable, which is a Number then and no list.
                    if !self.may_have_storage(s.stack[s.stack.len() - 2]) {
                        return None;
                    }
                    number
                } else {
                    any
                };
                s.take(2);
                s.stack.push(result);
            }
            Action::Len => {
                s.has(1)?;
                if !self.may_have_storage(s.take(1)[0]) {
                    return None;
                }
                s.stack.push(number);
            }
            Action::Append(slot) => {
                s.has(1)?;
                s.take(1);
                s.retype(slot, Type::Word);
                if !matches!(s.variable(slot), Type::Word | Type::Never) {
                    return None;
                }
            }
            Action::Put(slot) => {
                s.has(2)?;
                s.take(2);
                s.retype(slot, Type::Word);
                if !matches!(s.variable(slot), Type::Word | Type::Never) {
                    return None;
                }
            }
            Action::Jump(_) | Action::Assert(_) | Action::EnergyCheck(_) => {}
            Action::JumpIf(_) | Action::JumpTrue(_) => drop(s.stack.pop()),
            Action::Call(callee, argc) => {
                s.has(usize::from(argc))?;
                s.take(usize::from(argc));
                self.settle(s);
                self.touch(callee, s);
                let result = self.summaries.result(callee).unwrap_or(Type::Never);
                s.stack.push(Operand::Typed(result));
            }
            Action::CallOut(call, argc) => {
                s.has(usize::from(argc))?;
                let direct = self.direct(action, s).map(|direct| (direct.types, direct.result));
                let arguments = s.take(usize::from(argc));
                let Some((types, result)) = direct else {
                    s.stack.push(Operand::Typed(self.given(call)));
                    return Some(());
                };
                for (operand, of) in arguments.into_iter().zip(types) {
                    if *of == ScalarType::Number {
                        self.number(operand, s)?;
                    }
                }
                s.stack.push(match result {
                    ScalarType::Number => number,
                    ScalarType::Bool => bool,
                });
            }
            Action::TryOut(call, argc) => {
                s.has(usize::from(argc))?;
                s.take(usize::from(argc));
                s.stack.push(Operand::Typed(self.given(call)));
            }
            Action::Delegate(delegation) => {
                let field = self.linked.program().parts().delegations[delegation.index()].field;
                if self.main() {
                    s.retype(field, Type::Word);
                    s.write(field, Type::Word, false);
                }
            }
            Action::Return | Action::End if self.main() => return None,
            Action::Return | Action::End => drop(s.stack.pop()),
            Action::Fail(_) => return None,
        }
        Some(())
    }

    fn numbers(&self, n: usize, s: &mut State) -> Option<()> {
        s.has(n)?;
        for at in s.stack.len() - n..s.stack.len() {
            self.number(s.stack[at], s)?;
        }
        s.take(n);
        Some(())
    }

    fn store(&self, slot: Slot, s: &mut State) {
        let of = s.stack.pop().map_or(Type::Scalar, |operand| self.type_of(operand));
        let was = s.variable(slot);
        s.retype(slot, Type::Word);
        // Over a value in its home, the new one is written there too.
        s.write(slot, of, of != Type::Word && was != Type::Word);
    }

    /// What a call does to memory that the main body has in registers.
    fn touch(&self, callee: FunctionId, s: &mut State) {
        if !self.main() {
            return;
        }
        for (slot, written) in self.summaries.touches(callee) {
            let of = if written { Type::Word } else { s.variable(slot) };
            s.write(slot, of, false);
        }
    }

    /// Everything on the stack is read, as it is where a block ends.
    pub fn settle(&self, s: &mut State) {
        for at in 0..s.stack.len() {
            s.stack[at] = Operand::Typed(self.type_of(s.stack[at]));
        }
    }

    /// What is known after the interpreter did an operation: what it gave and wrote may be anything.
    /// `None` if it does not go on behind it, or not so that the height of the stack is known.
    fn after_interpreter(&self, op: &Op, before: &State) -> Option<State> {
        let mut after = before.clone();
        after.dirty.fill(false);
        let row = op.action.opcode().row();
        let takes = match (op.action, row.takes) {
            (Action::List(n), _) => n as usize,
            (Action::Map(n), _) => 2 * n as usize,
            (Action::Call(_, argc) | Action::CallOut(_, argc) | Action::TryOut(_, argc), _) => {
                argc.into()
            }
            (_, Takes::Values(n)) => n.into(),
            (_, Takes::TopOrNull | Takes::TopIfAny) => after.stack.len().min(1),
            (_, Takes::Count | Takes::Pairs) => return None,
        };
        if takes > after.stack.len() || ends(op.action) || target(op.action).is_some() {
            return None;
        }
        after.stack.truncate(after.stack.len() - takes);
        self.settle(&mut after);
        for _ in 0..row.gives {
            after.stack.push(Operand::Typed(Type::Word));
        }
        if let Action::Call(callee, _) = op.action {
            self.touch(callee, &mut after);
        }
        if let Action::Store(slot)
        | Action::Take(slot)
        | Action::Append(slot)
        | Action::Put(slot)
        | Action::Publish(slot) = op.action
        {
            after.write(slot, Type::Word, false);
        }
        if let Action::Delegate(delegation) = op.action {
            let field = self.linked.program().parts().delegations[delegation.index()].field;
            after.write(field, Type::Word, false);
        }
        Some(after)
    }
}

/// How far native code does a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Covered {
    /// So many operations.
    pub operations: usize,
    /// What is paid for them in advance, in thousandths.
    pub price: u64,
    /// How many of them are counted.
    pub counted: u32,
    /// How high the stack gets after one of them.
    pub height: usize,
    /// Why it does not do the next, or `Done` if it does them all.
    pub end: Step,
}

/// What the data flow found of a function.
#[derive(Debug, Default)]
pub(super) struct Solved {
    /// What is known where blocks begin.
    pub(super) states: BTreeMap<Pc, State>,
    /// Where blocks begin that are come to with two heights.
    pub(super) uneven: BTreeSet<Pc>,
    /// The operations native code leaves to the interpreter.
    pub(super) left: BTreeSet<Pc>,
    /// The types that program functions are called with.
    pub(super) calls: Vec<(FunctionId, Vec<Type>)>,
    /// The type of what the function returns, if it does.
    pub(super) result: Option<Type>,
    /// Operations looked at, for a bound on the work.
    pub(super) work: usize,
}

impl Flow<'_> {
    /// Solves the data flow. `None` if it takes more work than that.
    pub(super) fn solve(&self, blocks: &Blocks, work_max: usize) -> Option<Solved> {
        let mut solved = Solved::default();
        let first = blocks.list[0].start;
        solved.states.insert(first, self.start());
        let mut todo = BTreeSet::from([first]);
        while let Some(start) = todo.pop_first() {
            let (Some(at), Some(state)) = (blocks.at(start), solved.states.get(&start)) else {
                continue;
            };
            let block = blocks.list[at];
            let state = state.clone();
            solved.work += state.variables.len() + state.stack.len();
            solved.work += block.end.index() - block.start.index();
            if solved.work > work_max {
                return None;
            }
            let (state, successors) = self.through(block, state, &mut solved);
            for successor in successors {
                if solved.uneven.contains(&successor) {
                    continue;
                }
                match solved.states.get_mut(&successor) {
                    None => {
                        solved.states.insert(successor, state.clone());
                        todo.insert(successor);
                    }
                    Some(known) => match join(known, &state) {
                        Some(true) => drop(todo.insert(successor)),
                        Some(false) => {}
                        None => {
                            solved.states.remove(&successor);
                            solved.uneven.insert(successor);
                        }
                    },
                }
            }
        }
        Some(solved)
    }

    /// What is known where a block ends, and which blocks come next.
    fn through(&self, block: Block, mut state: State, solved: &mut Solved) -> (State, Vec<Pc>) {
        let ops = &self.linked.program().parts().ops;
        let (start, end) = (block.start.index(), block.end.index());
        for (at, op) in (start..).zip(&ops[start..end]) {
            let pc = Pc::new(at);
            self.note(op.action, &state, solved);
            // An operation makes the stack one higher at most.
            let before = (state.stack.len() >= HEIGHT_MAX).then(|| state.clone());
            match self.step(pc, op, &mut state) {
                Step::Done => {}
                Step::Ends => return (state, Vec::new()),
                Step::TooHigh => {
                    solved.left.insert(pc);
                    match before.and_then(|before| self.after_interpreter(op, &before)) {
                        Some(after) => state = after,
                        None => return (state, Vec::new()),
                    }
                }
            }
        }
        self.settle(&mut state);
        let last = ops[block.end.index() - 1].action;
        let mut successors: Vec<Pc> = target(last).into_iter().collect();
        if !ends(last) {
            successors.push(block.end);
        }
        (state, successors)
    }

    /// Notes what the operation tells of functions as wholes.
    fn note(&self, action: Action, state: &State, solved: &mut Solved) {
        if let Action::Call(callee, argc) = action
            && let Some(below) = state.stack.len().checked_sub(argc.into())
        {
            let arguments = &state.stack[below..];
            let types = arguments.iter().map(|operand| self.type_of(*operand)).collect();
            solved.calls.push((callee, types));
        }
        if let Action::Return | Action::End = action {
            let top = state.stack.last().map_or(Type::Scalar, |top| self.type_of(*top));
            solved.result = Some(solved.result.map_or(top, |known| known.join(top)));
        }
    }
}

/// Makes `known` hold for what comes from `other` too; whether it changed, or `None` if the heights differ.
fn join(known: &mut State, other: &State) -> Option<bool> {
    if known.stack.len() != other.stack.len() {
        return None;
    }
    let mut changed = false;
    let mut put = |known: &mut Type, other: Type| {
        let joined = known.join(other);
        changed |= joined != *known;
        *known = joined;
    };
    for (a, b) in known.stack.iter_mut().zip(&other.stack) {
        if let (Operand::Typed(a), Operand::Typed(b)) = (a, b) {
            put(a, *b);
        }
    }
    for (a, b) in known.variables.iter_mut().zip(&other.variables) {
        put(a, *b);
    }
    for at in 0..known.dirty.len() {
        // Where one way leads here with it in its home, it is there on every way.
        let dirty = (known.dirty[at] || other.dirty[at]) && known.variables[at] != Type::Word;
        changed |= dirty != known.dirty[at];
        known.dirty[at] = dirty;
    }
    Some(changed)
}
