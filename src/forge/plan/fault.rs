//! Faults: what is wrong with a plan, as plain data, each with its place and what to do about it.
//!
//! Reading goes on after a fault, so that an agent learns of all of them in one round; the first
//! [`FAULTS_MAX`] are kept and the others counted. Everything a fault says passes through [`Faults::push`],
//! which escapes what could deceive a reader, so no other place has to think of that.

use super::tree::{Path, place};
use crate::forge::shown::shown;
use serde::Serialize;
use std::fmt;

/// How many faults of one plan are told.
pub const FAULTS_MAX: usize = 20;

/// The longest path that is told, in characters, since those of hostile plans may be of any length.
const PATH_CHARACTERS_MAX: usize = 160;

/// What kind of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// The text, or something in it, is larger or nested deeper than allowed.
    TooLarge,
    /// The text is not TOML, or not JSON.
    Syntax,
    /// Something stands there twice.
    Duplicate,
    /// A field that nothing is known of.
    UnknownField,
    /// A field that must be there is not.
    MissingField,
    /// A value of another type than the field has.
    WrongType,
    /// A value of the right type that the field cannot have.
    NotAllowed,
    /// Two fields that do not fit each other.
    Conflict,
}

/// One thing that is wrong with a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// What kind of fault it is.
    pub kind: FaultKind,
    /// The line, from 1.
    pub line: u32,
    /// The column, in characters from 1.
    pub column: u32,
    /// Which field it is about, such as `signature.parameters[1].type`; empty for the whole plan.
    /// Elements are counted from 0.
    pub path: String,
    /// What is wrong, in a sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// One line: `3:8: language: unknown language "rustc" (known are c, cpp, rust, python)`.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.line, self.column)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

/// Why a text is no plan: its faults in the order of their places.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlanError {
    /// The faults, at least one and at most [`FAULTS_MAX`].
    pub faults: Vec<Fault>,
    /// How many more there are.
    pub untold: usize,
}

/// A line for each fault.
impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, fault) in self.faults.iter().enumerate() {
            let before = if at == 0 { "" } else { "\n" };
            write!(f, "{before}{fault}")?;
        }
        match self.untold {
            0 => Ok(()),
            1 => f.write_str("\nand one more fault"),
            n => write!(f, "\nand {n} more faults"),
        }
    }
}

impl std::error::Error for PlanError {}

/// A fault before its place is known to be worth counting lines for.
#[derive(Debug)]
pub(super) struct Flaw {
    pub(super) kind: FaultKind,
    pub(super) offset: usize,
    pub(super) path: String,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl Flaw {
    pub(super) fn new(
        kind: FaultKind,
        offset: usize,
        path: &Path<'_>,
        message: impl Into<String>,
    ) -> Self {
        Flaw { kind, offset, path: path.to_string(), message: message.into(), help: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// The faults found so far in a text.
#[derive(Debug)]
pub(super) struct Faults<'t> {
    text: &'t str,
    found: Vec<(usize, Fault)>,
    untold: usize,
}

impl<'t> Faults<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Faults { text, found: Vec::new(), untold: 0 }
    }

    /// Takes a fault down. All that it says is escaped here.
    pub(super) fn push(&mut self, flaw: Flaw) {
        if self.found.len() == FAULTS_MAX {
            self.untold += 1;
            return;
        }
        let (line, column) = place(self.text, flaw.offset);
        let fault = Fault {
            kind: flaw.kind,
            line,
            column,
            path: shown(&beginning(&flaw.path, PATH_CHARACTERS_MAX)),
            message: shown(&flaw.message),
            help: flaw.help.as_deref().map(shown),
        };
        self.found.push((flaw.offset, fault));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The faults in the order of their places; of equal places, in the order found.
    pub(super) fn into_error(mut self) -> PlanError {
        self.found.sort_by_key(|(offset, _)| *offset);
        let faults = self.found.into_iter().map(|(_, fault)| fault).collect();
        PlanError { faults, untold: self.untold }
    }
}

/// The one fault of a text that could not be read at all.
pub(super) fn lone(text: &str, flaw: Flaw) -> PlanError {
    let mut faults = Faults::new(text);
    faults.push(flaw);
    faults.into_error()
}

/// A piece of the plan within a message: in quotes, and cut if it is long.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", cut(text))
}

/// The beginning of a text that may be long.
pub(super) fn cut(text: &str) -> String {
    beginning(text, 60)
}

fn beginning(text: &str, characters_max: usize) -> String {
    match text.char_indices().nth(characters_max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_escaped() {
        assert_eq!(
            shown("a\u{202e}b\u{200b}\n\u{1b}[31m"),
            "a\\u{202e}b\\u{200b}\\u{a}\\u{1b}[31m"
        );
        assert_eq!(shown("é 漢 \"x\""), "é 漢 \"x\"");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(quoted(&"é".repeat(60)), format!("\"{}\"", "é".repeat(60)));
        assert_eq!(quoted(&"é".repeat(61)), format!("\"{}…\"", "é".repeat(60)));
    }

    #[test]
    fn faults_beyond_the_bound_are_counted() {
        let mut faults = Faults::new("");
        for _ in 0..FAULTS_MAX + 2 {
            faults.push(Flaw::new(FaultKind::Syntax, 0, &Path::ROOT, "no"));
        }
        let error = faults.into_error();
        assert_eq!((error.faults.len(), error.untold), (FAULTS_MAX, 2));
        assert!(error.to_string().ends_with("1:1: no\nand 2 more faults"));
    }
}
