//! The start of an executable: arguments, the program that came with it, and from there on what `lau run` does.

use crate::builtin::{self, Function};
use clap::Parser;
use lau_command::args::{HowArgs, LimitArgs, units};
use lau_command::ended::{Asked, Ended, Found};
use lau_command::guard::{self, Program};
use lau_command::host::host;
use lau_command::input::{self, Input};
use lau_command::run::execute;
use lau_command::saved::{self, Saved};
use lau_command::source::Source;
use lau_command::stop::{Exit, Stop};
use lau_runtime::artifact::{self, Image};
use lau_runtime::instance::Instance;
use lau_runtime::native::Code;
use lau_runtime::{Energy, Host, Limits};
use libc::{c_char, c_int, size_t};
use std::ffi::{CStr, OsString};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A builtin that was linked to the program.
#[repr(C)]
pub(crate) struct Row {
    name: *const c_char,
    name_bytes: size_t,
    function: Function,
}

/// What the command gives a run if nothing else is asked for, in units.
const BUDGET: &str = "10000000";

const HELP: &str = "\
The output goes to standard output: a text as it is, any other value as JSON. What the program logs and a
summary go to standard error. A run that stopped can go on: with --snapshot it is written to a file, from which
--resume goes on, as `lau resume` would, and the other way round.";

const EXIT_CODES: &str = "\
Exit codes:
  0   the program finished
  1   the program trapped
  2   wrong usage, an unreadable file, a malformed input
  4   the run stopped and can go on: the energy budget is used up, or it was suspended
  5   a limit was hit: of the run or an input
  70  a bug in lau itself";

/// Runs the program that this was compiled from.
#[derive(Debug, Parser)]
#[command(max_term_width = 100, allow_negative_numbers = true, disable_version_flag = true)]
#[command(after_help = HELP, after_long_help = format!("{HELP}\n\n{EXIT_CODES}"))]
struct Args {
    /// Energy the program may use, in units; `inf` is the most there is; with --resume, what is added to
    /// what is left [default: 10000000, or 0 with --resume]
    #[arg(long, value_name = "UNITS", value_parser = units)]
    budget: Option<Energy>,
    /// Put the value of a file into the memory field NAME before the run; may be repeated
    #[arg(long = "input", value_name = "NAME=FILE", value_parser = Input::parse)]
    inputs: Vec<Input>,
    /// Go on with a run that stopped and was written to a file
    #[arg(long, value_name = "SNAPSHOT", conflicts_with_all = ["inputs", "LimitArgs"])]
    resume: Option<PathBuf>,
    /// How to run it.
    #[command(flatten)]
    how: HowArgs,
    /// What else the program may use.
    #[command(flatten)]
    limits: LimitArgs,
}

/// The start routine: runs the program of an image with the arguments of the process, and gives its exit code.
///
/// # Safety
/// The arguments are those of the process, the image is that of a program linked with this, and the builtins are so
/// many rows with functions that take a call. All stay as they are.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_main(
    count: c_int,
    arguments: *const *const c_char,
    image: *const Image,
    builtins: *const Row,
    builtins_count: size_t,
) -> c_int {
    // SAFETY: nothing but a number is changed. Writing to a pipe that nobody reads is an error, as in all of Rust.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
    open_standard_files();
    // SAFETY: as the caller vouches.
    let (words, image, rows) = unsafe {
        let words: Vec<OsString> = (0..usize::try_from(count).unwrap_or(0))
            .map(|at| CStr::from_ptr(*arguments.add(at)).to_bytes().to_vec())
            .map(OsString::from_vec)
            .collect();
        let rows: &[Row] = if builtins_count == 0 {
            &[]
        } else {
            std::slice::from_raw_parts(builtins, builtins_count)
        };
        (words, &*image, rows)
    };
    let mut host = host();
    for row in rows {
        // SAFETY: as the caller vouches.
        let (name, function) = unsafe {
            (
                builtin::bytes(row.name, row.name_bytes),
                builtin::builtin(row.function, std::ptr::null_mut(), false),
            )
        };
        host.register(String::from_utf8_lossy(name), function);
    }
    let called = words.first().map_or_else(|| PathBuf::from("program"), PathBuf::from);
    let name = called.file_name().unwrap_or(called.as_os_str()).to_string_lossy().into_owned();
    let json = guard::wants_json(words.clone());
    let program = Program { name: &name, version: env!("CARGO_PKG_VERSION"), json };
    let exit = guard::exit(program, move || match Args::try_parse_from(words) {
        Ok(args) => run(&args, image, host, &called),
        Err(error) => guard::bad_arguments(&error, json),
    });
    exit.code().into()
}

