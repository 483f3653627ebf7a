//! What a compiler wrote, as data for the author of the source: what is wrong, where, and the lines it is about.
//!
//! The compiler's output is hostile text. The source under it may forge every part of it: `#line` names any file, an
//! attribute's text has line feeds, `#error` imitates whatever it likes. So a [`Report`] helps to mend a source and decides
//! nothing; whether a build failed is told by the compiler's exit status. What can be held is held: texts are written out
//! by [`shown`](super::shown), paths of the host never appear ([`Places`]), and source lines are copied from the source that the
//! forge holds, never from what the compiler quotes, which might come from another file.
//!
//! Parsed is the plain form of gcc, its assembler and the linker, in the locale C. What is not understood is kept
//! as a few plain lines.

mod line;
mod places;
mod report;

pub use places::Places;

use serde::Serialize;
use std::fmt;

/// The most findings in a report.
pub const DIAGNOSTICS_MAX: usize = 20;
/// The most notes after one finding.
pub const NOTES_MAX: usize = 3;
/// The most bytes of a message, before the mark that says how much was cut off.
pub const MESSAGE_BYTES: usize = 300;
/// The most bytes of a source line, likewise.
pub const LINE_BYTES: usize = 200;
/// The most lines that were not understood.
pub const REST_MAX: usize = 10;
/// The most bytes of text in a report.
pub const REPORT_BYTES: usize = 8 << 10;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The build fails for it.
    Error,
    /// Something to look at.
    Warning,
    /// It belongs to the finding before it.
    Note,
}

/// The file that a finding is in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Where {
    /// A source file of the build, by its name in it.
    Source(String),
    /// A header of the system, as it is included: `<stdio.h>`.
    Header(String),
    /// The compiler itself, a file that is neither, or one that only the source claims to exist.
    Elsewhere,
}

impl fmt::Display for Where {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Where::Source(name) | Where::Header(name) => f.write_str(name),
            Where::Elsewhere => f.write_str("elsewhere"),
        }
    }
}

/// A place from which a header was included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Inclusion {
    /// The including file.
    pub file: Where,
    /// The line in it, from 1.
    pub line: u32,
}

/// A line of source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceLine {
    /// Its number, from 1.
    pub number: u32,
    /// Its text, with tabulators.
    pub text: String,
}

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The file it is in.
    pub file: Where,
    /// The line, from 1, where there is one.
    pub line: Option<u32>,
    /// The character in the line, from 1, where it is known; in a header of the system, the byte.
    pub column: Option<u32>,
    /// What is wrong.
    pub message: String,
    /// The option that asked for it, such as `-Wformat`.
    pub option: Option<String>,
    /// The function it is in.
    pub function: Option<String>,
    /// For a header: who included it, from the inside, four at most.
    pub included: Vec<Inclusion>,
    /// The line in question, with its neighbours if this is an error.
    pub lines: Vec<SourceLine>,
    /// What may help.
    pub help: Option<&'static str>,
}

/// How much a report leaves out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Findings.
    pub diagnostics: usize,
    /// Lines that were not understood.
    pub rest: usize,
}

/// A source file of the build.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Its name, relative to the folder of the build.
    pub name: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// What a compiler said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Its findings: errors in its order, then warnings, each with its notes after it.
    pub diagnostics: Vec<Diagnostic>,
    /// Lines that were not understood.
    pub rest: Vec<String>,
    /// What is not here.
    pub left_out: LeftOut,
}

impl Report {
    /// Reads what a compiler, assembler or linker wrote. Nothing that stands there makes this fail.
    ///
    /// ```
    /// use lau_agent_runtime::forge::diagnostic::{Places, Report, Source, Where};
    /// use std::path::Path;
    ///
    /// let places = Places::new(Path::new("/ws"), Path::new("/ws/tmp"));
    /// let sources = [Source { name: "skill.c", text: "int f(void) {\n    return n;\n}\n" }];
    /// let said = b"/ws/skill.c:2:12: error: 'n' undeclared (first use in this function)\n";
    /// let report = Report::read(said, &sources, &places);
    /// let error = &report.diagnostics[0];
    /// assert_eq!(error.file, Where::Source("skill.c".into()));
    /// assert_eq!((error.line, error.column), (Some(2), Some(12)));
    /// assert_eq!(error.lines[1].text, "    return n;");
    /// ```
    #[must_use]
    pub fn read(output: &[u8], sources: &[Source<'_>], places: &Places) -> Report {
        report::read(&String::from_utf8_lossy(output), sources, places)
    }
}

#[cfg(test)]
#[path = "diagnostic/tests.rs"]
mod tests;
