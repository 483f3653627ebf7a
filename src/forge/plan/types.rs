//! The parts of a plan, as types. The JSON Schema is derived from them: what the comments say, agents read.

use super::names;
use super::sample::Sample;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;

/// How many parameters a skill may have.
pub const PARAMETERS_MAX: usize = 32;
/// How often a benchmark may repeat its call.
pub const REPEAT_MAX: u64 = 1_000_000;
/// How often a benchmark repeats its call unless it says otherwise.
pub const REPEAT_DEFAULT: u64 = 100;

/// A type that plans write as one of a few words.
pub(super) trait Word: Copy + 'static {
    /// What it is, for messages.
    const WHAT: &str;
    /// Every word.
    const ALL: &[Self];
    /// What others say for it, divided by blanks, and the word here.
    const ELSEWHERE: &[(&str, &str)];

    /// The word for it.
    fn name(self) -> &'static str;
}

/// What language a skill is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// C.
    C,
    /// C++.
    Cpp,
    /// Rust.
    Rust,
    /// Python.
    Python,
}

impl Language {
    /// Every language.
    pub const ALL: &[Language] = &[Language::C, Language::Cpp, Language::Rust, Language::Python];

    /// Its name in plans.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Language::C => "c",
            Language::Cpp => "cpp",
            Language::Rust => "rust",
            Language::Python => "python",
        }
    }

    /// Its name for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Language::C => "C",
            Language::Cpp => "C++",
            Language::Rust => "Rust",
            Language::Python => "Python",
        }
    }

    /// The endings of files that are compiled, without the dot.
    #[must_use]
    pub fn endings(self) -> &'static [&'static str] {
        match self {
            Language::C => &["c"],
            Language::Cpp => &["cpp", "cc", "cxx"],
            Language::Rust => &["rs"],
            Language::Python => &["py"],
        }
    }

    /// The endings of files that others include, without the dot.
    #[must_use]
    pub fn header_endings(self) -> &'static [&'static str] {
        match self {
            Language::C => &["h"],
            Language::Cpp => &["hpp", "hh", "hxx", "h"],
            Language::Rust | Language::Python => &[],
        }
    }
}

impl Word for Language {
    const WHAT: &str = "language";
    const ALL: &[Language] = Language::ALL;
    const ELSEWHERE: &[(&str, &str)] =
        &[("c++ cxx cc g++", "cpp"), ("rs rustc", "rust"), ("py python3 cpython", "python")];

    fn name(self) -> &'static str {
        self.name()
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The type of a parameter or of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Type {
    /// A double; in JSON the texts "NaN", "Infinity" and "-Infinity" are numbers too.
    Number,
    /// True or false.
    Bool,
    /// Unicode text.
    Text,
    /// A list of numbers.
    Numbers,
    /// Any value.
    Value,
    /// What a file holds, in memory. Only for parameters.
    Bytes,
    /// An open file. Only for parameters.
    File,
}

/// What the size of an argument counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SizeUnit {
    /// Bytes; of a text, those of its UTF-8.
    Bytes,
    /// Elements of a list of numbers; of a value, it and all values within it.
    Elements,
}

impl Type {
    /// Every type.
    pub const ALL: &[Type] = &[
        Type::Number,
        Type::Bool,
        Type::Text,
        Type::Numbers,
        Type::Value,
        Type::Bytes,
        Type::File,
    ];

    /// Those that a result may have. Programs have no value for bytes, so no skill gives them.
    pub const RESULTS: &[Type] =
        &[Type::Number, Type::Bool, Type::Text, Type::Numbers, Type::Value];

    /// Its name in plans.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Type::Number => "number",
            Type::Bool => "bool",
            Type::Text => "text",
            Type::Numbers => "numbers",
            Type::Value => "value",
            Type::Bytes => "bytes",
            Type::File => "file",
        }
    }

    /// What the size of an argument of this type counts, if it has a size.
    #[must_use]
    pub fn size_unit(self) -> Option<SizeUnit> {
        match self {
            Type::Text | Type::Bytes | Type::File => Some(SizeUnit::Bytes),
            Type::Numbers | Type::Value => Some(SizeUnit::Elements),
            Type::Number | Type::Bool => None,
        }
    }
}

impl Word for Type {
    const WHAT: &str = "type";
    const ALL: &[Type] = Type::ALL;
    const ELSEWHERE: &[(&str, &str)] = &[
        ("float double f64 int integer num", "number"),
        ("boolean", "bool"),
        ("string str", "text"),
        (
            "list array vec vector floats number[] double[] f64[] list[number] list[float]",
            "numbers",
        ),
        ("any json object map dict", "value"),
        ("blob buffer binary", "bytes"),
        ("path", "file"),
    ];

