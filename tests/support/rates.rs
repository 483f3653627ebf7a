//! What the tests reached: counted over what was really executed, so that a generator which only traps
//! is noticed.

use super::scene::{Expected, Scene};
use super::seen::{Seen, SeenEnding};
use lau_runtime::TrapKind;
use lau_runtime::program::opcode::TABLE;
use std::collections::BTreeMap;
use std::fmt;

/// Counts by instruction, by ending and by noteworthy thing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rates {
    instructions: BTreeMap<&'static str, u64>,
    endings: BTreeMap<&'static str, u64>,
    /// Of runs with plenty of energy and room alone: what the generator's programs come to.
    whole: BTreeMap<&'static str, u64>,
    features: BTreeMap<&'static str, u64>,
    runs: u64,
}

impl Rates {
    /// Counts one plan that was played.
    pub(crate) fn count(&mut self, scene: &Scene, expected: &Expected) {
        self.runs += 1;
        for (instruction, n) in scene.instructions.iter().zip(&expected.trace.executed) {
            *self.instructions.entry(instruction.opcode().row().name).or_default() += n;
        }
        for (feature, n) in &expected.trace.features {
            *self.features.entry(feature).or_default() += n;
        }
        let deep = [(100, "100 calls deep"), (10, "10 calls deep"), (1, "a call")];
        let high = [(100, "100 values high"), (10, "10 values high")];
        let mut feature = |name| *self.features.entry(name).or_default() += 1;
        deep.iter().filter(|(n, _)| expected.trace.deepest >= *n).for_each(|(_, f)| feature(f));
        high.iter().filter(|(n, _)| expected.trace.highest >= *n).for_each(|(_, f)| feature(f));
        if expected.accepted.contains(&false) {
            feature("memory refused");
        }
        for seen in &expected.seen {
            *self.endings.entry(ending(seen)).or_default() += 1;
            if seen.memory.is_none() {
                *self.features.entry("memory not compared").or_default() += 1;
            }
            if seen.stack.is_none() {
                *self.features.entry("stack not compared").or_default() += 1;
            }
        }
    }

    /// Counts the ending of a run with plenty of energy and room.
    pub(crate) fn count_whole(&mut self, seen: &Seen) {
        *self.whole.entry(ending(seen)).or_default() += 1;
    }

    /// Names of instructions and kinds of trap that were never reached.
    pub(crate) fn missed(&self) -> Vec<&'static str> {
        let instructions = TABLE.iter().map(|row| row.name);
        let missed =
            instructions.filter(|name| self.instructions.get(name).is_none_or(|n| *n == 0));
        let traps = TrapKind::ALL.iter().map(|kind| kind.code());
        missed.chain(traps.filter(|code| !self.endings.contains_key(code))).collect()
    }
}

fn ending(seen: &Seen) -> &'static str {
    match &seen.ending {
        SeenEnding::Finished { .. } => "finished",
        SeenEnding::Exhausted => "exhausted",
        SeenEnding::Trapped { kind, .. } => kind.code(),
    }
}

impl fmt::Display for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tables = [
            ("instructions", &self.instructions),
            ("endings", &self.endings),
            ("endings with plenty", &self.whole),
            ("features", &self.features),
        ];
        writeln!(f, "{} runs", self.runs)?;
        for (title, counts) in tables {
            let sum: u64 = counts.values().sum();
            writeln!(f, "{title}: {sum}")?;
            for (name, n) in counts {
                writeln!(f, "  {name:<22} {n:>10}  {:>6.2} %", 100.0 * *n as f64 / sum as f64)?;
            }
        }
        Ok(())
    }
}
