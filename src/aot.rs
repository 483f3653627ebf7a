//! Programs compiled ahead of time and linked, by the system's own compiler driver: to executables and to shared
//! libraries that this process takes in.
//!
//! Requires a `cc`. What goes into an object file is the business of `codegen::object`; what takes it up, of
//! `lau_runtime::artifact`.

mod batch;
mod linker;

pub use batch::load;
pub use linker::Linker;

use crate::codegen::Refusal;
use lau_runtime::artifact::Fault;
use std::fmt;
use std::io;

/// Why a program is not compiled ahead of time.
#[derive(Debug)]
pub enum Error {
    /// There is no code for it.
    Refused(Refusal),
    /// What links cannot be started.
    NoLinker {
        /// Its name.
        program: String,
        /// Whether the environment asked for it, by `CC`.
        from_environment: bool,
        /// Why.
        error: io::Error,
    },
    /// It was started and failed.
    Linker {
        /// Its name.
        program: String,
        /// What it said, without paths of files that are gone.
        said: String,
    },
    /// Files on the way cannot be written or read.
    Files(io::Error),
    /// What was linked cannot be loaded.
    Library(String),
    /// What was loaded cannot be taken up.
    Fault(Fault),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Refused(refusal) => refusal.fmt(f),
            Error::NoLinker { program, from_environment, error } => {
                write!(f, "cannot start `{program}` to link with: {error}")?;
                f.write_str(if *from_environment {
                    "; the environment variable CC names it"
                } else {
                    "; install a C compiler, or name one in the environment variable CC"
                })
            }
            Error::Linker { program, said } => write!(f, "`{program}` cannot link it:\n{said}"),
            Error::Files(error) => write!(f, "cannot put together what is to be linked: {error}"),
            Error::Library(why) => write!(f, "cannot load what was linked: {why}"),
            Error::Fault(fault) => fault.fmt(f),
        }
    }
}
impl std::error::Error for Error {}
impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Error::Refused(refusal)
    }
}
impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Error::Files(error)
    }
}
impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Error::Fault(fault)
    }
}
