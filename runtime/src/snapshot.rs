//! Snapshots: a stopped run as data that can be kept, sent elsewhere and gone on with.
//!
//! A [`Snapshot`] is all of a run that its program, its host and its limits do not say already: position,
//! frames with their variables by name, operands, memory as a graph (who shares with whom is part of the
//! state), energy, the host call in progress. It holds instruction indices and names only, nothing of an
//! engine or a machine, so it goes on on any. `take` makes one of a machine's state, `restore` a
//! machine of one.
//!
//! # What may come from anywhere
//!
//! A snapshot may be forged. Both readers (`bytes`, serde) take linear time and memory in what they are
//! given and nest nothing; `restore` looks at everything before it is used and builds nothing beyond
//! the limits of the run. What passes is a state that some run with some host could be in, near enough that
//! every engine is safe with it: it may lie about what happened, but not corrupt anything.

mod bytes;
pub(crate) mod data;
mod graph;
mod restore;
mod take;
pub(crate) mod tree;

pub(crate) use restore::restore;
pub(crate) use take::take;

use crate::program::ProgramHash;
use crate::trap::TrapKind;
use data::State;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The version of the form of snapshots.
pub const FORMAT_VERSION: u32 = 1;
/// The version of what runs cost: of the instruction table's prices and the rates for sizes. A test
/// holds it to them.
pub const COSTS_VERSION: u32 = 2;
/// The version of what instructions do, where a change can show between two halves of a run: libm's
/// results, the tables of Unicode, regular expressions, the printer of numbers.
pub const SEMANTICS_VERSION: u32 = 1;

/// A stopped run as data.
///
/// It has two forms that read back as the same: bytes ([`Snapshot::to_bytes`], compact, with a checksum),
/// and serde's, which is meant for JSON ([`Snapshot::to_json`]).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    format: u32,
    costs: u32,
    semantics: u32,
    program: ProgramHash,
    /// What the host keeps with it: a program's source, a date, a reason. No run looks at it, and it is not
    /// verified.
    pub notes: BTreeMap<String, String>,
    state: State,
}

impl Snapshot {
    fn new(program: ProgramHash, state: State) -> Snapshot {
        Snapshot {
            format: FORMAT_VERSION,
            costs: COSTS_VERSION,
            semantics: SEMANTICS_VERSION,
            program,
            notes: BTreeMap::new(),
            state,
        }
    }

    /// The hash of the program it is of.
    #[must_use]
    pub fn program(&self) -> ProgramHash {
        self.program
    }

    /// The JSON form, over several lines.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("only texts are keys, and memory is written to")
    }

    /// Reads the JSON form.
    ///
    /// # Errors
    /// If it is of another version, or no snapshot.
    pub fn from_json(json: &str) -> Result<Snapshot, Fault> {
        // Other versions may have other fields, so the version is looked at first.
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        let malformed = |error: serde_json::Error| Fault::Malformed(error.to_string());
        let Version { format } = serde_json::from_str(json).map_err(malformed)?;
        if format != FORMAT_VERSION {
            return Err(Fault::Format { found: format });
        }
        serde_json::from_str(json).map_err(malformed)
    }

    /// Whether this build can go on with it, as far as versions say.
    fn check_versions(&self) -> Result<(), Fault> {
        let Snapshot { format, costs, semantics, .. } = *self;
        if format != FORMAT_VERSION {
            return Err(Fault::Format { found: format });
        }
        if costs != COSTS_VERSION {
            return Err(Fault::Costs { found: costs });
        }
        if semantics != SEMANTICS_VERSION {
            return Err(Fault::Semantics { found: semantics });
        }
        Ok(())
    }
}

