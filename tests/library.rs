//! The standard library: every example of its table, on every engine; what calls cost and how mistakes are
//! told, function by function; and what its functions do with special values.

use lau_agent_runtime::engine::Prepared;
use lau_agent_runtime::lower::compile;
use lau_agent_runtime::{
    Builtin, Ending, Energy, Engine, Host, Limits, Linked, Outcome, TrapKind, Value,
};
use lau_runtime::library::{Function, Kind, TABLE, find};
use std::sync::Arc;

fn run_on(engine: Engine, source: &str, host: &Arc<Host>, budget: Energy) -> Outcome {
    let compiled = compile(source, &host.interface());
    assert_eq!(compiled.errors().count(), 0, "{:?}", compiled.diagnostics);
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

/// A program that calls a function, an instruction a line, as its example does.
fn example(function: &Function) -> Vec<&'static str> {
    function.example.0.split("; ").collect()
}

#[test]
fn every_example_gives_what_the_table_says() {
    for function in TABLE.iter() {
        let (program, wanted) = function.example;
        let outcome = run(&example(function).join("\n"));
        let output = outcome.output().unwrap_or_else(|| panic!("{program}: {outcome:?}"));
        // A result is written as a literal is.
        let wanted = run(&format!("push {wanted}"));
        assert_eq!(Some(output), wanted.output(), "{program}");
        assert!(program.contains(&format!("call {} ", function.name)), "{program}");
    }
}

#[test]
fn names_are_found_and_are_each_there_once() {
    for function in TABLE.iter() {
        assert_eq!(find(function.name).expect("it is there").function().name, function.name);
        assert_eq!(TABLE.iter().filter(|other| other.name == function.name).count(), 1);
    }
}

/// What the pages say: every function of the specification is in the table, and no other.
#[test]
fn the_table_has_the_functions_of_the_specification() {
    const WANTED: &str = "abs floor ceil round trunc sqrt exp ln log10 sin cos tan asin acos atan atan2 hypot \
        min max clamp is_nan range slice concat reverse sort sort_by_key unique index_of contains sum mean \
        variance min_of max_of median percentile dot flatten zip keys values entries merge remove split join \
        trim upper lower starts_with ends_with find replace repeat lines words char_code from_char_code \
        to_fixed matches captures type_of to_text to_number parse_json to_json reference";
    let mut wanted: Vec<&str> = WANTED.split_whitespace().collect();
    let mut there: Vec<&str> = TABLE.iter().map(|function| function.name).collect();
    wanted.sort_unstable();
    there.sort_unstable();
    assert_eq!(there, wanted);
}

#[test]
fn a_call_costs_its_price_or_nothing_is_done() {
    let host = Arc::new(Host::default());
    for function in TABLE.iter() {
        let source = example(function).join("\n");
        let whole = run_on(Engine::ALL[0], &source, &host, Energy::MAX).energy;
        for engine in Engine::ALL {
            let run = |energy| run_on(*engine, &source, &host, energy);
            let (enough, short) =
                (run(whole), run(whole.saturating_sub(Energy::from_thousandths(1))));
            assert!(matches!(enough.ending, Ending::Finished { .. }), "{enough:?}");
            assert_eq!(enough.energy, whole);
            assert_eq!(short.ending, Ending::Exhausted, "{short:?}");
            assert!(short.energy.thousandths() + 1_000 <= whole.thousandths(), "{short:?}");
            if function.price.is_empty() {
                assert_eq!(short.energy.thousandths() + 1_000, whole.thousandths());
            }
        }
    }
}

/// Kind and message of the trap that a program comes to.
fn told(source: &str) -> (TrapKind, String) {
    let ending = run(source).ending;
    let Ending::Trapped { trap } = ending else { panic!("{source}: {ending:?}") };
    (trap.kind, trap.message)
}

