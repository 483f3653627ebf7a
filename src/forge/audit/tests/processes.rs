//! Several processes at once: this test binary, started again with a part to play.

use super::*;
use std::env;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

const PART: &str = "LAU_TEST_AUDIT_WRITER";
const ROWS: u64 = 100;

fn writer(home: &Home, rows: u64) -> Child {
    writer_under(home, rows, "022")
}

/// A process that adds that many rows, under that umask.
fn writer_under(home: &Home, rows: u64, umask: &str) -> Child {
    Command::new("sh")
        .args(["-c", "umask \"$1\"; shift; exec \"$@\"", "sh", umask])
        .arg(env::current_exe().unwrap())
        .args(["--exact", "forge::audit::tests::processes::writes_what_it_is_told", "--nocapture"])
        .env(PART, format!("{rows}:{}", home.path().display()))
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// The part of the other processes; by itself it does nothing.
#[test]
fn writes_what_it_is_told() {
    let Ok(part) = env::var(PART) else { return };
    let (rows, path) = part.split_once(':').unwrap();
    let home = Home::open(Some(&PathBuf::from(path))).unwrap();
    let audit = Audit::open(&home).unwrap();
    let request = Request::new().unwrap();
    for number in 0..rows.parse::<u64>().unwrap() / 2 {
        let intent = audit.intent(request, Stage::Build, json!({"number": number})).unwrap();
        intent.result(&audit, json!({"number": number})).unwrap();
    }
}

#[test]
fn three_processes_lose_no_row() {
    let place = Place::new();
    let writers: Vec<Child> = (0..3).map(|_| writer(&place.home, ROWS)).collect();
    for mut writer in writers {
        assert!(writer.wait().unwrap().success());
    }
    let verified = place.audit.verify().unwrap();
    assert_eq!((verified.head.count, verified.unfinished.len()), (3 * ROWS, 0));
    let mut of_request = std::collections::HashMap::new();
    for row in place.audit.rows(1, u64::MAX) {
        *of_request.entry(row.unwrap().request).or_insert(0) += 1;
    }
    assert_eq!(of_request.into_values().collect::<Vec<_>>(), [ROWS; 3]);
}

#[test]
fn files_are_private_whatever_the_umask() {
    for umask in ["000", "277", "777"] {
        let folder = Folder::new();
        let home = Home::open(Some(&folder.0.join("forge"))).unwrap();
        assert!(writer_under(&home, 2, umask).wait().unwrap().success(), "{umask}");
        for name in ["audit.db", "audit.db-journal", "reserve"] {
            let mode = std::fs::metadata(home.path_of(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{umask} {name}");
        }
        assert_eq!(Audit::open(&home).unwrap().verify().unwrap().head.count, 2);
    }
}

#[test]
fn a_writer_that_is_killed_leaves_a_chain() {
    let place = Place::new();
    let mut unfinished = 0;
    for round in 0..12 {
        let before = place.audit.head().unwrap();
        let mut writer = writer(&place.home, 1_000_000);
        // Until it writes; then at another moment each time.
        let begun = Instant::now();
        while place.audit.head().unwrap().count < before.count + 3 {
            assert!(begun.elapsed() < WAIT_MAX, "the writer does not write");
            thread::sleep(Duration::from_millis(1));
        }
        thread::sleep(Duration::from_micros(round * 370));
        writer.kill().unwrap();
        writer.wait().unwrap();
        let verified = place.audit.verify_against(&before).unwrap();
        assert!(verified.unfinished.len() <= unfinished + 1);
        unfinished = verified.unfinished.len();
        place.audit.refusal(Request(1), Stage::Gate, json!({})).unwrap();
    }
    let other = raw(&place.file());
    let check = other.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0));
    assert_eq!(check.unwrap(), "ok");
}
