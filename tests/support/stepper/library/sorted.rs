//! Functions that sort. A plain insertion sort: it is stable, and nobody's but this page's.

use super::super::super::graph::{Body, Val};
use super::super::fault;
use super::{Fault, Gives, Stepper};
use lau_runtime::TrapKind;
use std::cmp::Ordering;

impl Stepper<'_> {
    pub(super) fn sort(&mut self, args: &[Val]) -> Gives {
        let items = self.items(args[0]);
        let sorted = self.in_order(items.iter().map(|item| (*item, *item)).collect());
        self.made_list(sorted)
    }

    /// The key values are found in the order of the elements, and the first that is not right is told.
    pub(super) fn sort_by_key(&mut self, args: &[Val]) -> Result<Gives, Fault> {
        let mut keyed: Vec<(Val, Val)> = Vec::new();
        for item in self.items(args[0]) {
            let key = self.key_value(item, args[1])?;
            let kind = self.graph.type_name(key);
            let first = keyed.first().map_or(kind, |(first, _)| self.graph.type_name(*first));
            if kind != first || !["Number", "Text"].contains(&kind) {
                return fault(TrapKind::TypeError, format!("sorted by a {kind}"));
            }
            keyed.push((key, item));
        }
        let sorted = self.in_order(keyed);
        Ok(self.made_list(sorted))
    }

    /// What an element is sorted by.
    fn key_value(&self, item: Val, key: Val) -> Result<Val, Fault> {
        match (self.graph.body(item), self.graph.text(key)) {
            (Some(Body::Map(entries)), Some(key)) => {
                Ok(entries.get(key).copied().unwrap_or(Val::Null))
            }
            (Some(Body::List(items)), None) => Ok(items[self.index(key, items.len())?]),
            (Some(Body::Text(_) | Body::Reference(_) | Body::List(_) | Body::Map(_)) | None, _) => {
                fault(TrapKind::TypeError, "an element of another type")
            }
        }
    }

    /// The second of each pair, in the order of the first.
    fn in_order(&self, pairs: Vec<(Val, Val)>) -> Vec<Val> {
        let mut sorted: Vec<(Val, Val)> = Vec::new();
        for pair in pairs {
            let after = sorted.iter().rposition(|other| self.order_of(other.0, pair.0).is_le());
            sorted.insert(after.map_or(0, |at| at + 1), pair);
        }
        sorted.into_iter().map(|(_, item)| item).collect()
    }

    /// Two Numbers or two Texts; NaN is the last.
    fn order_of(&self, a: Val, b: Val) -> Ordering {
        match (a, b) {
            (Val::Number(a), Val::Number(b)) => {
                a.partial_cmp(&b).unwrap_or(a.is_nan().cmp(&b.is_nan()))
            }
            _ => self.str(a).chars().cmp(self.str(b).chars()),
        }
    }
}
