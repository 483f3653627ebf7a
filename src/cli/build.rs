//! `lau build`: a program as an executable, or as what a program in C is linked with.
//!
//! The JSON object has, besides what every one has (see [`lau_command::report`]),
//! - `emit`: what was built; `output`: the file, and `bytes`: its size; null if nothing was written;
//! - `target`: the machine it is for;
//! - `symbol`: the program's symbol in an object file;
//! - `builtins`: the host's builtins that it calls, beside those of the command;
//! - `native`: how many `instructions` native code covers, of how many that can be come to (`all`); null if no
//!   code was made;
//! - `notes`: what is to be said besides, such as why there is no native code.

use super::args::{BuildArgs, Emit};
use super::findings::Findings;
use lau_agent_runtime::aot::{self, Linker, Parts};
use lau_agent_runtime::codegen::object::{Object, Plan, object};
use lau_agent_runtime::codegen::{Options, Target};
use lau_agent_runtime::dsl::diagnostic::{Diagnostic, Span};
use lau_agent_runtime::lower::{Compiled, compile};
use lau_agent_runtime::{Interface, Linked};
use lau_command::host::host;
use lau_command::interrupt::{INTERRUPTED, noticed};
use lau_command::report::{self, many};
use lau_command::saved::{self, Kind};
use lau_command::source::{self, Source};
use lau_command::stop::{Exit, Stop};
use lau_command::terminal;
use lau_runtime::artifact::SourceText;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Serialize)]
struct Report<'a> {
    command: &'static str,
    exit_code: u8,
    emit: &'static str,
    output: Option<String>,
    bytes: Option<usize>,
    target: Option<String>,
    symbol: Option<&'a str>,
    builtins: &'a [String],
    native: Option<Native>,
    notes: &'a [String],
    diagnostics: &'a [Diagnostic],
    omitted: usize,
    error: Option<&'a Stop>,
}

#[derive(Serialize)]
struct Native {
    instructions: usize,
    all: usize,
}

/// What came of it; each part is there if it came so far.
#[derive(Default)]
struct Built {
    findings: Findings,
    output: Option<PathBuf>,
    bytes: usize,
    target: Option<String>,
    symbol: Option<String>,
    builtins: Vec<String>,
    coverage: Option<(usize, usize)>,
    /// What is to be said of it.
    notes: Vec<String>,
}

/// Builds what is asked for.
pub(crate) fn build(args: &BuildArgs) -> Exit {
    let mut built = Built::default();
    // What is made on the way is taken away also where Ctrl-C ends it, and then nothing is written.
    let (done, interrupted) =
        noticed(|interrupted| (stages(args, &mut built, interrupted), interrupted()));
    if interrupted && built.output.is_none() {
        terminal::note("interrupted; nothing was written");
        std::process::exit(INTERRUPTED);
    }
    let stop = done.err();
    let exit = stop.as_ref().map_or(built.findings.exit(), |stop| stop.exit);
    if args.json {
        return report::json(exit, &told(args, &built, exit, stop.as_ref()));
    }
    built.notes.iter().for_each(|note| terminal::note(note));
    match (&stop, &built.output) {
        (Some(stop), _) => report::told(stop),
        (None, Some(output)) => {
            terminal::note(&summary(output, &built));
            exit
        }
        (None, None) => {
            terminal::note(&built.findings.counts());
            exit
        }
    }
}

fn summary(output: &Path, built: &Built) -> String {
    let native = built.coverage.map(|(native, all)| {
        format!(", {native} of {} in native code", many(all as u64, "instruction"))
    });
    let native = native.unwrap_or_default();
    let symbol = built.symbol.as_ref().map(|symbol| format!(", as {symbol}")).unwrap_or_default();
    format!("{}: {}{native}{symbol}", output.display(), many(built.bytes as u64, "byte"))
}

