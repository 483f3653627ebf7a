//! Everything about a run that a user can see, and how two of them are compared.
//!
//! Numbers are compared by their bits, but all NaNs are one. What is deliberately not compared is a
//! named predicate here, with its reason.

use super::builtins::HostCall;
use lau_agent_runtime::Value;
use lau_runtime::{Place, TrapKind};
use std::collections::{BTreeMap, HashMap};
use std::fmt::{self, Write as _};

/// A function's name (`None` in the main body) and an instruction's index.
pub(crate) type At = (Option<String>, u32);

/// A place without line and column: programs under test do not come from text.
pub(crate) fn at(place: &Place) -> At {
    (place.function.clone(), place.instruction)
}

/// How a run, or a part of one up to a stop, ended.
#[derive(Clone, Debug)]
pub(crate) enum SeenEnding {
    Finished { output: Value },
    Exhausted,
    Trapped { kind: TrapKind, message: String, calls: Vec<At> },
}

/// What can be seen of a run where it stopped.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) ending: SeenEnding,
    pub(crate) place: At,
    /// Thousandths used by this run, over all its parts.
    pub(crate) energy: u64,
    /// Thousandths used in all.
    pub(crate) energy_total: u64,
    pub(crate) budget: u64,
    pub(crate) instructions: u64,
    /// `None` if not looked at, see [`memory_not_compared`].
    pub(crate) memory: Option<BTreeMap<String, Value>>,
    /// All frames' operands, bottom first. `None` if not looked at, see [`stack_not_compared`].
    pub(crate) stack: Option<Vec<Value>>,
    pub(crate) host_calls: Vec<HostCall>,
}

/// Memory has more bytes of tree size than the live-memory limit. It is not handed to the host as public
/// values; what the host gets instead is not part of the run's meaning.
pub(crate) fn memory_not_compared(expected: &Seen) -> bool {
    expected.memory.is_none()
}

/// The operands would take more than [`STACK_BYTES_SHOWN`] as public values. Looking at the stack is a
/// debugger's business and not limited; building such trees would only make the tests slow.
pub(crate) fn stack_not_compared(expected: &Seen) -> bool {
    expected.stack.is_none()
}

/// See [`stack_not_compared`].
pub(crate) const STACK_BYTES_SHOWN: u64 = 1 << 18;

/// The specification fixes the wording of a trap's message for `fail` alone, and there only if it has
/// words; all other wordings are the engines' to agree on.
pub(crate) fn message_compared(kind: TrapKind, expected: &str) -> bool {
    kind == TrapKind::Failed && expected != NO_WORDS
}

/// What the stepper says of a `fail` without words: a trap's message is never empty.
pub(crate) const NO_WORDS: &str = "(no words)";

/// Whether two values are the same, bit for bit.
pub(crate) fn same_value(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.to_bits() == b.to_bits(),
        (Value::Text(a), Value::Text(b)) | (Value::Reference(a), Value::Reference(b)) => a == b,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Null, Value::Null) => true,
        (Value::List(a), Value::List(b)) => same_values(a, b),
        (Value::Map(a), Value::Map(b)) => same_entries(a, b),
        (
            Value::Number(_)
            | Value::Text(_)
            | Value::Reference(_)
            | Value::Bool(_)
            | Value::Null
            | Value::List(_)
            | Value::Map(_),
            _,
        ) => false,
    }
}

fn same_values(a: &[Value], b: &[Value]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_value(a, b))
}

fn same_entries(a: &HashMap<String, Value>, b: &HashMap<String, Value>) -> bool {
    a.len() == b.len() && a.iter().all(|(k, a)| b.get(k).is_some_and(|b| same_value(a, b)))
}

fn same_memory(a: &BTreeMap<String, Value>, b: &BTreeMap<String, Value>) -> bool {
    a.len() == b.len() && a.iter().all(|(k, a)| b.get(k).is_some_and(|b| same_value(a, b)))
}

fn same_call(a: &HostCall, b: &HostCall) -> bool {
    let answer = match (&a.answer, &b.answer) {
        (Some(Ok(a)), Some(Ok(b))) => same_value(a, b),
        (Some(Err(a)), Some(Err(b))) => a == b,
        (None, None) => true,
        (Some(Ok(_) | Err(_)) | None, _) => false,
    };
    a.name == b.name && same_values(&a.args, &b.args) && answer
}

