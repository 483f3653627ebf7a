//! The reference interpreter, as a subject of the tests: the one place that touches its public API.

use super::builtins::{Log, host};
use super::compare::Subject;
use super::scene::{Expected, Plan, Scene};
use super::seen::{Seen, SeenEnding, at};
use lau_agent_runtime::engine::Prepared;
use lau_agent_runtime::lower::lower;
use lau_agent_runtime::{Energy, Engine, Instance, Limits, Linked, Snapshot};
use lau_runtime::host::Host;
use lau_runtime::{Ending, Outcome};
use std::sync::Arc;

/// A program linked to the test host, on the interpreter.
pub(crate) struct Interpreter(Runner);

/// The interpreter, where a run that stopped goes on in an instance restored from a snapshot.
pub(crate) struct Moving(Runner);

/// The same on native code.
#[cfg(feature = "jit")]
pub(crate) struct Native(Runner);

/// A run that goes on, wherever it stopped, on the other engine, by way of a snapshot.
#[cfg(feature = "jit")]
pub(crate) struct Crossing(Runner);

/// A program made ready for the engines that a run is to be on, by turns.
struct Runner {
    prepared: Vec<Prepared>,
    host: Arc<Host>,
    log: Log,
}

impl Subject for Interpreter {
    fn prepare(scene: &Scene) -> Result<Self, String> {
        Runner::prepare(&[Engine::Interp], scene).map(Interpreter)
    }
    fn play(&self, scene: &Scene, plan: &Plan, expected: &Expected) -> Result<Vec<Seen>, String> {
        self.0.play(scene, plan, expected, |instance, _| Ok(instance))
    }
}

impl Subject for Moving {
    fn prepare(scene: &Scene) -> Result<Self, String> {
        Runner::prepare(&[Engine::Interp], scene).map(Moving)
    }
    fn play(&self, scene: &Scene, plan: &Plan, expected: &Expected) -> Result<Vec<Seen>, String> {
        self.0.play(scene, plan, expected, |instance, moves| {
            self.0.moved(&instance, plan.limits, moves)
        })
    }
}

#[cfg(feature = "jit")]
impl Subject for Native {
    fn prepare(scene: &Scene) -> Result<Self, String> {
        Runner::prepare(&[Engine::Jit], scene).map(Native)
    }
    fn play(&self, scene: &Scene, plan: &Plan, expected: &Expected) -> Result<Vec<Seen>, String> {
        self.0.play(scene, plan, expected, |instance, _| Ok(instance))
    }
}

#[cfg(feature = "jit")]
impl Subject for Crossing {
    fn prepare(scene: &Scene) -> Result<Self, String> {
        Runner::prepare(&[Engine::Jit, Engine::Interp], scene).map(Crossing)
    }
    fn play(&self, scene: &Scene, plan: &Plan, expected: &Expected) -> Result<Vec<Seen>, String> {
        self.0.play(scene, plan, expected, |instance, moves| {
            self.0.moved(&instance, plan.limits, moves)
        })
    }
}

impl Runner {
    fn prepare(engines: &[Engine], scene: &Scene) -> Result<Self, String> {
        let program = lower(&scene.instructions).map_err(|d| format!("refused: {d:?}"))?;
        let (host, log) = host(scene.delegates);
        let linked = Arc::new(Linked::new(Arc::new(program), host.interface()));
        let prepared: Vec<_> =
            engines.iter().map(|engine| Prepared::new(*engine, Arc::clone(&linked))).collect();
        match prepared.iter().find(|prepared| !prepared.hints().is_empty()) {
            Some(prepared) => Err(format!("not compiled: {prepared:?}")),
            None => Ok(Runner { prepared, host: Arc::new(host), log }),
        }
    }

    /// An instance in the state of another, by way of the bytes of a snapshot or of its JSON, on the engine
    /// whose turn it is.
    fn moved(&self, from: &Instance, limits: Limits, moves: usize) -> Result<Instance, String> {
        let snapshot = from.snapshot().map_err(|e| format!("no snapshot: {e}"))?;
        let bytes = snapshot.to_bytes();
        let back = if moves.is_multiple_of(2) {
            Snapshot::from_json(&snapshot.to_json())
        } else {
            Snapshot::from_bytes(&bytes)
        };
        let back = back.map_err(|e| format!("does not read back: {e}"))?;
        let instance = self.prepared[moves % self.prepared.len()]
            .restore(Arc::clone(&self.host), limits, &back)
            .map_err(|e| format!("not restored: {e}"))?;
        let again = instance.snapshot().map_err(|e| format!("no second snapshot: {e}"))?;
        if again.to_bytes() != bytes || instance.live_bytes() != from.live_bytes() {
            return Err(format!("restored otherwise: {snapshot:?} as {again:?}"));
        }
        Ok(instance)
    }

    /// Plays a plan; `move_on` is given the instance at each stop.
    fn play(
        &self,
        scene: &Scene,
        plan: &Plan,
        expected: &Expected,
        move_on: impl Fn(Instance, usize) -> Result<Instance, String>,
    ) -> Result<Vec<Seen>, String> {
        self.log.clear();
        let mut instance = self.prepared[0]
            .instance(Arc::clone(&self.host), plan.limits)
            .map_err(|e| format!("no instance: {e:?}"))?;
        for ((field, value), accepted) in scene.memory.iter().zip(&expected.accepted) {
            if instance.set_memory(field, value).is_ok() != *accepted {
                return Err(format!("memory {field:?} should be accepted: {accepted}"));
            }
        }
        let energy = Energy::from_thousandths;
        instance.set_energy(energy(plan.used_before), energy(plan.budget));
        let outcome = instance.run();
        let mut seen = vec![self.seen(&mut instance, outcome, &expected.seen[0])?];
        for extra in &plan.resumes {
            if instance.is_resumable() {
                instance = move_on(instance, seen.len())?;
            }
            if let Ok(outcome) = instance.resume(energy(*extra)) {
                let Some(like) = expected.seen.get(seen.len()) else {
                    return Err("resumed though it had come to its end".into());
                };
                seen.push(self.seen(&mut instance, outcome, like)?);
            }
        }
        Ok(seen)
    }
}

impl Runner {
    /// What is seen where the run stopped, as far as it is compared.
    fn seen(&self, instance: &mut Instance, outcome: Outcome, like: &Seen) -> Result<Seen, String> {
        let memory = match &like.memory {
            Some(_) => Some(instance.memory().map_err(|e| format!("memory: {e:?}"))?),
            None => None,
        };
        let stack = like.stack.as_ref().map(|_| instance.stack());
        let ending = match outcome.ending {
            Ending::Finished { output } => SeenEnding::Finished { output },
            Ending::Exhausted => SeenEnding::Exhausted,
            Ending::Suspended { reason } => return Err(format!("nobody suspends it: {reason}")),
            Ending::Trapped { trap } => {
                if trap.message.is_empty() {
                    return Err("a trap without a message".into());
                }
                if trap.place != outcome.place {
                    return Err(format!("a trap at {} of a run at {}", trap.place, outcome.place));
                }
                let calls = trap.calls.iter().map(at).collect();
                SeenEnding::Trapped { kind: trap.kind, message: trap.message, calls }
            }
        };
        Ok(Seen {
            ending,
            place: at(&outcome.place),
            energy: outcome.energy.thousandths(),
            energy_total: outcome.energy_total.thousandths(),
            budget: outcome.budget.thousandths(),
            instructions: outcome.instructions,
            memory,
            stack,
            host_calls: self.log.calls(),
        })
    }
}
