//! The arguments of the command: what there is, how it is read, what the help says.

use super::input::Input;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Parser, Subcommand, ValueEnum};
use lau_agent_runtime::{Energy, Engine, Limits};
use std::path::PathBuf;
use std::time::Duration;

const EXIT_CODES: &str = "\
Exit codes:
  0   the program finished; the check found no errors; the engines agree
  1   the program trapped
  2   wrong usage, an unreadable file, a malformed input
  3   the source has errors, or is not UTF-8
  4   the run stopped and can go on: the energy budget is used up, or it was suspended
  5   a limit was hit: of the run, the source or an input
  70  a bug in lau itself, such as engines that differ";

const RUN_HELP: &str = "\
The output goes to standard output: a text as it is, any other value as JSON. What the program logs
(`call log n`), warnings and a summary go to standard error.

Inputs: a .json file is any JSON value. A .csv file becomes a list of maps keyed by its header row; an
empty field is null, a field written as JSON writes numbers is a number (but not a whole number of 2^53
or beyond), anything else, such as 007 or +1, is text. A .txt or .log file is one text, as it stands.

Sizes take a suffix (KiB, MiB, GiB); sizes and counts can be `unlimited`.

Ctrl-C suspends the run; a second one kills it. With --snapshot a run that is suspended, or out of
energy, is written to a file, program and all, and `lau resume FILE` goes on with it.";

const RESUME_HELP: &str = "\
The file holds the run, its program and its limits; it stays as it is unless --snapshot names it again.
A run that was out of energy needs a --budget to get further.";

const PROFILE_HELP: &str = "\
The program is run as by `lau run`, and what each line of its source took is told: how often it was executed,
and the energy it cost, to the thousandth. The lines add up to what the run used, however it ended, and are
the same on every engine. The table goes to standard output; what the program gives and logs, and a summary,
to standard error.

With --svg a flame graph is written too, to be looked at in a browser: the wider a frame, the more energy
went into it. Frames are functions, with the lines of each on top of it; calls deeper than 100 are shown in the
nearest caller that is the same function.";

const DIFF_HELP: &str = "\
Each program is run on every engine of this build, whole and cut at several budgets, where a run stops on
one engine and goes on from a snapshot on the other. How it ends and where, output, energy, instructions,
memory, stack and the calls of the host must be the same. What the programs log is compared, not shown.

With --json the one object has the result for every file. Exit code 70 means that engines differ. That a
program traps, or is out of energy, is no error here, if it does so on all of them.";

const FUZZ_HELP: &str = "\
Programs are generated, and run on every engine of this build: with plenty of energy, cut anywhere and
resumed on the other engine from a snapshot, under small limits. Some of the time goes to texts that are
nearly programs and to snapshots that were tampered with.

What is found is made small and written to a file, which `lau diff FILE` plays again; the exit code is 70
then. A seed and a number of cases always do the same: `--seed S --from CASE --cases 1` repeats one.
Ctrl-C ends it early.";

const HELP_HELP: &str = "\
Topics of the language:
  instructions  every instruction
  library       every function that programs can call on any host
  language      the whole reference, as a page of Markdown
  prompt        the language on one page, for a model that is to write programs";

/// Runs and checks programs of the lau language.
#[derive(Debug, Parser)]
#[command(name = "lau", version, max_term_width = 100, after_help = EXIT_CODES)]
#[command(disable_help_subcommand = true)]
pub(crate) struct Args {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a program
    #[command(allow_negative_numbers = true, after_help = RUN_HELP, after_long_help = format!("{RUN_HELP}\n\n{EXIT_CODES}"))]
    Run(RunArgs),
    /// Go on with a run that stopped
    #[command(allow_negative_numbers = true, after_help = RESUME_HELP, after_long_help = format!("{RESUME_HELP}\n\n{EXIT_CODES}"))]
    Resume(ResumeArgs),
    /// Look for errors and warnings in a program, without running it
    Check(CheckArgs),
    /// Print a program in one of its forms
    Print(PrintArgs),
    /// Run a program and tell what each line of it took
    #[command(allow_negative_numbers = true, after_help = PROFILE_HELP, after_long_help = format!("{PROFILE_HELP}\n\n{EXIT_CODES}"))]
    Profile(ProfileArgs),
    /// Compare the engines over programs
    #[command(allow_negative_numbers = true, after_help = DIFF_HELP, after_long_help = format!("{DIFF_HELP}\n\n{EXIT_CODES}"))]
    Diff(DiffArgs),
    /// Look for programs on which the engines differ
    #[command(after_help = FUZZ_HELP, after_long_help = format!("{FUZZ_HELP}\n\n{EXIT_CODES}"))]
    Fuzz(FuzzArgs),
    /// Help on a command, or on the language
    #[command(after_help = HELP_HELP)]
    Help(HelpArgs),
}

