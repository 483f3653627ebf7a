//! The data flow: what each operation does to the types of the stack and of variables.
//!
//! [`step`] is the one place that says what native code covers and what it may take for granted
//! afterwards; the code generator follows it operation by operation. Facts hold for control that comes
//! from native code. Control that comes from the interpreter has them checked on entry.

use super::blocks::{Block, Blocks, ends, target};
use super::types::Type;
use lau_runtime::Value;
use lau_runtime::host::{Pricing, ScalarType};
use lau_runtime::instance::Linked;
use lau_runtime::program::opcode::Takes;
use lau_runtime::program::{Action, Callee, ConstantId, FunctionId, Op, Pc, Slot};
use std::collections::{BTreeMap, BTreeSet};

/// A value on the operand stack, within a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A value of that type, which is not [`Type::Word`].
    Typed(Type),
    /// The value of a variable of type [`Type::Word`], not read yet. The variable is not written while
    /// this is on the stack.
    Variable(Slot),
    /// A constant with storage.
    Constant(ConstantId),
}

/// What is known at a point of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The operand stack, bottom first. Where a block begins, all are `Typed`.
    pub stack: Vec<Operand>,
    /// The types of the variables; in the main body, of the memory slots.
    pub variables: Vec<Type>,
    /// Which variables native code may have written and not put back into the state of the run.
    pub dirty: Vec<bool>,
    /// The highest the stack was.
    pub height_max: usize,
}

/// What becomes of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Native code does it.
    Done,
    /// Native code leaves it to the interpreter.
    Leave,
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

impl State {
    /// What is known where a function begins: in the main body nothing, in a function that parameters have
    /// no storage (a call that passes some is left to the interpreter) and the rest is `Null`.
    #[must_use]
    pub fn start(linked: &Linked, function: FunctionId) -> State {
        let count = variables(linked, function);
        let main = function == FunctionId::MAIN;
        let of = if main { Type::Word } else { Type::Scalar };
        State {
            stack: Vec::new(),
            variables: vec![of; count],
            dirty: vec![!main; count],
            height_max: 0,
        }
    }

    fn push(&mut self, operand: Operand) {
        self.stack.push(operand);
        self.height_max = self.height_max.max(self.stack.len());
    }

    /// Sharpens the type of a variable that was looked at, and with it what is on the stack of it.
    pub fn refine(&mut self, slot: Slot, to: Type) {
        self.variables[slot.index()] = to;
        for operand in &mut self.stack {
            if *operand == Operand::Variable(slot) {
                *operand = Operand::Typed(to);
            }
        }
    }

    /// Whether the operand can be taken for a Number, checked where it is not known.
    fn number(&mut self, operand: Operand) -> bool {
        match operand {
            Operand::Typed(Type::Number | Type::Scalar) => true,
            Operand::Variable(slot) => {
                self.refine(slot, Type::Number);
                true
            }
            Operand::Typed(Type::Bool | Type::Word) | Operand::Constant(_) => false,
        }
    }

    /// Whether the operand can be taken for a value without storage.
    fn scalar(&mut self, operand: Operand) -> bool {
        match operand {
            Operand::Typed(_) => true,
            Operand::Variable(slot) => {
                self.refine(slot, Type::Scalar);
                true
            }
            Operand::Constant(_) => false,
        }
    }

    fn holds(&self, slot: Slot) -> bool {
        self.stack.contains(&Operand::Variable(slot))
    }

    /// Takes the top `n` off; they must be there.
    fn take(&mut self, n: usize) -> Vec<Operand> {
        self.stack.split_off(self.stack.len() - n)
    }
}

/// Does an operation to what is known. If native code leaves it to the interpreter, what is known is of
/// no use afterwards; [`covered`] tells beforehand.
#[must_use]
pub fn step(linked: &Linked, function: FunctionId, op: &Op, state: &mut State) -> Step {
    match effect(linked, function, op.action, state) {
        Some(()) => Step::Done,
        None => Step::Leave,
    }
}

/// How many operations from the beginning of a block native code does.
#[must_use]
pub fn covered(linked: &Linked, function: FunctionId, block: Block, state: &State) -> usize {
    let mut state = state.clone();
    let ops = &linked.program().parts().ops[block.start.index()..block.end.index()];
    let leaves = |op: &Op| step(linked, function, op, &mut state) == Step::Leave;
    ops.iter().position(leaves).unwrap_or(ops.len())
}

