//! Words of a line, with their places.
//!
//! Lines end at `\n`; words are separated by white space (`char::is_whitespace`, so a `\r` before the
//! end of the line is nothing special). A word is bare, or quoted:
//!
//! ```text
//! quoted = '"' (character | escape)* '"'   followed by white space or the end of the line
//! escape = \"  \\  \n  \t  \r  \u{1 to 6 hex digits}
//! ```
//!
//! The first word of a line is a label if it is bare and ends in `:`, or quoted with `:` directly after
//! it. Where `#` starts a comment depends on which operands an instruction requires, so it is the
//! parser that asks ([`Cursor::is_done`]). Every byte is looked at a bounded number of times, whatever
//! the line holds.

use super::diagnostic::{Code, Diagnostic, Span};
use std::borrow::Cow;
use std::ops::Range;

/// What is wrong with a piece of text; boxed, since it is rare and large.
pub type Fault = Box<Diagnostic>;

/// A word with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token<'t> {
    /// What was read.
    pub word: Word<'t>,
    /// Where it stands, quotes and colon included.
    pub span: Span,
}

/// What a word is and says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word<'t> {
    /// A word as it stands.
    Bare(&'t str),
    /// Quoted text, without its quotes and with escapes replaced.
    Quoted(Cow<'t, str>),
    /// A label's name; only the first word of a line is one.
    Label(Cow<'t, str>),
}

/// Which escapes a quoted text may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escapes {
    /// The language's own.
    Own,
    /// The language's own and those of JSON.
    Json,
}

/// A position in one line of a text.
#[derive(Clone, Debug)]
pub struct Cursor<'t> {
    line: &'t str,
    number: u32,
    start: usize,
    at: usize,
    /// A byte of the line and its column, from which later columns are counted: places are asked for
    /// from left to right, so that all columns of a line cost one pass over it.
    anchor: (usize, u32),
}

impl<'t> Cursor<'t> {
    /// At the beginning of a line, which has that number and starts at that byte of the text.
    #[must_use]
    pub fn new(line: &'t str, number: u32, start: usize) -> Self {
        Cursor { line, number, start, at: 0, anchor: (0, 1) }
    }

