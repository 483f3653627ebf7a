//! Building the parts of a program from instructions of checked structure.

use super::structure::{Structure, index};
use super::too_large;
use crate::dsl::diagnostic::{Code, Diagnostic};
use crate::dsl::finding::Findings;
use crate::dsl::instruction::Instruction;
use crate::dsl::token::shown;
use lau_runtime::program::{
    Action, COUNT_MAX, CallId, ConstantId, DelegateId, Delegation, FUNCTION_VARIABLES_MAX,
    Function, FunctionId, LITERAL_NESTING_MAX, Op, Parts, Pc, Program, QuantityId, Slot,
    SourcePlace, TextId, price,
};
use lau_runtime::{Energy, Value};
use std::collections::HashMap;

/// Builds the program; the structure is that of the instructions. `None` if a fault was found, which is
/// reported.
pub(super) fn build(
    instructions: &[Instruction],
    structure: &Structure<'_>,
    places: Vec<SourcePlace>,
    findings: &mut Findings,
) -> Option<Program> {
    let before = findings.errors();
    let mut builder = Builder {
        structure,
        parts: Parts { instructions: index(instructions.len()), places, ..Parts::default() },
        pcs: positions(instructions.len(), structure),
        memory: HashMap::new(),
        constants: HashMap::new(),
        calls: HashMap::new(),
        findings,
    };
    builder.main(instructions);
    for at in 0..structure.definitions.len() {
        builder.definition(instructions, at);
    }
    let parts = builder.parts;
    if findings.errors() > before {
        return None;
    }
    let fault = match Program::new(parts) {
        Ok(program) => return Some(program),
        Err(fault) => fault,
    };
    let message = format!("{fault}; this is a bug in lowering, please report it");
    findings.report(Diagnostic::new(Code::TooLarge, message));
    None
}

/// The operation that control comes to at each instruction, and past the last. The main body's operations
/// come first; its `func`s have the position of what follows their definition.
fn positions(count: usize, structure: &Structure<'_>) -> Vec<u32> {
    let mut pcs = vec![0; count + 1];
    let mut pc = 0;
    let mut at = 0;
    for definition in &structure.definitions {
        while at < definition.func {
            pcs[at] = pc;
            (at, pc) = (at + 1, pc + 1);
        }
        pcs[at] = pc;
        at = definition.end + 1;
    }
    while at <= count {
        pcs[at] = pc; // at `count` this is the main body's `End`
        (at, pc) = (at + 1, pc + 1);
    }
    for definition in &structure.definitions {
        for at in &mut pcs[definition.func + 1..=definition.end] {
            *at = pc;
            pc += 1;
        }
    }
    pcs
}

/// What is told apart among literals that can share a constant.
#[derive(PartialEq, Eq, Hash)]
enum Literal {
    Null,
    Bool(bool),
    Number(u64),
    Text(String),
}

struct Builder<'a> {
    structure: &'a Structure<'a>,
    parts: Parts,
    pcs: Vec<u32>,
    memory: HashMap<String, Slot>,
    constants: HashMap<Literal, ConstantId>,
    calls: HashMap<String, CallId>,
    findings: &'a mut Findings,
}

/// The variables of a function in the making; the main body's are memory.
type Variables = Option<(HashMap<String, Slot>, Vec<String>)>;

