//! Everything about a run that a user can see, and how two of them are compared.
//!
//! Numbers are compared by their bits; there is one NaN. What an oracle does not tell is `None` there, and
//! not compared; each such exclusion says why.

use super::calls::{Beyond, Came, HostCall};
use crate::dsl::literal::Literal;
use lau_runtime::{Place, Snapshot, TrapKind, Value};
use std::collections::{BTreeMap, HashMap};
use std::fmt;

/// A function's name (`None` in the main body) and an instruction's index.
pub type At = (Option<String>, u32);

/// A place without line and column: programs under test need not come from text.
#[must_use]
pub fn at(place: &Place) -> At {
    (place.function.clone(), place.instruction)
}

/// How a run, or a part of one up to a stop, ended.
#[derive(Clone, Debug)]
pub enum SeenEnding {
    /// It came to its end.
    Finished {
        /// Its output.
        output: Value,
    },
    /// It could not pay.
    Exhausted,
    /// It waits for an answer.
    Suspended {
        /// The builtin that asked to wait.
        builtin: String,
        /// Its arguments.
        arguments: Vec<Value>,
        /// What it says.
        message: Option<String>,
    },
    /// It went wrong.
    Trapped {
        /// How.
        kind: TrapKind,
        /// The particulars.
        message: String,
        /// The wording is open: an oracle written from the specification knows it for `fail` alone, and
        /// there only if it has words. Engines have to agree on all of them.
        open: bool,
        /// Where it was called from, innermost first.
        calls: Vec<At>,
    },
}

/// What can be seen of a run where it stopped.
#[derive(Clone, Debug)]
pub struct Seen {
    /// How it ended.
    pub ending: SeenEnding,
    /// Where.
    pub place: At,
    /// Thousandths used by this run, over all its parts.
    pub energy: u64,
    /// Thousandths used in all.
    pub energy_total: u64,
    /// Thousandths that may be used in all.
    pub budget: u64,
    /// Instructions paid.
    pub instructions: u64,
    /// `None` if it is larger than the limit on live memory, shared parts counted each time, and so not
    /// handed out.
    pub memory: Option<BTreeMap<String, Value>>,
    /// All frames' operands, bottom first. `None` if they would take more than [`STACK_BYTES_SHOWN`] as
    /// public values.
    pub stack: Option<Vec<Value>>,
    /// The calls of the host in order.
    pub host_calls: Vec<HostCall>,
    /// What is known of further calls.
    pub beyond: Beyond,
    /// What engines have to agree on and the specification leaves to them; an oracle of its own has none.
    pub inside: Option<Inside>,
}

/// What an engine tells of itself, by which its state is compared more closely.
#[derive(Clone, Debug, PartialEq)]
pub struct Inside {
    /// Bytes of live values.
    pub live_bytes: u64,
    /// The state of a run that can go on, in bytes: who shares with whom, answers that wait. `None`, and not
    /// compared, of a run that went on from a snapshot: what it held of the program's constants are
    /// objects of their own since, which only counts when it is written to the next snapshot.
    pub snapshot: Option<Vec<u8>>,
}

/// Looking at the stack is a debugger's business and not limited; larger ones would only make tests slow.
pub const STACK_BYTES_SHOWN: u64 = 1 << 18;

