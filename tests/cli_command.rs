//! The command as a user meets it: exit codes, JSON, streams. Inputs are in `cli_input`.
#![cfg(feature = "cli")]

mod cli_support;

use cli_support::{file, keys, lau, program, run, run_with};
use serde_json::json;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

const RUN_KEYS: &[&str] = &[
    "command",
    "diagnostics",
    "ending",
    "energy",
    "engine",
    "error",
    "exit_code",
    "instructions",
    "memory",
    "omitted",
    "output",
    "place",
    "trap",
];
const RECURSES: &str = "call f 0\nfunc f\n  call f 0\nend\n";

#[test]
fn a_finished_run_gives_its_output_and_0() {
    let ran = program("run -", "push 1\npush 2\nadd");
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "3\n"));
    assert_eq!(ran.stderr, "lau: finished: 0.3 of 1000000 units, 3 instructions\n");
    let ran = program("run -", r#"push "two\nlines, \"raw\"""#);
    assert_eq!(ran.stdout, "two\nlines, \"raw\"\n");
    let ran = program("run -", r#"push {"b": [1.5, "x"], "a": null}"#);
    assert_eq!(ran.stdout, "{\n  \"a\": null,\n  \"b\": [\n    1.5,\n    \"x\"\n  ]\n}\n");
    assert_eq!(program("run -", "push nan").stdout, "NaN\n");
    assert_eq!(program("run -", "").stdout, "null\n");
}

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
fn a_trapped_run_shows_the_line_and_the_calls_and_gives_1() {
    let text = "push 1\ncall outer 1\nfunc outer x\n  load x\n  call inner 1\nend\n\
                func inner x\n  load x\n  push hello # a comment\n  add\nend\n";
    let source = file("trap.lau", text);
    let ran = run("run", Some(&source));
    ran.fails(
        1,
        &[
            "Type error",
            "trap.lau:10:3",
            "10 |   add",
            "^^^\n",
            "called from instruction 4, line 5, in `outer`",
            "called from instruction 1, line 2",
            "lau: trapped: ",
        ],
    );
    assert_eq!(ran.stdout, "");
    program("run -", "fail out of luck").fails(1, &["Failed: out of luck", "<stdin>:1:1"]);
    program("run -", "call nobody 0").fails(1, &["Unknown builtin", "nobody"]);
}

#[test]
fn an_exhausted_run_gives_4() {
    let ran = program("run - --budget 0.25", "push 1\npush 2\nadd");
    ran.fails(4, &["Energy budget exhausted: 0.05 of 0.25 units", "<stdin>:3:1", "0.2 of 0.25"]);
    program("run - --budget 0", "push 1").fails(4, &["0 instructions"]);
    assert_eq!(program("run - --budget 0.1", "push 1").code, 0);
    assert_eq!(program("run - --budget inf", "push 1").code, 0);
    // The default budget is finite.
    program("run -", "again:\njump again").fails(4, &["1000000 of 1000000 units"]);
}

#[test]
fn limits_give_5() {
    program("run -", RECURSES).fails(5, &["Call depth", "and 9990 more calls"]);
    program("run - --depth-max 3", RECURSES).fails(5, &["Call depth", "<stdin>:3:3"]);
    program("run - --stack-max 2", "push 1\npush 1\npush 1").fails(5, &["Stack limit"]);
    let grow = "push \"\"\nstore x\nagain:\npush 0123456789abcdef\nappend x\njump again";
    program("run - --value-max 1KiB", grow).fails(5, &["Value size limit"]);
    program("run - --memory-max 1KiB", grow).fails(5, &["Memory limit"]);
    let nest = "push []\nagain:\nlist 1\njump again";
    program("run - --nesting-max 9", nest).fails(5, &["Nesting limit"]);
    program("run - --json --nesting-max unlimited", nest).json()["error"]["message"]
        .as_str()
        .expect("it says that 1000 is the most");
}

#[test]
fn wrong_usage_gives_2() {
    let fine = file("fine.lau", "push 1");
    for (args, says) in [
        ("run", "<FILE>"),
        ("walk", "walk"),
        ("run - --speed 3", "--speed"),
        ("run - --engine warp", "warp"),
        ("run - --budget much", "not a number"),
        ("run - --budget nan", "nan"),
        ("run - --budget -1", "-1"),
        ("run - --memory-max 1MB", "KiB, MiB and GiB"),
        ("run - --nesting-max 1001", "1000"),
        ("run - --depth-max -1", "--depth-max"),
        ("run - --memory", "--json"),
        ("print -", "--stage"),
        ("print - --stage tea", "tea"),
    ] {
        run(args, None).fails(2, &[says]);
    }
    run("run /nowhere/at-all.lau", None).fails(2, &["/nowhere/at-all.lau", "cannot read"]);
    run("check", fine.parent()).fails(2, &["cannot read"]);
    let json = run("run --json --budget much", Some(&fine)).json();
    assert_eq!(json["command"], json!(null));
    assert!(json["error"]["message"].as_str().unwrap().contains("not a number"), "{json}");
    let json = run("check /nowhere.lau --json", None).json();
    assert_eq!(json["error"]["file"], "/nowhere.lau");
    assert_eq!((&json["errors"], &json["diagnostics"]), (&json!(null), &json!([])));
}

#[test]
fn source_errors_give_3() {
    let ran = program("run -", "push 1\npsuh 2\njump nowhere\n");
    ran.fails(3, &["psuh", "nowhere", "<stdin>:2", "<stdin>:3", "2 errors, 0 warnings"]);
    assert_eq!(ran.stdout, "");
    let ran = run_with("check -", None, b"push 1\n push \xff\n");
    ran.fails(3, &["<stdin>:2:7: ", "not UTF-8", "byte offset 13"]);
    let json = run_with("run - --json", None, b"\xff").json();
    assert_eq!((&json["exit_code"], &json["error"]["line"]), (&json!(3), &json!(1)));
}

#[test]
fn check_finds_without_running() {
    let ran = program("check -", "call log 0\nfail if it runs");
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""));
    assert_eq!(ran.stderr, "lau: <stdin>: 0 errors, 0 warnings, 2 instructions\n");
    let warned = "pop extra\ncall nobody 0";
    program("check -", warned).fails(0, &["0 errors, 2 warnings", "extra", "nobody"]);
    assert_eq!(program("run -", "pop extra").code, 0);

    let ran = program("check - --json", "push 1\npsuh 2\npop extra");
    let json = ran.json();
    let all = ["command", "diagnostics", "error", "errors", "exit_code", "instructions", "omitted"];
    assert_eq!(keys(&json), [&all[..], &["warnings"]].concat());
    assert_eq!((&json["errors"], &json["command"]), (&json!(1), &json!("check")));
    assert_eq!(json["diagnostics"][0]["code"], "unknown-instruction");
    assert_eq!(json["diagnostics"][0]["span"]["line"], 2);
    assert_eq!(json["diagnostics"][0]["fix"]["replacement"], "push");
    assert_eq!((ran.code, ran.stderr.as_str()), (3, ""));
    assert_eq!(program("check - --json", "push 1").json()["exit_code"], 0);
}

