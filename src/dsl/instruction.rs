//! Instructions: one line of the language as data.
//!
//! Public and serialisable, one to one with lines of text (labels are resolved to indices, so they
//! have no instruction). Printing is in `print`, reading in `parse`.

use lau_runtime::Value;
use lau_runtime::program::Opcode;
use serde::{Deserialize, Serialize};

/// One instruction. Jump targets are instruction indices, counted from 0 over the whole program.
///
/// ```
/// use lau_agent_runtime::{Instruction, Value};
/// assert_eq!(Instruction::Push(Value::Null).energy_cost(), 0.1);
/// assert_eq!(Instruction::Call("area".into(), 2).to_string(), "call area 2");
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the table in `Opcode` tells what each does, once")]
pub enum Instruction {
    Push(Value),
    Pop,
    Dup,
    Swap,
    Over,
    Store(String),
    Load(String),
    Take(String),
    Observe(String),
    Publish(String),
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Pow,
    Neg,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Not,
    And,
    Or,
    List(u32),
    Map(u32),
    Get,
    Len,
    Has,
    Append(String),
    Put(String),
    Jump(usize),
    JumpIf(usize),
    JumpTrue(usize),
    Call(String, u8),
    Try(String, u8),
    Return,
    EnergyCheck(#[serde(with = "lau_runtime::value::number")] f64),
    Delegate(String, String),
    Assert(String),
    Fail(String),
    Func(String, Vec<String>),
    End,
}

impl Instruction {
    /// Which row of the instruction table this is.
    #[must_use]
    pub fn opcode(&self) -> Opcode {
        match self {
            Instruction::Push(_) => Opcode::Push,
            Instruction::Pop => Opcode::Pop,
            Instruction::Dup => Opcode::Dup,
            Instruction::Swap => Opcode::Swap,
            Instruction::Over => Opcode::Over,
            Instruction::Store(_) => Opcode::Store,
            Instruction::Load(_) => Opcode::Load,
            Instruction::Take(_) => Opcode::Take,
            Instruction::Observe(_) => Opcode::Observe,
            Instruction::Publish(_) => Opcode::Publish,
            Instruction::Add => Opcode::Add,
            Instruction::Sub => Opcode::Sub,
            Instruction::Mul => Opcode::Mul,
            Instruction::Div => Opcode::Div,
            Instruction::Rem => Opcode::Rem,
            Instruction::Pow => Opcode::Pow,
            Instruction::Neg => Opcode::Neg,
            Instruction::Eq => Opcode::Eq,
            Instruction::Ne => Opcode::Ne,
            Instruction::Lt => Opcode::Lt,
            Instruction::Le => Opcode::Le,
            Instruction::Gt => Opcode::Gt,
            Instruction::Ge => Opcode::Ge,
            Instruction::Not => Opcode::Not,
            Instruction::And => Opcode::And,
            Instruction::Or => Opcode::Or,
            Instruction::List(_) => Opcode::List,
            Instruction::Map(_) => Opcode::Map,
            Instruction::Get => Opcode::Get,
            Instruction::Len => Opcode::Len,
            Instruction::Has => Opcode::Has,
            Instruction::Append(_) => Opcode::Append,
            Instruction::Put(_) => Opcode::Put,
            Instruction::Jump(_) => Opcode::Jump,
            Instruction::JumpIf(_) => Opcode::JumpIf,
            Instruction::JumpTrue(_) => Opcode::JumpTrue,
            Instruction::Call(..) => Opcode::Call,
            Instruction::Try(..) => Opcode::Try,
            Instruction::Return => Opcode::Return,
            Instruction::EnergyCheck(_) => Opcode::EnergyCheck,
            Instruction::Delegate(..) => Opcode::Delegate,
            Instruction::Assert(_) => Opcode::Assert,
            Instruction::Fail(_) => Opcode::Fail,
            Instruction::Func(..) => Opcode::Func,
            Instruction::End => Opcode::End,
        }
    }

