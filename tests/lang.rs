//! The language, told by runnable files: `tests/lang/<theme>/*.lau`, each with its expectation.
//!
//! Everything a file needs stands in its own comments, so it is also a program for the command:
//!
//! ```text
//! # What this shows.
//! push 1
//! push 2
//! add
//! #? budgets 100 0.25 0.1+0.2 1/1      a run under each: `+` resumes with more, `/` runs once more
//! #? limits stack 10 nesting 3         depth stack nesting value tree memory
//! #? memory x [1,2]                    a field that memory has before a run
//! #? case {"x":[1,2]}                 such fields for runs of their own; without any, one kind of run
//! #? delegate accepts                  a delegate handler, which `accepts`, `fails` or `panics`
//! #? every                             every budget there is, with resumption from each
//! #= 100: finished 3 | energy 0.3 | instructions 3 | at 3
//! #= 0.25: exhausted | energy 0.2 | instructions 2 | at 2 (4:1)
//! #=   stack 1 2
//! ```
//!
//! Without `budgets` there is one run under 100. Lines with `#=` are what was seen, and are written
//! anew by `LAU_BLESS=1 cargo test --test lang`: how each run ended, energy (`total` where earlier runs
//! used some too), instructions, `live` bytes if any, the place with line and column; then what a trap
//! says and the calls that led there, memory, the stack of all frames, and the host calls in order, each
//! only if there is something to tell. Texts that do not compile have `error` lines instead, and
//! warnings come before the runs; both with their help and fix. Places are line:column+bytes there. Long
//! values are told by their beginning and length. The host is in `lang/host.rs`.

#[cfg(feature = "aot")]
#[path = "support/ahead.rs"]
mod ahead;
#[path = "lang/every.rs"]
mod every;
#[path = "lang/file.rs"]
mod file;
#[path = "lang/host.rs"]
mod host;
#[path = "lang/run.rs"]
mod run;

use file::{File, Go, Setup, Step};
#[cfg(feature = "aot")]
use lau_agent_runtime::Linked;
use lau_agent_runtime::dsl::diagnostic::Code;
use lau_agent_runtime::dsl::parse::parse;
use lau_agent_runtime::dsl::print::print;
use lau_agent_runtime::lower::compile;
use lau_agent_runtime::{Energy, Engine, Instruction, Program, TrapKind};
use lau_runtime::instance::Error;
use lau_runtime::library;
use lau_runtime::program::Opcode;
use lau_runtime::program::opcode::{Effect, TABLE};
use run::{State, Way};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The oracle.
const INTERP: Way = Way::On(Engine::Interp);

/// What runs every file; all must see the same.
const WAYS: &[Way] = &[
    INTERP,
    #[cfg(feature = "jit")]
    Way::On(Engine::Jit),
    #[cfg(feature = "jit")]
    Way::Unoptimised,
    #[cfg(feature = "aot")]
    Way::Ahead,
];

macro_rules! themes {
    ($($theme:ident)*) => {
        const THEMES: &[&str] = &[$(stringify!($theme)),*];
        $(#[test]
        fn $theme() {
            check_theme(stringify!($theme));
        })*
    };
}
themes! { instructions functions library traps limits energy sharing host errors warnings resume }

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lang")
}

/// The files of a theme, in the order of their names.
fn files(theme: &str) -> Vec<File> {
    let entries = std::fs::read_dir(corpus().join(theme)).expect("a directory for each theme");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "no files of the theme {theme}");
    paths.into_iter().map(File::read).collect()
}

fn check_theme(theme: &str) {
    let bless = std::env::var_os("LAU_BLESS").is_some();
    let mut failures = Vec::new();
    #[cfg(feature = "aot")]
    link(&files(theme), run::AHEAD);
    for file in files(theme) {
        for &way in WAYS {
            let seen = seen(way, &file);
            if bless && way == INTERP {
                file.bless(&seen);
            } else if seen != file.expected {
                let differences = file::differences(&file.expected, &seen);
                failures.push(format!("{} by {way:?}:\n{differences}", file.path.display()));
            }
        }
    }
    assert!(failures.is_empty(), "expected (-) and seen (+) differ\n{}", failures.join("\n"));
}

