//! Native code, wherever it leaves, against the stepper.
//!
//! Native code may leave at any guard, whether it has to or not: the interpreter goes on from there, and
//! nobody can tell. So each guard is made to leave, one at a time and all at once. An exit that writes a
//! wrong state is found where it is taken, which in programs that go well is never.
//!
//! `LAU_CASES`, `LAU_SEED` and `LAU_CASE` as for `differential`.
#![cfg(all(feature = "fuzz", feature = "jit"))]

#[allow(dead_code, reason = "each test crate uses a part")]
mod support;

use support::compare::{Subject, judge, judge_scenes};
use support::directed;
use support::engine::Leaving;

fn generated<S: Subject>(usual: u64) {
    let variable = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seed = variable("LAU_SEED").unwrap_or(2);
    let cases = 0..variable("LAU_CASES").unwrap_or(usual);
    let cases = variable("LAU_CASE").map_or(cases, |case| case..case + 1);
    println!("{}", judge::<S>(seed, cases));
}

#[test]
fn a_run_that_leaves_anywhere_does_what_the_stepper_does() {
    generated::<Leaving>(150);
}

#[test]
fn a_run_that_leaves_anywhere_settles_corners_as_the_stepper_does() {
    judge_scenes::<Leaving>(&directed::scenes());
}
