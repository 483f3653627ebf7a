//! Calls of the host: prices, the call itself, and taking in its answer.
//!
//! A host call is never made twice. [`begin`] pays, calls, and leaves the answer *pending* in the
//! machine; [`accept`] pays for the answer's size, converts it and pushes it. If that cannot be paid
//! the run stops with the answer still pending, and goes on with `accept`. Arguments stay on the stack
//! until the answer is in, so a trap leaves them there. A builtin may also ask to wait: its question is
//! then pending until somebody gives the [`answer`]. Builtins may panic; that ends here.

use super::{Environment, Machine, Pending};
use crate::energy::{Energy, rate};
use crate::host::{
    Body, Builtin, Failure, Price, Pricing, Reply, ScalarType, Signature, Thrown, guarded,
};
use crate::library::{self, Function};
use crate::limits::Limits;
use crate::program::{Action, CallId, Callee, DelegateId, Linked};
use crate::trap::{TrapKind, Wrong};
use crate::value::Value;
use crate::word::{Measure, Word, to_value};

/// How a call went, beside the energy that is left.
pub(crate) enum Called {
    /// It was made; its answer is pushed or pending.
    Done,
    /// The call is not affordable; nothing was done.
    ExhaustedBefore,
    /// The answer is not affordable and stays pending.
    Exhausted,
    /// It was made and asked to wait; its question is pending.
    Asked,
    /// It went wrong.
    Wrong(Wrong),
}

/// Pays for a call of the host and makes it.
pub(crate) fn begin(
    m: &mut Machine,
    env: &Environment<'_>,
    action: Action,
    left: u64,
) -> (u64, Called) {
    let (Action::CallOut(call, argc) | Action::TryOut(call, argc)) = action else {
        unreachable!("only calls of the host come here");
    };
    let name = env.linked.program().parts().calls[call.index()].as_str();
    let there = (m.stack.len() - m.frame.stack).min(usize::from(argc));
    let lacks = there < usize::from(argc);
    let arguments = &m.stack[m.stack.len() - there..];
    let (builtin, sizes) = match env.linked.callee(call) {
        Callee::Builtin(at) => {
            let bytes = arguments.iter().fold(0, |sum: u64, a| sum.saturating_add(a.tree_size()));
            (Some(&env.builtins[at]), size_price(bytes))
        }
        Callee::Library(function) => {
            return call_library(m, env.limits, function.function(), argc, left);
        }
        Callee::Unknown => (None, 0),
    };

    // Afford. `most` must be there; `paid` is taken now.
    let fixed = match builtin.map(|builtin| builtin.signature().pricing) {
        None => rate::HOST_CALL,
        Some(Pricing::Fixed(price)) => price.thousandths(),
        Some(Pricing::ByArguments) => 0,
        Some(Pricing::AtMost(most)) => most.thousandths(),
    };
    let mut most = sizes.saturating_add(fixed);
    if most > left {
        return (left, Called::ExhaustedBefore);
    }
    let mut values: Option<Vec<Value>> = None;
    if let (Some(Price::ByArguments(price)), false) = (builtin.and_then(Builtin::price), lacks) {
        let converted: Vec<Value> = arguments.iter().map(to_value).collect();
        match guarded(|| Ok(price(&converted))) {
            Ok(price) => most += price.thousandths(),
            Err(Thrown::Failed(failure) | Thrown::Panicked(failure)) => {
                let message = format!("the price of `{name}`: {failure}");
                return (left - most, Called::Wrong((TrapKind::BuiltinPanicked, message)));
            }
        }
        if most > left {
            return (left, Called::ExhaustedBefore);
        }
        values = Some(converted);
    }
    let reserved = match builtin.map(|builtin| builtin.signature().pricing) {
        Some(Pricing::AtMost(most)) => most.thousandths(),
        None | Some(Pricing::Fixed(_) | Pricing::ByArguments) => 0,
    };
    let left = left - (most - reserved);

    if let Err(wrong) = check(m, env, name, builtin.map(Builtin::signature), argc, there) {
        return (left, Called::Wrong(wrong));
    }
    let Some(builtin) = builtin else { unreachable!("unknown names do not pass the check") };
    let arguments = &m.stack[m.stack.len() - there..];
    if let Body::Typed(f, result) = builtin.body() {
        let doubles = doubles(arguments);
        let given = guarded(|| f(&doubles[..there]));
        return (left, typed_answer(m, name, action, *result, given));
    }
    let values = values.unwrap_or_else(|| arguments.iter().map(to_value).collect());
    let (given, charge) = make(builtin, values, reserved);
    let left = left - charge;
    match given {
        Ok(Reply::Value(value)) => m.pending = Some(Pending::Answer(value)),
        Ok(Reply::Wait(message)) => {
            m.pending = Some(Pending::Question(message));
            return (left, Called::Asked);
        }
        Err(thrown) => match caught(action, name, thrown) {
            Ok(value) => m.pending = Some(Pending::Answer(value)),
            Err(wrong) => return (left, Called::Wrong(wrong)),
        },
    }
    (left, Called::Done)
}

