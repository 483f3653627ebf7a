//! Going on and leaving: from block to block with everything in its form, or out to the interpreter.

use super::{Emitter, Held, TRUSTED, Version, offset};
use crate::analysis::{Operand, Type};
use cranelift_codegen::ir::{self, BlockArg, InstBuilder, types};
use lau_runtime::native::{Exit, Source, layout};
use lau_runtime::program::{Action, Op, Pc, Slot};

impl Emitter<'_, '_> {
    pub(super) fn branch(&mut self, pc: Pc, op: &Op, target: Pc, before: (u32, u32)) {
        self.settle(pc, before);
        let truthy = match self.stack.len() {
            0 => self.b.ins().iconst(types::I8, 0),
            _ => self.truth(pc, 0, before),
        };
        self.stack.pop();
        self.step(op);
        let (taken, not) = (self.b.create_block(), self.b.create_block());
        if let Action::JumpTrue(_) = op.action {
            self.b.ins().brif(truthy, taken, &[], not, &[]);
        } else {
            self.b.ins().brif(truthy, not, &[], taken, &[]);
        }
        self.b.switch_to_block(taken);
        self.goto(target);
        self.b.switch_to_block(not);
        self.goto(Pc::new(pc.index() + 1));
    }

    /// Checks that what is on the stack of variables has no storage, since nothing that has is carried from
    /// block to block.
    pub(super) fn settle(&mut self, pc: Pc, unspent: (u32, u32)) {
        for at in 0..self.stack.len() {
            if let Held::Variable(_) = self.stack[at] {
                let from_top = self.stack.len() - 1 - at;
                self.scalar(pc, from_top, unspent);
            }
        }
    }

    /// Goes to where a block begins, with everything in the form that its facts say.
    pub(super) fn goto(&mut self, pc: Pc) {
        let stored = self.stack.iter().any(|held| matches!(held, Held::Constant(_)));
        let (Some(block), Some(facts)) =
            (self.blocks.get(&pc).copied(), self.facts.states.get(&pc))
        else {
            return self.leave(pc, (0, 0), true);
        };
        if stored {
            return self.leave(pc, (0, 0), true);
        }
        for at in 0..self.variables.len() {
            let (from, to) = (self.state.variables[at], facts.variables[at]);
            if form(from) != form(to) {
                let held = self.read(self.variables[at], from);
                let word = self.word(held);
                self.b.def_var(self.variables[at].word, word);
            }
        }
        for at in 0..self.stack.len() {
            let held = self.stack[at];
            let Operand::Typed(to) = facts.stack[at] else { unreachable!("blocks begin so") };
            let held = match (held, form(to)) {
                (Held::Number(_), Form::Number) | (Held::Bool(_), Form::Bool) => held,
                (held, _) => Held::Scalar(self.word(held)),
            };
            self.write(self.places[at], held);
        }
        self.b.ins().jump(block, &[] as &[BlockArg]);
    }

    /// Goes on if the condition holds, else leaves at the operation.
    pub(super) fn guard(&mut self, ok: ir::Value, pc: Pc, unspent: (u32, u32)) {
        let (go_on, cold) = (self.b.create_block(), self.b.create_block());
        self.b.set_cold_block(cold);
        self.b.ins().brif(ok, go_on, &[], cold, &[]);
        self.b.switch_to_block(cold);
        self.leave(pc, unspent, true);
        self.b.switch_to_block(go_on);
    }

    /// Writes the record of this frame and returns. The innermost frame also tells energy and count.
    pub(super) fn leave(&mut self, pc: Pc, unspent: (u32, u32), innermost: bool) {
        let mut values = Vec::new();
        let mut variables = Vec::new();
        for at in 0..self.variables.len() {
            if self.state.dirty[at] {
                let held = self.read(self.variables[at], self.state.variables[at]);
                variables.push((Slot::new(at), Source::Word(values.len() as u32)));
                values.push(self.word(held));
            }
        }
        let mut stack = Vec::new();
        for at in 0..self.stack.len() {
            stack.push(match self.stack[at] {
                Held::Variable(slot) => Source::Variable(slot),
                Held::Constant(constant) => Source::Constant(constant),
                held @ (Held::Number(_) | Held::Bool(_) | Held::Scalar(_)) => {
                    values.push(self.word(held));
                    Source::Word(values.len() as u32 - 1)
                }
            });
        }
        let number = self.exits.len() as i64;
        let exit =
            Exit { function: self.id, pc, values: values.len() as u32, unspent, stack, variables };
        self.exits.push(exit);
        let records = self.b.ins().load(types::I64, TRUSTED, self.context, offset(layout::RECORDS));
        values.push(self.b.ins().iconst(types::I64, number));
        for (at, value) in values.iter().enumerate() {
            self.b.ins().store(TRUSTED, *value, records, offset(8 * at));
        }
        let end = self.b.ins().iadd_imm_s(records, 8 * values.len() as i64);
        self.b.ins().store(TRUSTED, end, self.context, offset(layout::RECORDS));
        let (energy, count) = (self.b.use_var(self.energy), self.b.use_var(self.count));
        if innermost {
            self.b.ins().store(TRUSTED, energy, self.context, offset(layout::ENERGY));
            self.b.ins().store(TRUSTED, count, self.context, offset(layout::COUNT));
        }
        match self.version {
            Version::Entered => self.b.ins().return_(&[]),
            Version::Direct => {
                let stopped = self.b.ins().iconst(types::I64, -1);
                self.b.ins().return_(&[stopped, count, count])
            }
        };
    }
}

/// The forms of values in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Number,
    Bool,
    Word,
}

fn form(of: Type) -> Form {
    match of {
        Type::Number => Form::Number,
        Type::Bool => Form::Bool,
        Type::Scalar | Type::Word => Form::Word,
    }
}
