//! Standard output and standard error: what goes where, who reads it, and what hostile text does to it.

use crate::support::{file, lau, program};
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

#[test]
fn logs_go_to_standard_error() {
    let ran = program(
        "run -",
        "push \"a b\"\npush 1\npush [\"c\"]\npush null\ncall log 4\ncall log 0\npush x",
    );
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "x\n"));
    assert!(ran.stderr.starts_with("a b 1 [\"c\"] null\n\nlau: finished"), "{ran:?}");
}

#[test]
fn a_reader_who_goes_early_is_no_error() {
    let long = file("long.lau", "push 0123456789\npop\n".repeat(20_000));
    for args in ["print --stage tokens", "print --stage ir --json", "run --json --memory"] {
        let mut child = lau()
            .args(args.split(' '))
            .arg(&long)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        if args.starts_with("print") {
            let mut first = String::new();
            BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        }
        drop(child.stdout.take());
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""), "{args}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn an_output_that_cannot_be_written_gives_2() {
    let fine = file("full.lau", "push 1");
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = lau().arg("run").arg(&fine).stdout(full).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("standard output"));
}

#[test]
fn no_colour_without_a_terminal() {
    assert!(!program("run -", "fail x").stderr.contains('\u{1b}'));
    assert!(!program("check -", "psuh").stderr.contains('\u{1b}'));
}

#[test]
fn hostile_sources_do_no_harm() {
    for text in [
        format!("push {}", "[".repeat(1_000_000)),
        format!("push {}1{}", "[".repeat(201), "]".repeat(201)),
        format!("push \"{}", "\\u{10FFFF}".repeat(100_000)),
        "x".repeat(5_000_000),
        "psuh\n".repeat(100_000),
        "func f\n".repeat(900),
        "\0\u{feff}\u{202e}\n".repeat(1000),
    ] {
        let ran = program("check -", &text);
        ran.fails(3, &["error"]);
        assert!(ran.stderr.len() < 300_000, "{} bytes", ran.stderr.len());
    }
}
