//! What each instruction costs, in thousandths, from the pages of the specification.
//!
//! Prices look at sizes only, whatever the types; a value that is missing has size 0.

use super::super::graph::{Body, Val, bytes};
use super::{Callee, ENERGY_MAX, Stepper, add_energy};
use lau_agent_runtime::fuzz::builtins::{Costs, Does};
use lau_agent_runtime::{Instruction, Value};

/// What must be affordable for an instruction to begin.
pub(super) struct Bill {
    /// Of what is paid, the part that must be affordable before the rest is worked out.
    pub(super) first: u64,
    /// Paid before the instruction acts.
    pub(super) paid: u64,
    /// Must be affordable as well, and is settled when the builtin comes back.
    pub(super) reserved: u64,
}

impl From<u64> for Bill {
    fn from(paid: u64) -> Self {
        let paid = paid.min(ENERGY_MAX);
        Bill { first: paid, paid, reserved: 0 }
    }
}

/// Bytes of arguments, or of an answer, that are free.
const FREE: u64 = 1024;

/// What is paid for values of so many bytes that cross to or from the host.
pub(super) fn crossing(tree: u64) -> u64 {
    tree.saturating_sub(FREE)
}

/// Thousandths from units: nearest, ties to even, by exact integer arithmetic.
pub(crate) fn thousandths(units: f64) -> u64 {
    if units.is_nan() || units <= 0.0 {
        return 0;
    }
    if units.is_infinite() {
        return ENERGY_MAX;
    }
    let bits = units.to_bits();
    let exponent = (bits >> 52) & 0x7ff;
    let fraction = bits & ((1 << 52) - 1);
    // units = mantissa * 2^(power - 1075)
    let (mantissa, power) =
        if exponent == 0 { (fraction, 1) } else { (fraction | 1 << 52, exponent) };
    let product = u128::from(mantissa) * 1000;
    let rounded = if power >= 1075 {
        if power - 1075 > 60 { u128::MAX } else { product << (power - 1075) }
    } else {
        let shift = 1075 - power;
        if shift > 100 {
            0
        } else {
            let (whole, rest, half) =
                (product >> shift, product & ((1 << shift) - 1), 1_u128 << (shift - 1));
            whole + u128::from(rest > half || (rest == half && whole % 2 == 1))
        }
    };
    u64::try_from(rounded).unwrap_or(ENERGY_MAX).min(ENERGY_MAX)
}

