//! What another program, or a broken disk, does to the file.

use super::*;

/// What makes the triggers and checks give way.
const FREE: &str = "PRAGMA ignore_check_constraints = ON; PRAGMA recursive_triggers = OFF;
    DROP TRIGGER IF EXISTS audit_next; DROP TRIGGER IF EXISTS audit_update; DROP TRIGGER IF EXISTS audit_delete;";

/// What `verify` finds after that was done to an audit of nine rows.
fn found(sql: &str) -> AuditError {
    let place = Place::with_rows(9);
    place.audit.verify().unwrap();
    raw(&place.file()).execute_batch(&format!("{FREE}{sql}")).unwrap();
    let error = place.audit.verify().unwrap_err();
    // A new process finds the same, and puts the triggers back.
    let again = Audit::open(&place.home).unwrap();
    assert_eq!(again.verify().unwrap_err().to_string(), error.to_string(), "{sql}");
    let update = raw(&place.file()).execute("UPDATE audit SET time_us = 0", []);
    assert!(update.unwrap_err().to_string().contains("never changed"));
    error
}

fn fault(sql: &str) -> (i64, Fault) {
    let error = found(sql);
    let AuditError::Chain { row, fault } = error else { panic!("{sql}: {error}") };
    (row, fault)
}

#[test]
fn a_change_of_any_column_is_found() {
    for change in [
        "time_us = time_us + 1",
        "request = x'000102030405060708090a0b0c0d0e0f'",
        "stage = 'verify'",
        "kind = 'intent', intent = NULL",
        "kind = 'refusal', intent = NULL",
        "intent = 1",
        "body = '{\"number\":66}'",
        "body = body || ' '",
        "prev = (SELECT prev FROM audit WHERE number = 3)",
        "prev = zeroblob(32)",
        "hash = (SELECT hash FROM audit WHERE number = 3)",
        "hash = zeroblob(32)",
    ] {
        let (row, fault) = fault(&format!("UPDATE audit SET {change} WHERE number = 6"));
        assert_eq!((row, fault), (6, Fault::Altered), "{change}");
    }
}

#[test]
fn what_a_column_cannot_hold_is_found() {
    for (change, name) in [
        ("request = x'00'", "request"),
        ("request = zeroblob(5000000)", "request"),
        ("stage = 'nothing'", "stage"),
        ("stage = ''", "stage"),
        ("kind = 'other'", "kind"),
        ("kind = 'intent'", "intent"),
        ("intent = NULL", "intent"),
        ("intent = -4", "intent"),
        ("body = '[]'", "body"),
        ("body = '{'", "body"),
        ("body = ''", "body"),
        ("body = replace(hex(zeroblob(200000)), '00', '[[[[[')", "body"),
        ("body = printf('{\"a\":%300000d}', 1)", "body"),
        ("body = CAST(x'7b22ff223a317d' AS TEXT)", "body"),
        ("prev = x''", "prev"),
        ("hash = zeroblob(33)", "hash"),
    ] {
        let (row, fault) = fault(&format!("UPDATE audit SET {change} WHERE number = 6"));
        assert!(
            row == 6 && matches!(fault, Fault::Column { name: found, .. } if found == name),
            "{change}: {fault}"
        );
    }
    let no_number = fault("UPDATE audit SET number = -9223372036854775808 WHERE number = 6");
    assert_eq!(no_number, (i64::MIN, Fault::Column { name: "number", wanted: "1 or more" }));
    assert_eq!(fault("UPDATE audit SET number = 0 WHERE number = 1").0, 0);
}

