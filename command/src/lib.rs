//! What everything that runs a lau program as a command needs, without a compiler.
//!
//! The arguments for energy, limits and the way of running; reading inputs; Ctrl-C; snapshots in files; telling how
//! a run ended, in words and as JSON; exit codes. The `lau` command is made of it, and an executable that was
//! compiled ahead of time behaves like `lau run` because it is too. How a program comes to be ready to run is
//! not known here, nor what is found in its source: engines go by a name, findings are data.

pub mod args;
pub mod ended;
pub mod excerpt;
pub mod guard;
pub mod host;
pub mod input;
pub mod interrupt;
pub mod report;
pub mod run;
pub mod saved;
pub mod source;
pub mod stop;
pub mod terminal;