#[test]
fn wrong_arguments_are_told_by_function_argument_and_type() {
    for function in TABLE.iter() {
        let (name, most) = (function.name, function.parameters.len());
        // The arguments of the example; one that need not be there is a number wherever it may be.
        let lines = example(function);
        let call = lines.iter().rposition(|line| line.starts_with(&format!("call {name} ")));
        let mut arguments = lines[..call.expect("it is called")].to_vec();
        if name == "is_nan" || name == "to_text" {
            arguments = vec!["push 1"];
        }
        arguments.resize(most, "push 1");
        for (at, (parameter, wanted)) in function.parameters.iter().enumerate() {
            if *wanted == Kind::Any {
                continue;
            }
            let mut wrong = arguments.clone();
            wrong[at] = "push true";
            let (kind, message) = told(&format!("{}\ncall {name} {most}", wrong.join("\n")));
            let words =
                format!("argument {} of `{name}`, {parameter}, is a {wanted}, not Bool", at + 1);
            assert_eq!((kind, message), (TrapKind::TypeError, words));
        }
        let (kind, message) =
            told(&format!("push 1\n{}\ncall {name} {}", arguments.join("\n"), most + 1));
        assert_eq!(kind, TrapKind::TypeError);
        let words = format!("`{name}` takes {}, not {}", function.counts(), most + 1);
        assert_eq!(message, words);
        assert_eq!(told(&format!("call {name} {most}")).0, TrapKind::StackUnderflow);
    }
    assert_eq!(told("push 1\npush 2\ntry sqrt 2").0, TrapKind::TypeError); // `try` catches failures, not mistakes
}

#[test]
fn an_element_of_the_wrong_type_is_told_by_its_place() {
    let (kind, message) = told("push [1, 2, \"x\"]\ncall sum 1");
    assert_eq!(kind, TrapKind::TypeError);
    assert_eq!(
        message,
        "argument 1 of `sum`, list, is a List of Numbers, not a List with a Text at 2"
    );
    let (_, message) = told("push [\"x\", null]\ncall sort 1");
    assert!(message.ends_with("is a List of Numbers or of Texts, not a List with a Null at 1"));
}

#[test]
fn arguments_that_mean_nothing_are_invalid() {
    for source in [
        "push 0\npush 3\npush 0\ncall range 3",
        "push 0\npush inf\ncall range 2",
        "push abc\npush 0.5\ncall slice 2",
        "push abc\npush -1\ncall repeat 2",
        "push [1]\npush 101\ncall percentile 2",
        "push [1]\npush [1, 2]\ncall dot 2",
        "push abc\npush \"\"\npush x\ncall replace 3",
        "push \"\"\ncall char_code 1",
        "push 55296\ncall from_char_code 1",
        "push 1\npush 101\ncall to_fixed 2",
        "push abc\npush \"(\"\ncall matches 2",
        "push abc\npush \\w{9}\ncall captures 2",
    ] {
        let (kind, message) = told(source);
        assert_eq!(kind, TrapKind::InvalidArgument, "{source}: {message}");
        assert!(message.starts_with('`') && message.len() > 20, "{source}: {message}");
    }
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

/// Functions of Numbers alone are instructions, or called without values, in native code: of Numbers that it
/// finds in variables, and of others, which it leaves.
#[test]
fn functions_of_numbers_are_the_same_in_loops() {
    const NUMBERS: &str = "[0, -0, 1, -1, 0.5, -0.5, 1.5, -2.5, 0.49999999999999994, 4503599627370497.5, 1e300, -1e300, 5e-324]";
    for function in TABLE.iter().filter(|function| function.is_scalar()) {
        let (name, count) = (function.name, function.parameters.len());
        let arguments = ["load x", "load y", "load z"][..count].join("\n");
        let source = format!(
            "push {NUMBERS}\nstore l\npush inf\nappend l\npush -inf\nappend l\npush nan\nappend l\n\
             push []\nstore results\npush 0\nstore n\nagain:\n\
             load l\nload n\npush 16\nrem\nget\nstore x\n\
             load l\nload n\npush 3\nmul\npush 16\nrem\nget\nstore y\n\
             load l\nload n\npush 7\nmul\npush 5\nadd\npush 16\nrem\nget\nstore z\n\
             {arguments}\ncall {name} {count}\ncall to_text 1\nappend results\n\
             load n\npush 1\nadd\nstore n\nload n\npush 64\nlt\njump_true again\nload results"
        );
        let outcome = run(&source);
        let Some(Value::List(results)) = outcome.output() else { panic!("{name}: {outcome:?}") };
        assert_eq!(results.len(), 64);
    }
}
