//! How a run ended, told: to a reader, or as the JSON object of `lau run` and all that run a program like it.
//!
//! The object has, besides what every one has (see [`crate::report`]),
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
//!
//! What was found in the source before the run is told as it is given; here nobody knows what it is.

use crate::args::HowArgs;
use crate::excerpt;
use crate::report::{self, many, pretty, units};
use crate::source::Source;
use crate::stop::{Exit, Stop};
use crate::terminal;
use lau_runtime::{Ending, Energy, Outcome, Place, Suspension, Trap, Value};
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// What was asked for.
#[derive(Debug)]
pub struct Asked<'a> {
    /// The command's name.
    pub command: &'static str,
    /// The name of the engine.
    pub engine: &'a str,
    /// How to run and tell.
    pub how: &'a HowArgs,
    /// The budget, as far as it was given.
    pub budget: Energy,
    /// What goes on with a run, its file left out: `lau resume`.
    pub resume: &'a str,
}

/// What was found in the source before the run.
#[derive(Debug)]
pub struct Found<'a, D> {
    /// The findings, in source order.
    pub diagnostics: &'a [D],
    /// How many more there are.
    pub omitted: usize,
    /// What they mean for the exit code where nothing ran because of them.
    pub exit: Exit,
}

/// Nobody looked. That nothing ran then is a bug, unless it is said why.
impl<D> Default for Found<'_, D> {
    fn default() -> Self {
        Found { diagnostics: &[], omitted: 0, exit: Exit::Bug }
    }
}

/// What there is to tell; each part is there if the run came so far.
#[derive(Debug, Default)]
pub struct Ended {
    /// The source of the program.
    pub source: Option<Source>,
    /// Which bytes of the source each instruction is.
    pub spans: Vec<Range<usize>>,
    /// How the run ended.
    pub outcome: Option<Outcome>,
    /// The memory after it, if asked for.
    pub memory: Option<BTreeMap<String, Value>>,
    /// Where it was written to.
    pub saved: Option<PathBuf>,
    /// What kept the command from its work.
    pub stop: Option<Stop>,
}

impl Ended {
    /// Tells it in the way that was asked for.
    pub fn tell<D: Serialize>(mut self, asked: &Asked<'_>, found: Found<'_, D>) -> Exit {
        if !asked.how.json {
            return self.words(asked, found.exit, Ended::product);
        }
        let (exit, report) = self.report(asked, found);
        report::json(exit, &report)
    }

    /// An output as what the command is for.
    fn product(exit: Exit, output: &str) -> Exit {
        report::put(exit, &terminal::for_stdout(output))
    }

    /// What the command is to end with: `otherwise` if nothing ran and nothing says why.
    #[must_use]
    pub fn exit(&self, otherwise: Exit) -> Exit {
        match (&self.stop, &self.outcome) {
            (Some(stop), _) => stop.exit,
            (None, Some(outcome)) => match &outcome.ending {
                Ending::Finished { .. } => Exit::Finished,
                Ending::Exhausted | Ending::Suspended { .. } => Exit::Exhausted,
                Ending::Trapped { trap } if trap.kind.is_limit() => Exit::Limit,
                Ending::Trapped { .. } => Exit::Trapped,
            },
            (None, None) => otherwise,
        }
    }

    /// Tells it to a reader; `put` puts the output where it belongs. What was found in the source was drawn
    /// before the run.
    pub fn words(
        self,
        asked: &Asked<'_>,
        otherwise: Exit,
        put: impl FnOnce(Exit, &str) -> Exit,
    ) -> Exit {
        let exit = self.exit(otherwise);
        let told = self.outcome.map_or(exit, |outcome| {
            let exhausted = outcome.ending == Ending::Exhausted;
            let told = end(outcome, exit, self.source.as_ref(), &self.spans, put);
            if told == Exit::Exhausted {
                how_to_go_on(asked.resume, self.saved.as_deref(), exhausted);
            }
            told
        });
        self.stop.as_ref().map_or(told, report::told)
    }

    /// The JSON object, which takes outcome and memory.
    pub fn report<'a, D: Serialize>(
        &'a mut self,
        asked: &Asked<'a>,
        found: Found<'a, D>,
    ) -> (Exit, Report<'a, D>) {
        let exit = self.exit(found.exit);
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
            engine: asked.engine,
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
            diagnostics: found.diagnostics,
            omitted: found.omitted,
            error: self.stop.as_ref(),
        };
        (exit, report)
    }
}

/// Tells a reader how to go on with a run that stopped.
fn how_to_go_on(resume: &str, saved: Option<&Path>, exhausted: bool) {
    let more = if exhausted { " --budget UNITS" } else { "" };
    terminal::note(&match saved {
        Some(file) => format!("to go on: {resume} {}{more}", file.display()),
        None => "to be able to go on from there, run it with --snapshot FILE".to_owned(),
    });
}

/// Tells the end of a run to a reader: the output, or where and why there is none; then what it took.
fn end(
    outcome: Outcome,
    exit: Exit,
    source: Option<&Source>,
    spans: &[Range<usize>],
    put: impl FnOnce(Exit, &str) -> Exit,
) -> Exit {
    let Outcome { place, energy, energy_total, budget, instructions, .. } = outcome;
    let draw = |title: &str, calls: &[Place]| {
        let bytes = spans.get(place.instruction as usize).cloned();
        terminal::draw(&excerpt::draw(title, source, &place, bytes, calls, terminal::colour()));
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
pub struct Report<'a, D> {
    command: &'static str,
    exit_code: u8,
    engine: &'a str,
    ending: Option<&'static str>,
    output: Option<serde_json::Value>,
    energy: Used,
    instructions: u64,
    suspended: Option<Suspension>,
    snapshot: Option<String>,
    place: Option<Place>,
    trap: Option<TrapReport>,
    memory: Option<BTreeMap<String, serde_json::Value>>,
    diagnostics: &'a [D],
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nothing_ran_the_report_is_complete() {
        let how = HowArgs { timeout: None, snapshot: None, json: true, memory: false };
        let budget = Energy::from_thousandths(1_500);
        let asked = Asked { command: "run", engine: "aot", how: &how, budget, resume: "./w" };
        let told = |stop: Option<Stop>, found: Found<'_, &str>| {
            let mut ended = Ended { stop, ..Ended::default() };
            let (exit, report) = ended.report(&asked, found);
            let json = serde_json::to_value(&report).expect("plain data");
            assert_eq!((&json["exit_code"], &json["engine"]), (&exit.code().into(), &"aot".into()));
            assert_eq!((&json["ending"], &json["energy"]["budget"]), (&().into(), &1.5.into()));
            (exit, json)
        };
        assert_eq!(told(None, Found::default()).0, Exit::Bug);
        assert_eq!(told(Some(Stop::usage("no")), Found::default()).0, Exit::Usage);
        let found = Found { diagnostics: &["a finding"], omitted: 2, exit: Exit::Source };
        let (exit, json) = told(None, found);
        assert_eq!((exit, &json["diagnostics"][0]), (Exit::Source, &"a finding".into()));
        assert_eq!(json["omitted"], 2);
    }
}
