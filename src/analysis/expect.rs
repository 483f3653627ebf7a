//! Guesses: which `get`s are not of lists of Numbers, by what becomes of their results.
//!
//! Native code takes a `get` by a Number to be of a list of Numbers, and is made anew where that turns out
//! wrong. A result that is looked into, grown, compared with a Text or handed to what takes no Number tells
//! beforehand, and so does a container that began as a map or came from a function which gives Texts. The
//! guesses go by the text of each block, from operand to operand; being wrong costs time and nothing else.

use super::blocks::Blocks;
use lau_runtime::Value;
use lau_runtime::instance::Linked;
use lau_runtime::library::{Function, Kind};
use lau_runtime::program::opcode::Takes;
use lau_runtime::program::{Action, CallId, Callee, ConstantId, FunctionId, Op, Pc, Slot};
use std::collections::BTreeSet;

/// Where an operand comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Variable(Slot),
    /// The result of the `get` there.
    Got(Pc),
    /// A constant with storage.
    Stored,
    /// A map, or a list whose elements are no Numbers.
    NoNumbers,
    Other,
}

/// What is guessed.
#[derive(Default)]
struct Guesses {
    /// Variables, by function, that hold what is looked into or grown.
    containers: BTreeSet<(FunctionId, Slot)>,
    /// Variables, by function, that hold a map or a list whose elements are no Numbers.
    no_numbers: BTreeSet<(FunctionId, Slot)>,
    mixed: BTreeSet<Pc>,
}

/// The `get`s whose results are used as no Number is.
pub(super) fn mixed(linked: &Linked) -> BTreeSet<Pc> {
    let parts = linked.program().parts();
    let mut guesses = Guesses::default();
    // What the second round finds goes by the variables that the first one found.
    for _ in 0..2 {
        for at in 0..parts.functions.len() {
            let function = FunctionId::new(at);
            for block in Blocks::of(linked.program(), function, &BTreeSet::new()).list {
                let mut stack = Vec::new();
                for pc in block.start.index()..block.end.index() {
                    guesses.follow(linked, function, Pc::new(pc), &parts.ops[pc], &mut stack);
                }
            }
        }
    }
    guesses.mixed
}

impl Guesses {
    fn follow(
        &mut self,
        linked: &Linked,
        function: FunctionId,
        pc: Pc,
        op: &Op,
        stack: &mut Vec<Origin>,
    ) {
        let row = op.action.opcode().row();
        self.used(linked, function, pc, op, stack);
        let (first, second) = (top(stack, 1), top(stack, 2));
        let takes = match (op.action, row.takes) {
            (Action::List(n), _) => n as usize,
            (Action::Map(n), _) => 2 * n as usize,
            (Action::Call(_, n) | Action::CallOut(_, n) | Action::TryOut(_, n), _) => n.into(),
            (_, Takes::Values(n)) => n.into(),
            (_, Takes::TopOrNull | Takes::TopIfAny | Takes::Count | Takes::Pairs) => 1,
        };
        stack.truncate(stack.len().saturating_sub(takes));
        if let Action::Dup = op.action {
            stack.extend([first, first]);
        } else if let Action::Over = op.action {
            stack.extend([second, first, second]);
        } else if let Action::Swap = op.action {
            stack.extend([first, second]);
        } else if let Action::Load(slot) | Action::Take(slot) = op.action {
            stack.push(Origin::Variable(slot));
        } else if let Action::Get = op.action {
            stack.push(Origin::Got(pc));
        } else if let Action::Push(constant) = op.action {
            stack.push(Origin::of(linked, constant));
        } else if let Action::CallOut(call, _) | Action::TryOut(call, _) = op.action {
            let result = library(linked, call).map(|of| of.result);
            let none = matches!(result, Some(Kind::Texts | Kind::Map));
            stack.push(if none { Origin::NoNumbers } else { Origin::Other });
        } else if let Action::Map(_) = op.action {
            stack.push(Origin::NoNumbers);
        } else {
            stack.extend(std::iter::repeat_n(Origin::Other, row.gives.into()));
        }
    }

    /// What an operation tells about its operands.
    fn used(&mut self, linked: &Linked, function: FunctionId, pc: Pc, op: &Op, stack: &[Origin]) {
        let (first, second) = (top(stack, 1), top(stack, 2));
        if let Action::Get | Action::Has = op.action {
            self.looked_into(function, second);
            if op.action == Action::Get && self.has_no_numbers(function, second) {
                self.mixed.insert(pc);
            }
        } else if let Action::Len = op.action {
            self.looked_into(function, first);
        } else if let Action::Append(slot) | Action::Put(slot) = op.action {
            self.containers.insert((function, slot));
        } else if let Action::Store(slot) = op.action {
            if self.containers.contains(&(function, slot)) {
                self.looked_into(function, first);
            }
            if self.has_no_numbers(function, first) {
                self.no_numbers.insert((function, slot));
            }
        } else if let Action::Eq | Action::Ne | Action::Lt | Action::Le | Action::Gt | Action::Ge =
            op.action
            && [first, second].iter().any(|of| matches!(of, Origin::Stored | Origin::NoNumbers))
        {
            self.looked_into(function, first);
            self.looked_into(function, second);
        } else if let Action::Call(callee, argc) = op.action {
            for (at, argument) in arguments(stack, argc) {
                let parameter = (callee, Slot::new(at));
                if self.containers.contains(&parameter) {
                    self.looked_into(function, argument);
                }
                if self.has_no_numbers(function, argument) {
                    self.no_numbers.insert(parameter);
                }
            }
        } else if let Action::CallOut(call, argc) | Action::TryOut(call, argc) = op.action
            && let Some(called) = library(linked, call)
        {
            for ((_, argument), (_, kind)) in arguments(stack, argc).zip(called.parameters) {
                if takes_no_number(*kind) {
                    self.looked_into(function, argument);
                }
            }
        }
    }

