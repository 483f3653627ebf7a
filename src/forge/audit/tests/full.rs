//! A disk that is really full: a small tmpfs, in a mount namespace of its own.

use super::*;
use std::env;
use std::io::Write;
use std::process::Command;

const PART: &str = "LAU_TEST_AUDIT_FULL";
const NO_MOUNT: i32 = 77;

/// Mounts the tmpfs on its first argument, and starts the rest there.
const SCRIPT: &str = r#"mount -t tmpfs -o size=1m,mode=700 none "$1" || exit 77; shift; exec "$@""#;

#[test]
fn a_refusal_is_recorded_on_a_full_disk() {
    let folder = Folder::new();
    let mut why = String::new();
    for namespaces in ["-m", "-Urm"] {
        let output = Command::new("unshare")
            .args([namespaces, "sh", "-c", SCRIPT, "sh"])
            .arg(&folder.0)
            .arg(env::current_exe().unwrap())
            .args(["--exact", "forge::audit::tests::full::fills_the_disk", "--nocapture"])
            .env(PART, &folder.0)
            .output();
        let Ok(output) = output else { continue };
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        if output.status.success() {
            assert!(said.contains("the disk was full"), "{said}");
            return;
        }
        let started = said.contains("running 1 test");
        assert!(!started && output.status.code() != Some(101), "{said}");
        why += &format!(
            "\nunshare {namespaces} (code {NO_MOUNT}: no mount): {}: {said}",
            output.status
        );
    }
    println!("a tmpfs cannot be mounted here, so a full disk was not tried{why}");
}

/// Takes what room there is.
fn fill(path: &Path) {
    let mut file = std::fs::File::options().append(true).create(true).open(path).unwrap();
    for bytes in [4096, 512, 1] {
        while file.write_all(&[b'x'; 4096][..bytes]).is_ok() {}
    }
}

/// The part of the process that has the small disk; by itself it does nothing.
#[test]
fn fills_the_disk() {
    let Ok(disk) = env::var(PART) else { return };
    let filler = Path::new(&disk).join("filler");
    let home = Home::open(Some(&Path::new(&disk).join("forge"))).unwrap();
    let audit = Audit::open(&home).unwrap();
    let reserve = || std::fs::metadata(home.path_of("reserve")).unwrap().len();
    let body = json!({"text": "x".repeat(3000)});
    let intent = |stage| audit.intent(Request(1), stage, &body);
    let running = intent(Stage::Build).unwrap();
    assert_eq!(reserve(), RESERVE_BYTES);

    fill(&filler);
    // Free pages in the file may take one or two.
    let error = (0..4).find_map(|_| intent(Stage::Scan).err()).unwrap();
    assert!(matches!(error, AuditError::DiskFull), "{error}");
    assert!(audit.keep_log(&[b'x'; 9000]).is_err());
    assert_eq!(reserve(), RESERVE_BYTES);
    let begun = audit.head().unwrap().count;

    // The refusal, and the end of what ran, are recorded in the reserve's room.
    audit.refusal(Request(1), Stage::Scan, &body).unwrap();
    assert_eq!(reserve(), 0);
    running.result(&audit, &body).unwrap();
    // That there is room now is not for beginnings.
    assert!(matches!(intent(Stage::Scan), Err(AuditError::DiskFull)));
    for _ in 0..10 {
        audit.refusal(Request(1), Stage::Scan, &body).unwrap();
    }
    assert_eq!(audit.head().unwrap().count, begun + 12);

    // Reading and opening go on; when nothing is left at all, that is said.
    let again = Audit::open(&home).unwrap();
    fill(&filler);
    let error = (0..40).find_map(|_| again.refusal(Request(1), Stage::Scan, &body).err()).unwrap();
    assert!(matches!(error, AuditError::DiskFull), "{error}");
    again.verify().unwrap();

    std::fs::remove_file(&filler).unwrap();
    audit.refusal(Request(1), Stage::Scan, &body).unwrap();
    assert_eq!(reserve(), RESERVE_BYTES);
    intent(Stage::Scan).unwrap().result(&audit, &body).unwrap();
    audit.verify().unwrap();
    println!("the disk was full");
}
