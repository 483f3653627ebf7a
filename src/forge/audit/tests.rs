//! The audit by its public face; each test has a home of its own.

mod full;
mod processes;
mod tamper;

use super::*;
use crate::forge::home::tests::Folder;
use proptest::prelude::*;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

/// An audit in a folder of its own.
struct Place {
    audit: Audit,
    home: Home,
    _folder: Folder,
}

impl Place {
    fn new() -> Place {
        let folder = Folder::new();
        let home = Home::open(Some(&folder.0.join("forge"))).unwrap();
        Place { audit: Audit::open(&home).unwrap(), home, _folder: folder }
    }

    /// One with that many rows: in turn an intent, a refusal, and the result of the intent.
    fn with_rows(count: u64) -> Place {
        let place = Place::new();
        let mut open: Option<Intent> = None;
        for number in 1..=count {
            let (request, body) = (Request(u128::from(number / 4)), json!({"number": number}));
            if number % 3 == 1 {
                open = Some(place.audit.intent(request, Stage::Build, body).unwrap());
            } else if number % 3 == 2 {
                place.audit.refusal(request, Stage::Gate, body).unwrap();
            } else if let Some(intent) = open.take() {
                intent.result(&place.audit, body).unwrap();
            }
        }
        place
    }

    fn file(&self) -> std::path::PathBuf {
        self.home.path_of("audit.db")
    }

    fn open_error(&self) -> String {
        Audit::open(&self.home).unwrap_err().to_string()
    }
}

/// Another program's connection to the file.
fn raw(file: &Path) -> Connection {
    let connection = Connection::open(file).unwrap();
    connection.busy_timeout(Duration::from_secs(5)).unwrap();
    connection
}

#[test]
fn rows_are_kept_as_they_were_given() {
    let place = Place::new();
    assert_eq!(place.audit.head().unwrap().count, 0);
    let request = Request::new().unwrap();
    let body = json!({"z": 1, "a": {"y": [1.5, null, true], "b": "\u{1b}[31m\u{202e}\0"}});
    let intent = place.audit.intent(request, Stage::Plan, &body).unwrap();
    let started = (intent.number(), intent.head());
    let head = intent.result(&place.audit, json!({})).unwrap();
    assert_eq!(started, (1, Head { count: 1, hash: started.1.hash }));
    assert_eq!((head.count, head), (2, place.audit.head().unwrap()));

    let again = Audit::open(&place.home).unwrap();
    let rows: Vec<Row> = again.rows(0, 10).map(Result::unwrap).collect();
    assert_eq!(Value::Object(rows[0].body.clone()), body);
    assert_eq!(
        rows[0].text,
        "{\"a\":{\"b\":\"\\u001b[31m\u{202e}\\u0000\",\"y\":[1.5,null,true]},\"z\":1}"
    );
    assert_eq!((rows[0].prev, rows[0].hash, rows[1].intent), (row::NO_HASH, rows[1].prev, Some(1)));
    assert_eq!(
        (rows[1].kind, rows[1].stage, rows[1].request),
        (Kind::Result, Stage::Plan, request)
    );
    assert!(rows[0].time_us > 1_700_000_000_000_000 && rows[1].time_us >= rows[0].time_us);

    let shown = serde_json::to_value(&rows[1]).unwrap();
    assert_eq!(shown["request"], request.to_string());
    assert_eq!((&shown["kind"], &shown["body"]), (&json!("result"), &json!({})));
    assert_eq!(shown["hash"], head.hash.to_string());
    assert!(shown.get("text").is_none());
    let kept: Head = serde_json::from_str(&serde_json::to_string(&head).unwrap()).unwrap();
    assert_eq!(kept, head);
}

#[test]
fn the_hash_is_the_documented_one() {
    let place = Place::with_rows(3);
    let row = place.audit.rows(3, 1).next().unwrap().unwrap();
    let request = 0_u128.to_be_bytes();
    let columns: [&[u8]; 8] = [
        &3_u64.to_le_bytes(),
        &row.time_us.to_le_bytes(),
        &request,
        b"build",
        b"result",
        &1_u64.to_le_bytes(),
        br#"{"number":3}"#,
        row.prev.as_bytes(),
    ];
    let bytes: Vec<u8> = columns
        .iter()
        .flat_map(|column| [&(column.len() as u64).to_le_bytes(), *column].concat())
        .collect();
    let hash = blake3::derive_key("lau-agent-runtime forge audit row 1", &bytes);
    assert_eq!(hash, *row.hash.as_bytes());
}

