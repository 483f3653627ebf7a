//! The language as text: instructions to lines and lines to instructions, and what is wrong with a text.
//!
//! Text goes in, instructions with their places and a list of diagnostics come out; nothing here knows
//! how programs run. The names, operands and meanings come from the one instruction table
//! (`lau_runtime::program::Opcode`).

pub mod diagnostic;
pub mod instruction;