#[test]
fn print_shows_both_stages() {
    let text = "  push   1 # one\nagain:\njump again\n";
    let ran = program("print - --stage tokens", text);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "push 1\njump 1\n"));
    let ir = program("print --stage ir -", text);
    assert!(ir.code == 0 && ir.stdout.ends_with('\n') && ir.stdout.contains("jump"), "{ir:?}");
    let json = program("print --stage ir --json -", text).json();
    assert_eq!(keys(&json), {
        ["command", "diagnostics", "error", "exit_code", "omitted", "stage", "text"]
    });
    assert_eq!((&json["text"], &json["stage"]), (&json!(ir.stdout), &json!("ir")));
    let ran = program("print --stage tokens -", "psuh 1");
    ran.fails(3, &["psuh"]);
    assert_eq!(ran.stdout, "");
    assert_eq!(program("print --stage ir --json -", "psuh").json()["text"], json!(null));
}

#[test]
fn a_run_in_json_has_always_the_same_keys() {
    let ran = program("run - --json", "push \"x\"\ncall log 1\npush [1, 0.5, nan]\n");
    let json = ran.json();
    assert_eq!(keys(&json), RUN_KEYS);
    assert_eq!(ran.stderr, "x\n");
    assert_eq!((&json["ending"], &json["engine"]), (&json!("finished"), &json!("interp")));
    assert_eq!(json["energy"], json!({"used": 1.2, "budget": 1_000_000}));
    assert_eq!((&json["instructions"], &json["trap"]), (&json!(3), &json!(null)));

    let json = program("run --json - --memory", "push 3\nstore x\npush 1\nfail no").json();
    assert_eq!(keys(&json), RUN_KEYS);
    assert_eq!((&json["ending"], &json["exit_code"]), (&json!("trapped"), &json!(1)));
    let place = json!({"function": null, "instruction": 3, "line": 4, "column": 1});
    assert_eq!(json["trap"]["place"], place);
    assert_eq!(json["trap"], {
        json!({"code": "failed", "message": json["trap"]["message"], "place": place, "calls": []})
    });
    assert_eq!((&json["memory"], &json["output"]), (&json!({"x": 3}), &json!(null)));

    let json = program("run --json --budget 0.1 -", "push 1\npush 2").json();
    assert_eq!(keys(&json), RUN_KEYS);
    assert_eq!((&json["ending"], &json["exit_code"]), (&json!("exhausted"), &json!(4)));
    assert_eq!((&json["place"]["line"], &json["energy"]["used"]), (&json!(2), &json!(0.1)));

    for (text, code) in [("psuh 1", 3), (RECURSES, 5)] {
        let json = program("run --json -", text).json();
        assert_eq!((keys(&json), &json["exit_code"]), (RUN_KEYS.to_vec(), &json!(code)));
    }
    let deep = program("run --json --depth-max 5 -", RECURSES).json();
    assert_eq!(deep["trap"]["calls"].as_array().unwrap().len(), 5, "{deep}");
    assert_eq!(deep["trap"]["calls"][4]["function"], json!(null));
}

