//! Functions of Texts. Lengths and indices are of scalar values; parts are looked for byte by byte, which
//! for UTF-8 comes to the same.

use super::call::{invalid, size};
use super::lists::clamped;
use super::{Arguments, Function, Kind, Work, last_optional, row};
use crate::energy::rate;
use crate::trap::Wrong;
use crate::word::{HEADER_BYTES, Made, Word};
use memchr::memmem;

const TEXT: &[(&str, Kind)] = &[("text", Kind::Text)];
const MAPPING: &str = "0.002 a byte, 0.02 of a text that is not ASCII";
const PIECES: &str = "0.001 a byte, 0.05 a piece";

/// The row of a function of one text.
const fn of_text(
    name: &'static str,
    price: &'static str,
    meaning: &'static str,
    example: (&'static str, &'static str),
    work: Work,
) -> Function {
    row((name, TEXT), Kind::Text, price, meaning, example, work)
}

const fn pieces(
    name: &'static str,
    meaning: &'static str,
    example: (&'static str, &'static str),
    more: fn(&[Word]) -> u64,
    act: fn(&mut Arguments<'_>) -> Result<Word, Wrong>,
) -> Function {
    row(
        (name, TEXT),
        Kind::Texts,
        PIECES,
        meaning,
        example,
        Work { price: size::by_bytes, more: Some(more), act },
    )
}

pub(super) const TABLE: &[Function] = &[
    row(
        ("split", &[("text", Kind::Text), ("separator", Kind::Text)]),
        Kind::Texts,
        "0.001 a byte of both, 0.05 a piece",
        "the pieces between the separators, empty ones too; with an empty separator, the characters",
        ("push \"a,b,,c\"; push \",\"; call split 2", "[\"a\", \"b\", \"\", \"c\"]"),
        Work {
            price: |a| size::by_bytes(a) + rate::BYTE * size::bytes(&a[1]),
            more: Some(|a| for_pieces(split_count(a))),
            act: split,
        },
    ),
    row(
        ("join", &[("list", Kind::Texts), ("separator", Kind::Text)]),
        Kind::Text,
        "0.01 an element, 0.001 a byte in it and of the separators",
        "the texts in one, with the separator between them",
        ("push [\"a\", \"b\", \"c\"]; push -; call join 2", "a-b-c"),
        Work {
            price: |a| {
                let n = size::elements(&a[0]);
                let between = n.saturating_sub(1).saturating_mul(rate::BYTE * size::bytes(&a[1]));
                size::visiting(n)
                    .saturating_add(rate::BYTE * size::inner(&a[0]))
                    .saturating_add(between)
            },
            more: None,
            act: join,
        },
    ),
    of_text(
        "trim",
        "0.001 a byte",
        "the text without white space at its ends",
        ("push \"  a b \"; call trim 1", "\"a b\""),
        Work { price: size::by_bytes, more: None, act: |a| a.make_text(a.text(0).as_str().trim()) },
    ),
    of_text(
        "upper",
        MAPPING,
        "the text in upper case, as Unicode maps it",
        ("push Straße; call upper 1", "STRASSE"),
        Work { price: mapping, more: None, act: upper },
    ),
    of_text(
        "lower",
        MAPPING,
        "the text in lower case, as Unicode maps it",
        ("push ÉTÉ; call lower 1", "été"),
        Work { price: mapping, more: None, act: lower },
    ),
    row(
        ("starts_with", &[("text", Kind::Text), ("prefix", Kind::Text)]),
        Kind::Bool,
        "0.001 a byte of the prefix",
        "whether the text begins with the prefix",
        ("push banana; push ban; call starts_with 2", "true"),
        Work {
            price: |a| rate::BYTE * size::bytes(&a[1]),
            more: None,
            act: |a| Ok(Word::bool(a.text(0).as_str().starts_with(a.text(1).as_str()))),
        },
    ),
    row(
        ("ends_with", &[("text", Kind::Text), ("suffix", Kind::Text)]),
        Kind::Bool,
        "0.001 a byte of the suffix",
        "whether the text ends with the suffix",
        ("push banana; push ana; call ends_with 2", "true"),
        Work {
            price: |a| rate::BYTE * size::bytes(&a[1]),
            more: None,
            act: |a| Ok(Word::bool(a.text(0).as_str().ends_with(a.text(1).as_str()))),
        },
    ),
    last_optional(row(
        ("find", &[("text", Kind::Text), ("part", Kind::Text), ("from", Kind::Number)]),
        Kind::NumberOrNull,
        "0.001 a byte of both",
        "the index of the first character at which the part occurs, at or after an index if one is given; `Null` if there is none",
        ("push banana; push an; push 2; call find 3", "3"),
        Work {
            price: |a| size::by_bytes(a) + rate::BYTE * size::bytes(&a[1]),
            more: None,
            act: find,
        },
    )),
    row(
        ("replace", &[("text", Kind::Text), ("from", Kind::Text), ("to", Kind::Text)]),
        Kind::Text,
        "0.001 a byte of the text, of `from` and of the result",
        "the text with `to` for each `from` in it, from left to right",
        ("push banana; push an; push o; call replace 3", "booa"),
        Work {
            price: |a| size::by_bytes(a) + rate::BYTE * size::bytes(&a[1]),
            more: Some(|a| rate::BYTE.saturating_mul(replaced_bytes(a))),
            act: replace,
        },
    ),
    pieces(
        "lines",
        "the lines, without their ends (`\\n` or `\\r\\n`)",
        ("push \"a\\nb\\n\"; call lines 1", "[\"a\", \"b\"]"),
        |a| for_pieces(str_of(a, 0).lines().count()),
        |a| texts(a, || a.text(0).as_str().lines()),
    ),
    pieces(
        "words",
        "the parts between white space",
        ("push \" to  be \"; call words 1", "[\"to\", \"be\"]"),
        |a| for_pieces(str_of(a, 0).split_whitespace().count()),
        |a| texts(a, || a.text(0).as_str().split_whitespace()),
    ),
    row(
        ("char_code", TEXT),
        Kind::Number,
        "",
        "the number of the first character in Unicode",
        ("push é; call char_code 1", "233"),
        Work {
            price: |_| 0,
            more: None,
            act: |a| match a.text(0).as_str().chars().next() {
                Some(c) => Ok(Word::number(u32::from(c).into())),
                None => invalid("the text has no character"),
            },
        },
    ),
    row(
        ("from_char_code", &[("n", Kind::Number)]),
        Kind::Text,
        "",
        "the text of the character with that number in Unicode",
        ("push 233; call from_char_code 1", "é"),
        Work { price: |_| 0, more: None, act: from_char_code },
    ),
    row(
        ("to_fixed", &[("x", Kind::Number), ("digits", Kind::Number)]),
        Kind::Text,
        "",
        "x with so many digits after the point, 0 to 100, rounded to the nearest, ties to even",
        ("push 2.675; push 1; call to_fixed 2", "\"2.7\""),
        Work { price: |_| 0, more: None, act: to_fixed },
    ),
];

/// Characters beyond ASCII are looked up, and may become several.
fn mapping(a: &[Word]) -> u64 {
    let ascii = super::call::text(&a[0]).is_none_or(|text| text.is_ascii());
    2 * if ascii { rate::BYTE } else { rate::FORM } * size::bytes(&a[0])
}

fn for_pieces(count: usize) -> u64 {
    rate::VALUE * count as u64
}

/// The characters of an argument that may be no text.
fn str_of(a: &[Word], at: usize) -> &str {
    super::call::text(&a[at]).map_or("", |text| text.as_str())
}

/// A list of parts of the arguments, each a text of its own.
fn texts<'t, I: Iterator<Item = &'t str>>(
    a: &'t Arguments<'_>,
    parts: impl Fn() -> I,
) -> Result<Word, Wrong> {
    let (mut count, mut bytes, mut largest) = (0, 0, 0);
    for part in parts() {
        let size = HEADER_BYTES + part.len() as u64;
        (count, bytes, largest) = (count + 1, bytes + size, largest.max(size));
    }
    let own = size::list(count);
    let tree = own + bytes;
    a.check(&Made { depth: 1, own: own.max(largest), tree, added: tree })?;
    let mut items = Vec::with_capacity(usize::try_from(count).unwrap_or(0));
    items.extend(parts().map(|part| a.heap.text(part)));
    Ok(a.heap.list(items))
}

fn split_count(a: &[Word]) -> usize {
    let (text, separator) = (str_of(a, 0), str_of(a, 1));
    match separator {
        "" => text.chars().count(),
        _ => memmem::find_iter(text.as_bytes(), separator).count() + 1,
    }
}

fn split(a: &mut Arguments<'_>) -> Result<Word, Wrong> {
    let (text, separator) = (a.text(0).as_str(), a.text(1).as_str());
    if separator.is_empty() {
        let ends = || text.char_indices().map(|(at, c)| &text[at..at + c.len_utf8()]);
        return texts(a, ends);
    }
    let finder = memmem::Finder::new(separator);
    texts(a, || {
        let mut start = 0;
        let starts = finder.find_iter(text.as_bytes()).chain([text.len()]);
        starts.map(move |end| {
            let piece = &text[start..end];
            start = end + separator.len();
            piece
        })
    })
}

fn join(a: &mut Arguments<'_>) -> Result<Word, Wrong> {
    let (items, separator) = (a.list(0).items(), a.text(1).as_str());
    let parts =
        || items.iter().map(|item| super::call::text(item).map_or("", |text| text.as_str()));
    let between = (items.len() as u64).saturating_sub(1).saturating_mul(separator.len() as u64);
    let bytes = parts().fold(between, |sum, part| sum.saturating_add(part.len() as u64));
    a.check_text(bytes)?;
    let mut joined = a.room(bytes)?;
    for (at, part) in parts().enumerate() {
        if at > 0 {
            joined += separator;
        }
        joined += part;
    }
    Ok(a.heap.text(joined))
}

fn upper(a: &mut Arguments<'_>) -> Result<Word, Wrong> {
    let text = a.text(0).as_str();
    a.check_text(mapped_bytes(text, char::to_uppercase))?;
    Ok(a.heap.text(text.to_uppercase()))
}

fn lower(a: &mut Arguments<'_>) -> Result<Word, Wrong> {
    let text = a.text(0).as_str();
    // What is special about the last sigma of a word does not change its length.
    a.check_text(mapped_bytes(text, char::to_lowercase))?;
    Ok(a.heap.text(text.to_lowercase()))
}

fn mapped_bytes<I: Iterator<Item = char>>(text: &str, map: impl Fn(char) -> I) -> u64 {
    match text.is_ascii() {
        true => text.len() as u64,
        false => text.chars().flat_map(map).map(|c| c.len_utf8() as u64).sum(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
fn find(a: &mut Arguments<'_>) -> Result<Word, Wrong> {
    let (text, part) = (a.text(0), a.text(1).as_str());
    let Some(from) = clamped(a.optional_number(2).unwrap_or(0.0), text.chars()) else {
        return invalid("the index to begin at is a whole Number");
    };
    let (str, ascii) = (text.as_str(), text.is_ascii());
    let start =
        if ascii { from } else { str.char_indices().nth(from).map_or(str.len(), |(at, _)| at) };
    Ok(match memmem::find(&str.as_bytes()[start..], part.as_bytes()) {
        Some(at) if ascii => Word::number((start + at) as f64),
        Some(at) => Word::number((from + str[start..start + at].chars().count()) as f64),
        None => Word::NULL,
    })
}

/// The bytes that `replace` will give, if it gives something.
fn replaced_bytes(a: &[Word]) -> u64 {
    let (text, from, to) = (str_of(a, 0), str_of(a, 1), str_of(a, 2));
    if from.is_empty() {
        return 0;
    }
    let count = memmem::find_iter(text.as_bytes(), from).count() as u64;
    let kept = text.len() as u64 - count * from.len() as u64;
    kept.saturating_add(count.saturating_mul(to.len() as u64))
}

fn replace(a: &mut Arguments<'_>) -> Result<Word, Wrong> {
    let (text, from, to) = (a.text(0).as_str(), a.text(1).as_str(), a.text(2).as_str());
    if from.is_empty() {
        return invalid("what is to be replaced is empty");
    }
    let bytes = replaced_bytes(a.words);
    a.check_text(bytes)?;
    let mut result = a.room(bytes)?;
    let mut start = 0;
    for at in memmem::find_iter(text.as_bytes(), from) {
        result += &text[start..at];
        result += to;
        start = at + from.len();
    }
    result += &text[start..];
    Ok(a.heap.text(result))
}

fn from_char_code(a: &mut Arguments<'_>) -> Result<Word, Wrong> {
    let n = a.number(0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked here")]
    let code = (n.fract() == 0.0 && (0.0..=1_114_111.0).contains(&n)).then_some(n as u32);
    match code.and_then(char::from_u32) {
        Some(c) => a.make_text(&*c.encode_utf8(&mut [0; 4])),
        None => invalid(format!("{n} is the number of no character")),
    }
}

fn to_fixed(a: &mut Arguments<'_>) -> Result<Word, Wrong> {
    let (x, digits) = (a.number(0), a.number(1));
    if !(digits.fract() == 0.0 && (0.0..=100.0).contains(&digits)) {
        return invalid(format!("{digits} digits, where 0 to 100 are meant"));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100")]
    let digits = digits as usize;
    a.make_text(match super::digits::unusual(x) {
        Some(name) => name.to_owned(),
        None => format!("{x:.digits$}"),
    })
}
