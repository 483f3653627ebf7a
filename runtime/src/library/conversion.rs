//! Functions from one type to another.

use super::call::size;
use super::digits::digits;
use super::{Arguments, Function, Kind, Work, json, row};
use crate::energy::rate;
use crate::trap::Wrong;
use crate::word::{View, Word};
use compact_str::CompactString;

const VALUE: &[(&str, Kind)] = &[("value", Kind::Any)];
const TEXT: &[(&str, Kind)] = &[("text", Kind::Text)];

pub(super) const TABLE: &[Function] = &[
    row(
        ("type_of", VALUE),
        Kind::Text,
        "",
        "the name of the value's type",
        ("push [1]; call type_of 1", "List"),
        Work { price: |_| 0, more: None, act: |a| a.make_text(a.words[0].type_name()) },
    ),
    row(
        ("to_text", VALUE),
        Kind::Text,
        "0.01 a byte of the whole tree of a list or map, 0.001 a byte of a Reference",
        "a Text itself; a Number in the fewest digits that read back (`3`, `-0`, `1e+21`, `NaN`, `Infinity`); a Reference's name; else as JSON",
        ("push 0.1; push 0.2; add; call to_text 1", "\"0.30000000000000004\""),
        Work { price: to_text_price, more: None, act: to_text },
    ),
    row(
        ("to_number", VALUE),
        Kind::NumberOrNull,
        "0.001 a byte",
        "the Number that a text says, white space around it aside; `Null` if it says none",
        ("push \" 1e3 \"; call to_number 1", "1000"),
        Work { price: size::by_bytes, more: None, act: |a| Ok(to_number(&a.words[0])) },
    ),
    row(
        ("parse_json", TEXT),
        Kind::Any,
        "0.01 a byte",
        "the value that a text of JSON means; `Null` if it is none",
        ("push \"[1, {\\\"a\\\": null}]\"; call parse_json 1", "[1, {\"a\": null}]"),
        Work {
            price: |a| rate::FORM * size::bytes(&a[0]),
            more: None,
            act: |a| json::parse(a.text(0).as_str(), a.heap, a.limits),
        },
    ),
    row(
        ("to_json", VALUE),
        Kind::Text,
        "0.01 a byte of the whole tree",
        "the value as JSON, without blanks, keys in order; Numbers as by `to_text`, but `null` if not finite; References as their names",
        (
            "push {\"b\": [1, true], \"a\": null}; call to_json 1",
            "\"{\\\"a\\\":null,\\\"b\\\":[1,true]}\"",
        ),
        Work { price: |a| rate::FORM.saturating_mul(a[0].tree_size()), more: None, act: to_json },
    ),
    row(
        ("reference", &[("name", Kind::Text)]),
        Kind::Reference,
        "0.001 a byte",
        "a Reference to what is outside of the program under that name",
        ("push sensor; call reference 1; call type_of 1", "Reference"),
        Work {
            price: size::by_bytes,
            more: None,
            act: |a| {
                a.check_text(size::bytes(&a.words[0]))?;
                Ok(a.heap.reference(a.text(0).as_str()))
            },
        },
    ),
];

fn to_text_price(a: &[Word]) -> u64 {
    match a[0].view() {
        View::List(_) | View::Map(_) => rate::FORM.saturating_mul(a[0].tree_size()),
        View::Reference(_) => rate::BYTE * a[0].tree_size(),
        View::Null | View::Bool(_) | View::Number(_) | View::Text(_) => 0,
    }
}

fn to_text(a: &mut Arguments<'_>) -> Result<Word, Wrong> {
    let text: CompactString = match a.words[0].view() {
        View::Text(_) => return Ok(a.take(0)),
        View::Null => "null".into(),
        View::Bool(b) => if b { "true" } else { "false" }.into(),
        View::Number(n) => digits(n),
        View::Reference(name) => {
            a.check_text(name.as_str().len() as u64)?;
            name.as_str().into()
        }
        View::List(_) | View::Map(_) => return to_json(a),
    };
    a.make_text(text)
}

fn to_json(a: &mut Arguments<'_>) -> Result<Word, Wrong> {
    // Its length is known before there is room for it.
    let bytes = json::written_bytes(&a.words[0]);
    a.check_text(bytes)?;
    Ok(a.heap.text(json::write(&a.words[0], bytes)))
}

fn to_number(word: &Word) -> Word {
    match word.view() {
        View::Number(n) => Word::number_from_outside(n),
        View::Text(text) => {
            text.as_str().trim().parse().map_or(Word::NULL, Word::number_from_outside)
        }
        View::Null | View::Bool(_) | View::List(_) | View::Map(_) | View::Reference(_) => {
            Word::NULL
        }
    }
}