/// Whether two values are the same, bit for bit.
pub fn same_value(a: &Value, b: &Value) -> bool {
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

fn same_came(a: &Came, b: &Came) -> bool {
    match (a, b) {
        (Came::Back(a), Came::Back(b)) => same_value(a, b),
        (Came::Failed(a), Came::Failed(b)) | (Came::Panicked(a), Came::Panicked(b)) => a == b,
        (Came::Waits(a), Came::Waits(b)) => a == b,
        (Came::Back(_) | Came::Failed(_) | Came::Waits(_) | Came::Panicked(_), _) => false,
    }
}

fn same_call(a: &HostCall, b: &HostCall) -> bool {
    let answer = match (&a.answer, &b.answer) {
        (Some(a), Some(b)) => same_came(a, b),
        (a, b) => a.is_none() && b.is_none(),
    };
    a.name == b.name && same_values(&a.args, &b.args) && answer
}

fn same_ending(expected: &SeenEnding, got: &SeenEnding) -> bool {
    use SeenEnding::{Exhausted, Finished, Suspended, Trapped};
    match (expected, got) {
        (Finished { output: a }, Finished { output: b }) => same_value(a, b),
        (Exhausted, Exhausted) => true,
        (
            Suspended { builtin: a, arguments: given, message: words },
            Suspended { builtin: b, arguments, message },
        ) => a == b && same_values(given, arguments) && words == message,
        (
            Trapped { kind: a, message: words, open, calls: from },
            Trapped { kind: b, message, calls, open: _ },
        ) => a == b && from == calls && (*open || words == message),
        (Finished { .. } | Exhausted | Suspended { .. } | Trapped { .. }, _) => false,
    }
}

/// Whether both have nothing to show, or both the same.
fn same_option<T>(a: Option<&T>, b: Option<&T>, same: impl Fn(&T, &T) -> bool) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => same(a, b),
        (a, b) => a.is_none() && b.is_none(),
    }
}

impl Seen {
    /// Where two differ, in words; empty if they do not. `self` is what is expected.
    #[must_use]
    pub fn differences(&self, got: &Seen) -> Vec<&'static str> {
        let same_memory = |a: &BTreeMap<String, Value>, b: &BTreeMap<String, Value>| {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && same_value(a.1, b.1))
        };
        let same_calls = self.host_calls.len() == got.host_calls.len()
            && self.host_calls.iter().zip(&got.host_calls).all(|(a, b)| same_call(a, b));
        let inside = |part: fn(&Inside, &Inside) -> bool| match (&self.inside, &got.inside) {
            (Some(a), Some(b)) => part(a, b),
            (None, _) | (_, None) => true,
        };
        [
            ("ending", same_ending(&self.ending, &got.ending)),
            ("place", self.place == got.place),
            ("energy", self.energy == got.energy),
            ("total energy", self.energy_total == got.energy_total),
            ("budget", self.budget == got.budget),
            ("instructions", self.instructions == got.instructions),
            ("memory", same_option(self.memory.as_ref(), got.memory.as_ref(), same_memory)),
            (
                "stack",
                same_option(self.stack.as_ref(), got.stack.as_ref(), |a, b| same_values(a, b)),
            ),
            ("host calls", same_calls && self.beyond == got.beyond),
            ("live bytes", inside(|a, b| a.live_bytes == b.live_bytes)),
            (
                "snapshot",
                inside(|a, b| match (&a.snapshot, &b.snapshot) {
                    (Some(a), Some(b)) => a == b,
                    (None, _) | (_, None) => true,
                }),
            ),
        ]
        .into_iter()
        .filter_map(|(what, same)| (!same).then_some(what))
        .collect()
    }

    /// One fact a line, in full.
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![match &self.ending {
            SeenEnding::Finished { output } => format!("finished: {}", Literal(output)),
            SeenEnding::Exhausted => "exhausted".to_owned(),
            SeenEnding::Suspended { builtin, arguments, message } => {
                format!("suspended: {builtin}({}) {message:?}", listed(arguments, ", "))
            }
            SeenEnding::Trapped { kind, message, open: _, calls } => {
                format!("trapped: {} ({message:?}), called from {calls:?}", kind.code())
            }
        }];
        lines.push(match &self.place {
            (None, at) => format!("at {at}"),
            (Some(function), at) => format!("at {at} in {function}"),
        });
        let Seen { energy, energy_total, budget, .. } = self;
        lines.push(format!("thousandths {energy}, in all {energy_total} of {budget}"));
        lines.push(format!("instructions {}", self.instructions));
        match &self.memory {
            Some(memory) => lines.extend(
                memory.iter().map(|(name, value)| format!("memory {name:?} = {}", Literal(value))),
            ),
            None => lines.push("memory too large to hand out".to_owned()),
        }
        lines.push(match &self.stack {
            Some(stack) => format!("stack {}", listed(stack, " | ")),
            None => "stack too large to show".to_owned(),
        });
        lines.extend(self.host_calls.iter().map(|call| format!("host {call}")));
        if self.beyond != Beyond::default() {
            let Beyond { calls, digest } = self.beyond;
            lines.push(format!("host calls beyond: {calls}, digest {digest:016x}"));
        }
        if let Some(inside) = &self.inside {
            lines.push(format!("live bytes {}", inside.live_bytes));
        }
        lines
    }

    /// The state in the snapshot as text, if there is one.
    fn snapshot_lines(&self) -> Vec<String> {
        let bytes = self.inside.as_ref().and_then(|inside| inside.snapshot.as_ref());
        let text = match bytes.map(|bytes| Snapshot::from_bytes(bytes)) {
            Some(Ok(snapshot)) => snapshot.to_json(),
            Some(Err(fault)) => fault.to_string(),
            None => return vec!["no snapshot".to_owned()],
        };
        text.lines().map(|line| format!("snapshot {}", line.trim())).collect()
    }

    /// The facts in which two differ, both sides of each, with their names before them.
    #[must_use]
    pub fn sides(&self, name: &str, got: &Seen, got_name: &str) -> String {
        let mut lines = (self.lines(), got.lines());
        if self.differences(got) == ["snapshot"] {
            lines = (self.snapshot_lines(), got.snapshot_lines());
        }
        let only = |lines: &[String], others: &[String]| -> Vec<String> {
            lines.iter().filter(|line| !others.contains(line)).cloned().collect()
        };
        let (ours, theirs) = (only(&lines.0, &lines.1), only(&lines.1, &lines.0));
        let width = name.len().max(got_name.len());
        let mut out = String::new();
        let line = |lines: &[String], at: usize| lines.get(at).cloned().unwrap_or_default();
        // Facts come in the same order, so those at the same place are mostly about the same.
        for at in 0..ours.len().max(theirs.len()).min(SIDES_MAX) {
            let (one, other) = (line(&ours, at), line(&theirs, at));
            out.push_str(&format!("  {name:width$}  {}\n", window(&one, &other)));
            out.push_str(&format!("  {got_name:width$}  {}\n", window(&other, &one)));
        }
        if let Some(more) = ours.len().max(theirs.len()).checked_sub(SIDES_MAX + 1) {
            out.push_str(&format!("  and {} more\n", more + 1));
        }
        out
    }
}

