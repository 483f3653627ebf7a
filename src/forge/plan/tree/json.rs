//! JSON to the tree.
//!
//! Structure is read here, because no reader of JSON tells where values stand, and two fields of one name
//! must be seen; what a number or a text means is left to `serde_json`, piece by piece.

use super::{Entry, Kind, NESTING_MAX, Node, Path, too_deep};
use crate::forge::plan::fault::{FaultKind, Flaw, cut, quoted};
use std::collections::HashSet;

/// Reads the one value that the text holds.
pub(super) fn read(text: &str) -> Result<Node, Flaw> {
    let mut reader = Reader { text, at: 0 };
    let node = reader.value(&Path::ROOT, 0)?;
    match reader.next() {
        None => Ok(node),
        Some(_) => Err(reader.unexpected(&Path::ROOT, "the end of the text")),
    }
}

/// A text and how far it has been read.
struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    /// The next byte after blanks, which are passed over.
    fn next(&mut self) -> Option<u8> {
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().take_while(|byte| blank(byte)).count();
        self.text.as_bytes().get(self.at).copied()
    }

    /// Passes over a byte, if it is the next.
    fn take(&mut self, byte: u8) -> bool {
        let there = self.next() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn value(&mut self, path: &Path<'_>, levels: usize) -> Result<Node, Flaw> {
        let next = self.next();
        let start = self.at;
        let kind = match next {
            Some(b'{' | b'[') if levels == NESTING_MAX => return Err(too_deep(start, path)),
            Some(b'{') => Kind::Table(self.table(path, levels + 1)?),
            Some(b'[') => Kind::List(self.list(path, levels + 1)?),
            Some(b'"') => Kind::Text(self.text(path)?),
            Some(_) => self.word(path)?,
            None => return Err(self.unexpected(path, "a value")),
        };
        Ok(Node { start, kind })
    }

    fn table(&mut self, path: &Path<'_>, levels: usize) -> Result<Vec<Entry>, Flaw> {
        self.take(b'{');
        let mut entries: Vec<Entry> = Vec::new();
        let mut names = HashSet::new();
        if self.take(b'}') {
            return Ok(entries);
        }
        loop {
            if self.next() != Some(b'"') {
                return Err(self.unexpected(path, "the name of a field in double quotes"));
            }
            let start = self.at;
            let name = self.text(path)?;
            let inner = path.field(&name);
            if !names.insert(name.clone()) {
                let message = format!("the field {} stands there twice", quoted(&name));
                return Err(Flaw::new(FaultKind::Duplicate, start, &inner, message));
            }
            if !self.take(b':') {
                return Err(self.unexpected(&inner, "`:`"));
            }
            let value = self.value(&inner, levels)?;
            entries.push(Entry { name, start, value });
            if self.take(b'}') {
                return Ok(entries);
            }
            if !self.take(b',') {
                return Err(self.unexpected(path, "`,` or `}`"));
            }
        }
    }

    fn list(&mut self, path: &Path<'_>, levels: usize) -> Result<Vec<Node>, Flaw> {
        self.take(b'[');
        let mut nodes = Vec::new();
        if self.take(b']') {
            return Ok(nodes);
        }
        loop {
            nodes.push(self.value(&path.element(nodes.len()), levels)?);
            if self.take(b']') {
                return Ok(nodes);
            }
            if !self.take(b',') {
                return Err(self.unexpected(path, "`,` or `]`"));
            }
        }
    }

    /// A text that begins here.
    fn text(&mut self, path: &Path<'_>) -> Result<String, Flaw> {
        let rest = &self.text[self.at..];
        let mut escaped = false;
        let end = rest.bytes().skip(1).position(|byte| {
            let ends = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        });
        let Some(end) = end else {
            let message = "the text that begins here does not end";
            return Err(Flaw::new(FaultKind::Syntax, self.at, path, message));
        };
        // The opening quote was skipped, and the closing one belongs to it.
        let piece = &rest[..end + 2];
        if let Some(control) = piece.bytes().position(|byte| byte < b' ') {
            let message = "a control character within a text";
            let flaw = Flaw::new(FaultKind::Syntax, self.at + control, path, message);
            return Err(
                flaw.help("write \\n for the end of a line, \\t for a tab, \\u001b for others")
            );
        }
        let text = serde_json::from_str(piece).map_err(|error| {
            let message = reason(&error);
            let within = error.column().saturating_sub(1);
            Flaw::new(FaultKind::Syntax, self.at + within, path, message)
        })?;
        self.at += piece.len();
        Ok(text)
    }

    /// A number, `true`, `false` or `null` that begins here.
    fn word(&mut self, path: &Path<'_>) -> Result<Kind, Flaw> {
        let part = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_');
        let length = self.text[self.at..].chars().take_while(part).count();
        let piece = &self.text[self.at..self.at + length];
        let kind = match piece {
            "" => return Err(self.unexpected(path, "a value")),
            "null" => Kind::Null,
            "true" => Kind::Bool(true),
            "false" => Kind::Bool(false),
            _ => Kind::Number(serde_json::from_str(piece).map_err(|error| {
                let number = piece.starts_with(|c: char| c.is_ascii_digit() || c == '-');
                let message = if number {
                    format!("`{}` is no number of JSON: {}", cut(piece), reason(&error))
                } else {
                    format!("`{}` is no value of JSON", cut(piece))
                };
                let flaw = Flaw::new(FaultKind::Syntax, self.at, path, message);
                flaw.help("a text stands in double quotes; numbers are finite")
            })?),
        };
        self.at += length;
        Ok(kind)
    }

    fn unexpected(&self, path: &Path<'_>, expected: &str) -> Flaw {
        let message = match self.text[self.at..].chars().next() {
            Some(c) => format!("expected {expected}, found `{c}`"),
            None => format!("expected {expected}, found the end of the text"),
        };
        Flaw::new(FaultKind::Syntax, self.at, path, message)
    }
}

/// What `serde_json` says of a piece, without the place, which is that within the piece.
fn reason(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    message.strip_suffix(&place).unwrap_or(&message).to_owned()
}
