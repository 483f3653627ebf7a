//! `lau print`: a program in one of its forms. Only a program without errors has any.
//!
//! The JSON object has, besides what every one has (see [`lau_command::report`]), `stage`, and `text`: the form.

use super::args::{PrintArgs, Stage};
use super::findings::Findings;
use lau_agent_runtime::Linked;
use lau_agent_runtime::codegen::Options;
use lau_agent_runtime::codegen::listing::{Form, list};
use lau_agent_runtime::dsl::diagnostic::Diagnostic;
use lau_agent_runtime::dsl::print::print as print_instructions;
use lau_agent_runtime::lower::{Compiled, compile};
use lau_command::host::host;
use lau_command::report;
use lau_command::source::{self, Source};
use lau_command::stop::{Exit, Stop};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct Report<'a> {
    command: &'static str,
    exit_code: u8,
    stage: &'static str,
    text: Option<&'a str>,
    diagnostics: &'a [Diagnostic],
    omitted: usize,
    error: Option<&'a Stop>,
}

/// What came of printing.
struct Printed {
    source: Source,
    findings: Findings,
    text: Option<String>,
}

/// Prints a program.
pub(crate) fn print(args: &PrintArgs) -> Exit {
    let printed = source::read(&args.file).and_then(|source| {
        let mut compiled = compile(&source.text, &host().interface());
        let text = form(args.stage, &mut compiled, &source.text)?;
        let (diagnostics, omitted) = (compiled.diagnostics, compiled.omitted);
        Ok(Printed { source, findings: Findings { diagnostics, omitted }, text })
    });
    match &printed {
        Ok(Printed { source, findings, text }) if !args.json => {
            findings.draw(source);
            report::put(findings.exit(), text.as_deref().unwrap_or_default())
        }
        Err(stop) if !args.json => report::told(stop),
        Ok(_) | Err(_) => answer(args.stage, &printed),
    }
}

/// The form of a program, which is taken, if there is one.
fn form(stage: Stage, compiled: &mut Compiled, source: &str) -> Result<Option<String>, Stop> {
    let Some(program) = compiled.program.take() else { return Ok(None) };
    let linked = Linked::new(Arc::new(program), host().interface());
    let native = |form| {
        list(&linked, &Options::default(), form, source)
            .map_err(|refusal| Stop::new(Exit::Limit, refusal.to_string()))
    };
    Ok(Some(match stage {
        Stage::Tokens => print_instructions(&compiled.instructions),
        Stage::Ir => linked.program().to_string(),
        Stage::Facts => native(Form::Facts)?,
        Stage::Clif => native(Form::Clif)?,
        Stage::Asm => native(Form::Asm)?,
    }))
}

fn answer(stage: Stage, printed: &Result<Printed, Stop>) -> Exit {
    let (exit, printed, error) = match printed {
        Ok(printed) => (printed.findings.exit(), Some(printed), None),
        Err(stop) => (stop.exit, None, Some(stop)),
    };
    let report = Report {
        command: "print",
        exit_code: exit.code(),
        stage: stage.name(),
        text: printed.and_then(|printed| printed.text.as_deref()),
        diagnostics: printed.map_or(&[], |printed| &printed.findings.diagnostics),
        omitted: printed.map_or(0, |printed| printed.findings.omitted),
        error,
    };
    report::json(exit, &report)
}
