//! Whether real work grows faster than energy: for every function of the library and every instruction that is
//! priced by sizes, over four decades of size, with shapes that are meant to be hard.
//!
//! `cargo bench --bench growth` prints for each case the energy of the smallest and the largest size, the time
//! of the largest, how many nanoseconds a unit buys there, and the fitted slope of time over energy, both
//! logarithmic: 1 where work grows as energy does, less where energy grows faster. It fails where a slope is above
//! [`SLOPE_MAX`]. What is looked up in memory beyond the caches takes longer, which alone accounts for slopes of up
//! to 1.25; squares would be 2. Words after `--` choose cases by name.
//! Under `cargo test` each case runs once at its two smallest sizes.

mod cases;

use cases::{CASES, Case, MORE};
use lau_agent_runtime::lower::compile;
use lau_agent_runtime::{Builtin, Ending, Energy, Host, Instance, Limits, Linked};
use lau_runtime::library;
use lau_runtime::program::opcode::TABLE;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A slope above this means that work grows faster than what is paid for it.
const SLOPE_MAX: f64 = 1.35;

/// And so many seconds a unit are more than a budget should buy; the interpreter needs 50 nanoseconds.
const SECONDS_A_UNIT_MAX: f64 = 150e-6;

/// What a run took.
#[derive(Clone, Copy)]
struct Point {
    energy: f64,
    seconds: f64,
}

/// Runs a case at a size: its energy, and the shortest time of some runs.
fn measure(case: &Case, size: usize, runs: usize) -> Point {
    let mut host = Host::default();
    host.register("same", Builtin::new(|mut args| args.pop().unwrap_or_default()));
    host.register("count", Builtin::new(|args| (args.len() as f64).into()));
    let host = Arc::new(host);
    let compiled = compile(&(case.program)(size), &host.interface());
    assert_eq!(compiled.diagnostics, [], "{}", case.name);
    let program = Arc::new(compiled.program.expect("no errors"));
    let linked = Arc::new(Linked::new(program, host.interface()));
    let mut instance =
        Instance::new(linked, host, Limits::unlimited()).expect("the host is its own");
    let mut best = Point { energy: 0.0, seconds: f64::INFINITY };
    let began = Instant::now();
    for run in 0..runs {
        for (field, value) in (case.memory)(size) {
            instance.set_memory(field, &value).expect("unlimited");
        }
        instance.set_energy(Energy::ZERO, Energy::MAX);
        let started = Instant::now();
        let outcome = instance.run();
        let seconds = started.elapsed().as_secs_f64();
        let fine = matches!(outcome.ending, Ending::Finished { .. });
        assert!(fine, "{} at {size}: {:?}", case.name, outcome.ending);
        best = Point { energy: outcome.energy.to_units(), seconds: seconds.min(best.seconds) };
        if run >= 2 && began.elapsed() > Duration::from_millis(400) {
            break;
        }
    }
    best
}

/// The slope of the line through the points that fits best, both axes logarithmic. What the smallest size takes is
/// not counted: it is the call, not the work.
fn slope(points: &[Point]) -> Option<f64> {
    let (base, rest) = points.split_first()?;
    let net = rest.iter().map(|p| (p.energy - base.energy, p.seconds - base.seconds));
    // Where the work hardly shows there is nothing to fit.
    let far = net.filter(|(energy, seconds)| *energy > 0.0 && *seconds > 0.5 * base.seconds);
    let logs: Vec<(f64, f64)> = far.map(|(energy, seconds)| (energy.ln(), seconds.ln())).collect();
    let n = logs.len() as f64;
    let (x, y) = logs.iter().fold((0.0, 0.0), |(x, y), (a, b)| (x + a / n, y + b / n));
    let spread: f64 = logs.iter().map(|(a, _)| (a - x) * (a - x)).sum();
    let both: f64 = logs.iter().map(|(a, b)| (a - x) * (b - y)).sum();
    (logs.len() >= 2 && spread > 1.0).then(|| both / spread)
}

/// Everything with a price for sizes is in some case; what differs by the sign of a comparison, or in how failures
/// are told, stands for its like.
fn check_that_nothing_is_missing() {
    const ALIKE: [&str; 5] = ["ne", "le", "gt", "ge", "try"];
    let programs: Vec<String> =
        CASES.iter().chain(MORE).map(|case| (case.program)(case.smallest)).collect();
    let there = |line: &str| {
        programs.iter().flat_map(|program| program.lines()).any(|it| it.starts_with(line))
    };
    for function in library::TABLE.iter().filter(|function| !function.price.is_empty()) {
        assert!(there(&format!("call {} ", function.name)), "{} is in no case", function.name);
    }
    for row in TABLE.iter().filter(|row| !row.sized.is_empty() && !ALIKE.contains(&row.name)) {
        assert!(there(row.name), "{} is in no case", row.name);
    }
}

fn main() -> ExitCode {
    check_that_nothing_is_missing();
    let words: Vec<String> =
        std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let told = |wanted: &str| std::env::args().any(|word| word == wanted);
    let timed = told("--bench") && !told("--test");
    let chosen = |case: &&Case| {
        words.is_empty() || words.iter().any(|word| case.name.contains(word.as_str()))
    };
    if timed {
        println!(
            "{:34} {:>11} {:>13} {:>11} {:>9} {:>6}",
            "case", "units, from", "to", "ms at most", "ns a unit", "slope"
        );
    }
    let mut steep = Vec::new();
    for case in CASES.iter().chain(MORE).filter(chosen) {
        // Four decades, or as many as the shape has room for.
        let sizes: Vec<usize> =
            (0..=4).map(|decade| case.smallest * 10_usize.pow(decade)).collect();
        if !timed {
            for size in &sizes[..2] {
                measure(case, *size, 1);
            }
            continue;
        }
        let points: Vec<Point> = sizes.iter().map(|size| measure(case, *size, 15)).collect();
        let (first, last) = (points[0], points[points.len() - 1]);
        let slope = slope(&points);
        println!(
            "{:34} {:11.3} {:13.3} {:11.3} {:9.2} {:>6}",
            case.name,
            first.energy,
            last.energy,
            last.seconds * 1e3,
            last.seconds * 1e9 / last.energy,
            slope.map_or("—".to_owned(), |slope| format!("{slope:.2}"))
        );
        let dear = last.seconds / last.energy > SECONDS_A_UNIT_MAX;
        if dear || slope.is_some_and(|slope| slope > SLOPE_MAX) {
            steep.push(case.name);
        }
    }
    if !steep.is_empty() {
        eprintln!("too much work for its energy: {}", steep.join(", "));
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