#[test]
fn types_that_a_column_does_not_have_are_found() {
    let define = |file: &Path, sql: &str| {
        let other = raw(file);
        other.execute_batch("PRAGMA writable_schema = ON").unwrap();
        other.execute("UPDATE sqlite_schema SET sql = ?1 WHERE name = 'audit'", [sql]).unwrap();
    };
    let typed = database::TABLES[0].1;
    let untyped = typed.replace(") STRICT", ")");
    let untyped = ["BLOB", "TEXT", "INTEGER"]
        .iter()
        .fold(untyped, |sql, name| sql.replace(&format!("{name} NOT NULL"), name));
    for change in [
        "time_us = 'noon'",
        "time_us = zeroblob(3000000)",
        "time_us = 1.5",
        "request = 'sixteen bytes ..'",
        "stage = 7",
        "stage = NULL",
        "kind = x'696e74656e74'",
        "intent = 'four'",
        "intent = zeroblob(3000000)",
        "body = 5",
        "body = x'7b7d'",
        "prev = 5",
        "hash = NULL",
    ] {
        let place = Place::with_rows(9);
        define(&place.file(), &untyped);
        let change = format!("{FREE}UPDATE audit SET {change} WHERE number = 6");
        raw(&place.file()).execute_batch(&change).unwrap();
        define(&place.file(), typed);
        let audit = Audit::open(&place.home).unwrap();
        for audit in [&audit, &place.audit] {
            let error = audit.verify().unwrap_err();
            let column = matches!(error, AuditError::Chain { row: 6, fault: Fault::Column { .. } });
            assert!(column, "{change}: {error}");
        }
    }
}

#[test]
fn rows_that_are_gone_or_elsewhere_are_found() {
    assert_eq!(fault("DELETE FROM audit WHERE number = 4"), (5, Fault::Gap { expected: 4 }));
    assert_eq!(fault("DELETE FROM audit WHERE number = 1"), (2, Fault::Gap { expected: 1 }));
    let close = "DELETE FROM audit WHERE number = 4;
        UPDATE audit SET number = -number WHERE number > 4; UPDATE audit SET number = -number - 1 WHERE number < 0";
    assert_eq!(fault(close), (4, Fault::Moved { from: 5 }));
    let swap = "UPDATE audit SET number = 100 WHERE number = 3; UPDATE audit SET number = 3 WHERE number = 7;
        UPDATE audit SET number = 7 WHERE number = 100";
    assert_eq!(fault(swap), (3, Fault::Moved { from: 7 }));
    let twice =
        "INSERT INTO audit SELECT 10, time_us, request, stage, kind, intent, body, prev, hash
        FROM audit WHERE number = 9";
    assert_eq!(fault(twice), (10, Fault::Moved { from: 9 }));
}

