//! One function to Cranelift IR.
//!
//! # Versions
//!
//! Up to three versions of a function are made from the same blocks. The *direct* one is called by other
//! native code with its arguments, and returns energy left (negative: it left), instructions executed, and
//! its result. The other two are entered by the run for a frame in its state: they read operands and
//! variables from there, check the facts they rely on, begin at whichever entry they are told, and return
//! by an exit only. The *clean* one is entered outside of loops and at the heads of outermost ones. The
//! *clone* is entered inside of loops, which makes the loops around irreducible, and hands over to the
//! clean one at the next head of an outermost loop, by leaving there.
//!
//! A long function is made in parts, each by itself. Control that goes from one to another leaves, and enters
//! the other; its direct version has the first part only.
//!
//! # Values
//!
//! A Number is an `f64`, a Bool an `i8`, anything else an `i64` word. Each variable and each place of the
//! stack has three Cranelift variables, one for each form; the type in the facts says which one holds it.
//! A word that may have storage is a holder (see `lau_runtime::native`). A variable of which nothing is known
//! is in its *home*: its place in the run's state, or in a direct version on the native stack.
//!
//! # Leaving
//!
//! Where a block begins, and after each operation that does something that cannot be undone, the state is
//! one to which an exit can go back: a *restart*. Everything in between is done again by the interpreter, so
//! all guards of such a stretch share one cold block.
//!
//! # Energy
//!
//! Energy left and instructions executed are two SSA values, less what is prepaid: see
//! `analysis::segments`. An exit says how much of that is not spent at its restart.

mod calls;
mod enter;
mod keep;
mod leave;
mod lists;
mod logic;
mod profile;
mod scalars;
mod values;

use super::{Fault, Options};
use crate::analysis::{Block as Span, Charge, Facts, Flow, FunctionFacts, State, Step, Type, flow};
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{self, FuncRef, InstBuilder, MemFlagsData, types};
use cranelift_frontend::{FuncInstBuilder, FunctionBuilder, Variable};
use lau_runtime::instance::Linked;
use lau_runtime::native::{Exit, HelperId, layout};
use lau_runtime::program::{Action, ConstantId, FunctionId, Op, Opcode, Pc, Slot};
use leave::{Pending, Restart};
use profile::Counted;
use std::collections::{BTreeMap, BTreeSet};

/// Which version of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Version {
    Direct,
    Clean,
    Clone,
}

impl Version {
    pub(super) const ALL: [Version; 3] = [Version::Direct, Version::Clean, Version::Clone];

    /// The version that is entered where a block begins.
    pub(super) fn entered_at(block: Span) -> Version {
        if block.inner { Version::Clone } else { Version::Clean }
    }
}

/// What the code of a function may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Callee {
    /// The direct version of a function of the program.
    Function(FunctionId),
    Helper(HelperId),
    /// A helper, so that nothing in registers is lost by the call.
    Shim(HelperId),
}

/// Names callees to a function that is being made, each once.
pub(super) trait Callees {
    fn refer(&mut self, func: &mut ir::Function, callee: Callee) -> FuncRef;
}

/// Everything that making one version of a function goes by.
pub(super) struct Task<'a> {
    pub(super) linked: &'a Linked,
    pub(super) facts: &'a Facts,
    pub(super) id: FunctionId,
    pub(super) version: Version,
    /// Which part of the function; control that goes to another leaves.
    pub(super) part: usize,
    pub(super) options: Options,
    /// Whether the machine rounds doubles by itself.
    pub(super) rounds: bool,
    /// Added to the numbers of its exits.
    pub(super) exits_from: u64,
    /// The number of its first guard.
    pub(super) guards_from: u64,
}

/// What making code leaves behind.
#[derive(Debug, Default)]
pub(super) struct Made {
    pub(super) exits: Vec<Exit>,
    pub(super) guards: u64,
}

