//! Attacks as their files describe them.

use crate::observe::Observation;
use lau_agent_runtime::sandbox::{Layer, Limits};
use std::fmt;
use std::fs;
use std::time::Duration;

/// What stands in the way of an attack, and can be lifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    /// A layer of the jail. Without the launcher there is no jail: the program is a plain child of the test.
    Layer(Layer),
    /// The host's care in taking results; lifted, they are read by their path, as any program reads a file.
    Outputs,
}

impl Guard {
    pub(crate) fn named(name: &str) -> Option<Guard> {
        let layers = Layer::ALL.iter().copied().map(Guard::Layer);
        layers.chain([Guard::Outputs]).find(|guard| guard.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Guard::Layer(layer) => layer.name(),
            Guard::Outputs => "outputs",
        }
    }

    /// Whether it does anything on this machine, for this user.
    pub(crate) fn acts_here(self) -> bool {
        match self {
            // An ordinary user's jails have that user's own id.
            Guard::Layer(Layer::UserNamespace) => lau_agent_runtime::sandbox::own_users(),
            Guard::Layer(layer) => !layer.absent(),
            Guard::Outputs => true,
        }
    }
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How an attack ends with all layers.
#[derive(Clone, Debug)]
pub(crate) enum End {
    Says(String),
    Signal(u8),
    Stopped(&'static str),
}

#[derive(Clone, Debug)]
pub(crate) struct Attack {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) stopped: End,
    pub(crate) layers: Vec<Guard>,
    pub(crate) lift: Vec<Guard>,
    pub(crate) limits: Limits,
    /// Whether the program's word counts, since what it reaches for is an amount.
    pub(crate) word: bool,
    only: Option<String>,
    /// A file of the host, and what it must contain.
    setting: Option<(String, String)>,
}

impl Attack {
    /// Nothing, or why it means nothing here.
    pub(crate) fn left_out(&self) -> Option<String> {
        let root = lau_agent_runtime::sandbox::own_users();
        let meant = match self.only.as_deref() {
            None => true,
            Some("root") => root,
            Some("user") => !root,
            Some(other) => panic!("{}: only `{other}`?", self.name),
        };
        if !meant {
            return Some(format!("only for {}", self.only.as_deref().unwrap_or_default()));
        }
        let (file, wanted) = self.setting.as_ref()?;
        let found = fs::read_to_string(file).unwrap_or_default();
        (found.trim() != wanted).then(|| format!("{file} is not {wanted}"))
    }
}

impl End {
    pub(crate) fn check(&self, seen: &Observation) -> Result<(), String> {
        let as_stated = match self {
            End::Says(text) => seen.output.lines().any(|line| line.starts_with(text.as_str())),
            End::Signal(number) => seen.ended == format!("signal {number}"),
            End::Stopped(why) => seen.ended == *why,
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

/// The lines `// key: value` that a file begins with.
pub(crate) fn header(text: &str) -> Vec<(&str, &str)> {
    text.lines().map_while(|line| line.strip_prefix("// ")?.split_once(": ")).collect()
}

fn read(path: &std::path::Path) -> Attack {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
    let header = header(&text);
    let value = |key: &str| header.iter().find(|(k, _)| *k == key).map(|(_, value)| value.trim());
    let needed = |key: &str| value(key).unwrap_or_else(|| panic!("{name}: no line `{key}`"));
    const KEYS: [&str; 10] = [
        "attack",
        "stopped",
        "ungrouped",
        "layers",
        "lift",
        "limits",
        "only",
        "where",
        "evidence",
        "why",
    ];
    for (key, _) in &header {
        assert!(KEYS.contains(key), "{name}: `{key}`?");
    }
    assert!(!needed("attack").is_empty());
    let guards = |key: &str| -> Vec<Guard> {
        let guard = |word| Guard::named(word).unwrap_or_else(|| panic!("{name}: layer `{word}`?"));
        needed(key).split_whitespace().map(guard).collect()
    };
    let stopped = match value("ungrouped") {
        Some(ungrouped) if !Guard::Layer(Layer::MemoryGroup).acts_here() => ungrouped,
        _ => needed("stopped"),
    };
    let attack = Attack {
        stopped: end(stopped).unwrap_or_else(|| panic!("{name}: stopped how?")),
        layers: guards("layers"),
        lift: guards("lift"),
        limits: limits(value("limits").unwrap_or_default()),
        word: match value("evidence") {
            None => false,
            Some("word") => true,
            Some(other) => panic!("{name}: evidence `{other}`?"),
        },
        only: value("only").map(str::to_owned),
        setting: value("where").map(|text| {
            let (file, wanted) = text.split_once(' ').unwrap_or((text, ""));
            (file.to_owned(), wanted.to_owned())
        }),
        text: text.clone(),
        name: name.clone(),
    };
    assert!(
        attack.layers.iter().all(|layer| attack.lift.contains(layer)),
        "{name}: layers not lifted"
    );
    attack
}

fn end(text: &str) -> Option<End> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    Some(match (word, rest) {
        ("says", rest) => End::Says(rest.to_owned()),
        ("signal", rest) => End::Signal(rest.parse().ok()?),
        ("deadline", "") => End::Stopped("deadline"),
        ("output", "") => End::Stopped("output"),
        ("memory", "") => End::Stopped("memory"),
        _ => return None,
    })
}

pub(crate) fn limits(text: &str) -> Limits {
    let mut limits = Limits { wall: Duration::from_secs(10), ..Limits::default() };
    let words: Vec<&str> = text.split_whitespace().collect();
    for pair in words.chunks(2) {
        let [name, value] = pair else { panic!("limits `{text}`: a value is missing") };
        let value: u64 = value.parse().unwrap_or_else(|_| panic!("limits `{text}`"));
        match *name {
            "wall" => limits.wall = Duration::from_millis(value),
            "cpu" => limits.cpu = Duration::from_secs(value),
            "memory" => limits.memory_bytes = value << 20,
            "processes" => limits.processes = u32::try_from(value).expect("small"),
            "output" => limits.output_bytes = usize::try_from(value << 10).expect("small"),
            "workspace" => limits.workspace_bytes = value << 20,
            "file" => limits.file_bytes = value << 20,
            other => panic!("limits `{other}`?"),
        }
    }
    limits
}
