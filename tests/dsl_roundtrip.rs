//! What is printed reads back, and reading never goes wrong, whatever the text.
//!
//! Instructions are generated from the instruction table, so a new one is covered as soon as it exists.

use lau_agent_runtime::dsl::diagnostic::Span;
use lau_agent_runtime::dsl::parse::{Parsed, parse};
use lau_agent_runtime::dsl::print::print;
use lau_agent_runtime::{Instruction, Value};
use lau_runtime::program::Opcode;
use lau_runtime::program::opcode::TABLE;
use proptest::collection::{hash_map, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

/// What a tokenizer or printer might trip over.
#[rustfmt::skip]
const NASTY: &[&str] = &[
    "", " ", "#", "#x", "\"", "\"x\"", "\"x", "x\"", "a:", ":", "a b", " a", "a ", "\n", "a\nb", "\r", "a\r",
    "\t", "\\", "\\n", "\\u{41}", "&", "&\"x\"", "&x", "[", "[1]", "{", "{}", "1", "-0", "1e3", "inf", "nan",
    "true", "null", "push", "end", "pop # x", "é", "😀", "\u{0}", "\u{7f}", "\u{85}", "\u{a0}", "\u{2028}",
    "\u{202e}", "\u{feff}", "\u{feff}push 1", "\u{1b}[31m", "a\u{3000}b", "//", "'x'", "a#b", "\"a\" \"b\"",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(NASTY).prop_map(str::to_owned),
        2 => vec(select(NASTY), 0..5).prop_map(|parts| parts.concat()),
        2 => any::<String>(),
        1 => "[a-z_]{1,8}",
    ]
}

fn number() -> impl Strategy<Value = f64> {
    let near = [0.0, -0.0, 1e21, 999_999_999_999_868_928.0, 1e-6, 1e-7, 0.1, f64::EPSILON];
    let far = [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -f64::NAN, f64::MAX, 5e-324];
    prop_oneof![
        2 => any::<u64>().prop_map(f64::from_bits),
        1 => any::<i32>().prop_map(f64::from),
        1 => select(near.to_vec()),
        1 => select(far.to_vec()),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        number().prop_map(Value::Number),
        text().prop_map(Value::Text),
        text().prop_map(Value::Reference),
    ];
    let tree = leaf.prop_recursive(6, 40, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::List),
            hash_map(text(), inner, 0..6).prop_map(Value::Map),
        ]
    });
    // Up to the 200 levels of a literal, of which the tree above has at most 7.
    let deep = (tree.clone(), vec(any::<bool>(), 0..=193)).prop_map(|(value, levels)| {
        levels.into_iter().fold(value, |value, list| {
            if list { Value::List(vec![value]) } else { Value::Map([("k".into(), value)].into()) }
        })
    });
    prop_oneof![4 => tree, 1 => deep]
}

/// Any instruction of that kind.
fn of(opcode: Opcode) -> BoxedStrategy<Instruction> {
    use Instruction as I;
    let just = |instruction| Just(instruction).boxed();
    let name = |make: fn(String) -> Instruction| text().prop_map(make).boxed();
    let count = |make: fn(u32) -> Instruction| (0..=1_000_000u32).prop_map(make).boxed();
    let jump = |make: fn(usize) -> Instruction| {
        prop_oneof![0usize..20, any::<usize>()].prop_map(make).boxed()
    };
    match opcode {
        Opcode::Push => value().prop_map(I::Push).boxed(),
        Opcode::Pop => just(I::Pop),
        Opcode::Dup => just(I::Dup),
        Opcode::Swap => just(I::Swap),
        Opcode::Over => just(I::Over),
        Opcode::Store => name(I::Store),
        Opcode::Load => name(I::Load),
        Opcode::Take => name(I::Take),
        Opcode::Observe => name(I::Observe),
        Opcode::Publish => name(I::Publish),
        Opcode::Add => just(I::Add),
        Opcode::Sub => just(I::Sub),
        Opcode::Mul => just(I::Mul),
        Opcode::Div => just(I::Div),
        Opcode::Rem => just(I::Rem),
        Opcode::Pow => just(I::Pow),
        Opcode::Neg => just(I::Neg),
        Opcode::Eq => just(I::Eq),
        Opcode::Ne => just(I::Ne),
        Opcode::Lt => just(I::Lt),
        Opcode::Le => just(I::Le),
        Opcode::Gt => just(I::Gt),
        Opcode::Ge => just(I::Ge),
        Opcode::Not => just(I::Not),
        Opcode::And => just(I::And),
        Opcode::Or => just(I::Or),
        Opcode::List => count(I::List),
        Opcode::Map => count(I::Map),
        Opcode::Get => just(I::Get),
        Opcode::Len => just(I::Len),
        Opcode::Has => just(I::Has),
        Opcode::Append => name(I::Append),
        Opcode::Put => name(I::Put),
        Opcode::Jump => jump(I::Jump),
        Opcode::JumpIf => jump(I::JumpIf),
        Opcode::JumpTrue => jump(I::JumpTrue),
        Opcode::Call => (text(), any::<u8>()).prop_map(|(f, n)| I::Call(f, n)).boxed(),
        Opcode::Try => (text(), any::<u8>()).prop_map(|(f, n)| I::Try(f, n)).boxed(),
        Opcode::Return => just(I::Return),
        Opcode::EnergyCheck => number().prop_map(I::EnergyCheck).boxed(),
        Opcode::Delegate => (text(), text()).prop_map(|(a, t)| I::Delegate(a, t)).boxed(),
        Opcode::Assert => name(I::Assert),
        Opcode::Fail => name(I::Fail),
        Opcode::Func => (text(), vec(text(), 0..5)).prop_map(|(f, p)| I::Func(f, p)).boxed(),
        Opcode::End => just(I::End),
    }
}

