//! The language as pages for readers, made of its tables: instructions, library, traps, diagnostics.
//!
//! The prose between the tables stands in templates beside this file; a line `<!-- name -->` in one is where
//! a table goes. Tests hold the pages in `docs/` to what is made here.

use super::diagnostic::{Code, Severity};
use super::suggest;
use lau_runtime::library::{self, Function};
use lau_runtime::program::opcode::{Effect, Row, TABLE};
use lau_runtime::{Energy, Limits, TrapKind};
use std::fmt::Write;

const LANGUAGE: &str = include_str!("reference/language.md");
const PROMPT: &str = include_str!("reference/prompt.md");

/// The whole language as a page: `docs/language.md`.
///
/// ```
/// use lau_agent_runtime::dsl::reference;
/// assert!(reference::language().contains("| `slice x from [to]` | List or Text |"));
/// ```
#[must_use]
pub fn language() -> String {
    filled(LANGUAGE)
}

/// The whole language on one page for a model that is to write programs: `docs/prompt.md`.
///
/// ```
/// use lau_agent_runtime::dsl::reference;
/// assert!(reference::prompt().contains("- `slice x from [to]`"));
/// ```
#[must_use]
pub fn prompt() -> String {
    filled(PROMPT)
}

/// A template with its tables.
fn filled(template: &str) -> String {
    let mut page = String::new();
    for line in template.lines() {
        let name = line.strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" -->"));
        match name {
            Some("instructions") => page += &instructions(),
            Some("library") => page += &library(),
            Some("traps") => page += &traps(),
            Some("diagnostics") => page += &diagnostics(),
            Some("limits") => page += &limits(),
            Some("instructions in short") => page += &instructions_in_short(),
            Some("library in short") => page += &library_in_short(),
            Some(_) | None => {
                page += line;
                page.push('\n');
            }
        }
    }
    page
}

/// Writes lines to a page; writing to a String does not fail.
macro_rules! line {
    ($page:expr, $($text:tt)*) => {
        let _ = writeln!($page, $($text)*);
    };
}

/// The instruction table in Markdown: line, price in units, stack effect and meaning.
///
/// ```
/// let reference = lau_agent_runtime::dsl::reference::instructions();
/// assert!(reference.contains("| `push value` | 0.1 | — → 1 | push the literal |"));
/// ```
#[must_use]
pub fn instructions() -> String {
    let mut page = "| line | price | stack | meaning |\n|---|---|---|---|\n".to_owned();
    for row in TABLE {
        let lines: Vec<_> = lines(row).iter().map(|line| format!("`{line}`")).collect();
        line!(page, "| {} | {} | {} | {} |", lines.join(", "), price(row), stack(row), row.meaning);
    }
    page
}

/// The library in Markdown, a table for each group.
///
/// ```
/// let reference = lau_agent_runtime::dsl::reference::library();
/// assert!(reference.contains("| `sqrt x` | Number |"));
/// ```
#[must_use]
pub fn library() -> String {
    let mut page = String::new();
    for (title, functions) in library::GROUPS {
        line!(page, "### {title}\n\n| function | gives | 1.0 and | meaning |\n|---|---|---|---|");
        for function in *functions {
            let Function { price, meaning, result, example: (program, output), .. } = function;
            let program = program.replace('|', "\\|");
            line!(
                page,
                "| `{}` | {result} | {price} | {meaning}. `{program}` gives `{output}` |",
                function.usage()
            );
        }
        page.push('\n');
    }
    page.truncate(page.trim_end().len());
    page + "\n"
}

fn traps() -> String {
    let mut page = "| kind | a message begins | what happened |\n|---|---|---|\n".to_owned();
    for kind in TrapKind::ALL {
        line!(page, "| `{}` | {} | {} |", kind.code(), kind.text(), kind.meaning());
    }
    page
}

