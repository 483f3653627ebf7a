//! What is known at a point of a function.

use crate::analysis::types::Type;
use lau_runtime::program::{ConstantId, Slot};

/// A value on the operand stack, within a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A value of that type; if it has storage, native code holds it.
    Typed(Type),
    /// The value of a variable of type [`Type::Word`], not read yet. The variable is not written while
    /// this is on the stack.
    Variable(Slot),
    /// A constant.
    Constant(ConstantId),
}

/// What is known at a point of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The operand stack, bottom first. Where a block begins, all are `Typed`.
    pub stack: Vec<Operand>,
    /// The types of the variables that can be in registers, the first ones; in the main body, of memory
    /// slots. One of type [`Type::Word`] is in its home, as are all others.
    pub variables: Vec<Type>,
    /// Which of them may differ from what is in their homes.
    pub dirty: Vec<bool>,
}

impl State {
    /// The type of a variable.
    #[must_use]
    pub fn variable(&self, slot: Slot) -> Type {
        self.variables.get(slot.index()).copied().unwrap_or(Type::Word)
    }

    /// Sharpens the type of a variable that was looked at, and with it what is on the stack of it.
    pub fn refine(&mut self, slot: Slot, to: Type) {
        if let Some(of) = self.variables.get_mut(slot.index()) {
            *of = to;
        }
        self.retype(slot, to);
    }

    /// What is on the stack of a variable is read.
    pub fn retype(&mut self, slot: Slot, to: Type) {
        for operand in &mut self.stack {
            if *operand == Operand::Variable(slot) {
                *operand = Operand::Typed(to);
            }
        }
    }

    /// Sets what is known of a variable that is written.
    pub(super) fn write(&mut self, slot: Slot, of: Type, dirty: bool) {
        if let Some(known) = self.variables.get_mut(slot.index()) {
            (*known, self.dirty[slot.index()]) = (of, dirty);
        }
    }

    /// The top `n` are taken; they must be there.
    pub(super) fn take(&mut self, n: usize) -> Vec<Operand> {
        self.stack.split_off(self.stack.len() - n)
    }

    pub(super) fn has(&self, n: usize) -> Option<()> {
        (self.stack.len() >= n).then_some(())
    }
}
