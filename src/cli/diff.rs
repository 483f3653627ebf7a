//! `lau diff`: a program on every engine of this build, and whether all that can be seen is the same.
//!
//! The first engine, the interpreter, is the oracle. The program is run to its end on each, and then cut at
//! several budgets on its way: there each engine stops, and another goes on from a snapshot. Programs that
//! `lau fuzz` saved say themselves how they are to be run.
//!
//! The JSON object has, besides what every one has (see [`lau_command::report`]),
//! - `engines`: their names, the oracle first;
//! - `files`: for each file
//!   - `file`, `diagnostics`, `omitted` and `error` as elsewhere for the whole;
//!   - `same`: whether the engines agree; null if nothing ran;
//!   - `runs`: how many there were; `hints`: what engines say of how they run it;
//!   - `ending`, `trap` (its code), `energy` used and `instructions` of the run that is not cut;
//!   - `difference`: where they differ: `engine`, `stop` (the first is 0), `what`, the facts of both `sides`,
//!     and the plan: `budget`, `resumes`, `used` in units, and `limits`.

mod plans;
mod told;

use super::args::DiffArgs;
use super::findings::Findings;
use super::progress::Progress;
use lau_agent_runtime::aot;
use lau_agent_runtime::codegen::{Options, Target};
use lau_agent_runtime::engine::Prepared;
use lau_agent_runtime::fuzz::calls::{Came, Log};
use lau_agent_runtime::fuzz::replay::Replay;
use lau_agent_runtime::fuzz::{Contender, Contest, Difference, Seen, Stage, host};
use lau_agent_runtime::lower::{Compiled, compile};
use lau_agent_runtime::{Builtin, Engine, Host, Limits, Linked, Value};
use lau_command::input::{self, Input};
use lau_command::source::{self, Source};
use lau_command::stop::{Exit, Stop};
use lau_command::terminal;
use plans::Plans;
use std::path::Path;
use std::sync::Arc;

/// What came of a file; each part is there if it came so far.
#[derive(Debug, Default)]
struct Compared {
    name: String,
    engines: Vec<&'static str>,
    findings: Option<Findings>,
    hints: Vec<String>,
    runs: u64,
    /// The oracle's run that is not cut.
    whole: Option<Seen>,
    difference: Option<Box<Difference>>,
    /// What kept it from being compared.
    stop: Option<Stop>,
}

/// Compares engines over programs.
pub(crate) fn diff(args: &DiffArgs) -> Exit {
    let compared: Vec<Compared> = args
        .files
        .iter()
        .map(|file| {
            let (name, engines) = (file.display().to_string(), engines(args));
            let mut compared = Compared { name, engines, ..Compared::default() };
            if let Err(stop) = stages(file, args, &mut compared) {
                compared.stop = Some(stop);
            }
            if !args.json
                && let Err(stop) = compared.words()
            {
                compared.stop = Some(stop);
            }
            compared
        })
        .collect();
    let exit = exit(&compared);
    if args.json { told::answer(exit, engines(args), compared) } else { exit }
}

/// What the engine is called whose code was compiled ahead of time.
const AHEAD: &str = "aot";

/// The engines that are compared.
fn engines(args: &DiffArgs) -> Vec<&'static str> {
    let own = Engine::ALL.iter().map(|engine| engine.name());
    own.chain(args.aot.then_some(AHEAD)).collect()
}

/// All that take part.
fn contenders(args: &DiffArgs, linked: &Arc<Linked>) -> Result<Vec<Contender>, Stop> {
    let mut contenders = Contender::all();
    if args.aot {
        let target = Target::host().map_err(Stop::usage)?;
        let prepared = aot::load(std::slice::from_ref(linked), Options::default(), &target);
        let prepared = prepared.map_err(|why| Stop::usage(why.to_string()))?;
        contenders
            .extend(prepared.into_iter().map(|one| Contender::new(AHEAD, move |_| one.clone())));
    }
    Ok(contenders)
}

/// That of the worst: engines that differ, then the first file that could not be compared.
fn exit(compared: &[Compared]) -> Exit {
    let exits: Vec<Exit> = compared.iter().map(Compared::exit).collect();
    let bug = exits.iter().find(|exit| **exit == Exit::Bug);
    let first = exits.iter().find(|exit| **exit != Exit::Finished);
    *bug.or(first).unwrap_or(&Exit::Finished)
}

