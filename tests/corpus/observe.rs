//! Runs an attack with some layers lifted, and says what the host saw.
//!
//! With all layers it runs here. With any lifted it runs in a process of its own, which enters a control group first.

use crate::attack::{self, Attack, Guard};
use crate::canary::{self, Canary};
use lau_agent_runtime::sandbox::{
    Ended, Groups, Jail, Layer, Layers, Profile, Program, Running, Status, Stopped, Workspace,
};
use serde::{Deserialize, Serialize};
use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::fd::{AsFd, AsRawFd};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

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

/// The attack and the guards to lift, for a process of its own; and where its program is.
const CONTROL: &str = "LAU_CORPUS_CONTROL";
const PROGRAM: &str = "LAU_CORPUS_PROGRAM";
const GROUPS: &str = "LAU_CORPUS_GROUPS";

pub(crate) fn is_control() -> bool {
    env::var_os(CONTROL).is_some()
}

/// The whole of a control's process.
pub(crate) fn control() {
    let seen = enter_groups().and_then(|()| {
        let what = env::var(CONTROL).expect("text");
        let mut words = what.split(' ');
        let attack = attack::named(words.next().expect("an attack"));
        let lifted: Vec<Guard> = words.map(|word| Guard::named(word).expect("a guard")).collect();
        run(&attack, &PathBuf::from(env::var_os(PROGRAM).expect("a path")), &lifted)
    });
    match seen {
        Ok(seen) => println!("{}", serde_json::to_string(&seen).expect("JSON")),
        Err(error) => eprintln!("{error}"),
    }
}

pub(crate) fn observe(
    attack: &Attack,
    program: &Path,
    lifted: &[Guard],
) -> Result<Observation, String> {
    // What a plain child would inherit must be there to be inherited.
    let of_the_host = attack.lift.contains(&Guard::Layer(Layer::Launcher));
    if lifted.is_empty() && !of_the_host {
        return run(attack, program, lifted);
    }
    let words = lifted.iter().map(|guard| guard.name());
    let words: Vec<&str> = std::iter::once(attack.name.as_str()).chain(words).collect();
    let variables = [(CONTROL, words.join(" ").into()), (PROGRAM, program.as_os_str().to_owned())];
    let child = bounded(&variables)?;
    let told = String::from_utf8_lossy(&child.stdout);
    serde_json::from_str(told.trim()).map_err(|error| {
        format!(
            "the control ended with {}: {error}: {}",
            child.status,
            String::from_utf8_lossy(&child.stderr)
        )
    })
}

/// Runs this test again, for one control, with its output; in control groups of their own.
pub(crate) fn bounded(variables: &[(&str, OsString)]) -> Result<Output, String> {
    let group = Bound::new();
    Command::new(env::current_exe().map_err(|e| e.to_string())?)
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .env(GROUPS, group.procs())
        .env(canary::HOST_TOKEN, canary::token())
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())
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
            // What a control leaves behind, having no pid namespace, ends here; then the groups of its jail, and its
            // own.
            for _ in 0..1000 {
                let below = fs::read_dir(folder).into_iter().flatten().flatten();
                let below = below.map(|entry| entry.path()).filter(|path| path.is_dir());
                let groups: Vec<PathBuf> = below.chain([folder.clone()]).collect();
                groups.iter().for_each(|group| kill_all(group));
                let removed = groups.iter().all(|group| fs::remove_dir(group).is_ok());
                if removed || !folder.exists() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }
}

