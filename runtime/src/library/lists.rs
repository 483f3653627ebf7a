//! Functions of Lists, and those that Lists and Texts have in common.

use super::call::{invalid, list, size, text};
use super::equal::Equal;
use super::{Arguments, Function, Kind, Work, last_optional, order, row};
use crate::energy::rate;
use crate::trap::Wrong;
use crate::word::{ELEMENT_BYTES, Made, View, Word, equal};

const LIST: &[(&str, Kind)] = &[("list", Kind::List)];

pub(super) const TABLE: &[Function] = &[
    last_optional(row(
        ("range", &[("from", Kind::Number), ("to", Kind::Number), ("step", Kind::Number)]),
        Kind::List,
        "0.01 an element made",
        "from, from + step, … up to but without `to`; a step is 1 unless given, and may be negative",
        ("push 0; push 10; push 4; call range 3", "[0, 4, 8]"),
        Work { price: |a| size::visiting(range_count(a).unwrap_or(0)), more: None, act: range },
    )),
    last_optional(row(
        ("slice", &[("x", Kind::Sequence), ("from", Kind::Number), ("to", Kind::Number)]),
        Kind::Sequence,
        "0.01 an element or 0.001 a byte of the result; of a text that is not ASCII, 0.001 a byte of all of it",
        "the part of a list or text from an index up to but without another; negative ones count from the end, and all are clamped",
        ("push abcdef; push 1; push -1; call slice 3", "bcde"),
        Work { price: slice_price, more: None, act: slice },
    )),
    row(
        ("concat", &[("a", Kind::Sequence), ("b", Kind::Sequence)]),
        Kind::Sequence,
        "0.01 an element or 0.001 a byte of b, and 0.001 a byte of a if it is shared",
        "two lists, or two texts, one after the other; a grows in place if nothing else holds it",
        ("push [1, 2]; push [3]; call concat 2", "[1, 2, 3]"),
        Work { price: concat_price, more: None, act: concat },
    ),
    row(
        ("repeat", &[("x", Kind::Sequence), ("n", Kind::Number)]),
        Kind::Sequence,
        "0.01 an element or 0.001 a byte of the result",
        "a list or text, n times over",
        ("push ab; push 3; call repeat 2", "ababab"),
        Work { price: repeat_price, more: None, act: repeat },
    ),
    row(
        ("reverse", LIST),
        Kind::List,
        "0.01 an element",
        "the elements from the last to the first",
        ("push [1, 2, 3]; call reverse 1", "[3, 2, 1]"),
        Work {
            price: by_elements,
            more: None,
            act: |a| a.make_list(a.list(0).items().iter().rev().cloned().collect()),
        },
    ),
    row(
        ("sort", &[("list", Kind::Sortable)]),
        Kind::List,
        "0.01 an element and 0.001 a byte in it, times the binary digits of the length",
        "the elements in rising order, all Numbers or all Texts; equal ones stay in order, NaN comes last",
        ("push [3, 1, 2]; call sort 1", "[1, 2, 3]"),
        Work { price: order::price, more: None, act: order::sort },
    ),
    row(
        ("sort_by_key", &[("list", Kind::List), ("key", Kind::Key)]),
        Kind::List,
        "as `sort`, and 0.001 a byte of the key for each element",
        "Maps in rising order of what they have under the key, or Lists by what they have at the index",
        ("push [[1, 9], [2, 4]]; push 1; call sort_by_key 2", "[[2, 4], [1, 9]]"),
        Work { price: order::price_by_key, more: None, act: order::sort_by_key },
    ),
    row(
        ("unique", LIST),
        Kind::List,
        "0.02 an element, 0.002 a byte in it",
        "the elements without those that equal an earlier one",
        ("push [1, 2, 1, 3, 2]; call unique 1", "[1, 2, 3]"),
        Work {
            price: |a| {
                let once = by_elements(a).saturating_add(rate::BYTE * size::inner(&a[0]));
                once.saturating_mul(2) // hashed, and compared
            },
            more: None,
            act: |a| a.make_list(Equal::default().firsts(a.list(0).items())),
        },
    ),
    row(
        ("index_of", &[("list", Kind::List), ("value", Kind::Any)]),
        Kind::NumberOrNull,
        "0.01 an element, 0.001 a byte compared",
        "where the first element is that equals the value; `Null` if none does",
        ("push [\"a\", \"b\"]; push b; call index_of 2", "1"),
        Work {
            price: searching,
            more: None,
            #[expect(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
            act: |a| Ok(position(a).map_or(Word::NULL, |at| Word::number(at as f64))),
        },
    ),
    row(
        ("contains", &[("x", Kind::Sequence), ("value", Kind::Any)]),
        Kind::Bool,
        "0.01 an element, 0.001 a byte compared; 0.001 a byte of both texts",
        "whether an element of the list equals the value, or the text has the value in it",
        ("push banana; push ana; call contains 2", "true"),
        Work { price: contains_price, more: None, act: contains },
    ),
    row(
        ("flatten", LIST),
        Kind::List,
        "0.01 an element, 0.001 a byte in it",
        "the list with the elements of each list in it in its place, one level deep",
        ("push [[1, 2], 3, [[4]]]; call flatten 1", "[1, 2, 3, [4]]"),
        Work {
            price: |a| by_elements(a).saturating_add(rate::BYTE * size::inner(&a[0])),
            more: None,
            act: flatten,
        },
    ),
    row(
        ("zip", &[("a", Kind::List), ("b", Kind::List)]),
        Kind::List,
        "0.01 an element, 0.05 a pair",
        "pairs of an element of a and one of b, as many as the shorter has",
        ("push [1, 2]; push [\"x\", \"y\"]; call zip 2", "[[1, \"x\"], [2, \"y\"]]"),
        Work { price: zip_price, more: None, act: zip },
    ),
];

