//! Lists, maps and texts: lists of Numbers are read and written in place, the rest by helpers.

use super::leave::cold_block;
use super::{Emitter, Held, TRUSTED, offset};
use crate::analysis::Operand;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{self, BlockArg, InstBuilder, types};
use lau_runtime::native::{HelperId, layout};
use lau_runtime::program::{Pc, Slot};

impl Emitter<'_, '_> {
    fn is_list(&mut self, word: ir::Value) -> ir::Value {
        let tag = self.b.ins().ushr_imm_u(word, 48);
        let wanted = (layout::LIST >> 48).cast_signed();
        self.b.ins().icmp_imm_s(IntCC::Equal, tag, wanted)
    }

    /// Whether a Number is the index of an element of a list, and that element's address if it is.
    fn element(&mut self, object: ir::Value, index: ir::Value) -> (ir::Value, ir::Value) {
        let whole = self.b.ins().fcvt_to_sint_sat(types::I64, index);
        let back = self.b.ins().fcvt_from_sint(types::F64, whole);
        let exact = self.b.ins().fcmp(FloatCC::Equal, back, index);
        let len = self.b.ins().load(types::I64, TRUSTED, object, offset(layout::LEN));
        let inside = self.b.ins().icmp(IntCC::UnsignedLessThan, whole, len);
        let ok = self.b.ins().band(exact, inside);
        let data = self.b.ins().load(types::I64, TRUSTED, object, offset(layout::DATA));
        let bytes = self.b.ins().ishl_imm_u(whole, 3);
        (ok, self.b.ins().iadd(data, bytes))
    }

    fn all_numbers(&mut self, object: ir::Value) -> ir::Value {
        let at = offset(layout::ALL_NUMBERS);
        let bit = self.b.ins().load(types::I8, TRUSTED, object, at);
        self.b.ins().icmp_imm_u(IntCC::NotEqual, bit, 0)
    }

    pub(super) fn get(&mut self, pc: Pc) {
        let top = self.state.stack.len();
        let (container, key) = (self.state.stack[top - 2], self.state.stack[top - 1]);
        if self.flow.assumes_numbers(pc, container, key) {
            return self.get_number(pc);
        }
        let held = self.stack[self.stack.len() - 2];
        let word = self.word(held);
        let key_held = self.stack[self.stack.len() - 1];
        let key_word = self.word(key_held);
        let result = if self.flow.is_number(key) {
            let index = self.number(0);
            self.get_any(word, index, key_word)
        } else {
            self.paying_helper(HelperId::Get, [word, key_word], false);
            self.guard_done();
            self.context_word(layout::WORD)
        };
        self.effect = true;
        self.consume(2, Held::Word(result));
    }

    /// `get` of what is taken to be a list of Numbers.
    fn get_number(&mut self, pc: Pc) {
        let held = self.stack[self.stack.len() - 2];
        let word = self.word(held);
        let is_list = self.is_list(word);
        // Before the key: in a map, by a Text, it is this that was assumed wrongly.
        self.guard_assumed(is_list, pc);
        let index = self.number(0);
        let object = self.object(word);
        let numbers = self.all_numbers(object);
        let (inside, address) = self.element(object, index);
        let ok = self.b.ins().band(numbers, inside);
        self.guard_assumed(ok, pc);
        let result = self.b.ins().load(types::F64, TRUSTED, address, 0);
        self.consume(2, Held::Number(result));
    }

    /// `get` by a Number: of a list here, of anything else by a helper.
    fn get_any(&mut self, word: ir::Value, index: ir::Value, key: ir::Value) -> ir::Value {
        let (list, element, there, go_on) = (
            self.b.create_block(),
            self.b.create_block(),
            cold_block(&mut self.b),
            self.b.create_block(),
        );
        self.b.append_block_param(go_on, types::I64);
        let is_list = self.is_list(word);
        self.b.ins().brif(is_list, list, &[], there, &[]);
        self.b.switch_to_block(list);
        self.b.seal_block(list);
        let object = self.object(word);
        let (inside, address) = self.element(object, index);
        self.b.ins().brif(inside, element, &[], there, &[]);
        self.b.switch_to_block(element);
        self.b.seal_block(element);
        let result = self.b.ins().load(types::I64, TRUSTED, address, 0);
        self.hold(result);
        self.b.ins().jump(go_on, &[BlockArg::Value(result)]);
        self.b.switch_to_block(there);
        self.b.seal_block(there);
        self.paying_helper(HelperId::Get, [word, key], true);
        self.guard_done();
        let result = self.context_word(layout::WORD);
        self.b.ins().jump(go_on, &[BlockArg::Value(result)]);
        self.b.switch_to_block(go_on);
        self.b.seal_block(go_on);
        self.b.block_params(go_on)[0]
    }

