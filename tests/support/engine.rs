//! The reference interpreter, as a subject of the tests: the one place that touches its public API.

use super::builtins::{Log, host};
use super::compare::Subject;
use super::scene::{Expected, Plan, Scene};
use super::seen::{Seen, SeenEnding, at};
use lau_agent_runtime::lower::lower;
use lau_agent_runtime::{Energy, Instance, Linked};
use lau_runtime::host::Host;
use lau_runtime::{Ending, Outcome};
use std::sync::Arc;

/// A program linked to the test host.
pub(crate) struct Interpreter {
    linked: Arc<Linked>,
    host: Arc<Host>,
    log: Log,
}

impl Subject for Interpreter {
    fn prepare(scene: &Scene) -> Result<Self, String> {
        let program = lower(&scene.instructions).map_err(|d| format!("refused: {d:?}"))?;
        let (host, log) = host(scene.delegates);
        let linked = Arc::new(Linked::new(Arc::new(program), host.interface()));
        Ok(Interpreter { linked, host: Arc::new(host), log })
    }

    fn play(&self, scene: &Scene, plan: &Plan, expected: &Expected) -> Result<Vec<Seen>, String> {
        self.log.clear();
        let mut instance =
            Instance::new(Arc::clone(&self.linked), Arc::clone(&self.host), plan.limits)
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

impl Interpreter {
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