/// Opens nothing in place of standard input, output and error where they are closed, as Rust's own start does: else
/// the next file that somebody opens would take their place.
fn open_standard_files() {
    for descriptor in 0..3 {
        // SAFETY: it is asked for and changes nothing; then a file is opened, which takes the lowest number there is.
        unsafe {
            if libc::fcntl(descriptor, libc::F_GETFD) == -1 {
                libc::open(c"/dev/null".as_ptr(), libc::O_RDWR);
            }
        }
    }
}

fn run(args: &Args, image: &'static Image, host: Host, called: &Path) -> Exit {
    let (command, budget) = match &args.resume {
        None => ("run", units(BUDGET).unwrap_or(Energy::MAX)),
        Some(_) => ("resume", Energy::ZERO),
    };
    let budget = args.budget.unwrap_or(budget);
    let mut ended = Ended::default();
    let mut engine = "aot";
    if let Err(stop) = stages(args, budget, image, host, &mut ended, &mut engine) {
        ended.stop = Some(stop);
    }
    let resume = format!("{} --resume", called.display());
    let asked = Asked { command, engine, how: &args.how, budget, resume: &resume };
    ended.tell::<()>(&asked, Found { diagnostics: &[], omitted: 0, exit: Exit::Bug })
}

/// The phases of a run, each leaving what it found.
fn stages(
    args: &Args,
    budget: Energy,
    image: &'static Image,
    host: Host,
    ended: &mut Ended,
    engine: &mut &'static str,
) -> Result<(), Stop> {
    input::distinct(&args.inputs)?;
    let read = args.inputs.iter().map(|input| input.file.as_path()).chain(args.resume.as_deref());
    // What goes on may be written to where it came from.
    let read = read.filter(|file| args.resume.as_deref() != Some(file));
    saved::check(args.how.snapshot.as_deref(), "a snapshot", read)?;
    let host = Arc::new(host);
    // SAFETY: the image is that of an object file that is linked with this very runtime.
    let loaded = unsafe { artifact::load(image, None) };
    let loaded = loaded.map_err(|fault| Stop::usage(fault.to_string()))?;
    let (linked, native, source) = loaded.into_parts();
    if let Some(source) = source {
        let bytes = |(start, end): &(u32, u32)| *start as usize..*end as usize;
        ended.spans = source.spans.iter().map(bytes).collect();
        ended.source = Some(Source { name: source.name, text: source.text });
    }
    if native.is_none() {
        *engine = "interp";
    }
    let code = native.map(|native| native as Arc<dyn Code>);

    let Some(file) = &args.resume else {
        let limits = args.limits.limits();
        let instance = Instance::new(linked, host, limits);
        let mut instance = instance.map_err(|why| Stop::usage(why.to_string()))?;
        // SAFETY: the code came with the linked program.
        unsafe { instance.set_code(code) };
        instance.set_energy(Energy::ZERO, budget);
        for input in &args.inputs {
            let value = input.read(&limits)?;
            instance.set_memory(&input.name, &value).map_err(|why| input.not_taken(&why))?;
        }
        return execute(&mut instance, &args.how, &limits, ended, Instance::run);
    };
    let Saved { snapshot, source: _, limits } = saved::read(file)?;
    let limits: Limits = limits;
    let instance = Instance::restore(linked, host, limits, &snapshot);
    let mut instance = instance.map_err(|why| Stop::usage(why.to_string()).about(file))?;
    drop(snapshot);
    // SAFETY: as above.
    unsafe { instance.set_code(code) };
    execute(&mut instance, &args.how, &limits, ended, |instance| {
        instance.resume(budget).expect("what is restored can be resumed")
    })
}
