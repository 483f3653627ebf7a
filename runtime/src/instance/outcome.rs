//! How a run ended: everything about it that a user can see besides memory.

use crate::energy::Energy;
use crate::trap::{Place, Trap};
use crate::value::Value;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "ending")]
pub enum Ending {
    /// It came to its end, with this output.
    Finished {
        /// What the program gave back.
        output: Value,
    },
    /// It stopped before an instruction it could not pay for. It can be resumed.
    Exhausted,
    /// The host had it wait. It can be resumed.
    Suspended {
        /// Why.
        reason: Suspension,
    },
    /// The program went wrong.
    Trapped {
        /// How.
        trap: Trap,
    },
}

/// Why a run was suspended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Suspension {
    /// A builtin asked to wait for its answer.
    Asked(Question),
    /// A deadline has passed.
    Deadline,
    /// It was cancelled.
    Cancelled,
}

/// `the deadline has passed`, `` `approve` waits for an answer: May 500 be spent? ``.
impl fmt::Display for Suspension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Suspension::Deadline => f.write_str("the deadline has passed"),
            Suspension::Cancelled => f.write_str("it was cancelled"),
            Suspension::Asked(question) => {
                write!(f, "`{}` waits for an answer", question.builtin)?;
                match &question.message {
                    Some(message) => write!(f, ": {message}"),
                    None => Ok(()),
                }
            }
        }
    }
}

/// A call that waits for its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// The builtin called.
    pub builtin: String,
    /// What it was called with.
    pub arguments: Vec<Value>,
    /// What it has to say to whoever answers.
    pub message: Option<String>,
}

/// The end of a run, or of the part of a run up to a stop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// How it ended.
    #[serde(flatten)]
    pub ending: Ending,
    /// Where: the instruction that returned, trapped, could not be paid, or waits; the next one if a
    /// deadline or a cancel suspended the run; the number of instructions where it ran off the end.
    pub place: Place,
    /// What this run used, over all its parts if it was resumed.
    pub energy: Energy,
    /// What was used in all, together with what had been used before the run.
    pub energy_total: Energy,
    /// The budget it ran under.
    pub budget: Energy,
    /// Instructions paid, over all parts of the run.
    pub instructions: u64,
}

impl Outcome {
    /// The output of a finished run.
    #[must_use]
    pub fn output(&self) -> Option<&Value> {
        if let Ending::Finished { output } = &self.ending { Some(output) } else { None }
    }

    /// The trap of a trapped run.
    #[must_use]
    pub fn trap(&self) -> Option<&Trap> {
        if let Ending::Trapped { trap } = &self.ending { Some(trap) } else { None }
    }
}

/// What one step of a run did.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The instruction executed; `None` where there was none to execute or it could not be paid.
    pub instruction: Option<u32>,
    /// The memory field it may have written.
    pub wrote: Option<String>,
    /// How the run ended or stopped, if it did.
    pub outcome: Option<Outcome>,
}
