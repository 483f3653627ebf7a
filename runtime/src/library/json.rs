//! JSON in and out, straight from and to words.
//!
//! A text is read twice: the first time to see whether it is JSON at all and what its values will measure,
//! so that nothing is made that limits do not allow; the second time to make them. What is written is
//! likewise measured first.

use crate::limits::Limits;
use crate::trap::{TrapKind, Wrong};
use crate::value::json_nesting;
use crate::word::{ELEMENT_BYTES, ENTRY_BYTES, Entries, HEADER_BYTES, Heap, Measure, View, Word};
use compact_str::CompactString;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::ser::Formatter;
use std::fmt;
use std::io;

/// The value that a text means; `Null` if it is no JSON.
pub(super) fn parse(text: &str, heap: &Heap, limits: &Limits) -> Result<Word, Wrong> {
    // Looked at before anything that goes as deep as the text does.
    let depth = json_nesting(text);
    if depth > usize::from(limits.nesting_max) {
        let message = format!("{depth} levels, where {} are allowed", limits.nesting_max);
        return Err((TrapKind::NestingLimit, message));
    }
    let Some(measure) = read(text, Measuring) else { return Ok(Word::NULL) };
    measure.check(heap.live_bytes(), limits)?;
    Ok(read(text, Making(heap)).unwrap_or(Word::NULL))
}

/// Reads one value and nothing more.
fn read<'t, S: DeserializeSeed<'t>>(text: &'t str, seed: S) -> Option<S::Value> {
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.disable_recursion_limit(); // the depth was looked at
    let value = seed.deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    Some(value)
}

/// Reads what values will measure. Of equal keys each counts.
#[derive(Clone, Copy)]
struct Measuring;

/// Reads words.
#[derive(Clone, Copy)]
struct Making<'h>(&'h Heap);

/// What measuring and making have in common: the kinds of JSON.
macro_rules! visitor {
    ([$($life:lifetime)?] $reader:ty => $value:ty) => {
        impl<'de $(, $life)?> DeserializeSeed<'de> for $reader {
            type Value = $value;
            fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<$value, D::Error> {
                input.deserialize_any(self)
            }
        }

        impl<'de $(, $life)?> Visitor<'de> for $reader {
            type Value = $value;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }
            fn visit_unit<E>(self) -> Result<$value, E> {
                Ok(self.scalar(Word::NULL))
            }
            fn visit_bool<E>(self, b: bool) -> Result<$value, E> {
                Ok(self.scalar(Word::bool(b)))
            }
            #[expect(clippy::cast_precision_loss, reason = "the nearest double is meant")]
            fn visit_u64<E>(self, n: u64) -> Result<$value, E> {
                Ok(self.scalar(Word::number(n as f64)))
            }
            #[expect(clippy::cast_precision_loss, reason = "the nearest double is meant")]
            fn visit_i64<E>(self, n: i64) -> Result<$value, E> {
                Ok(self.scalar(Word::number(n as f64)))
            }
            fn visit_f64<E>(self, n: f64) -> Result<$value, E> {
                Ok(self.scalar(Word::number(n)))
            }
            fn visit_str<E>(self, text: &str) -> Result<$value, E> {
                Ok(self.text(text))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<$value, A::Error> {
                self.list(items)
            }
            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<$value, A::Error> {
                self.map(entries)
            }
        }
    };
}
visitor!([] Measuring => Measure);
visitor!(['h] Making<'h> => Word);

#[expect(clippy::unused_self, reason = "as `Making`")]
impl Measuring {
    fn scalar(self, _: Word) -> Measure {
        Measure::default()
    }

    fn text(self, text: &str) -> Measure {
        let own = HEADER_BYTES + text.len() as u64;
        Measure { tree: own, largest: own, depth: 0 }
    }

    fn list<'de, A: SeqAccess<'de>>(self, mut items: A) -> Result<Measure, A::Error> {
        let (mut own, mut inside) = (HEADER_BYTES, Measure::default());
        while let Some(item) = items.next_element_seed(self)? {
            own += ELEMENT_BYTES;
            inside = both(inside, item);
        }
        Ok(around(own, inside))
    }

    fn map<'de, A: MapAccess<'de>>(self, mut entries: A) -> Result<Measure, A::Error> {
        let (mut own, mut inside) = (HEADER_BYTES, Measure::default());
        while let Some(key) = entries.next_key_seed(Measuring)? {
            own += ENTRY_BYTES + key.tree - HEADER_BYTES;
            inside = both(inside, entries.next_value_seed(self)?);
        }
        Ok(around(own, inside))
    }
}

fn both(a: Measure, b: Measure) -> Measure {
    Measure {
        tree: a.tree.saturating_add(b.tree),
        largest: a.largest.max(b.largest),
        depth: a.depth.max(b.depth),
    }
}

/// Of a list or map of that size around what is in it.
fn around(own: u64, inside: Measure) -> Measure {
    both(Measure { tree: own, largest: own, depth: inside.depth + 1 }, inside)
}

impl Making<'_> {
    #[expect(clippy::unused_self, reason = "as `Measuring`")]
    fn scalar(self, word: Word) -> Word {
        word
    }

    fn text(self, text: &str) -> Word {
        self.0.text(text)
    }

    fn list<'de, A: SeqAccess<'de>>(self, mut items: A) -> Result<Word, A::Error> {
        let mut words = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            words.push(item);
        }
        Ok(self.0.list(words))
    }

    fn map<'de, A: MapAccess<'de>>(self, mut entries: A) -> Result<Word, A::Error> {
        let mut words = Entries::default();
        while let Some(key) = entries.next_key::<CompactString>()? {
            words.insert(key, entries.next_value_seed(self)?);
        }
        Ok(self.0.map(words))
    }
}

