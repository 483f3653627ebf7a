//! Values on the stack and in variables: reading, writing, and checking what they are.

use super::{Emitter, Forms, Held, TRUSTED, offset};
use crate::analysis::{Operand, Type};
use crate::codegen::Fault;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self, InstBuilder, MemFlagsData, types};
use lau_runtime::Value;
use lau_runtime::native::layout;
use lau_runtime::program::{ConstantId, Slot};

impl Emitter<'_, '_> {
    fn constant(&self, id: ConstantId) -> &Value {
        &self.task.linked.program().parts().constants[id.index()]
    }

    pub(super) fn read(&mut self, forms: Forms, of: Type) -> Held {
        match of {
            Type::Number => Held::Number(self.b.use_var(forms.number)),
            Type::Bool => Held::Bool(self.b.use_var(forms.bool)),
            Type::Scalar => Held::Scalar(self.b.use_var(forms.word)),
            Type::Word | Type::Never => Held::Word(self.b.use_var(forms.word)),
        }
    }

    pub(super) fn write(&mut self, forms: Forms, held: Held) {
        match held {
            Held::Number(v) => self.b.def_var(forms.number, v),
            Held::Bool(v) => self.b.def_var(forms.bool, v),
            Held::Scalar(v) | Held::Word(v) => self.b.def_var(forms.word, v),
            Held::Variable(_) | Held::Constant(_) => unreachable!("it has been read"),
        }
    }

    /// A word from its bits, or a number's bits.
    pub(super) fn bits(&mut self, number: ir::Value) -> ir::Value {
        self.b.ins().bitcast(types::I64, MemFlagsData::new(), number)
    }

    pub(super) fn number_of(&mut self, word: ir::Value) -> ir::Value {
        self.b.ins().bitcast(types::F64, MemFlagsData::new(), word)
    }

    /// What is in the home of a variable, as it is.
    pub(super) fn home(&mut self, slot: Slot) -> ir::Value {
        self.b.ins().load(types::I64, TRUSTED, self.homes, offset(8 * slot.index()))
    }

    /// A memory field that was never stored reads as `Null`.
    pub(super) fn or_null(&mut self, word: ir::Value) -> ir::Value {
        let absent = self.b.ins().icmp_imm_s(IntCC::Equal, word, layout::ABSENT.cast_signed());
        let null = self.null();
        self.b.ins().select(absent, null, word)
    }

    pub(super) fn null(&mut self) -> ir::Value {
        self.b.ins().iconst(types::I64, layout::NULL.cast_signed())
    }

    /// The value so far from the top as a Number, checked where that is not known.
    pub(super) fn number(&mut self, from_top: usize) -> ir::Value {
        let at = self.stack.len() - 1 - from_top;
        match self.stack[at] {
            Held::Number(n) => n,
            Held::Constant(constant) => {
                let n = self.constant(constant).as_f64().expect("the flow covers Numbers only");
                let n = self.b.ins().f64const(if n.is_nan() { f64::NAN } else { n });
                self.stack[at] = Held::Number(n);
                n
            }
            Held::Scalar(word) | Held::Word(word) => {
                let number = self.checked_number(word);
                self.stack[at] = Held::Number(number);
                self.state.stack[at] = Operand::Typed(Type::Number);
                number
            }
            Held::Variable(slot) => {
                let word = self.home(slot);
                let number = self.checked_number(word);
                if let Some(forms) = self.variables.get(slot.index()) {
                    self.b.def_var(forms.number, number);
                }
                self.state.refine(slot, Type::Number);
                for held in &mut self.stack {
                    if matches!(held, Held::Variable(other) if *other == slot) {
                        *held = Held::Number(number);
                    }
                }
                number
            }
            Held::Bool(_) => unreachable!("the flow covers Numbers only"),
        }
    }

    fn checked_number(&mut self, word: ir::Value) -> ir::Value {
        if self.task.options.fault != Some(Fault::LostExit) {
            let ok = self.below(word, layout::FIRST_TAGGED);
            self.guard(ok);
        }
        self.number_of(word)
    }

    /// A value as a word, whoever holds it.
    pub(super) fn word(&mut self, held: Held) -> ir::Value {
        match held {
            Held::Number(n) => self.bits(n),
            Held::Bool(b) => {
                let wide = self.b.ins().uextend(types::I64, b);
                self.b.ins().bor_imm_s(wide, layout::FALSE.cast_signed())
            }
            Held::Scalar(word) | Held::Word(word) => word,
            Held::Variable(slot) => {
                let word = self.home(slot);
                if self.main() { self.or_null(word) } else { word }
            }
            Held::Constant(id) => {
                let bits = match self.constant(id) {
                    Value::Null => layout::NULL,
                    Value::Bool(b) => layout::FALSE | u64::from(*b),
                    Value::Number(n) => if n.is_nan() { f64::NAN } else { *n }.to_bits(),
                    Value::Text(_) | Value::List(_) | Value::Map(_) | Value::Reference(_) => {
                        let constants = self.context_word(layout::CONSTANTS);
                        let at = offset(8 * id.index());
                        return self.b.ins().load(types::I64, TRUSTED, constants, at);
                    }
                };
                self.b.ins().iconst(types::I64, bits.cast_signed())
            }
        }
    }

