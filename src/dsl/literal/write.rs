//! Values, names and words as text that reads back as what was written.
//!
//! Numbers in their shortest form, texts always quoted, keys in order, everything on one line: whatever
//! could end a line, or move a terminal's cursor, is escaped. Inside lists and maps escapes are JSON's,
//! so a value of plain JSON is written as plain JSON. Nothing here recurses: a value that a host built
//! is written however deep it is, though only one of [`super::LITERAL_NESTING_MAX`] levels reads back.

use crate::dsl::token::Escapes;
use lau_runtime::Value;
use std::fmt::{self, Write};

/// A value as `push` takes it.
///
/// ```
/// use lau_agent_runtime::{Value, dsl::literal::Literal};
/// let v = Value::from(vec![Value::from(2.0), Value::Reference("r".into()), Value::from("ü\n")]);
/// assert_eq!(Literal(&v).to_string(), r#"[2,&"r","ü\n"]"#);
/// assert_eq!(Literal(&Value::from("2")).to_string(), r#""2""#);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Literal<'v>(pub &'v Value);

/// A container of which some values are written.
enum Open<'v> {
    List(std::slice::Iter<'v, Value>),
    Map(std::vec::IntoIter<(&'v String, &'v Value)>),
}

impl fmt::Display for Literal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut open = Vec::new();
        write_value(f, self.0, Escapes::Own, &mut open)?;
        let mut first = true;
        while let Some(innermost) = open.last_mut() {
            let (next, closing) = match innermost {
                Open::List(items) => (items.next().map(|value| (None, value)), ']'),
                Open::Map(entries) => (entries.next().map(|(key, value)| (Some(key), value)), '}'),
            };
            let Some((key, value)) = next else {
                f.write_char(closing)?;
                open.pop();
                first = false;
                continue;
            };
            if !first {
                f.write_char(',')?;
            }
            if let Some(key) = key {
                write_quoted(f, key, Escapes::Json)?;
                f.write_char(':')?;
            }
            let levels = open.len();
            write_value(f, value, Escapes::Json, &mut open)?;
            first = open.len() > levels;
        }
        Ok(())
    }
}

/// Writes a value, or the opening bracket of a container, which goes onto `open`.
fn write_value<'v>(
    out: &mut impl Write,
    value: &'v Value,
    escapes: Escapes,
    open: &mut Vec<Open<'v>>,
) -> fmt::Result {
    match value {
        Value::Null => out.write_str("null"),
        Value::Bool(b) => out.write_str(if *b { "true" } else { "false" }),
        Value::Number(n) => write_number(out, *n),
        Value::Text(text) => write_quoted(out, text, escapes),
        Value::Reference(name) => {
            out.write_char('&')?;
            write_quoted(out, name, escapes)
        }
        Value::List(items) => {
            open.push(Open::List(items.iter()));
            out.write_char('[')
        }
        Value::Map(entries) => {
            let mut sorted: Vec<_> = entries.iter().collect();
            sorted.sort_unstable_by_key(|(key, _)| *key);
            open.push(Open::Map(sorted.into_iter()));
            out.write_char('{')
        }
    }
}

/// Writes a number: shortest digits that read back, without an exponent from 1e-6 up to below 1e21.
pub(in crate::dsl) fn write_number(out: &mut impl Write, number: f64) -> fmt::Result {
    let size = number.abs();
    if number.is_nan() {
        out.write_str("nan") // not `NaN`, as Rust would have it: one spelling with `inf`
    } else if size == 0.0 || size.is_infinite() || (1e-6..1e21).contains(&size) {
        write!(out, "{number}")
    } else {
        write!(out, "{number:e}")
    }
}

/// Writes a name: bare where it reads back so, else quoted. A leading `#` would be a comment where an
/// operand is optional.
pub(in crate::dsl) fn write_name(out: &mut impl Write, name: &str) -> fmt::Result {
    let bare = !name.is_empty()
        && !name.starts_with(['"', '#'])
        && !name.contains(|c: char| c.is_whitespace() || is_unsafe(c));
    if bare { out.write_str(name) } else { write_quoted(out, name, Escapes::Own) }
}

/// Writes the words of `assert` and `fail`, which are raw to the end of the line where they read back so.
pub(in crate::dsl) fn write_words(out: &mut impl Write, words: &str) -> fmt::Result {
    let raw = words.trim().len() == words.len()
        && !words.starts_with('"')
        && !words.contains(|c: char| is_unsafe(c));
    if raw { out.write_str(words) } else { write_quoted(out, words, Escapes::Own) }
}

/// The text as a string in a container.
pub(super) fn string(text: &str) -> String {
    let mut out = String::new();
    write_quoted(&mut out, text, Escapes::Json).expect("writing to a String does not fail");
    out
}

fn write_quoted(out: &mut impl Write, text: &str, escapes: Escapes) -> fmt::Result {
    out.write_char('"')?;
    let mut plain = 0;
    for (at, c) in text.char_indices() {
        let short = match c {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            _ if is_unsafe(c) => "",
            _ => continue,
        };
        out.write_str(&text[plain..at])?;
        plain = at + c.len_utf8();
        match (short, escapes) {
            ("", Escapes::Own) => write!(out, "\\u{{{:x}}}", u32::from(c))?,
            ("", Escapes::Json) => write!(out, "\\u{:04x}", u32::from(c))?,
            (short, _) => out.write_str(short)?,
        }
    }
    out.write_str(&text[plain..])?;
    out.write_char('"')
}

/// Whether a character is escaped where it is written: what ends a line somewhere, controls a terminal,
/// or reorders what a reader sees. All of these are in the first plane, so JSON can escape each as one.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