/// A value on the operand stack.
#[derive(Clone, Copy, Debug)]
enum Held {
    Number(ir::Value),
    Bool(ir::Value),
    /// A word without storage.
    Scalar(ir::Value),
    /// Any word, held.
    Word(ir::Value),
    /// What is in the home of a variable, not held here.
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
    flow: Flow<'a>,
    facts: &'a FunctionFacts,
    task: Task<'a>,
    callees: &'a mut dyn Callees,
    referred: BTreeMap<Callee, FuncRef>,
    made: Made,
    context: ir::Value,
    depth: ir::Value,
    /// Where the homes of the variables are.
    homes: ir::Value,
    energy: Variable,
    count: Variable,
    variables: Vec<Forms>,
    places: Vec<Forms>,
    blocks: BTreeMap<Pc, ir::Block>,
    /// Blocks that some code goes to and that are not made yet, and those that are.
    todo: BTreeSet<Pc>,
    done: BTreeSet<Pc>,
    /// What is known, and held, at the operation that is being made.
    state: State,
    stack: Vec<Held>,
    charge: Charge,
    /// What of the block is executed before this operation: thousandths and instructions.
    spent: (u64, u32),
    /// What a profile has of the block.
    counted: Counted,
    restart: Restart,
    /// Whether the operation has done something that cannot be undone.
    effect: bool,
    /// Cold blocks to be made.
    pending: Vec<Pending>,
}

const TRUSTED: MemFlagsData = MemFlagsData::trusted();

fn offset(bytes: usize) -> i32 {
    i32::try_from(bytes).expect("structures are small")
}

/// The type of a parameter or result of a direct version.
pub(super) fn abi(of: Type) -> ir::Type {
    match of {
        Type::Number => types::F64,
        Type::Bool => types::I8,
        Type::Scalar | Type::Word | Type::Never => types::I64,
    }
}

/// The type of a parameter of a direct version.
pub(super) fn parameter(facts: &Facts, function: FunctionId, at: usize) -> Type {
    if at >= facts.functions[function.index()].registers {
        return Type::Word;
    }
    facts.summaries.parameter(function, at).unwrap_or(Type::Word)
}

