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
    &["program"],
    &["interp"],
    &["snapshot"],
    &["instance"],
];

/// The package, from the top. It stands above all of the support crate.
const PACKAGE: &[&[&str]] = &[&["dsl"], &["lower"], &["engine"], &["agent"], &["cli"]];

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

/// The first segments of all paths that begin with the crate, comments left out.
fn imports<'a>(text: &'a str, krate: &str) -> Vec<&'a str> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let prefix = format!("{krate}::");
    code.flat_map(|line| {
        line.match_indices(&prefix).map(|(at, _)| &line[at + prefix.len()..]).collect::<Vec<_>>()
    })
    .map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or(""))
    .filter(|segment| segment.starts_with(|c: char| c.is_ascii_lowercase()))
    .collect()
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
    faults.extend(check("src", PACKAGE));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_support_crate_needs_neither_package_nor_compiler() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("runtime/Cargo.toml");
    let manifest = fs::read_to_string(manifest).expect("readable");
    assert!(
        !manifest.contains("cranelift") && !manifest.contains("lau-agent-runtime"),
        "{manifest}"
    );
}

#[test]
fn a_downward_import_would_be_found() {
    let text =
        "use crate::interp::Machine;\n// use crate::instance;\nlet x = crate::value::Value::Null;";
    assert_eq!(imports(text, "crate"), ["interp", "value"]);
    assert!(layer(RUNTIME, "interp") > layer(RUNTIME, "value"));
}
