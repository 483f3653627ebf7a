//! Lists of Numbers, read and written in place under the all-numbers bit of their header.

use super::{Emitter, Held, TRUSTED, offset};
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{self, InstBuilder, types};
use lau_runtime::native::layout;
use lau_runtime::program::{Pc, Slot};

impl Emitter<'_, '_> {
    /// The object of a variable's List; leaves if it is none.
    pub(super) fn list(&mut self, pc: Pc, slot: Slot, before: (u32, u32)) -> ir::Value {
        let word = self.b.use_var(self.variables[slot.index()].word);
        let tag = self.b.ins().ushr_imm_u(word, 48);
        let wanted = (layout::LIST >> 48).cast_signed();
        let is_list = self.b.ins().icmp_imm_u(IntCC::Equal, tag, wanted);
        self.guard(is_list, pc, before);
        self.b.ins().band_imm_u(word, layout::POINTER.cast_signed())
    }

    /// The address of an element of a list of Numbers; leaves if there is no such element. The index is a
    /// Number on the stack, so far from the top.
    pub(super) fn element(
        &mut self,
        pc: Pc,
        slot: Slot,
        from_top: usize,
        before: (u32, u32),
    ) -> (ir::Value, ir::Value) {
        let index = self.number(pc, from_top, before);
        let object = self.list(pc, slot, before);
        let whole = self.b.ins().fcvt_to_sint_sat(types::I64, index);
        let back = self.b.ins().fcvt_from_sint(types::F64, whole);
        let exact = self.b.ins().fcmp(FloatCC::Equal, back, index);
        let len = self.b.ins().load(types::I64, TRUSTED, object, offset(layout::LEN));
        let inside = self.b.ins().icmp(IntCC::UnsignedLessThan, whole, len);
        let numbers = self.b.ins().load(types::I8, TRUSTED, object, offset(layout::ALL_NUMBERS));
        let ok = self.b.ins().band(exact, inside);
        let ok = self.b.ins().band(ok, numbers);
        self.guard(ok, pc, before);
        let data = self.b.ins().load(types::I64, TRUSTED, object, offset(layout::DATA));
        let bytes = self.b.ins().ishl_imm_u(whole, 3);
        (self.b.ins().iadd(data, bytes), object)
    }

    pub(super) fn get(&mut self, pc: Pc, before: (u32, u32)) -> ir::Value {
        let Held::Variable(slot) = self.stack[self.stack.len() - 2] else {
            unreachable!("the flow covers variables only");
        };
        let (address, _) = self.element(pc, slot, 0, before);
        self.b.ins().load(types::F64, TRUSTED, address, 0)
    }

    pub(super) fn put(&mut self, pc: Pc, slot: Slot, before: (u32, u32)) {
        let value = self.number(pc, 0, before);
        let (address, object) = self.element(pc, slot, 1, before);
        let holders = self.b.ins().load(types::I32, TRUSTED, object, offset(layout::HOLDERS));
        let alone = self.b.ins().icmp_imm_u(IntCC::Equal, holders, 1);
        self.guard(alone, pc, before);
        self.b.ins().store(TRUSTED, value, address, 0);
        self.stack.truncate(self.stack.len() - 2);
    }

    pub(super) fn append(&mut self, pc: Pc, slot: Slot, before: (u32, u32)) {
        let value = self.word(self.stack[self.stack.len() - 1]);
        let memory =
            self.b.ins().load(types::I64, TRUSTED, self.context, offset(layout::VARIABLES));
        let place = offset(8 * slot.index());
        let forms = self.variables[slot.index()];
        if self.state.dirty[slot.index()] {
            let word = self.b.use_var(forms.word);
            self.b.ins().store(TRUSTED, word, memory, place);
        }
        let number = self.b.ins().iconst(types::I64, slot.index() as i64);
        let call = self.b.ins().call(self.callees.append, &[self.context, number, value]);
        let done = self.b.inst_results(call)[0];
        self.guard(done, pc, before);
        // A list that grows may move, and its word with it.
        let word = self.b.ins().load(types::I64, TRUSTED, memory, place);
        self.b.def_var(forms.word, word);
        self.stack.pop();
    }
}
