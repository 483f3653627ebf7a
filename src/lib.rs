//! A compiler and runtime for programs that AI agents write: metered, deterministic, harmless.
//!
//! An agent writes a small program, one instruction a line. It is checked ([`dsl`]), lowered to a verified
//! [`Program`] ([`lower`]), linked to what the host provides, and run by an [`Engine`] under a budget of
//! energy and under [`Limits`]. How a run ended is an [`Outcome`]; one that was exhausted can be resumed.
//! On top of this typed API lies the agent layer ([`agent`]), whose runtimes are plain fields and whose
//! errors are `String`s:
//!
//! ```
//! use lau_agent_runtime::*;
//!
//! // A shell for an agent, with a budget of 1000 units; a runtime for a task.
//! let mut shell = AgentShell::new("journeyman", 1000.0);
//! let rt_id: RuntimeId = shell.build_runtime("monitor sensors", "iot");
//!
//! // A builtin, which is a plain function.
//! fn read_sensors(_args: Vec<Value>) -> Value {
//!     let mut reading = std::collections::HashMap::new();
//!     reading.insert("temp".to_string(), Value::Number(22.5));
//!     Value::Map(reading)
//! }
//! shell.runtimes.get_mut(&rt_id).unwrap().register_builtin("read_sensors", read_sensors);
//!
//! // A program of the agent's own in place of the task's.
//! let rt: &mut MiniRuntime = shell.runtimes.get_mut(&rt_id).unwrap();
//! let program: Vec<Instruction> = rt
//!     .compile("call read_sensors 0\nstore sensor_data\nobserve temp\nreturn")
//!     .unwrap();
//! assert_eq!(program.len(), 4);
//!
//! shell.activate(&rt_id);
//! let result: RuntimeResult = shell.execute().unwrap();
//! assert!(result.success);
//! assert_eq!(result.output, Value::Null); // the field is `sensor_data`; there is no `temp`
//! assert_eq!(format!("{:.2}", result.energy_consumed), "1.45");
//! assert_eq!(result.instructions_executed, 4);
//! ```
//!
//! Semantics in detail, prices and limits are in `docs/` of the repository.

pub mod agent;
#[cfg(feature = "jit")]
pub mod analysis;
#[cfg(feature = "aot")]
pub mod aot;
#[cfg(feature = "jit")]
pub mod codegen;
pub mod dsl;
pub mod engine;
#[cfg(all(feature = "forge", target_os = "linux", target_arch = "x86_64"))]
pub mod forge;
#[cfg(feature = "fuzz")]
pub mod fuzz;
pub mod lower;
#[cfg(all(feature = "forge", target_os = "linux", target_arch = "x86_64"))]
pub mod sandbox;

pub use agent::{
    AbstractionLayer, AbstractionLevel, AgentShell, BuiltinFn, MiniRuntime, RuntimeCompiler,
    RuntimeId, RuntimeResult, RuntimeSnapshot, ShellStatus, StepResult, TaskPattern, TaskPatterns,
};
pub use dsl::diagnostic::Diagnostic;
pub use dsl::instruction::Instruction;
pub use engine::Engine;
pub use lau_runtime::host::{Answer, Failure, Interface, Price, Reply};
pub use lau_runtime::instance::{Canceller, Instance, Linked, Question, Step};
pub use lau_runtime::profile::Profile;
pub use lau_runtime::program::Program;
pub use lau_runtime::{
    Builtin, Ending, Energy, Host, Limits, Outcome, Place, Snapshot, Suspension, Trap, TrapKind,
    Value,
};

/// The examples of the README, as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
