//! Guesses: which `get`s are not of lists of Numbers, by what becomes of their results.
//!
//! Native code takes a `get` by a Number to be of a list of Numbers, and is made anew where that turns out
//! wrong. A result that is looked into, grown, or compared with a Text tells beforehand. The guesses go by
//! the text of each block, from operand to operand; being wrong costs time and nothing else.

use super::blocks::Blocks;
use super::types::Type;
use lau_runtime::instance::Linked;
use lau_runtime::program::opcode::Takes;
use lau_runtime::program::{Action, ConstantId, FunctionId, Op, Pc, Slot};
use std::collections::BTreeSet;

/// Where an operand comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Variable(Slot),
    /// The result of the `get` there.
    Got(Pc),
    /// A constant with storage.
    Stored,
    Other,
}

/// What is guessed.
#[derive(Default)]
struct Guesses {
    /// Variables, by function, that hold what is looked into or grown.
    containers: BTreeSet<(FunctionId, Slot)>,
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
        let top = |stack: &[Origin], n: usize| match stack.len().checked_sub(n) {
            Some(at) => stack[at],
            None => Origin::Other,
        };
        let (first, second) = (top(stack, 1), top(stack, 2));
        if let Action::Get | Action::Has = op.action {
            self.looked_into(function, second);
        } else if let Action::Len = op.action {
            self.looked_into(function, first);
        } else if let Action::Append(slot) | Action::Put(slot) = op.action {
            self.containers.insert((function, slot));
        } else if let Action::Store(slot) = op.action
            && self.containers.contains(&(function, slot))
        {
            self.looked_into(function, first);
        } else if let Action::Eq | Action::Ne | Action::Lt | Action::Le | Action::Gt | Action::Ge =
            op.action
            && (first == Origin::Stored || second == Origin::Stored)
        {
            self.looked_into(function, first);
            self.looked_into(function, second);
        } else if let Action::Call(callee, argc) = op.action {
            for at in 0..usize::from(argc) {
                if self.containers.contains(&(callee, Slot::new(at))) {
                    self.looked_into(function, top(stack, usize::from(argc) - at));
                }
            }
        }
        let takes = match (op.action, row.takes) {
            (Action::List(n), _) => n as usize,
            (Action::Map(n), _) => 2 * n as usize,
            (Action::Call(_, n) | Action::CallOut(_, n) | Action::TryOut(_, n), _) => n.into(),
            (_, Takes::Values(n)) => n.into(),
            (_, Takes::TopOrNull | Takes::TopIfAny | Takes::Count | Takes::Pairs) => 1,
        };
        stack.truncate(stack.len().saturating_sub(takes));
        let stored = |constant: ConstantId| {
            Type::of(&linked.program().parts().constants[constant.index()]) == Type::Word
        };
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
            stack.push(if stored(constant) { Origin::Stored } else { Origin::Other });
        } else {
            stack.extend(std::iter::repeat_n(Origin::Other, row.gives.into()));
        }
    }

    fn looked_into(&mut self, function: FunctionId, origin: Origin) {
        match origin {
            Origin::Variable(slot) => drop(self.containers.insert((function, slot))),
            Origin::Got(pc) => drop(self.mixed.insert(pc)),
            Origin::Stored | Origin::Other => {}
        }
    }
}