/// Puts a row in with a hash that is right for it.
fn put(place: &Place, number: u64, kind: Kind, intent: Option<u64>, prev: blake3::Hash) {
    let (request, stage, text, time_us) = (Request(0), Stage::Build, r#"{"number":5}"#, 1);
    let hash = row::Columns { number, time_us, request, stage, kind, intent, text, prev }.hash();
    let other = raw(&place.file());
    other.execute_batch(FREE).unwrap();
    let sql = "INSERT OR REPLACE INTO audit VALUES (?1, 1, ?2, 'build', ?3, ?4, ?5, ?6, ?7)";
    let intent = intent.map(u64::cast_signed);
    let (prev, hash) = (prev.as_bytes(), hash.as_bytes());
    let row =
        rusqlite::params![number.cast_signed(), [0_u8; 16], kind.name(), intent, text, prev, hash];
    other.execute(sql, row).unwrap();
}

#[test]
fn rows_that_were_written_anew_are_found() {
    let place = Place::with_rows(9);
    let prev = |number| place.audit.rows(number, 1).next().unwrap().unwrap().prev;
    put(&place, 5, Kind::Refusal, None, prev(5));
    let error = place.audit.verify().unwrap_err();
    assert!(matches!(error, AuditError::Chain { row: 6, fault: Fault::Unlinked }), "{error}");

    // The last row, by somebody who knows how: only a head shows it.
    let place = Place::with_rows(9);
    let (head, prev) =
        (place.audit.head().unwrap(), place.audit.rows(9, 1).next().unwrap().unwrap().prev);
    place.audit.verify_against(&head).unwrap();
    put(&place, 9, Kind::Refusal, None, prev);
    assert_eq!(place.audit.verify().unwrap().unfinished.len(), 1);
    let error = place.audit.verify_against(&head).unwrap_err();
    assert!(matches!(error, AuditError::Chain { row: 9, fault: Fault::OtherHistory }), "{error}");
}

#[test]
fn results_without_an_intent_are_found() {
    for intent in [1, 2, 12, 10] {
        let place = Place::with_rows(9); // 1 was ended by 3, and 2 is a refusal
        put(&place, 10, Kind::Result, Some(intent), place.audit.head().unwrap().hash);
        let error = place.audit.verify().unwrap_err();
        let expected = Fault::NoIntent { intent };
        assert!(
            matches!(&error, AuditError::Chain { row: 10, fault } if *fault == expected),
            "{error}"
        );
    }
}

#[test]
fn a_cut_tail_is_found_with_a_head() {
    let place = Place::with_rows(9);
    let head = place.audit.head().unwrap();
    let early = place.audit.rows(4, 1).next().unwrap().unwrap();
    raw(&place.file()).execute_batch(&format!("{FREE}DELETE FROM audit WHERE number > 6")).unwrap();
    assert_eq!(place.audit.verify().unwrap().head.count, 6);
    place.audit.verify_against(&Head { count: 4, hash: early.hash }).unwrap();
    let error = place.audit.verify_against(&head).unwrap_err();
    assert!(matches!(error, AuditError::Cut { found: 6, expected: 9 }), "{error}");
    // Growing again does not hide it.
    for _ in 0..5 {
        place.audit.refusal(Request(1), Stage::Gate, json!({})).unwrap();
    }
    let error = place.audit.verify_against(&head).unwrap_err();
    assert!(matches!(error, AuditError::Chain { row: 9, fault: Fault::OtherHistory }), "{error}");
}

#[test]
fn mistakes_are_refused_by_the_triggers() {
    let place = Place::with_rows(4);
    let other = raw(&place.file());
    let copy = |number: i64, how: &str| {
        format!(
            "INSERT {how} INTO audit SELECT {number}, time_us, request, stage, kind, intent, body, prev, hash FROM audit WHERE number = 2"
        )
    };
    for sql in [
        "UPDATE audit SET body = '{}'".to_owned(),
        "DELETE FROM audit WHERE number = 4".to_owned(),
        copy(6, ""),
        copy(2, "OR REPLACE"),
        copy(0, ""),
        copy(2, "").replace("SELECT 2", "SELECT NULL"),
    ] {
        let error = other.execute(&sql, []).unwrap_err().to_string();
        assert!(error.contains("of the audit"), "{sql}: {error}");
    }
    assert_eq!(place.audit.verify().unwrap().head.count, 4);
}

#[test]
fn other_files_are_no_audits() {
    let place = Place::with_rows(2);
    let audit = std::fs::read(place.file()).unwrap();
    let replace = |bytes: &[u8]| {
        std::fs::write(place.file(), bytes).unwrap();
        place.open_error()
    };
    assert!(replace(b"").contains("it is empty"));
    assert!(replace(b"plain text\n").contains("no database of SQLite"));
    assert!(replace("plain text\n".repeat(5000).as_bytes()).contains("no database of SQLite"));
    assert!(replace(&audit[..1000]).contains("the audit is damaged"));
    let with = |offset: usize, number: u32| {
        let mut audit = audit.clone();
        audit[offset..offset + 4].copy_from_slice(&number.to_be_bytes());
        audit
    };
    assert!(replace(&with(68, 7)).contains("another program made it"));
    assert!(replace(&with(60, 2)).contains("of version 2, and this program knows 1"));
    assert!(replace(&with(60, 0)).contains("no version 0"));
    std::fs::write(place.file(), &audit).unwrap();
    Audit::open(&place.home).unwrap();

    let change = |sql: &str| {
        std::fs::write(place.file(), &audit).unwrap();
        raw(&place.file()).execute_batch(sql).unwrap();
        place.open_error()
    };
    assert!(change("DROP TABLE log").contains("`log` is gone"));
    assert!(change("CREATE TABLE \"x\u{1b}\" (y)").contains("`x\\u{1b}` is not as it was made"));
    assert!(
        change("ALTER TABLE audit ADD COLUMN more TEXT").contains("`audit` is not as it was made")
    );
    let quiet = "CREATE TRIGGER quiet AFTER INSERT ON audit BEGIN SELECT 1; END";
    assert!(change(quiet).contains("`quiet` is not as it was made"));

    std::fs::write(place.file(), &audit).unwrap();
    let mode = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(place.file(), mode).unwrap();
    assert!(place.open_error().contains("chmod 0600"));
    std::fs::rename(place.file(), place.home.path_of("elsewhere")).unwrap();
    symlink(place.home.path_of("elsewhere"), place.file()).unwrap();
    assert!(place.open_error().contains("is a link"));
}

#[test]
fn a_file_that_was_moved_is_not_written() {
    let place = Place::with_rows(2);
    let refuse = || place.audit.refusal(Request(1), Stage::Gate, json!({}));
    std::fs::rename(place.file(), place.home.path_of("elsewhere")).unwrap();
    assert!(refuse().unwrap_err().to_string().contains("moved or removed"));
    let new = Audit::open(&place.home).unwrap();
    assert_eq!(new.verify().unwrap().head.count, 0);
    assert!(refuse().unwrap_err().to_string().contains("moved or removed"));
    std::fs::rename(place.home.path_of("elsewhere"), place.file()).unwrap();
    refuse().unwrap();
    assert_eq!(place.audit.verify().unwrap().head.count, 3);
    assert!(new.refusal(Request(1), Stage::Gate, json!({})).is_err());
}

#[test]
fn an_audit_that_another_tool_turned_to_a_write_ahead_log_is_turned_back() {
    let place = Place::with_rows(3);
    let Place { audit, home, _folder } = place;
    drop(audit);
    let other = raw(&home.path_of("audit.db"));
    other.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).unwrap();
    other.close().unwrap();
    let audit = Audit::open(&home).unwrap();
    audit.refusal(Request(1), Stage::Gate, json!({})).unwrap();
    assert_eq!(audit.verify().unwrap().head.count, 4);
    assert!(!home.path_of("audit.db-wal").exists());
}

