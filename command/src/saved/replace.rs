//! Putting bytes in place of a file, all of them or none.
//!
//! The new file is written beside the old one, as `.NAME.PID-N.tmp`, in full and to the disk, and then takes
//! its name. Whenever the command is killed, there is the old file or the new one; what was being written
//! stays under its temporary name, and the next to write the same file removes it.
//!
//! # Who may remove a temporary file
//!
//! Whoever writes one holds a lock on it, which the system takes back when the process ends, however it
//! ends. So one that can be locked is nobody's, whatever process its name speaks of: numbers of processes are
//! used again, and mean nothing to another container or machine that shares the folder. Between the creation of
//! a file and its lock somebody else may take it for left behind; the writer sees that it lost its name,
//! and makes another. Where files cannot be locked, none is removed.

use super::folder;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Puts bytes in place of a file, all of them or none. The new file is made with the options.
pub(super) fn replace(file: &Path, bytes: &[u8], options: &OpenOptions) -> io::Result<()> {
    remove_left_behind(file);
    let (mut new, path) = beside(file, options)?;
    let written =
        new.write_all(bytes).and_then(|()| new.sync_all()).and_then(|()| fs::rename(&path, file));
    if written.is_err() {
        let _ = fs::remove_file(&path); // the failure is what there is to tell
    }
    written?;
    // The name is on the disk when its folder is. Where folders cannot be synced, that is all there is.
    let _ = File::open(folder(file)).and_then(|folder| folder.sync_all());
    Ok(())
}

/// What the names of the temporary files of a file begin with.
fn prefix(file: &Path) -> OsString {
    let mut name = OsString::from(".");
    name.push(file.file_name().unwrap_or_default());
    name.push(".");
    name
}

/// Whether a name is that of a temporary file: after the prefix two numbers.
fn is_temporary(name: &OsString, prefix: &OsString) -> bool {
    let number = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let middle = name.as_encoded_bytes().strip_prefix(prefix.as_encoded_bytes());
    middle.and_then(|rest| rest.strip_suffix(b".tmp")).is_some_and(|middle| {
        let mut parts = middle.split(|byte| *byte == b'-');
        parts.next().is_some_and(number)
            && parts.next().is_some_and(number)
            && parts.next().is_none()
    })
}

/// A new file in the same folder, locked.
fn beside(file: &Path, options: &OpenOptions) -> io::Result<(File, PathBuf)> {
    const TRIES: u32 = 1_000;
    let mut tried = 0;
    loop {
        let mut name = prefix(file);
        name.push(format!("{}-{tried}.tmp", std::process::id()));
        let path = folder(file).join(name);
        match options.clone().create_new(true).open(&path) {
            Ok(new) if lock::is_ours(&new) => return Ok((new, path)),
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            // Taken for left behind; or left behind by another of our number.
            Ok(_) | Err(_) if tried < TRIES => tried += 1,
            Ok(_) => return Err(io::ErrorKind::AlreadyExists.into()),
            Err(error) => return Err(error),
        }
    }
}

/// Removes the temporary files that nobody writes any more. That is a courtesy: what goes wrong is passed
/// over.
fn remove_left_behind(file: &Path) {
    let prefix = prefix(file);
    for entry in fs::read_dir(folder(file)).into_iter().flatten().flatten() {
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_file && is_temporary(&entry.file_name(), &prefix) {
            let path = entry.path();
            // The lock is held until the name is gone.
            if let Some(_held) = lock::left_behind(&path) {
                let _ = fs::remove_file(&path);
            }
        }
    }
}

#[cfg(unix)]
mod lock {
    use std::fs::{self, File, OpenOptions, TryLockError};
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    /// Locks a file just made; false if somebody else has it, or has removed it.
    pub(super) fn is_ours(new: &File) -> bool {
        match new.try_lock() {
            Ok(()) => new.metadata().is_ok_and(|metadata| metadata.nlink() > 0),
            Err(TryLockError::WouldBlock) => false,
            Err(TryLockError::Error(_)) => true, // nobody can lock it
        }
    }

    /// The file of that name, locked, if nobody had it.
    pub(super) fn left_behind(path: &Path) -> Option<File> {
        let file = OpenOptions::new().write(true).open(path).ok()?;
        file.try_lock().ok()?;
        // It may have got its final name meanwhile.
        let (held, named) = (file.metadata().ok()?, fs::symlink_metadata(path).ok()?);
        ((held.dev(), held.ino()) == (named.dev(), named.ino())).then_some(file)
    }
}

/// Elsewhere nothing is known of who has a file, and none is removed.
#[cfg(not(unix))]
mod lock {
    use std::fs::File;
    use std::path::Path;

    pub(super) fn is_ours(_: &File) -> bool {
        true
    }

    pub(super) fn left_behind(_: &Path) -> Option<File> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temporary_files_are_known_by_their_names() {
        let prefix = prefix(Path::new("some/run.snapshot"));
        let temporary = |name: &str| is_temporary(&OsString::from(name), &prefix);
        assert!(temporary(".run.snapshot.1-0.tmp") && temporary(".run.snapshot.417-12.tmp"));
        for other in [
            "run.snapshot",
            ".run.snapshot.tmp",
            ".run.snapshot.1.tmp",
            ".run.snapshot.1-.tmp",
            ".run.snapshot.-1.tmp",
            ".run.snapshot.1-2-3.tmp",
            ".run.snapshot.1-x.tmp",
            ".run.snapshot.1-0.tmp~",
            ".run.snapshot.old.1-0.tmp",
            ".other.snapshot.1-0.tmp",
            ".run.snapshot.1-0.tmp.7-0.tmp", // of `run.snapshot.1-0.tmp`
        ] {
            assert!(!temporary(other), "{other}");
        }
    }
}
