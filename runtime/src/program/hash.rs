//! The hash of a program's content: the same wherever and whenever the same program was made.
//!
//! Everything that has to do with what a run does is in it, in an encoding of its own that no other change
//! can touch: instructions by their names, numbers by their bits, maps in key order. Where the
//! instructions stand in a text is not, so comments and blank lines do not matter. Prices are not either:
//! they have a version.

use super::{Action, Op, Parts};
use crate::value::Value;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// SHA-256 of a program's content.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProgramHash([u8; 32]);

impl ProgramHash {
    pub(super) fn of(parts: &Parts) -> ProgramHash {
        let mut out = Encoder(Sha256::new());
        out.program(parts);
        ProgramHash(out.0.finalize().into())
    }
}

/// In hexadecimal.
impl fmt::Display for ProgramHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ProgramHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProgramHash({self})")
    }
}

impl FromStr for ProgramHash {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "a program's hash is 64 hexadecimal digits";
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(WRONG);
        }
        let mut hash = [0; 32];
        for (at, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(|_| WRONG)?;
        }
        Ok(ProgramHash(hash))
    }
}

impl Serialize for ProgramHash {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        if out.is_human_readable() { out.collect_str(self) } else { self.0.serialize(out) }
    }
}

impl<'de> Deserialize<'de> for ProgramHash {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        if input.is_human_readable() {
            String::deserialize(input)?.parse().map_err(de::Error::custom)
        } else {
            <[u8; 32]>::deserialize(input).map(ProgramHash)
        }
    }
}

/// Every item is either of fixed size or preceded by its length, so no two programs are encoded alike.
struct Encoder(Sha256);

impl Encoder {
    fn number(&mut self, n: u64) {
        self.0.update(n.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.update(text);
    }

    fn texts(&mut self, texts: &[String]) {
        self.number(texts.len() as u64);
        texts.iter().for_each(|text| self.text(text));
    }

    fn program(&mut self, parts: &Parts) {
        self.text("lau program, encoding 1");
        self.number(parts.functions.len() as u64);
        for function in &parts.functions {
            self.number(function.name.is_some().into());
            self.text(function.name.as_deref().unwrap_or_default());
            self.number(function.parameters.into());
            self.texts(&function.variables);
            self.number(function.code.start.into());
            self.number(function.code.end.into());
        }
        self.number(parts.ops.len() as u64);
        parts.ops.iter().for_each(|op| self.op(op));
        self.texts(&parts.memory);
        self.number(parts.constants.len() as u64);
        parts.constants.iter().for_each(|constant| self.value(constant));
        self.texts(&parts.calls);
        self.texts(&parts.texts);
        self.number(parts.quantities.len() as u64);
        parts.quantities.iter().for_each(|amount| self.number(amount.thousandths()));
        self.number(parts.delegations.len() as u64);
        for delegation in &parts.delegations {
            self.text(&delegation.agent);
            self.text(&delegation.task);
            self.number(delegation.field.index() as u64);
            self.number(delegation.note.index() as u64);
        }
        self.number(parts.instructions.into());
    }

    fn op(&mut self, op: &Op) {
        self.number(op.at.into());
        self.text(op.action.opcode().row().name);
        match op.action {
            Action::Push(constant) => self.number(constant.index() as u64),
            Action::Store(slot)
            | Action::Load(slot)
            | Action::Take(slot)
            | Action::Append(slot)
            | Action::Put(slot)
            | Action::Observe(slot)
            | Action::Publish(slot) => self.number(slot.index() as u64),
            Action::List(n) | Action::Map(n) => self.number(n.into()),
            Action::Jump(target) | Action::JumpIf(target) | Action::JumpTrue(target) => {
                self.number(target.index() as u64);
            }
            // A call of the program's own and one of the host have the same name.
            Action::Call(function, argc) => {
                self.text("own");
                self.number(function.index() as u64);
                self.number(argc.into());
            }
            Action::CallOut(call, argc) | Action::TryOut(call, argc) => {
                self.text("host");
                self.number(call.index() as u64);
                self.number(argc.into());
            }
            Action::EnergyCheck(quantity) => self.number(quantity.index() as u64),
            Action::Delegate(delegation) => self.number(delegation.index() as u64),
            Action::Assert(text) | Action::Fail(text) => self.number(text.index() as u64),
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
            | Action::End => {}
        }
    }

    /// A literal, which nests no deeper than a literal may.
    fn value(&mut self, value: &Value) {
        self.text(value.type_name());
        match value {
            Value::Null => {}
            Value::Bool(b) => self.number((*b).into()),
            Value::Number(n) => self.number(if n.is_nan() { f64::NAN } else { *n }.to_bits()),
            Value::Text(text) | Value::Reference(text) => self.text(text),
            Value::List(items) => {
                self.number(items.len() as u64);
                items.iter().for_each(|item| self.value(item));
            }
            Value::Map(entries) => {
                self.number(entries.len() as u64);
                for (key, value) in entries.iter().collect::<BTreeMap<_, _>>() {
                    self.text(key);
                    self.value(value);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::{ConstantId, Function, Program, price};

    fn pushes(value: Value) -> ProgramHash {
        let op = |action, at| {
            let energy = u32::try_from(price(&Op { action, energy: 0, at })).unwrap();
            Op { action, energy, at }
        };
        let main = Function { name: None, parameters: 0, variables: vec![], code: 0..2 };
        let parts = Parts {
            functions: vec![main],
            ops: vec![op(Action::Push(ConstantId::new(0)), 0), op(Action::End, 1)],
            constants: vec![value],
            instructions: 1,
            ..Parts::default()
        };
        Program::new(parts).unwrap().hash()
    }

    #[test]
    fn equal_content_has_equal_hashes_and_no_other() {
        assert_eq!(pushes(f64::NAN.into()), pushes((-f64::NAN).into()));
        let map = |keys: [&str; 3]| pushes(keys.into_iter().map(|key| (key, 1.0)).collect());
        assert_eq!(map(["a", "b", "c"]), map(["c", "b", "a"]));
        let values = ["a", "b"].map(Value::from);
        let others: Vec<ProgramHash> = [
            Value::Null,
            0.0.into(),
            (-0.0).into(),
            false.into(),
            "ab".into(),
            Value::Reference("ab".into()),
            Value::List(values.to_vec()),
            Value::List(vec!["ab".into()]),
        ]
        .map(pushes)
        .to_vec();
        for (at, hash) in others.iter().enumerate() {
            assert!(!others[..at].contains(hash), "{at}");
        }
    }

    #[test]
    fn a_hash_reads_back_and_stays_what_it_was() {
        let hash = pushes(Value::Null);
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert!("00".parse::<ProgramHash>().is_err());
        assert!("é".repeat(32).parse::<ProgramHash>().is_err());
        let json = serde_json::to_string(&hash).unwrap();
        assert_eq!(serde_json::from_str::<ProgramHash>(&json).unwrap(), hash);
    }
}
