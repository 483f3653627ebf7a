//! The grammar of literals by example; that everything written reads back is `tests/dsl_roundtrip.rs`.

use super::*;

fn read(line: &str) -> Result<Value, Fault> {
    let mut cursor = Cursor::new(line, 1, 0);
    literal(&mut cursor, &mut VALUES_MAX.clone())
}

/// What the literal is, as it is written.
fn normal(line: &str) -> String {
    Literal(&read(line).unwrap()).to_string()
}

fn fault(line: &str) -> (Code, u32, String) {
    let fault = read(line).unwrap_err();
    (fault.code, fault.span.unwrap().column, fault.message)
}

#[test]
fn bare_words() {
    for (line, expected) in [
        ("42", "42"),
        ("-1e3", "-1000"),
        ("+.5", "0.5"),
        ("-0", "-0"),
        ("1e21", "1e21"),
        ("999999999999999868928", "999999999999999900000"),
        ("0.000001", "0.000001"),
        ("0.0000001", "1e-7"),
        ("5e-324", "5e-324"),
        ("INF", "inf"),
        ("-infinity", "-inf"),
        ("-nan", "nan"),
        ("true", "true"),
        ("null", "null"),
        ("True", "\"True\""),
        ("1_000", "\"1_000\""),
        ("0x10", "\"0x10\""),
        ("#x", "\"#x\""),
        ("&x", "\"&x\""),
        ("a\"b", r#""a\"b""#),
        ("two words", "\"two\""),
    ] {
        assert_eq!(normal(line), expected, "{line}");
    }
    assert_eq!(read("-nan").unwrap().as_f64().unwrap().to_bits(), f64::NAN.to_bits());
}

#[test]
fn containers_are_a_superset_of_json() {
    for (line, expected) in [
        ("[]", "[]"),
        ("{ }", "{}"),
        (r#"[ 1 , "a\/\u00e9\u{1F600}" , [ { } ] ] "#, r#"[1,"a/é😀",[{}]]"#),
        (r#"{"b":{"x":[nan,-inf,inf]},"a":null}"#, r#"{"a":null,"b":{"x":[nan,-inf,inf]}}"#),
        (r#"{"a":1,"a":2}"#, r#"{"a":2}"#),
        (r#"[&"r\n",true]  # comment"#, r#"[&"r\n",true]"#),
        ("[\"\u{7f}\u{85}\u{2028}\u{202e}\"]", r#"["\u007f\u0085\u2028\u202e"]"#),
        (r#"&"a b""#, r#"&"a b""#),
    ] {
        assert_eq!(normal(line), expected, "{line}");
    }
}

#[test]
fn malformed_containers() {
    use Code::{MalformedOperand as Operand, MalformedText as Text};
    for (line, expected) in [
        ("[1", (Text, 1, "`[` is not closed by the end of the line")),
        ("[{\"a\":1, ", (Text, 2, "`{` is not closed by the end of the line")),
        ("[1,]", (Operand, 3, "expected a value after `,`, found `]`")),
        ("[,1]", (Operand, 2, "expected a value, found `,`")),
        ("[1 2]", (Operand, 4, "expected `,` or `]`, found `2`")),
        ("[1}", (Operand, 3, "expected `,` or `]`, found `}`")),
        ("{a:1}", (Operand, 2, "expected a quoted key, found `a`")),
        ("{\"a\" 1}", (Operand, 6, "expected `:` after the key, found `1`")),
        ("{\"a\":}", (Operand, 6, "expected a value, found `}`")),
        ("[abc]", (Operand, 2, "expected a value, found `abc`")),
        ("[\"a]", (Text, 2, "the quoted text does not end")),
        ("[\"\\x\"]", (Text, 3, "unknown escape `\\x`")),
        ("[1]x", (Text, 4, "`x` directly after the closing `]`")),
        ("&\"a\"#", (Text, 5, "`#` directly after the closing `\"`")),
    ] {
        let (code, column, message) = expected;
        assert_eq!(fault(line), (code, column, message.to_owned()), "{line}");
    }
}

#[test]
fn nesting_ends_at_its_limit() {
    let nested = |levels| "[".repeat(levels) + &"]".repeat(levels);
    assert_eq!(normal(&nested(LITERAL_NESTING_MAX)), nested(LITERAL_NESTING_MAX));
    assert_eq!(fault(&nested(LITERAL_NESTING_MAX + 1)).0, Code::NestedTooDeep);
    assert_eq!(fault(&"[".repeat(1_000_000)).1, 201);
    assert_eq!(fault(&"{\"\":".repeat(1_000_000)).1, 801);
}

#[test]
fn values_end_at_their_limit() {
    let mut left = 3;
    assert!(literal(&mut Cursor::new("[1,{}]", 1, 0), &mut left).is_ok());
    assert_eq!(left, 0);
    let fault = literal(&mut Cursor::new("[]", 1, 0), &mut left).unwrap_err();
    assert_eq!(fault.code, Code::TooLarge);
    assert!(literal(&mut Cursor::new("1", 1, 0), &mut left).is_ok());
}
