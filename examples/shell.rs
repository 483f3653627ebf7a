//! An agent's shell at work on real data: all five kinds of task, with builtins over four years of
//! Seattle weather (`examples/data/seattle-weather.csv`).
//!
//! ```text
//! cargo run --example shell
//! ```

use lau_agent_runtime::{AgentShell, Builtin, MiniRuntime, RuntimeId, RuntimeResult, Value};
use std::collections::HashMap;
use std::sync::Arc;

/// A day's observations.
pub(crate) struct Day {
    date: String,
    rain_mm: f64,
    temp_max: f64,
    wind: f64,
}

fn main() {
    let table = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/seattle-weather.csv");
    let days = Arc::new(read_days(table).unwrap_or_else(|error| {
        eprintln!("{table}: {error}");
        std::process::exit(2);
    }));
    let mut shell = AgentShell::new("weather-keeper", 1000.0);
    for (task, result) in work(&mut shell, &days) {
        println!("{task}");
        println!("  output  {}", serde_json::Value::from(result.output));
        println!("  energy  {} units", result.energy_consumed);
        println!("  ran     {} instructions", result.instructions_executed);
    }
    let status = shell.shell_status();
    println!("{}", shell.abstraction.progress_report());
    println!(
        "{}: {} runtimes, active {}, {} units left there",
        status.agent_id,
        status.runtime_count,
        status.active_runtime.unwrap_or_default(),
        status.energy_remaining
    );
    for (id, domain, level) in shell.list_runtimes() {
        println!("  {id} ({domain}), level {level}");
    }
}

/// Builds a runtime for each kind of task, gives it its builtins, and runs it.
pub(crate) fn work(shell: &mut AgentShell, days: &Arc<Vec<Day>>) -> Vec<(String, RuntimeResult)> {
    type Setup = fn(&mut MiniRuntime, &Arc<Vec<Day>>);
    let tasks: [(&str, &str, Setup); 5] = [
        ("monitor the station on 2014-08-11", "station", sensor),
        ("control the fan by last week's warmth", "greenhouse", motor),
        ("manage the crew that paints the roof", "building", crew),
        ("analyse four years of rain", "climate", analysis),
        ("be the bridge to the harbour office", "harbour", bridge),
    ];
    let mut results = Vec::new();
    for (task, domain, setup) in tasks {
        let id: RuntimeId = shell.build_runtime(task, domain);
        if let Some(runtime) = shell.runtimes.get_mut(&id) {
            setup(runtime, days);
            assert!(runtime.warnings().is_empty(), "{:?}", runtime.warnings());
        }
        shell.activate(&id);
        match shell.execute() {
            Ok(result) => results.push((task.to_owned(), result)),
            Err(error) => eprintln!("{task}: {error}"),
        }
    }
    results
}

/// Reads the table.
pub(crate) fn read_days(path: &str) -> Result<Vec<Day>, Box<dyn std::error::Error>> {
    let mut days = Vec::new();
    for record in csv::Reader::from_path(path)?.deserialize() {
        let row: HashMap<String, String> = record?;
        let number = |name: &str| row[name].parse::<f64>();
        days.push(Day {
            date: row["date"].clone(),
            rain_mm: number("precipitation")?,
            temp_max: number("temp_max")?,
            wind: number("wind")?,
        });
    }
    Ok(days)
}

fn number(value: Option<&Value>) -> f64 {
    value.and_then(Value::as_f64).unwrap_or(f64::NAN)
}

fn field(map: Option<&Value>, name: &str) -> f64 {
    if let Some(Value::Map(fields)) = map { number(fields.get(name)) } else { f64::NAN }
}

/// The reading of the day that memory names, what is alarming in it, and a report.
fn sensor(runtime: &mut MiniRuntime, days: &Arc<Vec<Day>>) {
    runtime.memory.insert("sensors".into(), Value::from("2014-08-11"));
    let days = days.clone();
    runtime.register(
        "read_sensors",
        Builtin::fallible(move |arguments| {
            let date = arguments.first().and_then(Value::as_str).unwrap_or_default();
            let day = days.iter().find(|day| day.date == date);
            let day = day.ok_or_else(|| format!("no observations of {date:?}"))?;
            Ok([("temp_max", day.temp_max), ("wind", day.wind)].into_iter().collect())
        }),
    );
    runtime.register(
        "check_thresholds",
        Builtin::new(|arguments| {
            let limits = [("temp_max", 30.0), ("wind", 8.0)];
            let over =
                limits.into_iter().filter(|(name, limit)| field(arguments.first(), name) > *limit);
            Value::from(over.map(|(name, _)| name).collect::<Vec<_>>())
        }),
    );
    runtime.register(
        "report",
        Builtin::new(|arguments| match arguments.first() {
            Some(Value::List(alerts)) if !alerts.is_empty() => {
                let names: Vec<_> = alerts.iter().filter_map(Value::as_str).collect();
                Value::from(format!("too high: {}", names.join(", ")))
            }
            Some(_) | None => Value::from("all quiet"),
        }),
    );
}

