//! Adding rows, and the head of the chain.

use super::row::{Columns, NO_HASH};
use super::{Audit, AuditError, Fault, Kind, Request, Stage, body, reserve};
use blake3::Hash;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use serde::{Deserialize, Serialize};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where the chain ends. Kept elsewhere, it shows later whether rows were cut off since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// How many rows there are.
    pub count: u64,
    /// The hash of the last; zero if there is none.
    #[serde(with = "text")]
    pub hash: Hash,
}

/// A stage that began. It is ended by [`Intent::result`]; if it is dropped, it stays unfinished.
#[must_use = "a stage that began is ended by `result`, or counts as unfinished"]
#[derive(Debug)]
pub struct Intent {
    request: Request,
    stage: Stage,
    at: Head,
}

impl Intent {
    /// The number of its row.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.at.count
    }

    /// The head of the chain right after it was added.
    #[must_use]
    pub fn head(&self) -> Head {
        self.at
    }

    /// Records how the stage ended, and gives the new head back. Where the disk is full, it uses the reserve.
    ///
    /// # Errors
    ///
    /// The body is no object or is too large; the audit is another one; or it cannot be written. Then the stage
    /// counts as unfinished.
    pub fn result(self, audit: &Audit, body: impl Serialize) -> Result<Head, AuditError> {
        let Intent { request, stage, at } = self;
        let text = body::canonical(body)?;
        audit.end(&Entry { request, stage, kind: Kind::Result, intent: Some(at), text })
    }
}

/// What a row is made of.
struct Entry {
    request: Request,
    stage: Stage,
    kind: Kind,
    intent: Option<Head>,
    text: String,
}

impl Audit {
    /// Records that a stage is about to begin. Without this it must not.
    ///
    /// # Errors
    ///
    /// The body is no object or is too large; the disk is full, or there is no reserve and no room for one; others
    /// keep the lock for longer than [`super::WAIT_MAX`]; or the audit is damaged.
    pub fn intent(
        &self,
        request: Request,
        stage: Stage,
        body: impl Serialize,
    ) -> Result<Intent, AuditError> {
        let text = body::canonical(body)?;
        if !reserve::ensure(&self.home)? {
            return Err(AuditError::DiskFull);
        }
        let at = self.append(&Entry { request, stage, kind: Kind::Intent, intent: None, text })?;
        Ok(Intent { request, stage, at })
    }

    /// Records that a stage is not begun, and gives the new head back. Where the disk is full, it uses the reserve.
    ///
    /// # Errors
    ///
    /// As of [`Audit::intent`]; a full disk only if the reserve does not suffice.
    pub fn refusal(
        &self,
        request: Request,
        stage: Stage,
        body: impl Serialize,
    ) -> Result<Head, AuditError> {
        let text = body::canonical(body)?;
        self.end(&Entry { request, stage, kind: Kind::Refusal, intent: None, text })
    }

    /// The head of the chain, as the last row has it. Whether the rows before it are right is for [`Audit::verify`].
    ///
    /// # Errors
    ///
    /// The audit cannot be read.
    pub fn head(&self) -> Result<Head, AuditError> {
        self.patiently(|connection| last(connection))
    }

    /// Adds a row for which the reserve may be used.
    fn end(&self, entry: &Entry) -> Result<Head, AuditError> {
        let head = match self.append(entry) {
            Err(error) if error.wants_room() => {
                reserve::free(&self.home)?;
                self.append(entry)?
            }
            done => done?,
        };
        // If there is no room for it yet, the next intent tells.
        let _ = reserve::ensure(&self.home);
        Ok(head)
    }

    fn append(&self, entry: &Entry) -> Result<Head, AuditError> {
        self.patiently(|connection| insert(connection, entry))
    }
}

fn insert(connection: &mut Connection, entry: &Entry) -> Result<Head, AuditError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let before = last(&transaction)?;
    if let Some(intent) = &entry.intent {
        check_intent(&transaction, intent)?;
    }
    let full = || wrong_number(i64::MAX, "small enough for another to follow");
    let number = before.count + 1; // both are less than 2^63
    let key = i64::try_from(number).map_err(|_| full())?;
    let &Entry { request, stage, kind, intent, ref text } = entry;
    let intent = intent.map(|intent| intent.count);
    let (time_us, prev) = (now_us(), before.hash);
    let hash = Columns { number, time_us, request, stage, kind, intent, text, prev }.hash();
    transaction.execute(
        "INSERT INTO audit (number, time_us, request, stage, kind, intent, body, prev, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            key,
            time_us,
            request.0.to_be_bytes(),
            stage.name(),
            kind.name(),
            intent.map(u64::cast_signed),
            text,
            prev.as_bytes(),
            hash.as_bytes(),
        ],
    )?;
    transaction.commit()?;
    Ok(Head { count: number, hash })
}

/// The head by the last row.
fn last(connection: &Connection) -> Result<Head, AuditError> {
    let mut statement = connection.prepare(
        "SELECT number, iif(octet_length(hash) = 32, hash, NULL)
         FROM audit ORDER BY number DESC LIMIT 1",
    )?;
    let mut rows = statement.query([])?;
    let Some(row) = rows.next()? else {
        return Ok(Head { count: 0, hash: NO_HASH });
    };
    let key = row.get_ref(0)?.as_i64().unwrap_or_default();
    let count = u64::try_from(key).map_err(|_| wrong_number(key, "1 or more"))?;
    let wrong_hash = Fault::Column { name: "hash", wanted: "32 bytes" };
    let hash = hash(row.get_ref(1)?).ok_or(AuditError::Chain { row: key, fault: wrong_hash })?;
    Ok(Head { count, hash })
}

/// A result goes to the audit that has its intent.
fn check_intent(connection: &Connection, intent: &Head) -> Result<(), AuditError> {
    let found = connection
        .query_row(
            "SELECT iif(octet_length(hash) = 32, hash, NULL) FROM audit WHERE number = ?1",
            [intent.count.cast_signed()],
            |row| Ok(hash(row.get_ref(0)?)),
        )
        .optional()?;
    if found.flatten() == Some(intent.hash) {
        Ok(())
    } else {
        Err(AuditError::OtherAudit { intent: intent.count })
    }
}

fn hash(value: ValueRef<'_>) -> Option<Hash> {
    Some(Hash::from_bytes(value.as_blob().ok()?.try_into().ok()?))
}

fn wrong_number(row: i64, wanted: &'static str) -> AuditError {
    AuditError::Chain { row, fault: Fault::Column { name: "number", wanted } }
}

/// Microseconds since 1970, negative by a clock that is set to before.
fn now_us() -> i64 {
    let micros = |span: std::time::Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(after) => micros(after),
        Err(before) => -micros(before.duration()),
    }
}

/// Hashes as text.
mod text {
    use blake3::Hash;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(hash: &Hash, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(hash)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Hash, D::Error> {
        Hash::from_hex(String::deserialize(from)?).map_err(de::Error::custom)
    }
}
