//! The `lau` command. All of it is in [`cli`]; here is only the way out to the system.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
