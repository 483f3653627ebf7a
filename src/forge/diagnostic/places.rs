//! What paths in a compiler's output mean, and which of them are never shown.
//!
//! A path of the toolchain tells about the host (a user's name, a package), and in the jail the folder of the build is an
//! accident. Headers become `<stdio.h>`, files of the build their name in it, temporary files `<temporary>`, and everything
//! else of the toolchain `<toolchain>`.

use super::{Source, Where};
use crate::forge::shown::{capped, shown};
use crate::forge::toolchain::CToolchain;
use std::path::{Path, PathBuf};

const TOOLCHAIN: &str = "<toolchain>";
const TEMPORARY: &str = "<temporary>";

/// The folders that mean something in a compiler's output.
#[derive(Clone, Debug)]
pub struct Places {
    /// Longer ones first, so that the innermost folder counts.
    folders: Vec<(String, Meaning)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Temporary,
    Workspace,
    Headers,
    Hidden,
}

impl Places {
    /// The folder of the build and the one for temporary files, both as the compiler knows them.
    #[must_use]
    pub fn new(workspace: &Path, temporary: &Path) -> Places {
        let mut places = Places { folders: Vec::new() };
        places.add(temporary, Meaning::Temporary);
        places.add(workspace, Meaning::Workspace);
        places
    }

    /// The same, with a toolchain.
    #[must_use]
    pub fn of(toolchain: &CToolchain, workspace: &Path, temporary: &Path) -> Places {
        Places::new(workspace, temporary).headers(&toolchain.headers).hiding(&toolchain.hidden())
    }

    /// With folders of system headers.
    #[must_use]
    pub fn headers(mut self, folders: &[PathBuf]) -> Places {
        for folder in folders {
            self.add(folder, Meaning::Headers);
        }
        self
    }

    /// With paths that are hidden, files or folders. Relative ones and `/` are not paths of a host and are left out.
    #[must_use]
    pub fn hiding(mut self, paths: &[PathBuf]) -> Places {
        for path in paths {
            self.add(path, Meaning::Hidden);
        }
        self
    }

    /// Adds a folder; what is added first keeps its meaning.
    fn add(&mut self, folder: &Path, meaning: Meaning) {
        let name = folder.to_string_lossy().trim_end_matches('/').to_owned();
        if name.starts_with('/') && self.folders.iter().all(|(known, _)| *known != name) {
            self.folders.push((name, meaning));
            self.folders.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        }
    }

    /// Text of a compiler, fit to be shown: at most so many bytes, and a mark if there were more.
    pub(super) fn shown(&self, text: &str, bytes: usize) -> String {
        let mut text = shown(&self.replaced(text));
        // What was put in or written out may by accident have made up a path. Each round takes a `/` away.
        while let Some(path) = self.secrets().find(|path| text.contains(path)) {
            text = text.replace(path, TOOLCHAIN);
        }
        capped(&text, bytes)
    }

