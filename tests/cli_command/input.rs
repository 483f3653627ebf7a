//! `--input` as a user meets it: what values become of files, and what is refused and where.

use crate::support::{Ran, file, run_with};
use serde_json::json;
use std::fmt::Write;

/// Runs a program with an input called `x` from a file of that name and contents.
fn input(name: &str, contents: impl AsRef<[u8]>, args: &str, program: &str) -> Ran {
    let path = file(name, contents);
    run_with(&format!("run - --input x={} {args}", path.display()), None, program.as_bytes())
}

#[test]
fn json_becomes_a_value() {
    let text = r#" {"a": [1, -2.5e3, true, null, "é\u0000"], "b": {}, "a2": 1, "a2": 2} "#;
    let json = input("value.json", text, "--json", "load x").json();
    let value = json!({"a": [1, -2500, true, null, "é\u{0}"], "b": {}, "a2": 2});
    assert_eq!(json["output"], value);
    assert_eq!(input("bom.JSON", "\u{feff}7", "", "load x").stdout, "7\n");
}

#[test]
fn csv_becomes_a_list_of_maps() {
    let text = "\u{feff}id,name,n\r\n007,\"Smith, J.\",1\r\n\"\",\"say \"\"hi\"\"\",-1.5e-3\r\n\r\n+1, x ,inf";
    let json = input("value.csv", text, "--json", "load x").json();
    let value = json!([
        {"id": "007", "name": "Smith, J.", "n": 1},
        {"id": null, "name": "say \"hi\"", "n": -0.0015},
        {"id": "+1", "name": " x ", "n": "inf"},
    ]);
    assert_eq!(json["output"], value);
    assert_eq!(input("rowless.csv", "a,b\n", "", "load x\nlen").stdout, "0\n");
}

#[test]
fn text_stays_as_it_is() {
    let text = "é 1,2\r\n\n[3]\n";
    for name in ["text.txt", "text.log", "text.TXT"] {
        assert_eq!(input(name, text, "--json", "load x").json()["output"], text, "{name}");
    }
    assert_eq!(input("bom.txt", "\u{feff}a", "", "load x\nlen").stdout, "1\n");
    assert_eq!(input("empty.txt", "", "", "load x\nlen").stdout, "0\n");
}

#[test]
fn malformed_files_give_2_and_the_place() {
    for (name, contents, says) in [
        ("open.json", &b"{\"a\": [1,\n 2"[..], "open.json:2:2: "),
        ("comma.json", b"[1,\n2,]\n", "comma.json:2:3: "),
        ("two.json", b"1\n2", "two.json:2:1: "),
        ("beyond.json", b"[1e999]", "beyond.json:1:"),
        ("empty.json", b"", "empty.json:1:1: "),
        ("latin.json", b"\"\xe9\"", "latin.json:1:"),
        ("nan.json", b"[NaN]", "nan.json:1:"),
        ("short.csv", b"a,b\n1,2\n3\n", "short.csv:3: the row has 1 field, the header 2"),
        ("long.csv", b"a,b\n\n\n1,2,3\n", "long.csv:4: the row has 3 fields, the header 2"),
        ("quote.csv", b"a,b\n1,x\"y\n", "quote.csv:2: a quote inside"),
        ("after.csv", b"a\n\"x\"y\n", "after.csv:2: text after the closing quote"),
        ("open.csv", b"a\n1\n\"x\ny\nz", "open.csv:3: a quoted field"),
        ("latin.csv", b"a,b\nx,\xe9\n", "latin.csv:2: field 2 is not UTF-8"),
        ("twice.csv", b"a,b,a\n1,2,3\n", "twice.csv:1: the header has two columns named `a`"),
        ("empty.csv", b"", "empty.csv: the file is empty"),
        ("latin.txt", b"a\n\xc3\xa9b\xe9", "latin.txt:2:3: it is not UTF-8 text"),
        ("cut.log", b"ab\xc3", "cut.log:1:3: it is not UTF-8 text"),
    ] {
        let ran = input(name, contents, "", "fail it ran");
        ran.fails(2, &[says]);
        assert_eq!(ran.stdout, "");
    }
    let json = input("place.json", "[\n  tru ]", "--json", "fail it ran").json();
    assert_eq!((&json["error"]["line"], &json["error"]["column"]), (&json!(2), &json!(6)));
    assert!(json["error"]["file"].as_str().unwrap().ends_with("place.json"));
    assert_eq!((&json["ending"], &json["instructions"]), (&json!(null), &json!(0)));
}

#[test]
fn malformed_arguments_give_2() {
    for (argument, says) in [
        ("x", "NAME=FILE"),
        ("=a.json", "empty"),
        ("x=a.xml", "known are .json, .csv, .txt and .log"),
        ("x=a", "known are .json, .csv, .txt and .log"),
        ("x=/nowhere/a.json", "/nowhere/a.json: cannot read it"),
        ("x=/nowhere/a.csv", "/nowhere/a.csv: cannot read it"),
        ("x=/nowhere/a.log", "/nowhere/a.log: cannot read it"),
        ("x=a.csv --input x=b.json", "--input x is given twice"),
    ] {
        run_with(&format!("run - --input {argument}"), None, b"push 1").fails(2, &[says]);
    }
}

#[test]
fn inputs_beyond_the_limits_give_5() {
    let deep = "[".repeat(1_000_000);
    input("deep.json", deep, "", "push 1").fails(5, &["deep.json:1:201: ", "200 levels"]);
    let nest = |n: usize| "[".repeat(n) + &"]".repeat(n);
    assert_eq!(input("nest.json", nest(200), "", "load x\nlen").stdout, "1\n");
    let ran = input("nest2.json", nest(1000), "--nesting-max 1000 --json", "load x");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    input("wide.json", "[1,2,3,4]", "--tree-max 63", "push 1").fails(5, &["63 bytes"]);
    assert_eq!(input("wide2.json", "[1,2,3,4]", "--tree-max 64", "push 1").code, 0);
    let rows = "a\n".to_owned() + &"1\n".repeat(100);
    input("rows.csv", rows, "--tree-max 1KiB", "push 1").fails(5, &["rows.csv:15: ", "1024 bytes"]);
    input("long.txt", "123456789", "--tree-max 40", "push 1").fails(5, &["long.txt: ", "40 bytes"]);
    assert_eq!(input("long2.txt", "12345678", "--tree-max 40", "push 1").code, 0);
    input("own.txt", "123456789", "--value-max 40", "push 1").fails(5, &["own.txt: "]);
    input("live.json", "[1,2,3,4]", "--memory-max 63", "load x").fails(5, &["live.json: "]);
}

#[test]
fn large_files_are_read_in_linear_time() {
    let mut rows = String::from("id,name,value\n");
    for n in 0..100_000 {
        writeln!(rows, "id-{n},\"name, of {n}\",{n}.5").unwrap();
    }
    let ran = input("large.csv", rows, "--json", "load x\nlen");
    assert_eq!(ran.json()["output"], 100_000);
    let list = format!("[{}1]", "1.5,".repeat(1_000_000));
    let ran = input("large.json", list, "--json", "load x\nlen");
    assert_eq!(ran.json()["output"], 1_000_001, "{ran:?}");
}
