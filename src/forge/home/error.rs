//! Why the forge's home is not used.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why the forge's home, or a file in it, is not used.
#[derive(Debug)]
pub struct HomeError {
    /// What it is about; empty if there is no place at all.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fault: HomeFault,
}

/// What is wrong with the forge's home, or with a file in it.
#[derive(Debug)]
pub enum HomeFault {
    /// No variable tells where it is to be.
    Nowhere,
    /// The variable gives a relative path.
    Relative(&'static str),
    /// It cannot be made.
    Make(io::Error),
    /// It cannot be opened.
    Open(io::Error),
    /// It cannot be brought to the disk.
    Sync(io::Error),
    /// It is a link, or no folder.
    NoFolder,
    /// It is a link, or no file.
    NoFile,
    /// It is no plain name of a file.
    Name,
    /// It belongs to another user.
    Owner {
        /// The uid to which it belongs.
        owner: u32,
        /// The effective uid of this process.
        uid: u32,
    },
    /// Others have rights to it, or its owner lacks some.
    Mode {
        /// The permissions that it has.
        found: u32,
        /// Those that it is to have.
        wanted: u32,
    },
    /// Everybody can rename what is in it.
    Exposed,
    /// The path no longer leads to the folder that was opened.
    Moved,
}

impl HomeFault {
    pub(in crate::forge) fn at(self, path: &Path) -> HomeError {
        HomeError { path: path.to_owned(), fault: self }
    }
}

impl HomeError {
    pub(super) fn opening(path: &Path, error: impl Into<io::Error>) -> HomeError {
        HomeFault::Open(error.into()).at(path)
    }

    /// Whether the disk, or what of it this user may have, is full.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        let (HomeFault::Make(error) | HomeFault::Open(error) | HomeFault::Sync(error)) =
            &self.fault
        else {
            return false;
        };
        matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
    }
}

impl fmt::Display for HomeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.fault {
            HomeFault::Nowhere => f.write_str(
                "there is no place for the forge's state: set LAU_FORGE_HOME, or HOME, to the absolute path of a folder",
            ),
            HomeFault::Relative(variable) => {
                write!(f, "{variable} is the relative path `{path}`: make it absolute, or unset it")
            }
            HomeFault::Make(error) => write!(f, "cannot make {path}: {error}"),
            HomeFault::Open(error) => write!(f, "cannot open {path}: {error}"),
            HomeFault::Sync(error) => write!(f, "cannot bring {path} to the disk: {error}"),
            HomeFault::NoFolder => {
                write!(f, "{path} is a link or no folder: move it away, or choose another place by LAU_FORGE_HOME")
            }
            HomeFault::NoFile => {
                write!(f, "{path} is a link or no file: find out who put it there, and move it away")
            }
            HomeFault::Name => write!(f, "`{path}` is no plain name of a file"),
            HomeFault::Owner { owner, uid } => write!(
                f,
                "{path} belongs to uid {owner}, and this process runs as uid {uid}: run it as that user, or choose another place by LAU_FORGE_HOME"
            ),
            HomeFault::Mode { found, wanted } => write!(
                f,
                "{path} has mode {found:04o}, so what is in it may have been read or changed by others: look at it, then `chmod {wanted:04o} {path}`"
            ),
            HomeFault::Exposed => write!(
                f,
                "everybody can rename what is in {path}: `chmod o-w {path}`, or choose another place by LAU_FORGE_HOME"
            ),
            HomeFault::Moved => {
                write!(f, "{path} was moved or replaced while the forge had it open: put it back, and start again")
            }
        }
    }
}

impl std::error::Error for HomeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.fault {
            HomeFault::Make(error) | HomeFault::Open(error) | HomeFault::Sync(error) => Some(error),
            HomeFault::Nowhere
            | HomeFault::Relative(_)
            | HomeFault::NoFolder
            | HomeFault::NoFile
            | HomeFault::Name
            | HomeFault::Owner { .. }
            | HomeFault::Mode { .. }
            | HomeFault::Exposed
            | HomeFault::Moved => None,
        }
    }
}
