//! The standard library: every example of its table, on every engine; what its functions do with special
//! values; and the page that is made of the table.
//!
//! `LAU_BLESS=1` writes the page anew.

use lau_agent_runtime::engine::Prepared;
use lau_agent_runtime::lower::compile;
use lau_agent_runtime::{
    Builtin, Ending, Energy, Engine, Host, Limits, Linked, Outcome, TrapKind, Value,
};
use lau_runtime::library::{TABLE, find};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

fn run_on(engine: Engine, source: &str, host: &Arc<Host>, budget: Energy) -> Outcome {
    let compiled = compile(source, &host.interface());
    assert!(compiled.diagnostics.is_empty(), "{:?}", compiled.diagnostics);
    let program = Arc::new(compiled.program.expect("no errors"));
    let prepared = Prepared::new(engine, Arc::new(Linked::new(program, host.interface())));
    let mut instance = prepared.instance(Arc::clone(host), Limits::default()).expect("made");
    instance.set_energy(Energy::ZERO, budget);
    instance.run()
}

/// Runs a program on every engine, which must agree.
fn run(source: &str) -> Outcome {
    let host = Arc::new(Host::default());
    let mut outcomes = Engine::ALL.iter().map(|engine| run_on(*engine, source, &host, Energy::MAX));
    let first = outcomes.next().expect("one engine at least");
    for other in outcomes {
        assert_eq!(format!("{other:?}"), format!("{first:?}"), "{source}");
    }
    first
}

fn number(source: &str) -> f64 {
    let outcome = run(source);
    outcome.output().and_then(Value::as_f64).unwrap_or_else(|| panic!("{source}: {outcome:?}"))
}

#[test]
fn every_example_gives_what_the_table_says() {
    for function in TABLE {
        let (program, wanted) = function.example;
        let outcome = run(&program.replace("; ", "\n"));
        let output = outcome.output().unwrap_or_else(|| panic!("{program}: {outcome:?}"));
        // A result is written as a literal is.
        let wanted = run(&format!("push {wanted}"));
        assert_eq!(Some(output), wanted.output(), "{program}");
        assert!(program.contains(&format!("call {} {}", function.name, function.parameters.len())));
    }
}

#[test]
fn names_are_found_and_are_each_there_once() {
    for function in TABLE {
        assert_eq!(find(function.name).expect("it is there").function().name, function.name);
        assert_eq!(TABLE.iter().filter(|other| other.name == function.name).count(), 1);
    }
}

#[test]
fn a_call_costs_one_unit_or_nothing_is_done() {
    let host = Arc::new(Host::default());
    for function in TABLE {
        let arguments = "push 1\n".repeat(function.parameters.len());
        let source = format!("{arguments}call {} {}", function.name, function.parameters.len());
        let before = 100 * function.parameters.len() as u64;
        for engine in Engine::ALL {
            let run = |thousandths| {
                run_on(*engine, &source, &host, Energy::from_thousandths(thousandths))
            };
            let (enough, short) = (run(before + 1_000), run(before + 999));
            assert!(matches!(enough.ending, Ending::Finished { .. }), "{enough:?}");
            assert_eq!(enough.energy.thousandths(), before + 1_000);
            assert_eq!(short.ending, Ending::Exhausted, "{short:?}");
            assert_eq!(short.energy.thousandths(), before);
        }
    }
}

#[test]
fn wrong_arguments_are_told_by_function_argument_and_type() {
    let told = |source: &str| {
        let ending = run(source).ending;
        let Ending::Trapped { trap } = ending else { panic!("{source}: {ending:?}") };
        (trap.kind, trap.message)
    };
    for function in TABLE {
        let (name, count) = (function.name, function.parameters.len());
        let mut arguments = "push 1\n".repeat(count - 1);
        arguments.push_str("push text\n");
        let (kind, message) = told(&format!("{arguments}call {name} {count}"));
        assert_eq!(kind, TrapKind::TypeError);
        let (parameter, wanted) = function.parameters[count - 1];
        let words = format!("argument {count} of `{name}`, {parameter}, is a {wanted}, not Text");
        assert_eq!(message, words);
        let (kind, message) = told(&format!("push 1\n{arguments}call {name} {}", count + 1));
        assert_eq!(kind, TrapKind::TypeError);
        assert_eq!(message, format!("`{name}` takes {count} arguments, not {}", count + 1));
        let (kind, _) = told(&format!("call {name} {count}"));
        assert_eq!(kind, TrapKind::StackUnderflow);
    }
    assert_eq!(told("push 1\npush 2\ntry sqrt 2").0, TrapKind::TypeError); // `try` catches failures, not mistakes
}