/// How hard the fan must blow, by how much warmer than the target the last week was.
fn motor(runtime: &mut MiniRuntime, days: &Arc<Vec<Day>>) {
    runtime.memory.insert("target".into(), Value::from(4.0));
    let week = &days[days.len() - 7..];
    let mean = week.iter().map(|day| day.temp_max).sum::<f64>() / 7.0;
    runtime.register("compute_error", Builtin::typed(move |target: f64| mean - target));
    runtime.register("adjust_pwm", Builtin::typed(|error: f64| (error * 40.0).clamp(0.0, 255.0)));
    runtime.register("verify", Builtin::typed(|pwm: f64| (0.0..=255.0).contains(&pwm)));
}

/// The warmest dry week, who works in it, and how it is watched over.
fn crew(runtime: &mut MiniRuntime, days: &Arc<Vec<Day>>) {
    let days = days.clone();
    runtime.register(
        "assess_task",
        Builtin::fallible(move |_| {
            let mean = |week: &[Day]| week.iter().map(|day| day.temp_max).sum::<f64>() / 7.0;
            let dry = days.windows(7).filter(|week| week.iter().all(|day| day.rain_mm == 0.0));
            let best = dry.max_by(|a, b| mean(a).total_cmp(&mean(b)));
            let best = best.ok_or("there is no dry week")?;
            Ok([
                ("from", Value::from(best[0].date.as_str())),
                ("to", Value::from(best[6].date.as_str())),
                ("warmth", Value::from(mean(best))),
            ]
            .into_iter()
            .collect())
        }),
    );
    runtime.register(
        "pick_archetype",
        Builtin::new(|arguments| {
            Value::from(if field(arguments.first(), "warmth") > 30.0 {
                "early bird"
            } else {
                "day shift"
            })
        }),
    );
    runtime.register(
        "assign",
        Builtin::new(|mut arguments| {
            let assessment = arguments.pop().unwrap_or_default();
            let who = arguments.pop().unwrap_or_default();
            [("who", who), ("when", assessment)].into_iter().collect()
        }),
    );
    runtime.register(
        "monitor",
        Builtin::new(|arguments| arguments.into_iter().next().unwrap_or_default()),
    );
}

/// Sum and days of rain; the wettest day; and whether the wet days make up the sum.
fn analysis(runtime: &mut MiniRuntime, days: &Arc<Vec<Day>>) {
    let table = days.clone();
    runtime.register(
        "load_data",
        Builtin::new(move |_| Value::from(table.iter().map(|day| day.rain_mm).collect::<Vec<_>>())),
    );
    runtime.register(
        "compute_statistics",
        Builtin::new(|arguments| {
            let rain = numbers(arguments.first());
            let wet = rain.iter().filter(|mm| **mm > 0.0).count() as f64;
            [("sum", rain.iter().sum()), ("wet_days", wet)].into_iter().collect()
        }),
    );
    let days = days.clone();
    runtime.register(
        "find_patterns",
        Builtin::new(move |_| {
            let wettest = days.iter().max_by(|a, b| a.rain_mm.total_cmp(&b.rain_mm));
            let wet: Vec<f64> = days.iter().map(|day| day.rain_mm).filter(|mm| *mm > 0.0).collect();
            [
                ("wettest", Value::from(wettest.map(|day| day.date.as_str()))),
                ("wet_sum", Value::from(wet.iter().sum::<f64>())),
            ]
            .into_iter()
            .collect()
        }),
    );
    runtime.register(
        "verify_conservation",
        Builtin::fallible(|arguments| {
            let (sum, wet) = (field(arguments.first(), "sum"), field(arguments.get(1), "wet_sum"));
            if (sum - wet).abs() > 1e-6 {
                return Err(format!("{wet} mm on wet days, {sum} mm in all").into());
            }
            let [statistics, patterns] = <[Value; 2]>::try_from(arguments).unwrap_or_default();
            Ok([("statistics", statistics), ("patterns", patterns)].into_iter().collect())
        }),
    );
}

/// A conversation with the harbour office, which wants to know the windiest day.
fn bridge(runtime: &mut MiniRuntime, days: &Arc<Vec<Day>>) {
    runtime.register("connect", Builtin::new(|_| Value::Reference("harbour".into())));
    runtime.register("handshake", Builtin::new(|_| Value::from(true)));
    runtime.register("send", Builtin::new(|_| Value::from(true)));
    let days = days.clone();
    runtime.register(
        "receive",
        Builtin::new(move |_| {
            let windiest = days.iter().max_by(|a, b| a.wind.total_cmp(&b.wind));
            Value::from(
                windiest.map(|day| format!("{} was the windiest: {} m/s", day.date, day.wind)),
            )
        }),
    );
    runtime.register(
        "verify",
        Builtin::fallible(|arguments| match arguments.into_iter().next() {
            Some(Value::Text(answer)) => Ok(Value::Text(answer)),
            other => Err(format!("not an answer: {other:?}").into()),
        }),
    );
    runtime.register("disconnect", Builtin::new(|_| Value::Null));
}

fn numbers(list: Option<&Value>) -> Vec<f64> {
    match list {
        Some(Value::List(items)) => items.iter().filter_map(Value::as_f64).collect(),
        Some(_) | None => Vec::new(),
    }
}
