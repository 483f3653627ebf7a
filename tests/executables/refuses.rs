//! What cannot be built: the cause is said, and nothing is left behind.

use crate::support::{Place, repository, run};

#[test]
fn builtins_that_nobody_provides_are_named() {
    let place = Place::new();
    place.file("p.lau", "push 1\ncall round_up 1\ncall web.get 1\ncall log 1");
    let ran = place.lau("build p.lau");
    ran.fails(2, &["`round_up`, `web.get`", "lau_builtin_round_up, lau_builtin_web_2eget"]);
    assert_eq!(place.names(), ["p.lau"]);
    let object = place.lau("build p.lau --json").json();
    assert_eq!(object["builtins"], serde_json::json!(["round_up", "web.get"]));
    assert!(object["error"]["message"].as_str().expect("told").contains("`round_up`"));
}

#[test]
fn libraries_provide_them() {
    let place = Place::new();
    place.lau("build --emit header").well();
    place.cc(&format!("-c {} -o rounding.o", repository("examples/embed/rounding.c").display()));
    run(place.command("ar").args(["rc", "librounding.a", "rounding.o"])).well();
    place.cc("-shared -fPIC rounding.o -o librounding.so -lm");
    place.file("p.lau", "push 7.3\npush 0.5\ncall round_up 2");
    place.file("wrong.lau", "push 7.3\ntry round_up 1\npush message\nget");
    for library in ["rounding.o", "librounding.a", "./librounding.so"] {
        place.lau(&format!("build p.lau --link {library}")).well();
        let ran = place.built("p", "--json");
        assert_eq!(ran.json()["output"], 7.5, "{library}: {ran:?}");
        assert_eq!(ran.json()["energy"]["used"], 1.2, "{library}: {ran:?}");
    }
    place.lau("build wrong.lau --link rounding.o").well();
    let ran = place.built("wrong", "").well();
    assert!(ran.stdout.contains("round_up takes two Numbers"), "{ran:?}");
    // Other things are no libraries.
    place.lau("build p.lau --link p.lau").fails(2, &["`p.lau`", "neither an object file nor"]);
    place.lau("build p.lau --link none.a").fails(2, &["`none.a`", "No such file"]);
    place.file("empty.a", "!<arch>\n");
    place.lau("build p.lau --link empty.a").fails(2, &["`round_up`"]);
}

#[test]
fn what_is_wrong_is_said_and_nothing_is_left() {
    let place = Place::new();
    let temporary = place.path().join("temporary");
    std::fs::create_dir(&temporary).expect("made");
    place.file("p.lau", "push 1");
    place.file("wrong.lau", "psuh 1");
    let before = place.names();
    let cases = [
        ("", "cc", 2, "FILE of a program"),
        ("--emit obj", "cc", 2, "FILE of a program"),
        ("none.lau", "cc", 2, "none.lau: cannot read it"),
        ("wrong.lau", "cc", 3, "unknown instruction"),
        ("p.lau -o nowhere/p", "cc", 2, "nowhere: there is no such folder"),
        ("p.lau -o temporary", "cc", 2, "it is no file to write"),
        ("p.lau -o p.lau", "cc", 2, "p.lau: it is used for something else"),
        ("p.lau -o /proc/p", "cc", 2, "/proc/p: cannot write the executable"),
        ("p.lau -o -", "cc", 2, "`-` is no file"),
        ("-", "cc", 2, "use --output FILE"),
        ("p.lau", "no-such-compiler", 2, "cannot start `no-such-compiler`"),
        ("p.lau", "no-such-compiler", 2, "CC"),
        ("p.lau", "false", 2, "`false` cannot link it"),
        ("p.lau", "cc -lno-such-library", 2, "no-such-library"),
        ("p.lau --target abacus", "cc", 2, "`abacus` is no target triple"),
        ("p.lau --target wasm32-unknown-unknown", "cc", 2, "aarch64-unknown-linux-gnu"),
        ("p.lau --target aarch64-unknown-linux-gnu", "cc", 2, "cannot be linked here"),
        ("--emit runtime --target aarch64-unknown-linux-gnu", "cc", 2, "cannot be linked here"),
        ("p.lau --cpu abacus", "cc", 2, "x86-64-v3"),
        ("p.lau --features lse", "cc", 2, "avx2"),
        ("p.lau --emit abacus", "cc", 2, "header"),
        ("p.lau --emit obj --name 1p", "cc", 2, "a name in C"),
    ];
    for (args, cc, code, says) in cases {
        for json in ["", "--json"] {
            let mut command = place.command(env!("CARGO_BIN_EXE_lau"));
            command.arg("build").args(args.split_whitespace()).args(json.split_whitespace());
            command.env("CC", cc).env("TMPDIR", &temporary);
            let ran = run(&mut command);
            if json.is_empty() {
                ran.fails(code, &[says]);
            } else {
                assert_eq!(ran.json()["exit_code"], code, "{args}: {ran:?}");
            }
            assert_eq!(place.names(), before, "{args}");
            let left = std::fs::read_dir(&temporary).expect("it is there").count();
            assert_eq!(left, 0, "{args} leaves files behind");
        }
    }
}

/// A file that stands where the executable goes stays what it is until there is a new one.
#[test]
fn what_was_there_stays_if_there_is_nothing_new() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.file("p.lau", "push 1");
    place.file("p", "old");
    let mut command = place.command(env!("CARGO_BIN_EXE_lau"));
    run(command.args(["build", "p.lau"]).env("CC", "false")).fails(2, &["cannot link"]);
    assert_eq!(std::fs::read(place.path().join("p")).expect("it is there"), b"old");
    place.lau("build p.lau").well();
    let mode = std::fs::metadata(place.path().join("p")).expect("it is there").permissions();
    assert_eq!(mode.mode() & 0o111, 0o111);
    assert_eq!(place.built("p", "").well().stdout, "1\n");
    assert_eq!(place.names(), ["p", "p.lau"]);
}
