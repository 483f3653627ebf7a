//! Public values: what a host puts into a run and gets out of it.
//!
//! A [`Value`] is a tree that owns everything below it. Inside a run values have another form
//! (`word`), in which storage is shared and sizes are known; the two are converted at the boundary
//! only. This module knows nothing of that form, of energy or of limits.

use serde::de::DeserializeOwned;
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fmt;

/// A value of the language.
///
/// `PartialEq` is the language's `eq`: structural, and NaN equals nothing.
///
/// The serde form is the derived one (`{"Number":1.5}`, `"Null"`), except that numbers which are not
/// finite are texts (`{"Number":"NaN"}`) and maps are written in key order, so that every value reads
/// back as it was from every format ([`from_json`] reads the deep ones).
///
/// ```
/// use lau_runtime::Value;
/// let v = Value::from(vec![1.5, f64::INFINITY]);
/// let json = serde_json::to_string(&v).unwrap();
/// assert_eq!(json, r#"{"List":[{"Number":1.5},{"Number":"Infinity"}]}"#);
/// assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), v);
/// ```
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// An IEEE 754 double.
    Number(#[serde(with = "number")] f64),
    /// Unicode text; length and indices count scalar values.
    Text(String),
    /// A truth value.
    Bool(bool),
    /// Values in order.
    List(Vec<Value>),
    /// Values by text key. Wherever order can be seen it is key order.
    Map(#[serde(serialize_with = "write_map")] HashMap<String, Value>),
    /// The absence of a value.
    #[default]
    Null,
    /// The name of something that lives outside the program.
    Reference(String),
}

impl Value {
    /// Whether conditional jumps and `not and or` take the value for true.
    ///
    /// `Null`, `false`, `0`, and empty texts, lists and maps are falsy. All else is truthy, NaN too.
    ///
    /// ```
    /// use lau_runtime::Value;
    /// assert!(Value::from(f64::NAN).is_truthy());
    /// assert!(!Value::from(-0.0).is_truthy());
    /// assert!(!Value::from("").is_truthy());
    /// ```
    #[must_use]
    pub fn is_truthy(&self) -> bool {
        match self {
            Value::Null => false,
            Value::Bool(b) => *b,
            Value::Number(n) => *n != 0.0,
            Value::Text(s) => !s.is_empty(),
            Value::List(items) => !items.is_empty(),
            Value::Map(entries) => !entries.is_empty(),
            Value::Reference(_) => true,
        }
    }

    /// The number, if this is one. Nothing is converted.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        if let Value::Number(n) = self { Some(*n) } else { None }
    }

    /// The characters, if this is a `Text`. A `Reference` is not one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Value::Text(s) = self { Some(s) } else { None }
    }

    /// The variant's name: `Number`, `Text`, `Bool`, `List`, `Map`, `Null` or `Reference`.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Number(_) => "Number",
            Value::Text(_) => "Text",
            Value::Bool(_) => "Bool",
            Value::List(_) => "List",
            Value::Map(_) => "Map",
            Value::Null => "Null",
            Value::Reference(_) => "Reference",
        }
    }

    /// Levels of lists and maps: 0 for a scalar or text, 1 for an empty list. Looks with a stack of its
    /// own, so however deep a value nests, this does not overflow.
    ///
    /// ```
    /// use lau_runtime::Value;
    /// assert_eq!(Value::from(vec![Value::from(Vec::<f64>::new()), Value::Null]).nesting(), 2);
    /// ```
    #[must_use]
    pub fn nesting(&self) -> usize {
        let mut deepest = 0;
        let mut todo = vec![(self, 0)];
        while let Some((value, outside)) = todo.pop() {
            let inside = outside + 1;
            match value {
                Value::List(items) => todo.extend(items.iter().map(|item| (item, inside))),
                Value::Map(entries) => todo.extend(entries.values().map(|item| (item, inside))),
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::Text(_)
                | Value::Reference(_) => continue,
            }
            deepest = deepest.max(inside);
        }
        deepest
    }
}

/// The serialised form of a number that need not be finite, for `#[serde(with = "…")]`: itself, or, in
/// formats for people, one of the texts `NaN`, `Infinity` and `-Infinity`, since JSON has no such numbers.
pub mod number {
    use serde::de::{self, Deserialize, Deserializer};
    use serde::ser::Serializer;

