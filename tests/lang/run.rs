//! Running a program on an engine, and what is seen of it: everything that engines must agree on.

#[cfg(feature = "aot")]
use crate::ahead;
use crate::file::{Go, Setup, Step};
use crate::host::{Log, host};
#[cfg(feature = "jit")]
use lau_agent_runtime::codegen::{OptLevel, Options};
use lau_agent_runtime::dsl::literal::Literal;
use lau_agent_runtime::engine::Prepared;
use lau_agent_runtime::{
    Ending, Energy, Engine, Host, Instance, Linked, Outcome, Place, Profile, Program, TrapKind,
    Value,
};
use lau_runtime::instance::Error;
use lau_runtime::profile::{Called, Node, Spent};
use std::cell::RefCell;
use std::sync::Arc;

/// A run, or a part of it, as it was seen. Values are in their printed form, in which NaN is NaN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    /// `finished 3`, `exhausted`, `trapped failed`.
    pub(crate) ending: String,
    /// What the trap says, and the calls that led there.
    trap: Vec<String>,
    pub(crate) energy: Energy,
    total: Energy,
    pub(crate) instructions: u64,
    pub(crate) place: String,
    /// The instruction that could not be paid.
    pub(crate) exhausted: Option<u32>,
    memory: Vec<String>,
    stack: Vec<String>,
    live: u64,
    pub(crate) calls: Vec<String>,
    /// What a profile has, if one is kept.
    profile: Option<(Vec<Node>, Vec<Called>)>,
}

impl State {
    /// The state as lines of an expectation, under the budget it was reached with.
    pub(crate) fn lines(&self, budget: &str) -> Vec<String> {
        let total = format!(" total {}", self.total);
        let live = format!(" | live {}", self.live);
        let mut lines = vec![format!(
            "{budget}: {} | energy {}{} | instructions {} | at {}{}",
            self.ending,
            self.energy,
            if self.total == self.energy { "" } else { &total },
            self.instructions,
            self.place,
            if self.live == 0 { "" } else { &live },
        )];
        lines.extend(self.trap.iter().map(|line| format!("  {line}")));
        let lists = [("memory", &self.memory), ("stack", &self.stack), ("calls", &self.calls)];
        for (what, items) in lists {
            if !items.is_empty() {
                lines.push(format!("  {what} {}", items.join("  ")));
            }
        }
        lines
    }
}

/// Does what the steps say with one instance; what was seen after each of them, as far as it came.
pub(crate) fn run_on(
    way: Way,
    program: &Arc<Program>,
    setup: &Setup,
    steps: &[Step],
) -> (Vec<State>, Option<Error>) {
    let mut states = Vec::new();
    let mut all = || -> Result<(), Error> {
        let mut run = Run::new(way, program, setup)?;
        for step in steps {
            states.push(run.go(*step)?);
        }
        Ok(())
    };
    let error = all().err();
    (states, error)
}

/// How a program is run: on an engine as it is, or on native code that is made in another way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    On(Engine),
    /// Without optimisation.
    #[cfg(feature = "jit")]
    Unoptimised,
    /// Leaving where it need not: at one of its guards, or at all of them.
    #[cfg(feature = "jit")]
    Leaving(Guards),
    /// Compiled ahead of time.
    #[cfg(feature = "aot")]
    Ahead,
    /// Compiled ahead of time, and leaving where it need not.
    #[cfg(feature = "aot")]
    AheadLeaving(Guards),
    /// Keeping a profile.
    Profiling(Engine),
    /// Keeping a profile, and leaving at all guards.
    #[cfg(feature = "jit")]
    ProfilingLeaving,
}

/// Which guards leave.
#[cfg(feature = "jit")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guards {
    None,
    One(u64),
    All,
}

impl Way {
    fn prepared(self, linked: Arc<Linked>) -> Prepared {
        match self {
            Way::On(engine) => Prepared::new(engine, linked),
            Way::Profiling(engine) => Prepared::profiling(engine, linked),
            #[cfg(feature = "jit")]
            Way::ProfilingLeaving => {
                let options = Options { exits: true, profile: true, ..Options::default() };
                let prepared = Prepared::native(linked, &options);
                prepared.force_all();
                prepared
            }
            #[cfg(feature = "jit")]
            Way::Unoptimised => {
                let options = Options { opt: OptLevel::None, ..Options::default() };
                Prepared::native(linked, &options)
            }
            #[cfg(feature = "jit")]
            Way::Leaving(_) => {
                let options = Options { opt: OptLevel::None, exits: true, ..Options::default() };
                Prepared::native(linked, &options)
            }
            #[cfg(feature = "aot")]
            Way::Ahead => ahead::prepared(&linked, AHEAD).expect("it is linked"),
            #[cfg(feature = "aot")]
            Way::AheadLeaving(_) => ahead::prepared(&linked, AHEAD_LEAVING).expect("it is linked"),
        }
    }

