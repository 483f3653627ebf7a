//! Machines: how code is made for them, linked with the harness, and run here.

use super::Program;
use super::tables::{Compiled, header};
use lau_agent_runtime::Limits;
use lau_agent_runtime::codegen::object::{Plan, object};
use lau_agent_runtime::codegen::{OptLevel, Options, Target};
use lau_runtime::native::HELPERS;
use object::{Architecture, Object, ObjectSection, ObjectSymbol, SectionFlags};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A machine, and how code is made for it.
pub(crate) struct Machine {
    pub(crate) name: &'static str,
    architecture: Architecture,
    /// The least processor, and features beyond it.
    cpu: Option<&'static str>,
    features: &'static [&'static str],
    opt: OptLevel,
    /// Whether the code rounds doubles by itself.
    pub(crate) rounds: bool,
    /// Whether this processor runs the code, if it is of the architecture.
    runs: fn() -> bool,
}

const fn aarch64(name: &'static str, features: &'static [&'static str], opt: OptLevel) -> Machine {
    let architecture = Architecture::Aarch64;
    Machine { name, architecture, cpu: None, features, opt, rounds: true, runs: || true }
}

const fn x86_64(name: &'static str, opt: OptLevel) -> Machine {
    let architecture = Architecture::X86_64;
    let (cpu, features) = (None, &[]);
    Machine { name, architecture, cpu, features, opt, rounds: false, runs: || true }
}

pub(crate) const MACHINES: &[Machine] = &[
    x86_64("x86-64", OptLevel::Speed),
    x86_64("x86-64, not optimised", OptLevel::None),
    Machine {
        cpu: Some("x86-64-v2"),
        rounds: true,
        runs: || is_x86_feature_detected!("sse4.2") && is_x86_feature_detected!("popcnt"),
        ..x86_64("x86-64-v2", OptLevel::Speed)
    },
    Machine {
        cpu: Some("x86-64-v3"),
        rounds: true,
        runs: || {
            is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("fma")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2")
                && is_x86_feature_detected!("lzcnt")
        },
        ..x86_64("x86-64-v3", OptLevel::Speed)
    },
    aarch64("aarch64", &[], OptLevel::Speed),
    aarch64("aarch64, not optimised", &[], OptLevel::None),
    aarch64("aarch64 with lse and fp16", &["lse", "fp16"], OptLevel::Speed),
];

/// Debian's packages of what code for aarch64 is linked with and runs under.
const PACKAGES: &str = "gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and qemu-user-static";

/// What code for aarch64 is linked by.
const COMPILERS: &[&str] = &["aarch64-linux-gnu-gcc"];

/// What code for aarch64 runs under, by the names that it goes by.
const EMULATORS: &[&str] = &["qemu-aarch64-static", "qemu-aarch64"];

fn is_there(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// A command of those names, whichever is there.
fn found(names: &[&'static str]) -> &'static str {
    names.iter().find(|name| is_there(name)).unwrap_or_else(|| panic!("{} is missing", names[0]))
}

/// What is missing to test code for aarch64, if anything is.
pub(crate) fn missing() -> Option<String> {
    let all = [COMPILERS, EMULATORS];
    let names = all.iter().find(|names| !names.iter().any(|name| is_there(name)))?;
    Some(format!("{} is missing; on Debian, install {PACKAGES}", names[0]))
}

/// What a command printed; it must go well, and say nothing else.
pub(crate) fn output(command: &mut Command) -> String {
    let name = command.get_program().to_owned();
    let output = command.output().unwrap_or_else(|error| panic!("{name:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{name:?}: {}\n{said}", output.status);
    String::from_utf8(output.stdout).expect("it prints ASCII")
}

/// Programs linked with the harness.
pub(crate) struct Executable {
    file: PathBuf,
    emulator: Option<&'static str>,
}

impl Executable {
    /// What starts it.
    pub(crate) fn command(&self) -> Command {
        match self.emulator {
            None => Command::new(&self.file),
            Some(emulator) => {
                let mut command = Command::new(emulator);
                command.arg(&self.file);
                command
            }
        }
    }
}

impl Machine {
    fn is_cross(&self) -> bool {
        self.architecture == Architecture::Aarch64
    }

    /// Whether its code can be tried here.
    pub(crate) fn runs_here(&self, crossing: bool) -> bool {
        let runs = if self.is_cross() { crossing } else { (self.runs)() };
        if !runs {
            println!("{}: left out", self.name);
        }
        runs
    }

    fn target(&self) -> Target {
        let triple =
            if self.is_cross() { "aarch64-unknown-linux-gnu" } else { "x86_64-unknown-linux-gnu" };
        let features: Vec<String> = self.features.iter().map(|f| (*f).to_owned()).collect();
        Target::new(triple, self.cpu, &features).expect("it is known")
    }

    pub(crate) fn build(&self, programs: &[&Program]) -> Executable {
        self.build_in(self.name, programs)
    }

    /// Compiles programs and links them with the harness, in a folder of that name.
    pub(crate) fn build_in(&self, folder: &str, programs: &[&Program]) -> Executable {
        let folder = folder.replace([',', ' '], "_");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cross").join(folder);
        fs::create_dir_all(&folder).expect("the temporary directory takes folders");
        let (target, options) = (self.target(), Options { opt: self.opt, ..Options::default() });
        let mut compiled = Vec::new();
        let mut files = Vec::new();
        for program in programs {
            let name = program.source.name;
            let symbol = format!("lau_cross_{name}");
            let plan = Plan { target: &target, options, symbol: &symbol, source: None, main: None };
            let object = object(&program.linked, &plan).expect("there is code for it");
            let (covered, all) = object.coverage.expect("it is not too large");
            assert_eq!(covered, all, "{name} is not all native");
            self.inspect(&object.bytes);
            files.push(folder.join(format!("{name}.o")));
            fs::write(&files[files.len() - 1], &object.bytes).expect("the folder takes files");
            let (linked, inputs) = (&*program.linked, program.source.inputs);
            compiled.push(Compiled { name, linked, inputs, symbol, codes: object.artifact.codes });
        }
        let tables = header(&compiled, &Limits::default());
        fs::write(folder.join("tables.h"), tables).expect("the folder takes files");
        self.link(&folder, &files)
    }

    /// What every linker may expect of an object file.
    fn inspect(&self, bytes: &[u8]) {
        let file = object::File::parse(bytes).expect("an object file");
        assert_eq!(file.architecture(), self.architecture);
        let note = file.section_by_name(".note.GNU-stack").expect("it says what stack it needs");
        let SectionFlags::Elf { sh_flags, .. } = note.flags() else { panic!("it is ELF") };
        assert_eq!((sh_flags.0, note.size()), (0, 0), "the stack need not be executable");
        for symbol in file.symbols().filter(|symbol| symbol.is_undefined()) {
            let name = symbol.name().expect("names are UTF-8");
            let known = name.is_empty() || HELPERS.iter().any(|helper| helper.name == name);
            assert!(known, "it asks for `{name}`");
        }
    }

    /// Links objects with the harness; no warning is let pass.
    fn link(&self, folder: &Path, objects: &[PathBuf]) -> Executable {
        let (compiler, emulator) =
            if self.is_cross() { (found(COMPILERS), Some(found(EMULATORS))) } else { ("cc", None) };
        let file = folder.join("harness");
        let mut command = Command::new(compiler);
        command.args(["-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-Wl,--fatal-warnings"]);
        if self.is_cross() {
            command.arg("-static"); // the emulator knows no libraries
        }
        command.arg("-I").arg(folder).arg("-o").arg(&file);
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cross/harness.c"));
        output(command.args(objects));
        Executable { file, emulator }
    }
}
