//! The shapes of JSON answers, and what `check` and `print` say.

use crate::support::{RECURSES, keys, program};
use serde_json::json;

pub(crate) const RUN_KEYS: &[&str] = &[
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
    "snapshot",
    "suspended",
    "trap",
];

#[test]
fn a_run_in_json_has_always_the_same_keys() {
    let ran = program("run - --json", "push \"x\"\ncall log 1\npush [1, 0.5, nan]\n");
    let json = ran.json();
    assert_eq!(keys(&json), RUN_KEYS);
    assert_eq!(ran.stderr, "x\n");
    assert_eq!((&json["ending"], &json["engine"]), (&json!("finished"), &json!("interp")));
    assert_eq!(json["energy"], json!({"used": 1.2, "budget": 10_000_000}));
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
fn check_finds_without_running() {
    let ran = program("check -", "call log 0\nfail if it runs");
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""));
    assert_eq!(ran.stderr, "lau: <stdin>: 0 errors, 0 warnings, 2 instructions\n");
    let warned = "pop extra\ncall nobody 0";
    program("check -", warned)
        .fails(0, &["0 errors, 2 warnings", "more words than `pop`", "nobody"]);
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
fn print_shows_native_code_with_the_lines_it_comes_from() {
    let text =
        "push 0\nstore i\nagain:\nload i\npush 1\nadd\ndup\nstore i\npush 9\nlt\njump_true again\n";
    let stages = [
        ("facts", "loop entry asks for 0.7 units, pays 0.7"),
        ("facts", "i*: number"),
        ("clif", "fadd"),
        ("asm", "addsd"),
    ];
    for (stage, wanted) in stages {
        let ran = program(&format!("print - --stage {stage}"), text);
        assert!(ran.code == 0 && ran.stdout.contains(wanted), "{stage} {wanted}\n{}", ran.stdout);
        assert!(ran.stdout.contains("; line 6: add"), "{}", ran.stdout);
        program(&format!("print - --stage {stage}"), "psuh 1").fails(3, &["psuh"]);
    }
    // One that is not compiled says why.
    let mut deep = String::new();
    for at in 0..70 {
        deep.push_str(&format!("l{at}:\npush 0\npop\n"));
    }
    for at in (0..70).rev() {
        deep.push_str(&format!("push 0\njump_true l{at}\n"));
    }
    program("print - --stage facts", &deep).fails(5, &["no native code", "70"]);
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
