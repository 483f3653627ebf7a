//! Judging an engine by the stepper over generated programs.
//!
//! A program is played with plenty of energy, with little (at every budget that makes a difference, if
//! it is short), in parts, and under small limits. Whatever can be seen must be the same. A program on
//! which it is not is made smaller before it is shown. Knows engines only as `Subject`.

use super::code::Code;
use super::generator;
use super::rates::Rates;
use super::scene::{Expected, Plan, Scene, expect};
use super::seen::{Seen, short};
use super::shrink::shrink;
use arbitrary::Unstructured;
use lau_agent_runtime::{Instruction, Limits};
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// An engine with a program made ready.
pub(crate) trait Subject: Sized {
    /// Makes a program ready. Its structure was checked, so an error is a mismatch.
    fn prepare(scene: &Scene) -> Result<Self, String>;
    /// Plays a plan from the start. Gives what is seen at each stop, as `expected` has it.
    fn play(&self, scene: &Scene, plan: &Plan, expected: &Expected) -> Result<Vec<Seen>, String>;
}

/// Energy that is enough for most programs to come to an end.
pub(crate) const PLENTY: u64 = 300_000;

/// Programs that execute at most so many instructions are played at every budget.
const SHORT: u64 = 60;

/// Generous limits that still keep what the tests build within bounds.
pub(crate) const ROOMY: Limits = Limits {
    call_depth_max: 10_000,
    stack_values_max: 4_096,
    nesting_max: 200,
    value_bytes_max: 1 << 16,
    tree_bytes_max: 1 << 16,
    memory_bytes_max: 1 << 20,
};

/// Numbers that depend on a seed alone (splitmix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below n, which is not 0.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// The program of a case.
pub(crate) fn scene(seed: u64, case: u64) -> Scene {
    let mut random = Random(seed ^ case.wrapping_mul(0xd1b5_4a32_d192_ed03));
    let bytes: Vec<u8> = (0..400).flat_map(|_| random.next().to_le_bytes()).collect();
    generator::scene(&mut Unstructured::new(&bytes))
}

/// Judges so many programs, and counts what they reached.
///
/// # Panics
/// On the first program on which the engine and the stepper differ; the message shows it, made smaller.
pub(crate) fn judge<S: Subject>(seed: u64, cases: impl Iterator<Item = u64>) -> Rates {
    let mut rates = Rates::default();
    for case in cases {
        let scene = scene(seed, case);
        let mut random = Random(seed.wrapping_add(case) ^ 0x5eed);
        if let Err(mismatch) = judge_scene::<S>(&scene, &mut random, &mut rates) {
            let report = report::<S>(&scene, &mismatch);
            panic!("{report}\nrerun with LAU_SEED={seed} LAU_CASE={case}");
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
    let judge = |scene| {
        let mismatch = judge_scene::<S>(scene, &mut Random(1), &mut rates).err()?;
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
        rates.count(scene, &expected);
        compare(&subject, scene, plan, &expected).map_err(|what| wrong(plan, what))?;
        Ok(expected)
    };
    let whole = play(&long)?;
    for budget in budgets(&whole, random) {
        play(&Plan::of(ROOMY, budget))?;
    }
    let parts = cut(&whole, random);
    let in_parts = play(&parts)?;
    if !observes_energy(scene, &whole) {
        let (once, last) = (&whole.seen[0], in_parts.seen.last().expect("at least one stop"));
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
        play(&Plan { limits, ..cut(&whole, random) })?;
    }
    rates.count_whole(&whole.seen[0]);
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
    if whole.seen[0].instructions > SHORT {
        let some: Vec<u64> = (0..4).map(|_| all[random.below(all.len() as u64) as usize]).collect();
        return some;
    }
    all
}

/// A plan that stops somewhere, is resumed with nothing, with a little, and then with all the rest.
fn cut(whole: &Expected, random: &mut Random) -> Plan {
    let total = whole.seen[0].energy;
    let budget = random.below(total + 1);
    let little = random.below(total - budget + 1);
    let rest = whole.seen[0].budget - budget - little;
    Plan { resumes: vec![0, little, rest], ..Plan::of(ROOMY, budget) }
}

/// Limits of which one or several are so small that programs meet them.
fn small_limits(random: &mut Random) -> Limits {
    let mut limits = ROOMY;
    for _ in 0..1 + random.below(2) {
        match random.below(6) {
            0 => limits.call_depth_max = random.below(6) as u32,
            1 => limits.stack_values_max = random.below(12) as u32,
            2 => limits.nesting_max = random.below(5) as u16,
            3 => limits.value_bytes_max = 32 + random.below(200),
            4 => limits.tree_bytes_max = 32 + random.below(400),
            _ => limits.memory_bytes_max = random.below(1_500),
        }
    }
    limits
}

/// Plays a plan on the engine and compares every stop; a panic of the engine is a difference.
fn compare<S: Subject>(
    subject: &S,
    scene: &Scene,
    plan: &Plan,
    expected: &Expected,
) -> Result<(), String> {
    let got = catch_unwind(AssertUnwindSafe(|| subject.play(scene, plan, expected)))
        .unwrap_or_else(|_| Err("the engine panicked".into()))?;
    for (stop, (want, got)) in expected.seen.iter().zip(&got).enumerate() {
        let differ = want.differences(got);
        if !differ.is_empty() {
            return Err(format!("stop {stop}: {differ:?}\nexpected\n{want}got\n{got}"));
        }
    }
    if got.len() != expected.seen.len() {
        return Err(format!("{} stops instead of {}", got.len(), expected.seen.len()));
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
    compare(&subject, scene, plan, &expected).err()
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
