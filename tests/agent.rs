//! The agent layer, by the behaviour its users rely on: fields before and after runs, error strings,
//! levels, patterns, shells.

use lau_agent_runtime::{
    AbstractionLayer, AgentShell, Builtin, Energy, Engine, Instruction, MiniRuntime, Price,
    RuntimeCompiler, RuntimeId, RuntimeResult, RuntimeSnapshot, ShellStatus, TaskPattern, Value,
};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

fn runtime(source: &str, budget: f64) -> MiniRuntime {
    let mut runtime = MiniRuntime::new("test", "tests", budget);
    runtime.compile(source).expect("compiles");
    runtime
}

fn first(arguments: Vec<Value>) -> Value {
    arguments.into_iter().next().unwrap_or_default()
}

#[test]
fn the_eleven_instructions_cost_what_they_always_did() {
    let costs = [
        (Instruction::Push(Value::Null), 0.1),
        (Instruction::Pop, 0.05),
        (Instruction::Call("f".into(), 0), 1.0),
        (Instruction::Store("x".into()), 0.1),
        (Instruction::Load("x".into()), 0.1),
        (Instruction::JumpIf(0), 0.05),
        (Instruction::Return, 0.05),
        (Instruction::EnergyCheck(1.0), 0.05),
        (Instruction::Delegate("a".into(), "t".into()), 2.0),
        (Instruction::Observe("x".into()), 0.3),
        (Instruction::Assert("w".into()), 0.2),
    ];
    for (instruction, cost) in costs {
        assert_eq!(instruction.energy_cost(), cost, "{instruction}");
    }
}

#[test]
fn jump_if_jumps_when_the_value_is_falsy() {
    let source = "load flag\njump_if 4\npush yes\nreturn\npush no\nreturn";
    for (flag, output) in
        [(Value::from(true), "yes"), (Value::Null, "no"), (Value::from(0.0), "no")]
    {
        let mut runtime = runtime(source, 10.0);
        runtime.memory.insert("flag".into(), flag);
        assert_eq!(runtime.execute().expect("runs").output, Value::from(output));
    }
}

#[test]
fn memory_persists_and_energy_adds_up_from_run_to_run() {
    let mut runtime = runtime("load n\npush 1\nadd\nstore n\nload n\nreturn", 10.0);
    runtime.memory.insert("n".into(), Value::from(0.0));
    for round in 1..=3_u32 {
        let result = runtime.execute().expect("runs");
        assert_eq!(result.output, Value::from(round));
        assert_eq!(result.instructions_executed, 6);
        assert_eq!(result.energy_consumed, f64::from(round) * 550.0 / 1000.0);
        assert_eq!(runtime.energy_used, result.energy_consumed);
    }
    assert_eq!(runtime.memory["n"], Value::from(3.0));
    assert!(runtime.is_conserved());
}

#[test]
fn ten_pushes_cost_exactly_one() {
    let mut runtime = runtime(&"push 1\n".repeat(10), 1.0);
    assert_eq!(runtime.execute().expect("just affordable").energy_consumed, 1.0);
    assert!(
        runtime
            .execute()
            .expect_err("nothing left")
            .contains("Energy budget exhausted: used 1 of 1")
    );
}

#[test]
fn error_strings_tell_errors_apart() {
    let error = |source: &str, budget: f64| runtime(source, budget).execute().expect_err(source);
    assert!(error("push 1\npush 2", 0.1).contains("Energy budget exhausted: used 0.1 of 0.1"));
    assert!(error("energy_check 50", 10.0).starts_with("Energy check failed"));
    assert!(error("call f 2", 10.0).starts_with("Stack underflow"));
    assert!(
        error("push 1\ncall f 1", 10.0).starts_with("Unknown builtin: f (instruction 1, line 2)")
    );
    let unread =
        MiniRuntime::new("a", "b", 1.0).compile("push 1\npsuh 2\ncall f").expect_err("2 faults");
    assert!(unread.starts_with("Parse error on line 2: "), "{unread}");
    assert!(unread.contains("\nParse error on line 3: "), "{unread}");
    assert_eq!(AgentShell::new("a", 1.0).execute().expect_err("none"), "No active runtime");
    assert_eq!(
        MiniRuntime::new("a", "b", 1.0).call("f", vec![]),
        Err("Unknown builtin: f".to_owned())
    );
}

