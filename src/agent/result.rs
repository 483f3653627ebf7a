//! What runs, steps and saved states are told as.

use super::runtime::RuntimeId;
use crate::dsl::instruction::Instruction;
use lau_runtime::Value;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The result of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuntimeResult {
    /// Whether the program came to its end.
    pub success: bool,
    /// What it gave back.
    pub output: Value,
    /// Energy the runtime has used so far, over all its runs, in units.
    pub energy_consumed: f64,
    /// Instructions paid in this run; more than the field holds are told as its largest number.
    pub instructions_executed: u32,
    /// The names of the functions the program defines.
    pub abstractions_formed: Vec<String>,
    /// How the program was run: on which engine, and what could have been faster.
    pub compilation_hints: Vec<String>,
}

impl RuntimeResult {
    /// The result of a run that came to its end.
    ///
    /// ```
    /// use lau_agent_runtime::{RuntimeResult, Value};
    /// let result = RuntimeResult::ok(Value::from(4.0), 0.35, 4);
    /// assert!(result.success && result.abstractions_formed.is_empty());
    /// ```
    #[must_use]
    pub fn ok(output: Value, energy: f64, instructions: u32) -> Self {
        RuntimeResult {
            success: true,
            output,
            energy_consumed: energy,
            instructions_executed: instructions,
            abstractions_formed: Vec::new(),
            compilation_hints: Vec::new(),
        }
    }

    /// The result of one that did not.
    #[must_use]
    pub fn fail(output: Value, energy: f64, instructions: u32) -> Self {
        RuntimeResult { success: false, ..Self::ok(output, energy, instructions) }
    }
}

/// The result of one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepResult {
    /// The instruction executed; past the end, a `return`.
    pub instruction: Instruction,
    /// The top of the stack after it, `Null` if empty; when done, the output of the run.
    pub result: Value,
    /// Energy left of the budget, in units.
    pub energy_remaining: f64,
    /// Whether the run has come to its end.
    pub done: bool,
}

/// The state of a runtime between runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuntimeSnapshot {
    /// Which runtime it was taken of.
    pub id: RuntimeId,
    /// Its memory.
    pub memory: HashMap<String, Value>,
    /// Energy it had used, in units.
    pub energy_used: f64,
    /// Its compilation level.
    pub compilation_level: u32,
    /// When it was taken, in seconds since 1970.
    pub created_at: u64,
}
