//! Going on and leaving: from block to block with everything in its form, or out to the interpreter.

use super::profile::Counted;
use super::{Emitter, Held, TRUSTED, Version, offset};
use crate::analysis::{Block as Span, Charge, State, Type, flow};
use cranelift_codegen::ir::{self, BlockArg, InstBuilder, types};
use lau_runtime::native::{Exit, HelperId, Source, layout};
use lau_runtime::program::{Pc, Slot};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicU32;

/// A state that exits can go back to, and the cold blocks that do.
pub(super) struct Restart {
    pc: Pc,
    unspent: (u64, u32),
    counted: Counted,
    state: State,
    stack: Vec<Held>,
    energy: ir::Value,
    count: ir::Value,
    /// Of variables written since, what they were.
    saved: BTreeMap<Slot, Held>,
    plain: Option<ir::Block>,
    /// Where something assumed turns out wrong, and of which operations.
    assumed: Option<(ir::Block, Vec<Pc>)>,
}

impl Restart {
    pub(super) fn nowhere(state: State, energy: ir::Value, count: ir::Value) -> Restart {
        Restart {
            pc: Pc::new(0),
            unspent: (0, 0),
            counted: Counted::default(),
            state,
            stack: Vec::new(),
            energy,
            count,
            saved: BTreeMap::new(),
            plain: None,
            assumed: None,
        }
    }
}

/// A cold block that writes the record of this frame and returns.
pub(super) struct Pending {
    block: ir::Block,
    assumed: Vec<Pc>,
    pc: Pc,
    unspent: (u64, u32),
    counted: Counted,
    variables: Vec<(Slot, Held)>,
    stack: Vec<Held>,
    energy: ir::Value,
    count: ir::Value,
    /// Whether no callee has left, which would have told energy and count.
    innermost: bool,
}

impl Emitter<'_, '_> {
    pub(super) fn branch(&mut self, pc: Pc, target: Pc, if_true: bool) {
        let truthy = match self.stack.len() {
            0 => self.b.ins().iconst(types::I8, 0),
            _ => self.truth(0),
        };
        if let Some(top) = self.stack.pop() {
            self.release(top);
            self.state.stack.pop();
        }
        self.settle();
        let (taken, not) = (self.b.create_block(), self.b.create_block());
        let (yes, no) = if if_true { (taken, not) } else { (not, taken) };
        self.end_restart();
        self.b.ins().brif(truthy, yes, &[], no, &[]);
        for (edge, to) in [(not, Pc::new(pc.index() + 1)), (taken, target)] {
            self.b.switch_to_block(edge);
            self.b.seal_block(edge);
            self.goto(to);
        }
    }

    /// Everything on the stack is read, so that it can be carried to another block.
    pub(super) fn settle(&mut self) {
        for at in 0..self.stack.len() {
            self.stack[at] = self.owned(self.stack[at]);
        }
        self.flow.settle(&mut self.state);
    }

    /// Goes to where a block begins, with everything in the form that its facts say. The stack is settled.
    pub(super) fn goto(&mut self, pc: Pc) {
        self.end_restart();
        let Some(facts) = self.facts.states.get(&pc) else {
            return self.leave_between(pc);
        };
        let span = self.facts.blocks.list[self.facts.blocks.at(pc).expect("it has a state")];
        let other = self.task.version == Version::Clone && hands_over(span);
        if other || span.part != self.task.part {
            return self.leave_between(pc);
        }
        let (energy, instructions) = self.charge.edge(&self.facts.charges[&pc]);
        self.spend(energy, instructions);
        for at in 0..self.variables.len() {
            let (from, to) = (self.state.variables[at], facts.variables[at]);
            if to == Type::Word && from != Type::Word {
                if self.state.dirty[at] {
                    let held = self.read(self.variables[at], from);
                    let word = self.word(held);
                    self.b.ins().store(TRUSTED, word, self.homes, offset(8 * at));
                }
            } else if from != to && form(from) != form(to) {
                let held = self.read(self.variables[at], from);
                let word = self.word(held);
                self.b.def_var(self.variables[at].word, word);
            }
        }
        for at in 0..self.stack.len() {
            let held = self.stack[at];
            let flow::Operand::Typed(to) = facts.stack[at] else { unreachable!("blocks begin so") };
            let held = match (held, form(to)) {
                (Held::Number(_), Form::Number) | (Held::Bool(_), Form::Bool) => held,
                (held, _) => Held::Scalar(self.word(held)),
            };
            self.write(self.places[at], held);
        }
        let block = self.block_of(pc);
        self.b.ins().jump(block, &[] as &[BlockArg]);
    }

    /// The block that is made of the operations from there on.
    pub(super) fn block_of(&mut self, pc: Pc) -> ir::Block {
        if !self.done.contains(&pc) {
            self.todo.insert(pc);
        }
        let b = &mut self.b;
        *self.blocks.entry(pc).or_insert_with(|| b.create_block())
    }

