//! Programs compiled ahead of time: what goes with their machine code, and how both are taken up again.
//!
//! An object file of a program has its machine code, an [`Artifact`] in encoded form (the program itself, the
//! interface it is linked to, and what native code needs told: entries, exits, sizes), and an [`Image`], which
//! says where both are. Whatever has the object linked in gives the image to [`load`], and has a linked
//! program with native code, as it would from a compiler. This is the interpreter's program too, since
//! native code leaves to it.
//!
//! Nothing here knows how code is made. The versions in an artifact say whether this runtime is the one the code
//! was made for; whoever changes what native code relies on raises [`ABI_VERSION`].

#![expect(unsafe_code, reason = "machine code and its tables are found by address")]

mod form;
mod image;
mod native;
#[cfg(test)]
mod tests;

pub use image::{Image, Loaded, MAGIC, load};
pub use native::Native;

use crate::host::{Interface, Signature};
use crate::native::{Exit, Sizes};
use crate::program::{self, Linked, Pc, Program};
use crate::snapshot::{COSTS_VERSION, SEMANTICS_VERSION};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// The version of everything that native code relies on beyond its own program: the layout of the context and of
/// words, names and signatures of helpers, numbers of instructions and of the library's functions, and the form of an
/// artifact. A test holds it to most of them.
pub const ABI_VERSION: u32 = 1;

/// What goes with the machine code of a program.
#[derive(Debug, Serialize, Deserialize)]
pub struct Artifact {
    versions: Versions,
    /// Features of the processor, by Cranelift's names, that the code uses.
    pub features: Vec<String>,
    program: form::Form,
    interface: Vec<(String, Signature)>,
    /// The text it was compiled from.
    pub source: Option<SourceText>,
    /// The code, from what assumes most to what assumes least; none if the program has none.
    pub codes: Vec<Tables>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Versions {
    abi: u32,
    costs: u32,
    semantics: u32,
}

const VERSIONS: Versions =
    Versions { abi: ABI_VERSION, costs: COSTS_VERSION, semantics: SEMANTICS_VERSION };

/// The text of a program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceText {
    /// What it goes by in messages.
    pub name: String,
    /// The text.
    pub text: String,
    /// Where each instruction begins and ends in it, in bytes.
    pub spans: Vec<(u32, u32)>,
}

/// What must be known of one compilation of a program.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Tables {
    /// Where it can be entered.
    pub entries: Vec<Entry>,
    /// Its exits, by their numbers.
    pub exits: Vec<Exit>,
    /// Sizes.
    pub sizes: Sizes,
    /// How many guards it has that can be made to leave; 0 unless it was made for that.
    pub guards: u64,
    /// How many of the program's instructions it covers, and how many there are that can be come to.
    pub coverage: (usize, usize),
}

/// A place where native code can be entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The operation.
    pub pc: Pc,
    /// How many operands the frame must have.
    pub height: u32,
    /// What is called, by its place in the image's list.
    pub function: u32,
}

impl Artifact {
    /// An artifact of a linked program.
    #[must_use]
    pub fn new(linked: &Linked, source: Option<SourceText>) -> Artifact {
        let interface = linked.interface();
        let named = |name: &str| {
            let at = interface.find(name)?;
            Some((name.to_owned(), interface.builtin(at).1.clone()))
        };
        Artifact {
            versions: VERSIONS,
            features: Vec::new(),
            program: form::Form::of(linked.program().parts()),
            interface: interface.names().filter_map(named).collect(),
            source,
            codes: Vec::new(),
        }
    }

    /// The encoded form: the same bytes for the same program, wherever and whenever.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("all lengths are known, and there is memory")
    }

    /// Reads the encoded form.
    ///
    /// # Errors
    /// If it is of another version, or not the form of an artifact.
    pub fn from_bytes(bytes: &[u8]) -> Result<Artifact, Fault> {
        // Of another version all else may look otherwise.
        let malformed = |error: postcard::Error| Fault::Malformed(error.to_string());
        let (versions, _) = postcard::take_from_bytes::<Versions>(bytes).map_err(malformed)?;
        if versions != VERSIONS {
            return Err(Fault::Version(format!(
                "{versions:?}, where this runtime has {VERSIONS:?}"
            )));
        }
        match postcard::take_from_bytes::<Artifact>(bytes).map_err(malformed)? {
            (artifact, []) => Ok(artifact),
            (_, rest) => Err(Fault::Malformed(format!("{} bytes after its end", rest.len()))),
        }
    }

    /// The program, verified and linked. It is taken out.
    ///
    /// # Errors
    /// If it breaks a rule of the verifier's.
    pub fn take_linked(&mut self) -> Result<Arc<Linked>, Fault> {
        let parts = std::mem::take(&mut self.program).parts()?;
        let program = Program::new(parts).map_err(Fault::Program)?;
        let interface: Interface = std::mem::take(&mut self.interface).into_iter().collect();
        Ok(Arc::new(Linked::new(Arc::new(program), interface)))
    }
}

/// Why a compiled program cannot be taken up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no image where one should be.
    NotAnImage,
    /// It was made for another version of the runtime.
    Version(String),
    /// It uses features that this processor does not have.
    Processor(Vec<String>),
    /// It does not have the form of an artifact.
    Malformed(String),
    /// It has the form of an artifact, and its program breaks a rule.
    Program(program::Fault),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::NotAnImage => f.write_str("this is no compiled program"),
            Fault::Version(which) => {
                write!(f, "the program was compiled for another version of the runtime: {which}")
            }
            Fault::Processor(features) => write!(
                f,
                "the program was compiled for a processor with {}, which this one lacks",
                features
                    .iter()
                    .map(|name| name.trim_start_matches("has_"))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            Fault::Malformed(how) => write!(f, "the compiled program is malformed: {how}"),
            Fault::Program(fault) => fault.fmt(f),
        }
    }
}
impl std::error::Error for Fault {}