#[test]
fn compiling_raises_the_level_to_three_and_failing_changes_nothing() {
    let mut runtime = MiniRuntime::new("a", "b", 1.0);
    for level in [1, 2, 3, 3] {
        assert_eq!(runtime.compile("push 1").expect("compiles"), [Instruction::Push(1.0.into())]);
        assert_eq!(runtime.abstraction_level(), level);
    }
    assert!(runtime.compile("jump nowhere").is_err());
    assert_eq!(runtime.instructions, [Instruction::Push(1.0.into())]);
    assert_eq!(runtime.compilation_level, 3);
}

#[test]
fn instructions_set_by_hand_run_and_are_checked() {
    let mut runtime = runtime("push 1", 10.0);
    runtime.instructions = vec![Instruction::Push(7.0.into()), Instruction::Return];
    assert_eq!(runtime.execute().expect("runs").output, Value::from(7.0));
    runtime.instructions = vec![Instruction::End];
    let error = runtime.execute().expect_err("no function to end");
    assert_eq!(
        error,
        "Parse error at instruction 0: `end` without `func` (to end the run, write `return`)"
    );
}

#[test]
fn stepping_goes_one_instruction_at_a_time() {
    let mut runtime = runtime("push 2\nstore x\nfunc skipped\nend\nload x\nreturn\npush 9", 10.0);
    let step = |runtime: &mut MiniRuntime| runtime.step().expect("steps");
    let first = step(&mut runtime);
    assert_eq!(first.instruction, Instruction::Push(2.0.into()));
    assert_eq!((first.result, first.energy_remaining, first.done), (2.0.into(), 9.9, false));
    assert!(!runtime.memory.contains_key("x"));
    assert_eq!(step(&mut runtime).result, Value::Null);
    assert_eq!(runtime.memory["x"], Value::from(2.0), "memory shows what a step stored");
    assert_eq!(step(&mut runtime).instruction, Instruction::Load("x".into()));
    let last = step(&mut runtime);
    assert_eq!((last.instruction, last.result, last.done), (Instruction::Return, 2.0.into(), true));
    let past = step(&mut runtime);
    assert_eq!((past.instruction, past.result, past.done), (Instruction::Return, 2.0.into(), true));
    assert_eq!(runtime.energy_used, 0.35, "a step past the end is free");
    runtime.reset();
    assert_eq!(step(&mut runtime).instruction, Instruction::Push(2.0.into()));
}

#[test]
fn a_program_with_nan_stays_the_program_of_its_text() {
    let mut runtime = runtime("push nan\npush [nan]\nenergy_check nan\nfail no way", 10.0);
    for _ in 0..3 {
        let error = runtime.execute().expect_err("fails");
        assert_eq!(error, "Failed: no way (instruction 3, line 4)");
    }
    // `0` and `-0` are equal, but not the same program.
    runtime.compile("push 0\nreturn").expect("compiles");
    let output = |runtime: &mut MiniRuntime| {
        runtime.execute().expect("runs").output.as_f64().expect("a number").is_sign_negative()
    };
    assert!(!output(&mut runtime));
    runtime.instructions[0] = Instruction::Push(Value::from(-0.0));
    assert!(output(&mut runtime));
}

#[test]
fn instructions_set_by_hand_are_stepped_from_the_next_run_on() {
    let mut runtime = runtime("push 1\npush 2", 10.0);
    runtime.step().expect("steps");
    runtime.instructions = vec![Instruction::Push(7.0.into()); 3];
    let last = runtime.step().expect("goes on with what the run was started with");
    assert_eq!((last.instruction, last.done), (Instruction::Push(2.0.into()), true));
    let first = runtime.step().expect("starts with what was set");
    assert_eq!((first.instruction, first.done), (Instruction::Push(7.0.into()), false));

    runtime.compile("fail no way").expect("compiles");
    for _ in 0..2 {
        assert!(runtime.step().expect_err("fails").starts_with("Failed"));
    }
    runtime.instructions = vec![Instruction::Return];
    assert!(runtime.step().expect("starts with what was set").done);
}

