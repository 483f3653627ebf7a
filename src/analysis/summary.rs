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
    /// Memory slots it may read or write while it runs; those it may write.
    touches: BTreeMap<Slot, bool>,
}

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
        self.0[function.index()].touches.iter().map(|(slot, written)| (*slot, *written))
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
fn touches(linked: &Linked) -> Vec<BTreeMap<Slot, bool>> {
    let parts = linked.program().parts();
    let mut touches = vec![BTreeMap::new(); parts.functions.len()];
    let mut callers: BTreeMap<FunctionId, BTreeSet<usize>> = BTreeMap::new();
    let note = |touches: &mut BTreeMap<Slot, bool>, slot: Slot, written: bool| {
        let before = touches.get(&slot).copied();
        let after = before.unwrap_or(false) || written;
        touches.insert(slot, after);
        before != Some(after)
    };
    for (at, function) in parts.functions.iter().enumerate().skip(1) {
        for op in &parts.ops[function.code.start as usize..function.code.end as usize] {
            if let Action::Observe(slot) = op.action {
                note(&mut touches[at], slot, false);
            } else if let Action::Publish(slot) = op.action {
                note(&mut touches[at], slot, true);
            } else if let Action::Delegate(delegation) = op.action {
                let field = parts.delegations[delegation.index()].field;
                note(&mut touches[at], field, true);
            } else if let Action::Call(callee, _) = op.action {
                callers.entry(callee).or_default().insert(at);
            }
        }
    }
    let mut todo: BTreeSet<usize> = (1..parts.functions.len()).collect();
    while let Some(callee) = todo.pop_first() {
        let seen: Vec<(Slot, bool)> = touches[callee].iter().map(|(s, w)| (*s, *w)).collect();
        for caller in callers.get(&FunctionId::new(callee)).into_iter().flatten() {
            let news = seen.iter().fold(false, |news, (slot, written)| {
                note(&mut touches[*caller], *slot, *written) | news
            });
            if news {
                todo.insert(*caller);
            }
        }
    }
    touches
}
