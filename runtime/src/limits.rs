//! Limits of a run: what bounds stack, nesting, sizes and memory whatever the budget.
//!
//! They are on by default. Sizes are by the model of `docs/energy.md`, which is the same on every
//! engine and machine, not by what an allocator does.

use serde::{Deserialize, Serialize};

/// What a run may use besides energy. Reaching beyond one is a trap of its own kind.
///
/// ```
/// use lau_runtime::Limits;
/// let small = Limits { memory_bytes_max: 1 << 20, ..Limits::default() };
/// assert_eq!(small.call_depth_max, 10_000);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Calls of program functions in progress at once. Default 10,000.
    pub call_depth_max: u32,
    /// Values on the operand stack, over all frames. Default 1,000,000.
    pub stack_values_max: u32,
    /// Levels of lists and maps in one value. Default 200; at most [`Limits::NESTING_MAX`], since a
    /// public `Value` is a recursive type.
    pub nesting_max: u16,
    /// Bytes of one text, list or map without its elements' own. Default 256 MiB.
    pub value_bytes_max: u64,
    /// Bytes of one value with everything in it, shared parts counted each time. Default 256 MiB.
    pub tree_bytes_max: u64,
    /// Bytes of all live values of the run, shared parts counted once; constants are the program's.
    /// Default 1 GiB.
    pub memory_bytes_max: u64,
}

impl Limits {
    /// The deepest nesting that can be asked for.
    pub const NESTING_MAX: u16 = 1_000;
    /// What "unlimited" means for a size: larger amounts are taken for this one, 2⁴⁸ bytes.
    pub const BYTES_MAX: u64 = 1 << 48;

    /// As little limited as can be asked for.
    #[must_use]
    pub const fn unlimited() -> Self {
        Limits {
            call_depth_max: u32::MAX,
            stack_values_max: u32::MAX,
            nesting_max: Self::NESTING_MAX,
            value_bytes_max: Self::BYTES_MAX,
            tree_bytes_max: Self::BYTES_MAX,
            memory_bytes_max: Self::BYTES_MAX,
        }
    }

    /// The same limits with each brought within what can be asked for.
    #[must_use]
    pub fn clamped(self) -> Self {
        Limits {
            nesting_max: self.nesting_max.min(Self::NESTING_MAX),
            value_bytes_max: self.value_bytes_max.min(Self::BYTES_MAX),
            tree_bytes_max: self.tree_bytes_max.min(Self::BYTES_MAX),
            memory_bytes_max: self.memory_bytes_max.min(Self::BYTES_MAX),
            ..self
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            call_depth_max: 10_000,
            stack_values_max: 1_000_000,
            nesting_max: 200,
            value_bytes_max: 256 << 20,
            tree_bytes_max: 256 << 20,
            memory_bytes_max: 1 << 30,
        }
    }
}
