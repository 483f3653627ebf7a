//! Programs that mean harm: each must end in its own trap or in exhaustion, soon, with little memory.

use lau_agent_runtime::lower::compile;
use lau_agent_runtime::{
    AgentShell, Ending, Energy, Host, Instance, Instruction, Limits, Linked, MiniRuntime, Outcome,
    RuntimeCompiler, TrapKind, Value, lower,
};
use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn instance(source: &str, limits: Limits) -> Instance {
    let host = Host::default();
    let compiled = compile(source, &host.interface());
    let program = compiled.program.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    let linked = Arc::new(Linked::new(Arc::new(program), host.interface()));
    Instance::new(linked, Arc::new(host), limits).expect("a host without builtins")
}

/// Runs under the default limits and so many units; no attack may take longer than a moment.
fn attack(source: &str, budget: f64) -> (Instance, Outcome) {
    let mut instance = instance(source, Limits::default());
    instance.set_energy(Energy::ZERO, Energy::from_units(budget));
    let start = Instant::now();
    let outcome = instance.run();
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}: {source}", start.elapsed());
    (instance, outcome)
}

fn trap(outcome: &Outcome) -> TrapKind {
    outcome.trap().unwrap_or_else(|| panic!("{outcome:?}")).kind
}

#[test]
fn two_hundred_thousand_levels_of_nesting() {
    let (_, outcome) = attack("push []\nagain:\nlist 1\njump again", 1e9);
    assert_eq!(trap(&outcome), TrapKind::NestingLimit);
    assert_eq!(outcome.energy, Energy::from_thousandths(100 + 199 * 200 + 150));

    let literal = format!("push {}{}", "[".repeat(200_000), "]".repeat(200_000));
    let compiled = compile(&literal, &Host::default().interface());
    assert_eq!(compiled.diagnostics[0].code.as_str(), "nested-too-deep");

    // Made by hand as a value, the literal must not overflow anything on its way to being refused. The
    // value itself cannot even be dropped by the derived code, so it is taken apart here.
    let mut deep = Value::Null;
    for _ in 0..200_000 {
        deep = Value::List(vec![deep]);
    }
    let instructions = [Instruction::Push(deep)];
    let faults = lower::lower(&instructions).expect_err("far too deep");
    assert_eq!(faults[0].code.as_str(), "nested-too-deep");
    let [Instruction::Push(mut deep)] = instructions else { unreachable!("as built") };
    while let Value::List(mut items) = deep {
        deep = items.pop().unwrap_or_default();
    }
}

#[test]
fn a_list_of_itself_twice_forty_times() {
    let mut source = "push []\n".to_owned();
    for _ in 0..40 {
        source.push_str("dup\nlist 2\n");
    }
    source.push_str("return");
    let (instance, outcome) = attack(&source, 1e9);
    assert_eq!(trap(&outcome), TrapKind::TreeLimit);
    assert!(instance.live_bytes() < 10_000, "shared storage is small: {}", instance.live_bytes());
}

#[test]
fn many_variables_that_share_one_huge_tree_cannot_flood_the_host() {
    let mut source = "push [0]\n".to_owned();
    for _ in 0..21 {
        source.push_str("dup\nlist 2\n"); // a tree of about 180 MB in a few hundred bytes
    }
    for at in 0..20 {
        writeln!(source, "dup\nstore v{at}").expect("a string");
    }
    source.push_str("push 0");
    let (instance, outcome) = attack(&source, 1e9);
    assert_eq!(outcome.output(), Some(&Value::from(0.0)));
    let error = instance.memory().expect_err("3.6 GB as public values");
    assert!(error.to_string().contains("Memory limit exceeded"), "{error}");

    let mut runtime = MiniRuntime::new("flood", "attack", 1e9);
    runtime.compile(&source).expect("compiles");
    let error = runtime.execute().expect_err("the same in the agent layer");
    assert!(error.contains("Memory limit exceeded"), "{error}");
}

#[test]
fn texts_that_double_for_ever() {
    let (_, outcome) = attack("push xxxxxxxx\nstore t\nagain:\nload t\nappend t\njump again", 1e9);
    assert_eq!(trap(&outcome), TrapKind::ValueLimit);
    let (instance, outcome) =
        attack("push xxxxxxxx\nstore t\nagain:\nload t\nappend t\njump again", 1e4);
    assert_eq!(outcome.ending, Ending::Exhausted);
    assert!(
        instance.live_bytes() < 20_000_000,
        "a small budget bounds it: {}",
        instance.live_bytes()
    );
}

