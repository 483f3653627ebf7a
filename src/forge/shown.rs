//! Text that somebody else wrote, made fit to be shown.
//!
//! Source, diagnostics, output, names and purposes come from a model or from a process that ran what it wrote. Shown raw,
//! they could steer the reader's terminal, hide a part of themselves, or read in another order than the compiler reads
//! them. Here every character that does not simply stand there is written out as `\u{202e}`: control characters, marks
//! that change direction, everything of no width, blanks other than the blank, line and paragraph separators, tags,
//! variation selectors, private use and what Unicode will never assign.
//!
//! What is written out cannot be mistaken for text that was there. Where backslashes stand before what would look like an
//! escape (`u{`) or before a character that is escaped, each of them is doubled; all others stay, so that source code
//! reads as its author wrote it. An odd number of backslashes before `u{` is therefore an escape, an even number is text.
//! Hence two different texts are never shown alike.
//!
//! Letters that look like others (a Cyrillic `а`) and stacks of combining marks stay as they are: they hide nothing.

use std::fmt::Write;

/// Text on one line: line feeds and tabulators are written out too.
///
/// ```
/// use lau_agent_runtime::forge::shown::shown;
/// assert_eq!(shown("a\u{202e}b\n"), "a\\u{202e}b\\u{a}");
/// assert_eq!(shown("a\\u{202e}b"), "a\\\\u{202e}b"); // these were letters
/// assert_eq!(shown("\"\\n\""), "\"\\n\"");
/// ```
#[must_use]
pub fn shown(text: &str) -> String {
    let mut out = Out::default();
    out.add(text, Keep::Line);
    out.text
}

/// Text of several lines: line feeds and tabulators stay.
///
/// ```
/// use lau_agent_runtime::forge::shown::shown_lines;
/// assert_eq!(shown_lines("a\n\tb\r\n"), "a\n\tb\\u{d}\n");
/// ```
#[must_use]
pub fn shown_lines(text: &str) -> String {
    let mut out = Out::default();
    out.add(text, Keep::Lines);
    out.text
}

/// Bytes as text on one line. Those that are not UTF-8 become `\xff`, and backslashes before what would look like that
/// are doubled as well.
///
/// ```
/// use lau_agent_runtime::forge::shown::shown_bytes;
/// assert_eq!(shown_bytes(b"a\xff\\xff"), "a\\xff\\\\xff");
/// ```
#[must_use]
pub fn shown_bytes(bytes: &[u8]) -> String {
    let mut out = Out::default();
    for chunk in bytes.utf8_chunks() {
        out.add(chunk.valid(), Keep::Bytes);
        for byte in chunk.invalid() {
            out.escape(format_args!("\\x{byte:02x}"));
        }
    }
    out.text
}

/// The beginning of a text, at most so many bytes, and how much was left out. Neither a character nor something written
/// out is cut through.
///
/// ```
/// use lau_agent_runtime::forge::shown::capped;
/// assert_eq!(capped("short", 10), "short");
/// assert_eq!(capped("a longer text", 8), "a longer… (5 bytes more)");
/// ```
#[must_use]
pub fn capped(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let mut end = text.floor_char_boundary(bytes);
    // The longest escape is `\u{10ffff}`.
    let near = text.floor_char_boundary(end.saturating_sub(10));
    if let Some(open) =
        text[near..end].rfind("\\u{").filter(|at| !text[near + at..end].contains('}'))
    {
        end = near + open;
    }
    format!("{}… ({} bytes more)", &text[..end], text.len() - end)
}

/// What stays, and what would look like an escape.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Line,
    Lines,
    Bytes,
}

/// Text so far, and with how many backslashes it ends.
#[derive(Default)]
struct Out {
    text: String,
    backslashes: usize,
}

impl Out {
    fn add(&mut self, text: &str, keep: Keep) {
        for (at, c) in text.char_indices() {
            if c == '\\' {
                self.text.push(c);
                self.backslashes += 1;
            } else if written_out(c) && !(keep == Keep::Lines && matches!(c, '\n' | '\t')) {
                self.escape(format_args!("\\u{{{:x}}}", u32::from(c)));
            } else {
                if like_an_escape(&text[at..], keep) {
                    self.double();
                }
                self.text.push(c);
                self.backslashes = 0;
            }
        }
    }

    fn escape(&mut self, escape: std::fmt::Arguments<'_>) {
        self.double();
        let _ = self.text.write_fmt(escape); // a String takes all
    }

    fn double(&mut self) {
        self.text.extend(std::iter::repeat_n('\\', self.backslashes));
        self.backslashes = 0;
    }
}

/// Whether a backslash before this would look like an escape.
fn like_an_escape(text: &str, keep: Keep) -> bool {
    if keep == Keep::Bytes {
        let mut digits = text.bytes().skip(1).take(2);
        let is = digits.len() == 2 && digits.all(|digit| digit.is_ascii_hexdigit());
        if text.starts_with('x') && is {
            return true;
        }
    }
    text.starts_with("u{")
}

