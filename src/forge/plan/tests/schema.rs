//! The schema and the reader, held against each other.

use super::*;
use regex::Regex;
use serde_json::{Value as Json, json};

/// A plan in which every field that there is stands.
const FULL: &str = r#"{
  "name": "every_field", "language": "python", "source": ["a.py", "b/c.py"], "purpose": "All of it.",
  "signature": {"result": "number", "parameters": [{"type": "text", "name": "t"}]},
  "ceilings": {"memory_bytes": 33554432, "cpu_ms": 200, "wall_ms": 300, "processes": 2,
               "output_bytes": 100},
  "energy": {"per": {"t": 0.01}, "base": 2.5},
  "tests": [{"input": ["x"], "expected": 1}, {"input": [""], "fails": true}],
  "benchmark": {"repeat": 1000, "input": ["x"]},
  "dependencies": [{"name": "numpy", "version": "2.1",
    "sha256": "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"}],
  "network": "none"
}"#;

/// Whether a schema accepts a value. Knows the words that the schema of plans has, and no others.
fn accepts(root: &Json, schema: &Json, value: &Json) -> bool {
    let Some(words) = schema.as_object() else { return schema == &json!(true) };
    words.iter().all(|(word, says)| {
        let list = || says.as_array().expect("a list").iter();
        let bound = || says.as_f64().expect("a number");
        let length = |of: Option<usize>, fits: fn(f64, f64) -> bool| {
            of.is_none_or(|length| fits(length as f64, bound()))
        };
        let characters = value.as_str().map(|text| text.chars().count());
        let items = value.as_array();
        match word.as_str() {
            "$schema" | "$defs" | "title" | "description" | "default" | "format" => true,
            "$ref" => {
                let at = says.as_str().and_then(|at| at.strip_prefix('#')).expect("a place");
                accepts(root, root.pointer(at).expect("a definition"), value)
            }
            "type" => match says.as_str().expect("a type") {
                "object" => value.is_object(),
                "array" => value.is_array(),
                "string" => value.is_string(),
                "boolean" => value.is_boolean(),
                "number" => value.is_number(),
                "integer" => value.as_f64().is_some_and(|n| n.fract() == 0.0),
                other => panic!("unknown type {other}"),
            },
            "enum" => list().any(|one| one == value),
            "const" => says == value,
            "oneOf" => list().filter(|one| accepts(root, one, value)).count() == 1,
            "anyOf" => list().any(|one| accepts(root, one, value)),
            "required" => value
                .as_object()
                .is_none_or(|table| list().all(|name| table.contains_key(name.as_str().unwrap()))),
            "properties" => value.as_object().is_none_or(|table| {
                table.iter().all(|(name, inner)| {
                    says.get(name).is_none_or(|schema| accepts(root, schema, inner))
                })
            }),
            "additionalProperties" => value.as_object().is_none_or(|table| {
                table.iter().all(|(name, inner)| {
                    let known =
                        words.get("properties").is_some_and(|known| known.get(name).is_some());
                    known || accepts(root, says, inner)
                })
            }),
            "items" => items.is_none_or(|items| items.iter().all(|item| accepts(root, says, item))),
            "minItems" => length(items.map(Vec::len), |length, bound| length >= bound),
            "maxItems" => length(items.map(Vec::len), |length, bound| length <= bound),
            "uniqueItems" => items.is_none_or(|items| {
                items.iter().enumerate().all(|(at, item)| !items[..at].contains(item))
            }),
            "minLength" => length(characters, |length, bound| length >= bound),
            "maxLength" => length(characters, |length, bound| length <= bound),
            "minimum" => value.as_f64().is_none_or(|n| n >= bound()),
            "maximum" => value.as_f64().is_none_or(|n| n <= bound()),
            "pattern" => value.as_str().is_none_or(|text| {
                Regex::new(says.as_str().expect("a pattern")).expect("a pattern").is_match(text)
            }),
            other => panic!("the schema says `{other}`, which is not known here"),
        }
    })
}

fn parsed(text: &str) -> Json {
    serde_json::from_str(text).expect("JSON")
}

/// The places of all values in a value.
fn places(value: &Json, at: String, found: &mut Vec<String>) {
    found.push(at.clone());
    match value {
        Json::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                places(item, format!("{at}/{index}"), found);
            }
        }
        Json::Object(entries) => {
            for (name, inner) in entries {
                places(inner, format!("{at}/{name}"), found);
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

#[test]
fn good_plans_are_accepted() {
    let schema = schema();
    for text in [EXAMPLE_JSON, FULL] {
        let plan = json(text);
        let written = serde_json::to_value(&plan).unwrap();
        for value in [parsed(text), written] {
            assert!(accepts(&schema, &schema, &value), "{value}");
        }
    }
}

#[test]
fn the_full_plan_has_every_field() {
    let schema = schema();
    let definitions = schema["$defs"].as_object().unwrap().values();
    for table in definitions.chain([&schema]) {
        for name in table["properties"].as_object().into_iter().flat_map(|names| names.keys()) {
            assert!(FULL.contains(&format!("\"{name}\":")), "{name}");
            let meaning = &table["properties"][name]["description"];
            assert!(meaning.as_str().is_some_and(|meaning| meaning.ends_with('.')), "{name}");
        }
    }
}

/// Puts all kinds of values at every place of a plan, and takes every field away: what the schema refuses,
/// the reader refuses. So there is no field that the reader passes over.
#[test]
fn what_the_schema_refuses_is_not_read() {
    let others = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1e12),
        json!(""),
        json!("x"),
        json!("a b"),
        json!([]),
        json!([[]]),
        json!(["a.py", "a.py"]),
        json!({}),
        json!({ "nothing": 1 }),
    ];
    let schema = schema();
    let (mut refused, mut read) = (0, 0);
    let full = parsed(FULL);
    let mut all = Vec::new();
    places(&full, String::new(), &mut all);
    let mut check = |value: &Json| {
        let fits = accepts(&schema, &schema, value);
        let plan = Plan::read(&value.to_string(), Form::Json);
        assert!(fits || plan.is_err(), "the schema refuses {value}");
        refused += usize::from(!fits);
        read += usize::from(plan.is_ok());
    };
    for place in &all {
        for other in &others {
            let mut changed = full.clone();
            *changed.pointer_mut(place).unwrap() = other.clone();
            check(&changed);
        }
        let (outer, name) = place.rsplit_once('/').unwrap_or_default();
        let mut changed = full.clone();
        if let Some(Json::Object(table)) = changed.pointer_mut(outer) {
            table.remove(name);
            check(&changed);
        }
    }
    assert!(refused > 400 && read > 20, "{refused} refused by the schema, {read} read");
}

#[test]
fn the_schema_tells_what_holds_by_default() {
    let schema = schema();
    let text = r#"{"name": "least", "language": "c", "source": "a.c", "purpose": "?",
        "signature": {"parameters": [], "result": "bool"}, "tests": [{"input": [], "expected": true}]}"#;
    let mut value = parsed(text);
    let hash = json(text).hash();
    for (name, field) in schema["properties"].as_object().unwrap() {
        if let Some(default) = field.get("default") {
            value[name] = default.clone();
        }
    }
    assert_eq!(value.as_object().unwrap().len(), 10, "{value}");
    assert_eq!(json(&value.to_string()).hash(), hash);
    for (name, field) in schema["$defs"]["Ceilings"]["properties"].as_object().unwrap() {
        assert_eq!(value["ceilings"][name], field["default"]);
    }
}