impl Stepper<'_> {
    /// The whole price of the instruction that is next.
    pub(super) fn price(&self, instruction: &Instruction) -> Bill {
        let price = match instruction {
            Instruction::Push(_) => 100,
            Instruction::Pop => 50,
            Instruction::Dup | Instruction::Swap | Instruction::Over => 50,
            Instruction::Store(_) | Instruction::Load(_) | Instruction::Take(_) => 100,
            Instruction::Observe(_) | Instruction::Publish(_) => 300,
            Instruction::Add | Instruction::Sub | Instruction::Mul => 100,
            Instruction::Div | Instruction::Rem | Instruction::Pow | Instruction::Neg => 100,
            Instruction::Eq | Instruction::Ne => 100 + self.smaller_tree(),
            Instruction::Lt | Instruction::Le | Instruction::Gt | Instruction::Ge => {
                100 + self.smaller_tree()
            }
            Instruction::Not | Instruction::And | Instruction::Or => 100,
            Instruction::List(n) => 100 + 50 * u64::from(*n),
            Instruction::Map(n) => 100 + 50 * 2 * u64::from(*n) + self.key_bytes(*n),
            Instruction::Get => 200 + self.price_of_get(),
            Instruction::Len => 100,
            Instruction::Has => 200 + self.map_key_bytes(self.peek(1), self.peek(0)),
            Instruction::Append(name) => 200 + self.price_of_append(name),
            Instruction::Put(name) => 200 + self.price_of_put(name),
            Instruction::Jump(_) | Instruction::JumpIf(_) | Instruction::JumpTrue(_) => 50,
            Instruction::Call(name, n) | Instruction::Try(name, n) => {
                return self.price_of_call(name, usize::from(*n));
            }
            Instruction::Return => 50,
            Instruction::EnergyCheck(_) => 50,
            Instruction::Delegate(..) => 2_000,
            Instruction::Assert(_) => 200,
            Instruction::Fail(_) => 100,
            // Control passes over these; they are never executed.
            Instruction::Func(..) | Instruction::End => 0,
        };
        price.into()
    }

    fn tree(&self, value: Option<Val>) -> u64 {
        value.map_or(0, |value| self.graph.tree_size(value))
    }

    fn smaller_tree(&self) -> u64 {
        self.tree(self.peek(0)).min(self.tree(self.peek(1)))
    }

    /// Bytes of a Text that is there; 0 of anything else.
    fn text_bytes(&self, value: Option<Val>) -> u64 {
        value.and_then(|value| self.graph.text(value)).map_or(0, bytes)
    }

    /// Keys lie below their values: every second value from the top.
    fn key_bytes(&self, pairs: u32) -> u64 {
        (0..pairs as usize).map(|pair| self.text_bytes(self.peek(2 * pair + 1))).sum()
    }

    /// The bytes of a Text that is a key into a Map.
    fn map_key_bytes(&self, container: Option<Val>, key: Option<Val>) -> u64 {
        match container.and_then(|value| self.graph.body(value)) {
            Some(Body::Map(_)) => self.text_bytes(key),
            Some(Body::Text(_) | Body::Reference(_) | Body::List(_)) | None => 0,
        }
    }

    fn price_of_get(&self) -> u64 {
        let container = self.peek(1);
        match container.and_then(|value| self.graph.body(value)) {
            Some(Body::Text(text)) if !text.is_ascii() => bytes(text),
            Some(Body::Map(_)) => self.text_bytes(self.peek(0)),
            Some(Body::Text(_) | Body::Reference(_) | Body::List(_)) | None => 0,
        }
    }

    fn price_of_append(&self, name: &str) -> u64 {
        let x = self.variable(name);
        match self.graph.body(x) {
            Some(Body::List(_)) => self.price_of_copy(x),
            Some(Body::Text(_)) => self.price_of_copy(x) + self.text_bytes(self.peek(0)),
            Some(Body::Reference(_) | Body::Map(_)) | None => 0,
        }
    }

    fn price_of_put(&self, name: &str) -> u64 {
        let x = self.variable(name);
        match self.graph.body(x) {
            Some(Body::List(_)) => self.price_of_copy(x),
            Some(Body::Map(_)) => self.price_of_copy(x) + self.text_bytes(self.peek(1)),
            Some(Body::Text(_) | Body::Reference(_)) | None => 0,
        }
    }

    /// What a write to the value pays for copying it first.
    fn price_of_copy(&self, x: Val) -> u64 {
        if self.is_shared(x) { self.graph.own_size(x) } else { 0 }
    }

    fn price_of_call(&self, name: &str, n: usize) -> Bill {
        let builtin = match self.resolve(name) {
            Callee::Own(_) | Callee::Unknown => return 1_000.into(),
            Callee::Library(function) => return self.price_of_library(function, n),
            Callee::Host(builtin) => builtin,
        };
        let present: Vec<Val> = self.top().stack.iter().rev().take(n).rev().copied().collect();
        let trees =
            present.iter().fold(0_u64, |sum, arg| sum.saturating_add(self.graph.tree_size(*arg)));
        let sizes = crossing(trees);
        let declared = match (builtin.does, builtin.costs) {
            (Does::Charging(most, _), _) => {
                let paid = sizes.min(ENERGY_MAX);
                return Bill { first: paid, paid, reserved: most };
            }
            (_, Costs::Default) => 1_000,
            (_, Costs::Fixed(price)) => price,
            // Arguments that are missing cannot be priced: the call will underflow.
            (_, Costs::ByArguments(_)) if present.len() < n => 0,
            (_, Costs::ByArguments(_)) if !self.affords_quietly(sizes) => 0,
            (_, Costs::ByArguments(price)) => {
                let args: Vec<Value> = present.iter().map(|v| self.graph.give_out(*v)).collect();
                price(&args)
            }
        };
        add_energy(declared, sizes).into()
    }

    /// Whether so much can be paid, without leaving a trace.
    fn affords_quietly(&self, price: u64) -> bool {
        add_energy(add_energy(self.used_before, self.used), price) <= self.budget
    }
}
