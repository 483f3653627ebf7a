//! Texts and bytes that are nearly right.

use super::random::Random;
use lau_runtime::program::opcode::TABLE;

/// What a tokenizer might trip over, and what means something elsewhere.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "", " ", "#", "\"", "\"x\"", "\"x", ":", "a:", "\n", "\r", "\t", "\\", "\\u{41}", "\\u{", "&\"r\"", "&", "[", "]",
    "{", "}", ",", "[1, \"a\"", "{\"a\": ", "1", "-0", "1e3", "1e999", "inf", "nan", "true", "null", "func f a",
    "end", "99999999999999999999", "256", "é", "😀", "\u{0}", "\u{85}", "\u{a0}", "\u{2028}", "\u{202e}",
    "\u{feff}", "\u{1b}[31m", "//", "0x10", "_", "loop:", "jump loop",
];

/// A text with some edits: pieces put in, words exchanged, lines doubled, parts taken away.
#[must_use]
pub fn text(text: &str, random: &mut Random) -> String {
    let mut text = text.to_owned();
    for _ in 0..=random.below(5) {
        let start = boundary(&text, random);
        match random.below(6) {
            0 | 1 => text.insert_str(start, PIECES[random.index(PIECES.len())]),
            2 => {
                let end = text.floor_char_boundary(start + random.index(12));
                text.replace_range(start..end, PIECES[random.index(PIECES.len())]);
            }
            3 => {
                let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
                let end = text[start..].find('\n').map_or(text.len(), |at| start + at + 1);
                let line = text[line..end].to_owned();
                let at = boundary(&text, random);
                let at = text[..at].rfind('\n').map_or(0, |at| at + 1);
                text.insert_str(at, &line);
            }
            4 => {
                let word =
                    text[start..].find(char::is_whitespace).map_or(text.len(), |n| start + n);
                text.replace_range(start..word, TABLE[random.index(TABLE.len())].name);
            }
            _ => {
                let end = text.floor_char_boundary(start + random.index(200));
                text.drain(start..end);
            }
        }
    }
    text
}

fn boundary(text: &str, random: &mut Random) -> usize {
    text.floor_char_boundary(random.index(text.len() + 1))
}

/// Bytes with some edits; parts of `other` may get into them.
#[must_use]
pub fn bytes(bytes: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(2) {
        if bytes.is_empty() {
            return bytes;
        }
        let at = random.index(bytes.len());
        match random.below(8) {
            0..=2 => bytes[at] ^= 1 << random.below(8),
            3 => bytes[at] = random.next() as u8,
            4 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff, b'9'][random.index(6)],
            5 => bytes.truncate(at.max(1)),
            6 => drop(bytes.splice(at..at, other.iter().copied().skip(at).take(20))),
            _ => {
                let end = (at + random.index(20)).min(bytes.len() - 1).max(at);
                drop(bytes.drain(at..end));
            }
        }
    }
    bytes
}