    pub(super) fn len(&mut self) {
        let held = self.stack[self.stack.len() - 1];
        let word = self.word(held);
        let (list, there, go_on) =
            (self.b.create_block(), cold_block(&mut self.b), self.b.create_block());
        self.b.append_block_param(go_on, types::F64);
        let is_list = self.is_list(word);
        self.b.ins().brif(is_list, list, &[], there, &[]);
        self.b.switch_to_block(list);
        self.b.seal_block(list);
        let object = self.object(word);
        let len = self.b.ins().load(types::I64, TRUSTED, object, offset(layout::LEN));
        let len = self.b.ins().fcvt_from_sint(types::F64, len);
        self.b.ins().jump(go_on, &[BlockArg::Value(len)]);
        self.b.switch_to_block(there);
        self.b.seal_block(there);
        self.paying_helper(HelperId::Len, [word], true);
        self.guard_done();
        let len = self.context_word(layout::WORD);
        let len = self.number_of(len);
        self.b.ins().jump(go_on, &[BlockArg::Value(len)]);
        self.b.switch_to_block(go_on);
        self.b.seal_block(go_on);
        let len = self.b.block_params(go_on)[0];
        self.consume(1, Held::Number(len));
    }

    pub(super) fn has(&mut self) {
        let at = self.stack.len();
        let (container, key) = (self.stack[at - 2], self.stack[at - 1]);
        let (container, key) = (self.word(container), self.word(key));
        self.paying_helper(HelperId::Has, [container, key], false);
        self.guard_done();
        let result = self.bool_result();
        self.consume(2, Held::Bool(result));
    }

    fn address(&mut self, slot: Slot) -> ir::Value {
        self.b.ins().iadd_imm_s(self.homes, 8 * slot.index() as i64)
    }

    pub(super) fn append(&mut self, pc: Pc, slot: Slot) {
        self.read_all(slot);
        self.ready(pc, 1);
        let held = self.stack[self.stack.len() - 1];
        let value = self.word(held);
        let address = self.address(slot);
        self.paying_helper(HelperId::Append, [address, value], false);
        self.guard_done();
        self.stack.pop();
        self.effect = true;
    }

    pub(super) fn put(&mut self, pc: Pc, slot: Slot) {
        self.read_all(slot);
        let top = self.state.stack.len();
        let [key, value]: [Operand; 2] = [self.state.stack[top - 2], self.state.stack[top - 1]];
        let in_place = self.flow.is_number(key) && self.flow.is_number(value);
        self.ready(pc, 1);
        let (key_held, value_held) =
            (self.stack[self.stack.len() - 2], self.stack[self.stack.len() - 1]);
        let go_on = in_place.then(|| self.put_number(slot));
        let (key, value) = (self.word(key_held), self.word(value_held));
        let address = self.address(slot);
        self.paying_helper(HelperId::Put, [address, key, value], in_place);
        self.guard_done();
        if let Some(go_on) = go_on {
            self.b.ins().jump(go_on, &[]);
            self.b.switch_to_block(go_on);
            self.b.seal_block(go_on);
        }
        self.stack.pop();
        if let Some(key) = self.stack.pop() {
            self.release(key);
        }
        self.effect = true;
    }

    /// Puts a Number into a list of Numbers that nothing else holds, and goes on; what comes next is for
    /// any other case. Gives where it goes on.
    fn put_number(&mut self, slot: Slot) -> ir::Block {
        let (value, index) = (self.number(0), self.number(1));
        let (list, element, there, go_on) = (
            self.b.create_block(),
            self.b.create_block(),
            cold_block(&mut self.b),
            self.b.create_block(),
        );
        let word = self.home(slot);
        let is_list = self.is_list(word);
        self.b.ins().brif(is_list, list, &[], there, &[]);
        self.b.switch_to_block(list);
        self.b.seal_block(list);
        let object = self.object(word);
        let numbers = self.all_numbers(object);
        let holders = self.b.ins().load(types::I32, TRUSTED, object, offset(layout::HOLDERS));
        let alone = self.b.ins().icmp_imm_u(IntCC::Equal, holders, 1);
        let (inside, address) = self.element(object, index);
        let ok = self.b.ins().band(numbers, alone);
        let ok = self.b.ins().band(ok, inside);
        self.b.ins().brif(ok, element, &[], there, &[]);
        self.b.switch_to_block(element);
        self.b.seal_block(element);
        self.b.ins().store(TRUSTED, value, address, 0);
        self.b.ins().jump(go_on, &[]);
        self.b.switch_to_block(there);
        self.b.seal_block(there);
        go_on
    }
}