/// Whether a character is written out: the control characters, the format characters that move or hide text, everything
/// that Unicode lists as default-ignorable, blanks but the one, private use, and noncharacters.
#[rustfmt::skip]
fn written_out(c: char) -> bool {
    if matches!(c, ' '..='~') {
        return false; // almost always
    }
    c.is_control()                                          // C0, DEL, C1
        || (c.is_whitespace() && c != ' ')                  // U+00A0, U+2000.., U+2028, U+2029, U+3000
        || u32::from(c) & 0xfffe == 0xfffe                  // noncharacters at the end of each plane
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}'                // soft hyphen, joiner, Arabic letter mark
            | '\u{115f}'..='\u{1160}' | '\u{3164}' | '\u{ffa0}' // fillers: letters without a look
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'                       // Mongolian variation selectors
            | '\u{200b}'..='\u{200f}'                       // zero width; left-to-right and right-to-left marks
            | '\u{202a}'..='\u{202e}'                       // embeddings and overrides of direction
            | '\u{2060}'..='\u{206f}'                       // word joiner, invisible operators, isolates
            | '\u{2800}'                                    // a Braille pattern without dots
            | '\u{e000}'..='\u{f8ff}'                       // private use: looks as a font pleases
            | '\u{fdd0}'..='\u{fdef}'                       // noncharacters
            | '\u{fe00}'..='\u{fe0f}'                       // variation selectors
            | '\u{feff}'                                    // byte order mark
            | '\u{fff0}'..='\u{fffb}'                       // unassigned but ignorable; interlinear annotation
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' // shorthand and music: format controls
            | '\u{e0000}'..='\u{e0fff}'                     // tags, more variation selectors
            | '\u{f0000}'..='\u{10ffff}')                   // private use, again
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_steers_or_hides_is_written_out() {
        let mut seen = String::new();
        for c in "\0\u{1b}\r\u{7f}\u{9b}\u{61c}\u{200b}\u{200f}\u{2028}\u{202e}\u{2066}\u{feff}\u{e0041}\u{fe0f}\u{a0}"
            .chars()
        {
            seen += &shown(&c.to_string());
        }
        assert!(seen.chars().all(|c| c.is_ascii_graphic()), "{seen}");
        assert_eq!(shown("Grüße, 世界 🦀 café"), "Grüße, 世界 🦀 café");
        assert_eq!(shown("\u{fffd}"), "\u{fffd}"); // it shows itself
    }

    #[test]
    fn an_escape_is_not_mistaken_for_letters() {
        assert_eq!(shown("\\\u{202e}"), "\\\\\\u{202e}");
        assert_eq!(shown("\\\\u{202e}"), "\\\\\\\\u{202e}");
        assert_eq!(shown("\\n \\u202e \\x41"), "\\n \\u202e \\x41");
        assert_eq!(shown_bytes(b"\\x4 \\x41 \\\xff"), "\\x4 \\\\x41 \\\\\\xff");
    }

    #[test]
    fn a_cut_text_says_so() {
        assert_eq!(capped("aéé", 4), "aé… (2 bytes more)");
        assert_eq!(capped(&shown("ab\u{202e}cd"), 6), "ab… (10 bytes more)");
        assert_eq!(capped("", 0), "");
        assert_eq!(capped("{}}", 0), "… (3 bytes more)");
    }

    /// The text that is shown so.
    fn read_back(shown: &str) -> String {
        let mut text = String::new();
        let mut rest = shown;
        while !rest.is_empty() {
            let run = rest.bytes().take_while(|byte| *byte == b'\\').count();
            rest = &rest[run..];
            if rest.starts_with("u{") {
                text.extend(std::iter::repeat_n('\\', run / 2));
                if run % 2 == 1 {
                    let (digits, after) = rest[2..].split_once('}').expect("closed");
                    let code = u32::from_str_radix(digits, 16).expect("hexadecimal");
                    text.push(char::from_u32(code).expect("a character"));
                    rest = after;
                } else {
                    text += "u{";
                    rest = &rest[2..];
                }
            } else {
                text.extend(std::iter::repeat_n('\\', run));
                let mut chars = rest.chars();
                text.extend(chars.next());
                rest = chars.as_str();
            }
        }
        text
    }

    proptest! {
        #[test]
        fn two_texts_are_never_shown_alike(text in r"(\PC|\pC|[\\u{x}20e]|\\|\u{202e}){0,40}") {
            let once = shown(&text);
            prop_assert!(!once.chars().any(written_out), "{once:?}");
            prop_assert_eq!(read_back(&once), text);
        }

        #[test]
        fn bytes_are_shown_without_a_panic(bytes: Vec<u8>, cap in 0_usize..64) {
            let text = shown_bytes(&bytes);
            prop_assert!(!text.chars().any(written_out));
            let cut = capped(&text, cap);
            prop_assert!(text.len() <= cap || cut.ends_with("bytes more)"));
        }
    }
}
