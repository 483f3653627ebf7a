//! The bodies of the fuzzers: one function for each target of `fuzz/`, over any bytes.
//!
//! Each comes back, or panics with what it found. They are the same for cargo-fuzz, which looks for bytes
//! that reach something new, and for tests, which give them any.

use super::contest::{Contender, Contest};
use super::forged::{self, Forger};
use super::judge::judge;
use super::random::Random;
use super::rates::Rates;
use super::reading;
use super::scene::Scene;
use super::stage::Stage;
use arbitrary::Unstructured;

/// Reads the bytes as a text, and the text of a program that they stand for, with edits.
///
/// # Panics
/// If reading goes wrong in any way, or what was read does not print as something that reads the same.
pub fn parser(data: &[u8]) {
    reading::check(&String::from_utf8_lossy(data));
    reading::check(&reading::edited(&mut Unstructured::new(data)));
}

/// Prints instructions that the bytes stand for, and reads them back.
///
/// # Panics
/// If they are others then.
pub fn round_trip(data: &[u8]) {
    let mut u = Unstructured::new(data);
    reading::check_round_trip(&reading::strange(&mut u));
    reading::check_round_trip(&Scene::of(&mut u).instructions);
}

/// Plays the program that the bytes stand for on every engine of this build.
///
/// # Panics
/// If they differ; the message has the program.
pub fn engines(data: &[u8]) {
    let mut u = Unstructured::new(data);
    let mut random = Random::new(u.arbitrary().unwrap_or_default());
    let scene = Scene::of(&mut u);
    if let Err(difference) = judge(&scene, &Contender::all(), &mut random, &mut Rates::default()) {
        let words = difference.to_string();
        panic!("{}", super::replay::file(&words, &scene, &difference.plan));
    }
}

/// Takes the bytes for a snapshot of a program, and some that they stand for, with edits.
///
/// # Panics
/// If going on with what passes for one is not the same on every engine of this build, or goes wrong.
pub fn snapshot(data: &[u8]) {
    let Some(mut forger) = Forger::of(&mut Unstructured::new(data)) else { return };
    let stage = Stage::of(&forger.scene).expect("it ran before");
    let contest = Contest::new(&stage, &Contender::all());
    let contest = contest.unwrap_or_else(|difference| panic!("{difference}"));
    forged::check(&stage, &contest, data);
    for _ in 0..4 {
        forged::check(&stage, &contest, &forger.forge());
    }
}
