//! Calls: of helpers, of the program's own functions, and of the host.

use super::leave::cold_block;
use super::{Callee, Emitter, Held, TRUSTED, abi, offset, parameter};
use crate::analysis::{Operand, Type, flow};
use crate::codegen::Fault;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self, BlockArg, InstBuilder, types};
use lau_runtime::host::ScalarType;
use lau_runtime::native::{HelperId, layout, status};
use lau_runtime::program::{Action, CallId, FunctionId, Op, Pc, QuantityId, Slot};

/// So many variables are given up one by one where a function returns.
const RELEASED_EACH_MAX: usize = 8;

impl Emitter<'_, '_> {
    /// Calls a helper that costs nothing. One that is called seldom, beside code that is not, is called so
    /// that nothing in registers is lost.
    pub(super) fn helper<const N: usize>(
        &mut self,
        id: HelperId,
        words: [ir::Value; N],
        seldom: bool,
    ) {
        let callee = self.refer(if seldom { Callee::Shim(id) } else { Callee::Helper(id) });
        // What a helper does not look at may be anything.
        let mut arguments = [self.context; 5];
        arguments[2..2 + N].copy_from_slice(&words);
        self.b.ins().call(callee, &arguments);
    }

    /// Calls a helper that pays for what it does.
    pub(super) fn paying_helper<const N: usize>(
        &mut self,
        id: HelperId,
        words: [ir::Value; N],
        seldom: bool,
    ) {
        self.may_leave();
        let callee = self.refer(if seldom { Callee::Shim(id) } else { Callee::Helper(id) });
        let held_back = self.charge.held_back().cast_signed();
        let energy = self.b.use_var(self.energy);
        let usable = self.b.ins().iadd_imm_s(energy, -held_back);
        let mut arguments = [self.context; 5];
        arguments[1] = usable;
        arguments[2..2 + N].copy_from_slice(&words);
        self.b.ins().call(callee, &arguments);
        let energy = self.context_word(layout::ENERGY);
        self.book(usable, energy);
        let energy = self.b.ins().iadd_imm_s(energy, held_back);
        self.b.def_var(self.energy, energy);
    }

    /// Leaves if the last helper did nothing. It cannot be made to: then something would be done twice.
    pub(super) fn guard_done(&mut self) {
        let went = self.context_word(layout::STATUS);
        let ok = self.b.ins().icmp_imm_s(IntCC::Equal, went, status::DONE.cast_signed());
        self.guard_unforced(ok);
    }

    /// Something like a `Null` result, where there is none.
    pub(super) fn nothing(&mut self) -> ir::Value {
        let of = abi(self.task.facts.summaries.result(self.task.id).unwrap_or(Type::Word));
        if of == types::F64 { self.b.ins().f64const(0.0) } else { self.b.ins().iconst(of, 0) }
    }

    /// A value in the form of that type, which holds for it.
    fn formed(&mut self, held: Held, of: Type) -> ir::Value {
        match (of, held) {
            (Type::Number, Held::Number(v)) | (Type::Bool, Held::Bool(v)) => v,
            (Type::Scalar | Type::Word | Type::Never, held) => self.word(held),
            (Type::Number | Type::Bool, _) => unreachable!("the summary says what it is"),
        }
    }

    pub(super) fn call(&mut self, pc: Pc, callee: FunctionId, argc: u8, after: (u64, u32)) {
        let room = self.b.ins().icmp_imm_s(IntCC::SignedGreaterThan, self.depth, 0);
        self.guard(room);
        self.settle();
        if self.main() {
            for (slot, _) in self.flow.summaries.touches(callee) {
                self.flush(slot);
            }
        }
        let below = self.stack.len() - usize::from(argc);
        let arguments = self.stack.split_off(below);
        self.state.stack.truncate(below);
        let depth = self.b.ins().iadd_imm_s(self.depth, -1);
        let (energy, count) = (self.b.use_var(self.energy), self.b.use_var(self.count));
        let mut values = vec![self.context, energy, count, depth];
        for (at, held) in arguments.into_iter().enumerate() {
            let of = parameter(self.task.facts, callee, at);
            values.push(self.formed(held, of));
        }
        self.profile_enter(callee);
        let function = self.refer(Callee::Function(callee));
        let call = self.b.ins().call(function, &values);
        let [energy, count, result] = *self.b.inst_results(call) else {
            unreachable!("the signature of direct versions");
        };
        self.b.def_var(self.energy, energy);
        self.b.def_var(self.count, count);
        let returned = self.b.ins().icmp_imm_s(IntCC::SignedGreaterThanOrEqual, energy, 0);
        // This frame waits for its call.
        let before = std::mem::replace(&mut self.spent, after);
        self.counted.next = Pc::new(pc.index() + 1);
        let stopped = self.leaving(pc, false);
        self.counted.next = pc;
        self.spent = before;
        let go_on = self.b.create_block();
        self.b.ins().brif(returned, go_on, &[], stopped, &[]);
        self.b.switch_to_block(go_on);
        self.b.seal_block(go_on);
        let of = self.flow.summaries.result(callee).unwrap_or(Type::Word);
        self.stack.push(match of {
            Type::Number => Held::Number(result),
            Type::Bool => Held::Bool(result),
            Type::Scalar => Held::Scalar(result),
            Type::Word | Type::Never => Held::Word(result),
        });
        // The flow takes the arguments off what it knows once more.
        self.state.stack.extend(vec![Operand::Typed(Type::Word); argc.into()]);
        self.effect = true;
    }

