//! What a skill may use: ceilings, energy, packages, and of the network nothing.

use super::{named, or_default};
use crate::forge::plan::energy::{self, EnergyRule, Rate};
use crate::forge::plan::fault::{FaultKind, Faults, Flaw, quoted};
use crate::forge::plan::read::{Item, digits};
use crate::forge::plan::schema::Shape;
use crate::forge::plan::tree::Kind;
use crate::forge::plan::types::{Ceilings, Dependency, Language, Network, Signature};
use crate::forge::plan::{DEPENDENCIES_MAX, names};
use std::collections::{BTreeMap, HashSet};

/// Reads the ceilings.
pub(super) fn ceilings(faults: &mut Faults<'_>, item: &Item<'_>) -> Option<Ceilings> {
    let table = item.table(faults, &Shape::of::<Ceilings>())?;
    let mut ceiling = |name, (min, max, default)| {
        table.get(name).map_or(Some(default), |item| item.whole(faults, min, max))
    };
    let cpu_ms = ceiling("cpu_ms", Ceilings::CPU_MS);
    let wall_ms = ceiling("wall_ms", Ceilings::WALL_MS);
    let memory_bytes = ceiling("memory_bytes", Ceilings::MEMORY_BYTES);
    let processes = ceiling("processes", Ceilings::PROCESSES);
    let output_bytes = ceiling("output_bytes", Ceilings::OUTPUT_BYTES);
    Some(Ceilings {
        cpu_ms: cpu_ms?,
        wall_ms: wall_ms?,
        memory_bytes: memory_bytes?,
        processes: processes?,
        output_bytes: output_bytes?,
    })
}

/// Reads the energy.
pub(super) fn energy(
    faults: &mut Faults<'_>,
    item: &Item<'_>,
    signature: Option<&Signature>,
) -> Option<EnergyRule> {
    let table = item.table(faults, &Shape::of::<EnergyRule>())?;
    let base = or_default(&table, "base", |item| {
        let limits = (energy::BASE_UNITS_MAX, "thousandths");
        amount(faults, item, energy::base_from_units, limits)
    });
    let per = or_default(&table, "per", |item| per(faults, item, signature));
    Some(EnergyRule { base: base?, per: per? })
}

fn per(
    faults: &mut Faults<'_>,
    item: &Item<'_>,
    signature: Option<&Signature>,
) -> Option<BTreeMap<String, Rate>> {
    let mut rates = BTreeMap::new();
    for (entry, item) in item.any_table(faults)?.entries() {
        if let Some(why) = signature.and_then(|known| sizeless(known, &entry.name)) {
            let flaw = Flaw::new(FaultKind::Conflict, entry.start, &item.path, why);
            faults.push(flaw.help("rates are for parameters that are no number and no bool"));
        }
        let limits = (energy::RATE_UNITS_MAX, "millionths");
        let rate = amount(faults, &item, Rate::from_units, limits);
        rates.extend(rate.map(|rate| (entry.name.clone(), rate)));
    }
    Some(rates)
}

/// Why nothing of that name has a size.
fn sizeless(signature: &Signature, name: &str) -> Option<String> {
    match signature.parameters.iter().find(|known| known.name == name) {
        None => Some(format!("the signature has no parameter {}", quoted(name))),
        Some(known) if known.kind.size_unit().is_none() => {
            Some(format!("the parameter {} is a {}, which has no size", quoted(name), known.kind))
        }
        Some(_) => None,
    }
}

/// Reads an amount of energy.
fn amount<T>(
    faults: &mut Faults<'_>,
    item: &Item<'_>,
    from_units: impl FnOnce(f64) -> Option<T>,
    (units_max, finest): (f64, &str),
) -> Option<T> {
    let units = item.number(faults)?;
    let amount = from_units(units);
    if amount.is_none() {
        let message = format!(
            "{} is not an amount from 0 to {units_max} units in whole {finest}",
            digits(units)
        );
        faults.push(item.flaw(FaultKind::NotAllowed, message));
    }
    amount
}

/// Reads the packages.
pub(super) fn dependencies(
    faults: &mut Faults<'_>,
    item: &Item<'_>,
    language: Option<Language>,
) -> Option<Vec<Dependency>> {
    let none = item.list(faults)?.is_empty();
    if let Some(language) = language
        && language != Language::Python
        && !none
    {
        let message = format!("skills in {} have no dependencies", language.title());
        let flaw = item.flaw(FaultKind::Conflict, message);
        faults.push(flaw.help("only Python has them; put what the skill needs into its source"));
        return None;
    }
    item.counts(faults, "dependencies", true, DEPENDENCIES_MAX).then_some(())?;
    let mut seen = HashSet::new();
    item.each(faults, |faults, item| {
        let dependency = dependency(faults, item)?;
        if !seen.insert(names::package_key(&dependency.name)) {
            let message = format!("the package {} stands there twice", quoted(&dependency.name));
            faults.push(item.flaw(FaultKind::Duplicate, message));
        }
        Some(dependency)
    })
}

fn dependency(faults: &mut Faults<'_>, item: &Item<'_>) -> Option<Dependency> {
    let table = item.table(faults, &Shape::of::<Dependency>())?;
    let mut field = |name, rule: fn(&str) -> Result<(), String>| {
        table.get(name).and_then(|item| named(faults, &item, rule))
    };
    let name = field("name", names::package);
    let version = field("version", names::version);
    let sha256 = field("sha256", names::sha256);
    Some(Dependency { name: name?, version: version?, sha256: sha256? })
}

/// Reads what of the network the skill has.
pub(super) fn network(faults: &mut Faults<'_>, item: &Item<'_>) -> Option<Network> {
    if matches!(&item.node.kind, Kind::Text(text) if text == "none") {
        return Some(Network::None);
    }
    let flaw = item.flaw(FaultKind::NotAllowed, "skills have no network");
    faults.push(flaw.help("write \"none\", or leave the field out"));
    None
}
