//! Runs that wait: by a deadline, a cancel, or a builtin that asks; and slices, which must not show.

use lau_agent_runtime::{
    Answer, Builtin, Canceller, Ending, Energy, Failure, Host, Instance, Limits, Linked,
    MiniRuntime, Outcome, Price, Question, Reply, Suspension, TrapKind, Value, lower,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const TIGHTEST: &str = "again:\njump again";

fn units(n: f64) -> Energy {
    Energy::from_units(n)
}

fn instance(text: &str, host: Host, budget: Energy) -> Instance {
    let program = lower::compile(text, &host.interface()).program.expect("no errors");
    let linked = Arc::new(Linked::new(Arc::new(program), host.interface()));
    let mut instance = Instance::new(linked, Arc::new(host), Limits::default()).expect("its host");
    instance.set_energy(Energy::ZERO, budget);
    instance
}

fn suspended(outcome: &Outcome) -> &Suspension {
    match &outcome.ending {
        Ending::Suspended { reason } => reason,
        other @ (Ending::Finished { .. } | Ending::Exhausted | Ending::Trapped { .. }) => {
            panic!("not suspended: {other:?}")
        }
    }
}

/// A builtin that always asks, and how often it was called.
fn asks() -> (Host, Arc<AtomicU32>) {
    let calls = Arc::new(AtomicU32::new(0));
    let counted = calls.clone();
    let mut host = Host::default();
    host.register(
        "ask",
        Builtin::asking(move |args| {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(Reply::Wait(args.first().and_then(|a| a.as_str().map(str::to_owned))))
        }),
    );
    (host, calls)
}

/// The shortest of some reactions, since the machine may be busy.
fn shortest(mut reaction: impl FnMut() -> Duration) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..5 {
        best = best.min(reaction());
        if best < Duration::from_millis(50) {
            break;
        }
    }
    best
}

#[test]
fn a_deadline_ends_the_tightest_loop_within_50_ms() {
    let mut instance = instance(TIGHTEST, Host::default(), Energy::MAX);
    let late = shortest(|| {
        let deadline = Instant::now() + Duration::from_millis(30);
        instance.set_deadline(Some(deadline));
        let outcome = if instance.is_resumable() {
            instance.resume(Energy::ZERO).expect("it is suspended")
        } else {
            instance.run()
        };
        assert_eq!(suspended(&outcome), &Suspension::Deadline);
        Instant::now() - deadline
    });
    assert!(late < Duration::from_millis(50), "{late:?} late");
}

#[test]
fn a_cancel_from_another_thread_ends_it_within_50_ms() {
    let mut instance = instance(TIGHTEST, Host::default(), Energy::MAX);
    let canceller = instance.canceller();
    let late = shortest(|| {
        instance.reset();
        let other = canceller.clone();
        let cancelled = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            let now = Instant::now();
            other.cancel();
            now
        });
        assert_eq!(suspended(&instance.run()), &Suspension::Cancelled);
        let stopped = Instant::now();
        stopped - cancelled.join().expect("it cancels")
    });
    assert!(late < Duration::from_millis(50), "{late:?} late");
    assert!(!canceller.is_cancelled(), "a cancel works once");
}

#[test]
fn a_cancel_before_the_run_stops_it_where_it_starts_or_goes_on() {
    let mut instance = instance("push 1\npush 2\nadd", Host::default(), units(10.0));
    let canceller = Canceller::default();
    instance.set_canceller(canceller.clone());
    canceller.cancel();
    let outcome = instance.run();
    assert_eq!(suspended(&outcome), &Suspension::Cancelled);
    assert_eq!((outcome.instructions, outcome.place.instruction), (0, 0));
    canceller.cancel();
    assert_eq!(suspended(&instance.step().outcome.expect("it stops")), &Suspension::Cancelled);
    assert_eq!(instance.step().instruction, Some(0));
    canceller.cancel();
    let outcome = instance.resume(Energy::ZERO).expect("it is suspended");
    assert_eq!((outcome.instructions, outcome.energy), (1, units(0.1)));
    canceller.cancel();
    canceller.withdraw();
    let outcome = instance.resume(Energy::ZERO).expect("it is suspended");
    assert_eq!(outcome.output(), Some(&Value::from(3.0)));
    assert_eq!((outcome.instructions, outcome.energy), (3, units(0.3)));
}

/// Counts to a million, which takes more than ten slices.
const COUNTS: &str = "push 0\nstore n\nagain:\nload n\npush 1\nadd\nstore n\nload n\npush 1000000\nlt\njump_true again\n\
                      energy_check 999000000\nload n\nreturn";

