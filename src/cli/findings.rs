//! What was found in the source of a program: drawn, counted, and what it means for the exit code.

use lau_agent_runtime::dsl::diagnostic::{Code, Diagnostic};
use lau_agent_runtime::dsl::render::render;
use lau_command::ended::Found;
use lau_command::report::many;
use lau_command::source::Source;
use lau_command::stop::Exit;
use lau_command::terminal;

/// What was found in a source text.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// What was found, in source order.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// How many more there are.
    pub(crate) omitted: usize,
}

impl Findings {
    /// How many of those listed are errors.
    pub(crate) fn errors(&self) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count()
    }

    /// What the findings alone mean for the exit code: warnings do not fail, and a program with more
    /// of something than there may be has hit a limit.
    pub(crate) fn exit(&self) -> Exit {
        if self.diagnostics.iter().any(|diagnostic| diagnostic.code == Code::TooLarge) {
            Exit::Limit
        } else if self.errors() > 0 {
            Exit::Source
        } else {
            Exit::Finished
        }
    }

    /// The findings as they are told with a run.
    pub(crate) fn found(&self) -> Found<'_, Diagnostic> {
        Found { diagnostics: &self.diagnostics, omitted: self.omitted, exit: self.exit() }
    }

    /// Draws the findings over the lines of their source on standard error.
    pub(crate) fn draw(&self, source: &Source) {
        if !self.diagnostics.is_empty() {
            let colour = terminal::colour();
            let Source { name, text } = source;
            terminal::draw(&render(name, text, &self.diagnostics, colour));
        }
        if self.omitted > 0 {
            terminal::note(&format!("{} more not shown", many(self.omitted as u64, "finding")));
        }
    }

    /// `2 errors, 1 warning`.
    pub(crate) fn counts(&self) -> String {
        let errors = self.errors();
        let warnings = self.diagnostics.len() - errors;
        format!("{}, {}", many(errors as u64, "error"), many(warnings as u64, "warning"))
    }
}
