//! Plan and build: what an agent asked for becomes a [`Planned`], and that a [`Built`], each recorded before and after.
//!
//! Every source file is compiled in a jail of its own, twice: the syntax first, which is quick and writes nothing, then
//! the object. Flags, environment and limits are the forge's alone. What comes back is fetched when every process of the
//! jail is gone, and is bytes that nobody here looks into: scanning is for the next stage, and for a jail.
//!
//! A build ends in one of four ways ([`BuildError`]): objects; a refusal by the compiler, which is a fact about the
//! source; a limit, which is not; and a failure of the machine, which says nothing about the source at all.

mod error;

pub use error::{BuildError, Limit, PlanningError};

use crate::forge::audit::{Audit, Intent, Request, Stage};
use crate::forge::diagnostic::{Places, Report, Source};
use crate::forge::plan::{Form, Language, Plan};
use crate::forge::source::{self, Origin, SourceFile};
use crate::forge::toolchain::flags::{Aim, Unit};
use crate::forge::toolchain::{CToolchain, Fingerprint, Kind};
use crate::sandbox::{
    self, Cancel, Ended, Jail, Limits, Profile, Program, Status, Stopped, Taken, Used,
};
use serde_json::{Value, json};
use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long all compilations of one plan may take together.
pub const BUILD_WALL: Duration = Duration::from_secs(60);

/// How long a build waits for its turn.
pub const TURN_WALL: Duration = Duration::from_secs(120);

/// The longest object file that is taken, in bytes.
pub const OBJECT_BYTES_MAX: u64 = 32 << 20;

/// The name of the object, in the jail.
const OBJECT: &str = "skill.o";

/// A plan that is one, with its sources as they were read.
#[derive(Debug)]
pub struct Planned {
    request: Request,
    plan: Plan,
    sources: Vec<SourceFile>,
}

impl Planned {
    /// The request that all rows of it in the audit have.
    #[must_use]
    pub fn request(&self) -> Request {
        self.request
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Its sources.
    #[must_use]
    pub fn sources(&self) -> &[SourceFile] {
        &self.sources
    }
}

/// A plan whose sources have been compiled. Nothing of it has run, or been looked into.
#[derive(Debug)]
pub struct Built {
    planned: Planned,
    objects: Vec<Object>,
    key: blake3::Hash,
    report: Report,
    used: Used,
}

/// One compiled source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// The source it comes from.
    pub source: String,
    /// The object file.
    pub bytes: Vec<u8>,
    /// The hash of the bytes.
    pub hash: blake3::Hash,
}

impl Built {
    /// What was planned.
    #[must_use]
    pub fn planned(&self) -> &Planned {
        &self.planned
    }

    /// The objects, in the order of their sources.
    #[must_use]
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// The hash of all that the objects depend on: language, sources, flags, toolchain and this program's version.
    #[must_use]
    pub fn key(&self) -> blake3::Hash {
        self.key
    }

    /// Warnings.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// What the compilations used together; of memory, the most that one did.
    #[must_use]
    pub fn used(&self) -> Used {
        self.used
    }
}

/// Reads a plan and its sources. The text of the plan and what came of it are recorded.
///
/// # Errors
///
/// [`PlanningError`].
pub fn plan(
    audit: &Audit,
    text: &str,
    form: Form,
    origin: &Origin,
) -> Result<Planned, PlanningError> {
    let request = Request::new().map_err(PlanningError::Audit)?;
    let intent = audit
        .intent(request, Stage::Plan, json!({ "text": hex(&blake3::hash(text.as_bytes())) }))
        .map_err(PlanningError::Audit)?;
    let plan = Plan::read(text, form).map_err(PlanningError::Plan);
    let planned = plan.and_then(|plan| {
        let sources = source::read(plan.source(), origin).map_err(PlanningError::Source)?;
        Ok(Planned { request, plan, sources })
    });
    let body = match &planned {
        Ok(planned) => {
            let file = |file: &SourceFile| json!({ "name": file.name, "hash": hex(&file.hash()), "bytes": file.text.len() });
            json!({
                "verdict": "planned",
                "name": planned.plan.name(),
                "language": planned.plan.language(),
                "plan": hex(&planned.plan.hash()),
                "sources": planned.sources.iter().map(file).collect::<Vec<_>>(),
            })
        }
        Err(PlanningError::Plan(error)) => {
            let first = error.faults.first().map(ToString::to_string);
            json!({ "verdict": "refused", "detail": first, "faults": error.faults })
        }
        Err(PlanningError::Source(faults)) => {
            let first = faults.first().map(ToString::to_string);
            json!({ "verdict": "refused", "detail": first, "sources": faults })
        }
        Err(PlanningError::Audit(_)) => json!({ "verdict": "failed" }),
    };
    intent.result(audit, body).map_err(PlanningError::Audit)?;
    planned
}

