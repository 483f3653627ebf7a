//! One file of the corpus: its directives, what it expects, and how the two are compared and rewritten.
//!
//! A malformed directive is a mistake in the corpus and panics with the file's name.

use crate::host::{Delegate, Log, host};
use lau_agent_runtime::dsl::diagnostic::{Diagnostic, Severity};
use lau_agent_runtime::dsl::literal::Literal;
use lau_agent_runtime::dsl::parse::parse;
use lau_agent_runtime::{Energy, Instruction, Interface, Limits, Value};
use std::path::PathBuf;

const DIRECTIVE: &str = "#?";
const EXPECTATION: &str = "#=";
/// The budget of a file that names none.
const BUDGET: &str = "100";

/// A file, read.
pub(crate) struct File {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    pub(crate) setup: Setup,
    pub(crate) expected: Vec<String>,
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.path.display().fmt(f)
    }
}

/// What is done with an instance next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Go {
    /// A run from the start, under so much more budget.
    Run,
    /// On with the run that stopped, under so much more.
    Resume,
}

/// One run, or one part of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) go: Go,
    pub(crate) amount: Energy,
}

/// What is done with one instance from its first run on: `0.3+0.2/1`.
#[derive(Clone)]
pub(crate) struct Chain {
    pub(crate) steps: Vec<Step>,
    /// For each step the chain as it is written up to there.
    pub(crate) labels: Vec<String>,
}

/// What the directives of a file ask for.
#[derive(Clone, Default)]
pub(crate) struct Setup {
    pub(crate) chains: Vec<Chain>,
    pub(crate) every: bool,
    pub(crate) limits: Limits,
    pub(crate) memory: Vec<(String, Value)>,
    pub(crate) delegate: Option<Delegate>,
    /// Maps of further memory fields, each for runs of its own; none means that there is one kind of run.
    cases: Vec<Value>,
}

impl File {
    pub(crate) fn read(path: PathBuf) -> File {
        let text = std::fs::read_to_string(&path).expect("a text file");
        let expected = text.lines().filter_map(|line| line.strip_prefix(EXPECTATION));
        let expected = expected.map(|line| line.strip_prefix(' ').unwrap_or(line).to_owned());
        let expected = expected.collect();
        let mut setup = Setup::default();
        for line in text.lines().filter_map(|line| line.strip_prefix(DIRECTIVE)) {
            let done = setup.directive(line.trim());
            done.unwrap_or_else(|wrong| panic!("{}: `{line}`: {wrong}", path.display()));
        }
        if setup.chains.is_empty() {
            setup.directive(&format!("budgets {BUDGET}")).expect("well-formed");
        }
        File { path, text, setup, expected }
    }

    /// Writes what was seen as the expectation.
    pub(crate) fn bless(&self, seen: &[String]) {
        // Not `lines`, which would change the ends of lines.
        let kept = self.text.split('\n').filter(|line| !line.starts_with(EXPECTATION));
        let kept: Vec<_> = kept.collect();
        let mut text = kept.join("\n").trim_end().to_owned();
        for line in seen {
            text.push_str(&format!("\n{EXPECTATION} {line}"));
        }
        text.push('\n');
        if text != self.text {
            std::fs::write(&self.path, text).expect("a writable corpus");
        }
    }
}

impl Setup {
    /// What the file's program is linked to.
    pub(crate) fn interface(&self) -> Interface {
        host(&Log::default(), self.delegate).interface()
    }

    /// The setups of the cases, each with the line that begins its expectation.
    pub(crate) fn cases(&self) -> Vec<(Option<String>, Setup)> {
        if self.cases.is_empty() {
            return vec![(None, self.clone())];
        }
        let with = |case: &Value| {
            let Value::Map(fields) = case else { panic!("a case is a map") };
            let mut setup = self.clone();
            setup.memory.extend(fields.iter().map(|(field, value)| (field.clone(), value.clone())));
            setup.memory.sort_by(|(a, _), (b, _)| a.cmp(b));
            (Some(format!("case {}", Literal(case))), setup)
        };
        self.cases.iter().map(with).collect()
    }