#[test]
fn the_walk_finds_what_did_not_end() {
    let place = Place::with_rows(700);
    let verified = place.audit.verify().unwrap();
    assert_eq!(verified.head, place.audit.head().unwrap());
    assert_eq!(verified.unfinished.len(), 1); // of row 700
    drop(place.audit.intent(Request(7), Stage::Scan, json!({})).unwrap());
    let unfinished = place.audit.verify().unwrap().unfinished;
    assert_eq!(
        (unfinished.len(), unfinished[1].number, unfinished[1].stage),
        (2, 701, Stage::Scan)
    );
    assert_eq!(place.audit.rows(690, 5).count(), 5);
    assert_eq!(place.audit.rows(690, 500).count(), 12);
    assert_eq!(place.audit.rows(702, 5).count() + place.audit.rows(u64::MAX, 5).count(), 0);
}

#[test]
fn parts_are_read_by_size_too() {
    let place = Place::new();
    let body = json!({"text": "x".repeat(200 << 10)});
    for _ in 0..12 {
        place.audit.refusal(Request(1), Stage::Gate, &body).unwrap();
    }
    assert_eq!(place.audit.rows(1, 12).count(), 12);
    assert_eq!(place.audit.verify().unwrap().head.count, 12);
}

#[test]
fn a_result_goes_to_the_audit_of_its_intent() {
    let (one, other) = (Place::with_rows(4), Place::with_rows(9));
    let intent = one.audit.intent(Request(1), Stage::Build, json!({})).unwrap();
    let error = intent.result(&other.audit, json!({})).unwrap_err();
    assert!(matches!(error, AuditError::OtherAudit { intent: 5 }), "{error}");
    let intent = other.audit.intent(Request(1), Stage::Build, json!({})).unwrap();
    assert!(matches!(intent.result(&one.audit, json!({})), Err(AuditError::OtherAudit { .. })));
    assert_eq!(other.audit.verify().unwrap().unfinished.len(), 1);
}

