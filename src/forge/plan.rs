//! Plans: what an agent writes to ask for a native skill.
//!
//! A plan is TOML or JSON, and hostile input like everything a model wrote. Reading requires nothing of it and
//! leaves behind either a [`Plan`] in which every name, number and test has been checked, against its own
//! rules and against the other fields, or a [`PlanError`] with all that is wrong, each fault with line, column,
//! the path of its field, and what to do. There is no other way to make a plan, and none to change one.
//!
//! Reading goes in three steps, the same for both forms: text to a tree that knows its places
//! (`tree`), tree to fields by hand-written readers that go on after a fault (`fields`), fields to the types
//! of this module (`types`, `energy`, `sample`). The JSON Schema is derived from the types, and the
//! readers take from it which fields there are.
//!
//! What is deliberately not known here: whether a language can be built on this machine, whether the source
//! files exist, what a policy allows, and whether the plan is a good one. Texts of a plan are
//! kept as they were written; whoever shows them escapes them.
//!
//! What the fields mean is told in `docs/plan.md`.

mod energy;
mod fault;
mod fields;
mod names;
mod read;
mod sample;
mod schema;
mod tree;
mod types;

#[cfg(test)]
mod tests;

pub use energy::{BASE_UNITS_MAX, EnergyRule, RATE_UNITS_MAX, Rate};
pub use fault::{FAULTS_MAX, Fault, FaultKind, PlanError};
pub use names::FILE_NAME_BYTES_MAX;
pub use sample::Sample;
pub use schema::schema;
pub use tree::NESTING_MAX;
pub use types::{
    Benchmark, Ceilings, Dependency, Expected, Language, Network, PARAMETERS_MAX, Parameter,
    REPEAT_DEFAULT, REPEAT_MAX, Signature, SizeUnit, Test, Type,
};

use fault::{Faults, Flaw, lone};
use lau_runtime::Energy;
use read::Item;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use std::path::Path;

/// The longest text of a plan, in bytes.
pub const PLAN_BYTES_MAX: usize = 64 << 10;
/// The longest text of a plan on record, in bytes: what is written short in a plan can be longer there.
pub const RECORD_BYTES_MAX: usize = 1 << 20;
/// The longest purpose, in characters.
pub const PURPOSE_CHARACTERS_MAX: usize = 2_000;
/// How many source files a skill may have.
pub const FILES_MAX: usize = 64;
/// How many tests a plan may have.
pub const TESTS_MAX: usize = 1_000;
/// How many packages a skill may have.
pub const DEPENDENCIES_MAX: usize = 64;

/// How the text of a plan is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// TOML.
    Toml,
    /// JSON.
    Json,
}

impl Form {
    /// The form of a file, by the ending of its name.
    ///
    /// ```
    /// use lau_agent_runtime::forge::plan::Form;
    /// assert_eq!(Form::of("skills/smooth.toml".as_ref()), Some(Form::Toml));
    /// assert_eq!(Form::of("smooth.c".as_ref()), None);
    /// ```
    #[must_use]
    pub fn of(path: &Path) -> Option<Form> {
        let ending = path.extension()?.to_str()?;
        [("toml", Form::Toml), ("json", Form::Json)]
            .into_iter()
            .find_map(|(known, form)| ending.eq_ignore_ascii_case(known).then_some(form))
    }
}

/// A request for a native skill: what it is called, what it takes and gives, what it may use, what it costs,
/// and how to tell that it works.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Plan {
    /// The skill's name, by which programs call it: a lower-case letter, then lower-case letters, digits
    /// and `_`.
    #[schemars(regex(pattern = names::SKILL_PATTERN))]
    name: String,
    /// The language of the source: c, cpp, rust or python.
    language: Language,
    /// The source files, named from the plan's folder: one, or a list of which all are compiled together. In
    /// Rust and Python the first is where the skill's function is.
    #[schemars(schema_with = "source_schema")]
    source: Vec<String>,
    /// What the skill is for, in a sentence or two, for the person who decides.
    #[schemars(length(min = 1, max = PURPOSE_CHARACTERS_MAX), regex(pattern = r"\S"))]
    purpose: String,
    /// What the skill takes and gives.
    signature: Signature,
    /// What a call may use at most.
    #[schemars(default)]
    ceilings: Ceilings,
    /// What a call costs beside the one unit of every call.
    #[schemars(default)]
    energy: EnergyRule,
    /// Calls, and how each must end; all are made before the skill may serve.
    #[schemars(length(min = 1, max = TESTS_MAX))]
    tests: Vec<Test>,
    /// A call whose time is compared with that of the version which the skill replaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "Benchmark")]
    benchmark: Option<Benchmark>,
    /// The packages that the source imports; only Python has any.
    #[schemars(default, length(max = DEPENDENCIES_MAX))]
    dependencies: Vec<Dependency>,
    /// What of the network the skill has: none.
    #[schemars(default)]
    network: Network,
}

