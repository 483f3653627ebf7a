//! The diagnostics of one program: kept up to a limit, counted beyond it.
//!
//! Whoever looks for what is wrong reports here, from the first line read to the last warning of
//! lowering. Errors and warnings are kept apart, so that no number of warnings hides an error, and what
//! is not kept is not even made: programs with millions of findings are looked at as fast as others.

use super::diagnostic::{Code, Diagnostic, Severity, Span};

/// How many diagnostics are kept.
pub const DIAGNOSTICS_MAX: usize = 1_000;

/// Findings of one severity.
#[derive(Default)]
struct Kept {
    diagnostics: Vec<Diagnostic>,
    omitted: usize,
}

/// What was found so far.
#[derive(Default)]
pub(crate) struct Findings {
    errors: Kept,
    warnings: Kept,
}

impl Findings {
    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        self.report_with(diagnostic.code, || diagnostic);
    }

    /// Reports what is made only if there is room for it.
    pub(crate) fn report_with(&mut self, code: Code, make: impl FnOnce() -> Diagnostic) {
        let kept = match code.severity() {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        if kept.diagnostics.len() < DIAGNOSTICS_MAX {
            kept.diagnostics.push(make());
        } else {
            kept.omitted += 1;
        }
    }

    /// How many errors were reported.
    pub(crate) fn errors(&self) -> usize {
        self.errors.diagnostics.len() + self.errors.omitted
    }

    /// Gives findings about instructions the places of those.
    pub(crate) fn place(&mut self, spans: &[Span]) {
        for finding in self.errors.diagnostics.iter_mut().chain(&mut self.warnings.diagnostics) {
            if let (None, Some(at)) = (finding.span, finding.instruction) {
                finding.span = spans.get(at as usize).copied();
            }
        }
    }

    /// What was kept, in the order of the text, errors before warnings at the same place and where there
    /// is not room for both; and how many more there were.
    pub(crate) fn into_diagnostics(self) -> (Vec<Diagnostic>, usize) {
        let Findings { errors, mut warnings } = self;
        let mut all = errors.diagnostics;
        let room = DIAGNOSTICS_MAX - all.len();
        let left_out = warnings.diagnostics.len().saturating_sub(room);
        warnings.diagnostics.truncate(room);
        all.append(&mut warnings.diagnostics);
        (in_order(all), errors.omitted + warnings.omitted + left_out)
    }

    /// The errors that were kept, in the order of the text, and how many more there were.
    pub(crate) fn into_errors(self) -> (Vec<Diagnostic>, usize) {
        (in_order(self.errors.diagnostics), self.errors.omitted)
    }
}

fn in_order(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.sort_by_key(|finding| finding.span.map_or(usize::MAX, |span| span.start));
    diagnostics
}
