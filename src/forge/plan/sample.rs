//! Samples: the arguments and results that tests and benchmarks name, read by the signature's types.
//!
//! What is written as a sample depends on its type:
//! - a number is a number, or one of the texts `NaN`, `Infinity` and `-Infinity`, since JSON has no other
//!   way to write those;
//! - numbers are a list of such;
//! - a bool and a text are themselves;
//! - a value is anything, but its numbers are finite, and what is null can be written in JSON only;
//! - bytes, and what a file holds, are a table with either `text` or `hex`.
//!
//! Written out, samples read back as they were.

use super::fault::{FaultKind, Faults};
use super::read::Item;
use super::tree::Kind;
use super::types::Type;
use lau_runtime::Value;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::borrow::Cow;

/// A value of a known type.
#[derive(Clone, Debug, PartialEq)]
pub enum Sample {
    /// A double, finite or not.
    Number(f64),
    /// A truth value.
    Bool(bool),
    /// Unicode text.
    Text(String),
    /// A list of numbers, finite or not.
    Numbers(Vec<f64>),
    /// Any value without numbers that are not finite, and without references.
    Value(Value),
    /// Bytes.
    Bytes(Vec<u8>),
    /// What a file holds.
    File(Vec<u8>),
}

impl Sample {
    /// The type it is of.
    #[must_use]
    pub fn of_type(&self) -> Type {
        match self {
            Sample::Number(_) => Type::Number,
            Sample::Bool(_) => Type::Bool,
            Sample::Text(_) => Type::Text,
            Sample::Numbers(_) => Type::Numbers,
            Sample::Value(_) => Type::Value,
            Sample::Bytes(_) => Type::Bytes,
            Sample::File(_) => Type::File,
        }
    }

    /// Its size as the plan's energy counts it, in the unit of its type; 0 if the type has none.
    #[must_use]
    pub fn size(&self) -> u64 {
        let size = match self {
            Sample::Number(_) | Sample::Bool(_) => 0,
            Sample::Text(text) => text.len(),
            Sample::Numbers(numbers) => numbers.len(),
            Sample::Value(value) => elements(value),
            Sample::Bytes(bytes) | Sample::File(bytes) => bytes.len(),
        };
        size as u64
    }
}

/// The value and all values within it. Plans bound how deep they nest.
fn elements(value: &Value) -> usize {
    1 + match value {
        Value::List(items) => items.iter().map(elements).sum(),
        Value::Map(entries) => entries.values().map(elements).sum(),
        Value::Number(_) | Value::Text(_) | Value::Bool(_) | Value::Null | Value::Reference(_) => 0,
    }
}

/// The form that plans have, in JSON. Bytes are written as `hex`, whichever way they came.
impl Serialize for Sample {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self {
            Sample::Number(n) => number_form(*n).serialize(out),
            Sample::Bool(truth) => out.serialize_bool(*truth),
            Sample::Text(text) => out.serialize_str(text),
            Sample::Numbers(numbers) => out.collect_seq(numbers.iter().copied().map(number_form)),
            Sample::Value(value) => serde_json::Value::from(value.clone()).serialize(out),
            Sample::Bytes(bytes) | Sample::File(bytes) => {
                let mut table = out.serialize_map(Some(1))?;
                table.serialize_entry("hex", &hex(bytes))?;
                table.end()
            }
        }
    }
}

/// A number as JSON has it, or as the text that stands for it.
fn number_form(n: f64) -> serde_json::Value {
    if n.is_finite() {
        return Value::Number(n).into();
    }
    UNREAL.iter().find(|(_, known)| known.total_cmp(&n).is_eq()).map_or("NaN", |row| row.0).into()
}

/// Numbers that JSON cannot write, and the texts for them.
const UNREAL: &[(&str, f64)] =
    &[("NaN", f64::NAN), ("Infinity", f64::INFINITY), ("-Infinity", f64::NEG_INFINITY)];

/// Anything: what fits is said by the signature.
impl JsonSchema for Sample {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Sample".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        true.into()
    }
}

