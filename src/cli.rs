//! The command: reads arguments and files, runs, resumes, checks and prints programs, reports, and exits.
//!
//! It uses the library as any user could; nothing about the language is decided here. Each command
//! gives back an [`Exit`], or a [`Stop`] that says why there was nothing to do. Standard output carries the
//! product alone (a program's output, printed text, one JSON object); all else goes to standard error.

mod args;
mod check;
mod diff;
mod ended;
mod excerpt;
mod fuzz;
mod help;
mod input;
mod interrupt;
mod print;
mod profile;
mod progress;
mod report;
mod resume;
mod run;
mod saved;
mod source;
mod stop;
mod terminal;

use args::{Args, Command};
use clap::Parser;
use std::io;
use std::panic::{self, PanicHookInfo};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use stop::{Exit, Stop};

/// Stack for the whole command. Values nest up to 1,000 levels and are walked recursively in places;
/// this makes that independent of what the system gives the main thread.
const STACK_BYTES: usize = 64 << 20;

/// What the last panic said, kept until it is known whether it was ours: a panic in a builtin is
/// caught by the runtime and told as a trap.
static LAST_PANIC: Mutex<String> = Mutex::new(String::new());

/// Runs the command on the process's arguments.
pub(crate) fn main() -> ExitCode {
    panic::set_hook(Box::new(keep_panic));
    let exit = guarded(|| match Args::try_parse() {
        Ok(args) => command(&args.command),
        Err(error) => bad_arguments(&error),
    });
    ExitCode::from(exit.code())
}

fn command(command: &Command) -> Exit {
    match command {
        Command::Run(args) => run::run(args),
        Command::Resume(args) => resume::resume(args),
        Command::Check(args) => check::check(args),
        Command::Print(args) => print::print(args),
        Command::Profile(args) => profile::profile(args),
        Command::Diff(args) => diff::diff(args),
        Command::Fuzz(args) => fuzz::fuzz(args),
        Command::Help(args) => help::help(args),
    }
}

/// Help and version are what was asked for; anything else is a usage error, which under `--json` is
/// an object like every other answer.
fn bad_arguments(error: &clap::Error) -> Exit {
    if !error.use_stderr() {
        let _ = error.print(); // a reader who has gone does not want the help
        return Exit::Finished;
    }
    if wants_json() {
        return report::stop_json(&Stop::usage(error.render().to_string().trim_end()));
    }
    let _ = error.print(); // there is nowhere left to complain
    Exit::Usage
}

/// Whether `--json` is among the arguments, also where they could not be read.
fn wants_json() -> bool {
    std::env::args_os().skip(1).take_while(|word| word != "--").any(|word| word == "--json")
}

/// Calls `work` on a stack of known size. A panic in it is a bug of ours and is told as one.
fn guarded(work: impl FnOnce() -> Exit + Send + 'static) -> Exit {
    match on_own_stack(work) {
        Ok(Ok(exit)) => exit,
        Ok(Err(_)) => {
            let panic = LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner);
            if wants_json() {
                let message = format!("a bug in lau {}: {panic}", env!("CARGO_PKG_VERSION"));
                report::stop_json(&Stop::new(Exit::Bug, message));
            }
            terminal::note(&format!(
                "this is a bug in lau {}, not in your program.\nPlease report it, with the program and \
                 the arguments if you can share them, and with this:\n\n{panic}",
                env!("CARGO_PKG_VERSION"),
            ));
            Exit::Bug
        }
        Err(error) => {
            let stop = Stop::new(Exit::Limit, format!("cannot start a thread: {error}"));
            if wants_json() {
                report::stop_json(&stop);
            }
            terminal::note(&stop.message);
            Exit::Limit
        }
    }
}

fn on_own_stack(
    work: impl FnOnce() -> Exit + Send + 'static,
) -> io::Result<std::thread::Result<Exit>> {
    let worker = std::thread::Builder::new().name("lau".into()).stack_size(STACK_BYTES);
    Ok(worker.spawn(work)?.join())
}

fn keep_panic(info: &PanicHookInfo<'_>) {
    // Captured only where RUST_BACKTRACE asks for it.
    let trace = std::backtrace::Backtrace::capture();
    let mut text = info.to_string();
    if trace.status() == std::backtrace::BacktraceStatus::Captured {
        text += &format!("\n{trace}");
    }
    *LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner) = text;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_does_not_get_past_the_guard() {
        assert!(on_own_stack(|| panic!("on purpose")).unwrap().is_err());
        assert_eq!(guarded(|| Exit::Trapped), Exit::Trapped);
    }

    #[test]
    fn arguments_are_consistent() {
        use clap::CommandFactory;
        Args::command().debug_assert();
    }
}
