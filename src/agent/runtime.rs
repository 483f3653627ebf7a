//! A runtime of an agent: a program with its memory, its builtins and its energy.
//!
//! The public fields are the state between runs. During a run, and while one is stopped, the state is
//! an [`Instance`]'s, and the fields show what it was when it stopped. How one that stopped goes on is in
//! `stopped`.

mod stopped;

use super::result::{RuntimeResult, RuntimeSnapshot, StepResult};
use crate::dsl::diagnostic::Span;
use crate::dsl::instruction::{Instruction, same};
use crate::dsl::parse::DIAGNOSTICS_MAX;
use crate::dsl::token::shown;
use crate::engine::{Engine, Prepared};
use crate::lower;
use lau_runtime::host::{Builtin, Failure, Host};
use lau_runtime::instance::{Canceller, Ending, Error, Instance, Linked, Mirror, Outcome, Step};
use lau_runtime::{Energy, Limits, Value};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A builtin that is a plain function.
pub type BuiltinFn = fn(Vec<Value>) -> Value;

/// The highest compilation level.
const LEVEL_MAX: u32 = 3;

/// The name of a runtime, unique in the process if the runtime chose it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RuntimeId(pub String);

impl RuntimeId {
    /// `rt-<name>-<counter>`.
    fn next(name: &str) -> Self {
        static COUNTER: AtomicU64 = AtomicU64::new(1);
        RuntimeId(format!("rt-{name}-{}", COUNTER.fetch_add(1, Ordering::Relaxed)))
    }
}

impl fmt::Display for RuntimeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<&str> for RuntimeId {
    fn from(id: &str) -> Self {
        RuntimeId(id.to_owned())
    }
}

/// A program with its memory, builtins and energy.
///
/// ```
/// use lau_agent_runtime::{MiniRuntime, Value};
///
/// let mut runtime = MiniRuntime::new("sum", "arithmetic", 10.0);
/// runtime.compile("load a\nload b\nadd\nreturn").unwrap();
/// runtime.memory.insert("a".into(), Value::from(2.0));
/// runtime.memory.insert("b".into(), Value::from(3.0));
/// let result = runtime.execute().unwrap();
/// assert_eq!(result.output, Value::from(5.0));
/// assert_eq!(runtime.energy_used, 0.35);
/// ```
pub struct MiniRuntime {
    /// Its name in a shell.
    pub id: RuntimeId,
    /// What it is called.
    pub name: String,
    /// What it is about.
    pub domain: String,
    /// The program. It may be set by hand, and is read when a run starts; one that is stopped goes on with
    /// the program it was started with.
    pub instructions: Vec<Instruction>,
    /// Builtins that are plain functions; see [`MiniRuntime::register`] for others.
    pub builtins: HashMap<String, BuiltinFn>,
    /// The main body's variables: read when a run starts, written when it stops and with every step. Between
    /// steps they are the run's: what is changed then is not read, and may show up mixed with what it writes.
    pub memory: HashMap<String, Value>,
    /// Energy that may be used over all runs, in units.
    pub energy_budget: f64,
    /// Energy used over all runs, in units.
    pub energy_used: f64,
    /// How often it was compiled, at most 3 times counted.
    pub compilation_level: u32,
    engine: Engine,
    limits: Limits,
    timeout: Option<Duration>,
    canceller: Canceller,
    /// Builtins that are no plain functions, and the delegate handler.
    host: Host,
    /// Why there is no program, where one was asked for. It holds as long as there is none.
    fault: Option<String>,
    /// What the instructions were last lowered to.
    lowered: Option<Lowered>,
    run: Option<Run>,
}

/// A program as it was last lowered and linked.
struct Lowered {
    /// What it was lowered from: the field may have been set since.
    instructions: Vec<Instruction>,
    /// Where those stand in the text they came from, if they came from one.
    spans: Vec<Span>,
    linked: Arc<Linked>,
    /// The linked program ready for the engine it last ran on.
    prepared: Option<(Engine, Prepared)>,
}

