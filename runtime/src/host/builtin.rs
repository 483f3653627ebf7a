//! One builtin: what it does and what it costs.

use super::typed::{ScalarType, TypedFn};
use super::{Pricing, Signature};
use crate::energy::{Energy, rate};
use crate::value::Value;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Why a builtin failed. A trap at the call, or under `try` a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure(pub String);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for Failure {}
impl From<&str> for Failure {
    fn from(message: &str) -> Self {
        Failure(message.to_owned())
    }
}
impl From<String> for Failure {
    fn from(message: String) -> Self {
        Failure(message)
    }
}

/// What a builtin that declares the most it may charge gives back: its result, and what it charges.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The value, or why there is none.
    pub result: Result<Value, Failure>,
    /// The actual charge, also of a failure; at most what was declared.
    pub charge: Energy,
}

/// What a builtin that may ask to wait gives back, if it does not fail.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Its answer.
    Value(Value),
    /// There is none yet: the run is suspended at the call, which is made, paid and counted, until the
    /// host gives the answer (`Instance::answer`). The message is for whoever will answer.
    Wait(Option<String>),
}

/// What a builtin declares to cost, in place of the 1.0 of a `call`.
#[derive(Clone)]
pub enum Price {
    /// Always this much.
    Fixed(Energy),
    /// This function of the arguments, charged before the call. It should be cheap and must not
    /// depend on anything else: it may be asked more than once about one call.
    ByArguments(Arc<PriceFn>),
}

/// A price as a function of the arguments.
pub type PriceFn = dyn Fn(&[Value]) -> Energy + Send + Sync;

type Plain = dyn Fn(Vec<Value>) -> Result<Value, Failure> + Send + Sync;
type Charging = dyn Fn(Vec<Value>) -> Answer + Send + Sync;
type Asking = dyn Fn(Vec<Value>) -> Result<Reply, Failure> + Send + Sync;
type Typed = dyn Fn(&[f64]) -> Result<f64, Failure> + Send + Sync;

/// How a function of the host's went wrong.
pub(crate) enum Thrown {
    Failed(Failure),
    Panicked(Failure),
}

impl Thrown {
    fn into_failure(self) -> Failure {
        let (Thrown::Failed(failure) | Thrown::Panicked(failure)) = self;
        failure
    }
}

/// Runs a function of the host's. A panic in it ends here.
pub(crate) fn guarded<T>(f: impl FnOnce() -> Result<T, Failure>) -> Result<T, Thrown> {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(result) => result.map_err(Thrown::Failed),
        Err(panic) => {
            Err(Thrown::Panicked(Failure(if let Some(s) = panic.downcast_ref::<&str>() {
                (*s).to_owned()
            } else if let Some(s) = panic.downcast_ref::<String>() {
                s.clone()
            } else {
                "it panicked".to_owned()
            })))
        }
    }
}

/// How a builtin is called.
#[derive(Clone)]
pub(crate) enum Body {
    Plain(Arc<Plain>),
    Charging(Arc<Charging>),
    Asking(Arc<Asking>),
    Typed(Arc<Typed>, ScalarType),
}

/// A function of the host that programs can call.
#[derive(Clone)]
pub struct Builtin {
    signature: Signature,
    price: Option<Price>,
    body: Body,
}

impl Builtin {
    /// A function or closure that always gives a value. It takes any number of arguments and costs 1.0.
    ///
    /// A panic in it (in any builtin) is a trap of the run that called it.
    #[must_use]
    pub fn new(f: impl Fn(Vec<Value>) -> Value + Send + Sync + 'static) -> Self {
        Self::fallible(move |args| Ok(f(args)))
    }

    /// A function or closure that may fail: a trap, or under `try` a map with `error` and `message`.
    ///
    /// ```
    /// use lau_runtime::host::Builtin;
    /// let half = Builtin::fallible(|args| match args.as_slice() {
    ///     [x] if x.as_f64().is_some() => Ok((x.as_f64().unwrap() / 2.0).into()),
    ///     _ => Err("half takes one Number".into()),
    /// });
    /// ```
    #[must_use]
    pub fn fallible(
        f: impl Fn(Vec<Value>) -> Result<Value, Failure> + Send + Sync + 'static,
    ) -> Self {
        Self::with_body(Body::Plain(Arc::new(f)), None)
    }

    /// One that says afterwards what it charges, at most `most`, which must be affordable before.
    #[must_use]
    pub fn charging(
        most: Energy,
        f: impl Fn(Vec<Value>) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let mut builtin = Self::with_body(Body::Charging(Arc::new(f)), None);
        builtin.signature.pricing = Pricing::AtMost(most);
        builtin
    }

