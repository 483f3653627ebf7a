//! Functions of the library that take Numbers alone: those that the machine has are instructions, others are
//! called without making values.

use super::{Callee, Emitter, Held};
use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::{InstBuilder, types};
use lau_runtime::library::{Kind, LibraryId, Machine};
use lau_runtime::native::HelperId;

impl Emitter<'_, '_> {
    pub(super) fn scalar(&mut self, id: LibraryId, argc: usize) {
        let function = id.function();
        let rounds = self.task.rounds;
        let machine = function.machine.filter(|machine| match machine {
            // Where the machine does not, it would be a function of C's library.
            Machine::Floor | Machine::Ceil | Machine::Trunc => rounds,
            Machine::Abs
            | Machine::Sqrt
            | Machine::Min
            | Machine::Max
            | Machine::Clamp
            | Machine::IsNan => true,
        });
        let held = if let Some(machine) = machine {
            self.instruction(machine)
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

    /// The result of what the machine has, of the operands on the stack.
    fn instruction(&mut self, machine: Machine) -> Held {
        let x = self.number(0);
        Held::Number(match machine {
            Machine::Abs => self.b.ins().fabs(x),
            Machine::Sqrt => self.b.ins().sqrt(x),
            Machine::Floor => self.b.ins().floor(x),
            Machine::Ceil => self.b.ins().ceil(x),
            Machine::Trunc => self.b.ins().trunc(x),
            Machine::Min => {
                let a = self.number(1);
                self.b.ins().fmin(a, x)
            }
            Machine::Max => {
                let a = self.number(1);
                self.b.ins().fmax(a, x)
            }
            Machine::Clamp => {
                let (clamped, low) = (self.number(2), self.number(1));
                let above = self.b.ins().fmax(clamped, low);
                self.b.ins().fmin(above, x)
            }
            Machine::IsNan => {
                let unordered = self.b.ins().fcmp(FloatCC::Unordered, x, x);
                return Held::Bool(unordered);
            }
        })
    }
}
