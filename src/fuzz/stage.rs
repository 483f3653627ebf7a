//! Where programs are played: a linked program in a host that records, on whatever engines it is made
//! ready for. The one place of the fuzzers that touches the engines' public API.

use super::calls::Log;
use super::host::host;
use super::scene::{Plan, Run, Scene, follow};
use super::seen::{Inside, STACK_BYTES_SHOWN, Seen, SeenEnding, at};
use crate::engine::{Engine, Prepared};
use crate::lower::lower;
use lau_runtime::host::{Failure, Host};
use lau_runtime::instance::{Instance, Linked};
use lau_runtime::{Ending, Energy, Limits, Outcome, Snapshot, Suspension, Value};
use std::sync::Arc;

/// A program linked to a host, with its memory before a run.
#[derive(Clone, Debug)]
pub struct Stage {
    linked: Arc<Linked>,
    host: Arc<Host>,
    log: Log,
    memory: Vec<(String, Value)>,
}

/// What was seen of a plan that was played.
#[derive(Clone, Debug)]
pub struct Played {
    /// Which fields of memory were accepted.
    pub accepted: Vec<bool>,
    /// The run where it stopped: for its beginning and for each time it went on.
    pub seen: Vec<Seen>,
}

impl Played {
    /// What was seen at the last stop.
    ///
    /// # Panics
    /// If there was none; every run stops.
    #[must_use]
    pub fn last(&self) -> &Seen {
        self.seen.last().expect("every run stops")
    }
}

impl Stage {
    /// A linked program in the host whose interface it is linked to. The log is that of the host.
    #[must_use]
    pub fn new(
        linked: Arc<Linked>,
        host: Arc<Host>,
        log: Log,
        memory: Vec<(String, Value)>,
    ) -> Stage {
        Stage { linked, host, log, memory }
    }

    /// A scene's program in the host of the test builtins.
    ///
    /// # Errors
    /// If it is no program.
    pub fn of(scene: &Scene) -> Result<Stage, String> {
        let program = lower(&scene.instructions).map_err(|faults| faults.to_string())?;
        let (host, log) = host(scene.delegates);
        let linked = Arc::new(Linked::new(Arc::new(program), host.interface()));
        Ok(Stage::new(linked, Arc::new(host), log, scene.memory.clone()))
    }

    /// The linked program, to make it ready for an engine.
    #[must_use]
    pub fn linked(&self) -> &Arc<Linked> {
        &self.linked
    }

    /// The host.
    #[must_use]
    pub fn host(&self) -> &Arc<Host> {
        &self.host
    }

    /// Makes the program ready for an engine.
    #[must_use]
    pub fn prepared(&self, engine: Engine) -> Prepared {
        Prepared::new(engine, Arc::clone(&self.linked))
    }

    /// An instance with the memory of the scene, and which fields of it were accepted.
    ///
    /// # Errors
    /// If there is none.
    pub fn instance(&self, on: &Prepared, limits: Limits) -> Result<(Instance, Vec<bool>), String> {
        let mut instance = on
            .instance(Arc::clone(&self.host), limits)
            .map_err(|error| format!("no instance: {error}"))?;
        let set = |(field, value): &(String, Value)| instance.set_memory(field, value).is_ok();
        let accepted = self.memory.iter().map(set).collect();
        Ok((instance, accepted))
    }

    /// Plays a plan from the start on an engine, or on several by turns: then a run that stopped goes on in
    /// an instance restored from a snapshot, on the engine whose turn it is.
    ///
    /// # Errors
    /// What no run may do: refuse its own snapshot, be restored otherwise than it was, trap at another
    /// place than it ends.
    pub fn play(&self, on: &[&Prepared], plan: &Plan) -> Result<Played, String> {
        self.forget_calls();
        let (mut instance, accepted) = self.instance(on[0], plan.limits)?;
        let energy = Energy::from_thousandths;
        instance.set_energy(energy(plan.used_before), energy(plan.budget));
        let mut run = Running { stage: self, on, limits: plan.limits, instance, moves: 0 };
        let seen = follow(&mut run, plan)?;
        Ok(Played { accepted, seen })
    }

    /// Forgets the calls that its host received.
    pub fn forget_calls(&self) {
        self.log.clear();
    }

