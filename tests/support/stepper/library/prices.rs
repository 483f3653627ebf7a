//! What calls of the library cost beside the one unit, from the sizes of the arguments.
//!
//! An argument of the wrong type has size 0. Where the work that learns a size must be paid for itself, the
//! price has a first part.

use super::super::super::graph::{Body, Val, bytes};
use super::super::prices::Bill;
use super::super::{ENERGY_MAX, add_energy};
use super::{Function, Stepper, bounds, double, range_count, repetitions};

/// What every call costs.
const CALL: u64 = 1_000;

impl Stepper<'_> {
    /// The price of a call with so many arguments, which need not be there.
    pub(in super::super) fn price_of_library(&self, function: &Function, n: usize) -> Bill {
        let stack = &self.top().stack;
        if stack.len() < n || !function.counts().contains(&n) {
            return CALL.into();
        }
        let args = &stack[stack.len() - n..];
        let first = add_energy(CALL, self.sized(function.name, args));
        let then = self.sized_then(function.name, args);
        Bill { first, paid: add_energy(first, then), reserved: 0 }
    }

    /// The part that is known from the sizes of the arguments.
    fn sized(&self, name: &str, args: &[Val]) -> u64 {
        let (a, b) = (args[0], args.get(1).copied().unwrap_or(Val::Null));
        let (n, text) = (self.length(a), self.bytes_of(a));
        let (n_b, text_b) = (self.length(b), self.bytes_of(b));
        let mul = u64::saturating_mul;
        let add = u64::saturating_add;
        let every = |each: u64, other: u64| add(mul(each, n), other);
        match name {
            "range" => mul(10, self.range_size(args)),
            "slice" => self.price_of_slice(args),
            "concat" => match (self.graph.type_name(a), self.graph.type_name(b)) {
                ("List", "List") => add(mul(10, n_b), self.copy_of(a)),
                ("Text", "Text") => add(text_b, self.copy_of(a)),
                _ => 0,
            },
            "reverse" => every(10, 0),
            "sort" => mul(levels(n), every(10, self.inner(a))),
            "sort_by_key" => add(mul(levels(n), every(10, self.inner(a))), mul(n, text_b)),
            "unique" => every(20, mul(2, self.inner(a))),
            "index_of" => self.price_of_looking(a, b),
            "contains" if self.graph.text(a).is_some() => add(text, text_b),
            "contains" => self.price_of_looking(a, b),
            "sum" | "mean" | "variance" | "min_of" | "max_of" => every(10, 0),
            "median" | "percentile" => every(20, 0),
            "dot" => mul(10, add(n, n_b)),
            "flatten" => every(10, self.inner(a)),
            "zip" => add(mul(10, add(n, n_b)), mul(50, n.min(n_b))),
            "keys" | "values" => mul(levels(self.entries(a)), self.own_of_map(a)),
            "entries" => {
                let n = self.entries(a);
                add(mul(levels(n), self.own_of_map(a)), mul(50, n))
            }
            "merge" => add(self.own_of_map(b), self.copy_of_map(a)),
            "remove" => add(text_b, self.copy_of_map(a)),
            "split" | "find" | "replace" => add(text, text_b),
            "lines" | "words" | "trim" => text,
            "join" => add(every(10, self.inner(a)), mul(n.saturating_sub(1), text_b)),
            "upper" | "lower" => {
                let ascii = self.graph.text(a).unwrap_or_default().is_ascii();
                mul(if ascii { 2 } else { 20 }, text)
            }
            "starts_with" | "ends_with" => text_b,
            "repeat" => self.price_of_repeat(a, b),
            "matches" | "captures" => mul(10, text_b),
            "to_text" => match self.graph.body(a) {
                Some(Body::Reference(_)) => self.graph.tree_size(a),
                Some(Body::List(_) | Body::Map(_)) => mul(10, self.graph.tree_size(a)),
                Some(Body::Text(_)) | None => 0,
            },
            "to_number" | "reference" => text,
            "parse_json" => mul(10, text),
            "to_json" => mul(10, self.graph.tree_size(a)),
            // Of Numbers, and what looks at one character or none.
            _ => 0,
        }
    }

    /// The part that is known only after some work. What is no Text is as one of size 0.
    fn sized_then(&self, name: &str, args: &[Val]) -> u64 {
        match name {
            "split" | "lines" | "words" => 50 * self.pieces(name, args).len() as u64,
            "replace" => {
                let text = |at: usize| self.graph.text(args[at]).unwrap_or_default();
                let (text, from, to) = (text(0), text(1), text(2));
                if from.is_empty() {
                    return 0;
                }
                let times = text.matches(from).count() as u64;
                bytes(text) - times * bytes(from) + times * bytes(to)
            }
            "matches" | "captures" => self.price_of_search(name, args),
            _ => 0,
        }
    }

    /// How many elements a List has; 0 of anything else.
    fn length(&self, list: Val) -> u64 {
        match self.graph.body(list) {
            Some(Body::List(items)) => items.len() as u64,
            Some(Body::Text(_) | Body::Reference(_) | Body::Map(_)) | None => 0,
        }
    }

    /// How many entries a Map has; 0 of anything else.
    fn entries(&self, map: Val) -> u64 {
        match self.graph.body(map) {
            Some(Body::Map(entries)) => entries.len() as u64,
            Some(Body::Text(_) | Body::Reference(_) | Body::List(_)) | None => 0,
        }
    }

    /// Bytes of a Text; 0 of anything else.
    fn bytes_of(&self, text: Val) -> u64 {
        self.graph.text(text).map_or(0, bytes)
    }

    /// What a List's elements take; 0 of anything else.
    fn inner(&self, list: Val) -> u64 {
        match self.graph.body(list) {
            Some(Body::List(_)) => self.graph.tree_size(list) - self.graph.own_size(list),
            Some(Body::Text(_) | Body::Reference(_) | Body::Map(_)) | None => 0,
        }
    }

    fn own_of_map(&self, map: Val) -> u64 {
        match self.graph.body(map) {
            Some(Body::Map(_)) => self.graph.own_size(map),
            Some(Body::Text(_) | Body::Reference(_) | Body::List(_)) | None => 0,
        }
    }

    /// What a write to the value pays for copying it first.
    fn copy_of(&self, x: Val) -> u64 {
        if self.is_shared(x) { self.graph.own_size(x) } else { 0 }
    }

    fn copy_of_map(&self, x: Val) -> u64 {
        if self.is_shared(x) { self.own_of_map(x) } else { 0 }
    }

    fn price_of_looking(&self, list: Val, value: Val) -> u64 {
        let n = self.length(list);
        let at_most = n.saturating_mul(self.graph.tree_size(value));
        (10 * n).saturating_add(self.inner(list).min(at_most))
    }

    fn range_size(&self, args: &[Val]) -> u64 {
        let step = args.get(2).copied().unwrap_or(Val::Null);
        let step = if matches!(step, Val::Null) { Val::Number(1.0) } else { step };
        match (args[0], args[1], step) {
            (Val::Number(from), Val::Number(to), Val::Number(step)) => {
                range_count(from, to, step).map_or(0, amount)
            }
            _ => 0,
        }
    }

    fn price_of_slice(&self, args: &[Val]) -> u64 {
        let to = match args.get(2) {
            None | Some(Val::Null) => Some(None),
            Some(Val::Number(to)) => Some(Some(*to)),
            Some(Val::Bool(_) | Val::Node(_)) => None,
        };
        let length = |len: usize| match (args[1], to) {
            (Val::Number(from), Some(to)) => {
                bounds(from, to, len).map_or(0, |(from, to)| (to - from) as u64)
            }
            _ => 0,
        };
        match self.graph.body(args[0]) {
            Some(Body::List(items)) => 10 * length(items.len()),
            Some(Body::Text(text)) if text.is_ascii() => length(text.len()),
            Some(Body::Text(text)) => bytes(text),
            Some(Body::Reference(_) | Body::Map(_)) | None => 0,
        }
    }

    fn price_of_repeat(&self, x: Val, n: Val) -> u64 {
        let times = match n {
            Val::Number(_) => repetitions(double(n)).map_or(0, amount),
            Val::Null | Val::Bool(_) | Val::Node(_) => 0,
        };
        times.saturating_mul(self.bytes_of(x).saturating_add(10 * self.length(x)))
    }
}

/// A count that may be too large to be one.
fn amount(count: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
    if count >= ENERGY_MAX as f64 { ENERGY_MAX } else { count as u64 }
}

/// Binary digits of a number.
fn levels(n: u64) -> u64 {
    (0..64).filter(|digit| n >> digit > 0).count() as u64
}
