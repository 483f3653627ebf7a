//! The shared libraries that the programs of a toolchain are loaded with.
//!
//! Which files these are is for the loader to say: it knows its own rules (RPATH, `$ORIGIN`, hardware subfolders, cache),
//! and the loader as well as the programs are the host's own. Each library goes into the jail at the path that the loader
//! printed. There is no cache of the loader in the jail, so it is asked twice, the second time without it: folders of
//! what it then finds elsewhere or not at all become the jail's `LD_LIBRARY_PATH`. On most hosts there are none.

use super::{Host, Lack, Tool};
use object::read::ReadCache;
use object::read::elf::{ElfFile64, ProgramHeader};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// What has to lie beside programs so that they start.
#[derive(Debug, Default)]
pub(super) struct Libraries {
    /// The loaders and libraries.
    pub(super) files: Vec<Tool>,
    /// Folders in which the loader looks first.
    pub(super) library_path: Vec<PathBuf>,
}

/// The loader that a program names, or nothing if it needs none.
///
/// # Errors
///
/// If it is not an executable for this machine.
pub(super) fn interpreter(program: &Path) -> io::Result<Option<PathBuf>> {
    let cache = ReadCache::new(File::open(program)?);
    let wrong =
        |error: object::Error| io::Error::new(io::ErrorKind::InvalidData, error.to_string());
    let file: ElfFile64<'_, object::Endianness, _> = ElfFile64::parse(&cache).map_err(wrong)?;
    let endian = file.endian();
    if file.elf_header().e_machine.get(endian) != object::elf::EM_X86_64 {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is for another machine"));
    }
    for header in file.elf_program_headers() {
        if let Some(name) = header.interpreter(endian, &cache).map_err(wrong)? {
            use std::os::unix::ffi::OsStrExt;
            return Ok(Some(PathBuf::from(std::ffi::OsStr::from_bytes(name))));
        }
    }
    Ok(None)
}

/// What these programs and libraries are loaded with. A library that names no loader is loaded by the first program's.
///
/// # Errors
///
/// What is missing.
pub(super) fn closure(host: &Host, programs: &[PathBuf]) -> Result<Libraries, Lack> {
    let mut files = BTreeSet::new();
    let mut library_path = Vec::new();
    let mut loader = None;
    for program in programs {
        let unusable = |error: io::Error| {
            Lack::new(
                format!("`{}` is not usable: {error}", program.display()),
                "install the compiler again",
            )
        };
        loader = interpreter(program).map_err(unusable)?.or(loader);
        // Linked statically, all of them so far.
        let Some(loader) = &loader else { continue };
        files.insert(loader.clone());
        let found = loaded(host, loader, program, true)?;
        // A loader that does not know the question has no cache either.
        let uncached = loaded(host, loader, program, false).unwrap_or_else(|_| found.clone());
        for folder in untold(&found, &uncached) {
            if !library_path.contains(&folder) {
                library_path.push(folder);
            }
        }
        files.extend(found.into_values());
    }
    let files = files.into_iter().map(|path| {
        Tool::at(&path).map_err(|error| {
            let what = format!("the library {} cannot be read: {error}", path.display());
            Lack::new(what, "install the compiler again")
        })
    });
    Ok(Libraries { files: files.collect::<Result<_, _>>()?, library_path })
}

/// Folders of what the loader would find elsewhere, or not at all, without its cache.
fn untold(found: &BTreeMap<String, PathBuf>, uncached: &BTreeMap<String, PathBuf>) -> Vec<PathBuf> {
    let elsewhere = found.iter().filter(|(name, path)| uncached.get(*name) != Some(*path));
    elsewhere.filter_map(|(_, path)| Some(path.parent()?.to_owned())).collect()
}

/// The libraries by name, as the loader finds them.
fn loaded(
    host: &Host,
    loader: &Path,
    program: &Path,
    cache: bool,
) -> Result<BTreeMap<String, PathBuf>, Lack> {
    let cache = if cache { &[][..] } else { &["--inhibit-cache"] };
    let arguments = cache.iter().map(Path::new).chain([Path::new("--list"), program]);
    let answer = host.ask(loader, arguments).map_err(|error| {
        let what = format!("`{}` cannot be loaded: {error}", program.display());
        Lack::new(what, "install the compiler again, with the libraries it needs")
    })?;
    let mut found = BTreeMap::new();
    for line in String::from_utf8_lossy(&answer.out).lines() {
        // `libc.so.6 => /lib/libc.so.6 (0x00007f…)`; the loader itself and what the kernel provides have no arrow.
        let Some((name, place)) = line.trim().split_once(" => ") else { continue };
        let path = place.rsplit_once(" (").map_or(place, |(path, _)| path);
        if path.starts_with('/') {
            found.insert(name.to_owned(), PathBuf::from(path));
        } else if cache.is_empty() {
            let what =
                format!("`{}` needs the library {name}, which is missing", program.display());
            return Err(Lack::new(what, "install the compiler again, with the libraries it needs"));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_libraries_are_those_of_the_file_and_theirs() {
        use object::read::elf::{Dyn, FileHeader, SectionHeader};
        let program = std::env::current_exe().expect("this test");
        let libraries =
            closure(&Host::from_environment(), std::slice::from_ref(&program)).expect("a closure");
        let names: Vec<_> =
            libraries.files.iter().filter_map(|tool| tool.inside.file_name()?.to_str()).collect();
        let data = std::fs::read(&program).expect("itself");
        let header = object::elf::FileHeader64::<object::Endianness>::parse(&*data).expect("ELF");
        let endian = header.endian().expect("an order");
        let sections = header.sections(endian, &*data).expect("sections");
        let (dynamic, strings) = sections
            .iter()
            .find_map(|section| section.dynamic(endian, &*data).expect("readable"))
            .expect("a dynamic section");
        let strings = sections.strings(endian, &*data, strings).expect("strings");
        let mut count = 0;
        for entry in dynamic.iter().filter(|entry| entry.d_tag(endian) == object::elf::DT_NEEDED) {
            let name = entry.string(endian, strings).expect("a name");
            let name = std::str::from_utf8(name).expect("a name");
            assert!(names.contains(&name), "{name} is not among {names:?}");
            count += 1;
        }
        assert!(count > 1 && names.iter().any(|name| name.starts_with("ld-linux")), "{names:?}");
    }

    #[test]
    fn folders_that_only_the_cache_knows_are_told() {
        let map = |all: &[(&str, &str)]| -> BTreeMap<String, PathBuf> {
            all.iter().map(|(name, path)| ((*name).to_owned(), PathBuf::from(path))).collect()
        };
        let found = map(&[("a.so", "/opt/a/a.so"), ("b.so", "/opt/b/b.so"), ("c.so", "/lib/c.so")]);
        let uncached = map(&[("b.so", "/lib/b.so"), ("c.so", "/lib/c.so")]);
        assert_eq!(untold(&found, &uncached), [Path::new("/opt/a"), Path::new("/opt/b")]);
    }

    #[test]
    fn what_is_no_program_of_this_machine_is_refused() {
        let refused = closure(&Host::from_environment(), &[PathBuf::from("/etc/passwd")]);
        assert!(refused.expect_err("no program").what.contains("not usable"));
    }
}
