//! Why a stage came to nothing.

use crate::forge::audit::AuditError;
use crate::forge::diagnostic::Report;
use crate::forge::plan::{Language, PlanError};
use crate::forge::source::SourceError;
use crate::sandbox::{self, Used};
use serde::Serialize;
use std::fmt;

/// Why there is no [`Planned`](super::Planned).
#[derive(Debug)]
pub enum PlanningError {
    /// The plan is none.
    Plan(PlanError),
    /// Source files that are not what they must be; at least one.
    Source(Vec<SourceError>),
    /// It cannot be recorded, so it is not done.
    Audit(AuditError),
}

impl fmt::Display for PlanningError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlanningError::Plan(error) => error.fmt(f),
            PlanningError::Source(faults) => {
                for (at, fault) in faults.iter().enumerate() {
                    let end = if at + 1 < faults.len() { "\n" } else { "" };
                    write!(f, "{fault}{end}")?;
                }
                Ok(())
            }
            PlanningError::Audit(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PlanningError {}

/// Why there is no [`Built`](super::Built).
#[derive(Debug)]
pub enum BuildError {
    /// The compiler refused the source.
    Refused(Box<Report>),
    /// A limit was hit.
    Limit {
        /// The source that was compiled.
        source: String,
        /// Which limit.
        limit: Limit,
        /// What the compilation used.
        used: Used,
        /// What the compiler had said by then.
        report: Box<Report>,
    },
    /// The compiler left something else than an object.
    Object {
        /// The source that was compiled.
        source: String,
        /// What it left.
        refused: sandbox::Refused,
    },
    /// This language cannot be built.
    Language(Language),
    /// The host asked for the end.
    Cancelled,
    /// Other builds did not leave room within [`TURN_WALL`](super::TURN_WALL).
    Busy,
    /// The machine could not run the compiler.
    Sandbox(sandbox::Error),
    /// It cannot be recorded, so it is not done.
    Audit(AuditError),
}

/// A limit of a build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// Time.
    Wall,
    /// Processor time.
    Cpu,
    /// Memory.
    Memory,
    /// What the compiler writes about the source.
    Output,
    /// What it writes to files.
    Files,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BuildError::Refused(_) => f.write_str("the compiler refused the source"),
            BuildError::Limit { source, limit, used, .. } => {
                let what = match limit {
                    Limit::Wall => "time",
                    Limit::Cpu => "processor time",
                    Limit::Memory => "memory",
                    Limit::Output => "output of the compiler",
                    Limit::Files => "room for files",
                };
                write!(f, "{source}: compiling it took more {what} than it may")?;
                write!(f, " ({} ms, {} MiB)", used.wall_us / 1000, used.memory_peak_bytes >> 20)
            }
            BuildError::Object { source, refused } => {
                write!(f, "{source}: the compiler's result is not taken: {refused}")
            }
            BuildError::Language(language) => {
                write!(f, "skills in {} cannot be built by this version, only C", language.title())
            }
            BuildError::Cancelled => f.write_str("the build was cancelled"),
            BuildError::Busy => f.write_str("other builds left no room"),
            BuildError::Sandbox(error) => error.fmt(f),
            BuildError::Audit(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for BuildError {}

impl From<AuditError> for BuildError {
    fn from(error: AuditError) -> Self {
        BuildError::Audit(error)
    }
}
