//! What is left when things go wrong in the middle of a build: nothing.
//!
//! Hosts here are runs of the command. Before each is harmed its whole tree of processes is noted, with the control
//! groups these are in; afterwards none of them may be there any more.

#![cfg(all(feature = "cli", target_os = "linux", target_arch = "x86_64"))]

use rustix::process::{Pid, Signal};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Whether the sandbox is left out on purpose.
fn left_out() -> bool {
    let out = std::env::var_os("LAU_WITHOUT_SANDBOX").is_some_and(|value| value == "1");
    if out {
        println!("LAU_WITHOUT_SANDBOX=1: nothing is built here");
    }
    out
}

/// One at a time: each looks at all there is.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A folder with a plan in it, and a home for the forge.
struct Site {
    folder: TempDir,
}

impl Site {
    fn new(source: &str) -> Site {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(
            folder.path().join("plan.toml"),
            "name = \"skill\"\nlanguage = \"c\"\nsource = \"skill.c\"\npurpose = \"to be built\"\n\
             [signature]\nparameters = []\nresult = \"number\"\n[[tests]]\ninput = []\nexpected = 1\n",
        )
        .expect("written");
        fs::write(folder.path().join("skill.c"), source).expect("written");
        Site { folder }
    }

    fn lau(&self) -> Command {
        let mut lau = Command::new(env!("CARGO_BIN_EXE_lau"));
        self.arguments(&mut lau);
        lau
    }

    fn arguments(&self, command: &mut Command) {
        command.args(["forge", "try", "plan.toml", "--home"]).arg(self.folder.path().join("home"));
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
    }
}

/// The compiler is at it for longer than any test: each name is twice the one before.
fn endless() -> String {
    let mut text = String::from("#define X0 1+1\n");
    for level in 1..40 {
        text += &format!("#define X{level} X{0}+X{0}\n", level - 1);
    }
    text + "int f(void) { return X39; }\n"
}

/// A process as it cannot be mistaken: its number, and when it began.
type Process = (u32, String);

fn begun(pid: u32) -> Option<(u32, String)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // After the name, which may hold anything, in parentheses: state, parent, … and as the 22nd of all, the start.
    let fields: Vec<&str> = stat[stat.rfind(')')? + 2..].split(' ').collect();
    if fields[0] == "Z" {
        return None;
    }
    Some((fields[1].parse().ok()?, fields[19].to_owned()))
}

