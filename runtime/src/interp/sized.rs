//! Instructions whose price or effect depends on the size of values: prices, checks and acts.
//!
//! Prices look at sizes only and take whatever is on the stack; acts come after the price is paid and
//! the stack is known to be deep enough, and check types, range and limits in that order.

use super::Machine;
use crate::energy::rate;
use crate::limits::Limits;
use crate::trap::{TrapKind, Wrong};
use crate::word::{
    ELEMENT_BYTES, ENTRY_BYTES, Entries, HEADER_BYTES, Heap, Made, View, Word, ascii_char,
};

fn type_error<T>(message: String) -> Result<T, Wrong> {
    Err((TrapKind::TypeError, message))
}

#[inline]
pub(crate) fn compare_price(a: Option<&Word>, b: Option<&Word>) -> u64 {
    match (a, b) {
        (Some(a), Some(b)) if a.is_heap() && b.is_heap() => {
            rate::BYTE * a.tree_size().min(b.tree_size())
        }
        (Some(_) | None, Some(_) | None) => 0,
    }
}

/// Of `has`, and of the map's part in `get` and `put`: hashing and comparing the key.
pub(crate) fn key_price(container: Option<&Word>, key: Option<&Word>) -> u64 {
    match (container.map(Word::view), key.map(Word::view)) {
        (Some(View::Map(_)), Some(View::Text(key))) => rate::BYTE * key.as_str().len() as u64,
        (Some(_) | None, Some(_) | None) => 0,
    }
}

#[inline]
pub(crate) fn get_price(container: Option<&Word>, key: Option<&Word>) -> u64 {
    match container.map(Word::view) {
        Some(View::Text(text)) if !text.is_ascii() => rate::BYTE * text.as_str().len() as u64,
        Some(View::Map(_)) => key_price(container, key),
        Some(
            View::Text(_)
            | View::List(_)
            | View::Null
            | View::Bool(_)
            | View::Number(_)
            | View::Reference(_),
        )
        | None => 0,
    }
}

/// Of `map`: hashing and copying the keys, which are every other one of the top `values`, as far as
/// they are there.
pub(crate) fn keys_price(stack: &[Word], values: usize) -> u64 {
    let there = stack.len().min(values);
    let top_down = stack[stack.len() - there..].iter().rev().skip(1).step_by(2);
    let bytes = top_down.map(|key| match key.view() {
        View::Text(key) => key.as_str().len() as u64,
        View::Null
        | View::Bool(_)
        | View::Number(_)
        | View::List(_)
        | View::Map(_)
        | View::Reference(_) => 0,
    });
    rate::BYTE * bytes.sum::<u64>()
}

pub(crate) fn append_price(variable: &Word, value: Option<&Word>) -> u64 {
    let copied = if variable.is_shared() { variable.own_size() } else { 0 };
    match (variable.view(), value.map(Word::view)) {
        (View::Text(_), Some(View::Text(more))) => {
            rate::BYTE * (copied + more.as_str().len() as u64)
        }
        (View::Text(_) | View::List(_), _) => rate::BYTE * copied,
        (View::Null | View::Bool(_) | View::Number(_) | View::Map(_) | View::Reference(_), _) => 0,
    }
}

pub(crate) fn put_price(variable: &Word, key: Option<&Word>) -> u64 {
    let copied = if variable.is_shared() { rate::BYTE * variable.own_size() } else { 0 };
    match variable.view() {
        View::List(_) => copied,
        View::Map(_) => copied + key_price(Some(variable), key),
        View::Null | View::Bool(_) | View::Number(_) | View::Text(_) | View::Reference(_) => 0,
    }
}

/// Whether a value may go out as the output of the run: as a public value it shares nothing, so it needs as
/// much memory as its whole tree.
pub(super) fn output(word: &Word, limits: &Limits) -> Result<(), Wrong> {
    let (bytes, limit) = (word.tree_size(), limits.memory_bytes_max);
    if bytes > limit {
        let message = format!("an output of {bytes} bytes, where {limit} are allowed");
        return Err((TrapKind::MemoryLimit, message));
    }
    Ok(())
}

/// Puts a list in place of the top `n` values.
pub(super) fn list(m: &mut Machine, n: usize, limits: &Limits) -> Result<(), Wrong> {
    check_list(&m.heap, &m.stack[m.stack.len() - n..], limits)?;
    let items = m.stack.split_off(m.stack.len() - n);
    m.stack.push(m.heap.list(items));
    Ok(())
}

/// Whether a list of these may be made.
pub(crate) fn check_list(heap: &Heap, items: &[Word], limits: &Limits) -> Result<(), Wrong> {
    let own = HEADER_BYTES + ELEMENT_BYTES * items.len() as u64;
    let depth = 1 + items.iter().map(Word::depth).max().unwrap_or(0);
    let tree = items.iter().fold(own, |sum, item| sum.saturating_add(item.tree_size()));
    Made { depth, own, tree, added: own }.check(heap.live_bytes(), limits)
}

