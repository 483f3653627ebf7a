//! Test builtins, described once as data.
//!
//! From one description come the real host that an engine calls ([`super::host`]) and what an oracle of its
//! own calls ([`TestBuiltin::call`]). What they compute depends on their arguments alone, so two runs of one
//! program get the same answers. Among them are some that fail, panic, charge, charge too much, give
//! numbers with odd bits, and one that asks to wait.

use super::calls::Came;
use lau_runtime::Value;
use lau_runtime::host::{Reply, ScalarType};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

/// The words every panic of a test builtin begins with; by them the panic hook knows to be silent.
const PANIC_WORDS: &str = "test builtin panics";

/// A result, and what is charged for it in thousandths.
pub type Charged = (Result<Value, String>, u64);

/// What a builtin does.
#[derive(Clone, Copy, Debug)]
pub enum Does {
    /// Over any values; may fail or panic.
    Plain(fn(&[Value]) -> Result<Value, String>),
    /// As `Plain`, and says what it charges, in thousandths; the number is the most it declares.
    Charging(u64, fn(&[Value]) -> Charged),
    /// As `Plain`, and may ask to wait.
    Asking(fn(&[Value]) -> Result<Reply, String>),
    /// Typed: gives a Number.
    Typed0(fn() -> f64),
    /// Typed: a Number of a Number.
    Typed1(fn(f64) -> f64),
    /// Typed: a Bool of two Numbers.
    TypedTest(fn(f64, f64) -> bool),
    /// Typed: a Number of a Bool and two Numbers.
    TypedPick(fn(bool, f64, f64) -> f64),
}

/// What a builtin declares to cost.
#[derive(Clone, Copy, Debug)]
pub enum Costs {
    /// What a call costs that declares nothing.
    Default,
    /// So many thousandths.
    Fixed(u64),
    /// Thousandths by the arguments.
    ByArguments(fn(&[Value]) -> u64),
}

/// One test builtin.
#[derive(Clone, Copy, Debug)]
pub struct TestBuiltin {
    /// What it is called by.
    pub name: &'static str,
    /// Declared number of arguments; typed ones know their own.
    pub arity: Option<u8>,
    /// What it costs.
    pub costs: Costs,
    /// What it does.
    pub does: Does,
}

const fn row(name: &'static str, arity: Option<u8>, costs: Costs, does: Does) -> TestBuiltin {
    TestBuiltin { name, arity, costs, does }
}

/// All of them.
pub const BUILTINS: &[TestBuiltin] = &[
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
    row("ask", None, Costs::Fixed(300), Does::Asking(ask)),
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

/// Knows what is falsy, does not like References, and has to think about the rest.
fn ask(args: &[Value]) -> Result<Reply, String> {
    match args.first() {
        None => Ok(Reply::Wait(None)),
        Some(Value::Reference(_)) => Err("nobody knows".into()),
        Some(value) if !value.is_truthy() => Ok(Reply::Value(value.clone())),
        Some(value) => Ok(Reply::Wait(Some(format!("what of this {}?", value.type_name())))),
    }
}

/// The answer to a call that asked to wait.
///
/// # Errors
/// Texts are answered with a failure.
pub fn answer(args: &[Value]) -> Result<Value, String> {
    match args.first() {
        Some(Value::Text(_)) => Err("no answer to a Text".into()),
        Some(value) => Ok(vec![value.clone(), value.clone()].into()),
        None => Ok(Value::Null),
    }
}

impl TestBuiltin {
    /// The one of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static TestBuiltin> {
        BUILTINS.iter().find(|builtin| builtin.name == name)
    }

    /// The types of a typed one's arguments.
    #[must_use]
    pub fn types(&self) -> Option<&'static [ScalarType]> {
        use ScalarType::{Bool, Number};
        match self.does {
            Does::Plain(_) | Does::Charging(..) | Does::Asking(_) => None,
            Does::Typed0(_) => Some(&[]),
            Does::Typed1(_) => Some(&[Number]),
            Does::TypedTest(_) => Some(&[Number, Number]),
            Does::TypedPick(_) => Some(&[Bool, Number, Number]),
        }
    }

    /// How many arguments it declares.
    #[must_use]
    pub fn declared(&self) -> Option<usize> {
        self.types().map(<[_]>::len).or(self.arity.map(usize::from))
    }

    /// Calls it with arguments that fit its declaration. Gives what came of it and, of a charging one that
    /// came back, the charge.
    #[must_use]
    pub fn call(&self, args: &[Value]) -> (Came, Option<u64>) {
        quiet_panics();
        let body = || match self.does {
            Does::Plain(f) => (f(args).into(), None),
            Does::Charging(_, f) => {
                let (result, charge) = f(args);
                (result.into(), Some(charge))
            }
            Does::Asking(f) => (f(args).into(), None),
            Does::Typed0(f) => (Came::Back(f().into()), None),
            Does::Typed1(f) => (Came::Back(f(number(args, 0)).into()), None),
            Does::TypedTest(f) => (Came::Back(f(number(args, 0), number(args, 1)).into()), None),
            Does::TypedPick(f) => {
                let condition = args.first().is_some_and(Value::is_truthy);
                (Came::Back(f(condition, number(args, 1), number(args, 2)).into()), None)
            }
        };
        match catch_unwind(AssertUnwindSafe(body)) {
            Ok(came) => came,
            Err(payload) => (Came::Panicked(panic_text(payload.as_ref())), None),
        }
    }
}

fn number(args: &[Value], at: usize) -> f64 {
    args.get(at).and_then(Value::as_f64).unwrap_or(f64::NAN)
}

/// How delegated tasks are received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delegates {
    /// There is no handler: a note in memory.
    Noted,
    /// A handler: agent `sulk` fails, agent `panic` panics, others take the task.
    Handled,
}

/// The delegate handler's body.
pub(super) fn handle(agent: &str) -> Came {
    match agent {
        "sulk" => Came::Failed("sulks".into()),
        "panic" => panic!("{PANIC_WORDS}"),
        _ => Came::Back(Value::Null),
    }
}

/// Hands a task to the delegate handler.
#[must_use]
pub fn delegate(agent: &str) -> Came {
    quiet_panics();
    match catch_unwind(AssertUnwindSafe(|| handle(agent))) {
        Ok(came) => came,
        Err(payload) => Came::Panicked(panic_text(payload.as_ref())),
    }
}

/// The name under which calls of the delegate handler are recorded.
pub const DELEGATE: &str = "(delegate)";

/// What a panic says.
pub(super) fn panic_text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or(payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or_default().to_owned()
}

/// Silences the panic hook for test builtins, once in a process; other panics go where they went.
pub(super) fn quiet_panics() {
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
