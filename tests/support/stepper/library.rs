//! The standard library, one function after the other, as its page tells it.
//!
//! What a function takes stands in [`FUNCTIONS`]; what it costs in `library/prices.rs`; what it gives in the
//! modules after what it works on. Nothing is taken from the engines' own table, so that a mistake there is
//! noticed. Wording of traps is open, as everywhere in the stepper.

mod json;
mod lists;
mod maps;
mod numbers;
mod patterns;
mod prices;
mod sorted;
mod texts;

use super::super::graph::{Body, Val};
use super::contents::{Made, Write};
use super::{Fault, Stepper, fault};
use lau_runtime::TrapKind;
use std::ops::RangeInclusive;

/// What an argument has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Any,
    Number,
    Text,
    List,
    Map,
    ListOrText,
    TextOrNumber,
    /// A List of Numbers alone.
    Numbers,
    /// A List of Texts alone.
    Texts,
    /// A List of Numbers alone or of Texts alone.
    NumbersOrTexts,
    /// Of the type of the first argument.
    AsFirst,
    /// Anything for a List, a Text for a Text.
    Within,
    /// A Number that may be missing, or `Null`.
    MaybeNumber,
}

/// A function: its name and what it takes.
#[derive(Debug)]
pub(super) struct Function {
    name: &'static str,
    takes: &'static [Takes],
}

const fn f(name: &'static str, takes: &'static [Takes]) -> Function {
    Function { name, takes }
}

/// All of them.
const FUNCTIONS: &[Function] = {
    use Takes::{
        Any, AsFirst, List, ListOrText, Map, MaybeNumber, Number, Numbers, NumbersOrTexts, Text,
        TextOrNumber, Texts, Within,
    };
    &[
        f("abs", &[Number]),
        f("floor", &[Number]),
        f("ceil", &[Number]),
        f("round", &[Number]),
        f("trunc", &[Number]),
        f("sqrt", &[Number]),
        f("exp", &[Number]),
        f("ln", &[Number]),
        f("log10", &[Number]),
        f("sin", &[Number]),
        f("cos", &[Number]),
        f("tan", &[Number]),
        f("asin", &[Number]),
        f("acos", &[Number]),
        f("atan", &[Number]),
        f("atan2", &[Number, Number]),
        f("hypot", &[Number, Number]),
        f("min", &[Number, Number]),
        f("max", &[Number, Number]),
        f("clamp", &[Number, Number, Number]),
        f("is_nan", &[Number]),
        f("range", &[Number, Number, MaybeNumber]),
        f("slice", &[ListOrText, Number, MaybeNumber]),
        f("concat", &[ListOrText, AsFirst]),
        f("reverse", &[List]),
        f("sort", &[NumbersOrTexts]),
        f("sort_by_key", &[List, TextOrNumber]),
        f("unique", &[List]),
        f("index_of", &[List, Any]),
        f("contains", &[ListOrText, Within]),
        f("sum", &[Numbers]),
        f("mean", &[Numbers]),
        f("variance", &[Numbers]),
        f("min_of", &[Numbers]),
        f("max_of", &[Numbers]),
        f("median", &[Numbers]),
        f("percentile", &[Numbers, Number]),
        f("dot", &[Numbers, Numbers]),
        f("flatten", &[List]),
        f("zip", &[List, List]),
        f("keys", &[Map]),
        f("values", &[Map]),
        f("entries", &[Map]),
        f("merge", &[Map, Map]),
        f("remove", &[Map, Text]),
        f("split", &[Text, Text]),
        f("join", &[Texts, Text]),
        f("trim", &[Text]),
        f("upper", &[Text]),
        f("lower", &[Text]),
        f("starts_with", &[Text, Text]),
        f("ends_with", &[Text, Text]),
        f("find", &[Text, Text, MaybeNumber]),
        f("replace", &[Text, Text, Text]),
        f("repeat", &[ListOrText, Number]),
        f("lines", &[Text]),
        f("words", &[Text]),
        f("char_code", &[Text]),
        f("from_char_code", &[Number]),
        f("to_fixed", &[Number, Number]),
        f("matches", &[Text, Text]),
        f("captures", &[Text, Text]),
        f("type_of", &[Any]),
        f("to_text", &[Any]),
        f("to_number", &[Any]),
        f("parse_json", &[Text]),
        f("to_json", &[Any]),
        f("reference", &[Text]),
    ]
};

/// The function of that name.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

