//! The standard library: functions that every program can call, whatever its host provides.
//!
//! [`TABLE`] says of each what it takes, gives, costs and means, with an example; documentation, checks
//! and tests derive from it. A function does nothing but work out its result: it cannot fail but by a trap,
//! and knows no host. Which function a call means is decided where a program is linked: its own come
//! first, then the host's builtins, then these.
//!
//! # How a call goes
//!
//! The price depends on the sizes of the arguments, whatever their types, and is paid in full before any
//! work ([`Function::price`]). Where the size of the result has to be looked for, the first part of the
//! price pays for looking, and must be affordable before that is done. Then the number of the arguments is
//! checked, their types, left to right, their values, and the limits on what will be made; last the result
//! is made. What a function makes is new, but elements of a list or map that go into the result are shared
//! with it. Three functions change their first argument in place if nothing else holds it.
//!
//! `call` is all that engines use. Modules below have the functions by group, each with its rows of
//! the table.

mod call;
mod conversion;
mod digits;
mod equal;
mod json;
mod lists;
mod maps;
mod numbers;
mod order;
mod pattern;
mod statistics;
mod text;

pub(crate) use call::{Arguments, call};

use crate::trap::Wrong;
use crate::word::{View, Word};
use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

/// What a function takes or gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any value.
    Any,
    /// A Number.
    Number,
    /// A Bool.
    Bool,
    /// A Text.
    Text,
    /// A List.
    List,
    /// A Map.
    Map,
    /// A Reference.
    Reference,
    /// A List or a Text.
    Sequence,
    /// A Number or a Text.
    Key,
    /// A List of Numbers alone.
    Numbers,
    /// A List of Texts alone.
    Texts,
    /// A List of Numbers alone, or of Texts alone.
    Sortable,
    /// A Number, or `Null`.
    NumberOrNull,
    /// A List, or `Null`.
    ListOrNull,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Kind::Any => "any value",
            Kind::Number => "Number",
            Kind::Bool => "Bool",
            Kind::Text => "Text",
            Kind::List => "List",
            Kind::Map => "Map",
            Kind::Reference => "Reference",
            Kind::Sequence => "List or Text",
            Kind::Key => "Number or Text",
            Kind::Numbers => "List of Numbers",
            Kind::Texts => "List of Texts",
            Kind::Sortable => "List of Numbers or of Texts",
            Kind::NumberOrNull => "Number or Null",
            Kind::ListOrNull => "List or Null",
        })
    }
}

impl Kind {
    /// What a value is that is none of this kind, in words; `None` if it is one.
    fn misfit(self, word: &Word) -> Option<String> {
        let fits = match (self, word.view()) {
            (Kind::Any, _)
            | (Kind::Number | Kind::Key | Kind::NumberOrNull, View::Number(_))
            | (Kind::Bool, View::Bool(_))
            | (Kind::Text | Kind::Sequence | Kind::Key, View::Text(_))
            | (Kind::List | Kind::Sequence | Kind::ListOrNull, View::List(_))
            | (Kind::Map, View::Map(_))
            | (Kind::Reference, View::Reference(_))
            | (Kind::NumberOrNull | Kind::ListOrNull, View::Null) => true,
            (Kind::Numbers, View::List(list)) if list.all_numbers() => true,
            (Kind::Numbers | Kind::Texts | Kind::Sortable, View::List(list)) => {
                return self.odd_element(list.items());
            }
            (
                Kind::Number
                | Kind::Bool
                | Kind::Text
                | Kind::List
                | Kind::Map
                | Kind::Reference
                | Kind::Sequence
                | Kind::Key
                | Kind::Numbers
                | Kind::Texts
                | Kind::Sortable
                | Kind::NumberOrNull
                | Kind::ListOrNull,
                _,
            ) => false,
        };
        (!fits).then(|| word.type_name().to_owned())
    }

