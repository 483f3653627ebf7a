//! Typed indices, so that a slot is never taken for a position.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! index {
    ($($(#[$doc:meta])* $name:ident $mark:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(u32);

        impl $name {
            /// The index of that place.
            ///
            /// # Panics
            /// From 2³² on. Programs are limited to far less.
            #[must_use]
            pub fn new(at: usize) -> Self {
                $name(u32::try_from(at).expect("programs are limited to far less"))
            }

            /// The place.
            #[must_use]
            #[inline]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($mark, "{}"), self.0)
            }
        }
    )*};
}

index! {
    /// An operation of the program, counted over all functions.
    Pc "@";
    /// A variable of a function, or a memory slot.
    Slot "v";
    /// A function; 0 is the main body.
    FunctionId "f";
    /// A constant.
    ConstantId "c";
    /// A name called that is not the program's own.
    CallId "x";
    /// The words of an `assert` or `fail`.
    TextId "t";
    /// An amount of energy.
    QuantityId "q";
    /// What a `delegate` hands over.
    DelegateId "d";
}

impl FunctionId {
    /// The main body.
    pub const MAIN: FunctionId = FunctionId(0);
}