#[test]
fn a_step_that_cannot_be_paid_can_be_taken_later() {
    let mut runtime = runtime("push 1\npush 2\nadd", 0.1);
    assert!(!runtime.step().expect("affordable").done);
    for _ in 0..2 {
        assert!(runtime.step().expect_err("not affordable").contains("Energy budget exhausted"));
    }
    runtime.energy_budget = 1.0;
    assert_eq!(runtime.step().expect("affordable").instruction, Instruction::Push(2.0.into()));
    let last = runtime.step().expect("affordable");
    assert_eq!((last.result, last.done), (3.0.into(), true));
}

#[test]
fn a_trapped_step_stays_trapped_until_reset() {
    let mut runtime = runtime("push 1\nfail no way", 10.0);
    runtime.step().expect("steps");
    for _ in 0..2 {
        assert!(runtime.step().expect_err("fails").starts_with("Failed: no way"));
    }
    assert_eq!(runtime.energy_used, 0.2, "the trapped instruction is paid, once");
    runtime.reset();
    assert_eq!(runtime.step().expect("steps").instruction, Instruction::Push(1.0.into()));
}

#[test]
fn an_exhausted_run_resumes_to_what_one_run_would_have_been() {
    let source = "push 0\nstore i\ntop:\nload i\npush 1\nadd\ndup\nstore i\npush 5\nlt\njump_true top\nload i";
    let whole = runtime(source, 100.0).execute().expect("runs");
    let mut parts = runtime(source, 0.0);
    let mut result = parts.execute();
    let mut resumed = 0;
    while let Err(error) = &result {
        assert!(error.contains("Energy budget exhausted"), "{error}");
        assert_eq!(parts.resume(0.0), result, "with nothing more it stops at the same place");
        result = parts.resume(0.07);
        resumed += 1;
    }
    assert_eq!(result, Ok(whole));
    assert!(resumed > 20, "{resumed}");
    assert!(parts.resume(1.0).is_err(), "a finished run does not resume");
}

#[test]
fn budgets_of_every_kind() {
    for budget in [f64::NAN, -1.0, f64::NEG_INFINITY, 0.0] {
        assert!(runtime("push 1", budget).execute().is_err(), "{budget}");
    }
    let result = runtime("push 1", f64::INFINITY).execute().expect("runs");
    assert_eq!(result.energy_consumed, 0.1);
}