    fn directive(&mut self, line: &str) -> Result<(), String> {
        let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
        match name {
            "budgets" => {
                for word in rest.split_whitespace() {
                    self.chains.push(chain(word)?);
                }
            }
            "every" => self.every = true,
            "limits" => {
                let words: Vec<_> = rest.split_whitespace().collect();
                for pair in words.chunks(2) {
                    limit(&mut self.limits, pair)?;
                }
            }
            "memory" => {
                let (field, literal) = rest.split_once(' ').ok_or("a field and a value")?;
                self.memory.push((field.to_owned(), value(literal)?));
            }
            "case" => self.cases.push(value(rest)?),
            "delegate" => self.delegate = Some(rest.parse()?),
            _ => return Err("no such directive".to_owned()),
        }
        Ok(())
    }
}

fn limit(limits: &mut Limits, pair: &[&str]) -> Result<(), String> {
    let [name, amount] = pair else { return Err("a limit and an amount".to_owned()) };
    let amount: u32 = amount.parse().map_err(|_| format!("`{amount}` is no amount"))?;
    match *name {
        "depth" => limits.call_depth_max = amount,
        "stack" => limits.stack_values_max = amount,
        "nesting" => limits.nesting_max = amount.try_into().map_err(|_| "too deep")?,
        "value" => limits.value_bytes_max = amount.into(),
        "tree" => limits.tree_bytes_max = amount.into(),
        "memory" => limits.memory_bytes_max = amount.into(),
        _ => return Err(format!("no limit `{name}`")),
    }
    Ok(())
}

/// A value as `push` takes it.
fn value(literal: &str) -> Result<Value, String> {
    let parsed = parse(&format!("push {literal}"));
    match (parsed.instructions.as_slice(), parsed.diagnostics.as_slice()) {
        ([Instruction::Push(value)], []) => Ok(value.clone()),
        (_, diagnostics) => Err(format!("{diagnostics:?}")),
    }
}

fn chain(word: &str) -> Result<Chain, String> {
    let (mut steps, mut labels) = (Vec::new(), Vec::new());
    let (mut go, mut start) = (Go::Run, 0);
    let ends = word.match_indices(['+', '/']);
    for (end, mark) in ends.chain([(word.len(), "")]) {
        let units = &word[start..end];
        let units: f64 = units.parse().map_err(|_| format!("`{units}` is no amount"))?;
        steps.push(Step { go, amount: Energy::from_units(units) });
        labels.push(word[..end].to_owned());
        go = if mark == "+" { Go::Resume } else { Go::Run };
        start = end + 1;
    }
    Ok(Chain { steps, labels })
}

/// A finding about the text: its code and place, and what helps.
pub(crate) fn diagnostic(found: &Diagnostic) -> Vec<String> {
    let severity = match found.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let place = |span: &lau_agent_runtime::dsl::diagnostic::Span| {
        format!("{}:{}+{}", span.line, span.column, span.end - span.start)
    };
    let at = found.span.as_ref().map_or("nowhere".to_owned(), place);
    let mut lines = vec![format!("{severity} {} {at} {}", found.code.as_str(), found.message)];
    lines.extend(found.help.iter().map(|help| format!("  help {help}")));
    let fix = found.fix.iter();
    lines.extend(fix.map(|fix| format!("  fix {} {:?}", place(&fix.span), fix.replacement)));
    lines
}

/// The lines of both, those of one alone marked.
pub(crate) fn differences(expected: &[String], seen: &[String]) -> String {
    // How many lines the rests of both have in common, in order.
    let mut common = vec![vec![0_usize; seen.len() + 1]; expected.len() + 1];
    for (i, old) in expected.iter().enumerate().rev() {
        for (j, new) in seen.iter().enumerate().rev() {
            common[i][j] = if old == new {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut told) = (0, 0, String::new());
    while i < expected.len() || j < seen.len() {
        let (mark, line) = match (expected.get(i), seen.get(j)) {
            (Some(old), Some(new)) if old == new => {
                (i, j) = (i + 1, j + 1);
                (' ', old)
            }
            (Some(old), None) => {
                i += 1;
                ('-', old)
            }
            (Some(old), Some(_)) if common[i + 1][j] >= common[i][j + 1] => {
                i += 1;
                ('-', old)
            }
            (_, Some(new)) => {
                j += 1;
                ('+', new)
            }
            (None, None) => break,
        };
        told.push_str(&format!("  {mark} {line}\n"));
    }
    told
}
