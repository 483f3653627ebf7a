//! The agent layer: runtimes that an agent compiles for itself, and the shell that keeps them.
//!
//! It wraps the typed API (programs, instances, outcomes) in one whose errors are `String`s and whose
//! state is public fields: what a host puts into the fields of a [`MiniRuntime`] is read when a run
//! starts, and written when it stops. Nothing here executes anything itself.

mod abstraction;
mod pattern;
mod result;
mod runtime;
mod shell;

pub use abstraction::{AbstractionLayer, AbstractionLevel};
pub use pattern::{RuntimeCompiler, TaskPattern, TaskPatterns};
pub use result::{RuntimeResult, RuntimeSnapshot, StepResult};
pub use runtime::{BuiltinFn, MiniRuntime, RuntimeId};
pub use shell::{AgentShell, ShellStatus};
