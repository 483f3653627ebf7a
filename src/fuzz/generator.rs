//! Programs out of bytes: one generator for tests, fuzzers and the command.
//!
//! Most programs it gives do not trap at once. It keeps track of the types on the operand stack and of
//! which variables hold something (a variable's type shows in its name: `n0` is a Number, `l1` a List),
//! and writes instructions whose operands fit; at a low rate it writes any instruction at all, after
//! which it assumes little. Every program it gives is valid in structure. Out of bytes it comes to an
//! end quickly, so every input gives a program.
//!
//! Knows nothing of prices, limits or what is made of the programs.

mod expressions;
mod leaves;
mod library;
mod odd;
mod statements;

use super::builtins::Delegates;
use super::scene::Scene;
use crate::dsl::instruction::Instruction;
use arbitrary::Unstructured;
use std::collections::BTreeSet;

/// What is known of a value on the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ty {
    Number,
    Bool,
    Text,
    List,
    Map,
    /// Whatever.
    Any,
}

/// Instructions whose targets are labels, among definitions and the labels themselves.
enum Item {
    Do(Instruction),
    Label(usize),
    Definition(Vec<Item>),
}

/// The label of the end: of the function, or of the program.
const END: usize = usize::MAX;
/// In the main body, somewhere past the end; in a function the same as [`END`].
const PAST_END: usize = usize::MAX - 1;

/// What is known of a function before its body is written.
#[derive(Clone, Debug)]
struct Signature {
    name: String,
    params: Vec<Ty>,
    param_names: Vec<String>,
    result: Ty,
    /// Whether its first parameter counts down to an end of the recursion.
    counts_down: bool,
}

/// The state of writing one body.
#[derive(Default)]
struct BodyState {
    items: Vec<Item>,
    stack: Vec<Ty>,
    /// Values of the stack below this height belong to whoever is outside the block.
    base: usize,
    /// Values from this height on are operands of what is being written.
    floor: usize,
    /// Variables that hold something of their type.
    set: BTreeSet<String>,
    /// Which function it is; `None` is the main body.
    function: Option<usize>,
    blocks: usize,
}

struct Generator<'u, 'b> {
    u: &'u mut Unstructured<'b>,
    /// How many more statements may be written.
    fuel: usize,
    labels: usize,
    counters: usize,
    functions: Vec<Signature>,
    /// Functions whose definitions are written but stand nowhere yet.
    definitions: Vec<Vec<Item>>,
    body: BodyState,
}

/// A program, what is in memory before it runs, and how tasks are delegated.
pub(super) fn scene(u: &mut Unstructured<'_>) -> Scene {
    let mut generator = Generator {
        u,
        fuel: 0,
        labels: 0,
        counters: 0,
        functions: Vec::new(),
        definitions: Vec::new(),
        body: BodyState::default(),
    };
    generator.scene()
}

impl Generator<'_, '_> {
    fn scene(&mut self) -> Scene {
        let delegates = if self.chance(30) { Delegates::Handled } else { Delegates::Noted };
        self.functions = self.signatures();
        for at in 0..self.functions.len() {
            let definition = self.definition(at);
            self.definitions.push(definition);
        }
        self.body = BodyState::default();
        let memory = self.preset_memory();
        self.fuel = match self.below(10) {
            0..=4 => 1 + self.below(5),
            5..=7 => 5 + self.below(8),
            _ => 12 + self.below(25),
        };
        self.main();
        let mut items = std::mem::take(&mut self.body.items);
        items.extend(self.definitions.drain(..).map(Item::Definition));
        Scene { instructions: resolve(&items), memory, delegates }
    }

    fn signatures(&mut self) -> Vec<Signature> {
        let n = [0, 0, 0, 1, 1, 2, 3][self.below(7)];
        (0..n)
            .map(|at| {
                let params: Vec<Ty> = (0..self.below(4)).map(|_| self.any_type()).collect();
                let param_names = params.iter().enumerate().map(|(i, ty)| param(*ty, i)).collect();
                let counts_down = params.first() == Some(&Ty::Number) && self.chance(70);
                // Its own function comes before others of the same name.
                let taken = at == 0 && self.chance(6);
                let name = if taken {
                    (*self.choose(&["echo", "concat", "merge"])).to_owned()
                } else {
                    format!("f{at}")
                };
                Signature { name, params, param_names, result: self.any_type(), counts_down }
            })
            .collect()
    }

    fn definition(&mut self, at: usize) -> Vec<Item> {
        let signature = self.functions[at].clone();
        let set = signature.param_names.iter().cloned().collect();
        self.body = BodyState { set, function: Some(at), ..BodyState::default() };
        self.fuel = self.below(7);
        let names = signature.param_names.clone();
        self.body.items.push(Item::Do(Instruction::Func(signature.name.clone(), names)));
        if signature.counts_down {
            self.stop_counting_down(&signature);
        }
        self.statements();
        if !self.chance(3) {
            self.start();
            self.of(signature.result, 2);
        }
        if self.chance(40) {
            self.emit(Instruction::Return, 0, &[]);
        }
        self.body.items.push(Item::Do(Instruction::End));
        std::mem::take(&mut self.body.items)
    }

