//! What is wrong with plans: places, paths and messages.

use super::*;

/// The faults of a text, a line each.
fn faults(text: &str, form: Form) -> String {
    Plan::read(text, form).expect_err("a plan that is wrong").to_string()
}

/// Changes to the small plan, and the faults that they make.
type Row = (&'static [(&'static str, &'static str)], &'static [&'static str]);

#[test]
fn faults_of_fields_are_told_with_their_places() {
    let rows: &[Row] = &[
        (
            &[("\"c\"", "\"rustc\"")],
            &[
                "2:12: language: unknown language \"rustc\" (did you mean `rust`? known are c, cpp, rust, python)",
            ],
        ),
        (
            &[("language = \"c\"", "langauge = \"c\"")],
            &[
                "1:1: language: the field `language` is missing (The language of the source: c, cpp, rust or python)",
                "2:1: langauge: unknown field \"langauge\" (did you mean `language`? known are benchmark, ceilings, dependencies, energy, language, name, network, purpose, signature, source, tests)",
            ],
        ),
        (
            &[("\"smooth\"", "\"sqrt\"")],
            &[
                "1:8: name: \"sqrt\" is not allowed: the standard library has a function of that name",
            ],
        ),
        (
            &[("\"smooth\"", "\"\\u202Esmooth\"")],
            &[
                "1:8: name: \"\\u{202e}smooth\" is not allowed: a skill's name is a lower-case letter, then lower-case letters, digits and `_`",
            ],
        ),
        (&[("\"smooth\"", "7")], &["1:8: name: expected a text, found a number"]),
        (&[("\"smooth.c\"", "[]")], &["3:10: source: the list of files is empty"]),
        (
            &[("\"smooth.c\"", "['a.h']")],
            &["3:10: source: there is no file to compile for C (one ends in .c)"],
        ),
        (
            &[("\"smooth.c\"", "['a.c', 'b.rs', '../c.c', 'a.c', 3]")],
            &[
                "3:18: source[1]: \"b.rs\" is no source file of C (such files end in .c or .h)",
                "3:26: source[2]: \"../c.c\" is not allowed: a part of it begins with `.`, as `..` and hidden files do",
                "3:36: source[3]: the file \"a.c\" stands there twice",
                "3:43: source[4]: expected a text, found a number",
            ],
        ),
        (
            &[("\"smooth.c\"", "['a.c/b.c', 'a.c']")],
            &["3:22: source[1]: \"a.c/b.c\" and \"a.c\" cannot both be files"],
        ),
        (
            &[("\"Smooths.\"", "' '")],
            &[
                "4:11: purpose: the purpose is empty (say in a sentence or two what the skill is for; a person decides by it)",
            ],
        ),
        (
            &[("type = \"numbers\"", "type = \"number[]\"")],
            &[
                "5:51: signature.parameters[0].type: unknown type \"number[]\" (did you mean `numbers`? known are number, bool, text, numbers, value, bytes, file)",
            ],
        ),
        (
            &[("type = \"numbers\"", "kind = \"numbers\"")],
            &[
                "5:29: signature.parameters[0].type: the field `type` is missing (The type of what it takes: number, bool, text, numbers, value, bytes or file)",
                "5:44: signature.parameters[0].kind: unknown field \"kind\" (known are name, type)",
            ],
        ),
        (
            &[(
                "{ name = \"xs\", type = \"numbers\" }",
                "{ name = \"xs\", type = \"numbers\" }, { name = \"xs\", type = \"list\" }",
            )],
            &[
                "5:73: signature.parameters[1].name: there is a parameter \"xs\" before",
                "5:86: signature.parameters[1].type: unknown type \"list\" (did you mean `numbers`? known are number, bool, text, numbers, value, bytes, file)",
            ],
        ),
        (
            &[("result = \"number\"", "result = \"file\"")],
            &[
                "5:74: signature.result: a result cannot be of type file (results are number, bool, text, numbers, value)",
            ],
        ),
        (
            &[(", result = \"number\"", "")],
            &[
                "5:13: signature.result: the field `result` is missing (The type of what the skill gives: number, bool, text, numbers or value)",
            ],
        ),
        (
            &[("[[1]]", "[[1], [2]]")],
            &[
                "6:20: tests[0].input: the test has 2 inputs, the signature 1 parameter (the skill takes xs (numbers))",
            ],
        ),
        (
            &[("[[1]]", "[[1, true, 'x', 1979-05-27]]")],
            &[
                "6:25: tests[0].input[0][1]: expected a number, found a bool",
                "6:31: tests[0].input[0][2]: expected a number, found a text",
                "6:36: tests[0].input[0][3]: expected a number, found a date or time",
            ],
        ),
        (&[("[[1]]", "1")], &["6:20: tests[0].input: expected a list, found a number"]),
        (
            &[("expected = 1", "expected = 1, fails = true")],
            &[
                "6:10: tests[0]: the test has both `expected` and `fails` (write either what the call must give, or `fails` as true)",
            ],
        ),
        (
            &[("expected = 1", "fails = false")],
            &[
                "6:35: tests[0].fails: `fails` is only ever true (a test of a call that does not fail has `expected`)",
            ],
        ),
        (
            &[(", expected = 1", "")],
            &[
                "6:10: tests[0]: the test has neither `expected` nor `fails` (write either what the call must give, or `fails` as true)",
            ],
        ),
        (
            &[("tests = [{ input = [[1]], expected = 1 }]", "tests = []")],
            &["6:9: tests: the list of tests is empty"],
        ),
        (
            &[("tests = ", "network = \"full\"\ntests = ")],
            &["6:11: network: skills have no network (write \"none\", or leave the field out)"],
        ),
        (
            &[("tests = ", "network = []\ntests = ")],
            &["6:11: network: skills have no network (write \"none\", or leave the field out)"],
        ),
        (
            &[("tests = ", "dependencies = [{}]\ntests = ")],
            &[
                "6:16: dependencies: skills in C have no dependencies (only Python has them; put what the skill needs into its source)",
            ],
        ),
        (
            &[
                ("\"c\"", "'python'"),
                ("smooth.c", "smooth.py"),
                (
                    "tests = ",
                    "dependencies = [{ name = 'a_b', version = '1', sha256 = '0' }, {name = 'Q'}]\ntests = ",
                ),
            ],
            &[
                "6:57: dependencies[0].sha256: \"0\" is not allowed: a SHA-256 is 64 hexadecimal digits in lower case",
                "6:64: dependencies[1].version: the field `version` is missing (Its one exact version)",
                "6:64: dependencies[1].sha256: the field `sha256` is missing (The SHA-256 of its wheel: 64 hexadecimal digits in lower case)",
                "6:72: dependencies[1].name: \"Q\" is not allowed: a package's name is lower-case letters, digits, `.`, `_` and `-`, 64 at most",
            ],
        ),
        (
            &[(
                "tests = ",
                "energy = { base = -1, per = { xs = 1e-9, n = 1, xz = 'a' } }\ntests = ",
            )],
            &[
                "6:19: energy.base: -1 is not an amount from 0 to 1000000 units in whole thousandths",
                "6:36: energy.per.xs: 1e-9 is not an amount from 0 to 1000 units in whole millionths",
                "6:42: energy.per.n: the signature has no parameter \"n\" (rates are for parameters that are no number and no bool)",
                "6:49: energy.per.xz: the signature has no parameter \"xz\" (rates are for parameters that are no number and no bool)",
                "6:54: energy.per.xz: expected a number, found a text",
            ],
        ),
        (
            &[(
                "tests = ",
                "ceilings = { cpu_ms = 0, wall = 1, processes = 1.5, memory_bytes = 99999999999, output_bytes = nan }\ntests = ",
            )],
            &[
                "6:23: ceilings.cpu_ms: 0 is not a whole number from 1 to 60000",
                "6:26: ceilings.wall: unknown field \"wall\" (known are cpu_ms, memory_bytes, output_bytes, processes, wall_ms)",
                "6:48: ceilings.processes: 1.5 is not a whole number from 1 to 8",
                "6:68: ceilings.memory_bytes: 99999999999 is not a whole number from 1048576 to 1073741824",
                "6:96: ceilings.output_bytes: NaN is not a whole number from 1 to 67108864",
            ],
        ),
        (
            &[("tests = ", "benchmark = { input = [1], repeat = 1000001 }\ntests = ")],
            &[
                "6:24: benchmark.input[0]: expected a list, found a number",
                "6:37: benchmark.repeat: 1000001 is not a whole number from 1 to 1000000",
            ],
        ),
        (
            &[("\"numbers\"", "\"bytes\""), ("[[1]]", "[{ hex = 'abc' }]")],
            &["6:29: tests[0].input[0].hex: it is not pairs of hexadecimal digits"],
        ),
        (
            &[("\"numbers\"", "\"bytes\""), ("[[1]]", "[{ }]")],
            &[
                "6:21: tests[0].input[0]: it has neither `hex` nor `text` (write { text = \"…\" } or { hex = \"00ff\" }; in JSON {\"hex\": \"00ff\"})",
            ],
        ),
        (
            &[("\"numbers\"", "\"bytes\""), ("[[1]]", "[{ hex = '', txt = '' }]")],
            &[
                "6:33: tests[0].input[0].txt: unknown field \"txt\" (did you mean `text`? known are hex, text)",
            ],
        ),
        (
            &[("\"numbers\"", "\"bytes\""), ("[[1]]", "['ab']")],
            &["6:21: tests[0].input[0]: expected a table, found a text"],
        ),
        (
            &[("\"numbers\"", "\"value\""), ("[[1]]", "[{ a = [nan], b = 12:00:00 }]")],
            &[
                "6:28: tests[0].input[0].a[0]: numbers within a value are finite (the types number and numbers have those that are not)",
                "6:38: tests[0].input[0].b: there are no dates and times (write it in quotes, as a text)",
            ],
        ),
    ];
    for (changes, expected) in rows {
        assert_eq!(faults(&with(changes), Form::Toml), expected.join("\n"), "{changes:?}");
    }
}

/// The small plan in JSON.
const SMALL_JSON: &str = r#"{
  "name": "smooth", "language": "c", "source": "smooth.c", "purpose": "Smooths.",
  "signature": {"parameters": [{"name": "xs", "type": "numbers"}, {"name": "k", "type": "bool"}],
    "result": "text"},
  "tests": [
    {"input": [[1], true], "expected": "é"}
  ]
}"#;

#[test]
fn faults_in_json_are_told_with_their_places() {
    for (from, to, expected) in [
        (
            "\"c\"",
            "\"go\"",
            "2:33: language: unknown language \"go\" (known are c, cpp, rust, python)",
        ),
        (
            "smooth.c",
            "/smooth.c",
            "2:48: source: \"/smooth.c\" is not allowed: it is absolute; files are named from the plan's own folder",
        ),
        (
            "\"text\"",
            "null",
            "4:15: signature.result: expected a text, found null (null is no value; leave out what has none)",
        ),
        (
            "\"text\"",
            "\"bytes\"",
            "4:15: signature.result: a result cannot be of type bytes (results are number, bool, text, numbers, value)",
        ),
        (
            "\"result\"",
            "\"é\": 0, \"resul\"",
            "3:16: signature.result: the field `result` is missing (The type of what the skill gives: number, bool, text, numbers or value)\n4:5: signature.\"é\": unknown field \"é\" (known are parameters, result)\n4:13: signature.resul: unknown field \"resul\" (did you mean `result`? known are parameters, result)",
        ),
        (
            "[[1], true]",
            "[[1, null], 0]",
            "6:20: tests[0].input[0][1]: expected a number, found null (null is no value; leave out what has none)\n6:27: tests[0].input[1]: expected a bool, found a number",
        ),
        (
            "[[1], true]",
            "[[1], true, 3]",
            "6:15: tests[0].input: the test has 3 inputs, the signature 2 parameters (the skill takes xs (numbers), k (bool))",
        ),
        ("\"é\"", "[1]", "6:40: tests[0].expected: expected a text, found a list"),
        (
            "{\"input\": [[1], true], \"expected\": \"é\"}",
            "{}, {\"input\": {}, \"é\u{202e}\": 1, \"fails\": null}",
            "6:5: tests[0].input: the field `input` is missing (The arguments, one for each parameter in order. Bytes and files are written as {\"hex\": \"00ff\"} or {\"text\": \"…\"})\n6:5: tests[0]: the test has neither `expected` nor `fails` (write either what the call must give, or `fails` as true)\n6:19: tests[1].input: expected a list, found a table\n6:23: tests[1].\"é\\u{202e}\": unknown field \"é\\u{202e}\" (known are expected, fails, input)\n6:41: tests[1].fails: expected a bool, found null (null is no value; leave out what has none)",
        ),
        (
            "  \"tests\"",
            "  \"network\": true, \"energy\": {\"per\": {\"k\": 1, \"xs\": 1001}}, \"dependencies\": null, \"tests\"",
            "5:14: network: skills have no network (write \"none\", or leave the field out)\n5:39: energy.per.k: the parameter \"k\" is a bool, which has no size (rates are for parameters that are no number and no bool)\n5:53: energy.per.xs: 1001 is not an amount from 0 to 1000 units in whole millionths\n5:77: dependencies: expected a list, found null (null is no value; leave out what has none)",
        ),
        ("\"tests\"", "\"name\": 1, \"tests\"", "5:3: name: the field \"name\" stands there twice"),
        (
            "\"é\"}",
            "\"é\", \"expected\": 1}",
            "6:45: tests[0].expected: the field \"expected\" stands there twice",
        ),
        ("true], \"exp", "true, \"exp", "6:37: tests[0].input: expected `,` or `]`, found `:`"),
        ("\"é\"}", "\"é", "6:40: tests[0].expected: the text that begins here does not end"),
        ("\"é\"", "é", "6:40: tests[0].expected: expected a value, found `é`"),
        ("\"é\"", "\"\\ud800\"", "6:47: tests[0].expected: unexpected end of hex escape"),
        (
            "[[1]",
            "[[1e999]",
            "6:17: tests[0].input[0][0]: `1e999` is no number of JSON: number out of range (a text stands in double quotes; numbers are finite)",
        ),
        (
            "[[1]",
            "[[01]",
            "6:17: tests[0].input[0][0]: `01` is no number of JSON: invalid number (a text stands in double quotes; numbers are finite)",
        ),
        ("[[1]", "[[1,]", "6:19: tests[0].input[0][1]: expected a value, found `]`"),
        (
            "[[1]",
            "[[NaN]",
            "6:17: tests[0].input[0][0]: `NaN` is no value of JSON (a text stands in double quotes; numbers are finite)",
        ),
        ("}\n  ]", "}\n  }", "7:3: tests: expected `,` or `]`, found `}`"),
    ] {
        assert!(SMALL_JSON.contains(from), "{from}");
        assert_eq!(faults(&SMALL_JSON.replace(from, to), Form::Json), expected, "{from} to {to}");
    }
}

#[test]
fn faults_of_syntax_in_toml_name_their_field() {
    for (text, expected) in [
        ("name", "1:5: key with no value, expected `=`"),
        ("name = \n", "1:8: name: string values must be quoted, expected literal string"),
        ("name = 'a'\nname = 'b'", "2:1: name: the field stands there twice"),
        ("[signature]\nx=1\n[signature]\n", "3:2: signature: the field stands there twice"),
        (
            "[signature]\nresult = \n",
            "2:10: signature.result: string values must be quoted, expected literal string",
        ),
        ("é = 1", "1:1: \"é\": invalid unquoted key, expected letters, numbers, `-`, `_`"),
        (
            "[[tests]]\n[[tests]]\ninput = ['é', 1\n",
            "3:16: tests[1].input[1]: unclosed array, expected `]`",
        ),
        ("a = [1,\n2\nb = 3", "3:1: a[2]: missing comma between array elements, expected `,`"),
        ("a = 1e999", "1:5: a: the number is out of range"),
    ] {
        assert_eq!(faults(text, Form::Toml), expected, "{text:?}");
    }
}

#[test]
fn faults_between_tables_are_told_where_the_table_begins() {
    let text = "name = 'a'\nlanguage = 'c'\nsource = 'a.c'\npurpose = '?'\n\
        [signature]\nresult = 'number'\nparameters = [{ name = 'a', type = 'number' }]\n\
        [[tests]]\nexpected = 1\n[[tests]]\ninput = []\nfails = true\n[energy.per]\na = 1\n";
    let error = Plan::read(text, Form::Toml).unwrap_err();
    let places: Vec<_> = error
        .faults
        .iter()
        .map(|fault| (fault.line, fault.column, fault.path.as_str(), fault.kind))
        .collect();
    let expected = [
        (8, 1, "tests[0].input", FaultKind::MissingField),
        (11, 9, "tests[1].input", FaultKind::Conflict),
        (14, 1, "energy.per.a", FaultKind::Conflict),
    ];
    assert_eq!(places, expected);
}

#[test]
fn a_text_without_fields_lacks_all_that_are_required() {
    for (text, form) in [("", Form::Toml), ("{}", Form::Json)] {
        let error = Plan::read(text, form).unwrap_err();
        let paths: Vec<_> = error.faults.iter().map(|fault| fault.path.as_str()).collect();
        assert_eq!(paths, ["name", "language", "source", "purpose", "signature", "tests"]);
        assert!(error.faults.iter().all(|fault| (fault.line, fault.column) == (1, 1)));
        assert!(error.faults.iter().all(|fault| fault.help.is_some()));
    }
}

#[test]
fn nesting_is_bounded_in_both_forms() {
    let deep =
        |open: &str, times, close: &str| format!("{}1{}", open.repeat(times), close.repeat(times));
    let too_deep = |text: &str, form| {
        let error = Plan::read(text, form).unwrap_err();
        error.faults[0].kind == FaultKind::TooLarge && error.faults[0].message.contains("64 levels")
    };
    let toml = |value: &str| format!("tests = {value}");
    let json = |value: &str| format!("{{\"tests\": {value}}}");
    for (levels, bad) in [(63, false), (64, true), (90, true), (30_000, true)] {
        let lists = deep("[", levels, "]");
        assert_eq!(too_deep(&toml(&lists), Form::Toml), bad, "{levels}");
        assert_eq!(too_deep(&json(&lists), Form::Json), bad, "{levels}");
    }
    for (levels, bad) in [(63, false), (64, true), (70, true), (90, true), (10_000, true)] {
        assert_eq!(too_deep(&toml(&deep("{a=", levels, "}")), Form::Toml), bad, "{levels}");
        assert_eq!(too_deep(&json(&deep("{\"a\":", levels, "}")), Form::Json), bad, "{levels}");
        assert_eq!(too_deep(&format!("{}a = 1", "a.".repeat(levels)), Form::Toml), bad, "{levels}");
        assert_eq!(
            too_deep(&format!("[a{}]", ".a".repeat(levels - 1)), Form::Toml),
            bad,
            "{levels}"
        );
    }
    // Brackets that never close.
    assert!(too_deep(&json(&"[".repeat(60_000)), Form::Json));
    assert!(too_deep(&toml(&"[".repeat(60_000)), Form::Toml));
    assert!(too_deep(&"[".repeat(60_000), Form::Json));
    assert!(Plan::read(&"[".repeat(60_000), Form::Toml).is_err());
    assert!(Plan::read(&"a.".repeat(30_000), Form::Toml).is_err());
}

#[test]
fn long_texts_are_refused_before_they_are_read() {
    let padded = |bytes: usize| {
        let text = with(&[]);
        format!("{text}#{}", "x".repeat(bytes - text.len() - 1))
    };
    toml(&padded(PLAN_BYTES_MAX));
    let expected = "1:1: 65537 bytes are more than the limit of 65536";
    assert_eq!(faults(&padded(PLAN_BYTES_MAX + 1), Form::Toml), expected);
}

#[test]
fn counts_are_bounded() {
    let many = |what: &str, count: usize| vec![what; count].join(", ");
    let files: Vec<_> = (0..65).map(|n| format!("'{n}.c'")).collect();
    let parameters: Vec<_> = (0..33).map(|n| format!("{{name='p{n}',type='bool'}}")).collect();
    for (from, to, says) in [
        ("\"smooth.c\"", format!("[{}]", files.join(",")), "65 files"),
        ("{ name = \"xs\", type = \"numbers\" }", parameters.join(","), "33 parameters"),
        ("{ input = [[1]], expected = 1 }", many("{}", 1_001), "1001 tests"),
        ("Smooths.", many("é", 1_000), "2998 characters"),
    ] {
        let told = faults(&with(&[(from, &to)]), Form::Toml);
        assert!(told.contains(says) && !told.contains('\n'), "{told}");
    }
    let error = Plan::read(&with(&[("[[1]]", &format!("[[{}]]", many("''", 50)))]), Form::Toml);
    let error = error.unwrap_err();
    assert_eq!((error.faults.len(), error.untold), (FAULTS_MAX, 30));
}

#[test]
fn nothing_that_deceives_is_told() {
    let evil = "\\u202e\\u200b\\u0007\\u001b[31m\\u2028\\ufeff";
    for from in [
        "smooth", "Smooths.", "\"c\"", "name", "xs", "type", "result", "smooth.c", "expected",
        "1]]",
    ] {
        for to in [format!("\"{evil}\""), evil.to_owned(), format!("\"{evil}\" = 1, {from}")] {
            let text = with(&[(from, &to)]);
            for text in
                [text.clone(), text.replace("\\u202e", "\u{202e}").replace("\\u200b", "\u{200b}")]
            {
                let Err(error) = Plan::read(&text, Form::Toml) else { continue };
                let json = serde_json::to_string(&error).unwrap();
                for told in [error.to_string(), json] {
                    let bad = |c: char| {
                        (c.is_control() && c != '\n')
                            || "\u{202e}\u{200b}\u{2028}\u{feff}".contains(c)
                    };
                    assert!(!told.contains(bad), "{told:?}");
                }
            }
        }
    }
}