fn listed(values: &[Value], between: &str) -> String {
    let shown: Vec<_> = values.iter().map(|value| Literal(value).to_string()).collect();
    shown.join(between)
}

/// One fact a line, long ones cut in the middle.
impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines().iter().try_for_each(|line| writeln!(f, "{}", short(line)))
    }
}

/// How many facts are shown side by side.
const SIDES_MAX: usize = 12;
/// Characters that are shown of a long line.
const SHOWN: usize = 160;

/// A text with its middle left out if it is long.
#[must_use]
pub fn short(text: &str) -> String {
    let n = text.chars().count();
    if n <= SHOWN {
        return text.to_owned();
    }
    let head: String = text.chars().take(SHOWN / 2).collect();
    let tail: String = text.chars().skip(n - SHOWN / 2).collect();
    format!("{head}…{tail} ({n} characters)")
}

/// A line, and if it is long the part of it where it begins to differ from another.
fn window(line: &str, other: &str) -> String {
    if line.chars().count() <= SHOWN {
        return line.to_owned();
    }
    let same = line.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let head: String = line.chars().take(SHOWN / 4).collect();
    let skipped = same.saturating_sub(SHOWN / 4).max(SHOWN / 4);
    let part: String = line.chars().skip(skipped).take(SHOWN / 2).collect();
    let between = if skipped > SHOWN / 4 { " … " } else { "" };
    format!("{head}{between}{part} …")
}
