//! Stopped runs of the agent layer, moved to another runtime and another engine.

use lau_agent_runtime::{
    Builtin, Engine, Limits, MiniRuntime, Reply, RuntimeResult, Snapshot, Value,
};

/// Works on numbers, a list and a map, in a function and in the main body.
const SOURCE: &str = "push []\nstore all\npush {}\nstore seen\n\
    again:\nload n\ncall twice 1\nappend all\npush last\nload n\nput seen\n\
    load n\npush 1\nadd\nstore n\nload n\npush 6\nlt\njump_true again\n\
    load all\nload seen\nlist 2\nreturn\n\
    func twice x\nload x\npush 2\nmul\nreturn\nend";

/// A runtime with the program, on that engine.
fn runtime(source: &str, engine: Engine, budget: f64) -> MiniRuntime {
    let mut runtime = MiniRuntime::new("moves", "tests", budget);
    runtime.register("ask", Builtin::asking(|_| Ok(Reply::Wait(Some("well?".into())))));
    runtime.compile(source).expect("compiles");
    runtime.set_engine(engine);
    runtime
}

/// All of a result but its hints, which name the engine.
fn seen(result: &RuntimeResult) -> (bool, &Value, f64, u32) {
    (result.success, &result.output, result.energy_consumed, result.instructions_executed)
}

/// Every engine with every engine.
fn pairs() -> impl Iterator<Item = (Engine, Engine)> {
    let all = Engine::ALL.iter();
    all.flat_map(|from| Engine::ALL.iter().map(|to| (*from, *to)))
}

#[test]
fn a_run_goes_on_in_another_runtime_on_another_engine() {
    let mut whole = runtime(SOURCE, Engine::Interp, 100.0);
    whole.memory.insert("n".into(), Value::from(0.0));
    let result = whole.execute().expect("runs");
    for (from, to) in pairs() {
        for thousandths in (0..(whole.energy_used * 1e3) as u32).step_by(85) {
            let mut first = runtime(SOURCE, from, f64::from(thousandths) / 1e3);
            first.memory.insert("n".into(), Value::from(0.0));
            first.execute().expect_err("it is too little");
            let bytes = first.snapshot().expect("it is stopped").to_bytes();

            let mut second = runtime(SOURCE, to, 0.0);
            second.restore(&Snapshot::from_bytes(&bytes).expect("reads back")).expect("its own");
            assert_eq!(second.memory, first.memory);
            assert_eq!(second.energy_used, first.energy_used);
            assert_eq!(second.energy_budget, first.energy_budget);
            assert_eq!(second.snapshot().expect("it is stopped").to_bytes(), bytes);

            for runtime in [&mut first, &mut second] {
                let extra = 100.0 - runtime.energy_budget;
                let on = runtime.resume(extra).expect("it is stopped, and enough now");
                assert_eq!(seen(&on), seen(&result), "{from} to {to} at {thousandths}");
                assert_eq!(runtime.memory, whole.memory);
                assert_eq!(runtime.energy_budget, 100.0);
            }
        }
    }
}

#[test]
fn a_stepped_run_goes_on_stepping() {
    for (from, to) in pairs() {
        let mut alone = runtime(SOURCE, Engine::Interp, 100.0);
        alone.memory.insert("n".into(), Value::from(4.0));
        let mut moved = runtime(SOURCE, from, 100.0);
        moved.memory.insert("n".into(), Value::from(4.0));
        loop {
            let (want, got) = (alone.step().expect("steps"), moved.step().expect("steps"));
            assert_eq!(format!("{got:?}"), format!("{want:?}"));
            assert_eq!(moved.memory, alone.memory);
            if got.done {
                break;
            }
            let snapshot = moved.snapshot().expect("it is stopped");
            moved = runtime(SOURCE, to, 0.0);
            moved.restore(&snapshot).expect("its own");
        }
        assert!(moved.snapshot().is_err(), "it came to its end");
    }
}

#[test]
fn a_question_is_answered_in_the_other_runtime() {
    let source = "push 20\ncall ask 0\nadd\nreturn";
    for (from, to) in pairs() {
        let mut asks = runtime(source, from, 10.0);
        let error = asks.execute().expect_err("it waits");
        assert!(error.starts_with("Suspended: `ask` waits for an answer: well?"), "{error}");
        let json = asks.snapshot().expect("it is stopped").to_json();

        let mut other = runtime(source, to, 10.0);
        other.restore(&Snapshot::from_json(&json).expect("reads back")).expect("its own");
        other.answer(Ok(Value::from(22.0))).expect("it waits here too");
        assert_eq!(other.resume(0.0).expect("goes on").output, Value::from(42.0));
        assert_eq!(other.energy_used, 1.25);
    }
}

#[test]
fn a_snapshot_has_the_budget_as_it_is_now() {
    for (from, to) in pairs() {
        let mut first = runtime("push 1\npush 2\nadd\nreturn", from, 0.2);
        first.execute().expect_err("it is too little");
        first.energy_budget = 5.0;
        let snapshot = first.snapshot().expect("it is stopped");
        let mut second = runtime("push 1\npush 2\nadd\nreturn", to, 1.0);
        second.restore(&snapshot).expect("its own");
        assert_eq!(second.energy_budget, 5.0);
        assert_eq!(second.resume(0.0).expect("enough").output, Value::from(3.0));
    }
}

#[test]
fn what_cannot_be_restored_changes_no_field() {
    const NONE: &str = "there is no stopped run to resume";
    let mut first = runtime(SOURCE, Engine::Interp, 100.0);
    assert_eq!(first.snapshot().expect_err("it did not run"), NONE);
    first.memory.insert("n".into(), Value::from(5.0));
    first.execute().expect("runs");
    assert_eq!(first.snapshot().expect_err("it came to its end"), NONE);
    first.compile("push 1\nlen").expect("compiles");
    first.execute().expect_err("a number has no size");
    assert_eq!(first.snapshot().expect_err("it trapped"), NONE);

    let text = "push 1\nlist 1\nlist 1\nlist 1\nstore a\nagain:\njump again";
    let mut deep = runtime(text, Engine::Interp, 1.0);
    deep.execute().expect_err("it has no end");
    let snapshot = deep.snapshot().expect("it is stopped");
    let refuses = |runtime: &mut MiniRuntime, says: &str| {
        runtime.memory.insert("kept".into(), Value::from("as it was"));
        let before = (runtime.memory.clone(), runtime.energy_used, runtime.energy_budget);
        let error = runtime.restore(&snapshot).expect_err(says);
        assert!(error.contains(says), "{error}");
        assert_eq!((runtime.memory.clone(), runtime.energy_used, runtime.energy_budget), before);
        assert_eq!(runtime.resume(1.0).expect_err("nothing was restored"), NONE);
    };
    refuses(&mut first, "of another program");
    refuses(&mut MiniRuntime::new("empty", "tests", 1.0), "of another program");
    deep.set_limits(Limits { nesting_max: 2, ..Limits::default() });
    refuses(&mut deep, "Nesting limit");
    deep.instructions.truncate(1);
    refuses(&mut deep, "of another program");
}
