//! Calls of the standard library with arguments that fit, most of the time.
//!
//! [`RECIPES`] says for each function how its arguments are made and what type comes of it; a function that
//! works on several types has several. A test holds that none is forgotten.

use super::{Generator, Ty};
use crate::dsl::instruction::Instruction;
use lau_runtime::Value;

/// How an argument is made, or two that belong together.
#[derive(Clone, Copy, Debug)]
enum Arg {
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
type Recipe = (&'static str, Ty, &'static [Arg]);

const NUMBER: Arg = Arg::Of(Ty::Number);
const TEXT: Arg = Arg::Of(Ty::Text);
const LIST: Arg = Arg::Of(Ty::List);
const MAP: Arg = Arg::Of(Ty::Map);
const ANY: Arg = Arg::Of(Ty::Any);

const RECIPES: &[Recipe] = &[
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

const PIECES: &[&str] = &[
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

const PARTS: &[&str] = &[",", " ", "a", "an", "é", "", "X", "\n", "日本", "  ", "語日"];

const PATTERNS: &[&str] = &[
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
const NO_PATTERNS: &[&str] =
    &["(", "[", "*a", "(?=a)", r"\1", r"\pX", r"(\w{100}){100}", "a{1000}{1000}", "a{2,1}"];

const JSON: &[&str] = &[
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

const NUMERALS: &[&str] =
    &["12", " 1e3\n", "-0", "inf", "nan", "x", "", "0x10", "+.5", "１", "1_000"];

impl Generator<'_, '_> {
    /// A call of a function of the library that gives that type.
    pub(super) fn library(&mut self, ty: Ty, depth: usize) {
        let fitting: Vec<&Recipe> = RECIPES.iter().filter(|(_, gives, _)| *gives == ty).collect();
        let (name, gives, args) = **self.choose(&fitting);
        // A function of the program of that name takes what it takes; calling it would be another thing.
        if self.functions.iter().any(|function| function.name == name) {
            return self.leaf(ty);
        }
        let odd = if self.chance(4) { self.below(args.len() + 2) } else { usize::MAX };
        let mut n = 0;
        for (at, arg) in args.iter().enumerate() {
            n += if at == odd { self.odd_argument() } else { self.argument(*arg, depth) };
        }
        // One too many, or one less.
        if odd == args.len() {
            n += self.odd_argument();
        } else if odd == args.len() + 1 {
            self.emit(Instruction::Pop, 1, &[]);
            n -= 1;
        }
        #[expect(clippy::cast_possible_truncation, reason = "small")]
        let argc = n as u8;
        let name = name.to_owned();
        let tried = self.chance(10);
        let call = if tried { Instruction::Try(name, argc) } else { Instruction::Call(name, argc) };
        self.emit(call, n, &[gives]);
    }

    /// Changes a variable's value where it stands: takes it, calls, and stores the result.
    pub(super) fn rework(&mut self) {
        let ty = *self.choose(&[Ty::List, Ty::Map, Ty::Map, Ty::Text]);
        let Some(variable) = self.set_variable(ty) else { return self.store_new(ty) };
        let name = match ty {
            Ty::Map => *self.choose(&["merge", "remove"]),
            Ty::Number | Ty::Bool | Ty::Text | Ty::List | Ty::Any => "concat",
        };
        if self.functions.iter().any(|function| function.name == name) {
            return self.store_new(ty);
        }
        self.emit(Instruction::Take(variable.clone()), 0, &[ty]);
        self.body.set.remove(&variable);
        if name == "remove" {
            self.key()
        } else {
            self.of(ty, 2)
        }
        self.emit(Instruction::Call(name.into(), 2), 2, &[ty]);
        self.emit(Instruction::Store(variable.clone()), 1, &[]);
        self.body.set.insert(variable);
    }

    /// Any function at all, unless the program has one of that name.
    pub(super) fn any_library_name(&mut self) -> &'static str {
        let name = self.choose(RECIPES).0;
        if self.functions.iter().any(|function| function.name == name) { "nobody" } else { name }
    }

    /// Something that few functions take.
    fn odd_argument(&mut self) -> usize {
        match self.below(4) {
            0 => {
                let n = *self.choose(&[f64::NAN, f64::NEG_INFINITY, 0.5, -1.0, 1e300, 101.0]);
                self.push_number(n);
            }
            1 => {
                let text = *self.choose(NO_PATTERNS);
                self.push(text, Ty::Text);
            }
            2 => {
                let list = Value::List(vec![1.0.into(), "a".into(), Value::Null]);
                self.push(list, Ty::List);
            }
            _ => self.leaf(Ty::Any),
        }
        1
    }

    /// Makes an argument; gives how many values there are more.
    fn argument(&mut self, arg: Arg, depth: usize) -> usize {
        match arg {
            Arg::Of(ty) => self.of(ty, depth),
            Arg::Own(ty) => self.own(ty, depth),
            Arg::Key => self.key(),
            Arg::Index => {
                let at = self.below(9) as f64 - 4.0;
                let at = if self.chance(5) { f64::INFINITY.copysign(at) } else { at };
                self.push_number(at);
            }
            Arg::MaybeIndex | Arg::MaybeStep => match self.below(5) {
                0 | 1 => return 0,
                2 => self.push(Value::Null, Ty::Any),
                _ if matches!(arg, Arg::MaybeIndex) => return self.argument(Arg::Index, depth),
                _ => {
                    let step = *self.choose(&[1.0, -1.0, 2.0, 0.5, -0.25, 0.1]);
                    self.push_number(step);
                }
            },
            Arg::Bound => {
                let n = *self.choose(&[0.0, 1.0, 5.0, 9.5, -3.0]);
                self.push_number(n);
            }
            Arg::Few => {
                let n = if self.chance(3) { 60 } else { self.below(5) } as f64;
                self.push_number(n);
            }
            Arg::Percent => {
                let p = *self.choose(&[0.0, 100.0, 50.0, 25.0, 90.0, 33.3]);
                self.push_number(p);
            }
            Arg::Code => {
                let code = *self.choose(&[65, 0, 233, 0x65e5, 0x1f600]);
                self.push_number(f64::from(code));
            }
            Arg::Numbers => self.numbers(),
            Arg::TwoNumbers => {
                let n = 1 + self.below(4);
                for _ in 0..2 {
                    let list: Vec<f64> = (0..n).map(|_| self.number_literal()).collect();
                    self.push(list, Ty::List);
                }
                return 2;
            }
            Arg::Texts => self.texts(),
            Arg::Sortable => {
                if self.chance(50) {
                    self.numbers()
                } else {
                    self.texts()
                }
            }
            Arg::Records => {
                self.records();
                return 2;
            }
            Arg::ListAndElement => {
                self.list_and_element(depth);
                return 2;
            }
            Arg::Pieces => self.one_of(PIECES, 30),
            Arg::Part => self.one_of(PARTS, 8),
            Arg::Characters => {
                let text = self.text_literal();
                self.push(text, Ty::Text);
            }
            Arg::Pattern => self.one_of(PATTERNS, 4),
            Arg::Json => self.json(),
            Arg::Numeral => match self.below(5) {
                0 => self.of(Ty::Any, depth),
                1 => self.of(Ty::Number, depth),
                _ => self.one_of(NUMERALS, 10),
            },
        }
        1
    }

    /// A value of that type, mostly one that was taken out of its variable.
    fn own(&mut self, ty: Ty, depth: usize) {
        let variable = self.set_variable(ty).filter(|_| self.chance(50));
        let Some(variable) = variable else { return self.of(ty, depth) };
        self.emit(Instruction::Take(variable.clone()), 0, &[ty]);
        self.body.set.remove(&variable);
    }

    /// One of the texts, or so many times in a hundred any text.
    fn one_of(&mut self, texts: &'static [&'static str], any: usize) {
        if self.chance(any) {
            return self.of(Ty::Text, 1);
        }
        let text = *self.choose(texts);
        self.push(text, Ty::Text);
    }

    /// A list of Numbers that is not empty.
    fn numbers(&mut self) {
        match self.below(6) {
            0 => {
                let n = 1.0 + self.below(6) as f64;
                self.push_number(n);
                self.host("many", 1, Ty::List);
            }
            1 if self.functions.iter().all(|function| function.name != "range") => {
                self.push_number(-1.0);
                self.push_number(3.0);
                self.emit(Instruction::Call("range".into(), 2), 2, &[Ty::List]);
            }
            _ => {
                let n = if self.chance(5) { 40 } else { 1 + self.below(5) };
                let list: Vec<f64> = (0..n).map(|_| self.number_literal()).collect();
                self.push(list, Ty::List);
            }
        }
    }

    fn texts(&mut self) {
        let n = self.below(5);
        let list: Vec<String> = (0..n).map(|_| self.text_literal()).collect();
        self.push(list, Ty::List);
    }

    /// Maps with a key and others, or Lists with an index, and what they are to be sorted by.
    fn records(&mut self) {
        let n = self.below(4);
        let numbers = self.chance(50);
        let maps = self.chance(60);
        let key = self.key_literal();
        let mut record = || -> Value {
            let value: Value =
                if numbers { self.number_literal().into() } else { self.text_literal().into() };
            let other = self.any_literal(1);
            if maps {
                [("other", other), (key, value)].into_iter().collect()
            } else {
                Value::List(vec![other, value])
            }
        };
        let list: Vec<Value> = (0..n).map(|_| record()).collect();
        self.push(list, Ty::List);
        if maps { self.push(key, Ty::Text) } else { self.push_number(1.0) }
    }

    /// A list, and one of its elements, the list itself, or whatever.
    fn list_and_element(&mut self, depth: usize) {
        match self.below(3) {
            0 => {
                let list = self.list_literal(2);
                let Value::List(items) = &list else { return };
                let item = items[items.len() - 1].clone();
                self.push(list, Ty::List);
                self.push(item, Ty::Any);
            }
            1 => {
                self.of(Ty::List, depth);
                self.emit(Instruction::Dup, 1, &[Ty::List, Ty::List]);
            }
            _ => {
                self.of(Ty::List, depth);
                self.of(Ty::Any, depth);
            }
        }
    }

    /// JSON of a value, which has no equal keys; or a text that was written by hand.
    fn json(&mut self) {
        if self.chance(50) {
            return self.one_of(JSON, 10);
        }
        let value = self.any_literal(3);
        let text = serde_json::Value::from(value).to_string();
        self.push(text, Ty::Text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lau_runtime::library;

    #[test]
    fn there_is_a_recipe_for_every_function_and_for_no_other() {
        for function in library::TABLE.iter() {
            assert!(RECIPES.iter().any(|recipe| recipe.0 == function.name), "{}", function.name);
        }
        for (name, ..) in RECIPES {
            assert!(library::find(name).is_some(), "{name}");
        }
    }
}