/// `lau help`.
#[derive(Debug, clap::Args)]
pub(crate) struct HelpArgs {
    /// What about: a command, an instruction, a function of the library, or one of the topics below
    pub(crate) topic: Vec<String>,
    /// Answer with one JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// `lau run`.
#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    /// The program; `-` is standard input
    pub(crate) file: PathBuf,
    /// Energy the program may use, in units; `inf` is the most there is
    #[arg(long, value_name = "UNITS", default_value = "10000000", value_parser = units)]
    pub(crate) budget: Energy,
    /// Put the value of a file into the memory field NAME before the run; may be repeated
    #[arg(long = "input", value_name = "NAME=FILE", value_parser = Input::parse)]
    pub(crate) inputs: Vec<Input>,
    /// How to run it.
    #[command(flatten)]
    pub(crate) how: HowArgs,
    /// What else the program may use.
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// `lau resume`.
#[derive(Debug, clap::Args)]
pub(crate) struct ResumeArgs {
    /// The snapshot, as `lau run --snapshot FILE` wrote it
    pub(crate) file: PathBuf,
    /// Energy to add to what is left of the budget, in units; `inf` is the most there is
    #[arg(long, value_name = "UNITS", default_value = "0", value_parser = units)]
    pub(crate) budget: Energy,
    /// How to run it.
    #[command(flatten)]
    pub(crate) how: HowArgs,
}

/// How a run is run, wherever it begins.
#[derive(Debug, clap::Args)]
pub(crate) struct HowArgs {
    /// What runs it: the interpreter, or native code
    #[arg(long, value_name = "ENGINE", default_value_t = Engine::default(), value_parser = engine())]
    pub(crate) engine: Engine,
    /// Suspend the run after so much time: `500ms`, `2s`, `5m`, or a number of seconds
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) timeout: Option<Duration>,
    /// Where to write the run if it stops and can go on, for `lau resume FILE`
    #[arg(long, value_name = "FILE")]
    pub(crate) snapshot: Option<PathBuf>,
    /// Answer with one JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
    /// Give the program's memory after the run in the JSON object too
    #[arg(long, requires = "json")]
    pub(crate) memory: bool,
}

/// Limits of a run.
#[derive(Clone, Copy, Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitArgs {
    /// Calls of the program's functions in progress [default: 10000]
    #[arg(long, value_name = "CALLS", value_parser = count)]
    depth_max: Option<u32>,
    /// Values on the stack [default: 1000000]
    #[arg(long, value_name = "VALUES", value_parser = count)]
    stack_max: Option<u32>,
    /// Levels of lists and maps in a value, at most 1000 [default: 200]
    #[arg(long, value_name = "LEVELS", value_parser = clap::value_parser!(u16).range(..=i64::from(Limits::NESTING_MAX)))]
    nesting_max: Option<u16>,
    /// Size of one text, list or map without its elements' own [default: 256MiB]
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    value_max: Option<u64>,
    /// Size of one value with everything in it [default: 256MiB]
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    tree_max: Option<u64>,
    /// Size of all values of the run [default: 1GiB]
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    memory_max: Option<u64>,
}

impl LimitArgs {
    /// The limits, with defaults where nothing was asked for.
    pub(crate) fn limits(self) -> Limits {
        self.over(Limits::default())
    }

