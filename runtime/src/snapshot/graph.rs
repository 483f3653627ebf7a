//! The objects of a snapshot to words, held to the rules of objects and to the limits of the run.
//!
//! An object refers only to those before it, so there are no circles and nothing is built twice. Tree
//! sizes, characters, the all-numbers bit and live memory are worked out anew; nesting bounds are
//! taken over, but never below what is really there.

use super::data::{Content, Item, Object};
use super::{Fault, limit, state_fault};
use crate::limits::Limits;
use crate::program::LITERAL_NESTING_MAX;
use crate::trap::TrapKind;
use crate::word::{Entries, Heap, Restored, Word};

/// The words of all objects.
pub(super) struct Graph<'a> {
    words: Vec<Word>,
    /// Of each object, whether it is a constant, and whether another constant holds it.
    constants: Vec<(bool, bool)>,
    heap: &'a Heap,
    pool: &'a mut Restored,
    limits: &'a Limits,
}

impl<'a> Graph<'a> {
    /// Builds all objects.
    pub(super) fn build(
        objects: &[Object],
        heap: &'a Heap,
        pool: &'a mut Restored,
        limits: &'a Limits,
    ) -> Result<Graph<'a>, Fault> {
        let words = Vec::with_capacity(objects.len());
        let constants = Vec::with_capacity(objects.len());
        let mut graph = Graph { words, constants, heap, pool, limits };
        for object in objects {
            let word =
                if object.constant { graph.constant(object)? } else { graph.counted(object)? };
            graph.words.push(word);
            graph.constants.push((object.constant, false));
        }
        Ok(graph)
    }

    /// One more holder of what an item says.
    pub(super) fn word(&self, item: Item) -> Result<Word, Fault> {
        match item {
            Item::Null => Ok(Word::NULL),
            Item::Bool(b) => Ok(Word::bool(b)),
            Item::Number(n) => Ok(Word::number_from_outside(n)),
            Item::Object(at) => match self.words.get(at as usize) {
                Some(word) => Ok(word.clone()),
                None => state_fault(format!("object {at} is held before it is there")),
            },
        }
    }

    fn counted(&mut self, object: &Object) -> Result<Word, Fault> {
        let word = match &object.content {
            Content::Text(text) => self.heap.text(text.as_str()),
            Content::Reference(name) => self.heap.reference(name.as_str()),
            Content::List(items) => {
                let items: Result<_, _> = items.iter().map(|item| self.word(*item)).collect();
                self.heap.list(items?)
            }
            Content::Map(entries) => {
                let entries = self.entries(entries, Graph::word_of)?;
                self.heap.map(entries)
            }
        };
        bounds(object, &word, self.limits.nesting_max)?;
        word.raise_depth(object.nesting);
        let Limits { value_bytes_max, tree_bytes_max, memory_bytes_max, .. } = *self.limits;
        let (own, tree, live) = (word.own_size(), word.tree_size(), self.heap.live_bytes());
        if own > value_bytes_max {
            return limit(TrapKind::ValueLimit, own, value_bytes_max, "bytes");
        }
        if tree > tree_bytes_max {
            return limit(TrapKind::TreeLimit, tree, tree_bytes_max, "bytes");
        }
        if live > memory_bytes_max {
            return limit(TrapKind::MemoryLimit, live, memory_bytes_max, "bytes");
        }
        Ok(word)
    }

    /// A constant is a literal: it holds other constants, each of them in one place only, so its tree is
    /// no larger than what is in the snapshot.
    fn constant(&mut self, object: &Object) -> Result<Word, Fault> {
        let word = match &object.content {
            Content::Text(text) => self.pool.text(text.as_str()),
            Content::Reference(name) => self.pool.reference(name.as_str()),
            Content::List(items) => {
                let items: Result<_, _> =
                    items.iter().map(|item| self.part_of_constant(*item)).collect();
                let items = items?;
                self.pool.list(items)
            }
            Content::Map(entries) => {
                let entries = self.entries(entries, Graph::part_of_constant)?;
                self.pool.map(entries)
            }
        };
        #[expect(clippy::cast_possible_truncation, reason = "a small constant")]
        bounds(object, &word, LITERAL_NESTING_MAX as u16)?;
        if object.nesting != word.depth() {
            return state_fault("a constant with a nesting that is not its own");
        }
        Ok(word)
    }

    fn word_of(&mut self, item: Item) -> Result<Word, Fault> {
        self.word(item)
    }

    fn part_of_constant(&mut self, item: Item) -> Result<Word, Fault> {
        if let Item::Object(at) = item {
            match self.constants.get_mut(at as usize) {
                Some((true, held @ false)) => *held = true,
                Some(_) => return state_fault("a constant that is no literal"),
                None => {} // told by `word`
            }
        }
        self.word(item)
    }

    fn entries(
        &mut self,
        entries: &[(String, Item)],
        word: impl Fn(&mut Self, Item) -> Result<Word, Fault>,
    ) -> Result<Entries, Fault> {
        if !entries.is_sorted_by(|(a, _), (b, _)| a < b) {
            return state_fault("the keys of a map are not in order");
        }
        let entries = entries.iter().map(|(k, item)| Ok((k.as_str().into(), word(self, *item)?)));
        entries.collect()
    }
}

/// The nesting bound is not below what is there, and within the limit, which bounds recursion.
fn bounds(object: &Object, word: &Word, most: u16) -> Result<(), Fault> {
    let nests = match object.content {
        Content::Text(_) | Content::Reference(_) => false,
        Content::List(_) | Content::Map(_) => true,
    };
    if object.nesting < word.depth() || (!nests && object.nesting != 0) {
        return state_fault("an object with a nesting bound that is not its own");
    }
    if object.nesting > most {
        return limit(TrapKind::NestingLimit, object.nesting.into(), most.into(), "levels");
    }
    Ok(())
}