/// All that come from a process, itself not among them.
fn descendants(of: u32) -> BTreeSet<Process> {
    let pids = || {
        let entries = fs::read_dir("/proc").expect("/proc").flatten();
        entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
    };
    let all: Vec<(u32, u32, String)> =
        pids().filter_map(|pid| begun(pid).map(|(parent, start)| (pid, parent, start))).collect();
    let mut found = BTreeSet::new();
    let mut parents = BTreeSet::from([of]);
    loop {
        let before = found.len();
        for (pid, parent, start) in &all {
            if parents.contains(parent) {
                found.insert((*pid, start.clone()));
                parents.insert(*pid);
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

/// The folders of the control groups of jails that exist now.
fn groups() -> BTreeSet<PathBuf> {
    fn look(folder: &Path, depth: u32, found: &mut BTreeSet<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            if entry.file_name().to_string_lossy().starts_with("lau-forge-") {
                found.insert(entry.path());
            } else if depth > 0 {
                look(&entry.path(), depth - 1, found);
            }
        }
    }
    let mut found = BTreeSet::new();
    look(Path::new("/sys/fs/cgroup"), 5, &mut found);
    found
}

/// Waits until the compiler itself is at work in a jail below a host; gives the whole tree: launcher, init, driver,
/// compiler. The host asks the driver about itself before, but not through a launcher.
fn at_work(host: &Child) -> BTreeSet<Process> {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let tree = descendants(host.id());
        let name = |pid: u32| fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        if tree.len() >= 4 && tree.iter().any(|(pid, _)| name(*pid).trim() == "cc1") {
            return tree;
        }
        assert!(Instant::now() < deadline, "the compiler does not start: {tree:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until something is so, for two seconds.
fn soon(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(2);
    while !is_so() {
        assert!(Instant::now() < deadline, "after two seconds {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What there was before something happened: mounts and groups.
struct Before {
    mounts: String,
    groups: BTreeSet<PathBuf>,
}

impl Before {
    fn now() -> Before {
        let mounts = fs::read_to_string("/proc/self/mountinfo").expect("mounts");
        Before { mounts, groups: groups() }
    }

    /// Nothing of the tree is there, no group that was not, no mount.
    fn is_restored(&self, tree: &BTreeSet<Process>) {
        soon("processes are left", || {
            tree.iter().all(|(pid, start)| begun(*pid).is_none_or(|(_, now)| now != *start))
        });
        soon("control groups are left", || groups().is_subset(&self.groups));
        assert_eq!(fs::read_to_string("/proc/self/mountinfo").expect("mounts"), self.mounts);
    }
}

/// The process of a tree that the host itself started.
fn launcher(host: &Child, tree: &BTreeSet<Process>) -> u32 {
    let own = |pid: &u32| begun(*pid).is_some_and(|(parent, _)| parent == host.id());
    tree.iter().map(|(pid, _)| *pid).find(own).expect("a launcher")
}

fn numbered(pid: u32) -> Pid {
    Pid::from_raw(i32::try_from(pid).expect("a number")).expect("a process")
}

fn signal(pid: u32, signal: Signal) {
    rustix::process::kill_process(numbered(pid), signal).expect("signalled");
}

fn text(output: &Output) -> String {
    format!(
        "{}{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// A build that goes well, and sweeps.
fn builds() {
    let site = Site::new("int f(void) { return 1; }\n");
    let output = site.lau().output().expect("lau");
    assert!(output.status.success(), "{}", text(&output));
}

#[test]
fn a_killed_host_leaves_nothing() {
    if left_out() {
        return;
    }
    let _alone = alone();
    let before = Before::now();
    let site = Site::new(&endless());
    let mut host = site.lau().spawn().expect("lau");
    let tree = at_work(&host);
    host.kill().expect("killed");
    host.wait().expect("reaped");
    before.is_restored(&tree);
    builds();
    // The audit has the stage that did not end, and is whole.
    let mut lau = Command::new(env!("CARGO_BIN_EXE_lau"));
    lau.args(["forge", "audit", "--home"]).arg(site.folder.path().join("home"));
    let output = lau.output().expect("lau");
    assert!(text(&output).contains("the chain is whole; 1 without an end"), "{}", text(&output));
}

#[test]
fn a_killed_launcher_takes_its_jail_along_and_is_told() {
    if left_out() {
        return;
    }
    let _alone = alone();
    let before = Before::now();
    let site = Site::new(&endless());
    let host = site.lau().spawn().expect("lau");
    let tree = at_work(&host);
    let launcher = launcher(&host, &tree);
    signal(launcher, Signal::KILL);
    let output = host.wait_with_output().expect("ended");
    assert_eq!(output.status.code(), Some(6), "{}", text(&output));
    assert!(text(&output).contains("the launcher failed"), "{}", text(&output));
    before.is_restored(&tree);
    builds();
}

#[test]
fn both_killed_leave_only_what_the_next_start_sweeps() {
    if left_out() {
        return;
    }
    let _alone = alone();
    let before = Before::now();
    let site = Site::new(&endless());
    let mut host = site.lau().spawn().expect("lau");
    let tree = at_work(&host);
    let launcher = launcher(&host, &tree);
    // Stopped, the host cannot see its launcher end before it ends itself.
    signal(host.id(), Signal::STOP);
    signal(launcher, Signal::KILL);
    host.kill().expect("killed");
    host.wait().expect("reaped");
    soon("processes are left", || {
        tree.iter().all(|(pid, start)| begun(*pid).is_none_or(|(_, now)| now != *start))
    });
    builds();
    before.is_restored(&tree);
}

#[test]
fn a_signal_to_the_group_leaves_nothing() {
    if left_out() {
        return;
    }
    let _alone = alone();
    let before = Before::now();
    let site = Site::new(&endless());
    // As `timeout` and terminals do: the host and its children have a group of their own.
    let mut host = site.lau().process_group(0).spawn().expect("lau");
    let tree = at_work(&host);
    rustix::process::kill_process_group(numbered(host.id()), Signal::TERM).expect("signalled");
    host.wait().expect("reaped");
    before.is_restored(&tree);
}

#[test]
fn what_was_left_under_any_number_is_swept() {
    if left_out() {
        return;
    }
    let _alone = alone();
    let user = rustix::process::geteuid().as_raw();
    let mut made = Vec::new();
    let here = lau_agent_runtime::sandbox::Groups::here();
    for parent in [&here.memory, &here.pids].into_iter().flatten() {
        let folder = parent.folder.join(format!("lau-forge-{user}-301"));
        if fs::create_dir(&folder).is_ok() {
            made.push(folder);
        }
    }
    builds();
    let left: Vec<&PathBuf> = made.iter().filter(|folder| folder.exists()).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_host_that_ignores_the_end_of_children_builds() {
    if left_out() {
        return;
    }
    let _alone = alone();
    // The doctor makes jails and waits for no other children.
    let mut shell = Command::new("python3");
    let ignoring = "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])";
    shell.args(["-c", ignoring, env!("CARGO_BIN_EXE_lau"), "forge", "doctor", "--json"]);
    let output = shell.output().expect("python3");
    let text = text(&output);
    assert!(text.contains("\"sandbox\":true"), "{text}");
}

#[test]
fn an_interrupt_ends_a_build() {
    if left_out() {
        return;
    }
    let _alone = alone();
    let before = Before::now();
    let site = Site::new(&endless());
    let host = site.lau().spawn().expect("lau");
    let tree = at_work(&host);
    let started = Instant::now();
    signal(host.id(), Signal::INT);
    let output = host.wait_with_output().expect("ended");
    assert!(started.elapsed() < Duration::from_secs(2));
    assert_eq!(output.status.code(), Some(130), "{}", text(&output));
    before.is_restored(&tree);
}

#[test]
fn few_descriptors_are_told_and_nothing_hangs() {
    if left_out() {
        return;
    }
    let _alone = alone();
    let before = Before::now();
    let site = Site::new("int f(void) { return 1; }\n");
    let mut codes = BTreeSet::new();
    for limit in (8..48).step_by(2).chain([200, 300]) {
        let mut shell = Command::new("sh");
        let lau = env!("CARGO_BIN_EXE_lau");
        shell.args(["-c", &format!("ulimit -n {limit} && exec \"$0\" \"$@\""), lau]);
        site.arguments(&mut shell);
        let output = shell.output().expect("sh");
        let code = output.status.code().unwrap_or_else(|| panic!("{limit}: {}", text(&output)));
        assert!([0, 2, 6].contains(&code), "{limit}: {}", text(&output));
        assert!(code == 0 || !output.stderr.is_empty(), "{limit}: says nothing");
        codes.insert(code);
        before.is_restored(&BTreeSet::new());
    }
    assert!(codes.contains(&0) && codes.len() > 1, "{codes:?}");
}

#[test]
fn many_builds_at_once_take_turns() {
    if left_out() {
        return;
    }
    let _alone = alone();
    let before = Before::now();
    let site = Site::new("#include <stdio.h>\nint f(void) { return puts(\"x\"); }\n");
    let hosts: Vec<Child> = (0..32).map(|_| site.lau().spawn().expect("lau")).collect();
    let outputs: Vec<Output> =
        hosts.into_iter().map(|host| host.wait_with_output().expect("ended")).collect();
    let first = &outputs[0];
    for output in &outputs {
        assert!(output.status.success(), "{}", text(output));
        assert_eq!(output.stdout, first.stdout);
    }
    before.is_restored(&BTreeSet::new());
    let mut lau = Command::new(env!("CARGO_BIN_EXE_lau"));
    lau.args(["forge", "audit", "--home"]).arg(site.folder.path().join("home"));
    let output = lau.output().expect("lau");
    assert!(text(&output).contains("128 rows, the chain is whole\n"), "{}", text(&output));
}
