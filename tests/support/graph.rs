//! Values of the stepper: a graph in which sharing is explicit.
//!
//! A value that is not a scalar is a node; whoever holds it holds the node's number. Nothing is kept up
//! to date that can be counted: sizes, holders and what is live are found by walking the graph each
//! time they are asked for. Nodes are never freed; what nobody reaches does not count.
//!
//! Requires that there are no cycles, which holds because a node only ever receives values made before
//! it was last written by its only holder. Knows nothing of instructions, prices or limits.

use lau_agent_runtime::Value;
use std::collections::{BTreeMap, HashMap};

/// A value as a slot holds it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Val {
    Null,
    Bool(bool),
    Number(f64),
    Node(usize),
}

/// What a node is.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    Text(String),
    Reference(String),
    List(Vec<Val>),
    Map(BTreeMap<String, Val>),
}

/// A value with storage.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) body: Body,
    /// Whether it belongs to the program or the language: counts as shared, and not as live.
    pub(crate) constant: bool,
    /// Levels of nesting, as a bound: it never shrinks.
    pub(crate) nesting: u64,
}

/// All nodes a run has made.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    nodes: Vec<Node>,
}

impl Graph {
    /// A new node, nested one deeper than what it contains.
    pub(crate) fn add(&mut self, body: Body, constant: bool) -> Val {
        let nesting = self.exact_nesting(&body);
        self.add_node(Node { body, constant, nesting })
    }

    /// A node as given.
    pub(crate) fn add_node(&mut self, node: Node) -> Val {
        self.nodes.push(node);
        Val::Node(self.nodes.len() - 1)
    }

    /// How many nodes were made so far.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Own sizes of the nodes that were made since there were so many.
    pub(crate) fn sizes_since(&self, len: usize) -> Vec<u64> {
        (len..self.nodes.len()).map(|at| self.own_size(Val::Node(at))).collect()
    }

    /// The node of a value that has one.
    pub(crate) fn node(&self, value: Val) -> Option<&Node> {
        match value {
            Val::Node(at) => self.nodes.get(at),
            Val::Null | Val::Bool(_) | Val::Number(_) => None,
        }
    }

    /// Makes the node that was added last the content of another node; the number of the last is free.
    pub(crate) fn move_last_to(&mut self, to: Val) {
        if let (Val::Node(at), Some(last)) = (to, self.nodes.pop()) {
            self.nodes[at] = last;
        }
    }

    /// One level more than the deepest in it; Texts and References have none.
    pub(crate) fn exact_nesting(&self, body: &Body) -> u64 {
        let deepest = |items: &mut dyn Iterator<Item = &Val>| {
            items.map(|item| self.nesting(*item)).max().unwrap_or(0)
        };
        match body {
            Body::Text(_) | Body::Reference(_) => 0,
            Body::List(items) => 1 + deepest(&mut items.iter()),
            Body::Map(entries) => 1 + deepest(&mut entries.values()),
        }
    }

    /// What a value is besides a scalar.
    pub(crate) fn body(&self, value: Val) -> Option<&Body> {
        self.node(value).map(|node| &node.body)
    }

    /// The characters, if it is a Text.
    pub(crate) fn text(&self, value: Val) -> Option<&str> {
        match self.body(value) {
            Some(Body::Text(text)) => Some(text),
            Some(Body::Reference(_) | Body::List(_) | Body::Map(_)) | None => None,
        }
    }

    pub(crate) fn nesting(&self, value: Val) -> u64 {
        self.node(value).map_or(0, |node| node.nesting)
    }

    /// From a public value, sharing nothing.
    pub(crate) fn take_in(&mut self, value: &Value, constant: bool) -> Val {
        let body = match value {
            Value::Null => return Val::Null,
            Value::Bool(b) => return Val::Bool(*b),
            Value::Number(n) => return Val::Number(*n),
            Value::Text(text) => Body::Text(text.clone()),
            Value::Reference(name) => Body::Reference(name.clone()),
            Value::List(items) => {
                Body::List(items.iter().map(|item| self.take_in(item, constant)).collect())
            }
            Value::Map(entries) => Body::Map(
                entries.iter().map(|(k, v)| (k.clone(), self.take_in(v, constant))).collect(),
            ),
        };
        self.add(body, constant)
    }

    /// To a public value.
    pub(crate) fn give_out(&self, value: Val) -> Value {
        let body = match value {
            Val::Null => return Value::Null,
            Val::Bool(b) => return Value::Bool(b),
            // There is one NaN that a host can see.
            Val::Number(n) => return Value::Number(if n.is_nan() { f64::NAN } else { n }),
            Val::Node(at) => &self.nodes[at].body,
        };
        match body {
            Body::Text(text) => Value::Text(text.clone()),
            Body::Reference(name) => Value::Reference(name.clone()),
            Body::List(items) => Value::List(items.iter().map(|v| self.give_out(*v)).collect()),
            Body::Map(entries) => {
                Value::Map(entries.iter().map(|(k, v)| (k.clone(), self.give_out(*v))).collect())
            }
        }
    }

