//! The audit: what the forge was asked for, what it did and what it refused, in rows that are only ever added.
//!
//! A stage writes an *intent* before it begins and a *result* when it has ended, so that a crash leaves a
//! lone intent, which [`Audit::verify`] reports as unfinished and never as damage. What is not even
//! begun is a *refusal*. Bodies are objects of JSON, kept as they are; escaping is for showing.
//!
//! # The chain
//!
//! Each row carries the hash of the one before it and its own, over all of its columns ([`Row`] says how). So a
//! row that was changed, moved or taken out from the middle is found from the rows alone. Rows cut from the end
//! are found with a [`Head`] that was kept elsewhere: each entry of the ledger carries one, signed. Against
//! the owner's own uid, which can write the file and compute the chain anew, only such a head helps.
//!
//! # Storage
//!
//! SQLite, in `audit.db` in the forge's home. A row is added in one IMMEDIATE transaction, which takes the lock
//! before it reads the head: two that read one head and then add a row each would fork the chain. Whoever
//! finds the lock taken waits, at most [`WAIT_MAX`]. `database` says how rows get to the disk.
//!
//! # A full disk
//!
//! A *reserve* file holds 256 KiB of the disk. Without it nothing begins: an intent fails. When a refusal
//! or result finds the disk full, the reserve is given up for it, and made again when there is room.
//!
//! This module does not know what the stages do, nor who signs heads.

mod append;
mod body;
mod database;
mod error;
mod log;
mod request;
mod reserve;
mod row;
mod rows;
mod verify;

pub use append::{Head, Intent};
pub use blake3::Hash;
pub use body::{BODY_BYTES_MAX, BodyError, DEPTH_MAX};
pub use database::NAME as FILE;
pub use error::{AuditError, Fault};
pub use log::LOG_BYTES_MAX;
pub use request::Request;
pub use reserve::RESERVE_BYTES;
pub use row::{Kind, Row, Stage};
pub use rows::Rows;
pub use verify::{Unfinished, Verified};

use super::home::Home;
use rusqlite::Connection;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long an operation waits for other processes before it gives up.
pub const WAIT_MAX: Duration = Duration::from_secs(30);

/// The audit of a home. Threads may share one, and processes may have one each.
///
/// ```
/// use lau_agent_runtime::forge::audit::{Audit, Request, Stage};
/// use lau_agent_runtime::forge::home::Home;
/// use serde_json::json;
///
/// # let place = std::env::temp_dir().join(format!("lau-audit-{}", std::process::id()));
/// let audit = Audit::open(&Home::open(Some(&place))?)?;
/// let before = audit.head()?;
///
/// let request = Request::new()?;
/// let intent = audit.intent(request, Stage::Build, json!({"language": "c"}))?;
/// let log = audit.keep_log(b"mean.c:1: warning: ...")?;
/// intent.result(&audit, json!({"exit": 0, "log": log.to_string()}))?;
/// audit.refusal(request, Stage::Gate, json!({"why": "the forge is closed"}))?;
///
/// let verified = audit.verify_against(&before)?;
/// assert_eq!((verified.head.count, verified.unfinished.len()), (3, 0));
/// # std::fs::remove_dir_all(&place)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Audit {
    home: Home,
    connection: Mutex<Connection>,
}

impl Audit {
    /// Opens the audit of a home, and begins one where there is none.
    ///
    /// # Errors
    ///
    /// The file is a link, another user's or open to others; it is no audit, was made by a newer version, or is
    /// damaged; or it cannot be opened. A full disk is no error here: what was recorded can still be read.
    pub fn open(home: &Home) -> Result<Audit, AuditError> {
        let begun = Instant::now();
        let connection = patiently(begun, || database::open(home))?;
        reserve::ensure(home)?;
        Ok(Audit { home: home.clone(), connection: Mutex::new(connection) })
    }

    /// Tries again while others have the lock, until the deadline.
    fn patiently<T>(
        &self,
        mut attempt: impl FnMut(&mut Connection) -> Result<T, AuditError>,
    ) -> Result<T, AuditError> {
        patiently(Instant::now(), || {
            // Who panicked with the lock left no transaction open: it is rolled back as it is dropped.
            let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
            attempt(&mut connection)
        })
    }
}

fn patiently<T>(
    begun: Instant,
    mut attempt: impl FnMut() -> Result<T, AuditError>,
) -> Result<T, AuditError> {
    const PAUSE: Duration = Duration::from_millis(5);
    loop {
        match attempt() {
            Err(AuditError::Busy { .. }) => {
                let waited = begun.elapsed();
                if waited >= WAIT_MAX {
                    return Err(AuditError::Busy { waited });
                }
                thread::sleep(PAUSE);
            }
            done => return done,
        }
    }
}

#[cfg(test)]
mod tests;
