//! What the functions of the library are called with.

use super::super::Ty;

/// How an argument is made, or two that belong together.
#[derive(Clone, Copy, Debug)]
pub(super) enum Arg {
    /// A value of a type.
    Of(Ty),
    /// The same, but if it can be had, one that nothing else holds.
    Own(Ty),
    /// A key that maps are likely to have.
    Key,
    /// A position from either end, or beyond.
    Index,
    /// The same, or `Null`, or nothing: the last argument.
    MaybeIndex,
    /// A step of a range, or `Null`, or nothing: the last argument.
    MaybeStep,
    /// A bound of a range.
    Bound,
    /// How often something is repeated, or how many digits there are.
    Few,
    /// A percentage.
    Percent,
    /// The number of a character.
    Code,
    /// A list of Numbers.
    Numbers,
    /// Two lists of Numbers of one length.
    TwoNumbers,
    /// A list of Texts.
    Texts,
    /// A list of Numbers or of Texts.
    Sortable,
    /// A list of Maps and a key that they have, or of Lists and an index.
    Records,
    /// A list and something that may be in it.
    ListAndElement,
    /// A Text that can be taken apart.
    Pieces,
    /// A Text that is likely to be in another.
    Part,
    /// A Text that is not empty.
    Characters,
    /// A regular expression.
    Pattern,
    /// A Text that is mostly JSON.
    Json,
    /// A Text that is mostly a Number, or something else.
    Numeral,
}

/// The function, the type of what it gives, and its arguments.
pub(super) type Recipe = (&'static str, Ty, &'static [Arg]);

const NUMBER: Arg = Arg::Of(Ty::Number);
const TEXT: Arg = Arg::Of(Ty::Text);
const LIST: Arg = Arg::Of(Ty::List);
const MAP: Arg = Arg::Of(Ty::Map);
const ANY: Arg = Arg::Of(Ty::Any);

pub(super) const RECIPES: &[Recipe] = &[
    ("abs", Ty::Number, &[NUMBER]),
    ("floor", Ty::Number, &[NUMBER]),
    ("ceil", Ty::Number, &[NUMBER]),
    ("round", Ty::Number, &[NUMBER]),
    ("trunc", Ty::Number, &[NUMBER]),
    ("sqrt", Ty::Number, &[NUMBER]),
    ("exp", Ty::Number, &[NUMBER]),
    ("ln", Ty::Number, &[NUMBER]),
    ("log10", Ty::Number, &[NUMBER]),
    ("sin", Ty::Number, &[NUMBER]),
    ("cos", Ty::Number, &[NUMBER]),
    ("tan", Ty::Number, &[NUMBER]),
    ("asin", Ty::Number, &[NUMBER]),
    ("acos", Ty::Number, &[NUMBER]),
    ("atan", Ty::Number, &[NUMBER]),
    ("atan2", Ty::Number, &[NUMBER, NUMBER]),
    ("hypot", Ty::Number, &[NUMBER, NUMBER]),
    ("min", Ty::Number, &[NUMBER, NUMBER]),
    ("max", Ty::Number, &[NUMBER, NUMBER]),
    ("clamp", Ty::Number, &[NUMBER, NUMBER, NUMBER]),
    ("is_nan", Ty::Bool, &[NUMBER]),
    ("range", Ty::List, &[Arg::Bound, Arg::Bound, Arg::MaybeStep]),
    ("slice", Ty::List, &[LIST, Arg::Index, Arg::MaybeIndex]),
    ("slice", Ty::Text, &[TEXT, Arg::Index, Arg::MaybeIndex]),
    ("concat", Ty::List, &[Arg::Own(Ty::List), LIST]),
    ("concat", Ty::Text, &[Arg::Own(Ty::Text), TEXT]),
    ("repeat", Ty::List, &[LIST, Arg::Few]),
    ("repeat", Ty::Text, &[TEXT, Arg::Few]),
    ("reverse", Ty::List, &[LIST]),
    ("sort", Ty::List, &[Arg::Sortable]),
    ("sort_by_key", Ty::List, &[Arg::Records]),
    ("unique", Ty::List, &[LIST]),
    ("index_of", Ty::Any, &[Arg::ListAndElement]),
    ("contains", Ty::Bool, &[Arg::ListAndElement]),
    ("contains", Ty::Bool, &[Arg::Pieces, Arg::Part]),
    ("sum", Ty::Number, &[Arg::Numbers]),
    ("mean", Ty::Number, &[Arg::Numbers]),
    ("variance", Ty::Number, &[Arg::Numbers]),
    ("min_of", Ty::Number, &[Arg::Numbers]),
    ("max_of", Ty::Number, &[Arg::Numbers]),
    ("median", Ty::Number, &[Arg::Numbers]),
    ("percentile", Ty::Number, &[Arg::Numbers, Arg::Percent]),
    ("dot", Ty::Number, &[Arg::TwoNumbers]),
    ("flatten", Ty::List, &[LIST]),
    ("zip", Ty::List, &[LIST, LIST]),
    ("keys", Ty::List, &[MAP]),
    ("values", Ty::List, &[MAP]),
    ("entries", Ty::List, &[MAP]),
    ("merge", Ty::Map, &[Arg::Own(Ty::Map), MAP]),
    ("remove", Ty::Map, &[Arg::Own(Ty::Map), Arg::Key]),
    ("split", Ty::List, &[Arg::Pieces, Arg::Part]),
    ("join", Ty::Text, &[Arg::Texts, Arg::Part]),
    ("trim", Ty::Text, &[Arg::Pieces]),
    ("upper", Ty::Text, &[TEXT]),
    ("lower", Ty::Text, &[TEXT]),
    ("starts_with", Ty::Bool, &[Arg::Pieces, Arg::Part]),
    ("ends_with", Ty::Bool, &[Arg::Pieces, Arg::Part]),
    ("find", Ty::Any, &[Arg::Pieces, Arg::Part, Arg::MaybeIndex]),
    ("replace", Ty::Text, &[Arg::Pieces, Arg::Part, TEXT]),
    ("lines", Ty::List, &[Arg::Pieces]),
    ("words", Ty::List, &[Arg::Pieces]),
    ("char_code", Ty::Number, &[Arg::Characters]),
    ("from_char_code", Ty::Text, &[Arg::Code]),
    ("to_fixed", Ty::Text, &[NUMBER, Arg::Few]),
    ("matches", Ty::Bool, &[Arg::Pieces, Arg::Pattern]),
    ("captures", Ty::Any, &[Arg::Pieces, Arg::Pattern]),
    ("type_of", Ty::Text, &[ANY]),
    ("to_text", Ty::Text, &[ANY]),
    ("to_number", Ty::Any, &[Arg::Numeral]),
    ("parse_json", Ty::Any, &[Arg::Json]),
    ("to_json", Ty::Text, &[ANY]),
    ("reference", Ty::Any, &[TEXT]),
];

