//! A finding as a file: a program as text, and what it needs to be played again in comments at its top.
//!
//! ```text
//! #: host fuzz                        it calls the test builtins; `host fuzz delegates`: and delegates
//! #: memory n0 [1, 2]                 a field that memory has before the run
//! #: limits depth 10000 stack 4096 nesting 200 value 65536 tree 65536 memory 1048576
//! #: used 0.5                         units that were used before
//! #: budget 0.35+0+299.65             units; `+` goes on with so much more
//! ```
//!
//! It is a program for `lau run` too, but only `lau diff` reads these lines. Each may be missing.

use super::builtins::Delegates;
use super::scene::{Plan, Scene};
use crate::dsl::instruction::Instruction;
use crate::dsl::literal::Literal;
use crate::dsl::parse::parse;
use crate::dsl::print::print;
use crate::dsl::token::{Cursor, Word};
use lau_runtime::{Energy, Limits, Value};
use std::fmt::{self, Write};

const MARK: &str = "#:";

/// What a program needs to be played again as it was, as far as its text says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Replay {
    /// The test builtins and how tasks are delegated, if it calls them.
    pub delegates: Option<Delegates>,
    /// Memory before the run.
    pub memory: Vec<(String, Value)>,
    /// Limits, if they are not the default ones.
    pub limits: Option<Limits>,
    /// Thousandths used before.
    pub used: u64,
    /// Thousandths to start with, and to add at each stop; none means whatever is usual.
    pub budget: Vec<u64>,
}

/// A line that says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The line, from 1.
    pub line: u32,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}
impl std::error::Error for Malformed {}

/// The file of a program and a plan. The words go to its top, a line each.
#[must_use]
pub fn file(words: &str, scene: &Scene, plan: &Plan) -> String {
    let replay = Replay {
        delegates: Some(scene.delegates),
        memory: scene.memory.clone(),
        limits: Some(plan.limits),
        used: plan.used_before,
        budget: [&[plan.budget], &plan.resumes[..]].concat(),
    };
    let comment = words.lines().fold(String::new(), |mut out, line| {
        let _ = writeln!(out, "# {line}"); // a String takes it
        out
    });
    format!("{comment}{replay}{}", print(&scene.instructions))
}

impl Replay {
    /// Reads the lines of a text that are meant to be read.
    ///
    /// # Errors
    /// The first that is malformed.
    ///
    /// ```
    /// use lau_agent_runtime::fuzz::replay::Replay;
    /// let replay = Replay::read("#: memory x [1, 2]\n#: budget 0.5+1\nload x").unwrap();
    /// assert_eq!(replay.budget, [500, 1000]);
    /// assert_eq!(replay.memory[0].0, "x");
    /// assert_eq!(Replay::read("push 1\n#: budget much").unwrap_err().line, 2);
    /// ```
    pub fn read(text: &str) -> Result<Replay, Malformed> {
        let mut replay = Replay::default();
        for (line, number) in text.lines().zip(1..) {
            if let Some(said) = line.strip_prefix(MARK) {
                let said = replay.line(said.trim());
                said.map_err(|message| Malformed { line: number, message })?;
            }
        }
        Ok(replay)
    }

    fn line(&mut self, line: &str) -> Result<(), String> {
        let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
        match (name, rest.trim()) {
            ("host", "fuzz") => self.delegates = Some(Delegates::Noted),
            ("host", "fuzz delegates") => self.delegates = Some(Delegates::Handled),
            ("host", other) => {
                return Err(format!(
                    "unknown host `{other}`; known are `fuzz` and `fuzz delegates`"
                ));
            }
            ("memory", rest) => self.memory.push(field(rest)?),
            ("limits", rest) => {
                let mut limits = self.limits.unwrap_or_default();
                let words: Vec<_> = rest.split_whitespace().collect();
                words.chunks(2).try_for_each(|pair| limit(&mut limits, pair))?;
                self.limits = Some(limits);
            }
            ("used", units) => self.used = thousandths(units)?,
            ("budget", chain) => {
                self.budget = chain.split('+').map(thousandths).collect::<Result<_, _>>()?;
            }
            (other, _) => {
                return Err(format!(
                    "unknown word `{other}`; known are host, memory, limits, used and budget"
                ));
            }
        }
        Ok(())
    }
}

/// `NAME LITERAL`, as `store` and `push` take them.
fn field(text: &str) -> Result<(String, Value), String> {
    let mut cursor = Cursor::new(text, 1, 0);
    let name = match cursor.word().transpose().map_err(|fault| fault.message)?.map(|t| t.word) {
        Some(Word::Bare(name)) => name.to_owned(),
        Some(Word::Quoted(name) | Word::Label(name)) => name.into_owned(),
        None => return Err("expected a field's name and a value".into()),
    };
    let parsed = parse(&format!("push {}", cursor.rest().trim_start()));
    match (parsed.instructions.as_slice(), parsed.diagnostics.first()) {
        ([Instruction::Push(value)], None) => Ok((name, value.clone())),
        (_, Some(found)) => Err(format!("the value of `{name}`: {}", found.message)),
        (_, None) => Err(format!("`{name}` has no value")),
    }
}