fn kill_all(group: &Path) {
    for pid in fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default().lines() {
        if let Some(pid) = pid.parse().ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
}

pub(crate) fn enter_groups() -> Result<(), String> {
    let groups = env::var(GROUPS).unwrap_or_default();
    for procs in groups.split(':').filter(|procs| !procs.is_empty()) {
        fs::write(procs, std::process::id().to_string()).map_err(|e| format!("{procs}: {e}"))?;
    }
    Ok(())
}

fn run(attack: &Attack, program: &Path, lifted: &[Guard]) -> Result<Observation, String> {
    let mut canary = Canary::new(&attack.text);
    let started = Instant::now();
    let left = if lifted.contains(&Guard::Layer(Layer::Launcher)) {
        plain(program, &canary)?
    } else {
        jailed(attack, program, lifted, &canary)?
    };
    let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let output = String::from_utf8_lossy(&left.output).into_owned();
    let mut evidence = canary.reached(&match &left.taken {
        Taken::Bytes(bytes) => [&*left.output, bytes].concat(),
        Taken::TooMuch | Taken::Hangs => left.output.clone(),
    });
    evidence = evidence.or(match left.taken {
        Taken::Hangs => Some("the host hangs".to_owned()),
        Taken::TooMuch => Some("the host takes too much".to_owned()),
        Taken::Bytes(_) => None,
    });
    evidence = evidence.or(left.sibling_killed.then(|| "sibling killed".to_owned()));
    if evidence.is_none() && attack.word {
        let word = output.lines().find_map(|line| line.strip_prefix("reached "));
        evidence = word.map(str::to_owned);
    }
    Ok(Observation {
        reached: evidence.is_some(),
        evidence: evidence.unwrap_or_default(),
        ended: left.ended,
        output,
        millis,
    })
}

/// What is left of a program.
#[derive(Default)]
struct Left {
    ended: String,
    output: Vec<u8>,
    taken: Taken,
    sibling_killed: bool,
}

/// What the host gets when it takes the result.
enum Taken {
    Bytes(Vec<u8>),
    TooMuch,
    /// Nothing, and the host waits for ever.
    Hangs,
}

impl Default for Taken {
    fn default() -> Self {
        Taken::Bytes(Vec::new())
    }
}

/// The longest result that is taken.
const RESULT_BYTES: u64 = 64 << 20;

fn jailed(
    attack: &Attack,
    program: &Path,
    lifted: &[Guard],
    canary: &Canary,
) -> Result<Left, String> {
    let program = fs::read(program).map_err(|e| e.to_string())?;
    let layers = lifted.iter().fold(Layers::ALL, |layers, guard| match guard {
        Guard::Layer(layer) => layers.without(*layer),
        Guard::Outputs => layers,
    });
    let mut jail = Jail::new(Profile::Build, Program::Bytes(program.into()));
    jail = jail.layers(layers).limits(attack.limits);
    let sibling = attack.text.contains("CANARY_SIBLING").then(|| Sibling::start(&jail));
    let sibling = sibling.transpose()?;
    if let Some(sibling) = &sibling {
        jail = jail.variable("CANARY_SIBLING", sibling.program.to_string());
    }
    for (name, value) in canary.variables() {
        jail = jail.variable(name, value);
    }
    let ended = match jail.start().and_then(|running| running.wait(None)) {
        Ok(ended) => ended,
        // With all layers nothing that a program does may look like a failure of the host.
        Err(error) if lifted.is_empty() => return Err(error.to_string()),
        Err(error) => {
            return Ok(Left { ended: format!("error: {error}"), ..Left::default() });
        }
    };
    let taken = match &ended.workspace {
        Some(workspace) if lifted.contains(&Guard::Outputs) => take_naively(workspace),
        Some(workspace) => {
            Taken::Bytes(workspace.fetch("skill.o", RESULT_BYTES).unwrap_or_default())
        }
        None => Taken::default(),
    };
    let sibling_killed = sibling.is_some_and(|sibling| !sibling.lives());
    Ok(Left { ended: how(&ended), output: ended.output, taken, sibling_killed })
}

/// Another jail at work, with the same program and the same layers.
struct Sibling {
    /// Its program, as the host numbers it.
    program: u32,
    _jail: Running,
}

impl Sibling {
    fn start(jail: &Jail) -> Result<Sibling, String> {
        let jail = jail.start().map_err(|e| e.to_string())?;
        for _ in 0..500 {
            // The launcher has one child, the jail's first process; that has one, the program.
            if let Some(program) = child(jail.launcher_pid()).and_then(child) {
                return Ok(Sibling { program, _jail: jail });
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Err("the sibling's program does not appear".to_owned())
    }

    /// Given the time that a killed process takes to end.
    fn lives(&self) -> bool {
        let running = || {
            let facts = fs::read_to_string(format!("/proc/{}/stat", self.program));
            // The state follows the name, which is in parentheses.
            facts.is_ok_and(|facts| !facts.contains(") Z ") && !facts.contains(") X "))
        };
        canary::stays(running)
    }
}

fn child(of: u32) -> Option<u32> {
    let children = fs::read_to_string(format!("/proc/{of}/task/{of}/children")).ok()?;
    children.split_whitespace().next()?.parse().ok()
}

/// Reads the result as any file, by its path. The jail's folder has one only through our descriptor of it.
fn take_naively(workspace: &Workspace) -> Taken {
    let path = format!("/proc/self/fd/{}/skill.o", workspace.as_fd().as_raw_fd());
    let (send, receive) = std::sync::mpsc::channel();
    // It may never come back: then it ends with this process, which is a control's.
    std::thread::spawn(move || send.send(fs::read(path).unwrap_or_default()));
    match receive.recv_timeout(Duration::from_secs(2)) {
        Ok(bytes) if bytes.len() as u64 > RESULT_BYTES => Taken::TooMuch,
        Ok(bytes) => Taken::Bytes(bytes),
        Err(_) => Taken::Hangs,
    }
}

/// No jail: a child of this process, as a program that knows of none would start it.
fn plain(program: &Path, canary: &Canary) -> Result<Left, String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let child = Command::new(program)
        .current_dir(folder.path())
        .envs(canary.variables())
        .stdin(Stdio::null())
        .output()
        .map_err(|e| e.to_string())?;
    Ok(Left { ended: child.status.to_string(), output: child.stdout, ..Left::default() })
}

fn how(ended: &Ended) -> String {
    let output = String::from_utf8_lossy(&ended.output);
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
pub(crate) fn compile(attack: &Attack) -> Result<tempfile::TempPath, String> {
    let program = tempfile::Builder::new().prefix("lau-attack-").tempfile();
    let program = program.map_err(|e| e.to_string())?.into_temp_path();
    let mut gcc = Command::new("gcc");
    gcc.args(["-static", "-O1", "-Wall", "-Werror", "-pthread", "-o"]).arg(&program);
    gcc.arg(crate::folder().join(format!("{}.c", attack.name)));
    let gcc = gcc.output().map_err(|error| format!("gcc: {error}"))?;
    if !gcc.status.success() {
        return Err(format!("{}: {}", attack.name, String::from_utf8_lossy(&gcc.stderr)));
    }
    Ok(program)
}
