//! Engines: which of them runs a program, and what each needs made before.

#![expect(unsafe_code, reason = "instances are given the code of their own program")]

#[cfg(feature = "jit")]
use crate::codegen::{Jit, Options};
use lau_runtime::Limits;
use lau_runtime::Snapshot;
use lau_runtime::artifact::{self, Loaded};
use lau_runtime::host::Host;
use lau_runtime::instance::{Error, Instance, Linked};
use lau_runtime::native::{Code, FORCE_ALL, FORCE_NONE};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// What runs a program. Everything a user can see is the same on each.
///
/// ```
/// use lau_agent_runtime::Engine;
/// assert_eq!("interp".parse(), Ok(Engine::Interp));
/// assert!("abacus".parse::<Engine>().unwrap_err().contains("interp"));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Engine {
    /// The reference interpreter.
    #[default]
    Interp,
    /// Native code, compiled when the program is prepared.
    #[cfg(feature = "jit")]
    Jit,
}

impl Engine {
    /// Every engine of this build.
    pub const ALL: &[Engine] = &[
        Engine::Interp,
        #[cfg(feature = "jit")]
        Engine::Jit,
    ];

    /// Its name, as `--engine` takes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Engine::Interp => "interp",
            #[cfg(feature = "jit")]
            Engine::Jit => "jit",
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Engine {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Engine::ALL.iter().copied().find(|engine| engine.name() == name).ok_or_else(|| {
            let names: Vec<_> = Engine::ALL.iter().map(|engine| engine.name()).collect();
            format!("unknown engine `{name}`; this build has {}", names.join(", "))
        })
    }
}

/// A linked program made ready for an engine. Many instances can be made of one.
///
/// ```
/// use lau_agent_runtime::{Energy, Engine, Host, Limits, Linked, engine::Prepared, lower::compile};
/// use std::sync::Arc;
///
/// let host = Arc::new(Host::default());
/// let program = compile("push 2\npush 3\nmul", &host.interface()).program.unwrap();
/// let linked = Arc::new(Linked::new(Arc::new(program), host.interface()));
/// for engine in Engine::ALL {
///     let prepared = Prepared::new(*engine, linked.clone());
///     let mut instance = prepared.instance(host.clone(), Limits::default()).unwrap();
///     instance.set_energy(Energy::ZERO, Energy::from_units(1.0));
///     assert_eq!(instance.run().output().unwrap().as_f64(), Some(6.0));
/// }
/// ```
#[derive(Clone)]
pub struct Prepared {
    linked: Arc<Linked>,
    code: Option<Arc<dyn Code>>,
    hints: Vec<String>,
    native: Option<Native>,
}

/// Native code, by who made it.
#[derive(Clone)]
enum Native {
    #[cfg(feature = "jit")]
    Jit(Arc<Jit>),
    Ahead(Arc<artifact::Native>),
}

impl Prepared {
    /// Makes the program ready. What an engine cannot compile it leaves to the interpreter; the hints
    /// say so.
    #[must_use]
    pub fn new(engine: Engine, linked: Arc<Linked>) -> Prepared {
        match engine {
            Engine::Interp => Prepared { linked, code: None, hints: Vec::new(), native: None },
            #[cfg(feature = "jit")]
            Engine::Jit => Prepared::native(linked, &Options::default()),
        }
    }

    /// Makes the program ready for runs that keep a profile ([`Instance::start_profile`]); others go slower on
    /// it. The profile is the same on every engine.
    ///
    /// ```
    /// use lau_agent_runtime::{Energy, Engine, Host, Limits, Linked, engine::Prepared, lower::compile};
    /// use std::sync::Arc;
    ///
    /// let text = "push 0\nagain:\npush 1\nadd\ndup\npush 9\nge\njump_false again";
    /// let host = Arc::new(Host::default());
    /// let program = compile(text, &host.interface()).program.unwrap();
    /// let linked = Arc::new(Linked::new(Arc::new(program), host.interface()));
    /// for engine in Engine::ALL {
    ///     let prepared = Prepared::profiling(*engine, linked.clone());
    ///     let mut instance = prepared.instance(host.clone(), Limits::default()).unwrap();
    ///     instance.start_profile();
    ///     instance.set_energy(Energy::ZERO, Energy::from_units(100.0));
    ///     let outcome = instance.run();
    ///     let profile = instance.take_profile().unwrap();
    ///     let add = profile.lines()[&4]; // the fourth line
    ///     assert_eq!((add.visits, add.energy.to_units()), (9, 0.9));
    ///     assert_eq!(profile.total().energy, outcome.energy);
    ///     assert_eq!(profile.total().visits, outcome.instructions);
    /// }
    /// ```
    #[must_use]
    pub fn profiling(engine: Engine, linked: Arc<Linked>) -> Prepared {
        match engine {
            Engine::Interp => Prepared::new(engine, linked),
            #[cfg(feature = "jit")]
            Engine::Jit => {
                Prepared::native(linked, &Options { profile: true, ..Options::default() })
            }
        }
    }

