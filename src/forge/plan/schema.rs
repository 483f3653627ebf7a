//! The JSON Schema of plans, and what the reader learns from it about the fields of each table.

use super::Plan;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value};
use std::sync::LazyLock;

static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    let settings = SchemaSettings::draft2020_12().for_deserialize();
    settings.into_generator().into_root_schema_for::<Plan>().to_value()
});

/// The JSON Schema (draft 2020-12) of plans: of the JSON form, and so of what a TOML document stands for. It is
/// derived from the types of this module. What it refuses, [`Plan::read`] refuses; which fields fit each
/// other it does not say.
///
/// ```
/// use lau_agent_runtime::forge::plan;
/// let schema = plan::schema();
/// assert_eq!(schema["properties"]["ceilings"]["$ref"], "#/$defs/Ceilings");
/// ```
#[must_use]
pub fn schema() -> Value {
    SCHEMA.clone()
}

/// The part of the schema that is about one type of table.
#[derive(Debug)]
pub(super) struct Shape(&'static Value);

impl Shape {
    /// That of a type which plans are made of.
    pub(super) fn of<T: JsonSchema>() -> Shape {
        let inner = &SCHEMA["$defs"][T::schema_name().as_ref()];
        Shape(if inner.is_null() { &SCHEMA } else { inner })
    }

    fn properties(&self) -> impl Iterator<Item = (&'static String, &'static Value)> {
        self.0["properties"].as_object().into_iter().flat_map(Map::iter)
    }

    /// The names of its fields.
    pub(super) fn fields(&self) -> impl Iterator<Item = &'static str> {
        self.properties().map(|(name, _)| name.as_str())
    }

    /// The names of those that must be there.
    pub(super) fn required(&self) -> impl Iterator<Item = &'static str> {
        self.0["required"].as_array().into_iter().flatten().filter_map(Value::as_str)
    }

    /// What a field means, in a sentence or two without the last full stop.
    pub(super) fn meaning(&self, name: &str) -> String {
        let text = self.0["properties"][name]["description"].as_str().unwrap_or_default();
        text.trim_end_matches('.').split_whitespace().collect::<Vec<_>>().join(" ")
    }
}
