use super::*;
use crate::forge::toolchain::flags::{Aim, Unit};
use crate::forge::toolchain::gcc::tests::{folder, here};
use proptest::prelude::*;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the compiler here says about a source, with what precedes its names of files.
fn said(text: &str, aim: Aim) -> Report {
    let workspace = folder("diagnostic");
    fs::write(workspace.join("skill.c"), text).expect("written");
    let hash = blake3::hash(text.as_bytes());
    let (source, object) = (Path::new("skill.c"), Path::new("skill.o"));
    let unit = Unit { workspace: &workspace, source, object, hash: &hash };
    let report = run(&workspace, text, here().compile_arguments(&unit, aim));
    fs::remove_dir_all(workspace).expect("gone");
    report
}

fn run(workspace: &Path, text: &str, arguments: Vec<OsString>) -> Report {
    let mut compile = Command::new(&here().driver);
    compile.args(arguments).env_clear().envs(here().environment(workspace));
    let output = compile.current_dir(workspace).output().expect("started");
    let temporary = workspace.join("tmp");
    let places = Places::of(here(), workspace, &temporary);
    let report = Report::read(&output.stderr, &[Source { name: "skill.c", text }], &places);
    let all = texts(&report);
    assert!(!all.contains("/usr/") && !all.contains(&*workspace.to_string_lossy()), "{all}");
    report
}

#[test]
fn errors_come_first_with_their_lines_and_notes() {
    let text = "#include <string.h>\nint f(int n) {\n\treturn strlen(1) != y;\n}\n";
    let report = said(text, Aim::Syntax);
    let first = &report.diagnostics[0];
    assert_eq!(first.severity, Severity::Error);
    assert_eq!(first.file, Where::Source("skill.c".into()));
    assert_eq!((first.line, first.column), (Some(3), Some(16)));
    assert_eq!(first.option.as_deref(), Some("-Wint-conversion"));
    assert_eq!(first.function.as_deref(), Some("f"));
    let lines: Vec<_> = first.lines.iter().map(|line| (line.number, line.text.as_str())).collect();
    assert_eq!(lines, [(2, "int f(int n) {"), (3, "\treturn strlen(1) != y;"), (4, "}")]);
    let note = &report.diagnostics[1];
    assert_eq!(note.severity, Severity::Note);
    assert_eq!(note.file, Where::Header("<string.h>".into()));
    assert_eq!(note.included, [Inclusion { file: Where::Source("skill.c".into()), line: 1 }]);
    let severities: Vec<_> = report.diagnostics.iter().map(|it| it.severity).collect();
    let last_error = severities.iter().rposition(|it| *it == Severity::Error);
    let first_warning = severities.iter().position(|it| *it == Severity::Warning);
    assert!(last_error < first_warning && first_warning.is_some(), "{severities:?}");
    assert!(report.rest.is_empty() && report.left_out == LeftOut::default(), "{report:?}");
}

#[test]
fn the_assembler_and_the_linker_are_understood() {
    let text = "void f(void) {\n    __asm__(\"bogus %eax\");\n}\n";
    let report = said(text, Aim::Object);
    let first = &report.diagnostics[0];
    assert_eq!((first.severity, first.line), (Severity::Error, Some(2)));
    assert_eq!(first.message, "no such instruction: `bogus %eax'");
    assert_eq!(first.lines.len(), 3);

    let text = "int g(void);\nint main(void) {\n    return g();\n}\n";
    let workspace = folder("link");
    fs::write(workspace.join("skill.c"), text).expect("written");
    let map = format!("-ffile-prefix-map={}=.", workspace.display());
    let arguments = [map.as_str(), "-g1", "skill.c", "-o", "skill"].map(OsString::from);
    let report = run(&workspace, text, arguments.into());
    assert_eq!(report.diagnostics.len(), 1, "{report:?}");
    let first = &report.diagnostics[0];
    assert_eq!((&first.file, first.line), (&Where::Source("skill.c".into()), Some(3)));
    assert_eq!(first.message, "undefined reference to `g'");
    fs::remove_dir_all(workspace).expect("gone");
}

#[test]
fn forged_lines_are_shown_harmless() {
    let text = "__attribute__((warning(\"two\\nlines /usr/include/x.h: \\x1b[31m \u{202e}\"))) void w(void);\n\
                void f(void) { w(); }\n\
                #line 7 \"/usr/include/stdio.h:1:1: error: fake\"\n\
                #warning \u{202e} hidden /etc/shadow\n";
    let report = said(text, Aim::Object);
    let json = serde_json::to_string(&report).expect("JSON");
    assert!(report.diagnostics.len() >= 2, "{json}");
    assert!(
        !json.contains('\u{202e}') && json.contains("u{202e}") && json.contains("u{1b}"),
        "{json}"
    );
    assert!(json.contains("/etc/shadow"), "it is the author's own text: {json}");
    assert_eq!(report.rest.len(), 1, "{json}");
}

