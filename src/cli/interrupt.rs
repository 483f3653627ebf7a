//! Ctrl-C: the first suspends the run in progress, any other ends the command at once.
//!
//! Before and after a run Ctrl-C is what it always is. Where the command was started with interrupts
//! ignored, they stay so.

use lau_agent_runtime::{Canceller, Instance, Outcome};
use std::process;
use std::sync::Mutex;

/// What a shell says of a process that an interrupt ended.
const INTERRUPTED: i32 = 130;

/// What suspends the run in progress, if there is one that is not being suspended yet.
static RUNNING: Mutex<Option<Canceller>> = Mutex::new(None);

fn running(canceller: Option<Canceller>) -> Option<Canceller> {
    let mut running = RUNNING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    std::mem::replace(&mut running, canceller)
}

/// Runs `go` so that Ctrl-C suspends it.
pub(crate) fn suspendable(
    instance: &mut Instance,
    go: impl FnOnce(&mut Instance) -> Outcome,
) -> Outcome {
    running(Some(instance.canceller()));
    // It fails where somebody handles interrupts already, or they are ignored: then that is so.
    let _ = ctrlc::try_set_handler(|| match running(None) {
        Some(canceller) => canceller.cancel(),
        None => process::exit(INTERRUPTED),
    });
    let outcome = go(instance);
    running(None);
    outcome
}
