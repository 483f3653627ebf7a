//! The verifier: what every program keeps to, so that engines need not look again.
//!
//! Whoever made the parts (lowering, or a decoder of bytes from anywhere), a program that passes has
//! only indices that exist, jumps that stay in their function, and prices that are the table's.

use super::opcode::Opcode;
use super::{
    Action, COUNT_MAX, FUNCTION_VARIABLES_MAX, Function, FunctionId, INSTRUCTIONS_MAX,
    LITERAL_NESTING_MAX, Op, Parts, Slot,
};
use crate::word::Measure;
use std::collections::HashSet;
use std::fmt;

/// A rule that parts of a program break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The operation, where it is about one.
    pub pc: Option<usize>,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pc {
            Some(pc) => write!(f, "malformed program at operation {pc}: {}", self.what),
            None => write!(f, "malformed program: {}", self.what),
        }
    }
}
impl std::error::Error for Fault {}

fn fault<T>(pc: Option<usize>, what: impl Into<String>) -> Result<T, Fault> {
    Err(Fault { pc, what: what.into() })
}

pub(super) fn verify(parts: &Parts) -> Result<(), Fault> {
    tables(parts)?;
    let mut next = 0;
    for (at, function) in parts.functions.iter().enumerate() {
        if function.code.start != next || function.code.end <= next {
            return fault(None, format!("function {at} does not follow the one before it"));
        }
        next = function.code.end;
        if next as usize > parts.ops.len() {
            return fault(None, format!("function {at} reaches beyond the operations"));
        }
        header(function, at)?;
    }
    if next as usize != parts.ops.len() {
        return fault(None, "operations outside functions");
    }
    let mut functions = parts.functions.iter().enumerate();
    functions.try_for_each(|(at, function)| body(parts, function, FunctionId::new(at)))
}

/// Sizes and uniqueness of the tables.
fn tables(parts: &Parts) -> Result<(), Fault> {
    if parts.functions.is_empty() {
        return fault(None, "no main body");
    }
    if parts.instructions as usize > INSTRUCTIONS_MAX {
        return fault(None, format!("more than {INSTRUCTIONS_MAX} instructions"));
    }
    if !parts.places.is_empty() && parts.places.len() != parts.instructions as usize {
        return fault(None, "not one source place an instruction");
    }
    unique(&parts.memory, "memory slot")?;
    unique(&parts.calls, "called name")?;
    let names = parts.functions.iter().filter_map(|function| function.name.as_ref());
    unique(names, "function")?;
    for constant in &parts.constants {
        if Measure::of(constant).depth > LITERAL_NESTING_MAX {
            return fault(None, format!("a literal nests deeper than {LITERAL_NESTING_MAX}"));
        }
    }
    for delegation in &parts.delegations {
        if delegation.field.index() >= parts.memory.len()
            || delegation.note.index() >= parts.constants.len()
        {
            return fault(None, "a delegation outside the tables");
        }
    }
    Ok(())
}

fn unique<'a>(names: impl IntoIterator<Item = &'a String>, what: &str) -> Result<(), Fault> {
    let mut seen = HashSet::new();
    match names.into_iter().find(|name| !seen.insert(name.as_str())) {
        Some(name) => fault(None, format!("{what} `{name}` twice")),
        None => Ok(()),
    }
}

fn header(function: &Function, at: usize) -> Result<(), Fault> {
    let main = at == FunctionId::MAIN.index();
    if main != function.name.is_none() {
        return fault(None, "the main body, and it alone, has no name");
    }
    if main && (function.parameters != 0 || !function.variables.is_empty()) {
        return fault(None, "the main body has no variables but memory");
    }
    if usize::from(function.parameters) > function.variables.len() {
        return fault(None, format!("function {at} has more parameters than variables"));
    }
    if function.variables.len() > FUNCTION_VARIABLES_MAX {
        return fault(None, format!("function {at} has too many variables"));
    }
    unique(&function.variables, "variable")
}

fn body(parts: &Parts, function: &Function, id: FunctionId) -> Result<(), Fault> {
    let variables =
        if id == FunctionId::MAIN { parts.memory.len() } else { function.variables.len() };
    let mut at = None;
    for pc in function.code.start as usize..function.code.end as usize {
        let op = &parts.ops[pc];
        if at.is_some_and(|at| op.at <= at) || op.at > parts.instructions {
            return fault(Some(pc), "instruction indices do not rise within the program");
        }
        at = Some(op.at);
        let last = pc + 1 == function.code.end as usize;
        if last != (op.action == Action::End) {
            return fault(Some(pc), "`End` stands at the end of a function and nowhere else");
        }
        if u64::from(op.energy) != price(op) {
            return fault(Some(pc), "not the price of the instruction table");
        }
        operands(parts, function, variables, op).or_else(|what| fault(Some(pc), what))?;
    }
    Ok(())
}

