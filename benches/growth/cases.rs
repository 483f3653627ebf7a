//! What is measured: a program, and what is in memory at each size. Programs leave no large value behind, so
//! that nothing but the work is timed.

use lau_agent_runtime::Value;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A program that does one thing to values of any size.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) program: fn(usize) -> String,
    /// The fields of memory at a size.
    pub(crate) memory: fn(usize) -> Vec<(&'static str, Value)>,
    /// The smallest size; the largest is 10,000 times as large.
    pub(crate) smallest: usize,
}

macro_rules! cases {
    ($($name:literal from $smallest:literal: $program:literal $(, $field:ident = $value:expr)*;)*) => {
        pub(crate) const CASES: &[Case] = &[$(Case {
            name: $name,
            program: |_| concat!($program, "\npop\npush 0\nreturn").to_owned(),
            memory: |n| {
                let _ = n;
                vec![$((stringify!($field), { let value: fn(usize) -> Value = $value; value(n) })),*]
            },
            smallest: $smallest,
        },)*];
    };
}

fn ascii(n: usize) -> Value {
    "the quick brown fox ".chars().cycle().take(n).collect::<String>().into()
}

fn unicode(n: usize) -> Value {
    "Größe 漢字 🦊 ".chars().cycle().take(n / 3).collect::<String>().into()
}

fn letters(n: usize) -> Value {
    "a".repeat(n).into()
}

/// Half as many a's, and a b: found nowhere, and nearly everywhere.
fn near_miss(n: usize) -> Value {
    (("a".repeat(n / 2)) + "b").into()
}

fn spaces(n: usize) -> Value {
    "a ".repeat(n / 2).into()
}

fn newlines(n: usize) -> Value {
    "\n".repeat(n).into()
}

fn digits(n: usize) -> Value {
    "7".repeat(n).into()
}

fn small(n: usize) -> Value {
    (format!("0.{}1", "0".repeat(n))).into()
}

/// Numbers that jump about.
fn numbers(n: usize) -> Value {
    scattered(n).into()
}

fn scattered(n: usize) -> Vec<f64> {
    let mut state = 42_u64;
    let mut next = || {
        state = state * 16_807 % 2_147_483_647;
        state as f64
    };
    (0..n).map(|_| next()).collect()
}

fn rising(n: usize) -> Value {
    (0..n).map(|i| i as f64).collect::<Vec<_>>().into()
}

/// Up and down again.
fn pipe(n: usize) -> Value {
    (0..n).map(|i| i.min(n - i) as f64).collect::<Vec<_>>().into()
}

fn nans(n: usize) -> Value {
    vec![f64::NAN; n].into()
}

/// Texts that differ in the last of 40 characters.
fn alike(n: usize) -> Value {
    let text = |n: f64| Value::from(format!("{:>40}", n));
    scattered(n / 40).into_iter().map(text).collect::<Vec<_>>().into()
}

fn short_texts(n: usize) -> Value {
    scattered(n).into_iter().map(|n| Value::from(n.to_string())).collect::<Vec<_>>().into()
}

/// A tenth as many lists of ten.
fn lists(n: usize) -> Value {
    let list = |n: f64| Value::from((0..10).map(|i| n + f64::from(i)).collect::<Vec<_>>());
    scattered(n / 10).into_iter().map(list).collect::<Vec<_>>().into()
}

/// A tenth as many lists of ten, all the same.
fn same_lists(n: usize) -> Value {
    vec![Value::from(vec![1.0; 10]); n / 10].into()
}

fn record(n: f64) -> Value {
    [("id", Value::from(n)), ("name", n.to_string().into()), ("tags", vec!["a", "b"].into())]
        .into_iter()
        .collect()
}

fn records(n: usize) -> Value {
    scattered(n / 10).into_iter().map(record).collect::<Vec<_>>().into()
}

/// A map whose keys differ in their ends.
fn map(n: usize) -> Value {
    scattered(n).into_iter().map(|n| (format!("{n:>24}"), Value::from(n))).collect()
}

/// The same entries, put in from the last to the first.
fn other_order(n: usize) -> Value {
    scattered(n).into_iter().rev().map(|n| (format!("{n:>24}"), Value::from(n))).collect()
}

fn other_map(n: usize) -> Value {
    scattered(n).into_iter().map(|n| (format!("{n:>25}"), Value::from(n))).collect()
}

