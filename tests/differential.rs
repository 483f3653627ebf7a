//! Every engine against the stepper, over generated programs.
//!
//! `LAU_CASES` is the number of programs, `LAU_SEED` the seed, `LAU_CASE` a single case of it. With
//! `--nocapture` the hit rates are printed.

#![cfg(feature = "fuzz")]

#[allow(dead_code, reason = "each test crate uses a part")]
mod support;

use support::compare::Subject;
use support::compare::{judge, judge_scenes};
use support::directed;
use support::engine::Interpreter;
#[cfg(feature = "aot")]
use support::engine::{Ahead, AheadCrossing};
#[cfg(feature = "jit")]
use support::engine::{Crossing, Native, Unoptimised};

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Judges an engine over as many programs as asked for.
fn generated<S: Subject>(usual: u64) {
    let cases = variable("LAU_CASES").unwrap_or(usual);
    let seed = variable("LAU_SEED").unwrap_or(1);
    println!("LAU_SEED={seed} LAU_CASES={cases}");
    if let Some(case) = variable("LAU_CASE") {
        judge::<S>(seed, case..case + 1);
        return;
    }
    let rates = judge::<S>(seed, 0..cases);
    println!("{rates}");
    if cases >= 3_000 {
        let missed =
            [rates.missed_opcodes(), rates.missed_functions(), rates.missed_traps()].concat();
        assert_eq!(missed, Vec::<&str>::new(), "never reached");
    }
}

#[test]
fn interpreter_does_what_the_stepper_does() {
    generated::<Interpreter>(3_000);
}

#[test]
fn interpreter_settles_corners_as_the_stepper_does() {
    judge_scenes::<Interpreter>(&directed::scenes());
}

#[cfg(feature = "jit")]
#[test]
fn native_code_does_what_the_stepper_does() {
    generated::<Native>(1_000);
}

#[cfg(feature = "jit")]
#[test]
fn native_code_settles_corners_as_the_stepper_does() {
    judge_scenes::<Native>(&directed::scenes());
}

#[cfg(feature = "jit")]
#[test]
fn code_without_optimisation_does_what_the_stepper_does() {
    generated::<Unoptimised>(400);
    judge_scenes::<Unoptimised>(&directed::scenes());
}

#[cfg(feature = "jit")]
#[test]
fn runs_that_cross_from_engine_to_engine_do_what_the_stepper_does() {
    generated::<Crossing>(1_000);
}

#[cfg(feature = "aot")]
#[test]
fn code_compiled_ahead_of_time_does_what_the_stepper_does() {
    generated::<Ahead>(1_000);
}

#[cfg(feature = "aot")]
#[test]
fn code_compiled_ahead_of_time_settles_corners_as_the_stepper_does() {
    judge_scenes::<Ahead>(&directed::scenes());
}

#[cfg(feature = "aot")]
#[test]
fn runs_that_cross_from_code_compiled_ahead_of_time_do_what_the_stepper_does() {
    generated::<AheadCrossing>(400);
}