#[test]
fn no_damage_makes_it_panic_or_pass_for_another_chain() {
    let place = Place::with_rows(60);
    let head = place.audit.head().unwrap();
    let Place { audit, home, _folder } = place;
    drop(audit);
    let file = home.path_of("audit.db");
    let whole = std::fs::read(&file).unwrap();
    let (mut opened, mut refused) = (0, 0);
    // Numbers by a fixed rule, so that a failure comes again.
    let mut state = 1_u64;
    let mut below = |limit: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % limit
    };
    for round in 0..400 {
        let mut bytes = whole.clone();
        match round % 3 {
            0 => bytes.truncate(below(whole.len())),
            1 => bytes[below(whole.len())] ^= 1 << below(8),
            _ => {
                let start = below(whole.len());
                let end = (start + below(600)).min(whole.len());
                bytes[start..end].fill_with(|| below(256) as u8);
            }
        }
        std::fs::write(&file, &bytes).unwrap();
        let verified = Audit::open(&home).and_then(|audit| {
            let _ = audit.rows(1, 100).count();
            audit.verify_against(&head)
        });
        match verified {
            Ok(verified) => {
                opened += 1;
                assert_eq!(verified.head, head); // what was hit was not a row
            }
            Err(error) => {
                refused += 1;
                assert!(!error.to_string().is_empty());
            }
        }
    }
    assert!(opened > 10 && refused > 200, "{opened} {refused}");
}
