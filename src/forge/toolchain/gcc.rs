//! The C toolchain: GNU's compiler driver with what it starts and reads.
//!
//! Requires gcc 11 or newer for x86-64 Linux with a static C library. Leaves the list of files that a compilation and a
//! link need, each at the path at which the driver looks for it, so that an otherwise empty root suffices. The driver
//! is asked for all of these; nothing here knows where a distribution puts its compiler.

use super::host::{Answer, NoAnswer};
use super::libraries::{self, Libraries};
use super::{Host, Kind, Lack, Tool, tidy};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// The oldest gcc: the first one that can be told to write its diagnostics for machines.
pub const OLDEST: Version = Version { major: 11, minor: 0 };

/// Where software that the machine's owner built himself puts headers: not a part of the toolchain.
const LOCAL: &str = "/usr/local";

/// What the driver adds to a link: start-up code of each kind, then libraries. Those of the second list may be absent.
const LINKED: [&str; 12] = [
    "crt1.o",
    "rcrt1.o",
    "crti.o",
    "crtn.o",
    "crtbeginT.o",
    "crtbeginS.o",
    "crtend.o",
    "crtendS.o",
    "libgcc.a",
    "libgcc_eh.a",
    "libc.a",
    "libm.a",
];
const LINKED_IF_THERE: [&str; 4] =
    ["liblto_plugin.so", "libpthread.a", "libssp_nonshared.a", "libmvec.a"];

/// What to do where C is missing.
pub(super) const REMEDY: &str = "install it with `apt install gcc libc6-dev` (Debian, Ubuntu) or \
                                 `dnf install gcc glibc-devel glibc-static` (Fedora)";

/// A version of a compiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The number that grows each year.
    pub major: u32,
    /// The number of the correction.
    pub minor: u32,
}

impl Version {
    /// Reads `12.2.0`.
    ///
    /// ```
    /// use lau_agent_runtime::forge::toolchain::gcc::Version;
    /// assert_eq!(Version::parse("12.2.0"), Some(Version { major: 12, minor: 2 }));
    /// assert_eq!(Version::parse("new"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Version> {
        let mut numbers = text.trim().split('.').map(|number| number.parse().ok());
        Some(Version { major: numbers.next()??, minor: numbers.next().flatten().unwrap_or(0) })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// A C toolchain with all that a build needs of it.
#[derive(Clone, Debug)]
pub struct CToolchain {
    /// The driver, as it is started in the jail.
    pub driver: PathBuf,
    /// Its version.
    pub version: Version,
    /// What it compiles for, such as `x86_64-linux-gnu`.
    pub target: String,
    /// What goes into the jail of a compilation, sorted, none of them within another.
    pub compile: Vec<Tool>,
    /// What goes there as well for a link.
    pub link: Vec<Tool>,
    /// The folders of system headers, as the compiler names them, in its order.
    pub headers: Vec<PathBuf>,
    /// The folders of programs in the jail.
    pub(super) path: Vec<PathBuf>,
    /// Folders that the loader in the jail must be told about.
    pub(super) library_path: Vec<PathBuf>,
}

impl CToolchain {
    /// Looks for it.
    ///
    /// # Errors
    ///
    /// What is missing first, and how to get it.
    pub fn find(host: &Host) -> Result<CToolchain, Lack> {
        let driver = Driver::find(host)?;
        let version = driver.version()?;
        let cc1 = driver.program("cc1")?;
        let assembler = driver.program("as")?;
        let collect = driver.program("collect2")?;
        let linker = driver.program("ld")?;
        let mut programs = vec![driver.tool()?, cc1, assembler.clone()];
        let headers = driver.headers()?;
        let Libraries { files, mut library_path } = driver.closure(&programs)?;
        programs.extend(files);
        for folder in &headers {
            let tool = driver.there(folder)?;
            if tool.kind != Kind::Folder || tool.inside.components().count() < 3 {
                // Not `/` or `/usr`, whatever the compiler says.
                return Err(Lack::new(
                    format!("{} is not a folder of headers", folder.display()),
                    REMEDY,
                ));
            }
            programs.push(tool);
        }
        let compile = outermost(programs);

        let mut linked = vec![collect, linker.clone()];
        let plugin = driver.file("liblto_plugin.so").and_then(|plugin| driver.there(&plugin).ok());
        linked.extend(plugin);
        let more = driver.closure(&linked)?;
        linked.extend(more.files);
        linked.extend(driver.linked()?);
        linked.retain(|tool| !compile.contains(tool));
        library_path.extend(more.library_path);
        library_path.dedup();

        let path = [&assembler, &linker].map(|tool| parent(&tool.inside));
        let path = BTreeSet::from(path).into_iter().collect();
        let target = driver.target.clone();
        let driver = tidy(&driver.real);
        let link = outermost(linked);
        Ok(CToolchain { driver, version, target, compile, link, headers, path, library_path })
    }

