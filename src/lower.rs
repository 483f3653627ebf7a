//! Lowering: instructions to a program, and text to a program.
//!
//! Whether they came from text or were set by hand, instructions are checked for structure here (where
//! functions begin and end, where jumps go, numbers of arguments), every fault is reported, and if there
//! is none they become a verified [`Program`]. [`compile`] does all of it for text and adds what is
//! suspicious but allowed. Hosts are known here only by the names they provide.

mod build;
mod structure;
mod suspect;

use crate::dsl::diagnostic::{Code, Diagnostic, Span};
use crate::dsl::finding::Findings;
use crate::dsl::instruction::Instruction;
use crate::dsl::parse::{Read, read};
use lau_runtime::host::Interface;
use lau_runtime::program::{Program, SourcePlace};
use std::fmt;
use std::ops::Deref;
use structure::Structure;

/// What became of a source text.
#[derive(Debug)]
pub struct Compiled {
    /// The program, unless there are errors.
    pub program: Option<Program>,
    /// The instructions of the text; where a line has errors, a stand-in.
    pub instructions: Vec<Instruction>,
    /// Where each instruction stands.
    pub spans: Vec<Span>,
    /// What was found, errors and warnings, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// How many findings beyond those are not told.
    pub omitted: usize,
}

impl Compiled {
    /// The findings that keep the program from running.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().filter(|finding| finding.is_error())
    }
}

/// Compiles a source text for a host that provides the names of `known`; calls of others are warned of.
///
/// ```
/// use lau_agent_runtime::{lower::compile, Host};
/// let compiled = compile("push 2\npsuh 3\nadd", &Host::default().interface());
/// assert!(compiled.program.is_none());
/// assert_eq!(compiled.diagnostics[0].span.unwrap().line, 2);
/// ```
#[must_use]
pub fn compile(text: &str, known: &Interface) -> Compiled {
    let (Read { instructions, spans, findings }, program) = from_text(text, Some(known));
    let (diagnostics, omitted) = findings.into_diagnostics();
    Compiled { program, instructions, spans, diagnostics, omitted }
}

/// A text's instructions, their places and its program, for those that want no warnings.
pub(crate) fn program(text: &str) -> Result<(Vec<Instruction>, Vec<Span>, Program), Faults> {
    let (Read { instructions, spans, findings }, program) = from_text(text, None);
    program.map(|program| (instructions, spans, program)).ok_or_else(|| Faults::new(findings))
}

/// Reads a text and makes its program, if nothing is wrong with it. Warns if it is said who is known.
fn from_text(text: &str, known: Option<&Interface>) -> (Read, Option<Program>) {
    let Read { instructions, spans, mut findings } = read(text);
    let broken = findings.errors() > 0;
    let mut program = None;
    if let Some(structure) = Structure::of(&instructions, &spans, &mut findings) {
        if !broken {
            program = build::build(&instructions, &structure, places(&spans), &mut findings);
        }
        if let Some(known) = known {
            // What a line with errors would have done is not known, so neither is what is unreachable.
            if !broken {
                suspect::unreachable(&instructions, &structure, &mut findings);
            }
            suspect::suspects(&instructions, &structure, known, &mut findings);
            if program.is_some() {
                suspect::unset(&instructions, &structure, &mut findings);
            }
        }
    }
    findings.place(&spans);
    (Read { instructions, spans, findings }, program)
}

/// What keeps instructions from being a program: at least one error. It reads as a slice of those kept,
/// and prints as a line for each and one for the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults {
    /// The errors, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// How many errors beyond those are not told.
    pub omitted: usize,
}

impl Faults {
    fn new(findings: Findings) -> Faults {
        let (diagnostics, omitted) = findings.into_errors();
        Faults { diagnostics, omitted }
    }
}

impl Deref for Faults {
    type Target = [Diagnostic];

    fn deref(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, fault) in self.diagnostics.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{fault}")?;
        }
        if self.omitted > 0 { write!(f, "\nand {} more", self.omitted) } else { Ok(()) }
    }
}

impl std::error::Error for Faults {}

/// Makes a program of instructions, wherever they came from.
///
/// # Errors
/// Every fault of structure: functions that do not begin or end properly, jumps out of their function,
/// wrong numbers of arguments, and sizes beyond a limit.
///
/// ```
/// use lau_agent_runtime::{lower::lower, Instruction, Value};
/// let program = lower(&[Instruction::Push(Value::from(1.0)), Instruction::Return]).unwrap();
/// assert_eq!(program.parts().instructions, 2);
/// assert!(lower(&[Instruction::End]).is_err());
/// ```
pub fn lower(instructions: &[Instruction]) -> Result<Program, Faults> {
    lower_at(instructions, &[])
}

/// As [`lower`], where each instruction stands at a place in a source text. If there are not as many
/// places as instructions, there are none.
///
/// # Errors
/// As [`lower`]; findings have their place.
pub fn lower_at(instructions: &[Instruction], spans: &[Span]) -> Result<Program, Faults> {
    let spans = if spans.len() == instructions.len() { spans } else { &[] };
    let mut findings = Findings::default();
    let program = Structure::of(instructions, spans, &mut findings)
        .and_then(|structure| build::build(instructions, &structure, places(spans), &mut findings));
    program.ok_or_else(|| {
        findings.place(spans);
        Faults::new(findings)
    })
}

fn places(spans: &[Span]) -> Vec<SourcePlace> {
    spans.iter().map(|span| SourcePlace { line: span.line, column: span.column }).collect()
}

/// A fault of the program's size.
fn too_large(what: String, limit: usize) -> Diagnostic {
    Diagnostic::new(Code::TooLarge, format!("{what}, where {limit} are allowed"))
}
