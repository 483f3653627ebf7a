//! Files that commands write; runs in files: a snapshot with the program and the limits it ran under.
//!
//! A file is replaced in one step (see `replace`): whenever the command is killed, there is the old file or
//! the new one. Where a link leads to it, the link stays. What is no file (a pipe, a device) is written to. What is
//! read is not written over.

mod replace;

use crate::source::{Source, bounded};
use crate::stop::{Exit, Stop};
use lau_runtime::{Limits, Snapshot};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The largest file that is read.
const FILE_BYTES_MAX: u64 = 4 << 30;

/// What the command keeps with a snapshot.
mod note {
    pub(super) const SOURCE: &str = "source";
    pub(super) const NAME: &str = "source-name";
    pub(super) const LIMITS: &str = "limits";
}

/// A run as it is kept in a file.
#[derive(Debug)]
pub struct Saved {
    /// The run.
    pub snapshot: Snapshot,
    /// Its program.
    pub source: Source,
    /// What it ran under.
    pub limits: Limits,
}

/// Finds out before a run whether what comes of it could be written there, if it is to be. `read` is what is
/// read besides, or written for another purpose.
pub fn check<'p>(
    file: Option<&Path>,
    what: &str,
    read: impl IntoIterator<Item = &'p Path>,
) -> Result<(), Stop> {
    let Some(file) = file else { return Ok(()) };
    if file == Path::new("-") {
        let message = format!("`-` is no file to write {what} to; /dev/stdout is standard output");
        return Err(Stop::usage(message));
    }
    if read.into_iter().any(|other| is_file(file) != Some(false) && same(file, other)) {
        let message = format!("it is used for something else, so {what} cannot be written to it");
        return Err(Stop::usage(message).about(file));
    }
    if file.file_name().is_none() || file.is_dir() {
        return Err(Stop::usage(format!("it is no file to write {what} to")).about(file));
    }
    let folder = folder(file);
    if folder.is_dir() {
        return Ok(());
    }
    Err(Stop::usage(format!("there is no such folder to write {what} to")).about(&folder))
}

/// Whether what has the name is a file; `None` if nothing has.
fn is_file(path: &Path) -> Option<bool> {
    fs::metadata(path).ok().map(|there| there.is_file())
}

/// Whether two paths lead to the same place.
fn same(a: &Path, b: &Path) -> bool {
    let place = |path: &Path| {
        let new = || Some(folder(path).canonicalize().ok()?.join(path.file_name()?));
        path.canonicalize().ok().or_else(new)
    };
    a == b || place(a).is_some_and(|a| Some(a) == place(b))
}

/// What a file that is written is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// To be read.
    Data,
    /// To be run.
    Executable,
}

impl Kind {
    /// How such a file is made.
    fn options(self) -> OpenOptions {
        let mut options = File::options();
        options.write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(
            &mut options,
            match self {
                Kind::Data => 0o666,
                Kind::Executable => 0o777,
            },
        );
        options
    }
}

/// Writes a file, all of it or nothing.
pub fn put(file: &Path, what: &str, bytes: &[u8]) -> Result<(), Stop> {
    put_as(file, what, bytes, Kind::Data)
}

/// Writes a file of that kind, all of it or nothing.
pub fn put_as(file: &Path, what: &str, bytes: &[u8], kind: Kind) -> Result<(), Stop> {
    let options = kind.options();
    let write = |mut to: File| to.write_all(bytes);
    let written = match is_file(file) {
        Some(true) => file.canonicalize().and_then(|file| replace::replace(&file, bytes, &options)),
        None if !file.is_symlink() => replace::replace(file, bytes, &options),
        // No file; or a link to where nothing is yet.
        Some(false) => options.open(file).and_then(write),
        None => options.clone().create(true).truncate(true).open(file).and_then(write),
    };
    written.map_err(|error| Stop::usage(format!("cannot write {what}: {error}")).about(file))
}

fn folder(file: &Path) -> PathBuf {
    match file.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        Some(_) | None => PathBuf::from("."),
    }
}

/// Writes a run to a file.
pub fn write(
    file: &Path,
    snapshot: Snapshot,
    source: &Source,
    limits: &Limits,
) -> Result<(), Stop> {
    put(file, "the snapshot", &bytes(snapshot, source, limits))
}

/// A run as it is kept in a file.
#[must_use]
pub fn bytes(mut snapshot: Snapshot, source: &Source, limits: &Limits) -> Vec<u8> {
    let limits = serde_json::to_string(limits).expect("limits are plain data");
    let notes = [
        (note::SOURCE, source.text.clone()),
        (note::NAME, source.name.clone()),
        (note::LIMITS, limits),
    ];
    snapshot.notes.extend(notes.map(|(key, text)| (key.to_owned(), text)));
    snapshot.to_bytes()
}

/// Reads a run from a file.
pub fn read(file: &Path) -> Result<Saved, Stop> {
    let bytes = File::open(file)
        .and_then(|opened| bounded(opened, FILE_BYTES_MAX))
        .map_err(|error| Stop::unreadable(file, &error))?
        .ok_or_else(|| {
            let message = format!("the file is larger than the limit of {FILE_BYTES_MAX} bytes");
            Stop::new(Exit::Limit, message).about(file)
        })?;
    parse(&bytes).map_err(|message| Stop::usage(message).about(file))
}

fn parse(bytes: &[u8]) -> Result<Saved, String> {
    let mut snapshot = Snapshot::from_bytes(bytes).map_err(|fault| fault.to_string())?;
    let mut note = |key| {
        let missing = || format!("the snapshot has no {key} with it: `lau` did not write it");
        snapshot.notes.remove(key).ok_or_else(missing)
    };
    let source = Source { text: note(note::SOURCE)?, name: note(note::NAME)? };
    let limits: Limits = serde_json::from_str(&note(note::LIMITS)?)
        .map_err(|error| format!("the snapshot's limits are malformed: {error}"))?;
    Ok(Saved { snapshot, source, limits: limits.clamped() })
}
