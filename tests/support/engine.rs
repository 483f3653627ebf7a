//! Engines as subjects of the tests.

#[cfg(feature = "aot")]
use super::ahead;
use super::compare::Subject;
#[cfg(feature = "jit")]
use super::compare::same;
use super::expect::Expected;
use lau_agent_runtime::Engine;
#[cfg(feature = "jit")]
use lau_agent_runtime::codegen::{OptLevel, Options};
use lau_agent_runtime::engine::Prepared;
#[cfg(feature = "jit")]
use lau_agent_runtime::fuzz::Random;
use lau_agent_runtime::fuzz::{Plan, Played, Scene, Stage};
#[cfg(feature = "jit")]
use std::sync::Arc;

/// A program linked to the test host, on the interpreter.
pub(crate) struct Interpreter(Runner);

/// The interpreter, where a run that stopped goes on in an instance restored from a snapshot.
pub(crate) struct Moving(Runner);

/// Native code.
#[cfg(feature = "jit")]
pub(crate) struct Native(Runner);

/// A run that goes on, wherever it stopped, on the other engine, by way of a snapshot.
#[cfg(feature = "jit")]
pub(crate) struct Crossing(Runner);

/// Native code without optimisation.
#[cfg(feature = "jit")]
pub(crate) struct Unoptimised(Runner);

/// Native code that leaves where it need not: at each of its guards in turn, and at all of them. Of many guards
/// some are chosen.
#[cfg(feature = "jit")]
pub(crate) struct Leaving(Runner);

/// Code compiled ahead of time.
#[cfg(feature = "aot")]
pub(crate) struct Ahead(Runner);

/// A run that goes on, wherever it stopped, from code compiled ahead of time on the interpreter, then on code
/// compiled just in time, by way of snapshots.
#[cfg(feature = "aot")]
pub(crate) struct AheadCrossing(Runner);

/// As `Leaving`, with code compiled ahead of time.
#[cfg(feature = "aot")]
pub(crate) struct AheadLeaving(Leaving);

/// So many guards are forced in a play.
#[cfg(feature = "jit")]
const GUARDS: u64 = 6;

/// A program made ready for the engines that a run is to be on, by turns.
struct Runner {
    stage: Stage,
    prepared: Vec<Prepared>,
}

impl Subject for Interpreter {
    fn prepare(scene: &Scene) -> Result<Self, String> {
        Runner::prepare(&[Engine::Interp], scene).map(Interpreter)
    }
    fn play(&self, plan: &Plan, _: &Expected) -> Result<Played, String> {
        self.0.play(plan)
    }
}

impl Subject for Moving {
    fn prepare(scene: &Scene) -> Result<Self, String> {
        Runner::prepare(&[Engine::Interp, Engine::Interp], scene).map(Moving)
    }
    fn play(&self, plan: &Plan, _: &Expected) -> Result<Played, String> {
        self.0.play(plan)
    }
}

#[cfg(feature = "jit")]
impl Subject for Native {
    fn prepare(scene: &Scene) -> Result<Self, String> {
        Runner::prepare(&[Engine::Jit], scene).map(Native)
    }
    fn play(&self, plan: &Plan, _: &Expected) -> Result<Played, String> {
        self.0.play(plan)
    }
}

#[cfg(feature = "jit")]
impl Subject for Crossing {
    fn prepare(scene: &Scene) -> Result<Self, String> {
        Runner::prepare(&[Engine::Jit, Engine::Interp], scene).map(Crossing)
    }
    fn play(&self, plan: &Plan, _: &Expected) -> Result<Played, String> {
        self.0.play(plan)
    }
}

#[cfg(feature = "jit")]
impl Subject for Unoptimised {
    fn prepare(scene: &Scene) -> Result<Self, String> {
        let options = Options { opt: OptLevel::None, ..Options::default() };
        Runner::native(&options, scene).map(Unoptimised)
    }
    fn play(&self, plan: &Plan, _: &Expected) -> Result<Played, String> {
        self.0.play(plan)
    }
}

