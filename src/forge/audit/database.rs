//! The file of the audit: making it, opening it, and how what is written gets to the disk.
//!
//! # Why no write-ahead log
//!
//! Rows are added with a rollback journal that is truncated, and synchronous=FULL. With a write-ahead log a row
//! takes 0.2 ms instead of 0.6 (ext4, virtual disk), and a stage, which takes a hundred times as long, has two.
//! What that would cost: a log needs memory that all processes map, which does not work on a
//! network disk, where a home may be, and a mapped file that another process cuts off kills the host by SIGBUS;
//! what a damaged log holds is dropped without a word; and rows lie in two files. Of the journals, one
//! that is *deleted* is durable only with synchronous=EXTRA, as its name may come back after a power failure and
//! roll the last row back; truncating is synced under FULL already, and leaves the name where it is.
//!
//! # Why files are never opened here but by SQLite
//!
//! Closing any descriptor of a file drops all the locks that the process has on it. So the file is looked at
//! by a descriptor that cannot read it, and a new one is made under a name of its own and gets the final one when it
//! is complete: an `audit.db` is whole from its first moment, and one without tables was cut off.

use super::error::AuditError;
use super::request::Request;
use crate::forge::home::{Home, HomeFault};
use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use rustix::fs::{AtFlags, linkat, unlinkat};
use rustix::io::Errno;
use std::path::Path;
use std::time::Duration;

/// The file of the audit, in its home.
pub const NAME: &str = "audit.db";

/// Tells our files from others of SQLite: "LauA".
const APPLICATION: i64 = 0x4c61_7541;

/// The version of the tables.
const VERSION: i64 = 1;

/// What one wait of SQLite's own takes at most; the deadline is kept outside.
const BUSY: Duration = Duration::from_secs(1);

/// The tables, as SQLite keeps their definitions.
///
/// A STRICT table keeps the types of its columns.
pub(super) const TABLES: [(&str, &str); 2] = [
    (
        "audit",
        "CREATE TABLE audit (
    number INTEGER PRIMARY KEY CHECK (number > 0),
    time_us INTEGER NOT NULL,
    request BLOB NOT NULL CHECK (length(request) = 16),
    stage TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('intent', 'result', 'refusal')),
    intent INTEGER CHECK ((intent IS NOT NULL) = (kind = 'result')),
    body TEXT NOT NULL CHECK (length(CAST(body AS BLOB)) <= 262144),
    prev BLOB NOT NULL CHECK (length(prev) = 32),
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT",
    ),
    (
        "log",
        "CREATE TABLE log (
    hash BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    bytes BLOB NOT NULL CHECK (length(bytes) <= 1048576)
) STRICT",
    ),
];

/// The triggers that refuse changes. They guard against mistakes: of ours, and of a person with a tool. Whoever can
/// write the file can drop them, and the chain is what shows that. Those on INSERT are for `REPLACE`,
/// which deletes without asking the others.
pub(super) const TRIGGERS: [(&str, &str); 6] = [
    (
        "audit_next",
        "CREATE TRIGGER audit_next BEFORE INSERT ON audit
WHEN NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM audit)
BEGIN SELECT RAISE(ABORT, 'rows are added at the end of the audit alone'); END",
    ),
    (
        "audit_update",
        "CREATE TRIGGER audit_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'rows of the audit are never changed'); END",
    ),
    (
        "audit_delete",
        "CREATE TRIGGER audit_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'rows of the audit are never removed'); END",
    ),
    (
        "log_once",
        "CREATE TRIGGER log_once BEFORE INSERT ON log
WHEN EXISTS (SELECT 1 FROM log WHERE hash = NEW.hash)
BEGIN SELECT RAISE(IGNORE); END",
    ),
    (
        "log_update",
        "CREATE TRIGGER log_update BEFORE UPDATE ON log
BEGIN SELECT RAISE(ABORT, 'logs of the audit are never changed'); END",
    ),
    (
        "log_delete",
        "CREATE TRIGGER log_delete BEFORE DELETE ON log
BEGIN SELECT RAISE(ABORT, 'logs of the audit are never removed'); END",
    ),
];