    /// From here on, exits go back to here.
    pub(super) fn restart_at(&mut self, pc: Pc) {
        self.end_restart();
        let (energy, count) = (self.b.use_var(self.energy), self.b.use_var(self.count));
        self.restart = Restart {
            pc,
            unspent: self.unspent(),
            counted: self.counted.clone(),
            stack: self.stack.clone(),
            ..Restart::nowhere(self.state.clone(), energy, count)
        };
    }

    /// What is prepaid here and is not executed.
    fn unspent(&self) -> (u64, u32) {
        let Charge { cheapest, instructions, .. } = self.charge;
        (cheapest - self.spent.0, instructions - self.spent.1)
    }

    /// Leaves the cold blocks of the restart to be made.
    pub(super) fn end_restart(&mut self) {
        let (plain, assumed) = (self.restart.plain.take(), self.restart.assumed.take());
        let all = plain.map(|block| (block, Vec::new())).into_iter().chain(assumed);
        for (block, assumed) in all {
            let variables = self.recorded(&self.restart.state.clone());
            let pending = Pending {
                block,
                assumed,
                pc: self.restart.pc,
                unspent: self.restart.unspent,
                counted: self.restart.counted.clone(),
                variables,
                stack: self.restart.stack.clone(),
                energy: self.restart.energy,
                count: self.restart.count,
                innermost: true,
            };
            self.pending.push(pending);
        }
    }

    /// The variables that a record in that state has, as they were at the restart.
    fn recorded(&mut self, state: &State) -> Vec<(Slot, Held)> {
        let mut recorded = Vec::new();
        for at in 0..self.variables.len() {
            let (slot, of) = (Slot::new(at), state.variables[at]);
            let direct = self.task.version == Version::Direct;
            if of == Type::Word {
                if direct {
                    recorded.push((slot, Held::Variable(slot)));
                }
            } else if direct || state.dirty[at] {
                let held = match self.restart.saved.get(&slot) {
                    Some(held) => *held,
                    None => self.read(self.variables[at], of),
                };
                recorded.push((slot, held));
            }
        }
        recorded
    }

    /// Keeps what a variable is before it is written, for exits that go back to before.
    pub(super) fn save(&mut self, slot: Slot) {
        let of = self.restart.state.variables[slot.index()];
        if of != Type::Word && !self.restart.saved.contains_key(&slot) {
            let held = self.read(self.variables[slot.index()], of);
            self.restart.saved.insert(slot, held);
        }
    }

    /// Goes on if the condition holds, else leaves.
    pub(super) fn guard(&mut self, ok: ir::Value) {
        let cold = self.plain();
        self.guarded(ok, cold);
    }

    /// As `guard`, in a place where code that leaves for nothing would be wrong.
    pub(super) fn guard_unforced(&mut self, ok: ir::Value) {
        let cold = self.plain();
        self.branch_to(ok, cold);
    }

    /// A place where code can be made to leave, and otherwise does not.
    pub(super) fn may_leave(&mut self) {
        if self.task.options.exits {
            let fine = self.b.ins().iconst(types::I8, 1);
            self.guard(fine);
        }
    }

    /// The cold block that goes back to the restart.
    fn plain(&mut self) -> ir::Block {
        let b = &mut self.b;
        *self.restart.plain.get_or_insert_with(|| cold_block(b))
    }

    /// Goes on if what is assumed of the operation holds, else leaves.
    pub(super) fn guard_assumed(&mut self, ok: ir::Value, pc: Pc) {
        let b = &mut self.b;
        let (cold, of) = self.restart.assumed.get_or_insert_with(|| (cold_block(b), Vec::new()));
        if !of.contains(&pc) {
            of.push(pc);
        }
        let cold = *cold;
        self.guarded(ok, cold);
    }

    fn guarded(&mut self, ok: ir::Value, cold: ir::Block) {
        let number = (self.task.guards_from + self.made.guards).cast_signed();
        self.made.guards += 1;
        let ok = if self.task.options.exits {
            let forced = self.context_word(layout::FORCED);
            let not_this = self.b.ins().icmp_imm_s(ir::condcodes::IntCC::NotEqual, forced, number);
            let all = lau_runtime::native::FORCE_ALL.cast_signed();
            let not_all = self.b.ins().icmp_imm_s(ir::condcodes::IntCC::NotEqual, forced, all);
            let ok = self.b.ins().band(ok, not_this);
            self.b.ins().band(ok, not_all)
        } else {
            ok
        };
        self.branch_to(ok, cold);
    }

    fn branch_to(&mut self, ok: ir::Value, cold: ir::Block) {
        let go_on = self.b.create_block();
        self.b.ins().brif(ok, go_on, &[], cold, &[]);
        self.b.switch_to_block(go_on);
        self.b.seal_block(go_on);
    }

