//! `lau help`: commands as clap has them, and the language from its tables: all instructions, the whole
//! library, one instruction or function, and the pages.
//!
//! The JSON object of a topic of the language has, besides what every one has (see [`lau_command::report`]), `topic`,
//! and `instructions` and `functions` (lists of rows, empty if the topic has none) or `text` (of a page).

use super::args::{Args, HelpArgs};
use clap::CommandFactory;
use lau_agent_runtime::dsl::reference;
use lau_command::report;
use lau_command::stop::{Exit, Stop};
use lau_runtime::library::{self, Function};
use lau_runtime::program::opcode::{Row, TABLE};
use serde::Serialize;
use std::fmt::Write;

/// What can be asked for besides commands, instructions and functions.
const TOPICS: [&str; 4] = ["instructions", "library", "language", "prompt"];

/// What help is about.
enum Found {
    /// Commands: the text that clap makes.
    Command(String),
    /// Rows of the tables.
    Rows(Vec<&'static Row>, Vec<&'static Function>),
    /// A page.
    Page(String),
}

/// Gives help.
pub(crate) fn help(args: &HelpArgs) -> Exit {
    let topic = args.topic.join(" ");
    let found = match find(&args.topic) {
        Ok(found) => found,
        Err(stop) if args.json => return json(&topic, None, Some(&stop)),
        Err(stop) => return report::told(&stop),
    };
    if args.json {
        return json(&topic, Some(&found), None);
    }
    report::put(
        Exit::Finished,
        &match found {
            Found::Command(text) | Found::Page(text) => text,
            Found::Rows(rows, functions) => match (&rows[..], &functions[..]) {
                ([row], []) => instruction(row),
                ([], [one]) => function(one),
                ([_, ..], _) => rows.into_iter().map(instruction_line).collect(),
                ([], _) => whole_library(),
            },
        },
    )
}

fn find(topic: &[String]) -> Result<Found, Stop> {
    let words: Vec<&str> = topic.iter().map(String::as_str).collect();
    let functions = || library::TABLE.iter().collect();
    Ok(match &words[..] {
        [] => Found::Command(Args::command().render_help().to_string()),
        ["instructions"] => Found::Rows(TABLE.iter().collect(), Vec::new()),
        ["library"] => Found::Rows(Vec::new(), functions()),
        ["language"] => Found::Page(reference::language()),
        ["prompt"] => Found::Page(reference::prompt()),
        [name] => return find_one(name),
        // A command of a command, such as `forge try`.
        [name, part] if has_part(name, part) => Found::Command(part_help(name, part)),
        [..] => return Err(Stop::usage("help is about one thing at a time")),
    })
}

fn has_part(name: &str, part: &str) -> bool {
    let args = Args::command();
    args.find_subcommand(name).is_some_and(|command| command.find_subcommand(part).is_some())
}

fn part_help(name: &str, part: &str) -> String {
    let mut args = Args::command();
    let found =
        args.find_subcommand_mut(name).and_then(|command| command.find_subcommand_mut(part));
    let command = found.map(std::mem::take).unwrap_or_default();
    let called = format!("lau {name} {part}");
    long_help(&mut command.display_name(called.clone()).bin_name(called))
}

fn find_one(name: &str) -> Result<Found, Stop> {
    if let Some(command) = Args::command().find_subcommand_mut(name) {
        let command = std::mem::take(command).display_name(format!("lau {name}"));
        return Ok(Found::Command(long_help(&mut command.bin_name(format!("lau {name}")))));
    }
    if let Some(opcode) = lau_runtime::program::Opcode::named(name) {
        return Ok(Found::Rows(vec![opcode.row()], Vec::new()));
    }
    if let Some(id) = library::find(name) {
        return Ok(Found::Rows(Vec::new(), vec![id.function()]));
    }
    let args = Args::command();
    let commands = args.get_subcommands().map(clap::Command::get_name);
    let help = match reference::nearest(name, TOPICS.into_iter().chain(commands)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!(
            "there is help on commands, instructions, functions, and on {}",
            TOPICS.join(", ")
        ),
    };
    Err(Stop::usage(format!("there is no help on `{name}`; {help}")))
}

fn long_help(command: &mut clap::Command) -> String {
    command.render_long_help().to_string()
}

