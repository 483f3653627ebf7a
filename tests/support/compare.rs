//! Judging an engine by the stepper over generated programs.
//!
//! A program is played with plenty of energy, with little (at every budget that makes a difference, if
//! it is short), in parts, and under small limits. Whatever can be seen must be the same. A program on
//! which it is not is made smaller before it is shown. Knows engines only as `Subject`.

use super::code::Code;
use super::expect::{Expected, expect};
use lau_agent_runtime::Instruction;
use lau_agent_runtime::fuzz::scene::small_limits;
use lau_agent_runtime::fuzz::seen::short;
use lau_agent_runtime::fuzz::{PLENTY, Plan, Played, ROOMY, Random, Rates, Scene, shrink};
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// An engine with a program made ready.
pub(crate) trait Subject: Sized {
    /// Is told which programs come next, so that work on them can be done at once.
    fn expect(_: &[Scene]) -> Result<(), String> {
        Ok(())
    }
    /// Makes a program ready. Its structure was checked, so an error is a mismatch.
    fn prepare(scene: &Scene) -> Result<Self, String>;
    /// Plays a plan from the start.
    fn play(&self, plan: &Plan, expected: &Expected) -> Result<Played, String>;
}

/// So many programs are made ready together, if at all.
const BATCH: usize = 200;

/// Programs that execute at most so many instructions are played at every budget.
const SHORT: u64 = 60;

/// Judges so many programs, and counts what they reached.
///
/// # Panics
/// On the first program on which the engine and the stepper differ; the message shows it, made smaller.
pub(crate) fn judge<S: Subject>(seed: u64, cases: impl Iterator<Item = u64>) -> Rates {
    let mut rates = Rates::default();
    let cases: Vec<u64> = cases.collect();
    for cases in cases.chunks(BATCH) {
        let scenes: Vec<Scene> = cases.iter().map(|case| Scene::generated(seed, *case)).collect();
        S::expect(&scenes).unwrap_or_else(|error| panic!("{error}\nof LAU_SEED={seed}, {cases:?}"));
        for (case, scene) in cases.iter().zip(&scenes) {
            let mut random = Random::new(seed.wrapping_add(*case) ^ 0x5eed);
            if let Err(mismatch) = judge_scene::<S>(scene, &mut random, &mut rates) {
                let report = report::<S>(scene, &mismatch);
                panic!("{report}\nrerun with LAU_SEED={seed} LAU_CASE={case}");
            }
        }
    }
    rates
}

/// A plan on which engine and stepper differ, and how.
pub(crate) struct Mismatch {
    plan: Plan,
    what: String,
}

/// Judges given programs in the same way.
///
/// # Panics
/// If the engine and the stepper differ on any; the message shows them all.
pub(crate) fn judge_scenes<S: Subject>(scenes: &[Scene]) {
    let mut rates = Rates::default();
    S::expect(scenes).unwrap_or_else(|error| panic!("{error}"));
    let judge = |scene| {
        let mismatch = judge_scene::<S>(scene, &mut Random::new(1), &mut rates).err()?;
        Some(report::<S>(scene, &mismatch))
    };
    let reports: Vec<String> = scenes.iter().filter_map(judge).collect();
    assert!(reports.is_empty(), "{} of {}\n{}", reports.len(), scenes.len(), reports.join("\n"));
}

fn judge_scene<S: Subject>(
    scene: &Scene,
    random: &mut Random,
    rates: &mut Rates,
) -> Result<(), Mismatch> {
    let long = Plan::of(ROOMY, PLENTY);
    let wrong = |plan: &Plan, what: String| Mismatch { plan: plan.clone(), what };
    let code = Code::new(&scene.instructions).map_err(|e| wrong(&long, e))?;
    let subject = S::prepare(scene).map_err(|e| wrong(&long, e))?;
    let mut play = |plan: &Plan| -> Result<Expected, Mismatch> {
        let expected = expect(scene, &code, plan);
        count(rates, scene, &expected);
        compare(&subject, plan, &expected).map_err(|what| wrong(plan, what))?;
        Ok(expected)
    };
    let whole = play(&long)?;
    for budget in budgets(&whole, random) {
        play(&Plan::of(ROOMY, budget))?;
    }
    let (total, budget) = (whole.last().energy, whole.last().budget);
    let parts = Plan::cut(ROOMY, total, budget, random);
    let in_parts = play(&parts)?;
    if !observes_energy(scene, &whole) {
        let (once, last) = (whole.last(), in_parts.last());
        // A run that came to its end in an earlier part never got the rest of the budget.
        let differ: Vec<_> =
            once.differences(last).into_iter().filter(|d| *d != "budget").collect();
        if !differ.is_empty() {
            return Err(wrong(&parts, format!("the stepper's own parts differ: {differ:?}")));
        }
    }
    play(&Plan { used_before: random.below(PLENTY), ..long })?;
    for _ in 0..3 {
        let limits = small_limits(random);
        let whole = play(&Plan::of(limits, PLENTY / 3))?;
        play(&Plan::cut(limits, whole.last().energy, whole.last().budget, random))?;
    }
    rates.whole(whole.last());
    Ok(())
}