#[test]
fn builtins_of_every_kind() {
    let calls = Arc::new(AtomicU32::new(0));
    let mut runtime = MiniRuntime::new("a", "b", 100.0);
    runtime.register_builtin("plain", first);
    let counter = calls.clone();
    runtime.register(
        "closure",
        Builtin::new(move |_| Value::from(counter.fetch_add(1, Ordering::Relaxed))),
    );
    runtime.register("fallible", Builtin::fallible(|_| Err("not today".into())));
    runtime.register("typed", Builtin::typed(|x: f64, up: bool| if up { x + 1.0 } else { x }));
    let price = Price::Fixed(Energy::from_units(5.0));
    runtime.register("dear", Builtin::new(first).with_price(price));
    runtime.register("panics", Builtin::new(|_| panic!("on purpose")));
    let mut run = |source: &str| {
        runtime.compile(source).expect("compiles");
        let before = runtime.energy_used;
        let result = runtime.execute().map(|result| result.output);
        (result, ((runtime.energy_used - before) * 1000.0).round())
    };
    assert_eq!(run("push 4\ncall plain 1"), (Ok(4.0.into()), 1100.0));
    assert_eq!(run("call closure 0\npop\ncall closure 0"), (Ok(1.0.into()), 2050.0));
    assert_eq!(run("push 4\npush true\ncall typed 2"), (Ok(5.0.into()), 1200.0));
    assert_eq!(run("push 4\ncall dear 1"), (Ok(4.0.into()), 5100.0));
    let (error, cost) = run("call fallible 0");
    assert_eq!(
        error.expect_err("fails"),
        "Builtin failed: `fallible`: not today (instruction 0, line 1)"
    );
    assert_eq!(cost, 1000.0);
    let (caught, _) = run("try fallible 0");
    let map: Value = [("error", "failed"), ("message", "not today")].into_iter().collect();
    assert_eq!(caught, Ok(map));
    let (error, _) = run("push 1\npush 2\ncall typed 2");
    assert!(
        error.expect_err("wrong type").starts_with("Type error: argument 2 of `typed` is a Bool")
    );
    let (error, _) = run("call panics 0");
    assert!(error.expect_err("a trap").starts_with("Builtin panicked: `panics`: on purpose"));
    assert_eq!(runtime.call("plain", vec![1.0.into()]), Ok(1.0.into()));
    assert_eq!(
        runtime.call("panics", vec![]),
        Err("Builtin failed: `panics`: on purpose".to_owned())
    );
}

#[test]
fn delegates_go_to_the_handler_or_are_noted() {
    let mut noted = runtime("delegate scout \"look around\"\ndelegate scout", 10.0);
    noted.execute().expect("runs");
    assert_eq!(noted.memory["delegated:look around"], Value::from("delegated to scout"));
    assert_eq!(noted.memory["delegated:"], Value::from("delegated to scout"));
    let mut handled = runtime("delegate scout look\ndelegate nobody x", 10.0);
    handled.on_delegate(|agent, task| match agent {
        "scout" if task == "look" => Ok(()),
        _ => Err("no such agent".into()),
    });
    let error = handled.execute().expect_err("the second fails");
    assert_eq!(
        error,
        "Builtin failed: delegating to `nobody`: no such agent (instruction 1, line 2)"
    );
    assert!(handled.memory.is_empty());
}

#[test]
fn states_save_and_load() {
    let mut one = runtime("push [1,2]\nstore x", 10.0);
    one.execute().expect("runs");
    let state = one.save_state();
    assert!(state.created_at > 1_700_000_000);
    let json = serde_json::to_string(&state).expect("serialises");
    let back: RuntimeSnapshot = serde_json::from_str(&json).expect("reads back");
    assert_eq!(back, state);
    let mut other = runtime("load x\nreturn", 10.0);
    other.load_state(&back);
    assert_eq!((other.energy_used, other.compilation_level), (0.2, 1));
    assert_eq!(other.execute().expect("runs").output, Value::from(vec![1.0, 2.0]));
}

#[test]
fn tasks_are_known_by_their_words() {
    let steps = |task: &str| RuntimeCompiler::compile_task(task, "d", 10.0).missing_builtins();
    assert_eq!(steps("MONITOR it"), ["read_sensors", "check_thresholds", "report"]);
    assert_eq!(steps("Control the data"), ["compute_error", "adjust_pwm", "verify"]);
    assert_eq!(steps("manage"), ["assess_task", "pick_archetype", "assign", "monitor"]);
    let analysis = ["load_data", "compute_statistics", "find_patterns", "verify_conservation"];
    assert_eq!(steps("Analyze"), analysis);
    let bridge = ["connect", "handshake", "send", "receive", "verify", "disconnect"];
    assert_eq!(steps("communicate"), bridge);
    let mut other = RuntimeCompiler::compile_task("dance \"wildly\"", "d", 10.0);
    assert_eq!(other.instructions, [Instruction::Push(Value::Null), Instruction::Return]);
    assert_eq!((other.name.as_str(), other.compilation_level), ("compiled", 1));
    assert_eq!(other.execute().expect("runs").output, Value::Null);
    let odd = RuntimeCompiler::compile_task("crew \"quoted\"\nlines $task", "d", 10.0);
    assert_eq!(odd.instructions[0], Instruction::Push("crew \"quoted\"\nlines $task".into()));
}

