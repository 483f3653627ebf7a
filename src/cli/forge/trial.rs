//! `lau forge try`: a plan from its text to the objects, in the jail.
//!
//! The JSON object has, besides what every one has: `stage`, the last that was begun; `name` of the skill; `request`, by
//! which the audit knows it; `faults` of the plan, `sources` that cannot be taken; `report`, what the compiler said; `limit`
//! that was hit (`limit`, `source`, `used`); `key`, `objects` (`source`, `hash`, `bytes`) and `used` of a build.

use super::super::args::TryArgs;
use super::closed;
use lau_agent_runtime::forge::build::{BuildError, Built, PlanningError};
use lau_agent_runtime::forge::diagnostic::{Diagnostic, Report, Severity, Where};
use lau_agent_runtime::forge::plan::{Fault, Form, PLAN_BYTES_MAX};
use lau_agent_runtime::forge::shown::shown;
use lau_agent_runtime::forge::source::{Origin, SourceError};
use lau_agent_runtime::forge::{Forge, ForgeError};
use lau_agent_runtime::sandbox;
use lau_command::interrupt::{INTERRUPTED, noticed};
use lau_command::report::{self, many};
use lau_command::stop::{Exit, Stop};
use lau_command::terminal;
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs::Permissions;
use std::io::{Read, Write as _};
use std::os::unix::fs::PermissionsExt;
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
    sources: &'a [SourceError],
    limit: Option<&'a Value>,
    report: Option<&'a Report>,
    key: Option<String>,
    objects: Vec<Value>,
    used: Option<sandbox::Used>,
}

/// What is being built.
struct About {
    name: String,
    request: String,
}

/// How far a try came.
enum Came {
    Faulty(Vec<Fault>, usize),
    Sources(Vec<SourceError>),
    Refused(About, Box<Report>),
    Limited(About, Stop, Value, Box<Report>),
    Built(Box<Built>),
}

