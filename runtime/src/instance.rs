//! Instances: a linked program together with the state of its runs.
//!
//! An [`Instance`] keeps memory and energy used from run to run, as words; public values are made at
//! its boundary only. It decides how a run that stopped can go on, and tells how it ended. Which engine
//! does the work it leaves to the engines; today that is the reference interpreter.

mod forged;
mod mirror;
mod outcome;
mod profiled;
mod stopped;

pub use crate::interp::Canceller;
pub use crate::program::Linked;
#[doc(hidden)]
pub use forged::{Survived, survive};
pub use mirror::Mirror;
pub use outcome::{Ending, Outcome, Question, Step, Suspension};

use crate::energy::Energy;
use crate::host::{Builtin, Host};
use crate::interp::{self, Environment, Machine, Stop, Suspended, Watch};
use crate::limits::Limits;
use crate::native::{self, Code};
use crate::profile::Profile;
use crate::program::{Action, FunctionId, Pc, Slot};
use crate::snapshot::Fault;
use crate::trap::{Place, Trap, TrapKind};
use crate::value::Value;
use crate::word::{Measure, to_value};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// What the host asked of an instance and cannot have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The host lacks a builtin of the interface the program is linked to, or has it with another
    /// signature.
    Builtin {
        /// Its name.
        name: String,
    },
    /// A value is beyond a limit.
    Limit {
        /// What the value is for.
        what: String,
        /// Which limit.
        kind: TrapKind,
        /// The particulars.
        message: String,
    },
    /// There is no stopped run to go on with.
    NotResumable,
    /// No call waits for an answer.
    NotAsked,
    /// A profile is of another program.
    OtherProgram,
    /// A snapshot cannot be taken or gone on with.
    Snapshot(Fault),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Builtin { name } => {
                write!(f, "the host does not provide `{name}` as the program was linked to it")
            }
            Error::Limit { what, kind, message } => write!(f, "{what}: {kind}: {message}"),
            Error::NotResumable => f.write_str("there is no stopped run to resume"),
            Error::NotAsked => f.write_str("no call waits for an answer"),
            Error::OtherProgram => f.write_str("the profile is of another program"),
            Error::Snapshot(fault) => fault.fmt(f),
        }
    }
}
impl std::error::Error for Error {}
impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Error::Snapshot(fault)
    }
}

/// Where an instance is in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Before its first run, or after one that cannot go on.
    Idle,
    /// In a run that can go on.
    Stopped,
}

/// A linked program with the state of its runs. It is `Send`; many can share one linked program.
pub struct Instance {
    // First, so that words go before the constants of the program they may hold.
    machine: Machine,
    linked: Arc<Linked>,
    host: Arc<Host>,
    /// The implementations of the interface, in its order.
    builtins: Vec<Builtin>,
    limits: Limits,
    watch: Watch,
    phase: Phase,
    /// Native code of the program, if it is to be used.
    code: Option<Arc<dyn Code>>,
    /// What runs spent where, if that is kept.
    profile: Option<Profile>,
    /// Used before this run.
    used_before: u64,
}

impl Instance {
    /// An instance with empty memory, nothing used, and no budget.
    ///
    /// # Errors
    /// If the host does not provide the interface the program is linked to.
    pub fn new(linked: Arc<Linked>, host: Arc<Host>, limits: Limits) -> Result<Instance, Error> {
        let mut builtins = Vec::new();
        for name in linked.interface().names() {
            let wanted = linked.interface().find(name).map(|at| linked.signature(at).1);
            match host.builtin(name) {
                Some(builtin) if Some(builtin.signature()) == wanted => {
                    builtins.push(builtin.clone());
                }
                Some(_) | None => return Err(Error::Builtin { name: name.to_owned() }),
            }
        }
        Ok(Instance {
            machine: Machine::new(linked.program()),
            linked,
            host,
            builtins,
            limits: limits.clamped(),
            watch: Watch::default(),
            phase: Phase::Idle,
            code: None,
            profile: None,
            used_before: 0,
        })
    }

    /// The linked program.
    #[must_use]
    pub fn linked(&self) -> &Arc<Linked> {
        &self.linked
    }

    /// Runs on native code from now on, or with `None` on the interpreter alone.
    ///
    /// # Safety
    /// The code was made for this instance's linked program.
    #[expect(unsafe_code, reason = "native code is trusted to belong to the program")]
    pub unsafe fn set_code(&mut self, code: Option<Arc<dyn Code>>) {
        self.code = code;
    }

    /// Sets a memory field.
    ///
    /// # Errors
    /// If the value is beyond a limit; the field stays as it was.
    pub fn set_memory(&mut self, name: &str, value: &Value) -> Result<(), Error> {
        let measure = Measure::of(value);
        measure.check(self.machine.heap.live_bytes(), &self.limits).map_err(
            |(kind, message)| Error::Limit {
                what: format!("memory field `{name}`"),
                kind,
                message,
            },
        )?;
        let word = self.machine.heap.word(value);
        match self.linked.program().memory_slot(name) {
            Some(slot) => self.machine.variables[slot.index()] = word,
            None => drop(self.machine.others.insert(name.to_owned(), word)),
        }
        Ok(())
    }