    /// `if the first parameter is not above 0, return something`.
    fn stop_counting_down(&mut self, signature: &Signature) {
        let go_on = self.label();
        self.emit(Instruction::Load(signature.param_names[0].clone()), 0, &[Ty::Number]);
        self.push_number(0.0);
        self.emit(Instruction::Gt, 2, &[Ty::Bool]);
        self.emit(Instruction::JumpTrue(go_on), 1, &[]);
        self.start();
        self.of(signature.result, 1);
        self.emit(Instruction::Return, 1, &[]);
        self.place(go_on);
    }

    fn main(&mut self) {
        for _ in 0..self.below(7) {
            let ty = self.any_type();
            self.start();
            self.store_new(ty);
        }
        self.statements();
        match self.below(10) {
            0..=4 => {
                self.start();
                let ty = self.any_type();
                self.of(ty, 2);
                self.emit(Instruction::Return, 0, &[]);
            }
            5..=7 => {
                self.start();
                let ty = self.any_type();
                self.of(ty, 2);
            }
            _ => {}
        }
    }

    /// Statements until the fuel is used up.
    fn statements(&mut self) {
        while self.fuel > 0 && !self.u.is_empty() {
            self.statement();
        }
    }

    fn any_type(&mut self) -> Ty {
        [Ty::Number, Ty::Number, Ty::Text, Ty::List, Ty::Map, Ty::Any, Ty::Bool][self.below(7)]
    }

    /// A number below n; 0 when the bytes are used up.
    fn below(&mut self, n: usize) -> usize {
        self.u.int_in_range(0..=n.max(1) - 1).unwrap_or(0)
    }

    /// Whether something of that probability happens; it does not when the bytes are used up.
    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) >= 100 - percent
    }

    fn choose<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let at = self.below(from.len());
        &from[at]
    }

    fn label(&mut self) -> usize {
        self.labels += 1;
        self.labels
    }

    fn place(&mut self, label: usize) {
        self.body.items.push(Item::Label(label));
    }

    /// Writes an instruction that takes and gives so much.
    fn emit(&mut self, instruction: Instruction, takes: usize, gives: &[Ty]) {
        self.body.items.push(Item::Do(instruction));
        let stack = &mut self.body.stack;
        stack.truncate(stack.len().saturating_sub(takes));
        stack.extend(gives);
    }

    /// A new statement begins: nothing on the stack is spoken for.
    fn start(&mut self) {
        self.body.floor = self.body.stack.len();
    }

    /// The top of the stack if it is free to be used.
    fn free_top(&self) -> Option<Ty> {
        let stack = &self.body.stack;
        let free = stack.len() > self.body.base && stack.len() == self.body.floor;
        if free { stack.last().copied() } else { None }
    }
}

fn param(ty: Ty, at: usize) -> String {
    format!("{}{at}", prefix(ty))
}

/// How names of variables of a type begin.
fn prefix(ty: Ty) -> char {
    match ty {
        Ty::Number => 'n',
        Ty::Bool => 'b',
        Ty::Text => 't',
        Ty::List => 'l',
        Ty::Map => 'm',
        Ty::Any => 'a',
    }
}

/// Lays the items out and turns labels into indices.
fn resolve(items: &[Item]) -> Vec<Instruction> {
    let mut out = Vec::new();
    let mut labels = std::collections::BTreeMap::new();
    let mut jumps = Vec::new();
    lay_out(items, None, &mut out, &mut labels, &mut jumps);
    let len = out.len();
    for (at, function_end) in jumps {
        let target = |label: &usize| match *label {
            END => function_end.unwrap_or(len),
            PAST_END => function_end.unwrap_or(len + 7),
            label => labels.get(&label).copied().unwrap_or(len),
        };
        if let Instruction::Jump(t) | Instruction::JumpIf(t) | Instruction::JumpTrue(t) =
            &mut out[at]
        {
            *t = target(t);
        }
    }
    out
}

fn lay_out(
    items: &[Item],
    function: Option<usize>,
    out: &mut Vec<Instruction>,
    labels: &mut std::collections::BTreeMap<usize, usize>,
    jumps: &mut Vec<(usize, Option<usize>)>,
) {
    for item in items {
        match item {
            Item::Label(label) => {
                labels.insert(*label, out.len());
            }
            Item::Definition(body) => {
                let instructions = body.iter().filter(|item| matches!(item, Item::Do(_))).count();
                lay_out(body, Some(out.len() + instructions - 1), out, labels, jumps);
            }
            Item::Do(instruction) => {
                if matches!(
                    instruction,
                    Instruction::Jump(_) | Instruction::JumpIf(_) | Instruction::JumpTrue(_)
                ) {
                    jumps.push((out.len(), function));
                }
                out.push(instruction.clone());
            }
        }
    }
}
