//! The guard around a whole command: a stack of known size, and panics told as bugs.
//!
//! Whatever happens inside, the process ends with one of the command's exit codes, and under `--json` there is an
//! object on standard output.

use crate::stop::{Exit, Stop};
use crate::{report, terminal};
use std::ffi::OsString;
use std::io;
use std::panic::{self, PanicHookInfo};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

/// Stack for the whole command. Values nest up to 1,000 levels and are walked recursively in places;
/// this makes that independent of what the system gives the main thread.
pub const STACK_BYTES: usize = 64 << 20;

/// What the last panic said, kept until it is known whether it was ours: a panic in a builtin is
/// caught by the runtime and told as a trap.
static LAST_PANIC: Mutex<String> = Mutex::new(String::new());

/// What runs, as its messages call it.
#[derive(Clone, Copy, Debug)]
pub struct Program<'a> {
    /// The name, such as `lau`.
    pub name: &'a str,
    /// The version.
    pub version: &'a str,
    /// Whether an object is expected on standard output, whatever happens.
    pub json: bool,
}

/// Does the work of a process, which ends with the code that this gives.
pub fn main(program: Program<'_>, work: impl FnOnce() -> Exit + Send + 'static) -> ExitCode {
    ExitCode::from(exit(program, work).code())
}

/// Does the work of a process, and says what it is to end with.
pub fn exit(program: Program<'_>, work: impl FnOnce() -> Exit + Send + 'static) -> Exit {
    terminal::set_name(program.name);
    panic::set_hook(Box::new(keep_panic));
    guarded(program, work)
}

/// Help and version are what was asked for; anything else is a usage error, which under `--json` is
/// an object like every other answer.
pub fn bad_arguments(error: &clap::Error, json: bool) -> Exit {
    if !error.use_stderr() {
        let _ = error.print(); // a reader who has gone does not want the help
        return Exit::Finished;
    }
    if json {
        return report::stop_json(&Stop::usage(error.render().to_string().trim_end()));
    }
    let _ = error.print(); // there is nowhere left to complain
    Exit::Usage
}

/// Whether `--json` is among the words of a command, also where they cannot be read.
pub fn wants_json(words: impl IntoIterator<Item = OsString>) -> bool {
    words.into_iter().skip(1).take_while(|word| word != "--").any(|word| word == "--json")
}

/// Calls `work` on a stack of known size. A panic in it is a bug of ours and is told as one.
fn guarded(program: Program<'_>, work: impl FnOnce() -> Exit + Send + 'static) -> Exit {
    let Program { name, version, json } = program;
    match on_own_stack(name, work) {
        Ok(Ok(exit)) => exit,
        Ok(Err(_)) => {
            let panic = LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner);
            if json {
                let message = format!("a bug in {name} {version}: {panic}");
                report::stop_json(&Stop::new(Exit::Bug, message));
            }
            terminal::note(&format!(
                "this is a bug in {name} {version}, not in your program.\nPlease report it, with the program and \
                 the arguments if you can share them, and with this:\n\n{panic}",
            ));
            Exit::Bug
        }
        Err(error) => {
            let stop = Stop::new(Exit::Limit, format!("cannot start a thread: {error}"));
            if json {
                report::stop_json(&stop);
            }
            terminal::note(&stop.message);
            Exit::Limit
        }
    }
}

fn on_own_stack(
    name: &str,
    work: impl FnOnce() -> Exit + Send + 'static,
) -> io::Result<std::thread::Result<Exit>> {
    let worker = std::thread::Builder::new().name(name.to_owned()).stack_size(STACK_BYTES);
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
        assert!(on_own_stack("test", || panic!("on purpose")).unwrap().is_err());
        let program = Program { name: "test", version: "1", json: false };
        assert_eq!(guarded(program, || Exit::Trapped), Exit::Trapped);
    }
}
