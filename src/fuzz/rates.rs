//! What was reached: counted over what was really executed, so that a generator which only traps is
//! noticed.

use super::builtins::TestBuiltin;
use super::seen::{Seen, SeenEnding};
use crate::dsl::instruction::Instruction;
use lau_runtime::TrapKind;
use lau_runtime::library;
use lau_runtime::program::opcode::{Effect, TABLE};
use std::collections::BTreeMap;
use std::fmt;

/// Calls of a function of the library.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Called {
    /// How many were paid for.
    pub executed: u64,
    /// How many of them gave a result.
    pub well: u64,
}

/// Counts by instruction, by function of the library, by ending and by noteworthy thing.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    instructions: BTreeMap<&'static str, u64>,
    library: BTreeMap<&'static str, Called>,
    endings: BTreeMap<&'static str, u64>,
    whole: BTreeMap<&'static str, u64>,
    features: BTreeMap<&'static str, u64>,
    runs: u64,
}

impl Rates {
    /// Counts so many runs of a program.
    pub fn runs(&mut self, n: u64) {
        self.runs += n;
    }

    /// Counts how often each instruction of a program was executed, in a run that was seen where it stopped.
    pub fn executed(&mut self, instructions: &[Instruction], times: &[u64], seen: &Seen) {
        let trapped = matches!(seen.ending, SeenEnding::Trapped { .. });
        for (at, (instruction, n)) in instructions.iter().zip(times).enumerate() {
            if *n == 0 {
                continue;
            }
            *self.instructions.entry(instruction.opcode().row().name).or_default() += n;
            if let Some(function) = library_function(instructions, instruction) {
                let called = self.library.entry(function).or_default();
                called.executed += n;
                called.well += n - u64::from(trapped && seen.place.1 as usize == at);
            }
        }
    }

    /// Counts how a run ended, or a part of it.
    pub fn ending(&mut self, seen: &Seen) {
        *self.endings.entry(ending(seen)).or_default() += 1;
    }

    /// Counts the ending of a run with plenty of energy and room: what a program comes to.
    pub fn whole(&mut self, seen: &Seen) {
        *self.whole.entry(ending(seen)).or_default() += 1;
    }

    /// Counts something noteworthy.
    pub fn feature(&mut self, name: &'static str, n: u64) {
        *self.features.entry(name).or_default() += n;
    }

    /// How many runs there were.
    #[must_use]
    pub fn runs_so_far(&self) -> u64 {
        self.runs
    }

    /// How many programs there were.
    #[must_use]
    pub fn programs(&self) -> u64 {
        self.whole.values().sum()
    }

    /// How many programs ended in each way with plenty of energy and room, traps by their codes.
    #[must_use]
    pub fn wholes(&self) -> &BTreeMap<&'static str, u64> {
        &self.whole
    }

    /// How often each noteworthy thing happened.
    #[must_use]
    pub fn features(&self) -> &BTreeMap<&'static str, u64> {
        &self.features
    }

    /// Names of all instructions that can be executed, and whether they were.
    pub fn opcodes(&self) -> impl Iterator<Item = (&'static str, bool)> {
        let executable = TABLE.iter().filter(|row| row.effect != Effect::Defines);
        executable.map(|row| (row.name, self.instructions.contains_key(row.name)))
    }

    /// Names of instructions that were never executed.
    #[must_use]
    pub fn missed_opcodes(&self) -> Vec<&'static str> {
        self.opcodes().filter_map(|(name, executed)| (!executed).then_some(name)).collect()
    }

    /// Every function of the library, and its calls.
    pub fn library(&self) -> impl Iterator<Item = (&'static str, Called)> {
        let called = |name| self.library.get(name).copied().unwrap_or_default();
        library::TABLE.iter().map(move |function| (function.name, called(function.name)))
    }

    /// Names of functions of the library of which no call gave a result.
    #[must_use]
    pub fn missed_functions(&self) -> Vec<&'static str> {
        self.library().filter_map(|(name, called)| (called.well == 0).then_some(name)).collect()
    }

    /// Codes of traps that were never met.
    #[must_use]
    pub fn missed_traps(&self) -> Vec<&'static str> {
        let codes = TrapKind::ALL.iter().map(|kind| kind.code());
        codes.filter(|code| !self.endings.contains_key(code)).collect()
    }
}

/// The function of the library that an instruction calls, if it does.
fn library_function(program: &[Instruction], instruction: &Instruction) -> Option<&'static str> {
    let (Instruction::Call(name, _) | Instruction::Try(name, _)) = instruction else { return None };
    let own = |one: &Instruction| matches!(one, Instruction::Func(own, _) if own == name);
    if TestBuiltin::find(name).is_some() || program.iter().any(own) {
        return None;
    }
    library::find(name).map(|id| id.function().name)
}

fn ending(seen: &Seen) -> &'static str {
    match &seen.ending {
        SeenEnding::Finished { .. } => "finished",
        SeenEnding::Exhausted => "exhausted",
        SeenEnding::Suspended { .. } => "suspended",
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
        let sum: u64 = self.library().map(|(_, called)| called.executed).sum();
        writeln!(f, "library: {sum}")?;
        for (name, Called { executed, well }) in self.library() {
            let share = 100.0 * well as f64 / executed.max(1) as f64;
            writeln!(f, "  {name:<22} {executed:>10}  {share:>6.2} % well")?;
        }
        Ok(())
    }
}