fn diagnostics() -> String {
    let mut page = "| code | is | what was found |\n|---|---|---|\n".to_owned();
    for code in Code::ALL {
        let severity = match code.severity() {
            Severity::Error => "an error",
            Severity::Warning => "a warning",
        };
        line!(page, "| `{}` | {severity} | {} |", code.as_str(), code.meaning());
    }
    page
}

fn limits() -> String {
    let limits = Limits::default();
    let rows = [
        (
            "calls of program functions in progress",
            u64::from(limits.call_depth_max),
            "",
            "call-depth",
        ),
        ("values on the operand stack", u64::from(limits.stack_values_max), "", "stack-limit"),
        ("levels of lists and maps in a value", u64::from(limits.nesting_max), "", "nesting-limit"),
        (
            "one text, list or map without its elements' own",
            limits.value_bytes_max >> 20,
            " MiB",
            "value-limit",
        ),
        ("one value with everything in it", limits.tree_bytes_max >> 20, " MiB", "tree-limit"),
        ("all live values of the run", limits.memory_bytes_max >> 30, " GiB", "memory-limit"),
    ];
    let mut page = "| limit | default | trap |\n|---|---|---|\n".to_owned();
    for (what, most, unit, trap) in rows {
        line!(page, "| {what} | {}{unit} | `{trap}` |", grouped(most));
    }
    page
}

/// With a comma before each three digits.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn instructions_in_short() -> String {
    let mut page = String::new();
    for row in TABLE.iter().filter(|row| row.effect != Effect::Defines) {
        let lines: Vec<_> = lines(row).iter().map(|line| format!("`{line}`")).collect();
        line!(page, "- {} ({}): {}", lines.join(", "), stack(row), row.meaning);
    }
    page
}

fn library_in_short() -> String {
    let mut page = String::new();
    for (title, functions) in library::GROUPS {
        line!(page, "\n{title}:\n");
        for function in *functions {
            line!(page, "- `{}`: {}", function.usage(), function.meaning);
        }
    }
    page.split_off(1)
}

/// How an instruction is written, by each of its names: `jump_if target`.
#[must_use]
pub fn lines(row: &Row) -> Vec<String> {
    let line = |name: &str| {
        let operands = row.operands.iter().map(|operand| operand.placeholder());
        std::iter::once(name).chain(operands).collect::<Vec<_>>().join(" ")
    };
    std::iter::once(row.name).chain(row.alias).map(line).collect()
}

/// The price of an instruction in units, in words where it depends on sizes.
#[must_use]
pub fn price(row: &Row) -> String {
    let fixed = Energy::from_thousandths(u64::from(row.energy));
    if row.sized.is_empty() { fixed.to_string() } else { format!("{fixed} + {}", row.sized) }
}

/// What an instruction takes and gives: `2 → 1`.
#[must_use]
pub fn stack(row: &Row) -> String {
    use lau_runtime::program::opcode::Takes;
    let takes = match row.takes {
        Takes::Values(0) => "—".to_owned(),
        Takes::Values(n) => n.to_string(),
        Takes::TopOrNull | Takes::TopIfAny => "0 or 1".to_owned(),
        Takes::Count => "n".to_owned(),
        Takes::Pairs => "2n".to_owned(),
    };
    let gives = if row.gives == 0 { "—".to_owned() } else { row.gives.to_string() };
    if takes == "—" && gives == "—" { "—".to_owned() } else { format!("{takes} → {gives}") }
}

/// The name that a misspelt one probably means: of an instruction, a function of the library, or one of the
/// others.
///
/// ```
/// use lau_agent_runtime::dsl::reference::nearest;
/// assert_eq!(nearest("sotr", ["report"]), Some("sort"));
/// assert_eq!(nearest("xyzzy", []), None);
/// ```
pub fn nearest<'n>(name: &str, others: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let rows = TABLE.iter().map(|row| row.name);
    let functions = library::TABLE.iter().map(|function| function.name);
    suggest::nearest(name, others.into_iter().chain(rows).chain(functions))
}
