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
        self.report_with(diagnostic.code, || diagnostic);
    }

    /// Reports what is made only if there is room for it: texts with millions of findings are read as
    /// fast as others.
    pub(super) fn report_with(&mut self, code: Code, make: impl FnOnce() -> Diagnostic) {
        let kept = match code.severity() {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        if kept.len() < DIAGNOSTICS_MAX {
            kept.push(make());
        } else {
            self.omitted += 1;
        }
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
