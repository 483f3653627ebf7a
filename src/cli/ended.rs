//! How a run ended, told: to a reader, or as the JSON object of `lau run`.
//!
//! The object has, besides what every one has (see [`super::report`]),
//! - `engine`: what ran it;
//! - `ending`: `finished`, `exhausted`, `suspended` or `trapped`; null if nothing ran;
//! - `output`: the output of a finished run in plain JSON form (numbers that are not finite as null);
//! - `energy`: `used` and `budget` in units; `instructions`: how many were paid;
//! - `place`: where it ended: `function` (null in the main body), `instruction`, `line`, `column`;
//! - `trap`: `code`, `message`, `place`, and `calls`: the places it was called from, innermost first;
//! - `memory`: under `--memory`, the memory after the run in plain JSON form.

use super::args::RunArgs;
use super::excerpt;
use super::report::{self, Findings, many, pretty, units};
use super::source::Source;
use super::stop::{Exit, Stop};
use super::terminal;
use lau_agent_runtime::dsl::diagnostic::{Diagnostic, Span};
use lau_agent_runtime::{Ending, Energy, Outcome, Place, Trap, Value};
use serde::Serialize;
use std::collections::BTreeMap;

/// What there is to tell; each part is there if the run came so far.
#[derive(Debug, Default)]
pub(crate) struct Ended {
    /// The source and what was found in it.
    pub(crate) findings: Option<Findings>,
    /// Where each instruction stands in the source.
    pub(crate) spans: Vec<Span>,
    /// How the run ended.
    pub(crate) outcome: Option<Outcome>,
    /// The memory after it, if asked for.
    pub(crate) memory: Option<BTreeMap<String, Value>>,
    /// What kept the command from its work.
    pub(crate) stop: Option<Stop>,
}

impl Ended {
    /// Tells it in the way that was asked for.
    pub(crate) fn tell(self, args: &RunArgs) -> Exit {
        if args.json { self.answer(args) } else { self.words() }
    }

    fn exit(&self) -> Exit {
        match (&self.stop, &self.outcome, &self.findings) {
            (Some(stop), _, _) => stop.exit,
            (None, Some(outcome), _) => match &outcome.ending {
                Ending::Finished { .. } => Exit::Finished,
                Ending::Exhausted | Ending::Suspended { .. } => Exit::Exhausted,
                Ending::Trapped { trap } if trap.kind.is_limit() => Exit::Limit,
                Ending::Trapped { .. } => Exit::Trapped,
            },
            (None, None, Some(findings)) => findings.exit(),
            (None, None, None) => Exit::Bug,
        }
    }

    /// Tells it to a reader. Findings were drawn before the run.
    fn words(self) -> Exit {
        let exit = self.exit();
        let told = match (self.outcome, &self.findings) {
            (Some(outcome), Some(findings)) => end(outcome, exit, &findings.source, &self.spans),
            (None, Some(findings)) if self.stop.is_none() => {
                terminal::note(&format!("{}: {}", findings.source.name, findings.counts()));
                exit
            }
            (None, Some(_)) | (_, None) => exit,
        };
        self.stop.as_ref().map_or(told, report::told)
    }

    fn answer(self, args: &RunArgs) -> Exit {
        let exit = self.exit();
        let place = self.outcome.as_ref().map(|outcome| outcome.place.clone());
        let used = self.outcome.as_ref().map_or(Energy::ZERO, |outcome| outcome.energy);
        let instructions = self.outcome.as_ref().map_or(0, |outcome| outcome.instructions);
        let (ending, output, trap) = match self.outcome.map(|outcome| outcome.ending) {
            None => (None, None, None),
            Some(Ending::Finished { output }) => (Some("finished"), Some(output), None),
            Some(Ending::Exhausted) => (Some("exhausted"), None, None),
            Some(Ending::Suspended { .. }) => (Some("suspended"), None, None),
            Some(Ending::Trapped { trap }) => (Some("trapped"), None, Some(trap)),
        };
        let report = Report {
            command: "run",
            exit_code: exit.code(),
            engine: args.engine.to_string(),
            ending,
            output: output.map(Into::into),
            energy: Used { used: units(used), budget: units(args.budget) },
            instructions,
            place,
            trap: trap.map(Into::into),
            memory: self
                .memory
                .map(|memory| memory.into_iter().map(|(k, v)| (k, v.into())).collect()),
            diagnostics: self.findings.as_ref().map_or(&[], |findings| &findings.diagnostics),
            omitted: self.findings.as_ref().map_or(0, |findings| findings.omitted),
            error: self.stop.as_ref(),
        };
        report::json(exit, &report)
    }
}

/// Tells the end of a run to a reader: the output, or where and why there is none; then what it took.
fn end(outcome: Outcome, exit: Exit, source: &Source, spans: &[Span]) -> Exit {
    let Outcome { place, energy, energy_total, budget, instructions, .. } = outcome;
    let draw = |title: &str, calls: &[Place]| {
        let (span, colour) = (spans.get(place.instruction as usize), terminal::colour());
        terminal::draw(&excerpt::draw(title, source, &place, span.copied(), calls, colour));
    };
    let (ending, exit) = match outcome.ending {
        Ending::Finished { output } => {
            let output = format!("{}\n", pretty(output));
            ("finished", report::put(exit, &terminal::for_stdout(&output)))
        }
        Ending::Exhausted => {
            let left = budget.saturating_sub(energy_total);
            let title = format!("Energy budget exhausted: {left} of {budget} units are left");
            draw(&title, &[]);
            ("exhausted", exit)
        }
        Ending::Suspended { reason } => {
            draw(&format!("Suspended: {reason}"), &[]);
            ("suspended", exit)
        }
        Ending::Trapped { trap } => {
            draw(&format!("{}: {}", trap.kind, trap.message), &trap.calls);
            ("trapped", exit)
        }
    };
    let instructions = many(instructions, "instruction");
    terminal::note(&format!("{ending}: {energy} of {budget} units, {instructions}"));
    exit
}

#[derive(Serialize)]
struct Report<'a> {
    command: &'static str,
    exit_code: u8,
    engine: String,
    ending: Option<&'static str>,
    output: Option<serde_json::Value>,
    energy: Used,
    instructions: u64,
    place: Option<Place>,
    trap: Option<TrapReport>,
    memory: Option<BTreeMap<String, serde_json::Value>>,
    diagnostics: &'a [Diagnostic],
    omitted: usize,
    error: Option<&'a Stop>,
}

#[derive(Serialize)]
struct Used {
    used: serde_json::Value,
    budget: serde_json::Value,
}

#[derive(Serialize)]
struct TrapReport {
    code: &'static str,
    message: String,
    place: Place,
    calls: Vec<Place>,
}

impl From<Trap> for TrapReport {
    fn from(trap: Trap) -> Self {
        let Trap { kind, message, place, calls } = trap;
        TrapReport { code: kind.code(), message, place, calls }
    }
}
