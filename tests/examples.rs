//! The examples give what CPython gives for the same data, on every engine, to the last bit.
//!
//! An example is a program, how its data are made and how it is run, and a program in Python that does the same
//! in its own words. All is done by the commands that `examples/README.md` tells a reader to use; data are made
//! anew, in a folder of the test's own. Sums are added in the same order on both sides, and the one function
//! used that could be rounded otherwise, the square root, is exact by IEEE 754. So nothing here is "about".
#![cfg(feature = "cli")]

use lau_agent_runtime::Engine;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One example.
struct Example {
    name: &'static str,
    /// A script of `examples/data` and what it is told, if the data have to be made.
    make: Option<&'static str>,
    /// Memory fields and their files.
    inputs: &'static [(&'static str, &'static str)],
}

const EXAMPLES: &[Example] = &[
    Example {
        name: "access_log",
        make: Some("access_log.py target/access.log"),
        inputs: &[("log", "target/access.log")],
    },
    Example { name: "matrix", make: None, inputs: &[] },
    Example { name: "nbody", make: None, inputs: &[] },
    Example {
        name: "outliers",
        make: None,
        inputs: &[("weather", "examples/data/seattle-weather.csv")],
    },
    Example { name: "queens", make: None, inputs: &[] },
    Example {
        name: "reshape",
        make: Some("orders.py target/orders.txt target/products.json"),
        inputs: &[("orders", "target/orders.txt"), ("products", "target/products.json")],
    },
    Example {
        name: "weather",
        make: None,
        inputs: &[("weather", "examples/data/seattle-weather.csv")],
    },
    Example {
        name: "word_frequencies",
        make: None,
        inputs: &[("text", "examples/data/northanger-abbey.txt")],
    },
];

impl Example {
    fn named(name: &str) -> &'static Example {
        EXAMPLES.iter().find(|example| example.name == name).expect("it is in the table")
    }

    /// What is told to Python to make the data, and the command: as the reader is told.
    fn commands(&self) -> Vec<String> {
        let make = self.make.map(|make| format!("python3 examples/data/{make}"));
        let mut run = format!("target/release/lau run examples/{}.lau", self.name);
        for (field, file) in self.inputs {
            run.push_str(&format!(" --input {field}={file}"));
        }
        make.into_iter().chain([run]).collect()
    }

    /// The same command with another verb, more arguments, and its data in a folder of the test's own.
    fn lau(&self, verb: &str, more: &str, folder: &Path) -> Json {
        let run = self.commands().pop().expect("there is a command to run it");
        let (_, args) = run.split_once(" run ").expect("it runs");
        let mut command = Command::new(env!("CARGO_BIN_EXE_lau"));
        let words = args.split(' ').chain(more.split(' ')).map(|word| moved(word, folder));
        command.arg(verb).args(words).current_dir(env!("CARGO_MANIFEST_DIR"));
        let output = command.output().expect("the command starts");
        assert_eq!(output.status.code(), Some(0), "{verb} {args} {more}: {output:?}");
        serde_json::from_slice(&output.stdout).expect("the command answers in JSON")
    }

    /// What Python makes of the same data.
    fn python(&self, folder: &Path) -> Json {
        let files = self.inputs.iter().map(|(_, file)| *file);
        let script = format!("examples/python/{}.py", self.name);
        let words: Vec<&str> = [script.as_str()].into_iter().chain(files).collect();
        let printed = python(&words.join(" "), folder);
        serde_json::from_str(&printed).expect("the script prints JSON")
    }

    /// A new folder with the data that have to be made.
    fn made(&self, test: &str, more: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("examples").join(test);
        fs::create_dir_all(&folder).expect("the temporary directory takes folders");
        if let Some(make) = self.make {
            python(&format!("examples/data/{make}{more}"), &folder);
        }
        folder
    }

    /// Runs it on every engine and compares with Python and among engines; gives the output.
    fn agrees(&self) -> Json {
        let folder = self.made(self.name, "");
        let expected = self.python(&folder);
        let mut first: Option<Json> = None;
        for engine in Engine::ALL {
            let report = self.lau("run", &format!("--engine {engine} --json"), &folder);
            assert_eq!(report["diagnostics"], Json::Array(vec![]), "{}", self.name);
            if let Some(difference) = difference(&report["output"], &expected) {
                panic!("{} on {engine}: {difference}", self.name);
            }
            let first = first.get_or_insert_with(|| report.clone());
            assert_eq!(report["energy"], first["energy"], "{} on {engine}", self.name);
            assert_eq!(report["instructions"], first["instructions"], "{} on {engine}", self.name);
        }
        expected
    }
}

