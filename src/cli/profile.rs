//! `lau profile`: runs a program as `lau run` does, and tells what each line of it took.
//!
//! The table is the product and goes to standard output; what the program gives goes to standard error with
//! the summary. The sums of a profile are those of the run; if they are not, that is a bug of ours.
//!
//! The JSON object has, besides what that of `lau run` has (see [`lau_command::ended`]),
//! - `profile`: null if nothing ran;
//!   - `lines`: `line`, `visits`, `energy` in units, and `source`: the line's text, shortened; in the order asked
//!     for, those left out that were not executed;
//!   - `functions`: `function` (null for the main body), `calls`, `visits`, `energy`, those of the function alone;
//!   - `nodes`: the tree of calls, each after the one that called it: `parent`, the place of that one here,
//!     `function`, its place in `functions` (null for the head of calls that have no place in the tree),
//!     `visits` and `energy`, of the function alone as it was called from there;
//! - `svg`: the file that the flame graph was written to; null if it was not.

mod flame;
mod table;

use super::args::{ProfileArgs, RunArgs, Sort};
use super::run::{self, Ran};
use lau_agent_runtime::dsl::diagnostic::Diagnostic;
use lau_agent_runtime::dsl::literal::Literal;
use lau_agent_runtime::engine::Prepared;
use lau_agent_runtime::{Outcome, Profile, Value};
use lau_command::ended::Report;
use lau_command::report::{self, units};
use lau_command::stop::{Exit, Stop};
use lau_command::{saved, terminal};
use lau_runtime::profile::Spent;
use serde::Serialize;

/// Longer texts of a program are cut.
const SHOWN_MAX: usize = 100;

/// Runs a program and tells where its energy went.
pub(crate) fn profile(args: &ProfileArgs) -> Exit {
    let (mut ran, mut kept) = (Ran::default(), Kept::default());
    if let Err(stop) = stages(args, &mut ran, &mut kept) {
        ran.ended.stop = Some(stop);
    }
    let Kept { profile, svg } = kept;
    let RunArgs { by, how, budget, .. } = &args.run;
    let asked = run::asked("profile", by.engine, how, *budget);
    let source = ran.ended.source.as_ref().map_or(String::new(), |source| source.text.clone());
    if how.json {
        let profile = profile.map(|profile| Told::new(&profile, &source, args.sort));
        let (exit, run) = ran.report(&asked);
        return report::json(exit, &Answer { run, profile, svg });
    }
    let exit = ran.exit();
    let put = profile.map_or(exit, |profile| {
        report::put(exit, &terminal::for_stdout(&table::table(&profile, &source, args.sort)))
    });
    let told = ran.words(&asked, |exit, output| {
        terminal::draw(&terminal::for_stderr(output));
        exit
    });
    if put == exit { told } else { put }
}

/// What there is to tell beside how the run ended.
#[derive(Default)]
struct Kept {
    profile: Option<Profile>,
    /// Where the flame graph was written to.
    svg: Option<String>,
}

/// The phases, each leaving what it found.
fn stages(args: &ProfileArgs, ran: &mut Ran, kept: &mut Kept) -> Result<(), Stop> {
    let inputs = args.run.inputs.iter().map(|input| input.file.as_path());
    let read = inputs.chain([args.run.file.as_path()]).chain(args.run.how.snapshot.as_deref());
    saved::check(args.svg.as_deref(), "a flame graph", read)?;
    let done = run::stages(&args.run, ran, Prepared::profiling, |instance| {
        instance.start_profile();
        let outcome = instance.run();
        kept.profile = instance.take_profile();
        outcome
    });
    if let (Some(profile), Some(outcome)) = (&kept.profile, &ran.ended.outcome) {
        add_up(profile, outcome);
        if let (Some(file), Some(source)) = (&args.svg, &ran.ended.source) {
            let svg = flame::graph(profile, outcome, source);
            saved::put(file, "the flame graph", &svg)?;
            kept.svg = Some(file.display().to_string());
        }
    }
    done
}

