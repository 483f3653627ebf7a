//! How the command ends: exit codes, and the reasons for which it does not get to its work.
//!
//! The codes are part of the command's contract. What a program does wrong is not here: that is a
//! diagnostic or a trap.

use serde::Serialize;
use std::fmt;
use std::io;
use std::path::Path;

/// The exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The program finished; the check found no error.
    Finished,
    /// The program trapped.
    Trapped,
    /// The command was used wrongly, or a file cannot be read or written, or an input is malformed.
    Usage,
    /// The source has errors, or is not text.
    Source,
    /// The run stopped and can go on: out of energy, or suspended.
    Exhausted,
    /// A limit was hit: of the run, of the source, of an input.
    Limit,
    /// Refused by policy, or waiting for approval: the forge alone does that.
    Refused,
    /// A bug of ours.
    Bug,
}

impl Exit {
    /// The code the process ends with.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Exit::Finished => 0,
            Exit::Trapped => 1,
            Exit::Usage => 2,
            Exit::Source => 3,
            Exit::Exhausted => 4,
            Exit::Limit => 5,
            Exit::Refused => 6,
            Exit::Bug => 70,
        }
    }
}

/// Why the command stopped before its work was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stop {
    /// The exit code it means.
    #[serde(skip)]
    pub exit: Exit,
    /// What is wrong.
    pub message: String,
    /// The file it is about, if it is about one.
    pub file: Option<String>,
    /// The line in the file, from 1.
    pub line: Option<u64>,
    /// The column, in characters from 1.
    pub column: Option<u64>,
}

impl Stop {
    /// A reason without a file.
    #[must_use]
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Stop { exit, message: message.into(), file: None, line: None, column: None }
    }

    /// Wrong usage.
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// A file that cannot be read.
    #[must_use]
    pub fn unreadable(file: &Path, error: &io::Error) -> Self {
        Self::usage(format!("cannot read it: {error}")).about(file)
    }

    /// The same reason, about a file.
    #[must_use]
    pub fn about(mut self, file: &Path) -> Self {
        self.file = Some(file.display().to_string());
        self
    }

    /// The same reason, at a line of its file.
    #[must_use]
    pub fn line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    /// The same reason, at a column of its line.
    #[must_use]
    pub fn column(mut self, column: u64) -> Self {
        self.column = Some(column);
        self
    }
}

/// `file:line:column: message`, as compilers write it.
impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}:")?;
            for number in [self.line, self.column].into_iter().flatten() {
                write!(f, "{number}:")?;
            }
            f.write_str(" ")?;
        }
        f.write_str(&self.message)
    }
}
