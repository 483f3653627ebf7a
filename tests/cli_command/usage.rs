//! The README's usage lines and what the command says of itself agree.

use crate::support::{program, run};
use lau_agent_runtime::Engine;
use std::path::Path;

/// The lines of the README that say how the command is used.
fn usage() -> Vec<String> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(readme).expect("readable");
    let (_, section) = readme.split_once("## The command").expect("a section on it");
    let (_, block) = section.split_once("```text\n").expect("its usage");
    let (block, _) = block.split_once("```").expect("its end");
    block.lines().map(str::to_owned).collect()
}

fn help(of: &str) -> String {
    let ran = run(&format!("help {of}"), None);
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.stdout
}

/// The words of the lines of a help text that begin so.
fn first_words<'a>(help: &'a str, begins: &'a str) -> impl Iterator<Item = &'a str> {
    let lines = help.lines().filter(move |line| line.starts_with("  "));
    lines.filter_map(|line| line.split_whitespace().next()).filter(move |w| w.starts_with(begins))
}

#[test]
fn the_usage_lines_of_the_readme_are_what_the_command_takes() {
    let engines: Vec<_> = Engine::ALL.iter().map(|engine| engine.name()).collect();
    for line in usage() {
        let mut words = line.split([' ', '[', ']']).filter(|word| !word.is_empty());
        assert_eq!(words.next(), Some("lau"), "{line}");
        let mut words = words.peekable();
        let command = words.next().expect("a command");
        // A command of a command: its name is a plain word, unlike what it takes.
        let part = words.next_if(|word| {
            command == "forge" && word.starts_with(|c: char| c.is_ascii_lowercase())
        });
        let help = help(&format!("{command} {}", part.unwrap_or_default()));
        while let Some(word) = words.next() {
            if !word.starts_with("--") {
                continue;
            }
            assert!(first_words(&help, "--").any(|option| option == word), "{word}: {help}");
            let value = words.next_if(|next| !next.starts_with("--"));
            if word == "--engine" {
                assert_eq!(value, Some(&*engines.join("|")), "{line}");
                let values = format!("[possible values: {}]", engines.join(", "));
                assert!(help.contains(&values), "{help}");
            }
        }
    }
}

#[test]
fn every_command_has_a_usage_line() {
    let help = help("");
    let (_, commands) = help.split_once("Commands:\n").expect("a list of commands");
    let (commands, _) = commands.split_once("\n\n").expect("its end");
    let usage = usage();
    let mut count = 0;
    for command in first_words(commands, "").filter(|command| *command != "help") {
        let begins = format!("lau {command} ");
        assert!(usage.iter().any(|line| line.starts_with(&begins)), "{command}: {usage:?}");
        count += 1;
    }
    assert!(count >= 4, "{help}");
}

#[test]
fn an_unknown_engine_is_told_with_those_there_are() {
    let ran = program("run - --engine warp", "push 1");
    ran.fails(2, &["'warp'", "--engine", "[possible values: interp"]);
}
