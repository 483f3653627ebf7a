//! Attacks by source code that a plan gives to the build stage, in `source/`.
//!
//! The header of a file: `attack`, as of programs; `stopped`, how the build ends: `built`, `refused TEXT` (in what is shown of
//! the compiler's words), a limit (`deadline`, `cpu`, `memory`, `output`, `files`), or `object` (not taken); `ungrouped`, the
//! same where there are no control groups; `layers`, which stopped it: of the jail, or `outputs` and `shown`, the host's care
//! in taking and showing what came out; `limits`; `why`; and `goal`, by which the host sees that it was reached:
//!
//! - `secret`: the canary's token in the object or in what the compiler said;
//! - `probe`: an object that tells whether a file exists;
//! - `endless`: a compiler that is still at work after two seconds, or has used up all memory it may have;
//! - `large`: as `endless`, or an object of more than is ever taken;
//! - `flood`: more output than may be;
//! - `escape`: a character that steers the terminal.
//!
//! `@CANARY@` stands for the canary's folder. The control is the same compiler with the same flags and no jail, in a process
//! of its own, bounded as those of programs are.

use crate::Row;
use crate::attack::{self, Guard};
use crate::canary::Canary;
use crate::observe;
use lau_agent_runtime::forge::Forge;
use lau_agent_runtime::forge::build::{BuildError, Builder, Limit, OBJECT_BYTES_MAX};
use lau_agent_runtime::forge::plan::Form;
use lau_agent_runtime::forge::source::Origin;
use lau_agent_runtime::forge::toolchain::flags::{Aim, Unit};
use lau_agent_runtime::forge::toolchain::{CToolchain, Host};
use lau_agent_runtime::sandbox::{Layer, Limits};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The attack, for a control's process.
const CONTROL: &str = "LAU_CORPUS_SOURCE";

const PLAN: &str = "name = \"skill\"\nlanguage = \"c\"\nsource = \"skill.c\"\npurpose = \"an attack\"\n\
    [signature]\nparameters = []\nresult = \"number\"\n[[tests]]\ninput = []\nexpected = 1\n";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goal {
    Secret,
    Probe,
    Endless,
    Large,
    Flood,
    Escape,
}

#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) name: String,
    text: String,
    stopped: String,
    layers: String,
    goal: Goal,
    limits: Limits,
}

/// What a compiler made, jailed or not.
#[derive(Debug, Default)]
struct Made {
    ended: String,
    said: Vec<u8>,
    object: Vec<u8>,
    /// It did not come to an end by itself.
    stopped: bool,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/source")
}

