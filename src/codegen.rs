//! Programs to native code, over the facts about them.
//!
//! `function` makes Cranelift IR of one function, after the data flow operation by operation: what the
//! flow covers becomes code, at anything else the code leaves (see `lau_runtime::native`). [`jit`] compiles a
//! program into memory, `object` into a file. Requires facts of the same linked program. Nothing here knows the
//! interpreter: native code leaves, and does not ask who goes on.

mod function;
pub mod jit;
pub mod listing;
#[cfg(feature = "aot")]
pub mod object;

mod module;
mod shims;
#[cfg(feature = "aot")]
mod target;
#[cfg(feature = "aot")]
pub mod thunks;

pub use jit::{Jit, Refusal};
#[cfg(feature = "aot")]
pub use target::Target;

use std::fmt;

/// How much work goes into making code fast.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OptLevel {
    /// None beyond a good allocation of registers.
    None,
    /// What pays for itself in programs that run for long.
    #[default]
    Speed,
}

/// How code is made.
///
/// ```
/// use lau_agent_runtime::codegen::{OptLevel, Options};
/// let options = Options { opt: OptLevel::None, ..Options::default() };
/// assert!(options.metering && !options.exits);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How much work goes into making it fast.
    pub opt: OptLevel,
    /// Whether it pays energy and counts instructions. Without, nothing stops a run that does not end: it
    /// is for measuring what metering costs, and for nothing else.
    pub metering: bool,
    /// Whether each of its exits can be made to be taken, for tests.
    pub exits: bool,
    /// Whether it keeps a profile: then it is for instances that have one, and for no others.
    pub profile: bool,
    /// A mistake that is made on purpose, for tests of the tests.
    pub fault: Option<Fault>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            opt: OptLevel::default(),
            metering: true,
            exits: false,
            profile: false,
            fault: None,
        }
    }
}

/// A mistake in native code, made on purpose to see whether tests find it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Every segment costs a thousandth too much.
    EnergyOffByOne,
    /// Whether a value is a Number is not looked at.
    LostExit,
    /// `sub` takes its operands in the other order.
    SwappedOperand,
    /// After a call of the host, the run goes on before the call.
    RepeatedHostCall,
}

impl Fault {
    /// All of them.
    pub const ALL: &[Fault] =
        &[Fault::EnergyOffByOne, Fault::LostExit, Fault::SwappedOperand, Fault::RepeatedHostCall];
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Fault::EnergyOffByOne => "energy off by one",
            Fault::LostExit => "a lost exit",
            Fault::SwappedOperand => "a swapped operand",
            Fault::RepeatedHostCall => "a repeated host call",
        })
    }
}