fn told<'a>(args: &BuildArgs, built: &'a Built, exit: Exit, error: Option<&'a Stop>) -> Report<'a> {
    Report {
        command: "build",
        exit_code: exit.code(),
        emit: args.emit.name(),
        output: built.output.as_ref().map(|file| file.display().to_string()),
        bytes: built.output.is_some().then_some(built.bytes),
        target: built.target.clone(),
        symbol: built.symbol.as_deref(),
        builtins: &built.builtins,
        native: built.coverage.map(|(instructions, all)| Native { instructions, all }),
        notes: &built.notes,
        diagnostics: &built.findings.diagnostics,
        omitted: built.findings.omitted,
        error,
    }
}

/// Options that say nothing of what is built.
fn meaningless(args: &BuildArgs) -> Option<&'static str> {
    let (exe, obj) = (args.emit == Emit::Exe, args.emit == Emit::Obj);
    let embedded = obj || args.emit == Emit::Header;
    let machine = args.target.is_some() || args.cpu.is_some() || !args.features.is_empty();
    [
        (!exe && !args.libraries.is_empty(), "--link is for executables"),
        (!embedded && args.name.is_some(), "--name is for --emit obj and header"),
        (!embedded && !args.builtins.is_empty(), "--builtin is for --emit obj and header"),
        (!exe && !obj && machine, "--target, --cpu and --features are for code"),
        (args.emit == Emit::Runtime && args.file.is_some(), "the runtime is of no program"),
        (
            args.emit == Emit::Header && args.file.is_none() && args.name.is_some(),
            "--name is for the header of a program",
        ),
    ]
    .into_iter()
    .find_map(|(wrong, why)| wrong.then_some(why))
}

/// The machine that code is made for.
fn target(args: &BuildArgs) -> Result<Target, Stop> {
    let target = match &args.target {
        Some(triple) => Target::new(triple, args.cpu.as_deref(), &args.features),
        None => Target::host()
            .and_then(|host| Target::new(&host.to_string(), args.cpu.as_deref(), &args.features)),
    };
    let target = target.map_err(Stop::usage)?;
    if args.emit == Emit::Exe && !target.is_host() {
        return Err(Stop::usage(aot::Error::Foreign(target.to_string()).to_string()));
    }
    Ok(target)
}

/// The steps from text to file.
fn stages(args: &BuildArgs, built: &mut Built, interrupted: &dyn Fn() -> bool) -> Result<(), Stop> {
    if let Some(why) = meaningless(args) {
        return Err(Stop::usage(why));
    }
    let Some(file) = &args.file else { return of_the_runtime(args, built) };
    let target = target(args)?;
    built.target = Some(target.to_string());
    let standard_input = file == Path::new("-");
    if !standard_input && file.is_dir() {
        return Err(Stop::usage("it is a folder, and no program").about(file));
    }
    let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let stem = stem.filter(|_| !standard_input);
    let output = match (&args.output, &stem) {
        (Some(output), _) => output.clone(),
        (None, Some(stem)) => PathBuf::from(match args.emit {
            Emit::Exe | Emit::Runtime => stem.clone(),
            Emit::Obj => format!("{stem}.o"),
            Emit::Header => format!("{stem}.h"),
        }),
        (None, None) => {
            return Err(Stop::usage(
                "a program from standard input has no name; use --output FILE",
            ));
        }
    };
    if args.output.is_none()
        && output.canonicalize().is_ok_and(|o| file.canonicalize().is_ok_and(|f| f == o))
    {
        let message =
            "its name has no ending, so what is built would take its place; use --output FILE";
        return Err(Stop::usage(message).about(file));
    }
    let read = args.libraries.iter().chain([file]).map(PathBuf::as_path);
    saved::check(Some(&output), "what is built", read)?;
    let named = args.name.clone().or(stem).unwrap_or_else(|| "stdin".to_owned());
    if named == "lau" && args.emit != Emit::Exe {
        let message = "a program in C has `lau_program` for something else; use --name NAME";
        return Err(Stop::usage(message).about(file));
    }

    let source = source::read(file)?;
    let Some((linked, spans)) = program(args, built, &source)? else { return Ok(()) };
    let symbol = aot::program_symbol(&named);
    let (what, bytes, kind) = match args.emit {
        Emit::Exe => {
            let (bytes, object) = executable(args, built, &target, &linked, source, spans)?;
            covered(built, &object);
            ("the executable", bytes, Kind::Executable)
        }
        Emit::Obj => {
            let source = Some(text(source, spans));
            let options = Options::default();
            let plan = Plan { target: &target, options, symbol: &symbol, source, main: None };
            let object = object(&linked, &plan).map_err(|why| bug(&why))?;
            covered(built, &object);
            built.symbol = Some(symbol);
            ("the object file", object.bytes, Kind::Data)
        }
        Emit::Header | Emit::Runtime => {
            let bytes = aot::header(&symbol, &built.builtins).into_bytes();
            built.symbol = Some(symbol);
            ("the header", bytes, Kind::Data)
        }
    };
    if interrupted() {
        return Ok(());
    }
    if args.emit != Emit::Exe && !built.builtins.is_empty() {
        let names: Vec<_> = built.builtins.iter().map(|name| format!("`{name}`")).collect();
        built.notes.push(format!("the host is to register {}", names.join(", ")));
    }
    write(built, &output, what, &bytes, kind)
}