#[test]
fn a_report_is_capped_and_says_so() {
    let places = Places::new(Path::new("/ws"), Path::new("/ws/tmp"));
    let long = "x".repeat(5000);
    let text = format!("int {long};\n").repeat(3);
    let sources = [Source { name: "a.c", text: &text }];
    let mut said = "a.c:2:1: warning: w\n".to_owned();
    for _ in 0..1000 {
        said += &format!("a.c:2:1: error: {long}\n");
    }
    said += &format!("{long}\n").repeat(50);
    let report = Report::read(said.as_bytes(), &sources, &places);
    let kept = report.diagnostics.len();
    assert!(kept > 5 && kept <= DIAGNOSTICS_MAX, "{kept}");
    assert_eq!(kept + report.left_out.diagnostics, 1001);
    assert_eq!(report.rest.len() + report.left_out.rest, 50);
    assert!(report.diagnostics[0].message.ends_with("bytes more)"));
    let bytes = serde_json::to_string(&report).expect("JSON").len();
    assert!(bytes < 2 * REPORT_BYTES, "{bytes}");
    let notes = format!("a.c:1:1: error: e\n{}", "a.c:1:1: note: n\n".repeat(9));
    let report = Report::read(notes.as_bytes(), &sources, &places);
    assert_eq!(
        (report.diagnostics.len(), report.left_out.diagnostics),
        (1 + NOTES_MAX, 9 - NOTES_MAX)
    );
}

#[test]
fn what_broke_the_compiler_is_told() {
    let places = Places::new(Path::new("/ws"), Path::new("/ws/tmp")).hiding(&["/opt/gcc".into()]);
    let said = "gcc: fatal error: Killed signal terminated program cc1\ncompilation terminated.\n\
                virtual memory exhausted: Cannot allocate memory\n\
                /ws/tmp/ccA1.s: Assembler messages:\n/ws/tmp/ccA1.s:12: Error: junk in /ws/tmp/ccA1.s\n\
                during RTL pass: expand\n0x7f12 crash\n\t/opt/gcc/gcc.c:1\n";
    let report = Report::read(said.as_bytes(), &[], &places);
    let messages: Vec<_> = report.diagnostics.iter().map(|it| it.message.as_str()).collect();
    assert_eq!(messages, ["Killed signal terminated program cc1", "junk in <temporary>"]);
    assert_eq!(report.diagnostics[1].file, Where::Elsewhere);
    assert_eq!(report.rest[0], "virtual memory exhausted: Cannot allocate memory");
    assert_eq!(report.rest[3], "\\u{9}<toolchain>:1");
}

/// All texts of a report but the source lines, which are the author's and stay as they are.
fn texts(report: &Report) -> String {
    let mut report = report.clone();
    report.diagnostics.iter_mut().for_each(|it| it.lines.clear());
    let mut all = Vec::new();
    collect(&serde_json::to_value(&report).expect("JSON"), &mut all);
    all.join("\n")
}

fn collect(value: &serde_json::Value, all: &mut Vec<String>) {
    if let Some(text) = value.as_str() {
        all.push(text.to_owned());
    }
    value.as_array().into_iter().flatten().for_each(|value| collect(value, all));
    value.as_object().into_iter().flatten().for_each(|(_, value)| collect(value, all));
}

/// Pieces of which lines that look like a compiler's are made.
fn piece() -> impl Strategy<Value = String> {
    const KNOWN: &[&str] = &[
        "/usr/include",
        "/usr/include/",
        "/home/ann/gcc",
        "/ws",
        "/ws/tmp",
        "/ws/a.c",
        "a.c",
        "/",
        "..",
        ":",
        ": ",
        ":1",
        ":2:3",
        ": error: ",
        ": warning: ",
        ": note: ",
        "In file included from ",
        "                 from ",
        ": In function 'f':",
        " [-Wfoo]",
        "\n",
        "\u{1b}[31m",
        "\u{202e}",
        "\\u{202e}",
        "‘",
        "\r",
        "\t",
        "undefined reference to ",
    ];
    prop_oneof![
        4 => prop::sample::select(KNOWN).prop_map(str::to_owned),
        1 => ".{0,8}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn whatever_is_said_is_harmless(
        pieces in prop::collection::vec(piece(), 0..60),
        bytes in prop::collection::vec(any::<u8>(), 0..20),
        text in "(.|\n|\t|\u{202e}){0,40}",
    ) {
        let hidden: [PathBuf; 2] = ["/home/ann/gcc".into(), "/usr/bin".into()];
        let headers: [PathBuf; 1] = ["/usr/include".into()];
        let places = Places::new(Path::new("/ws"), Path::new("/ws/tmp")).headers(&headers).hiding(&hidden);
        let mut said = pieces.concat().into_bytes();
        said.splice(said.len() / 2..said.len() / 2, bytes);
        let report = Report::read(&said, &[Source { name: "a.c", text: &text }], &places);
        let all = texts(&report);
        for path in hidden.iter().chain(&headers) {
            prop_assert!(!all.contains(&*path.to_string_lossy()), "{all:?}");
        }
        let lines = report.diagnostics.iter().flat_map(|it| &it.lines).map(|line| line.text.replace('\t', " "));
        for text in lines.chain([all.replace('\n', " ")]) {
            prop_assert!(text.chars().all(|c| !c.is_control() && c != '\u{202e}'), "{text:?}");
        }
        prop_assert!(report.diagnostics.len() <= DIAGNOSTICS_MAX && report.rest.len() <= REST_MAX);
        prop_assert!(all.len() <= REPORT_BYTES + 1000);
    }
}