    /// The limits, with others where nothing was asked for.
    pub(crate) fn over(self, default: Limits) -> Limits {
        Limits {
            call_depth_max: self.depth_max.unwrap_or(default.call_depth_max),
            stack_values_max: self.stack_max.unwrap_or(default.stack_values_max),
            nesting_max: self.nesting_max.unwrap_or(default.nesting_max),
            value_bytes_max: self.value_max.unwrap_or(default.value_bytes_max),
            tree_bytes_max: self.tree_max.unwrap_or(default.tree_bytes_max),
            memory_bytes_max: self.memory_max.unwrap_or(default.memory_bytes_max),
        }
        .clamped()
    }
}

/// `lau check`.
#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// The program; `-` is standard input
    pub(crate) file: PathBuf,
    /// Answer with one JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// `lau print`.
#[derive(Debug, clap::Args)]
pub(crate) struct PrintArgs {
    /// The program; `-` is standard input
    pub(crate) file: PathBuf,
    /// Which form
    #[arg(long)]
    pub(crate) stage: Stage,
    /// Answer with one JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// `lau profile`.
#[derive(Debug, clap::Args)]
pub(crate) struct ProfileArgs {
    /// What is run, as by `lau run`.
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Write a flame graph too, as a picture
    #[arg(long, value_name = "FILE", help_heading = "Profile")]
    pub(crate) svg: Option<PathBuf>,
    /// How the lines are sorted
    #[arg(long, value_name = "ORDER", default_value = "line", help_heading = "Profile")]
    pub(crate) sort: Sort,
}

/// How the lines of a profile are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sort {
    /// As in the source
    Line,
    /// What took the most energy first, without lines that were not executed
    Energy,
    /// What was executed most often first, without lines that were not executed
    Visits,
}

/// `lau diff`.
#[derive(Debug, clap::Args)]
pub(crate) struct DiffArgs {
    /// The programs; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Energy a program may use, in units [default: 10000000, or what `lau fuzz` wrote into the file]
    #[arg(long, value_name = "UNITS", value_parser = units)]
    pub(crate) budget: Option<Energy>,
    /// How often a run is cut on its way
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(..=CUTS_MAX))]
    pub(crate) cuts: u32,
    /// Put the value of a file into the memory field NAME before each run; may be repeated
    #[arg(long = "input", value_name = "NAME=FILE", value_parser = Input::parse)]
    pub(crate) inputs: Vec<Input>,
    /// Answer with one JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
    /// What else the program may use.
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// How often a run can be cut.
const CUTS_MAX: i64 = 100_000;

/// `lau fuzz`.
#[derive(Debug, clap::Args)]
pub(crate) struct FuzzArgs {
    /// How long; without --cases it is 60 seconds
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) seconds: Option<Duration>,
    /// How many cases, if they take no longer
    #[arg(long, value_name = "N")]
    pub(crate) cases: Option<u64>,
    /// Where the cases begin that are tried [default: from the clock]
    #[arg(long, value_name = "SEED")]
    pub(crate) seed: Option<u64>,
    /// The first case
    #[arg(long, value_name = "CASE", default_value_t = 0)]
    pub(crate) from: u64,
    /// Where to write what is found; it is made if it is not there
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    pub(crate) save: PathBuf,
    /// Answer with one JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// The forms of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stage {
    /// The instructions, one a line in normal form, jump targets as indices
    Tokens,
    /// The program as engines take it
    Ir,
    /// What is proved about it: blocks, types, what is paid where
    Facts,
    /// Cranelift's IR of it
    Clif,
    /// Machine code
    Asm,
}

impl Stage {
    /// The stage's name, as it is asked for.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Stage::Tokens => "tokens",
            Stage::Ir => "ir",
            Stage::Facts => "facts",
            Stage::Clif => "clif",
            Stage::Asm => "asm",
        }
    }
}

