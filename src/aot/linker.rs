//! The system's compiler driver, which knows how to link.

use super::Error;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Command, Stdio};

/// What links: `cc`, or what `CC` says, with arguments of its own if it says some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linker {
    program: OsString,
    arguments: Vec<OsString>,
    from_environment: bool,
}

impl Linker {
    /// As the environment says.
    #[must_use]
    pub fn from_environment() -> Linker {
        Linker::named(std::env::var_os("CC"))
    }

    /// As `CC` would say it.
    fn named(cc: Option<OsString>) -> Linker {
        let cc = cc.filter(|cc| !cc.is_empty());
        let from_environment = cc.is_some();
        let cc = cc.unwrap_or_else(|| OsString::from("cc"));
        // A path with a blank in it is one word if it is there; otherwise words are split, as make and others do.
        let words: Vec<OsString> = match cc.to_str() {
            Some(text) if !Path::new(text).is_file() => {
                text.split_whitespace().map(OsString::from).collect()
            }
            Some(_) | None => vec![cc],
        };
        let mut words = words.into_iter();
        let program = words.next().unwrap_or_else(|| OsString::from("cc"));
        // It runs in a folder of its own, where a path from here leads nowhere.
        let program = match std::path::absolute(&program) {
            Ok(path) if Path::new(&program).components().count() > 1 => path.into_os_string(),
            Ok(_) | Err(_) => program,
        };
        Linker { program, arguments: words.collect(), from_environment }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> String {
        self.program.to_string_lossy().into_owned()
    }

    /// That it was started and failed.
    pub(super) fn failed(&self, said: impl Into<String>) -> Error {
        Error::Linker { program: self.name(), said: said.into() }
    }

    /// Runs it in a folder, in the plain language of machines.
    pub(super) fn run<A: AsRef<OsStr>>(
        &self,
        folder: &Path,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<(), Error> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).args(arguments).current_dir(folder);
        command.env("LC_ALL", "C").env("SOURCE_DATE_EPOCH", "0").env_remove("LD_RUN_PATH");
        let output = command.stdin(Stdio::null()).output().map_err(|error| Error::NoLinker {
            program: self.name(),
            from_environment: self.from_environment,
            error,
        })?;
        if output.status.success() {
            return Ok(());
        }
        let mut said = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
        if said.is_empty() {
            said = format!("{}, and it says nothing", output.status);
        }
        let here = format!("{}/", folder.display());
        Err(self.failed(said.replace(&here, "")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_names_a_program_and_its_arguments() {
        let words = |cc: &str| {
            let linker = Linker::named(Some(cc.into()));
            (linker.name(), linker.arguments.len())
        };
        assert_eq!(words("ccache gcc -m64"), ("ccache".into(), 2));
        assert_eq!(words(""), ("cc".into(), 0));
        assert_eq!(words("  "), ("cc".into(), 0));
        assert_eq!(Linker::named(None).name(), "cc");
        let (here, _) = words("./my-cc -m64");
        assert!(Path::new(&here).is_absolute() && here.ends_with("/my-cc"), "{here}");
    }

    #[test]
    fn what_is_missing_and_what_fails_is_told() {
        let folder = std::env::temp_dir();
        let run = |cc: &str, argument: &str| {
            Linker::named(Some(cc.into())).run(&folder, [argument]).unwrap_err().to_string()
        };
        let missing = run("no-such-compiler", "-v");
        assert!(missing.contains("`no-such-compiler`") && missing.contains("CC"), "{missing}");
        let failed = run("cc", "no-such-file.o");
        assert!(failed.contains("no-such-file.o"), "{failed}");
    }
}
