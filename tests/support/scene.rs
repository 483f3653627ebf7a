//! What is run, and how: the two halves of a test case.

use super::builtins::Delegates;
use super::code::Code;
use super::seen::Seen;
use super::stepper::{Stepper, Trace};
use lau_agent_runtime::{Instruction, Limits, Value};

/// A program and its surroundings.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) instructions: Vec<Instruction>,
    /// Memory before the run. What the limits of a run refuse is not set.
    pub(crate) memory: Vec<(String, Value)>,
    pub(crate) delegates: Delegates,
}

/// Under what limits and with how much energy it runs. Energy is in thousandths.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) limits: Limits,
    pub(crate) used_before: u64,
    pub(crate) budget: u64,
    /// What is added to the budget each time the run is exhausted.
    pub(crate) resumes: Vec<u64>,
}

impl Plan {
    pub(crate) fn of(limits: Limits, budget: u64) -> Self {
        Plan { limits, used_before: 0, budget, resumes: Vec::new() }
    }
}

/// What is expected of a plan: the run where it stopped, once for its beginning and once for each time
/// it was resumed, which fields of memory were accepted, and what the run met.
pub(crate) struct Expected {
    pub(crate) accepted: Vec<bool>,
    pub(crate) seen: Vec<Seen>,
    pub(crate) trace: Trace,
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
    stepper.run();
    let mut seen = vec![stepper.seen()];
    for extra in &plan.resumes {
        if stepper.resume(*extra) {
            seen.push(stepper.seen());
        }
    }
    Expected { accepted, seen, trace: stepper.trace }
}
