//! Runs the command, what it builds, and the system's compiler. Tests touch them through here alone.

use serde_json::Value as Json;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A folder of a test's own.
pub(crate) struct Place(TempDir);

/// What a process left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    fn of(output: Output) -> Ran {
        let text = |bytes| String::from_utf8(bytes).expect("it writes UTF-8");
        let code = output.status.code().expect("it exits and is not killed");
        Ran { code, stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Asserts that it ended well.
    pub(crate) fn well(self) -> Ran {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    /// Asserts exit code and words on standard error; nothing may look like a crash.
    pub(crate) fn fails(&self, code: i32, says: &[&str]) {
        assert_eq!(self.code, code, "{self:?}");
        for words in says {
            assert!(self.stderr.contains(words), "no {words:?} in {self:?}");
        }
        assert!(!self.stderr.contains("panicked"), "{self:?}");
    }

    /// The one JSON object on standard output.
    pub(crate) fn json(&self) -> Json {
        let object: Json = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("standard output is no JSON: {error}\n{self:?}"));
        assert_eq!(object["exit_code"], self.code, "{self:?}");
        object
    }
}

impl Place {
    pub(crate) fn new() -> Place {
        Place(tempfile::tempdir().expect("there is a place for temporary files"))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file here.
    pub(crate) fn file(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, contents).expect("it can be written");
        path
    }

    /// The names of all that is here.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path()).expect("it is there");
        let name = |entry: std::io::Result<fs::DirEntry>| {
            entry.expect("readable").file_name().into_string().expect("a plain name")
        };
        let mut names: Vec<_> = entries.map(name).collect();
        names.sort();
        names
    }

    /// A command that runs here, with a quiet environment.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.current_dir(self.path());
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "RUST_BACKTRACE", "CC"] {
            command.env_remove(name);
        }
        command
    }

    /// Runs `lau` here with these arguments, separated by blanks.
    pub(crate) fn lau(&self, args: &str) -> Ran {
        run(self.command(env!("CARGO_BIN_EXE_lau")).args(args.split_whitespace()))
    }

    /// Runs what was built here.
    pub(crate) fn built(&self, name: &str, args: &str) -> Ran {
        run(self.command(self.path().join(name)).args(args.split_whitespace()))
    }

    /// Runs the system's compiler here, with all warnings as errors.
    pub(crate) fn cc(&self, args: &str) {
        let warnings = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-I."];
        run(self.command("cc").args(warnings).args(args.split_whitespace())).well();
    }
}

pub(crate) fn run(command: &mut Command) -> Ran {
    Ran::of(command.output().unwrap_or_else(|error| panic!("{command:?}: {error}")))
}

/// A file of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