    /// The first element that keeps a List from being of this kind, in words.
    fn odd_element(self, items: &[Word]) -> Option<String> {
        let texts = match self {
            Kind::Texts => true,
            Kind::Sortable => items.first().is_some_and(|first| first.as_number().is_none()),
            Kind::Numbers
            | Kind::Any
            | Kind::Number
            | Kind::Bool
            | Kind::Text
            | Kind::List
            | Kind::Map
            | Kind::Reference
            | Kind::Sequence
            | Kind::Key
            | Kind::NumberOrNull
            | Kind::ListOrNull => false,
        };
        let fits = |item: &Word| match item.view() {
            View::Number(_) => !texts,
            View::Text(_) => texts,
            View::Null | View::Bool(_) | View::List(_) | View::Map(_) | View::Reference(_) => false,
        };
        let at = items.iter().position(|item| !fits(item))?;
        Some(format!("a List with a {} at {at}", items[at].type_name()))
    }
}

/// A parameter: its name, and what it takes.
pub type Parameter = (&'static str, Kind);

/// A function of the library.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// Its name, as programs call it.
    pub name: &'static str,
    /// What it takes, in order.
    pub parameters: &'static [Parameter],
    /// How many of the parameters must be given; of the others, `Null` means the same as nothing.
    pub required: usize,
    /// What it gives.
    pub result: Kind,
    /// What is added to the price of the call for sizes, in words and units; empty if nothing is.
    pub price: &'static str,
    /// What it means, in one line.
    pub meaning: &'static str,
    /// A program that ends with a call of it, instructions apart by `; `, and its output as a literal.
    pub example: (&'static str, &'static str),
    /// What machines do of it.
    pub machine: Option<Machine>,
    pub(crate) body: Body,
}

/// A function of Numbers that machines have as an instruction or two, which do to the last bit what the function
/// does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table tells what each does, once")]
pub enum Machine {
    Abs,
    Sqrt,
    Floor,
    Ceil,
    Trunc,
    Min,
    Max,
    Clamp,
    IsNan,
}

/// What works the result out.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Body {
    /// Of Numbers alone: at the price of the call, and without fail.
    Scalar(Scalar),
    /// Of any values.
    Words(Work),
}

/// A function of Numbers. What it gives may be any NaN.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scalar {
    /// Of one Number.
    One(fn(f64) -> f64),
    /// Of two.
    Two(fn(f64, f64) -> f64),
    /// Of three.
    Three(fn(f64, f64, f64) -> f64),
    /// Whether something holds of a Number.
    Test(fn(f64) -> bool),
}

impl Scalar {
    /// The result, a Bool as 0 or 1; a NaN is the one NaN.
    pub(crate) fn apply(self, numbers: [f64; 3]) -> f64 {
        let [a, b, c] = numbers;
        let result = match self {
            Scalar::One(f) => f(a),
            Scalar::Two(f) => f(a, b),
            Scalar::Three(f) => f(a, b, c),
            Scalar::Test(f) => f64::from(f(a)),
        };
        if result.is_nan() { f64::NAN } else { result }
    }
}

/// A function of values that have sizes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    /// Thousandths for the sizes of the arguments, of which there are enough, of any types. It takes no time.
    pub(crate) price: fn(&[Word]) -> u64,
    /// Thousandths for what was found under the first part, which was affordable.
    pub(crate) more: Option<fn(&[Word]) -> u64>,
    /// Gives the result, whose price is paid. Unless it does, the arguments stay as they were.
    pub(crate) act: fn(&mut Arguments<'_>) -> Result<Word, Wrong>,
}

impl Function {
    /// How a call of it is written in a reference: `slice x from [to]`.
    ///
    /// ```
    /// use lau_runtime::library;
    /// assert_eq!(library::find("slice").unwrap().function().usage(), "slice x from [to]");
    /// ```
    #[must_use]
    pub fn usage(&self) -> String {
        let mut usage = self.name.to_owned();
        for (at, (name, _)) in self.parameters.iter().enumerate() {
            usage += &if at < self.required { format!(" {name}") } else { format!(" [{name}]") };
        }
        usage
    }

