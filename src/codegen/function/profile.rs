//! Keeping a profile, in code that is made for that; any other is as if this were not here.
//!
//! Where a block begins, all of it that is covered is counted: one more where it begins, one less where it
//! ends, in the cells of the function in progress, whose address is read anew each time. What an operation
//! costs beyond the price in the program is booked there too, where it is paid in advance, and where a
//! helper takes it, after the helper. An exit says what of that is not executed; it is taken back there.

use super::{Emitter, TRUSTED, Version, offset};
use crate::analysis::{Block as Span, Step};
use cranelift_codegen::ir::{self, InstBuilder, types};
use lau_runtime::native::{HelperId, layout};
use lau_runtime::program::{FunctionId, Pc};
use std::ops::Range;
use std::sync::Arc;

/// What a profile has of a block where code is.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    /// The first operation that is not executed; where one is being made, that one.
    pub(super) next: Pc,
    /// One past the last that is counted.
    pub(super) end: Pc,
    /// What of the block is booked in advance, beyond the prices in the program. Shared by all of its exits.
    beyond: Arc<[(Pc, u64)]>,
}

impl Default for Counted {
    fn default() -> Self {
        Counted { next: Pc::new(0), end: Pc::new(0), beyond: Arc::default() }
    }
}

impl Counted {
    /// The operations that are counted and not executed, and what is booked of the block.
    pub(super) fn not_executed(self) -> (Range<Pc>, Arc<[(Pc, u64)]>) {
        (self.next..self.end, self.beyond)
    }
}

impl Emitter<'_, '_> {
    /// Counts so many operations of a block that begins.
    pub(super) fn count(&mut self, span: Span, operations: usize) {
        let end = Pc::new(span.start.index() + operations);
        self.counted = Counted { next: span.start, end: span.start, ..Counted::default() };
        if !self.task.options.profile || operations == 0 {
            return;
        }
        self.counted.end = end;
        let ops = &self.linked().program().parts().ops;
        let (mut state, mut all) = (self.state.clone(), Vec::new());
        for (at, op) in (span.start.index()..end.index()).zip(&ops[span.start.index()..]) {
            let beyond = self.flow.price(op, &state) - u64::from(op.energy);
            if beyond > 0 {
                all.push((Pc::new(at), beyond));
            }
            let step = self.flow.step(Pc::new(at), op, &mut state);
            debug_assert_eq!(step, Step::Done, "as many are covered");
        }
        let cells = self.context_word(layout::CELLS);
        let one = self.b.ins().iconst(types::I64, 1);
        self.add(cells, span.start, layout::VISITS, one);
        let less = self.b.ins().iconst(types::I64, -1);
        self.add(cells, end, layout::VISITS, less);
        for (pc, beyond) in &all {
            let beyond = self.b.ins().iconst(types::I64, beyond.cast_signed());
            self.add(cells, *pc, layout::BEYOND, beyond);
        }
        self.counted.beyond = all.into();
    }

    /// Books what a helper took for the operation that is being made. Nobody takes that back, so exits go back
    /// to behind it.
    pub(super) fn book(&mut self, before: ir::Value, after: ir::Value) {
        if self.task.options.profile {
            self.effect = true;
            let taken = self.b.ins().isub(before, after);
            let cells = self.context_word(layout::CELLS);
            self.add(cells, self.counted.next, layout::BEYOND, taken);
        }
    }

    /// Adds to what is kept of an operation.
    fn add(&mut self, cells: ir::Value, pc: Pc, field: usize, more: ir::Value) {
        let code = &self.linked().program().parts().functions[self.task.id.index()].code;
        let at = offset(layout::CELL * (pc.index() - code.start as usize) + field);
        let kept = self.b.ins().load(types::I64, TRUSTED, cells, at);
        let kept = self.b.ins().iadd(kept, more);
        self.b.ins().store(TRUSTED, kept, cells, at);
    }

    /// A function is about to be called.
    pub(super) fn profile_enter(&mut self, callee: FunctionId) {
        if self.task.options.profile {
            let callee = self.b.ins().iconst(types::I64, callee.index() as i64);
            self.helper(HelperId::ProfileEnter, [callee], false);
        }
    }

    /// This function is about to return to native code.
    pub(super) fn profile_leave(&mut self) {
        if self.task.options.profile {
            debug_assert_eq!(self.task.version, Version::Direct, "others leave there");
            self.helper(HelperId::ProfileLeave, [] as [ir::Value; 0], false);
        }
    }
}
