//! What commands share in telling their results: JSON, values as text, words.
//!
//! Under `--json` exactly one object goes to standard output, on one line, whatever happened. Its keys are
//! always all there; what does not apply is null. Every object has
//! - `command`: the command's name, such as `run`; null if the arguments could not be read;
//! - `exit_code`: the code the process ends with;
//! - `error`: null, or why the work could not be done: `message`, `file`, `line`, `column`.
//!
//! and where a program was read
//! - `diagnostics`: the findings in source order, as the data they are;
//! - `omitted`: how many further findings are not listed.
//!
//! The rest stands with each command, for runs in [`crate::ended`].

use crate::stop::{Exit, Stop};
use crate::terminal;
use lau_runtime::{Energy, Value};
use serde::Serialize;

/// Puts one JSON object on standard output; gives the exit code the process is to end with.
pub fn json(exit: Exit, object: &impl Serialize) -> Exit {
    // Only a map with keys that are no text, or a failing `Serialize`, could make this an error.
    let text = serde_json::to_string(object).expect("reports are plain data");
    put(exit, &format!("{text}\n"))
}

/// Puts text on standard output; gives the exit code, which is another one if that fails.
pub fn put(exit: Exit, text: &str) -> Exit {
    match terminal::put(text) {
        Ok(()) => exit,
        Err(stop) => told(&stop),
    }
}

/// Says on standard error why the work was not done.
pub fn told(stop: &Stop) -> Exit {
    terminal::note(&stop.to_string());
    stop.exit
}

/// The JSON object for a command that came to nothing before it was known what it was.
pub fn stop_json(stop: &Stop) -> Exit {
    #[derive(Serialize)]
    struct Report<'a> {
        command: Option<&'a str>,
        exit_code: u8,
        error: &'a Stop,
    }
    json(stop.exit, &Report { command: None, exit_code: stop.exit.code(), error: stop })
}

/// A value as a user reads it: a text as it is, any other value as plain JSON in one line. Numbers
/// that JSON cannot write have their names here, though inside a list or map they are null.
#[must_use]
pub fn text(value: Value) -> String {
    match value {
        Value::Text(text) => text,
        Value::Number(n) if n.is_nan() => "NaN".to_owned(),
        Value::Number(n) if n.is_infinite() => {
            (if n > 0.0 { "Infinity" } else { "-Infinity" }).to_owned()
        }
        other @ (Value::Number(_)
        | Value::Bool(_)
        | Value::List(_)
        | Value::Map(_)
        | Value::Null
        | Value::Reference(_)) => serde_json::Value::from(other).to_string(),
    }
}

/// As [`text`], but lists and maps over several lines.
#[must_use]
pub fn pretty(value: Value) -> String {
    if matches!(value, Value::List(_) | Value::Map(_)) {
        // `{:#}` is serde_json's pretty form.
        return format!("{:#}", serde_json::Value::from(value));
    }
    text(value)
}

/// Energy in units as a JSON number, whole ones without a fraction.
#[must_use]
pub fn units(energy: Energy) -> serde_json::Value {
    Value::Number(energy.to_units()).into()
}

/// `1 error`, `2 errors`.
#[must_use]
pub fn many(n: u64, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_raw_and_the_rest_is_json() {
        assert_eq!(text("a \"b\"".into()), "a \"b\"");
        assert_eq!(text(3.0.into()), "3");
        assert_eq!(text(f64::NEG_INFINITY.into()), "-Infinity");
        assert_eq!(text(vec![Value::from("a"), f64::NAN.into()].into()), r#"["a",null]"#);
        assert_eq!(text(Value::Reference("r".into())), "\"r\"");
        assert_eq!(pretty(vec![1.0].into()), "[\n  1\n]");
        assert_eq!(pretty(Value::Null), "null");
    }

    #[test]
    fn energy_is_told_in_units() {
        assert_eq!(units(Energy::from_thousandths(50)).to_string(), "0.05");
        assert_eq!(units(Energy::from_thousandths(1_000_000)).to_string(), "1000");
    }
}
