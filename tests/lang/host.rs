//! The host that every file of the corpus runs in. Calls are recorded, with their arguments.
//!
//! | builtin | gives |
//! |---|---|
//! | `echo …` | its first argument, `Null` if there is none |
//! | `count …`, `args …` | how many arguments; a list of them |
//! | `two a b` | takes two arguments and no other number; a list of them |
//! | `text n`, `numbers n`, `nested n` | n times `x`; a list of n zeros; n levels of lists |
//! | `fields n` | a map of n entries, `k0` and on |
//! | `nan`, `refer t` | a NaN with another sign; the Reference of that name |
//! | `fail m`, `fail_long n`, `panic m` | fails with `m`, or with n times `x`; panics with `m` |
//! | `plus a b`, `odd a`, `choose b x y`, `seven` | typed: sum, parity, `x` or `y`, 7 |
//! | `root a` | typed: the square root; panics below 0 |
//! | `free …`, `dear …`, `dearest` | as `count`, at 0, 5 and the largest energy |
//! | `per_argument …` | as `count`, at 0.25 an argument |
//! | `bad_price …` | its price panics |
//! | `charge u how` | charges `u`, gives it; at most 2. With `fail` or `panic` it does that |

use crate::run::shown;
use lau_agent_runtime::{Answer, Builtin, Energy, Failure, Host, Price, Value};
use std::str::FromStr;
use std::sync::{Arc, Mutex, Once};

/// The calls made of a host, in order.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn calls(&self) -> Vec<String> {
        self.0.lock().expect("no panic while it is held").clone()
    }

    fn add(&self, name: &str, arguments: &[Value]) {
        let arguments: Vec<_> = arguments.iter().map(shown).collect();
        let call = format!("{name}({})", arguments.join(", "));
        self.0.lock().expect("no panic while it is held").push(call);
    }
}

/// What the delegate handler does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Delegate {
    Accepts,
    Fails,
    Panics,
}

impl FromStr for Delegate {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "accepts" => Ok(Delegate::Accepts),
            "fails" => Ok(Delegate::Fails),
            "panics" => Ok(Delegate::Panics),
            _ => Err(format!("no delegate `{name}`")),
        }
    }
}

/// The host; its calls go into the log.
pub(crate) fn host(log: &Log, delegate: Option<Delegate>) -> Host {
    quiet_panics();
    let mut host = Host::default();
    values(&mut host, log);
    failures(&mut host, log);
    typed(&mut host, log);
    priced(&mut host, log);
    if let Some(delegate) = delegate {
        let log = log.clone();
        host.on_delegate(move |agent, task| {
            log.add("delegate", &[agent.into(), task.into()]);
            match delegate {
                Delegate::Accepts => Ok(()),
                Delegate::Fails => Err("the crew is away".into()),
                Delegate::Panics => panic!("the radio is broken"),
            }
        });
    }
    host
}

/// Panics that are meant, those of this file, print nothing; others print as ever.
fn quiet_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if panic.location().is_none_or(|place| place.file() != file!()) {
                before(panic);
            }
        }));
    });
}

