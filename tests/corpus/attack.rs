//! Attacks as their files describe them.

use crate::observe::Observation;
use lau_agent_runtime::sandbox::{Layer, Limits};
use std::fs;
use std::time::Duration;

/// What stands in the place of the compiler, or is given to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Program,
    Source,
}

/// How an attack ends with all layers.
#[derive(Clone, Debug)]
pub(crate) enum End {
    Says(String),
    Signal(u8),
    Stopped(&'static str),
    Refused(String),
    Built,
}

#[derive(Clone, Debug)]
pub(crate) struct Attack {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) kind: Kind,
    pub(crate) stopped: End,
    pub(crate) layers: Vec<Layer>,
    pub(crate) lift: Vec<Layer>,
    pub(crate) limits: Limits,
    /// Whether the program's word counts, since what it reaches for is an amount.
    pub(crate) word: bool,
    only: Option<String>,
}

impl Attack {
    pub(crate) fn meant_here(&self) -> bool {
        let root = rustix::process::geteuid().is_root();
        match self.only.as_deref() {
            None => true,
            Some("root") => root,
            Some("user") => !root,
            Some(other) => panic!("{}: only `{other}`?", self.name),
        }
    }
}

impl End {
    pub(crate) fn check(&self, seen: &Observation) -> Result<(), String> {
        let as_stated = match self {
            End::Says(text) => seen.output.lines().any(|line| line.starts_with(text.as_str())),
            End::Signal(number) => seen.ended == format!("signal {number}"),
            End::Stopped(why) => seen.ended == *why,
            End::Refused(text) => seen.ended == "refused" && seen.output.contains(text.as_str()),
            End::Built => seen.ended == "built",
        };
        if as_stated { Ok(()) } else { Err(format!("expected {self:?}, saw {seen:?}")) }
    }
}

/// All attacks, by name.
pub(crate) fn all() -> Vec<Attack> {
    let entries = fs::read_dir(crate::folder()).expect("the corpus");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "c"));
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

pub(crate) fn named(name: &str) -> Attack {
    read(&crate::folder().join(format!("{name}.c")))
}

fn read(path: &std::path::Path) -> Attack {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
    let header: Vec<(&str, &str)> =
        text.lines().map_while(|line| line.strip_prefix("// ")?.split_once(": ")).collect();
    let value = |key: &str| header.iter().find(|(k, _)| *k == key).map(|(_, value)| value.trim());
    let needed = |key: &str| value(key).unwrap_or_else(|| panic!("{name}: no line `{key}`"));
    const KEYS: [&str; 9] =
        ["attack", "kind", "stopped", "layers", "lift", "limits", "only", "evidence", "why"];
    for (key, _) in &header {
        assert!(KEYS.contains(key), "{name}: `{key}`?");
    }
    assert!(!needed("attack").is_empty());
    let layers = |key: &str| -> Vec<Layer> {
        let words = needed(key).split_whitespace();
        words.map(|word| layer(word).unwrap_or_else(|| panic!("{name}: layer `{word}`?"))).collect()
    };
    let attack = Attack {
        kind: match needed("kind") {
            "program" => Kind::Program,
            "source" => Kind::Source,
            other => panic!("{name}: kind `{other}`?"),
        },
        stopped: end(needed("stopped")).unwrap_or_else(|| panic!("{name}: stopped how?")),
        layers: layers("layers"),
        lift: layers("lift"),
        limits: limits(value("limits").unwrap_or_default()),
        word: match value("evidence") {
            None => false,
            Some("word") => true,
            Some(other) => panic!("{name}: evidence `{other}`?"),
        },
        only: value("only").map(str::to_owned),
        text: text.clone(),
        name: name.clone(),
    };
    assert!(
        attack.layers.iter().all(|layer| attack.lift.contains(layer)),
        "{name}: layers not lifted"
    );
    attack
}

fn layer(name: &str) -> Option<Layer> {
    Layer::ALL.iter().copied().find(|layer| layer.name() == name)
}

fn end(text: &str) -> Option<End> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    Some(match (word, rest) {
        ("says", rest) => End::Says(rest.to_owned()),
        ("signal", rest) => End::Signal(rest.parse().ok()?),
        ("deadline", "") => End::Stopped("deadline"),
        ("output", "") => End::Stopped("output"),
        ("memory", "") => End::Stopped("memory"),
        ("refused", rest) => End::Refused(rest.to_owned()),
        ("built", "") => End::Built,
        _ => return None,
    })
}

fn limits(text: &str) -> Limits {
    let mut limits = Limits { wall: Duration::from_secs(10), ..Limits::default() };
    let words: Vec<&str> = text.split_whitespace().collect();
    for pair in words.chunks(2) {
        let [name, value] = pair else { panic!("limits `{text}`: a value is missing") };
        let value: u64 = value.parse().unwrap_or_else(|_| panic!("limits `{text}`"));
        match *name {
            "wall" => limits.wall = Duration::from_millis(value),
            "memory" => limits.memory_bytes = value << 20,
            "processes" => limits.processes = u32::try_from(value).expect("small"),
            "output" => limits.output_bytes = usize::try_from(value << 10).expect("small"),
            "workspace" => limits.workspace_bytes = value << 20,
            other => panic!("limits `{other}`?"),
        }
    }
    limits
}
