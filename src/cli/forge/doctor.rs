//! `lau forge doctor`: the tables of what is there and what is not.
//!
//! The JSON object has, besides what every one has, the examination as it is (see
//! [`lau_agent_runtime::forge::doctor`]).

use super::table::table;
use lau_agent_runtime::forge::doctor::{Bound, Examination, State, examine};
use lau_agent_runtime::forge::toolchain::survey::Language;
use lau_agent_runtime::sandbox::Need;
use lau_command::report;
use lau_command::stop::{Exit, Stop};
use serde::Serialize;
use std::fmt::Write;

#[derive(Serialize)]
struct Report<'a> {
    command: &'static str,
    exit_code: u8,
    error: Option<&'a Stop>,
    #[serde(flatten)]
    examination: Option<&'a Examination>,
}

/// Examines the machine. The forge is closed (exit code 6) where skills in C cannot be built.
pub(super) fn doctor(json: bool) -> Exit {
    let examined = examine()
        .map_err(|error| Stop::usage(format!("cannot make what the canaries reach for: {error}")));
    let exit = match &examined {
        Ok(found) if found.builds_c => Exit::Finished,
        Ok(_) => Exit::Refused,
        Err(stop) => stop.exit,
    };
    if json {
        let (examination, error) = (examined.as_ref().ok(), examined.as_ref().err());
        let command = "forge doctor";
        return report::json(exit, &Report { command, exit_code: exit.code(), error, examination });
    }
    match &examined {
        Ok(found) => report::put(exit, &page(found)),
        Err(stop) => report::told(stop),
    }
}

fn page(found: &Examination) -> String {
    let mut page = layers(found);
    let mut line = |text: &str| {
        page.push_str(text);
        page.push('\n');
    };
    line("");
    let kernel = &found.kernel;
    let supported = if kernel.supported { "" } else { " (6.1 or later is needed)" };
    let landlock = kernel.landlock;
    line(&format!("kernel     Linux {}{supported}, Landlock {landlock}", kernel.release));
    let own = if found.user.own_for_jails {
        "jails have unused ids of their own"
    } else {
        "jails have this id: files are guarded by the empty root and Landlock"
    };
    line(&format!("user       {}, {own}", found.user.id));
    line(&format!("memory     {}", bound(&found.memory)));
    line(&format!("processes  {}", bound(&found.processes)));
    line("");
    page.push_str(&toolchains(found));
    let verdict = match (found.sandbox, found.builds_c) {
        (true, true) => "Jails hold here, and skills in C can be built.",
        (true, false) => "Jails hold here, but skills in C cannot be built: see the toolchains.",
        (false, _) => "The forge is closed: see the layers that do not work.",
    };
    let _ = writeln!(page, "\n{verdict} (self-test: {} ms)", found.selftest_us / 1000);
    page
}

fn layers(found: &Examination) -> String {
    let mut rows = vec![["layer", "need", "state", "what it does"].map(str::to_owned).to_vec()];
    for layer in &found.layers {
        let need = match layer.need {
            Need::Required => "required",
            Need::Additional => "additional",
        };
        let state = match layer.state {
            State::Works => "works",
            State::Present => "present",
            State::Missing => "MISSING",
            State::Fails => "FAILS",
            State::Unknown => "unknown",
        };
        let cells = [layer.layer.name(), need, state, layer.does];
        rows.push(cells.map(str::to_owned).to_vec());
    }
    let mut text = table(&rows);
    for layer in &found.layers {
        if let Some(detail) = &layer.detail {
            let _ = writeln!(text, "\n{}: {detail}", layer.layer);
        }
        if let Some(remedy) = layer.remedy.filter(|_| layer.state != State::Unknown) {
            let _ = writeln!(text, "{} remedy: {remedy}", layer.layer);
        }
    }
    text
}

fn bound(bound: &Bound) -> String {
    match &bound.reason {
        None => bound.by.clone(),
        Some(reason) => format!("{} (no control group: {reason})", bound.by),
    }
}

fn toolchains(found: &Examination) -> String {
    let mut rows = vec![["toolchain", "version", "program", "files"].map(str::to_owned).to_vec()];
    let mut lacking = String::new();
    for toolchain in &found.toolchains {
        let name = match toolchain.language {
            Language::C => "C",
            Language::Cpp => "C++",
            Language::Rust => "Rust",
            Language::Python => "Python",
        };
        let program = match (&toolchain.found, &toolchain.real) {
            (Some(found), Some(real)) if found != real => {
                format!("{} -> {}", found.display(), real.display())
            }
            (_, Some(path)) | (Some(path), None) => path.display().to_string(),
            (None, None) => "none".to_owned(),
        };
        let files: Vec<_> = toolchain.files.iter().map(|file| file.display().to_string()).collect();
        let version = toolchain.version.clone().unwrap_or_else(|| "-".to_owned());
        rows.push(vec![name.to_owned(), version, program, files.join(", ")]);
        for lack in &toolchain.lacking {
            let _ = writeln!(lacking, "{name}: {}; {}", lack.what, lack.remedy);
        }
    }
    table(&rows) + &lacking
}
