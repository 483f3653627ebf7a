//! What every run has in common once its instance is ready, wherever it begins.
//!
//! How the end is told is in [`crate::ended`].

use crate::args::HowArgs;
use crate::ended::Ended;
use crate::stop::{Exit, Stop};
use crate::{interrupt, saved};
use lau_runtime::instance::Instance;
use lau_runtime::{Limits, Outcome};
use std::time::Instant;

/// Runs an instance in the way that was asked for, and keeps what there is to tell of it. It can be written
/// to a file if `ended` has its source.
pub fn execute(
    instance: &mut Instance,
    how: &HowArgs,
    limits: &Limits,
    ended: &mut Ended,
    go: impl FnOnce(&mut Instance) -> Outcome,
) -> Result<(), Stop> {
    instance.set_deadline(how.timeout.and_then(|timeout| Instant::now().checked_add(timeout)));
    ended.outcome = Some(interrupt::suspendable(instance, go));
    if let (Some(file), Some(source)) = (&how.snapshot, &ended.source)
        && instance.is_resumable()
    {
        let snapshot = instance.snapshot().map_err(|why| Stop::usage(why.to_string()))?;
        saved::write(file, snapshot, source, limits)?;
        ended.saved = Some(file.clone());
    }
    if how.memory {
        ended.memory = Some(instance.memory().map_err(|why| {
            Stop::new(Exit::Limit, format!("the memory after the run cannot be given: {why}"))
        })?);
    }
    Ok(())
}