#[test]
fn bodies_are_objects_of_a_size() {
    let place = Place::new();
    let refuse = |body: Value| place.audit.refusal(Request(1), Stage::Gate, body);
    for no_object in [json!(1), json!([]), json!("x"), json!(null)] {
        assert!(matches!(refuse(no_object), Err(AuditError::Body(BodyError::NoObject))));
    }
    let text = |bytes| json!({"t": "x".repeat(bytes - r#"{"t":""}"#.len())});
    refuse(text(BODY_BYTES_MAX)).unwrap();
    let error = refuse(text(BODY_BYTES_MAX + 1)).unwrap_err();
    assert!(error.to_string().contains("262145 bytes"), "{error}");
    let nested = |depth| (1..depth).fold(json!({}), |inner, _| json!({"in": inner}));
    refuse(nested(DEPTH_MAX)).unwrap();
    assert!(matches!(refuse(nested(DEPTH_MAX + 1)), Err(AuditError::Body(BodyError::TooDeep))));
    let key = std::collections::BTreeMap::from([((1, 2), 3)]);
    let error = place.audit.refusal(Request(1), Stage::Gate, key).unwrap_err();
    assert!(matches!(error, AuditError::Body(BodyError::NoJson(_))), "{error}");
    assert_eq!(place.audit.verify().unwrap().head.count, 2);
    assert!(place.audit.rows(1, 9).all(|row| row.is_ok()));
}

#[test]
fn logs_are_kept_once_and_compared() {
    let place = Place::new();
    let hash = place.audit.keep_log(b"error: \xff").unwrap();
    assert_eq!(hash, blake3::hash(b"error: \xff"));
    assert_eq!(place.audit.keep_log(b"error: \xff").unwrap(), hash);
    assert_eq!(place.audit.log(&hash).unwrap().as_deref(), Some(&b"error: \xff"[..]));
    assert_eq!(place.audit.log(&blake3::hash(b"other")).unwrap(), None);
    let empty = place.audit.keep_log(b"").unwrap();
    assert_eq!(place.audit.log(&empty).unwrap(), Some(Vec::new()));

    let long = place.audit.keep_log(&vec![b'x'; LOG_BYTES_MAX + 5]).unwrap();
    let kept = place.audit.log(&long).unwrap().unwrap();
    assert!(kept.len() <= LOG_BYTES_MAX && kept.ends_with(b"bytes more are not kept]\n"));

    let other = raw(&place.file());
    let count = || other.query_row("SELECT count(*) FROM log", [], |row| row.get::<_, i64>(0));
    assert_eq!(count().unwrap(), 3);
    // Replacing is passed over by the trigger.
    let sql = "INSERT OR REPLACE INTO log VALUES (?1, 'x')";
    assert_eq!(other.execute(&sql.replace("'x'", "x'00'"), [hash.as_bytes()]).unwrap(), 0);
    other.execute_batch("DROP TRIGGER log_update; UPDATE log SET bytes = x'00'").unwrap();
    assert!(matches!(place.audit.log(&hash), Err(AuditError::Log(wrong)) if wrong == hash));
    other
        .execute_batch(
            "PRAGMA ignore_check_constraints = ON; UPDATE log SET bytes = zeroblob(9000000)",
        )
        .unwrap();
    assert!(matches!(place.audit.log(&hash), Err(AuditError::Log(_))));
}

#[test]
fn threads_share_an_audit_or_have_their_own() {
    const ROWS: u64 = 25;
    let place = Place::new();
    thread::scope(|scope| {
        for thread in 0..4_u128 {
            let (home, shared) = (&place.home, &place.audit);
            scope.spawn(move || {
                let own = Audit::open(home).unwrap();
                for number in 0..ROWS {
                    let audit = if thread % 2 == 0 { &own } else { shared };
                    let body = json!({"number": number});
                    let intent = audit.intent(Request(thread), Stage::Build, &body).unwrap();
                    intent.result(audit, &body).unwrap();
                }
                own.verify().unwrap(); // while others go on
            });
        }
    });
    let verified = place.audit.verify().unwrap();
    assert_eq!((verified.head.count, verified.unfinished.len()), (4 * 2 * ROWS, 0));
}

#[test]
fn many_make_it_at_once_and_one_is_there() {
    let folder = Folder::new();
    let home = Home::open(Some(&folder.0.join("forge"))).unwrap();
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let audit = Audit::open(&home).unwrap();
                audit.refusal(Request(1), Stage::Gate, json!({})).unwrap();
            });
        }
    });
    let names = std::fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.collect();
    names.sort();
    assert_eq!(names, ["audit.db", "audit.db-journal", "reserve"]);
    for name in names {
        let mode = std::fs::metadata(home.path().join(&name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name:?}");
    }
    assert_eq!(Audit::open(&home).unwrap().verify().unwrap().head.count, 6);
}

#[test]
fn others_that_keep_the_lock_are_waited_for() {
    let place = Place::with_rows(1);
    let other = raw(&place.file());
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| place.audit.refusal(Request(1), Stage::Gate, json!({})));
        thread::sleep(Duration::from_millis(1500)); // longer than one wait of SQLite's own
        assert!(!waiting.is_finished());
        other.execute_batch("ROLLBACK").unwrap();
        waiting.join().unwrap().unwrap();
    });
    // The deadline is not waited for here.
    let begun = Instant::now() - WAIT_MAX;
    let busy = || Err::<(), _>(AuditError::Busy { waited: Duration::ZERO });
    let error = patiently(begun, busy).unwrap_err().to_string();
    assert!(error.contains("locked by others for 30 s"), "{error}");
}

#[test]
fn numbers_of_requests_are_text_and_differ() {
    let one = Request::new().unwrap();
    assert_ne!(one, Request::new().unwrap());
    assert_eq!(Request(0xab).to_string(), "000000000000000000000000000000ab");
    for wrong in ["", "ab", &"g".repeat(32), &format!("+{}", "0".repeat(31)), &"0".repeat(33)] {
        assert!(wrong.parse::<Request>().is_err(), "{wrong}");
    }
    let text = serde_json::to_string(&one).unwrap();
    assert_eq!(serde_json::from_str::<Request>(&text).unwrap(), one);
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        let objects = prop::collection::btree_map(".*", inner.clone(), 0..6);
        prop_oneof![
            prop::collection::vec(inner, 0..6).prop_map(Value::from),
            objects.prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_canonical_is_read_as_it_was(value in values()) {
        let body = json!({"b": value, "a": 1});
        let text = body::canonical(&body).unwrap();
        let first = text.starts_with(r#"{"a":1,"b":"#);
        prop_assert!(first);
        let read: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&read, &body);
        prop_assert_eq!(body::canonical(&read).unwrap(), text);
    }
}
