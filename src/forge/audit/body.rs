//! What a row says: an object of JSON, in the one form in which its hash is taken.
//!
//! The form: no blanks, keys in the order of their bytes, and numbers and text as `serde_json` writes them.
//! Keys are put in order here, since the order of a map depends on what else a program is built with.

use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt;

/// The most bytes of a body in its canonical form.
pub const BODY_BYTES_MAX: usize = 256 << 10;

/// How deep a body may be nested. What reads it again allows more.
pub const DEPTH_MAX: usize = 64;

/// Why a body cannot be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// It has no form in JSON.
    NoJson(String),
    /// It is no object.
    NoObject,
    /// It is nested deeper than [`DEPTH_MAX`].
    TooDeep,
    /// It is larger than [`BODY_BYTES_MAX`].
    TooLarge {
        /// Its size.
        bytes: usize,
    },
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what is to be recorded ")?;
        match self {
            BodyError::NoJson(why) => write!(f, "has no form in JSON: {why}"),
            BodyError::NoObject => f.write_str("is no object of JSON"),
            BodyError::TooDeep => write!(f, "is nested deeper than {DEPTH_MAX} levels"),
            BodyError::TooLarge { bytes } => write!(
                f,
                "has {bytes} bytes, and a row holds {BODY_BYTES_MAX}: keep what is long as a log, and record its hash"
            ),
        }
    }
}

impl std::error::Error for BodyError {}

/// The canonical form of a body.
pub(super) fn canonical(body: impl Serialize) -> Result<String, BodyError> {
    let no_json = |error: serde_json::Error| BodyError::NoJson(error.to_string());
    let Value::Object(map) = serde_json::to_value(body).map_err(no_json)? else {
        return Err(BodyError::NoObject);
    };
    let mut text = String::new();
    write_object(&map, DEPTH_MAX, &mut text)?;
    if text.len() > BODY_BYTES_MAX {
        return Err(BodyError::TooLarge { bytes: text.len() });
    }
    Ok(text)
}

fn write_object(map: &Map<String, Value>, depth: usize, to: &mut String) -> Result<(), BodyError> {
    let depth = depth.checked_sub(1).ok_or(BodyError::TooDeep)?;
    let mut entries: Vec<(&String, &Value)> = map.iter().collect();
    entries.sort_unstable_by_key(|(key, _)| *key);
    to.push('{');
    for (index, (key, value)) in entries.into_iter().enumerate() {
        if index > 0 {
            to.push(',');
        }
        write_text(key, to);
        to.push(':');
        write_value(value, depth, to)?;
    }
    to.push('}');
    Ok(())
}

fn write_value(value: &Value, depth: usize, to: &mut String) -> Result<(), BodyError> {
    match value {
        Value::Null => to.push_str("null"),
        Value::Bool(value) => to.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => *to += &number.to_string(),
        Value::String(text) => write_text(text, to),
        Value::Object(map) => write_object(map, depth, to)?,
        Value::Array(items) => {
            let depth = depth.checked_sub(1).ok_or(BodyError::TooDeep)?;
            to.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    to.push(',');
                }
                write_value(item, depth, to)?;
            }
            to.push(']');
        }
    }
    Ok(())
}

fn write_text(text: &str, to: &mut String) {
    *to += &Value::from(text).to_string();
}