/// The map of pairs of key and value, one after another.
pub(crate) fn map(heap: &Heap, pairs: &[Word], limits: &Limits) -> Result<Word, Wrong> {
    let mut entries = Entries::with_capacity_and_hasher(pairs.len() / 2, Default::default());
    for pair in pairs.chunks_exact(2) {
        let View::Text(key) = pair[0].view() else {
            return type_error(format!("`map` takes Texts as keys, not {}", pair[0].type_name()));
        };
        entries.insert(key.as_str().into(), pair[1].clone());
    }
    let own = entries.keys().fold(HEADER_BYTES, |sum, key| sum + ENTRY_BYTES + key.len() as u64);
    let depth = 1 + entries.values().map(Word::depth).max().unwrap_or(0);
    let tree = entries.values().fold(own, |sum, value| sum.saturating_add(value.tree_size()));
    Made { depth, own, tree, added: own }.check(heap.live_bytes(), limits)?;
    Ok(heap.map(entries))
}

/// The index a Number means in a container of that length.
fn index(key: &Word, len: usize) -> Option<usize> {
    let n = key.as_number()?;
    // Lengths are far below 2^53, so every index that exists is exact as a double.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked here")]
    (n.fract() == 0.0 && n >= 0.0 && n < len as f64).then_some(n as usize)
}

fn out_of_range(key: &Word, len: usize) -> Wrong {
    let index = key.as_number().unwrap_or(f64::NAN);
    (TrapKind::IndexOutOfRange, format!("index {index} of a length of {len}"))
}

fn needs_number<T>(name: &str, what: &str, key: &Word) -> Result<T, Wrong> {
    type_error(format!("`{name}` takes a Number as the index of a {what}, not {}", key.type_name()))
}

fn needs_text<T>(name: &str, key: &Word) -> Result<T, Wrong> {
    type_error(format!("`{name}` takes a Text as the key of a Map, not {}", key.type_name()))
}

