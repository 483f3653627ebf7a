//! How soon a run stops that is to be suspended: the tightest loops there are, on every engine.
//!
//! With `--nocapture` the figures are printed. What a suspension is, is told in `suspension.rs`.

use lau_agent_runtime::engine::Prepared;
use lau_agent_runtime::lower::compile;
use lau_agent_runtime::{
    Canceller, Ending, Energy, Engine, Host, Instance, Limits, Linked, Outcome, Suspension,
};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// Within this a run has to stop, half of the time at least: the machine may be busy.
const LATE_MAX: Duration = Duration::from_millis(50);
const TRIALS: usize = 9;

/// Programs without an end.
const PROGRAMS: &[(&str, &str)] = &[
    ("one jump", "again:\njump again"),
    ("counting", "push 0\nstore n\nagain:\nload n\npush 1\nadd\nstore n\njump again"),
    ("nested loops", NESTED),
    ("calls", CALLS),
    ("writes to a list", WRITES),
];

const NESTED: &str = "push 0\nstore i\nouter:\npush 0\nstore j\n\
    inner:\nload j\npush 1\nadd\nstore j\nload j\npush 100\nlt\njump_true inner\n\
    load i\npush 1\nadd\nstore i\nload i\npush inf\nlt\njump_true outer";

const CALLS: &str = "again:\npush 20\ncall fib 1\npop\njump again\n\
    func fib n\nload n\npush 2\nlt\njump_false larger\nload n\nreturn\n\
    larger:\nload n\npush 1\nsub\ncall fib 1\nload n\npush 2\nsub\ncall fib 1\nadd\nend";

const WRITES: &str = "push [0]\nstore all\nagain:\npush 0\nload all\npush 0\nget\npush 1\nadd\n\
    put all\njump again";

fn instance(text: &str, engine: Engine) -> Instance {
    let host = Host::default();
    let program = compile(text, &host.interface()).program.expect("no errors");
    let linked = Arc::new(Linked::new(Arc::new(program), host.interface()));
    let prepared = Prepared::new(engine, linked);
    assert_eq!(prepared.hints(), [""; 0]);
    let mut instance = prepared.instance(Arc::new(host), Limits::default()).expect("its host");
    instance.set_energy(Energy::ZERO, Energy::MAX);
    instance
}

/// Starts the run, or goes on with it, so that stops in the middle are measured too.
fn go_on(instance: &mut Instance, why: &Suspension) {
    let outcome: Outcome = if instance.is_resumable() {
        instance.resume(Energy::ZERO).expect("it is stopped")
    } else {
        instance.run()
    };
    assert_eq!(outcome.ending, Ending::Suspended { reason: why.clone() });
}

fn late_after_deadline(instance: &mut Instance) -> Duration {
    let deadline = Instant::now() + Duration::from_millis(15);
    instance.set_deadline(Some(deadline));
    go_on(instance, &Suspension::Deadline);
    instance.set_deadline(None);
    deadline.elapsed()
}

fn late_after_cancel(instance: &mut Instance) -> Duration {
    let canceller: Canceller = instance.canceller();
    let other = thread::spawn(move || {
        thread::sleep(Duration::from_millis(15));
        let now = Instant::now();
        canceller.cancel();
        now
    });
    go_on(instance, &Suspension::Cancelled);
    let stopped = Instant::now();
    stopped.saturating_duration_since(other.join().expect("it cancels"))
}

/// Holds the median of some trials to the bound.
fn in_time(what: &str, mut trial: impl FnMut() -> Duration) {
    let mut late: Vec<Duration> = (0..TRIALS).map(|_| trial()).collect();
    late.sort_unstable();
    let (median, latest) = (late[TRIALS / 2], late[TRIALS - 1]);
    println!("{what}: median {median:?}, at most {latest:?}");
    assert!(median <= LATE_MAX, "{what}: {late:?} late");
}

#[test]
fn the_tightest_loops_stop_within_50_ms() {
    for engine in Engine::ALL {
        for (name, text) in PROGRAMS {
            let mut instance = instance(text, *engine);
            in_time(&format!("{engine}, {name}, deadline"), || late_after_deadline(&mut instance));
            in_time(&format!("{engine}, {name}, cancel"), || late_after_cancel(&mut instance));
        }
    }
}