    /// Writes the number.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(n: &f64, out: S) -> Result<S::Ok, S::Error> {
        if n.is_finite() || !out.is_human_readable() {
            out.serialize_f64(*n)
        } else if n.is_nan() {
            out.serialize_str("NaN")
        } else if *n > 0.0 {
            out.serialize_str("Infinity")
        } else {
            out.serialize_str("-Infinity")
        }
    }

    /// Reads the number.
    ///
    /// # Errors
    /// If there is neither a number nor one of the three texts.
    pub fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<f64, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum Form {
            Finite(f64),
            Text(String),
        }
        if !input.is_human_readable() {
            return f64::deserialize(input);
        }
        match Form::deserialize(input)? {
            Form::Finite(n) => Ok(n),
            Form::Text(s) => match s.as_str() {
                "NaN" => Ok(f64::NAN),
                "Infinity" => Ok(f64::INFINITY),
                "-Infinity" => Ok(f64::NEG_INFINITY),
                _ => Err(de::Error::invalid_value(
                    de::Unexpected::Str(&s),
                    &"a number, \"NaN\", \"Infinity\" or \"-Infinity\"",
                )),
            },
        }
    }
}

fn write_map<S: Serializer>(entries: &HashMap<String, Value>, out: S) -> Result<S::Ok, S::Error> {
    let sorted: BTreeMap<_, _> = entries.iter().collect();
    let mut map = out.serialize_map(Some(sorted.len()))?;
    for (key, value) in sorted {
        map.serialize_entry(key, value)?;
    }
    map.end()
}

/// The derived form, with maps in key order.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut variant = |of: &dyn fmt::Debug| f.debug_tuple(self.type_name()).field(of).finish();
        match self {
            Value::Number(n) => variant(n),
            Value::Text(s) | Value::Reference(s) => variant(s),
            Value::Bool(b) => variant(b),
            Value::List(items) => variant(items),
            Value::Map(entries) => variant(&entries.iter().collect::<BTreeMap<_, _>>()),
            Value::Null => f.write_str(self.type_name()),
        }
    }
}

/// How deep JSON may nest for [`from_json`]: a value of the default limit of 200 levels takes two levels of
/// JSON for each of its own, and stands within something.
const JSON_NESTING_MAX: usize = 500;

/// Reads anything serialisable that has values in it from JSON. The readers of `serde_json` give up at 128
/// levels, which is 60 of a value; this one goes as deep as values nest by default.
///
/// # Errors
/// Those of `serde_json`; and if the text nests deeper than 500 levels.
///
/// ```
/// use lau_runtime::value::{Value, from_json};
/// let deep = (0..200).fold(Value::Null, |inner, _| Value::from(vec![inner]));
/// let json = serde_json::to_string(&deep).unwrap();
/// assert!(serde_json::from_str::<Value>(&json).is_err());
/// assert_eq!(from_json::<Value>(&json).unwrap(), deep);
/// ```
pub fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, serde_json::Error> {
    let deepest = json_nesting(text);
    if deepest > JSON_NESTING_MAX {
        let message = format!("it nests {deepest} levels, where {JSON_NESTING_MAX} are allowed");
        return Err(serde::de::Error::custom(message));
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.disable_recursion_limit();
    let value = T::deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// How deep the brackets of a text of JSON nest, whether or not they match.
pub(crate) fn json_nesting(text: &str) -> usize {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => depth += 1,
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

impl From<f64> for Value {
    fn from(n: f64) -> Self {
        Value::Number(n)
    }
}
impl From<f32> for Value {
    fn from(n: f32) -> Self {
        Value::Number(n.into())
    }
}
macro_rules! from_integers {
    ($($(#[$doc:meta])* $integer:ty),*) => {$(
        $(#[$doc])*
        impl From<$integer> for Value {
            fn from(n: $integer) -> Self {
                Value::Number(n as f64)
            }
        }
    )*};
}
from_integers!(
    i8, i16, i32, u8, u16, u32,
    /// The nearest double: exact up to 2⁵³ in magnitude.
    i64,
    /// The nearest double: exact up to 2⁵³.
    u64,
    /// The nearest double: exact up to 2⁵³ in magnitude.
    isize,
    /// The nearest double: exact up to 2⁵³.
    usize
);
impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Value::Bool(b)
    }
}
impl From<&str> for Value {
    fn from(s: &str) -> Self {
        Value::Text(s.to_owned())
    }
}
impl From<String> for Value {
    fn from(s: String) -> Self {
        Value::Text(s)
    }
}
impl From<char> for Value {
    fn from(c: char) -> Self {
        Value::Text(c.into())
    }
}
impl From<()> for Value {
    fn from((): ()) -> Self {
        Value::Null
    }
}
impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Self {
        Value::List(items.into_iter().map(Into::into).collect())
    }
}
impl<T: Into<Value>, const N: usize> From<[T; N]> for Value {
    fn from(items: [T; N]) -> Self {
        Value::List(items.into_iter().map(Into::into).collect())
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}
impl<K: Into<String>, V: Into<Value>> FromIterator<(K, V)> for Value {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Value::Map(entries.into_iter().map(|(k, v)| (k.into(), v.into())).collect())
    }
}
impl<T: Into<Value>> From<HashMap<String, T>> for Value {
    fn from(entries: HashMap<String, T>) -> Self {
        entries.into_iter().collect()
    }
}
impl<T: Into<Value>> From<BTreeMap<String, T>> for Value {
    fn from(entries: BTreeMap<String, T>) -> Self {
        entries.into_iter().collect()
    }
}

/// From plain JSON: numbers become the nearest double, nothing becomes a `Reference`.
impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(b) => Value::Bool(b),
            // `as_f64` answers `None` only under serde_json's `arbitrary_precision`, for a number
            // beyond the range of a double; an infinity is the nearest there is.
            serde_json::Value::Number(n) => Value::Number(n.as_f64().unwrap_or(f64::INFINITY)),
            serde_json::Value::String(s) => Value::Text(s),
            serde_json::Value::Array(items) => {
                Value::List(items.into_iter().map(Into::into).collect())
            }
            serde_json::Value::Object(entries) => entries.into_iter().collect(),
        }
    }
}

