//! The attack corpus, build-time half: each file of `build/` is one attack, with one stated outcome and a control.
//!
//! A file begins with lines `// key: value`:
//!
//! - `attack`: what it tries, in a few words.
//! - `kind`: `program`, a static program that runs in the place of a compiler that was taken over; or `source`, code
//!   that a plan gives to the build stage.
//! - `stopped`: how it ends with all layers: `says TEXT` (a line of its output begins so), `signal N`, `deadline`,
//!   `output`, `memory`, or for sources `refused TEXT` (in a diagnostic) or `built`.
//! - `layers`: each of these, with the others of `lift` lifted, stops it.
//! - `lift`: with all of these lifted it reaches its goal: the control, which shows that the attack is a real one.
//! - `limits`: optional, of the jail: `wall MS`, `memory MIB`, `processes N`, `output KIB`, `workspace MIB`.
//! - `only`: optional, `root` or `user`: where the attack means something.
//!
//! Whether the goal was reached is for the host to see, on canaries (`canary`): its secret in the output or in an
//! artifact, its file changed, a connection, a process gone, or more processes or memory than the limits have. A
//! program's word, or its exit code, counts for nothing. Controls run in a process of their own, in a control group
//! of 200 processes and 256 MiB where the machine has groups, so that what they let through is bounded.
//!
//! Where the machine lacks a required layer these tests fail and say which; `LAU_WITHOUT_SANDBOX=1` leaves them out.

#![cfg(all(feature = "forge", target_os = "linux", target_arch = "x86_64"))]

mod attack;
mod canary;
mod observe;

use attack::Attack;
use lau_agent_runtime::sandbox::Layer;
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

fn main() {
    if observe::is_control() {
        observe::control();
        return;
    }
    let arguments = Arguments::from_args();
    if std::env::var_os("LAU_WITHOUT_SANDBOX").is_some_and(|value| value == "1") {
        println!(
            "LAU_WITHOUT_SANDBOX=1: the attack corpus is left out; nothing here says that jails hold."
        );
        libtest_mimic::run(&arguments, Vec::new()).exit();
    }
    let trials = attack::all().into_iter().map(|attack| {
        let name = format!("build::{}", attack.name);
        Trial::test(name, move || check(&attack))
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    show();
    conclusion.exit();
}

/// Runs one attack in every way that its file speaks of.
fn check(attack: &Attack) -> Result<(), Failed> {
    if !attack.meant_here() {
        return Ok(());
    }
    let full = observe(attack, &[])?;
    if full.reached {
        return Err(format!("it reached its goal with all layers: {full:?}").into());
    }
    attack.stopped.check(&full)?;
    for layer in &attack.layers {
        let others: Vec<Layer> = attack.lift.iter().copied().filter(|lift| lift != layer).collect();
        let alone = observe(attack, &others)?;
        if alone.reached {
            return Err(format!("`{layer}` alone does not stop it: {alone:?}").into());
        }
    }
    let control = observe(attack, &attack.lift)?;
    if !control.reached {
        return Err(format!("the control does not reach its goal: {control:?}").into());
    }
    let names: Vec<&str> = attack.layers.iter().map(|layer| layer.name()).collect();
    TABLE.lock().unwrap_or_else(PoisonError::into_inner).push(Row {
        name: attack.name.clone(),
        layers: names.join(" "),
        ended: full.ended,
        millis: full.millis,
        control: control.evidence,
    });
    Ok(())
}

fn show() {
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
