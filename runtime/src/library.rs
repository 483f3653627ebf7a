//! The standard library: functions that every program can call, whatever its host provides.
//!
//! [`TABLE`] says of each what it takes, gives, costs and means, with an example; documentation, checks
//! and tests derive from it. A function does nothing but work out its result: it cannot fail but by a trap,
//! and knows no host. Which function a call means is decided where a program is linked: its own come
//! first, then the host's builtins, then these.

mod numbers;

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

/// The type that a function takes or gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A Number.
    Number,
    /// A Bool.
    Bool,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Kind::Number => "Number",
            Kind::Bool => "Bool",
        })
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
    /// What it gives.
    pub result: Kind,
    /// What it means, in one line.
    pub meaning: &'static str,
    /// A program that ends with a call of it, instructions apart by `; `, and its output as a literal.
    pub example: (&'static str, &'static str),
    pub(crate) body: Body,
}

/// What works the result out. Arguments are of the types of the parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Body {
    /// Of one Number.
    One(fn(f64) -> f64),
    /// Of two.
    Two(fn(f64, f64) -> f64),
    /// Of three.
    Three(fn(f64, f64, f64) -> f64),
    /// Whether something holds of a Number.
    Test(fn(f64) -> bool),
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
}

/// Every function, by group.
pub const TABLE: &[Function] = numbers::TABLE;

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