#[test]
fn neither_slices_nor_stops_show_in_what_a_run_costs() {
    let once = instance(COUNTS, Host::default(), units(1e9)).run();
    assert_eq!(once.output(), Some(&Value::from(1e6)));
    assert_eq!(once.energy, Energy::from_thousandths(750 * 1_000_000 + 400));
    assert_eq!(once.instructions, 8 * 1_000_000 + 5);

    let mut cut = instance(COUNTS, Host::default(), units(1e9));
    let mut stops = 0;
    cut.set_deadline(Some(Instant::now()));
    let mut outcome = cut.run();
    while let Ending::Suspended { .. } = outcome.ending {
        stops += 1;
        cut.set_deadline(Some(Instant::now() + Duration::from_millis(1)));
        outcome = cut.resume(Energy::ZERO).expect("it is suspended");
    }
    assert!(stops > 1, "never stopped on its way");
    assert_eq!(outcome, once);
}

#[test]
fn what_is_dearer_than_a_slice_is_paid_all_the_same() {
    let mut host = Host::default();
    let dear = Builtin::new(|_| Value::Null).with_price(Price::Fixed(units(1e6)));
    host.register("dear", dear);
    host.register(
        "most",
        Builtin::charging(units(5e5), |_| Answer { result: Ok(Value::Null), charge: units(1.0) }),
    );
    let text = "call most 0\npop\ncall dear 0\npop\ncall dear 0\nreturn";
    let outcome = instance(text, host.clone(), units(3e6)).run();
    assert_eq!((outcome.output(), outcome.instructions), (Some(&Value::Null), 6));
    assert_eq!(outcome.energy, units(2_000_001.15));
    let outcome = instance(text, host, units(1.5e6)).run();
    assert_eq!((&outcome.ending, outcome.place.instruction), (&Ending::Exhausted, 4));
    assert_eq!((outcome.energy, outcome.instructions), (units(1_000_001.1), 4));
}

#[test]
fn a_slow_builtin_is_looked_at_when_it_comes_back() {
    let calls = Arc::new(AtomicU32::new(0));
    let counted = calls.clone();
    let mut host = Host::default();
    host.register(
        "slow",
        Builtin::new(move |_| {
            std::thread::sleep(Duration::from_millis(20));
            f64::from(counted.fetch_add(1, Ordering::Relaxed)).into()
        }),
    );
    let mut instance = instance("again:\ncall slow 0\nstore last\njump again", host, Energy::MAX);
    instance.set_deadline(Some(Instant::now() + Duration::from_millis(5)));
    let outcome = instance.run();
    assert_eq!(suspended(&outcome), &Suspension::Deadline);
    assert_eq!((outcome.place.instruction, outcome.instructions), (1, 1));
    instance.set_deadline(Some(Instant::now() + Duration::from_millis(5)));
    let outcome = instance.resume(Energy::ZERO).expect("it is suspended");
    assert_eq!((outcome.place.instruction, outcome.instructions), (1, 4));
    assert_eq!(calls.load(Ordering::Relaxed), 2);
    assert_eq!(instance.memory_field("last"), Some(Value::from(0.0)));
}