fn same_ending(expected: &Seen, got: &Seen) -> bool {
    match (&expected.ending, &got.ending) {
        (SeenEnding::Finished { output: a }, SeenEnding::Finished { output: b }) => {
            same_value(a, b)
        }
        (SeenEnding::Exhausted, SeenEnding::Exhausted) => true,
        (
            SeenEnding::Trapped { kind: a, message: words, calls: from },
            SeenEnding::Trapped { kind: b, message, calls },
        ) => a == b && from == calls && (!message_compared(*a, words) || words == message),
        (SeenEnding::Finished { .. } | SeenEnding::Exhausted | SeenEnding::Trapped { .. }, _) => {
            false
        }
    }
}

impl Seen {
    /// Where two differ, in words; empty if they do not. `self` is what is expected.
    pub(crate) fn differences(&self, got: &Seen) -> Vec<&'static str> {
        let memory = match (&self.memory, &got.memory) {
            (Some(a), Some(b)) => same_memory(a, b),
            (Some(_), None) => false,
            (None, _) => true,
        };
        let stack = match (&self.stack, &got.stack) {
            (Some(a), Some(b)) => same_values(a, b),
            (Some(_), None) => false,
            (None, _) => true,
        };
        let calls = self.host_calls.len() == got.host_calls.len()
            && self.host_calls.iter().zip(&got.host_calls).all(|(a, b)| same_call(a, b));
        let ending = same_ending(self, got);
        [
            ("ending", ending),
            ("place", self.place == got.place),
            ("energy", self.energy == got.energy),
            ("total energy", self.energy_total == got.energy_total),
            ("budget", self.budget == got.budget),
            ("instructions", self.instructions == got.instructions),
            ("memory", memory || memory_not_compared(self)),
            ("stack", stack || stack_not_compared(self)),
            ("host calls", calls),
        ]
        .into_iter()
        .filter_map(|(what, same)| (!same).then_some(what))
        .collect()
    }
}

/// One fact a line, so that two can be read side by side. Maps are in key order.
impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.ending {
            SeenEnding::Finished { output } => writeln!(f, "finished: {}", show(output))?,
            SeenEnding::Exhausted => writeln!(f, "exhausted")?,
            SeenEnding::Trapped { kind, message, calls } => {
                writeln!(f, "trapped: {} ({message:?}), called from {calls:?}", kind.code())?;
            }
        }
        writeln!(f, "at {:?}", self.place)?;
        writeln!(f, "energy {} total {} budget {}", self.energy, self.energy_total, self.budget)?;
        writeln!(f, "instructions {}", self.instructions)?;
        match &self.memory {
            Some(memory) => {
                for (name, value) in memory {
                    writeln!(f, "memory {name:?} = {}", show(value))?;
                }
            }
            None => writeln!(f, "memory not compared")?,
        }
        match &self.stack {
            Some(stack) => {
                let shown: Vec<_> = stack.iter().map(show).collect();
                writeln!(f, "stack {}", shown.join(" | "))?;
            }
            None => writeln!(f, "stack not compared")?,
        }
        for call in &self.host_calls {
            let args: Vec<_> = call.args.iter().map(show).collect();
            let answer = match &call.answer {
                Some(Ok(value)) => show(value),
                Some(Err(message)) => format!("failure {}", short(message)),
                None => "panic".to_owned(),
            };
            writeln!(f, "host {}({}) -> {answer}", call.name, args.join(", "))?;
        }
        Ok(())
    }
}

/// A value on one line, long ones cut in the middle.
fn show(value: &Value) -> String {
    let mut out = String::new();
    write_value(value, &mut out);
    short(&out)
}

/// A text with its middle left out if it is long.
pub(crate) fn short(text: &str) -> String {
    const SHOWN: usize = 160;
    let n = text.chars().count();
    if n <= SHOWN {
        return text.to_owned();
    }
    let head: String = text.chars().take(SHOWN / 2).collect();
    let tail: String = text.chars().skip(n - SHOWN / 2).collect();
    format!("{head}…{tail} ({n} characters)")
}

fn write_value(value: &Value, out: &mut String) {
    match value {
        Value::Number(n) => {
            let _ = write!(out, "{n:?}");
        }
        Value::Text(text) => {
            let _ = write!(out, "{text:?}");
        }
        Value::Bool(b) => {
            let _ = write!(out, "{b}");
        }
        Value::Null => out.push_str("null"),
        Value::Reference(name) => {
            let _ = write!(out, "@{name:?}");
        }
        Value::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i == 0 { "" } else { ", " });
                write_value(item, out);
            }
            out.push(']');
        }
        Value::Map(entries) => {
            out.push('{');
            let sorted: BTreeMap<_, _> = entries.iter().collect();
            for (i, (key, item)) in sorted.into_iter().enumerate() {
                let _ = write!(out, "{}{key:?}: ", if i == 0 { "" } else { ", " });
                write_value(item, out);
            }
            out.push('}');
        }
    }
}
