//! Quoted texts: where one ends, and what it says.
//!
//! Requires that the text begins with a quote; knows nothing of lines and places, so offsets are from
//! that quote. A faulty escape does not hide where the text ends, and only the first is told: a text
//! that is full of them is one mistake.

use std::borrow::Cow;
use std::ops::Range;

/// Which escapes a quoted text may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dsl) enum Escapes {
    /// The language's own.
    Own,
    /// The language's own and those of JSON.
    Json,
}

/// What can be wrong with a quoted text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dsl) enum Trouble {
    /// The closing quote is missing.
    Unterminated,
    /// A backslash before something it means nothing with.
    UnknownEscape,
    /// A number that is no character's.
    NoCharacter,
}

/// A quoted text that was looked at: how long it is, quotes included, and what it says or the first
/// thing wrong with it.
pub(in crate::dsl) struct Scanned<'t> {
    pub(in crate::dsl) bytes: usize,
    pub(in crate::dsl) text: Result<Cow<'t, str>, (Trouble, Range<usize>)>,
}

/// Looks at a text that begins with a quote.
pub(in crate::dsl) fn scan_quoted(rest: &str, escapes: Escapes) -> Scanned<'_> {
    let mut unescaped: Option<String> = None;
    let mut wrong = None;
    let mut at = 1;
    loop {
        let run = rest.as_bytes()[at..].iter().position(|b| matches!(b, b'"' | b'\\'));
        let Some(run) = run else {
            let unterminated = (Trouble::Unterminated, 0..rest.trim_end().len());
            return Scanned { bytes: rest.len(), text: Err(wrong.unwrap_or(unterminated)) };
        };
        let plain = &rest[at..at + run];
        at += run;
        if rest.as_bytes()[at] == b'"' {
            let text = match unescaped {
                None => Cow::Borrowed(plain),
                Some(before) => Cow::Owned(before + plain),
            };
            return Scanned { bytes: at + 1, text: wrong.map_or(Ok(text), Err) };
        }
        let text = unescaped.get_or_insert_default();
        text.push_str(plain);
        let (bytes, character) = escape(&rest[at..], escapes);
        match character {
            Ok(c) => text.push(c),
            Err(trouble) => wrong = wrong.or(Some((trouble, at..at + bytes))),
        }
        at += bytes;
    }
}

/// Reads an escape from its backslash on: how many bytes it has, and which character it is.
fn escape(rest: &str, escapes: Escapes) -> (usize, Result<char, Trouble>) {
    let json = escapes == Escapes::Json;
    let Some(c) = rest[1..].chars().next() else {
        return (1, Err(Trouble::UnknownEscape));
    };
    let plain = match c {
        '"' | '\\' => c,
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'u' if rest[2..].starts_with('{') => return braced(rest),
        'u' if json => return utf16(rest),
        '/' if json => '/',
        'b' if json => '\u{8}',
        'f' if json => '\u{c}',
        _ => return (1 + c.len_utf8(), Err(Trouble::UnknownEscape)),
    };
    (2, Ok(plain))
}

/// Reads `\u{1F600}`.
fn braced(rest: &str) -> (usize, Result<char, Trouble>) {
    const HEAD: usize = r"\u{".len();
    let digits = rest[HEAD..].bytes().take_while(u8::is_ascii_hexdigit).count();
    let end = HEAD + digits;
    if !rest[end..].starts_with('}') {
        return (end, Err(Trouble::NoCharacter));
    }
    let number = if digits <= 6 { u32::from_str_radix(&rest[HEAD..end], 16).ok() } else { None };
    (end + 1, number.and_then(char::from_u32).ok_or(Trouble::NoCharacter))
}

/// Reads `\u00e9`, or a character of two such halves, as JSON has them.
fn utf16(rest: &str) -> (usize, Result<char, Trouble>) {
    const BYTES: usize = r"\u00e9".len();
    let half = |text: &str| {
        let digits = text.strip_prefix(r"\u")?.get(..4)?;
        let all = digits.bytes().all(|b| b.is_ascii_hexdigit());
        if all { u16::from_str_radix(digits, 16).ok() } else { None }
    };
    let Some(first) = half(rest) else {
        let digits = rest[2..].bytes().take(4).take_while(u8::is_ascii_hexdigit).count();
        return (2 + digits, Err(Trouble::NoCharacter));
    };
    let halves = [first, half(&rest[BYTES..]).unwrap_or(0)];
    match char::decode_utf16(halves).next() {
        Some(Ok(c)) => (BYTES * c.len_utf16(), Ok(c)),
        Some(Err(_)) | None => (BYTES, Err(Trouble::NoCharacter)),
    }
}
