//! One function to Cranelift IR.
//!
//! Two versions of a function are made from the same blocks. The *entered* one is called by the run, reads
//! operands and variables from its state, checks the facts it relies on, and begins at whichever entry it
//! is told; it never returns but by an exit. The *direct* one is called by other native code with its
//! arguments, and returns energy left (negative: it left), instructions executed, and its result.
//!
//! # Values
//!
//! A Number is an `f64`, a Bool an `i8`, anything else an `i64` word without storage. Each variable and each
//! place of the stack has three Cranelift variables, one for each form; the type in the facts says which
//! one holds it. A variable that may have storage is held as its word, unchanged from the run's state, and
//! is only ever looked into.
//!
//! # Energy
//!
//! Energy left and instructions executed are two SSA values. A block is paid for at its head, as far as
//! native code covers it: compare, then subtract. An exit inside says how much of that is not spent.

mod calls;
mod enter;
mod leave;
mod lists;
mod values;

pub(super) use enter::entries;

use crate::analysis::blocks::Block as Span;
use crate::analysis::{Facts, Operand, State, Step, Type, flow};
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{self, FuncRef, InstBuilder, MemFlagsData, types};
use cranelift_frontend::{FuncInstBuilder, FunctionBuilder, Variable};
use lau_runtime::host::Pricing;
use lau_runtime::instance::Linked;
use lau_runtime::native::{Exit, layout};
use lau_runtime::program::{Action, Callee, ConstantId, FunctionId, Op, Pc, Slot};
use std::collections::BTreeMap;

/// Which version of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    Entered,
    Direct,
}

/// What the code of a function may call.
pub(super) struct Callees {
    /// The direct versions of the program's functions.
    pub(super) functions: BTreeMap<FunctionId, FuncRef>,
    pub(super) append: FuncRef,
    pub(super) typed: FuncRef,
}

/// A value on the operand stack.
#[derive(Clone, Copy, Debug)]
enum Held {
    Number(ir::Value),
    Bool(ir::Value),
    Scalar(ir::Value),
    Variable(Slot),
    Constant(ConstantId),
}

/// The three forms of a variable or place of the stack.
#[derive(Clone, Copy)]
struct Forms {
    number: Variable,
    bool: Variable,
    word: Variable,
}

pub(super) struct Emitter<'a, 'f> {
    b: FunctionBuilder<'f>,
    linked: &'a Linked,
    id: FunctionId,
    facts: &'a Facts,
    version: Version,
    callees: Callees,
    exits: &'a mut Vec<Exit>,
    context: ir::Value,
    depth: ir::Value,
    energy: Variable,
    count: Variable,
    variables: Vec<Forms>,
    places: Vec<Forms>,
    blocks: BTreeMap<Pc, ir::Block>,
    /// What is known, and held, at the operation that is being made.
    state: State,
    stack: Vec<Held>,
}

const TRUSTED: MemFlagsData = MemFlagsData::trusted();

fn offset(bytes: usize) -> i32 {
    i32::try_from(bytes).expect("structures are small")
}

impl<'a, 'f> Emitter<'a, 'f> {
    pub(super) fn new(
        mut b: FunctionBuilder<'f>,
        linked: &'a Linked,
        id: FunctionId,
        facts: &'a Facts,
        version: Version,
        callees: Callees,
        exits: &'a mut Vec<Exit>,
    ) -> Self {
        let entry = b.create_block();
        b.append_block_params_for_function_params(entry);
        b.switch_to_block(entry);
        let parameters = b.block_params(entry).to_vec();
        let context = parameters[0];
        let (energy, count) = (b.declare_var(types::I64), b.declare_var(types::I64));
        let mut forms = |n: usize| -> Vec<Forms> {
            let mut one = || Forms {
                number: b.declare_var(types::F64),
                bool: b.declare_var(types::I8),
                word: b.declare_var(types::I64),
            };
            (0..n).map(|_| one()).collect()
        };
        let variables = forms(flow::variables(linked, id));
        let places = forms(facts.height_max + 1);
        let (first, from_energy, from_count, depth) = match version {
            Version::Direct => {
                (parameters[4..].to_vec(), parameters[1], parameters[2], parameters[3])
            }
            Version::Entered => {
                let energy = b.ins().load(types::I64, TRUSTED, context, offset(layout::ENERGY));
                let zero = b.ins().iconst(types::I64, 0);
                let depth = b.ins().load(types::I64, TRUSTED, context, offset(layout::DEPTH));
                (Vec::new(), energy, zero, depth)
            }
        };
        b.def_var(energy, from_energy);
        b.def_var(count, from_count);
        let blocks = facts.states.keys().map(|pc| (*pc, b.create_block())).collect();
        let state = State::start(linked, id);
        let mut emitter = Emitter {
            b,
            linked,
            id,
            facts,
            version,
            callees,
            exits,
            context,
            depth,
            energy,
            count,
            variables,
            places,
            blocks,
            state,
            stack: Vec::new(),
        };
        match version {
            Version::Direct => emitter.begin_direct(&first),
            Version::Entered => emitter.begin_entered(),
        }
        emitter
    }

