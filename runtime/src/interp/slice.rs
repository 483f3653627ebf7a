//! Slices: how a run is looked after without polling.
//!
//! An engine is given a part of the budget at a time, a *slice*, and stops as if exhausted where the
//! slice does not pay for the next instruction. That is the only place where anybody looks whether the
//! run should be suspended from outside; then the slice is renewed in place. So loops hold no test but
//! the one of energy that they have anyway, and what a run does and costs is the same for any size of
//! slice: an instruction that a slice cannot pay has done nothing, and is tried again under the next.
//! One that is dearer than a whole slice is run alone, under all that is left.
//!
//! Calls of the host are the other thing that takes time: after each, whoever made it looks too.
//!
//! Requires of an engine that it stops *exhausted* with the state as it was before the instruction in
//! question. Knows nothing of how instructions work, and of no particular engine.

use super::{Machine, Stop, Suspended};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Thousandths an engine is given at a time: 670,000 of the cheapest instructions, which take the
/// interpreter 2 to 5 ms, and compiled code less. Of what is priced by size it is 32 MiB.
pub(crate) const SLICE: u64 = 1 << 25;

/// Suspends runs from elsewhere: another thread, a signal.
///
/// ```
/// use lau_runtime::instance::Canceller;
/// let canceller = Canceller::default();
/// let other = canceller.clone();
/// std::thread::spawn(move || other.cancel()).join().unwrap();
/// assert!(canceller.is_cancelled());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Canceller(Arc<AtomicBool>);

impl Canceller {
    /// Suspends the run in progress within a few milliseconds, or after the host call it is in. If none
    /// is in progress, the next one is suspended where it starts or goes on. A cancel works once.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Takes a cancel back that has not suspended anything yet.
    pub fn withdraw(&self) {
        self.0.store(false, Ordering::Release);
    }

    /// Whether a cancel has been asked for and has not suspended anything yet.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Uses up the cancel, if there is one.
    fn take(&self) -> bool {
        self.0.load(Ordering::Relaxed) && self.0.swap(false, Ordering::AcqRel)
    }
}

/// What can suspend a run from outside.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    pub(crate) canceller: Canceller,
    pub(crate) deadline: Option<Instant>,
}

impl Watch {
    /// Whether the run should be suspended now; quickly, where nobody could want that.
    #[inline]
    pub(crate) fn look_if_watched(&self) -> Option<Suspended> {
        if self.deadline.is_some() || self.canceller.is_cancelled() { self.look() } else { None }
    }

    /// Whether the run should be suspended now.
    pub(crate) fn look(&self) -> Option<Suspended> {
        if self.canceller.take() {
            return Some(Suspended::Cancelled);
        }
        let due = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        due.then_some(Suspended::Deadline)
    }
}

/// How an engine is to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stretch {
    /// Until the run ends or stops, or the slice does not pay for the next instruction.
    Slice,
    /// One instruction.
    One,
}

/// Runs an engine in slices until the run ends or stops. `engine` is told how to run and with how many
/// thousandths; what is left of the budget beyond those it may show but not spend.
pub(crate) fn in_slices(
    m: &mut Machine,
    watch: &Watch,
    mut engine: impl FnMut(&mut Machine, Stretch, u64) -> Stop,
) -> Stop {
    loop {
        if let Some(suspended) = watch.look() {
            return Stop::Suspended(suspended);
        }
        let (left, before) = (m.left(), (m.used, m.instructions));
        match engine(m, Stretch::Slice, left.min(SLICE)) {
            Stop::Exhausted if m.left() == 0 || left <= SLICE => return Stop::Exhausted,
            Stop::Exhausted if (m.used, m.instructions) != before => {}
            Stop::Exhausted => match engine(m, Stretch::One, m.left()) {
                Stop::Stepped => {}
                stop @ (Stop::Finished(_)
                | Stop::Exhausted
                | Stop::Trapped(..)
                | Stop::Suspended(_)) => return stop,
            },
            stop @ (Stop::Finished(_) | Stop::Trapped(..) | Stop::Stepped | Stop::Suspended(_)) => {
                return stop;
            }
        }
    }
}
