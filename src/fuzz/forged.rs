//! Snapshots that were tampered with: refused, or gone on with on every engine without harm.
//!
//! A forged snapshot may lie about its run. What passes is a state that every engine is safe with, so all
//! of them go on from it to the same end.

use super::contest::Contest;
use super::mutate;
use super::random::Random;
use super::scene::{PLENTY, ROOMY, Scene};
use super::seen::Seen;
use super::stage::Stage;
use crate::engine::{Engine, Prepared};
use arbitrary::Unstructured;
use lau_runtime::instance::{Survived, survive};
use lau_runtime::{Energy, Snapshot, Value};
use std::sync::Arc;

/// A program with a snapshot of it where it was stopped, to be tampered with.
pub(super) struct Forger {
    /// The program.
    pub(super) scene: Scene,
    bytes: Vec<u8>,
    json: Vec<u8>,
    random: Random,
}

impl Forger {
    /// The one that bytes stand for; `None` if the program came to its end.
    pub(super) fn of(u: &mut Unstructured<'_>) -> Option<Forger> {
        let mut random = Random::new(u.arbitrary().unwrap_or_default());
        let scene = Scene::of(u);
        let stage = Stage::of(&scene).ok()?;
        let prepared = stage.prepared(Engine::Interp);
        let run = |budget: u64| {
            let (mut instance, _) = stage.instance(&prepared, ROOMY).ok()?;
            instance.set_energy(Energy::ZERO, Energy::from_thousandths(budget));
            instance.run();
            Some(instance)
        };
        let used = run(PLENTY)?.energy_used().thousandths();
        let snapshot = run(random.below(used))?.snapshot().ok()?;
        let (bytes, json) = (snapshot.to_bytes(), snapshot.to_json().into_bytes());
        Some(Forger { scene, bytes, json, random })
    }

    /// The snapshot in one of its forms, mostly with some edits.
    pub(super) fn forge(&mut self) -> Vec<u8> {
        let whole = if self.random.below(3) == 0 { &self.json } else { &self.bytes };
        if self.random.below(8) == 0 {
            return whole.clone();
        }
        mutate::bytes(whole, &whole[whole.len() / 2..], &mut self.random)
    }
}

/// Takes bytes for a snapshot of the program, and goes on with what passes for one on all engines. Gives how
/// far they came.
///
/// # Panics
/// If engines differ on it, or one breaks.
pub(super) fn check(stage: &Stage, contest: &Contest<'_>, bytes: &[u8]) -> Survived {
    let survived = survive(stage.linked(), stage.host(), ROOMY, bytes);
    let text = std::str::from_utf8(bytes).ok();
    let read = [
        Snapshot::from_bytes(bytes).ok(),
        Snapshot::from_bytes(&Snapshot::forge(bytes)).ok(),
        text.and_then(|text| Snapshot::from_json(text).ok()),
    ];
    for snapshot in read.iter().flatten() {
        let mut ends = contest.entered().map(|(name, on)| (name, go_on(stage, on, snapshot)));
        let Some((oracle, expected)) = ends.next() else { return survived };
        for (name, got) in ends {
            match (&expected, &got) {
                (Ok(expected), Ok(got)) => {
                    let what = expected.differences(got);
                    let sides = || expected.sides(oracle, got, name);
                    assert!(what.is_empty(), "{name} differs in {what:?}\n{}", sides());
                }
                (expected, got) => assert!(
                    expected.is_err() && got.is_err(),
                    "one of {oracle} and {name} refuses the snapshot\n{expected:?}\n{got:?}",
                ),
            }
        }
    }
    survived
}

/// Goes on with a snapshot for a while, or says why not.
fn go_on(stage: &Stage, on: &Prepared, snapshot: &Snapshot) -> Result<Seen, String> {
    stage.forget_calls();
    let restored = on.restore(Arc::clone(stage.host()), ROOMY, snapshot);
    let mut instance = restored.map_err(|error| error.to_string())?;
    let (used, a_while) = (instance.energy_used(), Energy::from_units(50.0));
    instance.set_energy(used, used.saturating_add(a_while));
    if instance.question().is_some() {
        let _ = instance.answer(Ok(Value::from([1.0, 2.0]))); // it may have had its answer
    }
    let outcome = instance.resume(Energy::ZERO).map_err(|error| error.to_string())?;
    stage.seen(&instance, outcome)
}
