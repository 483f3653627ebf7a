//! Words, quoted texts and places by example.

use super::*;

fn words(line: &str) -> Vec<Word<'_>> {
    let mut cursor = Cursor::new(line, 1, 0);
    let mut all = Vec::from_iter(cursor.first_word().map(|t| t.unwrap().word));
    all.extend(std::iter::from_fn(|| cursor.word()).map(|t| t.unwrap().word));
    all
}

fn fault(line: &str) -> (u32, usize, usize, String) {
    let mut cursor = Cursor::new(line, 1, 0);
    let fault = std::iter::from_fn(|| cursor.word()).find_map(Result::err).unwrap();
    let span = fault.span.unwrap();
    (span.column, span.start, span.end, fault.message)
}

fn quoted(text: &str) -> Word<'_> {
    Word::Quoted(text.into())
}

#[test]
fn words_are_separated_by_any_white_space() {
    assert_eq!(words("a\u{2003}b\t\u{85}c\r"), ["a", "b", "c"].map(Word::Bare));
    assert_eq!(words(" \r"), []);
}

#[test]
fn quoted_words_have_their_escapes_replaced() {
    assert_eq!(words(r#""" "a b""#), [quoted(""), quoted("a b")]);
    assert_eq!(words(r#""\"\\\n\t\r\u{1F600}\u{0}""#), [quoted("\"\\\n\t\r😀\0")]);
    assert_eq!(words(r#"a"b" #c"#), [Word::Bare("a\"b\""), Word::Bare("#c")]);
}

#[test]
fn only_the_first_word_is_a_label() {
    assert_eq!(words("a: b:"), [Word::Label("a".into()), Word::Bare("b:")]);
    assert_eq!(words(r#""a b":"#), [Word::Label("a b".into())]);
    assert_eq!(words(r#""":"#), [Word::Label("".into())]);
    assert_eq!(words(":"), [Word::Bare(":")]);
    assert_eq!(words("a::"), [Word::Label("a:".into())]);
}

#[test]
fn places_count_characters_and_bytes() {
    let mut cursor = Cursor::new("é \"ü\" x", 7, 100);
    let places = std::iter::from_fn(|| cursor.word()).map(|t| t.unwrap().span);
    let places: Vec<_> = places.map(|s| (s.line, s.column, s.start, s.end)).collect();
    assert_eq!(places, [(7, 1, 100, 102), (7, 3, 103, 107), (7, 7, 108, 109)]);
}

#[test]
fn faults_name_what_is_wrong_exactly() {
    assert_eq!(fault(r#"é "abc  "#), (3, 3, 7, "the quoted text does not end".into()));
    assert_eq!(fault(r#""a\"#), (3, 2, 3, r"unknown escape `\`".into()));
    assert_eq!(fault(r#""a\q" b"#), (3, 2, 4, r"unknown escape `\q`".into()));
    assert_eq!(fault(r#""\/""#).3, r"unknown escape `\/`");
    assert_eq!(fault(r#""\u0041""#).3, r"unknown escape `\u`");
    for bad in [r"\u{}", r"\u{D800}", r"\u{110000}", r"\u{0000041}", r"\u{41"] {
        let line = format!("\"{bad}\"");
        let message = format!("`{bad}` is not the number of a character");
        assert_eq!(fault(&line), (2, 1, 1 + bad.len(), message));
    }
    let message = "`b` directly after the closing `\"`";
    assert_eq!(fault(r#""a"b c"#), (4, 3, 4, message.into()));
    assert_eq!(fault(r#""a":"#).1, 3);
}

#[test]
fn reading_goes_on_behind_a_malformed_word() {
    let mut cursor = Cursor::new(r#""\q" "a"b c"#, 1, 0);
    assert!(cursor.word().unwrap().is_err());
    assert!(cursor.word().unwrap().is_err());
    assert_eq!(cursor.word().unwrap().unwrap().word, Word::Bare("c"));
    assert!(cursor.word().is_none());
}

#[test]
fn json_escapes_are_read_only_where_asked_for() {
    let scan = |text| scan_quoted(text, Escapes::Json).text;
    assert_eq!(scan(r#""\/\b\f\u00e9\ud83d\ude00""#).unwrap(), "/\u{8}\u{c}é😀");
    let bad = [r#""\ud83d""#, r#""\ude00""#, r#""\ud83dx""#, r#""\u12""#, r#""\ud83d\u0041""#];
    for bad in bad {
        assert_eq!(scan(bad).unwrap_err().0, Trouble::NoCharacter, "{bad}");
    }
}

#[test]
fn messages_show_words_cut_and_harmless() {
    assert_eq!(shown("a\u{1b}[0m"), r"`a\u{1b}[0m`");
    assert_eq!(shown(&"x".repeat(1000)).chars().count(), 43);
}
