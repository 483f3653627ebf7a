//! Instances: the state of a run, outcomes, stopping and going on.

mod outcome;

pub use outcome::{Ending, Outcome};