#[test]
fn a_question_waits_until_it_is_answered() {
    let (host, calls) = asks();
    let mut instance =
        instance("push 7\npush \"Shall we?\"\ncall ask 1\nadd\nreturn", host, units(10.0));
    let question = Question {
        builtin: "ask".into(),
        arguments: vec!["Shall we?".into()],
        message: Some("Shall we?".into()),
    };
    let outcome = instance.run();
    assert_eq!(suspended(&outcome), &Suspension::Asked(question.clone()));
    assert_eq!((outcome.place.instruction, outcome.instructions), (2, 3));
    assert_eq!(outcome.energy, units(1.2));

    // Not answered: it stays as it is, whatever else is asked of it.
    instance.canceller().cancel();
    for extra in [0.0, 5.0] {
        let again = instance.resume(units(extra)).expect("it is suspended");
        assert_eq!(suspended(&again), &Suspension::Asked(question.clone()));
        assert_eq!((again.instructions, again.energy), (3, units(1.2)));
    }
    let step = instance.step();
    assert_eq!(step.instruction, None);
    assert_eq!(instance.question(), Some(question));
    assert!(instance.canceller().is_cancelled(), "the question comes first");
    instance.canceller().withdraw();

    instance.answer(Ok(Value::from(35.0))).expect("it waits");
    assert!(instance.answer(Ok(Value::Null)).is_err(), "an answer is given once");
    assert_eq!(instance.question(), None);
    let outcome = instance.resume(Energy::ZERO).expect("it is suspended");
    assert_eq!(outcome.output(), Some(&Value::from(42.0)));
    assert_eq!((outcome.instructions, outcome.energy), (5, units(1.35)));
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[test]
fn an_answer_is_paid_and_limited_as_any_other() {
    let (host, calls) = asks();
    let mut waiting = instance("call ask 0\nlen\nreturn", host.clone(), units(1.1));
    waiting.run();
    waiting.answer(Ok("x".repeat(2_000).into())).expect("it waits");
    for _ in 0..2 {
        let outcome = waiting.resume(Energy::ZERO).expect("it is stopped");
        assert_eq!((&outcome.ending, outcome.place.instruction), (&Ending::Exhausted, 0));
        assert_eq!((outcome.energy, outcome.instructions), (units(1.0), 1));
    }
    let outcome = waiting.resume(units(10.0)).expect("it is stopped");
    assert_eq!(outcome.output(), Some(&Value::from(2_000.0)));
    assert_eq!(outcome.energy, Energy::from_thousandths(1_000 + (2_032 - 1_024) + 150));
    assert_eq!(calls.load(Ordering::Relaxed), 1);

    let deep = (0..300).fold(Value::Null, |inner, _| Value::List(vec![inner]));
    let mut waiting = instance("call ask 0", host, units(1e3));
    waiting.run();
    waiting.answer(Ok(deep)).expect("it waits");
    let outcome = waiting.resume(Energy::ZERO).expect("it is stopped");
    assert_eq!(outcome.trap().map(|trap| trap.kind), Some(TrapKind::NestingLimit));
}

#[test]
fn a_failure_as_answer_is_a_trap_or_under_try_a_value() {
    let (host, calls) = asks();
    let refused = || Err(Failure("refused".into()));
    let mut called = instance("call ask 0", host.clone(), units(10.0));
    called.run();
    called.answer(refused()).expect("it waits");
    let outcome = called.resume(Energy::ZERO).expect("it is stopped");
    let trap = outcome.trap().expect("a trap");
    assert_eq!((trap.kind, trap.message.as_str()), (TrapKind::BuiltinFailed, "`ask`: refused"));
    assert_eq!((outcome.energy, outcome.instructions), (units(1.0), 1));
    assert!(!called.is_resumable());

    let mut tried = instance("try ask 0", host, units(10.0));
    tried.run();
    tried.answer(refused()).expect("it waits");
    let outcome = tried.resume(Energy::ZERO).expect("it is stopped");
    let told = [("error", "failed"), ("message", "refused")].into_iter().collect();
    assert_eq!(outcome.output(), Some(&told));
    assert_eq!(calls.load(Ordering::Relaxed), 2);
}

#[test]
fn no_call_is_made_twice_however_a_run_is_cut() {
    let text = "again:\npush x\ncall ask 1\nappend all\nload all\nlen\npush 3\nlt\njump_true again\n\
                load all\nreturn";
    let start = |budget| {
        let (host, calls) = asks();
        let mut instance = instance(text, host, budget);
        instance.set_memory("all", &Value::List(vec![])).expect("within the limits");
        (instance, calls)
    };
    let big = |n: u32| Value::from(format!("{n}{}", "y".repeat(1_500)));
    let play = |mut budget: u64, extra: u64| {
        let (mut instance, calls) = start(Energy::from_thousandths(budget));
        let (mut outcome, mut answered) = (instance.run(), 0);
        loop {
            match &outcome.ending {
                Ending::Finished { .. } => break,
                Ending::Suspended { .. } => {
                    instance.answer(Ok(big(answered))).expect("it waits");
                    answered += 1;
                    outcome = instance.resume(Energy::ZERO).expect("it waits");
                }
                Ending::Exhausted => {
                    budget += extra;
                    outcome = instance.resume(Energy::from_thousandths(extra)).expect("stopped");
                }
                Ending::Trapped { trap } => panic!("{trap}"),
            }
        }
        assert_eq!((calls.load(Ordering::Relaxed), answered), (3, 3));
        assert_eq!(outcome.budget, Energy::from_thousandths(budget));
        outcome.budget = Energy::ZERO;
        outcome
    };
    let whole = play(1_000_000, 0);
    assert_eq!(whole.instructions, 3 * 8 + 2);
    for budget in (0..whole.energy.thousandths()).step_by(37) {
        assert_eq!(play(budget, 150), whole, "cut at {budget}");
    }
}

#[test]
fn the_agent_layer_tells_a_suspension() {
    let mut runtime = MiniRuntime::new("slow", "loops", f64::INFINITY);
    runtime.compile(TIGHTEST).expect("compiles");
    runtime.set_timeout(Some(Duration::from_millis(5)));
    let error = runtime.execute().expect_err("it has no end");
    assert!(error.starts_with("Suspended: the deadline has passed"), "{error}");
    runtime.canceller().cancel();
    let error = runtime.resume(0.0).expect_err("it has no end");
    assert!(error.starts_with("Suspended: it was cancelled"), "{error}");
    assert!(runtime.answer(Ok(Value::Null)).is_err());

    let mut runtime = MiniRuntime::new("careful", "questions", 10.0);
    runtime.register("ask", Builtin::asking(|_| Ok(Reply::Wait(None))));
    runtime.compile("call ask 0\nreturn").expect("compiles");
    for _ in 0..2 {
        let error = runtime.step().expect_err("it waits");
        assert!(error.starts_with("Suspended: `ask` waits for an answer"), "{error}");
    }
    runtime.answer(Ok("yes".into())).expect("it waits");
    assert_eq!(runtime.step().expect("goes on").result, Value::from("yes"));
    assert!(runtime.step().expect("returns").done);
    assert_eq!(runtime.energy_used, 1.05);
    let error = runtime.call("ask", vec![]).expect_err("nobody answers the host itself");
    assert!(error.contains("asks to wait"), "{error}");
}