#[test]
fn a_pattern_says_what_it_lacks_when_it_is_built() {
    let mut shell = AgentShell::new("a", 100.0);
    let pattern = |source: &str| TaskPattern { words: vec!["sail".into()], source: source.into() };
    assert!(shell.patterns.register(pattern("cal x")).expect_err("misspelt").contains("`call`"));
    shell.patterns.register(pattern("push $task\ncall hoist 1\nreturn")).expect("compiles");
    let id = shell.build_runtime("sail and monitor", "sea");
    let runtime = &shell.runtimes[&id];
    assert_eq!(runtime.warnings(), ["builtin `hoist` is not registered"]);
    shell.register("hoist", Builtin::new(first));
    let id = shell.build_runtime("sail", "sea");
    assert!(shell.runtimes[&id].warnings().is_empty());
    shell.activate(&id);
    assert_eq!(shell.execute().expect("runs").output, Value::from("sail"));
}

#[test]
fn a_task_that_spoils_its_pattern_is_told_of() {
    let mut shell = AgentShell::new("a", 100.0);
    let pattern =
        TaskPattern { words: vec!["HOIST".into()], source: "call $task 0\nreturn".into() };
    shell.patterns.register(pattern).expect("compiles");
    let id = shell.build_runtime("Hoist", "sea");
    assert_eq!(shell.runtimes[&id].missing_builtins(), ["Hoist"], "known whatever the case");

    let id = shell.build_runtime(&"hoist ".repeat(200), "sea");
    let runtime = shell.runtimes.get_mut(&id).expect("just built");
    assert_eq!(runtime.compilation_level, 0);
    let warnings = runtime.warnings();
    let told = "Parse error on line 1: the name `hoist hoist";
    assert!(warnings.len() == 1 && warnings[0].starts_with(told), "{warnings:?}");
    assert_eq!(runtime.execute().expect_err("no program"), warnings[0]);
    assert_eq!(runtime.step().expect_err("no program"), warnings[0]);
    runtime.instructions = vec![Instruction::Return];
    assert!(runtime.warnings().is_empty() && runtime.execute().is_ok());
}

#[test]
fn a_shell_keeps_runtimes() {
    let mut shell = AgentShell::new("agent", 1000.0);
    assert_eq!(shell.shell_status().energy_remaining, 1000.0);
    let one = shell.build_runtime("anything", "first");
    let two = shell.build_runtime("monitor", "second");
    assert!(one.0.starts_with("rt-compiled-") && one != two);
    let list = shell.list_runtimes();
    assert_eq!(list, [(&one, "first", 1), (&two, "second", 1)]);
    shell.activate(&RuntimeId::from("rt-unknown-1"));
    assert_eq!(shell.active_runtime, None);
    shell.activate(&one);
    shell.activate(&RuntimeId::from("rt-unknown-1"));
    assert_eq!(shell.active_runtime, Some(one.clone()));
    let result = shell.execute().expect("runs");
    assert_eq!((result.output, result.instructions_executed), (Value::Null, 2));
    let status = shell.shell_status();
    let expected = ShellStatus {
        agent_id: "agent".into(),
        active_runtime: Some(one.0.clone()),
        runtime_count: 2,
        abstraction_level: 0,
        tokens_saved: 0,
        energy_remaining: 99.85,
    };
    assert_eq!(status, expected);
    let json = serde_json::to_string(&status).expect("serialises");
    assert_eq!(serde_json::from_str::<ShellStatus>(&json).expect("reads back"), status);
    assert!(shell.active_runtime_mut().is_some_and(|runtime| runtime.id == one));
    shell.deactivate();
    assert!(shell.active_runtime_mut().is_none());
    assert_eq!(
        shell.abstraction.progress_report(),
        "Abstraction Level 0 | 2 runtimes built | 0 tokens saved"
    );
}