/// Why a snapshot cannot be read or gone on with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The bytes do not begin as a snapshot does.
    NotASnapshot,
    /// There are fewer bytes than there were.
    Truncated,
    /// The bytes are not those that were written.
    Checksum,
    /// It does not have the form of a snapshot.
    Malformed(String),
    /// It has the form of another version.
    Format {
        /// Which.
        found: u32,
    },
    /// Its run was under other prices.
    Costs {
        /// Their version.
        found: u32,
    },
    /// Its run was under other semantics.
    Semantics {
        /// Their version.
        found: u32,
    },
    /// It is of another program.
    Program {
        /// Which.
        found: ProgramHash,
        /// The one given.
        given: ProgramHash,
    },
    /// It is no state of the program.
    State(String),
    /// It is beyond a limit of the run.
    Limit {
        /// Which.
        kind: TrapKind,
        /// The particulars.
        message: String,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = |f: &mut fmt::Formatter<'_>, what: &str, found: u32, ours: u32| {
            let age = if found < ours { "an older" } else { "a newer" };
            write!(f, "the snapshot is from {age} version of {what} ({found}; this is {ours})")
        };
        match self {
            Fault::NotASnapshot => f.write_str("this is no snapshot"),
            Fault::Truncated => f.write_str("the snapshot is truncated"),
            Fault::Checksum => f.write_str("the snapshot is damaged: its checksum does not fit"),
            Fault::Malformed(how) => write!(f, "the snapshot is malformed: {how}"),
            Fault::Format { found } => version(f, "the snapshot form", *found, FORMAT_VERSION),
            Fault::Costs { found } => version(f, "the prices", *found, COSTS_VERSION),
            Fault::Semantics { found } => version(f, "the semantics", *found, SEMANTICS_VERSION),
            Fault::Program { found, given } => write!(
                f,
                "the snapshot is of another program (its hash is {found}; the one given has {given})"
            ),
            Fault::State(what) => write!(f, "the snapshot is no state of its program: {what}"),
            Fault::Limit { kind, message } => {
                write!(f, "the snapshot is beyond a limit: {kind}: {message}")
            }
        }
    }
}
impl std::error::Error for Fault {}

fn state_fault<T>(what: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::State(what.into()))
}

fn limit<T>(kind: TrapKind, got: u64, limit: u64, unit: &str) -> Result<T, Fault> {
    Err(Fault::Limit { kind, message: format!("{got} {unit}, where {limit} are allowed") })
}

#[cfg(test)]
mod tests {
    use crate::energy::rate;
    use crate::library;
    use crate::program::opcode::TABLE;
    use sha2::{Digest, Sha256};

    /// Whoever changes a price raises [`super::COSTS_VERSION`], and writes the new sum here.
    #[test]
    fn the_version_of_the_costs_is_held_to_the_costs() {
        let mut sum = Sha256::new();
        for row in TABLE {
            sum.update(format!("{} {} {}\n", row.name, row.energy, row.sized));
        }
        for function in library::TABLE.iter() {
            sum.update(format!("{} {}\n", function.name, function.price));
        }
        let moved = (rate::BYTE, rate::VALUE, rate::ELEMENT, rate::FORM);
        let called = (rate::HOST_BYTES_FREE, rate::HOST_CALL, rate::LIBRARY_CALL);
        sum.update(format!("{moved:?} {called:?}"));
        let sum: [u8; 32] = sum.finalize().into();
        assert_eq!((super::COSTS_VERSION, sum[..4].to_vec()), (2, vec![0, 24, 149, 210]));
    }

    /// Whoever changes what instructions do, or takes a version of a library that does, raises
    /// [`super::SEMANTICS_VERSION`], and writes the new sum here.
    #[test]
    fn the_version_of_the_semantics_is_held_to_the_libraries() {
        let mut sum = Sha256::new();
        // libm, through the functions of Numbers.
        let numbers = [0.1, -0.7, 1.5, 3.0, 1e-9, 1e6, 1e300, -2.5, f64::INFINITY];
        for function in library::TABLE.iter().filter(|function| function.is_scalar()) {
            for a in numbers {
                for b in numbers {
                    let result = function.of_numbers([a, b, 0.25]).unwrap_or_default();
                    sum.update(result.to_bits().to_le_bytes());
                }
            }
        }
        for (a, b) in numbers.iter().flat_map(|a| numbers.iter().map(move |b| (*a, *b))) {
            sum.update(libm::pow(a, b).to_bits().to_le_bytes());
        }
        // The printer of numbers.
        let mut printed = ryu_js::Buffer::new();
        for n in [0.1, 1e21, 1.5e-7, 5e-324, f64::MAX, 123_456_789.123, 1e20] {
            sum.update(printed.format(n));
        }
        // The tables of Unicode, of the standard library and of patterns.
        let patterns = [r"\w", r"\d", r"\s", r"\p{Lu}", "(?i)[k-sß]"];
        let patterns = patterns.map(|p| regex_automata::meta::Regex::new(p).expect("a pattern"));
        let mut text = String::new();
        for c in '\0'..=char::MAX {
            text.clear();
            text.push(c);
            sum.update([u8::from(c.is_whitespace())]);
            c.to_lowercase().chain(c.to_uppercase()).for_each(|c| {
                sum.update(u32::from(c).to_le_bytes());
            });
            patterns.iter().for_each(|p| sum.update([u8::from(p.is_match(&text))]));
        }
        let sum: [u8; 32] = sum.finalize().into();
        assert_eq!((super::SEMANTICS_VERSION, sum[..4].to_vec()), (1, vec![42, 4, 206, 34]));
    }
}
