//! Where functions begin and end, which instruction belongs to which, and whether jumps and calls keep
//! to the rules. Everything later relies on a [`Structure`] and asks no such questions again.

use super::too_large;
use crate::dsl::diagnostic::{Code, Diagnostic};
use crate::dsl::instruction::Instruction;
use lau_runtime::program::INSTRUCTIONS_MAX;
use std::collections::HashMap;

/// A definition in a program.
#[derive(Debug)]
pub(super) struct Definition<'a> {
    pub(super) name: &'a str,
    pub(super) parameters: &'a [String],
    /// The index of its `func`.
    pub(super) func: usize,
    /// The index of its `end`.
    pub(super) end: usize,
}

/// The functions of a list of instructions.
#[derive(Debug)]
pub(super) struct Structure<'a> {
    /// In the order of the text.
    pub(super) definitions: Vec<Definition<'a>>,
    /// The place in `definitions` of each name.
    pub(super) by_name: HashMap<&'a str, usize>,
}

impl<'a> Structure<'a> {
    /// Finds the functions and checks structure, jumps and calls.
    pub(super) fn of(instructions: &'a [Instruction]) -> Result<Structure<'a>, Vec<Diagnostic>> {
        if instructions.len() > INSTRUCTIONS_MAX {
            let what = format!("the program has {} instructions", instructions.len());
            return Err(vec![too_large(what, INSTRUCTIONS_MAX)]);
        }
        let mut faults = Vec::new();
        let definitions = definitions(instructions, &mut faults);
        let mut by_name = HashMap::new();
        for (at, definition) in definitions.iter().enumerate() {
            if let Some(first) = by_name.insert(definition.name, at) {
                let first = &definitions[first];
                let message = format!("function `{}` is defined twice", definition.name);
                let help = format!("the first definition is at instruction {}", first.func);
                let fault = Diagnostic::new(Code::DuplicateFunction, message);
                faults.push(fault.about(index(definition.func)).help(help));
            }
            parameters(definition, &mut faults);
        }
        let structure = Structure { definitions, by_name };
        structure.calls_and_jumps(instructions, &mut faults);
        if faults.is_empty() { Ok(structure) } else { Err(faults) }
    }

    /// The runs of instructions outside definitions and inside each, as (definition, from, to).
    pub(super) fn bodies(
        &self,
        count: usize,
    ) -> impl Iterator<Item = (Option<usize>, usize, usize)> {
        let starts = std::iter::once(0).chain(self.definitions.iter().map(|d| d.end + 1));
        let ends = self.definitions.iter().map(|d| d.func).chain([count]);
        let main = starts.zip(ends).map(|(from, to)| (None, from, to));
        let inside = self.definitions.iter().enumerate();
        main.chain(inside.map(|(at, d)| (Some(at), d.func + 1, d.end)))
    }

    /// The definition that an instruction is inside of, its `end` included.
    pub(super) fn inside(&self, at: usize) -> Option<usize> {
        let after = self.definitions.partition_point(|d| d.func < at);
        let candidate = after.checked_sub(1)?;
        (at <= self.definitions[candidate].end).then_some(candidate)
    }

    fn calls_and_jumps(&self, instructions: &[Instruction], faults: &mut Vec<Diagnostic>) {
        for (body, from, to) in self.bodies(instructions.len()) {
            for (at, instruction) in instructions.iter().enumerate().take(to).skip(from) {
                if let Instruction::Call(name, argc) | Instruction::Try(name, argc) = instruction {
                    self.call(at, instruction, name, *argc, faults);
                }
                if let Some(target) = target(instruction) {
                    self.jump(at, body, target, faults);
                }
            }
        }
    }

    fn call(
        &self,
        at: usize,
        instruction: &Instruction,
        name: &str,
        argc: u8,
        faults: &mut Vec<Diagnostic>,
    ) {
        let Some(definition) = self.by_name.get(name) else { return };
        let takes = self.definitions[*definition].parameters.len();
        if takes != usize::from(argc) {
            let message = format!("`{name}` takes {takes} arguments, not {argc}");
            let fault = Diagnostic::new(Code::WrongArity, message);
            let how = instruction.opcode().row().name;
            faults.push(fault.about(index(at)).help(format!("write `{how} {name} {takes}`")));
        }
    }

    fn jump(&self, at: usize, body: Option<usize>, target: usize, faults: &mut Vec<Diagnostic>) {
        let fault = match body {
            None if self.inside(target).is_some() => {
                "a jump from the main body into a definition".to_owned()
            }
            Some(body) => {
                let Definition { name, func, end, .. } = &self.definitions[body];
                if (func + 1..=*end).contains(&target) {
                    return;
                }
                format!("a jump out of `{name}`, which is instructions {} to {end}", func + 1)
            }
            None => return,
        };
        let help = "jump to a label in the same function; labels are clearer than numbers";
        faults.push(Diagnostic::new(Code::TargetOutside, fault).about(index(at)).help(help));
    }
}

/// The target of a jump.
pub(super) fn target(instruction: &Instruction) -> Option<usize> {
    if let Instruction::Jump(t) | Instruction::JumpIf(t) | Instruction::JumpTrue(t) = instruction {
        Some(*t)
    } else {
        None
    }
}

/// An instruction's index; programs are limited to far fewer than 2³².
pub(super) fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn definitions<'a>(
    instructions: &'a [Instruction],
    faults: &mut Vec<Diagnostic>,
) -> Vec<Definition<'a>> {
    let mut definitions = Vec::new();
    let mut open: Option<(usize, &str, &[String])> = None;
    let unbalanced = |at, message: String, help: &str| {
        Diagnostic::new(Code::UnbalancedFunction, message).about(index(at)).help(help)
    };
    for (at, instruction) in instructions.iter().enumerate() {
        if let Instruction::Func(name, parameters) = instruction {
            if let Some((_, outer, _)) = open {
                let message = format!("`func {name}` inside the definition of `{outer}`");
                faults.push(unbalanced(at, message, "functions do not nest; put `end` before it"));
            }
            open = Some((at, name, parameters));
        } else if *instruction == Instruction::End {
            match open.take() {
                Some((func, name, parameters)) => {
                    definitions.push(Definition { name, parameters, func, end: at });
                }
                None => {
                    let message = "`end` without `func`".to_owned();
                    faults.push(unbalanced(at, message, "to end the run, write `return`"));
                }
            }
        }
    }
    if let Some((at, name, _)) = open {
        let message = format!("`func {name}` is never ended");
        faults.push(unbalanced(at, message, "put `end` on a line of its own after its body"));
    }
    definitions
}

fn parameters(definition: &Definition<'_>, faults: &mut Vec<Diagnostic>) {
    let Definition { name, parameters, func, .. } = definition;
    if parameters.len() > usize::from(u8::MAX) {
        let what = format!("`{name}` has {} parameters", parameters.len());
        faults.push(too_large(what, u8::MAX.into()).about(index(*func)));
    }
    let mut seen = std::collections::HashSet::new();
    for parameter in *parameters {
        if !seen.insert(parameter) {
            let message = format!("`{name}` has two parameters `{parameter}`");
            faults.push(
                Diagnostic::new(Code::DuplicateParameter, message)
                    .about(index(*func))
                    .help("give each parameter a name of its own"),
            );
        }
    }
}
