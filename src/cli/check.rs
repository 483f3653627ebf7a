//! `lau check`: what is wrong with a program, without running it. Warnings alone do not fail.
//!
//! The JSON object has, besides what every one has (see [`super::report`]), `instructions`: how many the
//! program has, and `errors` and `warnings`: how many of each are listed.

use super::args::CheckArgs;
use super::report::{self, Findings, many};
use super::run::host;
use super::source;
use super::stop::{Exit, Stop};
use lau_agent_runtime::dsl::diagnostic::Diagnostic;
use lau_agent_runtime::lower::compile;
use serde::Serialize;

#[derive(Serialize)]
struct Report<'a> {
    command: &'static str,
    exit_code: u8,
    instructions: Option<usize>,
    errors: Option<usize>,
    warnings: Option<usize>,
    diagnostics: &'a [Diagnostic],
    omitted: usize,
    error: Option<&'a Stop>,
}

/// Checks a program.
pub(crate) fn check(args: &CheckArgs) -> Exit {
    let checked = source::read(&args.file).map(|source| {
        let compiled = compile(&source.text, &host().interface());
        let (diagnostics, omitted) = (compiled.diagnostics, compiled.omitted);
        (Findings { source, diagnostics, omitted }, compiled.instructions.len())
    });
    match &checked {
        Ok((findings, instructions)) if !args.json => {
            findings.draw();
            let name = &findings.source.name;
            let instructions = many(*instructions as u64, "instruction");
            super::terminal::note(&format!("{name}: {}, {instructions}", findings.counts()));
            findings.exit()
        }
        Err(stop) if !args.json => report::told(stop),
        Ok(_) | Err(_) => answer(&checked),
    }
}

fn answer(checked: &Result<(Findings, usize), Stop>) -> Exit {
    let (exit, found, error) = match checked {
        Ok(found) => (found.0.exit(), Some(found), None),
        Err(stop) => (stop.exit, None, Some(stop)),
    };
    let findings = found.map(|(findings, _)| findings);
    let errors = findings.map(Findings::errors);
    let diagnostics = findings.map_or(&[][..], |findings| &findings.diagnostics);
    let report = Report {
        command: "check",
        exit_code: exit.code(),
        instructions: found.map(|(_, instructions)| *instructions),
        errors,
        warnings: errors.map(|errors| diagnostics.len() - errors),
        diagnostics,
        omitted: findings.map_or(0, |findings| findings.omitted),
        error,
    };
    report::json(exit, &report)
}