/// Reads a sample of that type.
pub(super) fn read(faults: &mut Faults<'_>, item: &Item<'_>, of: Type) -> Option<Sample> {
    match of {
        Type::Number => number(faults, item).map(Sample::Number),
        Type::Bool => item.bool(faults).map(Sample::Bool),
        Type::Text => item.text(faults).map(|text| Sample::Text(text.to_owned())),
        Type::Numbers => item.each(faults, number).map(Sample::Numbers),
        Type::Value => value(faults, item).map(Sample::Value),
        Type::Bytes => bytes(faults, item).map(Sample::Bytes),
        Type::File => bytes(faults, item).map(Sample::File),
    }
}

fn number(faults: &mut Faults<'_>, item: &Item<'_>) -> Option<f64> {
    if let Kind::Text(text) = &item.node.kind
        && let Some((_, n)) = UNREAL.iter().find(|(name, _)| name == text)
    {
        return Some(*n);
    }
    // There is one NaN, whatever sign it is written with.
    item.number(faults).map(|n| if n.is_nan() { f64::NAN } else { n })
}

fn value(faults: &mut Faults<'_>, item: &Item<'_>) -> Option<Value> {
    match &item.node.kind {
        Kind::Null => Some(Value::Null),
        Kind::Bool(truth) => Some(Value::Bool(*truth)),
        Kind::Number(n) if n.is_finite() => Some(Value::Number(*n)),
        Kind::Number(_) => {
            let message = "numbers within a value are finite";
            let flaw = item.flaw(FaultKind::NotAllowed, message);
            faults.push(flaw.help("the types number and numbers have those that are not"));
            None
        }
        Kind::Text(text) => Some(Value::Text(text.clone())),
        Kind::DateTime => {
            let flaw = item.flaw(FaultKind::WrongType, "there are no dates and times");
            faults.push(flaw.help("write it in quotes, as a text"));
            None
        }
        Kind::List(_) => item.each(faults, value).map(Value::List),
        Kind::Table(entries) => {
            let mut whole = true;
            let mut map = Vec::with_capacity(entries.len());
            for entry in entries {
                let inner = Item { node: &entry.value, path: item.path.field(&entry.name) };
                match value(faults, &inner) {
                    Some(inner) => map.push((entry.name.clone(), inner)),
                    None => whole = false,
                }
            }
            whole.then(|| map.into_iter().collect())
        }
    }
}

fn bytes(faults: &mut Faults<'_>, item: &Item<'_>) -> Option<Vec<u8>> {
    const HELP: &str = "write { text = \"…\" } or { hex = \"00ff\" }; in JSON {\"hex\": \"00ff\"}";
    let table = item.table_of(faults, &["hex", "text"])?;
    match (table.get("hex"), table.get("text")) {
        (Some(hex), None) => {
            let bytes = unhex(hex.text(faults)?);
            if bytes.is_none() {
                let message = "it is not pairs of hexadecimal digits";
                faults.push(hex.flaw(FaultKind::NotAllowed, message));
            }
            bytes
        }
        (None, Some(text)) => Some(text.text(faults)?.as_bytes().to_vec()),
        (Some(_), Some(_)) => {
            let flaw = item.flaw(FaultKind::Conflict, "it has both `hex` and `text`");
            faults.push(flaw.help(HELP));
            None
        }
        (None, None) => {
            let flaw = item.flaw(FaultKind::MissingField, "it has neither `hex` nor `text`");
            faults.push(flaw.help(HELP));
            None
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |n: u8| char::from_digit(n.into(), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|n| u8::try_from(n).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let byte = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
    rest.is_empty().then(|| pairs.iter().map(byte).collect())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_reads_back() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(unhex(&hex(&all)), Some(all));
        assert_eq!(unhex("aF"), Some(vec![0xaf]));
        for bad in ["a", "0g", "é", "+1", " 1"] {
            assert_eq!(unhex(bad), None, "{bad}");
        }
    }

    #[test]
    fn sizes_count_what_energy_is_for() {
        let value = Value::from(vec![Value::from(1.0), Value::from("abc")]);
        assert_eq!(Sample::Value(value).size(), 3);
        assert_eq!(Sample::Text("é".into()).size(), 2);
        assert_eq!(Sample::Number(7.0).size(), 0);
    }
}
