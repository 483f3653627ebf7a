//! `lau diff`: lines, exit codes, JSON, and files that say how they are to be run.

use crate::support::{RECURSES, file, keys, lau, program, run, run_with};
use serde_json::json;
use std::path::Path;

#[test]
fn a_line_tells_that_engines_agree() {
    let engines = if cfg!(feature = "jit") { 2 } else { 1 };
    let ran = program("diff -", "push 2\npush 3\nmul\n");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let line = ran.stdout.trim_end();
    assert!(line.starts_with(&format!("<stdin>: {engines} engines, ")), "{line}");
    assert!(line.ends_with(" runs, the same: finished, 0.3 units"), "{line}");
    let few = program("diff - --cuts 1", "push 2\npush 3\nmul\n");
    assert!(few.stdout.contains(&format!("{} runs", engines + 2 * (3 * engines - 2))), "{few:?}");
}

#[test]
fn code_compiled_ahead_of_time_takes_part_if_asked_for() {
    let ran = program("diff - --aot", "push 2\npush 3\nmul\n");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(ran.stdout.starts_with("<stdin>: 3 engines, "), "{ran:?}");
    let json = program("diff - --aot --json", "push 2\npush x\nmul\n").json();
    assert_eq!(json["engines"], json!(["interp", "jit", "aot"]));
    assert_eq!(json["files"][0]["same"], true);
    let mut command = lau();
    let file = file("diff_ahead.lau", "push 1");
    let output = command.args(["diff", "--aot"]).arg(file).env("CC", "no-such-compiler").output();
    let output = output.expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && said.contains("no-such-compiler"), "{said}");
}

#[test]
fn traps_and_exhaustion_are_no_differences() {
    for (text, args, says) in [
        ("push 1\npush x\nadd", "", "trapped (type-error), 0.3 units"),
        ("again:\njump again", "--budget 1 --cuts 3", "exhausted, 1 units"),
        (RECURSES, "--depth-max 9", "trapped (call-depth)"),
        ("push logged\ncall log 1", "", "finished, 1.1 units"),
        ("", "", "finished, 0 units"),
    ] {
        let ran = program(&format!("diff - {args}"), text);
        assert!(ran.code == 0 && ran.stdout.contains(says), "{ran:?}");
        assert_eq!(ran.stderr, "", "what is logged is not shown");
    }
}

#[test]
fn inputs_are_read_and_several_files_compared() {
    let data = file("diff.json", "[1, 2, 3]");
    let sum = file("diff_sum.lau", "load xs\npush 1\nget\nreturn");
    let broken = file("diff_broken.lau", "psuh 1");
    let args = format!("diff {} {} --input xs={}", sum.display(), broken.display(), data.display());
    let ran = run(&args, None);
    ran.fails(3, &["psuh", "1 error"]);
    assert_eq!(ran.stdout.lines().count(), 1, "{ran:?}");
    assert!(ran.stdout.contains("the same: finished"), "{ran:?}");
    run("diff nowhere.lau", None).fails(2, &["nowhere.lau"]);
    run("diff", None).fails(2, &["FILE"]);
    run("diff - --cuts 1000000", None).fails(2, &["cuts"]);
    let args = format!("diff {} --input xs={} --tree-max 40", sum.display(), data.display());
    run(&args, None).fails(5, &["diff.json"]);
}

#[test]
fn json_has_the_result_of_every_file() {
    let fine = file("diff_fine.lau", "push 1\nfail no");
    let ran = run(&format!("diff --json {} nowhere.lau", fine.display()), None);
    let json = ran.json();
    assert_eq!(keys(&json), ["command", "engines", "error", "exit_code", "files"]);
    assert_eq!((&json["command"], &json["exit_code"]), (&json!("diff"), &json!(2)));
    assert_eq!((&json["engines"][0], ran.stderr.as_str()), (&json!("interp"), ""));
    let [one, other] = [&json["files"][0], &json["files"][1]];
    let all = [
        "diagnostics",
        "difference",
        "ending",
        "energy",
        "error",
        "file",
        "hints",
        "instructions",
        "omitted",
        "runs",
        "same",
        "trap",
    ];
    assert_eq!((keys(one), keys(other)), (all.to_vec(), all.to_vec()));
    assert_eq!((&one["same"], &one["ending"]), (&json!(true), &json!("trapped")));
    assert_eq!((&one["trap"], &one["energy"]), (&json!("failed"), &json!(0.2)));
    assert_eq!((&other["same"], &other["runs"]), (&json!(null), &json!(0)));
    assert!(other["error"]["message"].is_string(), "{other}");
}

/// A file as `lau fuzz` writes one.
const REPLAY: &str = "# Something.\n#: host fuzz\n#: memory n0 [1,2]\n#: limits stack 3 tree 500\n\
                      #: used 0.5\n#: budget 1.5+0+10\nload n0\ncall pair 1\n";

#[test]
fn a_file_can_say_how_it_is_to_be_run() {
    let json = program("diff - --json", REPLAY).json();
    let found = &json["files"][0];
    assert_eq!((&found["same"], &found["trap"]), (&json!(true), &json!("type-error")));
    let ran = program("diff - --budget 0.55", REPLAY);
    assert!(ran.stdout.contains("the same: exhausted, 0 units"), "{ran:?}");
    let ran = program("diff - --stack-max 0", REPLAY);
    assert!(ran.stdout.contains("trapped (stack-limit)"), "{ran:?}");
    let malformed = REPLAY.replace("1.5+0+10", "much");
    program("diff -", &malformed).fails(3, &["<stdin>:6:", "`much` is no amount of energy"]);
}

#[test]
fn standard_input_is_read_as_any_file() {
    run_with("diff -", None, b"\xff").fails(3, &["UTF-8"]);
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lang/energy/loop.lau");
    assert_eq!(run("diff", Some(&example)).code, 0);
}
