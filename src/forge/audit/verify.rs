//! Verifying the chain: all rows are there, as they were recorded, in that order.
//!
//! One walk, in memory that grows only with the number of intents that are open at a time. What it finds first it
//! tells. It does not look at logs, which are compared with their hashes when they are read.

use super::row::{NO_HASH, Row};
use super::{Audit, AuditError, Fault, Head, Kind, Request, Stage};
use serde::Serialize;
use std::collections::BTreeMap;

/// How far from its place a row is looked for that is not where it was recorded.
const NEAR: u64 = 1_000;

/// What a whole chain shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Where it ends.
    pub head: Head,
    /// The stages that began and have no result: they run at this moment, or their process died.
    pub unfinished: Vec<Unfinished>,
}

/// A stage that began and has no result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unfinished {
    /// The number of the intent.
    pub number: u64,
    /// When it was recorded, in microseconds since 1970.
    pub time_us: i64,
    /// The request that it belongs to.
    pub request: Request,
    /// What began.
    pub stage: Stage,
}

impl Audit {
    /// Verifies the whole chain. Rows that were cut from its end it cannot miss; see [`Audit::verify_against`].
    ///
    /// # Errors
    ///
    /// The first row that is missing, moved, changed or unreadable; or the file is damaged or cannot be read.
    pub fn verify(&self) -> Result<Verified, AuditError> {
        self.walk(None)
    }

    /// Verifies the whole chain, and that it is the one which had that head once.
    ///
    /// # Errors
    ///
    /// As of [`Audit::verify`]; or rows at the end are gone, or the chain was computed anew.
    pub fn verify_against(&self, head: &Head) -> Result<Verified, AuditError> {
        self.walk(Some(head))
    }

    fn walk(&self, known: Option<&Head>) -> Result<Verified, AuditError> {
        let mut walk = Walk { head: Head { count: 0, hash: NO_HASH }, open: BTreeMap::new() };
        for row in self.all_rows() {
            let row = row?;
            walk.step(&row, known)
                .map_err(|fault| AuditError::Chain { row: row.number.cast_signed(), fault })?;
        }
        match known {
            Some(known) if walk.head.count < known.count => {
                Err(AuditError::Cut { found: walk.head.count, expected: known.count })
            }
            _ => Ok(Verified { head: walk.head, unfinished: walk.open.into_values().collect() }),
        }
    }
}

/// A walk along the chain, at the end of what was found right.
struct Walk {
    head: Head,
    open: BTreeMap<u64, Unfinished>,
}

impl Walk {
    fn step(&mut self, row: &Row, known: Option<&Head>) -> Result<(), Fault> {
        let expected = self.head.count + 1;
        if row.number != expected {
            return Err(Fault::Gap { expected });
        }
        if !row.fits(row.number) {
            let near = row.number.saturating_sub(NEAR)..=row.number.saturating_add(NEAR);
            let from = near.into_iter().find(|number| row.fits(*number));
            return Err(from.map_or(Fault::Altered, |from| Fault::Moved { from }));
        }
        if row.prev != self.head.hash {
            return Err(Fault::Unlinked);
        }
        let &Row { number, time_us, request, stage, .. } = row;
        match (row.kind, row.intent) {
            (Kind::Intent, _) => {
                self.open.insert(number, Unfinished { number, time_us, request, stage });
            }
            (Kind::Result, Some(intent)) => {
                let open = self.open.remove(&intent);
                let same = |open: Unfinished| (open.request, open.stage) == (request, stage);
                if !open.is_some_and(same) {
                    return Err(Fault::NoIntent { intent });
                }
            }
            (Kind::Result, None) | (Kind::Refusal, _) => {}
        }
        self.head = Head { count: number, hash: row.hash };
        match known {
            Some(known) if known.count == number && known.hash != row.hash => {
                Err(Fault::OtherHistory)
            }
            _ => Ok(()),
        }
    }
}
