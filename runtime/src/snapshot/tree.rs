//! Public values to flat parts and back: the answer of a host call that has not been taken in.
//!
//! Nothing is shared in a public value, so a part is in one place only; this also bounds what parts
//! from anywhere can make. An answer may be beyond the limits of its run, which is then a trap when it is
//! taken in, but not nested beyond all measure.

use super::data::{Content, Item, Tree};
use super::{Fault, limit, state_fault};
use crate::limits::Limits;
use crate::trap::TrapKind;
use crate::value::Value;
use crate::word::Measure;

/// The parts of a value.
pub(crate) fn flat(value: &Value) -> Result<Tree, Fault> {
    let (depth, most) = (Measure::of(value).depth as u64, u64::from(Limits::NESTING_MAX));
    if depth > most {
        return limit(TrapKind::NestingLimit, depth, most, "levels of an answer");
    }
    let mut parts = Vec::new();
    let root = part(value, &mut parts)?;
    Ok(Tree { root, parts })
}

fn part(value: &Value, parts: &mut Vec<Content>) -> Result<Item, Fault> {
    let content = match value {
        Value::Null => return Ok(Item::Null),
        Value::Bool(b) => return Ok(Item::Bool(*b)),
        Value::Number(n) => return Ok(Item::Number(if n.is_nan() { f64::NAN } else { *n })),
        Value::Text(text) => Content::Text(text.clone()),
        Value::Reference(name) => Content::Reference(name.clone()),
        Value::List(items) => {
            Content::List(items.iter().map(|item| part(item, parts)).collect::<Result<_, _>>()?)
        }
        Value::Map(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            let entries = entries.into_iter().map(|(k, v)| Ok((k.clone(), part(v, parts)?)));
            Content::Map(entries.collect::<Result<_, Fault>>()?)
        }
    };
    let Ok(at) = u32::try_from(parts.len()) else {
        let most = u64::from(u32::MAX);
        return limit(TrapKind::MemoryLimit, most + 1, most, "parts of an answer");
    };
    parts.push(content);
    Ok(Item::Object(at))
}

/// The value of parts that may come from anywhere.
pub(crate) fn value(tree: &Tree) -> Result<Value, Fault> {
    let mut made = Made(Vec::with_capacity(tree.parts.len()));
    for content in &tree.parts {
        let (value, depth) = match content {
            Content::Text(text) => (Value::Text(text.clone()), 0),
            Content::Reference(name) => (Value::Reference(name.clone()), 0),
            Content::List(items) => {
                let mut depth = 0;
                let items = items.iter().map(|item| made.take(*item, &mut depth));
                (Value::List(items.collect::<Result<_, _>>()?), depth + 1)
            }
            Content::Map(entries) => {
                if !entries.is_sorted_by(|(a, _), (b, _)| a < b) {
                    return state_fault("keys of an answer's map are not in order");
                }
                let mut depth = 0;
                let entries = entries
                    .iter()
                    .map(|(key, item)| Ok((key.clone(), made.take(*item, &mut depth)?)));
                (Value::Map(entries.collect::<Result<_, Fault>>()?), depth + 1)
            }
        };
        if depth > Limits::NESTING_MAX {
            let most = u64::from(Limits::NESTING_MAX);
            return limit(TrapKind::NestingLimit, depth.into(), most, "levels of an answer");
        }
        made.0.push(Some((value, depth)));
    }
    made.take(tree.root, &mut 0)
}

/// Parts made, with their nesting, that are in no other yet.
struct Made(Vec<Option<(Value, u16)>>);

impl Made {
    fn take(&mut self, item: Item, deepest: &mut u16) -> Result<Value, Fault> {
        match item {
            Item::Null => Ok(Value::Null),
            Item::Bool(b) => Ok(Value::Bool(b)),
            Item::Number(n) => Ok(Value::Number(if n.is_nan() { f64::NAN } else { n })),
            Item::Object(at) => match self.0.get_mut(at as usize).and_then(Option::take) {
                Some((value, depth)) => {
                    *deepest = (*deepest).max(depth);
                    Ok(value)
                }
                None => state_fault("an answer does not hold each of its parts once, after it"),
            },
        }
    }
}
