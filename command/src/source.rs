//! Reading program text: from a file or standard input, never more than a bound, and only UTF-8.
//!
//! Leaves behind a [`Source`]: the text and the name it goes by in messages.

use crate::stop::{Exit, Stop};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The largest source that is read.
pub const SOURCE_BYTES_MAX: u64 = 256 << 20;

/// Program text.
#[derive(Debug)]
pub struct Source {
    /// What the text goes by in messages.
    pub name: String,
    /// The text.
    pub text: String,
}

/// Reads a file; `-` is standard input.
pub fn read(file: &Path) -> Result<Source, Stop> {
    let standard_input = file == Path::new("-");
    let name = if standard_input { Path::new("<stdin>") } else { file };
    let bytes = if standard_input {
        bounded(io::stdin().lock(), SOURCE_BYTES_MAX)
    } else {
        File::open(file).and_then(|opened| bounded(opened, SOURCE_BYTES_MAX))
    };
    let bytes = bytes.map_err(|error| Stop::unreadable(name, &error))?.ok_or_else(|| {
        let message = format!("the source is larger than the limit of {SOURCE_BYTES_MAX} bytes");
        Stop::new(Exit::Limit, message).about(name)
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        let (line, column) = place(error.as_bytes(), offset);
        let message = format!("the source is not UTF-8 text: invalid at byte offset {offset}");
        Stop::new(Exit::Source, message).about(name).line(line).column(column)
    })?;
    Ok(Source { name: name.display().to_string(), text })
}

/// All that `reader` has, or `None` if it has more than `bytes_max`.
pub fn bounded(reader: impl Read, bytes_max: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    reader.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= bytes_max).then_some(bytes))
}

/// Line and column (in characters) of a byte, both from 1.
#[must_use]
pub fn place(bytes: &[u8], offset: usize) -> (u64, u64) {
    let before = &bytes[..offset.min(bytes.len())];
    let line = before.split(|byte| *byte == b'\n').count();
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let column = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
    (line as u64, column as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_stops_at_the_bound() {
        assert_eq!(bounded(&b"abc"[..], 3).unwrap().unwrap(), b"abc");
        assert!(bounded(&b"abcd"[..], 3).unwrap().is_none());
        assert!(bounded(io::repeat(0), 1 << 16).unwrap().is_none());
    }

    #[test]
    fn places_count_characters() {
        assert_eq!(place("é\nüa".as_bytes(), 5), (2, 2));
        assert_eq!(place(b"", 0), (1, 1));
        assert_eq!(place(b"a\n", 2), (2, 1));
    }
}