pub(crate) fn all() -> Vec<Source> {
    let entries = fs::read_dir(folder()).expect("the corpus");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Source {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
    let header = attack::header(&text);
    const KEYS: [&str; 7] = ["attack", "stopped", "ungrouped", "layers", "goal", "limits", "why"];
    for (key, _) in &header {
        assert!(KEYS.contains(key), "{name}: `{key}`?");
    }
    let value = |key: &str| header.iter().find(|(k, _)| *k == key).map(|(_, value)| value.trim());
    let needed = |key: &str| value(key).unwrap_or_else(|| panic!("{name}: no line `{key}`"));
    assert!(!needed("attack").is_empty());
    let layers = needed("layers");
    for word in layers.split(' ') {
        assert!(word == "shown" || Guard::named(word).is_some(), "{name}: layer `{word}`?");
    }
    let stopped = match value("ungrouped") {
        Some(ungrouped) if Layer::MemoryGroup.absent() => ungrouped,
        _ => needed("stopped"),
    };
    Source {
        stopped: stopped.to_owned(),
        layers: layers.to_owned(),
        goal: match needed("goal") {
            "secret" => Goal::Secret,
            "probe" => Goal::Probe,
            "endless" => Goal::Endless,
            "large" => Goal::Large,
            "flood" => Goal::Flood,
            "escape" => Goal::Escape,
            other => panic!("{name}: goal `{other}`?"),
        },
        limits: attack::limits(value("limits").unwrap_or_default()),
        name,
        text,
    }
}

impl Source {
    /// Builds it in the jail and outside.
    pub(crate) fn check(&self) -> Result<Row, String> {
        let mut canary = Canary::new(&self.text);
        let started = Instant::now();
        let made = self.build(&canary)?;
        let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        if let Some(evidence) = self.reached(&made, &mut canary) {
            return Err(format!("it reached its goal: {evidence}: {made:?}"));
        }
        let (word, text) = self.stopped.split_once(' ').unwrap_or((&self.stopped, ""));
        let said = String::from_utf8_lossy(&made.said);
        if made.ended != word || !said.contains(text) {
            return Err(format!("expected `{}`, saw {}: {said}", self.stopped, made.ended));
        }
        let child = observe::bounded(&[(CONTROL, self.name.clone().into())])?;
        let control = String::from_utf8_lossy(&child.stdout).trim().to_owned();
        if control.is_empty() {
            let told = String::from_utf8_lossy(&child.stderr).into_owned();
            return Err(format!("the control does not reach its goal: {told}"));
        }
        let ended = self.stopped.clone();
        Ok(Row { name: self.name.clone(), layers: self.layers.clone(), ended, millis, control })
    }

    fn source(&self, canary: &Canary) -> String {
        self.text.replace("@CANARY@", &canary.folder().display().to_string())
    }

    fn build(&self, canary: &Canary) -> Result<Made, String> {
        let home = tempfile::tempdir().map_err(|e| e.to_string())?;
        let forge = Forge::open(Some(&home.path().join("home"))).map_err(|e| e.to_string())?;
        let files = BTreeMap::from([("skill.c".to_owned(), self.source(canary))]);
        let planned = forge.plan(PLAN, Form::Toml, &Origin::Memory(files));
        let planned = planned.map_err(|e| e.to_string())?;
        let toolchain = CToolchain::find(&Host::from_environment()).map_err(|e| e.what)?;
        // Of the driver alone: nothing here depends on the rest.
        let fingerprint = lau_agent_runtime::forge::toolchain::Fingerprint::take(&[]);
        let builder = Builder::new(toolchain, fingerprint.map_err(|e| e.to_string())?);
        let built = builder.limits(self.limits).build(forge.audit(), planned, None);
        let as_said = |report| serde_json::to_vec(report).expect("plain data");
        let ended = |word: &str| Made { ended: word.to_owned(), ..Made::default() };
        Ok(match built {
            Ok(built) => Made {
                said: as_said(built.report()),
                object: built.objects()[0].bytes.clone(),
                ..ended("built")
            },
            Err(BuildError::Refused(report)) => Made { said: as_said(&report), ..ended("refused") },
            Err(BuildError::Limit { limit, .. }) => ended(match limit {
                Limit::Wall => "deadline",
                Limit::Cpu => "cpu",
                Limit::Memory => "memory",
                Limit::Output => "output",
                Limit::Files => "files",
            }),
            Err(BuildError::Object { .. }) => ended("object"),
            Err(error) => return Err(error.to_string()),
        })
    }

    /// The compiler without a jail, for two seconds.
    fn plain(&self, canary: &Canary) -> Result<Made, String> {
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        fs::write(folder.path().join("skill.c"), self.source(canary)).map_err(|e| e.to_string())?;
        let toolchain = CToolchain::find(&Host::from_environment()).map_err(|e| e.what)?;
        let unit = Unit {
            workspace: folder.path(),
            source: Path::new("skill.c"),
            object: Path::new("skill.o"),
            hash: &blake3::hash(&[]),
        };
        let said = fs::File::create(folder.path().join("said")).map_err(|e| e.to_string())?;
        let mut gcc = Command::new(&toolchain.driver);
        gcc.args(toolchain.compile_arguments(&unit, Aim::Object)).current_dir(folder.path());
        gcc.envs(toolchain.environment(folder.path())).stdin(Stdio::null()).stderr(said);
        use std::os::unix::process::CommandExt;
        let mut gcc = gcc.process_group(0).spawn().map_err(|e| e.to_string())?;
        let status = wait(&mut gcc);
        let read = |name: &str| fs::read(folder.path().join(name)).unwrap_or_default();
        let said = read("said");
        let killed = String::from_utf8_lossy(&said).contains("Killed signal");
        Ok(Made {
            ended: status.clone().unwrap_or_default(),
            object: read("skill.o"),
            stopped: status.is_none() || killed,
            said,
        })
    }

    fn reached(&self, made: &Made, canary: &mut Canary) -> Option<String> {
        let has = |bytes: &[u8], text: &[u8]| bytes.windows(text.len()).any(|w| w == text);
        let told = |so: bool, what: &str| so.then(|| what.to_owned());
        let large = made.object.len() as u64 > OBJECT_BYTES_MAX;
        match self.goal {
            Goal::Secret => canary.reached(&[&*made.said, &made.object].concat()),
            Goal::Probe => told(has(&made.object, b"the file exists"), "learnt that a file exists"),
            Goal::Endless => told(made.stopped, "at work until it was stopped"),
            Goal::Large if large => Some(format!("{} MiB", made.object.len() >> 20)),
            Goal::Large => told(made.stopped, "at work until it was stopped"),
            Goal::Flood => told(
                made.said.len() > self.limits.output_bytes,
                &format!("{} KiB", made.said.len() >> 10),
            ),
            Goal::Escape => told(made.said.contains(&0x1b), "an escape character"),
        }
    }
}

/// Two seconds for a compiler, then the end of all its processes.
fn wait(gcc: &mut Child) -> Option<String> {
    let deadline = Instant::now() + Duration::from_secs(2);
    loop {
        match gcc.try_wait() {
            Ok(Some(status)) => return Some(status.to_string()),
            Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(5)),
            Ok(None) | Err(_) => break,
        }
    }
    if let Some(group) = i32::try_from(gcc.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = gcc.wait();
    None
}

pub(crate) fn is_control() -> bool {
    std::env::var_os(CONTROL).is_some()
}

/// The whole of a control's process: prints what was reached.
pub(crate) fn control() {
    let reached = observe::enter_groups().and_then(|()| {
        let name = std::env::var(CONTROL).expect("text");
        let source = read(&folder().join(format!("{name}.c")));
        let mut canary = Canary::new(&source.text);
        let made = source.plain(&canary)?;
        let reached = source.reached(&made, &mut canary);
        reached.ok_or_else(|| format!("{}: {}", made.ended, String::from_utf8_lossy(&made.said)))
    });
    match reached {
        Ok(evidence) => println!("{evidence}"),
        Err(error) => eprintln!("{error}"),
    }
}