    /// What is left of the line.
    #[must_use]
    pub fn rest(&self) -> &'t str {
        &self.line[self.at..]
    }

    /// The byte of the line at which the cursor is.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }

    /// Goes on by that many bytes, which must end between two characters.
    pub(super) fn advance(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Goes to the next character that is no white space.
    pub fn skip_space(&mut self) {
        self.at = self.line.len() - self.rest().trim_start().len();
    }

    /// Whether nothing follows but white space, or a comment: where no operand is required.
    pub fn is_done(&mut self) -> bool {
        self.skip_space();
        self.rest().is_empty() || self.rest().starts_with('#')
    }

    /// The place of some bytes of the line.
    pub fn span(&mut self, range: Range<usize>) -> Span {
        let (from, column) = if range.start >= self.anchor.0 { self.anchor } else { (0, 1) };
        let characters = self.line[from..range.start].chars().count();
        let column = column.saturating_add(u32::try_from(characters).unwrap_or(u32::MAX));
        self.anchor = (range.start, column);
        Span {
            line: self.number,
            column,
            start: self.start + range.start,
            end: self.start + range.end,
        }
    }

    /// The first word of a line: the only one that may be a label. `None` if there is none.
    ///
    /// # Errors
    ///
    /// As [`Cursor::word`].
    pub fn first_word(&mut self) -> Option<Result<Token<'t>, Fault>> {
        self.next_word(true)
    }

    /// The next word. `None` at the end of the line. After an error the cursor stands behind the
    /// malformed word, so that reading can go on.
    ///
    /// # Errors
    ///
    /// A quoted text that does not end, with an unknown escape, or with something directly after it.
    pub fn word(&mut self) -> Option<Result<Token<'t>, Fault>> {
        self.next_word(false)
    }

    fn next_word(&mut self, first: bool) -> Option<Result<Token<'t>, Fault>> {
        self.skip_space();
        if self.rest().is_empty() {
            return None;
        }
        if self.rest().starts_with('"') {
            return Some(self.quoted_word(first));
        }
        let start = self.at;
        let text = self.bare();
        let span = self.span(start..self.at);
        let word = match text.strip_suffix(':') {
            Some(name) if first && !name.is_empty() => Word::Label(Cow::Borrowed(name)),
            Some(_) | None => Word::Bare(text),
        };
        Some(Ok(Token { word, span }))
    }

    fn quoted_word(&mut self, first: bool) -> Result<Token<'t>, Fault> {
        let start = self.at;
        let text = self.quoted(Escapes::Own);
        let label = first && self.rest().starts_with(':');
        self.advance(usize::from(label));
        let end = self.at;
        let joined = self.bare();
        let text = text?;
        if !joined.is_empty() {
            return Err(self.joined(end));
        }
        let word = if label { Word::Label(text) } else { Word::Quoted(text) };
        Ok(Token { word, span: self.span(start..end) })
    }

    /// Everything up to the next white space; nothing, if the cursor stands at some.
    pub(super) fn bare(&mut self) -> &'t str {
        let rest = self.rest();
        let text = &rest[..rest.find(char::is_whitespace).unwrap_or(rest.len())];
        self.advance(text.len());
        text
    }

    /// A quoted text, at whose opening quote the cursor stands. What follows is not looked at.
    pub(super) fn quoted(&mut self, escapes: Escapes) -> Result<Cow<'t, str>, Fault> {
        let start = self.at;
        let scanned = scan_quoted(self.rest(), escapes);
        self.advance(scanned.bytes);
        scanned.text.map_err(|(trouble, range)| {
            self.fault(trouble, start + range.start..start + range.end, escapes)
        })
    }

    /// What is wrong when a word begins directly after something that ended at `end`.
    pub(super) fn joined(&mut self, end: usize) -> Fault {
        let rest = &self.line[end..];
        let word = &rest[..rest.find(char::is_whitespace).unwrap_or(rest.len())];
        let span = self.span(end..end + word.len());
        let before = self.line[..end].chars().next_back().unwrap_or('"');
        let fault = Diagnostic::new(
            Code::MalformedText,
            format!("{} directly after the closing `{before}`", shown(word)),
        );
        let help = match before {
            '"' => "separate words by white space, or write `\\\"` for a quote inside the text",
            _ => "separate words by white space",
        };
        Box::new(fault.at(span).help(help).fix(Span { end: span.start, ..span }, " "))
    }

    /// Goes behind the next word, well-formed or not.
    pub(super) fn skip_word(&mut self) {
        self.skip_space();
        if self.rest().starts_with('"') {
            let bytes = scan_quoted(self.rest(), Escapes::Own).bytes;
            self.advance(bytes);
        }
        self.bare();
    }

    fn fault(&mut self, trouble: Trouble, range: Range<usize>, escapes: Escapes) -> Fault {
        let span = self.span(range.clone());
        let text = &self.line[range];
        let known = match escapes {
            Escapes::Own => r#"the escapes are `\"` `\\` `\n` `\t` `\r` `\u{1F600}`"#,
            Escapes::Json => r#"the escapes are JSON's, and `\u{1F600}`"#,
        };
        let fault = |message| Diagnostic::new(Code::MalformedText, message).at(span);
        Box::new(match trouble {
            Trouble::Unterminated => fault("the quoted text does not end".to_owned())
                .help("add the closing `\"`")
                .fix(Span { start: span.end, column: span.column + columns(text), ..span }, "\""),
            Trouble::UnknownEscape => fault(format!("unknown escape {}", shown(text)))
                .help(format!("{known}; a backslash itself is `\\\\`"))
                .fix(Span { end: span.start + 1, ..span }, r"\\"),
            Trouble::NoCharacter => {
                fault(format!("{} is not the number of a character", shown(text))).help(known)
            }
        })
    }
}