/// Runs a Python script, its data in a folder of the test's own, and gives what it prints.
fn python(words: &str, folder: &Path) -> String {
    let mut command = Command::new("python3");
    command.args(words.split(' ').map(|word| moved(word, folder)));
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap_or_else(|error| {
        panic!("these tests need `python3` (3.9 or newer), which does not start: {error}")
    });
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "`python3 {words}` fails: {told}");
    String::from_utf8(output.stdout).expect("the script prints UTF-8")
}

/// A word of a command, with `target/` leading to another folder.
fn moved(word: &str, folder: &Path) -> String {
    word.replace("target/", &format!("{}/", folder.display()))
}

/// Where and how two JSON values differ. Numbers are doubles, whether they are written with a fraction or not.
fn difference(got: &Json, expected: &Json) -> Option<String> {
    let inside = |at: String, more: Option<String>| more.map(|more| format!("{at}{more}"));
    match (got, expected) {
        (Json::Number(a), Json::Number(b)) if a.as_f64() == b.as_f64() => None,
        (Json::Array(a), Json::Array(b)) if a.len() == b.len() => {
            let mut pairs = a.iter().zip(b).enumerate();
            pairs.find_map(|(at, (a, b))| inside(format!("[{at}]"), difference(a, b)))
        }
        (Json::Object(a), Json::Object(b)) if a.keys().eq(b.keys()) => {
            a.iter().find_map(|(key, a)| inside(format!(".{key}"), difference(a, &b[key])))
        }
        _ if got == expected => None,
        _ => Some(format!(": got {got}, expected {expected}")),
    }
}

#[test]
fn access_log() {
    let report = Example::named("access_log").agrees();
    let lines = report["requests"].as_u64().unwrap() + report["malformed"].as_u64().unwrap();
    assert_eq!(lines, 30_000);
    assert!(report["malformed"].as_u64() > Some(100), "{report}");
}

#[test]
fn matrix() {
    assert_eq!(Example::named("matrix").agrees()["same"], true);
}

#[test]
fn nbody() {
    let report = Example::named("nbody").agrees();
    // As the Computer Language Benchmarks Game has them.
    for (key, published) in
        [("start", "-0.169075164"), ("after_1000", "-0.169087605"), ("after_10000", "-0.169016441")]
    {
        assert_eq!(format!("{:.9}", report[key].as_f64().unwrap()), published, "{key}");
    }
}

#[test]
fn outliers() {
    let report = Example::named("outliers").agrees();
    assert_eq!(report.as_object().map(serde_json::Map::len), Some(4));
}

#[test]
fn queens() {
    assert_eq!(Example::named("queens").agrees()["count"], 92);
}

#[test]
fn reshape() {
    let text = Example::named("reshape").agrees();
    let report: Json = serde_json::from_str(text.as_str().unwrap()).expect("the text is JSON");
    let reasons = report["rejected"].as_array().expect("a list").iter();
    let reasons: BTreeSet<&str> = reasons.filter_map(|order| order["why"].as_str()).collect();
    let all = ["no JSON", "no customer", "no items", "no quantity", "unknown product"];
    assert_eq!(reasons, BTreeSet::from(all), "the data show all that can be wrong");
}

#[test]
fn weather() {
    Example::named("weather").agrees();
}

#[test]
fn word_frequencies() {
    let report = Example::named("word_frequencies").agrees();
    assert_eq!(report["top"][0], serde_json::json!(["the", 3_174]));
}

/// Every engine, cut on the way and gone on with from a snapshot on another. Logs are shorter here.
#[test]
fn engines_agree_wherever_a_run_is_cut() {
    for example in EXAMPLES {
        let more = if example.make.is_some() { " 300" } else { "" };
        let folder = example.made(&format!("cut_{}", example.name), more);
        let report = example.lau("diff", "--cuts 2 --json", &folder);
        let found = &report["files"][0];
        assert_eq!((&found["same"], &found["ending"]), (&true.into(), &"finished".into()));
        assert_eq!(found["hints"], Json::Array(vec![]), "{}", example.name);
    }
}

#[test]
fn every_example_is_here_and_the_reader_is_told_how_to_run_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("examples/README.md")).expect("readable");
    let told: BTreeSet<&str> = readme.lines().filter_map(|line| line.strip_prefix("$ ")).collect();
    for command in EXAMPLES.iter().flat_map(Example::commands) {
        assert!(told.contains(command.as_str()), "examples/README.md does not say `{command}`");
    }
    let files = |folder: &str, ending: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(root.join(folder)).expect("a folder");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        let names = names.filter_map(|name| Some(name.to_str()?.strip_suffix(ending)?.to_owned()));
        names.collect()
    };
    let names: BTreeSet<String> = EXAMPLES.iter().map(|example| example.name.to_owned()).collect();
    assert_eq!(files("examples", ".lau"), names);
    assert_eq!(files("examples/python", ".py"), names);
}
