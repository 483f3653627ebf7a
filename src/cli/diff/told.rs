//! What is told of a comparison: a line, both sides of a difference, or JSON.

use super::Compared;
use lau_agent_runtime::dsl::diagnostic::Diagnostic;
use lau_agent_runtime::fuzz::{Difference, Plan, Seen, SeenEnding};
use lau_agent_runtime::{Energy, Limits};
use lau_command::report::{self, many, units};
use lau_command::stop::{Exit, Stop};
use serde::Serialize;

/// `x.lau: 2 engines, 70 runs, the same: finished, 8.75 units`; `None` if nothing was compared.
pub(super) fn line(compared: &Compared) -> Option<String> {
    let engines = many(compared.engines.len() as u64, "engine");
    let runs = many(compared.runs, "run");
    let what = match (&compared.difference, &compared.whole) {
        (Some(difference), _) => format!("they differ: {}", first_line(difference)),
        (None, Some(whole)) => {
            let (ending, kind) = ending(whole);
            let kind = kind.map(|kind| format!(" ({kind})")).unwrap_or_default();
            let energy = Energy::from_thousandths(whole.energy);
            format!("the same: {ending}{kind}, {energy} units")
        }
        (None, None) => return None,
    };
    Some(format!("{}: {engines}, {runs}, {what}", compared.name))
}

fn first_line(difference: &Difference) -> String {
    difference.to_string().lines().next().unwrap_or_default().to_owned()
}

/// How it ended, and the kind of a trap.
fn ending(seen: &Seen) -> (&'static str, Option<&'static str>) {
    match &seen.ending {
        SeenEnding::Finished { .. } => ("finished", None),
        SeenEnding::Exhausted => ("exhausted", None),
        SeenEnding::Suspended { .. } => ("suspended", None),
        SeenEnding::Trapped { kind, .. } => ("trapped", Some(kind.code())),
    }
}

/// Both sides of a difference, and by which plan it shows.
pub(super) fn difference(name: &str, difference: &Difference) -> String {
    format!(
        "{name}: the engines differ, with {}\n{difference}\nThis is a bug in lau {}. Please report it, with \
         the program if you can share it.",
        plan(&difference.plan),
        env!("CARGO_PKG_VERSION"),
    )
}

/// `a budget of 0.35 units, then 0, then 8.4 more`.
fn plan(plan: &Plan) -> String {
    let energy = Energy::from_thousandths;
    let mut text = format!("a budget of {} units", energy(plan.budget));
    for (at, extra) in plan.resumes.iter().enumerate() {
        let more = if at + 1 == plan.resumes.len() { " more" } else { "" };
        text.push_str(&format!(", then {}{more}", energy(*extra)));
    }
    if plan.used_before > 0 {
        text.push_str(&format!(" ({} used before)", energy(plan.used_before)));
    }
    text
}

#[derive(Serialize)]
struct Report {
    command: &'static str,
    exit_code: u8,
    engines: Vec<&'static str>,
    files: Vec<File>,
    error: Option<Stop>,
}

#[derive(Serialize)]
struct File {
    file: String,
    same: Option<bool>,
    runs: u64,
    hints: Vec<String>,
    ending: Option<&'static str>,
    trap: Option<&'static str>,
    energy: Option<serde_json::Value>,
    instructions: Option<u64>,
    difference: Option<Differs>,
    diagnostics: Vec<Diagnostic>,
    omitted: usize,
    error: Option<Stop>,
}

#[derive(Serialize)]
struct Differs {
    engine: String,
    stop: Option<usize>,
    what: Vec<String>,
    sides: Vec<String>,
    budget: serde_json::Value,
    resumes: Vec<serde_json::Value>,
    used: serde_json::Value,
    limits: Limits,
}

/// The JSON object.
pub(super) fn answer(exit: Exit, engines: Vec<&'static str>, compared: Vec<Compared>) -> Exit {
    let report = Report {
        command: "diff",
        exit_code: exit.code(),
        engines,
        files: compared.into_iter().map(file).collect(),
        error: None,
    };
    report::json(exit, &report)
}

fn file(compared: Compared) -> File {
    let whole = compared.whole.as_ref();
    let (diagnostics, omitted) =
        compared.findings.map_or((Vec::new(), 0), |found| (found.diagnostics, found.omitted));
    let ran = whole.is_some() || compared.difference.is_some();
    File {
        same: ran.then_some(compared.difference.is_none()),
        runs: compared.runs,
        ending: whole.map(|seen| ending(seen).0),
        trap: whole.and_then(|seen| ending(seen).1),
        energy: whole.map(|seen| units(Energy::from_thousandths(seen.energy))),
        instructions: whole.map(|seen| seen.instructions),
        difference: compared.difference.map(|difference| differs(*difference)),
        file: compared.name,
        hints: compared.hints,
        diagnostics,
        omitted,
        error: compared.stop,
    }
}

fn differs(difference: Difference) -> Differs {
    let Difference { plan, engine, stop, what, sides } = difference;
    let units = |n: u64| units(Energy::from_thousandths(n));
    Differs {
        engine,
        stop,
        what,
        sides: sides.lines().map(|line| line.trim().to_owned()).collect(),
        budget: units(plan.budget),
        resumes: plan.resumes.into_iter().map(units).collect(),
        used: units(plan.used_before),
        limits: plan.limits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differs() -> Compared {
        let limits = Limits::default();
        let plan = Plan { resumes: vec![0, 700], used_before: 50, ..Plan::of(limits, 350) };
        let sides = "  interp  thousandths 100\n  jit     thousandths 200\n".to_owned();
        let what = vec!["energy".to_owned(), "stack".to_owned()];
        let difference = Difference { plan, engine: "jit".into(), stop: Some(1), what, sides };
        let difference = Some(Box::new(difference));
        Compared { name: "x.lau".into(), runs: 5, difference, ..Compared::default() }
    }

    #[test]
    fn both_sides_of_a_difference_are_shown() {
        let compared = differs();
        let line = line(&compared).expect("it was compared");
        assert!(line.starts_with("x.lau: "), "{line}");
        assert!(
            line.ends_with("5 runs, they differ: jit differs at stop 1 in energy, stack"),
            "{line}"
        );
        let text = difference("x.lau", compared.difference.as_ref().expect("it differs"));
        assert!(
            text.contains("a budget of 0.35 units, then 0, then 0.7 more (0.05 used before)"),
            "{text}"
        );
        assert!(text.contains("  interp  thousandths 100\n  jit     thousandths 200\n"), "{text}");
        assert_eq!(compared.exit(), Exit::Bug);
        let json = serde_json::to_value(file(compared)).expect("plain data");
        assert_eq!((&json["same"], &json["difference"]["stop"]), (&false.into(), &1.into()));
        assert_eq!(json["difference"]["sides"][1], "jit     thousandths 200");
    }

    #[test]
    fn the_worst_file_decides() {
        let usage = || Compared { stop: Some(Stop::usage("no")), ..Compared::default() };
        assert_eq!(super::super::exit(&[usage(), differs()]), Exit::Bug);
        assert_eq!(super::super::exit(&[usage()]), Exit::Usage);
    }
}
