//! Comma-separated values to a list of maps, one for each row, keyed by the header row.
//!
//! A field becomes
//! - `Null` if it is empty;
//! - a Number if, blanks around it aside, it is written as JSON writes numbers and is finite: `12`,
//!   `-0.5`, `1e3`. Not `007`, `+1`, `.5`, `0x1F`, `inf`, `NaN` or `1_000`. A whole number of ±2⁵³ or
//!   beyond is no Number either, as a double could change its digits. So identifiers stay what they are;
//! - else a Text, exactly as it stands.
//!
//! The file is UTF-8, its rows all as long as the header; empty lines are passed over, as is a byte
//! order mark. Quotes follow RFC 4180. The file is read as a stream.

use super::Room;
use super::quotes::{BadQuote, Quotes, RowLines};
use crate::stop::{Exit, Stop};
use lau_runtime::Value;
use std::collections::{HashMap, HashSet};
use std::io::{self, Read};

/// Reads all rows.
pub(super) fn read(file: impl Read, room: &Room) -> Result<Value, Stop> {
    let file = Bounded { inner: file, left: room.file_bytes_max() };
    let lines = RowLines::default();
    let quotes = Quotes::new(file, lines.clone())
        .map_err(|error| Stop::usage(format!("cannot read it: {error}")))?;
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(false).from_reader(quotes);
    let mut record = csv::StringRecord::new();
    let mut next = |record: &mut csv::StringRecord| {
        let more = reader.read_record(record);
        let line = lines.next();
        more.map(|more| more.then_some(line)).map_err(|error| stop(error, line, room))
    };
    let Some(line) = next(&mut record)? else {
        return Err(Stop::usage("the file is empty; it should begin with a header row"));
    };
    let header = header(&record).map_err(|stop| at(line, stop))?;
    let mut rows = Vec::new();
    room.container().map_err(|why| Stop::new(Exit::Limit, why))?;
    while let Some(line) = next(&mut record)? {
        let row = row(&header, &record, room);
        rows.push(row.map_err(|why| at(line, Stop::new(Exit::Limit, why)))?);
    }
    Ok(Value::List(rows))
}

fn header(record: &csv::StringRecord) -> Result<Vec<String>, Stop> {
    let mut seen = HashSet::new();
    match record.iter().find(|name| !seen.insert(*name)) {
        None => Ok(record.iter().map(str::to_owned).collect()),
        Some(twice) => Err(Stop::usage(format!("the header has two columns named `{twice}`"))),
    }
}

fn row(header: &[String], record: &csv::StringRecord, room: &Room) -> Result<Value, String> {
    room.element()?;
    room.container()?;
    let mut map = HashMap::with_capacity(header.len());
    for (name, field) in header.iter().zip(record) {
        room.entry(name)?;
        map.insert(name.clone(), value(field, room)?);
    }
    Ok(Value::Map(map))
}

fn value(field: &str, room: &Room) -> Result<Value, String> {
    if field.is_empty() {
        return Ok(Value::Null);
    }
    if let Some(n) = number(field.trim_ascii()) {
        return Ok(Value::Number(n));
    }
    room.text(field)?;
    Ok(Value::from(field))
}

/// The number a text stands for, if it is one without doubt and without loss of whole digits.
fn number(text: &str) -> Option<f64> {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    let digits = |s: &str| s.len() - s.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let whole = digits(unsigned);
    if whole == 0 || (whole > 1 && unsigned.starts_with('0')) {
        return None;
    }
    let mut rest = &unsigned[whole..];
    let integer = rest.is_empty();
    if let Some(fraction) = rest.strip_prefix('.') {
        let n = digits(fraction);
        rest = if n > 0 { &fraction[n..] } else { return None };
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        let n = digits(exponent);
        rest = if n > 0 { &exponent[n..] } else { return None };
    }
    if !rest.is_empty() {
        return None;
    }
    // At 2^53 itself the text may have been 2^53 + 1.
    text.parse().ok().filter(|n: &f64| n.is_finite() && !(integer && n.abs() >= EXACT))
}

fn stop(error: csv::Error, line: Option<u64>, room: &Room) -> Stop {
    if let csv::ErrorKind::UnequalLengths { expected_len, len, .. } = error.kind() {
        let message = format!("the row has {}, the header {expected_len}", fields(*len));
        return at(line, Stop::usage(message));
    }
    if let csv::ErrorKind::Utf8 { err, .. } = error.kind() {
        let message = format!("field {} is not UTF-8 text", err.field() + 1);
        return at(line, Stop::usage(message));
    }
    let message = format!("cannot read it: {error}");
    // The kinds that are left besides `Io` are of writing, seeking and serde, of which there is none here.
    let csv::ErrorKind::Io(error) = error.into_kind() else {
        return at(line, Stop::usage(message));
    };
    if error.kind() == io::ErrorKind::FileTooLarge {
        return room.file_too_large();
    }
    match error.downcast::<BadQuote>() {
        Ok(bad) => Stop::usage(bad.to_string()).line(bad.line),
        Err(_) => Stop::usage(message),
    }
}

