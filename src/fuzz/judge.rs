//! Judging engines by each other over generated programs.
//!
//! A program is played with plenty of energy, with little, cut anywhere and resumed, with something used
//! before, and under small limits. One on which engines differ is made small, and so is its plan.

use super::contest::{Contender, Contest, Difference};
use super::random::Random;
use super::rates::Rates;
use super::scene::{PLENTY, Plan, ROOMY, Scene, small_limits};
use super::shrink::shrink;
use super::stage::Stage;

/// How many budgets that make a difference are tried.
const BUDGETS: usize = 5;

/// Plays a program in many ways, and counts what was reached.
///
/// # Errors
/// The first difference.
pub fn judge(
    scene: &Scene,
    contenders: &[Contender],
    random: &mut Random,
    rates: &mut Rates,
) -> Result<(), Box<Difference>> {
    let long = Plan::of(ROOMY, PLENTY);
    let stage = Stage::of(scene).map_err(|why| Difference::plain(&long, "no program", why))?;
    let contest = Contest::new(&stage, contenders)?;
    rates.feature("left to the interpreter", contest.hints().count() as u64);
    let play = |plan: &Plan, rates: &mut Rates| {
        let before = contest.runs();
        let played = contest.compare(plan)?;
        rates.runs(contest.runs() - before);
        played.seen.iter().for_each(|seen| rates.ending(seen));
        Ok::<_, Box<Difference>>(played)
    };
    let whole = play(&long, rates)?;
    let last = whole.last();
    rates.whole(last);
    let walk = contest.walk(&long, &whole.seen[0])?;
    rates.executed(&scene.instructions, &walk.executed, &whole.seen[0]);

    let edges: Vec<u64> =
        walk.totals.iter().flat_map(|t| [t.saturating_sub(1), *t, t + 1]).collect();
    for _ in 0..BUDGETS {
        play(&Plan::of(ROOMY, edges[random.index(edges.len())]), rates)?;
    }
    for _ in 0..2 {
        play(&Plan::cut(ROOMY, last.energy, PLENTY, random), rates)?;
    }
    play(&Plan { used_before: random.below(PLENTY), ..long.clone() }, rates)?;
    for _ in 0..2 {
        let limits = small_limits(random);
        let whole = play(&Plan::of(limits, PLENTY / 3), rates)?;
        play(&Plan::cut(limits, whole.last().energy, PLENTY / 3, random), rates)?;
    }
    Ok(())
}

/// How engines differ on a plan, if they do. What is no program is none they could differ on.
#[must_use]
pub fn difference(scene: &Scene, plan: &Plan, contenders: &[Contender]) -> Option<Box<Difference>> {
    let stage = Stage::of(scene).ok()?;
    Contest::new(&stage, contenders).and_then(|contest| contest.compare(plan)).err()
}

/// A program on which engines differ, the plan by which they do, and how.
#[derive(Clone, Debug)]
pub struct Found {
    /// The program.
    pub scene: Scene,
    /// How they differ, with the plan.
    pub difference: Box<Difference>,
}

impl Found {
    /// The smallest of its kind that was found: with a simple plan, few instructions, little memory.
    #[must_use]
    pub fn smallest(
        scene: &Scene,
        difference_found: Box<Difference>,
        contenders: &[Contender],
    ) -> Found {
        let found = Found { scene: scene.clone(), difference: difference_found };
        let smaller = found.with_simpler_plan(contenders).with_smaller_program(contenders);
        smaller.with_simpler_plan(contenders)
    }

    fn with_smaller_program(self, contenders: &[Contender]) -> Found {
        let plan = &self.difference.plan;
        // One that comes from following steps, or from no program, does not show by the plan alone.
        if difference(&self.scene, plan, contenders).is_none() {
            return self;
        }
        let scene = shrink(&self.scene, |scene| difference(scene, plan, contenders).is_some());
        match difference(&scene, plan, contenders) {
            Some(difference) => Found { scene, difference },
            None => self,
        }
    }

    fn with_simpler_plan(self, contenders: &[Contender]) -> Found {
        let plan = &self.difference.plan;
        let (limits, budget) = (plan.limits, plan.budget);
        let all = plan.resumes.iter().fold(budget, |sum, extra| sum.saturating_add(*extra));
        let simpler = [
            Plan::of(ROOMY, PLENTY),
            Plan::of(ROOMY, all),
            Plan::of(ROOMY, budget),
            Plan { resumes: vec![all - budget], ..Plan::of(ROOMY, budget) },
            Plan { limits: ROOMY, ..plan.clone() },
            Plan::of(limits, all),
            Plan { used_before: 0, ..plan.clone() },
        ];
        let differs = |plan: &Plan| difference(&self.scene, plan, contenders);
        match simpler.iter().find_map(differs) {
            Some(difference) => Found { difference, ..self },
            None => self,
        }
    }
}