    /// Writes a memory slot that is in a register to its home, where a callee can see it.
    fn flush(&mut self, slot: Slot) {
        let of = self.state.variable(slot);
        if of != Type::Word && self.state.dirty[slot.index()] {
            let held = self.read(self.variables[slot.index()], of);
            let word = self.word(held);
            self.b.ins().store(TRUSTED, word, self.homes, offset(8 * slot.index()));
            self.state.dirty[slot.index()] = false;
        }
    }

    /// Whether a direct version has so many variables that it gives up what is in their homes by one helper.
    /// What is in a home has no storage then, or is held.
    pub(super) fn gives_up_at_once(&self) -> bool {
        flow::variables(self.linked(), self.task.id) > RELEASED_EACH_MAX
    }

    pub(super) fn return_(&mut self) {
        let (top, of) = match self.stack.pop() {
            Some(held) => {
                let of = self.state.stack.pop().map_or(Type::Word, |top| self.flow.type_of(top));
                (held, of)
            }
            None => (Held::Scalar(self.null()), Type::Scalar),
        };
        for held in std::mem::take(&mut self.stack) {
            self.release(held);
        }
        // What is returned of a variable moves out of it.
        let moved = if let Held::Variable(slot) = top { Some(slot) } else { None };
        let top = if moved.is_some() { Held::Word(self.word(top)) } else { self.owned(top) };
        let variables = flow::variables(self.linked(), self.task.id);
        if self.gives_up_at_once() {
            if let Some(slot) = moved {
                let null = self.null();
                self.b.ins().store(TRUSTED, null, self.homes, offset(8 * slot.index()));
            }
            let count = self.b.ins().iconst(types::I64, variables as i64);
            self.helper(HelperId::ReleaseAll, [self.homes, count], true);
        }
        for at in 0..if self.gives_up_at_once() { 0 } else { variables } {
            let slot = Slot::new(at);
            if self.state.variable(slot) == Type::Word && moved != Some(slot) {
                let word = self.home(slot);
                self.release(Held::Word(word));
            }
        }
        let wanted = self.flow.summaries.result(self.task.id).unwrap_or(Type::Word);
        debug_assert_eq!(wanted.join(of), wanted);
        let result = self.formed(top, wanted);
        self.profile_leave();
        self.end_restart();
        let (energy, count) = (self.b.use_var(self.energy), self.b.use_var(self.count));
        self.b.ins().return_(&[energy, count, result]);
    }

    /// The top operands as ones that are held here, so many of them; exits can go back to here.
    pub(super) fn ready(&mut self, pc: Pc, n: usize) {
        for at in self.stack.len() - n..self.stack.len() {
            if let Held::Variable(_) = self.stack[at] {
                self.stack[at] = self.owned(self.stack[at]);
                self.state.stack[at] = Operand::Typed(Type::Word);
            }
        }
        if std::mem::take(&mut self.effect) {
            self.restart_at(pc);
        }
    }

    /// Lays out the top `n` for a helper.
    fn lay_out(&mut self, n: usize) {
        let operands = self.context_word(layout::OPERANDS);
        let below = self.stack.len() - n;
        for at in 0..n {
            let word = self.word(self.stack[below + at]);
            self.b.ins().store(TRUSTED, word, operands, offset(8 * at));
        }
    }

    /// Makes a list or map of the top `n`.
    pub(super) fn collect(&mut self, pc: Pc, helper: HelperId, n: usize) {
        self.ready(pc, n);
        self.lay_out(n);
        let count = self.b.ins().iconst(types::I64, n as i64);
        self.paying_helper(helper, [count], false);
        self.guard_done();
        let made = self.context_word(layout::WORD);
        self.effect = true;
        self.replace(n, Held::Word(made));
    }

    /// A call of the host with values.
    pub(super) fn host(&mut self, pc: Pc, call: CallId, argc: u8, after: (u64, u32)) {
        let argc = usize::from(argc);
        self.ready(pc, argc);
        self.lay_out(argc);
        let operation = self.b.ins().iconst(types::I64, pc.index() as i64);
        self.paying_helper(HelperId::Call, [operation], false);
        let answer = self.context_word(layout::WORD);
        let held = self.held(answer, self.flow.given(call));
        self.called(pc, argc, Some(held), after, true);
    }

