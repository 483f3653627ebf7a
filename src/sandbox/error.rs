//! Why a jail was not started, or not brought to its end.

use super::Layer;
use super::protocol::step;
use rustix::io::Errno;
use std::fmt;
use std::path::PathBuf;

/// Why a jail was not started, or not brought to its end. Never the program's doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The machine lacks a layer; nothing was run.
    Missing {
        /// Which.
        layer: Layer,
        /// What was tried, and what the system answered.
        detail: String,
    },
    /// The host could not do its part: out of descriptors, of memory, of processes.
    Host {
        /// What it was about to do.
        doing: &'static str,
        /// The error number.
        error: i32,
    },
    /// A file of the toolchain cannot be taken into the jail.
    Taken {
        /// The file.
        path: PathBuf,
        /// The error number.
        error: i32,
    },
    /// The program cannot be executed in the jail.
    Program {
        /// The error number.
        error: i32,
    },
    /// The folder of the locks that jails hold cannot be used.
    Locks {
        /// The folder.
        folder: PathBuf,
        /// The error number.
        error: i32,
    },
    /// As many jails as the machine may have are at work.
    Busy,
    /// The launcher ended before its time, or did not do as it was told. Its jail has ended with it.
    Launcher {
        /// What was seen.
        detail: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = |error: i32| Errno::from_raw_os_error(error);
        match self {
            Error::Missing { layer, detail } => {
                write!(f, "the sandbox lacks the layer `{layer}`: {detail}; {}", layer.remedy())
            }
            Error::Host { doing, error } => write!(f, "cannot {doing}: {}", told(*error)),
            Error::Taken { path, error } => {
                write!(f, "cannot take {} into the jail: {}", path.display(), told(*error))
            }
            Error::Program { error } => {
                write!(f, "cannot execute the program in the jail: {}", told(*error))
            }
            Error::Locks { folder, error } => {
                write!(f, "cannot lock in {}: {}; ", folder.display(), told(*error))?;
                f.write_str("it must be a folder of mode 0700 that belongs to this user")
            }
            Error::Busy => f.write_str("as many jails as this machine may have are at work"),
            Error::Launcher { detail } => write!(f, "the launcher failed: {detail}"),
        }
    }
}

impl std::error::Error for Error {}

impl Error {
    /// What is wrong, without what helps.
    pub(super) fn detail(&self) -> String {
        if let Error::Missing { detail, .. } = self { detail.clone() } else { self.to_string() }
    }

    /// The layer that the machine lacks, if that is what it is about.
    #[must_use]
    pub fn missing(&self) -> Option<Layer> {
        if let Error::Missing { layer, .. } = self { Some(*layer) } else { None }
    }
}

impl Error {
    /// What failed in the launcher, in words of the jail.
    pub(super) fn of_step(
        failed: u32,
        entry: u32,
        error: Errno,
        entries: &[Option<PathBuf>],
    ) -> Error {
        let missing =
            |layer, what: &str| Error::Missing { layer, detail: format!("{what}: {error}") };
        match failed {
            step::RECEIVE | step::PREPARE => {
                Error::Host { doing: "prepare the jail", error: error.raw_os_error() }
            }
            // Into a group of version 2 that may not be entered.
            step::CLONE if error == Errno::ACCESS => {
                missing(Layer::MemoryGroup, "making a process in it")
            }
            step::CLONE => missing(Layer::UserNamespace, "making the namespaces"),
            step::MAP => missing(Layer::UserNamespace, "mapping the user"),
            step::CGROUP => missing(Layer::MemoryGroup, "joining the group"),
            step::IDENTITY => missing(Layer::UserNamespace, "becoming another user"),
            step::PRIVATE | step::ROOT => missing(Layer::Root, "mounting an empty root"),
            step::TREE => match entries.get(entry as usize) {
                Some(Some(path)) => {
                    Error::Taken { path: path.clone(), error: error.raw_os_error() }
                }
                Some(None) | None => missing(Layer::Root, &format!("making entry {entry}")),
            },
            step::PIVOT => missing(Layer::Root, "leaving the host's root"),
            step::NAME => missing(Layer::Names, "setting a host name"),
            step::CAPABILITIES => missing(Layer::Capabilities, "dropping them"),
            step::PRIVILEGES => missing(Layer::Capabilities, "giving up new privileges"),
            step::FORK => Error::Host { doing: "fork in the jail", error: error.raw_os_error() },
            step::DESCRIPTORS => missing(Layer::Limits, "arranging descriptors"),
            step::LANDLOCK => missing(Layer::Landlock, &format!("rule {entry}")),
            step::LIMITS => missing(Layer::Limits, &format!("setting number {entry} of them")),
            step::MDWE => missing(Layer::WriteOrExecute, "refusing it"),
            step::FILTER => missing(Layer::Filter, &format!("installing filter {entry}")),
            step::EXEC => Error::Program { error: error.raw_os_error() },
            other => Error::Launcher { detail: format!("step {other} of no known kind: {error}") },
        }
    }
}
