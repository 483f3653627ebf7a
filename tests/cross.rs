//! Native code for other machines does the same, to the last bit and the last thousandth.
//!
//! Programs that crunch numbers (`tests/cross/*.lau` and kernels of the benchmarks) are compiled into object files for
//! aarch64 and x86-64, in several ways, and linked with a harness in C that is all there is beside them
//! (`cross/harness.c`): aarch64 by Debian's cross compiler, to run under user-mode qemu. What the harness tells of
//! every run, under budgets that end it anywhere, must be the same text on all machines; and it must be what
//! the interpreter says, also where native code stopped in the midst of a run. There, the interpreter gets the
//! energy that native code had used as its budget, and must stop at the same place in the same state.
//!
//! Without the cross compiler or qemu aarch64 is left out, and that is said; where `LAU_CROSS` is set, as by `.ci/run`,
//! it is a failure that names the packages.

#![cfg(all(feature = "aot", target_os = "linux", target_arch = "x86_64"))]

#[path = "cross/judge.rs"]
mod judge;
#[path = "cross/machine.rs"]
mod machine;
#[path = "cross/tables.rs"]
mod tables;

use judge::{Judge, Told};
use lau_agent_runtime::lower::compile;
use lau_agent_runtime::{Host, Linked};
use machine::{Executable, MACHINES};
use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

/// A program of the test.
pub(crate) struct Source {
    pub(crate) name: &'static str,
    text: &'static str,
    /// Memory fields that have a value before a run.
    pub(crate) inputs: &'static [(&'static str, f64)],
    /// Whether it needs a machine that rounds doubles by itself.
    pub(crate) rounds: bool,
}

macro_rules! source {
    ($name:literal) => {
        source!($name, concat!("cross/", $name, ".lau"), &[], false)
    };
    ($name:literal, $file:expr, $inputs:expr, $rounds:expr) => {
        Source { name: $name, text: include_str!($file), inputs: $inputs, rounds: $rounds }
    };
}

const SOURCES: &[Source] = &[
    source!("harmonic"),
    source!("collatz"),
    source!("coprime"),
    source!("random"),
    source!("planets"),
    source!("special"),
    source!("extremes"),
    source!("many"),
    source!("even"),
    source!("fields", "cross/fields.lau", &[("x", 1.25), ("count", 90.0), ("bumps", 0.0)], false),
    source!("rounding", "cross/rounding.lau", &[], true),
    source!("fib", "../benches/kernels/fib.lau", &[], false),
    source!("mandelbrot", "../benches/kernels/mandelbrot.lau", &[], false),
];

/// A program made ready.
pub(crate) struct Program {
    pub(crate) source: &'static Source,
    pub(crate) linked: Arc<Linked>,
}

/// Spread over a run, it is cut so often.
const CUTS: u64 = 23;

/// Budgets for a program that takes so much in all: tiny ones, some spread over the run, some about its end, and
/// the same in slices, after which native code goes on in the midst of the run.
fn budgets(whole: u64) -> Vec<String> {
    let cuts: Vec<u64> = (1..=CUTS).map(|n| n * whole / (CUTS + 1) + 37 * n).collect();
    let tiny = [0, 1, 49, 50, 99, 100, 101, 150, 999, 5_000];
    let ends = [whole - 1, whole, whole + 1, 10 * whole];
    let single = tiny.iter().chain(&cuts).chain(&ends).map(ToString::to_string);
    let in_two = cuts.iter().map(|cut| format!("{cut}+{whole}"));
    let slice = (whole / 40).to_string();
    let in_many = [vec![slice; 50].join("+")];
    single.chain(in_two).chain(in_many).collect()
}

fn programs() -> Vec<Program> {
    let host = Host::default();
    let program = |source: &'static Source| {
        let compiled = compile(source.text, &host.interface());
        let program = compiled.program.unwrap_or_else(|| panic!("{} compiles", source.name));
        Program { source, linked: Arc::new(Linked::new(Arc::new(program), host.interface())) }
    };
    SOURCES.iter().map(program).collect()
}

/// Whether to test aarch64 too.
fn crossing() -> bool {
    let missing = machine::missing();
    if let Some(missing) = &missing {
        let demanded = std::env::var_os("LAU_CROSS").is_some();
        assert!(!demanded, "LAU_CROSS is set, and {missing}");
        println!("code for aarch64 is not tested: {missing}");
    }
    missing.is_none()
}

