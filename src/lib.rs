//! A compiler and runtime for programs that AI agents write: metered, deterministic, harmless.

pub mod dsl;
pub mod lower;

pub use dsl::diagnostic::Diagnostic;
pub use dsl::instruction::Instruction;
pub use lau_runtime::host::{Answer, Failure, Interface, Price};
pub use lau_runtime::instance::{Instance, Linked, Step};
pub use lau_runtime::program::Program;
pub use lau_runtime::{
    Builtin, Ending, Energy, Host, Limits, Outcome, Place, Trap, TrapKind, Value,
};
