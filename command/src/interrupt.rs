//! Ctrl-C: the first suspends the run in progress, or ends long work early; any other ends the command
//! at once.
//!
//! Before and after a run Ctrl-C is what it always is. Where the command was started with interrupts
//! ignored, they stay so.

use lau_runtime::Outcome;
use lau_runtime::instance::{Canceller, Instance};
use std::process;
use std::sync::Mutex;

/// What a shell says of a process that an interrupt ended.
pub const INTERRUPTED: i32 = 130;

/// What suspends the run in progress, if there is one that is not being suspended yet.
static RUNNING: Mutex<Option<Canceller>> = Mutex::new(None);

fn running(canceller: Option<Canceller>) -> Option<Canceller> {
    let mut running = RUNNING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    std::mem::replace(&mut running, canceller)
}

/// Runs `go` so that Ctrl-C suspends it.
pub fn suspendable(instance: &mut Instance, go: impl FnOnce(&mut Instance) -> Outcome) -> Outcome {
    handled(instance.canceller(), || go(instance))
}

/// Runs `go` so that Ctrl-C makes what it is given say true: work that looks, and ends early.
pub fn noticed<T>(go: impl FnOnce(&dyn Fn() -> bool) -> T) -> T {
    let canceller = Canceller::default();
    let own = canceller.clone();
    handled(canceller, || go(&|| own.is_cancelled()))
}

fn handled<T>(canceller: Canceller, go: impl FnOnce() -> T) -> T {
    running(Some(canceller));
    // It fails where somebody handles interrupts already, or they are ignored: then that is so.
    let _ = ctrlc::try_set_handler(|| match running(None) {
        Some(canceller) => canceller.cancel(),
        None => process::exit(INTERRUPTED),
    });
    let result = go();
    running(None);
    result
}