    pub(super) fn below(&mut self, word: ir::Value, bound: u64) -> ir::Value {
        let bound = self.b.ins().iconst(types::I64, bound.cast_signed());
        self.b.ins().icmp(IntCC::UnsignedLessThan, word, bound)
    }

    pub(super) fn load(&mut self, slot: Slot) {
        let held = match self.state.variable(slot) {
            Type::Word | Type::Never => Held::Variable(slot),
            of @ (Type::Number | Type::Bool) => self.read(self.variables[slot.index()], of),
            Type::Scalar => {
                let word = self.b.use_var(self.variables[slot.index()].word);
                Held::Scalar(if self.main() { self.or_null(word) } else { word })
            }
        };
        self.stack.push(held);
    }

    /// Puts what a variable holds now in place of what is on the stack of it.
    pub(super) fn read_all(&mut self, slot: Slot) {
        for at in 0..self.stack.len() {
            if matches!(self.stack[at], Held::Variable(other) if other == slot) {
                self.stack[at] = self.owned(self.stack[at]);
                self.state.stack[at] = Operand::Typed(Type::Word);
            }
        }
    }

    pub(super) fn store(&mut self, slot: Slot) {
        let held = match self.stack.pop() {
            Some(held) => held,
            None => Held::Scalar(self.null()),
        };
        let of = self.state.stack.last().map_or(Type::Scalar, |top| self.flow.type_of(*top));
        let held = self.typed_as(held, of);
        let was = self.state.variable(slot);
        if of != Type::Word && was != Type::Word {
            self.save(slot);
            self.write(self.variables[slot.index()], held);
            return;
        }
        let held = self.owned(held);
        self.read_all(slot);
        let word = self.word(held);
        let old = (was == Type::Word).then(|| self.home(slot));
        self.b.ins().store(TRUSTED, word, self.homes, offset(8 * slot.index()));
        self.effect = true;
        if let Some(old) = old {
            self.release(Held::Word(old));
        }
        if of != Type::Word && slot.index() < self.variables.len() {
            self.write(self.variables[slot.index()], held);
        }
    }

    /// A constant in the form of its type.
    fn typed_as(&mut self, held: Held, of: Type) -> Held {
        let Held::Constant(_) = held else { return held };
        let word = self.word(held);
        self.held(word, of) // a constant, which is not counted
    }

    /// A word that is known to be of that type.
    pub(super) fn held(&mut self, word: ir::Value, of: Type) -> Held {
        match of {
            Type::Number => Held::Number(self.number_of(word)),
            Type::Bool => {
                let low = self.b.ins().ireduce(types::I8, word);
                Held::Bool(self.b.ins().band_imm_u(low, 1))
            }
            Type::Scalar => Held::Scalar(word),
            Type::Word | Type::Never => Held::Word(word),
        }
    }

    pub(super) fn take(&mut self, slot: Slot) {
        let of = self.state.variable(slot);
        let null = self.null();
        if of == Type::Word {
            self.read_all(slot);
            let word = self.word(Held::Variable(slot));
            self.b.ins().store(TRUSTED, null, self.homes, offset(8 * slot.index()));
            self.effect = true;
            self.stack.push(Held::Word(word));
        } else {
            self.load(slot);
            self.save(slot);
        }
        if slot.index() < self.variables.len() {
            self.b.def_var(self.variables[slot.index()].word, null);
        }
    }

    pub(super) fn observe(&mut self, slot: Slot) {
        let memory = self.context_word(layout::MEMORY);
        let word = self.b.ins().load(types::I64, TRUSTED, memory, offset(8 * slot.index()));
        let word = self.or_null(word);
        self.hold(word);
        self.stack.push(Held::Word(word));
    }

    pub(super) fn publish(&mut self, slot: Slot) {
        let held = match self.stack.pop() {
            Some(held) => self.owned(held),
            None => Held::Scalar(self.null()),
        };
        let word = self.word(held);
        let memory = self.context_word(layout::MEMORY);
        let old = self.b.ins().load(types::I64, TRUSTED, memory, offset(8 * slot.index()));
        self.b.ins().store(TRUSTED, word, memory, offset(8 * slot.index()));
        self.effect = true;
        self.release(Held::Word(old));
    }

    /// Pushes the value so far from the top once more.
    pub(super) fn again(&mut self, from_top: usize) {
        let held = self.stack[self.stack.len() - from_top];
        if let Held::Word(word) = held {
            self.hold(word);
        }
        self.stack.push(held);
    }
}
