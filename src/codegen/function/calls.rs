//! Calls: of the program's own functions, and of typed builtins of the host.

use super::{Emitter, Held, TRUSTED, offset};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self, InstBuilder, types};
use lau_runtime::host::ScalarType;
use lau_runtime::native::layout;
use lau_runtime::program::{Action, Callee, FunctionId, Op, Pc};

impl Emitter<'_, '_> {
    pub(super) fn call(&mut self, pc: Pc, callee: FunctionId, argc: u8, before: (u32, u32)) {
        let zero = self.b.ins().iconst(types::I64, 0);
        let room = self.b.ins().icmp(IntCC::SignedGreaterThan, self.depth, zero);
        self.guard(room, pc, before);
        let argc = usize::from(argc);
        let words: Vec<ir::Value> =
            (0..argc).rev().map(|from_top| self.scalar(pc, from_top, before)).collect();
        let depth = self.b.ins().iadd_imm_s(self.depth, -1);
        let (energy, count) = (self.b.use_var(self.energy), self.b.use_var(self.count));
        let mut arguments = vec![self.context, energy, count, depth];
        arguments.extend(words);
        let call = self.b.ins().call(self.callees.functions[&callee], &arguments);
        let [energy, count, result] = *self.b.inst_results(call) else {
            unreachable!("the signature of direct versions");
        };
        self.b.def_var(self.energy, energy);
        self.b.def_var(self.count, count);
        self.stack.truncate(self.stack.len() - argc);
        let zero = self.b.ins().iconst(types::I64, 0);
        let returned = self.b.ins().icmp(IntCC::SignedGreaterThanOrEqual, energy, zero);
        let (go_on, stopped) = (self.b.create_block(), self.b.create_block());
        self.b.set_cold_block(stopped);
        self.b.ins().brif(returned, go_on, &[], stopped, &[]);
        self.b.switch_to_block(stopped);
        self.leave(pc, (0, 0), false); // this frame waits for its call
        self.b.switch_to_block(go_on);
        self.stack.push(Held::Scalar(result));
        // The arguments are gone from `stack` already; let the flow see them go as well.
    }

    pub(super) fn typed(
        &mut self,
        pc: Pc,
        op: &Op,
        argc: u8,
        before: (u32, u32),
        after: (u32, u32),
    ) {
        let Action::CallOut(call, _) = op.action else { unreachable!("as the caller matched") };
        let Callee::Builtin(at) = self.linked.callee(call) else {
            unreachable!("the flow covers builtins only");
        };
        let signature = self.linked.interface().builtin(at).1;
        let argc = usize::from(argc);
        for from_top in (0..argc).rev() {
            let number = match self.stack[self.stack.len() - 1 - from_top] {
                Held::Bool(b) => self.b.ins().fcvt_from_uint(types::F64, b),
                Held::Number(_) | Held::Scalar(_) | Held::Variable(_) | Held::Constant(_) => {
                    self.number(pc, from_top, before)
                }
            };
            let place = offset(layout::ARGUMENTS + 8 * (argc - 1 - from_top));
            self.b.ins().store(TRUSTED, number, self.context, place);
        }
        let number = self.b.ins().iconst(types::I64, pc.index() as i64);
        let call = self.b.ins().call(self.callees.typed, &[self.context, number]);
        let result = self.b.inst_results(call)[0];
        let failed = self.b.ins().load(types::I64, TRUSTED, self.context, offset(layout::FAILED));
        let fine = self.b.ins().icmp_imm_u(IntCC::Equal, failed, 0);
        self.guard(fine, pc, after); // the call is made and paid, and is not repeated
        let held = match signature.result {
            Some(ScalarType::Bool) => Held::Bool(self.nonzero(result)),
            Some(ScalarType::Number) | None => Held::Number(result),
        };
        self.replace(argc, held);
    }
}