/// All functions, each with the least and the largest number of arguments it takes.
pub(crate) fn counts() -> Vec<(&'static str, RangeInclusive<usize>)> {
    FUNCTIONS.iter().map(|function| (function.name, function.counts())).collect()
}

impl Function {
    /// With how many arguments it can be called.
    fn counts(&self) -> RangeInclusive<usize> {
        let required = self.takes.iter().filter(|takes| **takes != Takes::MaybeNumber).count();
        required..=self.takes.len()
    }
}

/// What a function gives.
enum Gives {
    /// Something without storage, or an argument itself: nothing is made.
    Plain(Val),
    /// Something that is all made now, but for what it holds of the arguments.
    Made(Val),
    /// The first argument, changed.
    Changed(Write),
    /// The value of a JSON text, with sizes as the text has it.
    Read(Val, Made),
}

impl Stepper<'_> {
    /// Checks the arguments, works out the result, and puts it in their place.
    pub(super) fn call_library(&mut self, function: &Function, args: &[Val]) -> Result<(), Fault> {
        if !function.counts().contains(&args.len()) {
            return fault(TrapKind::TypeError, format!("{} arguments", args.len()));
        }
        for (at, (takes, arg)) in function.takes.iter().zip(args).enumerate() {
            if !self.fits(*takes, *arg, args[0]) {
                return fault(TrapKind::TypeError, format!("argument {at}: {takes:?}"));
            }
        }
        let before = self.graph.len();
        let result = match self.worked_out(function.name, args)? {
            Gives::Plain(value) => value,
            Gives::Made(value) => {
                self.check_limits(&Made::since(&self.graph, before, value))?;
                value
            }
            Gives::Changed(write) => self.changed(args[0], write)?,
            Gives::Read(value, made) => {
                self.check_limits(&made)?;
                value
            }
        };
        self.drop_values(args.len());
        self.push(result);
        Ok(())
    }

    /// Whether an argument is what is taken.
    fn fits(&self, takes: Takes, arg: Val, first: Val) -> bool {
        let kind = self.graph.type_name(arg);
        match takes {
            Takes::Any => true,
            Takes::Number => kind == "Number",
            Takes::Text => kind == "Text",
            Takes::List => kind == "List",
            Takes::Map => kind == "Map",
            Takes::ListOrText => kind == "List" || kind == "Text",
            Takes::TextOrNumber => kind == "Text" || kind == "Number",
            Takes::Numbers => self.all_are(arg, "Number"),
            Takes::Texts => self.all_are(arg, "Text"),
            Takes::NumbersOrTexts => self.all_are(arg, "Number") || self.all_are(arg, "Text"),
            Takes::AsFirst => kind == self.graph.type_name(first),
            Takes::Within => kind == "Text" || self.graph.type_name(first) == "List",
            Takes::MaybeNumber => kind == "Number" || kind == "Null",
        }
    }

    /// Whether it is a List of values of one type.
    fn all_are(&self, list: Val, kind: &str) -> bool {
        match self.graph.body(list) {
            Some(Body::List(items)) => items.iter().all(|v| self.graph.type_name(*v) == kind),
            Some(Body::Text(_) | Body::Reference(_) | Body::Map(_)) | None => false,
        }
    }

    /// What the function gives for arguments of the right types.
    fn worked_out(&mut self, name: &str, args: &[Val]) -> Result<Gives, Fault> {
        if let Some(n) = self.number_function(name, args) {
            return Ok(Gives::Plain(n));
        }
        match name {
            "range" => self.range(args),
            "slice" => self.slice(args),
            "concat" => Ok(self.concat(args)),
            "reverse" => Ok(self.reverse(args)),
            "sort" => Ok(self.sort(args)),
            "sort_by_key" => self.sort_by_key(args),
            "unique" => Ok(self.unique(args)),
            "index_of" => Ok(Gives::Plain(self.index_of(args[0], args[1]))),
            "contains" => Ok(self.contains(args)),
            "sum" | "mean" | "variance" | "min_of" | "max_of" => Ok(self.total(name, args)),
            "median" => Ok(self.percentile_of(args[0], 50.0)),
            "percentile" => self.percentile(args),
            "dot" => self.dot(args),
            "flatten" => Ok(self.flatten(args)),
            "zip" => Ok(self.zip(args)),
            "keys" | "values" | "entries" => Ok(self.taken_apart(name, args)),
            "merge" => Ok(self.merge(args)),
            "remove" => Ok(self.remove(args)),
            "split" | "lines" | "words" => {
                let pieces = self.pieces(name, args);
                Ok(self.texts(pieces))
            }
            "join" => Ok(self.join(args)),
            "trim" | "upper" | "lower" => Ok(self.recased(name, args)),
            "starts_with" | "ends_with" => Ok(self.at_an_end(name, args)),
            "find" => self.find(args),
            "replace" => self.replace_text(args),
            "repeat" => self.repeat(args),
            "char_code" => self.char_code(args),
            "from_char_code" => self.character(args),
            "to_fixed" => self.fixed(args),
            "matches" => self.matches(args),
            "captures" => self.captures(args),
            "type_of" => {
                let name = self.graph.type_name(args[0]).to_owned();
                Ok(self.made_text(name))
            }
            "to_text" => Ok(self.text_of(args[0])),
            "to_number" => Ok(self.number_of(args[0])),
            "parse_json" => self.parse_json(args[0]),
            "to_json" => {
                let text = json::written(&self.graph, args[0]);
                Ok(self.made_text(text))
            }
            "reference" => {
                let name = self.str(args[0]).to_owned();
                Ok(Gives::Made(self.graph.add(Body::Reference(name), false)))
            }
            _ => unreachable!("`{name}` is a function"),
        }
    }

    /// A new Text as the result.
    fn made_text(&mut self, text: String) -> Gives {
        Gives::Made(self.graph.add(Body::Text(text), false))
    }

    /// A new List as the result, which shares its elements.
    fn made_list(&mut self, items: Vec<Val>) -> Gives {
        Gives::Made(self.graph.add(Body::List(items), false))
    }

    /// A new List of new Texts.
    fn texts(&mut self, texts: Vec<String>) -> Gives {
        let texts = texts.into_iter().map(|text| self.graph.add(Body::Text(text), false)).collect();
        self.made_list(texts)
    }

    /// The characters of an argument that is a Text.
    fn str(&self, arg: Val) -> &str {
        self.graph.text(arg).expect("a Text")
    }

    /// The elements of an argument that is a List.
    fn items(&self, arg: Val) -> Vec<Val> {
        match self.graph.body(arg) {
            Some(Body::List(items)) => items.clone(),
            Some(Body::Text(_) | Body::Reference(_) | Body::Map(_)) | None => panic!("a List"),
        }
    }

    /// The elements of an argument that is a List of Numbers.
    fn doubles(&self, arg: Val) -> Vec<f64> {
        self.items(arg).into_iter().map(double).collect()
    }
}