    /// Which guards leave, if that is chosen.
    #[cfg(feature = "jit")]
    fn guards(self) -> Option<Guards> {
        match self {
            Way::Leaving(guards) => Some(guards),
            #[cfg(feature = "aot")]
            Way::AheadLeaving(guards) => Some(guards),
            #[cfg(feature = "aot")]
            Way::Ahead => None,
            Way::On(_) | Way::Unoptimised | Way::Profiling(_) | Way::ProfilingLeaving => None,
        }
    }

    fn keeps_a_profile(self) -> bool {
        match self {
            Way::Profiling(_) => true,
            Way::On(_) => false,
            #[cfg(feature = "jit")]
            Way::ProfilingLeaving => true,
            #[cfg(feature = "jit")]
            Way::Unoptimised | Way::Leaving(_) => false,
            #[cfg(feature = "aot")]
            Way::Ahead | Way::AheadLeaving(_) => false,
        }
    }

    /// Whether both run the same code, apart from which guards leave.
    fn same_code(self, other: Way) -> bool {
        match (self, other) {
            #[cfg(feature = "jit")]
            (Way::Leaving(_), Way::Leaving(_)) => true,
            #[cfg(feature = "aot")]
            (Way::AheadLeaving(_), Way::AheadLeaving(_)) => true,
            (one, other) => one == other,
        }
    }
}

/// How code is made ahead of time.
#[cfg(feature = "aot")]
pub(crate) const AHEAD: Options =
    Options { opt: OptLevel::Speed, metering: true, exits: false, profile: false, fault: None };

/// As that, so that it can be made to leave.
#[cfg(feature = "aot")]
pub(crate) const AHEAD_LEAVING: Options = Options { exits: true, ..AHEAD };

/// How many guards there are in what was run last.
#[cfg(feature = "jit")]
pub(crate) fn guards() -> u64 {
    LAST.with_borrow(|last| last.as_ref().map_or(0, |(_, _, prepared)| prepared.guards()))
}

/// How a program was made ready, and what is linked to what.
type Last = (Way, Arc<Program>, Prepared);

thread_local! {
    /// What was run last: a file is run under thousands of budgets.
    static LAST: RefCell<Option<Last>> = const { RefCell::new(None) };
}

/// The program ready to be run.
fn prepared(way: Way, program: &Arc<Program>, host: &Host) -> Prepared {
    let interface = host.interface();
    LAST.with_borrow_mut(|last| {
        let kept = last.take().filter(|(of, kept, prepared)| {
            of.same_code(way)
                && Arc::ptr_eq(kept, program)
                && *prepared.linked().interface() == interface
        });
        let (_, _, prepared) = last.insert(kept.unwrap_or_else(|| {
            let linked = Arc::new(Linked::new(Arc::clone(program), interface));
            (way, Arc::clone(program), way.prepared(linked))
        }));
        #[cfg(feature = "jit")]
        match way.guards() {
            Some(Guards::None) => prepared.force(None),
            Some(Guards::One(guard)) => prepared.force(Some(guard)),
            Some(Guards::All) => prepared.force_all(),
            None => {}
        }
        assert!(prepared.hints().is_empty(), "{prepared:?}");
        prepared.clone()
    })
}

/// An instance in a host of its own.
pub(crate) struct Run {
    instance: Instance,
    log: Log,
    /// What the profile had where the run began.
    before: Spent,
}

impl Run {
    /// The seam between the corpus and the engines.
    pub(crate) fn new(way: Way, program: &Arc<Program>, setup: &Setup) -> Result<Run, Error> {
        let log = Log::default();
        let host = Arc::new(host(&log, setup.delegate));
        let mut instance = prepared(way, program, &host).instance(host, setup.limits)?;
        for (field, value) in &setup.memory {
            instance.set_memory(field, value)?;
        }
        if way.keeps_a_profile() {
            instance.start_profile();
        }
        Ok(Run { instance, log, before: Spent::default() })
    }

    pub(crate) fn go(&mut self, step: Step) -> Result<State, Error> {
        let outcome = match step.go {
            Go::Run => {
                self.before = self.instance.profile().map(Profile::total).unwrap_or_default();
                let used = self.instance.energy_used();
                self.instance.set_energy(used, used.saturating_add(step.amount));
                self.instance.run()
            }
            Go::Resume => self.instance.resume(step.amount)?,
        };
        self.state(&outcome)
    }

