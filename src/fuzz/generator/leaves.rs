//! Literals, names and presets.

use super::{Generator, Ty, prefix};
use crate::dsl::instruction::Instruction;
use lau_runtime::Value;

const NUMBERS: &[f64] = &[
    -1.0,
    -0.0,
    0.5,
    1.5,
    -2.25,
    100.0,
    1e16,
    9_007_199_254_740_993.0,
    1e300,
    5e-324,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    255.0,
];

const TEXTS: &[&str] =
    &["a", "b", "key", "k", "hello world", "é", "héllo", "日本語", "😀x", "Z", "0", "a\u{301}"];

/// Keys are few, so that they meet again.
const KEYS: &[&str] = &["a", "b", "k", "é", "", "error", "message", "value"];

impl Generator<'_, '_> {
    pub(super) fn push(&mut self, value: impl Into<Value>, ty: Ty) {
        self.emit(Instruction::Push(value.into()), 0, &[ty]);
    }

    pub(super) fn push_number(&mut self, n: f64) {
        self.push(n, Ty::Number);
    }

    pub(super) fn number_literal(&mut self) -> f64 {
        if self.chance(75) { self.below(11) as f64 } else { *self.choose(NUMBERS) }
    }

    /// A text that is not empty, so that it has a first character.
    pub(super) fn text_literal(&mut self) -> String {
        let text = *self.choose(TEXTS);
        match self.below(20) {
            18 => text.repeat(30),
            19 => format!("{text}ü").repeat(25),
            _ => text.to_owned(),
        }
    }

    pub(super) fn key_literal(&mut self) -> &'static str {
        KEYS[self.below(KEYS.len())]
    }

    /// A list of at least two elements, so that indices 0 and 1 are in range.
    pub(super) fn list_literal(&mut self, depth: usize) -> Value {
        let n = if self.chance(5) { 40 } else { 2 + self.below(3) };
        let numbers = self.chance(50);
        let item = |g: &mut Self| {
            if numbers { g.number_literal().into() } else { g.any_literal(depth) }
        };
        Value::List((0..n).map(|_| item(self)).collect())
    }

    pub(super) fn map_literal(&mut self, depth: usize) -> Value {
        (0..self.below(4)).map(|_| (self.key_literal(), self.any_literal(depth))).collect()
    }

    pub(super) fn any_literal(&mut self, depth: usize) -> Value {
        let kinds = if depth == 0 { 7 } else { 11 };
        match self.below(kinds) {
            0 | 1 => self.number_literal().into(),
            2 | 3 => self.text_literal().into(),
            4 => Value::Null,
            5 => self.chance(50).into(),
            6 => Value::Reference(self.text_literal()),
            7 => Value::List(Vec::new()),
            8 => "".into(),
            9 => self.list_literal(depth - 1),
            _ => self.map_literal(depth - 1),
        }
    }

    pub(super) fn literal(&mut self, ty: Ty) -> Value {
        match ty {
            Ty::Number => self.number_literal().into(),
            Ty::Bool => self.chance(50).into(),
            Ty::Text => self.text_literal().into(),
            Ty::List => self.list_literal(2),
            Ty::Map => self.map_literal(2),
            Ty::Any => self.any_literal(2),
        }
    }

    /// A name for a variable of that type.
    pub(super) fn name(&mut self, ty: Ty) -> String {
        if ty == Ty::Any && self.chance(10) {
            return "a ü".to_owned();
        }
        format!("{}{}", prefix(ty), self.below(3))
    }

    /// A variable of that type that holds something.
    pub(super) fn set_variable(&mut self, ty: Ty) -> Option<String> {
        let prefix = prefix(ty);
        let set: Vec<String> =
            self.body.set.iter().filter(|name| name.starts_with(prefix)).cloned().collect();
        if set.is_empty() { None } else { Some(self.choose(&set).clone()) }
    }

    pub(super) fn preset_memory(&mut self) -> Vec<(String, Value)> {
        let mut memory: Vec<(String, Value)> = Vec::new();
        for _ in 0..self.below(4) {
            let ty = self.any_type();
            let name = self.name(ty);
            if self.body.set.insert(name.clone()) {
                let value = self.literal(ty);
                memory.push((name, value));
            }
        }
        memory
    }
}