/// Every run that an executable was asked for, by program, budget and compilation, as it was told.
type Runs = BTreeMap<String, String>;

fn runs(executable: &Executable, arguments: &[(&'static str, Vec<String>)]) -> Runs {
    let mut command = executable.command();
    for (name, budgets) in arguments {
        command.arg(name).args(budgets);
    }
    let told = machine::output(&mut command);
    let runs = told.split("run ").skip(1);
    let run = |run: &str| {
        let (of, told) = run.split_once('\n').expect("a run is told by lines");
        (of.to_owned(), told.to_owned())
    };
    runs.map(run).collect()
}

#[test]
fn code_for_every_machine_does_what_the_interpreter_does() {
    let crossing = crossing();
    let programs = programs();
    let mut judges: BTreeMap<&str, Judge<'_>> = BTreeMap::new();
    let mut arguments = Vec::new();
    for program in &programs {
        let mut judge = Judge::new(program);
        arguments.push((program.source.name, budgets(judge.whole())));
        judges.insert(program.source.name, judge);
    }
    let asked: usize = arguments.iter().map(|(_, budgets)| budgets.len()).sum();
    println!("{} programs, {asked} budgets", programs.len());

    // The first machine that a run is told of is what the others are compared to.
    let mut first: BTreeMap<String, (&str, String)> = BTreeMap::new();
    let mut compared = 0;
    for machine in MACHINES.iter().filter(|machine| machine.runs_here(crossing)) {
        let began = Instant::now();
        let wanted: Vec<&Program> =
            programs.iter().filter(|p| machine.rounds || !p.source.rounds).collect();
        let executable = machine.build(&wanted);
        let built = began.elapsed();
        let names: Vec<_> = wanted.iter().map(|program| program.source.name).collect();
        let asked: Vec<_> =
            arguments.iter().filter(|(name, _)| names.contains(name)).cloned().collect();
        let runs = runs(&executable, &asked);
        assert!(runs.len() >= asked.iter().map(|(_, budgets)| budgets.len()).sum());
        println!(
            "{}: {} programs, {} runs, {} ms to build, {} ms to run",
            machine.name,
            asked.len(),
            runs.len(),
            built.as_millis(),
            (began.elapsed() - built).as_millis()
        );
        for (of, told) in runs {
            let (other, expected) =
                first.entry(of.clone()).or_insert_with(|| (machine.name, told.clone()));
            compared += usize::from(*other != machine.name);
            assert_eq!(told, *expected, "{of}: {} and then {other}", machine.name);
        }
    }

    let (mut finished, mut nested) = (0, 0);
    let began = Instant::now();
    for (of, (_, told)) in &first {
        let [name, budget, _] = of.split(' ').collect::<Vec<_>>()[..] else {
            panic!("`{of}` names no run")
        };
        let told = Told::of(told);
        finished += usize::from(told.finished.is_some());
        nested += usize::from(told.frames.len() > 1);
        let judge = judges.get_mut(name).expect("only programs that were asked for");
        judge.judge(budget, &told).unwrap_or_else(|wrong| panic!("{of}: {wrong}"));
    }
    println!(
        "{} runs, {compared} compared to another machine's, all to the interpreter's in {} ms: {finished} finished, \
         {nested} stopped in calls",
        first.len(),
        began.elapsed().as_millis()
    );
    // Where most runs stop at once, or none does, there is little to compare.
    assert!(finished > first.len() / 4 && nested > 50 && first.len() - finished > first.len() / 4);
}

#[test]
fn a_program_that_needs_a_helper_fails_loudly() {
    let host = Host::default();
    let text = "push 7\nstore n\nload n\npush 4\nrem\nreturn";
    let program = compile(text, &host.interface()).program.expect("no errors");
    let source = Source { name: "helped", text, inputs: &[], rounds: false };
    let source: &'static Source = Box::leak(Box::new(source));
    let linked = Arc::new(Linked::new(Arc::new(program), host.interface()));
    let executable = MACHINES[0].build_in("helped", &[&Program { source, linked }]);
    let mut command: Command = executable.command();
    let output = command.args(["helped", "1000"]).output().expect("it starts");
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said, "a helper was called: lau_rem\n");
}
