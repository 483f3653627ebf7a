//! Full logs of builds, kept by their hash. Rows name them by it, so the chain covers them.

use super::{Audit, AuditError};
use blake3::Hash;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use std::borrow::Cow;

/// The most bytes of a log that are kept.
pub const LOG_BYTES_MAX: usize = 1 << 20;

impl Audit {
    /// Keeps a log, and gives the hash back by which it is found: BLAKE3's plain hash of what is kept, as `b3sum`
    /// has it. Of what is longer than [`LOG_BYTES_MAX`] the beginning is kept, which has the first error, and a line that
    /// says how much is not. Keeping the same again changes nothing.
    ///
    /// # Errors
    ///
    /// The disk is full (the reserve is not for logs), or the audit cannot be written.
    pub fn keep_log(&self, log: &[u8]) -> Result<Hash, AuditError> {
        let log = capped(log);
        let hash = blake3::hash(&log);
        self.patiently(|connection| {
            if !is_kept(connection, &hash)? {
                let begin = TransactionBehavior::Immediate;
                let transaction = connection.transaction_with_behavior(begin)?;
                // If another has kept it since, the trigger `log_once` passes this over.
                let row = params![hash.as_bytes(), log];
                transaction.execute("INSERT INTO log (hash, bytes) VALUES (?1, ?2)", row)?;
                transaction.commit()?;
            }
            Ok(hash)
        })
    }

    /// The log of that hash, if it was kept.
    ///
    /// # Errors
    ///
    /// What is there has another hash, or the audit cannot be read.
    pub fn log(&self, hash: &Hash) -> Result<Option<Vec<u8>>, AuditError> {
        let log = self.patiently(|connection| read(connection, hash))?;
        match log {
            Some(log) if blake3::hash(&log) != *hash => Err(AuditError::Log(*hash)),
            log => Ok(log),
        }
    }
}

fn is_kept(connection: &Connection, hash: &Hash) -> Result<bool, AuditError> {
    let sql = "SELECT 1 FROM log WHERE hash = ?1";
    let found = connection.query_row(sql, [hash.as_bytes()], |_| Ok(())).optional()?;
    Ok(found.is_some())
}

/// What is kept under the hash; nothing in place of what is too large or no bytes, which has another hash.
fn read(connection: &Connection, hash: &Hash) -> Result<Option<Vec<u8>>, AuditError> {
    let sql = "SELECT iif(octet_length(bytes) <= ?2, bytes, NULL) FROM log WHERE hash = ?1";
    let parameters = params![hash.as_bytes(), LOG_BYTES_MAX as i64];
    let log = connection.query_row(sql, parameters, |row| {
        Ok(row.get_ref(0)?.as_blob().unwrap_or_default().to_vec())
    });
    Ok(log.optional()?)
}

fn capped(log: &[u8]) -> Cow<'_, [u8]> {
    const NOTE_BYTES_MAX: usize = 64;
    if log.len() <= LOG_BYTES_MAX {
        return Cow::Borrowed(log);
    }
    let mut end = LOG_BYTES_MAX - NOTE_BYTES_MAX;
    // Not within a character.
    while end > 0 && log[end] & 0xc0 == 0x80 && LOG_BYTES_MAX - NOTE_BYTES_MAX - end < 4 {
        end -= 1;
    }
    let note = format!("\n[{} bytes more are not kept]\n", log.len() - end);
    Cow::Owned([&log[..end], note.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_logs_are_cut_between_characters() {
        assert_eq!(capped(b"short").as_ref(), b"short");
        assert_eq!(capped(&[b'x'; LOG_BYTES_MAX]).len(), LOG_BYTES_MAX);
        for lead in 1..=4 {
            let long = format!("{}{}", "x".repeat(lead), "😀".repeat(LOG_BYTES_MAX / 4));
            let kept = capped(long.as_bytes());
            let kept = std::str::from_utf8(&kept).unwrap();
            assert!(kept.len() <= LOG_BYTES_MAX && kept.ends_with(" bytes more are not kept]\n"));
        }
        let noise = capped(&[0x80; LOG_BYTES_MAX + 1]).len();
        assert!(noise > LOG_BYTES_MAX - 100 && noise <= LOG_BYTES_MAX);
    }
}
