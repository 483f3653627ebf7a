//! How a run ended, told: to a reader, or as the JSON object of `lau run`, `lau resume` and `lau profile`.
//!
//! The object has, besides what every one has (see [`super::report`]),
//! - `engine`: what ran it;
//! - `ending`: `finished`, `exhausted`, `suspended` or `trapped`; null if nothing ran;
//! - `output`: the output of a finished run in plain JSON form (numbers that are not finite as null);
//! - `energy`: `used` and `budget` in units; `instructions`: how many were paid; both over all parts of a
//!   run that was resumed;
//! - `suspended`: why a suspended run waits: `kind` (`deadline` or `cancelled`);
//! - `snapshot`: the file that the run was written to, to go on with; null if it was not;
//! - `place`: where it ended: `function` (null in the main body), `instruction`, `line`, `column`;
//! - `trap`: `code`, `message`, `place`, and `calls`: the places it was called from, innermost first;
//! - `memory`: under `--memory`, the memory after the run in plain JSON form.

use super::args::HowArgs;
use super::excerpt;
use super::report::{self, Findings, many, pretty, units};
use super::source::Source;
use super::stop::{Exit, Stop};
use super::terminal;
use lau_agent_runtime::dsl::diagnostic::{Diagnostic, Span};
use lau_agent_runtime::{Ending, Energy, Outcome, Place, Suspension, Trap, Value};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    /// The command's name.
    pub(crate) command: &'static str,
    /// How to run and tell.
    pub(crate) how: &'a HowArgs,
    /// The budget, as far as it was given.
    pub(crate) budget: Energy,
}

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
    /// Where it was written to.
    pub(crate) saved: Option<PathBuf>,
    /// What kept the command from its work.
    pub(crate) stop: Option<Stop>,
}

impl Ended {
    /// Tells it in the way that was asked for.
    pub(crate) fn tell(mut self, asked: &Asked<'_>) -> Exit {
        if !asked.how.json {
            return self.words(Ended::product);
        }
        let (exit, report) = self.report(asked);
        report::json(exit, &report)
    }

    /// An output as what the command is for.
    fn product(exit: Exit, output: &str) -> Exit {
        report::put(exit, &terminal::for_stdout(output))
    }

    /// What the command is to end with.
    pub(crate) fn exit(&self) -> Exit {
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

    /// Tells it to a reader; `put` puts the output where it belongs. Findings were drawn before the run.
    pub(crate) fn words(self, put: impl FnOnce(Exit, &str) -> Exit) -> Exit {
        let exit = self.exit();
        let told = match (self.outcome, &self.findings) {
            (Some(outcome), Some(findings)) => {
                let exhausted = outcome.ending == Ending::Exhausted;
                let told = end(outcome, exit, &findings.source, &self.spans, put);
                if told == Exit::Exhausted {
                    how_to_go_on(self.saved.as_deref(), exhausted);
                }
                told
            }
            (None, Some(findings)) if self.stop.is_none() => {
                terminal::note(&format!("{}: {}", findings.source.name, findings.counts()));
                exit
            }
            (None, Some(_)) | (_, None) => exit,
        };
        self.stop.as_ref().map_or(told, report::told)
    }

    /// The JSON object, which takes outcome and memory.
    pub(crate) fn report(&mut self, asked: &Asked<'_>) -> (Exit, Report<'_>) {
        let exit = self.exit();
        let place = self.outcome.as_ref().map(|outcome| outcome.place.clone());
        let used = self.outcome.as_ref().map_or(Energy::ZERO, |outcome| outcome.energy);
        let instructions = self.outcome.as_ref().map_or(0, |outcome| outcome.instructions);
        let budget = self.outcome.as_ref().map_or(asked.budget, |outcome| outcome.budget);
        let (mut output, mut suspended, mut trap) = (None, None, None);
        let ending = self.outcome.take().map(|outcome| match outcome.ending {
            Ending::Finished { output: given } => {
                output = Some(given);
                "finished"
            }
            Ending::Exhausted => "exhausted",
            Ending::Suspended { reason } => {
                suspended = Some(reason);
                "suspended"
            }
            Ending::Trapped { trap: how } => {
                trap = Some(how);
                "trapped"
            }
        });
        let report = Report {
            command: asked.command,
            exit_code: exit.code(),
            engine: asked.how.engine.to_string(),
            ending,
            output: output.map(Into::into),
            energy: Used { used: units(used), budget: units(budget) },
            instructions,
            suspended,
            snapshot: self.saved.as_ref().map(|file| file.display().to_string()),
            place,
            trap: trap.map(Into::into),
            memory: self
                .memory
                .take()
                .map(|memory| memory.into_iter().map(|(k, v)| (k, v.into())).collect()),
            diagnostics: self.findings.as_ref().map_or(&[], |findings| &findings.diagnostics),
            omitted: self.findings.as_ref().map_or(0, |findings| findings.omitted),
            error: self.stop.as_ref(),
        };
        (exit, report)
    }
}

/// Tells a reader how to go on with a run that stopped.
fn how_to_go_on(saved: Option<&Path>, exhausted: bool) {
    let more = if exhausted { " --budget UNITS" } else { "" };
    terminal::note(&match saved {
        Some(file) => format!("to go on: lau resume {}{more}", file.display()),
        None => "to be able to go on from there, run it with --snapshot FILE".to_owned(),
    });
}

/// Tells the end of a run to a reader: the output, or where and why there is none; then what it took.
fn end(
    outcome: Outcome,
    exit: Exit,
    source: &Source,
    spans: &[Span],
    put: impl FnOnce(Exit, &str) -> Exit,
) -> Exit {
    let Outcome { place, energy, energy_total, budget, instructions, .. } = outcome;
    let draw = |title: &str, calls: &[Place]| {
        let bytes = spans.get(place.instruction as usize).map(|span| span.start..span.end);
        let colour = terminal::colour();
        terminal::draw(&excerpt::draw(title, Some(source), &place, bytes, calls, colour));
    };
    let (ending, exit) = match outcome.ending {
        Ending::Finished { output } => {
            let output = format!("{}\n", pretty(output));
            ("finished", put(exit, &output))
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

/// The JSON object of a run.
#[derive(Serialize)]
pub(crate) struct Report<'a> {
    command: &'static str,
    exit_code: u8,
    engine: String,
    ending: Option<&'static str>,
    output: Option<serde_json::Value>,
    energy: Used,
    instructions: u64,
    suspended: Option<Suspension>,
    snapshot: Option<String>,
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
