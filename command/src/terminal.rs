//! Writing to standard output and standard error.
//!
//! A reader of standard output who has gone (`lau print … | head`) has seen enough: that is no error.
//! Texts of a program are written as they are, except that on a terminal their control characters
//! are made visible, since a program must not be able to steer the user's terminal.
//!
//! In front of what the command itself says stands its name, which is `lau` unless another one is set.

use crate::stop::Stop;
use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::sync::OnceLock;

/// What the command goes by in its messages.
static NAME: OnceLock<String> = OnceLock::new();

/// Sets the name that stands in front of messages. The first one stays.
pub fn set_name(name: &str) {
    let _ = NAME.set(name.to_owned()); // there is one already
}

/// The name that stands in front of messages.
#[must_use]
pub fn name() -> &'static str {
    NAME.get().map_or("lau", String::as_str)
}

/// Writes to standard output.
pub fn put(text: impl Display) -> Result<(), Stop> {
    let mut out = BufWriter::new(io::stdout().lock());
    let written = write!(out, "{text}").and_then(|()| out.flush());
    // What is left in the buffer after a failure would be tried once more when it is dropped.
    let _ = out.into_parts();
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Stop::usage(format!("cannot write to standard output: {error}")))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Writes a line from the command itself to standard error.
pub fn note(message: &str) {
    let message = shown(message, io::stderr().is_terminal());
    let _ = writeln!(io::stderr().lock(), "{}: {message}", name());
}

/// Writes a drawing that may have colours to standard error.
pub fn draw(drawing: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{}", drawing.trim_end_matches('\n'));
}

/// Whether drawings on standard error should have colours: `NO_COLOR` and terminals are heeded.
#[must_use]
pub fn colour() -> bool {
    anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never
}

/// A text of a program as it may be written to standard output.
#[must_use]
pub fn for_stdout(text: &str) -> Cow<'_, str> {
    shown(text, io::stdout().is_terminal())
}

/// A text of a program as it may be written to standard error.
#[must_use]
pub fn for_stderr(text: &str) -> Cow<'_, str> {
    shown(text, io::stderr().is_terminal())
}

fn shown(text: &str, terminal: bool) -> Cow<'_, str> {
    let steers = |c: char| c.is_control() && c != '\n' && c != '\t';
    if !terminal || !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if steers(c) {
            safe.extend(c.escape_unicode());
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_terminal_is_shielded() {
        assert_eq!(shown("a\u{1b}[31m\tb\n", true), "a\\u{1b}[31m\tb\n");
        assert_eq!(shown("a\u{1b}[31m", false), "a\u{1b}[31m");
        assert_eq!(shown("plain", true), "plain");
    }

    #[test]
    fn the_first_name_stays() {
        assert_eq!(name(), "lau");
        set_name("weather");
        set_name("other");
        assert_eq!(name(), "weather");
    }
}
