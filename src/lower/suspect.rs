//! What is allowed but probably not meant: code that control never comes to, jumps to numbers past the
//! end, calls of names that nobody is known to provide.

use super::structure::{Structure, index, target};
use crate::dsl::diagnostic::{Code, Diagnostic};
use crate::dsl::finding::Findings;
use crate::dsl::instruction::Instruction;
use crate::dsl::suggest::{self, COMPARED_MAX};
use crate::dsl::token::shown;
use lau_runtime::host::Interface;
use lau_runtime::library::{self, Function};
use lau_runtime::program::Opcode;
use lau_runtime::program::opcode::Effect;
use std::collections::HashSet;

/// Warns of jumps past the end and of calls nobody is known to answer.
pub(super) fn suspects(
    instructions: &[Instruction],
    structure: &Structure<'_>,
    known: &Interface,
    findings: &mut Findings,
) {
    for (at, instruction) in instructions.iter().enumerate() {
        if let Some(target) = target(instruction).filter(|target| *target > instructions.len()) {
            findings.report_with(Code::JumpPastEnd, || {
                let count = instructions.len();
                let message = format!("a jump to {target}, past the end of {count} instructions");
                let help = "this ends the run; a label at the end of the program says so clearly";
                Diagnostic::new(Code::JumpPastEnd, message).about(index(at)).help(help)
            });
        }
        if let Instruction::Call(name, argc) | Instruction::Try(name, argc) = instruction
            && !structure.by_name.contains_key(name.as_str())
            && known.find(name).is_none()
        {
            if let Some(id) = library::find(name) {
                arity(id.function(), usize::from(*argc), at, findings);
                continue;
            }
            findings.report_with(Code::UnknownFunction, || {
                let message = format!("{} is neither defined here nor known", shown(name));
                let finding = Diagnostic::new(Code::UnknownFunction, message).about(index(at));
                if let Some(opcode) = Opcode::named(name) {
                    let name = opcode.row().name;
                    return finding.help(format!("`{name}` is an instruction: write `{name}`"));
                }
                finding.help(match nearest(name, structure, known) {
                    Some(near) => format!("did you mean {}?", shown(near)),
                    None => "it is a trap unless the host provides it".to_owned(),
                })
            });
        }
    }
}

/// Warns of a call of a function of the library that will trap, unless a host has a builtin of that name.
fn arity(function: &Function, argc: usize, at: usize, findings: &mut Findings) {
    if function.takes(argc) {
        return;
    }
    findings.report_with(Code::LibraryArity, || {
        let (name, counts) = (function.name, function.counts());
        let message = format!("`{name}` of the library takes {counts}, not {argc}");
        let finding = Diagnostic::new(Code::LibraryArity, message).about(index(at));
        finding.help(format!("its arguments, in the order pushed: `{}`", function.usage()))
    });
}

/// The name a misspelt one probably means, of the program's first functions and the host's first names.
fn nearest<'a>(name: &str, structure: &Structure<'a>, known: &'a Interface) -> Option<&'a str> {
    let own = structure.definitions.iter().map(|definition| definition.name).take(COMPARED_MAX);
    let library = library::TABLE.iter().map(|function| function.name);
    suggest::nearest(name, own.chain(known.names().take(COMPARED_MAX)).chain(library))
}

/// Warns of variables of functions that are used there though nothing is ever stored in them: mostly memory is
/// meant, which functions reach otherwise. Each is told once in a function.
pub(super) fn unset<'a>(
    instructions: &'a [Instruction],
    structure: &Structure<'a>,
    findings: &mut Findings,
) {
    for definition in &structure.definitions {
        let body = definition.func + 1..definition.end;
        let stored = |instruction: &'a Instruction| {
            if let Instruction::Store(name) = instruction { Some(name) } else { None }
        };
        let mut known: HashSet<&String> = definition.parameters.iter().collect();
        known.extend(instructions[body.clone()].iter().filter_map(stored));
        for at in body {
            if let Instruction::Load(name)
            | Instruction::Take(name)
            | Instruction::Append(name)
            | Instruction::Put(name) = &instructions[at]
                && known.insert(name)
            {
                findings.report_with(Code::UnsetVariable, || {
                    let name = shown(name);
                    let message = format!("nothing is stored in {name} in this function");
                    let finding = Diagnostic::new(Code::UnsetVariable, message).about(index(at));
                    finding
                        .help("it is `Null`; memory is read by `observe` and written by `publish`")
                });
            }
        }
    }
}

/// Warns of code that control never comes to, at the first instruction of each stretch of it. Follows
/// control through each function from its start.
pub(super) fn unreachable(
    instructions: &[Instruction],
    structure: &Structure<'_>,
    findings: &mut Findings,
) {
    let mut reached = vec![false; instructions.len()];
    let mut todo = vec![0];
    todo.extend(structure.definitions.iter().map(|definition| definition.func + 1));
    while let Some(mut at) = todo.pop() {
        while at < instructions.len() && !reached[at] {
            reached[at] = true;
            let instruction = &instructions[at];
            todo.extend(target(instruction));
            if let Instruction::Jump(_)
            | Instruction::Return
            | Instruction::Fail(_)
            | Instruction::End = instruction
            {
                break;
            }
            let definition = match instruction.opcode().row().effect {
                Effect::Defines => structure.inside(at + 1),
                Effect::None | Effect::Reads | Effect::Writes | Effect::Jumps => None,
                Effect::Calls | Effect::Ends | Effect::SeesEnergy => None,
            };
            at = definition.map_or(at, |definition| structure.definitions[definition].end) + 1;
        }
    }
    let mut before = true;
    for (at, reached) in reached.into_iter().enumerate() {
        // An `end` that is not come to is how a function ends with `return`.
        let marks = instructions[at].opcode().row().effect == Effect::Defines;
        if !reached && before && !marks {
            findings.report_with(Code::Unreachable, || {
                let finding = Diagnostic::new(Code::Unreachable, "control never comes here");
                finding.about(index(at)).help("remove it, or jump to it from somewhere")
            });
        }
        before = reached || marks;
    }
}
