//! Plain JSON to a value.
//!
//! Numbers become the nearest double (one beyond the range of doubles is an error), the last of equal
//! keys wins, a byte order mark is passed over. Depth is counted while reading, so that no file can
//! overflow the stack.

use super::Room;
use crate::source::{bounded, place};
use crate::stop::Stop;
use lau_runtime::Value;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::collections::HashMap;
use std::fmt;
use std::io::Read;

/// Reads the one value that the file holds.
pub(super) fn read(file: impl Read, room: &Room) -> Result<Value, Stop> {
    let bytes = bounded(file, room.file_bytes_max())
        .map_err(|error| Stop::usage(format!("cannot read it: {error}")))?
        .ok_or_else(|| room.file_too_large())?;
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let mut reader = serde_json::Deserializer::from_slice(text);
    reader.disable_recursion_limit(); // `Node` has its own, which names the limit
    let value = Node { room, levels: 0 }.deserialize(&mut reader);
    value.and_then(|value| reader.end().map(|()| value)).map_err(|error| stop(&error, text, room))
}

/// The parser's error with its place taken out of the message, the column in characters.
fn stop(error: &serde_json::Error, text: &[u8], room: &Room) -> Stop {
    let (line, column) = (error.line(), error.column());
    let message = error.to_string();
    let message = message.strip_suffix(&format!(" at line {line} column {column}"));
    let message = message.map_or_else(|| error.to_string(), str::to_owned);
    let mut stop = Stop::new(room.exit(), message);
    if line > 0 {
        let start = match line {
            1 => 0,
            _ => newline(text, line - 1).map_or(text.len(), |at| at + 1),
        };
        let (line, column) = place(text, start + column.saturating_sub(1));
        stop = stop.line(line).column(column);
    }
    stop
}

/// Where the `n`th newline is, from 1.
fn newline(text: &[u8], n: usize) -> Option<usize> {
    text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at).nth(n - 1)
}

/// A value inside `levels` lists and maps.
struct Node<'a> {
    room: &'a Room,
    levels: u16,
}

impl Node<'_> {
    fn inside<E: Error>(&self) -> Result<u16, E> {
        let levels = self.levels.saturating_add(1);
        self.room.level(levels).and_then(|()| self.room.container()).map_err(E::custom)?;
        Ok(levels)
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Value, D::Error> {
        input.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, b: bool) -> Result<Value, E> {
        Ok(Value::Bool(b))
    }

    fn visit_i64<E>(self, n: i64) -> Result<Value, E> {
        Ok(Value::Number(n as f64))
    }

    fn visit_u64<E>(self, n: u64) -> Result<Value, E> {
        Ok(Value::Number(n as f64))
    }

    fn visit_f64<E>(self, n: f64) -> Result<Value, E> {
        Ok(Value::Number(n))
    }

    fn visit_str<E: Error>(self, s: &str) -> Result<Value, E> {
        self.room.text(s).map_err(E::custom)?;
        Ok(Value::from(s))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let (room, levels) = (self.room, self.inside()?);
        let mut list = Vec::new();
        while let Some(value) = elements.next_element_seed(Node { room, levels })? {
            room.element().map_err(A::Error::custom)?;
            list.push(value);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let (room, levels) = (self.room, self.inside()?);
        let mut map = HashMap::new();
        while let Some(key) = entries.next_key::<String>()? {
            room.entry(&key).map_err(A::Error::custom)?;
            let value = entries.next_value_seed(Node { room, levels })?;
            map.insert(key, value);
        }
        Ok(Value::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stop::Exit;
    use lau_runtime::Limits;

    fn parse(text: &str, limits: Limits) -> Result<Value, Stop> {
        read(text.as_bytes(), &Room::new(&limits))
    }

    #[test]
    fn values_are_plain_json() {
        let text =
            "\u{feff}{\"a\": [1, -0.0, 12345678901234567890, null, true], \"b\": 1, \"b\": \"x\"}";
        let value = parse(text, Limits::default()).unwrap();
        let list = [1.0, -0.0, 12_345_678_901_234_567_890.0].map(Value::from);
        let list = Value::List([&list[..], &[Value::Null, Value::Bool(true)]].concat());
        assert_eq!(value, [("a", list), ("b", Value::from("x"))].into_iter().collect());
    }

    #[test]
    fn numbers_are_the_nearest_double() {
        // Without exact parsing these are off by one in the last place.
        for text in ["1.2345678901234567e-300", "8.988465674311579e307", "0.1234567890123456789"] {
            let value = parse(text, Limits::default()).unwrap();
            assert_eq!(value.as_f64().unwrap().to_bits(), text.parse::<f64>().unwrap().to_bits());
        }
    }

    #[test]
    fn errors_have_places_in_characters() {
        let stop = parse("{\"é\":\n  \"ü\", }", Limits::default()).unwrap_err();
        assert_eq!((stop.exit, stop.line, stop.column), (Exit::Usage, Some(2), Some(8)), "{stop}");
        assert!(!stop.message.contains("line"), "{stop}");
        for bad in ["", "[1", "1 2", "1e400", "nul", "{\"a\" 1}", "\"a", "[1,]", "NaN", "'a'"] {
            let stop = parse(bad, Limits::default()).unwrap_err();
            assert!(stop.exit == Exit::Usage && stop.line == Some(1), "{bad}: {stop:?}");
        }
    }

    #[test]
    fn depth_is_bounded_at_the_limit() {
        let nest = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert!(parse(&nest(200), Limits::default()).is_ok());
        assert_eq!(parse(&nest(201), Limits::default()).unwrap_err().exit, Exit::Limit);
        let stop = parse(&"[".repeat(1_000_000), Limits::default()).unwrap_err();
        assert_eq!((stop.exit, stop.line, stop.column), (Exit::Limit, Some(1), Some(201)));
        assert!(stop.message.contains("200 levels"), "{stop}");
        let deep = Limits { nesting_max: Limits::NESTING_MAX, ..Limits::default() };
        let worker = std::thread::Builder::new().stack_size(crate::guard::STACK_BYTES);
        let read = worker.spawn(move || parse(&nest(1_000), deep).is_ok()).unwrap();
        assert!(read.join().unwrap());
    }

    #[test]
    fn size_is_bounded_by_the_tree_limit() {
        let limits = Limits { tree_bytes_max: 100, ..Limits::default() };
        assert!(parse("[1,2,3,4,5,6,7,8]", limits).is_ok()); // 32 + 8 * 8
        let stop = parse("[1,2,3,4,5,6,7,8,9]", limits).unwrap_err();
        assert_eq!(stop.exit, Exit::Limit);
        assert!(stop.message.contains("100 bytes"), "{stop}");
        assert!(parse(r#"{"key":"text"}"#, limits).is_err()); // 32 + 32 + 3 + 32 + 4
    }
}
