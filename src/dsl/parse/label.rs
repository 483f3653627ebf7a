//! Labels, and the jumps to them: which belong together, and which do not.
//!
//! Labels are unique in a scope, and a jump finds those of its own: the main body is one, each function
//! is one. A `func` inside a function ends that function's scope, as if its `end` had been forgotten,
//! and an `end` too many changes nothing; both are found elsewhere. All jumps are resolved at the end,
//! since labels may come later.

use super::written;
use crate::dsl::diagnostic::{Code, Diagnostic, Span};
use crate::dsl::finding::Findings;
use crate::dsl::instruction::Instruction;
use crate::dsl::literal::number;
use crate::dsl::name;
use crate::dsl::suggest;
use crate::dsl::token::shown;
use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// The main body's; functions have the numbers after it, in order.
const MAIN: u32 = 0;

struct Label<'t> {
    name: Cow<'t, str>,
    scope: u32,
    target: usize,
    span: Span,
    used: bool,
}

struct Jump<'t> {
    name: Cow<'t, str>,
    scope: u32,
    instruction: usize,
    span: Span,
}

#[derive(Default)]
pub(super) struct Labels<'t> {
    scope: u32,
    functions: u32,
    all: Vec<Label<'t>>,
    /// Places in `all`. Never iterated, so its order is never seen.
    by_name: HashMap<(u32, Cow<'t, str>), u32>,
    jumps: Vec<Jump<'t>>,
}

impl<'t> Labels<'t> {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// A function begins.
    pub(super) fn enter(&mut self) {
        self.functions += 1;
        self.scope = self.functions;
    }

    /// A function ends.
    pub(super) fn leave(&mut self) {
        self.scope = MAIN;
    }

    /// A label stands before the instruction of that index.
    pub(super) fn define(
        &mut self,
        name: Cow<'t, str>,
        span: Span,
        target: usize,
        findings: &mut Findings,
    ) {
        if number(&name).is_some() {
            findings.report_with(Code::MalformedLabel, || {
                let message = format!("{} is a number, which a label cannot be", shown(&name));
                Diagnostic::new(Code::MalformedLabel, message)
                    .at(span)
                    .help("begin its name with a letter, and jump to that name")
            });
            return;
        }
        if name::is_too_long(&name) {
            return findings.report_with(Code::TooLarge, || name::too_long(&name).at(span));
        }
        let place = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        match self.by_name.entry((self.scope, name.clone())) {
            Entry::Vacant(entry) => {
                entry.insert(place);
                self.all.push(Label { name, scope: self.scope, target, span, used: false });
            }
            Entry::Occupied(entry) => {
                let first = self.all[*entry.get() as usize].span.line;
                findings.report_with(Code::DuplicateLabel, || {
                    let message = format!("the label {} is already on line {first}", shown(&name));
                    let fault = Diagnostic::new(Code::DuplicateLabel, message).at(span);
                    fault.help("give one of the two another name")
                });
            }
        }
    }

    /// The instruction of that index jumps to a label, which may not be defined yet.
    pub(super) fn refer(&mut self, name: Cow<'t, str>, span: Span, instruction: usize) {
        self.jumps.push(Jump { name, scope: self.scope, instruction, span });
    }

    /// Gives all jumps their targets, and reports labels that are missing or not used.
    pub(super) fn resolve(mut self, instructions: &mut [Instruction], findings: &mut Findings) {
        let mut unknown = Vec::new();
        for jump in std::mem::take(&mut self.jumps) {
            // The key is moved in and out, for a tuple cannot be looked up by parts.
            let key = (jump.scope, jump.name);
            let Some(&place) = self.by_name.get(&key) else {
                unknown.push(Jump { name: key.1, ..jump });
                continue;
            };
            let label = &mut self.all[place as usize];
            label.used = true;
            if let Some(
                Instruction::Jump(target)
                | Instruction::JumpIf(target)
                | Instruction::JumpTrue(target),
            ) = instructions.get_mut(jump.instruction)
            {
                *target = label.target;
            }
        }
        // With a jump to a label that is not there, one that nothing jumps to may be the one that is meant.
        let meant = unknown.is_empty();
        for label in self.all.iter().filter(|label| meant && !label.used) {
            findings.report_with(Code::UnusedLabel, || {
                let message = format!("nothing jumps to the label {}", shown(&label.name));
                let fault = Diagnostic::new(Code::UnusedLabel, message).at(label.span);
                fault.help("remove it").fix(label.span, "")
            });
        }
        if !unknown.is_empty() {
            self.report_unknown(&unknown, findings);
        }
    }

    fn report_unknown(&self, unknown: &[Jump<'t>], findings: &mut Findings) {
        let mut by_scope: HashMap<u32, Vec<&str>> = HashMap::new();
        let mut anywhere: HashMap<&str, &Label<'t>> = HashMap::new();
        for label in &self.all {
            let names = by_scope.entry(label.scope).or_default();
            if names.len() < suggest::COMPARED_MAX {
                names.push(&label.name);
            }
            anywhere.entry(&label.name).or_insert(label);
        }
        for jump in unknown {
            findings.report_with(Code::UnknownLabel, || {
                let near = by_scope.get(&jump.scope).map_or(&[][..], Vec::as_slice);
                jump.unknown(near, anywhere.get(jump.name.as_ref()).copied())
            });
        }
    }
}

impl Jump<'_> {
    /// What to say if its label is not among those of its scope, `near`, but perhaps `elsewhere`.
    fn unknown(&self, near: &[&str], elsewhere: Option<&Label<'_>>) -> Diagnostic {
        let here = if self.scope == MAIN { "in the main body" } else { "in this function" };
        let message = format!("no label {} {here}", shown(&self.name));
        let fault = Diagnostic::new(Code::UnknownLabel, message)
            .at(self.span)
            .about(u32::try_from(self.instruction).unwrap_or(u32::MAX));
        match (elsewhere, suggest::nearest(&self.name, near.iter().copied())) {
            (Some(other), _) => fault.help(format!(
                "the one on line {} is in {}; jumps stay inside their function",
                other.span.line,
                if other.scope == MAIN { "the main body" } else { "another function" },
            )),
            (None, Some(name)) => {
                let help = format!("did you mean {}?", shown(name));
                fault.help(help).fix(self.span, written(name))
            }
            (None, None) => fault.help(format!(
                "put {} on a line of its own before the instruction to go to",
                shown(&super::label(&self.name)),
            )),
        }
    }
}
