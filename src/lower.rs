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
use crate::dsl::instruction::Instruction;
use crate::dsl::parse::{DIAGNOSTICS_MAX, parse};
use lau_runtime::host::Interface;
use lau_runtime::program::{Program, SourcePlace};
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
    let parsed = parse(text);
    let mut diagnostics = parsed.diagnostics;
    let broken = diagnostics.iter().any(Diagnostic::is_error);
    let mut program = None;
    match Structure::of(&parsed.instructions) {
        Ok(structure) if !broken => {
            let source = parsed.spans.iter();
            let places = source.map(|span| SourcePlace { line: span.line, column: span.column });
            let built = build::build(&parsed.instructions, &structure, places.collect());
            match built {
                Ok(built) => {
                    suspect::unreachable(&parsed.instructions, &structure, &mut diagnostics);
                    suspect::suspects(&parsed.instructions, &structure, known, &mut diagnostics);
                    program = Some(built);
                }
                Err(faults) => diagnostics.extend(faults),
            }
        }
        // What a line with errors would have done is not known, so neither is what is unreachable.
        Ok(structure) => {
            suspect::suspects(&parsed.instructions, &structure, known, &mut diagnostics);
        }
        Err(faults) => diagnostics.extend(faults),
    }
    place(&mut diagnostics, &parsed.spans);
    let omitted = parsed.omitted + cap(&mut diagnostics);
    diagnostics.sort_by_key(|finding| finding.span.map_or(usize::MAX, |span| span.start));
    Compiled {
        program,
        instructions: parsed.instructions,
        spans: parsed.spans,
        diagnostics,
        omitted,
    }
}

/// Keeps as many findings as are told of one text, errors before warnings; gives how many were left out.
fn cap(findings: &mut Vec<Diagnostic>) -> usize {
    let excess = findings.len().saturating_sub(DIAGNOSTICS_MAX);
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings.truncate(DIAGNOSTICS_MAX);
    excess
}

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
pub fn lower(instructions: &[Instruction]) -> Result<Program, Vec<Diagnostic>> {
    lower_at(instructions, &[])
}

/// As [`lower`], where each instruction stands at a place in a source text. If there are not as many
/// places as instructions, there are none.
///
/// # Errors
/// As [`lower`]; findings have their place.
pub fn lower_at(instructions: &[Instruction], spans: &[Span]) -> Result<Program, Vec<Diagnostic>> {
    let spans = if spans.len() == instructions.len() { spans } else { &[] };
    let places = spans.iter().map(|span| SourcePlace { line: span.line, column: span.column });
    let built = Structure::of(instructions)
        .and_then(|structure| build::build(instructions, &structure, places.collect()));
    built.map_err(|mut faults| {
        place(&mut faults, spans);
        faults
    })
}

/// The faults of structure alone, with their places, without making a program.
pub(crate) fn faults(instructions: &[Instruction], spans: &[Span]) -> Vec<Diagnostic> {
    lower_at(instructions, spans).err().unwrap_or_default()
}

/// Gives findings about instructions the places of those.
fn place(findings: &mut [Diagnostic], spans: &[Span]) {
    for finding in findings {
        if let (None, Some(at)) = (finding.span, finding.instruction) {
            finding.span = spans.get(at as usize).copied();
        }
    }
}

/// A fault of the program's size.
fn too_large(what: String, limit: usize) -> Diagnostic {
    Diagnostic::new(Code::TooLarge, format!("{what}, where {limit} are allowed"))
}