/// One name of a file, or several.
fn source_schema(_: &mut SchemaGenerator) -> Schema {
    let file = json_schema!({
        "type": "string", "maxLength": FILE_NAME_BYTES_MAX, "pattern": names::FILE_PATTERN,
    });
    let files = json_schema!({
        "type": "array", "items": file, "minItems": 1, "maxItems": FILES_MAX, "uniqueItems": true,
    });
    json_schema!({ "anyOf": [file, files] })
}

impl Plan {
    /// Reads a plan.
    ///
    /// # Errors
    /// If the text is longer than [`PLAN_BYTES_MAX`], is not of that form, or has anything in it that is wrong:
    /// all of that, up to [`FAULTS_MAX`] faults.
    ///
    /// ```
    /// use lau_agent_runtime::forge::plan::{Form, Plan};
    /// let error = Plan::read("name = \"smooth\"\nlanguage = \"rustc\"", Form::Toml).unwrap_err();
    /// let fault = error.faults.last().unwrap();
    /// assert_eq!((fault.line, fault.column, fault.path.as_str()), (2, 12, "language"));
    /// ```
    pub fn read(text: &str, form: Form) -> Result<Plan, PlanError> {
        read_bounded(text, form, PLAN_BYTES_MAX)
    }

    /// Reads a plan that was written out by its `Serialize` as JSON, from a record of it.
    ///
    /// # Errors
    /// As [`Plan::read`], but the text may have [`RECORD_BYTES_MAX`] bytes.
    pub fn read_record(text: &str) -> Result<Plan, PlanError> {
        read_bounded(text, Form::Json, RECORD_BYTES_MAX)
    }

    /// The hash of what the plan says: equal for equal plans, whichever form they were written in, however
    /// they were laid out, and whether or not they say what holds anyway.
    ///
    /// It is BLAKE3 over the JSON that `Serialize` writes, which has every field in a fixed order.
    #[must_use]
    pub fn hash(&self) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_derive_key("lau-agent-runtime forge plan 1");
        // Writing into a hasher cannot fail, and the types of a plan have no key that is no text.
        let written = serde_json::to_writer(&mut hasher, self);
        debug_assert!(written.is_ok(), "{written:?}");
        hasher.finalize()
    }

    /// What a call with arguments of these sizes costs, beside the one unit of every call. Sizes are in the
    /// order of the parameters, each in the unit of its type ([`Type::size_unit`]); one that is not given is 0.
    #[must_use]
    pub fn energy_of(&self, sizes: &[u64]) -> Energy {
        self.energy.of(|name| {
            let at = self.signature.parameters.iter().position(|known| known.name == name);
            at.and_then(|at| sizes.get(at)).copied().unwrap_or(0)
        })
    }

    /// The skill's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The language of the source.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    /// The source files, each a plain relative path below the plan's folder; at least one, none twice.
    #[must_use]
    pub fn source(&self) -> &[String] {
        &self.source
    }

    /// What the skill is for, as the agent wrote it: any characters, so escape it where it is shown.
    #[must_use]
    pub fn purpose(&self) -> &str {
        &self.purpose
    }

    /// What the skill takes and gives.
    #[must_use]
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// What a call may use at most.
    #[must_use]
    pub fn ceilings(&self) -> &Ceilings {
        &self.ceilings
    }

    /// What a call costs beside the one unit of every call.
    #[must_use]
    pub fn energy(&self) -> &EnergyRule {
        &self.energy
    }

    /// Calls, and how each must end; at least one.
    #[must_use]
    pub fn tests(&self) -> &[Test] {
        &self.tests
    }

    /// A call whose time is taken, if there is one.
    #[must_use]
    pub fn benchmark(&self) -> Option<&Benchmark> {
        self.benchmark.as_ref()
    }

    /// The packages that the source imports; none unless it is Python.
    #[must_use]
    pub fn dependencies(&self) -> &[Dependency] {
        &self.dependencies
    }

    /// What of the network the skill has.
    #[must_use]
    pub fn network(&self) -> Network {
        self.network
    }
}

fn read_bounded(text: &str, form: Form, bytes_max: usize) -> Result<Plan, PlanError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.len() > bytes_max {
        let message = format!("{} bytes are more than the limit of {bytes_max}", text.len());
        return Err(lone(text, Flaw::new(FaultKind::TooLarge, 0, &tree::Path::ROOT, message)));
    }
    let root = tree::read(text, form).map_err(|flaw| lone(text, flaw))?;
    let mut faults = Faults::new(text);
    let plan = fields::plan(&mut faults, &Item { node: &root, path: tree::Path::ROOT });
    match plan {
        Some(plan) if faults.is_empty() => Ok(plan),
        _ => {
            debug_assert!(!faults.is_empty(), "what could not be read has a fault");
            Err(faults.into_error())
        }
    }
}
