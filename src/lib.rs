//! A compiler and runtime for programs that AI agents write: metered, deterministic, harmless.

pub mod agent;
pub mod dsl;
pub mod engine;
pub mod lower;

pub use agent::{
    AbstractionLayer, AbstractionLevel, AgentShell, BuiltinFn, MiniRuntime, RuntimeCompiler,
    RuntimeId, RuntimeResult, RuntimeSnapshot, ShellStatus, StepResult, TaskPattern, TaskPatterns,
};
pub use dsl::diagnostic::Diagnostic;
pub use dsl::instruction::Instruction;
pub use engine::Engine;
pub use lau_runtime::host::{Answer, Failure, Interface, Price};
pub use lau_runtime::instance::{Instance, Linked, Step};
pub use lau_runtime::program::Program;
pub use lau_runtime::{
    Builtin, Ending, Energy, Host, Limits, Outcome, Place, Trap, TrapKind, Value,
};
