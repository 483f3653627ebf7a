//! `lau run`: reads, compiles, fills memory, runs, tells how it ended.
//!
//! Here are the phases and the host that programs run by the command meet, and what every run has in
//! common, wherever it begins; how the end is told is in [`super::ended`].

use super::args::{HowArgs, RunArgs};
use super::ended::{Asked, Ended};
use super::input;
use super::interrupt;
use super::report::{Findings, text};
use super::saved;
use super::source;
use super::stop::{Exit, Stop};
use super::terminal;
use lau_agent_runtime::engine::Prepared;
use lau_agent_runtime::lower::{Compiled, compile};
use lau_agent_runtime::{Builtin, Energy, Engine, Host, Instance, Limits, Linked, Outcome, Value};
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Instant;

/// Runs a program.
pub(crate) fn run(args: &RunArgs) -> Exit {
    let mut ended = Ended::default();
    if let Err(stop) = stages(args, &mut ended, Prepared::new, Instance::run) {
        ended.stop = Some(stop);
    }
    ended.tell(&Asked { command: "run", how: &args.how, budget: args.budget })
}

/// The phases of a run, each leaving what it found. `prepare` makes the program ready, `go` runs it.
pub(crate) fn stages(
    args: &RunArgs,
    ended: &mut Ended,
    prepare: impl FnOnce(Engine, Arc<Linked>) -> Prepared,
    go: impl FnOnce(&mut Instance) -> Outcome,
) -> Result<(), Stop> {
    input::distinct(&args.inputs)?;
    let read = args.inputs.iter().map(|input| input.file.as_path()).chain([args.file.as_path()]);
    saved::check(args.how.snapshot.as_deref(), "a snapshot", read)?;
    let host = Arc::new(host());
    let interface = host.interface();

    let source = source::read(&args.file)?;
    // The instructions are not needed any more.
    let Compiled { program, spans, diagnostics, omitted, instructions: _ } =
        compile(&source.text, &interface);
    ended.spans = spans;
    let findings = ended.findings.insert(Findings { source, diagnostics, omitted });
    if !args.how.json {
        findings.draw(); // before the program's own log
    }
    let Some(program) = program else { return Ok(()) };

    let limits = args.limits.limits();
    let linked = Arc::new(Linked::new(Arc::new(program), interface));
    let mut instance = hinted(prepare(args.how.engine, linked))
        .instance(host, limits)
        .expect("the host is the one whose interface the program is linked to");
    instance.set_energy(Energy::ZERO, args.budget);
    for input in &args.inputs {
        let value = input.read(&limits)?;
        instance.set_memory(&input.name, &value).map_err(|why| input.not_taken(&why))?;
    }
    execute(&mut instance, &args.how, &limits, ended, go)
}

/// Runs an instance in the way that was asked for, and keeps what there is to tell of it.
pub(crate) fn execute(
    instance: &mut Instance,
    how: &HowArgs,
    limits: &Limits,
    ended: &mut Ended,
    go: impl FnOnce(&mut Instance) -> Outcome,
) -> Result<(), Stop> {
    instance.set_deadline(how.timeout.and_then(|timeout| Instant::now().checked_add(timeout)));
    ended.outcome = Some(interrupt::suspendable(instance, go));
    if let (Some(file), Some(findings)) = (&how.snapshot, &ended.findings)
        && instance.is_resumable()
    {
        let snapshot = instance.snapshot().map_err(|why| Stop::usage(why.to_string()))?;
        saved::write(file, snapshot, &findings.source, limits)?;
        ended.saved = Some(file.clone());
    }
    if how.memory {
        ended.memory = Some(instance.memory().map_err(|why| {
            Stop::new(Exit::Limit, format!("the memory after the run cannot be given: {why}"))
        })?);
    }
    Ok(())
}

/// A program made ready for the engine that was asked for, once it is said where that engine will not do.
pub(crate) fn hinted(prepared: Prepared) -> Prepared {
    for hint in prepared.hints() {
        terminal::note(hint);
    }
    prepared
}

/// What programs run by the command can call: `log`, which writes its arguments to standard error.
pub(crate) fn host() -> Host {
    let mut host = Host::default();
    host.register("log", Builtin::new(log));
    host
}

fn log(args: Vec<Value>) -> Value {
    let words: Vec<String> = args.into_iter().map(text).collect();
    // Whoever closed standard error does not want the log; the program goes on all the same.
    let _ = writeln!(io::stderr().lock(), "{}", terminal::for_stderr(&words.join(" ")));
    Value::Null
}
