//! Every budget from nothing to enough, and what must hold whichever runs out where.

use crate::file::{Go, Setup, Step};
use crate::run::{Run, State, Way};
use lau_agent_runtime::{Energy, Program};
use std::sync::Arc;

/// Enough for every program of the corpus that asks for this.
const ENOUGH: Energy = Energy::from_thousandths(1_000_000);
/// How many budgets are tried; where there are more, they lie further apart.
const BUDGETS_MAX: u64 = 3_000;
/// How many stops are listed one by one.
const LISTED_MAX: usize = 24;

/// Runs under every budget until one is enough. Gives the stops there are, or says what does not hold.
pub(crate) fn every(way: Way, program: &Arc<Program>, setup: &Setup) -> Result<Vec<State>, String> {
    let new = || Run::new(way, program, setup).map_err(|error| error.to_string());
    let go = |run: &mut Run, go: Go, amount: Energy| {
        run.go(Step { go, amount }).map_err(|error| error.to_string())
    };
    let whole = go(&mut new()?, Go::Run, ENOUGH)?;
    let (_, walked) = new()?.walk(ENOUGH).map_err(|error| error.to_string())?;
    same("step by step", &walked, &whole)?;

    let apart = whole.energy.thousandths().div_ceil(BUDGETS_MAX).max(1);
    let mut stops: Vec<State> = Vec::new();
    for budget in (0..).map(|n| Energy::from_thousandths(n * apart)) {
        let context = |what: &str| format!("budget {budget}, {what}");
        let mut run = new()?;
        let stop = go(&mut run, Go::Run, budget)?;
        if stop.energy > budget {
            return Err(context("more used than there is"));
        }
        if stop == whole {
            return Ok(stops);
        }
        if stop.ending == "trapped energy-check" {
            // What a program sees of its budget may differ with it.
            note(&mut stops, stop).map_err(|wrong| context(&wrong))?;
            continue;
        }
        if stop.ending != "exhausted" {
            same(&context("ended"), &stop, &whole)?;
        }
        let again = go(&mut run, Go::Resume, Energy::ZERO)?;
        same(&context("resumed with nothing"), &again, &stop)?;
        let rest = go(&mut run, Go::Resume, ENOUGH.saturating_sub(budget))?;
        same(&context("resumed"), &rest, &whole)?;
        note(&mut stops, stop).map_err(|wrong| context(&wrong))?;
    }
    unreachable!("some budget is enough")
}

/// Adds a stop if it is another than the last; more budget never leads less far.
fn note(stops: &mut Vec<State>, stop: State) -> Result<(), String> {
    let Some(last) = stops.last() else {
        stops.push(stop);
        return Ok(());
    };
    if *last == stop {
        return Ok(());
    }
    let further = stop.energy >= last.energy
        && stop.instructions >= last.instructions
        && stop.calls.starts_with(&last.calls);
    if !further {
        return Err(format!("it stopped earlier than with less:\n{last:?}\n{stop:?}"));
    }
    stops.push(stop);
    Ok(())
}

fn same(what: &str, seen: &State, expected: &State) -> Result<(), String> {
    if seen == expected {
        return Ok(());
    }
    let (seen, expected) = (seen.lines("seen").join("\n"), expected.lines("expected").join("\n"));
    Err(format!("{what}:\n{seen}\n{expected}"))
}

/// A line with the energy used and the place of each stop.
pub(crate) fn told(stops: &[State]) -> String {
    let all: Vec<_> = stops.iter().map(one).collect();
    let mut listed = String::new();
    for same in all.chunk_by(|a, b| a == b).take(LISTED_MAX) {
        listed.push_str(&format!(" {}", same[0]));
        if same.len() > 1 {
            listed.push_str(&format!(" ({} times)", same.len()));
        }
    }
    if all.chunk_by(|a, b| a == b).nth(LISTED_MAX).is_some() {
        // FNV-1a, so that the line changes whenever one of the stops does.
        let hash = all.join(" ").bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        listed.push_str(&format!(" and more, all hashed {hash:016x}"));
    }
    format!("every budget: {} stops{}{listed}", all.len(), if all.is_empty() { "" } else { ":" })
}

/// Energy used and the instruction that could not be paid; a trap is marked.
fn one(stop: &State) -> String {
    let at = stop.place.split(' ').next().unwrap_or_default();
    let mark = if stop.ending == "exhausted" { "" } else { "!" };
    format!("{}@{at}{mark}", stop.energy)
}
