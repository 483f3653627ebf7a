//! The attack corpus, build-time half: each file is one attack, with one stated outcome and a control.
//!
//! Files of `build/` are static programs that run in the place of a compiler that was taken over; those of `source/`
//! (see `source`) are code that a plan gives to the build stage. A file of the first begins with lines `// key: value`:
//!
//! - `attack`: what it tries, in a few words.
//! - `stopped`: how it ends with all layers: `says TEXT` (a line of its output begins so), `signal N`, `deadline`,
//!   `output`, `memory`.
//! - `ungrouped`: optional, the same where there are no control groups.
//! - `layers`: each of these, with the others of `lift` lifted, stops it; and no other of `lift` does. Those that the
//!   machine lacks, or that an ordinary user lacks, are passed over. Besides the names of layers there is `outputs`,
//!   the host's care in taking results: lifted, `skill.o` is read by its path. Without `launcher` there is no jail:
//!   the program is a plain child.
//! - `lift`: with all of these lifted it reaches its goal: the control, which shows that the attack is a real one.
//! - `limits`: optional, of the jail: `wall MS`, `cpu S`, `memory MIB`, `processes N`, `output KIB`, `workspace MIB`,
//!   `file MIB`.
//! - `only`: optional, `root` or `user`: where the attack means something.
//! - `where`: optional, `FILE TEXT`: left out where that file of the host (a sysctl) contains anything else.
//! - `evidence`: optional, `word`: see below.
//! - `why`: optional, of what may surprise.
//!
//! Whether the goal was reached is for the host to see, on canaries (`canary`): its secret in the output or in an
//! artifact, its file changed, a connection, a process gone, or one that is still there. Where the goal is an amount,
//! or an object of the kernel that only its holder sees, the program says `reached …`, and has it then
//! (`evidence: word`). An exit code counts for nothing. Controls run in a process of their own, in a control group of
//! 200 processes and 256 MiB where the machine has groups, so that what they let through is bounded; and programs
//! bound themselves (`attack.h`).
//!
//! Where the machine lacks a required layer these tests fail and say which; `LAU_WITHOUT_SANDBOX=1` leaves them out.

#![cfg(all(feature = "forge", target_os = "linux", target_arch = "x86_64"))]

mod attack;
mod canary;
mod ipc;
mod observe;
mod source;

use attack::{Attack, Guard};
use libtest_mimic::{Arguments, Failed, Trial};
use observe::observe;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// What is shown at the end: attack, the layers that each stop it, how it ended, the time it took, the control.
struct Row {
    name: String,
    layers: String,
    ended: String,
    millis: u64,
    control: String,
}

static TABLE: Mutex<Vec<Row>> = Mutex::new(Vec::new());
static LEFT_OUT: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn main() {
    if observe::is_control() {
        observe::control();
        return;
    }
    if source::is_control() {
        source::control();
        return;
    }
    let arguments = Arguments::from_args();
    if std::env::var_os("LAU_WITHOUT_SANDBOX").is_some_and(|value| value == "1") {
        println!(
            "LAU_WITHOUT_SANDBOX=1: the attack corpus is left out; nothing here says that jails hold."
        );
        libtest_mimic::run(&arguments, Vec::new()).exit();
    }
    let programs = attack::all().into_iter().map(|attack| {
        let name = format!("build::{}", attack.name);
        Trial::test(name, move || check(&attack))
    });
    let sources = source::all().into_iter().map(|attack| {
        let name = format!("source::{}", attack.name);
        Trial::test(name, move || attack.check().map(tell).map_err(Failed::from))
    });
    let conclusion = libtest_mimic::run(&arguments, programs.chain(sources).collect());
    show();
    conclusion.exit();
}

/// Runs one attack in every way that its file speaks of.
fn check(attack: &Attack) -> Result<(), Failed> {
    if let Some(why) = attack.left_out() {
        let mut left_out = LEFT_OUT.lock().unwrap_or_else(PoisonError::into_inner);
        left_out.push(format!("{}: {why}", attack.name));
        return Ok(());
    }
    let program = observe::compile(attack)?;
    let observe = |lifted: &[Guard]| observe(attack, &program, lifted);
    let full = observe(&[])?;
    if full.reached {
        return Err(format!("it reached its goal with all layers: {full:?}").into());
    }
    attack.stopped.check(&full)?;
    for guard in attack.lift.iter().copied().filter(|guard| guard.acts_here()) {
        let others: Vec<Guard> =
            attack.lift.iter().copied().filter(|lift| *lift != guard).collect();
        let alone = observe(&others)?;
        match (alone.reached, attack.layers.contains(&guard)) {
            (true, true) => {
                return Err(format!("`{guard}` alone does not stop it: {alone:?}").into());
            }
            (false, false) => {
                return Err(format!("`{guard}` alone stops it too: {alone:?}").into());
            }
            _ => {}
        }
    }
    let control = observe(&attack.lift)?;
    if !control.reached {
        return Err(format!("the control does not reach its goal: {control:?}").into());
    }
    let names: Vec<&str> =
        attack.layers.iter().filter(|guard| guard.acts_here()).map(|guard| guard.name()).collect();
    tell(Row {
        name: attack.name.clone(),
        layers: names.join(" "),
        ended: full.ended,
        millis: full.millis,
        control: control.evidence,
    });
    Ok(())
}

fn tell(row: Row) {
    TABLE.lock().unwrap_or_else(PoisonError::into_inner).push(row);
}

fn show() {
    for left_out in &*LEFT_OUT.lock().unwrap_or_else(PoisonError::into_inner) {
        println!("left out: {left_out}");
    }
    let mut table = TABLE.lock().unwrap_or_else(PoisonError::into_inner);
    table.sort_by(|a, b| a.name.cmp(&b.name));
    if table.is_empty() {
        return;
    }
    println!("{:28} {:44} {:44} {:>6}  control", "attack", "each of these stops it", "ended", "ms");
    for row in &*table {
        let ended: String = row.ended.chars().take(44).collect();
        println!("{:28} {:44} {ended:44} {:>6}  {}", row.name, row.layers, row.millis, row.control);
    }
}

/// Where the attacks are.
fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/build"))
}
