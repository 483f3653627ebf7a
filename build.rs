//! Builds what programs compiled ahead of time are linked with, for the command to carry with it.
//!
//! `cargo install` installs a command and nothing beside it, so the archive is a part of the command, compressed. It
//! is built by a run of Cargo of its own, always in the same way: optimised, and for any processor of the kind,
//! whatever the command itself is built for.

use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    for watched in ["build.rs", "Cargo.lock", "runtime", "command", "start"] {
        println!("cargo::rerun-if-changed={watched}");
    }
    if env::var_os("CARGO_FEATURE_AOT").is_none() {
        return;
    }
    let out = PathBuf::from(variable("OUT_DIR"));
    // Where documentation alone is made, nothing is linked; and executables are for Linux so far.
    let none = env::var_os("DOCS_RS").is_some() || variable("CARGO_CFG_TARGET_OS") != "linux";
    let archive = if none { Vec::new() } else { read(&archive(&out)) };
    let mut compressed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let written = compressed.write_all(&archive).and_then(|()| compressed.finish());
    let compressed = written.expect("memory is written to");
    let file = out.join("liblau.a.gz");
    fs::write(&file, compressed).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}

/// Builds the archive; where it is.
fn archive(out: &Path) -> PathBuf {
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
    let target = variable("TARGET");
    // One folder for all builds of the command: `out` is PROFILE/build/PACKAGE/out below the folder of builds.
    let folder = out.ancestors().nth(4).unwrap_or(out).join("lau-start");
    let mut cargo = Command::new(variable("CARGO"));
    cargo.args([
        "build",
        "--release",
        "--locked",
        "--quiet",
        "--features",
        "names",
        "--manifest-path",
    ]);
    cargo
        .arg(root.join("start/Cargo.toml"))
        .args(["--target", &target, "--target-dir"])
        .arg(&folder);
    for (key, value) in [("LTO", "fat"), ("CODEGEN_UNITS", "1"), ("DEBUG", "0"), ("OPT_LEVEL", "3")]
    {
        cargo.env(format!("CARGO_PROFILE_RELEASE_{key}"), value);
    }
    // What is asked of the build of the command is not asked of this one.
    for variable in [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_BUILD_RUSTFLAGS",
        "RUSTC_WORKSPACE_WRAPPER",
        "CARGO_BUILD_TARGET",
        "CARGO_TARGET_DIR",
    ] {
        cargo.env_remove(variable);
    }
    let status = cargo.status().unwrap_or_else(|error| panic!("cannot start {cargo:?}: {error}"));
    assert!(status.success(), "{cargo:?}: {status}");
    folder.join(target).join("release/liblau_start.a")
}

fn read(file: &Path) -> Vec<u8> {
    fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|error| panic!("{name}: {error}"))
}