/// Compiles all programs of files ahead of time, with one link.
#[cfg(feature = "aot")]
fn link(files: &[File], options: lau_agent_runtime::codegen::Options) {
    let linked = |file: &File| {
        let interface = file.setup.interface();
        let program = compile(&file.text, &interface).program?;
        Some(Arc::new(Linked::new(Arc::new(program), interface)))
    };
    let linked: Vec<_> = files.iter().filter_map(linked).collect();
    ahead::link(&linked, options).expect("they are linked");
}

/// Everything that a file shows if it is run in that way, as the lines of its expectation.
fn seen(way: Way, file: &File) -> Vec<String> {
    let setup = &file.setup;
    let compiled = compile(&file.text, &setup.interface());
    let mut lines: Vec<_> = compiled.diagnostics.iter().flat_map(file::diagnostic).collect();
    assert_eq!(compiled.program.is_none(), compiled.errors().next().is_some(), "{file:?}");
    let Some(program) = compiled.program.map(Arc::new) else { return lines };
    let printed = print(&compiled.instructions);
    assert_eq!(print(&parse(&printed).instructions), printed, "{file:?}: normal form");
    for (case, setup) in setup.cases() {
        lines.extend(case);
        lines.extend(runs(way, &program, &setup));
        if setup.every {
            let stops = every::every(way, &program, &setup);
            let stops = stops.unwrap_or_else(|wrong| panic!("{file:?} by {way:?}: {wrong}"));
            lines.push(every::told(&stops));
        }
    }
    lines
}

/// The runs of one setup, each step told once.
fn runs(way: Way, program: &Arc<Program>, setup: &Setup) -> Vec<String> {
    let (mut lines, mut told) = (Vec::new(), HashSet::new());
    for chain in &setup.chains {
        let (states, error) = run::run_on(way, program, setup, &chain.steps);
        let steps = chain.labels.iter().zip(&states).filter(|(label, _)| told.insert(*label));
        lines.extend(steps.flat_map(|(label, state)| state.lines(label)));
        if let Some(error) = error {
            let label = chain.labels.get(states.len()).map_or("", String::as_str);
            lines.push(format!("{label}: host error | {error}"));
        }
    }
    lines
}

/// So many guards of a file are made to leave one at a time; where there are more, they lie further apart.
#[cfg(feature = "jit")]
const GUARDS: u64 = 12;

#[cfg(feature = "jit")]
#[test]
fn a_run_that_leaves_anywhere_shows_the_same() {
    leave_anywhere(&THEMES.iter().flat_map(|theme| files(theme)).collect::<Vec<_>>(), Way::Leaving);
}

#[cfg(feature = "aot")]
#[test]
fn a_run_compiled_ahead_of_time_that_leaves_anywhere_shows_the_same() {
    for theme in THEMES {
        let files = files(theme);
        link(&files, run::AHEAD_LEAVING);
        leave_anywhere(&files, Way::AheadLeaving);
    }
}

#[cfg(feature = "jit")]
fn leave_anywhere(files: &[File], way: impl Fn(run::Guards) -> Way) {
    use run::Guards;
    let mut failures = Vec::new();
    for file in files {
        let compiled = compile(&file.text, &file.setup.interface());
        let Some(program) = compiled.program.map(Arc::new) else { continue };
        for (_, setup) in file.setup.cases() {
            let expected = runs(INTERP, &program, &setup);
            let mut leaving = |guards| {
                let seen = runs(way(guards), &program, &setup);
                if seen != expected {
                    let differences = file::differences(&expected, &seen);
                    failures.push(format!("{file:?}, {guards:?}:\n{differences}"));
                }
            };
            leaving(Guards::None);
            let guards = run::guards();
            let apart = guards.div_ceil(GUARDS).max(1);
            (0..guards).step_by(apart as usize).for_each(|guard| leaving(Guards::One(guard)));
            leaving(Guards::All);
        }
    }
    assert!(failures.is_empty(), "expected (-) and seen (+) differ\n{}", failures.join("\n"));
}

