//! What is run, and how: the two halves of a test case, and the protocol by which the one is played on
//! the other.

use super::builtins::{Delegates, answer};
use super::random::Random;
use super::seen::{Seen, SeenEnding};
use crate::dsl::instruction::Instruction;
use arbitrary::Unstructured;
use lau_runtime::{Limits, Value};

/// A program and its surroundings.
#[derive(Clone, Debug)]
pub struct Scene {
    /// The program. It may be none, if it was not generated but changed.
    pub instructions: Vec<Instruction>,
    /// Memory before the run. What the limits of a run refuse is not set.
    pub memory: Vec<(String, Value)>,
    /// How delegated tasks are received.
    pub delegates: Delegates,
}

impl Scene {
    /// The program that bytes stand for. All bytes stand for one.
    #[must_use]
    pub fn of(u: &mut Unstructured<'_>) -> Scene {
        super::generator::scene(u)
    }

    /// The program of a case.
    #[must_use]
    pub fn generated(seed: u64, case: u64) -> Scene {
        let bytes = Random::of_case(seed, case).bytes(3_200);
        Scene::of(&mut Unstructured::new(&bytes))
    }
}

/// Under what limits and with how much energy it runs. Energy is in thousandths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The limits.
    pub limits: Limits,
    /// What was used before.
    pub used_before: u64,
    /// What may be used in all.
    pub budget: u64,
    /// What is added to the budget each time the run is exhausted.
    pub resumes: Vec<u64>,
}

/// Energy that is enough for most programs to come to an end.
pub const PLENTY: u64 = 300_000;

/// Generous limits that still keep what is built within bounds.
pub const ROOMY: Limits = Limits {
    call_depth_max: 10_000,
    stack_values_max: 4_096,
    nesting_max: 200,
    value_bytes_max: 1 << 16,
    tree_bytes_max: 1 << 16,
    memory_bytes_max: 1 << 20,
};

impl Plan {
    /// A run that is not resumed.
    #[must_use]
    pub fn of(limits: Limits, budget: u64) -> Self {
        Plan { limits, used_before: 0, budget, resumes: Vec::new() }
    }

    /// A run that stops somewhere on its way to `total`, is resumed with nothing, with a little, and then
    /// with all the rest of `budget`.
    #[must_use]
    pub fn cut(limits: Limits, total: u64, budget: u64, random: &mut Random) -> Self {
        let first = random.below(total + 1);
        let little = random.below(total - first + 1);
        let rest = budget.saturating_sub(first + little);
        Plan { resumes: vec![0, little, rest], ..Plan::of(limits, first) }
    }
}

/// Limits of which one or several are so small that programs meet them.
#[must_use]
pub fn small_limits(random: &mut Random) -> Limits {
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

/// A run that a plan is followed with; what it gives in error is a difference by itself.
pub trait Run {
    /// Runs from the start.
    ///
    /// # Errors
    /// What is wrong with how the run presents itself.
    fn start(&mut self) -> Result<Seen, String>;

    /// Goes on with so much more; `None` if there is nothing to go on with.
    ///
    /// # Errors
    /// As [`Run::start`].
    fn resume(&mut self, extra: u64) -> Result<Option<Seen>, String>;

    /// Gives the call that waits its answer.
    ///
    /// # Errors
    /// If it is not taken.
    fn answer(&mut self, answer: Result<Value, String>) -> Result<(), String>;
}

/// How often a run may be suspended before it is left at that.
const QUESTIONS_MAX: usize = 9;

/// Follows a plan to its end. Gives what is seen at each stop. Calls that wait get their answer; the first
/// one is tried without.
///
/// # Errors
/// As those of the run.
pub fn follow(run: &mut impl Run, plan: &Plan) -> Result<Vec<Seen>, String> {
    let mut all = vec![run.start()?];
    let mut extras = plan.resumes.iter();
    let mut questions = 0;
    loop {
        let last = &all[all.len() - 1].ending;
        let extra = if let SeenEnding::Suspended { arguments, .. } = last {
            questions += 1;
            if questions > QUESTIONS_MAX {
                return Ok(all);
            }
            if questions > 1 {
                run.answer(answer(arguments))?;
            }
            0
        } else {
            match extras.next() {
                Some(extra) => *extra,
                None => return Ok(all),
            }
        };
        all.extend(run.resume(extra)?);
    }
}