/// Tries a plan.
pub(super) fn trial(args: &TryArgs) -> Exit {
    let (came, interrupted) = noticed(|interrupted| (attempt(args, interrupted), interrupted()));
    if interrupted && came.is_err() {
        terminal::note("interrupted");
        std::process::exit(INTERRUPTED);
    }
    let exit = match &came {
        Ok(Came::Built(_)) => Exit::Finished,
        Ok(Came::Faulty(..) | Came::Sources(_) | Came::Refused(..)) => Exit::Source,
        Ok(Came::Limited(_, stop, ..)) => stop.exit,
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
        Ok(Came::Sources(faults)) => {
            for fault in faults {
                terminal::draw(&fault.to_string());
            }
            let count = many(faults.len() as u64, "source file");
            terminal::note(&format!("{}: {count} cannot be taken", args.plan.display()));
            exit
        }
        Ok(Came::Refused(_, report)) => {
            draw(report);
            terminal::note("the compiler refused the source");
            exit
        }
        Ok(Came::Limited(_, stop, _, report)) => {
            draw(report);
            report::told(stop)
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
        Ok(Came::Sources(sources)) => Answer { stage: Some("plan"), sources, ..answer },
        Ok(Came::Refused(about, report)) => {
            Answer { report: Some(report), ..of_build(answer, about) }
        }
        Ok(Came::Limited(about, stop, limit, report)) => Answer {
            error: Some(stop),
            limit: Some(limit),
            report: Some(report),
            ..of_build(answer, about)
        },
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

fn of_build<'a>(answer: Answer<'a>, about: &'a About) -> Answer<'a> {
    let request = Some(about.request.clone());
    Answer { stage: Some("build"), name: Some(&about.name), request, ..answer }
}

fn attempt(args: &TryArgs, interrupted: &dyn Fn() -> bool) -> Result<Came, Stop> {
    let form = Form::of(&args.plan)
        .ok_or_else(|| Stop::usage("a plan is a .toml or .json file").about(&args.plan))?;
    let text = text(&args.plan)?;
    let forge = Forge::open(args.home.as_deref()).map_err(|error| closed(&error))?;
    let folder = args.plan.parent().filter(|folder| !folder.as_os_str().is_empty());
    let origin = Origin::Folder(folder.unwrap_or(Path::new(".")).to_owned());
    let planned = match forge.plan(&text, form, &origin) {
        Ok(planned) => planned,
        Err(PlanningError::Plan(error)) => return Ok(Came::Faulty(error.faults, error.untold)),
        Err(PlanningError::Source(faults)) => return Ok(Came::Sources(faults)),
        Err(PlanningError::Audit(error)) => return Err(closed(&error)),
    };
    let about =
        About { name: planned.plan().name().to_owned(), request: planned.request().to_string() };
    let built = match forge.build(planned, Some(interrupted)) {
        Ok(built) => built,
        Err(ForgeError::Build(BuildError::Refused(report))) => {
            return Ok(Came::Refused(about, report));
        }
        Err(ForgeError::Build(error)) => {
            let stop = stopped(&error);
            if let BuildError::Limit { source, limit, used, report } = error {
                let limit = json!({ "limit": limit, "source": source, "used": used });
                return Ok(Came::Limited(about, stop, limit, report));
            }
            return Err(stop);
        }
        Err(error) => return Err(stop(&error)),
    };
    if let Some(folder) = &args.out {
        write(&built, folder)?;
    }
    Ok(Came::Built(Box::new(built)))
}

/// The text of a plan: of a regular file, since a pipe might never end.
fn text(plan: &Path) -> Result<String, Stop> {
    let unreadable = |error: std::io::Error| Stop::unreadable(plan, &error);
    if !std::fs::metadata(plan).map_err(unreadable)?.is_file() {
        return Err(Stop::usage("a plan is a regular file").about(plan));
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(plan).map_err(unreadable)?;
    // One byte more than is allowed, for the reader of plans to see.
    file.take(PLAN_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    String::from_utf8(bytes).or_else(|error| {
        // A plan that is too long may have been cut within a character.
        let cut = error.as_bytes().len() > PLAN_BYTES_MAX;
        let stop = || Stop::new(Exit::Source, "it is not UTF-8").about(plan);
        if cut { Ok(String::from_utf8_lossy(error.as_bytes()).into_owned()) } else { Err(stop()) }
    })
}

/// What the forge's own errors mean for the exit code.
fn stop(error: &ForgeError) -> Stop {
    match error {
        ForgeError::Home(_) | ForgeError::Audit(_) => closed(error),
        ForgeError::Build(error) => stopped(error),
        ForgeError::Toolchain(_) | ForgeError::Fingerprint(_) => machine(error),
    }
}

fn stopped(error: &BuildError) -> Stop {
    match error {
        BuildError::Limit { .. } | BuildError::Busy => Stop::new(Exit::Limit, error.to_string()),
        BuildError::Object { refused: sandbox::Refused::Long { .. }, .. } => {
            Stop::new(Exit::Limit, error.to_string())
        }
        BuildError::Refused(_) | BuildError::Object { .. } | BuildError::Language(_) => {
            Stop::new(Exit::Source, error.to_string())
        }
        BuildError::Sandbox(_) => machine(error),
        BuildError::Audit(_) | BuildError::Cancelled => closed(error),
    }
}

/// This machine could not do it, whatever the plan is.
fn machine(error: &impl std::fmt::Display) -> Stop {
    Stop::new(Exit::Refused, format!("{error}; `lau forge doctor` tells more"))
}

/// Objects below a folder as their sources are below the plan's, with `.o` for `.c`. Each takes the place of what has its
/// name: a link is replaced, not followed.
fn write(built: &Built, folder: &Path) -> Result<(), Stop> {
    for object in built.objects() {
        let path = folder.join(&object.source).with_extension("o");
        let fail =
            |error: std::io::Error| Stop::usage(format!("cannot write it: {error}")).about(&path);
        let above = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(above).map_err(fail)?;
        let mut file = tempfile::NamedTempFile::new_in(above).map_err(fail)?;
        file.write_all(&object.bytes).map_err(fail)?;
        file.as_file().set_permissions(Permissions::from_mode(0o644)).map_err(fail)?;
        file.persist(&path).map_err(|error| fail(error.error))?;
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
        Where::Header(name) => shown(name),
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
    if let Some(help) = diagnostic.help {
        let _ = writeln!(text, "    help: {help}");
    }
    for line in &diagnostic.lines {
        let mark = if Some(line.number) == diagnostic.line { '>' } else { ' ' };
        let _ = writeln!(text, "  {mark} {:>5} | {}", line.number, line.text);
    }
}