#[test]
fn levels_of_abstraction_add_up() {
    let mut layer = AbstractionLayer::default();
    assert_eq!(layer.layers[0].description, "Raw — no abstraction");
    for _ in 0..3 {
        layer.record_runtime_built();
    }
    layer.add_savings(500);
    assert_eq!(
        layer.progress_report(),
        "Abstraction Level 0 | 3 runtimes built | 500 tokens saved"
    );
    layer.promote("Compiled");
    layer.add_savings(u64::MAX);
    assert_eq!((layer.current_level(), layer.tokens_saved()), (1, u64::MAX));
    let json = serde_json::to_string(&layer).expect("serialises");
    assert_eq!(serde_json::from_str::<AbstractionLayer>(&json).expect("reads back"), layer);
    let mut empty: AbstractionLayer = serde_json::from_str(r#"{"layers":[]}"#).expect("reads");
    empty.record_runtime_built();
    assert_eq!(empty.progress_report(), "Abstraction Level 0 | 1 runtimes built | 0 tokens saved");
}

#[test]
fn results_serialise_and_runtimes_move_between_threads() {
    let result = RuntimeResult::fail(Value::from(f64::NAN), 1.5, 3);
    let json = serde_json::to_string(&result).expect("serialises");
    let back: RuntimeResult = serde_json::from_str(&json).expect("reads back");
    assert!(!back.success && back.output.as_f64().is_some_and(f64::is_nan));
    let instructions = vec![Instruction::EnergyCheck(f64::INFINITY), Instruction::Map(2)];
    let json = serde_json::to_string(&instructions).expect("serialises");
    assert_eq!(serde_json::from_str::<Vec<Instruction>>(&json).expect("reads back"), instructions);

    let mut stopped = runtime("push [1]\ndup\nlist 2", 0.15);
    stopped.set_engine(Engine::Interp);
    assert!(stopped.execute().is_err());
    let result = std::thread::spawn(move || stopped.resume(1.0)).join().expect("no panic");
    assert_eq!(result.expect("runs").output, Value::from(vec![vec![1.0], vec![1.0]]));
}

#[test]
fn functions_are_told_as_abstractions() {
    let result = runtime("func twice x\nload x\npush 2\nmul\nend\npush 4\ncall twice 1", 10.0)
        .execute()
        .expect("runs");
    assert_eq!(result.abstractions_formed, ["twice"]);
    assert_eq!(result.compilation_hints, ["interp: 5 instructions"]);
}

#[test]
fn fields_unknown_to_the_program_stay_as_they_are() {
    let mut runtime = runtime("push 1\nstore x", 10.0);
    let other: Value = [("k", vec![1.0])].into_iter().collect();
    runtime.memory = HashMap::from([("other".to_owned(), other.clone())]);
    runtime.execute().expect("runs");
    assert_eq!(runtime.memory["other"], other);
    assert_eq!(runtime.memory["x"], Value::from(1.0));
}

#[test]
fn runtimes_give_the_same_on_every_engine() {
    let source = "func fib n\nload n\npush 2\nlt\njump_if more\nload n\nreturn\nmore:\nload n\npush 1\nsub\n\
        call fib 1\nload n\npush 2\nsub\ncall fib 1\nadd\nend\nload up_to\ncall fib 1\nstore x\nload x";
    let mut results = Vec::new();
    for engine in Engine::ALL {
        let mut runtime = runtime(source, 50.0);
        runtime.set_engine(*engine);
        runtime.memory.insert("up_to".into(), Value::from(15.0));
        let mut stops = Vec::new();
        let mut result = runtime.execute();
        while let Err(error) = result {
            stops.push((error, runtime.energy_used));
            result = runtime.resume(777.7);
        }
        let result = result.expect("runs");
        assert_eq!(result.output, Value::from(610.0));
        assert!(result.compilation_hints[0].starts_with(engine.name()));
        results.push((stops, result.energy_consumed, result.instructions_executed, runtime.memory));
    }
    assert!(results.windows(2).all(|two| two[0] == two[1]), "{results:?}");
}
