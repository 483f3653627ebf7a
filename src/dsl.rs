//! The language as text: instructions to lines and lines to instructions, and what is wrong with a text.
//!
//! Text goes in, instructions with their places and a list of diagnostics come out; nothing here knows
//! how programs run. The names, operands and meanings come from the one instruction table
//! (`lau_runtime::program::Opcode`).
//!
//! [`token`] splits lines, [`literal`] reads and writes values, [`parse`] makes instructions of lines and
//! [`mod@print`] lines of instructions; [`render`] draws diagnostics over the source for a terminal.

pub mod diagnostic;
pub(crate) mod finding;
pub mod instruction;
pub mod literal;
pub(crate) mod name;
pub mod parse;
pub mod print;
pub mod reference;
#[cfg(feature = "cli")]
pub mod render;
pub(crate) mod suggest;
pub mod token;
