//! `lau fuzz`: one generated case after the other, until the time is up or something is found.
//!
//! What a case is and what is compared is the library's business (`lau_agent_runtime::fuzz`). Here are the
//! clock, Ctrl-C, the files of a finding, and a watchman: a case that does not come back cannot be made
//! small, but it is told, and its program is written down.
//!
//! The JSON object has, besides what every one has (see [`lau_command::report`]),
//! - `seed`, and `from` and `cases`: the first case and how many were tried; `seconds`: how long it took;
//!   `interrupted`: whether Ctrl-C ended it;
//! - `programs`, `runs`; `endings`: how many programs came to which end with plenty of energy, traps by
//!   their codes; `features`: how often other things happened;
//! - `instructions_missed`: those never executed;
//! - `finding`: null, or `case`, `kind` (`engines`, `text` or `snapshot`), `message`, and the `files` written.

mod told;

use super::args::FuzzArgs;
use super::progress::Progress;
use lau_agent_runtime::fuzz::{Contender, Finding, Rates, Session};
use lau_command::stop::{Exit, Stop};
use lau_command::{interrupt, report, terminal};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long it goes on if nothing is said.
const USUAL: Duration = Duration::from_secs(60);
/// A case that takes longer does not come back.
const CASE_MAX: Duration = Duration::from_secs(120);
/// How often the watchman looks.
const WATCH_EVERY: Duration = Duration::from_millis(500);

/// What was done and found.
#[derive(Debug)]
struct Fuzzed {
    seed: u64,
    from: u64,
    cases: u64,
    took: Duration,
    interrupted: bool,
    rates: Rates,
    found: Option<Found>,
}

/// A finding with the files it was written to.
#[derive(Debug)]
struct Found {
    case: u64,
    finding: Finding,
    files: Vec<PathBuf>,
}

/// Looks for programs on which engines differ.
pub(crate) fn fuzz(args: &FuzzArgs) -> Exit {
    let fuzzed = fs::create_dir_all(&args.save)
        .map_err(|error| {
            Stop::usage(format!("cannot write findings there: {error}")).about(&args.save)
        })
        .and_then(|()| interrupt::noticed(|interrupted| cases(args, interrupted)));
    match fuzzed {
        Ok(fuzzed) => told::tell(&fuzzed, args.json),
        Err(stop) if args.json => report::stop_json(&stop),
        Err(stop) => report::told(&stop),
    }
}

/// Tries cases until it is enough.
fn cases(args: &FuzzArgs, interrupted: &dyn Fn() -> bool) -> Result<Fuzzed, Stop> {
    let seed = args.seed.unwrap_or_else(from_clock);
    if !args.json {
        terminal::note(&format!("seed {seed}"));
    }
    let limit = args.seconds.or(args.cases.is_none().then_some(USUAL));
    let begun = Instant::now();
    let enough = |done: u64| {
        args.cases.is_some_and(|cases| done >= cases)
            || limit.is_some_and(|limit| begun.elapsed() >= limit)
            || interrupted()
    };
    let watchman = Watchman::new(seed, args.save.clone(), args.json);
    let mut session = Session::new(seed, Contender::all());
    let mut progress = Progress::of(match (limit, args.cases) {
        (Some(limit), _) => millis(limit),
        (None, cases) => cases.unwrap_or_default(),
    });
    let (mut done, mut finding) = (0, None);
    while finding.is_none() && !enough(done) {
        let case = args.from.wrapping_add(done);
        watchman.begins(case);
        finding = session.case(case).err().map(|finding| (case, finding));
        done += 1;
        let position = if limit.is_some() { millis(begun.elapsed()) } else { done };
        progress.at(position, &format!("{done} cases, {} runs", session.rates().runs_so_far()));
    }
    drop((progress, watchman));
    let found = match finding {
        Some((case, finding)) => {
            let files = written(&args.save, seed, case, &finding)?;
            Some(Found { case, finding, files })
        }
        None => None,
    };
    let (took, rates) = (begun.elapsed(), session.rates().clone());
    let interrupted = interrupted();
    Ok(Fuzzed { seed, from: args.from, cases: done, took, interrupted, rates, found })
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A seed that is another one each time, and short enough to be typed.
fn from_clock() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::from(since.subsec_micros()) + 1_000_000 * (since.as_secs() % 1_000)
}

/// Writes the files of a finding.
fn written(folder: &Path, seed: u64, case: u64, finding: &Finding) -> Result<Vec<PathBuf>, Stop> {
    let write = |(ending, bytes): &(&str, Vec<u8>)| {
        let file = folder.join(format!("lau-fuzz-{seed}-{case}.{ending}"));
        let failed = |error| Stop::usage(format!("cannot write the finding: {error}")).about(&file);
        fs::write(&file, bytes).map_err(failed)?;
        Ok(file)
    };
    finding.files.iter().map(write).collect()
}

/// Looks whether cases come back. It ends when it is dropped.
#[derive(Debug)]
struct Watchman {
    /// The case in progress.
    current: Arc<AtomicU64>,
}

impl Watchman {
    fn new(seed: u64, folder: PathBuf, json: bool) -> Watchman {
        let current = Arc::new(AtomicU64::new(0));
        let watched = Arc::downgrade(&current);
        // Without it a case that hangs is only not told.
        let _ = thread::Builder::new()
            .name("watchman".into())
            .spawn(move || watch(&watched, seed, &folder, json));
        Watchman { current }
    }

    fn begins(&self, case: u64) {
        self.current.store(case, Ordering::Relaxed);
    }
}

/// Looks at the case in progress; one that stays too long ends the process.
fn watch(current: &Weak<AtomicU64>, seed: u64, folder: &Path, json: bool) {
    let mut last = (u64::MAX, Instant::now());
    while let Some(case) = current.upgrade().map(|current| current.load(Ordering::Relaxed)) {
        if case != last.0 {
            last = (case, Instant::now());
        } else if last.1.elapsed() > CASE_MAX {
            let words = format!("case {case} of seed {seed} does not come back");
            let program = Session::program(seed, case, &words).into_bytes();
            let finding = Finding::of_hang(words.clone(), program);
            let stop = match written(folder, seed, case, &finding) {
                Ok(files) => Stop::new(Exit::Bug, words).about(&files[0]),
                Err(stop) => stop,
            };
            if json {
                report::stop_json(&stop);
            } else {
                report::told(&stop);
            }
            std::process::exit(Exit::Bug.code().into());
        }
        thread::sleep(WATCH_EVERY);
    }
}
