//! The command: reads arguments and files, runs, resumes, checks and prints programs, reports, and exits.
//!
//! It uses the library as any user could; nothing about the language is decided here. Each command
//! gives back an [`Exit`], or a [`Stop`](lau_command::stop::Stop) that says why there was nothing to do.
//! Standard output carries the product alone (a program's output, printed text, one JSON object); all else
//! goes to standard error. What everything that runs a program needs for that is in [`lau_command`].

mod args;
mod build;
mod check;
mod diff;
mod findings;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod forge;
mod fuzz;
mod help;
mod print;
mod profile;
mod progress;
mod resume;
mod run;

use args::{Args, Command};
use clap::Parser;
use lau_command::guard::{self, Program};
use lau_command::stop::Exit;
use std::process::ExitCode;

/// Runs the command on the process's arguments.
pub(crate) fn main() -> ExitCode {
    let json = guard::wants_json(std::env::args_os());
    let lau = Program { name: "lau", version: env!("CARGO_PKG_VERSION"), json };
    guard::main(lau, move || match Args::try_parse() {
        Ok(args) => command(&args.command),
        Err(error) => guard::bad_arguments(&error, json),
    })
}

fn command(command: &Command) -> Exit {
    match command {
        Command::Run(args) => run::run(args),
        Command::Resume(args) => resume::resume(args),
        Command::Build(args) => build::build(args),
        Command::Check(args) => check::check(args),
        Command::Print(args) => print::print(args),
        Command::Profile(args) => profile::profile(args),
        Command::Diff(args) => diff::diff(args),
        Command::Fuzz(args) => fuzz::fuzz(args),
        #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
        Command::Forge(args) => forge::forge(args),
        Command::Help(args) => help::help(args),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_consistent() {
        use clap::CommandFactory;
        Args::command().debug_assert();
    }
}
