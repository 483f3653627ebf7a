//! Engines against each other: one program, one plan, every way to play it.
//!
//! The first engine is the oracle. The others play the plan alone, and where it has stops each of them
//! plays it by turns with the oracle too, both ways round, by way of snapshots. Everything that can be seen
//! must be the same at every stop. A panic of an engine is a difference.

use super::builtins::panic_text;
use super::scene::Plan;
use super::seen::Seen;
use super::stage::{Played, Stage};
use crate::engine::{Engine, Prepared};
use lau_runtime::instance::Linked;
use lau_runtime::{Energy, Limits};
use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

type Prepare = dyn Fn(&Arc<Linked>) -> Prepared + Send + Sync;

/// An engine as it takes part: its name, and how it makes a program ready.
pub struct Contender {
    name: String,
    prepare: Box<Prepare>,
}

impl Contender {
    /// One that makes programs ready in its own way, with options of its own.
    ///
    /// ```
    /// use lau_agent_runtime::{Engine, engine::Prepared, fuzz::Contender};
    /// let own = Contender::new("mine", |linked| Prepared::new(Engine::Interp, linked.clone()));
    /// ```
    pub fn new(
        name: impl Into<String>,
        prepare: impl Fn(&Arc<Linked>) -> Prepared + Send + Sync + 'static,
    ) -> Contender {
        Contender { name: name.into(), prepare: Box::new(prepare) }
    }

    /// Every engine of this build, the interpreter first.
    #[must_use]
    pub fn all() -> Vec<Contender> {
        Engine::ALL.iter().map(|engine| Contender::from(*engine)).collect()
    }
}

impl From<Engine> for Contender {
    fn from(engine: Engine) -> Contender {
        Contender::new(engine.name(), move |linked| Prepared::new(engine, Arc::clone(linked)))
    }
}

impl fmt::Debug for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Contender").field(&self.name).finish()
    }
}

/// A plan on which two engines differ, and how.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The plan.
    pub plan: Plan,
    /// What played it otherwise than the oracle: an engine, or two by turns.
    pub engine: String,
    /// At which stop, from 0, if it is about one.
    pub stop: Option<usize>,
    /// What differs.
    pub what: Vec<String>,
    /// The facts in which they differ, a line each, with the name of the engine before it.
    pub sides: String,
}

impl Difference {
    /// One that no two sides can be shown of.
    pub(super) fn plain(plan: &Plan, engine: impl Into<String>, what: impl Into<String>) -> Self {
        let (engine, what) = (engine.into(), vec![what.into()]);
        Difference { plan: plan.clone(), engine, stop: None, what, sides: String::new() }
    }
}

/// `jit differs at stop 1 in energy, instructions`, and both sides of it.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = self.what.join(", ");
        match self.stop {
            Some(stop) => write!(f, "{} differs at stop {stop} in {what}", self.engine)?,
            None => write!(f, "{}: {what}", self.engine)?,
        }
        if self.sides.is_empty() { Ok(()) } else { write!(f, "\n{}", self.sides.trim_end()) }
    }
}

/// What comes of an engine's work, or what its panic says.
fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    let panicked = |payload: Box<dyn Any + Send>| format!("panicked: {}", panic_text(&*payload));
    catch_unwind(AssertUnwindSafe(work)).map_err(panicked)
}

/// A run followed step by step.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    /// How often each instruction was executed.
    pub(super) executed: Vec<u64>,
    /// Thousandths used in all after each step: where budgets make a difference.
    pub(super) totals: Vec<u64>,
}

/// A program made ready for all that take part.
#[derive(Debug)]
pub struct Contest<'s> {
    stage: &'s Stage,
    /// The oracle, then the others.
    entered: Vec<(String, Prepared)>,
    runs: Cell<u64>,
}

impl<'s> Contest<'s> {
    /// Makes the program ready for each; the first is the oracle.
    ///
    /// # Errors
    /// If an engine panics over it. The plan is an empty one then.
    ///
    /// # Panics
    /// If nobody takes part.
    pub fn new(stage: &'s Stage, contenders: &[Contender]) -> Result<Contest<'s>, Box<Difference>> {
        assert!(!contenders.is_empty(), "an oracle at least");
        let enter = |one: &Contender| {
            let made = caught(|| (one.prepare)(stage.linked()));
            let plan = Plan::of(Limits::default(), 0);
            let what = |panic| {
                Box::new(Difference::plain(&plan, &*one.name, format!("compiling {panic}")))
            };
            Ok((one.name.clone(), made.map_err(what)?))
        };
        let entered = contenders.iter().map(enter).collect::<Result<_, Box<Difference>>>()?;
        Ok(Contest { stage, entered, runs: Cell::new(0) })
    }

    /// All that take part, the oracle first.
    pub(super) fn entered(&self) -> impl Iterator<Item = (&str, &Prepared)> {
        self.entered.iter().map(|(name, prepared)| (name.as_str(), prepared))
    }

    /// What the engines have to say of how the program will be run.
    pub fn hints(&self) -> impl Iterator<Item = &str> {
        self.entered.iter().flat_map(|(_, prepared)| prepared.hints()).map(String::as_str)
    }

    /// How many runs there were so far.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.runs.get()
    }

