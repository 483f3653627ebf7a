//! `lau help`: topics, one instruction, one function, commands; as text and as JSON.

use crate::support::{keys, run};
use lau_agent_runtime::dsl::reference;
use lau_runtime::library;
use lau_runtime::program::opcode;

#[test]
fn lists_have_everything_there_is() {
    let instructions = run("help instructions", None);
    for row in opcode::TABLE {
        let begins = |line: &str| line.starts_with(&reference::lines(row)[0]);
        assert!(instructions.stdout.lines().any(begins), "{}", row.name);
    }
    let functions = run("help library", None);
    for function in library::TABLE.iter() {
        let begins = |line: &str| line.trim_start().starts_with(&function.usage());
        assert!(functions.stdout.lines().any(begins), "{}", function.name);
    }
    assert_eq!((instructions.code, functions.code), (0, 0));
}

#[test]
fn one_thing_is_told_with_its_price() {
    let ran = run("help append", None);
    assert!(
        ran.stdout.starts_with("append variable\n") && ran.stdout.contains("price: 0.2 + "),
        "{ran:?}"
    );
    let ran = run("help slice", None);
    for words in [
        "slice x from [to]\n",
        "from      Number\n",
        "price     1 + 0.01 an element",
        "  call slice 3\n",
    ] {
        assert!(ran.stdout.contains(words), "{words}: {ran:?}");
    }
    assert_eq!(run("help jump_false", None).stdout, run("help jump_if", None).stdout);
}

#[test]
fn pages_are_those_of_the_documentation() {
    assert_eq!(run("help language", None).stdout, reference::language());
    assert_eq!(run("help prompt", None).stdout, reference::prompt());
}

#[test]
fn commands_have_the_help_of_their_own() {
    assert_eq!(run("help run", None).stdout, run("run --help", None).stdout);
    assert_eq!(run("help", None).stdout, run("--help", None).stdout);
}

#[test]
fn json_has_the_rows_as_data() {
    let all = run("help library --json", None).json();
    assert_eq!(all["functions"].as_array().map(Vec::len), Some(library::TABLE.len()));
    let one = run("help find --json", None).json();
    assert_eq!(
        keys(&one),
        ["command", "error", "exit_code", "functions", "instructions", "text", "topic"]
    );
    let parameters = &one["functions"][0]["parameters"];
    assert_eq!(parameters[2]["name"], "from");
    assert_eq!(
        (&parameters[1]["required"], &parameters[2]["required"]),
        (&true.into(), &false.into())
    );
    let rows = run("help instructions --json", None).json();
    assert_eq!(rows["instructions"].as_array().map(Vec::len), Some(opcode::TABLE.len()));
    assert!(
        run("help prompt --json", None).json()["text"]
            .as_str()
            .is_some_and(|text| text.len() > 5_000)
    );
}

#[test]
fn what_there_is_no_help_on_is_guessed() {
    run("help sotr", None).fails(2, &["no help on `sotr`", "did you mean `sort`?"]);
    run("help xyzzy", None).fails(2, &["instructions, library, language, prompt"]);
    run("help run resume", None).fails(2, &["one thing at a time"]);
    let json = run("help --json xyzzy", None).json();
    assert!(json["error"]["message"].as_str().is_some_and(|message| message.contains("xyzzy")));
}
