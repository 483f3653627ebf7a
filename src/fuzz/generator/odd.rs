//! Any instruction at all, whatever stands on the stack.

use super::{END, Generator, PAST_END, Ty};
use crate::dsl::instruction::Instruction;

impl Generator<'_, '_> {
    /// One instruction without regard to types, after which little is assumed.
    pub(super) fn odd(&mut self) {
        let instruction = self.any_instruction();
        self.emit(instruction, 0, &[]);
        let height = self.body.stack.len().saturating_sub(2).max(self.body.base);
        let height = height.min(self.body.stack.len());
        self.forget(height);
    }

    fn any_instruction(&mut self) -> Instruction {
        use Instruction as I;
        let ty = self.any_type();
        let name = self.name(ty);
        let plain = [
            I::Pop,
            I::Dup,
            I::Swap,
            I::Over,
            I::Add,
            I::Sub,
            I::Mul,
            I::Div,
            I::Rem,
            I::Pow,
            I::Neg,
            I::Eq,
            I::Ne,
            I::Lt,
            I::Le,
            I::Gt,
            I::Ge,
            I::Not,
            I::And,
            I::Or,
            I::Get,
            I::Len,
            I::Has,
        ];
        match self.below(40) {
            0..=15 => self.choose(&plain).clone(),
            16 => I::Push(self.any_literal(3)),
            17 => I::Store(name),
            18 => I::Load(name),
            19 => I::Take(name),
            20 => I::Observe(name),
            21 => I::Publish(name),
            22..=24 => I::Append(name),
            25..=27 => I::Put(name),
            28 => I::List(*self.choose(&[0, 1, 2, 5, 300])),
            29 => I::Map(*self.choose(&[0, 1, 2, 5, 300])),
            30 => I::Jump(*self.choose(&[END, PAST_END])),
            31 => I::JumpIf(*self.choose(&[END, PAST_END])),
            32 => I::JumpTrue(*self.choose(&[END, PAST_END])),
            33..=36 => self.odd_call(),
            37 => I::EnergyCheck(self.number_literal()),
            38 => I::Delegate("panic".into(), name),
            _ => match ty {
                Ty::Number => I::Return,
                Ty::Bool => I::Fail("odd".into()),
                Ty::Text | Ty::List | Ty::Map | Ty::Any => I::Assert(name),
            },
        }
    }

    /// A call with any number of arguments, of something that may not be there.
    fn odd_call(&mut self) -> Instruction {
        const NAMES: &[&str] = &[
            "nobody",
            "pair",
            "half",
            "less",
            "pick",
            "seven",
            "by_arguments",
            "meter",
            "record",
            "free",
            "panics",
            "ask",
        ];
        let name = if self.chance(50) { self.any_library_name() } else { *self.choose(NAMES) };
        #[expect(clippy::cast_possible_truncation, reason = "small")]
        let n = self.below(4) as u8;
        if self.chance(40) {
            Instruction::Try(name.into(), n)
        } else {
            Instruction::Call(name.into(), n)
        }
    }
}
