//! Test builtins, described once as data.
//!
//! From one description come the real host that an engine calls, through the public API, and what the
//! stepper calls. Every call of either is recorded in order with its arguments and answer. What the
//! builtins compute depends on their arguments alone, so two runs of one program get the same answers.

use lau_agent_runtime::{Energy, Value};
use lau_runtime::host::{Answer, Builtin, Failure, Host, Price, ScalarType};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, Once, PoisonError};

/// The words every panic of a test builtin begins with; by them the panic hook knows to be silent.
pub(crate) const PANIC_WORDS: &str = "test builtin panics";

/// A call of the host as it was recorded.
#[derive(Clone, Debug)]
pub(crate) struct HostCall {
    pub(crate) name: String,
    pub(crate) args: Vec<Value>,
    /// `None` if it panicked.
    pub(crate) answer: Option<Result<Value, String>>,
}

/// A result, and what is charged for it in thousandths.
type Charged = (Result<Value, String>, u64);

/// What a builtin does.
#[derive(Clone, Copy)]
pub(crate) enum Does {
    /// Over any values; may fail or panic.
    Plain(fn(&[Value]) -> Result<Value, String>),
    /// As `Plain`, and says what it charges, in thousandths; the number is the most it declares.
    Charging(u64, fn(&[Value]) -> Charged),
    Typed0(fn() -> f64),
    Typed1(fn(f64) -> f64),
    TypedTest(fn(f64, f64) -> bool),
    TypedPick(fn(bool, f64, f64) -> f64),
}

/// What a builtin declares to cost, in thousandths.
#[derive(Clone, Copy)]
pub(crate) enum Costs {
    Default,
    Fixed(u64),
    ByArguments(fn(&[Value]) -> u64),
}

/// One test builtin.
#[derive(Clone, Copy)]
pub(crate) struct TestBuiltin {
    pub(crate) name: &'static str,
    /// Declared number of arguments; typed ones know their own.
    pub(crate) arity: Option<u8>,
    pub(crate) costs: Costs,
    pub(crate) does: Does,
}

const fn row(name: &'static str, arity: Option<u8>, costs: Costs, does: Does) -> TestBuiltin {
    TestBuiltin { name, arity, costs, does }
}

/// All of them.
pub(crate) const BUILTINS: &[TestBuiltin] = &[
    row("echo", None, Costs::Default, Does::Plain(echo)),
    row("pair", Some(2), Costs::Default, Does::Plain(|args| Ok(Value::List(args.to_vec())))),
    row("big", Some(1), Costs::Default, Does::Plain(big)),
    row("many", Some(1), Costs::Default, Does::Plain(many)),
    row("nest", Some(1), Costs::Default, Does::Plain(nest)),
    row("record", Some(1), Costs::Fixed(700), Does::Plain(record)),
    row("odd_nan", Some(0), Costs::Default, Does::Plain(odd_nan)),
    row("fail_if", Some(1), Costs::Default, Does::Plain(fail_if)),
    row("fail_long", None, Costs::Fixed(50), Does::Plain(|_| Err("é".repeat(900)))),
    row("panics", None, Costs::Default, Does::Plain(|_| panic!("{PANIC_WORDS}"))),
    row("free", None, Costs::Fixed(0), Does::Plain(echo)),
    row("dear", Some(1), Costs::Fixed(25_000), Does::Plain(echo)),
    row("by_arguments", None, Costs::ByArguments(price_by_arguments), Does::Plain(count)),
    row("meter", Some(1), Costs::Default, Does::Charging(3_000, meter)),
    row("meter_big", Some(1), Costs::Default, Does::Charging(1_200, |args| (big(args), 900))),
    row("meter_panics", None, Costs::Default, Does::Charging(1_500, |_| panic!("{PANIC_WORDS}"))),
    row("liar", None, Costs::Default, Does::Charging(2_000, |_| (Ok(Value::Null), 2_001))),
    row("seven", None, Costs::Default, Does::Typed0(|| 7.0)),
    row("half", None, Costs::Fixed(20), Does::Typed1(|x| x / 2.0)),
    row("root", None, Costs::Default, Does::Typed1(root)),
    row("raw_nan", None, Costs::Default, Does::Typed0(|| f64::from_bits(u64::MAX))),
    row("less", None, Costs::Default, Does::TypedTest(|a, b| a < b)),
    row("pick", None, Costs::Fixed(130), Does::TypedPick(|c, a, b| if c { a } else { b })),
];

fn echo(args: &[Value]) -> Result<Value, String> {
    Ok(args.first().cloned().unwrap_or_default())
}

