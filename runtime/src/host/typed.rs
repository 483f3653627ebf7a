//! Typed builtins: functions over Numbers and Bools that engines call without making values.

use super::builtin::Failure;
use crate::value::Value;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The type of an argument or result of a typed builtin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScalarType {
    /// `f64`.
    Number,
    /// `bool`.
    Bool,
}

impl ScalarType {
    /// The type's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ScalarType::Number => "Number",
            ScalarType::Bool => "Bool",
        }
    }

    /// The double that stands for a value of this type.
    pub(super) fn double(self, value: &Value) -> Result<f64, Failure> {
        match (self, value) {
            (ScalarType::Number, Value::Number(n)) => Ok(*n),
            (ScalarType::Bool, Value::Bool(b)) => Ok(f64::from(*b)),
            (ScalarType::Number | ScalarType::Bool, _) => {
                let message = format!("it takes a {}, not {}", self.name(), value.type_name());
                Err(Failure(message))
            }
        }
    }

    /// The value that a double stands for.
    pub(super) fn value(self, n: f64) -> Value {
        match self {
            ScalarType::Number => Value::Number(n),
            ScalarType::Bool => Value::Bool(n != 0.0),
        }
    }
}

/// Keeps the traits here to the types and functions they are implemented for here: engines rely on how
/// many arguments there can be.
mod sealed {
    pub trait Scalar {}
    impl Scalar for f64 {}
    impl Scalar for bool {}
    pub trait TypedFn<Args> {}
}

/// `f64` or `bool`.
pub trait Scalar: sealed::Scalar + Sized + 'static {
    /// Which of the two.
    const TYPE: ScalarType;
    /// From the double an engine passes; a Bool is 0 or 1.
    fn from_double(n: f64) -> Self;
    /// To the double an engine takes.
    fn to_double(self) -> f64;
}

impl Scalar for f64 {
    const TYPE: ScalarType = ScalarType::Number;
    fn from_double(n: f64) -> Self {
        n
    }
    fn to_double(self) -> f64 {
        self
    }
}

impl Scalar for bool {
    const TYPE: ScalarType = ScalarType::Bool;
    fn from_double(n: f64) -> Self {
        n != 0.0
    }
    fn to_double(self) -> f64 {
        f64::from(self)
    }
}

type Erased = Arc<dyn Fn(&[f64]) -> Result<f64, Failure> + Send + Sync>;

/// A function over at most four scalars. `Args` is the tuple of its argument types.
pub trait TypedFn<Args>: sealed::TypedFn<Args> + Send + Sync + Sized + 'static {
    /// The types of the arguments, in order.
    const TYPES: &'static [ScalarType];
    /// The same function over doubles, and the type of its result.
    fn erase(self) -> (Erased, ScalarType);
}

macro_rules! typed_fn {
    ($($arg:ident $at:tt),*) => {
        impl<F, R, $($arg),*> sealed::TypedFn<($($arg,)*)> for F
        where
            F: Fn($($arg),*) -> R + Send + Sync + 'static,
            R: Scalar,
            $($arg: Scalar,)*
        {
        }

        impl<F, R, $($arg),*> TypedFn<($($arg,)*)> for F
        where
            F: Fn($($arg),*) -> R + Send + Sync + 'static,
            R: Scalar,
            $($arg: Scalar,)*
        {
            const TYPES: &'static [ScalarType] = &[$($arg::TYPE),*];
            fn erase(self) -> (Erased, ScalarType) {
                // Engines check number and types of the arguments against `TYPES` before the call.
                let erased = move |_args: &[f64]| Ok(self($($arg::from_double(_args[$at])),*).to_double());
                (Arc::new(erased), R::TYPE)
            }
        }
    };
}
typed_fn!();
typed_fn!(A 0);
typed_fn!(A 0, B 1);
typed_fn!(A 0, B 1, C 2);
typed_fn!(A 0, B 1, C 2, D 3);
