//! Making and writing lists, maps and texts: who shares, what limits look at, and the writes.

use super::super::graph::{Body, Graph, Node, Val, bytes};
use super::{Fault, Stepper, fault};
use lau_runtime::TrapKind;
use std::collections::BTreeMap;

/// What limits look at when an instruction makes or enlarges a value.
pub(super) struct Made {
    pub(super) nesting: u64,
    /// The own size of the largest value made.
    pub(super) own: u64,
    pub(super) tree: u64,
    /// What live memory grows by while the operands are still there.
    pub(super) adds: u64,
}

impl Made {
    /// A value that came from the host: everything in it is new.
    pub(super) fn arrived(graph: &Graph, value: Val) -> Self {
        let tree = graph.tree_size(value);
        Made { nesting: graph.nesting(value), own: graph.largest(value), tree, adds: tree }
    }

    /// A value together with everything that was made for it since there were so many nodes.
    pub(super) fn since(graph: &Graph, len: usize, value: Val) -> Self {
        let sizes = graph.sizes_since(len);
        Made {
            nesting: graph.nesting(value),
            own: sizes.iter().copied().max().unwrap_or(0),
            tree: graph.tree_size(value),
            adds: sizes.iter().sum(),
        }
    }

    /// A value of which only the outermost level is new.
    fn built(graph: &Graph, value: Val) -> Self {
        let own = graph.own_size(value);
        Made { nesting: graph.nesting(value), own, tree: graph.tree_size(value), adds: own }
    }
}

/// A write to a variable's value that was checked: the value as it will be, and how much larger.
pub(super) struct Write {
    pub(super) body: Body,
    pub(super) nesting: u64,
    /// By how much the own size grows.
    pub(super) grows: u64,
}