/// A word to be written.
struct Written<'a>(&'a Word);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self.0.view() {
            View::Null => out.serialize_unit(),
            View::Bool(b) => out.serialize_bool(b),
            View::Number(n) => out.serialize_f64(n), // what is not finite becomes null
            View::Text(text) | View::Reference(text) => out.serialize_str(text.as_str()),
            View::List(list) => {
                let mut seq = out.serialize_seq(Some(list.items().len()))?;
                for item in list.items() {
                    seq.serialize_element(&Written(item))?;
                }
                seq.end()
            }
            View::Map(map) => {
                let mut entries = out.serialize_map(Some(map.len()))?;
                for (key, value) in map.sorted() {
                    entries.serialize_entry(key, &Written(value))?;
                }
                entries.end()
            }
        }
    }
}

/// Without blanks, Numbers as everywhere in the language.
struct Compact;

impl Formatter for Compact {
    fn write_f64<W: ?Sized + io::Write>(&mut self, out: &mut W, n: f64) -> io::Result<()> {
        out.write_all(super::digits::digits(n).as_bytes())
    }
}

/// Counts bytes.
struct Counter(u64);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write_to(word: &Word, out: impl io::Write) {
    let mut writer = serde_json::Serializer::with_formatter(out, Compact);
    Written(word).serialize(&mut writer).expect("keys are texts, and memory is written to");
}

/// The length of a value as JSON.
pub(super) fn written_bytes(word: &Word) -> u64 {
    let mut counter = Counter(0);
    write_to(word, &mut counter);
    counter.0
}

/// A value as JSON, which will be so long.
pub(super) fn write(word: &Word, bytes: u64) -> String {
    let mut out = Vec::with_capacity(usize::try_from(bytes).unwrap_or(0));
    write_to(word, &mut out);
    String::from_utf8(out).expect("JSON of texts is UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::word::equal;

    /// On a thread with as little stack as one has by default.
    #[test]
    fn the_deepest_values_are_read_and_written() {
        let work = || {
            let (heap, limits) = (Heap::default(), Limits::unlimited());
            for (open, close) in [("[", "]"), ("{\"k\":", "}")] {
                let levels = usize::from(limits.nesting_max);
                let innermost = if open == "[" { "" } else { "0" };
                let text = open.repeat(levels) + innermost + &close.repeat(levels);
                let value = parse(&text, &heap, &limits).expect("within the limits");
                assert_eq!(usize::from(value.depth()), levels);
                assert_eq!(write(&value, written_bytes(&value)), text);
                let again = parse(&text, &heap, &limits).expect("within the limits");
                assert!(equal(&value, &again));
                let deeper = open.repeat(levels + 1);
                assert_eq!(parse(&deeper, &heap, &limits).unwrap_err().0, TrapKind::NestingLimit);
            }
        };
        let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(work);
        thread.expect("a thread").join().expect("no failure");
    }
}
