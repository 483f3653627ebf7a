//! Truth and comparison: Numbers here, anything else by a helper.

use super::leave::cold_block;
use super::{Emitter, Held};
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{self, BlockArg, InstBuilder, types};
use lau_runtime::native::{HelperId, layout};
use lau_runtime::program::Opcode;

impl Emitter<'_, '_> {
    pub(super) fn nonzero(&mut self, n: ir::Value) -> ir::Value {
        let zero = self.b.ins().f64const(0.0);
        self.b.ins().fcmp(FloatCC::NotEqual, n, zero)
    }

    /// Whether the value so far from the top is truthy, 0 or 1.
    pub(super) fn truth(&mut self, from_top: usize) -> ir::Value {
        let held = self.stack[self.stack.len() - 1 - from_top];
        match held {
            Held::Bool(b) => return b,
            Held::Number(n) => return self.nonzero(n),
            Held::Scalar(_) | Held::Word(_) | Held::Variable(_) | Held::Constant(_) => {}
        }
        let word = self.word(held);
        if let Held::Scalar(_) = held {
            return self.scalar_truth(word);
        }
        let (here, there, go_on) =
            (self.b.create_block(), cold_block(&mut self.b), self.b.create_block());
        self.b.append_block_param(go_on, types::I8);
        let scalar = self.below(word, layout::FIRST_STORED);
        self.b.ins().brif(scalar, here, &[], there, &[]);
        self.b.switch_to_block(here);
        self.b.seal_block(here);
        let truth = self.scalar_truth(word);
        self.b.ins().jump(go_on, &[BlockArg::Value(truth)]);
        self.b.switch_to_block(there);
        self.b.seal_block(there);
        self.helper(HelperId::Truthy, [word], true);
        let truth = self.bool_result();
        self.b.ins().jump(go_on, &[BlockArg::Value(truth)]);
        self.b.switch_to_block(go_on);
        self.b.seal_block(go_on);
        self.b.block_params(go_on)[0]
    }

    fn scalar_truth(&mut self, word: ir::Value) -> ir::Value {
        let number = self.number_of(word);
        let nonzero = self.nonzero(number);
        let is_number = self.below(word, layout::FIRST_TAGGED);
        let truthy = layout::FALSE.cast_signed() | 1;
        let is_true = self.b.ins().icmp_imm_s(IntCC::Equal, word, truthy);
        self.b.ins().select(is_number, nonzero, is_true)
    }

    /// The Bool that a helper gave.
    pub(super) fn bool_result(&mut self) -> ir::Value {
        let word = self.context_word(layout::WORD);
        let low = self.b.ins().ireduce(types::I8, word);
        self.b.ins().band_imm_u(low, 1)
    }

    /// Compares the top two, as the instruction does that compares Numbers in this way.
    pub(super) fn compare(&mut self, how: FloatCC, opcode: Opcode) {
        let top = self.state.stack.len();
        let known = self.state.stack[top - 2..].iter().filter(|o| self.flow.is_number(**o)).count();
        let ordered = !matches!(how, FloatCC::Equal | FloatCC::NotEqual);
        if known == 2 || known == 1 && ordered {
            let (a, b) = (self.number(1), self.number(0));
            let result = self.b.ins().fcmp(how, a, b);
            return self.replace(2, Held::Bool(result));
        }
        let at = self.stack.len();
        let [a, b] = [self.stack[at - 2], self.stack[at - 1]];
        let (a, b) = (self.word(a), self.word(b));
        let (first, second) =
            (self.below(a, layout::FIRST_TAGGED), self.below(b, layout::FIRST_TAGGED));
        let numbers = self.b.ins().band(first, second);
        let (here, there, go_on) =
            (self.b.create_block(), cold_block(&mut self.b), self.b.create_block());
        self.b.append_block_param(go_on, types::I8);
        self.b.ins().brif(numbers, here, &[], there, &[]);
        self.b.switch_to_block(here);
        self.b.seal_block(here);
        let (x, y) = (self.number_of(a), self.number_of(b));
        let result = self.b.ins().fcmp(how, x, y);
        self.b.ins().jump(go_on, &[BlockArg::Value(result)]);
        self.b.switch_to_block(there);
        self.b.seal_block(there);
        let number = self.b.ins().iconst(types::I64, opcode as i64);
        self.paying_helper(HelperId::Compare, [a, b, number], true);
        self.guard_done();
        let result = self.bool_result();
        self.b.ins().jump(go_on, &[BlockArg::Value(result)]);
        self.b.switch_to_block(go_on);
        self.b.seal_block(go_on);
        let result = self.b.block_params(go_on)[0];
        self.consume(2, Held::Bool(result));
    }
}
