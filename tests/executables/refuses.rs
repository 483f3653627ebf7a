//! What cannot be built: the cause is said, and nothing is left behind.

use crate::support::{Place, repository, run};

#[test]
fn builtins_that_nobody_provides_are_named() {
    let place = Place::new();
    place.file("p.lau", "push 1\ncall round_up 1\ncall web.get 1\ncall log 1");
    let ran = place.lau("build p.lau");
    ran.fails(
        2,
        &["`round_up`, `web.get`", "lau_builtin_round_up, lau_builtin_web_2eget", "p.lau:2:1"],
    );
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
    // What is shared is found beside the executable, wherever that goes.
    let elsewhere = Place::new();
    for name in ["p", "librounding.so"] {
        std::fs::copy(place.path().join(name), elsewhere.path().join(name)).expect("copied");
    }
    assert_eq!(elsewhere.built("p", "").well().stdout, "7.5\n");
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
    place.file("p", "push 1");
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
        ("--emit runtime --target aarch64-unknown-linux-gnu", "cc", 2, "--target, --cpu and"),
        ("--emit runtime p.lau", "cc", 2, "of no program"),
        ("p.lau --emit obj --link p.o", "cc", 2, "--link is for executables"),
        ("p.lau --name p", "cc", 2, "--name is for"),
        ("p.lau --emit obj --builtin sqrt", "cc", 2, "calls no `sqrt`"),
        ("p.lau --emit header --name lau", "cc", 2, "use --name"),
        ("temporary", "cc", 2, "temporary: it is a folder"),
        ("p", "cc", 2, "p: its name has no ending"),
        ("p.lau", "true", 2, "makes no file"),
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

#[test]
fn libraries_may_need_each_other_and_come_before_the_language() {
    let place = Place::new();
    place.lau("build --emit header").well();
    let start = "#include \"lau.h\"\nvoid other(lau_call *call);\n";
    place.file(
        "a.c",
        format!("{start}void lau_builtin_sqrt(lau_call *call) {{ other(call); }}\nint one = 1;\n"),
    );
    place.file("b.c", format!("{start}extern int one;\nvoid other(lau_call *call) {{ lau_return_number(call, 41 + one); }}\n"));
    place.file("data.c", "int lau_builtin_half = 3;\n");
    place.cc("-c a.c b.c data.c");
    place.cc("-c -flto -fno-fat-lto-objects a.c -o slim.o");
    for name in ["a", "b"] {
        run(place.command("ar").args(["rc", &format!("lib{name}.a"), &format!("{name}.o")])).well();
    }
    place.file("p.lau", "push 2\ncall sqrt 1");
    for libraries in ["--link liba.a --link libb.a", "--link libb.a --link liba.a", ""] {
        let object = place.lau(&format!("build p.lau --json {libraries}")).well().json();
        let builtins = if libraries.is_empty() { serde_json::json!([]) } else { ["sqrt"].into() };
        assert_eq!(object["builtins"], builtins);
        let wanted = if libraries.is_empty() { "1.4142135623730951\n" } else { "42\n" };
        assert_eq!(place.built("p", "").well().stdout, wanted, "{libraries}");
    }
    place.file("half.lau", "push 2\ncall half 1");
    place.lau("build half.lau --link data.o").fails(2, &["`half`"]);
    place.lau("build p.lau --link slim.o").fails(2, &["`slim.o`", "-flto"]);
}

/// Ctrl-C in the midst of linking: nothing is written, and nothing is left.
#[test]
fn what_is_interrupted_writes_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let temporary = place.path().join("temporary");
    std::fs::create_dir(&temporary).expect("made");
    place.file("p.lau", "push 1");
    let slow = place.file("slow-cc", "#!/bin/sh\ntouch started\nsleep 1\nexec cc \"$@\"\n");
    std::fs::set_permissions(&slow, std::fs::Permissions::from_mode(0o755)).expect("made");
    // Tests may be started with interrupts ignored, as in the background of a script.
    let mut command = place.command("env");
    command.args(["--default-signal=INT", env!("CARGO_BIN_EXE_lau"), "build", "p.lau"]);
    command.env("CC", "./slow-cc").env("TMPDIR", &temporary);
    let child = command.stderr(std::process::Stdio::piped()).spawn().expect("it starts");
    let linking = || {
        let folders = std::fs::read_dir(&temporary).expect("it is there");
        folders.flatten().any(|folder| folder.path().join("started").exists())
    };
    while !linking() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    run(place.command("kill").args(["-INT", &child.id().to_string()])).well();
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("nothing was written"), "{said}");
    assert_eq!(place.names(), ["p.lau", "slow-cc", "temporary"]);
    assert_eq!(std::fs::read_dir(&temporary).expect("it is there").count(), 0);
}
