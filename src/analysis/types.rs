//! Types of values as far as native code tells them apart.

use lau_runtime::Value;
use std::fmt;

/// What is known of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// None: no value is known to come here, as long as a function is not known to return.
    Never,
    /// A Number.
    Number,
    /// A Bool.
    Bool,
    /// A Number, Bool or Null: a word without storage.
    Scalar,
    /// Any value.
    Word,
}

impl Type {
    /// The type of what may be one or the other.
    #[must_use]
    pub fn join(self, other: Type) -> Type {
        match (self, other) {
            (Type::Never, other) | (other, Type::Never) => other,
            (Type::Word, _) | (_, Type::Word) => Type::Word,
            (a, b) if a == b => a,
            (
                Type::Number | Type::Bool | Type::Scalar,
                Type::Number | Type::Bool | Type::Scalar,
            ) => Type::Scalar,
        }
    }

    /// The type of a constant.
    #[must_use]
    pub fn of(constant: &Value) -> Type {
        match constant {
            Value::Number(_) => Type::Number,
            Value::Bool(_) => Type::Bool,
            Value::Null => Type::Scalar,
            Value::Text(_) | Value::List(_) | Value::Map(_) | Value::Reference(_) => Type::Word,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Type::Never => "never",
            Type::Number => "number",
            Type::Bool => "bool",
            Type::Scalar => "scalar",
            Type::Word => "any",
        })
    }
}
