//! Reading rows, some at a time.
//!
//! Rows are only ever added, so a walk needs no one view of the file: it may let go of the lock between its parts,
//! and others add rows meanwhile, which it comes to later. What is held is one part, of at most
//! [`PART_BYTES`] and one row.

use super::row::{COLUMNS, Row, decode};
use super::{Audit, AuditError};
use rusqlite::{Connection, params};
use std::vec;

const PART_ROWS: u64 = 256;
const PART_BYTES: usize = 1 << 20;

/// Rows in their order, as [`Audit::rows`] gives them. After an error there are no more.
#[derive(Debug)]
pub struct Rows<'a> {
    audit: &'a Audit,
    /// The least number that comes next.
    from: i64,
    left: u64,
    part: vec::IntoIter<Row>,
    ended: bool,
}

impl Audit {
    /// The rows from that number on, `limit` at most. They are not verified, only readable.
    pub fn rows(&self, from: u64, limit: u64) -> Rows<'_> {
        self.rows_from(i64::try_from(from).unwrap_or(i64::MAX), limit)
    }

    /// All rows, those too that have numbers that none can have.
    pub(super) fn all_rows(&self) -> Rows<'_> {
        self.rows_from(i64::MIN, u64::MAX)
    }

    fn rows_from(&self, from: i64, limit: u64) -> Rows<'_> {
        Rows { audit: self, from, left: limit, part: Vec::new().into_iter(), ended: false }
    }
}

impl Rows<'_> {
    fn read_part(&mut self) -> Result<(), AuditError> {
        let (from, limit) = (self.from, self.left.min(PART_ROWS));
        let part = self.audit.patiently(|connection| read(connection, from, limit));
        let part = part.map_err(|error| error.after(from.saturating_sub(1).max(0)))?;
        self.left -= part.len() as u64; // at most the limit
        match part.last().and_then(|row| row.number.cast_signed().checked_add(1)) {
            Some(next) => self.from = next,
            None => self.ended = true,
        }
        self.part = part.into_iter();
        Ok(())
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<Row, AuditError>;

    fn next(&mut self) -> Option<Result<Row, AuditError>> {
        if let Some(row) = self.part.next() {
            return Some(Ok(row));
        }
        if self.ended || self.left == 0 {
            return None;
        }
        if let Err(error) = self.read_part() {
            self.ended = true;
            return Some(Err(error));
        }
        self.part.next().map(Ok)
    }
}

/// Reads a part: rows up to the first that cannot be read; that one is an error if it is the first.
fn read(connection: &Connection, from: i64, limit: u64) -> Result<Vec<Row>, AuditError> {
    let sql = format!("SELECT {COLUMNS} FROM audit WHERE number >= ?1 ORDER BY number LIMIT ?2");
    let mut statement = connection.prepare(&sql)?;
    let mut found = statement.query(params![from, limit.cast_signed()])?;
    let (mut rows, mut bytes, mut place) = (Vec::new(), 0, from);
    while bytes < PART_BYTES {
        let row = found.next().map_err(AuditError::from);
        match row.and_then(|row| row.map(|row| decode(row, place)).transpose()) {
            Ok(Some(row)) => {
                let number = row.number.cast_signed();
                if number < place {
                    let why = format!("row {number} comes after row {}", place.saturating_sub(1));
                    return Err(AuditError::Damaged { after: None, why });
                }
                place = number.saturating_add(1);
                bytes += row.text.len();
                rows.push(row);
            }
            Ok(None) => break,
            Err(error) if rows.is_empty() => return Err(error),
            Err(_) => break, // the next part begins with it
        }
    }
    Ok(rows)
}
