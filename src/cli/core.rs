//! What the command uses of the library's stages, in one place.

pub(crate) use lau_agent_runtime::dsl::print::print;
pub(crate) use lau_agent_runtime::lower::{Compiled, compile};
pub(crate) use lau_agent_runtime::{Instance, Linked};
pub(crate) use stand_in::{Engine, render};

/// Until `engine` and `dsl::render` are there.
mod stand_in {
    use lau_agent_runtime::Diagnostic;
    use std::fmt;

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) enum Engine {
        Interp,
    }

    impl fmt::Display for Engine {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("interp")
        }
    }

    impl std::str::FromStr for Engine {
        type Err = String;
        fn from_str(text: &str) -> Result<Self, String> {
            if text == "interp" { Ok(Engine::Interp) } else { Err("known is `interp`".into()) }
        }
    }

    pub(crate) fn render(name: &str, _: &str, found: &[Diagnostic], _colour: bool) -> String {
        let lines = found.iter().map(|finding| {
            let line = finding.span.map_or(0, |span| span.line);
            format!("{name}:{line}: {finding}")
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}
