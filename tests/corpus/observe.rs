//! Runs an attack with some layers lifted, and says what the host saw.
//!
//! With all layers it runs here. With any lifted it runs in a process of its own, which enters a control group first.

use crate::attack::{self, Attack, Kind};
use crate::canary::Canary;
use lau_agent_runtime::sandbox::{
    Ended, Groups, Jail, Layer, Layers, Profile, Program, Status, Stopped,
};
use serde::{Deserialize, Serialize};
use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

/// What was seen.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Observation {
    pub(crate) reached: bool,
    /// What the host saw that was reached, or nothing.
    pub(crate) evidence: String,
    pub(crate) ended: String,
    pub(crate) output: String,
    pub(crate) millis: u64,
}

/// The attack and the layers to lift, for a process of its own.
const CONTROL: &str = "LAU_CORPUS_CONTROL";

pub(crate) fn is_control() -> bool {
    env::var_os(CONTROL).is_some()
}

/// The whole of a control's process.
pub(crate) fn control() {
    let what = env::var(CONTROL).expect("text");
    let mut words = what.split(' ');
    let attack = attack::named(words.next().expect("an attack"));
    let all = Layer::ALL.iter().copied();
    let lifted: Vec<Layer> = words
        .map(|word| all.clone().find(|layer| layer.name() == word).expect("a layer"))
        .collect();
    match run(&attack, &lifted) {
        Ok(seen) => println!("{}", serde_json::to_string(&seen).expect("JSON")),
        Err(error) => eprintln!("{error}"),
    }
}

pub(crate) fn observe(attack: &Attack, lifted: &[Layer]) -> Result<Observation, String> {
    if lifted.is_empty() {
        return run(attack, lifted);
    }
    let names: Vec<&str> = lifted.iter().map(|layer| layer.name()).collect();
    let group = Bound::new();
    let child = Command::new(env::current_exe().map_err(|e| e.to_string())?)
        .env(CONTROL, format!("{} {}", attack.name, names.join(" ")))
        .env("LAU_CORPUS_GROUPS", group.procs())
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    let told = String::from_utf8_lossy(&child.stdout);
    serde_json::from_str(told.trim()).map_err(|error| {
        format!(
            "the control ended with {}: {error}: {}",
            child.status,
            String::from_utf8_lossy(&child.stderr)
        )
    })
}

/// Control groups around a control, where the machine has them.
struct Bound {
    folders: Vec<PathBuf>,
}

impl Bound {
    fn new() -> Bound {
        let name = format!("lau-corpus-{}-{:?}", std::process::id(), std::thread::current().id());
        let name: String =
            name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        let here = Groups::here();
        let limits = [
            (&here.memory, ["memory.limit_in_bytes", "memory.max"], 256_u64 << 20),
            (&here.pids, ["pids.max", "pids.max"], 200),
        ];
        let mut folders = Vec::new();
        for (parent, files, limit) in limits {
            let Ok(parent) = parent else { continue };
            let folder = parent.folder.join(&name);
            let _ = fs::create_dir(&folder);
            let file = files.into_iter().map(|file| folder.join(file)).find(|file| file.exists());
            fs::write(file.expect("a limit"), limit.to_string()).expect("a limit is set");
            folders.push(folder);
        }
        Bound { folders }
    }

    fn procs(&self) -> String {
        let procs =
            self.folders.iter().map(|folder| folder.join("cgroup.procs").display().to_string());
        procs.collect::<Vec<_>>().join(":")
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        for folder in &self.folders {
            // What a control leaves behind, having no pid namespace, ends here.
            for _ in 0..1000 {
                for pid in
                    fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default().lines()
                {
                    if let Some(pid) = pid.parse().ok().and_then(rustix::process::Pid::from_raw) {
                        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
                    }
                }
                if fs::remove_dir(folder).is_ok() || !folder.exists() {
                    break;
                }
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        }
    }
}

fn enter_groups() -> Result<(), String> {
    let groups = env::var("LAU_CORPUS_GROUPS").unwrap_or_default();
    for procs in groups.split(':').filter(|procs| !procs.is_empty()) {
        fs::write(procs, std::process::id().to_string()).map_err(|e| format!("{procs}: {e}"))?;
    }
    Ok(())
}

fn run(attack: &Attack, lifted: &[Layer]) -> Result<Observation, String> {
    let mut canary = Canary::new();
    let layers = lifted.iter().fold(Layers::ALL, |layers, layer| layers.without(*layer));
    let program = match attack.kind {
        Kind::Program => compile(attack)?,
        Kind::Source => return Err("sources come with the build stage".to_owned()),
    };
    let mut jail =
        Jail::new(Profile::Build, Program::Bytes(program)).layers(layers).limits(attack.limits);
    for (name, value) in canary.variables() {
        jail = jail.variable(name, value);
    }
    if is_control() {
        enter_groups()?;
    }
    let started = Instant::now();
    let ended = jail.start().and_then(|running| running.wait(None)).map_err(|e| e.to_string())?;
    let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let output = String::from_utf8_lossy(&ended.output).into_owned();
    let mut evidence = canary.reached(&everything(&ended));
    if evidence.is_none() && attack.word {
        let word = output.lines().find_map(|line| line.strip_prefix("reached "));
        evidence = word.map(str::to_owned);
    }
    Ok(Observation {
        reached: evidence.is_some(),
        evidence: evidence.unwrap_or_default(),
        ended: how(&ended, &output),
        output,
        millis,
    })
}

/// What came out of the jail: the output, and the result that a compiler would have left.
fn everything(ended: &Ended) -> Vec<u8> {
    let artifact = ended.workspace.as_ref().and_then(|left| left.fetch("skill.o", 64 << 20).ok());
    [&*ended.output, &artifact.unwrap_or_default()].concat()
}

fn how(ended: &Ended, output: &str) -> String {
    match ended.status {
        Status::Exited(0) => {
            output.lines().find(|line| !line.is_empty()).unwrap_or("said nothing").to_owned()
        }
        Status::Exited(code) => format!("code {code}: {}", output.lines().next().unwrap_or("")),
        Status::Signalled(signal) => format!("signal {signal}"),
        Status::Stopped(Stopped::Deadline) => "deadline".to_owned(),
        Status::Stopped(Stopped::Output) => "output".to_owned(),
        Status::Stopped(Stopped::Memory) => "memory".to_owned(),
        Status::Stopped(Stopped::Cancelled) => "cancelled".to_owned(),
    }
}

/// A static program of the attack's text.
fn compile(attack: &Attack) -> Result<Arc<[u8]>, String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let (from, to) = (folder.path().join("attack.c"), folder.path().join("attack"));
    fs::write(&from, &attack.text).map_err(|e| e.to_string())?;
    let mut gcc = Command::new("gcc");
    gcc.args(["-static", "-O1", "-w", "-pthread", "-o"]).args([&to, &from]);
    let gcc = gcc.output().map_err(|error| format!("gcc: {error}"))?;
    if !gcc.status.success() {
        return Err(format!("{}: {}", attack.name, String::from_utf8_lossy(&gcc.stderr)));
    }
    fs::read(to).map(Into::into).map_err(|e| e.to_string())
}