    /// Plays a plan in every way. Gives what the oracle saw.
    ///
    /// # Errors
    /// Where one differs from the oracle.
    pub fn compare(&self, plan: &Plan) -> Result<Played, Box<Difference>> {
        let expected = self.play(&[0], plan)?;
        for way in self.ways(plan) {
            let got = self.play(&way, plan)?;
            self.same(&expected, &got, &way, plan)?;
        }
        Ok(expected)
    }

    /// The ways to play a plan besides the oracle's own, as turns.
    fn ways(&self, plan: &Plan) -> Vec<Vec<usize>> {
        let others = 1..self.entered.len();
        let mut ways: Vec<_> = others.clone().map(|at| vec![at]).collect();
        if !plan.resumes.is_empty() {
            ways.extend(others.clone().flat_map(|at| [vec![at, 0], vec![0, at]]));
            if others.is_empty() {
                ways.push(vec![0, 0]);
            }
        }
        ways
    }

    fn name(&self, way: &[usize]) -> String {
        let names: Vec<_> = way.iter().map(|at| self.entered[*at].0.as_str()).collect();
        let turns = if names.len() > 1 { " by turns" } else { "" };
        format!("{}{turns}", names.join(" and "))
    }

    fn play(&self, way: &[usize], plan: &Plan) -> Result<Played, Box<Difference>> {
        self.runs.set(self.runs.get() + 1);
        let on: Vec<_> = way.iter().map(|at| &self.entered[*at].1).collect();
        let played = caught(|| self.stage.play(&on, plan)).and_then(|played| played);
        played.map_err(|what| Box::new(Difference::plain(plan, self.name(way), what)))
    }

    fn same(
        &self,
        expected: &Played,
        got: &Played,
        way: &[usize],
        plan: &Plan,
    ) -> Result<(), Box<Difference>> {
        let differs = |what: String| Box::new(Difference::plain(plan, self.name(way), what));
        if expected.accepted != got.accepted {
            return Err(differs("other fields of memory are accepted".to_owned()));
        }
        for (stop, (want, got)) in expected.seen.iter().zip(&got.seen).enumerate() {
            self.same_stop(stop, want, got, way, plan)?;
        }
        let (want, got) = (expected.seen.len(), got.seen.len());
        if want != got {
            return Err(differs(format!("it stops {got} times and not {want}")));
        }
        Ok(())
    }

    fn same_stop(
        &self,
        stop: usize,
        want: &Seen,
        got: &Seen,
        way: &[usize],
        plan: &Plan,
    ) -> Result<(), Box<Difference>> {
        let what = want.differences(got);
        if what.is_empty() {
            return Ok(());
        }
        let engine = self.name(way);
        let sides = want.sides(&self.entered[0].0, got, &engine);
        let what = what.into_iter().map(str::to_owned).collect();
        Err(Box::new(Difference { plan: plan.clone(), engine, stop: Some(stop), what, sides }))
    }

    /// Follows the first part of a plan step by step on the oracle; it must stop where `first` did.
    pub(super) fn walk(&self, plan: &Plan, first: &Seen) -> Result<Walk, Box<Difference>> {
        let name = format!("{} step by step", self.entered[0].0);
        let differs = |what: String| Box::new(Difference::plain(plan, name.clone(), what));
        let (mut instance, _) =
            self.stage.instance(&self.entered[0].1, plan.limits).map_err(differs)?;
        let energy = Energy::from_thousandths;
        instance.set_energy(energy(plan.used_before), energy(plan.budget));
        let instructions = self.stage.linked().program().parts().instructions as usize;
        let mut walk = Walk { executed: vec![0; instructions], totals: Vec::new() };
        self.stage.forget_calls();
        let outcome = loop {
            let step = instance.step();
            if let Some(at) = step.instruction {
                walk.executed[at as usize] += 1;
            }
            walk.totals.push(instance.energy_used().thousandths());
            if let Some(outcome) = step.outcome {
                break outcome;
            }
        };
        let last = self.stage.seen(&instance, outcome).map_err(differs)?;
        let what = first.differences(&last);
        if what.is_empty() {
            return Ok(walk);
        }
        let sides = first.sides(&self.entered[0].0, &last, &name);
        let what = what.into_iter().map(str::to_owned).collect();
        Err(Box::new(Difference { plan: plan.clone(), engine: name, stop: Some(0), what, sides }))
    }
}
