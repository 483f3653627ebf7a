//! A compiler and runtime for programs that AI agents write: metered, deterministic, harmless.

pub mod dsl;

pub use dsl::instruction::Instruction;
pub use lau_runtime::{Energy, Limits, Value};
