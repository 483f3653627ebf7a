//! The shell: an agent's runtimes, which of them is active, and how far the agent has come.

use super::abstraction::AbstractionLayer;
use super::pattern::TaskPatterns;
use super::result::RuntimeResult;
use super::runtime::{MiniRuntime, RuntimeId};
use lau_runtime::{Builtin, Energy};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// What share of the shell's budget a runtime built in it gets.
const BUDGET_SHARE: f64 = 10.0;

/// An agent's workspace.
///
/// ```
/// use lau_agent_runtime::{AgentShell, Builtin, Value};
///
/// let mut shell = AgentShell::new("journeyman", 1000.0);
/// for step in ["compute_error", "adjust_pwm", "verify"] {
///     shell.register(step, Builtin::new(|args| args.into_iter().next().unwrap_or_default()));
/// }
/// let id = shell.build_runtime("control the motor", "robotics");
/// shell.runtimes.get_mut(&id).unwrap().memory.insert("target".into(), Value::from(90.0));
/// shell.activate(&id);
/// assert_eq!(shell.execute().unwrap().output, Value::from(90.0));
/// ```
#[derive(Debug)]
pub struct AgentShell {
    /// Whose workspace it is.
    pub agent_id: String,
    /// The runtime that `execute` runs.
    pub active_runtime: Option<RuntimeId>,
    /// All runtimes.
    pub runtimes: HashMap<RuntimeId, MiniRuntime>,
    /// Levels reached and tokens saved.
    pub abstraction: AbstractionLayer,
    /// The budget that runtimes get their shares of, in units.
    pub total_budget: f64,
    /// What tasks are known by.
    pub patterns: TaskPatterns,
    /// What runtimes built here get.
    builtins: BTreeMap<String, Builtin>,
}

/// A shell at a glance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShellStatus {
    /// Whose it is.
    pub agent_id: String,
    /// The active runtime.
    pub active_runtime: Option<String>,
    /// How many runtimes there are.
    pub runtime_count: usize,
    /// The current level of abstraction.
    pub abstraction_level: u32,
    /// Tokens saved, over all levels.
    pub tokens_saved: u64,
    /// Energy left in the active runtime; without one, the shell's budget. In units.
    pub energy_remaining: f64,
}

impl AgentShell {
    /// A shell without runtimes, with a budget in units.
    #[must_use]
    pub fn new(agent_id: &str, budget: f64) -> Self {
        AgentShell {
            agent_id: agent_id.to_owned(),
            active_runtime: None,
            runtimes: HashMap::new(),
            abstraction: AbstractionLayer::new(),
            total_budget: budget,
            patterns: TaskPatterns::default(),
            builtins: BTreeMap::new(),
        }
    }

    /// Gives a builtin to every runtime that is built from now on.
    pub fn register(&mut self, name: &str, builtin: Builtin) {
        self.builtins.insert(name.to_owned(), builtin);
    }

    /// Builds a runtime for a task, with a tenth of the shell's budget. Builtins that its program calls
    /// and nobody has registered are told by its `warnings`.
    pub fn build_runtime(&mut self, task: &str, domain: &str) -> RuntimeId {
        let budget = self.total_budget / BUDGET_SHARE;
        let mut runtime = self.patterns.compile_task(task, domain, budget);
        for (name, builtin) in &self.builtins {
            runtime.register(name, builtin.clone());
        }
        self.abstraction.record_runtime_built();
        let id = runtime.id.clone();
        self.runtimes.insert(id.clone(), runtime);
        id
    }

    /// Makes a runtime the active one. An id that is not there changes nothing.
    pub fn activate(&mut self, id: &RuntimeId) {
        if self.runtimes.contains_key(id) {
            self.active_runtime = Some(id.clone());
        }
    }

    /// Leaves no runtime active.
    pub fn deactivate(&mut self) {
        self.active_runtime = None;
    }

    /// Runs the active runtime.
    ///
    /// # Errors
    /// `No active runtime`; else as [`MiniRuntime::execute`].
    pub fn execute(&mut self) -> Result<RuntimeResult, String> {
        self.active_runtime_mut().ok_or("No active runtime")?.execute()
    }

    /// Id, domain and compilation level of every runtime, in the order of their ids (numbers in them by
    /// their value, so in the order they were built).
    #[must_use]
    pub fn list_runtimes(&self) -> Vec<(&RuntimeId, &str, u32)> {
        let mut list: Vec<_> = self
            .runtimes
            .iter()
            .map(|(id, runtime)| (id, runtime.domain.as_str(), runtime.compilation_level))
            .collect();
        list.sort_by_key(|(id, ..)| {
            let (name, number) = id.0.rsplit_once('-').unwrap_or((&id.0, ""));
            (name, number.parse::<u64>().unwrap_or(u64::MAX), number)
        });
        list
    }

    /// The shell at a glance.
    #[must_use]
    pub fn shell_status(&self) -> ShellStatus {
        let active = self.active_runtime.as_ref().and_then(|id| self.runtimes.get(id));
        let energy_remaining = active.map_or(self.total_budget, |runtime| {
            let left = Energy::from_units(runtime.energy_budget);
            left.saturating_sub(Energy::from_units(runtime.energy_used)).to_units()
        });
        ShellStatus {
            agent_id: self.agent_id.clone(),
            active_runtime: self.active_runtime.as_ref().map(ToString::to_string),
            runtime_count: self.runtimes.len(),
            abstraction_level: self.abstraction.current_level(),
            tokens_saved: self.abstraction.tokens_saved(),
            energy_remaining,
        }
    }

    /// The active runtime.
    pub fn active_runtime_mut(&mut self) -> Option<&mut MiniRuntime> {
        self.runtimes.get_mut(self.active_runtime.as_ref()?)
    }
}