/// So many budgets of each run of a file are tried with a profile, evenly spread.
const CUTS: u64 = 4;

#[test]
fn a_profile_is_the_same_on_every_engine_and_changes_nothing() {
    let ways = Engine::ALL.iter().map(|engine| Way::Profiling(*engine)).chain([
        #[cfg(feature = "jit")]
        Way::ProfilingLeaving,
    ]);
    let ways: Vec<Way> = ways.collect();
    for file in THEMES.iter().flat_map(|theme| files(theme)) {
        let compiled = compile(&file.text, &file.setup.interface());
        let Some(program) = compiled.program.map(Arc::new) else { continue };
        for (_, setup) in file.setup.cases() {
            let mut chains: Vec<Vec<Step>> =
                setup.chains.iter().map(|chain| chain.steps.clone()).collect();
            for steps in chains.clone() {
                let (states, _) = run::run_on(INTERP, &program, &setup, &steps[..1]);
                let Some(state) = states.first() else { continue };
                let (whole, total) = (steps[0].amount, state.energy.thousandths());
                chains.extend((0..CUTS).map(|nth| {
                    let cut = Energy::from_thousandths(total * nth / CUTS);
                    let step = |go, amount| Step { go, amount };
                    vec![
                        step(Go::Run, cut),
                        step(Go::Resume, Energy::ZERO),
                        step(Go::Resume, whole.saturating_sub(cut)),
                    ]
                }));
            }
            for steps in &chains {
                let seen = |way| run::run_on(way, &program, &setup, steps);
                let lines = |(states, error): &(Vec<State>, Option<Error>)| {
                    let lines: Vec<_> = states.iter().map(|state| state.lines("")).collect();
                    (lines, error.clone())
                };
                let (plain, expected) = (seen(INTERP), seen(ways[0]));
                assert_eq!(lines(&expected), lines(&plain), "{file:?}, {steps:?}");
                for way in &ways[1..] {
                    assert_eq!(seen(*way), expected, "{file:?}, {steps:?} by {way:?}");
                }
            }
        }
    }
}

#[test]
fn every_directory_is_a_theme() {
    let entries = std::fs::read_dir(corpus()).expect("the corpus");
    for entry in entries.map(|entry| entry.expect("readable")) {
        let name = entry.file_name().into_string().expect("a plain name");
        let known = THEMES.contains(&name.as_str()) || name.ends_with(".rs");
        assert!(known, "{name} is no theme");
    }
}

/// What the whole corpus covers.
#[derive(Default)]
struct Coverage {
    executed: HashSet<Opcode>,
    exhausted: HashSet<Opcode>,
    library: LibraryCoverage,
    expected: String,
}

/// Functions of the library that were called, not affordable, and called with arguments of wrong types.
#[derive(Default)]
struct LibraryCoverage {
    executed: HashSet<&'static str>,
    exhausted: HashSet<&'static str>,
    type_error: HashSet<&'static str>,
}

impl Coverage {
    fn of_corpus() -> Coverage {
        let mut coverage = Coverage::default();
        for file in THEMES.iter().flat_map(|theme| files(theme)) {
            coverage.expected.push_str(&file.expected.join("\n"));
            coverage.expected.push('\n');
            coverage.add(&file);
        }
        coverage
    }

