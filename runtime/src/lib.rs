//! Everything that is needed to run a program without a compiler.

pub mod artifact;
pub mod energy;
pub mod host;
pub mod instance;
mod interp;
pub mod library;
pub mod limits;
pub mod native;
pub mod profile;
pub mod program;
pub mod snapshot;
pub mod trap;
pub mod value;
mod word;

pub use energy::Energy;
pub use host::{Builtin, Host};
pub use instance::{Ending, Outcome, Suspension};
pub use limits::Limits;
pub use snapshot::Snapshot;
pub use trap::{Place, Trap, TrapKind};
pub use value::Value;
