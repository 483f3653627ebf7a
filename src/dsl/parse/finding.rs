//! The diagnostics of one text: kept up to a limit, counted beyond it.
//!
//! Errors and warnings are kept apart while reading, so that no number of warnings hides an error.

use crate::dsl::diagnostic::{Code, Diagnostic, Severity};

/// How many diagnostics are kept.
pub const DIAGNOSTICS_MAX: usize = 1_000;

#[derive(Default)]
pub(super) struct Findings {
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    omitted: usize,
}

impl Findings {
    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        let kept = match diagnostic.severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        if kept.len() < DIAGNOSTICS_MAX {
            kept.push(diagnostic);
        } else {
            self.omitted += 1;
        }
    }

    /// Whether a diagnostic of that code would only be counted: not worth working out its help.
    pub(super) fn is_full(&self, code: Code) -> bool {
        let kept = match code.severity() {
            Severity::Error => &self.errors,
            Severity::Warning => &self.warnings,
        };
        kept.len() >= DIAGNOSTICS_MAX
    }

    /// Counts a diagnostic for which there is no room.
    pub(super) fn omit(&mut self, code: Code) {
        debug_assert!(self.is_full(code));
        self.omitted += 1;
    }

    /// What was kept, in the order of the text, and how many were not.
    pub(super) fn into_diagnostics(mut self) -> (Vec<Diagnostic>, usize) {
        let room = DIAGNOSTICS_MAX - self.errors.len();
        self.omitted += self.warnings.len().saturating_sub(room);
        self.warnings.truncate(room);
        let mut all = self.errors;
        all.append(&mut self.warnings);
        all.sort_by_key(|diagnostic| diagnostic.span.map(|span| span.start));
        (all, self.omitted)
    }
}
