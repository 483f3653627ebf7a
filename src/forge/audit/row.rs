//! A row: its columns, its hash, and how it is read from what may be anything.
//!
//! A file that another program wrote to may hold any type and any size in any column. What is too large
//! is not even loaded (see [`COLUMNS`]), and each column is checked before it is believed.

use super::error::{AuditError, Fault};
use super::request::Request;
use blake3::Hash;
use rusqlite::types::ValueRef;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use std::fmt;

/// Defines an enum whose variants have names in the table.
macro_rules! named {
    ($(#[$about:meta])* $type:ident { $($(#[$doc:meta])* $variant:ident = $name:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $type { $($(#[$doc])* $variant,)* }

        impl $type {
            /// All of them.
            pub const ALL: &[$type] = &[$($type::$variant,)*];

            /// Its name in the table.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $($type::$variant => $name,)* }
            }

            fn of_name(name: &[u8]) -> Option<$type> {
                $type::ALL.iter().copied().find(|known| known.name().as_bytes() == name)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.name())
            }
        }
    };
}

named! {
    /// What a row is about. A new one needs a new version of the tables, for older programs do not know its name.
    Stage {
        /// What is to be made, and under which ceilings.
        Plan = "plan",
        /// From source to objects and the artifact.
        Build = "build",
        /// What objects, source and image show.
        Scan = "scan",
        /// Into a sidecar.
        Load = "load",
        /// Tests, hostile inputs, benchmarks.
        Verify = "verify",
        /// The skill in service.
        Serve = "serve",
        /// Opening and closing of the forge.
        Gate = "gate",
        /// What persons decided.
        Approval = "approval",
        /// The one round of repair after a failure.
        Repair = "repair",
        /// Rollback, quarantine, removal: which version is there.
        Version = "version",
        /// Locking after failures, and its reset.
        Breaker = "breaker",
    }
}

named! {
    /// What a row tells of its stage.
    Kind {
        /// It is about to begin.
        Intent = "intent",
        /// It has ended, however it did.
        Result = "result",
        /// It is not begun.
        Refusal = "refusal",
    }
}

/// What the first row has for the hash of the row before.
pub(super) const NO_HASH: Hash = Hash::from_bytes([0; 32]);

/// One row of the audit.
///
/// Its hash is BLAKE3's, with `lau-agent-runtime forge audit row 1` for the context of its key, over these
/// columns in order, each after the number of its bytes as 64 bits: number and time (64 bits each), request
/// (128 bits), stage, kind, the intent that it ends (64 bits, or no bytes), body, and the hash of the row before.
/// Numbers have their lowest byte first, but that of the request, which is kept as it is printed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Its place, from 1 without gaps.
    pub number: u64,
    /// When it was added, in microseconds since 1970 by the clock of that time; clocks may be set back.
    pub time_us: i64,
    /// The request that it belongs to.
    pub request: Request,
    /// What it is about.
    pub stage: Stage,
    /// What it tells of that.
    pub kind: Kind,
    /// For a result, the number of the intent that it ends.
    pub intent: Option<u64>,
    /// What there is to say.
    pub body: Map<String, Value>,
    /// The hash of the row before, zero for the first.
    #[serde(serialize_with = "as_text")]
    pub prev: Hash,
    /// Its own hash.
    #[serde(serialize_with = "as_text")]
    pub hash: Hash,
    /// The body as it is kept.
    #[serde(skip)]
    pub(super) text: String,
}

fn as_text<S: Serializer>(hash: &Hash, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(hash)
}

/// What is hashed.
pub(super) struct Columns<'a> {
    pub(super) number: u64,
    pub(super) time_us: i64,
    pub(super) request: Request,
    pub(super) stage: Stage,
    pub(super) kind: Kind,
    pub(super) intent: Option<u64>,
    pub(super) text: &'a str,
    pub(super) prev: Hash,
}

impl Columns<'_> {
    pub(super) fn hash(&self) -> Hash {
        let mut hasher = blake3::Hasher::new_derive_key("lau-agent-runtime forge audit row 1");
        let mut column = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        column(&self.number.to_le_bytes());
        column(&self.time_us.to_le_bytes());
        column(&self.request.0.to_be_bytes());
        column(self.stage.name().as_bytes());
        column(self.kind.name().as_bytes());
        match self.intent {
            Some(intent) => column(&intent.to_le_bytes()),
            None => column(&[]),
        }
        column(self.text.as_bytes());
        column(self.prev.as_bytes());
        hasher.finalize()
    }
}