/// 100 levels, with a text in each.
fn deep(n: usize) -> Value {
    (0..100).fold(Value::Null, |inner, _| vec![letters(n / 100), inner].into())
}

fn control(n: usize) -> Value {
    "\u{1}\"\\".repeat(n / 3).into()
}

fn json_of(value: Value) -> Value {
    serde_json::Value::from(value).to_string().into()
}

fn brackets(n: usize) -> Value {
    format!("[{}[]]", "[],".repeat(n / 3)).into()
}

fn equal_keys(n: usize) -> Value {
    format!("{{{}\"k\":0}}", "\"k\":1,".repeat(n / 6)).into()
}

fn long_number(n: usize) -> Value {
    format!("[{}.5]", "7".repeat(n.min(300))).repeat(1 + n / 300).replace("][", ",").into()
}

/// A pattern of so many parts that can be left out, and as many that cannot.
fn optional_parts(n: usize) -> Value {
    format!("{}{}{}", unused(), "a?".repeat(n), "a".repeat(n)).into()
}

/// The beginning of a pattern that was not used before, so that it has to be compiled.
fn unused() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    format!("{:08}|", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// A class of so many hundred characters whose case does not count.
fn folded(n: usize) -> Value {
    format!("{}(?i)[!-\\x{{{:x}}}]", unused(), 256 + 100 * n).into()
}

/// Groups whose names come in falling order.
fn named_groups(n: usize) -> Value {
    let groups: String = (0..n).rev().map(|n| format!("(?P<n{n:05}>)")).collect();
    (unused() + &groups).into()
}

/// The largest class, so many times.
fn word_classes(n: usize) -> Value {
    (unused() + &"\\w".repeat(n)).into()
}

fn count(n: usize) -> Value {
    (n as f64).into()
}

fn log_line(n: usize) -> Value {
    "10.0.0.1 - - [01/Jan/2024:00:00:01 +0000] \"GET /a HTTP/1.1\" 200 17 \"-\" \"x\" "
        .chars()
        .cycle()
        .take(n)
        .collect::<String>()
        .into()
}

cases! {
    "range" from 10: "push 0\nload n\ncall range 2", n = count;
    "slice of a list" from 10: "load l\npush 0\ncall slice 2", l = numbers;
    "slice of texts in a list" from 10: "load l\npush 1\ncall slice 2", l = short_texts;
    "slice of a text" from 100: "load t\npush 0\ncall slice 2", t = ascii;
    "slice of a text, not ASCII" from 100: "load t\npush -9\npush -4\ncall slice 3", t = unicode;
    "concat of shared lists" from 10: "load l\nload l\ncall concat 2", l = numbers;
    "concat of lists in place" from 10: "take l\nload m\ncall concat 2", l = numbers, m = numbers;
    "concat of shared texts" from 100: "load t\nload t\ncall concat 2", t = unicode;
    "repeat of a text" from 10: "push abc\nload n\ncall repeat 2", n = count;
    "repeat of a list" from 10: "push [1, \"a\"]\nload n\ncall repeat 2", n = count;
    "reverse" from 10: "load l\ncall reverse 1", l = short_texts;
    "sort of numbers" from 10: "load l\ncall sort 1", l = numbers;
    "sort of rising numbers" from 10: "load l\ncall sort 1", l = rising;
    "sort of an organ pipe" from 10: "load l\ncall sort 1", l = pipe;
    "sort of NaNs" from 10: "load l\ncall sort 1", l = nans;
    "sort of texts that are alike" from 100: "load l\ncall sort 1", l = alike;
    "sort of one shared text" from 10: "load t\nlist 1\nload n\ncall repeat 2\ncall sort 1", t = |n| letters(n.min(1_000)), n = |n| count(n.min(1_000));
    "sort_by_key of maps" from 100: "load l\npush name\ncall sort_by_key 2", l = records;
    "sort_by_key of lists" from 100: "load l\npush 3\ncall sort_by_key 2", l = lists;
    "unique of numbers" from 10: "load l\ncall unique 1", l = numbers;
    "unique of NaNs" from 10: "load l\ncall unique 1", l = nans;
    "unique of equal lists" from 100: "load l\ncall unique 1", l = same_lists;
    "unique of texts that are alike" from 100: "load l\ncall unique 1", l = alike;
    "unique of maps" from 100: "load l\ncall unique 1", l = records;
    "index_of in numbers" from 10: "load l\npush -1\ncall index_of 2", l = numbers;
    "index_of a list" from 100: "load l\npush [1,1,1,1,1,1,1,1,1,2]\ncall index_of 2", l = same_lists;
    "contains in a list" from 100: "load l\npush x\ncall contains 2", l = alike;
    "contains in a text, nearly" from 100: "load t\nload p\ncall contains 2", t = letters, p = near_miss;
    "flatten" from 100: "load l\ncall flatten 1", l = lists;
    "flatten of one shared list" from 10: "load l\nlist 1\nload n\ncall repeat 2\ncall flatten 1", l = |n| rising(n.min(1_000)), n = |n| count(n.min(1_000));
    "zip" from 10: "load l\nload l\ncall zip 2", l = numbers;
    "sum" from 10: "load l\ncall sum 1", l = numbers;
    "mean" from 10: "load l\ncall mean 1", l = numbers;
    "variance" from 10: "load l\ncall variance 1", l = numbers;
    "min_of" from 10: "load l\ncall min_of 1", l = numbers;
    "max_of" from 10: "load l\ncall max_of 1", l = nans;
    "median" from 10: "load l\ncall median 1", l = numbers;
    "percentile of an organ pipe" from 10: "load l\npush 90\ncall percentile 2", l = pipe;
    "dot" from 10: "load l\nload l\ncall dot 2", l = numbers;
    "keys" from 10: "load m\ncall keys 1", m = map;
    "values" from 10: "load m\ncall values 1", m = map;
    "entries" from 10: "load m\ncall entries 1", m = map;
    "merge of shared maps" from 10: "load m\nload o\ncall merge 2", m = map, o = other_map;
    "merge in place" from 10: "take m\nload o\ncall merge 2", m = map, o = other_map;
    "merge with itself" from 10: "load m\nload m\ncall merge 2", m = map;
    "remove in place" from 10: "take m\npush x\ncall remove 2\nstore m\npush 0", m = map;
    "remove from a shared map" from 10: "load m\npush x\ncall remove 2", m = map;
    "split at every character" from 100: "load t\npush a\ncall split 2", t = letters;
    "split into characters" from 100: "load t\npush \"\"\ncall split 2", t = unicode;
    "split, nearly" from 100: "load t\nload p\ncall split 2", t = letters, p = near_miss;
    "join" from 10: "load l\npush \", \"\ncall join 2", l = short_texts;
    "join by a long separator" from 10: "load l\nload t\ncall join 2", l = |n| short_texts(n.min(300)), t = |n| ascii(n.min(30_000));
    "trim" from 100: "load t\ncall trim 1", t = newlines;
    "upper of ASCII" from 100: "load t\ncall upper 1", t = ascii;
    "upper, not ASCII" from 100: "load t\ncall upper 1", t = unicode;
    "lower, not ASCII" from 100: "load t\ncall lower 1", t = |n| "Σ".repeat(n / 2).into();
    "starts_with" from 100: "load t\nload t\ncall starts_with 2", t = unicode;
    "ends_with" from 100: "load t\nload t\ncall ends_with 2", t = unicode;
    "find, nearly" from 100: "load t\nload p\ncall find 2", t = letters, p = near_miss;
    "find, not ASCII" from 100: "load t\npush x\npush 3\ncall find 3", t = unicode;
    "replace by more" from 100: "load t\npush a\npush bcdefghijk\ncall replace 3", t = letters;
    "replace, nearly" from 100: "load t\nload p\npush x\ncall replace 3", t = letters, p = near_miss;
    "lines" from 100: "load t\ncall lines 1", t = newlines;
    "words" from 100: "load t\ncall words 1", t = spaces;
    "char_code" from 100: "load t\ncall char_code 1", t = unicode;
    "matches" from 100: "load t\npush \"x[0-9]+y\"\ncall matches 2", t = ascii;
    "matches, nested stars" from 100: "load t\npush \"(?:a*)*b\"\ncall matches 2", t = letters;
    "matches, many dots" from 100: "load t\npush \".*.*=.*x\"\ncall matches 2", t = letters;
    "matches, Unicode words" from 100: "load t\npush \"\\\\b\\\\w+\\\\b=\"\ncall matches 2", t = unicode;
    "matches, counted" from 100: "load t\npush \"[ab][^b]{200}b\"\ncall matches 2", t = letters;
    "matches, long patterns" from 1: "push aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nload p\ncall matches 2", p = |n| optional_parts(n.min(600));
    // Long texts are searched in another way than short ones, at some fifty times the cost of a byte.
    "matches, case of large classes" from 1: "push a\nload p\ncall matches 2", p = folded;
    "matches, named groups" from 1: "push a\nload p\ncall matches 2", p = |n| named_groups(n.min(500));
    "matches, Unicode classes" from 1: "push a\nload p\ncall matches 2", p = |n| word_classes(n.min(3));
    "captures of short texts" from 2: "load t\npush \"^(.*)\\\\[([^\\\\]]*)\\\\] \\\"(.*)\\\"\"\ncall captures 2", t = log_line;
    "captures of long texts" from 10: "load t\npush \"^(.*)\\\\[([^\\\\]]*)\\\\] \\\"(.*)\\\"\"\ncall captures 2", t = |n| log_line(60_000 + 10 * n);
    "captures, many groups" from 100: "load t\npush \"((((((((((((((((a))))))))))))))))*b\"\ncall captures 2", t = letters;
    "type_of" from 10: "load l\ncall type_of 1", l = numbers;
    "to_text of a list" from 10: "load l\ncall to_text 1", l = numbers;
    "to_number of many digits" from 100: "load t\ncall to_number 1", t = digits;
    "to_number of a small number" from 100: "load t\ncall to_number 1", t = small;
    "parse_json of records" from 100: "load t\ncall parse_json 1", t = |n| json_of(records(n));
    "parse_json of brackets" from 100: "load t\ncall parse_json 1", t = brackets;
    "parse_json of equal keys" from 100: "load t\ncall parse_json 1", t = equal_keys;
    "parse_json of long numbers" from 1000: "load t\ncall parse_json 1", t = long_number;
    "parse_json of a broken text" from 100: "load t\ncall parse_json 1", t = |n| ("[".to_owned() + &"[1,2],".repeat(n / 6)).into();
    "to_json of records" from 100: "load l\ncall to_json 1", l = records;
    "to_json of what is escaped" from 100: "load t\ncall to_json 1", t = control;
    "to_json of a deep value" from 1000: "load v\ncall to_json 1", v = deep;
    "to_json of shared parts" from 10: "load t\nlist 1\nload n\ncall repeat 2\ncall to_json 1", t = |n| ascii(n.min(1_000)), n = |n| count(n.min(1_000));
    "reference" from 100: "load t\ncall reference 1", t = unicode;
    "eq of lists" from 100: "load l\nload m\neq", l = lists, m = lists;
    "eq of maps" from 10: "load l\nload m\neq", l = map, m = map;
    "eq of maps in another order" from 10: "load l\nload m\neq", l = map, m = other_order;
    "lt of texts" from 100: "load t\nload u\nlt", t = unicode, u = unicode;
    "get of a text, not ASCII" from 100: "load t\npush 5\nget", t = unicode;
    "append to a shared list" from 10: "load l\npush 1\nappend l", l = numbers;
    "append to a shared text" from 100: "load t\npush a\nappend t", t = unicode;
    "append of a long text" from 100: "load u\nappend t\npush 0", t = letters, u = unicode;
    "put into a shared map" from 10: "load m\npush x\npush 1\nput m", m = map;
    "has of a long key" from 100: "push {}\nload t\nhas", t = unicode;
}

/// Programs that are themselves of a size, and calls of the host.
pub(crate) const MORE: &[Case] = &[
    Case {
        name: "list",
        program: |n| many(n, "push 1\n", "list"),
        memory: |_| Vec::new(),
        smallest: 10,
    },
    Case {
        name: "map",
        program: |n| {
            let pairs: String = (0..n).map(|i| format!("push k{i}\npush 1\n")).collect();
            format!("{pairs}map {n}\npop\npush 0\nreturn")
        },
        memory: |_| Vec::new(),
        smallest: 10,
    },
    Case {
        name: "call of the host with a list",
        program: |_| "load l\ncall count 1\npop\npush 0\nreturn".to_owned(),
        memory: |n| vec![("l", lists(n))],
        smallest: 1_000,
    },
    Case {
        name: "call of the host for a map",
        program: |_| "load m\ncall same 1\npop\npush 0\nreturn".to_owned(),
        memory: |n| vec![("m", map(n))],
        smallest: 100,
    },
];

fn many(n: usize, push: &str, instruction: &str) -> String {
    format!("{}{instruction} {n}\npop\npush 0\nreturn", push.repeat(n))
}