    /// Leaves at the operation, with the state as it is.
    pub(super) fn leave(&mut self, pc: Pc) {
        let cold = self.leaving(pc, true);
        self.end_restart();
        self.b.ins().jump(cold, &[] as &[BlockArg]);
    }

    /// Leaves between blocks: the last one is executed.
    fn leave_between(&mut self, pc: Pc) {
        self.spent = (self.charge.price, self.charge.counted);
        self.counted.next = self.counted.end;
        self.leave(pc);
    }

    /// A cold block that leaves with the state as it is.
    pub(super) fn leaving(&mut self, pc: Pc, innermost: bool) -> ir::Block {
        let block = cold_block(&mut self.b);
        let saved = std::mem::take(&mut self.restart.saved);
        let variables = self.recorded(&self.state.clone());
        self.restart.saved = saved;
        let (energy, count) = (self.b.use_var(self.energy), self.b.use_var(self.count));
        let (unspent, counted) = (self.unspent(), self.counted.clone());
        let (stack, assumed) = (self.stack.clone(), Vec::new());
        self.pending.push(Pending {
            block,
            assumed,
            pc,
            unspent,
            counted,
            variables,
            stack,
            energy,
            count,
            innermost,
        });
        block
    }

    /// Makes a cold block: writes the record of this frame and returns. The innermost frame also tells
    /// energy and count.
    pub(super) fn exit(&mut self, pending: Pending) {
        self.b.set_srcloc(ir::SourceLoc::default());
        self.b.switch_to_block(pending.block);
        let Pending { pc, energy, count, innermost, .. } = pending;
        let mut values = Vec::new();
        let mut variables = Vec::new();
        for (slot, held) in pending.variables {
            variables.push((slot, Source::Word(values.len() as u32)));
            // From its home a word moves as it is.
            let in_home = matches!(held, Held::Variable(_));
            values.push(if in_home { self.home(slot) } else { self.word(held) });
        }
        let mut stack = Vec::new();
        for held in pending.stack {
            stack.push(match held {
                Held::Variable(slot) => Source::Variable(slot),
                Held::Constant(constant) => Source::Constant(constant),
                held @ (Held::Number(_) | Held::Bool(_) | Held::Scalar(_) | Held::Word(_)) => {
                    values.push(self.word(held));
                    Source::Word(values.len() as u32 - 1)
                }
            });
        }
        let records = self.context_word(layout::RECORDS);
        for (at, value) in values.iter().enumerate() {
            self.b.ins().store(TRUSTED, *value, records, offset(8 * at));
        }
        let mut len = values.len();
        let rest = self.variables.len()..flow::variables(self.linked(), self.task.id);
        if self.task.version == Version::Direct && !rest.is_empty() {
            let from = self.b.ins().iadd_imm_s(self.homes, 8 * rest.start as i64);
            let to = self.b.ins().iadd_imm_s(records, 8 * len as i64);
            let n = self.b.ins().iconst(types::I64, rest.len() as i64);
            self.helper(HelperId::Move, [from, to, n], true);
            for slot in rest {
                variables.push((Slot::new(slot), Source::Word(len as u32)));
                len += 1;
            }
        }
        let number = (self.task.exits_from + self.made.exits.len() as u64).cast_signed();
        let number = self.b.ins().iconst(types::I64, number);
        self.b.ins().store(TRUSTED, number, records, offset(8 * len));
        let (counted, beyond) = pending.counted.not_executed();
        self.made.exits.push(Exit {
            function: self.task.id,
            pc,
            values: len as u32,
            unspent: if self.task.options.metering { pending.unspent } else { (0, 0) },
            counted,
            beyond,
            stack,
            variables,
            assumed: pending.assumed,
            taken: AtomicU32::new(0),
        });
        let end = self.b.ins().iadd_imm_s(records, 8 * (len as i64 + 1));
        self.b.ins().store(TRUSTED, end, self.context, offset(layout::RECORDS));
        if innermost {
            self.b.ins().store(TRUSTED, energy, self.context, offset(layout::ENERGY));
            self.b.ins().store(TRUSTED, count, self.context, offset(layout::COUNT));
        }
        match self.task.version {
            Version::Clean | Version::Clone => self.b.ins().return_(&[]),
            Version::Direct => {
                let stopped = self.b.ins().iconst(types::I64, -1);
                let result = self.nothing();
                self.b.ins().return_(&[stopped, count, result])
            }
        };
    }
}

/// Whether the clone of a function leaves there, for the clean version to go on.
pub(super) fn hands_over(span: Span) -> bool {
    span.header && !span.inner
}

pub(super) fn cold_block(b: &mut cranelift_frontend::FunctionBuilder<'_>) -> ir::Block {
    let block = b.create_block();
    b.set_cold_block(block);
    block
}

/// The forms of values in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Number,
    Bool,
    Word,
}

fn form(of: Type) -> Form {
    match of {
        Type::Number => Form::Number,
        Type::Bool => Form::Bool,
        Type::Scalar | Type::Word | Type::Never => Form::Word,
    }
}
