//! Libraries that provide builtins: what they define.

use super::Error;
use object::read::archive::ArchiveFile;
use object::{Object, ObjectKind, ObjectSymbol, SymbolKind};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The symbol under which a library defines a builtin: `lau_builtin_` and the name, in which everything that a name in
/// C cannot have is `_` and two hexadecimal digits.
///
/// ```
/// use lau_agent_runtime::aot::builtin_symbol;
/// assert_eq!(builtin_symbol("round_up"), "lau_builtin_round_up");
/// assert_eq!(builtin_symbol("web.get"), "lau_builtin_web_2eget");
/// ```
#[must_use]
pub fn builtin_symbol(name: &str) -> String {
    format!("lau_builtin_{}", c_name(name))
}

/// A name as one of C.
pub(super) fn c_name(name: &str) -> String {
    let mut symbol = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'_' {
            symbol.push(byte.into());
        } else {
            symbol += &format!("_{byte:02x}");
        }
    }
    symbol
}

/// What a library is.
#[derive(Debug, Default)]
pub(super) struct Library {
    /// The functions that it defines for others.
    pub(super) functions: BTreeSet<String>,
    /// Whether it is loaded when the program starts, and not a part of it.
    pub(super) shared: bool,
}

/// Looks at an archive, object file or shared library.
pub(super) fn look(file: &Path) -> Result<Library, Error> {
    let wrong = |why: String| Error::Link { file: file.to_owned(), why };
    let bytes = fs::read(file).map_err(|error| wrong(error.to_string()))?;
    let mut library = Library::default();
    if let Ok(archive) = ArchiveFile::parse(&*bytes) {
        for member in archive.members() {
            let data = member.and_then(|member| member.data(&*bytes));
            let data = data.map_err(|error| wrong(error.to_string()))?;
            // An archive may hold other things than object files.
            if let Ok(object) = object::File::parse(data) {
                library.add(&object).map_err(wrong)?;
            }
        }
    } else {
        let object = object::File::parse(&*bytes).map_err(|_| {
            wrong("it is neither an object file nor an archive or shared library".to_owned())
        })?;
        library.add(&object).map_err(wrong)?;
    }
    Ok(library)
}

impl Library {
    fn add(&mut self, object: &object::File<'_>) -> Result<(), String> {
        let mut add = |symbol: object::Symbol<'_, '_>| {
            let function = symbol.kind() == SymbolKind::Text;
            if function && symbol.is_definition() && symbol.is_global() {
                self.functions.extend(symbol.name().map(str::to_owned));
            }
        };
        if object.kind() == ObjectKind::Dynamic {
            object.dynamic_symbols().for_each(&mut add);
            self.shared = true;
        } else if object.symbols().any(|symbol| symbol.name() == Ok("__gnu_lto_slim")) {
            let why = "it was compiled with -flto alone, so it does not tell what it defines; \
                       compile it without that, or with -ffat-lto-objects too";
            return Err(why.to_owned());
        } else {
            object.symbols().for_each(&mut add);
        }
        Ok(())
    }
}
