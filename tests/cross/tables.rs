//! What the harness must know of programs and their native code, as a header in C. Its types are in `harness.c`.

use lau_agent_runtime::{Linked, Value};
use lau_runtime::Limits;
use lau_runtime::artifact::{Entry, Image, MAGIC, Tables};
use lau_runtime::native::{Exit, FORCE_NONE, HELPERS, Sizes, Source, layout, status};
use lau_runtime::program::Action;
use std::fmt::Write as _;

/// A program, and what an object file of it has.
pub(crate) struct Compiled<'a> {
    pub(crate) name: &'a str,
    pub(crate) linked: &'a Linked,
    /// Memory fields that have a value before a run.
    pub(crate) inputs: &'a [(&'a str, f64)],
    pub(crate) symbol: String,
    pub(crate) codes: Vec<Tables>,
}

/// Fields of the context, and where native code finds them.
const CONTEXT: &[(&str, usize)] = &[
    ("energy", layout::ENERGY),
    ("count", layout::COUNT),
    ("depth", layout::DEPTH),
    ("entry", layout::ENTRY),
    ("records", layout::RECORDS),
    ("variables", layout::VARIABLES),
    ("stack", layout::STACK),
    ("memory", layout::MEMORY),
    ("constants", layout::CONSTANTS),
    ("operands", layout::OPERANDS),
    ("arguments", layout::ARGUMENTS),
    ("status", layout::STATUS),
    ("word", layout::WORD),
    ("reserve", layout::RESERVE),
    ("forced", layout::FORCED),
    ("cells", layout::CELLS),
];

/// The word of a value without storage.
pub(crate) fn word(value: &Value) -> u64 {
    match value {
        Value::Null => layout::NULL,
        Value::Bool(b) => layout::FALSE | u64::from(*b),
        Value::Number(n) => if n.is_nan() { f64::NAN } else { *n }.to_bits(),
        Value::Text(_) | Value::List(_) | Value::Map(_) | Value::Reference(_) => {
            panic!("{value:?} has storage, and the harness knows only scalars")
        }
    }
}

/// The header.
pub(crate) fn header(programs: &[Compiled<'_>], limits: &Limits) -> String {
    let magic = std::str::from_utf8(&MAGIC).expect("it is readable");
    let mut text = String::from("/* Made by tests/cross/tables.rs. */\n");
    let numbers = [
        ("IMAGE_BYTES", size_of::<Image>() as u64),
        ("ABSENT_WORD", layout::ABSENT),
        ("NULL_WORD", layout::NULL),
        ("FIRST_TAGGED", layout::FIRST_TAGGED),
        ("STATUS_DONE", status::DONE),
        ("FORCE_NONE", FORCE_NONE),
    ];
    let mut line = |line: &str| writeln!(text, "{line}").expect("memory is written to");
    line(&format!("#define MAGIC \"{magic}\""));
    numbers.iter().for_each(|(name, n)| line(&format!("#define {name} UINT64_C({n})")));
    line(&format!("#define CALL_DEPTH_MAX {}", limits.call_depth_max));
    line(&format!("#define STACK_VALUES_MAX {}", limits.stack_values_max));
    let fields: Vec<_> = CONTEXT.iter().map(|(name, at)| format!("X({name}, {at})")).collect();
    line(&format!("#define CONTEXT(X) {}", fields.join(" ")));
    let helpers: Vec<_> = HELPERS.iter().map(|helper| format!("X({})", helper.name)).collect();
    line(&format!("#define HELPERS(X) {}", helpers.join(" ")));
    programs.iter().for_each(|p| line(&format!("extern const struct image {};", p.symbol)));
    line("static const struct program PROGRAMS[] = {");
    programs.iter().for_each(|p| line(&format!("{},", program(p))));
    line("};");
    text
}

/// The address of a constant array; 0 if there is nothing in it.
fn array(of: &str, items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().collect();
    if items.is_empty() { "0".to_owned() } else { format!("(const {of}[]){{{}}}", items.join(",")) }
}

fn word_array(words: impl IntoIterator<Item = u64>) -> String {
    array("uint64_t", words.into_iter().map(|word| format!("UINT64_C({word:#x})")))
}

fn program(compiled: &Compiled<'_>) -> String {
    let Compiled { name, linked, inputs, symbol, codes } = compiled;
    let parts = linked.program().parts();
    let operations = parts.ops.iter().map(|op| {
        let ends = [(Action::Return, "RETURN"), (Action::End, "END")];
        let action = ends.iter().find(|(action, _)| *action == op.action);
        format!("{{{},{}}}", op.energy, action.map_or("OTHER", |(_, name)| name))
    });
    let given = |name: &String| {
        let input = inputs.iter().find(|(of, _)| of == name);
        input.map_or(layout::ABSENT, |(_, n)| word(&Value::Number(*n)))
    };
    let variables = parts.functions.iter().enumerate().map(|(at, function)| {
        let memory = if at == 0 { parts.memory.len() } else { function.variables.len() };
        memory.to_string()
    });
    format!(
        "{{\"{name}\",&{symbol},{},{},{},{},{},{}}}",
        array("struct operation", operations),
        word_array(parts.constants.iter().map(word)),
        word_array(parts.memory.iter().map(given)),
        array("uint32_t", variables),
        codes.len(),
        array("struct code", codes.iter().map(code)),
    )
}

fn code(Tables { entries, exits, sizes, guards: _, coverage: _ }: &Tables) -> String {
    let Sizes { height_max, entered_record_max, called_record_max, operands_max, depth_max } =
        sizes;
    let entry =
        |Entry { pc, height, function }: &Entry| format!("{{{},{height},{function}}}", pc.index());
    format!(
        "{{{{{height_max},{entered_record_max},{called_record_max},{operands_max},{depth_max}}},\
         {},{},{},\n{}}}",
        entries.len(),
        exits.len(),
        array("struct entry", entries.iter().map(entry)),
        array("struct exit", exits.iter().map(exit)),
    )
}

fn exit(exit: &Exit) -> String {
    let Exit { function, pc, values, unspent: (energy, instructions), stack, variables, .. } = exit;
    let saved =
        variables.iter().map(|(slot, from)| format!("{{{},{}}}", slot.index(), source(from)));
    format!(
        "\n{{{},{},{values},{energy},{instructions},{},{},{},{}}}",
        function.index(),
        pc.index(),
        stack.len(),
        variables.len(),
        array("struct source", stack.iter().map(source)),
        array("struct saved", saved),
    )
}

fn source(source: &Source) -> String {
    match source {
        Source::Word(at) => format!("{{WORD,{at}}}"),
        Source::Constant(constant) => format!("{{CONSTANT,{}}}", constant.index()),
        Source::Variable(slot) => format!("{{VARIABLE,{}}}", slot.index()),
    }
}
