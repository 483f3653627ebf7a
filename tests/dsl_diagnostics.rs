//! What is said about bad lines: code, place, help, and that each fix mends what it is a fix of.

use lau_agent_runtime::dsl::diagnostic::{Code, Diagnostic};
use lau_agent_runtime::dsl::parse::parse;

struct Case {
    source: &'static str,
    code: Code,
    /// Line and column, and the text from there.
    at: (u32, u32, &'static str),
    message: &'static str,
    /// What the help contains; empty if there is none.
    help: &'static str,
    /// The source with the fix applied.
    fixed: Option<&'static str>,
}

macro_rules! cases {
    ($($source:literal: $code:ident $line:literal:$column:literal $text:literal, $message:literal,
        $help:literal $(=> $fixed:literal)?;)*) => {
        &[$(Case {
            source: $source,
            code: Code::$code,
            at: ($line, $column, $text),
            message: $message,
            help: $help,
            fixed: cases!(@fixed $($fixed)?),
        },)*]
    };
    (@fixed $fixed:literal) => { Some($fixed) };
    (@fixed) => { None };
}

#[rustfmt::skip]
const CASES: &[Case] = cases! {
    "pop\n psuh 1": UnknownInstruction 2:2 "psuh", "unknown instruction `psuh`", "did you mean `push`?" => "pop\n push 1";
    "PUSH 1": UnknownInstruction 1:1 "PUSH", "unknown instruction `PUSH`", "did you mean `push`?" => "push 1";
    "jumpif 0": UnknownInstruction 1:1 "jumpif", "unknown instruction `jumpif`", "`jump_if`" => "jump_if 0";
    "ret": UnknownInstruction 1:1 "ret", "unknown instruction `ret`", "`return`" => "return";
    "frobnicate": UnknownInstruction 1:1 "frobnicate", "unknown instruction `frobnicate`", "";
    "\"push\" 1": UnknownInstruction 1:1 "\"push\"", "unknown instruction `push`", "not quoted" => "push 1";
    "l :\njump l": UnknownInstruction 1:1 "l", "unknown instruction `l`", "follows directly" => "l:\njump l";
    "a\u{1b}b": UnknownInstruction 1:1 "a\u{1b}b", "unknown instruction `a\\u{1b}b`", "";

    "push": MissingOperand 1:1 "push", "`push` needs a value", "for example `push 42`";
    "store\t": MissingOperand 1:1 "store", "`store` needs the variable's name", "for example `store total`";
    "call é": MissingOperand 1:1 "call é", "`call` needs a number of arguments from 0 to 255", "for example `call area 2`";
    "try": MissingOperand 1:1 "try", "`try` needs the function's name", "for example `try area 2`";
    "jump_true": MissingOperand 1:1 "jump_true", "`jump_true` needs a label or the index of an instruction", "`jump_true loop`";
    "energy_check": MissingOperand 1:1 "energy_check", "`energy_check` needs an amount of energy in units", "`energy_check 5`";
    "delegate": MissingOperand 1:1 "delegate", "`delegate` needs the agent's name", "`delegate scout survey`";
    "func": MissingOperand 1:1 "func", "`func` needs a name", "`func area width height`";

    "call f x": MalformedOperand 1:8 "x", "`x` is not a number of arguments from 0 to 255", "for example `call area 2`";
    "call f 256": MalformedOperand 1:8 "256", "`256` is not a number of arguments from 0 to 255", "for example";
    "list 1e3": MalformedOperand 1:6 "1e3", "`1e3` is not a number from 0 to 1,000,000", "for example `list 2`";
    "list \"2\"": MalformedOperand 1:6 "\"2\"", "`2` is quoted where a number is expected", "remove the quotes" => "list 2";
    "jump -1": MalformedOperand 1:6 "-1", "`-1` is not a label or the index of an instruction", "for example `jump loop`";
    "jump \"0\"": MalformedOperand 1:6 "\"0\"", "`0` is quoted where a number is expected", "remove the quotes" => "jump 0";
    "energy_check much": MalformedOperand 1:14 "much", "`much` is not an amount of energy in units", "for example";
    "push [1,]": MalformedOperand 1:8 ",", "expected a value after `,`, found `]`", "remove the last" => "push [1]";
    "push {a: 1}": MalformedOperand 1:7 "a", "expected a quoted key, found `a`", "quoted" => "push {\"a\": 1}";
    "push [yes]": MalformedOperand 1:7 "yes", "expected a value, found `yes`", "quoted" => "push [\"yes\"]";
    "push [1 2]": MalformedOperand 1:9 "2", "expected `,` or `]`, found `2`", "a list is written";

    "push \"a": MalformedText 1:6 "\"a", "the quoted text does not end", "closing" => "push \"a\"";
    "push \"\\d+\"": MalformedText 1:7 "\\d", "unknown escape `\\d`", "the escapes are" => "push \"\\\\d+\"";
    "push \"\\u{d800}\"": MalformedText 1:7 "\\u{d800}", "`\\u{d800}` is not the number of a character", "the escapes are";
    "push [\"\\d\"]": MalformedText 1:8 "\\d", "unknown escape `\\d`", "JSON" => "push [\"\\\\d\"]";
    "store \"a\"b": MalformedText 1:10 "b", "`b` directly after the closing `\"`", "white space" => "store \"a\" b";
    "push [1]#": MalformedText 1:9 "#", "`#` directly after the closing `]`", "white space" => "push [1] #";
    "push [[1, 2 ": MalformedText 1:7 "[", "`[` is not closed by the end of the line", "add `]`" => "push [[1, 2 ]]";
    "push {\"a\":": MalformedText 1:6 "{", "`{` is not closed by the end of the line", "one line";
    "\"pop": MalformedText 1:1 "\"pop", "the quoted text does not end", "closing" => "\"pop\"";

    "l: jump l": MalformedLabel 1:1 "l:", "a label stands alone on its line", "next line" => "l:\njump l";
    "7:": MalformedLabel 1:1 "7:", "`7` is a number, which a label cannot be", "begin its name with a letter";
    "inf:": MalformedLabel 1:1 "inf:", "`inf` is a number, which a label cannot be", "letter";
    ":": MalformedLabel 1:1 ":", "a label without a name", "for example `loop:`";
    "l:\njump l\nl:": DuplicateLabel 3:1 "l:", "the label `l` is already on line 1", "another name";
    "jump lop\nloop:\njump loop": UnknownLabel 1:6 "lop", "no label `lop` in the main body", "did you mean `loop`?" => "jump loop\nloop:\njump loop";
    "jump ab\n\"a b\":\njump \"a b\"": UnknownLabel 1:6 "ab", "no label `ab` in the main body", "`a b`" => "jump \"a b\"\n\"a b\":\njump \"a b\"";
    "jump x": UnknownLabel 1:6 "x", "no label `x` in the main body", "put `x:` on a line";
    "jump x\nfunc f\nx:\njump x\nend": UnknownLabel 1:6 "x", "no label `x` in the main body", "line 3 is in another function";
    "x:\njump x\nfunc f\njump x\nend": UnknownLabel 4:6 "x", "no label `x` in this function", "line 1 is in the main body";

    "push [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[":
        NestedTooDeep 1:206 "[", "the literal has more than 200 levels of lists and maps", "`list` and `map`";

    "pop a \"b c\" d  # e": ExtraWords 1:5 "a \"b c\" d", "more words than `pop` takes", "remove" => "pop  # e";
    "push two words": ExtraWords 1:10 "words", "more words than `push` takes", "quoted" => "push \"two words\"";
    "push 1 2  # e": ExtraWords 1:8 "2", "more words than `push` takes", "remove" => "push 1  # e";
    "pop \"a b": ExtraWords 1:5 "\"a b", "more words than `pop` takes", "remove" => "pop";
    "l: # here": UnusedLabel 1:1 "l:", "nothing jumps to the label `l`", "remove it" => " # here";
};

/// The diagnostic the case is about, and how many of its code there are.
fn find(source: &str, code: Code) -> (Option<Diagnostic>, usize) {
    let found: Vec<_> = parse(source).diagnostics.into_iter().filter(|d| d.code == code).collect();
    (found.first().cloned(), found.len())
}

fn apply(source: &str, diagnostic: &Diagnostic) -> Option<String> {
    let fix = diagnostic.fix.as_ref()?;
    let mut fixed = source.to_owned();
    fixed.replace_range(fix.span.start..fix.span.end, &fix.replacement);
    Some(fixed)
}

#[test]
fn each_finding_says_what_where_and_what_to_do() {
    for case in CASES {
        let source = case.source;
        let (found, count) = find(source, case.code);
        let found = found.unwrap_or_else(|| panic!("{source:?}: {:?}", parse(source).diagnostics));
        assert_eq!(count, 1, "{source:?}");
        let span = found.span.unwrap();
        let at = (span.line, span.column, &source[span.start..span.end]);
        assert_eq!(at, case.at, "{source:?}");
        assert_eq!(found.message, case.message, "{source:?}");
        let help = found.help.as_deref().unwrap_or("");
        assert!(help.contains(case.help), "{source:?}: {help}");
        assert_eq!(help.is_empty(), case.help.is_empty(), "{source:?}: {help}");
        assert_eq!(apply(source, &found).as_deref(), case.fixed, "{source:?}");
    }
}

#[test]
fn each_fix_removes_its_finding() {
    for case in CASES {
        for found in parse(case.source).diagnostics {
            let Some(fixed) = apply(case.source, &found) else { continue };
            let left = parse(&fixed).diagnostics;
            let same = |d: &&Diagnostic| d.code == found.code && d.message == found.message;
            assert_eq!(left.iter().find(same), None, "{:?} to {fixed:?}", case.source);
        }
    }
}

#[test]
fn messages_follow_the_house_style() {
    for case in CASES {
        for text in [case.message, case.help] {
            assert!(!text.starts_with(char::is_uppercase) || text == "JSON", "{text}");
            assert!(!text.ends_with('.'), "{text}");
        }
    }
}

#[test]
fn every_code_of_the_parser_is_covered() {
    use Code::*;
    for &code in Code::ALL {
        let elsewhere = match code {
            UnknownInstruction | MissingOperand | MalformedOperand | MalformedText => false,
            MalformedLabel | DuplicateLabel | UnknownLabel | NestedTooDeep => false,
            ExtraWords | UnusedLabel => false,
            // Found in instructions, by the layer that lowers them.
            TargetOutside | UnbalancedFunction | DuplicateFunction | DuplicateParameter => true,
            WrongArity | Unreachable | JumpPastEnd | UnknownFunction => true,
            LibraryArity | UnsetVariable => true,
            // Too large to write here; tested beside the parser.
            TooLarge => true,
        };
        assert!(elsewhere != CASES.iter().any(|case| case.code == code), "{code:?}");
    }
}
