//! `lau run`: reads, compiles, fills memory, runs, tells how it ended.
//!
//! Here are the phases, and how a run ended put together with what was found in its source; how the end is
//! told is in [`lau_command::ended`].

use super::args::RunArgs;
use super::findings::Findings;
use lau_agent_runtime::dsl::diagnostic::{Diagnostic, Span};
use lau_agent_runtime::engine::Prepared;
use lau_agent_runtime::lower::{Compiled, compile};
use lau_agent_runtime::{Energy, Engine, Instance, Linked, Outcome};
use lau_command::args::HowArgs;
use lau_command::ended::{Asked, Ended, Found, Report};
use lau_command::host::host;
use lau_command::run::execute;
use lau_command::stop::{Exit, Stop};
use lau_command::{input, saved, source, terminal};
use std::ops::Range;
use std::sync::Arc;

/// Runs a program.
pub(crate) fn run(args: &RunArgs) -> Exit {
    let mut ran = Ran::default();
    if let Err(stop) = stages(args, &mut ran, Prepared::new, Instance::run) {
        ran.ended.stop = Some(stop);
    }
    ran.tell(&asked("run", args.by.engine, &args.how, args.budget))
}

/// What there is to tell of a run; each part is there if the run came so far.
#[derive(Debug, Default)]
pub(crate) struct Ran {
    /// How it ended.
    pub(crate) ended: Ended,
    /// What was found in its source.
    pub(crate) findings: Option<Findings>,
}

impl Ran {
    /// Tells it in the way that was asked for.
    pub(crate) fn tell(self, asked: &Asked<'_>) -> Exit {
        if !asked.how.json {
            self.count();
        }
        self.ended.tell(asked, found(&self.findings))
    }

    /// What the command is to end with.
    pub(crate) fn exit(&self) -> Exit {
        self.ended.exit(found(&self.findings).exit)
    }

    /// Tells it to a reader; `put` puts the output where it belongs.
    pub(crate) fn words(self, asked: &Asked<'_>, put: impl FnOnce(Exit, &str) -> Exit) -> Exit {
        self.count();
        self.ended.words(asked, found(&self.findings).exit, put)
    }

    /// The JSON object, which takes outcome and memory.
    pub(crate) fn report<'a>(&'a mut self, asked: &Asked<'a>) -> (Exit, Report<'a, Diagnostic>) {
        self.ended.report(asked, found(&self.findings))
    }

    /// Where nothing ran because of findings, they are what there is to tell. They were drawn before.
    fn count(&self) {
        let Ended { source, outcome, stop, .. } = &self.ended;
        if let (Some(source), Some(findings), None, None) = (source, &self.findings, outcome, stop)
        {
            terminal::note(&format!("{}: {}", source.name, findings.counts()));
        }
    }
}

fn found(findings: &Option<Findings>) -> Found<'_, Diagnostic> {
    findings.as_ref().map(Findings::found).unwrap_or_default()
}

/// What was asked of a command that runs a program.
pub(crate) fn asked<'a>(
    command: &'static str,
    engine: Engine,
    how: &'a HowArgs,
    budget: Energy,
) -> Asked<'a> {
    Asked { command, engine: engine.name(), how, budget, resume: "lau resume" }
}

/// The bytes of the source that each instruction is.
pub(crate) fn bytes(spans: &[Span]) -> Vec<Range<usize>> {
    spans.iter().map(|span| span.start..span.end).collect()
}

/// The phases of a run, each leaving what it found. `prepare` makes the program ready, `go` runs it.
pub(crate) fn stages(
    args: &RunArgs,
    ran: &mut Ran,
    prepare: impl FnOnce(Engine, Arc<Linked>) -> Prepared,
    go: impl FnOnce(&mut Instance) -> Outcome,
) -> Result<(), Stop> {
    input::distinct(&args.inputs)?;
    let read = args.inputs.iter().map(|input| input.file.as_path()).chain([args.file.as_path()]);
    saved::check(args.how.snapshot.as_deref(), "a snapshot", read)?;
    let host = Arc::new(host());
    let interface = host.interface();

    let source = ran.ended.source.insert(source::read(&args.file)?);
    // The instructions are not needed any more.
    let Compiled { program, spans, diagnostics, omitted, instructions: _ } =
        compile(&source.text, &interface);
    ran.ended.spans = bytes(&spans);
    let findings = ran.findings.insert(Findings { diagnostics, omitted });
    if !args.how.json {
        findings.draw(source); // before the program's own log
    }
    let Some(program) = program else { return Ok(()) };

    let limits = args.limits.limits();
    let linked = Arc::new(Linked::new(Arc::new(program), interface));
    let mut instance = hinted(prepare(args.by.engine, linked))
        .instance(host, limits)
        .expect("the host is the one whose interface the program is linked to");
    instance.set_energy(Energy::ZERO, args.budget);
    for input in &args.inputs {
        let value = input.read(&limits)?;
        instance.set_memory(&input.name, &value).map_err(|why| input.not_taken(&why))?;
    }
    execute(&mut instance, &args.how, &limits, &mut ran.ended, go)
}

/// A program made ready for the engine that was asked for, once it is said where that engine will not do.
pub(crate) fn hinted(prepared: Prepared) -> Prepared {
    for hint in prepared.hints() {
        terminal::note(hint);
    }
    prepared
}