    fn name(self) -> &'static str {
        self.name()
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a skill takes and gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Signature {
    /// What the skill takes, in order; an empty list if it takes nothing.
    #[schemars(length(max = PARAMETERS_MAX))]
    pub parameters: Vec<Parameter>,
    /// The type of what the skill gives: number, bool, text, numbers or value.
    #[schemars(extend("enum" = Type::RESULTS))]
    pub result: Type,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Parameter {
    /// Its name in the source: a letter, then letters, digits and `_`; no keyword.
    #[schemars(regex(pattern = names::PARAMETER_PATTERN))]
    pub name: String,
    /// The type of what it takes: number, bool, text, numbers, value, bytes or file.
    #[serde(rename = "type")]
    pub kind: Type,
}

/// What a call may use at most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields, default)]
pub struct Ceilings {
    /// CPU time of a call, in milliseconds.
    #[schemars(range(min = Ceilings::CPU_MS.0, max = Ceilings::CPU_MS.1))]
    pub cpu_ms: u64,
    /// Time of a call by the clock, in milliseconds.
    #[schemars(range(min = Ceilings::WALL_MS.0, max = Ceilings::WALL_MS.1))]
    pub wall_ms: u64,
    /// Memory, in bytes.
    #[schemars(range(min = Ceilings::MEMORY_BYTES.0, max = Ceilings::MEMORY_BYTES.1))]
    pub memory_bytes: u64,
    /// Processes and threads, the first included.
    #[schemars(range(min = Ceilings::PROCESSES.0, max = Ceilings::PROCESSES.1))]
    pub processes: u64,
    /// What a call gives, in bytes.
    #[schemars(range(min = Ceilings::OUTPUT_BYTES.0, max = Ceilings::OUTPUT_BYTES.1))]
    pub output_bytes: u64,
}

/// Of each ceiling the lowest, the highest, and what holds where a plan says nothing.
impl Ceilings {
    /// CPU time, in milliseconds.
    pub const CPU_MS: (u64, u64, u64) = (1, 60_000, 1_000);
    /// Time by the clock, in milliseconds.
    pub const WALL_MS: (u64, u64, u64) = (1, 120_000, 5_000);
    /// Memory, in bytes.
    pub const MEMORY_BYTES: (u64, u64, u64) = (1 << 20, 1 << 30, 128 << 20);
    /// Processes and threads.
    pub const PROCESSES: (u64, u64, u64) = (1, 8, 1);
    /// What a call gives, in bytes.
    pub const OUTPUT_BYTES: (u64, u64, u64) = (1, 64 << 20, 1 << 20);
}

impl Default for Ceilings {
    fn default() -> Self {
        Ceilings {
            cpu_ms: Self::CPU_MS.2,
            wall_ms: Self::WALL_MS.2,
            memory_bytes: Self::MEMORY_BYTES.2,
            processes: Self::PROCESSES.2,
            output_bytes: Self::OUTPUT_BYTES.2,
        }
    }
}

/// A call, and how it must end.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(into = "TestForm")]
#[schemars(with = "TestForm")]
pub struct Test {
    /// The arguments, one for each parameter.
    pub input: Vec<Sample>,
    /// How it must end.
    pub expected: Expected,
}

/// How a call must end.
#[derive(Clone, Debug, PartialEq)]
pub enum Expected {
    /// It gives this.
    Gives(Sample),
    /// It fails, as the skill itself says; a crash is no failure.
    Fails,
}

/// A call, and how it must end: with `expected`, or with `fails`.
#[derive(Serialize, JsonSchema)]
#[schemars(
    rename = "Test",
    deny_unknown_fields,
    extend("oneOf" = [{"required": ["expected"]}, {"required": ["fails"]}])
)]
struct TestForm {
    /// The arguments, one for each parameter in order. Bytes and files are written as {"hex": "00ff"} or
    /// {"text": "…"}.
    #[schemars(length(max = PARAMETERS_MAX))]
    input: Vec<Sample>,
    /// What the call must give.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "Sample")]
    expected: Option<Sample>,
    /// True if the call must fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "bool", extend("const" = true))]
    fails: Option<bool>,
}

impl From<Test> for TestForm {
    fn from(test: Test) -> Self {
        let (expected, fails) = match test.expected {
            Expected::Gives(sample) => (Some(sample), None),
            Expected::Fails => (None, Some(true)),
        };
        TestForm { input: test.input, expected, fails }
    }
}

/// A call whose time is taken.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Benchmark {
    /// The arguments, one for each parameter in order, written as in tests.
    #[schemars(length(max = PARAMETERS_MAX))]
    pub input: Vec<Sample>,
    /// How often the call is made.
    #[schemars(default = "repeat_default", range(min = 1, max = REPEAT_MAX))]
    pub repeat: u64,
}

fn repeat_default() -> u64 {
    REPEAT_DEFAULT
}

/// A package of Python that the source imports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Dependency {
    /// Its name in the index of packages, in lower case.
    #[schemars(regex(pattern = names::PACKAGE_PATTERN))]
    pub name: String,
    /// Its one exact version.
    #[schemars(regex(pattern = names::VERSION_PATTERN))]
    pub version: String,
    /// The SHA-256 of its wheel: 64 hexadecimal digits in lower case.
    #[schemars(regex(pattern = names::SHA256_PATTERN))]
    pub sha256: String,
}

/// What of the network a skill has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// Nothing. There is no other.
    #[default]
    None,
}
