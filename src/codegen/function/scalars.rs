//! Functions of the library that take Numbers alone: those that the machine has are instructions, others are
//! called without making values.

use super::{Callee, Emitter, Held};
use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::{self, InstBuilder, types};
use lau_runtime::library::{Kind, LibraryId};
use lau_runtime::native::HelperId;

impl Emitter<'_, '_> {
    pub(super) fn scalar(&mut self, id: LibraryId, argc: usize) {
        let function = id.function();
        let held = if let Some(held) = self.instruction(function.name) {
            held
        } else {
            self.pass_numbers(argc);
            let number = self.b.ins().iconst(types::I64, id.index() as i64);
            let callee = self.refer(Callee::Helper(HelperId::Scalar));
            let call = self.b.ins().call(callee, &[self.context, number]);
            let result = self.b.inst_results(call)[0];
            if function.result == Kind::Bool {
                Held::Bool(self.nonzero(result))
            } else {
                Held::Number(result)
            }
        };
        self.replace(argc, held);
    }

    /// The result of a function that is an instruction or two, of the operands on the stack. They do exactly what
    /// the library does; roundings are instructions only where they need no function of C's library.
    fn instruction(&mut self, name: &str) -> Option<Held> {
        Some(Held::Number(match name {
            "abs" => {
                let x = self.number(0);
                self.b.ins().fabs(x)
            }
            "sqrt" => {
                let x = self.number(0);
                self.b.ins().sqrt(x)
            }
            "floor" if self.task.rounds => {
                let x = self.number(0);
                self.b.ins().floor(x)
            }
            "ceil" if self.task.rounds => {
                let x = self.number(0);
                self.b.ins().ceil(x)
            }
            "trunc" if self.task.rounds => {
                let x = self.number(0);
                self.b.ins().trunc(x)
            }
            "min" => {
                let (a, b) = (self.number(1), self.number(0));
                self.b.ins().fmin(a, b)
            }
            "max" => {
                let (a, b) = (self.number(1), self.number(0));
                self.b.ins().fmax(a, b)
            }
            "clamp" => {
                let (x, low, high) = (self.number(2), self.number(1), self.number(0));
                let above = self.b.ins().fmax(x, low);
                self.b.ins().fmin(above, high)
            }
            "is_nan" => {
                let x = self.number(0);
                let unordered: ir::Value = self.b.ins().fcmp(FloatCC::Unordered, x, x);
                return Some(Held::Bool(unordered));
            }
            _ => return None,
        }))
    }
}
