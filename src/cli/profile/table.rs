//! A profile as a table for readers: the lines of the source with what they took, then the functions.
//!
//! Energy is in units with all three decimals, so that columns add up by eye.

use super::super::args::Sort;
use super::{line, name, sorted};
use lau_agent_runtime::{Energy, Profile};
use lau_runtime::profile::Spent;
use std::fmt::Write as _;

/// The table. Where lines are in the order of the source, all are there, otherwise those that were executed.
pub(super) fn table(profile: &Profile, source: &str, sort: Sort) -> String {
    let total = profile.total();
    let columns = Columns::new(profile, source);
    let text: Vec<&str> = source.lines().collect();
    let mut out = columns.row("line", "visits", "energy", "%", "source");
    let row = |at: u32, spent: Option<Spent>| {
        let text = text.get((at as usize).wrapping_sub(1)).unwrap_or(&"");
        let text = line(if sort == Sort::Line { text } else { text.trim_start() });
        let [visits, energy, share] = spent.map_or_else(Default::default, |s| figures(s, total));
        columns.row(&at.to_string(), &visits, &energy, &share, &text)
    };
    match sort {
        Sort::Line => {
            let lines = profile.lines();
            (1..).take(text.len()).for_each(|at| out += &row(at, lines.get(&at).copied()));
        }
        Sort::Energy | Sort::Visits => {
            sorted(profile, sort).into_iter().for_each(|(at, spent)| out += &row(at, Some(spent)));
        }
    }
    let [visits, energy, share] = figures(total, total);
    out += &columns.row("", &visits, &energy, &share, "total");
    let functions = profile.functions();
    if functions.len() > 1 {
        out.push('\n');
        out += &columns.row("calls", "visits", "energy", "%", "function");
        for called in functions {
            let [visits, energy, share] = figures(called.own, total);
            let calls =
                if called.name.is_some() { called.calls.to_string() } else { String::new() };
            out += &columns.row(&calls, &visits, &energy, &share, &name(called.name.as_deref()));
        }
    }
    out
}

/// Visits, energy in units, and its share of the whole in percent.
fn figures(spent: Spent, total: Spent) -> [String; 3] {
    let part = spent.energy.thousandths() as f64 / total.energy.thousandths().max(1) as f64;
    [spent.visits.to_string(), units(spent.energy), format!("{:.1}", 100.0 * part)]
}

fn units(energy: Energy) -> String {
    let thousandths = energy.thousandths();
    format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000)
}

/// How wide the columns of figures are.
struct Columns([usize; 4]);

impl Columns {
    fn new(profile: &Profile, source: &str) -> Columns {
        let total = profile.total();
        let calls = profile.functions().into_iter().map(|f| f.calls).max().unwrap_or(0);
        let first = calls.max(source.lines().count() as u64).to_string().len();
        let [visits, energy, share] = figures(total, total);
        Columns([first.max(5), visits.len().max(6), energy.len().max(6), share.len()])
    }

    fn row(&self, first: &str, visits: &str, energy: &str, share: &str, last: &str) -> String {
        let [a, b, c, d] = self.0;
        let mut row = String::new();
        let _ = write!(row, "{first:>a$}  {visits:>b$}  {energy:>c$}  {share:>d$}  {last}");
        row.truncate(row.trim_end().len());
        row.push('\n');
        row
    }
}