fn instruction() -> impl Strategy<Value = Instruction> {
    select(TABLE).prop_flat_map(|row| of(row.opcode))
}

/// Lines of words that mean something, and of words that mean something elsewhere.
fn lines() -> impl Strategy<Value = String> {
    let names: Vec<_> =
        TABLE.iter().flat_map(|row| [Some(row.name), row.alias]).flatten().collect();
    let json =
        ["[1, \"a\"", "]", "{\"a\": ", "}", ",", "[[", "[nan]", "{\"a\":1,\"a\":2}", "&\"r\""];
    let operands = ["loop:", "loop", "x", "2", "0", "-1", "func", "func f", "256", "1.5"];
    let word = prop_oneof![
        3 => select(names).prop_map(str::to_owned),
        2 => select(NASTY).prop_map(str::to_owned),
        1 => select(json.to_vec()).prop_map(str::to_owned),
        2 => select(operands.to_vec()).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    let space = select(vec![" ", " ", " ", "\n", "\n", "\t", "", "\r\n", "\u{2003}"]);
    vec((word, space), 0..40).prop_map(|words| {
        words.into_iter().flat_map(|(word, space)| [word, space.to_owned()]).collect()
    })
}

/// Whether what was read is what was written, to the bit; of NaNs only one is ever read.
fn same_number(written: f64, read: f64) -> bool {
    let expected = if written.is_nan() { f64::NAN } else { written };
    expected.to_bits() == read.to_bits()
}

fn same_value(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => same_number(*a, *b),
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_value(a, b))
        }
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same_value(a, b)))
        }
        (a, b) => a == b,
    }
}

fn same(written: &Instruction, read: &Instruction) -> bool {
    match (written, read) {
        (Instruction::Push(a), Instruction::Push(b)) => same_value(a, b),
        (Instruction::EnergyCheck(a), Instruction::EnergyCheck(b)) => same_number(*a, *b),
        (a, b) => a == b,
    }
}

/// Places are within a line of the text, and lines and columns are those of their first bytes.
fn check_places(text: &str, parsed: &Parsed) {
    let check = |span: Span| {
        let place = text.get(span.start..span.end).expect("characters are whole");
        assert!(!place.contains('\n'), "{span:?}");
        let before = text[..span.start].strip_prefix('\u{feff}').unwrap_or(&text[..span.start]);
        let line = before.rsplit('\n').next().unwrap_or("");
        assert_eq!(span.line as usize, before.matches('\n').count() + 1);
        assert_eq!(span.column as usize, line.chars().count() + 1, "{span:?}");
    };
    assert_eq!(parsed.instructions.len(), parsed.spans.len());
    parsed.spans.iter().copied().for_each(check);
    for diagnostic in &parsed.diagnostics {
        check(diagnostic.span.expect("what was read has a place"));
        diagnostic.fix.iter().for_each(|fix| check(fix.span));
        assert!(diagnostic.instruction.is_none_or(|at| (at as usize) < parsed.instructions.len()));
    }
}

fn check_reading(text: &str) {
    let parsed = parse(text);
    check_places(text, &parsed);
    #[cfg(feature = "cli")]
    let _drawn = lau_agent_runtime::dsl::render::render("t", text, &parsed.diagnostics, false);
    let printed = print(&parsed.instructions);
    let again = parse(&printed);
    assert_eq!(again.diagnostics, [], "{printed}");
    assert_eq!(print(&again.instructions), printed, "{text:?}");
}

#[test]
fn every_kind_of_instruction_is_generated() {
    let mut runner = TestRunner::deterministic();
    for row in TABLE {
        let made = of(row.opcode).new_tree(&mut runner).unwrap().current();
        assert_eq!(made.opcode(), row.opcode);
    }
    let mut seen = vec![false; TABLE.len()];
    for _ in 0..50 * TABLE.len() {
        seen[instruction().new_tree(&mut runner).unwrap().current().opcode() as usize] = true;
    }
    assert_eq!(seen, vec![true; TABLE.len()]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn an_instruction_reads_back(written in instruction()) {
        let line = written.to_string();
        let parsed = parse(&line);
        prop_assert_eq!(&parsed.diagnostics, &[]);
        prop_assert_eq!(parsed.instructions.len(), 1);
        prop_assert!(same(&written, &parsed.instructions[0]), "{} {:?}", line, parsed.instructions);
    }

    #[test]
    fn text_is_read_without_harm(text in lines()) {
        check_reading(&text);
    }

    #[test]
    fn any_bytes_are_read_without_harm(bytes in vec(any::<u8>(), 0..200)) {
        check_reading(&String::from_utf8_lossy(&bytes));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_program_reads_back(written in vec(instruction(), 0..40)) {
        let parsed = parse(&print(&written));
        prop_assert_eq!(&parsed.diagnostics, &[]);
        prop_assert_eq!(parsed.instructions.len(), written.len());
        prop_assert!(written.iter().zip(&parsed.instructions).all(|(a, b)| same(a, b)));
    }

    #[test]
    fn a_mutated_program_is_read_without_harm(
        program in vec(instruction(), 1..10),
        edits in vec((any::<Index>(), any::<Index>(), select(NASTY)), 1..6),
    ) {
        let mut text = print(&program);
        for (start, length, put) in edits {
            let start = text.floor_char_boundary(start.index(text.len() + 1));
            let end = text.floor_char_boundary(start + length.index(8).min(text.len() - start));
            text.replace_range(start..end, put);
        }
        check_reading(&text);
    }
}