fn effect(linked: &Linked, function: FunctionId, action: Action, s: &mut State) -> Option<()> {
    let number = Operand::Typed(Type::Number);
    let bool = Operand::Typed(Type::Bool);
    let enough = |n: usize, s: &State| if s.stack.len() >= n { Some(()) } else { None };
    let sure = |ok: bool| if ok { Some(()) } else { None };
    match action {
        Action::Push(constant) => s.push(pushed(linked, constant)),
        Action::Pop => drop(s.stack.pop()),
        Action::Dup => {
            enough(1, s)?;
            s.push(s.stack[s.stack.len() - 1]);
        }
        Action::Over => {
            enough(2, s)?;
            s.push(s.stack[s.stack.len() - 2]);
        }
        Action::Swap => {
            enough(2, s)?;
            let at = s.stack.len() - 2;
            s.stack.swap(at, at + 1);
        }
        Action::Store(slot) => {
            let Operand::Typed(of) = s.stack.pop().unwrap_or(Operand::Typed(Type::Scalar)) else {
                return None;
            };
            // What was in it has no storage, or native code does not write it.
            if s.variables[slot.index()] == Type::Word {
                s.refine(slot, Type::Scalar);
            }
            s.variables[slot.index()] = of;
            s.dirty[slot.index()] = true;
        }
        Action::Load(slot) => match s.variables[slot.index()] {
            Type::Word => s.push(Operand::Variable(slot)),
            of @ (Type::Number | Type::Bool | Type::Scalar) => s.push(Operand::Typed(of)),
        },
        Action::Add | Action::Sub | Action::Mul | Action::Div => {
            enough(2, s)?;
            sure(s.take(2).into_iter().all(|operand| s.number(operand)))?;
            s.push(number);
        }
        Action::Neg => {
            enough(1, s)?;
            sure(s.take(1).into_iter().all(|operand| s.number(operand)))?;
            s.push(number);
        }
        Action::Eq | Action::Ne | Action::Lt | Action::Le | Action::Gt | Action::Ge => {
            enough(2, s)?;
            sure(s.take(2).into_iter().all(|operand| s.number(operand)))?;
            s.push(bool);
        }
        Action::Not => {
            enough(1, s)?;
            sure(s.take(1).into_iter().all(|operand| s.scalar(operand)))?;
            s.push(bool);
        }
        Action::And | Action::Or => {
            enough(2, s)?;
            sure(s.take(2).into_iter().all(|operand| s.scalar(operand)))?;
            s.push(bool);
        }
        Action::Get => {
            enough(2, s)?;
            let operands = s.take(2);
            let Operand::Variable(_) = operands[0] else { return None };
            sure(s.number(operands[1]))?;
            s.push(number);
        }
        Action::Len => {
            enough(1, s)?;
            let Operand::Variable(_) = s.take(1)[0] else { return None };
            s.push(number);
        }
        Action::Append(slot) => {
            enough(1, s)?;
            let value = s.take(1)[0];
            let main = function == FunctionId::MAIN;
            sure(main && s.variables[slot.index()] == Type::Word && !s.holds(slot))?;
            let Operand::Typed(_) = value else { return None };
            s.dirty[slot.index()] = false;
        }
        Action::Put(slot) => {
            enough(2, s)?;
            let operands = s.take(2);
            sure(s.variables[slot.index()] == Type::Word && !s.holds(slot))?;
            sure(!operands.contains(&Operand::Variable(slot)))?;
            sure(operands.into_iter().all(|operand| s.number(operand)))?;
        }
        Action::Jump(_) | Action::Assert(_) => {}
        Action::JumpIf(_) | Action::JumpTrue(_) => {
            let top = s.stack.pop().unwrap_or(Operand::Typed(Type::Scalar));
            sure(s.scalar(top))?;
        }
        Action::Call(_, argc) => {
            enough(usize::from(argc), s)?;
            let arguments = s.take(usize::from(argc));
            sure(arguments.into_iter().all(|operand| s.scalar(operand)))?;
            s.push(Operand::Typed(Type::Scalar));
        }
        Action::CallOut(call, argc) => {
            let Callee::Builtin(at) = linked.callee(call) else { return None };
            let (_, signature) = linked.interface().builtin(at);
            let (types, result) = (signature.types.as_ref()?, signature.result?);
            let Pricing::Fixed(_) = signature.pricing else { return None };
            enough(usize::from(argc), s)?;
            sure(types.len() == usize::from(argc))?;
            for (operand, of) in s.take(usize::from(argc)).into_iter().zip(types) {
                sure(match of {
                    ScalarType::Number => s.number(operand),
                    ScalarType::Bool => operand == bool,
                })?;
            }
            s.push(match result {
                ScalarType::Number => number,
                ScalarType::Bool => bool,
            });
        }
        Action::Return | Action::End => {
            sure(function != FunctionId::MAIN)?;
            let top = s.stack.pop().unwrap_or(Operand::Typed(Type::Scalar));
            sure(s.scalar(top))?;
        }
        Action::Take(_)
        | Action::Observe(_)
        | Action::Publish(_)
        | Action::Rem
        | Action::Pow
        | Action::List(_)
        | Action::Map(_)
        | Action::Has
        | Action::TryOut(..)
        | Action::EnergyCheck(_)
        | Action::Delegate(_)
        | Action::Fail(_) => return None,
    }
    Some(())
}

fn pushed(linked: &Linked, constant: ConstantId) -> Operand {
    match linked.program().parts().constants[constant.index()] {
        Value::Number(_) => Operand::Typed(Type::Number),
        Value::Bool(_) => Operand::Typed(Type::Bool),
        Value::Null => Operand::Typed(Type::Scalar),
        Value::Text(_) | Value::List(_) | Value::Map(_) | Value::Reference(_) => {
            Operand::Constant(constant)
        }
    }
}