/// A whole number from the first argument, at most `most`.
fn amount(args: &[Value], most: f64) -> Result<usize, String> {
    let n = args.first().and_then(Value::as_f64).ok_or("wants a Number")?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
    Ok(if n.is_nan() { 0 } else { n.clamp(0.0, most) as usize })
}

fn big(args: &[Value]) -> Result<Value, String> {
    Ok(Value::Text("x".repeat(amount(args, 6_000.0)?)))
}

fn many(args: &[Value]) -> Result<Value, String> {
    Ok((0..amount(args, 400.0)?).map(|n| n as f64).collect::<Vec<_>>().into())
}

fn nest(args: &[Value]) -> Result<Value, String> {
    Ok((0..amount(args, 250.0)?).fold(Value::Null, |inner, _| Value::List(vec![inner])))
}

fn record(args: &[Value]) -> Result<Value, String> {
    let inner = args.first().cloned().unwrap_or_default();
    let kind = Value::from(inner.type_name());
    Ok([("kind", kind), ("value", inner.clone()), ("again", inner)].into_iter().collect())
}

/// A NaN with every bit set, which a program must not be able to tell from any other.
fn odd_nan(_: &[Value]) -> Result<Value, String> {
    Ok(vec![f64::from_bits(u64::MAX), -f64::NAN].into())
}

fn fail_if(args: &[Value]) -> Result<Value, String> {
    let value = args.first().cloned().unwrap_or_default();
    if value.is_truthy() { Err("told to fail".into()) } else { Ok(value) }
}

fn count(args: &[Value]) -> Result<Value, String> {
    Ok((args.len() as f64).into())
}

fn price_by_arguments(args: &[Value]) -> u64 {
    100 + 10 * args.len() as u64 + args.first().map_or(0, |v| v.type_name().len() as u64)
}

fn meter(args: &[Value]) -> Charged {
    match amount(args, 3_000.0) {
        Ok(n) => (Ok((n as f64).into()), n as u64),
        Err(message) => (Err(message), 450),
    }
}

fn root(x: f64) -> f64 {
    assert!(x >= 0.0, "{PANIC_WORDS}");
    x.sqrt()
}

/// How an answer came out: a value, a failure's message, or a panic's.
#[derive(Clone, Debug)]
pub(crate) enum Came {
    Back(Value),
    Failed(String),
    Panicked(String),
}

impl TestBuiltin {
    pub(crate) fn find(name: &str) -> Option<&'static TestBuiltin> {
        BUILTINS.iter().find(|builtin| builtin.name == name)
    }

    /// The types of a typed one's arguments.
    pub(crate) fn types(&self) -> Option<&'static [ScalarType]> {
        use ScalarType::{Bool, Number};
        match self.does {
            Does::Plain(_) | Does::Charging(..) => None,
            Does::Typed0(_) => Some(&[]),
            Does::Typed1(_) => Some(&[Number]),
            Does::TypedTest(_) => Some(&[Number, Number]),
            Does::TypedPick(_) => Some(&[Bool, Number, Number]),
        }
    }

    /// How many arguments it declares.
    pub(crate) fn declared(&self) -> Option<usize> {
        self.types().map(<[_]>::len).or(self.arity.map(usize::from))
    }

    /// Calls it for the stepper, with arguments that fit its declaration. Gives what came of it and,
    /// of a charging one that came back, the charge.
    pub(crate) fn call(&self, args: &[Value]) -> (Came, Option<u64>) {
        quiet_panics();
        let body = || match self.does {
            Does::Plain(f) => (f(args), None),
            Does::Charging(_, f) => {
                let (result, charge) = f(args);
                (result, Some(charge))
            }
            Does::Typed0(f) => (Ok(f().into()), None),
            Does::Typed1(f) => (Ok(f(number(args, 0)).into()), None),
            Does::TypedTest(f) => (Ok(f(number(args, 0), number(args, 1)).into()), None),
            Does::TypedPick(f) => {
                let condition = args.first().is_some_and(Value::is_truthy);
                (Ok(f(condition, number(args, 1), number(args, 2)).into()), None)
            }
        };
        match catch_unwind(AssertUnwindSafe(body)) {
            Ok((Ok(value), charge)) => (Came::Back(value), charge),
            Ok((Err(message), charge)) => (Came::Failed(message), charge),
            Err(payload) => (Came::Panicked(panic_text(payload.as_ref())), None),
        }
    }

    /// The real thing, recording its calls.
    fn build(self, log: &Log) -> Builtin {
        let log = log.clone();
        let name = self.name;
        let builtin = match self.does {
            Does::Plain(f) => {
                Builtin::fallible(move |args| log.record(name, &args, || f(&args)).map_err(Failure))
            }
            Does::Charging(most, f) => {
                Builtin::charging(Energy::from_thousandths(most), move |args| {
                    let mut charge = 0;
                    let result = log.record(name, &args, || {
                        let (result, charged) = f(&args);
                        charge = charged;
                        result
                    });
                    Answer {
                        result: result.map_err(Failure),
                        charge: Energy::from_thousandths(charge),
                    }
                })
            }
            Does::Typed0(f) => Builtin::typed(move || log.record_typed(name, &[], f)),
            Does::Typed1(f) => {
                Builtin::typed(move |x: f64| log.record_typed(name, &[x.into()], || f(x)))
            }
            Does::TypedTest(f) => Builtin::typed(move |a: f64, b: f64| {
                log.record_typed(name, &[a.into(), b.into()], || f(a, b))
            }),
            Does::TypedPick(f) => Builtin::typed(move |c: bool, a: f64, b: f64| {
                log.record_typed(name, &[c.into(), a.into(), b.into()], || f(c, a, b))
            }),
        };
        let builtin = match self.arity {
            Some(arity) => builtin.with_arity(arity),
            None => builtin,
        };
        match self.costs {
            Costs::Default => builtin,
            Costs::Fixed(n) => builtin.with_price(Price::Fixed(Energy::from_thousandths(n))),
            Costs::ByArguments(f) => builtin
                .with_price(Price::ByArguments(Arc::new(move |a| Energy::from_thousandths(f(a))))),
        }
    }
}

