//! Words to public values and back.

use super::object::{Entries, Heap};
use super::{View, Word};
use crate::value::Value;

impl Heap {
    /// Takes a public value in. Its nesting has been measured and is within the limits.
    pub(crate) fn word(&self, value: &Value) -> Word {
        match value {
            Value::Null => Word::NULL,
            Value::Bool(b) => Word::bool(*b),
            Value::Number(n) => Word::number_from_outside(*n),
            Value::Text(s) => self.text(s.as_str()),
            Value::Reference(s) => self.reference(s.as_str()),
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
