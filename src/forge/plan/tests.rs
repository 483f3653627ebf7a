//! Plans good and bad, in both forms.

mod faults;
mod schema;

use super::*;
use lau_runtime::Value;
use proptest::prelude::*;

/// The page about plans.
const PAGE: &str = include_str!("../../../docs/plan.md");

/// The example of the page.
fn example() -> &'static str {
    let (_, after) = PAGE.split_once("```toml\n").expect("a plan on the page");
    after.split_once("```").expect("its end").0
}

/// The example in JSON, laid out by hand.
const EXAMPLE_JSON: &str = r#"{
  "tests": [
    {"expected": 2.25, "input": [[1, 2.0, 3], [1, 1, 2]]},
    {"input": [["NaN"], [1]], "expected": "NaN"},
    {"input": [[1, 2], [1]], "fails": true}
  ],
  "name": "weighted_mean", "language": "c", "source": ["weighted_mean.c", "sums.h"],
  "purpose": "The mean of readings, each weighted by how far its sensor is \u0074rusted.",
  "signature": {"result": "number", "parameters": [
    {"type": "numbers", "name": "xs"}, {"name": "weights", "type": "numbers"}]},
  "ceilings": {"memory_bytes": 33554432, "cpu_ms": 2e2, "processes": 1},
  "energy": {"per": {"weights": 0.01, "xs": 0.010}, "base": 2.0},
  "benchmark": {"repeat": 10000, "input": [[1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 1, 1, 1, 1, 1, 1]]},
  "dependencies": [], "network": "none"
}"#;

/// A small plan in TOML, with other lines in place of some.
fn with(changes: &[(&str, &str)]) -> String {
    let mut text = String::from(
        "name = \"smooth\"\n\
         language = \"c\"\n\
         source = \"smooth.c\"\n\
         purpose = \"Smooths.\"\n\
         signature = { parameters = [{ name = \"xs\", type = \"numbers\" }], result = \"number\" }\n\
         tests = [{ input = [[1]], expected = 1 }]\n",
    );
    for (from, to) in changes {
        assert!(text.contains(from), "{from} is not in {text}");
        text = text.replace(from, to);
    }
    text
}