/// What is known after the interpreter did an operation: what it gave has no storage (checked where native
/// code is entered again), what it wrote may be anything. `None` if it cannot be known how high the stack is.
fn after_interpreter(op: &Op, before: &State) -> Option<State> {
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
    if takes > after.stack.len() || ends(op.action) {
        return None;
    }
    after.stack.truncate(after.stack.len() - takes);
    for _ in 0..row.gives {
        after.push(Operand::Typed(Type::Scalar));
    }
    if let Action::Store(slot) | Action::Take(slot) | Action::Append(slot) | Action::Put(slot) =
        op.action
    {
        after.variables[slot.index()] = Type::Word;
    }
    settle(&mut after);
    Some(after)
}

/// What is on the stack where a block ends has no storage; native code checks what it has not looked at.
pub fn settle(state: &mut State) {
    for at in 0..state.stack.len() {
        if let Operand::Variable(slot) = state.stack[at] {
            state.refine(slot, Type::Scalar);
        } else if let Operand::Constant(_) = state.stack[at] {
            state.stack[at] = Operand::Typed(Type::Scalar);
        }
    }
}

/// What the data flow found.
pub(super) struct Solved {
    /// What is known where blocks begin.
    pub(super) states: BTreeMap<Pc, State>,
    /// The operations native code leaves to the interpreter.
    pub(super) left: BTreeSet<Pc>,
    /// The highest the stack gets.
    pub(super) height_max: usize,
}

/// Solves the data flow. `None` if it takes more work than allowed.
pub(super) fn solve(
    linked: &Linked,
    function: FunctionId,
    blocks: &Blocks,
    work_max: usize,
) -> Option<Solved> {
    let first = blocks.list.first()?.start;
    let mut states = BTreeMap::from([(first, State::start(linked, function))]);
    let mut uneven = BTreeSet::new();
    let mut todo = BTreeSet::from([first]);
    let mut work = 0;
    let mut height_max = 0;
    let mut left = BTreeSet::new();
    while let Some(start) = todo.pop_first() {
        let (Some(block), Some(state)) = (blocks.at(start), states.get(&start)) else { continue };
        work += state.variables.len() + block.end.index() - block.start.index();
        if work > work_max {
            return None;
        }
        let (state, successors) = through(linked, function, block, state.clone(), &mut left);
        height_max = height_max.max(state.height_max);
        for successor in successors {
            if uneven.contains(&successor) {
                continue;
            }
            match states.get_mut(&successor) {
                None => {
                    states.insert(successor, state.clone());
                    todo.insert(successor);
                }
                Some(known) => match join(known, &state) {
                    Some(true) => drop(todo.insert(successor)),
                    Some(false) => {}
                    None => {
                        states.remove(&successor);
                        uneven.insert(successor);
                    }
                },
            }
        }
    }
    Some(Solved { states, left, height_max })
}

/// What is known where a block ends, and which blocks come next.
fn through(
    linked: &Linked,
    function: FunctionId,
    block: Block,
    mut state: State,
    left: &mut BTreeSet<Pc>,
) -> (State, Vec<Pc>) {
    let ops = &linked.program().parts().ops[block.start.index()..block.end.index()];
    let done = covered(linked, function, block, &state);
    for op in &ops[..done] {
        let step = step(linked, function, op, &mut state);
        debug_assert_eq!(step, Step::Done);
    }
    let next = Pc::new(block.start.index() + done + 1);
    if let Some(op) = ops.get(done) {
        left.insert(Pc::new(block.start.index() + done));
        // Only where a block begins can native code be entered again.
        let goes_on = next == block.end && target(op.action).is_none();
        return match after_interpreter(op, &state).filter(|_| goes_on) {
            Some(after) => (after, vec![next]),
            None => (state, Vec::new()),
        };
    }
    settle(&mut state);
    let last = ops.last().map(|op| op.action);
    let mut successors: Vec<Pc> = last.and_then(target).into_iter().collect();
    if !last.is_some_and(ends) {
        successors.push(block.end);
    }
    (state, successors)
}

/// Makes `known` hold for what comes from `other` too; whether it changed, or `None` if the heights differ.
fn join(known: &mut State, other: &State) -> Option<bool> {
    if known.stack.len() != other.stack.len() {
        return None;
    }
    let before = known.clone();
    for (a, b) in known.stack.iter_mut().zip(&other.stack) {
        if let (Operand::Typed(a), Operand::Typed(b)) = (a, b) {
            *a = a.join(*b);
        }
    }
    for (a, b) in known.variables.iter_mut().zip(&other.variables) {
        *a = a.join(*b);
    }
    for (a, b) in known.dirty.iter_mut().zip(&other.dirty) {
        *a |= *b;
    }
    known.height_max = known.height_max.max(other.height_max);
    Some(*known != before)
}