#[test]
fn the_host_and_the_program_come_first() {
    let mut host = Host::default();
    host.register("sqrt", Builtin::typed(|x: f64| x + 0.5));
    let host = Arc::new(host);
    for engine in Engine::ALL {
        let run = |source: &str| {
            run_on(*engine, source, &host, Energy::MAX).output().and_then(Value::as_f64)
        };
        assert_eq!(run("push 4\ncall sqrt 1"), Some(4.5));
        assert_eq!(run("push 4\ncall abs 1"), Some(4.0));
        assert_eq!(run("push 4\ncall sqrt 1\nfunc sqrt x\npush 7\nend"), Some(7.0));
    }
}

#[test]
fn misspelt_names_are_guessed() {
    let compiled = compile("push 1\ncall sqtr 1", &Host::default().interface());
    let help = compiled.diagnostics[0].help.clone().unwrap_or_default();
    assert!(help.contains("`sqrt`"), "{:?}", compiled.diagnostics);
}

#[test]
fn special_numbers_are_as_the_language_says() {
    let one = |name: &str, x: &str| number(&format!("push {x}\ncall {name} 1"));
    let two = |name: &str, a: &str, b: &str| number(&format!("push {a}\npush {b}\ncall {name} 2"));
    for (x, rounded) in
        [("0.5", 1.0), ("1.5", 2.0), ("2.5", 3.0), ("-0.5", -1.0), ("0.49999999999999994", 0.0)]
    {
        assert_eq!(one("round", x), rounded, "round {x}");
    }
    assert!(one("round", "-0.4").is_sign_negative() && one("ceil", "-0.5").is_sign_negative());
    assert!(one("sqrt", "-1").is_nan() && one("ln", "-1").is_nan() && one("asin", "2").is_nan());
    assert_eq!((one("ln", "0"), one("exp", "1000")), (f64::NEG_INFINITY, f64::INFINITY));
    assert_eq!(one("sqrt", "inf"), f64::INFINITY);
    for name in ["min", "max"] {
        assert!(two(name, "nan", "1").is_nan() && two(name, "1", "nan").is_nan(), "{name}");
        for (a, b) in [("0", "-0"), ("-0", "0")] {
            assert_eq!(two(name, a, b).is_sign_negative(), name == "min", "{name} {a} {b}");
        }
    }
    assert_eq!(
        (two("min", "-inf", "3"), two("max", "inf", "3")),
        (f64::NEG_INFINITY, f64::INFINITY)
    );
    assert_eq!(two("hypot", "3e300", "4e300"), 5e300);
    assert_eq!(two("atan2", "0", "-1"), std::f64::consts::PI);
    assert_eq!(two("atan2", "-0", "-1"), -std::f64::consts::PI);
    let clamp = |x: &str, low: &str, high: &str| {
        number(&format!("push {x}\npush {low}\npush {high}\ncall clamp 3"))
    };
    assert_eq!(
        (clamp("5", "0", "3"), clamp("-5", "0", "3"), clamp("2", "0", "3")),
        (3.0, 0.0, 2.0)
    );
    assert_eq!(clamp("2", "5", "3"), 3.0);
    assert!(clamp("nan", "0", "1").is_nan() && clamp("0", "nan", "1").is_nan());
}

/// The page of the library.
fn page() -> String {
    let mut page = "# Standard library\n\nFunctions that every program can call, on every host: `push 2`, \
        `call sqrt 1`. A program's own function of the same name comes first, then a builtin of the host. A call \
        costs 1 unit. This page is made of the table in `runtime/src/library.rs`.\n\n\
        | function | gives | meaning | example |\n|---|---|---|---|\n"
        .to_owned();
    for function in TABLE {
        let parameters: Vec<String> =
            function.parameters.iter().map(|(name, kind)| format!("{name}: {kind}")).collect();
        let (program, result) = function.example;
        let (name, meaning) = (function.name, function.meaning);
        writeln!(
            page,
            "| `{name}` {} | {} | {meaning} | `{program}` gives `{result}` |",
            parameters.join(", "),
            function.result
        )
        .expect("a string");
    }
    page
}

#[test]
fn the_page_is_made_of_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/library.md");
    if std::env::var_os("LAU_BLESS").is_some() {
        std::fs::write(&path, page()).expect("the page can be written");
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == page(),
        "docs/library.md is not what the table says; LAU_BLESS=1 writes it anew"
    );
}