    /// A memory field, if it was ever stored.
    #[must_use]
    pub fn memory_field(&self, name: &str) -> Option<Value> {
        match self.linked.program().memory_slot(name) {
            Some(slot) => {
                let word = &self.machine.variables[slot.index()];
                (!word.is_absent()).then(|| to_value(word))
            }
            None => self.machine.others.get(name).map(to_value),
        }
    }

    /// All of memory.
    ///
    /// # Errors
    /// If the fields together, shared parts counted each time, are larger than the limit on live memory:
    /// nothing is shared between public values.
    pub fn memory(&self) -> Result<BTreeMap<String, Value>, Error> {
        let names = &self.linked.program().parts().memory;
        let named = names.iter().zip(&self.machine.variables);
        let fields = named.chain(&self.machine.others).filter(|(_, word)| !word.is_absent());
        let bytes =
            fields.clone().fold(0_u64, |sum, (_, word)| sum.saturating_add(word.tree_size()));
        let limit = self.limits.memory_bytes_max;
        if bytes > limit {
            return Err(Error::Limit {
                what: "memory as public values".to_owned(),
                kind: TrapKind::MemoryLimit,
                message: format!("{bytes} bytes, where {limit} are allowed"),
            });
        }
        Ok(fields.map(|(name, word)| (name.clone(), to_value(word))).collect())
    }

    /// The operand stack as the run left it, all frames together, bottom first.
    #[must_use]
    pub fn stack(&self) -> Vec<Value> {
        self.machine.stack.iter().map(to_value).collect()
    }

    /// Bytes that [`Instance::stack`] would have as trees, shared parts counted each time. Nothing limits
    /// them, so whoever shows the stack of an unknown program looks here first.
    #[must_use]
    pub fn stack_bytes(&self) -> u64 {
        self.machine.stack.iter().fold(0, |sum, word| sum.saturating_add(word.tree_size()))
    }

    /// The top of the stack of the function in progress.
    #[must_use]
    pub fn top(&self) -> Option<Value> {
        self.machine.stack[self.machine.frame.stack..].last().map(to_value)
    }

    /// Sets what has been used so far, and how much may be used in all.
    pub fn set_energy(&mut self, used: Energy, budget: Energy) {
        self.machine.used = used.thousandths();
        self.machine.budget = budget.thousandths();
    }

    /// What has been used, by all runs.
    #[must_use]
    pub fn energy_used(&self) -> Energy {
        Energy::from_thousandths(self.machine.used)
    }

    /// What may be used, by all runs.
    #[must_use]
    pub fn budget(&self) -> Energy {
        Energy::from_thousandths(self.machine.budget)
    }

    /// Instructions paid in the run that was last, over all its parts.
    #[must_use]
    pub fn instructions(&self) -> u64 {
        self.machine.instructions
    }

    /// Bytes of live values, by the model of `docs/energy.md`.
    #[must_use]
    pub fn live_bytes(&self) -> u64 {
        self.machine.heap.live_bytes()
    }

    /// Runs the program from its start, under what is left of the budget.
    pub fn run(&mut self) -> Outcome {
        self.start();
        self.go_on()
    }

    /// Goes on with a run that stopped, with so much more budget. With none, a run that was exhausted
    /// stops at the same place and counts nothing. So does one that waits for an answer it was not given,
    /// whatever the budget.
    ///
    /// # Errors
    /// If there is no stopped run. The budget is then as it was.
    pub fn resume(&mut self, extra: Energy) -> Result<Outcome, Error> {
        if self.phase != Phase::Stopped {
            return Err(Error::NotResumable);
        }
        self.machine.budget = self.budget().saturating_add(extra).thousandths();
        Ok(self.go_on())
    }

    /// Whether there is a stopped run to go on with.
    #[must_use]
    pub fn is_resumable(&self) -> bool {
        self.phase == Phase::Stopped
    }

    /// Gives up a stopped run; the next one starts afresh. Memory, energy used and deadline stay.
    pub fn reset(&mut self) {
        self.machine.rewind(self.linked.program());
        self.phase = Phase::Idle;
    }

    /// Executes one instruction: the first, or the next of a run that stopped. Ends of definitions
    /// and of the program are passed over with the instruction before them.
    pub fn step(&mut self) -> Step {
        if self.phase == Phase::Idle {
            self.start();
        }
        let (function, pc) = (self.machine.frame.function, self.machine.frame.pc);
        let before = (self.machine.instructions, self.machine.pending.is_some());
        let stop = self.engine::<{ interp::STEP }>();
        let executed = (self.machine.instructions, self.machine.pending.is_some()) != before;
        let op = self.linked.program().parts().ops[pc.index()];
        let wrote = if executed { self.written(function, op.action) } else { None };
        let outcome = match stop {
            Stop::Stepped => {
                self.phase = Phase::Stopped;
                None
            }
            stop @ (Stop::Finished(_)
            | Stop::Exhausted
            | Stop::Trapped(..)
            | Stop::Suspended(_)) => Some(self.outcome(stop)),
        };
        Step { instruction: executed.then_some(op.at), wrote, outcome }
    }

