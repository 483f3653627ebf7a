//! Words of a line, with their places.
//!
//! Lines end at `\n`; words are separated by white space (`char::is_whitespace`, so a `\r` before the
//! end of the line is nothing special). A word is bare, or quoted:
//!
//! ```text
//! quoted = '"' (character | escape)* '"'   followed by white space or the end of the line
//! escape = \"  \\  \n  \t  \r  \u{1 to 6 hex digits}
//! ```
//!
//! The first word of a line is a label if it is bare and ends in `:`, or quoted with `:` directly after
//! it. Where `#` starts a comment depends on which operands an instruction requires, so it is the
//! parser that asks ([`Cursor::is_done`]). Every byte is looked at a bounded number of times, whatever
//! the line holds.

mod quoted;

use super::diagnostic::{Code, Diagnostic, Span};
use quoted::Trouble;
pub(super) use quoted::{Escapes, scan_quoted};
use std::borrow::Cow;
use std::ops::Range;

/// What is wrong with a piece of text; boxed, since it is rare and large.
pub type Fault = Box<Diagnostic>;

/// A word with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token<'t> {
    /// What was read.
    pub word: Word<'t>,
    /// Where it stands, quotes and colon included.
    pub span: Span,
}

/// What a word is and says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word<'t> {
    /// A word as it stands.
    Bare(&'t str),
    /// Quoted text, without its quotes and with escapes replaced.
    Quoted(Cow<'t, str>),
    /// A label's name; only the first word of a line is one.
    Label(Cow<'t, str>),
}

/// A position in one line of a text.
#[derive(Clone, Debug)]
pub struct Cursor<'t> {
    line: &'t str,
    number: u32,
    start: usize,
    at: usize,
    /// A byte of the line and its column, from which later columns are counted: places are asked for
    /// from left to right, so that all columns of a line cost one pass over it.
    anchor: (usize, u32),
}

impl<'t> Cursor<'t> {
    /// At the beginning of a line, which has that number and starts at that byte of the text.
    #[must_use]
    pub fn new(line: &'t str, number: u32, start: usize) -> Self {
        Cursor { line, number, start, at: 0, anchor: (0, 1) }
    }

    /// What is left of the line.
    #[must_use]
    pub fn rest(&self) -> &'t str {
        &self.line[self.at..]
    }

    /// The byte of the line at which the cursor is.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }

    /// Goes on by that many bytes, which must end between two characters.
    pub(super) fn advance(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Goes to the next character that is no white space.
    pub fn skip_space(&mut self) {
        self.at = self.line.len() - self.rest().trim_start().len();
    }

    /// Whether nothing follows but white space, or a comment: where no operand is required.
    pub fn is_done(&mut self) -> bool {
        self.skip_space();
        self.rest().is_empty() || self.rest().starts_with('#')
    }

    /// Some bytes of the line.
    pub(super) fn text(&self, range: Range<usize>) -> &'t str {
        &self.line[range]
    }

    /// The place of some bytes of the line.
    pub fn span(&mut self, range: Range<usize>) -> Span {
        let (from, column) = if range.start >= self.anchor.0 { self.anchor } else { (0, 1) };
        let characters = self.line[from..range.start].chars().count();
        let column = column.saturating_add(u32::try_from(characters).unwrap_or(u32::MAX));
        self.anchor = (range.start, column);
        Span {
            line: self.number,
            column,
            start: self.start + range.start,
            end: self.start + range.end,
        }
    }

    /// The first word of a line: the only one that may be a label. `None` if there is none.
    ///
    /// # Errors
    ///
    /// As [`Cursor::word`].
    pub fn first_word(&mut self) -> Option<Result<Token<'t>, Fault>> {
        self.next_word(true)
    }

    /// The next word. `None` at the end of the line. After an error the cursor stands behind the
    /// malformed word, so that reading can go on.
    ///
    /// # Errors
    ///
    /// A quoted text that does not end, with an unknown escape, or with something directly after it.
    pub fn word(&mut self) -> Option<Result<Token<'t>, Fault>> {
        self.next_word(false)
    }

    fn next_word(&mut self, first: bool) -> Option<Result<Token<'t>, Fault>> {
        self.skip_space();
        if self.rest().is_empty() {
            return None;
        }
        if self.rest().starts_with('"') {
            return Some(self.quoted_word(first));
        }
        let start = self.at;
        let text = self.bare();
        let span = self.span(start..self.at);
        let word = match text.strip_suffix(':') {
            Some(name) if first && !name.is_empty() => Word::Label(Cow::Borrowed(name)),
            Some(_) | None => Word::Bare(text),
        };
        Some(Ok(Token { word, span }))
    }

    fn quoted_word(&mut self, first: bool) -> Result<Token<'t>, Fault> {
        let start = self.at;
        let text = self.quoted(Escapes::Own);
        let label = first && self.rest().starts_with(':');
        self.advance(usize::from(label));
        let end = self.at;
        let joined = self.bare();
        let text = text?;
        if !joined.is_empty() {
            return Err(self.joined(end));
        }
        let word = if label { Word::Label(text) } else { Word::Quoted(text) };
        Ok(Token { word, span: self.span(start..end) })
    }

    /// Everything up to the next white space; nothing, if the cursor stands at some.
    pub(super) fn bare(&mut self) -> &'t str {
        let rest = self.rest();
        let text = &rest[..rest.find(char::is_whitespace).unwrap_or(rest.len())];
        self.advance(text.len());
        text
    }

    /// A quoted text, at whose opening quote the cursor stands. What follows is not looked at.
    pub(super) fn quoted(&mut self, escapes: Escapes) -> Result<Cow<'t, str>, Fault> {
        let start = self.at;
        let scanned = scan_quoted(self.rest(), escapes);
        self.advance(scanned.bytes);
        scanned.text.map_err(|(trouble, range)| {
            self.fault(trouble, start + range.start..start + range.end, escapes)
        })
    }

    /// What is wrong when a word begins directly after something that ended at `end`.
    pub(super) fn joined(&mut self, end: usize) -> Fault {
        let rest = &self.line[end..];
        let word = &rest[..rest.find(char::is_whitespace).unwrap_or(rest.len())];
        let span = self.span(end..end + word.len());
        let before = self.line[..end].chars().next_back().unwrap_or('"');
        let fault = Diagnostic::new(
            Code::MalformedText,
            format!("{} directly after the closing `{before}`", shown(word)),
        );
        let help = match before {
            '"' => "separate words by white space, or write `\\\"` for a quote inside the text",
            _ => "separate words by white space",
        };
        Box::new(fault.at(span).help(help).fix(Span { end: span.start, ..span }, " "))
    }

    /// Goes behind the next word, well-formed or not.
    pub(super) fn skip_word(&mut self) {
        self.skip_space();
        if self.rest().starts_with('"') {
            let bytes = scan_quoted(self.rest(), Escapes::Own).bytes;
            self.advance(bytes);
        }
        self.bare();
    }

    fn fault(&mut self, trouble: Trouble, range: Range<usize>, escapes: Escapes) -> Fault {
        let span = self.span(range.clone());
        let text = &self.line[range];
        let known = match escapes {
            Escapes::Own => r#"the escapes are `\"` `\\` `\n` `\t` `\r` `\u{1F600}`"#,
            Escapes::Json => r#"the escapes are JSON's, and `\u{1F600}`"#,
        };
        let fault = |message| Diagnostic::new(Code::MalformedText, message).at(span);
        Box::new(match trouble {
            Trouble::Unterminated => fault("the quoted text does not end".to_owned())
                .help("add the closing `\"`")
                .fix(Span { start: span.end, column: span.column + columns(text), ..span }, "\""),
            Trouble::UnknownEscape => fault(format!("unknown escape {}", shown(text)))
                .help(format!("{known}; a backslash itself is `\\\\`"))
                .fix(Span { end: span.start + 1, ..span }, r"\\"),
            Trouble::NoCharacter => {
                fault(format!("{} is not the number of a character", shown(text))).help(known)
            }
        })
    }
}

fn columns(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

/// A piece of source as it stands in a message: between backticks, and as [`cut`].
pub(crate) fn shown(text: &str) -> String {
    format!("`{}`", cut(text))
}

/// A piece of source inside another in a message: cut if long, control characters escaped.
pub(crate) fn cut(text: &str) -> String {
    const CHARACTERS_MAX: usize = 40;
    let mut out = String::new();
    for c in text.chars().take(CHARACTERS_MAX) {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    if text.chars().nth(CHARACTERS_MAX).is_some() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests;
