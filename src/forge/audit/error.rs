//! What can go wrong with the audit, and what to do about it.

use super::body::BodyError;
use crate::forge::home::HomeError;
use rusqlite::ffi;
use std::fmt;
use std::io;
use std::time::Duration;

/// What to do with an audit that cannot be relied on.
const KEEP: &str = "close the forge, keep a copy of the file, and find out who wrote to it; the next opening \
                    begins a new audit once it is moved away";

/// Why the audit does not do what it was asked for.
#[derive(Debug)]
pub enum AuditError {
    /// The file, or the forge's home, is not as it must be.
    Home(HomeError),
    /// What was to be recorded cannot be.
    Body(BodyError),
    /// There are no random numbers for a request.
    Random(io::Error),
    /// Others kept the lock for too long.
    Busy {
        /// For how long it was waited.
        waited: Duration,
    },
    /// The disk is full.
    DiskFull,
    /// The file was made by a newer version.
    Newer {
        /// The version of its tables.
        found: i64,
        /// The newest that is known here.
        known: i64,
    },
    /// The file is no audit.
    NoAudit(String),
    /// The tables are not those that were made.
    Tables(String),
    /// SQLite finds the file damaged.
    Damaged {
        /// The last row that could be read, if it came up in reading rows.
        after: Option<i64>,
        /// What SQLite says.
        why: String,
    },
    /// A row is not what was recorded.
    Chain {
        /// Its number.
        row: i64,
        /// What is wrong with it.
        fault: Fault,
    },
    /// Rows at the end are gone that an older head speaks of.
    Cut {
        /// How many rows there are.
        found: u64,
        /// How many there were.
        expected: u64,
    },
    /// The intent that is to be ended is not in this audit.
    OtherAudit {
        /// Its number.
        intent: u64,
    },
    /// A log is not the one that was kept.
    Log(blake3::Hash),
    /// Anything else that SQLite reports.
    Storage {
        /// SQLite's extended result code.
        code: i32,
        /// What it says.
        why: String,
    },
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Rows before it are missing.
    Gap {
        /// The number that was to come.
        expected: u64,
    },
    /// A column does not hold what it can.
    Column {
        /// Its name.
        name: &'static str,
        /// What it is to hold.
        wanted: &'static str,
    },
    /// It is a row that had another number.
    Moved {
        /// The number that it was recorded under.
        from: u64,
    },
    /// Its columns do not give its hash.
    Altered,
    /// It does not follow the row before it.
    Unlinked,
    /// It ends an intent that nobody had, or that was ended before.
    NoIntent {
        /// The number of that intent.
        intent: u64,
    },
    /// It is not the row that an older head speaks of.
    OtherHistory,
}

impl AuditError {
    /// Whether room on the disk may help. SQLite reports a quota that is used up as a failed write.
    pub(super) fn wants_room(&self) -> bool {
        matches!(
            self,
            AuditError::DiskFull | AuditError::Storage { code: ffi::SQLITE_IOERR_WRITE, .. }
        )
    }

    /// The same, known to have come up after that row.
    pub(super) fn after(mut self, row: i64) -> AuditError {
        if let AuditError::Damaged { after, .. } = &mut self {
            *after = Some(row);
        }
        self
    }
}

impl From<HomeError> for AuditError {
    fn from(error: HomeError) -> AuditError {
        AuditError::Home(error)
    }
}

impl From<BodyError> for AuditError {
    fn from(error: BodyError) -> AuditError {
        AuditError::Body(error)
    }
}

impl From<rusqlite::Error> for AuditError {
    fn from(error: rusqlite::Error) -> AuditError {
        let code = error.sqlite_error().map_or(ffi::SQLITE_ERROR, |error| error.extended_code);
        let why = error.to_string();
        match code & 0xff {
            ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => AuditError::Busy { waited: Duration::ZERO },
            ffi::SQLITE_FULL => AuditError::DiskFull,
            ffi::SQLITE_NOTADB => AuditError::NoAudit("it is no database of SQLite".to_owned()),
            ffi::SQLITE_CORRUPT => AuditError::Damaged { after: None, why },
            // A page that ends before its end.
            _ if code == ffi::SQLITE_IOERR_SHORT_READ => AuditError::Damaged { after: None, why },
            _ => AuditError::Storage { code, why },
        }
    }
}

impl fmt::Display for AuditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AuditError::Home(error) => error.fmt(f),
            AuditError::Body(error) => error.fmt(f),
            AuditError::Random(error) => {
                write!(f, "cannot read /dev/urandom for the number of a request: {error}")
            }
            AuditError::Busy { waited } => write!(
                f,
                "the audit was locked by others for {} s: find out which process has audit.db open and hangs",
                waited.as_secs()
            ),
            AuditError::DiskFull => f.write_str(
                "the disk of the forge's home is full, so nothing is begun: make room there, 1 MiB at least",
            ),
            AuditError::Newer { found, known } => write!(
                f,
                "the audit is of version {found}, and this program knows {known} at most: use the newer program"
            ),
            AuditError::NoAudit(why) => write!(f, "audit.db is no audit: {why}; {KEEP}"),
            AuditError::Tables(what) => {
                write!(f, "the tables of the audit were changed by another program: {what}; {KEEP}")
            }
            AuditError::Damaged { after: Some(row), why } => {
                write!(f, "the audit is damaged after row {row}: {why}; {KEEP}")
            }
            AuditError::Damaged { after: None, why } => {
                write!(f, "the audit is damaged: {why}; {KEEP}")
            }
            AuditError::Chain { row, fault } => {
                write!(f, "row {row} of the audit is not what was recorded: {fault}; {KEEP}")
            }
            AuditError::Cut { found, expected } => write!(
                f,
                "the audit has {found} rows, and once had {expected}: its end was cut off; {KEEP}"
            ),
            AuditError::OtherAudit { intent } => write!(
                f,
                "this audit did not record the intent {intent} that is to be ended: it is another one, or was replaced"
            ),
            AuditError::Log(hash) => {
                write!(f, "the log {hash} is not what was kept under that hash; {KEEP}")
            }
            AuditError::Storage { code: ffi::SQLITE_READONLY_DBMOVED, .. } => f.write_str(
                "audit.db was moved or removed while it was open: put it back, and start again",
            ),
            AuditError::Storage { code, why } => {
                write!(f, "the audit cannot be used: {why} (SQLite's code {code})")
            }
        }
    }
}

impl std::error::Error for AuditError {}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Gap { expected } => write!(f, "row {expected} was to come in its place"),
            Fault::Column { name, wanted } => write!(f, "its column `{name}` is not {wanted}"),
            Fault::Moved { from } => write!(f, "it was recorded as row {from}"),
            Fault::Altered => f.write_str("its columns do not give its hash"),
            Fault::Unlinked => f.write_str(
                "it does not follow the row before it, so one of the two was put in place of another",
            ),
            Fault::NoIntent { intent } => {
                write!(f, "it ends the intent {intent}, and there is none of its kind to end")
            }
            Fault::OtherHistory => f.write_str("an older head has another hash for it"),
        }
    }
}