/// Compiles, with a toolchain and its fingerprint.
#[derive(Debug)]
pub struct Builder {
    toolchain: CToolchain,
    fingerprint: Fingerprint,
    places: Places,
    taken: Vec<Taken>,
    limits: Limits,
}

impl Builder {
    /// A builder of C.
    #[must_use]
    pub fn new(toolchain: CToolchain, fingerprint: Fingerprint) -> Builder {
        let places =
            Places::of(&toolchain, Path::new(sandbox::WORKSPACE), Path::new(sandbox::TEMPORARY));
        let taken = toolchain.compile.iter().map(|tool| Taken {
            host: tool.host.clone(),
            inside: tool.inside.clone(),
            folder: tool.kind == Kind::Folder,
            execute: tool.kind == Kind::File,
        });
        let taken = taken.collect();
        Builder { toolchain, fingerprint, places, taken, limits: Limits::default() }
    }

    /// With other limits for a compilation.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Builder {
        self.limits = limits;
        self
    }

    /// The toolchain.
    #[must_use]
    pub fn toolchain(&self) -> &CToolchain {
        &self.toolchain
    }

    /// Compiles the sources of a plan. When `cancel` says so, it ends soon.
    ///
    /// # Errors
    ///
    /// [`BuildError`]; what it was is recorded.
    pub fn build(
        &self,
        audit: &Audit,
        planned: Planned,
        cancel: Option<Cancel<'_>>,
    ) -> Result<Built, BuildError> {
        let started = Instant::now();
        let key = self.key(&planned);
        let intent = audit.intent(planned.request, Stage::Build, self.intention(&planned, &key))?;
        let mut log = Vec::new();
        let compiled = self.compile_all(&planned, cancel, &mut log);
        self.record(audit, intent, started, &compiled, &log)?;
        let Compiled { objects, report, used } = compiled?;
        Ok(Built { planned, objects, key, report, used })
    }

    /// What is recorded before anything runs.
    fn intention(&self, planned: &Planned, key: &blake3::Hash) -> Value {
        let commands = self.units(planned).map(|file| {
            let arguments = self.arguments(file, Aim::Object);
            Value::from(arguments.iter().map(|one| one.to_string_lossy()).collect::<Vec<_>>())
        });
        json!({
            "key": hex(key),
            "plan": hex(&planned.plan.hash()),
            "toolchain": {
                "driver": self.toolchain.driver,
                "version": self.toolchain.version.to_string(),
                "fingerprint": hex(&self.fingerprint.hash()),
            },
            "commands": commands.collect::<Vec<_>>(),
            "limits": {
                "wall_ms": millis(self.limits.wall),
                "cpu_ms": millis(self.limits.cpu),
                "memory_bytes": self.limits.memory_bytes,
                "processes": self.limits.processes,
                "output_bytes": self.limits.output_bytes,
                "workspace_bytes": self.limits.workspace_bytes,
            },
        })
    }

    /// What is recorded afterwards, however it ended.
    fn record(
        &self,
        audit: &Audit,
        intent: Intent,
        started: Instant,
        compiled: &Result<Compiled, BuildError>,
        log: &[u8],
    ) -> Result<(), BuildError> {
        let mut body = match compiled {
            Ok(Compiled { objects, used, report }) => json!({
                "verdict": "built",
                "objects": objects.iter().map(|object| json!({
                    "source": object.source,
                    "hash": hex(&object.hash),
                    "bytes": object.bytes.len(),
                })).collect::<Vec<_>>(),
                "used": used,
                "warnings": report.diagnostics.len(),
            }),
            Err(BuildError::Refused(report)) => json!({ "verdict": "refused", "report": report }),
            Err(BuildError::Limit { source, limit, used, .. }) => {
                json!({ "verdict": "limit", "source": source, "limit": limit, "used": used })
            }
            Err(BuildError::Cancelled) => json!({ "verdict": "cancelled" }),
            Err(BuildError::Object { .. } | BuildError::Language(_)) => {
                json!({ "verdict": "refused", "detail": detail(compiled) })
            }
            Err(BuildError::Busy | BuildError::Sandbox(_) | BuildError::Audit(_)) => {
                json!({ "verdict": "environment", "detail": detail(compiled) })
            }
        };
        if let Some(fields) = body.as_object_mut() {
            let latency = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
            fields.insert("latency_us".to_owned(), latency.into());
            if !log.is_empty() {
                fields.insert("log".to_owned(), hex(&audit.keep_log(log)?).into());
            }
        }
        intent.result(audit, body)?;
        Ok(())
    }

    /// All that objects depend on.
    fn key(&self, planned: &Planned) -> blake3::Hash {
        let mut key = blake3::Hasher::new_derive_key("lau-agent-runtime forge build 1");
        let mut part = |bytes: &[u8]| {
            key.update(&(bytes.len() as u64).to_le_bytes());
            key.update(bytes);
        };
        part(planned.plan.language().name().as_bytes());
        part(env!("CARGO_PKG_VERSION").as_bytes());
        part(self.fingerprint.hash().as_bytes());
        for (name, value) in self.toolchain.environment(Path::new(sandbox::TEMPORARY)) {
            part(name.as_bytes());
            part(value.as_encoded_bytes());
        }
        for file in &planned.sources {
            part(file.name.as_bytes());
            part(file.text.as_bytes());
        }
        for file in self.units(planned) {
            for argument in self.arguments(file, Aim::Object) {
                part(argument.as_encoded_bytes());
            }
        }
        key.finalize()
    }

    /// The files that are compiled; the others are headers.
    fn units<'a>(&self, planned: &'a Planned) -> impl Iterator<Item = &'a SourceFile> {
        planned.sources.iter().filter(|file| file.name.ends_with(".c"))
    }

    fn arguments(&self, file: &SourceFile, aim: Aim) -> Vec<OsString> {
        let hash = file.hash();
        let unit = Unit {
            workspace: Path::new(sandbox::WORKSPACE),
            source: Path::new(&file.name),
            object: Path::new(OBJECT),
            hash: &hash,
        };
        self.toolchain.compile_arguments(&unit, aim)
    }

    fn compile_all(
        &self,
        planned: &Planned,
        cancel: Option<Cancel<'_>>,
        log: &mut Vec<u8>,
    ) -> Result<Compiled, BuildError> {
        if planned.plan.language() != Language::C {
            return Err(BuildError::Language(planned.plan.language()));
        }
        let _turn = sandbox::Turn::wait(TURN_WALL, cancel)
            .map_err(BuildError::Sandbox)?
            .ok_or_else(|| match cancel {
                Some(cancel) if cancel() => BuildError::Cancelled,
                _ => BuildError::Busy,
            })?;
        let deadline = Instant::now() + BUILD_WALL;
        let mut all = Compiled::default();
        self.check_all(planned, deadline, cancel, &mut all, log)?;
        let mut said = Vec::new();
        for file in self.units(planned) {
            let ended = self.run(planned, file, Aim::Object, deadline, cancel)?;
            log.extend(&ended.output);
            all.used.add(ended.used);
            self.check(planned, file, &ended)?;
            said.extend(&ended.output);
            let source = file.name.clone();
            let bytes = fetch(&ended).map_err(|refused| {
                if let sandbox::Refused::Unreadable(error) = refused {
                    let doing = "read an object";
                    return BuildError::Sandbox(sandbox::Error::Host { doing, error });
                }
                BuildError::Object { source: source.clone(), refused }
            })?;
            let hash = blake3::hash(&bytes);
            all.objects.push(Object { source, bytes, hash });
        }
        all.report = self.report(planned, &said);
        Ok(all)
    }

    /// The syntax of all files, so that the errors of all are told at once.
    fn check_all(
        &self,
        planned: &Planned,
        deadline: Instant,
        cancel: Option<Cancel<'_>>,
        all: &mut Compiled,
        log: &mut Vec<u8>,
    ) -> Result<(), BuildError> {
        let mut said = Vec::new();
        let mut refused = false;
        for file in self.units(planned) {
            let ended = self.run(planned, file, Aim::Syntax, deadline, cancel)?;
            log.extend(&ended.output);
            all.used.add(ended.used);
            match self.check(planned, file, &ended) {
                Err(BuildError::Refused(_)) => {
                    refused = true;
                    said.extend(&ended.output);
                }
                other => other?,
            }
        }
        if refused {
            return Err(BuildError::Refused(Box::new(self.report(planned, &said))));
        }
        Ok(())
    }

    /// One call of the compiler, in a jail of its own.
    fn run(
        &self,
        planned: &Planned,
        file: &SourceFile,
        aim: Aim,
        deadline: Instant,
        cancel: Option<Cancel<'_>>,
    ) -> Result<Ended, BuildError> {
        let rest = deadline.saturating_duration_since(Instant::now());
        let limits = Limits { wall: self.limits.wall.min(rest), ..self.limits };
        let driver = &self.toolchain.driver;
        let mut jail = Jail::new(Profile::Build, Program::Path(driver.clone()))
            .limits(limits)
            .take(self.taken.iter().cloned())
            .arguments(
                [driver.clone().into_os_string()].into_iter().chain(self.arguments(file, aim)),
            );
        for (name, value) in self.toolchain.environment(Path::new(sandbox::TEMPORARY)) {
            jail = jail.variable(name, value);
        }
        for source in &planned.sources {
            jail = jail.file(&source.name, source.text.as_bytes());
        }
        jail.start().and_then(|running| running.wait(cancel)).map_err(BuildError::Sandbox)
    }

    /// How the compiler ended, in terms of a build.
    fn check(&self, planned: &Planned, file: &SourceFile, ended: &Ended) -> Result<(), BuildError> {
        let limit = |limit| {
            let report = Box::new(self.report(planned, &ended.output));
            Err(BuildError::Limit { source: file.name.clone(), limit, used: ended.used, report })
        };
        // The kernel looks at the clock in ticks, and at each process by itself. A refusal so close to the limit would
        // be none on a slower machine.
        let cpu_us = u64::try_from(self.limits.cpu.mul_f64(0.9).as_micros()).unwrap_or(u64::MAX);
        match ended.status {
            Status::Exited(0) => Ok(()),
            Status::Stopped(Stopped::Deadline) => limit(Limit::Wall),
            Status::Stopped(Stopped::Output) => limit(Limit::Output),
            Status::Stopped(Stopped::Memory) => limit(Limit::Memory),
            Status::Stopped(Stopped::Cancelled) => Err(BuildError::Cancelled),
            // The driver tells of a compiler that the limit killed, and ends as for any error.
            Status::Exited(_) | Status::Signalled(_) if ended.used.cpu_us >= cpu_us => {
                limit(Limit::Cpu)
            }
            Status::Exited(_) | Status::Signalled(_) if was_full(ended) => limit(Limit::Files),
            Status::Exited(_) | Status::Signalled(_) if ran_out(ended) => limit(Limit::Memory),
            // A compiler that refuses says why. This one broke, or was broken.
            Status::Exited(_) | Status::Signalled(_) if ended.output.is_empty() => {
                let detail = format!("the compiler ended without a word: {:?}", ended.status);
                Err(BuildError::Sandbox(sandbox::Error::Launcher { detail }))
            }
            Status::Exited(_) | Status::Signalled(_) => {
                Err(BuildError::Refused(Box::new(self.report(planned, &ended.output))))
            }
        }
    }

    fn report(&self, planned: &Planned, said: &[u8]) -> Report {
        let sources: Vec<Source<'_>> = planned
            .sources
            .iter()
            .map(|file| Source { name: &file.name, text: &file.text })
            .collect();
        Report::read(said, &sources, &self.places)
    }
}