fn add_up(profile: &Profile, outcome: &Outcome) {
    let total = profile.total();
    let sums = (total.energy, total.visits);
    assert_eq!(sums, (outcome.energy, outcome.instructions), "a profile that does not add up");
}

/// A name of a program as a reader can see it: as it is written in a program.
fn name(name: Option<&str>) -> String {
    let Some(name) = name else { return "(main)".to_owned() };
    let quoted = Literal(&Value::from(name)).to_string();
    let bare = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let bare = bare == Some(name) && !name.is_empty() && !name.contains(char::is_whitespace);
    shortened(if bare { name } else { &quoted }, SHOWN_MAX)
}

/// A line of a source, with what would steer a terminal made visible, cut where it is long.
fn line(text: &str) -> String {
    let mut shown = String::new();
    for c in text.trim_end().chars().take(2 * SHOWN_MAX) {
        match c {
            '\t' => shown.push_str("    "),
            '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                shown.extend(c.escape_unicode());
            }
            c if c.is_control() => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shortened(&shown, SHOWN_MAX)
}

/// The first characters of a text, and a mark where there are more.
fn shortened(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some(_) => text.chars().take(max - 1).chain(['…']).collect(),
        None => text.to_owned(),
    }
}

/// Sorts lines in the order that was asked for.
fn sorted(profile: &Profile, sort: Sort) -> Vec<(u32, Spent)> {
    let mut lines: Vec<(u32, Spent)> = profile.lines().into_iter().collect();
    match sort {
        Sort::Line => {}
        Sort::Energy => lines.sort_by_key(|(_, spent)| std::cmp::Reverse(spent.energy)),
        Sort::Visits => lines.sort_by_key(|(_, spent)| std::cmp::Reverse(spent.visits)),
    }
    lines
}

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    run: Report<'a, Diagnostic>,
    profile: Option<Told>,
    svg: Option<String>,
}

/// A profile as data.
#[derive(Serialize)]
struct Told {
    lines: Vec<Line>,
    functions: Vec<Function>,
    nodes: Vec<Node>,
}

#[derive(Serialize)]
struct Line {
    line: u32,
    visits: u64,
    energy: serde_json::Value,
    source: String,
}

#[derive(Serialize)]
struct Function {
    function: Option<String>,
    calls: u64,
    visits: u64,
    energy: serde_json::Value,
}

#[derive(Serialize)]
struct Node {
    parent: Option<usize>,
    function: Option<usize>,
    visits: u64,
    energy: serde_json::Value,
}

impl Told {
    fn new(profile: &Profile, source: &str, sort: Sort) -> Told {
        let text: Vec<&str> = source.lines().collect();
        let source = |at: u32| text.get((at as usize).wrapping_sub(1)).map_or("", |text| *text);
        let lines = sorted(profile, sort).into_iter().map(|(at, Spent { visits, energy })| Line {
            line: at,
            visits,
            energy: units(energy),
            source: line(source(at)),
        });
        let functions = profile.functions().into_iter().map(|called| {
            let Spent { visits, energy } = called.own;
            Function { function: called.name, calls: called.calls, visits, energy: units(energy) }
        });
        let nodes = profile.nodes().into_iter().map(|node| {
            let Spent { visits, energy } = node.own();
            let function = node.function.map(|function| function.index());
            Node { parent: node.parent, function, visits, energy: units(energy) }
        });
        Told { lines: lines.collect(), functions: functions.collect(), nodes: nodes.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_lines_cannot_steer_a_reader() {
        assert_eq!((name(None), name(Some("f1"))), ("(main)".into(), "f1".into()));
        assert_eq!(name(Some("a b")), "\"a b\"");
        assert_eq!(name(Some("a\u{1b}[31m\n\"")), r#""a\u{1b}[31m\n\"""#);
        assert_eq!(name(Some("")), "\"\"");
        assert_eq!(line("\tpush\r\u{7}\u{202e}x "), "    push\\u{d}\\u{7}\\u{202e}x");
        assert_eq!(line(&"é".repeat(1_000)).chars().count(), SHOWN_MAX);
        assert_eq!(name(Some(&"é".repeat(1_000))).chars().count(), SHOWN_MAX);
    }
}
