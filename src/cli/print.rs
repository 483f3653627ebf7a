//! `lau print`: a program in one of its forms. Only a program without errors has any.
//!
//! The JSON object has, besides what every one has (see [`super::report`]), `stage`, and `text`: the form.

use super::args::{PrintArgs, Stage};
use super::report::{self, Findings};
use super::run::host;
use super::source;
use super::stop::{Exit, Stop};
use lau_agent_runtime::Linked;
use lau_agent_runtime::codegen::Options;
use lau_agent_runtime::codegen::listing::{Form, list};
use lau_agent_runtime::dsl::diagnostic::Diagnostic;
use lau_agent_runtime::dsl::print::print as print_instructions;
use lau_agent_runtime::lower::{Compiled, compile};
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

/// Prints a program.
pub(crate) fn print(args: &PrintArgs) -> Exit {
    let printed = source::read(&args.file).and_then(|source| {
        let mut compiled = compile(&source.text, &host().interface());
        let text = form(args.stage, &mut compiled, &source.text)?;
        let (diagnostics, omitted) = (compiled.diagnostics, compiled.omitted);
        Ok((Findings { source, diagnostics, omitted }, text))
    });
    match &printed {
        Ok((findings, text)) if !args.json => {
            findings.draw();
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

fn answer(stage: Stage, printed: &Result<(Findings, Option<String>), Stop>) -> Exit {
    let (exit, found, error) = match printed {
        Ok(found) => (found.0.exit(), Some(found), None),
        Err(stop) => (stop.exit, None, Some(stop)),
    };
    let report = Report {
        command: "print",
        exit_code: exit.code(),
        stage: stage.name(),
        text: found.and_then(|(_, text)| text.as_deref()),
        diagnostics: found.map_or(&[], |(findings, _)| &findings.diagnostics),
        omitted: found.map_or(0, |(findings, _)| findings.omitted),
        error,
    };
    report::json(exit, &report)
}