    /// The environment of the compiler in the jail, complete. `temporary` is a folder in which it may write.
    #[must_use]
    pub fn environment(&self, temporary: &Path) -> Vec<(&'static str, OsString)> {
        let join = |folders: &[PathBuf]| std::env::join_paths(folders).unwrap_or_default();
        let mut environment = vec![
            ("LC_ALL", "C".into()), // diagnostics in the language that is parsed
            ("PATH", join(&self.path)),
            ("SOURCE_DATE_EPOCH", "0".into()), // for __DATE__ and __TIME__
            ("TMPDIR", temporary.into()),
        ];
        if !self.library_path.is_empty() {
            environment.push(("LD_LIBRARY_PATH", join(&self.library_path)));
        }
        environment
    }

    /// Paths of this host that must not be shown: where its files lie, here and in the jail. Those of one name, such as
    /// `/lib64`, tell nothing and are left out.
    #[must_use]
    pub fn hidden(&self) -> Vec<PathBuf> {
        let mut hidden = BTreeSet::from_iter(self.headers.iter().cloned());
        for tool in self.compile.iter().chain(&self.link) {
            for path in [&tool.inside, &tool.host] {
                let folder = match tool.kind {
                    Kind::Folder => path.clone(),
                    Kind::File => parent(path),
                };
                let telling = folder.components().count() > 2;
                hidden.insert(if telling { folder } else { path.clone() });
            }
        }
        hidden.into_iter().collect()
    }
}

/// The driver, to be asked.
struct Driver<'a> {
    host: &'a Host,
    real: PathBuf,
    target: String,
}

