//! Engines as subjects of the tests.

use super::compare::Subject;
use super::expect::Expected;
use lau_agent_runtime::Engine;
#[cfg(feature = "jit")]
use lau_agent_runtime::codegen::{OptLevel, Options};
use lau_agent_runtime::engine::Prepared;
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

impl Runner {
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