/// The argument that is a Number.
fn double(arg: Val) -> f64 {
    match arg {
        Val::Number(n) => n,
        Val::Null | Val::Bool(_) | Val::Node(_) => panic!("a Number"),
    }
}

/// The optional argument, if it is there and not `Null`.
fn given(args: &[Val], at: usize) -> Option<f64> {
    match args.get(at) {
        None | Some(Val::Null) => None,
        Some(arg) => Some(double(*arg)),
    }
}

fn invalid<T>(why: &str) -> Result<T, Fault> {
    fault(TrapKind::InvalidArgument, why)
}

/// A position in something of that length from an index that may count from the end: a whole number,
/// brought into 0 to the length.
fn position(index: f64, len: usize) -> Option<usize> {
    if index.is_nan() || (index.is_finite() && index.fract() != 0.0) {
        return None;
    }
    let from_start = if index < 0.0 { index + len as f64 } else { index };
    Some((0..len).find(|at| *at as f64 >= from_start).unwrap_or(len))
}

/// Where a slice begins and ends.
fn bounds(from: f64, to: Option<f64>, len: usize) -> Option<(usize, usize)> {
    let from = position(from, len)?;
    let to = match to {
        Some(to) => position(to, len)?,
        None => len,
    };
    Some((from, to.max(from)))
}

/// How many numbers `range` gives; `None` if its arguments are invalid.
fn range_count(from: f64, to: f64, step: f64) -> Option<f64> {
    let all = [from, to, step, to - from];
    if !all.iter().all(|x| x.is_finite()) || step == 0.0 {
        return None;
    }
    Some(((to - from) / step).ceil().max(0.0))
}

/// How often `repeat` repeats.
fn repetitions(n: f64) -> Option<f64> {
    (n.is_finite() && n.fract() == 0.0 && n >= 0.0).then_some(n)
}
