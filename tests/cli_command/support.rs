//! Runs the built command as a user does. Tests touch it through here alone.

use serde_json::Value as Json;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A program that calls itself without end.
pub(crate) const RECURSES: &str = "call f 0\nfunc f\n  call f 0\nend\n";

/// What a command left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// The one JSON object on standard output. There is nothing else there, and the exit code in it
    /// is the process's.
    pub(crate) fn json(&self) -> Json {
        let object: Json = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("standard output is no JSON: {error}\n{self:?}"));
        assert!(object.is_object() && self.stdout.lines().count() == 1, "{self:?}");
        assert_eq!(object["exit_code"], self.code, "{self:?}");
        object
    }

    /// Asserts exit code and words on standard error; nothing may look like a crash.
    pub(crate) fn fails(&self, code: i32, says: &[&str]) {
        assert_eq!(self.code, code, "{self:?}");
        for words in says {
            assert!(self.stderr.contains(words), "no {words:?} in {self:?}");
        }
        assert!(!self.stderr.contains("panicked"), "{self:?}");
    }
}

/// The command, with a quiet environment.
pub(crate) fn lau() -> Command {
    quiet(Command::new(env!("CARGO_BIN_EXE_lau")))
}

/// The command, where interrupts are not ignored although the tests may have been started so, as in the
/// background of a script. Where `env` cannot do that, as it is.
pub(crate) fn interruptible() -> Command {
    const WAY: &str = "--default-signal=INT";
    let tried = Command::new("env").args([WAY, "true"]).output();
    if !tried.is_ok_and(|ran| ran.status.success()) {
        return lau();
    }
    let mut command = quiet(Command::new("env"));
    command.args([WAY, env!("CARGO_BIN_EXE_lau")]);
    command
}

fn quiet(mut command: Command) -> Command {
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "RUST_BACKTRACE"] {
        command.env_remove(name);
    }
    command
}

/// Runs the command with these arguments, separated by blanks, and a file last if there is one.
pub(crate) fn run(args: &str, file: Option<&Path>) -> Ran {
    run_with(args, file, b"")
}

/// As [`run`], with so much on standard input.
pub(crate) fn run_with(args: &str, file: Option<&Path>, input: &[u8]) -> Ran {
    let mut command = lau();
    command.args(args.split_whitespace()).args(file);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the command starts");
    let mut stdin = child.stdin.take().expect("standard input is piped");
    let output = std::thread::scope(|scope| {
        scope.spawn(move || {
            let _ = stdin.write_all(input); // it need not read all of it
        });
        child.wait_with_output().expect("the command ends")
    });
    Ran {
        code: output.status.code().expect("it exits and is not killed"),
        stdout: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
    }
}

/// Runs a program given as text on standard input: `lau COMMAND - ARGS`.
pub(crate) fn program(command: &str, text: &str) -> Ran {
    run_with(command, None, text.as_bytes())
}

/// A file with these contents. Names are shared by all tests, so each uses its own.
pub(crate) fn file(name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, contents).expect("the temporary directory takes files");
    path
}

/// The keys of a JSON object, in the order of the alphabet.
pub(crate) fn keys(object: &Json) -> Vec<&str> {
    let mut keys: Vec<&str> = object.as_object().into_iter().flatten().map(|(k, _)| &**k).collect();
    keys.sort_unstable();
    keys
}
