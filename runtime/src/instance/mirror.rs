//! Memory as public values while stepping: a copy that is brought up to date after every instruction.
//!
//! Copying a field whenever it is written would make a loop of appends cost the square of its length, and
//! fields that share storage would become as many copies without anybody counting. So a [`Mirror`] keeps
//! account of the tree sizes of all fields, which together are held to the same limit as
//! [`Instance::memory`], and of an `append` or `put` only what it added is copied.
//!
//! A step costs the host, besides its work: for `append` the tree size of what was appended, for `put` that
//! of the key and the entry, for other writes that of the field.

use super::{Error, Instance, Phase, Step};
use crate::program::{Action, FunctionId};
use crate::value::Value;
use crate::word::{View, Word, to_value};
use std::collections::HashMap;

/// What is known of a public copy of an instance's memory.
#[derive(Debug)]
pub struct Mirror {
    /// The tree size of each memory slot.
    sizes: Vec<u64>,
    /// Of all fields together, those that the program never names included.
    bytes: u64,
}

/// What of a memory field the next instruction writes, if it writes one.
enum Part {
    Whole,
    /// What comes after so many elements, or bytes of a text.
    After(usize),
    Entry(String),
    Element(usize),
}

impl Instance {
    /// What is known of a copy of memory as it is now.
    #[must_use]
    pub fn mirror(&self) -> Mirror {
        let slots = self.linked.program().parts().memory.len();
        let sizes: Vec<u64> = self.machine.variables[..slots].iter().map(Word::tree_size).collect();
        let others = self.machine.others.values().map(Word::tree_size);
        let bytes = others.chain(sizes.iter().copied()).fold(0, u64::saturating_add);
        Mirror { sizes, bytes }
    }

    /// Executes one instruction as [`Instance::step`] does, and brings `copy`, which the mirror is of, up to
    /// date with what it wrote. A field of the copy that somebody else has changed may be wrong afterwards.
    ///
    /// # Errors
    /// As [`Instance::memory`], beside what the step did: the copy is then as it was, and the mirror is of it
    /// no longer.
    ///
    /// # Panics
    /// If the mirror is of another program's memory.
    pub fn step_mirrored(
        &mut self,
        mirror: &mut Mirror,
        copy: &mut HashMap<String, Value>,
    ) -> (Step, Result<(), Error>) {
        let part = self.next_part();
        let step = self.step();
        let Some(name) = &step.wrote else { return (step, Ok(())) };
        let Some(slot) = self.linked.program().memory_slot(name) else { return (step, Ok(())) };
        let word = &self.machine.variables[slot.index()];
        let before = std::mem::replace(&mut mirror.sizes[slot.index()], word.tree_size());
        mirror.bytes = mirror.bytes.saturating_sub(before).saturating_add(word.tree_size());
        if mirror.bytes > self.limits.memory_bytes_max {
            let shown = self.memory().map(drop);
            return (step, shown);
        }
        if !word.is_absent() {
            match copy.get_mut(name) {
                Some(value) => part.copy(word, value),
                None => drop(copy.insert(name.clone(), to_value(word))),
            }
        }
        (step, Ok(()))
    }

    /// What of its memory field the next instruction writes.
    fn next_part(&self) -> Part {
        let machine = &self.machine;
        if self.phase == Phase::Idle || machine.frame.function != FunctionId::MAIN {
            return Part::Whole; // the first instruction, or one that writes fields whole
        }
        let action = self.linked.program().parts().ops[machine.frame.pc.index()].action;
        let operands = &machine.stack[machine.frame.stack..];
        if let Action::Append(slot) = action {
            match machine.variables[slot.index()].view() {
                View::List(list) => Part::After(list.items().len()),
                View::Text(text) => Part::After(text.as_str().len()),
                View::Null
                | View::Bool(_)
                | View::Number(_)
                | View::Map(_)
                | View::Reference(_) => Part::Whole,
            }
        } else if let (Action::Put(_), [.., key, _]) = (action, operands) {
            match key.view() {
                View::Text(key) => Part::Entry(key.as_str().to_owned()),
                View::Number(index) => Part::Element(index as usize),
                View::Null | View::Bool(_) | View::List(_) | View::Map(_) | View::Reference(_) => {
                    Part::Whole
                }
            }
        } else {
            Part::Whole
        }
    }
}

impl Part {
    /// Copies the part of the field to its copy. If the instruction trapped nothing has changed, and nothing
    /// does here. Whatever does not fit is copied whole.
    fn copy(&self, field: &Word, copy: &mut Value) {
        match (self, field.view(), &mut *copy) {
            (Part::After(at), View::List(list), Value::List(items)) if items.len() == *at => {
                items.extend(list.items()[*at..].iter().map(to_value));
            }
            (Part::After(at), View::Text(text), Value::Text(copy)) if copy.len() == *at => {
                copy.push_str(&text.as_str()[*at..]);
            }
            (Part::Element(at), View::List(list), Value::List(items))
                if items.len() == list.items().len() && *at < items.len() =>
            {
                items[*at] = to_value(&list.items()[*at]);
            }
            (Part::Entry(key), View::Map(map), Value::Map(entries)) => {
                if let Some(value) = map.get(key) {
                    entries.insert(key.clone(), to_value(value));
                }
                if entries.len() != map.len() {
                    *copy = to_value(field);
                }
            }
            _ => *copy = to_value(field),
        }
    }
}
