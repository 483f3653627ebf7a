//! Where functions begin and end, which instruction belongs to which, and whether jumps and calls keep
//! to the rules. Everything later relies on a [`Structure`] and asks no such questions again.

use super::too_large;
use crate::dsl::diagnostic::{Code, Diagnostic, Span};
use crate::dsl::finding::Findings;
use crate::dsl::instruction::Instruction;
use crate::dsl::name;
use crate::dsl::token::{cut, shown};
use lau_runtime::program::INSTRUCTIONS_MAX;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

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
    /// Finds the functions and checks structure, jumps and calls. `None` if a fault was found, which is
    /// reported. Spans are those of the text that the instructions come from, if they come from one.
    pub(super) fn of(
        instructions: &'a [Instruction],
        spans: &[Span],
        findings: &mut Findings,
    ) -> Option<Structure<'a>> {
        if instructions.len() > INSTRUCTIONS_MAX {
            let what = format!("the program has {} instructions", instructions.len());
            findings.report(too_large(what, INSTRUCTIONS_MAX));
            return None;
        }
        let before = findings.errors();
        names(instructions, findings);
        let definitions = definitions(instructions, findings);
        let mut by_name = HashMap::new();
        for (at, definition) in definitions.iter().enumerate() {
            match by_name.entry(definition.name) {
                Entry::Vacant(entry) => {
                    entry.insert(at);
                }
                Entry::Occupied(first) => {
                    defined_twice(definition, definitions[*first.get()].func, spans, findings);
                }
            }
            parameters(definition, findings);
        }
        let structure = Structure { definitions, by_name };
        structure.calls_and_jumps(instructions, findings);
        (findings.errors() == before).then_some(structure)
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

    fn calls_and_jumps(&self, instructions: &[Instruction], findings: &mut Findings) {
        for (body, from, to) in self.bodies(instructions.len()) {
            for (at, instruction) in instructions.iter().enumerate().take(to).skip(from) {
                if let Instruction::Call(name, argc) | Instruction::Try(name, argc) = instruction {
                    self.call(at, instruction, name, *argc, findings);
                }
                if let Some(target) = target(instruction) {
                    self.jump(at, body, target, findings);
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
        findings: &mut Findings,
    ) {
        let Some(definition) = self.by_name.get(name) else { return };
        let takes = self.definitions[*definition].parameters.len();
        if takes != usize::from(argc) {
            findings.report_with(Code::WrongArity, || {
                let message = format!("{} takes {takes} arguments, not {argc}", shown(name));
                let fault = Diagnostic::new(Code::WrongArity, message).about(index(at));
                let how = instruction.opcode().row().name;
                fault.help(format!("write `{how} {} {takes}`", cut(name)))
            });
        }
    }

    fn jump(&self, at: usize, body: Option<usize>, target: usize, findings: &mut Findings) {
        let body = body.map(|body| &self.definitions[body]);
        let fine = match body {
            None => self.inside(target).is_none(),
            Some(Definition { func, end, .. }) => (func + 1..=*end).contains(&target),
        };
        if fine {
            return;
        }
        findings.report_with(Code::TargetOutside, || {
            let message = match body {
                None => "a jump from the main body into a definition".to_owned(),
                Some(Definition { name, func, end, .. }) => {
                    let from = func + 1;
                    format!("a jump out of {}, which is instructions {from} to {end}", shown(name))
                }
            };
            let help = "jump to a label in the same function; labels are clearer than numbers";
            Diagnostic::new(Code::TargetOutside, message).about(index(at)).help(help)
        });
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

fn names(instructions: &[Instruction], findings: &mut Findings) {
    for (at, instruction) in instructions.iter().enumerate() {
        for name in instruction.names().filter(|name| name::is_too_long(name)) {
            findings.report_with(Code::TooLarge, || name::too_long(name).about(index(at)));
        }
    }
}

fn definitions<'a>(
    instructions: &'a [Instruction],
    findings: &mut Findings,
) -> Vec<Definition<'a>> {
    let mut definitions = Vec::new();
    let mut open: Option<(usize, &str, &[String])> = None;
    let mut unbalanced = |at, message: &dyn Fn() -> String, help: &str| {
        findings.report_with(Code::UnbalancedFunction, || {
            Diagnostic::new(Code::UnbalancedFunction, message()).about(index(at)).help(help)
        });
    };
    for (at, instruction) in instructions.iter().enumerate() {
        if let Instruction::Func(name, parameters) = instruction {
            if let Some((_, outer, _)) = open {
                let message =
                    || format!("`func {}` inside the definition of {}", cut(name), shown(outer));
                unbalanced(at, &message, "functions do not nest; put `end` before it");
            }
            open = Some((at, name, parameters));
        } else if *instruction == Instruction::End {
            match open.take() {
                Some((func, name, parameters)) => {
                    definitions.push(Definition { name, parameters, func, end: at });
                }
                None => {
                    let message = || "`end` without `func`".to_owned();
                    unbalanced(at, &message, "to end the run, write `return`");
                }
            }
        }
    }
    if let Some((at, name, _)) = open {
        let message = || format!("`func {}` is never ended", cut(name));
        unbalanced(at, &message, "put `end` on a line of its own after its body");
    }
    definitions
}

fn defined_twice(
    definition: &Definition<'_>,
    first: usize,
    spans: &[Span],
    findings: &mut Findings,
) {
    findings.report_with(Code::DuplicateFunction, || {
        let message = format!("function {} is defined twice", shown(definition.name));
        let fault = Diagnostic::new(Code::DuplicateFunction, message);
        fault.about(index(definition.func)).help(match spans.get(first) {
            Some(span) => format!("the first definition is on line {}", span.line),
            None => format!("the first definition is at instruction {first}"),
        })
    });
}

fn parameters(definition: &Definition<'_>, findings: &mut Findings) {
    let Definition { name, parameters, func, .. } = definition;
    if parameters.len() > usize::from(u8::MAX) {
        findings.report_with(Code::TooLarge, || {
            let what = format!("{} has {} parameters", shown(name), parameters.len());
            too_large(what, u8::MAX.into()).about(index(*func))
        });
    }
    let mut seen = HashSet::new();
    for parameter in parameters.iter().filter(|parameter| !seen.insert(*parameter)) {
        findings.report_with(Code::DuplicateParameter, || {
            let message = format!("{} has two parameters {}", shown(name), shown(parameter));
            let fault = Diagnostic::new(Code::DuplicateParameter, message).about(index(*func));
            fault.help("give each parameter a name of its own")
        });
    }
}