fn toml(text: &str) -> Plan {
    Plan::read(text, Form::Toml).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn json(text: &str) -> Plan {
    Plan::read(text, Form::Json).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn the_example_of_the_page_is_a_plan() {
    let plan = toml(example());
    assert_eq!(plan.name(), "weighted_mean");
    assert_eq!(plan.language(), Language::C);
    assert_eq!(plan.source(), ["weighted_mean.c", "sums.h"]);
    assert!(plan.purpose().starts_with("The mean"));
    assert_eq!(plan.signature().parameters[1].name, "weights");
    assert_eq!(plan.signature().result, Type::Number);
    let ceilings = Ceilings { cpu_ms: 200, memory_bytes: 32 << 20, ..Ceilings::default() };
    assert_eq!(plan.ceilings(), &ceilings);
    assert_eq!(plan.energy_of(&[100, 100]), Energy::from_units(4.0));
    assert_eq!(plan.energy_of(&[100]), Energy::from_units(3.0));
    assert_eq!(plan.energy().per.len(), 2);
    assert_eq!(plan.tests().len(), 3);
    let numbers = |numbers: &[f64]| Sample::Numbers(numbers.to_vec());
    assert_eq!(plan.tests()[0].input, [numbers(&[1.0, 2.0, 3.0]), numbers(&[1.0, 1.0, 2.0])]);
    assert!(matches!(&plan.tests()[1].expected, Expected::Gives(Sample::Number(n)) if n.is_nan()));
    assert_eq!(plan.tests()[2].expected, Expected::Fails);
    assert_eq!(plan.benchmark().map(|benchmark| benchmark.repeat), Some(10_000));
    assert_eq!((plan.dependencies(), plan.network()), (&[][..], Network::None));
}

#[test]
fn both_forms_of_a_plan_hash_equal() {
    let plan = toml(example());
    assert_eq!(json(EXAMPLE_JSON).hash(), plan.hash());
    assert_eq!(json(&format!("\u{feff}{EXAMPLE_JSON}\n")).hash(), plan.hash());
    let windows = example().replace('\n', "\r\n");
    assert_eq!(toml(&windows).hash(), plan.hash());
}

#[test]
fn every_part_of_a_plan_is_in_its_hash() {
    let full = with(&[(
        "tests = ",
        "ceilings = { cpu_ms = 7 }\nenergy = { base = 1, per = { xs = 0.5 } }\n\
         benchmark = { input = [[1]], repeat = 5 }\ntests = ",
    )]);
    let hash = toml(&full).hash();
    for (from, to) in [
        ("\"smooth\"", "\"smoothe\""),
        ("\"c\"", "\"cpp\""),
        ("\"Smooths.\"", "\"Smooths\""),
        ("\"xs\", type", "\"ys\", type"),
        ("result = \"number\"", "result = \"value\""),
        ("cpu_ms = 7", "cpu_ms = 8"),
        ("base = 1", "base = 1.001"),
        ("xs = 0.5", "xs = 0.500001"),
        ("repeat = 5", "repeat = 6"),
        ("tests = [{ input = [[1]]", "tests = [{ input = [[-0.0]]"),
        ("expected = 1", "fails = true"),
    ] {
        assert!(full.contains(from), "{from}");
        let mut changed = full.replace(from, to);
        if to.contains("ys") {
            changed = changed.replace("per = { xs", "per = { ys");
        }
        if to.contains("cpp") {
            changed = changed.replace("smooth.c", "smooth.cc");
        }
        assert_ne!(toml(&changed).hash(), hash, "{from} to {to}");
    }
}

#[test]
fn samples_of_every_type_are_read() {
    let plan = toml(
        r#"
name = "everything"
language = "python"
source = "everything.py"
purpose = "Takes one of each."
dependencies = [{ name = "numpy", version = "2.1.3", sha256 = "00000000000000000000000000000000000000000000000000000000000000ff" }]
[signature]
result = "value"
parameters = [
  { name = "n", type = "number" }, { name = "b", type = "bool" }, { name = "t", type = "text" },
  { name = "ns", type = "numbers" }, { name = "v", type = "value" }, { name = "bs", type = "bytes" },
  { name = "f", type = "file" },
]
[energy.per]
t = 1
f = 0.000_001
[[tests]]
input = [-inf, true, "\u202e", [0x10, 1_000, "Infinity"], { a = [1, "x"] }, { hex = "00fF" }, { text = "é" }]
expected = [{}, false]
"#,
    );
    let value = Value::from_iter([("a", Value::from(vec![Value::from(1.0), Value::from("x")]))]);
    let input = [
        Sample::Number(f64::NEG_INFINITY),
        Sample::Bool(true),
        Sample::Text("\u{202e}".into()),
        Sample::Numbers(vec![16.0, 1000.0, f64::INFINITY]),
        Sample::Value(value),
        Sample::Bytes(vec![0, 255]),
        Sample::File("é".into()),
    ];
    assert_eq!(plan.tests()[0].input, input);
    let types: Vec<_> = input.iter().map(Sample::of_type).collect();
    assert_eq!(types, Type::ALL);
    assert_eq!(plan.dependencies()[0].name, "numpy");
    assert_eq!(Sample::size(&input[4]), 4);
    let empty = Value::Map(Default::default());
    let expected = Expected::Gives(Sample::Value(vec![empty, Value::from(false)].into()));
    assert_eq!(plan.tests()[0].expected, expected);
}

#[test]
fn null_is_a_value_in_json() {
    let text = r#"{"name": "ask", "language": "rust", "source": "a.rs", "purpose": "?",
        "signature": {"parameters": [{"name": "v", "type": "value"}], "result": "value"},
        "tests": [{"input": [{"a": null}], "expected": null}]}"#;
    let plan = json(text);
    assert_eq!(plan.tests()[0].expected, Expected::Gives(Sample::Value(Value::Null)));
}

#[test]
fn what_is_written_out_reads_back() {
    for plan in [toml(example()), toml(&with(&[("[[1]]", "[[1e15, 1e16, -0.0, nan, 5e-324]]")]))] {
        let text = serde_json::to_string(&plan).unwrap();
        let again = Plan::read_record(&text).unwrap();
        assert_eq!(serde_json::to_string(&again).unwrap(), text);
        assert_eq!(again.hash(), plan.hash());
    }
}

#[test]
fn a_plan_of_the_longest_text_can_be_put_on_record() {
    let room = |text: &str| PLAN_BYTES_MAX - text.len();
    let many = with(&[("[[1]]", "[[@]]")]);
    let many = many.replace('@', &"1e15,".repeat(room(&many) / 5));
    let text = with(&[("\"numbers\"", "\"file\""), ("[[1]]", "[{ text = '@' }]")]);
    let text = text.replace('@', &"\"".repeat(room(&text)));
    for long in [many, text] {
        let plan = toml(&long);
        let record = serde_json::to_string(&plan).unwrap();
        assert!(record.len() > PLAN_BYTES_MAX);
        assert_eq!(Plan::read_record(&record).unwrap().hash(), plan.hash());
    }
}

#[test]
fn forms_are_told_by_endings() {
    for (path, form) in [
        ("a.toml", Some(Form::Toml)),
        ("x/a.b.JSON", Some(Form::Json)),
        ("a.yaml", None),
        ("toml", None),
        (".json", None),
    ] {
        assert_eq!(Form::of(path.as_ref()), form, "{path}");
    }
}

/// Pieces of which texts are made that come further into the reader than any text would.
const PIECES: &[&str] = &[
    "[",
    "]",
    "{",
    "}",
    "[[",
    "]]",
    ",",
    ":",
    "=",
    ".",
    "\"",
    "'",
    "\n",
    " ",
    "\\",
    "\\u",
    "d800",
    "#",
    "name",
    "\"name\"",
    "tests",
    "\"tests\"",
    "signature",
    "a",
    "b",
    "1",
    "-",
    "1e999",
    "nan",
    "inf",
    "0x",
    "true",
    "null",
    "1979-05-27",
    "\"\"\"",
    "\u{202e}",
    "é",
    "\0",
    "\r\n",
    "input",
    "energy.per",
];

/// Lines that define tables over and over, in all ways that TOML has.
const LINES: &[&str] = &[
    "[a]",
    "[a.b]",
    "[a.b.c]",
    "[[a]]",
    "[[a.b]]",
    "[[b]]",
    "a = 1",
    "b = 1",
    "a.b = 1",
    "b.c.d = 1",
    "a = {}",
    "a = []",
    "a = [{}]",
    "a = { b.c = 1 }",
    "b = { c = 1, c.d = 2 }",
    "[",
    "[a",
    "[]",
    "[[]]",
    "a.",
    "a = ",
];

proptest! {
    #[test]
    fn no_tables_panic(lines in prop::collection::vec(prop::sample::select(LINES), 0..12)) {
        Plan::read(&lines.join("\n"), Form::Toml).expect_err("no plan");
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = Plan::read(&text, Form::Toml);
        let _ = Plan::read(&text, Form::Json);
    }

    #[test]
    fn no_pieces_panic(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..60)) {
        let text = pieces.concat();
        for form in [Form::Toml, Form::Json] {
            let error = Plan::read(&text, form).expect_err("no plan is so short");
            prop_assert!(error.faults.iter().all(|fault| fault.line > 0 && fault.column > 0));
            prop_assert!(!error.to_string().contains(['\u{202e}', '\0', '\r']), "{error}");
        }
    }

    /// A plan with some of its bytes changed, to come past the syntax.
    #[test]
    fn no_changed_plan_panics(at in any::<prop::sample::Index>(), piece in prop::sample::select(PIECES)) {
        for (text, form) in [(example(), Form::Toml), (EXAMPLE_JSON, Form::Json)] {
            let at = at.index(text.len());
            if text.is_char_boundary(at) {
                let changed = format!("{}{piece}{}", &text[..at], &text[at..]);
                let _ = Plan::read(&changed, form);
                let _ = Plan::read(&text[..at], form);
            }
        }
    }

    /// The reader of JSON takes what `serde_json` takes.
    #[test]
    fn json_is_what_serde_json_says(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..8)) {
        let text = pieces.concat();
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        let ours = tree::read(&text, Form::Json);
        let twice = matches!(&ours, Err(flaw) if flaw.kind == FaultKind::Duplicate);
        prop_assert!(ours.is_ok() == theirs.is_ok() || twice, "{text:?}: {ours:?} {theirs:?}");
    }
}
