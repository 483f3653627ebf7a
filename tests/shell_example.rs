//! The shell example does what it says: its results against figures computed from the table by other
//! means (a script over the CSV file), and its energy by the table of prices.

#[expect(dead_code, reason = "the example's `main` prints what is checked here")]
#[path = "../examples/shell.rs"]
mod example;

use lau_agent_runtime::{AgentShell, Value};
use std::sync::Arc;

#[test]
fn all_five_tasks_give_what_the_table_says() {
    let table = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/seattle-weather.csv");
    let days = Arc::new(example::read_days(table).expect("the table"));
    let mut shell = AgentShell::new("test", 1000.0);
    let results = example::work(&mut shell, &days);
    let outputs: Vec<Value> = results.iter().map(|(_, result)| result.output.clone()).collect();
    let week: Value = [
        ("from", Value::from("2015-06-30")),
        ("to", Value::from("2015-07-06")),
        ("warmth", Value::from(32.214_285_714_285_715)),
    ]
    .into_iter()
    .collect();
    let statistics: Value =
        [("sum", 4_426.000_000_000_008), ("wet_days", 623.0)].into_iter().collect();
    let patterns: Value =
        [("wettest", Value::from("2015-03-15")), ("wet_sum", Value::from(4_426.000_000_000_008))]
            .into_iter()
            .collect();
    let expected = [
        Value::from("too high: temp_max"),
        Value::from(true),
        [("who", Value::from("early bird")), ("when", week)].into_iter().collect(),
        [("statistics", statistics), ("patterns", patterns)].into_iter().collect(),
        Value::from("2012-12-17 was the windiest: 9.5 m/s"),
    ];
    assert_eq!(outputs, expected);

    // Loads, stores and pushes 0.1, pops and returns 0.05, calls 1.0; only the analysis moves enough data to
    // pay for it: a list of 1461 numbers (32 + 8 · 1461 bytes) as one answer and as argument of two calls,
    // the second together with a map of two numbers (32 + 32 + 3 + 32 + 8 bytes), beyond 1024 bytes each.
    let list = 32 + 8 * 1461;
    let map = 32 + 2 * 32 + "sum".len() + "wet_days".len();
    let moved = (list - 1024) + (list - 1024) + (list + map - 1024);
    let plain = [5 * 100 + 3 * 1000 + 50, 3550, 8 * 100 + 4 * 1000 + 50, 8 * 100 + 4000 + 50];
    let bridge = 100 * (3 + 5 + 1) + 1000 * 6 + 50 * (3 + 1) + 100;
    let energy: Vec<u64> =
        results.iter().map(|(_, r)| (r.energy_consumed * 1000.0).round() as u64).collect();
    let analysis = plain[3] + moved as u64;
    assert_eq!(energy, [plain[0], plain[1], plain[2], analysis, bridge]);
    let status = shell.shell_status();
    assert_eq!(
        (status.runtime_count, status.energy_remaining),
        (5, 100.0 - bridge as f64 / 1000.0)
    );
}
