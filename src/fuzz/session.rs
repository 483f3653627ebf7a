//! One case after the other: what `lau fuzz` does, without a terminal.
//!
//! A case is a number. With the seed it says all: what is tried, on which program, with which edits and
//! budgets. Most cases compare engines; some read texts, some go on from tampered snapshots.

use super::builtins::panic_text;
use super::contest::{Contender, Contest, Difference};
use super::forged::{self, Forger};
use super::judge::{Found, judge};
use super::random::Random;
use super::rates::Rates;
use super::scene::{PLENTY, Plan, ROOMY, Scene};
use super::stage::Stage;
use super::{reading, replay};
use arbitrary::Unstructured;
use lau_runtime::instance::Survived;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What is tried in a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A program on every engine.
    Engines,
    /// A text that is nearly a program, and instructions with strange names.
    Text,
    /// A snapshot that is nearly right.
    Snapshot,
}

impl Kind {
    /// Of six cases in eight the first, of one each the others.
    fn of(case: u64) -> Kind {
        match case % 8 {
            3 => Kind::Text,
            7 => Kind::Snapshot,
            _ => Kind::Engines,
        }
    }
}

/// Something that should not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was tried.
    pub kind: Kind,
    /// What went wrong.
    pub words: String,
    /// Files that show it, by the ending of their names: a program or text, and with a snapshot its bytes.
    pub files: Vec<(&'static str, Vec<u8>)>,
}

impl Finding {
    /// A case that does not come back, with its program, which cannot be made small.
    #[must_use]
    pub fn of_hang(words: String, program: Vec<u8>) -> Finding {
        Finding { kind: Kind::Engines, words, files: vec![("lau", program)] }
    }
}

/// Cases of a seed, and what they reached.
#[derive(Debug)]
pub struct Session {
    seed: u64,
    contenders: Vec<Contender>,
    rates: Rates,
}

impl Session {
    /// Cases of that seed; the first contender is the oracle of the others.
    #[must_use]
    pub fn new(seed: u64, contenders: Vec<Contender>) -> Session {
        Session { seed, contenders, rates: Rates::default() }
    }

    /// What was reached so far.
    #[must_use]
    pub fn rates(&self) -> &Rates {
        &self.rates
    }

    /// Tries a case.
    ///
    /// # Errors
    /// What it found, made as small as can be.
    ///
    /// ```
    /// use lau_agent_runtime::fuzz::{Contender, Session};
    /// let mut session = Session::new(1, Contender::all());
    /// (0..8).for_each(|case| session.case(case).expect("engines agree"));
    /// assert!(session.rates().runs_so_far() > 6);
    /// ```
    pub fn case(&mut self, case: u64) -> Result<(), Finding> {
        let data = Random::of_case(self.seed, case).bytes(3_200);
        let mut u = Unstructured::new(&data);
        match Kind::of(case) {
            Kind::Engines => self.engines(&mut u),
            Kind::Text => self.text(&mut u),
            Kind::Snapshot => self.snapshot(&mut u),
        }
    }

    /// The program of a case as a file, for when it does not come back.
    #[must_use]
    pub fn program(seed: u64, case: u64, words: &str) -> String {
        let data = Random::of_case(seed, case).bytes(3_200);
        let mut u = Unstructured::new(&data);
        let _: u64 = u.arbitrary().unwrap_or_default(); // what its kind makes numbers of
        replay::file(words, &Scene::of(&mut u), &Plan::of(ROOMY, PLENTY))
    }

    fn engines(&mut self, u: &mut Unstructured<'_>) -> Result<(), Finding> {
        let mut random = Random::new(u.arbitrary().unwrap_or_default());
        let scene = Scene::of(u);
        let judged = judge(&scene, &self.contenders, &mut random, &mut self.rates);
        judged.map_err(|difference| self.finding(&scene, difference))
    }

    /// A program on which engines differ, made small.
    fn finding(&self, scene: &Scene, difference: Box<Difference>) -> Finding {
        let found = Found::smallest(scene, difference, &self.contenders);
        let words = found.difference.to_string();
        let top = format!("{words}\nPlay it again with `lau diff FILE`.");
        let file = replay::file(&top, &found.scene, &found.difference.plan).into_bytes();
        Finding { kind: Kind::Engines, words, files: vec![("lau", file)] }
    }

    fn text(&mut self, u: &mut Unstructured<'_>) -> Result<(), Finding> {
        let text = reading::edited(u);
        let strange = reading::strange(u);
        let (Ok(program), Ok(())) =
            (caught(|| reading::check(&text)), caught(|| reading::check_round_trip(&strange)))
        else {
            return Err(broken_text(text, &strange));
        };
        self.rates.feature("texts", 1);
        self.rates.feature("texts that are programs", u64::from(program));
        Ok(())
    }

    fn snapshot(&mut self, u: &mut Unstructured<'_>) -> Result<(), Finding> {
        let Some(mut forger) = Forger::of(u) else { return Ok(()) };
        let stage = Stage::of(&forger.scene).expect("it ran before");
        let contest = Contest::new(&stage, &self.contenders)
            .map_err(|difference| self.finding(&forger.scene, difference))?;
        for _ in 0..SNAPSHOTS {
            let bytes = forger.forge();
            let feature = match caught(|| forged::check(&stage, &contest, &bytes)) {
                Ok(Survived::Refused) => "snapshots not read",
                Ok(Survived::Read) => "snapshots refused",
                Ok(Survived::Ran) => "snapshots gone on with",
                Err(words) => {
                    let plan = Plan::of(ROOMY, PLENTY);
                    let program = replay::file(&words, &forger.scene, &plan).into_bytes();
                    let files = vec![("lau", program), ("snapshot", bytes)];
                    return Err(Finding { kind: Kind::Snapshot, words, files });
                }
            };
            self.rates.feature(feature, 1);
        }
        Ok(())
    }
}

/// How many snapshots of a program are forged in a case.
const SNAPSHOTS: usize = 10;

/// What a panic says.
fn caught<T>(check: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(check)).map_err(|payload| panic_text(payload.as_ref()))
}

/// The finding of a text or of instructions that do not read back, with as few lines as can be.
fn broken_text(text: String, strange: &[crate::Instruction]) -> Finding {
    let Some(words) = caught(|| reading::check(&text)).err() else {
        let broken = |one: &&crate::Instruction| {
            caught(|| reading::check_round_trip(std::slice::from_ref(*one))).is_err()
        };
        let lines: Vec<String> = strange.iter().filter(broken).map(|one| one.to_string()).collect();
        let words = "instructions do not read back as they are printed".to_owned();
        let file = lines.join("\n").into_bytes();
        return Finding { kind: Kind::Text, words, files: vec![("lau", file)] };
    };
    let mut lines: Vec<&str> = text.split('\n').collect();
    let mut at = 0;
    while at < lines.len() {
        let line = lines.remove(at);
        if caught(|| reading::check(&lines.join("\n"))).is_ok() {
            lines.insert(at, line);
            at += 1;
        }
    }
    let file = lines.join("\n").into_bytes();
    Finding { kind: Kind::Text, words, files: vec![("lau", file)] }
}
