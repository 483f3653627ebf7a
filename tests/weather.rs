//! `examples/weather.lau` against figures that come from elsewhere.
//!
//! Three ways to the same numbers: literals worked out beforehand in another language, the plain Rust
//! below, which goes by sorting and grouping where the program goes day by day, and the program itself,
//! through the library and through the command. All must agree to the bit; energy too, since a price
//! that changes is a change of the language.
#![cfg(feature = "cli")]

use lau_agent_runtime::lower::compile;
use lau_agent_runtime::{Energy, Host, Instance, Limits, Linked, TrapKind, Value};
use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;

const PROGRAM: &str = include_str!("../examples/weather.lau");
const DATA: &str = include_str!("../examples/data/seattle-weather.csv");

/// First day, last day, number of days, highest temperature.
type Spell<'a> = (&'a str, &'a str, f64, f64);

const HOT_SPELLS: &[Spell<'static>] = &[
    ("2012-08-15", "2012-08-17", 3.0, 34.4),
    ("2013-06-28", "2013-07-01", 4.0, 33.9),
    ("2013-07-23", "2013-07-26", 4.0, 31.1),
    ("2013-08-05", "2013-08-07", 3.0, 31.1),
    ("2015-06-25", "2015-06-27", 3.0, 33.3),
    ("2015-06-30", "2015-07-05", 6.0, 33.9),
    ("2015-07-29", "2015-08-02", 5.0, 34.4),
];

const RAIN_BY_MONTH: &[(&str, f64)] = &[
    ("2012-01", 173.29999999999998),
    ("2012-02", 92.3),
    ("2012-03", 183.0),
    ("2012-04", 68.09999999999998),
    ("2012-05", 52.199999999999996),
    ("2012-06", 75.1),
    ("2012-07", 26.3),
    ("2012-08", 0.0),
    ("2012-09", 0.8999999999999999),
    ("2012-10", 170.29999999999998),
    ("2012-11", 210.5),
    ("2012-12", 174.0),
    ("2013-01", 105.69999999999997),
    ("2013-02", 40.300000000000004),
    ("2013-03", 69.7),
    ("2013-04", 149.60000000000002),
    ("2013-05", 60.49999999999999),
    ("2013-06", 33.1),
    ("2013-07", 0.0),
    ("2013-08", 34.4),
    ("2013-09", 156.79999999999998),
    ("2013-10", 39.199999999999996),
    ("2013-11", 96.3),
    ("2013-12", 42.39999999999999),
    ("2014-01", 93.99999999999999),
    ("2014-02", 155.20000000000002),
    ("2014-03", 240.00000000000003),
    ("2014-04", 106.10000000000001),
    ("2014-05", 79.99999999999999),
    ("2014-06", 18.800000000000004),
    ("2014-07", 19.6),
    ("2014-08", 45.99999999999999),
    ("2014-09", 56.699999999999996),
    ("2014-10", 171.5),
    ("2014-11", 123.1),
    ("2014-12", 121.79999999999998),
    ("2015-01", 92.99999999999999),
    ("2015-02", 134.19999999999996),
    ("2015-03", 113.49999999999997),
    ("2015-04", 51.59999999999999),
    ("2015-05", 14.799999999999999),
    ("2015-06", 5.8999999999999995),
    ("2015-07", 2.3),
    ("2015-08", 83.3),
    ("2015-09", 21.1),
    ("2015-10", 122.39999999999998),
    ("2015-11", 212.6),
    ("2015-12", 284.5000000000001),
];

const WINDIEST: (&str, f64) = ("2012-12-17", 9.5);

/// What the run takes, worked out beforehand from the tables of prices, like the figures.
const ENERGY_THOUSANDTHS: u64 = 29_367_771;
const INSTRUCTIONS: u64 = 263_657;

/// One row of the file.
struct Day<'a> {
    date: &'a str,
    rain: f64,
    high: f64,
    wind: f64,
}

fn days() -> Vec<Day<'static>> {
    let number = |text: &str| text.parse::<f64>().expect("the column holds numbers");
    let day = |line: &'static str| {
        let fields: Vec<&str> = line.split(',').collect();
        Day {
            date: fields[0],
            rain: number(fields[1]),
            high: number(fields[2]),
            wind: number(fields[4]),
        }
    };
    DATA.lines().skip(1).map(day).collect()
}

/// Hot days have this in common within a spell: their place among all days less their place among
/// the hot ones.
fn hot_spells<'a>(days: &[Day<'a>]) -> Vec<Spell<'a>> {
    let hot = days.iter().enumerate().filter(|(_, day)| day.high >= 30.0);
    let mut groups: BTreeMap<usize, Vec<&Day<'a>>> = BTreeMap::new();
    for (among_hot, (among_all, day)) in hot.enumerate() {
        groups.entry(among_all - among_hot).or_default().push(day);
    }
    groups.retain(|_, group| group.len() >= 3);
    let spell = |group: Vec<&Day<'a>>| {
        let mut highs: Vec<f64> = group.iter().map(|day| day.high).collect();
        highs.sort_by(f64::total_cmp);
        let length = u32::try_from(group.len()).expect("there are few days");
        (group[0].date, group[group.len() - 1].date, length.into(), highs[highs.len() - 1])
    };
    groups.into_values().map(spell).collect()
}

