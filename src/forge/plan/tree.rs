//! A plan's text as a tree whose every node knows where it stands, whichever form the text has.
//!
//! Requires a text that is not too long. Leaves behind a tree without two fields of one name in one
//! table, nested at most [`NESTING_MAX`] levels, so that whoever walks it need not fear for the stack. What
//! the fields mean is not known here.

mod json;
mod toml;

use super::Form;
use super::fault::{FaultKind, Flaw, cut};
use std::fmt;

/// How many lists and tables may stand within each other.
pub const NESTING_MAX: usize = 64;

/// A value and where it begins in the text, in bytes. Of a TOML table under a header, that is the header.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) start: usize,
    pub(super) kind: Kind,
}

/// What a node is.
#[derive(Debug)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    /// TOML has them; plans do not.
    DateTime,
    List(Vec<Node>),
    Table(Vec<Entry>),
}

/// A field of a table.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    /// Where the name begins.
    pub(super) start: usize,
    pub(super) value: Node,
}

impl Node {
    /// What it is, for messages.
    pub(super) fn type_name(&self) -> &'static str {
        match self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "a bool",
            Kind::Number(_) => "a number",
            Kind::Text(_) => "a text",
            Kind::DateTime => "a date or time",
            Kind::List(_) => "a list",
            Kind::Table(_) => "a table",
        }
    }
}

/// Reads a text of that form.
pub(super) fn read(text: &str, form: Form) -> Result<Node, Flaw> {
    match form {
        Form::Toml => toml::read(text),
        Form::Json => json::read(text),
    }
}

/// How a node is come to from the root: kept as a chain through the stack, and written out only for faults.
#[derive(Clone, Copy, Debug)]
pub(super) struct Path<'a> {
    outer: Option<&'a Path<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Root,
    Field(&'a str),
    Element(usize),
}

impl<'a> Path<'a> {
    pub(super) const ROOT: Path<'static> = Path { outer: None, step: Step::Root };

    pub(super) fn field(&'a self, name: &'a str) -> Path<'a> {
        Path { outer: Some(self), step: Step::Field(name) }
    }

    pub(super) fn element(&'a self, index: usize) -> Path<'a> {
        Path { outer: Some(self), step: Step::Element(index) }
    }
}

/// `signature.parameters[1].type`; a name that is no plain word stands in quotes.
impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(outer) = self.outer {
            fmt::Display::fmt(outer, f)?;
        }
        match self.step {
            Step::Root => Ok(()),
            Step::Element(index) => write!(f, "[{index}]"),
            Step::Field(name) => {
                let nested = self.outer.is_some_and(|outer| !matches!(outer.step, Step::Root));
                let dot = if nested { "." } else { "" };
                let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
                if !name.is_empty() && name.chars().all(word) {
                    write!(f, "{dot}{}", cut(name))
                } else {
                    write!(f, "{dot}\"{}\"", cut(name))
                }
            }
        }
    }
}

/// Line and column (in characters) of a byte of the text, both from 1. Plans are short, so they fit.
pub(super) fn place(text: &str, offset: usize) -> (u32, u32) {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = &text[..end];
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.matches('\n').count() + 1;
    let column = before[start..].chars().count() + 1;
    (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
}

fn too_deep(offset: usize, path: &Path<'_>) -> Flaw {
    let message = format!("nested deeper than the limit of {NESTING_MAX} levels");
    Flaw::new(FaultKind::TooLarge, offset, path, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters() {
        assert_eq!(place("é\nüa", 5), (2, 2));
        assert_eq!(place("é\nüa", 4), (2, 1), "within a character");
        assert_eq!(place("", 7), (1, 1));
        assert_eq!(place("a\n", 2), (2, 1));
    }

    #[test]
    fn paths_quote_what_is_no_word() {
        let tests = Path::ROOT.field("tests");
        let element = tests.element(2);
        assert_eq!(element.field("input").to_string(), "tests[2].input");
        assert_eq!(element.field("a b").to_string(), "tests[2].\"a b\"");
        assert_eq!(Path::ROOT.to_string(), "");
    }
}