    /// Makes the program ready for native code, made as the options say.
    #[cfg(feature = "jit")]
    #[must_use]
    pub fn native(linked: Arc<Linked>, options: &Options) -> Prepared {
        let (jit, hints) = match Jit::new(&linked, *options) {
            Ok(jit) => (Some(Arc::new(jit)), Vec::new()),
            Err(refusal) => (None, vec![refusal.to_string()]),
        };
        let code = jit.clone().map(|jit| jit as Arc<dyn Code>);
        Prepared { linked, code, hints, native: jit.map(Native::Jit) }
    }

    /// A program that was compiled ahead of time, and what is to be said of it.
    #[must_use]
    pub fn ahead(loaded: Loaded, hint: Option<String>) -> Prepared {
        let (linked, native, _) = loaded.into_parts();
        let code = native.clone().map(|native| native as Arc<dyn Code>);
        Prepared {
            linked,
            code,
            hints: hint.into_iter().collect(),
            native: native.map(Native::Ahead),
        }
    }

    /// How many of the program's instructions native code covers, and how many there are that can be come
    /// to; `None` if there is no native code.
    #[must_use]
    pub fn coverage(&self) -> Option<(usize, usize)> {
        self.native.as_ref().map(|native| match native {
            #[cfg(feature = "jit")]
            Native::Jit(jit) => jit.coverage(),
            Native::Ahead(native) => native.coverage(),
        })
    }

    /// How many guards native code has that can be made to leave, if it was made so
    /// (`codegen::Options::exits`): what is done in machine code may be left to the interpreter at each.
    #[must_use]
    pub fn guards(&self) -> u64 {
        self.native.as_ref().map_or(0, |native| match native {
            #[cfg(feature = "jit")]
            Native::Jit(jit) => jit.guards(),
            Native::Ahead(native) => native.guards(),
        })
    }

    /// How often runs have left native code so far, each frame counted.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.native.as_ref().map_or(0, |native| match native {
            #[cfg(feature = "jit")]
            Native::Jit(jit) => jit.left(),
            Native::Ahead(native) => native.left(),
        })
    }

    /// Makes one of those guards leave whenever it is come to; with `None`, none.
    pub fn force(&self, guard: Option<u64>) {
        let guard = guard.unwrap_or(FORCE_NONE);
        match &self.native {
            #[cfg(feature = "jit")]
            Some(Native::Jit(jit)) => jit.force(guard),
            Some(Native::Ahead(native)) => native.force(guard),
            None => {}
        }
    }

    /// Makes every guard leave whenever it is come to.
    pub fn force_all(&self) {
        self.force(Some(FORCE_ALL));
    }

    /// The linked program.
    #[must_use]
    pub fn linked(&self) -> &Arc<Linked> {
        &self.linked
    }

    /// What is to be said of how the program will be run.
    #[must_use]
    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// An instance that runs on the engine.
    ///
    /// # Errors
    /// As [`Instance::new`].
    pub fn instance(&self, host: Arc<Host>, limits: Limits) -> Result<Instance, Error> {
        Ok(self.with_code(Instance::new(self.linked.clone(), host, limits)?))
    }

    /// An instance that goes on from a snapshot on the engine.
    ///
    /// # Errors
    /// As [`Instance::restore`].
    pub fn restore(
        &self,
        host: Arc<Host>,
        limits: Limits,
        snapshot: &Snapshot,
    ) -> Result<Instance, Error> {
        Ok(self.with_code(Instance::restore(self.linked.clone(), host, limits, snapshot)?))
    }

    fn with_code(&self, mut instance: Instance) -> Instance {
        // SAFETY: the code was made for the very linked program that all instances made here have.
        unsafe { instance.set_code(self.code.clone()) };
        instance
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared")
            .field("native", &self.code.is_some())
            .field("hints", &self.hints)
            .finish()
    }
}
