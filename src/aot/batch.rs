//! Programs compiled ahead of time and taken into this process, many with one link.
//!
//! This is how what goes into executables is an engine like the others: the same object files, linked to a shared
//! library, whose helpers are those of this process.

#![expect(unsafe_code, reason = "machine code is loaded and found by name")]

use super::{Error, Linker};
use crate::codegen::object::{Plan, object};
use crate::codegen::thunks::{TABLE, thunks};
use crate::codegen::{Options, Target};
use crate::engine::Prepared;
use lau_runtime::artifact::{self, Image};
use lau_runtime::instance::Linked;
use lau_runtime::native::HELPERS;
use libloading::{Library, Symbol};
use std::borrow::Borrow;
use std::fs;
use std::sync::Arc;

/// Compiles programs, links them together, and loads them. What is made ready is in the order of the programs; each
/// has a linked program of its own, decoded from what was compiled.
///
/// # Errors
/// If there is no linker, or any step fails.
///
/// ```
/// use lau_agent_runtime::codegen::{Options, Target};
/// use lau_agent_runtime::{aot, Energy, Host, Limits, Linked, lower::compile};
/// use std::sync::Arc;
///
/// let host = Arc::new(Host::default());
/// let linked: Vec<Linked> = ["push 2\npush 3\nmul", "push hello"]
///     .map(|text| compile(text, &host.interface()).program.unwrap())
///     .map(|program| Linked::new(Arc::new(program), host.interface()))
///     .into();
/// let prepared = aot::load(&linked, Options::default(), &Target::host().unwrap()).unwrap();
/// let mut instance = prepared[0].instance(host, Limits::default()).unwrap();
/// instance.set_energy(Energy::ZERO, Energy::from_units(1.0));
/// assert_eq!(instance.run().output().unwrap().as_f64(), Some(6.0));
/// ```
pub fn load<L: Borrow<Linked>>(
    programs: &[L],
    options: Options,
    target: &Target,
) -> Result<Vec<Prepared>, Error> {
    let folder = tempfile::tempdir()?;
    let mut files = vec!["helpers.o".to_owned()];
    fs::write(folder.path().join(&files[0]), thunks(target)?)?;
    let symbol = |at: usize| format!("lau_program_{at}");
    let mut refused = Vec::new();
    for (at, linked) in programs.iter().enumerate() {
        let symbol = symbol(at);
        let plan = Plan { target, options, symbol: &symbol, source: None, main: None };
        let object = object(linked.borrow(), &plan)?;
        let file = format!("{at}.o");
        fs::write(folder.path().join(&file), object.bytes)?;
        files.push(file);
        refused.push(object.coverage.err());
    }
    // Of so many files the names would be too long for one command.
    fs::write(folder.path().join("files"), files.join("\n"))?;
    let arguments = ["-shared", "-nostdlib", "-o", "library.so", "@files"];
    Linker::from_environment().run(folder.path(), arguments)?;

    // SAFETY: the library is of object files that were made here, and has no code that runs by being loaded.
    let library = unsafe { Library::new(folder.path().join("library.so")) };
    let library = Arc::new(library.map_err(|error| Error::Library(error.to_string()))?);
    // SAFETY: `thunks` defines it as so many addresses, and nobody reads them yet.
    unsafe {
        let table: Symbol<'_, *mut *const u8> =
            library.get(TABLE).map_err(|error| Error::Library(error.to_string()))?;
        for (at, helper) in HELPERS.iter().enumerate() {
            table.add(at).write(helper.address);
        }
    }
    let mut prepared = Vec::new();
    for (at, refused) in refused.into_iter().enumerate() {
        // SAFETY: `object` defines it as an image; the library is kept as long as its code.
        let loaded = unsafe {
            let image: Symbol<'_, *const Image> =
                library.get(symbol(at)).map_err(|error| Error::Library(error.to_string()))?;
            artifact::load(*image, Some(Arc::clone(&library) as _))?
        };
        prepared.push(Prepared::ahead(loaded, refused.map(|refusal| refusal.to_string())));
    }
    Ok(prepared)
}
