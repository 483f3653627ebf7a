//! Builds what the package carries with it: what programs compiled ahead of time are linked with, and the launcher.
//!
//! `cargo install` installs a command and nothing beside it, so the archive is a part of the command, compressed. It
//! is built by a run of Cargo of its own, always in the same way: optimised, and for any processor of the kind,
//! whatever the command itself is built for. The launcher, which builds jails, and the canary, which tries them, are
//! static programs without a library, each a call of the compiler.

use std::env;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    for watched in
        ["build.rs", "Cargo.toml", "Cargo.lock", "runtime", "command", "start", "launcher"]
    {
        println!("cargo::rerun-if-changed={watched}");
    }
    println!("cargo::rerun-if-env-changed=DOCS_RS");
    let out = PathBuf::from(variable("OUT_DIR"));
    if env::var_os("CARGO_FEATURE_AOT").is_some() {
        embed_archive(&out);
    }
    if env::var_os("CARGO_FEATURE_FORGE").is_some() {
        for (source, name) in [("main.rs", "launcher"), ("canary.rs", "canary")] {
            embed_program(source, &out.join(name));
        }
    }
}

/// Builds a program of `launcher`, static and of a few kilobytes. Elsewhere than where jails are it is empty.
fn embed_program(source: &str, to: &Path) {
    let target = variable("TARGET");
    let jails = target.starts_with("x86_64-") && target.contains("-linux-");
    let jails = jails && variable("CARGO_CFG_TARGET_POINTER_WIDTH") == "64";
    if !jails || env::var_os("DOCS_RS").is_some() {
        return fs::write(to, []).unwrap_or_else(|error| panic!("{}: {error}", to.display()));
    }
    let source = PathBuf::from(variable("CARGO_MANIFEST_DIR")).join("launcher").join(source);
    let mut rustc = Command::new(variable("RUSTC"));
    rustc.args(["--edition", "2024", "--crate-type", "bin", "--target", &target]);
    let settings = [
        "panic=abort",
        "opt-level=2",
        "codegen-units=1",
        "target-cpu=x86-64",
        "relocation-model=static",
        "strip=symbols",
        "link-arg=-nostartfiles",
        "link-arg=-nodefaultlibs",
        "link-arg=-static",
        "link-arg=-Wl,--build-id=none,-z,noexecstack",
    ];
    for setting in settings {
        rustc.args(["-C", setting]);
    }
    let here = variable("CARGO_MANIFEST_DIR");
    rustc.arg(format!("--remap-path-prefix={here}=/lau"));
    rustc.arg("-o").arg(to).arg(source);
    let status = rustc.status().unwrap_or_else(|error| panic!("cannot start {rustc:?}: {error}"));
    assert!(status.success(), "{rustc:?}: {status}");
}

fn embed_archive(out: &Path) {
    // Where documentation alone is made, nothing is linked; and executables are for Linux so far.
    let none = env::var_os("DOCS_RS").is_some() || variable("CARGO_CFG_TARGET_OS") != "linux";
    let archive = if none { Vec::new() } else { archive(out) };
    let mut compressed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let written = compressed.write_all(&archive).and_then(|()| compressed.finish());
    let compressed = written.expect("memory is written to");
    let file = out.join("liblau.a.gz");
    fs::write(&file, compressed).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}

/// Builds the archive. Whoever else builds it in the same folder waits.
fn archive(out: &Path) -> Vec<u8> {
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
    let target = variable("TARGET");
    // One folder for all builds of the command: `out` is PROFILE/build/PACKAGE/out below the folder of builds.
    let folder = out.ancestors().nth(4).unwrap_or(out).join("lau-start");
    let lock = fs::create_dir_all(&folder).and_then(|()| File::create(folder.join("lock")));
    let lock = lock.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    // Where files cannot be locked, nobody else is to be feared much.
    let _ = lock.lock();

    let mut cargo = Command::new(variable("CARGO"));
    cargo.args(["build", "--release", "--locked", "--quiet", "--features", "names"]);
    cargo.arg("--manifest-path").arg(root.join("start/Cargo.toml"));
    cargo.args(["--target", &target, "--target-dir"]).arg(&folder);
    // What is asked of the build of the command is not asked of this one: it is always built alike, for any processor
    // of the kind.
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        let own =
            ["RUSTFLAGS", "RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_TARGET", "CARGO_TARGET_DIR"];
        if own.contains(&&*name) || name.starts_with("CARGO_PROFILE_") {
            cargo.env_remove(name);
        }
    }
    cargo.env("CARGO_ENCODED_RUSTFLAGS", remapped(&root).join("\x1f"));
    let settings = [
        ("LTO", "fat"),
        ("CODEGEN_UNITS", "1"),
        ("DEBUG", "0"),
        ("OPT_LEVEL", "3"),
        ("PANIC", "unwind"),
    ];
    for (key, value) in settings {
        cargo.env(format!("CARGO_PROFILE_RELEASE_{key}"), value);
    }
    let status = cargo.status().unwrap_or_else(|error| panic!("cannot start {cargo:?}: {error}"));
    assert!(status.success(), "{cargo:?}: {status}");
    read(&folder.join(target).join("release/liblau_start.a"))
}

/// Flags by which no path of this machine gets into what is built, so that it is the same wherever it is built.
fn remapped(root: &Path) -> Vec<String> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
    let registries = home.and_then(|home| fs::read_dir(home.join("registry/src")).ok());
    let registries = registries.into_iter().flatten().flatten().map(|entry| entry.path());
    let all =
        [(root.to_owned(), "/lau")].into_iter().chain(registries.map(|path| (path, "/crates")));
    all.map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display())).collect()
}

fn read(file: &Path) -> Vec<u8> {
    fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|error| panic!("{name}: {error}"))
}