/// To plain JSON: numbers that are not finite become null, a `Reference` becomes its name, and whole
/// numbers that a double holds exactly (below 2⁵³) are written without a fraction.
///
/// ```
/// use lau_runtime::Value;
/// let v: Value = [("n", Value::from(3.0)), ("x", Value::from(f64::NAN))].into_iter().collect();
/// assert_eq!(serde_json::Value::from(v).to_string(), r#"{"n":3,"x":null}"#);
/// ```
impl From<Value> for serde_json::Value {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(b) => serde_json::Value::Bool(b),
            Value::Number(n) => json_number(n),
            Value::Text(s) | Value::Reference(s) => serde_json::Value::String(s),
            Value::List(items) => {
                serde_json::Value::Array(items.into_iter().map(Into::into).collect())
            }
            Value::Map(entries) => {
                // serde_json's map is ordered by key unless somebody in the build turned on its
                // `preserve_order`; sorting first gives key order either way.
                let sorted: BTreeMap<_, _> = entries.into_iter().collect();
                serde_json::Value::Object(sorted.into_iter().map(|(k, v)| (k, v.into())).collect())
            }
        }
    }
}

fn json_number(n: f64) -> serde_json::Value {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    if n.fract() == 0.0 && n.abs() < EXACT && !(n == 0.0 && n.is_sign_negative()) {
        #[expect(clippy::cast_possible_truncation, reason = "integral and below 2^53")]
        return serde_json::Value::from(n as i64);
    }
    serde_json::Number::from_f64(n).map_or(serde_json::Value::Null, serde_json::Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variant_reads_back_from_its_serialised_form() {
        let v = Value::from(vec![
            Value::Null,
            Value::from(true),
            Value::from(-0.0),
            Value::from(f64::NEG_INFINITY),
            Value::Reference("r".into()),
            [("b", 1.0), ("a", 2.0)].into_iter().collect(),
        ]);
        let json = serde_json::to_string(&v).unwrap();
        assert!(json.contains(r#"{"Map":{"a":{"Number":2.0},"b":{"Number":1.0}}}"#), "{json}");
        let back: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(back, v);
        let nan: Value = serde_json::from_str(r#"{"Number":"NaN"}"#).unwrap();
        assert!(nan.as_f64().unwrap().is_nan());
        assert!(serde_json::from_str::<Value>(r#"{"Number":"many"}"#).is_err());
    }

    #[test]
    fn plain_json_keeps_negative_zero_and_large_numbers() {
        let plain = |n: f64| serde_json::Value::from(Value::from(n)).to_string();
        assert_eq!(plain(-0.0), "-0.0");
        assert_eq!(plain(1e300), "1e+300");
        assert_eq!(plain(9_007_199_254_740_991.0), "9007199254740991");
        assert_eq!(plain(f64::INFINITY), "null");
    }
}