/// Opens the file, and makes it first where there is none.
pub(super) fn open(home: &Home) -> Result<Connection, AuditError> {
    if !home.has_file(NAME)? {
        make(home)?;
        home.has_file(NAME)?;
    }
    let mut connection = connect(&home.path_of(NAME))?;
    // SQLite went by the path. If it still leads to the folder that is held, so it did then.
    home.check_in_place()?;
    if connection.is_readonly("main")? {
        let error = std::io::ErrorKind::ReadOnlyFilesystem.into();
        return Err(HomeFault::Open(error).at(&home.path_of(NAME)).into());
    }
    check_version(&connection)?;
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "TRUNCATE", |row| row.get(0))?;
    if mode != "truncate" {
        return Err(AuditError::Busy { waited: Duration::ZERO }); // another has it open in another mode
    }
    check_tables(&mut connection)?;
    Ok(connection)
}

/// Connects to a file that is there.
fn connect(path: &Path) -> Result<Connection, AuditError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NOFOLLOW
        | OpenFlags::SQLITE_OPEN_NO_MUTEX; // there is one around the connection
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "mmap_size", 0)?;
    Ok(connection)
}

/// Makes the file, unless another process does.
fn make(home: &Home) -> Result<(), AuditError> {
    // What a crash leaves of this name is never looked at again.
    let name = format!("{NAME}.{}.new", Request::new()?);
    let wrong = |error: Errno| HomeFault::Make(error.into()).at(&home.path_of(NAME));
    home.new_file(&name)?;
    let made = fill(&home.path_of(&name)).and_then(|()| {
        match linkat(home, &name, home, NAME, AtFlags::empty()) {
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            Err(error) => Err(wrong(error).into()),
        }
    });
    unlinkat(home, &name, AtFlags::empty()).map_err(wrong)?;
    made?;
    Ok(home.sync()?)
}

fn fill(path: &Path) -> Result<(), AuditError> {
    let mut connection = connect(path)?;
    // Nobody else knows the file, so there is nothing to roll back to.
    connection.pragma_update_and_check(None, "journal_mode", "MEMORY", |_| Ok(()))?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for (_, sql) in TABLES.iter().chain(&TRIGGERS) {
        transaction.execute_batch(sql)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    connection.close().map_err(|(_, error)| error.into())
}

fn check_version(connection: &Connection) -> Result<(), AuditError> {
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let (application, version) = (number("application_id")?, number("user_version")?);
    if number("page_count")? == 0 {
        return Err(AuditError::NoAudit("it is empty, so it was cut off".to_owned()));
    }
    if application != APPLICATION {
        return Err(AuditError::NoAudit("another program made it".to_owned()));
    }
    match version {
        VERSION => Ok(()),
        found if found > VERSION => Err(AuditError::Newer { found, known: VERSION }),
        found => Err(AuditError::NoAudit(format!("there is no version {found} of its tables"))),
    }
}

/// Compares what the file defines with what it was made with. A trigger that is gone is made again; anything
/// else could make rows mean something else.
fn check_tables(connection: &mut Connection) -> Result<(), AuditError> {
    let defined = defined(connection)?;
    let has = |name: &str| defined.iter().find(|(defined, _)| defined == name);
    let expected = || TABLES.iter().chain(&TRIGGERS);
    for (name, sql) in &defined {
        if !expected().any(|expected| expected == &(name.as_str(), sql.as_str())) {
            return Err(AuditError::Tables(format!(
                "`{}` is not as it was made",
                name.escape_debug()
            )));
        }
    }
    if let Some((name, _)) = TABLES.iter().find(|(name, _)| has(name).is_none()) {
        return Err(AuditError::Tables(format!("`{name}` is gone")));
    }
    if TRIGGERS.iter().all(|(name, _)| has(name).is_some()) {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for (name, sql) in TRIGGERS {
        transaction.execute_batch(&format!("DROP TRIGGER IF EXISTS {name}; {sql}"))?;
    }
    Ok(transaction.commit()?)
}

/// Names and definitions of what is in the file, but for SQLite's own; the first of many, as ours are few.
fn defined(connection: &Connection) -> Result<Vec<(String, String)>, AuditError> {
    let mut statement = connection.prepare(
        "SELECT substr(CAST(coalesce(name, '') AS TEXT), 1, 100),
                substr(CAST(coalesce(sql, '') AS TEXT), 1, 4000)
         FROM sqlite_schema WHERE coalesce(name, '') NOT GLOB 'sqlite_*' LIMIT 64",
    )?;
    let rows = statement.query_map([], |row| {
        let text = |value: ValueRef<'_>| {
            value.as_bytes().map(|text| String::from_utf8_lossy(text).into_owned())
        };
        Ok((text(row.get_ref(0)?)?, text(row.get_ref(1)?)?))
    })?;
    Ok(rows.collect::<Result<_, rusqlite::Error>>()?)
}
