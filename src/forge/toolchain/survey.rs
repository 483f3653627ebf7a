//! What there is on this host for each language: facts for people, of which nothing is built.

use super::gcc::{self, CToolchain};
use super::host::Program;
use super::{Host, Lack};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// The languages of skills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// C, by gcc.
    C,
    /// C++, by g++.
    Cpp,
    /// Rust, by rustc.
    Rust,
    /// Python, by CPython.
    Python,
}

/// What is known about a toolchain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Toolchain {
    /// The language that it is for.
    pub language: Language,
    /// The program that was looked for.
    pub asked: &'static str,
    /// Where it was found in `PATH`, if it was.
    pub found: Option<PathBuf>,
    /// The program itself, behind links and shims.
    pub real: Option<PathBuf>,
    /// Its version, as it says.
    pub version: Option<String>,
    /// What it compiles for.
    pub target: Option<String>,
    /// The files that a static executable needs, where they are there; for Rust and Python, where the library lies.
    pub files: Vec<PathBuf>,
    /// What is missing. It is ready for use if there is nothing.
    pub lacking: Vec<Lack>,
}

impl Toolchain {
    /// Whether nothing is missing.
    #[must_use]
    pub fn ready(&self) -> bool {
        self.lacking.is_empty()
    }

    fn new(language: Language, asked: &'static str) -> Toolchain {
        Toolchain {
            language,
            asked,
            found: None,
            real: None,
            version: None,
            target: None,
            files: Vec::new(),
            lacking: Vec::new(),
        }
    }

    fn lacks(mut self, what: impl Into<String>, remedy: &str) -> Toolchain {
        self.lacking.push(Lack::new(what, remedy));
        self
    }
}

/// Looks for the toolchains of all languages. It takes about as long as their programs take to answer.
#[must_use]
pub fn survey(host: &Host) -> Vec<Toolchain> {
    vec![c(host), cpp(host), rust(host), python(host)]
}

fn c(host: &Host) -> Toolchain {
    let mut facts = gnu(host, Language::C, "gcc", &["libc.a"], gcc::REMEDY);
    match CToolchain::find(host) {
        // The one that builds may be another one than the first in `PATH`.
        Ok(c) => {
            facts.real = Some(c.driver.clone());
            facts.version = Some(c.version.to_string());
            facts.target = Some(c.target);
            facts.lacking.clear();
        }
        Err(lack) => facts.lacking = vec![lack],
    }
    facts
}

fn cpp(host: &Host) -> Toolchain {
    const REMEDY: &str = "install it with `apt install g++ libc6-dev` (Debian, Ubuntu) or \
                          `dnf install gcc-c++ glibc-static libstdc++-static` (Fedora)";
    gnu(host, Language::Cpp, "g++", &["libc.a", "libstdc++.a"], REMEDY)
}

/// What a driver of GNU's compilers says.
fn gnu(
    host: &Host,
    language: Language,
    asked: &'static str,
    archives: &[&str],
    remedy: &str,
) -> Toolchain {
    let mut facts = Toolchain::new(language, asked);
    let Some(Program { found, real }) = host.programs(asked).into_iter().next() else {
        return facts.lacks(format!("there is no `{asked}` in PATH"), remedy);
    };
    let ask = |argument: &str| host.ask(&real, [argument]).ok();
    facts.version = ask("-dumpfullversion").map(|answer| answer.line());
    facts.target = ask("-dumpmachine").map(|answer| answer.line());
    for name in archives {
        let file = ask(&format!("-print-file-name={name}")).map(|answer| answer.path());
        match file.filter(|file| file.is_absolute()).and_then(|file| file.canonicalize().ok()) {
            Some(file) => facts.files.push(file),
            None => facts = facts.lacks(format!("`{name}` is missing"), remedy),
        }
    }
    facts.found = Some(found);
    facts.real = Some(real);
    facts
}