pub(super) const PIECES: &[&str] = &[
    "a,b,,c",
    "one two  three",
    "é,ü,日本",
    "l1\nl2\r\nl3\n",
    ",",
    "  banana ",
    "aXbXc",
    "\u{a0}x\u{2003}y\u{85}",
    "Straße ΣΑΣ ﬁ İ",
    "日本語日本語",
];

pub(super) const PARTS: &[&str] = &[",", " ", "a", "an", "é", "", "X", "\n", "日本", "  ", "語日"];

pub(super) const PATTERNS: &[&str] = &[
    "a",
    "",
    "l+",
    "[a-z]+",
    "(h)(é|e)?",
    r"\d+",
    r"(\w+)\s+(\w+)",
    "^k",
    "日.",
    "(?i)HELLO",
    "(?i)[a-zà-ü&&[^e]]+",
    r"(?i-u)[\w\S]b",
    r"(?i)[\w.-]+",
    "x*",
    r"\bt",
    "(a|b)*,?",
    "[^a-z ]",
    "é{1,3}",
    r"\p{L}+",
    "(?P<name>k)ey",
    "$",
    "(z)|(a)",
    "b(an)+a",
    "(?s).+?(o)",
];

/// Such that are none, or compile to too much.
pub(super) const NO_PATTERNS: &[&str] = &[
    "(",
    "[",
    "*a",
    "(?=a)",
    r"\1",
    r"\pX",
    r"(\w{100}){100}",
    r"(?i)\pL\pL\pL[\W]\PL",
    "a{1000}{1000}",
    "a{2,1}",
];

pub(super) const JSON: &[&str] = &[
    r#"{"a":[1,2,{"é":null}],"b":"x\u00e9\ud83d\ude00"}"#,
    " 1.5e3 ",
    "[]",
    "nul",
    "[1,]",
    "1e999",
    "[[[[[[]]]]]]",
    r#"{"a":1}x"#,
    "-0",
    "01",
    r#""\ud800""#,
    "\"a\tb\"",
    "[true,false,null,\"日本\",-2.5e-3]",
];

pub(super) const NUMERALS: &[&str] =
    &["12", " 1e3\n", "-0", "inf", "nan", "x", "", "0x10", "+.5", "１", "1_000"];
