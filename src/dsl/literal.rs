//! Literals: the operand of `push`, as text and as a value.
//!
//! ```text
//! literal   = quoted | "&" quoted | container | word
//! word      = anything without white space, from the first character on:
//!             true, false, null, a number in Rust's f64 syntax (42, -1e3, .5, inf, nan), else Text
//! container = "[" [value ("," value)*] "]" | "{" [key ":" value ("," key ":" value)*] "}"
//! value     = container | string | "&" string | true | false | null | number
//! key       = string
//! ```
//!
//! `&"name"` is a Reference. A string is a quoted text that may also have the escapes of JSON, so every
//! JSON list or object is a container. White space may stand around every part of one. Of equal keys
//! the last wins. Containers nest [`LITERAL_NESTING_MAX`] levels deep; all literals of a program together hold
//! at most [`VALUES_MAX`] values. Reading is one pass without recursion. What is written
//! ([`Literal`]) is in `write` and reads back as the same value.

mod write;

use super::diagnostic::{Code, Diagnostic};
use super::token::{Cursor, Escapes, Fault, Word, shown};
use lau_runtime::Value;
use lau_runtime::program::LITERAL_NESTING_MAX;
use std::collections::HashMap;
pub use write::Literal;
pub(super) use write::{write_name, write_number, write_words};

/// How many values the lists and maps of a program's literals may hold, all together: what keeps a text
/// from becoming a hundred times its size in memory.
pub const VALUES_MAX: u32 = 4_194_304;

/// Reads the literal at which the cursor stands (not at white space, nor at the end of the line) and
/// goes behind it. Values in containers are taken off `values_left`.
pub(super) fn literal(cursor: &mut Cursor<'_>, values_left: &mut u32) -> Result<Value, Fault> {
    let rest = cursor.rest();
    if rest.starts_with('"') {
        return Ok(match cursor.word().transpose()?.map(|token| token.word) {
            Some(Word::Quoted(text) | Word::Label(text)) => Value::Text(text.into_owned()),
            Some(Word::Bare(text)) => Value::Text(text.to_owned()),
            None => Value::Null,
        });
    }
    let value = if rest.starts_with("&\"") {
        reference(cursor, Escapes::Own)?
    } else if rest.starts_with(['[', '{']) {
        Container { cursor, values_left, open: Vec::new() }.read()?
    } else {
        let word = cursor.bare();
        return Ok(scalar(word).unwrap_or_else(|| Value::Text(word.to_owned())));
    };
    if cursor.rest().starts_with(|c: char| !c.is_whitespace()) {
        return Err(cursor.joined(cursor.at()));
    }
    Ok(value)
}

/// A number as an operand or in a literal. There is one NaN, whatever the text says of its sign.
pub(super) fn number(word: &str) -> Option<f64> {
    let number: f64 = word.parse().ok()?;
    Some(if number.is_nan() { f64::NAN } else { number })
}

fn scalar(word: &str) -> Option<Value> {
    Some(match word {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "null" => Value::Null,
        _ => Value::Number(number(word)?),
    })
}

fn reference(cursor: &mut Cursor<'_>, escapes: Escapes) -> Result<Value, Fault> {
    cursor.advance(1);
    Ok(Value::Reference(cursor.quoted(escapes)?.into_owned()))
}

/// A list or map that is being read, and where its bracket stands.
enum Open {
    List(usize, Vec<Value>),
    /// With the key of the value that is read next.
    Map(usize, HashMap<String, Value>, String),
}

impl Open {
    fn bracket(&self) -> usize {
        match self {
            Open::List(at, _) | Open::Map(at, ..) => *at,
        }
    }

    fn closing(&self) -> char {
        match self {
            Open::List(..) => ']',
            Open::Map(..) => '}',
        }
    }
}

struct Container<'c, 't> {
    cursor: &'c mut Cursor<'t>,
    values_left: &'c mut u32,
    /// From the outermost to the innermost.
    open: Vec<Open>,
}