    fn add(&mut self, file: &File) {
        let compiled = compile(&file.text, &file.setup.interface());
        let Some(program) = compiled.program.map(Arc::new) else { return };
        let opcode = |at: u32| compiled.instructions[at as usize].opcode();
        let function = |at: &u32| library_function(&compiled.instructions, *at, &file.setup);
        for (_, setup) in file.setup.cases() {
            for chain in &setup.chains {
                let budget = chain.steps[0].amount;
                let Ok(trace) = run::trace(&program, &setup, budget) else { continue };
                let library = &mut self.library;
                library.executed.extend(trace.executed.iter().filter_map(function));
                library.exhausted.extend(trace.exhausted.iter().filter_map(function));
                library.type_error.extend(trace.type_error.iter().filter_map(function));
                self.executed.extend(trace.executed.into_iter().map(opcode));
                self.exhausted.extend(trace.exhausted.map(opcode));
            }
            if setup.every && self.lacks_exhausted(&compiled.instructions, function) {
                let stops = every::every(INTERP, &program, &setup).unwrap_or_default();
                let stopped = stops.iter().filter_map(|stop| stop.exhausted);
                self.library.exhausted.extend(stopped.clone().filter_map(|at| function(&at)));
                self.exhausted.extend(stopped.map(opcode));
            }
        }
    }

    /// Whether a program has something that no run was stopped before so far.
    fn lacks_exhausted(
        &self,
        program: &[Instruction],
        function: impl Fn(&u32) -> Option<&'static str>,
    ) -> bool {
        let lacks = |(at, instruction): (u32, &Instruction)| {
            let opcode = instruction.opcode();
            opcode.row().effect != Effect::Defines && !self.exhausted.contains(&opcode)
                || function(&at).is_some_and(|name| !self.library.exhausted.contains(name))
        };
        (0..).zip(program).any(lacks)
    }
}

/// The function of the library that an instruction calls, if it does.
fn library_function(program: &[Instruction], at: u32, setup: &Setup) -> Option<&'static str> {
    let instruction = program.get(at as usize)?;
    let (Instruction::Call(name, _) | Instruction::Try(name, _)) = instruction else { return None };
    let own = |one: &Instruction| matches!(one, Instruction::Func(own, _) if own == name);
    if program.iter().any(own) || setup.interface().names().any(|known| known == name) {
        return None;
    }
    library::find(name).map(|id| id.function().name)
}

#[test]
fn the_corpus_covers_the_language() {
    let coverage = Coverage::of_corpus();
    let mut missing = Vec::new();
    for row in TABLE.iter().filter(|row| row.effect != Effect::Defines) {
        for (what, covered) in
            [("executed", &coverage.executed), ("exhausted before", &coverage.exhausted)]
        {
            if !covered.contains(&row.opcode) {
                missing.push(format!("`{}` is never {what}", row.name));
            }
        }
    }
    let LibraryCoverage { executed, exhausted, type_error } = &coverage.library;
    for function in library::TABLE.iter() {
        let name = function.name;
        for (what, covered) in [
            ("executed", executed),
            ("exhausted before", exhausted),
            ("of wrong types", type_error),
        ] {
            // Some take whatever there is, but no other number of arguments.
            if !covered.contains(name) {
                missing.push(format!("a call of `{name}` is never {what}"));
            }
        }
    }
    for kind in TrapKind::ALL {
        if !coverage.expected.contains(&format!(": trapped {} |", kind.code())) {
            missing.push(format!("no trap {}", kind.code()));
        }
    }
    for code in Code::ALL {
        let told = |line: &str| line.split(' ').nth(1) == Some(code.as_str());
        if !coverage.expected.lines().any(told) {
            missing.push(format!("no diagnostic {}", code.as_str()));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn differences_show_what_changed_and_its_budget() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let (expected, seen) = (lines("1: a\n  stack 1\n2: b"), lines("1: a\n  stack 2\n2: b"));
    let told = file::differences(&expected, &seen);
    assert_eq!(told, "    1: a\n  -   stack 1\n  +   stack 2\n    2: b\n");
}