/// Calls a function of the library: its result takes the place of the arguments at once.
fn call_library(
    m: &mut Machine,
    limits: &Limits,
    function: &Function,
    argc: u8,
    left: u64,
) -> (u64, Called) {
    let argc = usize::from(argc);
    let at = m.stack.len() - (m.stack.len() - m.frame.stack).min(argc);
    match library::call(function, &mut m.stack[at..], argc, &m.heap, limits, left) {
        None => (left, Called::ExhaustedBefore),
        Some((left, Err(wrong))) => (left, Called::Wrong(wrong)),
        Some((left, Ok(word))) => {
            m.stack.truncate(at);
            m.stack.push(word);
            (left, Called::Done)
        }
    }
}

/// Answers the question that is pending, for [`accept`] to take in; whether there is one.
pub(crate) fn answer(m: &mut Machine, linked: &Linked, result: Result<Value, Failure>) -> bool {
    let Some(Pending::Question(_)) = m.pending else { return false };
    let (action, call, _) = pending_at(m, linked);
    m.pending = Some(match result {
        Ok(value) => Pending::Answer(value),
        Err(failure) => {
            let name = &linked.program().parts().calls[call.index()];
            match caught(action, name, Thrown::Failed(failure.clone())) {
                Ok(value) => Pending::Answer(value),
                Err(_) => Pending::Failed(failure),
            }
        }
    });
    true
}

/// The call at the position, where one is pending.
pub(crate) fn pending_at(m: &Machine, linked: &Linked) -> (Action, CallId, u8) {
    let action = linked.program().parts().ops[m.frame.pc.index()].action;
    let (Action::CallOut(call, argc) | Action::TryOut(call, argc)) = action else {
        unreachable!("answers are pending at calls of the host only");
    };
    (action, call, argc)
}

/// Takes in the answer that is pending at a call.
pub(crate) fn accept(
    m: &mut Machine,
    env: &Environment<'_>,
    action: Action,
    left: u64,
) -> (u64, Called) {
    let (Action::CallOut(call, argc) | Action::TryOut(call, argc)) = action else {
        unreachable!("answers are pending at calls of the host only");
    };
    let answer = match m.pending.take() {
        None => return (left, Called::Done),
        Some(Pending::Answer(answer)) => answer,
        Some(Pending::Failed(failure)) => {
            let name = &env.linked.program().parts().calls[call.index()];
            return (left, Called::Wrong(failed(name, TrapKind::BuiltinFailed, &failure)));
        }
        question @ Some(Pending::Question(_)) => {
            m.pending = question;
            return (left, Called::Asked);
        }
    };
    let measure = Measure::of(&answer);
    let price = size_price(measure.tree);
    if price > left {
        m.pending = Some(Pending::Answer(answer));
        return (left, Called::Exhausted);
    }
    let left = left - price;
    if let Err(wrong) = measure.check(m.heap.live_bytes(), env.limits) {
        return (left, Called::Wrong(wrong));
    }
    let word = m.heap.word(&answer);
    m.stack.truncate(m.stack.len() - usize::from(argc));
    m.stack.push(word);
    (left, Called::Done)
}

/// Hands a task to the delegate handler, or leaves a note. Its price is paid.
pub(crate) fn delegate(
    m: &mut Machine,
    env: &Environment<'_>,
    delegation: DelegateId,
    left: u64,
) -> (u64, Called) {
    let program = env.linked.program();
    let delegation = &program.parts().delegations[delegation.index()];
    let Some(handler) = env.host.delegate() else {
        let note = program.constants().get(delegation.note.index()).clone();
        m.variables[delegation.field.index()] = note;
        return (left, Called::Done);
    };
    match guarded(|| handler(&delegation.agent, &delegation.task)) {
        Ok(()) => (left, Called::Done),
        Err(thrown) => {
            let (kind, failure) = match thrown {
                Thrown::Failed(failure) => (TrapKind::BuiltinFailed, failure),
                Thrown::Panicked(failure) => (TrapKind::BuiltinPanicked, failure),
            };
            let message = format!("delegating to `{}`: {failure}", delegation.agent);
            (left, Called::Wrong((kind, message)))
        }
    }
}

/// The price of converting so many bytes, beyond those that the call covers.
fn size_price(bytes: u64) -> u64 {
    rate::BYTE * bytes.saturating_sub(rate::HOST_BYTES_FREE)
}