/// The part of an operation's price that is known from the program alone, in thousandths.
#[must_use]
pub fn price(op: &Op) -> u64 {
    if let Action::CallOut(..) | Action::TryOut(..) = op.action {
        return 0; // what it is linked to says
    }
    let count = if let Action::List(n) | Action::Map(n) = op.action { n } else { 0 };
    op.action.opcode().fixed_price(count)
}

fn operands(
    parts: &Parts,
    function: &Function,
    variables: usize,
    op: &Op,
) -> Result<(), &'static str> {
    let within = |ok: bool, what| if ok { Ok(()) } else { Err(what) };
    let slot = |slot: Slot, count: usize| within(slot.index() < count, "no such slot");
    match op.action {
        Action::Push(c) => within(c.index() < parts.constants.len(), "no such constant"),
        Action::Store(s)
        | Action::Load(s)
        | Action::Take(s)
        | Action::Append(s)
        | Action::Put(s) => slot(s, variables),
        Action::Observe(s) | Action::Publish(s) => slot(s, parts.memory.len()),
        Action::Jump(t) | Action::JumpIf(t) | Action::JumpTrue(t) => {
            let inside = u32::try_from(t.index()).is_ok_and(|t| function.code.contains(&t));
            within(inside, "a jump out of the function")
        }
        Action::Call(callee, argc) => match parts.functions.get(callee.index()) {
            Some(callee) if callee.name.is_some() => {
                within(callee.parameters == argc, "not the callee's number of arguments")
            }
            Some(_) | None => Err("no such function"),
        },
        Action::CallOut(call, _) | Action::TryOut(call, _) => {
            within(call.index() < parts.calls.len(), "no such called name")
        }
        Action::EnergyCheck(q) => within(q.index() < parts.quantities.len(), "no such amount"),
        Action::Delegate(d) => within(d.index() < parts.delegations.len(), "no such delegation"),
        Action::Assert(t) | Action::Fail(t) => {
            within(t.index() < parts.texts.len(), "no such text")
        }
        Action::List(n) | Action::Map(n) => within(n <= COUNT_MAX, "a count beyond the limit"),
        Action::Pop
        | Action::Dup
        | Action::Swap
        | Action::Over
        | Action::Add
        | Action::Sub
        | Action::Mul
        | Action::Div
        | Action::Rem
        | Action::Pow
        | Action::Neg
        | Action::Eq
        | Action::Ne
        | Action::Lt
        | Action::Le
        | Action::Gt
        | Action::Ge
        | Action::Not
        | Action::And
        | Action::Or
        | Action::Get
        | Action::Len
        | Action::Has
        | Action::Return
        | Action::End => Ok(()),
    }
}

impl Action {
    /// Which row of the instruction table this is. `End` is the row of `end`, also where the main body
    /// ends, which no instruction says.
    #[must_use]
    pub fn opcode(self) -> Opcode {
        match self {
            Action::Push(_) => Opcode::Push,
            Action::Pop => Opcode::Pop,
            Action::Dup => Opcode::Dup,
            Action::Swap => Opcode::Swap,
            Action::Over => Opcode::Over,
            Action::Store(_) => Opcode::Store,
            Action::Load(_) => Opcode::Load,
            Action::Take(_) => Opcode::Take,
            Action::Append(_) => Opcode::Append,
            Action::Put(_) => Opcode::Put,
            Action::Observe(_) => Opcode::Observe,
            Action::Publish(_) => Opcode::Publish,
            Action::Add => Opcode::Add,
            Action::Sub => Opcode::Sub,
            Action::Mul => Opcode::Mul,
            Action::Div => Opcode::Div,
            Action::Rem => Opcode::Rem,
            Action::Pow => Opcode::Pow,
            Action::Neg => Opcode::Neg,
            Action::Eq => Opcode::Eq,
            Action::Ne => Opcode::Ne,
            Action::Lt => Opcode::Lt,
            Action::Le => Opcode::Le,
            Action::Gt => Opcode::Gt,
            Action::Ge => Opcode::Ge,
            Action::Not => Opcode::Not,
            Action::And => Opcode::And,
            Action::Or => Opcode::Or,
            Action::List(_) => Opcode::List,
            Action::Map(_) => Opcode::Map,
            Action::Get => Opcode::Get,
            Action::Len => Opcode::Len,
            Action::Has => Opcode::Has,
            Action::Jump(_) => Opcode::Jump,
            Action::JumpIf(_) => Opcode::JumpIf,
            Action::JumpTrue(_) => Opcode::JumpTrue,
            Action::Call(..) | Action::CallOut(..) => Opcode::Call,
            Action::TryOut(..) => Opcode::Try,
            Action::Return => Opcode::Return,
            Action::EnergyCheck(_) => Opcode::EnergyCheck,
            Action::Delegate(_) => Opcode::Delegate,
            Action::Assert(_) => Opcode::Assert,
            Action::Fail(_) => Opcode::Fail,
            Action::End => Opcode::End,
        }
    }
}
