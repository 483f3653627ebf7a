//! Tests and benchmark: calls with the arguments that the signature asks for.

use crate::forge::plan::TESTS_MAX;
use crate::forge::plan::fault::{FaultKind, Faults};
use crate::forge::plan::read::Item;
use crate::forge::plan::sample::{self, Sample};
use crate::forge::plan::schema::Shape;
use crate::forge::plan::types::{
    Benchmark, Expected, REPEAT_DEFAULT, REPEAT_MAX, Signature, Test, Type,
};

/// Reads the tests. Their values are checked only if it is known what types they should have.
pub(super) fn tests(
    faults: &mut Faults<'_>,
    item: &Item<'_>,
    signature: Option<&Signature>,
) -> Option<Vec<Test>> {
    item.counts(faults, "tests", false, TESTS_MAX).then_some(())?;
    item.each(faults, |faults, item| test(faults, item, signature))
}

fn test(faults: &mut Faults<'_>, item: &Item<'_>, signature: Option<&Signature>) -> Option<Test> {
    let table = item.table(faults, &Shape::of::<Test>())?;
    let input = table.get("input").and_then(|item| input(faults, &item, "test", signature));
    let expected = match (table.get("expected"), table.get("fails")) {
        (Some(item), None) => signature
            .and_then(|known| sample::read(faults, &item, known.result))
            .map(Expected::Gives),
        (None, Some(item)) => fails(faults, &item),
        (both, _) => {
            let (kind, message) = match both {
                Some(_) => (FaultKind::Conflict, "the test has both `expected` and `fails`"),
                None => (FaultKind::MissingField, "the test has neither `expected` nor `fails`"),
            };
            let flaw = item.flaw(kind, message);
            faults.push(flaw.help("write either what the call must give, or `fails` as true"));
            None
        }
    };
    Some(Test { input: input?, expected: expected? })
}

fn fails(faults: &mut Faults<'_>, item: &Item<'_>) -> Option<Expected> {
    if item.bool(faults)? {
        return Some(Expected::Fails);
    }
    let flaw = item.flaw(FaultKind::NotAllowed, "`fails` is only ever true");
    faults.push(flaw.help("a test of a call that does not fail has `expected`"));
    None
}

/// Reads the arguments of a call.
fn input(
    faults: &mut Faults<'_>,
    item: &Item<'_>,
    call: &str,
    signature: Option<&Signature>,
) -> Option<Vec<Sample>> {
    let arguments = item.list(faults)?;
    let parameters = &signature?.parameters;
    if arguments.len() != parameters.len() {
        let has = if arguments.len() == 1 { "input" } else { "inputs" };
        let asks = if parameters.len() == 1 { "parameter" } else { "parameters" };
        let message = format!(
            "the {call} has {} {has}, the signature {} {asks}",
            arguments.len(),
            parameters.len()
        );
        let names: Vec<_> =
            parameters.iter().map(|known| format!("{} ({})", known.name, known.kind)).collect();
        let flaw = item.flaw(FaultKind::Conflict, message);
        faults.push(match names.is_empty() {
            true => flaw,
            false => flaw.help(format!("the skill takes {}", names.join(", "))),
        });
        return None;
    }
    let types: Vec<Type> = parameters.iter().map(|known| known.kind).collect();
    let mut types = types.into_iter();
    item.each(faults, |faults, item| sample::read(faults, item, types.next()?))
}

/// Reads the benchmark.
pub(super) fn benchmark(
    faults: &mut Faults<'_>,
    item: &Item<'_>,
    signature: Option<&Signature>,
) -> Option<Benchmark> {
    let table = item.table(faults, &Shape::of::<Benchmark>())?;
    let input = table.get("input").and_then(|item| input(faults, &item, "benchmark", signature));
    let repeat = match table.get("repeat") {
        None => Some(REPEAT_DEFAULT),
        Some(item) => item.whole(faults, 1, REPEAT_MAX),
    };
    Some(Benchmark { input: input?, repeat: repeat? })
}