/// A builtin whose calls are recorded.
fn recorded(
    log: &Log,
    name: &'static str,
    f: impl Fn(Vec<Value>) -> Result<Value, Failure> + Send + Sync + 'static,
) -> Builtin {
    let log = log.clone();
    Builtin::fallible(move |arguments| {
        log.add(name, &arguments);
        f(arguments)
    })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small in the corpus")]
fn size(arguments: &[Value]) -> usize {
    arguments.first().and_then(Value::as_f64).unwrap_or(0.0) as usize
}

#[expect(clippy::cast_precision_loss, reason = "at most 255")]
fn count(arguments: &[Value]) -> Value {
    (arguments.len() as f64).into()
}

fn values(host: &mut Host, log: &Log) {
    let mut add = |name, f: fn(&[Value]) -> Value| {
        host.register(name, recorded(log, name, move |arguments| Ok(f(&arguments))));
    };
    add("echo", |arguments| arguments.first().cloned().unwrap_or_default());
    add("count", count);
    add("args", |arguments| Value::List(arguments.to_vec()));
    add("text", |arguments| "x".repeat(size(arguments)).into());
    add("numbers", |arguments| vec![0.0; size(arguments)].into());
    add("nested", |arguments| (0..size(arguments)).fold(Value::Null, |value, _| [value].into()));
    add("fields", |arguments| (0..size(arguments)).map(|n| (format!("k{n}"), 1.0)).collect());
    add("nan", |_| (-f64::NAN).into());
    add("refer", |arguments| {
        let name = arguments.first().and_then(Value::as_str).unwrap_or("nothing");
        Value::Reference(name.to_owned())
    });
    let two = recorded(log, "two", |arguments| Ok(Value::List(arguments)));
    host.register("two", two.with_arity(2));
}

fn failures(host: &mut Host, log: &Log) {
    let message = |arguments: &[Value]| arguments.first().map_or("no reason".to_owned(), shown);
    let fail = recorded(log, "fail", move |arguments| Err(message(&arguments).into()));
    host.register("fail", fail);
    let long = recorded(log, "fail_long", |arguments| Err("x".repeat(size(&arguments)).into()));
    host.register("fail_long", long);
    let panic = recorded(log, "panic", move |arguments| panic!("{}", message(&arguments)));
    host.register("panic", panic);
}

fn typed(host: &mut Host, log: &Log) {
    let record = |name: &'static str| {
        let log = log.clone();
        move |arguments: &[Value]| log.add(name, arguments)
    };
    let add = record("plus");
    host.register(
        "plus",
        Builtin::typed(move |a: f64, b: f64| {
            add(&[a.into(), b.into()]);
            a + b
        }),
    );
    let add = record("odd");
    host.register(
        "odd",
        Builtin::typed(move |a: f64| {
            add(&[a.into()]);
            a % 2.0 != 0.0
        }),
    );
    let add = record("choose");
    host.register(
        "choose",
        Builtin::typed(move |which: bool, x: f64, y: f64| {
            add(&[which.into(), x.into(), y.into()]);
            if which { x } else { y }
        }),
    );
    let add = record("seven");
    host.register(
        "seven",
        Builtin::typed(move || {
            add(&[]);
            7.0
        }),
    );
    let add = record("root");
    host.register(
        "root",
        Builtin::typed(move |a: f64| {
            add(&[a.into()]);
            assert!(a >= 0.0, "no root of {a}");
            a.sqrt()
        }),
    );
}

fn priced(host: &mut Host, log: &Log) {
    let fixed =
        [("free", Energy::ZERO), ("dear", Energy::from_units(5.0)), ("dearest", Energy::MAX)];
    for (name, price) in fixed {
        let builtin = recorded(log, name, |arguments| Ok(count(&arguments)));
        host.register(name, builtin.with_price(Price::Fixed(price)));
    }
    let quarter = Energy::from_units(0.25);
    let each = move |arguments: &[Value]| arguments.iter().map(|_| quarter).sum();
    let builtin = recorded(log, "per_argument", |arguments| Ok(count(&arguments)));
    host.register("per_argument", builtin.with_price(Price::ByArguments(Arc::new(each))));
    let builtin = recorded(log, "bad_price", |arguments| Ok(count(&arguments)));
    let panics = |_: &[Value]| -> Energy { panic!("nobody knows") };
    host.register("bad_price", builtin.with_price(Price::ByArguments(Arc::new(panics))));

    let log = log.clone();
    let charging = move |arguments: Vec<Value>| {
        log.add("charge", &arguments);
        let charge = arguments.first().and_then(Value::as_f64).unwrap_or(0.0);
        let result = match arguments.get(1).and_then(Value::as_str) {
            Some("panic") => panic!("in the middle of it"),
            Some(how) => Err(Failure(how.to_owned())),
            None => Ok(charge.into()),
        };
        Answer { result, charge: Energy::from_units(charge) }
    };
    host.register("charge", Builtin::charging(Energy::from_units(2.0), charging));
}
