//! Values on the stack and in variables: reading, writing, and checking what they are.

use super::{Emitter, Forms, Held};
use crate::analysis::{Operand, Type};
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{self, InstBuilder, MemFlagsData, types};
use lau_runtime::Value;
use lau_runtime::native::layout;
use lau_runtime::program::{ConstantId, FunctionId, Pc, Slot};

impl Emitter<'_, '_> {
    pub(super) fn constant(&mut self, id: ConstantId) -> Held {
        match &self.linked.program().parts().constants[id.index()] {
            Value::Number(n) => {
                Held::Number(self.b.ins().f64const(if n.is_nan() { f64::NAN } else { *n }))
            }
            Value::Bool(b) => Held::Bool(self.b.ins().iconst(types::I8, i64::from(*b))),
            Value::Null => {
                Held::Scalar(self.b.ins().iconst(types::I64, layout::NULL.cast_signed()))
            }
            Value::Text(_) | Value::List(_) | Value::Map(_) | Value::Reference(_) => {
                Held::Constant(id)
            }
        }
    }

    pub(super) fn read(&mut self, forms: Forms, of: Type) -> Held {
        match of {
            Type::Number => Held::Number(self.b.use_var(forms.number)),
            Type::Bool => Held::Bool(self.b.use_var(forms.bool)),
            Type::Scalar | Type::Word => Held::Scalar(self.b.use_var(forms.word)),
        }
    }

    pub(super) fn write(&mut self, forms: Forms, held: Held) {
        match held {
            Held::Number(v) => self.b.def_var(forms.number, v),
            Held::Bool(v) => self.b.def_var(forms.bool, v),
            Held::Scalar(v) => self.b.def_var(forms.word, v),
            Held::Variable(_) | Held::Constant(_) => unreachable!("only values without storage"),
        }
    }

    pub(super) fn load(&mut self, slot: Slot) -> Held {
        match self.state.variables[slot.index()] {
            Type::Word => Held::Variable(slot),
            of @ (Type::Number | Type::Bool) => self.read(self.variables[slot.index()], of),
            Type::Scalar => {
                let word = self.b.use_var(self.variables[slot.index()].word);
                Held::Scalar(self.or_null(word))
            }
        }
    }

    /// A memory field that was never stored reads as `Null`.
    pub(super) fn or_null(&mut self, word: ir::Value) -> ir::Value {
        if self.id != FunctionId::MAIN {
            return word;
        }
        let absent = self.b.ins().icmp_imm_u(IntCC::Equal, word, layout::ABSENT.cast_signed());
        let null = self.b.ins().iconst(types::I64, layout::NULL.cast_signed());
        self.b.ins().select(absent, null, word)
    }

    /// Puts what a variable turned out to be in place of what is on the stack of it.
    pub(super) fn refined(&mut self, slot: Slot, to: Held) {
        for held in &mut self.stack {
            if matches!(held, Held::Variable(other) if *other == slot) {
                *held = to;
            }
        }
    }

    /// The top `N` values as Numbers, checked where that is not known. Operands stay on the stack.
    pub(super) fn numbers<const N: usize>(&mut self, pc: Pc, before: (u32, u32)) -> [ir::Value; N] {
        std::array::from_fn(|at| self.number(pc, N - 1 - at, before))
    }

    /// The value so far from the top as a Number.
    pub(super) fn number(&mut self, pc: Pc, from_top: usize, before: (u32, u32)) -> ir::Value {
        let at = self.stack.len() - 1 - from_top;
        match self.stack[at] {
            Held::Number(n) => n,
            Held::Scalar(word) => {
                let ok = self.below(word, layout::FIRST_TAGGED);
                self.guard(ok, pc, before);
                let number = self.b.ins().bitcast(types::F64, MemFlagsData::new(), word);
                self.stack[at] = Held::Number(number);
                self.state.stack[at] = Operand::Typed(Type::Number);
                number
            }
            Held::Variable(slot) => {
                let word = self.b.use_var(self.variables[slot.index()].word);
                let ok = self.below(word, layout::FIRST_TAGGED);
                self.guard(ok, pc, before);
                let number = self.b.ins().bitcast(types::F64, MemFlagsData::new(), word);
                self.b.def_var(self.variables[slot.index()].number, number);
                self.state.refine(slot, Type::Number);
                self.refined(slot, Held::Number(number));
                number
            }
            Held::Bool(_) | Held::Constant(_) => unreachable!("the flow covers Numbers only"),
        }
    }

    /// The value so far from the top as a word without storage.
    pub(super) fn scalar(&mut self, pc: Pc, from_top: usize, before: (u32, u32)) -> ir::Value {
        let at = self.stack.len() - 1 - from_top;
        if let Held::Variable(slot) = self.stack[at] {
            let word = self.b.use_var(self.variables[slot.index()].word);
            let ok = self.below(word, layout::FIRST_STORED);
            self.guard(ok, pc, before);
            let value = self.or_null(word);
            self.state.refine(slot, Type::Scalar);
            self.refined(slot, Held::Scalar(value));
        }
        self.word(self.stack[at])
    }

    /// A value without storage as a word.
    pub(super) fn word(&mut self, held: Held) -> ir::Value {
        match held {
            Held::Number(n) => self.b.ins().bitcast(types::I64, MemFlagsData::new(), n),
            Held::Bool(b) => {
                let wide = self.b.ins().uextend(types::I64, b);
                self.b.ins().bor_imm_u(wide, layout::FALSE.cast_signed())
            }
            Held::Scalar(word) => word,
            Held::Variable(_) | Held::Constant(_) => unreachable!("only values without storage"),
        }
    }

    /// Whether the value so far from the top is truthy, 0 or 1.
    pub(super) fn truth(&mut self, pc: Pc, from_top: usize, before: (u32, u32)) -> ir::Value {
        let at = self.stack.len() - 1 - from_top;
        match self.stack[at] {
            Held::Bool(b) => b,
            Held::Number(n) => self.nonzero(n),
            Held::Scalar(_) | Held::Variable(_) | Held::Constant(_) => {
                let word = self.scalar(pc, from_top, before);
                let number = self.b.ins().bitcast(types::F64, MemFlagsData::new(), word);
                let nonzero = self.nonzero(number);
                let is_number = self.below(word, layout::FIRST_TAGGED);
                let truthy = layout::FALSE.cast_signed() | 1;
                let is_true = self.b.ins().icmp_imm_u(IntCC::Equal, word, truthy);
                self.b.ins().select(is_number, nonzero, is_true)
            }
        }
    }

    pub(super) fn nonzero(&mut self, n: ir::Value) -> ir::Value {
        let zero = self.b.ins().f64const(0.0);
        self.b.ins().fcmp(FloatCC::NotEqual, n, zero)
    }

    pub(super) fn below(&mut self, word: ir::Value, bound: u64) -> ir::Value {
        let bound = self.b.ins().iconst(types::I64, bound.cast_signed());
        self.b.ins().icmp(IntCC::UnsignedLessThan, word, bound)
    }
}
