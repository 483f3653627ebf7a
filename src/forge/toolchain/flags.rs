//! What the compiler is told: chosen here, never by the agent.
//!
//! One table with the reason of each flag and the versions of gcc that get it; a test asks the installed gcc about each.
//! What depends on the single compilation follows the table. Objects depend on nothing but the source, the headers and the
//! toolchain: not on folders, time, locale or machine.

use super::gcc::{CToolchain, Version};
use std::ffi::OsString;
use std::path::Path;

/// A flag of every compilation.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// As it is given.
    pub text: &'static str,
    /// The first major version of gcc that gets it.
    pub since: u32,
    /// The first one that does not get it any more.
    pub before: u32,
    /// What it is for.
    pub why: &'static str,
}

const fn flag(text: &'static str, why: &'static str) -> Flag {
    Flag { text, since: 0, before: u32::MAX, why }
}

const fn since(since: u32, text: &'static str, why: &'static str) -> Flag {
    Flag { text, since, before: u32::MAX, why }
}

const fn before(before: u32, text: &'static str, why: &'static str) -> Flag {
    Flag { text, since: 0, before, why }
}

/// The flags, in the order in which they are given.
#[rustfmt::skip]
pub const FLAGS: &[Flag] = &[
    // The language and the machine.
    flag("-std=gnu17", "the language does not change with the compiler: gcc 15 would take C23"),
    flag("-O3", "what a native skill is for"),
    flag("-march=x86-64", "an artifact runs on each machine of the kind, and answers the same"),
    flag("-mtune=generic", "the same code on each building machine"),
    flag("-ffp-contract=off", "no fused multiply-add: one rounding an operation, as the runtimes have it"),
    flag("-fPIE", "the sidecar's executable is placed at random"),
    // Hardening: mistakes of the author become traps.
    flag("-fstack-protector-strong", "an overrun of an array on the stack aborts"),
    flag("-fstack-clash-protection", "a large frame cannot jump over the guard page"),
    flag("-fcf-protection=full", "indirect jumps land where they may, on processors that check it"),
    flag("-U_FORTIFY_SOURCE", "some distributions define it themselves, and a second definition is a warning"),
    before(12, "-D_FORTIFY_SOURCE=2", "library calls check sizes that are known"),
    since(12, "-D_FORTIFY_SOURCE=3", "library calls check sizes, those found at run time too"),
    since(12, "-ftrivial-auto-var-init=zero", "what was never set is zero each time, not what a call before left"),
    // Warnings, and those that no correct program has as errors.
    flag("-Wall", "findings for the author"),
    flag("-Wextra", "more of them"),
    flag("-Wformat=2", "formats that are not literals"),
    flag("-Werror=format-security", "a format out of data reads and writes memory"),
    flag("-Werror=implicit-function-declaration", "a forgotten include; an error by itself from gcc 14 on"),
    flag("-Werror=implicit-int", "the same"),
    flag("-Werror=int-conversion", "the same"),
    flag("-Werror=incompatible-pointer-types", "the same"),
    flag("-Werror=return-type", "a function that falls off its end answers anything"),
    flag("-Werror=trampolines", "a nested function by address wants an executable stack, which the jail forbids"),
    // Diagnostics for a parser.
    flag("-fdiagnostics-plain-output", "one line each, no colours, no source, no links"),
    flag("-fdiagnostics-column-unit=byte", "columns that do not depend on tabulators and widths"),
    flag("-fmax-errors=20", "as many as are shown"),
    flag("-fmax-include-depth=64", "a file that includes itself ends soon"),
    // The same object everywhere.
    flag("-g1", "function names and lines for crash reports, no variables"),
    flag("-gno-record-gcc-switches", "the build key says what it was compiled with"),
    flag("-fno-ident", "the same"),
];

/// The flags that this version of gcc gets.
pub fn flags(version: Version) -> impl Iterator<Item = &'static Flag> {
    FLAGS.iter().filter(move |flag| (flag.since..flag.before).contains(&version.major))
}

/// What a compilation is to find out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// Whether the source is correct: nothing is written, and it takes a part of the time.
    Syntax,
    /// The object file.
    Object,
}

/// One source file to compile.
#[derive(Clone, Copy, Debug)]
pub struct Unit<'a> {
    /// The folder of the build, absolute; the compiler runs in it.
    pub workspace: &'a Path,
    /// The source in it.
    pub source: &'a Path,
    /// The object to write in it.
    pub object: &'a Path,
    /// The hash of the source, from which names that must not clash are made.
    pub hash: &'a blake3::Hash,
}

impl CToolchain {
    /// The arguments of the driver for a compilation.
    ///
    /// Files are named by their whole path, so that no name can be taken for an option.
    #[must_use]
    pub fn compile_arguments(&self, unit: &Unit<'_>, aim: Aim) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec!["-x".into(), "c".into()];
        arguments.extend(flags(self.version).map(|flag| flag.text.into()));
        // Of two that fit, the later one counts: the workspace comes last, and inner folders after outer ones.
        let mut headers: Vec<&Path> = self.headers.iter().map(AsRef::as_ref).collect();
        headers.sort_unstable();
        arguments.extend(headers.into_iter().map(|folder| prefix_map(folder, "include")));
        arguments.push(prefix_map(unit.workspace, "."));
        arguments.push(format!("-frandom-seed={}", unit.hash.to_hex()).into());
        match aim {
            // Without `-c` the driver looks for what a link needs, though it does not link.
            Aim::Syntax => arguments.extend(["-c".into(), "-fsyntax-only".into()]),
            Aim::Object => {
                arguments.extend([
                    "-c".into(),
                    "-o".into(),
                    unit.workspace.join(unit.object).into(),
                ]);
            }
        }
        arguments.push(unit.workspace.join(unit.source).into());
        arguments
    }
}

fn prefix_map(from: &Path, to: &str) -> OsString {
    let mut argument = OsString::from("-ffile-prefix-map=");
    argument.push(from);
    argument.push("=");
    argument.push(to);
    argument
}

#[cfg(test)]
mod tests {
    use super::super::gcc::tests::{folder, here};
    use super::*;
    use std::collections::BTreeSet;
    use std::process::Command;

    #[test]
    fn the_compiler_knows_each_flag() {
        let c = here();
        let folder = folder("flags");
        std::fs::write(folder.join("empty.c"), "").expect("written");
        let mut seen = BTreeSet::new();
        for flag in flags(c.version) {
            assert!(seen.insert(flag.text) && flag.why.len() > 5, "{flag:?}");
            let mut compile = Command::new(&c.driver);
            compile.args([
                "-Werror",
                "-Wall",
                "-O1",
                flag.text,
                "-c",
                "-o",
                "/dev/null",
                "empty.c",
            ]);
            let output = compile.current_dir(&folder).output().expect("started");
            assert!(output.status.success() && output.stderr.is_empty(), "{flag:?}: {output:?}");
        }
        std::fs::remove_dir_all(folder).expect("gone");
    }

    #[test]
    fn each_version_gets_one_level_of_fortification() {
        for major in 11..20 {
            let levels = flags(Version { major, minor: 0 });
            let levels = levels.filter(|flag| flag.text.starts_with("-D_FORTIFY_SOURCE")).count();
            assert_eq!(levels, 1, "gcc {major}");
        }
    }
}
