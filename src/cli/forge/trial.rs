//! `lau forge try`: a plan from its text to the objects, in the jail.
//!
//! The JSON object has, besides what every one has: `stage`, the last that was begun; `name` of the skill; `request`, by
//! which the audit knows it; `faults` of the plan or of a source; `report`, what the compiler said; `key`, `objects`
//! (`source`, `hash`, `bytes`) and `used` of a build.

use super::super::args::TryArgs;
use super::closed;
use lau_agent_runtime::forge::build::{BuildError, Built, PlanningError};
use lau_agent_runtime::forge::diagnostic::{Diagnostic, Report, Severity, Where};
use lau_agent_runtime::forge::plan::{Fault, Form};
use lau_agent_runtime::forge::shown::shown;
use lau_agent_runtime::forge::source::Origin;
use lau_agent_runtime::forge::{Forge, ForgeError};
use lau_agent_runtime::sandbox;
use lau_command::interrupt::{INTERRUPTED, noticed};
use lau_command::report::{self, many};
use lau_command::stop::{Exit, Stop};
use lau_command::terminal;
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;

#[derive(Default, Serialize)]
struct Answer<'a> {
    command: &'static str,
    exit_code: u8,
    error: Option<&'a Stop>,
    stage: Option<&'static str>,
    name: Option<&'a str>,
    request: Option<String>,
    faults: &'a [Fault],
    report: Option<&'a Report>,
    key: Option<String>,
    objects: Vec<Value>,
    used: Option<sandbox::Used>,
}

/// How far a try came.
enum Came {
    Faulty(Vec<Fault>, usize),
    Refused(Box<Report>),
    Built(Box<Built>),
}

/// Tries a plan.
pub(super) fn trial(args: &TryArgs) -> Exit {
    let (came, interrupted) = noticed(|interrupted| (attempt(args, interrupted), interrupted()));
    if interrupted && came.is_err() {
        terminal::note("interrupted; nothing was written");
        std::process::exit(INTERRUPTED);
    }
    let exit = match &came {
        Ok(Came::Built(_)) => Exit::Finished,
        Ok(Came::Faulty(..) | Came::Refused(_)) => Exit::Source,
        Err(stop) => stop.exit,
    };
    if args.json {
        return report::json(exit, &answer(exit, &came));
    }
    match &came {
        Ok(Came::Faulty(faults, untold)) => {
            for fault in faults {
                terminal::draw(&format!("{}:{fault}", args.plan.display()));
            }
            let count = faults.len() + untold;
            terminal::note(&format!("the plan has {}", many(count as u64, "fault")));
            exit
        }
        Ok(Came::Refused(report)) => {
            draw(report);
            terminal::note("the compiler refused the source");
            exit
        }
        Ok(Came::Built(built)) => {
            draw(built.report());
            let mut text = String::new();
            for object in built.objects() {
                let (hash, bytes) = (object.hash.to_hex(), object.bytes.len());
                let _ = writeln!(text, "{}  {bytes:>8}  {}", &hash[..16], object.source);
            }
            let used = built.used();
            terminal::note(&format!(
                "{}: {} in {} ms, {} MiB at most",
                built.planned().plan().name(),
                many(built.objects().len() as u64, "object"),
                used.wall_us / 1000,
                used.memory_peak_bytes >> 20,
            ));
            report::put(exit, &text)
        }
        Err(stop) => report::told(stop),
    }
}

fn answer<'a>(exit: Exit, came: &'a Result<Came, Stop>) -> Answer<'a> {
    let answer = Answer { command: "forge try", exit_code: exit.code(), ..Answer::default() };
    match came {
        Ok(Came::Faulty(faults, _)) => Answer { stage: Some("plan"), faults, ..answer },
        Ok(Came::Refused(report)) => {
            Answer { stage: Some("build"), report: Some(report), ..answer }
        }
        Ok(Came::Built(built)) => Answer {
            stage: Some("build"),
            name: Some(built.planned().plan().name()),
            request: Some(built.planned().request().to_string()),
            report: Some(built.report()),
            key: Some(built.key().to_hex().to_string()),
            objects: built
                .objects()
                .iter()
                .map(|object| {
                    let hash = object.hash.to_hex().to_string();
                    json!({ "source": object.source, "hash": hash, "bytes": object.bytes.len() })
                })
                .collect(),
            used: Some(built.used()),
            ..answer
        },
        Err(stop) => Answer { error: Some(stop), ..answer },
    }
}