impl Row {
    /// Whether its columns give its hash, if it had that number.
    pub(super) fn fits(&self, number: u64) -> bool {
        let &Row { time_us, request, stage, kind, intent, ref text, prev, .. } = self;
        let columns = Columns { number, time_us, request, stage, kind, intent, text, prev };
        columns.hash() == self.hash
    }
}

/// The columns as they are selected, for [`decode`]: what is larger than it can be comes as NULL.
pub(super) const COLUMNS: &str = "\
    iif(typeof(number) = 'integer', number, NULL), \
    iif(typeof(time_us) = 'integer', time_us, NULL), \
    iif(octet_length(request) = 16, request, NULL), \
    iif(octet_length(stage) <= 16, stage, NULL), \
    iif(octet_length(kind) <= 16, kind, NULL), \
    iif(octet_length(intent) <= 20, intent, NULL), octet_length(intent) > 20, \
    iif(octet_length(body) <= 262144, body, NULL), \
    iif(octet_length(prev) = 32, prev, NULL), \
    iif(octet_length(hash) = 32, hash, NULL)";

const _: () = assert!(super::BODY_BYTES_MAX == 262_144, "COLUMNS says so, too");

/// Reads a row. `place` is the number by which an error names it if its own cannot be read.
pub(super) fn decode(row: &rusqlite::Row<'_>, place: i64) -> Result<Row, AuditError> {
    let wrong = |row: i64, name: &'static str, wanted: &'static str| AuditError::Chain {
        row,
        fault: Fault::Column { name, wanted },
    };
    let ValueRef::Integer(place) = row.get_ref(0)? else {
        return Err(wrong(place, "number", "a whole number"));
    };
    let column = |name, wanted| move || wrong(place, name, wanted);
    let number = count(place).filter(|number| *number > 0);
    let time_us = row.get_ref(1)?.as_i64().ok();
    let request = array(row.get_ref(2)?).map(|bytes| Request(u128::from_be_bytes(bytes)));
    let stage = text(row.get_ref(3)?).and_then(|name| Stage::of_name(name.as_bytes()));
    let kind = text(row.get_ref(4)?).and_then(|name| Kind::of_name(name.as_bytes()));
    let intent = match (row.get_ref(5)?, row.get_ref(6)?) {
        (ValueRef::Integer(number), _) => count(number).map(Some),
        (ValueRef::Null, ValueRef::Null) => Some(None),
        _ => None,
    };
    let kind = kind.ok_or_else(column("kind", "the name of a kind"))?;
    // Results end intents, and nothing else does.
    let intent = intent.filter(|intent| intent.is_some() == (kind == Kind::Result));
    let text = text(row.get_ref(7)?).map(str::to_owned);
    let body = text.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let hash = |index| Ok::<_, rusqlite::Error>(array(row.get_ref(index)?).map(Hash::from_bytes));
    Ok(Row {
        number: number.ok_or_else(column("number", "1 or more"))?,
        time_us: time_us.ok_or_else(column("time_us", "a whole number"))?,
        request: request.ok_or_else(column("request", "16 bytes"))?,
        stage: stage.ok_or_else(column("stage", "the name of a stage"))?,
        kind,
        intent: intent
            .ok_or_else(column("intent", "the number of an intent, or NULL but for a result"))?,
        body: body.ok_or_else(column("body", "an object of JSON, 256 KiB at most"))?,
        prev: hash(8)?.ok_or_else(column("prev", "32 bytes"))?,
        hash: hash(9)?.ok_or_else(column("hash", "32 bytes"))?,
        text: text.unwrap_or_default(),
    })
}

fn count(number: i64) -> Option<u64> {
    u64::try_from(number).ok()
}

fn text(value: ValueRef<'_>) -> Option<&str> {
    value.as_str().ok()
}

fn array<const BYTES: usize>(value: ValueRef<'_>) -> Option<[u8; BYTES]> {
    value.as_blob().ok()?.try_into().ok()
}