#[test]
fn lists_that_double_for_ever() {
    // There is no instruction that appends a list to a list, so doubling is by elements.
    let source = "push [0]\nstore l\nfill:\nload l\nlen\nstore n\npush 0\nstore i\n\
        copy:\nload l\nload i\nget\nappend l\nload i\npush 1\nadd\ndup\nstore i\nload n\nlt\n\
        jump_true copy\njump fill";
    let (instance, outcome) = attack(source, 1e6);
    assert_eq!(outcome.ending, Ending::Exhausted);
    assert!(instance.live_bytes() < 20_000_000, "{}", instance.live_bytes());
}

#[test]
fn many_lists_are_bounded_by_live_memory() {
    let limits = Limits { memory_bytes_max: 1 << 20, ..Limits::default() };
    let mut instance = instance(
        "push []\nstore keep\nagain:\npush 0\npush 0\npush 0\npush 0\nlist 4\nappend keep\njump again",
        limits,
    );
    instance.set_energy(Energy::ZERO, Energy::MAX);
    let outcome = instance.run();
    assert_eq!(trap(&outcome), TrapKind::MemoryLimit);
    assert!(instance.live_bytes() <= 1 << 20);
}

#[test]
fn comparing_huge_values_costs_what_it_takes() {
    let mut source = "push [0]\n".to_owned();
    for _ in 0..20 {
        source.push_str("dup\nlist 2\n");
    }
    source.push_str("store a\nagain:\nload a\nload a\neq\npop\njump again");
    let (_, outcome) = attack(&source, 1e5);
    assert_eq!(outcome.ending, Ending::Exhausted);
    assert!(
        outcome.instructions < 60,
        "not one comparison of 90 MB fits: {}",
        outcome.instructions
    );
    let (_, outcome) = attack(&source, 1e6);
    assert!(outcome.instructions < 200, "about ten do: {}", outcome.instructions);
}

