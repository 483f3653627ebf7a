//! Beginning a function: arguments or the state of the run into registers.

use super::{Emitter, Forms, Held, TRUSTED, Version, offset, parameter};
use crate::analysis::{Operand, Type, flow};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self, InstBuilder, types};
use cranelift_frontend::Switch;
use lau_runtime::native::layout;
use lau_runtime::program::{Pc, Slot};

impl Emitter<'_, '_> {
    /// Takes the arguments; other variables are `Null`.
    pub(super) fn begin_direct(&mut self, arguments: &[ir::Value]) {
        let null = self.null();
        for at in 0..flow::variables(self.linked(), self.task.id) {
            let held = match arguments.get(at) {
                None => Held::Scalar(null),
                Some(argument) => match parameter(self.task.facts, self.task.id, at) {
                    Type::Number => Held::Number(*argument),
                    Type::Bool => Held::Bool(*argument),
                    Type::Scalar => Held::Scalar(*argument),
                    Type::Word | Type::Never => Held::Word(*argument),
                },
            };
            if self.state.variable(Slot::new(at)) == Type::Word {
                let word = self.word(held);
                self.b.ins().store(TRUSTED, word, self.homes, offset(8 * at));
            } else {
                self.write(self.variables[at], held);
                if self.gives_up_at_once() {
                    self.b.ins().store(TRUSTED, null, self.homes, offset(8 * at));
                }
            }
        }
        let start = self.facts.blocks.list[0].start;
        // Where a loop begins with the function, less is known than what it is called with.
        self.goto(start);
    }

    /// Goes to the entry that the context names, checking there what its facts say.
    pub(super) fn begin_entered(&mut self) {
        let entry = self.context_word(layout::ENTRY);
        let refuse = self.b.create_block();
        self.b.set_cold_block(refuse);
        let mut switch = Switch::new();
        let mut todo: Vec<(Pc, ir::Block)> = Vec::new();
        for pc in &self.facts.entries {
            let span = self.facts.blocks.list[self.facts.blocks.at(*pc).expect("a block")];
            if (Version::entered_at(span), span.part) == (self.task.version, self.task.part) {
                let block = self.b.create_block();
                switch.set_entry(pc.index() as u128, block);
                todo.push((*pc, block));
            }
        }
        switch.emit(&mut self.b, entry, refuse);
        for (pc, block) in todo {
            self.b.switch_to_block(block);
            let state = &self.facts.states[&pc];
            for (at, of) in state.variables.iter().enumerate() {
                if *of != Type::Word {
                    self.take_in(self.homes, at, *of, self.variables[at], refuse);
                }
            }
            let from = self.context_word(layout::STACK);
            for (at, operand) in state.stack.iter().enumerate() {
                if let Operand::Typed(of) = operand {
                    self.take_in(from, at, *of, self.places[at], refuse);
                }
            }
            let target = self.block_of(pc);
            self.b.ins().jump(target, &[]);
        }
        // Nothing was done and no record is written, so the state stays as it is.
        self.b.switch_to_block(refuse);
        self.b.ins().return_(&[]);
    }

    /// Reads a word of the run's state as a value of that type; goes elsewhere if it is none.
    fn take_in(&mut self, from: ir::Value, at: usize, of: Type, forms: Forms, refuse: ir::Block) {
        let word = self.b.ins().load(types::I64, TRUSTED, from, offset(8 * at));
        self.b.def_var(forms.word, word);
        let ok = match of {
            Type::Word => return,
            // Nothing is of that type, so nobody comes here.
            Type::Never => self.b.ins().iconst(types::I8, 0),
            Type::Number => self.below(word, layout::FIRST_TAGGED),
            Type::Scalar => self.below(word, layout::FIRST_STORED),
            Type::Bool => {
                let tag = self.b.ins().band_imm_s(word, !1);
                self.b.ins().icmp_imm_s(IntCC::Equal, tag, layout::FALSE.cast_signed())
            }
        };
        let go_on = self.b.create_block();
        self.b.ins().brif(ok, go_on, &[], refuse, &[]);
        self.b.switch_to_block(go_on);
        self.b.seal_block(go_on);
        match of {
            Type::Number => {
                let number = self.number_of(word);
                self.b.def_var(forms.number, number);
            }
            Type::Bool => {
                let low = self.b.ins().ireduce(types::I8, word);
                let bool = self.b.ins().band_imm_u(low, 1);
                self.b.def_var(forms.bool, bool);
            }
            Type::Scalar | Type::Word | Type::Never => {}
        }
    }
}
