//! A file's text as it stands: the value is a Text, line ends and all.
//!
//! The file is UTF-8; a byte order mark is passed over.

use super::Room;
use crate::source::{bounded, place};
use crate::stop::{Exit, Stop};
use lau_runtime::Value;
use std::io::Read;

/// Reads the text that the file is.
pub(super) fn read(file: impl Read, room: &Room) -> Result<Value, Stop> {
    let mut bytes = bounded(file, room.file_bytes_max())
        .map_err(|error| Stop::usage(format!("cannot read it: {error}")))?
        .ok_or_else(|| room.file_too_large())?;
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let (line, column) = place(error.as_bytes(), error.utf8_error().valid_up_to());
        Stop::usage("it is not UTF-8 text").line(line).column(column)
    })?;
    room.text(&text).map_err(|why| Stop::new(Exit::Limit, why))?;
    Ok(Value::Text(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use lau_runtime::Limits;

    fn parse(text: &[u8], limits: Limits) -> Result<Value, Stop> {
        read(text, &Room::new(&limits))
    }

    #[test]
    fn text_is_taken_as_it_stands() {
        for (text, value) in [
            (&b""[..], ""),
            (b"\xef\xbb\xbf\xc3\xa9\r\n", "\u{e9}\r\n"),
            (b"a\0b\n\n \t", "a\0b\n\n \t"),
            (b"x\xef\xbb\xbf", "x\u{feff}"),
        ] {
            assert_eq!(parse(text, Limits::default()).unwrap(), Value::from(value));
        }
    }

    #[test]
    fn what_is_not_utf8_is_refused_with_its_place_in_characters() {
        for (text, line, column) in [
            (&b"\xff"[..], 1, 1),
            (b"a\n\xc3\xa9b\xe9\n", 2, 3),
            (b"\xef\xbb\xbfab\xc3", 1, 3),
            (b"\xed\xa0\x80", 1, 1), // half of a surrogate pair
        ] {
            let stop = parse(text, Limits::default()).unwrap_err();
            assert_eq!(
                (stop.exit, stop.line, stop.column),
                (Exit::Usage, Some(line), Some(column))
            );
        }
    }

    #[test]
    fn size_is_bounded_by_the_tree_limit() {
        let limits = Limits { tree_bytes_max: 40, ..Limits::default() };
        assert!(parse(b"12345678", limits).is_ok()); // 32 + 8
        let stop = parse(b"123456789", limits).unwrap_err();
        assert_eq!(stop.exit, Exit::Limit);
        assert!(stop.message.contains("40 bytes"), "{stop}");
        let stop = read(std::io::repeat(b'a'), &Room::new(&limits)).unwrap_err();
        assert!(stop.exit == Exit::Limit && stop.message.contains("the file"), "{stop}");
    }
}
