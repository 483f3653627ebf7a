//! The source files of a plan, as they are read: hostile names in a folder of the agent's.
//!
//! A file is read once, here, and from then on only these bytes count. It must lie below the folder, reached without a
//! link, be a regular file, UTF-8, and within the caps.

use crate::forge::shown::shown;
use rustix::fs::{self, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

/// The most bytes of source of one plan.
pub const SOURCE_BYTES_MAX: usize = 1 << 20;

/// Where the sources of a plan are.
#[derive(Clone, Debug)]
pub enum Origin {
    /// Below a folder.
    Folder(PathBuf),
    /// In memory, by name.
    Memory(BTreeMap<String, String>),
}

/// A source file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Its name in the plan.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl SourceFile {
    /// The hash of its bytes.
    #[must_use]
    pub fn hash(&self) -> blake3::Hash {
        blake3::hash(self.text.as_bytes())
    }
}

/// Why a source file was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceError {
    /// The file, as the plan names it.
    pub file: String,
    /// The line in it, where one is to blame.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", shown(&self.file))?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        write!(f, " {}", self.message)
    }
}

impl std::error::Error for SourceError {}

/// Reads all files of a plan.
///
/// # Errors
///
/// Every file that is not what it must be.
pub fn read(names: &[String], origin: &Origin) -> Result<Vec<SourceFile>, Vec<SourceError>> {
    let mut room = SOURCE_BYTES_MAX;
    let (mut files, mut faults) = (Vec::new(), Vec::new());
    for name in names {
        match read_one(name, origin, &mut room) {
            Ok(file) => files.push(file),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok(files) } else { Err(faults) }
}

fn read_one(name: &str, origin: &Origin, room: &mut usize) -> Result<SourceFile, SourceError> {
    let fail = |message: String| SourceError { file: name.to_owned(), line: None, message };
    let bytes = match origin {
        Origin::Memory(files) => files
            .get(name)
            .map(|text| text.clone().into_bytes())
            .ok_or_else(|| fail("the plan names it, and it is not given".to_owned()))?,
        Origin::Folder(folder) => below(folder, name, *room).map_err(fail)?,
    };
    *room = room.checked_sub(bytes.len()).ok_or_else(|| fail(too_long()))?;
    let at_line = |before: &[u8], message: &str| SourceError {
        file: name.to_owned(),
        line: Some(before.iter().filter(|byte| **byte == b'\n').count() + 1),
        message: message.to_owned(),
    };
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        at_line(&error.as_bytes()[..good], "it is not UTF-8")
    })?;
    if let Some(at) = text.find('\0') {
        return Err(at_line(&text.as_bytes()[..at], "it contains a NUL character"));
    }
    Ok(SourceFile { name: name.to_owned(), text })
}

fn too_long() -> String {
    format!("the sources of a plan have at most {} KiB together", SOURCE_BYTES_MAX >> 10)
}

fn below(folder: &PathBuf, name: &str, most: usize) -> Result<Vec<u8>, String> {
    let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = fs::open(folder, flags, Mode::empty());
    let folder = opened.map_err(|error| format!("cannot open {}: {error}", folder.display()))?;
    // Non-blocking, since it may be a pipe.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let file = fs::openat2(&folder, name, flags, Mode::empty(), resolve);
    let file = file.map_err(|error| match error {
        Errno::LOOP => "it is a link, or lies behind one".to_owned(),
        Errno::XDEV => "it is not below the plan's folder".to_owned(),
        other => format!("cannot open it: {other}"),
    })?;
    let found = fs::fstat(&file).map_err(|error| format!("cannot look at it: {error}"))?;
    if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
        return Err("it is not a regular file".to_owned());
    }
    let mut bytes = Vec::new();
    let read = File::from(file).take(most as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("cannot read it: {error}"))?;
    if bytes.len() > most { Err(too_long()) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn read_one(folder: &std::path::Path, name: &str) -> Result<String, String> {
        let files = read(&[name.to_owned()], &Origin::Folder(folder.to_owned()));
        files.map(|mut files| files.remove(0).text).map_err(|faults| faults[0].to_string())
    }

    #[test]
    fn only_regular_files_below_the_folder_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        std::fs::create_dir(folder.join("sub")).expect("a folder");
        std::fs::write(folder.join("sub/a.c"), "int a;\n").expect("written");
        std::fs::write(folder.join("bad.c"), b"int a;\n\xff").expect("written");
        std::fs::write(folder.join("nul.c"), b"\n\nint\0").expect("written");
        std::fs::write(folder.join("long.c"), vec![b' '; SOURCE_BYTES_MAX + 1]).expect("written");
        symlink("/etc/passwd", folder.join("link.c")).expect("a link");
        symlink("/etc", folder.join("etc")).expect("a link");
        rustix::fs::mkfifoat(rustix::fs::CWD, folder.join("pipe.c"), 0o600.into()).expect("a pipe");
        assert_eq!(read_one(folder, "sub/a.c").as_deref(), Ok("int a;\n"));
        let told = |name| read_one(folder, name).expect_err("refused");
        assert_eq!(told("link.c"), "link.c: it is a link, or lies behind one");
        assert_eq!(told("etc/passwd"), "etc/passwd: it is a link, or lies behind one");
        assert_eq!(told("../x.c"), "../x.c: it is not below the plan's folder");
        assert_eq!(told("pipe.c"), "pipe.c: it is not a regular file");
        assert_eq!(told("sub"), "sub: it is not a regular file");
        assert_eq!(told("bad.c"), "bad.c:2: it is not UTF-8");
        assert_eq!(told("nul.c"), "nul.c:3: it contains a NUL character");
        assert!(told("long.c").contains("at most 1024 KiB"));
        assert!(told("none.c").contains("cannot open it"));
    }

    #[test]
    fn all_faults_are_told() {
        let names = ["b.c", "a.c", "c.c"].map(str::to_owned);
        let files = BTreeMap::from([("a.c".to_owned(), String::new())]);
        assert_eq!(read(&names, &Origin::Memory(files)).expect_err("absent").len(), 2);
    }

    #[test]
    fn files_in_memory_are_taken_by_name() {
        let files = BTreeMap::from([("a.c".to_owned(), "int a;".to_owned())]);
        let origin = Origin::Memory(files);
        assert_eq!(read(&["a.c".to_owned()], &origin).expect("there")[0].text, "int a;");
        let none = read(&["b.c".to_owned()], &origin).expect_err("absent");
        assert_eq!(none[0].to_string(), "b.c: the plan names it, and it is not given");
    }
}
