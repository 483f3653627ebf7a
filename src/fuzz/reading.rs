//! Reading text: whatever the text, nothing goes wrong, and what is printed reads back.

use super::mutate;
use super::random::Random;
use super::scene::Scene;
use crate::dsl::diagnostic::Span;
use crate::dsl::instruction::{Instruction, same};
use crate::dsl::parse::{Parsed, parse};
use crate::dsl::print::print;
use crate::lower::compile;
use arbitrary::Unstructured;
use lau_runtime::Value;
use lau_runtime::host::Interface;

/// A program's text with some edits.
#[must_use]
pub(super) fn edited(u: &mut Unstructured<'_>) -> String {
    let mut random = Random::new(u.arbitrary().unwrap_or_default());
    mutate::text(&print(&Scene::of(u).instructions), &mut random)
}

/// Reads a text. Its places are within it, its normal form reads back as the same instructions, and as
/// the same program if it is one. Gives whether it is.
///
/// # Panics
/// If any of that does not hold.
pub(super) fn check(text: &str) -> bool {
    let parsed = parse(text);
    places(text, &parsed);
    let printed = print(&parsed.instructions);
    let again = parse(&printed);
    assert!(again.diagnostics.is_empty(), "normal form has findings: {:?}", again.diagnostics);
    let reads_back = same(&parsed.instructions, &again.instructions);
    assert!(reads_back, "normal form reads back otherwise:\n{printed}");
    let compile = |text: &str| compile(text, &Interface::default()).program;
    let program = compile(text);
    if let Some(program) = &program {
        let other = compile(&printed).map(|other| other.hash());
        assert_eq!(other, Some(program.hash()), "normal form is another program:\n{printed}");
    }
    program.is_some()
}

/// Spans are whole characters of one line, and lines and columns are those of their first bytes.
fn places(text: &str, parsed: &Parsed) {
    let check = |span: Span| {
        let place = text.get(span.start..span.end).expect("a span of whole characters");
        assert!(!place.contains('\n'), "a span over lines: {span:?}");
        let before = text[..span.start].strip_prefix('\u{feff}').unwrap_or(&text[..span.start]);
        let line = before.rsplit('\n').next().unwrap_or("");
        assert_eq!(span.line as usize, before.matches('\n').count() + 1, "{span:?}");
        assert_eq!(span.column as usize, line.chars().count() + 1, "{span:?}");
    };
    assert_eq!(parsed.instructions.len(), parsed.spans.len());
    parsed.spans.iter().copied().for_each(check);
    for diagnostic in &parsed.diagnostics {
        check(diagnostic.span.expect("what was read has a place"));
        diagnostic.fix.iter().for_each(|fix| check(fix.span));
    }
}

/// Instructions whose texts, names and numbers are anything.
#[must_use]
pub(super) fn strange(u: &mut Unstructured<'_>) -> Vec<Instruction> {
    use Instruction as I;
    let mut text = || u.arbitrary::<&str>().unwrap_or_default().chars().take(200).collect();
    let texts: [String; 4] = std::array::from_fn(|_| text());
    let numbers: [u64; 2] = std::array::from_fn(|_| u.arbitrary().unwrap_or_default());
    let number = f64::from_bits(numbers[0]);
    let [a, b, c, d] = texts.clone();
    let levels = u.int_in_range(0..=190).unwrap_or(0);
    let map = [(a.clone(), number.into()), (b.clone(), Value::Reference(c.clone()))];
    let tree = (0..levels).fold(map.into_iter().collect::<Value>(), |tree, level| {
        if level % 3 == 0 { [(&*d, tree)].into_iter().collect() } else { Value::List(vec![tree]) }
    });
    vec![
        I::Push(a.clone().into()),
        I::Push(Value::Reference(b.clone())),
        I::Push(number.into()),
        I::Push(tree),
        I::Store(a.clone()),
        I::Load(b.clone()),
        I::Take(c.clone()),
        I::Observe(d.clone()),
        I::Publish(a.clone()),
        I::Append(b.clone()),
        I::Put(c.clone()),
        I::Call(d.clone(), numbers[1] as u8),
        I::Try(a.clone(), numbers[1] as u8),
        I::EnergyCheck(number),
        I::JumpIf(numbers[1] as usize),
        I::Delegate(b.clone(), c.clone()),
        I::Assert(d.clone()),
        I::Fail(a.clone()),
        I::Func(b, vec![c, d]),
        I::End,
    ]
}

/// Prints instructions and reads them back.
///
/// # Panics
/// If they are others then.
pub(super) fn check_round_trip(instructions: &[Instruction]) {
    let text = print(instructions);
    let parsed = parse(&text);
    assert!(parsed.diagnostics.is_empty(), "printed with findings: {:?}", parsed.diagnostics);
    assert!(same(instructions, &parsed.instructions), "reads back otherwise:\n{text}");
}