impl Lowered {
    /// The linked program ready for an engine.
    fn prepared(&mut self, engine: Engine) -> &Prepared {
        let ready = self
            .prepared
            .take()
            .filter(|(of, prepared)| *of == engine && Arc::ptr_eq(prepared.linked(), &self.linked));
        let ready = ready.unwrap_or_else(|| (engine, Prepared::new(engine, self.linked.clone())));
        &self.prepared.insert(ready).1
    }
}

/// A run in progress, or the end of one.
struct Run {
    instance: Instance,
    /// What is known of the memory field; nothing if it was too large to be written.
    mirror: Option<Mirror>,
    /// What a step past the end says again.
    ended: Option<Result<Value, String>>,
}

impl MiniRuntime {
    /// A runtime without a program, with a budget in units.
    #[must_use]
    pub fn new(name: &str, domain: &str, budget: f64) -> Self {
        MiniRuntime {
            id: RuntimeId::next(name),
            name: name.to_owned(),
            domain: domain.to_owned(),
            instructions: Vec::new(),
            builtins: HashMap::new(),
            memory: HashMap::new(),
            energy_budget: budget,
            energy_used: 0.0,
            compilation_level: 0,
            engine: Engine::default(),
            limits: Limits::default(),
            timeout: None,
            canceller: Canceller::default(),
            host: Host::default(),
            fault: None,
            lowered: None,
            run: None,
        }
    }

    /// Makes a plain function callable.
    pub fn register_builtin(&mut self, name: &str, f: BuiltinFn) {
        self.host.remove(name);
        self.builtins.insert(name.to_owned(), f);
    }

    /// Makes any builtin callable: a closure, one that may fail, that is typed, that has a price.
    ///
    /// ```
    /// use lau_agent_runtime::{Builtin, MiniRuntime, Value};
    /// let mut runtime = MiniRuntime::new("typed", "arithmetic", 10.0);
    /// runtime.register("half", Builtin::typed(|x: f64| x / 2.0));
    /// runtime.compile("push 5\ncall half 1\nreturn").unwrap();
    /// assert_eq!(runtime.execute().unwrap().output, Value::from(2.5));
    /// ```
    pub fn register(&mut self, name: &str, builtin: Builtin) {
        self.builtins.remove(name);
        self.host.register(name, builtin);
    }

    /// Hands delegated tasks to a handler (agent, task) instead of noting them in memory.
    pub fn on_delegate(
        &mut self,
        handler: impl Fn(&str, &str) -> Result<(), Failure> + Send + Sync + 'static,
    ) {
        self.host.on_delegate(handler);
    }

    /// Chooses the engine for the runs that start, or are restored, from now on.
    pub fn set_engine(&mut self, engine: Engine) {
        self.engine = engine;
    }

    /// The engine that runs are started on.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Sets the limits for the runs that start, or are restored, from now on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Suspends what `execute` and `resume` do after so much time, or never. `step` knows no timeout.
    pub fn set_timeout(&mut self, timeout: Option<Duration>) {
        self.timeout = timeout;
    }

    /// What suspends this runtime's runs from elsewhere.
    #[must_use]
    pub fn canceller(&self) -> Canceller {
        self.canceller.clone()
    }

    /// Compiles a source text, takes it for the program, raises the compilation level, and gives the
    /// instructions.
    ///
    /// # Errors
    /// Every fault of the text, a line each: `Parse error on line 3: …`. Of very many the first, and how
    /// many more there are. Nothing is changed then.
    pub fn compile(&mut self, source: &str) -> Result<Vec<Instruction>, String> {
        let (instructions, spans, program) =
            lower::program(source).map_err(|faults| faults.to_string())?;
        let linked = Arc::new(Linked::new(Arc::new(program), self.host().interface()));
        self.run = None;
        self.fault = None;
        self.instructions.clone_from(&instructions);
        self.lowered = Some(Lowered { instructions, spans, linked, prepared: None });
        self.compilation_level = (self.compilation_level + 1).min(LEVEL_MAX);
        Ok(self.instructions.clone())
    }

    /// Remembers why the program that was asked for is not there.
    pub(super) fn lacks_program(&mut self, why: String) {
        self.fault = Some(why);
    }