impl<'a, 'f> Emitter<'a, 'f> {
    pub(super) fn new(
        mut b: FunctionBuilder<'f>,
        task: Task<'a>,
        callees: &'a mut dyn Callees,
    ) -> Self {
        let flow = task.facts.flow(task.linked, task.id);
        let facts = &task.facts.functions[task.id.index()];
        let entry = b.create_block();
        b.append_block_params_for_function_params(entry);
        b.switch_to_block(entry);
        b.seal_block(entry);
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
        let state = flow.start();
        let variables = forms(state.variables.len());
        let places = forms(facts.height_max);
        let load = |b: &mut FunctionBuilder<'_>, at: usize| {
            b.ins().load(types::I64, TRUSTED, context, offset(at))
        };
        let (from_energy, from_count, depth, homes) = match task.version {
            Version::Direct => {
                let size = 8 * flow::variables(task.linked, task.id);
                let size = u32::try_from(size).expect("variables are limited");
                let data = ir::StackSlotData::new(ir::StackSlotKind::ExplicitSlot, size, 3);
                let slot = b.create_sized_stack_slot(data);
                let homes = b.ins().stack_addr(types::I64, slot, 0);
                (parameters[1], parameters[2], parameters[3], homes)
            }
            Version::Clean | Version::Clone => {
                let energy = load(&mut b, layout::ENERGY);
                let depth = load(&mut b, layout::DEPTH);
                let homes = load(&mut b, layout::VARIABLES);
                (energy, b.ins().iconst(types::I64, 0), depth, homes)
            }
        };
        b.def_var(energy, from_energy);
        b.def_var(count, from_count);
        let restart = Restart::nowhere(state.clone(), from_energy, from_count);
        let mut emitter = Emitter {
            b,
            flow,
            facts,
            task,
            callees,
            referred: BTreeMap::new(),
            made: Made::default(),
            context,
            depth,
            homes,
            energy,
            count,
            variables,
            places,
            blocks: BTreeMap::new(),
            todo: BTreeSet::new(),
            done: BTreeSet::new(),
            state,
            stack: Vec::new(),
            charge: Charge::default(),
            spent: (0, 0),
            counted: Counted::default(),
            restart,
            effect: false,
            pending: Vec::new(),
        };
        match emitter.task.version {
            Version::Direct => emitter.begin_direct(&parameters[4..]),
            Version::Clean | Version::Clone => emitter.begin_entered(),
        }
        emitter
    }

    /// Makes the code of all blocks that are come to.
    pub(super) fn emit(mut self, frontend: cranelift_codegen::isa::TargetFrontendConfig) -> Made {
        while let Some(start) = self.todo.pop_first() {
            self.done.insert(start);
            let at = self.facts.blocks.at(start).expect("blocks are named by their starts");
            self.block(self.facts.blocks.list[at], self.facts.states[&start].clone());
        }
        for pending in std::mem::take(&mut self.pending) {
            self.exit(pending);
        }
        self.b.seal_all_blocks();
        self.b.finalize(frontend);
        self.made
    }

    fn linked(&self) -> &'a Linked {
        self.task.linked
    }

    fn main(&self) -> bool {
        self.task.id == FunctionId::MAIN
    }

    fn block(&mut self, span: Span, state: State) {
        self.b.switch_to_block(self.blocks[&span.start]);
        self.state = state;
        self.stack = Vec::new();
        for at in 0..self.state.stack.len() {
            if let flow::Operand::Typed(of) = self.state.stack[at] {
                let held = self.read(self.places[at], of);
                self.stack.push(held);
            }
        }
        self.charge = self.facts.charges[&span.start];
        self.spent = (0, 0);
        let covered = self.flow.covered(span, &self.state);
        let first = self.linked().program().parts().ops[span.start.index()].at;
        self.b.set_srcloc(ir::SourceLoc::new(first));
        let pays = self.charge.head && self.task.options.metering;
        if pays {
            let off = u64::from(self.task.options.fault == Some(Fault::EnergyOffByOne));
            self.spend(self.charge.cheapest + off, self.charge.instructions.into());
        }
        self.count(span, covered.operations);
        self.restart_at(span.start);
        if pays && self.charge.dearest > 0 {
            // For the exit it is all unspent, so what is left may be less than nothing there.
            let energy = self.b.use_var(self.energy);
            let held_back = self.charge.held_back().cast_signed();
            let enough =
                self.b.ins().icmp_imm_s(IntCC::SignedGreaterThanOrEqual, energy, held_back);
            self.guard(enough);
        }
        let ops = &self.linked().program().parts().ops;
        for (at, op) in (span.start.index()..).zip(&ops[span.start.index()..]) {
            let pc = Pc::new(at);
            if at == span.start.index() + covered.operations {
                self.counted.next = pc;
                self.leave(pc);
                return;
            }
            self.b.set_srcloc(ir::SourceLoc::new(op.at));
            self.counted.next = pc;
            let price = self.flow.price(op, &self.state);
            let after = (self.spent.0 + price, self.spent.1 + u32::from(op.action != Action::End));
            if self.operation(pc, op, after) {
                return;
            }
            let step = self.flow.step(pc, op, &mut self.state);
            debug_assert_eq!(step, Step::Done);
            debug_assert_eq!(self.state.stack.len(), self.stack.len(), "{op:?}");
            self.spent = after;
            let next = Pc::new(at + 1);
            self.counted.next = next;
            if std::mem::take(&mut self.effect) {
                self.restart_at(next);
            }
            if next == span.end {
                self.settle();
                self.goto(next);
                return;
            }
        }
    }

    /// Makes the code of an operation; whether control ends there. `after` is what is executed after it.
    fn operation(&mut self, pc: Pc, op: &Op, after: (u64, u32)) -> bool {
        match op.action {
            Action::Push(constant) => self.stack.push(Held::Constant(constant)),
            Action::Pop => {
                if let Some(held) = self.stack.pop() {
                    self.release(held);
                }
            }
            Action::Dup => self.again(1),
            Action::Over => self.again(2),
            Action::Swap => {
                let at = self.stack.len() - 2;
                self.stack.swap(at, at + 1);
            }
            Action::Store(slot) => self.store(slot),
            Action::Load(slot) => self.load(slot),
            Action::Take(slot) => self.take(slot),
            Action::Observe(slot) if self.main() => self.load(slot),
            Action::Observe(slot) => self.observe(slot),
            Action::Publish(slot) if self.main() => self.store(slot),
            Action::Publish(slot) => self.publish(slot),
            Action::Add => self.arithmetic(|ins, a, b| ins.fadd(a, b)),
            Action::Sub if self.task.options.fault == Some(Fault::SwappedOperand) => {
                self.arithmetic(|ins, a, b| ins.fsub(b, a));
            }
            Action::Sub => self.arithmetic(|ins, a, b| ins.fsub(a, b)),
            Action::Mul => self.arithmetic(|ins, a, b| ins.fmul(a, b)),
            Action::Div => self.arithmetic(|ins, a, b| ins.fdiv(a, b)),
            Action::Rem => self.library(HelperId::Rem),
            Action::Pow => self.library(HelperId::Pow),
            Action::Neg => {
                let a = self.number(0);
                let result = self.b.ins().fneg(a);
                self.replace(1, Held::Number(result));
            }
            Action::Eq => self.compare(FloatCC::Equal, Opcode::Eq),
            Action::Ne => self.compare(FloatCC::NotEqual, Opcode::Ne),
            Action::Lt => self.compare(FloatCC::LessThan, Opcode::Lt),
            Action::Le => self.compare(FloatCC::LessThanOrEqual, Opcode::Le),
            Action::Gt => self.compare(FloatCC::GreaterThan, Opcode::Gt),
            Action::Ge => self.compare(FloatCC::GreaterThanOrEqual, Opcode::Ge),
            Action::Not => {
                let a = self.truth(0);
                let result = self.b.ins().bxor_imm_u(a, 1);
                self.consume(1, Held::Bool(result));
            }
            Action::And | Action::Or => {
                let (a, b) = (self.truth(1), self.truth(0));
                let and = op.action == Action::And;
                let ins = self.b.ins();
                let result = if and { ins.band(a, b) } else { ins.bor(a, b) };
                self.consume(2, Held::Bool(result));
            }
            Action::List(n) => self.collect(pc, HelperId::List, n as usize),
            Action::Map(n) => self.collect(pc, HelperId::Map, 2 * n as usize),
            Action::Get => self.get(pc),
            Action::Len => self.len(),
            Action::Has => self.has(),
            Action::Append(slot) => self.append(pc, slot),
            Action::Put(slot) => self.put(pc, slot),
            Action::Jump(target) => {
                self.settle();
                self.goto(target);
                return true;
            }
            Action::JumpIf(target) => {
                self.branch(pc, target, false);
                return true;
            }
            Action::JumpTrue(target) => {
                self.branch(pc, target, true);
                return true;
            }
            Action::Call(callee, argc) => self.call(pc, callee, argc, after),
            Action::CallOut(call, argc) => match self.flow.direct(op.action, &self.state) {
                Some(direct) => match direct.library {
                    Some(function) => self.scalar(function, argc.into()),
                    None => self.typed(pc, direct, argc.into(), after),
                },
                None => self.host(pc, call, argc, after),
            },
            Action::TryOut(call, argc) => self.host(pc, call, argc, after),
            Action::Delegate(_) => self.delegate(pc, op, after),
            Action::EnergyCheck(quantity) => self.energy_check(quantity, after),
            Action::Assert(_) => {}
            Action::Return | Action::End if self.task.version != Version::Direct => {
                self.leave(pc); // the frame is the run's, and the run ends it
                return true;
            }
            Action::Return | Action::End => {
                self.return_();
                return true;
            }
            Action::Fail(_) => unreachable!("the flow ends before it"),
        }
        false
    }

    fn refer(&mut self, callee: Callee) -> FuncRef {
        let (callees, func) = (&mut self.callees, &mut *self.b.func);
        *self.referred.entry(callee).or_insert_with(|| callees.refer(func, callee))
    }

    fn arithmetic(
        &mut self,
        make: impl FnOnce(FuncInstBuilder<'_, 'f>, ir::Value, ir::Value) -> ir::Value,
    ) {
        let (a, b) = (self.number(1), self.number(0));
        let result = make(self.b.ins(), a, b);
        self.replace(2, Held::Number(result));
    }

    /// Arithmetic that is a function of a library.
    fn library(&mut self, helper: HelperId) {
        let (a, b) = (self.number(1), self.number(0));
        let (a, b) = (self.bits(a), self.bits(b));
        self.helper(helper, [a, b], false);
        let word = self.context_word(layout::WORD);
        let result = self.number_of(word);
        self.replace(2, Held::Number(result));
    }

    /// Puts a result in place of the top `n`, which are not held or are held no more.
    fn replace(&mut self, n: usize, held: Held) {
        self.stack.truncate(self.stack.len() - n);
        self.stack.push(held);
    }

    /// Puts a result in place of the top `n`.
    fn consume(&mut self, n: usize, held: Held) {
        let taken = self.stack.split_off(self.stack.len() - n);
        for operand in taken {
            self.release(operand);
        }
        self.stack.push(held);
    }

    /// A field of the context.
    fn context_word(&mut self, at: usize) -> ir::Value {
        self.b.ins().load(types::I64, TRUSTED, self.context, offset(at))
    }

    /// Pays so much more, and counts so many instructions.
    fn spend(&mut self, energy: u64, instructions: i64) {
        if !self.task.options.metering {
            return;
        }
        if energy != 0 {
            let left = self.b.use_var(self.energy);
            let left = self.b.ins().iadd_imm_s(left, -energy.cast_signed());
            self.b.def_var(self.energy, left);
        }
        if instructions != 0 {
            let count = self.b.use_var(self.count);
            let count = self.b.ins().iadd_imm_s(count, instructions);
            self.b.def_var(self.count, count);
        }
    }
}