impl<'t> Container<'_, 't> {
    fn read(&mut self) -> Result<Value, Fault> {
        loop {
            let Some(mut value) = self.begin_value()? else { continue };
            // The value is complete, and with it perhaps containers around it.
            loop {
                match self.open.last_mut() {
                    None => return Ok(value),
                    Some(Open::List(_, items)) => items.push(value),
                    Some(Open::Map(_, entries, key)) => {
                        entries.insert(std::mem::take(key), value);
                    }
                }
                match self.close_or_comma()? {
                    Some(closed) => value = closed,
                    None => break,
                }
            }
        }
    }

    /// Reads a value that has no values in it, or opens a container (`None`).
    fn begin_value(&mut self) -> Result<Option<Value>, Fault> {
        self.cursor.skip_space();
        let at = self.cursor.at();
        match self.values_left.checked_sub(1) {
            Some(left) => *self.values_left = left,
            None => return Err(self.too_large(at)),
        }
        let rest = self.cursor.rest();
        match rest.as_bytes().first() {
            None => Err(self.unclosed(false)),
            Some(b'[' | b'{') => self.begin_container(),
            Some(b'"') => {
                let text = self.cursor.quoted(Escapes::Json)?;
                Ok(Some(Value::Text(text.into_owned())))
            }
            Some(b'&') if rest.starts_with("&\"") => {
                reference(self.cursor, Escapes::Json).map(Some)
            }
            Some(_) => self.word(at).map(Some),
        }
    }

    fn begin_container(&mut self) -> Result<Option<Value>, Fault> {
        let at = self.cursor.at();
        if self.open.len() == LITERAL_NESTING_MAX {
            let message =
                format!("the literal has more than {LITERAL_NESTING_MAX} levels of lists and maps");
            let fault = Diagnostic::new(Code::NestedTooDeep, message);
            let fault = fault.at(self.cursor.span(at..at + 1));
            return Err(Box::new(fault.help("build deeper values with `list` and `map`")));
        }
        let list = self.cursor.rest().starts_with('[');
        self.cursor.advance(1);
        self.cursor.skip_space();
        if self.cursor.rest().starts_with(if list { ']' } else { '}' }) {
            self.cursor.advance(1);
            let empty = if list { Value::List(Vec::new()) } else { Value::Map(HashMap::new()) };
            return Ok(Some(empty));
        }
        if list {
            self.open.push(Open::List(at, Vec::new()));
        } else {
            self.open.push(Open::Map(at, HashMap::new(), String::new()));
            self.key()?;
        }
        Ok(None)
    }

    /// After a value: gives the container that ends here, or goes to where the next value begins.
    fn close_or_comma(&mut self) -> Result<Option<Value>, Fault> {
        self.cursor.skip_space();
        let at = self.cursor.at();
        let rest = self.cursor.rest();
        let Some(innermost) = self.open.last_mut() else { return Ok(None) };
        let closing = innermost.closing();
        if rest.starts_with(closing) {
            self.cursor.advance(1);
            return Ok(self.open.pop().map(|open| match open {
                Open::List(_, items) => Value::List(items),
                Open::Map(_, entries, _) => Value::Map(entries),
            }));
        }
        if !rest.starts_with(',') {
            if rest.is_empty() {
                return Err(self.unclosed(true));
            }
            return Err(self.unexpected(&format!("`,` or `{closing}`")));
        }
        let map = matches!(innermost, Open::Map(..));
        self.cursor.advance(1);
        self.cursor.skip_space();
        if self.cursor.rest().starts_with(closing) {
            let span = self.cursor.span(at..at + 1);
            let message = format!("expected a value after `,`, found `{closing}`");
            let fault = Diagnostic::new(Code::MalformedOperand, message).at(span);
            return Err(Box::new(fault.help("remove the last `,`").fix(span, "")));
        }
        if map {
            self.key()?;
        }
        Ok(None)
    }

    /// Reads `"key" :` into the innermost map.
    fn key(&mut self) -> Result<(), Fault> {
        self.cursor.skip_space();
        if self.cursor.rest().is_empty() {
            return Err(self.unclosed(false));
        }
        if !self.cursor.rest().starts_with('"') {
            return Err(self.unexpected("a quoted key"));
        }
        let key = self.cursor.quoted(Escapes::Json)?;
        self.cursor.skip_space();
        if self.cursor.rest().is_empty() {
            return Err(self.unclosed(false));
        }
        if !self.cursor.rest().starts_with(':') {
            return Err(self.unexpected("`:` after the key"));
        }
        self.cursor.advance(1);
        if let Some(Open::Map(_, _, next)) = self.open.last_mut() {
            *next = key.into_owned();
        }
        Ok(())
    }

    fn word(&mut self, at: usize) -> Result<Value, Fault> {
        let word = self.peek_word();
        match scalar(word) {
            Some(value) => {
                self.cursor.advance(word.len());
                Ok(value)
            }
            None if word.is_empty() => Err(self.unexpected("a value")),
            None => {
                let span = self.cursor.span(at..at + word.len());
                let message = format!("expected a value, found {}", shown(word));
                let fault = Diagnostic::new(Code::MalformedOperand, message).at(span);
                let help = "texts in lists and maps are quoted";
                Err(Box::new(fault.help(help).fix(span, write::string(word))))
            }
        }
    }

    /// The characters up to the next that means something in a container.
    fn peek_word(&self) -> &'t str {
        let rest = self.cursor.rest();
        let ends =
            |c: char| c.is_whitespace() || matches!(c, ',' | ':' | '[' | ']' | '{' | '}' | '"');
        &rest[..rest.find(ends).unwrap_or(rest.len())]
    }

    fn unexpected(&mut self, expected: &str) -> Fault {
        let at = self.cursor.at();
        let word = self.peek_word();
        let bare_key = expected == "a quoted key" && !word.is_empty();
        let found = if word.is_empty() { self.cursor.rest().chars().next() } else { None };
        let found = found.map_or(word.to_owned(), String::from);
        let span = self.cursor.span(at..at + found.len());
        let message = format!("expected {expected}, found {}", shown(&found));
        let fault = Diagnostic::new(Code::MalformedOperand, message).at(span);
        Box::new(if bare_key {
            fault.help("keys are quoted, as in JSON").fix(span, write::string(&found))
        } else {
            fault.help("a list is written `[1, \"two\"]`, a map `{\"key\": 3}`")
        })
    }

    /// The line ends inside a container; if it ends after a complete value, closing brackets mend it.
    fn unclosed(&mut self, complete: bool) -> Fault {
        let Some(innermost) = self.open.last() else {
            return self.unexpected("a value");
        };
        let (bracket, closing) = (innermost.bracket(), innermost.closing());
        let end = self.cursor.at();
        let span = self.cursor.span(bracket..bracket + 1);
        let opening = if closing == ']' { '[' } else { '{' };
        let message = format!("`{opening}` is not closed by the end of the line");
        let fault = Diagnostic::new(Code::MalformedText, message).at(span);
        let fault = fault.help(format!("add `{closing}`; a literal is written on one line"));
        if !complete {
            return Box::new(fault);
        }
        let closings: String = self.open.iter().rev().map(Open::closing).collect();
        let place = self.cursor.span(end..end);
        Box::new(fault.fix(place, closings))
    }

    fn too_large(&mut self, at: usize) -> Fault {
        let message = format!("the program's literals hold more than {VALUES_MAX} values");
        let fault = Diagnostic::new(Code::TooLarge, message).at(self.cursor.span(at..at));
        Box::new(fault.help("give data to a program as input, in its memory"))
    }
}

#[cfg(test)]
mod tests;