    fn start(&mut self) {
        self.machine.rewind(self.linked.program());
        if let Some(profile) = &mut self.profile {
            profile.rewind();
        }
        self.used_before = self.machine.used;
    }

    fn go_on(&mut self) -> Outcome {
        let stop = self.engine::<{ interp::WHOLE }>();
        self.outcome(stop)
    }

    fn engine<const MODE: u8>(&mut self) -> Stop {
        let env = Environment {
            linked: &self.linked,
            builtins: &self.builtins,
            host: &self.host,
            limits: &self.limits,
            watch: &self.watch,
        };
        // Native code keeps a profile or it does not; where there is none of the right kind, the interpreter does all.
        let kept = self.profile.is_some();
        let usable = |code: &&Arc<dyn Code>| MODE == interp::WHOLE && code.profiles() == kept;
        let m = &mut self.machine;
        match (self.code.as_ref().filter(usable), &mut self.profile) {
            (Some(code), Some(profile)) => native::run(m, &env, code, profile),
            (Some(code), None) => native::run(m, &env, code, &mut ()),
            (None, Some(profile)) => interp::run::<MODE, _>(m, &env, profile),
            (None, None) => interp::run::<MODE, _>(m, &env, &mut ()),
        }
    }

    fn outcome(&mut self, stop: Stop) -> Outcome {
        let place = self.place(self.machine.frame.function, self.machine.frame.pc);
        let (ending, phase) = match stop {
            Stop::Finished(output) => (Ending::Finished { output: to_value(&output) }, Phase::Idle),
            Stop::Exhausted | Stop::Stepped => (Ending::Exhausted, Phase::Stopped),
            Stop::Suspended(why) => {
                let reason = match (why, self.question()) {
                    (Suspended::Asked, Some(question)) => Suspension::Asked(question),
                    (Suspended::Asked, None) => unreachable!("a question is pending"),
                    (Suspended::Deadline, _) => Suspension::Deadline,
                    (Suspended::Cancelled, _) => Suspension::Cancelled,
                };
                (Ending::Suspended { reason }, Phase::Stopped)
            }
            Stop::Trapped(kind, message) => {
                let calls = self.machine.callers.iter().rev();
                let calls = calls.map(|frame| self.place(frame.function, frame.pc)).collect();
                let trap = Trap { kind, message, place: place.clone(), calls };
                (Ending::Trapped { trap }, Phase::Idle)
            }
        };
        self.phase = phase;
        Outcome {
            ending,
            place,
            energy: Energy::from_thousandths(self.machine.used.saturating_sub(self.used_before)),
            energy_total: self.energy_used(),
            budget: self.budget(),
            instructions: self.machine.instructions,
        }
    }

    fn place(&self, function: FunctionId, pc: Pc) -> Place {
        self.linked.program().place(function, pc)
    }

    /// The memory field that an instruction may have written.
    fn written(&self, function: FunctionId, action: Action) -> Option<String> {
        let parts = self.linked.program().parts();
        let name = |slot: Slot| Some(parts.memory[slot.index()].clone());
        match action {
            Action::Publish(slot) => name(slot),
            Action::Delegate(delegation) => name(parts.delegations[delegation.index()].field),
            Action::Store(slot) | Action::Take(slot) | Action::Append(slot) | Action::Put(slot) => {
                if function == FunctionId::MAIN {
                    name(slot)
                } else {
                    None
                }
            }
            Action::Push(_)
            | Action::Pop
            | Action::Dup
            | Action::Swap
            | Action::Over
            | Action::Load(_)
            | Action::Observe(_)
            | Action::Add
            | Action::Sub
            | Action::Mul
            | Action::Div
            | Action::Rem
            | Action::Pow
            | Action::Neg
            | Action::Eq
            | Action::Ne
            | Action::Lt
            | Action::Le
            | Action::Gt
            | Action::Ge
            | Action::Not
            | Action::And
            | Action::Or
            | Action::List(_)
            | Action::Map(_)
            | Action::Get
            | Action::Len
            | Action::Has
            | Action::Jump(_)
            | Action::JumpIf(_)
            | Action::JumpTrue(_)
            | Action::Call(..)
            | Action::CallOut(..)
            | Action::TryOut(..)
            | Action::Return
            | Action::EnergyCheck(_)
            | Action::Assert(_)
            | Action::Fail(_)
            | Action::End => None,
        }
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance")
            .field("phase", &self.phase)
            .field("energy_used", &self.energy_used())
            .field("budget", &self.budget())
            .field("live_bytes", &self.live_bytes())
            .finish_non_exhaustive()
    }
}

const _: fn() = || {
    fn send<T: Send>() {}
    fn shared<T: Send + Sync>() {}
    send::<Instance>();
    shared::<Linked>();
    shared::<Host>();
};
