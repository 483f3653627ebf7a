//! What is told of a session: rates, and what was found.

use super::{Found, Fuzzed};
use lau_agent_runtime::fuzz::{Kind, Rates};
use lau_command::stop::{Exit, Stop};
use lau_command::{report, terminal};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Tells it in the way that was asked for.
pub(super) fn tell(fuzzed: &Fuzzed, json: bool) -> Exit {
    let exit = if fuzzed.found.is_some() { Exit::Bug } else { Exit::Finished };
    if json {
        return answer(fuzzed, exit);
    }
    if let Some(found) = &fuzzed.found {
        terminal::note(&words(found, fuzzed.seed));
    }
    report::put(exit, &rates(fuzzed))
}

/// What was found, and how to see it again.
fn words(found: &Found, seed: u64) -> String {
    let Found { case, finding, files } = found;
    let files: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
    let again = match finding.kind {
        Kind::Engines => format!("lau diff {}", files.join(" ")),
        Kind::Text | Kind::Snapshot => format!("lau fuzz --seed {seed} --from {case} --cases 1"),
    };
    format!(
        "found something in case {case}: {}\nIt is in {}; to see it again: {again}\nThis is a bug in lau {}. \
         Please report it, with the file.",
        finding.words,
        files.join(" and "),
        env!("CARGO_PKG_VERSION"),
    )
}

/// More functions than so many are not listed.
const FUNCTIONS_TOLD: usize = 12;

/// The rates, a line each.
fn rates(fuzzed: &Fuzzed) -> String {
    let Fuzzed { cases, took, rates, .. } = fuzzed;
    let seconds = took.as_secs_f64();
    let mut out = String::new();
    let mut line = |name: &str, text: String| {
        let _ = writeln!(out, "{name:<14}{text}"); // a String takes it
    };
    let early = if fuzzed.interrupted { ", interrupted" } else { "" };
    line("cases", format!("{cases} in {seconds:.1} s{early}"));
    let programs = rates.programs();
    line("programs", format!("{programs}, {:.0} a second", programs as f64 / seconds));
    let runs = rates.runs_so_far();
    line("runs", format!("{runs}, {:.0} a second", runs as f64 / seconds));
    line("ends", ends(rates));
    let missed = rates.missed_opcodes();
    let not =
        if missed.is_empty() { String::new() } else { format!("; not {}", missed.join(", ")) };
    let all = rates.opcodes().count();
    line("instructions", format!("{} of {all} executed{not}", all - missed.len()));
    let (functions, missed) = (rates.library().count(), rates.missed_functions());
    let not = if missed.is_empty() || missed.len() > FUNCTIONS_TOLD {
        String::new()
    } else {
        format!("; not {}", missed.join(", "))
    };
    line("library", format!("{} of {functions} gave a result{not}", functions - missed.len()));
    let features = rates.features().iter().filter(|(_, n)| **n > 0);
    let features: Vec<_> = features.map(|(feature, n)| format!("{feature} {n}")).collect();
    if !features.is_empty() {
        line("besides", features.join(", "));
    }
    out
}

/// `finished 61.2 %, exhausted 3.0 %, trapped 35.8 %`, of programs with plenty of energy.
fn ends(rates: &Rates) -> String {
    let mut shares = BTreeMap::new();
    for (ending, n) in rates.wholes() {
        let name = match *ending {
            "finished" | "exhausted" | "suspended" => ending,
            _ => "trapped",
        };
        *shares.entry(name).or_insert(0) += n;
    }
    let all = rates.programs().max(1) as f64;
    let share = |name: &&str| {
        let n = shares.get(name).copied().unwrap_or(0);
        format!("{name} {:.1} %", 100.0 * n as f64 / all)
    };
    ["finished", "exhausted", "suspended", "trapped"]
        .iter()
        .map(share)
        .collect::<Vec<_>>()
        .join(", ")
}

#[derive(Serialize)]
struct Report<'a> {
    command: &'static str,
    exit_code: u8,
    seed: u64,
    from: u64,
    cases: u64,
    seconds: f64,
    interrupted: bool,
    programs: u64,
    runs: u64,
    endings: &'a BTreeMap<&'static str, u64>,
    features: &'a BTreeMap<&'static str, u64>,
    instructions_missed: Vec<&'static str>,
    functions_missed: Vec<&'static str>,
    finding: Option<FindingReport<'a>>,
    error: Option<&'a Stop>,
}

#[derive(Serialize)]
struct FindingReport<'a> {
    case: u64,
    kind: &'static str,
    message: &'a str,
    files: Vec<String>,
}

fn answer(fuzzed: &Fuzzed, exit: Exit) -> Exit {
    let rates = &fuzzed.rates;
    let finding = fuzzed.found.as_ref().map(|found| FindingReport {
        case: found.case,
        kind: match found.finding.kind {
            Kind::Engines => "engines",
            Kind::Text => "text",
            Kind::Snapshot => "snapshot",
        },
        message: &found.finding.words,
        files: found.files.iter().map(|file| file.display().to_string()).collect(),
    });
    let report = Report {
        command: "fuzz",
        exit_code: exit.code(),
        seed: fuzzed.seed,
        from: fuzzed.from,
        cases: fuzzed.cases,
        seconds: (fuzzed.took.as_secs_f64() * 1_000.0).round() / 1_000.0,
        interrupted: fuzzed.interrupted,
        programs: rates.programs(),
        runs: rates.runs_so_far(),
        endings: rates.wholes(),
        features: rates.features(),
        instructions_missed: rates.missed_opcodes(),
        functions_missed: rates.missed_functions(),
        finding,
        error: None,
    };
    report::json(exit, &report)
}
