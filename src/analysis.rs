//! Facts: what can be proved about a program before it runs, for native code alone.
//!
//! Forward data flow over the blocks of each function: how high the operand stack is where a block
//! begins, and what types its values and the function's variables have there. Requires a linked program
//! (prices and types of builtins come from the interface); leaves [`Facts`]. It decides nothing about
//! how code is made, except one thing that both must agree on: which operations native code covers at
//! all ([`flow::step`]).

pub mod blocks;
pub mod flow;
mod types;

pub use blocks::{Block, Blocks};
pub use flow::{Operand, State, Step};
pub use types::Type;

use lau_runtime::instance::Linked;
use lau_runtime::program::{FunctionId, Pc};
use std::collections::{BTreeMap, BTreeSet};

/// The facts about one function.
#[derive(Debug)]
pub struct Facts {
    /// Its blocks.
    pub blocks: Blocks,
    /// What holds where each block begins, by the block's first operation. A block that is not here is
    /// never come to, or is come to with two heights; it is interpreted.
    pub states: BTreeMap<Pc, State>,
    /// The operations that native code leaves to the interpreter.
    pub left: BTreeSet<Pc>,
    /// The highest its operand stack gets in native code.
    pub height_max: usize,
}

/// The data flow looks at no more states than this, each a block with its variables: beyond it, a function
/// is interpreted. It keeps the analysis linear for hostile shapes.
const WORK_MAX: usize = 4_000_000;

/// The most operations of a function that gets native code.
const OPERATIONS_MAX: usize = 20_000;

/// The most operations times variables. An exit writes the variables, and any operation may have one, so
/// this bounds the code and the time it takes to make.
const SIZE_MAX: usize = 100_000;

/// Blocks are split at operations found to be left to the interpreter until there are so many.
const SPLITS_MAX: usize = 10_000;

impl Facts {
    /// Finds the facts about a function; `None` if it is too large to look at.
    #[must_use]
    pub fn of(linked: &Linked, function: FunctionId) -> Option<Facts> {
        let variables = flow::variables(linked, function);
        let operations = linked.program().parts().functions[function.index()].code.len();
        if operations > OPERATIONS_MAX || operations.saturating_mul(variables + 1) > SIZE_MAX {
            return None;
        }
        let mut left = BTreeSet::new();
        loop {
            let blocks = Blocks::of(linked.program(), function, &left);
            if blocks.list.len().saturating_mul(variables + 1) > WORK_MAX {
                return None;
            }
            let solved = flow::solve(linked, function, &blocks, WORK_MAX)?;
            // Native code can be entered again after an operation that it leaves, if a block begins there.
            let before = left.len();
            left.extend(solved.left);
            if left.len() == before || left.len() > SPLITS_MAX {
                let (states, height_max) = (solved.states, solved.height_max);
                return Some(Facts { blocks, states, left, height_max });
            }
        }
    }
}
