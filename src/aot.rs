//! Programs compiled ahead of time and linked, by the system's own compiler driver: to executables and to shared
//! libraries that this process takes in.
//!
//! Requires a `cc`. What goes into an object file is the business of `codegen::object`; what takes it up, of
//! `lau_runtime::artifact`.

mod batch;
mod executable;
mod library;
mod linker;
mod runtime;

pub use batch::load;
pub use executable::{
    Parts, c_signature, executable, header, not_provided, program_symbol, with_c_builtins,
};
pub use library::builtin_symbol;
pub use linker::Linker;
pub use runtime::{HEADER, runtime};

use crate::codegen::Refusal;
use lau_runtime::artifact::Fault;
use std::fmt;
use std::io;
use std::path::PathBuf;

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
    /// Executables for that machine cannot be linked here.
    Foreign(String),
    /// A library cannot be linked to it.
    Link {
        /// The library.
        file: PathBuf,
        /// Why.
        why: String,
    },
    /// Two builtins would have one symbol.
    Ambiguous {
        /// The one.
        one: String,
        /// The other.
        other: String,
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
            Error::Linker { program, said } => write!(f, "`{program}` cannot link it: {said}"),
            Error::Foreign(target) => write!(
                f,
                "executables for {target} cannot be linked here; an object file can be made, to be linked \
                 with a runtime that was built there"
            ),
            Error::Link { file, why } => write!(f, "cannot link `{}`: {why}", file.display()),
            Error::Ambiguous { one, other } => {
                write!(
                    f,
                    "the builtins `{one}` and `{other}` cannot both be linked: their symbols are one"
                )
            }
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
