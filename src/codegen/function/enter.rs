//! Beginning a function: arguments or the state of the run into registers.

use super::{Emitter, Forms, TRUSTED, offset};
use crate::analysis::{Facts, Operand, Step, Type, flow};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self, InstBuilder, MemFlagsData, types};
use cranelift_frontend::Switch;
use lau_runtime::instance::Linked;
use lau_runtime::native::layout;
use lau_runtime::program::{Action, FunctionId, Pc};

/// Where native code can be entered: at the function's start, at loops, and where it left before.
pub(in crate::codegen) fn entries(linked: &Linked, id: FunctionId, facts: &Facts) -> Vec<Pc> {
    let ops = &linked.program().parts().ops;
    let start = facts.blocks.list[0].start;
    let mut entries = Vec::new();
    for span in &facts.blocks.list {
        let Some(state) = facts.states.get(&span.start) else { continue };
        let first = &ops[span.start.index()];
        let covered = flow::step(linked, id, first, &mut state.clone()) == Step::Done;
        let before = span.start.index().checked_sub(1).map(|at| ops[at].action);
        let called = before.is_some_and(|action| {
            matches!(action, Action::Call(..) | Action::CallOut(..) | Action::Append(_))
        });
        let left = |at: usize| facts.left.contains(&Pc::new(at));
        let after_leaving = called || span.start.index().checked_sub(1).is_some_and(left);
        let wanted =
            span.start == start || facts.blocks.headers.contains(&span.start) || after_leaving;
        if covered && wanted {
            entries.push(span.start);
        }
    }
    entries
}

impl Emitter<'_, '_> {
    pub(super) fn begin_direct(&mut self, arguments: &[ir::Value]) {
        let null = self.b.ins().iconst(types::I64, layout::NULL.cast_signed());
        for at in 0..self.variables.len() {
            let word = arguments.get(at).copied().unwrap_or(null);
            self.b.def_var(self.variables[at].word, word);
        }
        let start = self.facts.blocks.list[0].start;
        self.goto(start);
    }

    /// Goes to the entry that the context names, checking there what its facts say.
    pub(super) fn begin_entered(&mut self) {
        let entry = self.b.ins().load(types::I64, TRUSTED, self.context, offset(layout::ENTRY));
        let refuse = self.b.create_block();
        let mut switch = Switch::new();
        let mut todo = Vec::new();
        for pc in entries(self.linked, self.id, self.facts) {
            let block = self.b.create_block();
            switch.set_entry(pc.index() as u128, block);
            todo.push((pc, block));
        }
        switch.emit(&mut self.b, entry, refuse);
        for (pc, block) in todo {
            self.b.switch_to_block(block);
            let state = self.facts.states[&pc].clone();
            let from =
                self.b.ins().load(types::I64, TRUSTED, self.context, offset(layout::VARIABLES));
            for (at, of) in state.variables.iter().enumerate() {
                self.take_in(from, at, *of, self.variables[at], refuse);
            }
            let from = self.b.ins().load(types::I64, TRUSTED, self.context, offset(layout::STACK));
            for (at, operand) in state.stack.iter().enumerate() {
                if let Operand::Typed(of) = operand {
                    self.take_in(from, at, *of, self.places[at], refuse);
                }
            }
            let target = self.blocks[&pc];
            self.b.ins().jump(target, &[]);
        }
        // Nothing was done and no record is written, so the state stays as it is.
        self.b.switch_to_block(refuse);
        self.b.ins().return_(&[]);
    }

    /// Reads a word of the run's state as a value of that type; goes elsewhere if it is none.
    pub(super) fn take_in(
        &mut self,
        from: ir::Value,
        at: usize,
        of: Type,
        forms: Forms,
        refuse: ir::Block,
    ) {
        let word = self.b.ins().load(types::I64, TRUSTED, from, offset(8 * at));
        self.b.def_var(forms.word, word);
        let ok = match of {
            Type::Word => return,
            Type::Number => self.below(word, layout::FIRST_TAGGED),
            Type::Scalar => self.below(word, layout::FIRST_STORED),
            Type::Bool => {
                let tag = self.b.ins().band_imm_u(word, !1);
                self.b.ins().icmp_imm_u(IntCC::Equal, tag, layout::FALSE.cast_signed())
            }
        };
        let go_on = self.b.create_block();
        self.b.ins().brif(ok, go_on, &[], refuse, &[]);
        self.b.switch_to_block(go_on);
        match of {
            Type::Number => {
                let number = self.b.ins().bitcast(types::F64, MemFlagsData::new(), word);
                self.b.def_var(forms.number, number);
            }
            Type::Bool => {
                let low = self.b.ins().band_imm_u(word, 1);
                let bool = self.b.ins().ireduce(types::I8, low);
                self.b.def_var(forms.bool, bool);
            }
            Type::Scalar | Type::Word => {}
        }
    }
}
