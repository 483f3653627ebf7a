//! What is known of functions as wholes: types they are called with and return, memory they touch.

use lau_runtime::instance::Linked;
use lau_runtime::program::{Action, FunctionId, Slot};
use std::collections::{BTreeMap, BTreeSet};

use super::types::Type;

/// What is known of one function. Nothing yet, where it has not been found to be called or to return.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Summary {
    parameters: Option<Vec<Type>>,
    result: Option<Type>,
    touches: Touches,
}

/// Memory slots that a function may read or write while it runs, and those that it may write; a bit for each
/// of the first [`WATCHED`]. No other slot is ever in a register.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Touches {
    seen: u64,
    written: u64,
}

/// So many memory slots are watched for functions that touch them.
pub(super) const WATCHED: usize = u64::BITS as usize;

/// What is known of every function of a program.
#[derive(Clone, Debug)]
pub struct Summaries(Vec<Summary>);

impl Summaries {
    /// Nothing is known yet of calls; what memory functions touch is.
    pub(super) fn new(linked: &Linked) -> Summaries {
        let touches = touches(linked);
        Summaries(
            touches.into_iter().map(|touches| Summary { touches, ..<_>::default() }).collect(),
        )
    }

    /// The type of a parameter, if the variable is one and is known.
    #[must_use]
    pub fn parameter(&self, function: FunctionId, at: usize) -> Option<Type> {
        self.0[function.index()].parameters.as_ref()?.get(at).copied()
    }

    /// The type of what it returns, if it does.
    #[must_use]
    pub fn result(&self, function: FunctionId) -> Option<Type> {
        self.0[function.index()].result
    }

    /// The memory slots that it may see, and whether it may write them.
    pub fn touches(&self, function: FunctionId) -> impl Iterator<Item = (Slot, bool)> {
        let Touches { seen, written } = self.0[function.index()].touches;
        let seen = (0..WATCHED).filter(move |at| seen >> at & 1 == 1);
        seen.map(move |at| (Slot::new(at), written >> at & 1 == 1))
    }

    /// Forgets what functions are called with.
    pub(super) fn forget_calls(&mut self) {
        for summary in &mut self.0 {
            summary.parameters = None;
        }
    }

    /// Whether anything is known to call it.
    pub(super) fn is_called(&self, function: FunctionId) -> bool {
        self.0[function.index()].parameters.is_some()
    }

    /// Takes note of a call; whether it is news.
    pub(super) fn called(&mut self, function: FunctionId, with: &[Type]) -> bool {
        let known = &mut self.0[function.index()].parameters;
        match known {
            None => {
                *known = Some(with.to_vec());
                true
            }
            Some(known) => {
                let joined: Vec<Type> = known.iter().zip(with).map(|(a, b)| a.join(*b)).collect();
                let news = joined != *known;
                *known = joined;
                news
            }
        }
    }

    /// Takes note of a result; whether it is news.
    pub(super) fn returns(&mut self, function: FunctionId, result: Type) -> bool {
        let known = &mut self.0[function.index()].result;
        let joined = known.map_or(result, |known| known.join(result));
        let news = *known != Some(joined);
        *known = Some(joined);
        news
    }
}

/// The memory that each function may touch, by itself or by what it calls.
fn touches(linked: &Linked) -> Vec<Touches> {
    let parts = linked.program().parts();
    let mut touches = vec![Touches::default(); parts.functions.len()];
    let mut callers: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (at, function) in parts.functions.iter().enumerate().skip(1) {
        let mut note = |slot: Slot, written: bool| {
            if slot.index() < WATCHED {
                touches[at].seen |= 1 << slot.index();
                touches[at].written |= u64::from(written) << slot.index();
            }
        };
        for op in &parts.ops[function.code.start as usize..function.code.end as usize] {
            if let Action::Observe(slot) = op.action {
                note(slot, false);
            } else if let Action::Publish(slot) = op.action {
                note(slot, true);
            } else if let Action::Delegate(delegation) = op.action {
                note(parts.delegations[delegation.index()].field, true);
            } else if let Action::Call(callee, _) = op.action {
                callers.entry(callee.index()).or_default().insert(at);
            }
        }
    }
    // Each function is looked at anew as often as it gets another bit.
    let mut todo: BTreeSet<usize> = (1..parts.functions.len()).collect();
    while let Some(callee) = todo.pop_last() {
        let Touches { seen, written } = touches[callee];
        for caller in callers.get(&callee).into_iter().flatten() {
            let known = &mut touches[*caller];
            let joined = Touches { seen: known.seen | seen, written: known.written | written };
            if joined != *known {
                *known = joined;
                todo.insert(*caller);
            }
        }
    }
    touches
}
