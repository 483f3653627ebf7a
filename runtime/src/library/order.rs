//! Sorting: Numbers by value with NaN last, Texts by scalar value, records by what they have under a key.

use super::Arguments;
use super::call::{list, map, size, text};
use crate::energy::rate;
use crate::trap::{TrapKind, Wrong};
use crate::word::{View, Word};
use std::cmp::Ordering;

/// Each element is compared about as often as the length has binary digits, and each time no more of it is
/// looked at than there is.
pub(super) fn price(a: &[Word]) -> u64 {
    let n = size::elements(&a[0]);
    let round = size::visiting(n).saturating_add(rate::BYTE * size::inner(&a[0]));
    round.saturating_mul(size::levels(n))
}

/// A key is looked up once in each element.
pub(super) fn price_by_key(a: &[Word]) -> u64 {
    let keys = size::elements(&a[0]).saturating_mul(rate::BYTE * size::bytes(&a[1]));
    price(a).saturating_add(keys)
}

pub(super) fn sort(a: &mut Arguments<'_>) -> Result<Word, Wrong> {
    let mut items = a.list(0).items().to_vec();
    items.sort_by(compare);
    a.make_list(items)
}

/// Two Numbers, or two Texts.
fn compare(a: &Word, b: &Word) -> Ordering {
    match (a.as_number(), b.as_number()) {
        (Some(a), Some(b)) => numbers(a, b),
        (Some(_) | None, Some(_) | None) => {
            let bytes = |word| text(word).map(|text| text.as_str());
            bytes(a).cmp(&bytes(b))
        }
    }
}

fn numbers(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

pub(super) fn sort_by_key(a: &mut Arguments<'_>) -> Result<Word, Wrong> {
    let mut keyed = keyed(a)?;
    keyed.sort_by(|(a, _), (b, _)| compare(a, b));
    let items = keyed.into_iter().map(|(_, item)| item.clone()).collect();
    a.make_list(items)
}

/// The elements, each with what it has under the key.
fn keyed<'a>(a: &'a Arguments<'_>) -> Result<Vec<(&'a Word, &'a Word)>, Wrong> {
    let mut keyed: Vec<(&Word, &Word)> = Vec::with_capacity(a.list(0).items().len());
    for (at, item) in a.list(0).items().iter().enumerate() {
        let found = under(a, item, at)?;
        let first = keyed.first().map_or(found, |(first, _)| first);
        let fits = match found.view() {
            View::Number(_) => first.as_number().is_some(),
            View::Text(_) => text(first).is_some(),
            View::Null | View::Bool(_) | View::List(_) | View::Map(_) | View::Reference(_) => false,
        };
        if !fits {
            let wanted = match first.view() {
                View::Number(_) => "has Numbers under the key",
                View::Text(_) => "has Texts under the key",
                View::Null | View::Bool(_) | View::List(_) | View::Map(_) | View::Reference(_) => {
                    "has Numbers or Texts under the key"
                }
            };
            return Err(a.misfit(0, wanted, &format!("a {} at {at}", found.type_name())));
        }
        keyed.push((found, item));
    }
    Ok(keyed)
}

/// What an element has under the key: a Map under a Text, a List under an index.
fn under<'a>(a: &'a Arguments<'_>, item: &'a Word, at: usize) -> Result<&'a Word, Wrong> {
    let wrong = |wanted: &str, found: &str| a.misfit(0, wanted, &format!("{found} at {at}"));
    match (a.words[1].as_number(), text(&a.words[1])) {
        (None, Some(key)) => {
            let other =
                || wrong("is a List of Maps", &format!("a List with a {}", item.type_name()));
            let map = map(item).ok_or_else(other)?;
            map.get(key.as_str())
                .ok_or_else(|| wrong("is a List of Maps with the key", "a Map without it"))
        }
        (Some(_) | None, Some(_) | None) => {
            let other =
                || wrong("is a List of Lists", &format!("a List with a {}", item.type_name()));
            let items = list(item).ok_or_else(other)?.items();
            let index = a.number(1);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
            let found =
                if index.fract() == 0.0 && index >= 0.0 { items.get(index as usize) } else { None };
            found.ok_or_else(|| {
                let message =
                    format!("index {index} of element {at}, of a length of {}", items.len());
                (TrapKind::IndexOutOfRange, message)
            })
        }
    }
}
