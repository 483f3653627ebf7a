//! A machine's state to a snapshot.
//!
//! Requires a machine that has stopped. The result depends on the state alone: fields, keys and objects
//! come in an order of their own, so equal states give equal bytes.

use super::data::{Content, FrameState, Item, Object, PendingState, State};
use super::{Fault, Snapshot, limit, tree};
use crate::interp::{Frame, Machine, Pending};
use crate::program::{FunctionId, Linked};
use crate::trap::TrapKind;
use crate::word::{MapObject, View, Word};
use std::collections::{BTreeMap, HashMap};

/// The state of a stopped run, as a snapshot.
pub(crate) fn take(m: &Machine, linked: &Linked, used_before: u64) -> Result<Snapshot, Fault> {
    let parts = linked.program().parts();
    let mut graph = Graph::default();
    let slots = parts.memory.iter().zip(&m.variables);
    let fields: BTreeMap<&String, &Word> =
        slots.chain(&m.others).filter(|(_, word)| !word.is_absent()).collect();
    let memory = fields
        .into_iter()
        .map(|(name, word)| Ok((name.clone(), graph.item(word)?)))
        .collect::<Result<_, Fault>>()?;
    let mut frames = Vec::with_capacity(m.callers.len() + 1);
    let all: Vec<&Frame> = m.callers.iter().chain([&m.frame]).collect();
    for (at, frame) in all.iter().enumerate() {
        let function = &parts.functions[frame.function.index()];
        let end = all.get(at + 1).map_or(m.stack.len(), |next| next.stack);
        let mut variables = Vec::new();
        if frame.function != FunctionId::MAIN {
            for (name, word) in function.variables.iter().zip(&m.variables[frame.variables..]) {
                if !matches!(word.view(), View::Null) {
                    variables.push((name.clone(), graph.item(word)?));
                }
            }
        }
        frames.push(FrameState {
            function: function.name.clone(),
            instruction: parts.ops[frame.pc.index()].at,
            variables,
            operands: m.stack[frame.stack..end]
                .iter()
                .map(|word| graph.item(word))
                .collect::<Result<_, Fault>>()?,
        });
    }
    let pending = match &m.pending {
        None => None,
        Some(Pending::Answer(value)) => Some(PendingState::Answer(tree::flat(value)?)),
        Some(Pending::Failed(failure)) => Some(PendingState::Failed(failure.0.clone())),
        Some(Pending::Question(message)) => Some(PendingState::Question(message.clone())),
    };
    let state = State {
        used: m.used,
        budget: m.budget,
        used_before,
        instructions: m.instructions,
        frames,
        pending,
        memory,
        objects: graph.objects,
    };
    Ok(Snapshot::new(linked.program().hash(), state))
}

/// A map's entries in the order of their keys; their own order says nothing and is not always the same.
fn sorted(map: &MapObject) -> Vec<(&str, &Word)> {
    let mut entries: Vec<_> = map.entries().collect();
    entries.sort_unstable_by_key(|(key, _)| *key);
    entries
}

/// The objects met so far.
#[derive(Default)]
struct Graph {
    objects: Vec<Object>,
    known: HashMap<u64, u32>,
}

impl Graph {
    /// The item for a word, with everything that it holds in the graph.
    fn item(&mut self, word: &Word) -> Result<Item, Fault> {
        // An object is looked at twice: to see what it holds first, and to be written after that. What
        // is met again meanwhile was written by then, since the work is done last in, first out.
        let mut work = vec![(word, false)];
        while let Some((word, written)) = work.pop() {
            let Some(object) = word.object().filter(|object| !self.known.contains_key(object))
            else {
                continue;
            };
            if written {
                self.write(object, word)?;
                continue;
            }
            work.push((word, true));
            match word.view() {
                View::List(list) => work.extend(list.items().iter().map(|item| (item, false))),
                View::Map(map) => {
                    work.extend(sorted(map).into_iter().map(|(_, value)| (value, false)));
                }
                View::Null
                | View::Bool(_)
                | View::Number(_)
                | View::Text(_)
                | View::Reference(_) => {}
            }
        }
        Ok(self.known_item(word))
    }

    fn write(&mut self, object: u64, word: &Word) -> Result<(), Fault> {
        let content = match word.view() {
            View::Null | View::Bool(_) | View::Number(_) => return Ok(()),
            View::Text(text) => Content::Text(text.as_str().to_owned()),
            View::Reference(name) => Content::Reference(name.as_str().to_owned()),
            View::List(list) => {
                Content::List(list.items().iter().map(|item| self.known_item(item)).collect())
            }
            View::Map(map) => {
                let entries = sorted(map).into_iter();
                Content::Map(
                    entries.map(|(key, value)| (key.to_owned(), self.known_item(value))).collect(),
                )
            }
        };
        let Ok(at) = u32::try_from(self.objects.len()) else {
            let many = self.objects.len() as u64;
            return limit(TrapKind::MemoryLimit, many, u32::MAX.into(), "objects in a snapshot");
        };
        self.known.insert(object, at);
        let (constant, nesting) = (word.is_constant(), word.depth());
        self.objects.push(Object { constant, nesting, content });
        Ok(())
    }

    /// The item for a scalar, or for an object that is written.
    fn known_item(&self, word: &Word) -> Item {
        match word.view() {
            View::Null => Item::Null,
            View::Bool(b) => Item::Bool(b),
            View::Number(n) => Item::Number(if n.is_nan() { f64::NAN } else { n }),
            View::Text(_) | View::List(_) | View::Map(_) | View::Reference(_) => {
                word.object().map_or(Item::Null, |object| Item::Object(self.known[&object]))
            }
        }
    }
}