fn limit(limits: &mut Limits, pair: &[&str]) -> Result<(), String> {
    let [name, amount] = pair else { return Err("expected the amount of the last limit".into()) };
    let wrong = || format!("`{amount}` is no amount of `{name}`");
    let small = || amount.parse().map_err(|_| wrong());
    let bytes = || amount.parse().map_err(|_| wrong());
    match *name {
        "depth" => limits.call_depth_max = small()?,
        "stack" => limits.stack_values_max = small()?,
        "nesting" => limits.nesting_max = amount.parse().map_err(|_| wrong())?,
        "value" => limits.value_bytes_max = bytes()?,
        "tree" => limits.tree_bytes_max = bytes()?,
        "memory" => limits.memory_bytes_max = bytes()?,
        _ => {
            let known = "depth, stack, nesting, value, tree and memory";
            return Err(format!("unknown limit `{name}`; known are {known}"));
        }
    }
    Ok(())
}

fn thousandths(units: &str) -> Result<u64, String> {
    match units.trim().parse::<f64>() {
        Ok(units) if units >= 0.0 => Ok(Energy::from_units(units).thousandths()),
        Ok(_) | Err(_) => Err(format!("`{}` is no amount of energy", units.trim())),
    }
}

/// The lines that read back as this.
impl fmt::Display for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.delegates {
            Some(Delegates::Noted) => writeln!(f, "{MARK} host fuzz")?,
            Some(Delegates::Handled) => writeln!(f, "{MARK} host fuzz delegates")?,
            None => {}
        }
        for (name, value) in &self.memory {
            // Its line, which quotes the name where that is needed, has it after the first blank.
            let store = Instruction::Store(name.clone()).to_string();
            let name = store.split_once(' ').map_or("", |(_, name)| name);
            writeln!(f, "{MARK} memory {name} {}", Literal(value))?;
        }
        if let Some(limits) = &self.limits {
            writeln!(
                f,
                "{MARK} limits depth {} stack {} nesting {} value {} tree {} memory {}",
                limits.call_depth_max,
                limits.stack_values_max,
                limits.nesting_max,
                limits.value_bytes_max,
                limits.tree_bytes_max,
                limits.memory_bytes_max,
            )?;
        }
        if self.used > 0 {
            writeln!(f, "{MARK} used {}", Energy::from_thousandths(self.used))?;
        }
        for (at, amount) in self.budget.iter().enumerate() {
            let before = if at == 0 { format!("{MARK} budget ") } else { "+".to_owned() };
            write!(f, "{before}{}", Energy::from_thousandths(*amount))?;
        }
        if self.budget.is_empty() { Ok(()) } else { writeln!(f) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::random::Random;
    use super::super::scene::{PLENTY, small_limits};
    use super::*;
    use crate::fuzz::seen::same_value;

    #[test]
    fn what_is_written_reads_back() {
        let mut random = Random::new(3);
        for case in 0..300 {
            let scene = Scene::generated(3, case);
            let plan = Plan::cut(small_limits(&mut random), PLENTY / 2, PLENTY, &mut random);
            let plan = Plan { used_before: random.below(3), ..plan };
            let text = file("Engines differ.\nSo they do.", &scene, &plan);
            let replay = Replay::read(&text).unwrap_or_else(|wrong| panic!("{wrong}\n{text}"));
            let said = (replay.delegates, replay.limits, replay.used);
            assert_eq!(said, (Some(scene.delegates), Some(plan.limits), plan.used_before));
            assert_eq!(replay.budget, [&[plan.budget], &plan.resumes[..]].concat());
            assert_eq!(replay.memory.len(), scene.memory.len());
            let same =
                |a: &(String, Value), b: &(String, Value)| a.0 == b.0 && same_value(&a.1, &b.1);
            assert!(replay.memory.iter().zip(&scene.memory).all(|(a, b)| same(a, b)), "{text}");
            assert_eq!(print(&parse(&text).instructions), print(&scene.instructions));
        }
    }

    #[test]
    fn what_is_malformed_is_told() {
        for (line, says) in [
            ("#: host", "unknown host"),
            ("#: memory", "expected a field"),
            ("#: memory x", "`x`"),
            ("#: memory x [1", "`x`"),
            ("#: memory \"x", "does not end"),
            ("#: limits depth", "amount of the last"),
            ("#: limits width 3", "unknown limit `width`"),
            ("#: limits nesting 70000", "`70000`"),
            ("#: budget 1+x", "`x`"),
            ("#: budget -1", "`-1`"),
            ("#: what", "unknown word `what`"),
        ] {
            let wrong = Replay::read(&format!("push 1\n{line}")).expect_err(line);
            assert!(wrong.line == 2 && wrong.message.contains(says), "{line}: {wrong}");
        }
        assert_eq!(Replay::read("# : host\n push \"#:\""), Ok(Replay::default()));
    }
}