/// Whether the program looked at its energy, so that its budget is a part of its meaning.
fn observes_energy(scene: &Scene, expected: &Expected) -> bool {
    let executed = scene.instructions.iter().zip(&expected.trace.executed);
    executed.into_iter().any(|(i, n)| matches!(i, Instruction::EnergyCheck(_)) && *n > 0)
}

/// Budgets around the amounts at which an instruction becomes affordable: all of a short program,
/// some of a long one.
fn budgets(whole: &Expected, random: &mut Random) -> Vec<u64> {
    let mut all: Vec<u64> = whole
        .trace
        .thresholds
        .iter()
        .flat_map(|t| [t.saturating_sub(1), *t, t + 1])
        .chain([0])
        .filter(|budget| *budget < PLENTY)
        .collect();
    all.sort_unstable();
    all.dedup();
    if whole.last().instructions > SHORT {
        let some: Vec<u64> = (0..4).map(|_| all[random.below(all.len() as u64) as usize]).collect();
        return some;
    }
    all
}

/// Counts one plan that was played.
fn count(rates: &mut Rates, scene: &Scene, expected: &Expected) {
    let trace = &expected.trace;
    rates.runs(1);
    rates.executed(&scene.instructions, &trace.executed, expected.last());
    trace.features.iter().for_each(|(feature, n)| rates.feature(feature, *n));
    let deep = [(100, "100 calls deep"), (10, "10 calls deep"), (1, "a call")];
    let high = [(100, "100 values high"), (10, "10 values high")];
    deep.iter().filter(|(n, _)| trace.deepest >= *n).for_each(|(_, f)| rates.feature(f, 1));
    high.iter().filter(|(n, _)| trace.highest >= *n).for_each(|(_, f)| rates.feature(f, 1));
    if expected.accepted.contains(&false) {
        rates.feature("memory refused", 1);
    }
    for seen in &expected.seen {
        rates.ending(seen);
        rates.feature("memory too large", u64::from(seen.memory.is_none()));
        rates.feature("stack too large", u64::from(seen.stack.is_none()));
    }
}

/// Plays a plan on the engine and compares every stop; a panic of the engine is a difference.
fn compare<S: Subject>(subject: &S, plan: &Plan, expected: &Expected) -> Result<(), String> {
    let got = catch_unwind(AssertUnwindSafe(|| subject.play(plan, expected)))
        .unwrap_or_else(|_| Err("the engine panicked".into()))?;
    same(expected, &got)
}

/// Compares every stop.
pub(crate) fn same(expected: &Expected, got: &Played) -> Result<(), String> {
    if got.accepted != expected.accepted {
        return Err(format!("memory accepted: {:?} not {:?}", got.accepted, expected.accepted));
    }
    for (stop, (want, got)) in expected.seen.iter().zip(&got.seen).enumerate() {
        let differ = want.differences(got);
        if !differ.is_empty() {
            let sides = want.sides("expected", got, "got");
            return Err(format!("stop {stop}: {differ:?}\n{sides}of\n{want}"));
        }
    }
    if got.seen.len() != expected.seen.len() {
        return Err(format!("{} stops instead of {}", got.seen.len(), expected.seen.len()));
    }
    Ok(())
}

/// How engine and stepper differ on a plan, if they do; programs with a broken structure do not.
fn difference<S: Subject>(scene: &Scene, plan: &Plan) -> Option<String> {
    let code = Code::new(&scene.instructions).ok()?;
    let subject = match S::prepare(scene) {
        Ok(subject) => subject,
        Err(error) => return Some(error),
    };
    let expected = expect(scene, &code, plan);
    compare(&subject, plan, &expected).err()
}

fn report<S: Subject>(scene: &Scene, mismatch: &Mismatch) -> String {
    let differs = |scene: &Scene| difference::<S>(scene, &mismatch.plan).is_some();
    let small = if differs(scene) { shrink(scene, differs) } else { scene.clone() };
    let what = difference::<S>(&small, &mismatch.plan).unwrap_or_else(|| mismatch.what.clone());
    let mut out = format!("engine and stepper differ on\n{}", listing(&small));
    for (field, value) in &small.memory {
        let _ = writeln!(out, "memory {field:?} = {value:?}");
    }
    let _ = writeln!(out, "{:?}, {:?}\n{what}", small.delegates, mismatch.plan);
    out
}

/// The program, an instruction a line.
fn listing(scene: &Scene) -> String {
    let lines = scene.instructions.iter().enumerate();
    lines.fold(String::new(), |mut out, (at, instruction)| {
        let _ = writeln!(out, "{at:4}  {}", short(&format!("{instruction:?}")));
        out
    })
}
