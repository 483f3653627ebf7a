//! By which plans engines are compared over one program.

use lau_agent_runtime::fuzz::replay::Replay;
use lau_agent_runtime::fuzz::{Plan, Random, Seen};
use lau_agent_runtime::{Energy, Limits};

/// The budget of `lau run`, in thousandths.
const BUDGET: u64 = 10_000_000_000;

/// The plans of a program.
#[derive(Debug)]
pub(super) struct Plans {
    /// What the file asks for, if it asks.
    own: Option<Plan>,
    limits: Limits,
    used: u64,
    budget: u64,
    cuts: u32,
}

impl Plans {
    /// What the file says, with the budget that is asked for before its own.
    pub(super) fn new(replay: &Replay, budget: Option<Energy>, limits: Limits, cuts: u32) -> Plans {
        let used = replay.used;
        let own = match (replay.budget.split_first(), budget) {
            (Some((first, resumes)), None) => {
                let resumes = resumes.to_vec();
                Some(Plan { limits, used_before: used, budget: *first, resumes })
            }
            (Some(_) | None, _) => None,
        };
        let said = replay.budget.iter().copied().reduce(u64::saturating_add);
        let budget = budget.map(Energy::thousandths).or(said).unwrap_or(BUDGET);
        let budget = Energy::from_thousandths(budget).thousandths();
        Plans { own, limits, used, budget, cuts }
    }

    /// How many there will be.
    pub(super) fn count(&self) -> u64 {
        u64::from(self.cuts) + 2
    }

    /// All of the budget at once.
    pub(super) fn whole(&self) -> Plan {
        Plan { used_before: self.used, ..Plan::of(self.limits, self.budget) }
    }

    /// The file's own, none at first, and cuts: evenly spread over the whole run, each somewhere in its part.
    pub(super) fn others(&self, whole: &Seen) -> Vec<Plan> {
        let mut random = Random::new(whole.energy);
        let parts = u64::from(self.cuts);
        let cut = |part: u64| {
            let at = |part: u64| {
                (u128::from(whole.energy) * u128::from(part) / u128::from(parts)) as u64
            };
            let (start, end) = (at(part), at(part + 1));
            start + random.below(end - start)
        };
        let cuts = [0].into_iter().chain((0..parts).map(cut)).map(|cut| {
            let first = self.used.saturating_add(cut).min(self.budget);
            let resumes = vec![0, self.budget - first];
            Plan { used_before: self.used, resumes, ..Plan::of(self.limits, first) }
        });
        self.own.iter().cloned().chain(cuts).collect()
    }
}