fn number(args: &[Value], at: usize) -> f64 {
    args.get(at).and_then(Value::as_f64).unwrap_or(f64::NAN)
}

/// The calls a host received, shared by all its builtins.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<HostCall>>>);

impl Log {
    /// What was recorded so far.
    pub(crate) fn calls(&self) -> Vec<HostCall> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Runs a builtin's body. Its call is in the log before it runs, its answer afterwards, so that one
    /// that panics leaves a call without an answer.
    fn record(
        &self,
        name: &str,
        args: &[Value],
        body: impl FnOnce() -> Result<Value, String>,
    ) -> Result<Value, String> {
        let call = HostCall { name: name.to_owned(), args: args.to_vec(), answer: None };
        let at = {
            let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            calls.push(call);
            calls.len() - 1
        };
        let answer = body();
        self.0.lock().unwrap_or_else(PoisonError::into_inner)[at].answer = Some(answer.clone());
        answer
    }

    fn record_typed<T: Into<Value> + Copy>(
        &self,
        name: &str,
        args: &[Value],
        body: impl FnOnce() -> T,
    ) -> T {
        let mut result = None;
        let _ = self.record(name, args, || {
            let value = body();
            result = Some(value);
            Ok(value.into())
        });
        result.expect("the body ran or panicked")
    }
}

/// How delegated tasks are received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delegates {
    /// There is no handler: a note in memory.
    Noted,
    /// A handler: agent `sulk` fails, agent `panic` panics, others take the task.
    Handled,
}

/// The handler's body.
fn handle(agent: &str) -> Result<Value, String> {
    match agent {
        "sulk" => Err("sulks".into()),
        "panic" => panic!("{PANIC_WORDS}"),
        _ => Ok(Value::Null),
    }
}

/// Hands a task to the handler for the stepper.
pub(crate) fn delegate(agent: &str) -> Came {
    quiet_panics();
    match catch_unwind(AssertUnwindSafe(|| handle(agent))) {
        Ok(Ok(value)) => Came::Back(value),
        Ok(Err(message)) => Came::Failed(message),
        Err(payload) => Came::Panicked(panic_text(payload.as_ref())),
    }
}

/// The name under which calls of the delegate handler are recorded.
pub(crate) const DELEGATE: &str = "(delegate)";

/// A real host of all test builtins, and the log of its calls.
pub(crate) fn host(delegates: Delegates) -> (Host, Log) {
    quiet_panics();
    let log = Log::default();
    let mut host = Host::default();
    for builtin in BUILTINS {
        host.register(builtin.name, builtin.build(&log));
    }
    if delegates == Delegates::Handled {
        let log = log.clone();
        host.on_delegate(move |agent, task| {
            let args = [agent.into(), task.into()];
            log.record(DELEGATE, &args, || handle(agent)).map(|_| ()).map_err(Failure)
        });
    }
    (host, log)
}

fn panic_text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or(payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or_default().to_owned()
}

/// Silences the panic hook for test builtins, once in a process; other panics print as ever.
fn quiet_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !panic_text(info.payload()).starts_with(PANIC_WORDS) {
                before(info);
            }
        }));
    });
}