#[inline]
pub(crate) fn get(
    heap: &Heap,
    container: &Word,
    key: &Word,
    limits: &Limits,
) -> Result<Word, Wrong> {
    match container.view() {
        View::List(list) => {
            if key.as_number().is_none() {
                return needs_number("get", "List", key);
            }
            let items = list.items();
            match index(key, items.len()) {
                Some(at) => Ok(items[at].clone()),
                None => Err(out_of_range(key, items.len())),
            }
        }
        View::Text(text) => {
            if key.as_number().is_none() {
                return needs_number("get", "Text", key);
            }
            let Some(at) = index(key, text.chars()) else {
                return Err(out_of_range(key, text.chars()));
            };
            if text.is_ascii() {
                return Ok(ascii_char(text.as_str().as_bytes()[at]));
            }
            let c = text.as_str().chars().nth(at).unwrap_or_default();
            if c.is_ascii() {
                return Ok(ascii_char(c as u8));
            }
            let own = HEADER_BYTES + c.len_utf8() as u64;
            Made { depth: 0, own, tree: own, added: own }.check(heap.live_bytes(), limits)?;
            Ok(heap.text(&*c.encode_utf8(&mut [0; 4])))
        }
        View::Map(map) => match key.view() {
            View::Text(key) => Ok(map.get(key.as_str()).cloned().unwrap_or(Word::NULL)),
            View::Null
            | View::Bool(_)
            | View::Number(_)
            | View::List(_)
            | View::Map(_)
            | View::Reference(_) => needs_text("get", key),
        },
        View::Null | View::Bool(_) | View::Number(_) | View::Reference(_) => {
            type_error(format!("`get` takes a List, Map or Text, not {}", container.type_name()))
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
pub(crate) fn len(container: &Word) -> Result<Word, Wrong> {
    let len = match container.view() {
        View::Text(text) => text.chars(),
        View::List(list) => list.items().len(),
        View::Map(map) => map.len(),
        View::Null | View::Bool(_) | View::Number(_) | View::Reference(_) => {
            let found = container.type_name();
            return type_error(format!("`len` takes a Text, List or Map, not {found}"));
        }
    };
    Ok(Word::number(len as f64))
}

pub(crate) fn has(container: &Word, key: &Word) -> Result<Word, Wrong> {
    let len = match container.view() {
        View::Text(text) => text.chars(),
        View::List(list) => list.items().len(),
        View::Map(map) => match key.view() {
            View::Text(key) => return Ok(Word::bool(map.get(key.as_str()).is_some())),
            View::Null
            | View::Bool(_)
            | View::Number(_)
            | View::List(_)
            | View::Map(_)
            | View::Reference(_) => return needs_text("has", key),
        },
        View::Null | View::Bool(_) | View::Number(_) | View::Reference(_) => {
            let found = container.type_name();
            return type_error(format!("`has` takes a List, Map or Text, not {found}"));
        }
    };
    if key.as_number().is_none() {
        return needs_number("has", container.type_name(), key);
    }
    Ok(Word::bool(index(key, len).is_some()))
}

/// Pops a value onto the end of the variable's list or text.
pub(super) fn append(m: &mut Machine, variable: usize, limits: &Limits) -> Result<(), Wrong> {
    let (word, value) = (&m.variables[variable], &m.stack[m.stack.len() - 1]);
    check_append(&m.heap, word, value, limits)?;
    let value = m.stack.pop().unwrap_or(Word::NULL);
    append_to(&m.heap, &mut m.variables[variable], value);
    Ok(())
}

/// Whether the value may be put onto the end of the list or text.
pub(crate) fn check_append(
    heap: &Heap,
    word: &Word,
    value: &Word,
    limits: &Limits,
) -> Result<(), Wrong> {
    let (grown, inner, depth) = match (word.view(), value.view()) {
        (View::List(_), _) => (ELEMENT_BYTES, value.tree_size(), value.depth() + 1),
        (View::Text(_), View::Text(more)) => (more.as_str().len() as u64, 0, 0),
        (View::Text(_), _) => {
            let found = value.type_name();
            return type_error(format!("`append` to a Text takes a Text, not {found}"));
        }
        (View::Null | View::Bool(_) | View::Number(_) | View::Map(_) | View::Reference(_), _) => {
            let found = word.type_name();
            return type_error(format!("`append` takes a List or Text variable, not {found}"));
        }
    };
    let own = word.own_size() + grown;
    let made = Made {
        depth: word.depth().max(depth),
        own,
        tree: word.tree_size().saturating_add(grown).saturating_add(inner),
        added: if word.is_shared() { own } else { grown },
    };
    made.check(heap.live_bytes(), limits)
}

/// Puts the value, which was checked, onto the end of the list or text.
pub(crate) fn append_to(heap: &Heap, word: &mut Word, value: Word) {
    unshare(heap, word);
    if let Some(list) = word.list_mut() {
        list.push(value);
    } else if let (Some(text), View::Text(more)) = (word.text_mut(), value.view()) {
        text.push(more);
    }
}

/// Pops a value, then a key, into the variable's map or list.
pub(super) fn put(m: &mut Machine, variable: usize, limits: &Limits) -> Result<(), Wrong> {
    let (key, value) = (&m.stack[m.stack.len() - 2], &m.stack[m.stack.len() - 1]);
    let at = check_put(&m.heap, &m.variables[variable], key, value, limits)?;
    let value = m.stack.pop().unwrap_or(Word::NULL);
    let key = m.stack.pop().unwrap_or(Word::NULL);
    put_in(&m.heap, &mut m.variables[variable], at, &key, value);
    Ok(())
}

/// Whether the value may be put into the map or list under that key; gives the index in a list.
pub(crate) fn check_put(
    heap: &Heap,
    word: &Word,
    key: &Word,
    value: &Word,
    limits: &Limits,
) -> Result<usize, Wrong> {
    let mut at = 0;
    let (grown, old) = match word.view() {
        View::List(list) => {
            if key.as_number().is_none() {
                return needs_number("put", "List", key);
            }
            at = match index(key, list.items().len()) {
                Some(at) => at,
                None => return Err(out_of_range(key, list.items().len())),
            };
            (0, list.items()[at].tree_size())
        }
        View::Map(map) => {
            let View::Text(key) = key.view() else { return needs_text("put", key) };
            match map.get(key.as_str()) {
                Some(old) => (0, old.tree_size()),
                None => (ENTRY_BYTES + key.as_str().len() as u64, 0),
            }
        }
        View::Null | View::Bool(_) | View::Number(_) | View::Text(_) | View::Reference(_) => {
            let found = word.type_name();
            return type_error(format!("`put` takes a List or Map variable, not {found}"));
        }
    };
    let own = word.own_size() + grown;
    let made = Made {
        depth: word.depth().max(value.depth() + 1),
        own,
        tree: (word.tree_size() - old).saturating_add(grown).saturating_add(value.tree_size()),
        added: if word.is_shared() { own } else { grown },
    };
    made.check(heap.live_bytes(), limits)?;
    Ok(at)
}

/// Puts the value, which was checked, into the map, or into the list at that index.
pub(crate) fn put_in(heap: &Heap, word: &mut Word, at: usize, key: &Word, value: Word) {
    unshare(heap, word);
    if let Some(list) = word.list_mut() {
        list.set(at, value);
    } else if let (Some(map), View::Text(key)) = (word.map_mut(), key.view()) {
        map.insert(key.as_str(), value);
    }
}

/// Makes the word the only holder of its value.
fn unshare(heap: &Heap, word: &mut Word) {
    if word.is_shared() {
        heap.unshare(word);
    }
}