/// All checks between paying and acting, in their order.
fn check(
    m: &Machine,
    env: &Environment<'_>,
    name: &str,
    signature: Option<&Signature>,
    argc: u8,
    there: usize,
) -> Result<(), Wrong> {
    if there < usize::from(argc) {
        let message = format!("`{name}` is called with {argc} values, the stack has {there}");
        return Err((TrapKind::StackUnderflow, message));
    }
    let Some(signature) = signature else {
        return Err((TrapKind::UnknownBuiltin, name.to_owned()));
    };
    if let Some(arity) = signature.arity.filter(|arity| *arity != argc) {
        let message = format!("`{name}` takes {arity} arguments, not {argc}");
        return Err((TrapKind::TypeError, message));
    }
    let arguments = &m.stack[m.stack.len() - there..];
    for (at, (word, wanted)) in arguments.iter().zip(signature.types.iter().flatten()).enumerate() {
        let (wanted, found) = (wanted.name(), word.type_name());
        if found != wanted {
            let message = format!("argument {} of `{name}` is a {wanted}, not {found}", at + 1);
            return Err((TrapKind::TypeError, message));
        }
    }
    if argc == 0 && m.stack.len() >= env.limits.stack_values_max as usize {
        let limit = env.limits.stack_values_max;
        return Err((TrapKind::StackLimit, format!("{limit} values are allowed")));
    }
    Ok(())
}

/// Calls a builtin that takes values; gives what it gave and what it charges of the reserved.
fn make(builtin: &Builtin, values: Vec<Value>, reserved: u64) -> (Result<Reply, Thrown>, u64) {
    match builtin.body() {
        Body::Plain(f) => (guarded(|| f(values)).map(Reply::Value), 0),
        Body::Asking(f) => (guarded(|| f(values)), 0),
        Body::Charging(f) => match guarded(|| Ok(f(values))) {
            Ok(answer) if answer.charge.thousandths() > reserved => {
                let most = Energy::from_thousandths(reserved);
                let message =
                    format!("it charged {} units, where it declared at most {most}", answer.charge);
                (Err(Thrown::Failed(Failure(message))), reserved)
            }
            Ok(answer) => {
                let result = answer.result.map(Reply::Value).map_err(Thrown::Failed);
                (result, answer.charge.thousandths())
            }
            Err(panicked) => (Err(panicked), reserved),
        },
        Body::Typed(..) => unreachable!("typed builtins take no values"),
    }
}

/// The arguments of a typed builtin, whose number and types were checked.
fn doubles(arguments: &[Word]) -> [f64; 4] {
    let mut doubles = [0.0; 4];
    for (double, word) in doubles.iter_mut().zip(arguments) {
        *double = match word.as_number() {
            Some(n) if n.is_nan() => f64::NAN, // the one NaN that a host can see
            Some(n) => n,
            None => f64::from(word.is_truthy()),
        };
    }
    doubles
}

fn typed_answer(
    m: &mut Machine,
    name: &str,
    action: Action,
    result: ScalarType,
    given: Result<f64, Thrown>,
) -> Called {
    match given {
        Ok(n) => {
            let argc =
                if let Action::CallOut(_, n) | Action::TryOut(_, n) = action { n } else { 0 };
            m.stack.truncate(m.stack.len() - usize::from(argc));
            m.stack.push(match result {
                ScalarType::Number => Word::number_from_outside(n),
                ScalarType::Bool => Word::bool(n != 0.0),
            });
        }
        Err(thrown) => match caught(action, name, thrown) {
            Ok(value) => m.pending = Some(Pending::Answer(value)),
            Err(wrong) => return Called::Wrong(wrong),
        },
    }
    Called::Done
}

/// What `try` makes of a failure; under `call` it is a trap.
fn caught(action: Action, name: &str, failure: Thrown) -> Result<Value, Wrong> {
    let Action::TryOut(..) = action else { return Err(thrown(name, failure)) };
    let (error, failure) = match failure {
        Thrown::Failed(failure) => ("failed", failure),
        Thrown::Panicked(failure) => ("panicked", failure),
    };
    Ok([("error", error), ("message", failure.0.as_str())].into_iter().collect())
}

/// The trap that a failure is under `call`.
pub(crate) fn thrown(name: &str, failure: Thrown) -> Wrong {
    match failure {
        Thrown::Failed(failure) => failed(name, TrapKind::BuiltinFailed, &failure),
        Thrown::Panicked(failure) => failed(name, TrapKind::BuiltinPanicked, &failure),
    }
}

fn failed(name: &str, kind: TrapKind, failure: &Failure) -> Wrong {
    (kind, format!("`{name}`: {failure}"))
}