/// A stable sort brings the days of a month together and leaves them in their order.
fn rain_by_month<'a>(days: &[Day<'a>]) -> Vec<(&'a str, f64)> {
    let mut by_month: Vec<(&str, f64)> =
        days.iter().map(|day| (&day.date[..7], day.rain)).collect();
    by_month.sort_by_key(|(month, _)| *month);
    let months = by_month.chunk_by(|a, b| a.0 == b.0);
    months.map(|days| (days[0].0, days.iter().fold(0.0, |sum, (_, rain)| sum + rain))).collect()
}

/// The first in order of falling wind, then of date.
fn windiest<'a>(days: &[Day<'a>]) -> (&'a str, f64) {
    let mut order: Vec<(&str, f64)> = days.iter().map(|day| (day.date, day.wind)).collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
    order[0]
}

/// The output the program should have.
fn expected(spells: &[Spell<'_>], rain: &[(&str, f64)], (date, wind): (&str, f64)) -> Value {
    let spell = |(from, to, days, peak): &Spell<'_>| {
        let text = |text: &str| Value::from(text);
        let entries = [("from", text(from)), ("to", text(to))];
        let numbers = [("days", Value::from(*days)), ("peak", Value::from(*peak))];
        entries.into_iter().chain(numbers).collect::<Value>()
    };
    let spells: Vec<Value> = spells.iter().map(spell).collect();
    let windiest = [("date", Value::from(date)), ("wind", Value::from(wind))];
    [
        ("hot_spells", Value::from(spells)),
        ("rain_by_month", rain.iter().copied().collect()),
        ("windiest", windiest.into_iter().collect()),
    ]
    .into_iter()
    .collect()
}

/// The file as `--input` makes it, by other code.
fn input() -> Value {
    let mut lines = DATA.lines().map(|line| line.split(','));
    let header: Vec<&str> = lines.next().expect("the file has a header").collect();
    let value = |field: &str| field.parse::<f64>().map_or(Value::from(field), Value::from);
    let row = |fields| header.iter().copied().zip(fields).map(|(k, v)| (k, value(v))).collect();
    Value::List(lines.map(row).collect())
}

/// An instance of the program with the data in memory.
fn instance(limits: Limits) -> Instance {
    let host = Host::default();
    let compiled = compile(PROGRAM, &host.interface());
    assert_eq!(compiled.diagnostics, [], "a model has no warnings");
    let program = Arc::new(compiled.program.expect("the program has no errors"));
    let linked = Arc::new(Linked::new(program, host.interface()));
    let mut instance = Instance::new(linked, Arc::new(host), limits).expect("the host is the same");
    instance.set_memory("weather", &input()).expect("the data are within the limits");
    instance.set_energy(Energy::ZERO, Energy::from_units(1e6));
    instance
}

#[test]
fn the_figures_agree_with_a_reckoning_by_other_means() {
    let days = days();
    assert_eq!(days.len(), 1461);
    assert_eq!(hot_spells(&days), HOT_SPELLS);
    assert_eq!(rain_by_month(&days), RAIN_BY_MONTH);
    assert_eq!(windiest(&days), WINDIEST);
}

#[test]
fn the_program_finds_the_figures() {
    let outcome = instance(Limits::default()).run();
    assert_eq!(outcome.output(), Some(&expected(HOT_SPELLS, RAIN_BY_MONTH, WINDIEST)));
    assert_eq!(outcome.energy, Energy::from_thousandths(ENERGY_THOUSANDTHS));
    assert_eq!(outcome.instructions, INSTRUCTIONS);
}

#[test]
fn the_program_copies_no_list() {
    // Beside the data there is room for the results, but not for a copy of the list of days: 32 bytes,
    // and 8 for each of the 1,461.
    let data_bytes = instance(Limits::default()).live_bytes();
    let limits = Limits { memory_bytes_max: data_bytes + 8_000, ..Limits::default() };
    assert!(instance(limits).run().output().is_some());
    let limits = Limits { memory_bytes_max: data_bytes + 1_000, ..Limits::default() };
    assert!(instance(limits).run().trap().is_some_and(|trap| trap.kind == TrapKind::MemoryLimit));
}

#[test]
fn the_command_gives_the_same() {
    let run = |json: bool| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lau"));
        command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["run", "examples/weather.lau"]);
        command.args(["--input", "weather=examples/data/seattle-weather.csv"]);
        let output = command.args(json.then_some("--json")).output().expect("the command starts");
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        output
    };
    let expected: serde_json::Value = expected(HOT_SPELLS, RAIN_BY_MONTH, WINDIEST).into();
    let printed: serde_json::Value = serde_json::from_slice(&run(false).stdout).unwrap();
    assert_eq!(printed, expected);
    let report: serde_json::Value = serde_json::from_slice(&run(true).stdout).unwrap();
    assert_eq!(report["output"], expected);
    assert_eq!(report["energy"]["used"], Energy::from_thousandths(ENERGY_THOUSANDTHS).to_units());
    assert_eq!(report["instructions"], INSTRUCTIONS);
}
