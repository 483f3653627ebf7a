//! Holders: one more, or one less, as the interpreter would.

use super::leave::cold_block;
use super::{Emitter, Held, TRUSTED, offset};
use crate::analysis::Type;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self, InstBuilder, types};
use lau_runtime::Value;
use lau_runtime::native::{HelperId, layout};

impl Emitter<'_, '_> {
    /// The value as one that is held here, in the form of its type.
    pub(super) fn owned(&mut self, held: Held) -> Held {
        match held {
            Held::Number(_) | Held::Bool(_) | Held::Scalar(_) | Held::Word(_) => held,
            Held::Variable(_) => {
                let word = self.word(held);
                self.hold(word);
                Held::Word(word)
            }
            Held::Constant(id) => {
                let value = &self.task.linked.program().parts().constants[id.index()];
                match (Type::of(value), value) {
                    (_, Value::Number(n)) => {
                        let n = if n.is_nan() { f64::NAN } else { *n };
                        Held::Number(self.b.ins().f64const(n))
                    }
                    (_, Value::Bool(b)) => {
                        Held::Bool(self.b.ins().iconst(types::I8, i64::from(*b)))
                    }
                    (Type::Word, _) => Held::Word(self.word(held)),
                    (_, _) => Held::Scalar(self.word(held)),
                }
            }
        }
    }

    /// Adds a holder to a word, if it has storage that is counted.
    pub(super) fn hold(&mut self, word: ir::Value) {
        self.effect = true;
        let (stored, counted, go_on) =
            (self.b.create_block(), self.b.create_block(), self.b.create_block());
        let scalar = self.below(word, layout::FIRST_STORED);
        self.b.ins().brif(scalar, go_on, &[], stored, &[]);
        self.b.switch_to_block(stored);
        self.b.seal_block(stored);
        let object = self.object(word);
        let at = offset(layout::HOLDERS);
        let holders = self.b.ins().load(types::I32, TRUSTED, object, at);
        let immortal = i64::from(layout::IMMORTAL.cast_signed());
        let constant = self.b.ins().icmp_imm_s(IntCC::Equal, holders, immortal);
        self.b.ins().brif(constant, go_on, &[], counted, &[]);
        self.b.switch_to_block(counted);
        self.b.seal_block(counted);
        let more = self.b.ins().iadd_imm_s(holders, 1);
        self.b.ins().store(TRUSTED, more, object, at);
        self.b.ins().jump(go_on, &[]);
        self.b.switch_to_block(go_on);
        self.b.seal_block(go_on);
    }

    /// Takes a holder away, if the value is held here and has storage.
    pub(super) fn release(&mut self, held: Held) {
        let Held::Word(word) = held else { return };
        self.effect = true;
        let (stored, go_on) = (cold_block(&mut self.b), self.b.create_block());
        let scalar = self.below(word, layout::FIRST_STORED);
        self.b.ins().brif(scalar, go_on, &[], stored, &[]);
        self.b.switch_to_block(stored);
        self.b.seal_block(stored);
        self.helper(HelperId::Release, [word], true);
        self.b.ins().jump(go_on, &[]);
        self.b.switch_to_block(go_on);
        self.b.seal_block(go_on);
    }

    /// The object of a word with storage.
    pub(super) fn object(&mut self, word: ir::Value) -> ir::Value {
        self.b.ins().band_imm_s(word, layout::POINTER.cast_signed())
    }
}
