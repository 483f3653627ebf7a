//! Equality and order of words, as the language has them.

use super::{View, Word};
use std::cmp::Ordering;

/// The language's `eq`: structural; NaN equals nothing, so neither does anything with NaN in it, and
/// two holders of one object need looking into all the same. Goes as deep as values nest.
pub(crate) fn equal(a: &Word, b: &Word) -> bool {
    match (a.view(), b.view()) {
        (View::Number(a), View::Number(b)) => a == b,
        (View::Null, View::Null) => true,
        (View::Bool(a), View::Bool(b)) => a == b,
        (View::Text(a), View::Text(b)) | (View::Reference(a), View::Reference(b)) => {
            a.as_str() == b.as_str()
        }
        (View::List(a), View::List(b)) => {
            a.items().len() == b.items().len()
                && a.items().iter().zip(b.items()).all(|(a, b)| equal(a, b))
        }
        (View::Map(a), View::Map(b)) => {
            // Looking a key up costs as much as it is long, and what is paid is the smaller map's size.
            let (small, large) = if a.own_size() <= b.own_size() { (a, b) } else { (b, a) };
            // Maps that were made alike have their entries in one order: then none need be looked up.
            let there = |(at, (key, a)): (usize, (&str, &Word))| match large.at(at) {
                Some((same, b)) if same == key => equal(a, b),
                Some(_) | None => large.get(key).is_some_and(|b| equal(a, b)),
            };
            small.len() == large.len() && small.entries().enumerate().all(there)
        }
        (
            View::Number(_)
            | View::Null
            | View::Bool(_)
            | View::Text(_)
            | View::Reference(_)
            | View::List(_)
            | View::Map(_),
            _,
        ) => false,
    }
}

/// How two Texts compare; `None` for any other pair.
pub(crate) fn text_order(a: &Word, b: &Word) -> Option<Ordering> {
    if let (View::Text(a), View::Text(b)) = (a.view(), b.view()) {
        // The order of UTF-8 bytes is the order of scalar values.
        return Some(a.as_str().cmp(b.as_str()));
    }
    None
}