    /// Why there is no program, if one was asked for and none has been set since.
    fn lack(&self) -> Option<&String> {
        self.fault.as_ref().filter(|_| self.instructions.is_empty())
    }

    /// Runs the program from its start.
    ///
    /// # Errors
    /// `Energy budget exhausted` with used and budget, or `Suspended` and why (the run can be resumed); a
    /// trap, with its place; the faults of instructions set by hand, or of the source that a task was
    /// compiled to; memory beyond a limit.
    pub fn execute(&mut self) -> Result<RuntimeResult, String> {
        let mut instance = self.start()?;
        instance.set_deadline(self.deadline());
        let outcome = instance.run();
        self.stopped(instance, &outcome)
    }

    /// Executes one instruction: the first, or the next. Past the end it gives the output again, done,
    /// unless the instructions have been set to others: then it starts with those.
    ///
    /// `memory` shows what the step wrote. That and the top of the stack are copied, so besides its work a
    /// step costs the host their tree sizes; of an `append` or `put` only what went into the field counts.
    ///
    /// # Errors
    /// As [`MiniRuntime::execute`]. After a trap, or once memory is beyond the limit, every further step
    /// says it again; `reset` starts anew.
    pub fn step(&mut self) -> Result<StepResult, String> {
        let mut run = match self.run.take() {
            // Only an ended run is asked whether its program is still the runtime's: that looks at all of it.
            Some(run) if run.ended.is_none() || self.current().is_some() => run,
            Some(_) | None => {
                let instance = self.start()?;
                Run { mirror: Some(instance.mirror()), instance, ended: None }
            }
        };
        if let Some(ended) = &run.ended {
            let ended = ended.clone();
            self.run = Some(run);
            return Ok(self.stepped(Instruction::Return, ended?, true));
        }
        run.instance.set_energy(run.instance.energy_used(), Energy::from_units(self.energy_budget));
        run.instance.set_deadline(None);
        let (Step { instruction, outcome, .. }, shown) = match &mut run.mirror {
            Some(mirror) => run.instance.step_mirrored(mirror, &mut self.memory),
            None => {
                let step = run.instance.step();
                let memory = run.instance.memory();
                let shown = memory.map(|memory| {
                    self.memory = memory.into_iter().collect();
                    run.mirror = Some(run.instance.mirror());
                });
                (step, shown)
            }
        };
        self.energy_used = run.instance.energy_used().to_units();
        if let Err(error) = shown {
            let message = error.to_string();
            run.ended = Some(Err(message.clone()));
            self.run = Some(run);
            return Err(message);
        }
        let result = match outcome {
            None => Ok((run.instance.top().unwrap_or_default(), false)),
            Some(outcome) => match ended(&outcome) {
                Ok(output) => {
                    run.ended = Some(Ok(output.clone()));
                    Ok((output, true))
                }
                Err(message) => {
                    if !run.instance.is_resumable() {
                        run.ended = Some(Err(message.clone()));
                    }
                    Err(message)
                }
            },
        };
        self.run = Some(run);
        let (result, done) = result?;
        let at = instruction.map_or(usize::MAX, |at| at as usize);
        let program = self.lowered.as_ref().and_then(|lowered| lowered.instructions.get(at));
        let instruction = program.cloned().unwrap_or(Instruction::Return);
        Ok(self.stepped(instruction, result, done))
    }

    /// Calls a builtin for the host itself. Nothing is charged.
    ///
    /// # Errors
    /// `Unknown builtin: <name>`, or the builtin's failure.
    pub fn call(&self, function: &str, args: Vec<Value>) -> Result<Value, String> {
        let builtin = match self.builtins.get(function) {
            Some(f) => Builtin::new(*f),
            None => match self.host.builtin(function) {
                Some(builtin) => builtin.clone(),
                None => return Err(format!("Unknown builtin: {function}")),
            },
        };
        builtin.call(args).map_err(|failure| format!("Builtin failed: `{function}`: {failure}"))
    }

