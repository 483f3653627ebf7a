//! Odd values of the right types.

use super::super::{I, Value, call, push};
use super::words;

/// For each function that looks at values, those that it might look at wrongly.
pub(super) fn values() -> Vec<Vec<I>> {
    let numbers = [-0.0, 0.5, -1.0, 1e300, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 3.0];
    let mut all = Vec::new();
    for n in numbers {
        all.extend([
            vec![push(words()), push(n), call("slice", 2)],
            vec![push("aéb"), push(-2.0), push(n), call("slice", 3)],
            vec![push("aéa"), push("a"), push(n), call("find", 3)],
            vec![push("aéa"), push(""), push(n), call("find", 3)],
            vec![push(""), push(n), call("repeat", 2)],
            vec![push("é"), push(n), call("repeat", 2)],
            vec![I::List(0), push(n), call("repeat", 2)],
            vec![push(n), call("from_char_code", 1)],
            vec![push(n), push(2.0), call("to_fixed", 2)],
            vec![push(2.5), push(n), call("to_fixed", 2)],
            vec![push(0.0), push(n), call("range", 2)],
            vec![push(n), push(4.0), push(0.75), call("range", 3)],
            vec![push(0.0), push(-4.0), push(n), call("range", 3)],
            vec![push([1.0, 2.0, 4.0]), push(n), call("percentile", 2)],
            vec![I::List(0), push(n), call("percentile", 2)],
            vec![push(n), call("to_text", 1), call("to_number", 1)],
            vec![
                push(n),
                push("k"),
                push(n),
                I::Map(1),
                I::List(2),
                call("to_json", 1),
                call("parse_json", 1),
            ],
            vec![push([n, 1.0, n]), call("unique", 1), push(n), call("index_of", 2)],
            vec![push([n, 1.0, -n]), call("sort", 1)],
            vec![
                push([n, 1.0, -n]),
                I::Dup,
                call("median", 1),
                I::Swap,
                call("variance", 1),
                I::List(2),
            ],
            vec![push([n, 0.0]), I::List(1), push(n), call("sort_by_key", 2)],
        ]);
    }
    all.extend([
        vec![push([55_296.0, 57_343.0, 1_114_112.0]), push(0.0), I::Get, call("from_char_code", 1)],
        vec![push(1_114_111.0), call("from_char_code", 1), call("char_code", 1)],
        vec![push("[[1,2],[3]]]]"), call("parse_json", 1)],
        vec![push("]]]][[1,2],[3]]"), call("parse_json", 1)],
        vec![push("{\"a\":\"[[[[\\\"[[\",\"b\":[{}]}"), call("parse_json", 1)],
        vec![push("{\"a\":\"long enough\",\"a\":[1,[2]],\"a\":1}"), call("parse_json", 1)],
        vec![push("\"\\u00e9\\ud83d\\ude00\\/\""), call("parse_json", 1)],
        vec![push("\"\\ud83d\""), call("parse_json", 1)],
        vec![push("[1e308,1e309]"), call("parse_json", 1)],
        vec![push("\u{1}\u{7f}\u{2028}\"\\\u{8}\u{c}"), call("to_json", 1), call("parse_json", 1)],
        vec![
            push(Value::Reference("a\"b".into())),
            I::Dup,
            call("to_text", 1),
            I::Swap,
            call("to_json", 1),
            I::List(2),
        ],
        vec![push("ΑΣ ΟΔΟΣ. İ"), call("lower", 1), push("ŉßﬃ"), call("upper", 1), I::List(2)],
        vec![I::List(0), I::Dup, call("sum", 1), I::Swap, call("mean", 1), I::List(2)],
        vec![I::List(0), call("min_of", 1), I::List(0), call("median", 1), I::List(2)],
        vec![I::Map(0), I::Dup, call("entries", 1), I::Swap, call("keys", 1), call("zip", 2)],
    ]);
    all
}