/// The engines of this build, by name.
fn engine() -> impl TypedValueParser<Value = Engine> {
    let names = PossibleValuesParser::new(Engine::ALL.iter().map(|engine| engine.name()));
    names.try_map(|name| name.parse::<Engine>())
}

fn units(text: &str) -> Result<Energy, String> {
    let units: f64 = text.trim().parse().map_err(|_| format!("`{text}` is not a number"))?;
    if units.is_nan() || units < 0.0 {
        return Err(format!(
            "{text} is no amount of energy; it takes a number from 0 up, or `inf`"
        ));
    }
    Ok(Energy::from_units(units))
}

fn time(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time; known are 500ms, 2s, 5m, or a number of seconds");
    let text = text.trim();
    let (number, seconds) = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("", 1.0)]
        .into_iter()
        .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)))
        .ok_or_else(wrong)?;
    let number: f64 = number.trim_end().parse().map_err(|_| wrong())?;
    Duration::try_from_secs_f64(number * seconds).map_err(|_| wrong())
}

fn count(text: &str) -> Result<u32, String> {
    if text == "unlimited" {
        return Ok(u32::MAX);
    }
    text.parse().map_err(|_| format!("expected a whole number up to {}, or `unlimited`", u32::MAX))
}

fn bytes(text: &str) -> Result<u64, String> {
    if text == "unlimited" {
        return Ok(Limits::BYTES_MAX);
    }
    let (number, unit) =
        text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let shift = match unit.trim_start() {
        "" | "B" => 0,
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        other => return Err(format!("unknown unit `{other}`; known are KiB, MiB and GiB")),
    };
    let number: u64 = number
        .parse()
        .map_err(|_| "expected a whole number with a unit, such as 64MiB, or `unlimited`")?;
    Ok(number.saturating_mul(1 << shift).min(Limits::BYTES_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_with_care() {
        assert_eq!(units("1.5").unwrap().thousandths(), 1500);
        assert_eq!(units("inf").unwrap(), Energy::MAX);
        assert!(units("much").unwrap_err().contains("`much` is not a number"));
        assert!(units("NaN").is_err() && units("-1").is_err() && units("").is_err());
        assert_eq!(bytes("64MiB"), Ok(64 << 20));
        assert_eq!(bytes("10 KiB"), Ok(10 << 10));
        assert_eq!(bytes("7"), Ok(7));
        assert_eq!(bytes("99999999999999999GiB"), Ok(Limits::BYTES_MAX));
        assert!(bytes("1MB").unwrap_err().contains("`MB`"));
        assert!(bytes("MiB").is_err() && bytes("").is_err() && bytes("-1").is_err());
        assert_eq!(count("unlimited"), Ok(u32::MAX));
        assert!(count("-1").is_err());
    }

    #[test]
    fn times_have_units() {
        let millis = |text| time(text).map(|time| time.as_millis());
        assert_eq!(millis("500ms"), Ok(500));
        assert_eq!(millis("2s"), Ok(2_000));
        assert_eq!(millis("1.5"), Ok(1_500));
        assert_eq!(millis("5 m"), Ok(300_000));
        for wrong in ["", "ms", "2h", "-1s", "nan", "inf", "1e30"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn defaults_in_the_help_are_the_real_ones() {
        let none = LimitArgs {
            depth_max: None,
            stack_max: None,
            nesting_max: None,
            value_max: None,
            tree_max: None,
            memory_max: None,
        };
        assert_eq!(none.limits(), Limits::default());
        let help = <Args as clap::CommandFactory>::command()
            .find_subcommand_mut("run")
            .map(|run| run.render_help().to_string())
            .unwrap();
        let default = Limits::default();
        for text in [
            "10000000".to_owned(),
            default.call_depth_max.to_string(),
            default.stack_values_max.to_string(),
            default.nesting_max.to_string(),
            format!("{}MiB", default.tree_bytes_max >> 20),
            format!("{}GiB", default.memory_bytes_max >> 30),
        ] {
            assert!(help.contains(&format!("[default: {text}]")), "{text}: {help}");
        }
        assert_eq!(default.value_bytes_max, default.tree_bytes_max);
    }
}