/// The phases of a comparison, each leaving what it found.
fn stages(file: &Path, args: &DiffArgs, compared: &mut Compared) -> Result<(), Stop> {
    input::distinct(&args.inputs)?;
    let source = source::read(file)?;
    let replay = read(&source)?;
    let (host, log) = match replay.delegates {
        Some(delegates) => host::host(delegates),
        None => recording(),
    };
    let interface = host.interface();
    let Compiled { program, diagnostics, omitted, .. } = compile(&source.text, &interface);
    compared.name.clone_from(&source.name);
    let findings = compared.findings.insert(Findings { diagnostics, omitted });
    if !args.json {
        findings.draw(&source);
    }
    let Some(program) = program else { return Ok(()) };

    let limits = args.limits.over(replay.limits.unwrap_or_default());
    let linked = Arc::new(Linked::new(Arc::new(program), interface));
    let host = Arc::new(host);
    let mut memory = replay.memory.clone();
    memory.extend(inputs(&args.inputs, &linked, &host, limits)?);
    let contenders = contenders(args, &linked)?;
    let stage = Stage::new(linked, host, log, memory);
    let contest = match Contest::new(&stage, &contenders) {
        Ok(contest) => contest,
        Err(difference) => {
            compared.difference = Some(difference);
            return Ok(());
        }
    };
    compared.hints = contest.hints().map(str::to_owned).collect();
    let plans = Plans::new(&replay, args.budget, limits, args.cuts);
    compared.difference = compare(&contest, &plans, compared).err();
    compared.runs = contest.runs();
    Ok(())
}

/// What the file says of how it is to be run.
fn read(source: &Source) -> Result<Replay, Stop> {
    Replay::read(&source.text).map_err(|malformed| {
        let stop = Stop::new(Exit::Source, malformed.message);
        stop.about(Path::new(&source.name)).line(malformed.line.into())
    })
}

fn compare(
    contest: &Contest<'_>,
    plans: &Plans,
    compared: &mut Compared,
) -> Result<(), Box<Difference>> {
    let mut progress = Progress::of(plans.count());
    let name = compared.name.clone();
    let played = contest.compare(&plans.whole())?;
    let whole = compared.whole.insert(played.last().clone());
    for (plan, done) in plans.others(whole).iter().zip(1..) {
        progress.at(done, &name);
        contest.compare(plan)?;
    }
    Ok(())
}

/// What programs run by the command can call, with calls recorded and not shown.
fn recording() -> (Host, Log) {
    let (mut host, log) = (Host::default(), Log::default());
    let own = log.clone();
    let record = move |args: Vec<Value>| {
        own.record("log", &args, || Came::Back(Value::Null));
        Value::Null
    };
    host.register("log", Builtin::new(record));
    (host, log)
}

/// The inputs as fields of memory, which a run takes.
fn inputs(
    inputs: &[Input],
    linked: &Arc<Linked>,
    host: &Arc<Host>,
    limits: Limits,
) -> Result<Vec<(String, Value)>, Stop> {
    let mut instance = Prepared::new(Engine::Interp, Arc::clone(linked))
        .instance(Arc::clone(host), limits)
        .expect("the host is the one whose interface the program is linked to");
    let mut fields = Vec::new();
    for input in inputs {
        let value = input.read(&limits)?;
        instance.set_memory(&input.name, &value).map_err(|why| input.not_taken(&why))?;
        fields.push((input.name.clone(), value));
    }
    Ok(fields)
}

impl Compared {
    fn exit(&self) -> Exit {
        match (&self.stop, &self.difference, &self.findings) {
            (Some(stop), _, _) => stop.exit,
            (None, Some(_), _) => Exit::Bug,
            (None, None, _) if self.whole.is_some() => Exit::Finished,
            (None, None, Some(findings)) => findings.exit(),
            (None, None, None) => Exit::Bug,
        }
    }

    /// Tells it to a reader.
    fn words(&self) -> Result<(), Stop> {
        self.hints.iter().for_each(|hint| terminal::note(&format!("{}: {hint}", self.name)));
        if let Some(difference) = &self.difference {
            terminal::note(&told::difference(&self.name, difference));
        }
        if let Some(stop) = &self.stop {
            terminal::note(&stop.to_string());
        } else if let Some(line) = told::line(self) {
            terminal::put(format_args!("{line}\n"))?;
        } else if let Some(findings) = &self.findings {
            terminal::note(&format!("{}: {}", self.name, findings.counts()));
        }
        Ok(())
    }
}