    /// What is seen of an instance where its run stopped.
    ///
    /// # Errors
    /// As [`Stage::play`].
    pub fn seen(&self, instance: &Instance, outcome: Outcome) -> Result<Seen, String> {
        let ending = match outcome.ending {
            Ending::Finished { output } => SeenEnding::Finished { output },
            Ending::Exhausted => SeenEnding::Exhausted,
            Ending::Suspended { reason: Suspension::Asked(question) } => SeenEnding::Suspended {
                builtin: question.builtin,
                arguments: question.arguments,
                message: question.message,
            },
            Ending::Suspended { reason } => return Err(format!("nobody suspends it: {reason}")),
            Ending::Trapped { trap } => {
                if trap.message.is_empty() {
                    return Err("a trap without a message".into());
                }
                if trap.place != outcome.place {
                    return Err(format!("a trap at {} of a run at {}", trap.place, outcome.place));
                }
                let calls = trap.calls.iter().map(at).collect();
                SeenEnding::Trapped { kind: trap.kind, message: trap.message, open: false, calls }
            }
        };
        let snapshot = match instance.snapshot() {
            Ok(snapshot) => Some(snapshot.to_bytes()),
            Err(_) => None,
        };
        let (host_calls, beyond) = self.log.calls();
        Ok(Seen {
            ending,
            place: at(&outcome.place),
            energy: outcome.energy.thousandths(),
            energy_total: outcome.energy_total.thousandths(),
            budget: outcome.budget.thousandths(),
            instructions: outcome.instructions,
            memory: instance.memory().ok(),
            stack: (instance.stack_bytes() <= STACK_BYTES_SHOWN).then(|| instance.stack()),
            host_calls,
            beyond,
            inside: Some(Inside { live_bytes: instance.live_bytes(), snapshot }),
        })
    }
}

/// A run in progress.
#[derive(Debug)]
struct Running<'a> {
    stage: &'a Stage,
    on: &'a [&'a Prepared],
    limits: Limits,
    instance: Instance,
    moves: usize,
}

impl Run for Running<'_> {
    fn start(&mut self) -> Result<Seen, String> {
        let outcome = self.instance.run();
        self.stage.seen(&self.instance, outcome)
    }

    fn resume(&mut self, extra: u64) -> Result<Option<Seen>, String> {
        if self.on.len() > 1 && self.instance.is_resumable() {
            self.move_on()?;
        }
        let Ok(outcome) = self.instance.resume(Energy::from_thousandths(extra)) else {
            return Ok(None);
        };
        let mut seen = self.stage.seen(&self.instance, outcome)?;
        if let Some(inside) = seen.inside.as_mut().filter(|_| self.moves > 0) {
            inside.snapshot = None; // see there
        }
        Ok(Some(seen))
    }

    fn answer(&mut self, answer: Result<Value, String>) -> Result<(), String> {
        // Half of the questions go to the next engine with their answer, half without.
        if self.on.len() > 1 && self.moves.is_multiple_of(4) {
            self.move_on()?;
        }
        self.instance.answer(answer.map_err(Failure)).map_err(|error| error.to_string())
    }
}

impl Running<'_> {
    /// Goes over to the next engine, by way of the bytes of a snapshot or of its JSON.
    fn move_on(&mut self) -> Result<(), String> {
        self.moves += 1;
        let from = &self.instance;
        let snapshot = from.snapshot().map_err(|error| format!("no snapshot: {error}"))?;
        let bytes = snapshot.to_bytes();
        let back = if self.moves.is_multiple_of(2) {
            Snapshot::from_json(&snapshot.to_json())
        } else {
            Snapshot::from_bytes(&bytes)
        };
        let back = back.map_err(|fault| format!("does not read back: {fault}"))?;
        let instance = self.on[self.moves % self.on.len()]
            .restore(Arc::clone(&self.stage.host), self.limits, &back)
            .map_err(|error| format!("not restored: {error}"))?;
        let again = instance.snapshot().map_err(|error| format!("no second snapshot: {error}"))?;
        if again.to_bytes() != bytes || instance.live_bytes() != from.live_bytes() {
            return Err(format!("restored otherwise: {snapshot:?} as {again:?}"));
        }
        self.instance = instance;
        Ok(())
    }
}