fn fetch(ended: &Ended) -> Result<Vec<u8>, sandbox::Refused> {
    let left = ended.workspace.as_ref().ok_or(sandbox::Refused::Absent)?;
    left.fetch(OBJECT, OBJECT_BYTES_MAX)
}

/// Whether a compiler ended for want of room: either it is still full, or it said so and removed what it had. A source
/// that makes the compiler say so hides nothing but its own fault.
fn was_full(ended: &Ended) -> bool {
    ended.workspace.as_ref().is_some_and(sandbox::Workspace::is_full)
        || says(ended, &["No space left on device", "File size limit exceeded"])
}

/// Whether it ended for want of memory, where no control group counts it and each process has a bound of its own.
fn ran_out(ended: &Ended) -> bool {
    says(ended, &["virtual memory exhausted", "out of memory allocating", "memory exhausted"])
}

fn says(ended: &Ended, any: &[&str]) -> bool {
    let said = |text: &&str| ended.output.windows(text.len()).any(|said| said == text.as_bytes());
    any.iter().any(said)
}

/// What compilations gave.
#[derive(Debug, Default)]
struct Compiled {
    objects: Vec<Object>,
    report: Report,
    used: Used,
}

fn detail(compiled: &Result<Compiled, BuildError>) -> String {
    compiled.as_ref().err().map(ToString::to_string).unwrap_or_default()
}

fn hex(hash: &blake3::Hash) -> String {
    hash.to_hex().to_string()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
