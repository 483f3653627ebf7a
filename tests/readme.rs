//! The README says what is so: its instruction reference is the table's, its commands are those CI runs.
//!
//! `LAU_BLESS=1` writes the reference anew.

use lau_agent_runtime::dsl::reference;
use std::fs;
use std::path::{Path, PathBuf};

const BEGIN: &str = "<!-- instructions: from the instruction table -->\n";
const END: &str = "<!-- end of instructions -->";

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn the_instruction_reference_is_the_table() {
    let readme = fs::read_to_string(path("README.md")).expect("readable");
    let (before, rest) = readme.split_once(BEGIN).expect("the beginning of the reference");
    let (reference, after) = rest.split_once(END).expect("the end of the reference");
    let current = reference::instructions();
    if std::env::var_os("LAU_BLESS").is_some() {
        fs::write(path("README.md"), format!("{before}{BEGIN}{current}{END}{after}"))
            .expect("written");
    } else {
        assert_eq!(reference, current, "run with LAU_BLESS=1 to write it anew");
    }
}

#[test]
fn ci_runs_the_commands_of_the_readme() {
    let readme = fs::read_to_string(path("README.md")).expect("readable");
    let ci = fs::read_to_string(path(".ci/run")).expect("readable");
    let commands: Vec<&str> = readme.lines().filter_map(|line| line.strip_prefix("$ ")).collect();
    assert!(commands.len() >= 2, "{commands:?}");
    for command in commands {
        assert!(runs(&ci, command), "CI does not run `{command}`");
    }
}

/// Whether a script has the command as a line of its own.
fn runs(script: &str, command: &str) -> bool {
    script.lines().any(|line| line.trim() == command.trim())
}

#[test]
fn a_longer_command_is_another() {
    assert!(runs("set -e\n  cargo test --workspace\n", "cargo test --workspace"));
    assert!(!runs("cargo test --workspace --no-default-features", "cargo test --workspace"));
    assert!(!runs("# cargo test --workspace", "cargo test --workspace"));
}

#[test]
fn the_program_of_the_readme_counts_words() {
    use lau_agent_runtime::{MiniRuntime, Value};
    let readme = fs::read_to_string(path("README.md")).expect("readable");
    let (_, program) = readme.split_once("```text\n").expect("a program");
    let (program, _) = program.split_once("```").expect("its end");
    let mut runtime = MiniRuntime::new("words", "readme", 1000.0);
    runtime.compile(program).expect("compiles");
    let words = ["to", "be", "or", "not", "to", "be"];
    runtime.memory.insert("words".into(), Value::from(words));
    let counts = [("to", 2.0), ("be", 2.0), ("or", 1.0), ("not", 1.0)].into_iter().collect();
    assert_eq!(runtime.execute().expect("runs").output, counts);
}
