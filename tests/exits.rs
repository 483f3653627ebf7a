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

use lau_agent_runtime::codegen::Options;
use lau_agent_runtime::engine::Prepared;
use lau_agent_runtime::lower::compile;
use lau_agent_runtime::{Energy, Host, Limits, Linked, Value};
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::compare::{Subject, judge, judge_scenes};
use support::directed;
#[cfg(feature = "aot")]
use support::engine::AheadLeaving;
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

#[cfg(feature = "aot")]
#[test]
fn a_run_of_code_compiled_ahead_of_time_that_leaves_anywhere_does_what_the_stepper_does() {
    generated::<AheadLeaving>(100);
    judge_scenes::<AheadLeaving>(&directed::scenes());
}

/// That nothing is to be seen of it would hold as well if guards could not be made to leave.
#[test]
fn a_guard_that_is_made_to_leave_does() {
    let source = "push 0\nstore i\nagain:\nload i\npush 1\nadd\nstore i\nload i\npush 50\nlt\n\
        jump_true again\nload i";
    let host = Arc::new(Host::default());
    let program = compile(source, &host.interface()).program.expect("no errors");
    let linked = Arc::new(Linked::new(Arc::new(program), host.interface()));
    let prepared = Prepared::native(linked, &Options { exits: true, ..Options::default() });
    // How often a run leaves, and what it comes to.
    let left = || {
        let before = prepared.left();
        let mut instance = prepared.instance(Arc::clone(&host), Limits::default()).expect("made");
        instance.set_energy(Energy::ZERO, Energy::from_units(1e6));
        assert_eq!(instance.run().output().and_then(Value::as_f64), Some(50.0));
        prepared.left() - before
    };
    let unforced = left();
    assert!(unforced <= 2, "{unforced}");
    let each: Vec<u64> = (0..prepared.guards())
        .map(|guard| {
            prepared.force(Some(guard));
            left()
        })
        .collect();
    assert!(each.iter().any(|left| *left > 5), "{each:?}");
    prepared.force_all();
    let all = left();
    assert!(all > 5, "{all}");
    prepared.force(None);
    assert_eq!(left(), unforced);
}

/// Looks up in a map by a Text, a thousand times.
const LOOKS_UP: &str = "push 0\nstore i\nagain:\nload map\nload key\nget\nstore x\nload i\npush 1\nadd\n\
    store i\nload i\npush 1000\nlt\njump_true again\nload x";

/// How often a run of that leaves the code.
fn looking_up(prepared: &Prepared) -> impl Fn() -> u64 {
    let host = Arc::new(Host::default());
    move || {
        let before = prepared.left();
        let mut instance = prepared.instance(Arc::clone(&host), Limits::default()).expect("made");
        let map = [("a", 1.0)].into_iter().collect();
        instance.set_memory("map", &map).expect("within the limits");
        instance.set_memory("key", &"a".into()).expect("within the limits");
        instance.set_energy(Energy::ZERO, Energy::from_units(1e6));
        assert_eq!(instance.run().output().and_then(Value::as_f64), Some(1.0));
        prepared.left() - before
    }
}

fn linked(source: &str) -> Arc<Linked> {
    let host = Host::default();
    let program = compile(source, &host.interface()).program.expect("no errors");
    Arc::new(Linked::new(Arc::new(program), host.interface()))
}

/// Ahead of time there is code already that assumes nothing.
#[cfg(feature = "aot")]
#[test]
fn a_map_that_was_taken_for_a_list_ahead_of_time_is_so_no_more() {
    let target = lau_agent_runtime::codegen::Target::host().expect("there is code for it");
    let linked = [linked(LOOKS_UP)];
    let prepared = lau_agent_runtime::aot::load(&linked, Options::default(), &target);
    let prepared = prepared.expect("it is linked").remove(0);
    let left = looking_up(&prepared);
    assert_eq!((left(), left()), (8, 0), "it was taken for one, until it was wrong so often");
}

/// A map by a Text that was taken for a list by a Number: what is assumed wrongly is assumed no more.
#[test]
fn a_map_that_was_taken_for_a_list_is_so_no_more() {
    let prepared = Prepared::native(linked(LOOKS_UP), &Options::default());
    let left = looking_up(&prepared);
    assert!(left() > 5, "it was taken for one");
    // Code without the assumption is made beside the run.
    let until = Instant::now() + Duration::from_secs(60);
    while left() > 5 {
        assert!(Instant::now() < until, "it goes on leaving");
        std::thread::sleep(Duration::from_millis(10));
    }
}
