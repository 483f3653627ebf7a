//! Tests of the stepper itself, with expectations worked out by hand from the specification, and of
//! the harness that judges engines by it.

#[allow(dead_code, reason = "each test crate uses a part")]
mod support;

use support::compare::{Subject, judge};
use support::scene::{Expected, Plan, Scene};
use support::seen::Seen;

/// An engine that is right by definition.
struct Mirror;

impl Subject for Mirror {
    fn prepare(_: &Scene) -> Result<Self, String> {
        Ok(Mirror)
    }
    fn play(&self, _: &Scene, _: &Plan, expected: &Expected) -> Result<Vec<Seen>, String> {
        Ok(expected.seen.clone())
    }
}

#[test]
fn generated_programs_reach_everything_and_resume() {
    let rates = judge::<Mirror>(1, 0..3_000);
    println!("{rates}");
    assert_eq!(rates.missed(), Vec::<&str>::new());
}
