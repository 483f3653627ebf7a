//! What a compiler left in its workspace, read after every process of the jail is dead.
//!
//! The workspace was a tmpfs of the jail; the host holds a descriptor of its root, which keeps it when the jail's
//! mounts are gone. Names in it are hostile: a result is taken only if it is a regular file of the jail's user with
//! one name, reached without a link, and within the cap.

use rustix::fs::{self, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use std::fmt;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// A workspace whose jail is over.
#[derive(Debug)]
pub struct Workspace {
    pub(super) folder: OwnedFd,
    /// The user of the jail, as the host sees it.
    pub(super) user: u32,
}

/// Why a file of a workspace was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There is no such file.
    Absent,
    /// It is not a regular file, or a link led to it.
    Kind,
    /// It has more than one name.
    Names,
    /// It belongs to another user.
    Owner,
    /// It is longer than this many bytes.
    Long {
        /// The cap.
        most: u64,
    },
    /// It cannot be read; the error number.
    Unreadable(i32),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Absent => f.write_str("there is no such file"),
            Refused::Kind => f.write_str("it is not a regular file"),
            Refused::Names => f.write_str("it has more than one name"),
            Refused::Owner => f.write_str("it belongs to another user"),
            Refused::Long { most } => write!(f, "it is longer than {most} bytes"),
            Refused::Unreadable(error) => {
                write!(f, "it cannot be read: {}", Errno::from_raw_os_error(*error))
            }
        }
    }
}

impl std::error::Error for Refused {}

/// Its folder, for who reads it in another way, and has to be as careful.
impl AsFd for Workspace {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.folder.as_fd()
    }
}

impl Workspace {
    /// Whether it was filled: then what its program said is about room, not about what it was given.
    #[must_use]
    pub fn is_full(&self) -> bool {
        // A page or a name is what any further write needs.
        fs::fstatvfs(&self.folder).is_ok_and(|room| room.f_bfree <= 1 || room.f_ffree <= 1)
    }

    /// Reads a result of at most `most` bytes.
    ///
    /// # Errors
    ///
    /// [`Refused`], if it is not what a compiler leaves.
    pub fn fetch(&self, name: &str, most: u64) -> Result<Vec<u8>, Refused> {
        // Non-blocking, since it may be a pipe that nobody writes to.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let resolve = ResolveFlags::BENEATH
            | ResolveFlags::NO_SYMLINKS
            | ResolveFlags::NO_MAGICLINKS
            | ResolveFlags::NO_XDEV;
        let file = fs::openat2(&self.folder, name, flags, Mode::empty(), resolve);
        let file = file.map_err(|error| match error {
            Errno::NOENT => Refused::Absent,
            Errno::LOOP | Errno::XDEV | Errno::NXIO => Refused::Kind,
            other => Refused::Unreadable(other.raw_os_error()),
        })?;
        let unreadable = |error: Errno| Refused::Unreadable(error.raw_os_error());
        let found = fs::fstat(&file).map_err(unreadable)?;
        if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
            return Err(Refused::Kind);
        }
        if found.st_nlink != 1 {
            return Err(Refused::Names);
        }
        if found.st_uid != self.user {
            return Err(Refused::Owner);
        }
        let length = u64::try_from(found.st_size).unwrap_or(u64::MAX);
        if length > most {
            return Err(Refused::Long { most });
        }
        // Nobody lives who could make it longer, so its length is what was told.
        let mut bytes = vec![0; usize::try_from(length).map_err(|_| Refused::Long { most })?];
        let mut filled = 0;
        while filled < bytes.len() {
            match rustix::io::read(&file, &mut bytes[filled..]) {
                Ok(0) => break,
                Ok(more) => filled += more,
                Err(Errno::INTR) => {}
                Err(error) => return Err(unreadable(error)),
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }
}
