//! The rules of lines, comments, labels and stand-ins; `tests/dsl_diagnostics.rs` has the diagnostics.

use super::*;
use Instruction as I;

/// The instructions of a text about which there is nothing to say.
fn good(text: &str) -> Vec<Instruction> {
    let parsed = parse(text);
    assert_eq!(parsed.diagnostics, [], "{text}");
    parsed.instructions
}

/// The instructions of a text, and the codes of what is wrong with it.
fn bad(text: &str) -> (Vec<Instruction>, Vec<&'static str>) {
    let parsed = parse(text);
    let codes = parsed.diagnostics.iter().map(|d| d.code.as_str()).collect();
    (parsed.instructions, codes)
}

#[test]
fn a_comment_starts_where_no_operand_is_required() {
    assert_eq!(good("# a\n  # b \"\n\n \r\n#"), []);
    assert_eq!(good("pop # drop it"), [I::Pop]);
    assert_eq!(good("store #x # y"), [I::Store("#x".into())]);
    assert_eq!(good("push #x #y"), [I::Push("#x".into())]);
    assert_eq!(good("delegate #a #b"), [I::Delegate("#a".into(), String::new())]);
    assert_eq!(good("delegate a \"#b\" # c"), [I::Delegate("a".into(), "#b".into())]);
    assert_eq!(good("func #f p #q\nend"), [I::Func("#f".into(), vec!["p".into()]), I::End]);
    assert_eq!(good("push [1] # one"), [I::Push(Value::from(vec![1.0]))]);
    assert_eq!(good("assert # no comment"), [I::Assert("# no comment".into())]);
    assert_eq!(bad("pop a # b").1, ["extra-words"]);
    assert_eq!(bad("pop a#b").1, ["extra-words"]);
}

#[test]
fn words_are_raw_unless_they_are_one_quoted_text() {
    let words = |line: &str| match good(line).pop() {
        Some(I::Fail(words)) => words,
        other => panic!("{other:?}"),
    };
    assert_eq!(words("fail"), "");
    assert_eq!(words("fail   a  b\t"), "a  b");
    assert_eq!(words(r#"fail " a\n" "#), " a\n");
    assert_eq!(words(r#"fail "a" b"#), r#""a" b"#);
    assert_eq!(words(r#"fail "a\q""#), r#""a\q""#);
    assert_eq!(words(r#"fail "a"#), r#""a"#);
    assert_eq!(words("fail a\r"), "a");
}

#[test]
fn jumps_find_labels_of_their_own_function() {
    let text = "\
        top:\n jump done # forward\n\
        func f\n top: # again\n jump top\n jump done\n done:\n end\n\
        \"a b\":\n jump_true \"a b\"\n jump_if top\n jump 999999999999999999999\n done:";
    let targets: Vec<usize> = good(text)
        .iter()
        .filter_map(|instruction| match instruction.to_string().split_once(' ') {
            Some((name, target)) if name.starts_with("jump") => target.parse().ok(),
            Some(_) | None => None,
        })
        .collect();
    assert_eq!(targets, [8, 2, 4, 5, 0, usize::MAX]);
}

#[test]
fn every_bad_line_leaves_an_instruction() {
    let null = || I::Push(Value::Null);
    assert_eq!(bad("\"x\nnope\ncall f\nlist x"), {
        (
            vec![null(); 4],
            vec!["malformed-text", "unknown-instruction", "missing-operand", "malformed-operand"],
        )
    });
    assert_eq!(bad("jump x\npop").0, [I::Jump(1), I::Pop]);
    let func = |name: &str, params: &[&str]| {
        I::Func(name.into(), params.iter().map(|&p| p.to_owned()).collect())
    };
    let text = "func\nl:\njump l\nend\nfunc f a \"\\x\" b\nend";
    let expected = vec![
        func("function in line 1\n", &[]),
        I::Jump(1),
        I::End,
        func("f", &["a", "parameter 2", "b"]),
        I::End,
    ];
    assert_eq!(bad(text), (expected, vec!["missing-operand", "malformed-text"]));
}

#[test]
fn every_bad_operand_of_a_line_is_found() {
    assert_eq!(bad(r#"call "\x" 256"#).1, ["malformed-text", "malformed-operand"]);
    assert_eq!(
        bad("a: a: pop pop").1,
        ["malformed-label", "unused-label", "duplicate-label", "malformed-label", "extra-words"]
    );
}

#[test]
fn places_run_from_the_first_word_to_the_last_operand() {
    let parsed = parse("\u{feff}é:\n  store  \"ü\"  # c\r\nassert a b \n");
    let places: Vec<_> = parsed.spans.iter().map(|s| (s.line, s.column, s.start, s.end)).collect();
    assert_eq!(places, [(2, 3, 9, 20), (3, 1, 27, 37)]);
    let span = parsed.diagnostics[0].span.unwrap();
    assert_eq!((span.line, span.column, span.start, span.end), (1, 1, 3, 6));
}

#[test]
fn counts_end_at_their_limits() {
    let values = |text: &str| parse(text).has_errors();
    assert!(!values("list 1000000\nmap 0\ncall f 255\nlist 007"));
    for bad in
        ["list 1000001", "list -1", "list +1", "list 1.0", "call f 256", "jump -1", "jump 1.5"]
    {
        assert_eq!(self::bad(bad).1, ["malformed-operand"], "{bad}");
    }
    let params = |n: usize| format!("func f{}\nend", " p".repeat(n));
    assert_eq!(good(&params(255)).len(), 2);
    assert_eq!(bad(&params(300)).1, ["too-large"]);
}

#[test]
fn more_diagnostics_than_are_kept_are_counted_and_errors_come_first() {
    let parsed = parse(&("pop x\n".repeat(3_000) + &"nope\n".repeat(400)));
    assert_eq!((parsed.diagnostics.len(), parsed.omitted), (DIAGNOSTICS_MAX, 2_400));
    assert_eq!(parsed.diagnostics.iter().filter(|d| d.is_error()).count(), 400);
    assert!(parsed.diagnostics.is_sorted_by_key(|d| d.span.unwrap().line));
    let parsed = parse(&"jump x\n".repeat(3_000));
    assert_eq!((parsed.diagnostics.len(), parsed.omitted), (DIAGNOSTICS_MAX, 2_000));
}

#[test]
fn a_program_too_large_is_one_error() {
    let parsed = parse(&("jump x\n".to_owned() + &"pop\n".repeat(INSTRUCTIONS_MAX)));
    assert_eq!(parsed.instructions.len(), INSTRUCTIONS_MAX);
    let found: Vec<_> = parsed.diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        ["Parse error on line 4194305: the program has more than 4194304 instructions \
        (what follows was not looked at)"]
    );
    let labels: String = (0..=LABELS_MAX).map(|i| format!("l{i}:\n")).collect();
    assert_eq!(bad(&labels).1, ["too-large"]);
    let list = format!("push [0{}]\n", ",0".repeat(1 << 20));
    assert_eq!(bad(&list.repeat(5)).1, ["too-large"]);
}
