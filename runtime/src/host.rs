//! The host: builtins a program can call, the delegate handler, and the interface a program is linked to.
//!
//! A [`Host`] holds implementations; its [`Interface`] holds what can be known of them without running
//! one: names, numbers of arguments, types, prices. Programs are linked to the interface, so that one
//! linked program serves many instances with implementations of their own. Nothing here knows the
//! form values have inside a run.

mod builtin;
mod typed;

pub use builtin::{Answer, Builtin, Failure, Price, PriceFn, Reply};
pub(crate) use builtin::{Body, Thrown, guarded};
pub use typed::{Scalar, ScalarType, TypedFn};

use crate::energy::Energy;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

type DelegateFn = dyn Fn(&str, &str) -> Result<(), Failure> + Send + Sync;

/// The embedding program's side: builtins by name, and a handler for delegated tasks.
///
/// ```
/// use lau_runtime::{Value, host::{Builtin, Host}};
/// let mut host = Host::default();
/// host.register("double", Builtin::typed(|x: f64| 2.0 * x));
/// host.register("greet", Builtin::new(|args| Value::from(format!("hello {:?}", args.first()))));
/// assert!(host.interface().find("double").is_some());
/// ```
#[derive(Clone, Default)]
pub struct Host {
    builtins: BTreeMap<String, Builtin>,
    delegate: Option<Arc<DelegateFn>>,
}

impl Host {
    /// Makes a builtin callable under a name; one of that name before gives way.
    pub fn register(&mut self, name: impl Into<String>, builtin: Builtin) {
        self.builtins.insert(name.into(), builtin);
    }

    /// Takes a builtin away.
    pub fn remove(&mut self, name: &str) -> Option<Builtin> {
        self.builtins.remove(name)
    }

    /// The builtin of that name.
    #[must_use]
    pub fn builtin(&self, name: &str) -> Option<&Builtin> {
        self.builtins.get(name)
    }

    /// Hands delegated tasks (agent, task) to a handler. Without one, `delegate` leaves a note in memory.
    pub fn on_delegate(
        &mut self,
        handler: impl Fn(&str, &str) -> Result<(), Failure> + Send + Sync + 'static,
    ) {
        self.delegate = Some(Arc::new(handler));
    }

    /// The delegate handler, if there is one.
    pub(crate) fn delegate(&self) -> Option<&Arc<DelegateFn>> {
        self.delegate.as_ref()
    }

    /// What programs are linked to.
    #[must_use]
    pub fn interface(&self) -> Interface {
        Interface {
            builtins: self
                .builtins
                .iter()
                .map(|(name, builtin)| (name.clone(), builtin.signature().clone()))
                .collect(),
        }
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("builtins", &self.builtins)
            .field("delegate", &self.delegate.is_some())
            .finish()
    }
}

/// What is known of a builtin without running it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// How many arguments it takes; `None` takes any number.
    pub arity: Option<u8>,
    /// The types of its arguments, if it is a typed one; as many as `arity` says.
    pub types: Option<Vec<ScalarType>>,
    /// The type of its result, if it is a typed one.
    pub result: Option<ScalarType>,
    /// How it is priced.
    pub pricing: Pricing,
}

/// How the price of a builtin comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pricing {
    /// Always this much.
    Fixed(Energy),
    /// A function of the arguments, charged before the call.
    ByArguments,
    /// At most this much; the answer says how much.
    AtMost(Energy),
}

/// The names a host provides and what is known of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    builtins: Vec<(String, Signature)>,
}

impl Interface {
    /// Where the builtin of that name stands in the interface.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<usize> {
        self.builtins.binary_search_by(|(own, _)| own.as_str().cmp(name)).ok()
    }

    /// The name and signature at that place.
    ///
    /// # Panics
    /// If there is no such place; `find` gives only places that exist.
    #[must_use]
    pub fn builtin(&self, at: usize) -> (&str, &Signature) {
        let (name, signature) = &self.builtins[at];
        (name, signature)
    }

    /// All names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.builtins.iter().map(|(name, _)| name.as_str())
    }
}

/// The interface of builtins with these names; of two with one name the later counts.
impl FromIterator<(String, Signature)> for Interface {
    fn from_iter<I: IntoIterator<Item = (String, Signature)>>(builtins: I) -> Interface {
        let sorted: BTreeMap<_, _> = builtins.into_iter().collect();
        Interface { builtins: sorted.into_iter().collect() }
    }
}
