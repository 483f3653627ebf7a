//! What values measure, and whether limits allow it: of public values before they are taken in, and of what
//! a run is about to make.

use super::object::{ELEMENT_BYTES, ENTRY_BYTES, HEADER_BYTES};
use crate::limits::Limits;
use crate::trap::{TrapKind, Wrong};
use crate::value::Value;

/// What a run is about to make: checked against the limits before it is made.
pub(crate) struct Made {
    pub(crate) depth: u16,
    /// Bytes of the largest single value that is new.
    pub(crate) own: u64,
    pub(crate) tree: u64,
    /// Bytes of live memory it takes.
    pub(crate) added: u64,
}

impl Made {
    /// Which limit it breaks, if it is to join so many live bytes.
    pub(crate) fn check(&self, live: u64, limits: &Limits) -> Result<(), Wrong> {
        let Made { depth, own, tree, added } = *self;
        check(depth.into(), own, tree, live.saturating_add(added), limits)
    }
}

/// The limits on values, in their order.
fn check(depth: u64, own: u64, tree: u64, live: u64, limits: &Limits) -> Result<(), Wrong> {
    let checks = [
        (TrapKind::NestingLimit, depth, limits.nesting_max.into(), "levels"),
        (TrapKind::ValueLimit, own, limits.value_bytes_max, "bytes"),
        (TrapKind::TreeLimit, tree, limits.tree_bytes_max, "bytes"),
        (TrapKind::MemoryLimit, live, limits.memory_bytes_max, "bytes"),
    ];
    match checks.into_iter().find(|(_, got, limit, _)| got > limit) {
        Some((kind, got, limit, unit)) => {
            Err((kind, format!("{got} {unit}, where {limit} are allowed")))
        }
        None => Ok(()),
    }
}

/// What a public value measures: it has these as soon as it is converted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Measure {
    /// Bytes of the whole tree; nothing in a public value is shared.
    pub(crate) tree: u64,
    /// Bytes of the largest single text, list or map.
    pub(crate) largest: u64,
    /// Levels of nesting.
    pub(crate) depth: usize,
}

impl Measure {
    /// Measures values, with a stack of its own: a host may nest them as deep as it likes.
    pub(crate) fn of(value: &Value) -> Measure {
        let mut measure = Measure::default();
        let mut todo = vec![(value, 0)];
        while let Some((value, outside)) = todo.pop() {
            let (own, levels) = match value {
                Value::Null | Value::Bool(_) | Value::Number(_) => (0, 0),
                Value::Text(s) | Value::Reference(s) => (HEADER_BYTES + s.len() as u64, 0),
                Value::List(items) => {
                    todo.extend(items.iter().map(|item| (item, outside + 1)));
                    (HEADER_BYTES + ELEMENT_BYTES * items.len() as u64, 1)
                }
                Value::Map(entries) => {
                    todo.extend(entries.values().map(|value| (value, outside + 1)));
                    let keys: u64 = entries.keys().map(|key| key.len() as u64).sum();
                    (HEADER_BYTES + ENTRY_BYTES * entries.len() as u64 + keys, 1)
                }
            };
            measure.tree = measure.tree.saturating_add(own);
            measure.largest = measure.largest.max(own);
            measure.depth = measure.depth.max(outside + levels);
        }
        measure
    }

    /// Which limit the value breaks, if it is to join so many live bytes.
    pub(crate) fn check(&self, live: u64, limits: &Limits) -> Result<(), Wrong> {
        check(self.depth as u64, self.largest, self.tree, live.saturating_add(self.tree), limits)
    }
}
