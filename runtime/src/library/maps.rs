//! Functions of Maps. Wherever order can be seen it is the order of the keys.

use super::call::{map, size};
use super::{Arguments, Function, Kind, Work, row};
use crate::energy::rate;
use crate::trap::Wrong;
use crate::word::{ENTRY_BYTES, HEADER_BYTES, Made, Word};

const MAP: &[(&str, Kind)] = &[("map", Kind::Map)];
const IN_ORDER: &str = "0.001 a byte of the map itself, times the binary digits of its size";

pub(super) const TABLE: &[Function] = &[
    row(
        ("keys", MAP),
        Kind::Texts,
        IN_ORDER,
        "the keys, in order",
        ("push {\"b\": 1, \"a\": 2}; call keys 1", "[\"a\", \"b\"]"),
        Work { price: in_order, more: None, act: keys },
    ),
    row(
        ("values", MAP),
        Kind::List,
        IN_ORDER,
        "the values, in the order of their keys",
        ("push {\"b\": 1, \"a\": 2}; call values 1", "[2, 1]"),
        Work {
            price: in_order,
            more: None,
            act: |a| {
                a.make_list(a.map(0).sorted().into_iter().map(|(_, value)| value.clone()).collect())
            },
        },
    ),
    row(
        ("entries", MAP),
        Kind::List,
        "0.001 a byte of the map itself, times the binary digits of its size, and 0.05 an entry",
        "lists of a key and its value, in the order of the keys",
        ("push {\"b\": 1, \"a\": 2}; call entries 1", "[[\"a\", 2], [\"b\", 1]]"),
        Work {
            price: |a| in_order(a).saturating_add(rate::VALUE * size::entries(&a[0])),
            more: None,
            act: entries,
        },
    ),
    row(
        ("merge", &[("a", Kind::Map), ("b", Kind::Map)]),
        Kind::Map,
        "0.001 a byte of b itself, and of a itself if it is shared",
        "the entries of a and b; of equal keys, b's; a grows in place if nothing else holds it",
        ("push {\"x\": 1, \"y\": 2}; push {\"y\": 3}; call merge 2", "{\"x\": 1, \"y\": 3}"),
        Work {
            price: |a| {
                let copied = map(&a[0]).map_or(0, |_| size::copying(&a[0]));
                copied + map(&a[1]).map_or(0, |b| rate::BYTE * b.own_size())
            },
            more: None,
            act: merge,
        },
    ),
    row(
        ("remove", &[("map", Kind::Map), ("key", Kind::Text)]),
        Kind::Map,
        "0.001 a byte of the key, and of the map itself if it is shared",
        "the map without the entry under the key, if it has one; it shrinks in place if nothing else holds it",
        ("push {\"x\": 1, \"y\": 2}; push x; call remove 2", "{\"y\": 2}"),
        Work {
            price: |a| {
                let copied = map(&a[0]).map_or(0, |_| size::copying(&a[0]));
                copied + rate::BYTE * size::bytes(&a[1])
            },
            more: None,
            act: remove,
        },
    ),
];

/// What it takes to put the entries in order.
fn in_order(a: &[Word]) -> u64 {
    let own = map(&a[0]).map_or(0, |map| map.own_size());
    (rate::BYTE * own).saturating_mul(size::levels(size::entries(&a[0])))
}

/// Bytes of all keys as Texts, and of the largest of them.
fn key_texts(a: &Arguments<'_>) -> (u64, u64) {
    let sizes = a.map(0).entries().map(|(key, _)| HEADER_BYTES + key.len() as u64);
    sizes.fold((0, 0), |(sum, largest), size| (sum + size, largest.max(size)))
}

fn keys(a: &mut Arguments<'_>) -> Result<Word, Wrong> {
    let list = size::list(a.map(0).len() as u64);
    let (texts, largest) = key_texts(a);
    let tree = list + texts;
    a.check(&Made { depth: 1, own: list.max(largest), tree, added: tree })?;
    let keys = a.map(0).sorted().into_iter().map(|(key, _)| a.heap.text(key));
    Ok(a.heap.list(keys.collect()))
}

fn entries(a: &mut Arguments<'_>) -> Result<Word, Wrong> {
    let map = a.map(0);
    let (n, (texts, largest)) = (map.len() as u64, key_texts(a));
    let list = size::list(n);
    let added = list + n * size::list(2) + texts;
    let pair = if n == 0 { 0 } else { size::list(2) };
    let depth = map.entries().map(|(_, value)| value.depth() + 2).max().unwrap_or(0);
    a.check(&Made {
        depth: depth.max(if n == 0 { 1 } else { 2 }),
        own: list.max(largest).max(pair),
        tree: added.saturating_add(size::inside(&a.words[0])),
        added,
    })?;
    let pair = |(key, value): (&str, &Word)| a.heap.list(vec![a.heap.text(key), value.clone()]);
    Ok(a.heap.list(map.sorted().into_iter().map(pair).collect()))
}

fn merge(a: &mut Arguments<'_>) -> Result<Word, Wrong> {
    let (first, second) = (a.map(0), a.map(1));
    let (mut grown, mut replaced) = (0, 0);
    for (key, _) in second.entries() {
        match first.get(key) {
            Some(old) => replaced += old.tree_size(),
            None => grown += ENTRY_BYTES + key.len() as u64,
        }
    }
    let own = first.own_size() + grown;
    let inner = (size::inside(&a.words[0]) - replaced).saturating_add(size::inside(&a.words[1]));
    a.check(&Made {
        depth: a.words[0].depth().max(a.words[1].depth()),
        own,
        tree: own.saturating_add(inner),
        added: if a.words[0].is_shared() { own } else { grown },
    })?;
    let mut result = alone(a);
    if let (Some(whole), Some(part)) = (result.map_mut(), map(&a.words[1])) {
        for (key, value) in part.entries() {
            whole.insert(key, value.clone());
        }
    }
    Ok(result)
}

fn remove(a: &mut Arguments<'_>) -> Result<Word, Wrong> {
    let (map, key) = (a.map(0), a.text(1).as_str());
    let (shrunk, gone) = match map.get(key) {
        Some(old) => (ENTRY_BYTES + key.len() as u64, old.tree_size()),
        None => (0, 0),
    };
    let own = map.own_size() - shrunk;
    a.check(&Made {
        depth: a.words[0].depth(),
        own,
        tree: map.tree_size() - shrunk - gone,
        added: if a.words[0].is_shared() { own } else { 0 },
    })?;
    let mut result = alone(a);
    if let (Some(map), Some(key)) = (result.map_mut(), super::call::text(&a.words[1])) {
        map.remove(key.as_str());
    }
    Ok(result)
}

/// The first argument, taken out, with nothing else to hold it.
fn alone(a: &mut Arguments<'_>) -> Word {
    let mut word = a.take(0);
    if word.is_shared() {
        a.heap.unshare(&mut word);
    }
    word
}