impl Builder<'_> {
    fn main(&mut self, instructions: &[Instruction]) {
        let mut variables: Variables = None;
        let bodies = self.structure.bodies(instructions.len());
        for (_, from, to) in bodies.filter(|(body, ..)| body.is_none()) {
            for (at, instruction) in (from..).zip(&instructions[from..to]) {
                self.op(at, instruction, &mut variables);
            }
        }
        self.end(instructions.len());
        let code = 0..index(self.parts.ops.len());
        let main = Function { name: None, parameters: 0, variables: Vec::new(), code };
        self.parts.functions.push(main);
    }

    fn definition(&mut self, instructions: &[Instruction], at: usize) {
        let definition = &self.structure.definitions[at];
        let start = index(self.parts.ops.len());
        let names = definition.parameters.to_vec();
        let slots = names.iter().enumerate().map(|(at, name)| (name.clone(), Slot::new(at)));
        let mut variables = Some((slots.collect(), names));
        let (from, to) = (definition.func + 1, definition.end);
        for (at, instruction) in (from..).zip(&instructions[from..to]) {
            self.op(at, instruction, &mut variables);
        }
        self.end(definition.end);
        let names = variables.map(|(_, names)| names).unwrap_or_default();
        if names.len() > FUNCTION_VARIABLES_MAX {
            self.findings.report_with(Code::TooLarge, || {
                let what = format!("{} has {} variables", shown(definition.name), names.len());
                too_large(what, FUNCTION_VARIABLES_MAX).about(index(definition.func))
            });
        }
        self.parts.functions.push(Function {
            name: Some(definition.name.to_owned()),
            parameters: u8::try_from(definition.parameters.len()).unwrap_or(u8::MAX),
            variables: names,
            code: start..index(self.parts.ops.len()),
        });
    }

    fn end(&mut self, at: usize) {
        self.parts.ops.push(Op { action: Action::End, energy: 0, at: index(at) });
    }

    fn op(&mut self, at: usize, instruction: &Instruction, variables: &mut Variables) {
        let action = self.action(at, instruction, variables);
        let mut op = Op { action, energy: 0, at: index(at) };
        op.energy = u32::try_from(price(&op)).unwrap_or(u32::MAX);
        self.parts.ops.push(op);
    }

    fn action(&mut self, at: usize, instruction: &Instruction, vars: &mut Variables) -> Action {
        match instruction {
            Instruction::Push(value) => Action::Push(self.constant(at, value)),
            Instruction::Pop => Action::Pop,
            Instruction::Dup => Action::Dup,
            Instruction::Swap => Action::Swap,
            Instruction::Over => Action::Over,
            Instruction::Store(name) => Action::Store(self.variable(name, vars)),
            Instruction::Load(name) => Action::Load(self.variable(name, vars)),
            Instruction::Take(name) => Action::Take(self.variable(name, vars)),
            Instruction::Append(name) => Action::Append(self.variable(name, vars)),
            Instruction::Put(name) => Action::Put(self.variable(name, vars)),
            Instruction::Observe(name) => Action::Observe(self.field(name)),
            Instruction::Publish(name) => Action::Publish(self.field(name)),
            Instruction::Add => Action::Add,
            Instruction::Sub => Action::Sub,
            Instruction::Mul => Action::Mul,
            Instruction::Div => Action::Div,
            Instruction::Rem => Action::Rem,
            Instruction::Pow => Action::Pow,
            Instruction::Neg => Action::Neg,
            Instruction::Eq => Action::Eq,
            Instruction::Ne => Action::Ne,
            Instruction::Lt => Action::Lt,
            Instruction::Le => Action::Le,
            Instruction::Gt => Action::Gt,
            Instruction::Ge => Action::Ge,
            Instruction::Not => Action::Not,
            Instruction::And => Action::And,
            Instruction::Or => Action::Or,
            Instruction::List(n) => Action::List(self.count(at, *n)),
            Instruction::Map(n) => Action::Map(self.count(at, *n)),
            Instruction::Get => Action::Get,
            Instruction::Len => Action::Len,
            Instruction::Has => Action::Has,
            Instruction::Jump(target) => Action::Jump(self.target(*target)),
            Instruction::JumpIf(target) => Action::JumpIf(self.target(*target)),
            Instruction::JumpTrue(target) => Action::JumpTrue(self.target(*target)),
            Instruction::Call(name, argc) => match self.function(name) {
                Some(function) => Action::Call(function, *argc),
                None => Action::CallOut(self.call(name), *argc),
            },
            Instruction::Try(name, argc) => match self.function(name) {
                Some(function) => Action::Call(function, *argc),
                None => Action::TryOut(self.call(name), *argc),
            },
            Instruction::Return => Action::Return,
            Instruction::EnergyCheck(units) => {
                self.parts.quantities.push(Energy::from_units(*units));
                Action::EnergyCheck(QuantityId::new(self.parts.quantities.len() - 1))
            }
            Instruction::Delegate(agent, task) => Action::Delegate(self.delegation(agent, task)),
            Instruction::Assert(words) => Action::Assert(self.text(words)),
            Instruction::Fail(words) => Action::Fail(self.text(words)),
            Instruction::Func(..) | Instruction::End => {
                unreachable!("the structure keeps definitions out of bodies")
            }
        }
    }

    fn constant(&mut self, at: usize, value: &Value) -> ConstantId {
        let literal = match value {
            Value::Null => Literal::Null,
            Value::Bool(b) => Literal::Bool(*b),
            Value::Number(n) => Literal::Number(if n.is_nan() { f64::NAN } else { *n }.to_bits()),
            Value::Text(s) => Literal::Text(s.clone()),
            Value::List(_) | Value::Map(_) | Value::Reference(_) => {
                let levels = value.nesting();
                if levels > LITERAL_NESTING_MAX {
                    self.findings.report_with(Code::NestedTooDeep, || {
                        let message = format!(
                            "the literal nests {levels} levels, where {LITERAL_NESTING_MAX} are allowed"
                        );
                        Diagnostic::new(Code::NestedTooDeep, message).about(index(at))
                    });
                    return ConstantId::new(0); // not looked at: the program is not made
                }
                return self.new_constant(value);
            }
        };
        if let Some(known) = self.constants.get(&literal) {
            return *known;
        }
        let id = self.new_constant(value);
        self.constants.insert(literal, id);
        id
    }

    fn new_constant(&mut self, value: &Value) -> ConstantId {
        self.parts.constants.push(value.clone());
        ConstantId::new(self.parts.constants.len() - 1)
    }

    fn count(&mut self, at: usize, n: u32) -> u32 {
        if n > COUNT_MAX {
            self.findings.report_with(Code::TooLarge, || {
                let what = format!("a container of {n}");
                too_large(what, COUNT_MAX as usize).about(index(at))
            });
        }
        n.min(COUNT_MAX)
    }

    fn variable(&mut self, name: &str, variables: &mut Variables) -> Slot {
        let Some((slots, names)) = variables else { return self.field(name) };
        if let Some(slot) = slots.get(name) {
            return *slot;
        }
        let slot = Slot::new(names.len());
        names.push(name.to_owned());
        slots.insert(name.to_owned(), slot);
        slot
    }

    fn field(&mut self, name: &str) -> Slot {
        if let Some(slot) = self.memory.get(name) {
            return *slot;
        }
        let slot = Slot::new(self.parts.memory.len());
        self.parts.memory.push(name.to_owned());
        self.memory.insert(name.to_owned(), slot);
        slot
    }

    fn target(&self, target: usize) -> Pc {
        let at = target.min(self.pcs.len() - 1);
        Pc::new(self.pcs[at] as usize)
    }

    fn function(&self, name: &str) -> Option<FunctionId> {
        self.structure.by_name.get(name).map(|at| FunctionId::new(at + 1))
    }

    fn call(&mut self, name: &str) -> CallId {
        if let Some(call) = self.calls.get(name) {
            return *call;
        }
        let call = CallId::new(self.parts.calls.len());
        self.parts.calls.push(name.to_owned());
        self.calls.insert(name.to_owned(), call);
        call
    }

    fn text(&mut self, words: &str) -> TextId {
        self.parts.texts.push(words.to_owned());
        TextId::new(self.parts.texts.len() - 1)
    }

    fn delegation(&mut self, agent: &str, task: &str) -> DelegateId {
        let field = self.field(&format!("delegated:{task}"));
        let note = self.new_constant(&Value::from(format!("delegated to {agent}")));
        let (agent, task) = (agent.to_owned(), task.to_owned());
        self.parts.delegations.push(Delegation { agent, task, field, note });
        DelegateId::new(self.parts.delegations.len() - 1)
    }
}
