//! Engines: which of them runs a program.

use std::fmt;
use std::str::FromStr;

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
}

impl Engine {
    /// Every engine of this build.
    pub const ALL: &[Engine] = &[Engine::Interp];

    /// Its name, as `--engine` takes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Engine::Interp => "interp",
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