/// What is of no program: the archive, and the header that goes with it.
fn of_the_runtime(args: &BuildArgs, built: &mut Built) -> Result<(), Stop> {
    let (what, name) = match args.emit {
        Emit::Runtime => ("the archive", "liblau.a"),
        Emit::Header => ("the header", "lau.h"),
        Emit::Exe | Emit::Obj => {
            let message =
                "it needs the FILE of a program; only --emit header and --emit runtime go without";
            return Err(Stop::usage(message));
        }
    };
    let output = args.output.clone().unwrap_or_else(|| PathBuf::from(name));
    saved::check(Some(&output), what, [])?;
    let bytes = match args.emit {
        Emit::Runtime => aot::runtime().map_err(|error| Stop::usage(error.to_string()))?,
        Emit::Header | Emit::Exe | Emit::Obj => aot::HEADER.as_bytes().to_vec(),
    };
    write(built, &output, what, &bytes, Kind::Data)
}

fn write(
    built: &mut Built,
    output: &Path,
    what: &str,
    bytes: &[u8],
    kind: Kind,
) -> Result<(), Stop> {
    saved::put_as(output, what, bytes, kind)?;
    built.output = Some(output.to_owned());
    built.bytes = bytes.len();
    Ok(())
}

/// The program, linked to the command's host and the builtins in C that it calls; none if it has errors.
fn program(
    args: &BuildArgs,
    built: &mut Built,
    source: &Source,
) -> Result<Option<(Linked, Vec<Span>)>, Stop> {
    // An executable has what the command provides; a program in C has its own.
    let own = if args.emit == Emit::Exe { host().interface() } else { Interface::default() };
    let mut first = compile(&source.text, &own);
    if let Some(program) = first.program.take() {
        let linked = Linked::new(Arc::new(program), own.clone());
        built.builtins = builtins(args, &linked)?;
        if built.builtins.is_empty() {
            let spans = std::mem::take(&mut first.spans);
            found(args, built, source, first);
            return Ok(Some((linked, spans)));
        }
        let missing = match args.emit {
            Emit::Exe => aot::not_provided(&built.builtins, &args.libraries),
            Emit::Obj | Emit::Header | Emit::Runtime => Ok(Vec::new()),
        };
        let missing = missing.map_err(|why| stop(&why))?;
        if !missing.is_empty() {
            // What was found says where they are called.
            found(args, built, source, first);
            return Err(refused(&missing));
        }
    }
    let interface = aot::with_c_builtins(&own, built.builtins.iter().map(String::as_str));
    let mut compiled = compile(&source.text, &interface);
    let (program, spans) = (compiled.program.take(), std::mem::take(&mut compiled.spans));
    found(args, built, source, compiled);
    let Some(program) = program else { return Ok(None) };
    Ok(Some((Linked::new(Arc::new(program), interface), spans)))
}