impl Driver<'_> {
    /// The first gcc in `PATH`. What is called so but is a script or another compiler is passed by.
    fn find(host: &Host) -> Result<Driver<'_>, Lack> {
        let mut why = "there is no `gcc` in PATH".to_owned();
        for program in ["gcc", "cc"].iter().flat_map(|name| host.programs(name)) {
            let found = program.found.display();
            if let Err(error) = libraries::interpreter(&program.real) {
                why = format!("`{found}` is not a compiler for this machine: {error}");
                continue;
            }
            let mut driver = Driver { host, real: program.real, target: String::new() };
            match driver.ask(&["-dumpmachine"]) {
                Ok(answer) => driver.target = answer.line(),
                Err(error) => {
                    why = format!("`{found}` does not say what it compiles for: {error}");
                    continue;
                }
            }
            if !(driver.target.starts_with("x86_64") && driver.target.contains("linux")) {
                why = format!("`{found}` compiles for {}, not for this machine", driver.target);
            } else if driver.program("cc1").is_err() {
                why = format!("`{found}` is not gcc, or its compiler `cc1` is missing");
            } else {
                return Ok(driver);
            }
        }
        Err(Lack::new(why, REMEDY))
    }

    fn ask(&self, arguments: &[&str]) -> Result<Answer, NoAnswer> {
        self.host.ask(&self.real, arguments)
    }

    fn version(&self) -> Result<Version, Lack> {
        let said = self.ask(&["-dumpfullversion"]).map(|answer| answer.line());
        match said.as_deref().map(Version::parse) {
            Ok(Some(version)) if version >= OLDEST => Ok(version),
            Ok(Some(version)) => {
                let what = format!("gcc is {version}; {} is the oldest that will do", OLDEST.major);
                Err(Lack::new(what, "install a newer gcc, or put its folder first in PATH"))
            }
            Ok(None) | Err(_) => Err(Lack::new("gcc does not tell its version", REMEDY)),
        }
    }

    /// The driver itself.
    fn tool(&self) -> Result<Tool, Lack> {
        self.there(&self.real)
    }

    fn there(&self, path: &Path) -> Result<Tool, Lack> {
        Tool::at(path).map_err(|error| {
            Lack::new(format!("{} cannot be read: {error}", path.display()), REMEDY)
        })
    }

    /// A program that it starts: its own, or else the one that it finds in `PATH`.
    fn program(&self, name: &str) -> Result<Tool, Lack> {
        let missing = || Lack::new(format!("gcc's program `{name}` is missing"), REMEDY);
        let said = self.ask(&[&format!("-print-prog-name={name}")]).map_err(|_| missing())?.path();
        let found = if said.is_absolute() {
            said
        } else {
            self.host.programs(name).into_iter().next().ok_or_else(missing)?.found
        };
        self.there(&found)
    }

    /// A file that it links with, if there is one: it answers with the bare name if not.
    fn file(&self, name: &str) -> Option<PathBuf> {
        let said = self.ask(&[&format!("-print-file-name={name}")]).ok()?.path();
        (said.is_absolute() && said.is_file()).then_some(said)
    }

    /// Where it looks for `#include <…>`, but what the owner installed himself.
    fn headers(&self) -> Result<Vec<PathBuf>, Lack> {
        let silent = || Lack::new("gcc does not tell where its headers are", REMEDY);
        let answer = self.ask(&["-x", "c", "-E", "-v", "/dev/null"]).map_err(|_| silent())?;
        let said = String::from_utf8_lossy(&answer.err).into_owned();
        let folders: Vec<PathBuf> = said
            .lines()
            .skip_while(|line| !line.starts_with("#include <...>"))
            .skip(1)
            .take_while(|line| line.starts_with(' '))
            .map(|line| PathBuf::from(line.trim()))
            .filter(|folder| folder.is_absolute() && folder.is_dir() && !folder.starts_with(LOCAL))
            .collect();
        if !folders.iter().any(|folder| folder.join("stdio.h").is_file()) {
            return Err(Lack::new("there is no header <stdio.h>", REMEDY));
        }
        Ok(folders)
    }

    fn closure(&self, tools: &[Tool]) -> Result<Libraries, Lack> {
        let programs: Vec<PathBuf> = tools.iter().map(|tool| tool.host.clone()).collect();
        libraries::closure(self.host, &programs)
    }

    /// The files that it links a static executable with.
    fn linked(&self) -> Result<Vec<Tool>, Lack> {
        let mut files = Vec::new();
        for name in LINKED {
            let file = self.file(name);
            let file = file.ok_or_else(|| Lack::new(format!("`{name}` is missing"), REMEDY))?;
            files.extend(
                named_by(&file)
                    .iter()
                    .map(|named| self.there(named))
                    .collect::<Result<Vec<_>, _>>()?,
            );
            files.push(self.there(&file)?);
        }
        let more = LINKED_IF_THERE.iter().filter_map(|name| self.file(name));
        files.extend(more.map(|file| self.there(&file)).collect::<Result<Vec<_>, _>>()?);
        Ok(files)
    }
}

/// The files that a linker script stands for: `libm.a` is one, for two archives.
fn named_by(file: &Path) -> Vec<PathBuf> {
    /// An archive is never so short, a script never so long.
    const LONGEST: u64 = 4096;
    if file.metadata().map_or(u64::MAX, |metadata| metadata.len()) > LONGEST {
        return Vec::new();
    }
    let Ok(text) = fs::read_to_string(file) else { return Vec::new() };
    let words = text.split_whitespace().filter(|word| word.starts_with('/')).map(PathBuf::from);
    words.filter(|path| path.is_file()).collect()
}

fn parent(path: &Path) -> PathBuf {
    path.parent().unwrap_or(Path::new("/")).to_owned()
}

/// Sorted, each once, without what lies in a folder that is there as well.
fn outermost(mut tools: Vec<Tool>) -> Vec<Tool> {
    tools.sort();
    tools.dedup();
    let mut kept: Vec<Tool> = Vec::new();
    for tool in tools {
        let within =
            |outer: &Tool| outer.kind == Kind::Folder && tool.inside.starts_with(&outer.inside);
        if !kept.iter().any(within) {
            kept.push(tool);
        }
    }
    kept
}

#[cfg(test)]
#[path = "gcc_tests.rs"]
pub(crate) mod tests;