    /// One that may ask to wait for its answer: for a person's approval, for another machine's work.
    ///
    /// ```
    /// use lau_runtime::host::{Builtin, Reply};
    /// let approve = Builtin::asking(|args| match args.first().and_then(|amount| amount.as_f64()) {
    ///     Some(amount) if amount < 100.0 => Ok(Reply::Value(true.into())),
    ///     Some(amount) => Ok(Reply::Wait(Some(format!("May {amount} be spent?")))),
    ///     None => Err("approve takes an amount".into()),
    /// });
    /// ```
    #[must_use]
    pub fn asking(
        f: impl Fn(Vec<Value>) -> Result<Reply, Failure> + Send + Sync + 'static,
    ) -> Self {
        Self::with_body(Body::Asking(Arc::new(f)), None)
    }

    /// One whose arguments and result are Numbers and Bools, at most four arguments. Engines call it
    /// without making values of them.
    ///
    /// ```
    /// use lau_runtime::host::Builtin;
    /// let clamp = Builtin::typed(|x: f64, low: f64, high: f64| x.max(low).min(high));
    /// let odd = Builtin::typed(|x: f64| x % 2.0 != 0.0);
    /// ```
    #[must_use]
    pub fn typed<Args, F: TypedFn<Args>>(f: F) -> Self {
        let (body, result) = f.erase();
        let mut builtin = Self::with_body(Body::Typed(body, result), Some(F::TYPES.to_vec()));
        builtin.signature.result = Some(result);
        builtin
    }

    fn with_body(body: Body, types: Option<Vec<ScalarType>>) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "at most four")]
        let arity = types.as_ref().map(|types| types.len() as u8);
        let pricing = Pricing::Fixed(Energy::from_thousandths(rate::HOST_CALL));
        Builtin { signature: Signature { arity, types, result: None, pricing }, price: None, body }
    }

    /// The same builtin at a declared price. On one that says itself what it charges this has no effect.
    #[must_use]
    pub fn with_price(mut self, price: Price) -> Self {
        if !matches!(self.signature.pricing, Pricing::AtMost(_)) {
            self.signature.pricing = match &price {
                Price::Fixed(energy) => Pricing::Fixed(*energy),
                Price::ByArguments(_) => Pricing::ByArguments,
            };
            self.price = Some(price);
        }
        self
    }

    /// The same builtin with so many arguments: a call with another number is a type error. On a typed
    /// one, which knows its own number, this has no effect.
    #[must_use]
    pub fn with_arity(mut self, arity: u8) -> Self {
        if self.signature.types.is_none() {
            self.signature.arity = Some(arity);
        }
        self
    }

    /// Calls it for the host itself: nothing is charged.
    ///
    /// # Errors
    /// Its own failure, a panic in it, or arguments that it does not take; and if it asks to wait.
    ///
    /// ```
    /// use lau_runtime::{Builtin, Value};
    /// let add = Builtin::typed(|a: f64, b: f64| a + b);
    /// assert_eq!(add.call(vec![1.0.into(), 2.0.into()]), Ok(Value::from(3.0)));
    /// assert!(add.call(vec![]).is_err());
    /// ```
    pub fn call(&self, arguments: Vec<Value>) -> Result<Value, Failure> {
        if let Some(arity) = self.signature.arity.filter(|n| usize::from(*n) != arguments.len()) {
            let message = format!("it takes {arity} arguments, not {}", arguments.len());
            return Err(Failure(message));
        }
        let result = match &self.body {
            Body::Plain(f) => guarded(|| f(arguments)),
            Body::Charging(f) => guarded(|| f(arguments).result),
            Body::Asking(f) => guarded(|| match f(arguments)? {
                Reply::Value(value) => Ok(value),
                Reply::Wait(None) => Err("it asks to wait for an answer".into()),
                Reply::Wait(Some(message)) => {
                    Err(format!("it asks to wait for an answer: {message}").into())
                }
            }),
            Body::Typed(f, result) => {
                let types = self.signature.types.iter().flatten();
                let doubles: Result<Vec<f64>, Failure> = arguments
                    .iter()
                    .zip(types)
                    .map(|(value, wanted)| wanted.double(value))
                    .collect();
                let doubles = doubles?;
                guarded(|| f(&doubles)).map(|n| result.value(n))
            }
        };
        result.map_err(Thrown::into_failure)
    }

    /// What is known of it without running it.
    #[must_use]
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The declared price, where it is not the default.
    pub(crate) fn price(&self) -> Option<&Price> {
        self.price.as_ref()
    }

    pub(crate) fn body(&self) -> &Body {
        &self.body
    }
}

impl fmt::Debug for Builtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builtin").field("signature", &self.signature).finish_non_exhaustive()
    }
}