    fn looked_into(&mut self, function: FunctionId, origin: Origin) {
        match origin {
            Origin::Variable(slot) => drop(self.containers.insert((function, slot))),
            Origin::Got(pc) => drop(self.mixed.insert(pc)),
            Origin::Stored | Origin::NoNumbers | Origin::Other => {}
        }
    }

    fn has_no_numbers(&self, function: FunctionId, origin: Origin) -> bool {
        match origin {
            Origin::NoNumbers => true,
            Origin::Variable(slot) => self.no_numbers.contains(&(function, slot)),
            Origin::Got(_) | Origin::Stored | Origin::Other => false,
        }
    }
}

impl Origin {
    fn of(linked: &Linked, constant: ConstantId) -> Origin {
        let constant = &linked.program().parts().constants[constant.index()];
        let no_number = |element: &Value| element.as_f64().is_none();
        match constant {
            Value::Map(_) => Origin::NoNumbers,
            Value::List(list) if list.first().is_some_and(no_number) => Origin::NoNumbers,
            Value::List(_) | Value::Text(_) | Value::Reference(_) => Origin::Stored,
            Value::Number(_) | Value::Bool(_) | Value::Null => Origin::Other,
        }
    }
}

/// The nth operand from the top.
fn top(stack: &[Origin], n: usize) -> Origin {
    stack.len().checked_sub(n).map_or(Origin::Other, |at| stack[at])
}

/// The arguments of a call, and which each is.
fn arguments(stack: &[Origin], argc: u8) -> impl Iterator<Item = (usize, Origin)> {
    let argc = usize::from(argc);
    (0..argc).map(move |at| (at, top(stack, argc - at)))
}

fn library(linked: &Linked, call: CallId) -> Option<&'static Function> {
    match linked.callee(call) {
        Callee::Library(id) => Some(id.function()),
        Callee::Builtin(_) | Callee::Unknown => None,
    }
}

fn takes_no_number(kind: Kind) -> bool {
    match kind {
        Kind::Any | Kind::Number | Kind::Key | Kind::NumberOrNull => false,
        Kind::Bool
        | Kind::Text
        | Kind::List
        | Kind::Map
        | Kind::Reference
        | Kind::Sequence
        | Kind::Numbers
        | Kind::Texts
        | Kind::Sortable
        | Kind::ListOrNull => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lower::compile;
    use lau_runtime::Host;
    use std::sync::Arc;

    /// Which `get`s of a program are guessed to be of no list of Numbers, counted from 0.
    fn guessed(text: &str) -> Vec<usize> {
        let interface = Host::default().interface();
        let program = Arc::new(compile(text, &interface).program.expect("no errors"));
        let linked = Linked::new(Arc::clone(&program), interface);
        let mixed = mixed(&linked);
        let ops = program.parts().ops.iter().enumerate();
        let gets = ops.filter(|(_, op)| op.action == Action::Get).map(|(pc, _)| Pc::new(pc));
        gets.enumerate().filter(|(_, pc)| mixed.contains(pc)).map(|(n, _)| n).collect()
    }

    #[test]
    fn uses_tell_what_is_got() {
        for (text, expected) in [
            ("load x\npush 0\nget\npush 1\nadd", &[][..]),
            ("load x\npush 0\nget\npush k\nget", &[0]),
            ("load x\npush 0\nget\npush k\neq", &[0]),
            ("load x\npush 0\nget\ncall upper 1", &[0]),
            ("load x\npush 0\nget\ntry upper 1", &[0]),
            ("load x\npush 0\nget\ncall sqrt 1", &[]),
            ("load x\npush 0\nget\ncall unknown 1", &[]),
            ("load x\npush ,\nload y\npush 0\nget\ncall replace 3", &[0]),
            ("load x\npush 0\nget\ncall f 1\nfunc f a\nload a\ncall words 1\nend", &[0]),
        ] {
            assert_eq!(guessed(text), expected, "{text}");
        }
    }

    #[test]
    fn maps_and_lists_of_texts_are_known_wherever_they_go() {
        for (text, expected) in [
            ("load x\ncall lines 1\npush 0\nget", &[0][..]),
            ("load x\ncall lines 1\nstore y\nload y\npush 0\nget\nstore z", &[0]),
            ("push [\"a\", \"b\"]\nstore y\nload y\npush 0\nget\nstore z", &[0]),
            ("push [1, 2]\nstore y\nload y\npush 0\nget\nstore z", &[]),
            ("push []\nstore y\nload y\npush 0\nget\nstore z", &[]),
            ("push {}\nstore y\nload y\nload k\nget\nstore z", &[0]),
            ("push {}\nstore y\ntake y\ncall f 1\nfunc f a\nload a\nobserve k\nget\nend", &[0]),
            ("load x\npush 2\ncall range 2\npush 0\nget", &[]),
            ("load x\ncall words 1\ncall f 1\nfunc f a\nload a\npush 0\nget\nend", &[0]),
        ] {
            assert_eq!(guessed(text), expected, "{text}");
        }
    }
}