impl Stepper<'_> {
    /// Whether a write to the value has to copy it first.
    pub(super) fn is_shared(&self, x: Val) -> bool {
        let constant = self.graph.node(x).is_some_and(|node| node.constant);
        constant || self.graph.holders(&self.roots(), x) > 1
    }

    /// The limits on values, in their order.
    pub(super) fn check_limits(&self, made: &Made) -> Result<(), Fault> {
        let limits = &self.limits;
        let live = self.graph.live(&self.roots());
        if made.nesting > u64::from(limits.nesting_max) {
            return fault(TrapKind::NestingLimit, format!("{} levels", made.nesting));
        }
        if made.own > limits.value_bytes_max {
            return fault(TrapKind::ValueLimit, format!("{} bytes", made.own));
        }
        if made.tree > limits.tree_bytes_max {
            return fault(TrapKind::TreeLimit, format!("{} bytes", made.tree));
        }
        if live.saturating_add(made.adds) > limits.memory_bytes_max {
            return fault(TrapKind::MemoryLimit, format!("{live} and {} bytes", made.adds));
        }
        Ok(())
    }

    /// Room for one value more on the operand stack.
    pub(super) fn check_room(&self) -> Result<(), Fault> {
        if self.height() as u64 + 1 > u64::from(self.limits.stack_values_max) {
            return fault(TrapKind::StackLimit, "no room");
        }
        Ok(())
    }

    /// Replaces the top values by one that was made of them. On a trap nothing has changed: a node that
    /// nobody holds does not count.
    pub(super) fn build(&mut self, takes: usize, body: Body) -> Result<(), Fault> {
        if takes == 0 {
            self.check_room()?;
        }
        let value = self.graph.add(body, false);
        self.check_limits(&Made::built(&self.graph, value))?;
        self.drop_values(takes);
        self.push(value);
        Ok(())
    }

    /// `list n`.
    pub(super) fn list(&mut self, n: usize) -> Result<(), Fault> {
        let items = self.operands(n)?;
        self.build(n, Body::List(items))
    }

    /// `map n`.
    pub(super) fn map(&mut self, n: usize) -> Result<(), Fault> {
        let operands = self.operands(2 * n)?;
        let mut entries = BTreeMap::new();
        for pair in operands.chunks(2) {
            let (key, value) = (pair[0], pair[1]);
            let Some(key) = self.graph.text(key) else {
                return fault(TrapKind::TypeError, "map takes Texts as keys");
            };
            if entries.insert(key.to_owned(), value).is_some() {
                self.trace.note("equal keys");
            }
        }
        self.build(2 * n, Body::Map(entries))
    }

    /// `append x`.
    pub(super) fn append(&mut self, name: &str) -> Result<(), Fault> {
        let value = self.operands(1)?[0];
        let x = self.variable(name);
        let write = match self.graph.node(x).map(|node| (&node.body, node.nesting)) {
            Some((Body::List(items), nesting)) => {
                let mut items = items.clone();
                items.push(value);
                let nesting = nesting.max(1 + self.graph.nesting(value));
                Write { body: Body::List(items), nesting, grows: 8 }
            }
            Some((Body::Text(text), _)) => {
                let Some(more) = self.graph.text(value) else {
                    return fault(TrapKind::TypeError, "append of no Text to a Text");
                };
                let body = Body::Text(format!("{text}{more}"));
                Write { body, nesting: 0, grows: bytes(more) }
            }
            Some((Body::Reference(_) | Body::Map(_), _)) | None => {
                return fault(TrapKind::TypeError, "append to no List or Text");
            }
        };
        self.write(name, 1, write)
    }

    /// `put x`.
    pub(super) fn put(&mut self, name: &str) -> Result<(), Fault> {
        let operands = self.operands(2)?;
        let (key, value) = (operands[0], operands[1]);
        let x = self.variable(name);
        let write = match self.graph.node(x).map(|node| (&node.body, node.nesting)) {
            Some((Body::List(items), nesting)) => {
                let mut items = items.clone();
                let at = self.index(key, items.len())?;
                items[at] = value;
                let nesting = nesting.max(1 + self.graph.nesting(value));
                Write { body: Body::List(items), nesting, grows: 0 }
            }
            Some((Body::Map(entries), nesting)) => {
                let Some(key) = self.graph.text(key) else {
                    return fault(TrapKind::TypeError, "a Map's key is a Text");
                };
                let mut entries = entries.clone();
                let new = entries.insert(key.to_owned(), value).is_none();
                let nesting = nesting.max(1 + self.graph.nesting(value));
                let grows = if new { 32 + bytes(key) } else { 0 };
                Write { body: Body::Map(entries), nesting, grows }
            }
            Some((Body::Text(_) | Body::Reference(_), _)) | None => {
                return fault(TrapKind::TypeError, "put into no List or Map");
            }
        };
        self.write(name, 2, write)
    }

    /// Writes a variable's value, in place or to a copy of which the variable is the only holder.
    fn write(&mut self, name: &str, takes: usize, write: Write) -> Result<(), Fault> {
        let changed = self.changed(self.variable(name), write)?;
        self.drop_values(takes);
        self.set_variable(name, changed);
        Ok(())
    }

    /// Writes a value's storage in place, or else a copy, which is given and which nobody holds yet.
    pub(super) fn changed(&mut self, x: Val, write: Write) -> Result<Val, Fault> {
        let shared = self.is_shared(x);
        let exact = self.graph.exact_nesting(&write.body) == write.nesting;
        let changed = Node { body: write.body, constant: false, nesting: write.nesting };
        let changed = self.graph.add_node(changed);
        let own = self.graph.own_size(changed);
        let made = Made {
            nesting: write.nesting,
            own,
            tree: self.graph.tree_size(changed),
            adds: if shared { own } else { write.grows },
        };
        self.check_limits(&made)?;
        self.trace.note(if shared { "write to shared" } else { "write in place" });
        if !exact {
            self.trace.note("sticky nesting");
        }
        if shared {
            return Ok(changed);
        }
        self.graph.move_last_to(x);
        Ok(x)
    }
}
