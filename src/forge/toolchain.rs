//! The toolchains of this host: where they are, what they are, and which of their files a build needs.
//!
//! The agent has no say in any of this, and neither has a folder in which it may write: programs are looked for in the
//! host's own `PATH`, its relative entries left out, and are asked with a cleared environment, a deadline and `/` as
//! their folder ([`host`]). What a wrapper or a shim hides is resolved to the real file. A thing that is missing is a
//! state with a remedy ([`Lack`]), never a panic.
//!
//! [`survey()`] says what there is for each language; `lau forge doctor` prints it. [`CToolchain`] is the one that builds:
//! it lists the very files that go into the build jail, so that nothing else has to. That a build with these alone comes
//! out as one outside is tested, byte for byte.

pub mod fingerprint;
pub mod flags;
pub mod gcc;
pub mod host;
mod libraries;
pub mod survey;

pub use fingerprint::Fingerprint;
pub use gcc::CToolchain;
pub use host::Host;
pub use survey::{Toolchain, survey};

use serde::Serialize;
use std::fmt;
use std::io;
use std::path::{Component, Path, PathBuf};

/// A file or folder of a toolchain, and where a build expects it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tool {
    /// Where it has to lie in the jail: absolute, without `..`.
    pub inside: PathBuf,
    /// The file itself on this host, no link.
    pub host: PathBuf,
    /// What it is.
    pub kind: Kind,
}

/// What a [`Tool`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A folder with all that is in it; links in it that lead out of it dangle in the jail.
    Folder,
    /// A regular file.
    File,
}

impl Tool {
    /// What lies at a path of this host, to lie at the same path in the jail.
    ///
    /// # Errors
    ///
    /// If there is nothing, or neither a file nor a folder.
    fn at(path: &Path) -> io::Result<Tool> {
        let host = path.canonicalize()?;
        let kind = host.metadata()?.file_type();
        let kind = if kind.is_dir() {
            Kind::Folder
        } else if kind.is_file() {
            Kind::File
        } else {
            let why = format!("{} is neither a file nor a folder", path.display());
            return Err(io::Error::other(why));
        };
        Ok(Tool { inside: tidy(path), host, kind })
    }
}

/// A path without `.` and `..`, as names: what they mean in the jail, where there are no links.
fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                tidy.pop();
            }
            Component::CurDir => {}
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => {
                tidy.push(component);
            }
        }
    }
    tidy
}

/// Something that is not as a build needs it, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lack {
    /// What is missing or wrong, for a person.
    pub what: String,
    /// A sentence that says how to mend it.
    pub remedy: String,
}

impl Lack {
    fn new(what: impl Into<String>, remedy: impl Into<String>) -> Lack {
        Lack { what: what.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.what, self.remedy)
    }
}

impl std::error::Error for Lack {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_tidied_by_its_names() {
        assert_eq!(
            tidy(Path::new("/usr/lib/gcc/x/12/../../../y/./z.a")),
            Path::new("/usr/lib/y/z.a")
        );
        assert_eq!(tidy(Path::new("/../a")), Path::new("/a"));
    }
}
