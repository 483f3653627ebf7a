//! What is expected of a plan: what the stepper does.

use super::code::Code;
use super::stepper::{Stepper, Trace};
use lau_agent_runtime::Value;
use lau_agent_runtime::fuzz::scene::{Run, follow};
use lau_agent_runtime::fuzz::{Plan, Scene, Seen};

/// The run where it stopped, once for its beginning and once for each time it went on, which fields of
/// memory were accepted, and what the run met.
pub(crate) struct Expected {
    pub(crate) accepted: Vec<bool>,
    pub(crate) seen: Vec<Seen>,
    pub(crate) trace: Trace,
}

impl Expected {
    /// The last stop.
    pub(crate) fn last(&self) -> &Seen {
        self.seen.last().expect("a run stops at least once")
    }
}

/// Plays a plan on the stepper.
pub(crate) fn expect(scene: &Scene, code: &Code<'_>, plan: &Plan) -> Expected {
    let mut stepper = Stepper::new(code, scene.delegates, plan.limits);
    let accepted = scene
        .memory
        .iter()
        .map(|(field, value)| stepper.set_memory(field, value).is_ok())
        .collect();
    stepper.set_energy(plan.used_before, plan.budget);
    let seen = follow(&mut stepper, plan).expect("the stepper takes answers");
    Expected { accepted, seen, trace: stepper.trace }
}

impl Run for Stepper<'_> {
    fn start(&mut self) -> Result<Seen, String> {
        self.run();
        Ok(self.seen())
    }

    fn resume(&mut self, extra: u64) -> Result<Option<Seen>, String> {
        let resumed = Stepper::resume(self, extra);
        Ok(resumed.then(|| self.seen()))
    }

    fn answer(&mut self, answer: Result<Value, String>) -> Result<(), String> {
        if Stepper::answer(self, answer) { Ok(()) } else { Err("nobody asks".to_owned()) }
    }
}