#[cfg(feature = "jit")]
impl Subject for Leaving {
    fn prepare(scene: &Scene) -> Result<Self, String> {
        let options = Options { opt: OptLevel::None, exits: true, ..Options::default() };
        Runner::native(&options, scene).map(Leaving)
    }
    fn play(&self, plan: &Plan, expected: &Expected) -> Result<Played, String> {
        let native = &self.0.prepared[0];
        native.force(None);
        let played = self.0.play(plan)?;
        same(expected, &played)?;
        let guards = native.guards();
        let mut random = Random::new(plan.budget ^ guards);
        for n in 0..guards.min(GUARDS) {
            let guard = if guards <= GUARDS { n } else { random.below(guards) };
            native.force(Some(guard));
            let told = |wrong| format!("at guard {guard} of {guards}: {wrong}");
            self.0.play(plan).and_then(|played| same(expected, &played)).map_err(told)?;
        }
        native.force_all();
        let told = |wrong| format!("at all of {guards} guards: {wrong}");
        self.0.play(plan).and_then(|played| same(expected, &played)).map_err(told)?;
        Ok(played)
    }
}

#[cfg(feature = "aot")]
impl Subject for Ahead {
    fn expect(scenes: &[Scene]) -> Result<(), String> {
        Runner::link(scenes, Options::default())
    }
    fn prepare(scene: &Scene) -> Result<Self, String> {
        Runner::ahead(scene, Options::default(), &[]).map(Ahead)
    }
    fn play(&self, plan: &Plan, _: &Expected) -> Result<Played, String> {
        self.0.play(plan)
    }
}

#[cfg(feature = "aot")]
impl Subject for AheadCrossing {
    fn expect(scenes: &[Scene]) -> Result<(), String> {
        Runner::link(scenes, Options::default())
    }
    fn prepare(scene: &Scene) -> Result<Self, String> {
        let others = [Engine::Interp, Engine::Jit];
        Runner::ahead(scene, Options::default(), &others).map(AheadCrossing)
    }
    fn play(&self, plan: &Plan, _: &Expected) -> Result<Played, String> {
        self.0.play(plan)
    }
}

/// How code is made that can be made to leave ahead of time.
#[cfg(feature = "aot")]
fn leaving() -> Options {
    Options { exits: true, ..Options::default() }
}

#[cfg(feature = "aot")]
impl Subject for AheadLeaving {
    fn expect(scenes: &[Scene]) -> Result<(), String> {
        Runner::link(scenes, leaving())
    }
    fn prepare(scene: &Scene) -> Result<Self, String> {
        Runner::ahead(scene, leaving(), &[]).map(|runner| AheadLeaving(Leaving(runner)))
    }
    fn play(&self, plan: &Plan, expected: &Expected) -> Result<Played, String> {
        self.0.play(plan, expected)
    }
}

impl Runner {
    /// Links all that are programs.
    #[cfg(feature = "aot")]
    fn link(scenes: &[Scene], options: Options) -> Result<(), String> {
        let stages = scenes.iter().filter_map(|scene| Stage::of(scene).ok());
        let linked: Vec<_> = stages.map(|stage| Arc::clone(stage.linked())).collect();
        ahead::link(&linked, options)
    }

    #[cfg(feature = "aot")]
    fn ahead(scene: &Scene, options: Options, others: &[Engine]) -> Result<Self, String> {
        let stage = Stage::of(scene)?;
        let mut prepared = vec![ahead::prepared(stage.linked(), options)?];
        prepared.extend(others.iter().map(|engine| stage.prepared(*engine)));
        Runner::with(stage, prepared)
    }

    fn prepare(engines: &[Engine], scene: &Scene) -> Result<Self, String> {
        let stage = Stage::of(scene)?;
        let prepared = engines.iter().map(|engine| stage.prepared(*engine)).collect();
        Runner::with(stage, prepared)
    }

    #[cfg(feature = "jit")]
    fn native(options: &Options, scene: &Scene) -> Result<Self, String> {
        let stage = Stage::of(scene)?;
        let prepared = vec![Prepared::native(Arc::clone(stage.linked()), options)];
        Runner::with(stage, prepared)
    }

    fn with(stage: Stage, prepared: Vec<Prepared>) -> Result<Self, String> {
        match prepared.iter().find(|prepared| !prepared.hints().is_empty()) {
            Some(prepared) => Err(format!("not compiled: {prepared:?}")),
            None => Ok(Runner { stage, prepared }),
        }
    }

    fn play(&self, plan: &Plan) -> Result<Played, String> {
        self.stage.play(&self.prepared.iter().collect::<Vec<_>>(), plan)
    }
}