    /// The state between runs; a stopped run goes into a [`MiniRuntime::snapshot`].
    #[must_use]
    pub fn save_state(&self) -> RuntimeSnapshot {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        RuntimeSnapshot {
            id: self.id.clone(),
            memory: self.memory.clone(),
            energy_used: self.energy_used,
            compilation_level: self.compilation_level,
            created_at: since.as_secs(),
        }
    }

    /// Takes over memory, energy used and compilation level of a saved state. A stopped run is given up.
    pub fn load_state(&mut self, state: &RuntimeSnapshot) {
        self.run = None;
        self.memory.clone_from(&state.memory);
        self.energy_used = state.energy_used;
        self.compilation_level = state.compilation_level.min(LEVEL_MAX);
    }

    /// Whether energy used is within the budget.
    #[must_use]
    pub fn is_conserved(&self) -> bool {
        Energy::from_units(self.energy_used) <= Energy::from_units(self.energy_budget)
    }

    /// The compilation level, 0 to 3.
    #[must_use]
    pub fn abstraction_level(&self) -> u32 {
        self.compilation_level
    }

    /// Gives up a stopped run: position, stack and instruction count are those of a new one. Memory and
    /// energy used stay.
    pub fn reset(&mut self) {
        self.run = None;
    }

    /// Names the program calls that neither it defines nor anybody has registered, in the order of their
    /// first call.
    #[must_use]
    pub fn missing_builtins(&self) -> Vec<String> {
        let mut missing = Vec::new();
        // Names that are there, and those already found missing.
        let mut seen: HashSet<&String> = self
            .instructions
            .iter()
            .filter_map(|i| if let Instruction::Func(name, _) = i { Some(name) } else { None })
            .collect();
        for instruction in &self.instructions {
            if let Instruction::Call(name, _) | Instruction::Try(name, _) = instruction
                && !self.builtins.contains_key(name)
                && self.host.builtin(name).is_none()
                && seen.insert(name)
            {
                missing.push(name.clone());
            }
        }
        missing
    }

