//! Executables, and what C programs need to embed a compiled program.

use super::library::{builtin_symbol, c_name, look};
use super::{Error, Linker, runtime};
use crate::codegen::object::{Object, Plan, object};
use crate::codegen::{Options, Target};
use lau_runtime::Builtin;
use lau_runtime::artifact::SourceText;
use lau_runtime::host::{Interface, Signature};
use lau_runtime::instance::Linked;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

/// The symbol of the program in an executable, where nobody else uses it.
const SYMBOL: &str = "lau_image";

/// What is known of a builtin that is written in C.
#[must_use]
pub fn c_signature() -> Signature {
    Builtin::new(|_| lau_runtime::Value::Null).signature().clone()
}

/// A host interface with builtins in C beside what it has.
///
/// ```
/// use lau_agent_runtime::{aot, Host};
/// let interface = aot::with_c_builtins(&Host::default().interface(), ["round"]);
/// assert!(interface.find("round").is_some());
/// ```
pub fn with_c_builtins<'n>(
    interface: &Interface,
    names: impl IntoIterator<Item = &'n str>,
) -> Interface {
    let own = interface.names().map(|name| {
        let at = interface.find(name).expect("it is one of its names");
        (name.to_owned(), interface.builtin(at).1.clone())
    });
    own.chain(names.into_iter().map(|name| (name.to_owned(), c_signature()))).collect()
}

/// What an executable is made of, besides the program.
#[derive(Clone, Debug)]
pub struct Parts<'a> {
    /// The machine it is for; it must be one that this machine can link for.
    pub target: &'a Target,
    /// How code is made.
    pub options: Options,
    /// The text of the program: it is shown where a run ends, and snapshots carry it.
    pub source: SourceText,
    /// Builtins that are linked in, by name.
    pub builtins: &'a [String],
    /// The libraries that provide them.
    pub libraries: &'a [PathBuf],
    /// What links.
    pub linker: &'a Linker,
}

/// The names that no library defines a builtin for.
///
/// # Errors
/// If a library cannot be read, or two names would be one symbol.
pub fn not_provided(names: &[String], libraries: &[PathBuf]) -> Result<Vec<String>, Error> {
    let mut own: BTreeMap<String, &str> = BTreeMap::new();
    for name in names {
        if let Some(other) = own.insert(builtin_symbol(name), name) {
            return Err(Error::Ambiguous { one: other.to_owned(), other: name.clone() });
        }
    }
    for library in libraries {
        let defined = look(library)?.functions;
        own.retain(|symbol, _| !defined.contains(symbol));
    }
    Ok(own.into_values().map(str::to_owned).collect())
}

/// Compiles a program and links an executable of it. Gives its bytes, and the object file it was made of.
///
/// # Errors
/// If there is no code for the program, no linker, or linking fails.
pub fn executable(linked: &Linked, parts: Parts<'_>) -> Result<(Vec<u8>, Object), Error> {
    let Parts { target, options, source, builtins, libraries, linker } = parts;
    if !target.is_host() {
        return Err(Error::Foreign(target.to_string()));
    }
    let builtins: Vec<(String, String)> =
        builtins.iter().map(|name| (name.clone(), builtin_symbol(name))).collect();
    let main = Some(builtins.as_slice());
    let object =
        object(linked, &Plan { target, options, symbol: SYMBOL, source: Some(source), main })?;
    let folder = tempfile::Builder::new().prefix("lau-build-").tempdir()?;
    fs::write(folder.path().join("program.o"), &object.bytes)?;
    fs::write(folder.path().join("liblau.a"), runtime::runtime()?)?;
    let mut arguments = words(&["-o", "program", "program.o"]);
    // Libraries may need each other. A shared one goes by its name alone, and is looked for beside the executable too.
    arguments.extend(words(&["-Wl,--start-group"]));
    for library in libraries {
        let missing = |why: String| Error::Link { file: library.clone(), why };
        let file = library.canonicalize().map_err(|error| missing(error.to_string()))?;
        match (look(library)?.shared, file.parent(), library.file_name()) {
            (true, Some(folder), Some(name)) => {
                let joined = |start: &str, end: &OsStr| {
                    let mut word = OsString::from(start);
                    word.push(end);
                    PathBuf::from(word)
                };
                arguments.push(joined("-L", folder.as_os_str()));
                arguments.push(joined("-l:", name));
                arguments.extend(words(&["-Wl,-rpath,$ORIGIN"]));
            }
            _ => arguments.push(file),
        }
    }
    arguments.extend(words(&["-Wl,--end-group", "liblau.a", "-static-libgcc", "-s"]));
    arguments.extend(words(&["-Wl,--gc-sections", "-Wl,--as-needed", "-Wl,--build-id=none"]));
    arguments.extend(words(runtime::LIBRARIES));
    linker.run(folder.path(), arguments)?;
    match fs::read(folder.path().join("program")) {
        Ok(bytes) => Ok((bytes, object)),
        Err(_) => Err(linker.failed("it ends well and makes no file")),
    }
}

fn words(words: &[&str]) -> Vec<PathBuf> {
    words.iter().map(PathBuf::from).collect()
}

/// The symbol of a program in an object file: its name, as far as C takes it, and `_program`.
///
/// ```
/// use lau_agent_runtime::aot::program_symbol;
/// assert_eq!(program_symbol("weather"), "weather_program");
/// assert_eq!(program_symbol("2 seas"), "_2_20seas_program");
/// ```
#[must_use]
pub fn program_symbol(name: &str) -> String {
    let plain = c_name(name);
    let digit = plain.starts_with(|c: char| c.is_ascii_digit());
    format!("{}{plain}_program", if digit { "_" } else { "" })
}

/// A header for C programs that embed a compiled program: the interface of the runtime, the symbol of the program,
/// the builtins it calls.
#[must_use]
pub fn header(symbol: &str, builtins: &[String]) -> String {
    let mut text = runtime::HEADER.to_owned();
    let guard = format!("LAU_HAS_{symbol}");
    let _ = write!(
        text,
        "\n#ifndef {guard}\n#define {guard}\n\n/* The compiled program, for lau_program_load. */\n\
         #ifdef __cplusplus\nextern \"C\"\n#else\nextern\n#endif\nconst lau_image {symbol};\n"
    );
    if !builtins.is_empty() {
        text.push_str(
            "\n/* It calls these builtins, which the host registers before there is an instance:\n",
        );
        for name in builtins {
            // Nothing in a name may end the comment.
            let _ =
                writeln!(text, "   {}", name.escape_default().to_string().replace("*/", "*\\/"));
        }
        text.push_str("*/\n");
    }
    let _ = writeln!(text, "\n#endif");
    text
}