    fn state(&self, outcome: &Outcome) -> Result<State, Error> {
        let mut trap_lines = Vec::new();
        let ending = match &outcome.ending {
            Ending::Finished { output } => format!("finished {}", shown(output)),
            Ending::Exhausted => "exhausted".to_owned(),
            Ending::Suspended { reason } => format!("suspended {reason:?}"),
            Ending::Trapped { trap } => {
                assert_eq!(trap.place, outcome.place);
                // On one line, whatever a program or host says.
                trap_lines.push(shortened(trap.message.replace('\n', "\\n")));
                trap_lines.extend(calls(&trap.calls));
                format!("trapped {}", trap.kind.code())
            }
        };
        let fields = self.instance.memory()?;
        let field = |(name, value)| format!("{name}={}", shown(value));
        Ok(State {
            ending,
            trap: trap_lines,
            energy: outcome.energy,
            total: outcome.energy_total,
            instructions: outcome.instructions,
            place: place(&outcome.place),
            exhausted: (outcome.ending == Ending::Exhausted).then_some(outcome.place.instruction),
            memory: fields.iter().map(field).collect(),
            stack: self.instance.stack().iter().map(shown).collect(),
            live: self.instance.live_bytes(),
            calls: self.log.calls(),
            profile: self.instance.profile().map(|profile| self.profile(profile, outcome)),
        })
    }

    /// What the profile has. What this run added to it is what it took.
    fn profile(&self, profile: &Profile, outcome: &Outcome) -> (Vec<Node>, Vec<Called>) {
        let mut sum = self.before;
        sum += Spent { visits: outcome.instructions, energy: outcome.energy };
        assert_eq!(profile.total(), sum, "{outcome:?}");
        (profile.nodes(), profile.functions())
    }

    /// The run that is to be made next, step by step.
    pub(crate) fn walk(&mut self, budget: Energy) -> Result<(Trace, State), Error> {
        self.instance.set_energy(Energy::ZERO, budget);
        let mut executed = Vec::new();
        loop {
            let step = self.instance.step();
            executed.extend(step.instruction);
            if let Some(outcome) = step.outcome {
                let stopped = outcome.ending == Ending::Exhausted;
                let exhausted = stopped.then_some(outcome.place.instruction);
                let wrong = matches!(&outcome.ending, Ending::Trapped { trap } if trap.kind == TrapKind::TypeError);
                let type_error = wrong.then_some(outcome.place.instruction);
                let trace = Trace { executed, exhausted, type_error };
                return Ok((trace, self.state(&outcome)?));
            }
        }
    }
}

/// Which instructions a run executed, which it could not pay, and which had operands of the wrong types.
pub(crate) struct Trace {
    pub(crate) executed: Vec<u32>,
    pub(crate) exhausted: Option<u32>,
    pub(crate) type_error: Option<u32>,
}

/// Follows a run under a budget from its start, on the oracle.
pub(crate) fn trace(program: &Arc<Program>, setup: &Setup, budget: Energy) -> Result<Trace, Error> {
    Run::new(Way::On(Engine::Interp), program, setup)?.walk(budget).map(|(trace, _)| trace)
}

/// The instruction's index, and in brackets line, column and function.
fn place(place: &Place) -> String {
    let mut text = place.instruction.to_string();
    if let (Some(line), Some(column)) = (place.line, place.column) {
        text.push_str(&format!(" ({line}:{column}"));
        if let Some(function) = &place.function {
            text.push_str(&format!(" in {function}"));
        }
        text.push(')');
    }
    text
}

/// The call stack, innermost first; a recursion's many equal calls are counted.
fn calls(calls: &[Place]) -> Vec<String> {
    let same = calls.chunk_by(|a, b| a == b);
    same.map(|same| match same.len() {
        1 => format!("called from {}", place(&same[0])),
        n => format!("called from {}, {n} times", place(&same[0])),
    })
    .collect()
}

/// A value as the language writes it.
pub(crate) fn shown(value: &Value) -> String {
    shortened(Literal(value).to_string())
}

/// Long texts are told by their beginning and length.
fn shortened(text: String) -> String {
    const SHOWN: usize = 320;
    const BEGINNING: usize = 24;
    let length = text.chars().count();
    if length <= SHOWN {
        return text;
    }
    let beginning: String = text.chars().take(BEGINNING).collect();
    format!("{beginning}… ({length} characters)")
}
