//! The arguments of the command: what there is, how it is read, what the help says.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Parser, Subcommand, ValueEnum};
use lau_agent_runtime::{Energy, Engine};
use lau_command::args::{HowArgs, LimitArgs, time, units};
use lau_command::input::Input;
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
  6   refused: the forge is closed, as this machine lacks a layer of its sandbox
  70  a bug in lau itself, such as engines that differ";

const BUILD_HELP: &str = "\
An executable takes the options of `lau run` (--input, --budget, --timeout, --snapshot, --json, limits), ends with the
same exit codes, and goes on with --resume from a snapshot, its own or one of `lau run`. It is linked by `cc`, or
by what the environment variable CC names.

A program that calls builtins of a host needs a library that defines them, each as lau_builtin_NAME. An object file
is for a program in C, which registers them; --emit header tells its interface, --emit runtime writes the archive that
it is linked with.";

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

const FORGE_HELP: &str = "\
A skill is source code in C with a declared signature, written by an agent and hostile until the opposite is shown. The
forge compiles it in a jail: without rights, no files but the compiler's, no network, only listed system calls, bounded in
memory, processes, time and output. Every stage is recorded in the audit.

The home of the forge is a folder of mode 0700: --home, else $LAU_FORGE_HOME, else the user's state folder.";

const TRY_HELP: &str = "\
The plan is a .toml or .json file (`lau forge schema` prints its JSON Schema); its sources lie below its folder. So far a
try goes as far as the build: the plan is read, the syntax checked, and each source file compiled.

What the compiler says is shown with host paths and control characters removed.";

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
    /// Compile a program to a file that runs without the compiler
    #[command(after_help = BUILD_HELP, after_long_help = format!("{BUILD_HELP}\n\n{EXIT_CODES}"))]
    Build(BuildArgs),
    /// Run a program and tell what each line of it took
    #[command(allow_negative_numbers = true, after_help = PROFILE_HELP, after_long_help = format!("{PROFILE_HELP}\n\n{EXIT_CODES}"))]
    Profile(ProfileArgs),
    /// Compare the engines over programs
    #[command(allow_negative_numbers = true, after_help = DIFF_HELP, after_long_help = format!("{DIFF_HELP}\n\n{EXIT_CODES}"))]
    Diff(DiffArgs),
    /// Look for programs on which the engines differ
    #[command(after_help = FUZZ_HELP, after_long_help = format!("{FUZZ_HELP}\n\n{EXIT_CODES}"))]
    Fuzz(FuzzArgs),
    /// Build native skills that an agent wrote, in jails
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    #[command(after_help = FORGE_HELP, after_long_help = format!("{FORGE_HELP}\n\n{EXIT_CODES}"))]
    Forge(ForgeArgs),
    /// Help on a command, or on the language
    #[command(after_help = HELP_HELP)]
    Help(HelpArgs),
}

/// `lau forge`.
#[derive(Debug, clap::Args)]
pub(crate) struct ForgeArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: ForgeCommand,
}

/// The commands of the forge.
#[derive(Debug, Subcommand)]
pub(crate) enum ForgeCommand {
    /// Tell what this machine has of what the forge needs, and try whether it works
    Doctor {
        /// Answer with one JSON object on standard output
        #[arg(long)]
        json: bool,
    },
    /// Try a plan in the jail; nothing is served
    #[command(after_help = TRY_HELP)]
    Try(TryArgs),
    /// Show the audit, and check its chain
    Audit(AuditArgs),
    /// Print the JSON Schema of plans
    Schema,
}

/// `lau forge try`.
#[derive(Debug, clap::Args)]
pub(crate) struct TryArgs {
    /// The plan, a .toml or .json file
    pub(crate) plan: PathBuf,
    /// Write the object files to this folder, which is made if it is missing
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// The folder of the forge's state
    #[arg(long, value_name = "FOLDER")]
    pub(crate) home: Option<PathBuf>,
    /// Answer with one JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// `lau forge audit`.
#[derive(Debug, clap::Args)]
pub(crate) struct AuditArgs {
    /// Show only the last rows
    #[arg(long, value_name = "COUNT")]
    pub(crate) last: Option<u64>,
    /// Print the log of a build, by the hash that its row has
    #[arg(long, value_name = "HASH")]
    pub(crate) log: Option<String>,
    /// The folder of the forge's state
    #[arg(long, value_name = "FOLDER")]
    pub(crate) home: Option<PathBuf>,
    /// Answer with one JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
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
    /// What runs it.
    #[command(flatten)]
    pub(crate) by: EngineArgs,
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
    /// What runs it.
    #[command(flatten)]
    pub(crate) by: EngineArgs,
    /// How to run it.
    #[command(flatten)]
    pub(crate) how: HowArgs,
}

/// What a run is run by.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct EngineArgs {
    /// What runs it: the interpreter, or native code
    #[arg(long, value_name = "ENGINE", default_value_t = Engine::default(), value_parser = engine())]
    pub(crate) engine: Engine,
}

/// `lau build`.
#[derive(Debug, clap::Args)]
pub(crate) struct BuildArgs {
    /// The program; `-` is standard input. The runtime is of no program
    pub(crate) file: Option<PathBuf>,
    /// Where to write it [default: the name of the program, in the current folder]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// What to make of it
    #[arg(long, value_name = "KIND", default_value = "exe")]
    pub(crate) emit: Emit,
    /// What the program goes by in C: its symbol is NAME_program [default: the name of its file]
    #[arg(long, value_name = "NAME", value_parser = c_name)]
    pub(crate) name: Option<String>,
    /// A library that defines builtins for an executable: an object file, an archive or a shared library; may be
    /// repeated
    #[arg(long = "link", value_name = "LIBRARY")]
    pub(crate) libraries: Vec<PathBuf>,
    /// A builtin that the host registers in place of the library's function of that name; may be repeated. Names that
    /// nothing else has are builtins without being said
    #[arg(long = "builtin", value_name = "NAME")]
    pub(crate) builtins: Vec<String>,
    /// The machine it is for [default: this one]
    #[arg(long, value_name = "TRIPLE")]
    pub(crate) target: Option<String>,
    /// The least processor it is for, such as x86-64-v3, or `native` [default: the first of its kind]
    #[arg(long, value_name = "CPU")]
    pub(crate) cpu: Option<String>,
    /// Features the processor has besides, such as avx2 or lse, separated by commas; `-avx2` is without
    #[arg(long, value_name = "LIST", value_delimiter = ',', allow_hyphen_values = true)]
    pub(crate) features: Vec<String>,
    /// Answer with one JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// What is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Emit {
    /// An executable
    Exe,
    /// An object file, for a program in C
    Obj,
    /// The header for it; without a program, of the runtime alone
    Header,
    /// The archive that it is linked with
    Runtime,
}

impl Emit {
    /// Its name, as it is asked for.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Emit::Exe => "exe",
            Emit::Obj => "obj",
            Emit::Header => "header",
            Emit::Runtime => "runtime",
        }
    }
}

/// A name in C.
fn c_name(name: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(plain) || name.starts_with(|c: char| c.is_ascii_digit())
    {
        return Err("a name in C has letters, digits and `_`, and begins with no digit".into());
    }
    Ok(name.to_owned())
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
    /// Compare code compiled ahead of time too; it is linked by a C compiler
    #[arg(long)]
    pub(crate) aot: bool,
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
