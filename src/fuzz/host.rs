//! The real host of the test builtins: what engines call, through the public API, with every call recorded.

use super::builtins::{
    BUILTINS, Costs, DELEGATE, Delegates, Does, TestBuiltin, handle, quiet_panics,
};
use super::calls::{Came, Log};
use lau_runtime::host::{Answer, Builtin, Failure, Host, Price, Reply};
use lau_runtime::{Energy, Value};
use std::sync::Arc;

/// A host of all test builtins, and the log of its calls.
///
/// Panics that are a builtin's business print nothing from now on, in the whole process.
#[must_use]
pub fn host(delegates: Delegates) -> (Host, Log) {
    quiet_panics();
    let log = Log::default();
    let mut host = Host::default();
    for builtin in BUILTINS {
        host.register(builtin.name, built(*builtin, &log));
    }
    if delegates == Delegates::Handled {
        let log = log.clone();
        host.on_delegate(move |agent, task| {
            let args = [agent.into(), task.into()];
            result(log.record(DELEGATE, &args, || handle(agent))).map(|_| ())
        });
    }
    (host, log)
}

/// The real thing, recording its calls.
fn built(described: TestBuiltin, log: &Log) -> Builtin {
    let builtin = body(described, log);
    let builtin = match described.arity {
        Some(arity) => builtin.with_arity(arity),
        None => builtin,
    };
    match described.costs {
        Costs::Default => builtin,
        Costs::Fixed(n) => builtin.with_price(Price::Fixed(Energy::from_thousandths(n))),
        Costs::ByArguments(f) => builtin
            .with_price(Price::ByArguments(Arc::new(move |a| Energy::from_thousandths(f(a))))),
    }
}

fn body(described: TestBuiltin, log: &Log) -> Builtin {
    let (log, name) = (log.clone(), described.name);
    match described.does {
        Does::Plain(f) => {
            Builtin::fallible(move |args| result(log.record(name, &args, || f(&args).into())))
        }
        Does::Charging(most, f) => Builtin::charging(Energy::from_thousandths(most), move |args| {
            let mut charge = 0;
            let came = log.record(name, &args, || {
                let (result, charged) = f(&args);
                charge = charged;
                result.into()
            });
            Answer { result: result(came), charge: Energy::from_thousandths(charge) }
        }),
        Does::Asking(f) => {
            Builtin::asking(move |args| match log.record(name, &args, || f(&args).into()) {
                Came::Waits(message) => Ok(Reply::Wait(message)),
                came @ (Came::Back(_) | Came::Failed(_) | Came::Panicked(_)) => {
                    result(came).map(Reply::Value)
                }
            })
        }
        Does::Typed0(f) => Builtin::typed(move || record_typed(&log, name, &[], f)),
        Does::Typed1(f) => {
            Builtin::typed(move |x: f64| record_typed(&log, name, &[x.into()], || f(x)))
        }
        Does::TypedTest(f) => Builtin::typed(move |a: f64, b: f64| {
            record_typed(&log, name, &[a.into(), b.into()], || f(a, b))
        }),
        Does::TypedPick(f) => Builtin::typed(move |c: bool, a: f64, b: f64| {
            record_typed(&log, name, &[c.into(), a.into(), b.into()], || f(c, a, b))
        }),
    }
}

fn result(came: Came) -> Result<Value, Failure> {
    match came {
        Came::Back(value) => Ok(value),
        Came::Failed(message) | Came::Panicked(message) => Err(Failure(message)),
        Came::Waits(_) => Err(Failure("it asks to wait".into())),
    }
}

fn record_typed<T: Into<Value> + Copy>(
    log: &Log,
    name: &str,
    args: &[Value],
    body: impl FnOnce() -> T,
) -> T {
    let mut given = None;
    log.record(name, args, || {
        let value = body();
        given = Some(value);
        Came::Back(value.into())
    });
    given.expect("the body ran or panicked")
}