    /// Makes the code of all blocks.
    pub(super) fn emit(mut self, frontend: cranelift_codegen::isa::TargetFrontendConfig) {
        for span in self.facts.blocks.list.clone() {
            if let Some(state) = self.facts.states.get(&span.start) {
                self.block(span, state.clone());
            }
        }
        self.b.seal_all_blocks();
        self.b.finalize(frontend);
    }

    fn price(&self, op: &Op) -> u64 {
        if let Action::CallOut(call, _) = op.action
            && let Callee::Builtin(at) = self.linked.callee(call)
            && let Pricing::Fixed(price) = self.linked.interface().builtin(at).1.pricing
        {
            return price.thousandths();
        }
        u64::from(op.energy)
    }

    fn counts(op: &Op) -> u32 {
        u32::from(op.action != Action::End)
    }

    fn block(&mut self, span: Span, state: State) {
        self.b.switch_to_block(self.blocks[&span.start]);
        self.state = state;
        self.stack = Vec::new();
        for at in 0..self.state.stack.len() {
            if let Operand::Typed(of) = self.state.stack[at] {
                let held = self.read(self.places[at], of);
                self.stack.push(held);
            }
        }
        let operations = flow::covered(self.linked, self.id, span, &self.state);
        let ops = &self.linked.program().parts().ops;
        let covered = &ops[span.start.index()..span.start.index() + operations];
        let cost: u64 = covered.iter().map(|op| self.price(op)).sum();
        let counted: u32 = covered.iter().map(Self::counts).sum();
        if cost > 0 {
            let energy = self.b.use_var(self.energy);
            let price = self.b.ins().iconst(types::I64, cost.cast_signed());
            let enough = self.b.ins().icmp(IntCC::SignedGreaterThanOrEqual, energy, price);
            self.guard(enough, span.start, (0, 0));
            let energy = self.b.ins().isub(energy, price);
            self.b.def_var(self.energy, energy);
            let count = self.b.use_var(self.count);
            let count = self.b.ins().iadd_imm_s(count, i64::from(counted));
            self.b.def_var(self.count, count);
        }
        let mut unspent = (u32::try_from(cost).unwrap_or(u32::MAX), counted);
        for (at, op) in (span.start.index()..).zip(covered) {
            let after = (
                unspent.0 - u32::try_from(self.price(op)).unwrap_or(0),
                unspent.1 - Self::counts(op),
            );
            if self.operation(Pc::new(at), op, unspent, after) {
                return;
            }
            unspent = after;
        }
        let next = Pc::new(span.start.index() + operations);
        if next == span.end {
            self.settle(next, unspent);
            self.goto(next);
        } else {
            self.leave(next, unspent, true);
        }
    }