    /// How many arguments it takes, in words.
    ///
    /// ```
    /// use lau_runtime::library;
    /// assert_eq!(library::find("slice").unwrap().function().counts(), "2 or 3 arguments");
    /// ```
    #[must_use]
    pub fn counts(&self) -> String {
        let counts: Vec<_> =
            (self.required..=self.parameters.len()).map(|n| n.to_string()).collect();
        let arguments = if counts == ["1"] { "argument" } else { "arguments" };
        format!("{} {arguments}", counts.join(" or "))
    }

    /// Whether it takes Numbers alone, gives a Number or a Bool, costs what a call costs, and cannot fail if its
    /// arguments are right: native code may call it without making values.
    #[must_use]
    pub fn is_scalar(&self) -> bool {
        matches!(self.body, Body::Scalar(_))
    }

    /// What it gives of Numbers, if it takes Numbers alone; a Bool as 0 or 1.
    #[cfg(test)]
    pub(crate) fn of_numbers(&self, numbers: [f64; 3]) -> Option<f64> {
        match self.body {
            Body::Scalar(scalar) => Some(scalar.apply(numbers)),
            Body::Words(_) => None,
        }
    }

    /// Whether it takes so many arguments.
    #[must_use]
    pub fn takes(&self, count: usize) -> bool {
        (self.required..=self.parameters.len()).contains(&count)
    }
}

/// A row of a function whose arguments have sizes.
const fn row(
    usage: (&'static str, &'static [Parameter]),
    result: Kind,
    price: &'static str,
    meaning: &'static str,
    example: (&'static str, &'static str),
    work: Work,
) -> Function {
    let (name, parameters) = usage;
    let required = parameters.len();
    let (machine, body) = (None, Body::Words(work));
    Function { name, parameters, required, result, price, meaning, example, machine, body }
}

/// The same function, where the last parameter need not be given.
const fn last_optional(function: Function) -> Function {
    Function { required: function.parameters.len() - 1, ..function }
}

/// A function's place in [`TABLE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LibraryId(usize);

impl LibraryId {
    /// The function.
    #[must_use]
    #[inline]
    pub fn function(self) -> &'static Function {
        &TABLE[self.0]
    }

    /// Its number in the table.
    #[must_use]
    pub fn index(self) -> usize {
        self.0
    }

    /// The function of that number.
    pub(crate) fn of(index: usize) -> Option<LibraryId> {
        (index < TABLE.len()).then_some(LibraryId(index))
    }
}

/// The groups of the table: a title, and the functions.
pub const GROUPS: &[(&str, &[Function])] = &[
    ("Numbers", numbers::TABLE),
    ("Lists", lists::TABLE),
    ("Statistics", statistics::TABLE),
    ("Maps", maps::TABLE),
    ("Texts", text::TABLE),
    ("Patterns", pattern::TABLE),
    ("Conversion", conversion::TABLE),
];

/// Every function, by group.
pub static TABLE: LazyLock<Vec<Function>> =
    LazyLock::new(|| GROUPS.iter().flat_map(|(_, functions)| functions.iter().copied()).collect());

/// The function of that name.
///
/// ```
/// use lau_runtime::library;
/// let sqrt = library::find("sqrt").unwrap().function();
/// assert_eq!(sqrt.parameters.len(), 1);
/// assert!(library::find("no_such_function").is_none());
/// ```
#[must_use]
pub fn find(name: &str) -> Option<LibraryId> {
    static PLACES: LazyLock<HashMap<&str, usize>> =
        LazyLock::new(|| TABLE.iter().enumerate().map(|(at, f)| (f.name, at)).collect());
    PLACES.get(name).map(|at| LibraryId(*at))
}
