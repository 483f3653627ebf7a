//! `lau check`: what is wrong with a program, without running it. Warnings alone do not fail.
//!
//! The JSON object has, besides what every one has (see [`lau_command::report`]), `instructions`: how many the
//! program has, and `errors` and `warnings`: how many of each are listed.

use super::args::CheckArgs;
use super::findings::Findings;
use lau_agent_runtime::dsl::diagnostic::Diagnostic;
use lau_agent_runtime::lower::compile;
use lau_command::host::host;
use lau_command::report::{self, many};
use lau_command::source::{self, Source};
use lau_command::stop::{Exit, Stop};
use lau_command::terminal;
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

/// What came of a check.
struct Checked {
    source: Source,
    findings: Findings,
    instructions: usize,
}

/// Checks a program.
pub(crate) fn check(args: &CheckArgs) -> Exit {
    let checked = source::read(&args.file).map(|source| {
        let compiled = compile(&source.text, &host().interface());
        let (diagnostics, omitted) = (compiled.diagnostics, compiled.omitted);
        Checked {
            source,
            findings: Findings { diagnostics, omitted },
            instructions: compiled.instructions.len(),
        }
    });
    match &checked {
        Ok(Checked { source, findings, instructions }) if !args.json => {
            findings.draw(source);
            let instructions = many(*instructions as u64, "instruction");
            terminal::note(&format!("{}: {}, {instructions}", source.name, findings.counts()));
            findings.exit()
        }
        Err(stop) if !args.json => report::told(stop),
        Ok(_) | Err(_) => answer(&checked),
    }
}

fn answer(checked: &Result<Checked, Stop>) -> Exit {
    let (exit, checked, error) = match checked {
        Ok(checked) => (checked.findings.exit(), Some(checked), None),
        Err(stop) => (stop.exit, None, Some(stop)),
    };
    let findings = checked.map(|checked| &checked.findings);
    let errors = findings.map(Findings::errors);
    let diagnostics = findings.map_or(&[][..], |findings| &findings.diagnostics);
    let report = Report {
        command: "check",
        exit_code: exit.code(),
        instructions: checked.map(|checked| checked.instructions),
        errors,
        warnings: errors.map(|errors| diagnostics.len() - errors),
        diagnostics,
        omitted: findings.map_or(0, |findings| findings.omitted),
        error,
    };
    report::json(exit, &report)
}