    /// What would go wrong at the latest when the program runs: faults of its instructions, builtins that
    /// are missing. Of very many the first, and how many more there are.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let (mut warnings, mut more) = match lower::lower_at(&self.instructions, self.spans()) {
            Ok(_) => (Vec::new(), 0),
            Err(faults) => (faults.iter().map(ToString::to_string).collect(), faults.omitted),
        };
        warnings.extend(self.lack().into_iter().flat_map(|why| why.lines().map(str::to_owned)));
        let missing = self.missing_builtins();
        let room = DIAGNOSTICS_MAX.saturating_sub(warnings.len());
        let told = missing.iter().take(room);
        warnings.extend(told.map(|name| format!("builtin {} is not registered", shown(name))));
        more += missing.len().saturating_sub(room);
        if more > 0 {
            warnings.push(format!("and {more} more"));
        }
        warnings
    }

    /// What the program was lowered to, if it has not been set to another since.
    fn current(&self) -> Option<&Lowered> {
        self.lowered.as_ref().filter(|lowered| same(&lowered.instructions, &self.instructions))
    }

    /// The places of the instructions, if they are still those of a text.
    fn spans(&self) -> &[Span] {
        self.current().map_or(&[], |lowered| &lowered.spans)
    }

    /// All builtins, and the delegate handler.
    fn host(&self) -> Host {
        let mut host = self.host.clone();
        for (name, f) in &self.builtins {
            host.register(name.clone(), Builtin::new(*f));
        }
        host
    }

    /// An instance at the start of a run, with the fields taken in.
    fn start(&mut self) -> Result<Instance, String> {
        let mut instance = self.made(Prepared::instance)?;
        for (name, value) in &self.memory {
            instance.set_memory(name, value).map_err(|error| error.to_string())?;
        }
        let (used, budget) = (self.energy_used, self.energy_budget);
        instance.set_energy(Energy::from_units(used), Energy::from_units(budget));
        Ok(instance)
    }

    /// An instance of the program for the chosen engine. A stopped run is given up.
    fn made(
        &mut self,
        make: impl FnOnce(&Prepared, Arc<Host>, Limits) -> Result<Instance, Error>,
    ) -> Result<Instance, String> {
        self.run = None;
        if let Some(why) = self.lack() {
            return Err(why.clone());
        }
        let host = self.host();
        let (engine, limits) = (self.engine, self.limits);
        let prepared = self.link(&host)?.prepared(engine);
        let instance = make(prepared, Arc::new(host), limits);
        let mut instance = instance.map_err(|error| error.to_string())?;
        instance.set_canceller(self.canceller.clone());
        Ok(instance)
    }

    fn deadline(&self) -> Option<Instant> {
        self.timeout.and_then(|timeout| Instant::now().checked_add(timeout))
    }

    /// The program lowered and linked to the host, anew where something changed.
    fn link(&mut self, host: &Host) -> Result<&mut Lowered, String> {
        let interface = host.interface();
        let lowered = match self.lowered.take() {
            Some(mut lowered) if same(&lowered.instructions, &self.instructions) => {
                if *lowered.linked.interface() != interface {
                    let program = lowered.linked.program().clone();
                    lowered.linked = Arc::new(Linked::new(program, interface));
                }
                lowered
            }
            Some(_) | None => {
                let instructions = self.instructions.clone();
                let program = lower::lower(&instructions).map_err(|faults| faults.to_string())?;
                let linked = Arc::new(Linked::new(Arc::new(program), interface));
                Lowered { instructions, spans: Vec::new(), linked, prepared: None }
            }
        };
        Ok(self.lowered.insert(lowered))
    }

    /// Writes the fields after a run stopped, and tells its result.
    fn stopped(&mut self, instance: Instance, outcome: &Outcome) -> Result<RuntimeResult, String> {
        self.energy_used = outcome.energy_total.to_units();
        let memory = instance.memory().map_err(|error| error.to_string());
        let result = ended(outcome).map(|output| {
            let instructions = u32::try_from(outcome.instructions).unwrap_or(u32::MAX);
            let mut result = RuntimeResult::ok(output, self.energy_used, instructions);
            let functions = &instance.linked().program().parts().functions;
            result.abstractions_formed = functions.iter().filter_map(|f| f.name.clone()).collect();
            result.compilation_hints =
                vec![format!("{}: {} instructions", self.engine, outcome.instructions)];
            let prepared = self.lowered.as_ref().and_then(|lowered| lowered.prepared.as_ref());
            result.compilation_hints.extend(prepared.iter().flat_map(|p| p.1.hints().to_vec()));
            if let Some((covered, all)) = prepared.as_ref().and_then(|p| p.1.coverage()) {
                let hint = format!("native code covers {covered} of {all} instructions");
                result.compilation_hints.push(hint);
            }
            result
        });
        if instance.is_resumable() {
            let mirror = memory.is_ok().then(|| instance.mirror());
            self.run = Some(Run { instance, mirror, ended: None });
        }
        self.memory = memory?.into_iter().collect();
        result
    }

    fn stepped(&self, instruction: Instruction, result: Value, done: bool) -> StepResult {
        let left = Energy::from_units(self.energy_budget);
        let left = left.saturating_sub(Energy::from_units(self.energy_used));
        StepResult { instruction, result, energy_remaining: left.to_units(), done }
    }
}

/// The output of a finished run, or what is said of another.
fn ended(outcome: &Outcome) -> Result<Value, String> {
    match &outcome.ending {
        Ending::Finished { output } => Ok(output.clone()),
        Ending::Trapped { trap } => Err(trap.to_string()),
        Ending::Exhausted => Err(format!(
            "Energy budget exhausted: used {} of {} units ({})",
            outcome.energy_total, outcome.budget, outcome.place
        )),
        Ending::Suspended { reason } => Err(format!("Suspended: {reason} ({})", outcome.place)),
    }
}

impl fmt::Debug for MiniRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MiniRuntime")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("domain", &self.domain)
            .field("instructions", &self.instructions)
            .field("builtins", &self.builtins.keys())
            .field("host", &self.host)
            .field("memory", &self.memory)
            .field("energy_budget", &self.energy_budget)
            .field("energy_used", &self.energy_used)
            .field("compilation_level", &self.compilation_level)
            .field("engine", &self.engine)
            .finish_non_exhaustive()
    }
}