fn rust(host: &Host) -> Toolchain {
    const REMEDY: &str = "install it with rustup (https://rustup.rs), `apt install rustc` (Debian, Ubuntu) or \
                          `dnf install rust rust-std-static` (Fedora)";
    let mut facts = Toolchain::new(Language::Rust, "rustc");
    let Some(Program { found, .. }) = host.programs("rustc").into_iter().next() else {
        return facts.lacks("there is no `rustc` in PATH", REMEDY);
    };
    // What is found may be rustup, which looks at the name it is called by; the compiler knows where it itself lies.
    let sysroot = host.ask_shim(&found, ["--print", "sysroot"]).map(|answer| answer.path());
    facts.found = Some(found);
    let (sysroot, real) = match sysroot {
        Ok(sysroot) => match sysroot.join("bin/rustc").canonicalize() {
            Ok(real) => (sysroot, real),
            Err(error) => {
                return facts
                    .lacks(format!("there is no compiler behind `rustc`: {error}"), REMEDY);
            }
        },
        Err(error) => return facts.lacks(format!("`rustc` does not answer: {error}"), REMEDY),
    };
    let said = host.ask(&real, ["--version", "--verbose"]).map(|answer| answer.line());
    let said = said.unwrap_or_default();
    let value =
        |key: &str| said.lines().find_map(|line| Some(line.strip_prefix(key)?.trim().to_owned()));
    (facts.version, facts.target) = (value("release:"), value("host:"));
    let library =
        sysroot.join("lib/rustlib").join(facts.target.as_deref().unwrap_or_default()).join("lib");
    let has_core = library.read_dir().is_ok_and(|mut entries| {
        entries.any(|entry| entry.is_ok_and(|entry| is_core(&entry.path())))
    });
    facts.real = Some(real);
    if !has_core {
        return facts.lacks("Rust's own library is missing", REMEDY);
    }
    facts.files.push(library);
    facts
}

fn is_core(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with("libcore-") && name.ends_with(".rlib")
}

fn python(host: &Host) -> Toolchain {
    const REMEDY: &str =
        "install it with `apt install python3` (Debian, Ubuntu) or `dnf install python3` (Fedora)";
    /// Isolated, without site packages, and writing nothing: only what the interpreter itself knows.
    const ASK: [&str; 4] = ["-I", "-S", "-B", "-c"];
    const FACTS: &str = "import sys, sysconfig, platform
sys.stdout.write('\\0'.join([sys.executable, sys.implementation.name, platform.python_version(),
    sysconfig.get_platform(), sysconfig.get_path('stdlib', vars={'base': sys.base_prefix})]))";
    let mut facts = Toolchain::new(Language::Python, "python3");
    let Some(Program { found, .. }) = host.programs("python3").into_iter().next() else {
        return facts.lacks("there is no `python3` in PATH", REMEDY);
    };
    // What is found may be pyenv, a script; the interpreter that it starts knows where it itself lies.
    let said = host.ask_shim(&found, ASK.iter().chain(&[FACTS]));
    facts.found = Some(found);
    let said = match said {
        Ok(said) => String::from_utf8_lossy(&said.out).into_owned(),
        Err(error) => return facts.lacks(format!("`python3` does not answer: {error}"), REMEDY),
    };
    let fields: Vec<&str> = said.split('\0').collect();
    let [executable, implementation, version, target, library] = fields[..] else {
        return facts.lacks("`python3` does not say what it is", REMEDY);
    };
    facts.real = Path::new(executable).canonicalize().ok();
    facts.version = Some(version.to_owned());
    facts.target = Some(target.to_owned());
    facts.files.push(library.into());
    if implementation != "cpython" {
        return facts.lacks(format!("`python3` is {implementation}, not CPython"), REMEDY);
    }
    if facts.real.is_none() {
        return facts.lacks("there is no interpreter behind `python3`", REMEDY);
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;

    #[test]
    fn what_is_here_is_found_behind_its_shims() {
        for facts in survey(&Host::from_environment()) {
            let Some(real) = &facts.real else { continue };
            // A shim is a script, or has the name of what manages it.
            assert!(super::super::libraries::interpreter(real).is_ok(), "{facts:?}");
            assert!(!real.ends_with("rustup") && facts.version.is_some(), "{facts:?}");
        }
    }

    #[test]
    fn what_is_missing_has_a_remedy() {
        let nothing = survey(&Host::with_path(OsStr::new("/nowhere")));
        assert_eq!(nothing.len(), 4);
        for facts in nothing {
            assert!(!facts.ready() && facts.found.is_none());
            let remedy = &facts.lacking[0].remedy;
            assert!(remedy.contains("apt install") && remedy.contains("dnf install"), "{remedy}");
        }
    }
}
