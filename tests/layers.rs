//! Holds the layers: a module imports only from layers above its own.
//!
//! Reads every `crate::…` path of the sources, and looks its first segment up in the lists below.

use std::fs;
use std::path::{Path, PathBuf};

/// The support crate, from the top.
const RUNTIME: &[&[&str]] = &[
    &["value", "energy", "trap", "limits"],
    &["word"],
    &["host"],
    &["library"],
    &["program"],
    &["profile"],
    &["interp"],
    &["snapshot"],
    &["native"],
    &["artifact"],
    &["instance"],
];

/// What everything that runs a program as a command is made of, from the top.
const COMMAND: &[&[&str]] = &[
    &["stop", "interrupt"],
    &["terminal", "source"],
    &["report", "excerpt"],
    &["guard", "host"],
    &["args", "input", "saved"],
    &["ended"],
    &["run"],
];

/// What executables and programs in C are linked with, from the top.
const START: &[&[&str]] = &[&["builtin", "stack"], &["embed"], &["instance", "executable"]];

/// The package, from the top. The other two stand above all of it.
const PACKAGE: &[&[&str]] = &[
    &["dsl"],
    &["lower"],
    &["analysis"],
    &["codegen"],
    &["engine"],
    &["aot"],
    &["agent", "fuzz"],
    &["sandbox"],
    &["forge"],
    &["cli"],
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn layer(layers: &[&[&str]], module: &str) -> Option<usize> {
    layers.iter().position(|layer| layer.contains(&module))
}

/// The module of the crate that a file belongs to.
fn module(root: &Path, file: &Path) -> String {
    let inside = file.strip_prefix(root).expect("a file below its root");
    let first = inside.components().next().expect("a name").as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The first segments of all paths that begin with the crate, comments left out; of `crate::{a, b::c}`
/// those inside the braces.
fn imports<'a>(text: &'a str, krate: &str) -> Vec<&'a str> {
    let prefix = format!("{krate}::");
    let mut found = Vec::new();
    for (at, _) in text.match_indices(&prefix) {
        let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
        if !text[line..at].contains("//") {
            segments(&text[at + prefix.len()..], &mut found);
        }
    }
    found.retain(|segment| segment.starts_with(|c: char| c.is_ascii_lowercase()));
    found.retain(|segment| *segment != "self");
    found
}

/// The first segment of the path that the text begins with, or of each path in its braces; gives what follows
/// the path.
fn segments<'a>(text: &'a str, found: &mut Vec<&'a str>) -> &'a str {
    let mut rest = skip_blank(text);
    if !rest.starts_with('{') {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        found.push(&rest[..end]);
        return tail(&rest[end..]);
    }
    while let Some(more) = rest.strip_prefix(['{', ',']) {
        rest = skip_blank(segments(more, found));
    }
    rest.strip_prefix('}').unwrap_or(rest)
}

/// What follows the rest of a path: the `,` or `}` it ends at, outside of braces of its own.
fn tail(text: &str) -> &str {
    let mut depth = 0_u32;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            ',' | '}' | ';' if depth == 0 => return &text[at..],
            '}' => depth -= 1,
            _ => {}
        }
    }
    ""
}

/// What follows white space and comments.
fn skip_blank(text: &str) -> &str {
    let text = text.trim_start();
    match text.strip_prefix("//") {
        Some(comment) => skip_blank(comment.split_once('\n').map_or("", |(_, rest)| rest)),
        None => text,
    }
}

fn check(root: &str, layers: &[&[&str]]) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(root);
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 5, "{} has hardly any sources", root.display());
    let mut faults = Vec::new();
    for file in &files {
        let own = module(&root, file);
        if own == "lib" || own == "main" {
            continue;
        }
        let Some(own_layer) = layer(layers, &own) else {
            faults.push(format!("{}: `{own}` is in no layer", file.display()));
            continue;
        };
        for import in imports(&fs::read_to_string(file).expect("readable"), "crate") {
            match layer(layers, import) {
                Some(other) if other > own_layer => {
                    faults.push(format!(
                        "{}: {own} imports {import}, which is below it",
                        file.display()
                    ));
                }
                Some(_) => {}
                None => faults.push(format!("{}: `{import}` is in no layer", file.display())),
            }
        }
    }
    faults
}

#[test]
fn imports_run_upward_only() {
    let mut faults = check("runtime/src", RUNTIME);
    faults.extend(check("command/src", COMMAND));
    faults.extend(check("start/src", START));
    faults.extend(check("src", PACKAGE));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_executables_link_needs_neither_package_nor_compiler() {
    for krate in ["runtime", "command", "start"] {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join(krate).join("Cargo.toml");
        let manifest = fs::read_to_string(manifest).expect("readable");
        assert!(
            !manifest.contains("cranelift") && !manifest.contains("lau-agent-runtime"),
            "{manifest}"
        );
    }
}

#[test]
fn a_downward_import_would_be_found() {
    let text =
        "use crate::interp::Machine;\n// use crate::instance;\nlet x = crate::value::Value::Null;";
    assert_eq!(imports(text, "crate"), ["interp", "value"]);
    assert!(layer(RUNTIME, "interp") > layer(RUNTIME, "value"));
}

#[test]
fn a_downward_import_in_braces_would_be_found() {
    let found = |text: &'static str| imports(text, "crate");
    assert_eq!(found("use crate::{agent, lower::lower};\nfn f() { cli(); }"), ["agent", "lower"]);
    assert_eq!(
        found(
            "use crate::{\n    dsl::{\n        a::{b, c},\n        d,\n    },\n    // engine,\n    cli,\n};"
        ),
        ["dsl", "cli"],
    );
    assert_eq!(
        found("use crate::{{energy::Energy, trap}, self, Value, word::{A, B}};"),
        ["energy", "trap", "word"]
    );
    assert_eq!(found("use {std::fmt, crate::{host}, crate::value};"), ["host", "value"]);
    assert_eq!(
        found("/// See [`crate::cli`].\npub(in crate::dsl) fn f(x: crate::trap::Trap, y: u8) {}"),
        ["dsl", "trap"]
    );
    assert_eq!(found("use crate::{"), Vec::<&str>::new());
    assert!(layer(PACKAGE, "cli") > layer(PACKAGE, "dsl"));
}