#[test]
fn help_and_version_give_0() {
    for args in ["--help", "run --help", "check -h", "--version", "help print"] {
        let ran = run(args, None);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{args}");
    }
    assert!(run("run -h", None).stdout.contains("[default: 1000000]"));
    assert!(run("--help", None).stdout.contains("70"));
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
fn sources_that_are_too_large_are_refused() {
    // One more than a program may have.
    let many = file("many.lau", "pop\n".repeat(4_194_305));
    run("check", Some(&many)).fails(5, &["many.lau:4194305", "4194304 instructions"]);
    let huge = file("huge.lau", "");
    std::fs::File::create(&huge).unwrap().set_len((256 << 20) + 1).unwrap();
    run("run", Some(&huge)).fails(5, &["huge.lau: ", "limit of 268435456 bytes"]);
    for path in [many, huge] {
        std::fs::remove_file(path).unwrap();
    }
}

#[test]
fn hostile_sources_do_no_harm() {
    for text in [
        format!("push {}", "[".repeat(1_000_000)),
        format!("push {}1{}", "[".repeat(201), "]".repeat(201)),
        format!("push \"{}", "\\u{10FFFF}".repeat(100_000)),
        "x".repeat(5_000_000),
        "psuh\n".repeat(100_000),
        "func f\n".repeat(100_000),
        "\0\u{feff}\u{202e}\n".repeat(1000),
    ] {
        let ran = program("check -", &text);
        ran.fails(3, &["error"]);
        assert!(ran.stderr.len() < 100_000, "{} bytes", ran.stderr.len());
    }
}
