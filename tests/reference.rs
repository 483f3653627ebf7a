//! The pages made of the tables are what stands in `docs/`, and the examples on them run.
//!
//! `LAU_BLESS=1` writes the pages anew.

use lau_agent_runtime::dsl::reference;
use lau_agent_runtime::engine::Prepared;
use lau_agent_runtime::lower::compile;
use lau_agent_runtime::{Energy, Engine, Host, Limits, Linked, Value};
use std::fs;
use std::path::Path;
use std::sync::Arc;

fn is_current(name: &str, page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    if std::env::var_os("LAU_BLESS").is_some() {
        fs::write(&path, page).expect("the page can be written");
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(there == page, "docs/{name} is not what the tables say; LAU_BLESS=1 writes it anew");
}

#[test]
fn the_page_of_the_language_is_current() {
    is_current("language.md", &reference::language());
}

#[test]
fn the_readme_counts_the_library() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(readme).expect("readable");
    let words = format!("which every host has: {} functions", lau_runtime::library::TABLE.len());
    assert!(readme.contains(&words), "{words}");
}

#[test]
fn the_page_for_models_is_current() {
    is_current("prompt.md", &reference::prompt());
}

/// The value of a literal.
fn literal(text: &str) -> Value {
    let compiled = compile(&format!("push {text}"), &Host::default().interface());
    let program = compiled.program.unwrap_or_else(|| panic!("{text}: {:?}", compiled.diagnostics));
    program.parts().constants[0].clone()
}

/// Runs an example on an engine; it says what is in memory, and what it gives, in comments.
fn run(engine: Engine, example: &str) -> (Value, Value) {
    let said = |prefix| example.lines().filter_map(move |line: &str| line.strip_prefix(prefix));
    let host = Arc::new(Host::default());
    let compiled = compile(example, &host.interface());
    assert!(compiled.diagnostics.is_empty(), "{example}\n{:?}", compiled.diagnostics);
    let program = Arc::new(compiled.program.expect("no errors"));
    let linked = Arc::new(Linked::new(program, host.interface()));
    let prepared = Prepared::new(engine, linked);
    let mut instance = prepared.instance(host, Limits::default()).expect("made");
    for memory in said("# memory ") {
        let (field, value) = memory.split_once(" = ").expect("a field and its value");
        instance.set_memory(field, &literal(value)).expect("within the limits");
    }
    instance.set_energy(Energy::ZERO, Energy::from_units(1000.0));
    let outcome = instance.run();
    let output = outcome.output().unwrap_or_else(|| panic!("{example}\n{outcome:?}")).clone();
    (output, literal(said("# gives ").next().expect("what it gives")))
}

#[test]
fn the_examples_for_models_give_what_they_say() {
    let page = reference::prompt();
    let examples: Vec<&str> = page
        .split("```lau\n")
        .skip(1)
        .map(|rest| rest.split("```").next().expect("a part"))
        .collect();
    assert!(examples.len() >= 5);
    for example in examples {
        for engine in Engine::ALL {
            let (output, wanted) = run(*engine, example);
            assert_eq!(output, wanted, "{example}");
        }
    }
}
