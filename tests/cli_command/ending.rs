//! How runs and checks end: the output, what is said of it, the exit code.

use crate::support::{RECURSES, file, program, run, run_with};
use serde_json::json;

#[test]
fn a_finished_run_gives_its_output_and_0() {
    let ran = program("run -", "push 1\npush 2\nadd");
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "3\n"));
    assert_eq!(ran.stderr, "lau: finished: 0.3 of 10000000 units, 3 instructions\n");
    let ran = program("run -", r#"push "two\nlines, \"raw\"""#);
    assert_eq!(ran.stdout, "two\nlines, \"raw\"\n");
    let ran = program("run -", r#"push {"b": [1.5, "x"], "a": null}"#);
    assert_eq!(ran.stdout, "{\n  \"a\": null,\n  \"b\": [\n    1.5,\n    \"x\"\n  ]\n}\n");
    assert_eq!(program("run -", "push nan").stdout, "NaN\n");
    assert_eq!(program("run -", "").stdout, "null\n");
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
    program("run -", "again:\njump again").fails(4, &["10000000 of 10000000 units"]);
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
fn help_and_version_give_0() {
    for args in ["--help", "run --help", "check -h", "--version", "help print"] {
        let ran = run(args, None);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{args}");
    }
    assert!(run("run -h", None).stdout.contains("[default: 10000000]"));
    assert!(run("--help", None).stdout.contains("70"));
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