    /// Which file a name means.
    pub(super) fn file(&self, name: &str, sources: &[Source<'_>]) -> Where {
        if let Some(source) = self.source(name, sources) {
            return Where::Source(self.shown(source.name, super::LINE_BYTES));
        }
        match self.meaning(name) {
            Some((Meaning::Headers, tail)) if self.is_plain(tail) => {
                Where::Header(format!("<{tail}>"))
            }
            Some(_) | None => Where::Elsewhere,
        }
    }

    /// The source file that a name means, if it is one.
    pub(super) fn source<'a>(
        &self,
        name: &str,
        sources: &'a [Source<'a>],
    ) -> Option<&'a Source<'a>> {
        match self.meaning(name)? {
            (Meaning::Workspace, tail) => sources.iter().find(|source| source.name == tail),
            (Meaning::Headers | Meaning::Hidden | Meaning::Temporary, _) => None,
        }
    }

    /// The folder that a file is in, and its name in there.
    fn meaning<'a>(&self, name: &'a str) -> Option<(Meaning, &'a str)> {
        let (meaning, tail) = match self.longest(name, true) {
            Some((meaning, length)) => (meaning, &name[length..]),
            // The compiler runs in the folder of the build.
            None if !name.starts_with('/') => (Meaning::Workspace, name),
            None => return None,
        };
        let mut tail = tail.trim_start_matches('/');
        while let Some(rest) = tail.strip_prefix("./") {
            tail = rest.trim_start_matches('/');
        }
        Some((meaning, tail))
    }

    /// What must not be shown wherever it stands.
    fn secrets(&self) -> impl Iterator<Item = &str> {
        let secret = |meaning| matches!(meaning, Meaning::Headers | Meaning::Hidden);
        self.folders
            .iter()
            .filter(move |(_, meaning)| secret(*meaning))
            .map(|(name, _)| name.as_str())
    }

    /// The longest folder at the beginning of a text. One of the build must be all of a name, so that `a/ws` in an
    /// expression stays; one that is secret need not.
    fn longest(&self, text: &str, whole: bool) -> Option<(Meaning, usize)> {
        self.folders.iter().find_map(|(name, meaning)| {
            let ends = !text.strip_prefix(name.as_str())?.starts_with(of_a_name);
            let meaning = match meaning {
                Meaning::Workspace | Meaning::Temporary if !(whole && ends) => return None,
                // `/usr/includes` is not in `/usr/include`.
                Meaning::Headers if !ends => Meaning::Hidden,
                Meaning::Workspace | Meaning::Temporary | Meaning::Headers | Meaning::Hidden => {
                    *meaning
                }
            };
            Some((meaning, name.len()))
        })
    }

    fn replaced(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('/') {
            let whole = !rest[..at].ends_with(of_a_name);
            out += &rest[..at];
            rest = &rest[at..];
            let Some((meaning, length)) = self.longest(rest, whole) else {
                out.push('/');
                rest = &rest[1..];
                continue;
            };
            let end = rest[length..].find(ends_a_path).map_or(rest.len(), |end| length + end);
            let tail = rest[length..end].trim_start_matches('/');
            match meaning {
                Meaning::Headers if self.is_plain(tail) => out.extend(["<", tail, ">"]),
                Meaning::Headers | Meaning::Hidden => out += TOOLCHAIN,
                Meaning::Temporary => out += TEMPORARY,
                Meaning::Workspace => out += if self.is_plain(tail) { tail } else { "." },
            }
            rest = &rest[end..];
        }
        out + rest
    }

    /// Whether a name within a folder says no more than it has to.
    fn is_plain(&self, tail: &str) -> bool {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '/');
        !tail.is_empty()
            && tail.len() <= 100
            && tail.chars().all(plain)
            && !tail.contains("..")
            && !self.secrets().any(|path| tail.contains(path))
    }
}

fn of_a_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.')
}

fn ends_a_path(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "'\"`‘’“”:,;()<>[]".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        Places::new(Path::new("/ws"), Path::new("/ws/tmp"))
            .headers(&["/usr/include/x86_64-linux-gnu".into(), "/usr/include".into()])
            .hiding(&["/usr/bin".into(), "/home/ann/gcc/".into(), "rel".into(), "/".into()])
    }

    #[test]
    fn paths_become_what_they_mean() {
        let shown = |text: &str| places().shown(text, 200);
        assert_eq!(shown("see /usr/include/x86_64-linux-gnu/bits/a.h:3,"), "see <bits/a.h>:3,");
        assert_eq!(shown("'/usr/include/sys/../../bin/x'"), "'<toolchain>'");
        assert_eq!(shown("/usr/includes/a /home/ann/gcc-2/b"), "<toolchain> <toolchain>");
        assert_eq!(
            shown("/usr/bin/ld: /ws/a.o and /ws/tmp/ccX.s in /ws."),
            "<toolchain>: a.o and <temporary> in /ws."
        );
        assert_eq!(shown("total/ws + /wsx + /etc/shadow"), "total/ws + /wsx + /etc/shadow");
        assert_eq!(shown("(/ws) /ws/../x"), "(.) .");
        assert_eq!(shown("/usr/include/a/home/ann/gcc/b"), "<toolchain>");
        assert_eq!(shown("x/usr/binary /\u{200b}"), "x<toolchain> /\\u{200b}");
    }

    #[test]
    fn a_file_is_a_source_a_header_or_elsewhere() {
        let sources = [Source { name: "a.c", text: "" }, Source { name: "sub/b.h", text: "" }];
        let file = |name: &str| places().file(name, &sources);
        for name in ["/ws/a.c", "a.c", "./a.c", "/ws/./a.c"] {
            assert_eq!(file(name), Where::Source("a.c".into()), "{name}");
        }
        assert_eq!(file("/ws/sub/b.h"), Where::Source("sub/b.h".into()));
        assert_eq!(file("/usr/include/sys/types.h"), Where::Header("<sys/types.h>".into()));
        for name in [
            "",
            "/",
            "/ws",
            "/ws/c.c",
            "/wsa.c",
            "/usr/include/a b",
            "/usr/include/../x",
            "cc1",
            "/etc/a.c",
        ] {
            assert_eq!(file(name), Where::Elsewhere, "{name}");
        }
    }
}