    /// The name of a value's type.
    pub(crate) fn type_name(&self, value: Val) -> &'static str {
        match value {
            Val::Null => "Null",
            Val::Bool(_) => "Bool",
            Val::Number(_) => "Number",
            Val::Node(at) => match &self.nodes[at].body {
                Body::Text(_) => "Text",
                Body::Reference(_) => "Reference",
                Body::List(_) => "List",
                Body::Map(_) => "Map",
            },
        }
    }

    pub(crate) fn is_truthy(&self, value: Val) -> bool {
        match value {
            Val::Null => false,
            Val::Bool(b) => b,
            Val::Number(n) => n != 0.0,
            Val::Node(at) => match &self.nodes[at].body {
                Body::Text(text) => !text.is_empty(),
                Body::Reference(_) => true,
                Body::List(items) => !items.is_empty(),
                Body::Map(entries) => !entries.is_empty(),
            },
        }
    }

    /// Equality by structure; NaN equals nothing.
    pub(crate) fn equal(&self, a: Val, b: Val) -> bool {
        match (a, b) {
            (Val::Null, Val::Null) => true,
            (Val::Bool(a), Val::Bool(b)) => a == b,
            (Val::Number(a), Val::Number(b)) => a == b,
            (Val::Node(a), Val::Node(b)) => match (&self.nodes[a].body, &self.nodes[b].body) {
                (Body::Text(a), Body::Text(b)) | (Body::Reference(a), Body::Reference(b)) => a == b,
                (Body::List(a), Body::List(b)) => {
                    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.equal(*a, *b))
                }
                (Body::Map(a), Body::Map(b)) => {
                    a.len() == b.len()
                        && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| self.equal(*a, *b)))
                }
                (Body::Text(_) | Body::Reference(_) | Body::List(_) | Body::Map(_), _) => false,
            },
            (Val::Null | Val::Bool(_) | Val::Number(_) | Val::Node(_), _) => false,
        }
    }

    /// Bytes of the value itself.
    pub(crate) fn own_size(&self, value: Val) -> u64 {
        match self.body(value) {
            None => 0,
            Some(Body::Text(text) | Body::Reference(text)) => 32 + bytes(text),
            Some(Body::List(items)) => 32 + 8 * items.len() as u64,
            Some(Body::Map(entries)) => 32 + entries.keys().map(|k| 32 + bytes(k)).sum::<u64>(),
        }
    }

    /// Bytes of the value and everything in it, shared parts as often as they occur.
    pub(crate) fn tree_size(&self, value: Val) -> u64 {
        self.tree_size_known(value, &mut HashMap::new())
    }

    fn tree_size_known(&self, value: Val, known: &mut HashMap<usize, u64>) -> u64 {
        let Val::Node(at) = value else { return 0 };
        if let Some(size) = known.get(&at) {
            return *size;
        }
        let inside = self
            .inside(at)
            .into_iter()
            .fold(0_u64, |sum, item| sum.saturating_add(self.tree_size_known(item, known)));
        let size = self.own_size(value).saturating_add(inside);
        known.insert(at, size);
        size
    }

    /// The own size of the largest value in the tree.
    pub(crate) fn largest(&self, value: Val) -> u64 {
        let reached = self.reachable(&[value]);
        reached.into_iter().map(|at| self.own_size(Val::Node(at))).max().unwrap_or(0)
    }

    /// What a node holds directly.
    fn inside(&self, at: usize) -> Vec<Val> {
        match &self.nodes[at].body {
            Body::Text(_) | Body::Reference(_) => Vec::new(),
            Body::List(items) => items.clone(),
            Body::Map(entries) => entries.values().copied().collect(),
        }
    }

    /// All nodes that the roots hold, directly or not, each once.
    fn reachable(&self, roots: &[Val]) -> Vec<usize> {
        let mut seen = vec![false; self.nodes.len()];
        let mut order = Vec::new();
        let mut work = roots.to_vec();
        while let Some(value) = work.pop() {
            if let Val::Node(at) = value
                && !seen[at]
            {
                seen[at] = true;
                order.push(at);
                work.extend(self.inside(at));
            }
        }
        order
    }

    /// How many hold the value: roots, and elements and map values of whatever the roots reach.
    pub(crate) fn holders(&self, roots: &[Val], of: Val) -> usize {
        let Val::Node(wanted) = of else { return 0 };
        let holds = |value: &&Val| matches!(value, Val::Node(at) if *at == wanted);
        let direct = roots.iter().filter(holds).count();
        let indirect = self
            .reachable(roots)
            .into_iter()
            .map(|at| self.inside(at).iter().filter(holds).count())
            .sum::<usize>();
        direct + indirect
    }

    /// Bytes of everything the roots reach, each node once, without constants.
    pub(crate) fn live(&self, roots: &[Val]) -> u64 {
        self.reachable(roots)
            .into_iter()
            .filter(|at| !self.nodes[*at].constant)
            .map(|at| self.own_size(Val::Node(at)))
            .sum()
    }
}

/// A text's length in UTF-8 bytes.
pub(crate) fn bytes(text: &str) -> u64 {
    text.len() as u64
}
