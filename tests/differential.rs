//! The interpreter against the stepper, over generated programs.
//!
//! `LAU_CASES` is the number of programs, `LAU_SEED` the seed, `LAU_CASE` a single case of it. With
//! `--nocapture` the hit rates are printed.

#[allow(dead_code, reason = "each test crate uses a part")]
mod support;

use support::compare::{judge, judge_scenes};
use support::directed;
use support::engine::Interpreter;

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn interpreter_does_what_the_stepper_does() {
    let cases = variable("LAU_CASES").unwrap_or(3_000);
    let seed = variable("LAU_SEED").unwrap_or(1);
    println!("LAU_SEED={seed} LAU_CASES={cases}");
    if let Some(case) = variable("LAU_CASE") {
        judge::<Interpreter>(seed, case..case + 1);
        return;
    }
    let rates = judge::<Interpreter>(seed, 0..cases);
    println!("{rates}");
    if cases >= 3_000 {
        assert_eq!(rates.missed(), Vec::<&str>::new(), "never reached");
    }
}

#[test]
fn interpreter_settles_corners_as_the_stepper_does() {
    judge_scenes::<Interpreter>(&directed::scenes());
}