fn attempt(args: &TryArgs, interrupted: &dyn Fn() -> bool) -> Result<Came, Stop> {
    let form = Form::of(&args.plan)
        .ok_or_else(|| Stop::usage("a plan is a .toml or .json file").about(&args.plan))?;
    let text = std::fs::read_to_string(&args.plan)
        .map_err(|error| Stop::unreadable(&args.plan, &error))?;
    let forge = Forge::open(args.home.as_deref()).map_err(|error| closed(&error))?;
    let folder = args.plan.parent().filter(|folder| !folder.as_os_str().is_empty());
    let origin = Origin::Folder(folder.unwrap_or(Path::new(".")).to_owned());
    let planned = match forge.plan(&text, form, &origin) {
        Ok(planned) => planned,
        Err(PlanningError::Plan(error)) => return Ok(Came::Faulty(error.faults, error.untold)),
        Err(PlanningError::Source(error)) => {
            return Err(Stop::new(Exit::Source, error.to_string()).about(&args.plan));
        }
        Err(PlanningError::Audit(error)) => return Err(closed(&error)),
    };
    let built = match forge.build(planned, Some(interrupted)) {
        Ok(built) => built,
        Err(ForgeError::Build(BuildError::Refused(report))) => return Ok(Came::Refused(report)),
        Err(error) => return Err(stop(&error)),
    };
    if let Some(folder) = &args.out {
        write(&built, folder)?;
    }
    Ok(Came::Built(Box::new(built)))
}

/// What the forge's own errors mean for the exit code.
fn stop(error: &ForgeError) -> Stop {
    let exit = match error {
        ForgeError::Toolchain(_) => Exit::Refused,
        ForgeError::Home(_) | ForgeError::Audit(_) | ForgeError::Fingerprint(_) => Exit::Usage,
        ForgeError::Build(error) => match error {
            BuildError::Limit { .. } | BuildError::Busy => Exit::Limit,
            BuildError::Refused(_) | BuildError::Object { .. } | BuildError::Language(_) => {
                Exit::Source
            }
            BuildError::Sandbox(error) if error.missing().is_some() => Exit::Refused,
            BuildError::Sandbox(_) | BuildError::Audit(_) | BuildError::Cancelled => Exit::Usage,
        },
    };
    let help = if exit == Exit::Refused { "; `lau forge doctor` tells more" } else { "" };
    Stop::new(exit, format!("{error}{help}"))
}

/// Objects under the names of their sources, with `/` as `_`, so that none lies outside of the folder.
fn write(built: &Built, folder: &Path) -> Result<(), Stop> {
    let fail = |path: &Path, error: std::io::Error| {
        Stop::usage(format!("cannot write it: {error}")).about(path)
    };
    std::fs::create_dir_all(folder).map_err(|error| fail(folder, error))?;
    for object in built.objects() {
        let path = folder.join(format!("{}.o", object.source.replace('/', "_")));
        std::fs::write(&path, &object.bytes).map_err(|error| fail(&path, error))?;
    }
    Ok(())
}

/// What the compiler said, with the lines it is about.
fn draw(report: &Report) {
    let mut text = String::new();
    for diagnostic in &report.diagnostics {
        draw_one(&mut text, diagnostic);
    }
    for line in &report.rest {
        let _ = writeln!(text, "{line}");
    }
    let more = report.left_out.diagnostics + report.left_out.rest;
    if more > 0 {
        let _ = writeln!(text, "{} more not shown", many(more as u64, "finding"));
    }
    if !text.is_empty() {
        terminal::draw(&text);
    }
}

fn draw_one(text: &mut String, diagnostic: &Diagnostic) {
    let place = match &diagnostic.file {
        Where::Source(name) => shown(name),
        Where::Header(name) => format!("<{}>", shown(name)),
        Where::Elsewhere => "compiler".to_owned(),
    };
    let _ = write!(text, "{place}:");
    for number in [diagnostic.line, diagnostic.column].into_iter().flatten() {
        let _ = write!(text, "{number}:");
    }
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let option = diagnostic.option.as_ref().map(|option| format!(" [{option}]"));
    let _ = writeln!(text, " {severity}: {}{}", diagnostic.message, option.unwrap_or_default());
    for line in &diagnostic.lines {
        let mark = if Some(line.number) == diagnostic.line { '>' } else { ' ' };
        let _ = writeln!(text, "  {mark} {:>5} | {}", line.number, line.text);
    }
}