    /// Whether the two are the same program text: a NaN is the same as a NaN, `-0` is not the same as `0`,
    /// unlike under `==`. It recurses only as deep as both literals nest.
    pub(crate) fn same(&self, other: &Instruction) -> bool {
        match (self, other) {
            (Instruction::Push(one), Instruction::Push(other)) => same_value(one, other),
            (Instruction::EnergyCheck(one), Instruction::EnergyCheck(other)) => {
                same_number(*one, *other)
            }
            (one, other) => one == other, // no other instruction holds an `f64`
        }
    }

    /// The names in it: of variables, fields, functions, parameters, agents, tasks.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let (first, others) = match self {
            Instruction::Store(name)
            | Instruction::Load(name)
            | Instruction::Take(name)
            | Instruction::Observe(name)
            | Instruction::Publish(name)
            | Instruction::Append(name)
            | Instruction::Put(name)
            | Instruction::Call(name, _)
            | Instruction::Try(name, _) => (Some(name), &[][..]),
            Instruction::Delegate(agent, task) => (Some(agent), std::slice::from_ref(task)),
            Instruction::Func(name, parameters) => (Some(name), &parameters[..]),
            Instruction::Push(_)
            | Instruction::Pop
            | Instruction::Dup
            | Instruction::Swap
            | Instruction::Over
            | Instruction::Add
            | Instruction::Sub
            | Instruction::Mul
            | Instruction::Div
            | Instruction::Rem
            | Instruction::Pow
            | Instruction::Neg
            | Instruction::Eq
            | Instruction::Ne
            | Instruction::Lt
            | Instruction::Le
            | Instruction::Gt
            | Instruction::Ge
            | Instruction::Not
            | Instruction::And
            | Instruction::Or
            | Instruction::List(_)
            | Instruction::Map(_)
            | Instruction::Get
            | Instruction::Len
            | Instruction::Has
            | Instruction::Jump(_)
            | Instruction::JumpIf(_)
            | Instruction::JumpTrue(_)
            | Instruction::Return
            | Instruction::EnergyCheck(_)
            | Instruction::Assert(_)
            | Instruction::Fail(_)
            | Instruction::End => (None, &[][..]),
        };
        first.into_iter().chain(others).map(String::as_str)
    }

    /// The instruction's price in units as far as it is known from the instruction alone: without
    /// what is added for the sizes of operands or declared by a builtin.
    #[must_use]
    pub fn energy_cost(&self) -> f64 {
        let count = if let Instruction::List(n) | Instruction::Map(n) = self { *n } else { 0 };
        self.opcode().fixed_price(count) as f64 / 1000.0
    }
}

/// Whether two programs are the same, instruction by instruction.
pub(crate) fn same(one: &[Instruction], other: &[Instruction]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.same(other))
}

fn same_number(one: f64, other: f64) -> bool {
    one.to_bits() == other.to_bits() || one.is_nan() && other.is_nan()
}

fn same_value(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => same_number(*one, *other),
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(a, b)| same_value(a, b))
        }
        (Value::Map(one), Value::Map(other)) => {
            let same = |(key, a)| other.get(key).is_some_and(|b| same_value(a, b));
            one.len() == other.len() && one.iter().all(same)
        }
        (one, other) => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_the_same_by_the_bits_of_their_numbers() {
        let lists = |n: f64| {
            let map: Value = [("k", n)].into_iter().collect();
            [Instruction::Push(Value::List(vec![map, n.into()])), Instruction::EnergyCheck(n)]
        };
        assert!(same(&lists(f64::NAN), &lists(-f64::NAN)));
        assert!(same(&lists(0.0), &lists(0.0)));
        assert!(!same(&lists(0.0), &lists(-0.0)));
        assert!(!same(&lists(0.0)[..1], &lists(-0.0)[..1]));
        assert!(!same(&lists(0.0), &lists(0.0)[..1]));
        assert!(!same(&[Instruction::Push(0.0.into())], &[Instruction::Push(false.into())]));
        assert!(same(&[Instruction::Pop], &[Instruction::Pop]));
        assert!(!same(&[Instruction::Pop], &[Instruction::Dup]));
    }
}