/// For each element of the first argument.
pub(super) fn by_elements(a: &[Word]) -> u64 {
    size::visiting(size::elements(&a[0]))
}

/// Whether a list of so many scalars may be made: asked before there is room for them.
fn check_scalars(a: &Arguments<'_>, count: u64) -> Result<(), Wrong> {
    let own = size::list(count);
    a.check(&Made { depth: 1, own, tree: own, added: own })
}

/// From, step and the number of elements; `None` if the arguments mean no range.
fn range_parts(a: &[Word]) -> Option<(f64, f64, u64)> {
    let (from, to) = (a[0].as_number()?, a[1].as_number()?);
    let step = match a.get(2).map(Word::view) {
        None | Some(View::Null) => 1.0,
        Some(View::Number(step)) => step,
        Some(View::Bool(_) | View::Text(_) | View::List(_) | View::Map(_) | View::Reference(_)) => {
            return None;
        }
    };
    let distance = to - from;
    if !(from.is_finite() && distance.is_finite() && step.is_finite()) || step == 0.0 {
        return None;
    }
    let count = (distance / step).ceil().max(0.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    Some((from, step, count as u64))
}

fn range_count(a: &[Word]) -> Option<u64> {
    range_parts(a).map(|(_, _, count)| count)
}

#[expect(clippy::cast_precision_loss, reason = "limits keep counts far below 2^53")]
fn range(a: &mut Arguments<'_>) -> Result<Word, Wrong> {
    let Some((from, step, count)) = range_parts(a.words) else {
        return invalid("a range needs finite Numbers, and a step that is not 0");
    };
    check_scalars(a, count)?;
    let mut items = a.room_for(count)?;
    items.extend((0..count).map(|i| Word::number(from + i as f64 * step)));
    Ok(a.heap.list(items))
}

/// An index into something of that length: whole, negative from the end, clamped.
#[expect(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
pub(super) fn clamped(index: f64, len: usize) -> Option<usize> {
    if index.is_nan() || (index.is_finite() && index.fract() != 0.0) {
        return None;
    }
    let end = len as f64;
    let index = if index < 0.0 { index + end } else { index };
    Some(index.clamp(0.0, end) as usize)
}

/// The indices that a slice of something of that length has; `None` if they mean none.
fn bounds(a: &[Word], len: usize) -> Option<(usize, usize)> {
    let from = clamped(a[1].as_number()?, len)?;
    let to = match a.get(2).map(Word::view) {
        None | Some(View::Null) => len,
        Some(View::Number(to)) => clamped(to, len)?,
        Some(View::Bool(_) | View::Text(_) | View::List(_) | View::Map(_) | View::Reference(_)) => {
            return None;
        }
    };
    Some((from, to.max(from)))
}

fn slice_price(a: &[Word]) -> u64 {
    let taken = |len| bounds(a, len).map_or(0, |(from, to)| (to - from) as u64);
    match (list(&a[0]), text(&a[0])) {
        (Some(list), _) => size::visiting(taken(list.items().len())),
        (None, Some(text)) if text.is_ascii() => rate::BYTE * taken(text.chars()),
        (None, Some(_)) => rate::BYTE * size::bytes(&a[0]),
        (None, None) => 0,
    }
}

fn slice(a: &mut Arguments<'_>) -> Result<Word, Wrong> {
    let len = |list| list_or_chars(list, a);
    let Some((from, to)) = bounds(a.words, len(list(&a.words[0]))) else {
        return invalid("an index of a slice is a whole Number");
    };
    match list(&a.words[0]) {
        Some(list) => a.make_list(list.items()[from..to].to_vec()),
        None => {
            let text = a.text(0);
            let range = if text.is_ascii() {
                from..to
            } else {
                let mut starts = text.as_str().char_indices().map(|(at, _)| at);
                let end = text.as_str().len();
                let start = starts.by_ref().nth(from).unwrap_or(end);
                let to = if to > from { starts.nth(to - from - 1).unwrap_or(end) } else { start };
                start..to
            };
            let part = &text.as_str()[range];
            a.check_text(part.len() as u64)?;
            Ok(a.heap.text(part))
        }
    }
}

/// The length of the first argument.
fn list_or_chars(list: Option<&crate::word::ListObject>, a: &Arguments<'_>) -> usize {
    list.map_or_else(|| a.text(0).chars(), |list| list.items().len())
}

fn concat_price(a: &[Word]) -> u64 {
    match (list(&a[0]), list(&a[1]), text(&a[0]), text(&a[1])) {
        (Some(_), Some(b), ..) => {
            size::visiting(b.items().len() as u64).saturating_add(size::copying(&a[0]))
        }
        (_, _, Some(_), Some(_)) => rate::BYTE * size::bytes(&a[1]) + size::copying(&a[0]),
        (Some(_) | None, Some(_) | None, Some(_) | None, Some(_) | None) => 0,
    }
}

fn concat(a: &mut Arguments<'_>) -> Result<Word, Wrong> {
    let grown = match (list(&a.words[0]), list(&a.words[1]), text(&a.words[1])) {
        (Some(_), Some(b), _) => ELEMENT_BYTES * b.items().len() as u64,
        (None, _, Some(b)) => b.as_str().len() as u64,
        (Some(_) | None, Some(_) | None, Some(_) | None) => {
            let wanted = format!("is a {}", a.words[0].type_name());
            return Err(a.misfit(1, &wanted, a.words[1].type_name()));
        }
    };
    let (first, second) = (&a.words[0], &a.words[1]);
    let own = first.own_size() + grown;
    a.check(&Made {
        depth: first.depth().max(second.depth()),
        own,
        tree: first.tree_size().saturating_add(grown).saturating_add(size::inner(second)),
        added: if first.is_shared() { own } else { grown },
    })?;
    let mut result = a.take(0);
    if result.is_shared() {
        a.heap.unshare(&mut result);
    }
    if let (Some(whole), Some(part)) = (result.list_mut(), list(&a.words[1])) {
        whole.extend(part.items());
    } else if let (Some(whole), Some(part)) = (result.text_mut(), text(&a.words[1])) {
        whole.push(part);
    }
    Ok(result)
}

/// How often, if that is a count.
fn times(word: &Word) -> Option<u64> {
    let n = word.as_number().filter(|n| n.is_finite() && n.fract() == 0.0 && *n >= 0.0)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    Some(n as u64)
}

fn repeat_price(a: &[Word]) -> u64 {
    let once = match (list(&a[0]), text(&a[0])) {
        (Some(list), _) => size::visiting(list.items().len() as u64),
        (None, Some(_)) => rate::BYTE * size::bytes(&a[0]),
        (None, None) => 0,
    };
    once.saturating_mul(times(&a[1]).unwrap_or(0))
}

fn repeat(a: &mut Arguments<'_>) -> Result<Word, Wrong> {
    let Some(n) = times(&a.words[1]) else {
        return invalid("how often something is repeated is a whole Number, not below 0");
    };
    let Some(list) = list(&a.words[0]) else {
        let bytes = size::bytes(&a.words[0]).saturating_mul(n);
        a.check_text(bytes)?;
        let mut text = a.room(bytes)?;
        while (text.len() as u64) < bytes {
            text += a.text(0).as_str();
        }
        return Ok(a.heap.text(text));
    };
    let own = size::list((list.items().len() as u64).saturating_mul(n));
    let tree = own.saturating_add(size::inner(&a.words[0]).saturating_mul(n));
    // Of an empty list, or none of one, nothing is left that nests.
    let depth =
        if n == 0 { 1 } else { list.items().iter().map(Word::depth).max().unwrap_or(0) + 1 };
    a.check(&Made { depth, own, tree, added: own })?;
    let count = (list.items().len() as u64).saturating_mul(n);
    let mut items = a.room_for(count)?;
    while (items.len() as u64) < count {
        items.extend_from_slice(list.items());
    }
    Ok(a.heap.list(items))
}

fn searching(a: &[Word]) -> u64 {
    let (n, inner) = (size::elements(&a[0]), size::inner(&a[0]));
    let compared = inner.min(n.saturating_mul(a[1].tree_size()));
    size::visiting(n).saturating_add(rate::BYTE * compared)
}

fn position(a: &Arguments<'_>) -> Option<usize> {
    a.list(0).items().iter().position(|item| equal(item, &a.words[1]))
}

fn contains_price(a: &[Word]) -> u64 {
    match (list(&a[0]), text(&a[0])) {
        (Some(_), _) => searching(a),
        (None, Some(_)) => rate::BYTE * (size::bytes(&a[0]) + size::bytes(&a[1])),
        (None, None) => 0,
    }
}

fn contains(a: &mut Arguments<'_>) -> Result<Word, Wrong> {
    if list(&a.words[0]).is_some() {
        return Ok(Word::bool(position(a).is_some()));
    }
    let Some(part) = text(&a.words[1]) else {
        return Err(a.misfit(1, "is a Text", a.words[1].type_name()));
    };
    let found = memchr::memmem::find(a.text(0).as_str().as_bytes(), part.as_str().as_bytes());
    Ok(Word::bool(found.is_some()))
}

fn flatten(a: &mut Arguments<'_>) -> Result<Word, Wrong> {
    let parts = || {
        let items = a.list(0).items();
        items.iter().map(|item| list(item).map_or(std::slice::from_ref(item), |list| list.items()))
    };
    // Before there is room for them: of lists that are shared there may be more than that.
    a.check_list(parts().flatten())?;
    Ok(a.heap.list(parts().flatten().cloned().collect()))
}

fn zip_price(a: &[Word]) -> u64 {
    let (n, m) = (size::elements(&a[0]), size::elements(&a[1]));
    size::visiting(n + m) + rate::VALUE * n.min(m)
}

fn zip(a: &mut Arguments<'_>) -> Result<Word, Wrong> {
    let pairs = || a.list(0).items().iter().zip(a.list(1).items());
    let own = size::list(pairs().len() as u64);
    let added = own + pairs().len() as u64 * size::list(2);
    let held = pairs().fold(0, |sum: u64, (x, y)| {
        sum.saturating_add(x.tree_size()).saturating_add(y.tree_size())
    });
    let deepest = pairs().map(|(x, y)| x.depth().max(y.depth()) + 2).max().unwrap_or(1);
    let largest = own.max(if pairs().len() > 0 { size::list(2) } else { 0 });
    a.check(&Made { depth: deepest, own: largest, tree: added.saturating_add(held), added })?;
    Ok(a.heap.list(pairs().map(|(x, y)| a.heap.list(vec![x.clone(), y.clone()])).collect()))
}
