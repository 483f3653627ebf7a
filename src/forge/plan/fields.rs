//! A plan out of a tree, field by field.
//!
//! Each function reads one part and takes down every fault that it finds there. What is wrong with one part
//! does not keep the others from being read; only what depends on it is left unchecked. So is a plan made
//! only if there was no fault at all.

mod calls;
mod means;

use super::fault::{FaultKind, Faults, quoted};
use super::read::{Item, Table};
use super::schema::Shape;
use super::tree::Kind;
use super::types::{Language, PARAMETERS_MAX, Parameter, Signature, Type};
use super::{FILES_MAX, PURPOSE_CHARACTERS_MAX, Plan, names};

/// Reads a whole plan.
pub(super) fn plan(faults: &mut Faults<'_>, root: &Item<'_>) -> Option<Plan> {
    let table = root.table(faults, &Shape::of::<Plan>())?;
    let language = table.get("language").and_then(|item| item.word::<Language>(faults));
    let name = table
        .get("name")
        .and_then(|item| named(faults, &item, |name| names::skill(name, language)));
    let source = table.get("source").and_then(|item| source(faults, &item, language));
    let purpose = table.get("purpose").and_then(|item| purpose(faults, &item));
    let signature = table.get("signature").and_then(|item| signature(faults, &item, language));
    let known = signature.as_ref();
    let tests = table.get("tests").and_then(|item| calls::tests(faults, &item, known));
    let ceilings = or_default(&table, "ceilings", |item| means::ceilings(faults, item));
    let energy = or_default(&table, "energy", |item| means::energy(faults, item, known));
    let dependencies =
        or_default(&table, "dependencies", |item| means::dependencies(faults, item, language));
    let network = or_default(&table, "network", |item| means::network(faults, item));
    let benchmark =
        or_default(&table, "benchmark", |item| calls::benchmark(faults, item, known).map(Some));
    Some(Plan {
        name: name?,
        language: language?,
        source: source?,
        purpose: purpose?,
        signature: signature?,
        ceilings: ceilings?,
        energy: energy?,
        tests: tests?,
        benchmark: benchmark?,
        dependencies: dependencies?,
        network: network?,
    })
}

/// A field that need not be there.
fn or_default<T: Default>(
    table: &Table<'_>,
    name: &str,
    read: impl FnOnce(&Item<'_>) -> Option<T>,
) -> Option<T> {
    table.get(name).map_or_else(|| Some(T::default()), |item| read(&item))
}

/// A name that follows a rule.
fn named(
    faults: &mut Faults<'_>,
    item: &Item<'_>,
    rule: impl FnOnce(&str) -> Result<(), String>,
) -> Option<String> {
    let name = item.text(faults)?;
    if let Err(why) = rule(name) {
        let message = format!("{} is not allowed: {why}", quoted(name));
        faults.push(item.flaw(FaultKind::NotAllowed, message));
        return None;
    }
    Some(name.to_owned())
}

fn source(
    faults: &mut Faults<'_>,
    item: &Item<'_>,
    language: Option<Language>,
) -> Option<Vec<String>> {
    let files = if let Kind::Text(_) = item.node.kind {
        vec![file(faults, item, language)?]
    } else {
        item.counts(faults, "files", false, FILES_MAX).then_some(())?;
        let mut seen: Vec<String> = Vec::new();
        item.each(faults, |faults, item| {
            let file = file(faults, item, language)?;
            if let Some(message) = clash(&seen, &file) {
                faults.push(item.flaw(FaultKind::Duplicate, message));
                return None;
            }
            seen.push(file.clone());
            Some(file)
        })?
    };
    if let Some(language) = language
        && !files.iter().any(|file| names::ends_in(file, language.endings()))
    {
        let message = format!("there is no file to compile for {}", language.title());
        let help = format!("one ends in {}", endings(language.endings()));
        faults.push(item.flaw(FaultKind::Conflict, message).help(help));
    }
    Some(files)
}

fn file(faults: &mut Faults<'_>, item: &Item<'_>, language: Option<Language>) -> Option<String> {
    let file = named(faults, item, names::file)?;
    let Some(language) = language else { return Some(file) };
    let known = [language.endings(), language.header_endings()].concat();
    if !names::ends_in(&file, &known) {
        let message = format!("{} is no source file of {}", quoted(&file), language.title());
        let help = format!("such files end in {}", endings(&known));
        faults.push(item.flaw(FaultKind::Conflict, message).help(help));
        return None;
    }
    Some(file)
}

/// Why a file cannot stand beside those.
fn clash(others: &[String], file: &str) -> Option<String> {
    let within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
    };
    others.iter().find_map(|other| {
        if other == file {
            Some(format!("the file {} stands there twice", quoted(file)))
        } else if within(other, file) || within(file, other) {
            Some(format!("{} and {} cannot both be files", quoted(other), quoted(file)))
        } else {
            None
        }
    })
}

fn endings(endings: &[&str]) -> String {
    endings.iter().map(|ending| format!(".{ending}")).collect::<Vec<_>>().join(" or ")
}

fn purpose(faults: &mut Faults<'_>, item: &Item<'_>) -> Option<String> {
    let purpose = item.text(faults)?;
    let characters = purpose.chars().count();
    let message = if purpose.trim().is_empty() {
        "the purpose is empty".to_owned()
    } else if characters > PURPOSE_CHARACTERS_MAX {
        format!("{characters} characters are more than the limit of {PURPOSE_CHARACTERS_MAX}")
    } else {
        return Some(purpose.to_owned());
    };
    let flaw = item.flaw(FaultKind::NotAllowed, message);
    faults
        .push(flaw.help("say in a sentence or two what the skill is for; a person decides by it"));
    None
}

fn signature(
    faults: &mut Faults<'_>,
    item: &Item<'_>,
    language: Option<Language>,
) -> Option<Signature> {
    let table = item.table(faults, &Shape::of::<Signature>())?;
    let parameters = table.get("parameters").and_then(|item| {
        let fits = item.counts(faults, "parameters", true, PARAMETERS_MAX);
        let parameters = fits.then(|| {
            let mut seen = Vec::new();
            item.each(faults, |faults, item| parameter(faults, item, language, &mut seen))
        });
        parameters.flatten()
    });
    let result = table.get("result").and_then(|item| {
        let result = item.word::<Type>(faults)?;
        if !Type::RESULTS.contains(&result) {
            let message = format!("a result cannot be of type {result}");
            let names: Vec<_> = Type::RESULTS.iter().map(|one| one.name()).collect();
            let flaw = item.flaw(FaultKind::NotAllowed, message);
            faults.push(flaw.help(format!("results are {}", names.join(", "))));
            return None;
        }
        Some(result)
    });
    Some(Signature { parameters: parameters?, result: result? })
}

fn parameter(
    faults: &mut Faults<'_>,
    item: &Item<'_>,
    language: Option<Language>,
    seen: &mut Vec<String>,
) -> Option<Parameter> {
    let table = item.table(faults, &Shape::of::<Parameter>())?;
    let name = table.get("name").and_then(|item| {
        let name = named(faults, &item, |name| names::parameter(name, language))?;
        if seen.contains(&name) {
            let message = format!("there is a parameter {} before", quoted(&name));
            faults.push(item.flaw(FaultKind::Duplicate, message));
        }
        seen.push(name.clone());
        Some(name)
    });
    let kind = table.get("type").and_then(|item| item.word::<Type>(faults));
    Some(Parameter { name: name?, kind: kind? })
}
