//! Words to public values and back; what a public value will measure before it is taken in.

use super::object::{ELEMENT_BYTES, ENTRY_BYTES, Entries, HEADER_BYTES, Heap};
use super::{View, Word};
use crate::limits::Limits;
use crate::trap::TrapKind;
use crate::value::Value;

/// What a public value measures: it has these as soon as it is converted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Measure {
    /// Bytes of the whole tree; nothing in a public value is shared.
    pub(crate) tree: u64,
    /// Bytes of the largest single text, list or map.
    pub(crate) largest: u64,
    /// Levels of nesting.
    pub(crate) depth: usize,
}

impl Measure {
    /// Measures values, with a stack of its own: a host may nest them as deep as it likes.
    pub(crate) fn of(value: &Value) -> Measure {
        let mut measure = Measure::default();
        let mut todo = vec![(value, 0)];
        while let Some((value, outside)) = todo.pop() {
            let (own, levels) = match value {
                Value::Null | Value::Bool(_) | Value::Number(_) => (0, 0),
                Value::Text(s) | Value::Reference(s) => (HEADER_BYTES + s.len() as u64, 0),
                Value::List(items) => {
                    todo.extend(items.iter().map(|item| (item, outside + 1)));
                    (HEADER_BYTES + ELEMENT_BYTES * items.len() as u64, 1)
                }
                Value::Map(entries) => {
                    todo.extend(entries.values().map(|value| (value, outside + 1)));
                    let keys: u64 = entries.keys().map(|key| key.len() as u64).sum();
                    (HEADER_BYTES + ENTRY_BYTES * entries.len() as u64 + keys, 1)
                }
            };
            measure.tree = measure.tree.saturating_add(own);
            measure.largest = measure.largest.max(own);
            measure.depth = measure.depth.max(outside + levels);
        }
        measure
    }

    /// Which limit the value breaks, if it is to join so many live bytes.
    pub(crate) fn check(&self, live: u64, limits: &Limits) -> Result<(), (TrapKind, String)> {
        let checks = [
            (TrapKind::NestingLimit, self.depth as u64, u64::from(limits.nesting_max), "levels"),
            (TrapKind::ValueLimit, self.largest, limits.value_bytes_max, "bytes"),
            (TrapKind::TreeLimit, self.tree, limits.tree_bytes_max, "bytes"),
            (TrapKind::MemoryLimit, live + self.tree, limits.memory_bytes_max, "bytes"),
        ];
        match checks.into_iter().find(|(_, got, limit, _)| got > limit) {
            Some((kind, got, limit, unit)) => {
                Err((kind, format!("{got} {unit}, where {limit} are allowed")))
            }
            None => Ok(()),
        }
    }
}

impl Heap {
    /// Takes a public value in. Its nesting has been measured and is within the limits.
    pub(crate) fn word(&self, value: &Value) -> Word {
        match value {
            Value::Null => Word::NULL,
            Value::Bool(b) => Word::bool(*b),
            Value::Number(n) => Word::number_from_outside(*n),
            Value::Text(s) => self.text(s.clone()),
            Value::Reference(s) => self.reference(s.clone()),
            Value::List(items) => self.list(items.iter().map(|item| self.word(item)).collect()),
            Value::Map(entries) => {
                let entries: Entries =
                    entries.iter().map(|(k, v)| (k.as_str().into(), self.word(v))).collect();
                self.map(entries)
            }
        }
    }
}

/// The public form. What was shared is copied; NaN becomes the one NaN.
pub(crate) fn to_value(word: &Word) -> Value {
    match word.view() {
        View::Null => Value::Null,
        View::Bool(b) => Value::Bool(b),
        View::Number(n) => Value::Number(if n.is_nan() { f64::NAN } else { n }),
        View::Text(text) => Value::Text(text.as_str().to_owned()),
        View::Reference(name) => Value::Reference(name.as_str().to_owned()),
        View::List(list) => Value::List(list.items().iter().map(to_value).collect()),
        View::Map(map) => {
            Value::Map(map.entries().map(|(k, v)| (k.to_owned(), to_value(v))).collect())
        }
    }
}