    /// Makes the code of an operation; whether control ends there. `before` is what is unspent if it is not
    /// done, `after` if it is.
    fn operation(&mut self, pc: Pc, op: &Op, before: (u32, u32), after: (u32, u32)) -> bool {
        match op.action {
            Action::Push(constant) => {
                let held = self.constant(constant);
                self.stack.push(held);
            }
            Action::Pop => drop(self.stack.pop()),
            Action::Dup => self.stack.push(self.stack[self.stack.len() - 1]),
            Action::Over => self.stack.push(self.stack[self.stack.len() - 2]),
            Action::Swap => {
                let at = self.stack.len() - 2;
                self.stack.swap(at, at + 1);
            }
            Action::Store(slot) => self.store(pc, slot, before),
            Action::Load(slot) => {
                let held = self.load(slot);
                self.stack.push(held);
            }
            Action::Add => self.arithmetic(pc, before, |ins, a, b| ins.fadd(a, b)),
            Action::Sub => self.arithmetic(pc, before, |ins, a, b| ins.fsub(a, b)),
            Action::Mul => self.arithmetic(pc, before, |ins, a, b| ins.fmul(a, b)),
            Action::Div => self.arithmetic(pc, before, |ins, a, b| ins.fdiv(a, b)),
            Action::Neg => {
                let [a] = self.numbers(pc, before);
                let result = self.b.ins().fneg(a);
                self.replace(1, Held::Number(result));
            }
            Action::Eq => self.compare(pc, before, FloatCC::Equal),
            Action::Ne => self.compare(pc, before, FloatCC::NotEqual),
            Action::Lt => self.compare(pc, before, FloatCC::LessThan),
            Action::Le => self.compare(pc, before, FloatCC::LessThanOrEqual),
            Action::Gt => self.compare(pc, before, FloatCC::GreaterThan),
            Action::Ge => self.compare(pc, before, FloatCC::GreaterThanOrEqual),
            Action::Not => {
                let a = self.truth(pc, 0, before);
                let result = self.b.ins().bxor_imm_u(a, 1);
                self.replace(1, Held::Bool(result));
            }
            Action::And | Action::Or => {
                let (a, b) = (self.truth(pc, 1, before), self.truth(pc, 0, before));
                let and = op.action == Action::And;
                let ins = self.b.ins();
                let result = if and { ins.band(a, b) } else { ins.bor(a, b) };
                self.replace(2, Held::Bool(result));
            }
            Action::Get => {
                let result = self.get(pc, before);
                self.replace(2, Held::Number(result));
            }
            Action::Len => {
                let Held::Variable(slot) = self.stack[self.stack.len() - 1] else {
                    unreachable!("the flow covers variables only");
                };
                let object = self.list(pc, slot, before);
                let len = self.b.ins().load(types::I64, TRUSTED, object, offset(layout::LEN));
                let result = self.b.ins().fcvt_from_uint(types::F64, len);
                self.replace(1, Held::Number(result));
            }
            Action::Append(slot) => self.append(pc, slot, before),
            Action::Put(slot) => self.put(pc, slot, before),
            Action::Jump(target) => {
                self.settle(pc, before);
                self.step(op);
                self.goto(target);
                return true;
            }
            Action::JumpIf(target) | Action::JumpTrue(target) => {
                self.branch(pc, op, target, before);
                return true;
            }
            Action::Call(callee, argc) => self.call(pc, callee, argc, before),
            Action::CallOut(_, argc) => self.typed(pc, op, argc, before, after),
            Action::Return | Action::End if self.version == Version::Entered => {
                self.leave(pc, before, true); // the frame is the run's, and the run ends it
                return true;
            }
            Action::Return | Action::End => {
                let result = match self.stack.len() {
                    0 => self.b.ins().iconst(types::I64, layout::NULL.cast_signed()),
                    _ => self.scalar(pc, 0, before),
                };
                let (energy, count) = (self.b.use_var(self.energy), self.b.use_var(self.count));
                self.b.ins().return_(&[energy, count, result]);
                return true;
            }
            Action::Assert(_) => {}
            Action::Take(_)
            | Action::Observe(_)
            | Action::Publish(_)
            | Action::Rem
            | Action::Pow
            | Action::List(_)
            | Action::Map(_)
            | Action::Has
            | Action::TryOut(..)
            | Action::EnergyCheck(_)
            | Action::Delegate(_)
            | Action::Fail(_) => unreachable!("the flow leaves it to the interpreter"),
        }
        self.step(op);
        false
    }

    fn arithmetic(
        &mut self,
        pc: Pc,
        before: (u32, u32),
        make: impl FnOnce(FuncInstBuilder<'_, 'f>, ir::Value, ir::Value) -> ir::Value,
    ) {
        let [a, b] = self.numbers(pc, before);
        let result = make(self.b.ins(), a, b);
        self.replace(2, Held::Number(result));
    }

    fn compare(&mut self, pc: Pc, before: (u32, u32), how: FloatCC) {
        let [a, b] = self.numbers(pc, before);
        let result = self.b.ins().fcmp(how, a, b);
        self.replace(2, Held::Bool(result));
    }

    /// Lets the flow do the operation to what is known.
    fn step(&mut self, op: &Op) {
        let step = flow::step(self.linked, self.id, op, &mut self.state);
        debug_assert_eq!(step, Step::Done);
    }

    fn replace(&mut self, n: usize, held: Held) {
        self.stack.truncate(self.stack.len() - n);
        self.stack.push(held);
    }

    fn store(&mut self, pc: Pc, slot: Slot, before: (u32, u32)) {
        let forms = self.variables[slot.index()];
        if self.state.variables[slot.index()] == Type::Word {
            // What is overwritten must have no storage to give up.
            let word = self.b.use_var(forms.word);
            let ok = self.below(word, layout::FIRST_STORED);
            self.guard(ok, pc, before);
            let value = self.or_null(word);
            self.refined(slot, Held::Scalar(value));
        }
        let held = match self.stack.pop() {
            Some(held) => held,
            None => Held::Scalar(self.b.ins().iconst(types::I64, layout::NULL.cast_signed())),
        };
        self.write(forms, held);
    }
}
