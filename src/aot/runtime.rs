//! The archive that compiled programs are linked with, which the build script has made.

use flate2::read::GzDecoder;
use std::io::{self, Read};

/// The archive, compressed.
const COMPRESSED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/liblau.a.gz"));

/// The header that goes with it, of no program.
pub const HEADER: &str = include_str!("../../start/lau.h");

/// What a linker must know for it.
pub(super) const LIBRARIES: &[&str] = &["-lutil", "-lrt", "-lpthread", "-lm", "-ldl", "-lc"];

/// The archive that every compiled program is linked with, for this machine: runtime, interpreter, start of
/// executables, interface for C. A C program that embeds one links it too.
///
/// # Errors
/// If the command was built without it.
pub fn runtime() -> io::Result<Vec<u8>> {
    let mut archive = Vec::new();
    GzDecoder::new(COMPRESSED).read_to_end(&mut archive)?;
    if archive.is_empty() {
        return Err(io::Error::other("this command was built without the runtime"));
    }
    Ok(archive)
}
