//! TOML to the tree, by cargo's reader, which knows where everything stands.

use super::{Entry, Kind, NESTING_MAX, Node, Path, too_deep};
use crate::forge::plan::fault::{FaultKind, Flaw};
use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue, Error};

/// Reads a document. Of several faults of syntax the first is told, as the later ones often follow from it.
pub(super) fn read(text: &str) -> Result<Node, Flaw> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let offset = |error: &Error| error.span().map_or(text.len(), |span| span.start);
    if let Some(error) = errors.iter().min_by_key(|error| offset(error)) {
        return Err(malformed(text, document.get_ref(), offset(error), error.message()));
    }
    let entries = table(document.into_inner(), &Path::ROOT, 1)?;
    Ok(Node { start: 0, kind: Kind::Table(entries) })
}

/// A fault that the reader found.
fn malformed(text: &str, document: &DeTable<'_>, offset: usize, message: &str) -> Flaw {
    let (kind, message) = match message {
        "duplicate key" => (FaultKind::Duplicate, "the field stands there twice".to_owned()),
        // The reader has limits of its own, which are above ours.
        "recursion limit" | "cannot recurse further; max recursion depth met" => {
            return Flaw { path: nearest(text, document, offset), ..too_deep(offset, &Path::ROOT) };
        }
        other => (FaultKind::Syntax, other.to_owned()),
    };
    let path = nearest(text, document, offset);
    Flaw { path, ..Flaw::new(kind, offset, &Path::ROOT, message) }
}

/// The field that a fault of syntax is about, as well as can be told: of those that were understood, the last
/// that begins before the place, if it is around it or begins on its line; else what stands before the `=`
/// of that line, in the table of the last header.
fn nearest(text: &str, document: &DeTable<'_>, offset: usize) -> String {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    let line = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let mut found: Option<(usize, String)> = None;
    let mut header: Option<(usize, String)> = None;
    let later = |best: &Option<(usize, String)>, start| {
        start <= offset && best.as_ref().is_none_or(|(other, _)| start >= *other)
    };
    in_table(document, &Path::ROOT, &mut |start, value, path| {
        let span = value.span();
        if later(&found, start) && (start >= line || span.end > offset) {
            found = Some((start, path.to_string()));
        }
        let headed = matches!(value.get_ref(), DeValue::Table(_))
            && text.as_bytes().get(span.start) == Some(&b'[');
        if headed && later(&header, span.start) {
            header = Some((span.start, path.to_string()));
        }
    });
    if let Some((_, path)) = found {
        return path;
    }
    let table = header.map(|(_, path)| path).unwrap_or_default();
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    match text[line..].lines().next().and_then(|line| line.split_once('=')) {
        Some((name, _)) if !name.trim().is_empty() && name.trim().chars().all(word) => {
            let dot = if table.is_empty() { "" } else { "." };
            format!("{table}{dot}{}", name.trim())
        }
        _ => table,
    }
}

/// What is told of a field or element: where it begins, its value, how it is come to.
type See<'a> = dyn FnMut(usize, &Spanned<DeValue<'_>>, &Path<'_>) + 'a;

fn in_table(table: &DeTable<'_>, path: &Path<'_>, see: &mut See<'_>) {
    // A name that was not understood stands there as an empty one.
    for (name, value) in table.iter().filter(|(name, _)| !name.get_ref().is_empty()) {
        let path = path.field(name.get_ref());
        see(name.span().start, value, &path);
        in_value(value, &path, see);
    }
}

fn in_value(value: &Spanned<DeValue<'_>>, path: &Path<'_>, see: &mut See<'_>) {
    match value.get_ref() {
        DeValue::Table(table) => in_table(table, path, see),
        DeValue::Array(values) => {
            for (at, value) in values.iter().enumerate() {
                let path = path.element(at);
                see(value.span().start, value, &path);
                in_value(value, &path, see);
            }
        }
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_) => {}
    }
}

fn table(table: DeTable<'_>, path: &Path<'_>, levels: usize) -> Result<Vec<Entry>, Flaw> {
    let mut entries = Vec::with_capacity(table.len());
    for (name, value) in table {
        let start = name.span().start;
        let name = name.into_inner().into_owned();
        let value = node(value, &path.field(&name), levels)?;
        entries.push(Entry { name, start, value });
    }
    Ok(entries)
}

fn node(value: Spanned<DeValue<'_>>, path: &Path<'_>, levels: usize) -> Result<Node, Flaw> {
    let start = value.span().start;
    let value = value.into_inner();
    if matches!(value, DeValue::Array(_) | DeValue::Table(_)) && levels == NESTING_MAX {
        return Err(too_deep(start, path));
    }
    let kind = match value {
        DeValue::String(text) => Kind::Text(text.into_owned()),
        DeValue::Boolean(truth) => Kind::Bool(truth),
        DeValue::Datetime(_) => Kind::DateTime,
        DeValue::Integer(digits) => number(whole(digits.as_str(), digits.radix()), start, path)?,
        DeValue::Float(digits) => number(float(digits.as_str()), start, path)?,
        DeValue::Array(values) => {
            let node = |(at, value)| node(value, &path.element(at), levels + 1);
            Kind::List(values.into_iter().enumerate().map(node).collect::<Result<_, _>>()?)
        }
        DeValue::Table(entries) => Kind::Table(table(entries, path, levels + 1)?),
    };
    Ok(Node { start, kind })
}

fn number(n: Option<f64>, start: usize, path: &Path<'_>) -> Result<Kind, Flaw> {
    let message = "the number is out of range";
    n.map(Kind::Number).ok_or_else(|| Flaw::new(FaultKind::Syntax, start, path, message))
}

/// The double nearest to a whole number.
fn whole(digits: &str, radix: u32) -> Option<f64> {
    match radix {
        10 => digits.parse().ok().filter(|n: &f64| n.is_finite()),
        _ => i128::from_str_radix(digits, radix).ok().map(|n| n as f64),
    }
}

/// As it is written; what is infinite has to say so.
fn float(digits: &str) -> Option<f64> {
    digits.parse().ok().filter(|n: &f64| !n.is_infinite() || digits.contains("inf"))
}
