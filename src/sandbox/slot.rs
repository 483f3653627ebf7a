//! Numbers that are held by one jail at a time on this machine, and the semaphore of builds.
//!
//! A jail's user id and the name of its control groups come from its slot, so a slot must never be held twice: a
//! slot is a file with a lock on its open descriptor. The launcher gets that descriptor too; a slot is free when
//! the host and the launcher are both gone, and whoever takes it next sweeps what they left (empty groups).
//!
//! Files lie below `/run/lau-forge` for root, else in the user's runtime folder, else in the user's state folder, in a
//! folder of mode 0700 that belongs to the user; for a user without a home in the folder for temporary files, where
//! others may be first. They are removed with the slot.

use super::{Cancel, Error};
use rustix::fs::{self, AtFlags, FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The most jails at once on a machine, for one user.
pub(crate) const SLOTS: u32 = 512;

/// A slot, held.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) number: u32,
    file: OwnedFd,
    folder: OwnedFd,
    name: String,
}

impl Slot {
    /// Takes a free slot; `None` when all are held.
    pub(crate) fn take() -> Result<Option<Slot>, Errno> {
        let folder = folder()?;
        for number in 0..SLOTS {
            if let Some(slot) = Slot::lock(&folder, format!("jail-{number}"), number)? {
                return Ok(Some(slot));
            }
        }
        Ok(None)
    }

    /// Takes this slot, if it is free.
    pub(crate) fn take_number(number: u32) -> Result<Option<Slot>, Errno> {
        Slot::lock(&folder()?, format!("jail-{number}"), number)
    }

    /// What an error here means for who wants a jail.
    pub(crate) fn failed(error: Errno) -> Error {
        Error::Locks { folder: path(), error: error.raw_os_error() }
    }

    fn lock(folder: &OwnedFd, name: String, number: u32) -> Result<Option<Slot>, Errno> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let file = fs::openat(folder, &*name, flags, Mode::RUSR | Mode::WUSR)?;
        match fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Ok(None),
            Err(error) => return Err(error),
        }
        // The one before may have removed the file between our opening and our lock: then this lock is of no worth.
        let ours = fs::fstat(&file)?;
        match fs::statat(folder, &*name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(there) if (there.st_ino, there.st_dev) == (ours.st_ino, ours.st_dev) => {}
            Ok(_) | Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(error),
        }
        let folder = folder.try_clone().map_err(|error| errno(&error))?;
        Ok(Some(Slot { number, file, folder, name }))
    }

    /// For the launcher, which holds the slot as long as its jail.
    pub(crate) fn descriptor(&self) -> &OwnedFd {
        &self.file
    }
}

/// The slots that have a file: held, or left by who was killed.
pub(crate) fn left() -> Vec<u32> {
    let entries = std::fs::read_dir(path()).into_iter().flatten().flatten();
    let number =
        |entry: std::fs::DirEntry| entry.file_name().to_str()?.strip_prefix("jail-")?.parse().ok();
    entries.filter_map(number).filter(|number| *number < SLOTS).collect()
}

/// One of the permits to build on this machine, as many as it has processors.
#[derive(Debug)]
pub struct Turn(#[allow(dead_code, reason = "held")] Slot);

impl Turn {
    /// Waits for a permit, at most so long, or until `cancel` says so; `None` if there was none.
    ///
    /// Waiting asks again and again, at growing intervals: a file lock has no queue over several files.
    ///
    /// # Errors
    ///
    /// The folder of slots cannot be used.
    pub fn wait(most: Duration, cancel: Option<Cancel<'_>>) -> Result<Option<Turn>, Error> {
        let permits = std::thread::available_parallelism().map_or(1, |count| count.get() as u32);
        Turn::of(permits, most, cancel).map_err(Slot::failed)
    }

    fn of(permits: u32, most: Duration, cancel: Option<Cancel<'_>>) -> Result<Option<Turn>, Errno> {
        let folder = folder()?;
        let deadline = Instant::now() + most;
        let mut pause = Duration::from_millis(1);
        loop {
            for number in 0..permits {
                if let Some(slot) = Slot::lock(&folder, format!("build-{number}"), number)? {
                    return Ok(Some(Turn(slot)));
                }
            }
            let cancelled = cancel.is_some_and(|cancel| cancel());
            if cancelled || Instant::now() >= deadline {
                return Ok(None);
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(20));
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // Before the lock goes with the descriptor. If it fails the file stays, empty, for the next.
        let _ = fs::unlinkat(&self.folder, &*self.name, AtFlags::empty());
    }
}

fn errno(error: &std::io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}

/// The folder of slots, made where it is missing; `EPERM` where another user could write to it.
fn folder() -> Result<OwnedFd, Errno> {
    let path = path();
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&path);
    made.map_err(|error| errno(&error))?;
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = fs::open(&path, flags, Mode::empty())?;
    let found = fs::fstat(&folder)?;
    let own = rustix::process::geteuid().as_raw();
    if found.st_uid != own || found.st_mode & 0o077 != 0 { Err(Errno::PERM) } else { Ok(folder) }
}

/// Where the slots of this user are.
pub(crate) fn path() -> PathBuf {
    let user = rustix::process::geteuid();
    if user.is_root() && Path::new("/run").is_dir() {
        return "/run/lau-forge".into();
    }
    let absolute =
        |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    if let Some(runtime) = absolute("XDG_RUNTIME_DIR").filter(|path| path.is_dir()) {
        return runtime.join("lau-forge");
    }
    let state = absolute("XDG_STATE_HOME");
    let state = state.or_else(|| Some(absolute("HOME")?.join(".local/state")));
    match state {
        Some(state) => state.join("lau/locks"),
        None => std::env::temp_dir().join(format!("lau-forge-{}", user.as_raw())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_held_once_and_its_file_goes_with_it() {
        let one = Slot::take().expect("a folder").expect("a slot");
        let two = Slot::take().expect("a folder").expect("a slot");
        assert_ne!(one.number, two.number);
        let file = path().join(format!("jail-{}", two.number));
        assert!(file.exists());
        drop(two);
        assert!(!file.exists());
    }

    #[test]
    fn permits_run_out_and_come_back() {
        let soon = || Turn::of(4, Duration::from_millis(10), None).expect("a folder");
        let mut held = Vec::new();
        // Others may hold some of them meanwhile.
        while let Some(permit) = soon() {
            held.push(permit);
            assert!(held.len() <= 4);
        }
        if held.pop().is_some() {
            let again = Turn::of(4, Duration::from_secs(60), None).expect("a folder");
            assert!(again.is_some());
        }
    }

    #[test]
    fn waiting_can_be_cancelled() {
        assert!(Turn::of(0, Duration::from_secs(60), Some(&|| true)).expect("a folder").is_none());
    }
}