fn columns(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

/// A piece of source as it stands in a message: between backticks, cut if long, control characters
/// escaped.
pub(super) fn shown(text: &str) -> String {
    const CHARACTERS_MAX: usize = 40;
    let mut out = String::from("`");
    for c in text.chars().take(CHARACTERS_MAX) {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    if text.chars().nth(CHARACTERS_MAX).is_some() {
        out.push('…');
    }
    out.push('`');
    out
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    Unterminated,
    UnknownEscape,
    NoCharacter,
}

/// A quoted text that was looked at: how long it is, quotes included, and what it says or the first
/// thing wrong with it. A faulty escape does not hide where the text ends.
pub(super) struct Scanned<'t> {
    pub(super) bytes: usize,
    pub(super) text: Result<Cow<'t, str>, (Trouble, Range<usize>)>,
}

/// Looks at a text that begins with a quote.
pub(super) fn scan_quoted(rest: &str, escapes: Escapes) -> Scanned<'_> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<Word<'_>> {
        let mut cursor = Cursor::new(line, 1, 0);
        let mut all = Vec::from_iter(cursor.first_word().map(|t| t.unwrap().word));
        all.extend(std::iter::from_fn(|| cursor.word()).map(|t| t.unwrap().word));
        all
    }

    fn fault(line: &str) -> (u32, usize, usize, String) {
        let mut cursor = Cursor::new(line, 1, 0);
        let fault = std::iter::from_fn(|| cursor.word()).find_map(Result::err).unwrap();
        let span = fault.span.unwrap();
        (span.column, span.start, span.end, fault.message)
    }

    fn quoted(text: &str) -> Word<'_> {
        Word::Quoted(text.into())
    }

    #[test]
    fn words_are_separated_by_any_white_space() {
        assert_eq!(words("a\u{2003}b\t\u{85}c\r"), ["a", "b", "c"].map(Word::Bare));
        assert_eq!(words(" \r"), []);
    }

    #[test]
    fn quoted_words_have_their_escapes_replaced() {
        assert_eq!(words(r#""" "a b""#), [quoted(""), quoted("a b")]);
        assert_eq!(words(r#""\"\\\n\t\r\u{1F600}\u{0}""#), [quoted("\"\\\n\t\r😀\0")]);
        assert_eq!(words(r#"a"b" #c"#), [Word::Bare("a\"b\""), Word::Bare("#c")]);
    }

    #[test]
    fn only_the_first_word_is_a_label() {
        assert_eq!(words("a: b:"), [Word::Label("a".into()), Word::Bare("b:")]);
        assert_eq!(words(r#""a b":"#), [Word::Label("a b".into())]);
        assert_eq!(words(r#""":"#), [Word::Label("".into())]);
        assert_eq!(words(":"), [Word::Bare(":")]);
        assert_eq!(words("a::"), [Word::Label("a:".into())]);
    }

    #[test]
    fn places_count_characters_and_bytes() {
        let mut cursor = Cursor::new("é \"ü\" x", 7, 100);
        let places = std::iter::from_fn(|| cursor.word()).map(|t| t.unwrap().span);
        let places: Vec<_> = places.map(|s| (s.line, s.column, s.start, s.end)).collect();
        assert_eq!(places, [(7, 1, 100, 102), (7, 3, 103, 107), (7, 7, 108, 109)]);
    }

    #[test]
    fn faults_name_what_is_wrong_exactly() {
        assert_eq!(fault(r#"é "abc  "#), (3, 3, 7, "the quoted text does not end".into()));
        assert_eq!(fault(r#""a\"#), (3, 2, 3, r"unknown escape `\`".into()));
        assert_eq!(fault(r#""a\q" b"#), (3, 2, 4, r"unknown escape `\q`".into()));
        assert_eq!(fault(r#""\/""#).3, r"unknown escape `\/`");
        assert_eq!(fault(r#""\u0041""#).3, r"unknown escape `\u`");
        for bad in [r"\u{}", r"\u{D800}", r"\u{110000}", r"\u{0000041}", r"\u{41"] {
            let line = format!("\"{bad}\"");
            let message = format!("`{bad}` is not the number of a character");
            assert_eq!(fault(&line), (2, 1, 1 + bad.len(), message));
        }
        let message = "`b` directly after the closing `\"`";
        assert_eq!(fault(r#""a"b c"#), (4, 3, 4, message.into()));
        assert_eq!(fault(r#""a":"#).1, 3);
    }

    #[test]
    fn reading_goes_on_behind_a_malformed_word() {
        let mut cursor = Cursor::new(r#""\q" "a"b c"#, 1, 0);
        assert!(cursor.word().unwrap().is_err());
        assert!(cursor.word().unwrap().is_err());
        assert_eq!(cursor.word().unwrap().unwrap().word, Word::Bare("c"));
        assert!(cursor.word().is_none());
    }

    #[test]
    fn json_escapes_are_read_only_where_asked_for() {
        let scan = |text| scan_quoted(text, Escapes::Json).text;
        assert_eq!(scan(r#""\/\b\f\u00e9\ud83d\ude00""#).unwrap(), "/\u{8}\u{c}é😀");
        let bad = [r#""\ud83d""#, r#""\ude00""#, r#""\ud83dx""#, r#""\u12""#, r#""\ud83d\u0041""#];
        for bad in bad {
            assert_eq!(scan(bad).unwrap_err().0, Trouble::NoCharacter, "{bad}");
        }
    }

    #[test]
    fn messages_show_words_cut_and_harmless() {
        assert_eq!(shown("a\u{1b}[0m"), r"`a\u{1b}[0m`");
        assert_eq!(shown(&"x".repeat(1000)).chars().count(), 43);
    }
}