/// Keeps what was found in a program, and draws it.
fn found(args: &BuildArgs, built: &mut Built, source: &Source, compiled: Compiled) {
    built.findings = Findings { diagnostics: compiled.diagnostics, omitted: compiled.omitted };
    if !args.json {
        built.findings.draw(source);
    }
}

/// The builtins in C that a program calls: names that nothing else has, and those that a library defines or that are
/// said to be.
fn builtins(args: &BuildArgs, linked: &Linked) -> Result<Vec<String>, Stop> {
    let calls = &linked.program().parts().calls;
    let unknown: Vec<&str> = linked.unknown().collect();
    let undefined = match args.libraries.as_slice() {
        [] => Ok(calls.clone()),
        libraries => aot::not_provided(calls, libraries),
    };
    let undefined = undefined.map_err(|why| stop(&why))?;
    if let Some(name) = args.builtins.iter().find(|name| !calls.contains(name)) {
        return Err(Stop::usage(format!("the program calls no `{name}`, as --builtin says")));
    }
    let is_one = |name: &&String| {
        unknown.contains(&name.as_str())
            || !undefined.contains(name)
            || args.builtins.contains(name)
    };
    Ok(calls.iter().filter(is_one).cloned().collect())
}

/// Why a program is not built whose builtins nobody provides.
fn refused(missing: &[String]) -> Stop {
    let names: Vec<_> = missing.iter().map(|name| format!("`{name}`")).collect();
    let symbols: Vec<_> = missing.iter().map(|name| aot::builtin_symbol(name)).collect();
    let each = if missing.len() == 1 { "it" } else { "them" };
    Stop::usage(format!(
        "the program calls {}, and nothing that is linked provides {each}; a library given by --link may define {}",
        names.join(", "),
        symbols.join(", "),
    ))
}

fn executable(
    args: &BuildArgs,
    built: &Built,
    target: &Target,
    linked: &Linked,
    source: Source,
    spans: Vec<Span>,
) -> Result<(Vec<u8>, Object), Stop> {
    let parts = Parts {
        target,
        options: Options::default(),
        source: text(source, spans),
        builtins: &built.builtins,
        libraries: &args.libraries,
        linker: &Linker::from_environment(),
    };
    aot::executable(linked, parts).map_err(|why| stop(&why))
}

/// The text that goes with a program. Wherever it was read, its name alone is told, so that the same program gives the
/// same file.
fn text(source: Source, spans: Vec<Span>) -> SourceText {
    let name = Path::new(&source.name).file_name();
    let name = name.map_or(source.name.clone(), |name| name.to_string_lossy().into_owned());
    let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let spans = spans.iter().map(|span| (place(span.start), place(span.end))).collect();
    SourceText { name, text: source.text, spans }
}

fn covered(built: &mut Built, object: &Object) {
    match &object.coverage {
        Ok(coverage) => built.coverage = Some(*coverage),
        Err(refusal) => built.notes.push(format!("{refusal}; the program will be interpreted")),
    }
}

fn stop(why: &aot::Error) -> Stop {
    match why {
        aot::Error::Refused(refusal) => bug(refusal),
        aot::Error::NoLinker { .. }
        | aot::Error::Linker { .. }
        | aot::Error::Foreign(_)
        | aot::Error::Link { .. }
        | aot::Error::Ambiguous { .. }
        | aot::Error::Files(_)
        | aot::Error::Library(_)
        | aot::Error::Fault(_) => Stop::usage(why.to_string()),
    }
}

/// The code generator gave up, which it does for no program.
fn bug(refusal: &impl std::fmt::Display) -> Stop {
    Stop::new(Exit::Bug, refusal.to_string())
}