/// One line of the list of instructions, with a second for what sizes cost.
fn instruction_line(row: &Row) -> String {
    let lines = reference::lines(row).join(", ");
    let (fixed, sized) = match reference::price(row).split_once(" + ") {
        Some((fixed, sized)) => (fixed.to_owned(), format!("{:42}+ {sized}\n", "")),
        None => (reference::price(row), String::new()),
    };
    format!("{lines:36}{fixed:>5} {}\n{sized}", plain(row.meaning))
}

fn instruction(row: &Row) -> String {
    format!(
        "{}\n\n{}\n\nprice: {}\nstack: {}\n",
        reference::lines(row).join("\n"),
        plain(row.meaning),
        reference::price(row),
        reference::stack(row)
    )
}

/// Without the stars of Markdown.
fn plain(text: &str) -> String {
    text.replace("**", "")
}

fn whole_library() -> String {
    let mut text = "Called by `call name n`; arguments in brackets need not be given. \
        `lau help NAME` has types, price and an example.\n"
        .to_owned();
    for (title, functions) in library::GROUPS {
        text += &format!("\n{title}\n");
        for function in *functions {
            // Writing to a String does not fail.
            let _ = writeln!(text, "  {:28} {}", function.usage(), function.meaning);
        }
    }
    text
}

fn function(function: &Function) -> String {
    let mut text = format!("{}\n\n{}\n\n", function.usage(), function.meaning);
    for (name, kind) in function.parameters {
        let _ = writeln!(text, "{name:9} {kind}");
    }
    let price =
        if function.price.is_empty() { "1".to_owned() } else { format!("1 + {}", function.price) };
    let (program, output) = function.example;
    let _ = write!(
        text,
        "gives     {}\nprice     {price}\n\nExample, which gives {output}:\n",
        function.result
    );
    for line in program.split("; ") {
        let _ = writeln!(text, "  {line}");
    }
    text
}

#[derive(Serialize)]
struct InstructionRow {
    name: &'static str,
    lines: Vec<String>,
    price: String,
    stack: String,
    meaning: &'static str,
}

#[derive(Serialize)]
struct FunctionRow {
    name: &'static str,
    usage: String,
    parameters: Vec<ParameterRow>,
    result: String,
    price: String,
    meaning: &'static str,
    example: &'static str,
    example_gives: &'static str,
}

#[derive(Serialize)]
struct ParameterRow {
    name: &'static str,
    kind: String,
    required: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    command: &'static str,
    exit_code: u8,
    topic: &'a str,
    instructions: Vec<InstructionRow>,
    functions: Vec<FunctionRow>,
    text: Option<&'a str>,
    error: Option<&'a Stop>,
}

fn json(topic: &str, found: Option<&Found>, error: Option<&Stop>) -> Exit {
    let exit = error.map_or(Exit::Finished, |stop| stop.exit);
    let (rows, functions, text): (&[_], &[_], _) = match found {
        Some(Found::Rows(rows, functions)) => (rows, functions, None),
        Some(Found::Command(text) | Found::Page(text)) => (&[], &[], Some(text.as_str())),
        None => (&[], &[], None),
    };
    let report = Report {
        command: "help",
        exit_code: exit.code(),
        topic,
        instructions: rows.iter().map(|row| instruction_row(row)).collect(),
        functions: functions.iter().map(|function| function_row(function)).collect(),
        text,
        error,
    };
    report::json(exit, &report)
}

fn instruction_row(row: &Row) -> InstructionRow {
    InstructionRow {
        name: row.name,
        lines: reference::lines(row),
        price: reference::price(row),
        stack: reference::stack(row),
        meaning: row.meaning,
    }
}

fn function_row(function: &Function) -> FunctionRow {
    let parameter = |(at, (name, kind)): (usize, &library::Parameter)| ParameterRow {
        name,
        kind: kind.to_string(),
        required: at < function.required,
    };
    FunctionRow {
        name: function.name,
        usage: function.usage(),
        parameters: function.parameters.iter().enumerate().map(parameter).collect(),
        result: function.result.to_string(),
        price: format!("1{}{}", if function.price.is_empty() { "" } else { " + " }, function.price),
        meaning: function.meaning,
        example: function.example.0,
        example_gives: function.example.1,
    }
}