    pub(super) fn typed(
        &mut self,
        pc: Pc,
        direct: flow::Direct<'_>,
        argc: usize,
        after: (u64, u32),
    ) {
        self.pass_numbers(argc);
        self.may_leave();
        let operation = self.b.ins().iconst(types::I64, pc.index() as i64);
        let callee = self.refer(Callee::Helper(HelperId::Typed));
        let call = self.b.ins().call(callee, &[self.context, operation]);
        let result = self.b.inst_results(call)[0];
        let held = match direct.result {
            ScalarType::Bool => Held::Bool(self.nonzero(result)),
            ScalarType::Number => Held::Number(result),
        };
        self.called(pc, argc, Some(held), after, false);
    }

    /// Puts the top operands, which are Numbers and Bools, where helpers find them as doubles.
    pub(super) fn pass_numbers(&mut self, argc: usize) {
        for from_top in (0..argc).rev() {
            let number = match self.stack[self.stack.len() - 1 - from_top] {
                Held::Bool(b) => self.b.ins().fcvt_from_uint(types::F64, b),
                Held::Number(_)
                | Held::Scalar(_)
                | Held::Word(_)
                | Held::Variable(_)
                | Held::Constant(_) => self.number(from_top),
            };
            let place = offset(layout::ARGUMENTS + 8 * (argc - 1 - from_top));
            self.b.ins().store(TRUSTED, number, self.context, place);
        }
    }

    pub(super) fn delegate(&mut self, pc: Pc, op: &Op, after: (u64, u32)) {
        if let Action::Delegate(delegation) = op.action
            && self.main()
        {
            let parts = self.linked().program().parts();
            let field = parts.delegations[delegation.index()].field;
            self.read_all(field);
            self.flush(field);
            if field.index() < self.state.variables.len() {
                self.state.variables[field.index()] = Type::Word;
                self.state.dirty[field.index()] = false;
            }
        }
        self.restart_at(pc);
        let operation = self.b.ins().iconst(types::I64, pc.index() as i64);
        self.paying_helper(HelperId::Delegate, [operation], false);
        self.called(pc, 0, None, after, false);
    }

    /// Goes on after a call of the host that went well, with its result in place of the operands; else
    /// leaves where the status says.
    fn called(
        &mut self,
        pc: Pc,
        argc: usize,
        result: Option<Held>,
        after: (u64, u32),
        may_be_undone: bool,
    ) {
        if self.task.options.fault == Some(Fault::RepeatedHostCall) {
            let never = self.b.ins().iconst(types::I8, 0);
            self.guard_unforced(never);
        }
        let went = self.context_word(layout::STATUS);
        if may_be_undone {
            let not = status::NOT_DONE.cast_signed();
            let made = self.b.ins().icmp_imm_s(IntCC::NotEqual, went, not);
            self.guard_unforced(made);
        }
        let before = std::mem::replace(&mut self.spent, after);
        self.counted.next = Pc::new(pc.index() + 1);
        let pending = self.leaving(pc, true);
        self.stack.truncate(self.stack.len() - argc);
        let known = self.state.clone();
        self.state.stack.truncate(self.state.stack.len() - argc);
        if let Some(result) = result {
            self.stack.push(result);
        }
        let stop = self.leaving(Pc::new(pc.index() + 1), true);
        self.state = known;
        self.spent = before;
        self.counted.next = pc;
        let (go_on, not) = (self.b.create_block(), cold_block(&mut self.b));
        let done = self.b.ins().icmp_imm_s(IntCC::Equal, went, status::DONE.cast_signed());
        self.b.ins().brif(done, go_on, &[], not, &[]);
        self.b.switch_to_block(not);
        self.b.seal_block(not);
        let stops = self.b.ins().icmp_imm_s(IntCC::Equal, went, status::STOP.cast_signed());
        self.b.ins().brif(stops, stop, &[] as &[BlockArg], pending, &[] as &[BlockArg]);
        self.b.switch_to_block(go_on);
        self.b.seal_block(go_on);
        self.effect = true;
    }

    pub(super) fn energy_check(&mut self, quantity: QuantityId, after: (u64, u32)) {
        if !self.task.options.metering {
            return;
        }
        let wanted = self.linked().program().parts().quantities[quantity.index()].thousandths();
        let prepaid = self.charge.cheapest - after.0;
        let energy = self.b.use_var(self.energy);
        let energy = self.b.ins().iadd_imm_s(energy, prepaid.cast_signed());
        let reserve = self.context_word(layout::RESERVE);
        let left = self.b.ins().iadd(energy, reserve);
        let wanted = self.b.ins().iconst(types::I64, wanted.cast_signed());
        let enough = self.b.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, left, wanted);
        self.guard(enough);
    }
}