fn at(line: Option<u64>, stop: Stop) -> Stop {
    match line {
        Some(line) => stop.line(line),
        None => stop,
    }
}

fn fields(n: u64) -> String {
    if n == 1 { "1 field".to_owned() } else { format!("{n} fields") }
}

/// A reader that fails where a longer one would go on.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.left =
            self.left.checked_sub(n as u64).ok_or(io::Error::from(io::ErrorKind::FileTooLarge))?;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lau_runtime::Limits;

    fn parse(text: &[u8]) -> Result<Value, Stop> {
        read(text, &Room::new(&Limits::default()))
    }

    #[test]
    fn only_plain_finite_decimals_are_numbers() {
        for (text, n) in [
            ("0", 0.0),
            ("-0.5", -0.5),
            ("1e3", 1000.0),
            ("12.50E-1", 1.25),
            ("9007199254740991", 9_007_199_254_740_991.0),
            ("123456789012345678.5", 123_456_789_012_345_678.5),
        ] {
            assert_eq!(number(text), Some(n), "{text}");
        }
        assert!(number("-0").unwrap().is_sign_negative());
        let texts = "007 +1 .5 1. 1.e3 1e 1e+ 0x10 inf nan NaN Infinity 1_000 1,5 - -- 1e400 ٣ 1- \
            9007199254740992 9007199254740993 -12345678901234567890 2012-01-01 1.2.3 00 -01 1f";
        for text in texts.split(' ') {
            assert_eq!(number(text), None, "{text}");
        }
        assert_eq!(number(""), None);
    }

    #[test]
    fn rows_are_maps_by_header() {
        let text = "\u{feff}\"id\",note\r\n\r\n007,\"a \"\"b\"\",\nc\"\r\n 12 ,\r\n\"3\", x ";
        let row = |id: Value, note: Value| [("id", id), ("note", note)].into_iter().collect();
        let rows: [Value; 3] = [
            row("007".into(), "a \"b\",\nc".into()),
            row(12.0.into(), Value::Null),
            row(3.0.into(), " x ".into()),
        ];
        assert_eq!(parse(text.as_bytes()).unwrap(), Value::from(rows));
        assert_eq!(parse(b"a,b\n").unwrap(), Value::List(vec![]));
    }

    #[test]
    fn faults_name_the_line() {
        for (text, line, says) in [
            (&b"a,b\n1,2\n3\n"[..], Some(3), "the row has 1 field, the header 2"),
            (b"a,b\n\"x\ny\",2\n3,4,5\n", Some(4), "3 fields"),
            (b"a,b\n\n\n3,4,5\n", Some(4), "3 fields"),
            (b"a,b\r\n\r\n\r\n3,4,5\r\n", Some(4), "3 fields"),
            (b"a\n\"x\ny\n", Some(2), "does not end"),
            (b"a\nx\"y\n", Some(2), "a quote inside"),
            (b"a,b\n1,2\n\"x\"y,2\n", Some(3), "after the closing quote"),
            (b"a,b\n1\nx\"y,2\n", Some(2), "1 field"),
            (b"a,b\n1,\xff\n", Some(2), "field 2 is not UTF-8"),
            (b"a,b,a\n", Some(1), "two columns named `a`"),
            (b"", None, "empty"),
            (b"\n\r\n", None, "empty"),
            (b"\xef\xbb\xbf", None, "empty"),
        ] {
            let stop = parse(text).unwrap_err();
            assert_eq!((stop.exit, stop.line), (Exit::Usage, line), "{text:?}: {stop}");
            assert!(stop.message.contains(says), "{text:?}: {stop}");
        }
    }

    #[test]
    fn size_is_bounded_while_reading() {
        let limits = Limits { tree_bytes_max: 200, ..Limits::default() };
        // 32, and for each row 8 + 32 + (32 + 1)
        let stop = read(&b"a\n1\n2\n3\n4\n"[..], &Room::new(&limits)).unwrap_err();
        assert_eq!((stop.exit, stop.line), (Exit::Limit, Some(4)), "{stop}");
        let tiny = Bounded { inner: io::repeat(b'x'), left: 1 << 20 };
        let error = Quotes::new(tiny, RowLines::default())
            .and_then(|mut all| io::copy(&mut all, &mut io::sink()));
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