#[test]
fn comparing_maps_with_long_keys_costs_what_it_takes() {
    // Equal numbers of entries, one map with a long key: a comparison costs as the smaller map, and must not
    // look the long key up.
    let host = Host::default();
    let source = "again:\nload a\nload b\neq\npop\nload b\nload a\neq\npop\njump again";
    let compiled = compile(source, &host.interface());
    let program = Arc::new(compiled.program.expect("compiles"));
    let linked = Arc::new(Linked::new(program, host.interface()));
    let mut instance =
        Instance::new(linked, Arc::new(host), Limits::default()).expect("an instance");
    let long: Value = [("k".repeat(20_000_000), 1.0), ("x".to_owned(), 1.0)].into_iter().collect();
    let short: Value = [("k", 1.0), ("x", 1.0)].into_iter().collect();
    instance.set_memory("a", &long).expect("within limits");
    instance.set_memory("b", &short).expect("within limits");
    instance.set_energy(Energy::ZERO, Energy::from_units(1000.0));
    let start = Instant::now();
    assert_eq!(instance.run().ending, Ending::Exhausted);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[test]
fn an_output_that_is_too_large_for_the_host_is_a_trap() {
    let mut source = "push [0]\n".to_owned();
    for _ in 0..30 {
        source.push_str("dup\nlist 2\n");
    }
    let limits = Limits { tree_bytes_max: u64::MAX, ..Limits::default() };
    for (end, place) in [("return", 61), ("", 61)] {
        let mut instance = instance(&format!("{source}{end}"), limits);
        instance.set_energy(Energy::ZERO, Energy::from_units(1000.0));
        let outcome = instance.run();
        assert_eq!(trap(&outcome), TrapKind::MemoryLimit, "{end:?}");
        assert_eq!(outcome.place.instruction, place);
    }
}

#[test]
fn recursion_without_end() {
    let (_, outcome) = attack("func f n\nload n\ncall f 1\nend\npush 1\ncall f 1", 1e9);
    assert_eq!(trap(&outcome), TrapKind::CallDepth);
    let trap = outcome.trap().expect("trapped");
    assert_eq!(trap.calls.len(), 10_000);
    assert!(trap.to_string().contains("and 9990 more calls"), "{trap}");
}

#[test]
fn recursion_with_as_many_variables_as_a_function_may_have() {
    let mut source = "func f\n".to_owned();
    for at in 0..1024 {
        writeln!(source, "push 0\nstore v{at}").expect("a string");
    }
    source.push_str("call f 0\nend\ncall f 0");
    let (_, outcome) = attack(&source, 1e9);
    assert_eq!(trap(&outcome), TrapKind::CallDepth);
    let one_more = source.replace("call f 0\nend", "load one_more\ncall f 0\nend");
    let compiled = compile(&one_more, &Host::default().interface());
    assert_eq!(compiled.diagnostics[0].code.as_str(), "too-large");
}

#[test]
fn a_stack_that_grows_for_ever() {
    let (instance, outcome) = attack("again:\npush 1\njump again", 1e9);
    assert_eq!(trap(&outcome), TrapKind::StackLimit);
    assert_eq!(instance.stack().len(), 1_000_000);
}

#[test]
fn a_loop_for_ever_stops_at_its_budget() {
    let (_, outcome) = attack("again:\njump again", 100_000.0);
    assert_eq!(outcome.ending, Ending::Exhausted);
    assert_eq!(outcome.instructions, 2_000_000);
}

#[test]
fn a_million_instructions_compile_and_run_in_linear_time() {
    let time = |count: usize| {
        let source = "push 1\npop\n".repeat(count / 2);
        let start = Instant::now();
        let (_, outcome) = attack(&source, 1e9);
        assert_eq!(outcome.instructions, count as u64);
        start.elapsed()
    };
    let (small, large) = (time(100_000), time(1_000_000));
    assert!(large < small * 40, "{small:?} for 100,000 instructions, {large:?} for 1,000,000");
}

#[test]
fn names_and_functions_by_the_hundred_thousand() {
    let mut source = String::new();
    for at in 0..100_000 {
        writeln!(source, "func f{at}\npush {at}\nend\ncall f{at} 0\nstore v{at}")
            .expect("a string");
    }
    let (instance, outcome) = attack(&source, 1e9);
    assert_eq!(outcome.instructions, 300_000);
    assert_eq!(instance.memory_field("v99999"), Some(Value::from(99_999.0)));
}

#[test]
fn what_a_host_puts_into_memory_is_held_to_the_limits() {
    let mut deep = Value::Null;
    for _ in 0..201 {
        deep = Value::List(vec![deep]);
    }
    let mut instance = instance("observe x", Limits::default());
    let error = instance.set_memory("x", &deep).expect_err("too deep").to_string();
    assert!(error.contains("memory field `x`") && error.contains("201 levels"), "{error}");

    let mut shell = AgentShell::new("a", 100.0);
    let id = shell.build_runtime("nothing", "d");
    let runtime = shell.runtimes.get_mut(&id).expect("just built");
    runtime.memory.insert("x".into(), deep);
    assert!(runtime.execute().expect_err("too deep").contains("Nesting limit exceeded"));
}

/// Compiles as text and as instructions; both must end soon, with so many findings told of and counted.
fn found(source: &str, count: usize) -> Vec<String> {
    let start = Instant::now();
    let compiled = compile(source, &Host::default().interface());
    assert_eq!(compiled.diagnostics.len() + compiled.omitted, count);
    let told: Vec<String> = compiled.diagnostics.iter().map(ToString::to_string).collect();
    assert!(told.len() <= 1000 && told.iter().all(|line| line.len() < 500), "{}", told[0]);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    told
}

#[test]
fn structural_faults_by_the_hundred_thousand_are_counted() {
    let source = "end\n".repeat(300_000);
    found(&source, 300_000);
    let mut runtime = MiniRuntime::new("many", "attack", 1.0);
    let bounded = |error: &str| {
        assert_eq!(error.lines().count(), 1001, "{error}");
        assert!(error.ends_with("\nand 299000 more"), "{error}");
    };
    bounded(&runtime.compile(&source).expect_err("no functions to end"));
    bounded(&RuntimeCompiler::compile_source(&source).expect_err("the same"));
    runtime.instructions = vec![Instruction::End; 300_000];
    bounded(&runtime.execute().expect_err("the same, set by hand"));
    bounded(&runtime.warnings().join("\n"));
    let faults = lower::lower(&runtime.instructions).expect_err("the same, typed");
    assert_eq!((faults.len(), faults.omitted), (1000, 299_000));
}

#[test]
fn unknown_calls_in_a_program_of_many_functions_are_soon_warned_of() {
    let mut source = String::new();
    for at in 0..20_000 {
        writeln!(source, "func function_number_{at:05}\nend\ncall function_numbre_{at:05} 0")
            .expect("a string");
    }
    assert!(found(&source, 20_000)[0].contains("did you mean `function_number_00000`?"));
}

#[test]
fn missing_builtins_by_the_hundred_thousand_are_listed_once() {
    let mut runtime = MiniRuntime::new("many", "attack", 1.0);
    let call = |at: usize| Instruction::Call(format!("f{}", at % 100_000), 0);
    runtime.instructions = (0..200_000).map(call).collect();
    let start = Instant::now();
    assert_eq!(runtime.missing_builtins().len(), 100_000);
    let warnings = runtime.warnings();
    assert_eq!((warnings.len(), warnings[1000].as_str()), (1001, "and 99000 more"));
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn names_of_a_megabyte_are_refused_wherever_they_stand() {
    let (long, longest) = ("n".repeat(1 << 20), "n".repeat(1_024));
    let lines = [
        "func N\nend",
        "func f N\nend",
        "call N 0",
        "try N 0",
        "store N",
        "load N",
        "take N",
        "append N",
        "put N",
        "observe N",
        "publish N",
        "delegate N t",
        "delegate a N",
        "N:",
        "\"N\":",
        "jump N",
    ];
    for line in lines {
        let source = format!("push 1\n{}\npop", line.replace('N', &long));
        let compiled = compile(&source, &Host::default().interface());
        let found: Vec<_> = compiled.diagnostics.iter().filter(|d| d.is_error()).collect();
        assert_eq!((found.len(), found[0].code.as_str()), (1, "too-large"), "{line}: {}", found[0]);
        assert_eq!(found[0].span.expect("from a text").line, 2, "{line}");
        let told = "nnnn…` has 1048576 bytes, where 1024 are allowed";
        assert!(found[0].message.contains(told) && found[0].message.len() < 150, "{}", found[0]);

        let fine = line.replace('N', &longest) + &format!("\njump {longest}\n{longest}:\n");
        let compiled = compile(&fine, &Host::default().interface());
        assert!(compiled.errors().all(|d| d.code.as_str() != "too-large"), "{line}");
    }
    let mut runtime = MiniRuntime::new("long", "attack", 1e9);
    let func = |name: &str, parameter: &str| {
        vec![Instruction::Func(name.into(), vec![parameter.into()]), Instruction::End]
    };
    let delegate = |a: &str, t: &str| vec![Instruction::Delegate(a.into(), t.into())];
    for instructions in [
        func(&long, "p"),
        func("f", &long),
        delegate(&long, "t"),
        delegate("a", &long),
        vec![Instruction::Store(long.clone())],
        vec![Instruction::Call(long.clone(), 0)],
    ] {
        let faults = lower::lower(&instructions).expect_err("too long");
        assert_eq!((faults.len(), faults[0].code.as_str()), (1, "too-large"));
        runtime.instructions = instructions;
        assert!(runtime.execute().expect_err("too long").len() < 200);
    }
}

#[test]
fn stepping_is_held_to_the_limit_on_memory_as_public_values() {
    let mut source = "push [0]\n".to_owned();
    for _ in 0..12 {
        source.push_str("dup\nlist 2\n"); // a tree of about 350 kB
    }
    for at in 0..40 {
        writeln!(source, "dup\nstore v{at}").expect("a string");
    }
    source.push_str("push 0");
    let mut runtime = MiniRuntime::new("flood", "attack", 1e9);
    runtime.compile(&source).expect("compiles");
    runtime.set_limits(Limits { memory_bytes_max: 2 << 20, ..Limits::default() });
    let told = runtime.execute().expect_err("14 MB as public values");
    assert!(told.contains("Memory limit exceeded"), "{told}");
    assert!(runtime.memory.is_empty());
    let steps = (0..200).map(|_| runtime.step()).take_while(Result::is_ok).count();
    assert_eq!((steps, runtime.memory.len()), (1 + 24 + 2 * 5 + 1, 5));
    for _ in 0..2 {
        let error = runtime.step().expect_err("six of the trees are too much");
        assert!(error.starts_with("memory as public values: Memory limit exceeded"), "{error}");
    }

    // Stopped by its budget where memory cannot be shown, the run can be stepped no further either.
    runtime.reset();
    runtime.energy_budget = runtime.energy_used + 5.0;
    assert!(runtime.execute().expect_err("too much").contains("Memory limit exceeded"));
    runtime.energy_budget = 1e9;
    assert!(runtime.step().expect_err("still").contains("Memory limit exceeded"));
}

#[test]
fn stepping_through_appends_and_puts_is_linear() {
    let source = "push []\nstore list\npush {}\nstore map\npush \"\"\nstore text\npush 0\nstore i\n\
        again:\nload i\nappend list\nload i\nload i\nput list\npush é\nappend text\n\
        load text\nlen\npop\npush key\nload i\nput map\nload i\npush 1\nadd\ndup\nstore i\n\
        load n\nlt\njump_true again\nload i";
    // `load text` shows the text on top of the stack, which is copied; the linear part is without it.
    let linear = source.replace("load text\nlen\npop\n", "");
    for (source, n) in [(source, 200_u32), (&linear, 30_000)] {
        let mut runtime = MiniRuntime::new("steps", "attack", 1e9);
        runtime.compile(source).expect("compiles");
        runtime.memory.insert("n".into(), Value::from(n));
        let start = Instant::now();
        while !runtime.step().expect("steps").done {}
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
        let stepped = std::mem::take(&mut runtime.memory);
        runtime.memory.insert("n".into(), Value::from(n));
        runtime.execute().expect("runs");
        assert!(stepped == runtime.memory);
        assert_eq!(stepped.len(), 5);
    }
}

/// Shapes that a compiler may take more than linear time for, of some 10⁵ lines each.
#[cfg(feature = "jit")]
fn hostile_shapes() -> Vec<(&'static str, String)> {
    let mut branches = "push 5\nstore i\n".to_owned();
    let mut variables = String::new();
    let mut live = String::new();
    let mut used = String::new();
    let (mut heads, mut tails) = (String::new(), String::new());
    let mut functions = String::new();
    for at in 0..10_000 {
        let name = at % 50;
        writeln!(branches, "load i\npush {at}\nlt\njump_if l{at}\npush 1\nstore v{name}\nl{at}:")
            .expect("a string");
        writeln!(variables, "push {at}\nstore v{at}").expect("a string");
        writeln!(live, "push {at}\nstore v{at}\ncall f 0\npop").expect("a string");
        writeln!(used, "load v{at}\nadd").expect("a string");
        writeln!(heads, "l{at}:\npush {at}\nstore v{at}").expect("a string");
        tails.insert_str(0, &format!("push 0\njump_true l{at}\n"));
        writeln!(
            functions,
            "func g{at} a b\nload a\nload b\nadd\nend\npush 1\npush 2\ncall g{at} 2\npop"
        )
        .expect("a string");
    }
    let depths = "push 1\n".repeat(100) + &"pop\n".repeat(100);
    vec![
        ("straight", "push 1\npop\n".repeat(50_000)),
        ("arithmetic", "push 1\n".to_owned() + &"push 1\nadd\n".repeat(50_000)),
        (
            "stores",
            "push 0\nstore x\n".to_owned() + &"load x\npush 1\nadd\nstore x\n".repeat(25_000),
        ),
        ("lists", "push []\nstore x\n".to_owned() + &"load x\nlen\nappend x\n".repeat(33_000)),
        ("heights", depths.repeat(500)),
        ("branches", branches),
        ("variables", variables),
        ("live across calls", format!("func f\nend\n{live}push 0\n{used}")),
        ("nested loops", format!("{heads}{tails}")),
        ("functions", functions),
    ]
}

#[cfg(feature = "jit")]
#[test]
fn shapes_that_take_compilers_long_are_compiled_soon_or_interpreted() {
    use lau_agent_runtime::{Engine, engine::Prepared};
    let host = Arc::new(Host::default());
    for (name, source) in hostile_shapes() {
        let program = compile(&source, &host.interface()).program.expect("compiles");
        let linked = Arc::new(Linked::new(Arc::new(program), host.interface()));
        let play = |engine| {
            let start = Instant::now();
            let prepared = Prepared::new(engine, Arc::clone(&linked));
            let mut instance =
                prepared.instance(Arc::clone(&host), Limits::default()).expect("an instance");
            instance.set_energy(Energy::ZERO, Energy::MAX);
            (instance.run(), start.elapsed(), prepared)
        };
        // What is compiled when it is entered counts as well.
        let (outcome, time, prepared) = play(Engine::Jit);
        println!("{name}: {time:?}, {:?} {:?}", prepared.coverage(), prepared.hints());
        assert!(time < Duration::from_secs(20), "{name}: {time:?}");
        assert_eq!(prepared.coverage().is_none(), !prepared.hints().is_empty());
        assert_eq!(outcome, play(Engine::Interp).0, "{name}");
        assert!(matches!(outcome.ending, Ending::Finished { .. }), "{name}");
    }
}
