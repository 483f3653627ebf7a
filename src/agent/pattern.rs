//! Tasks to programs: patterns that know a task by its words, and the program each stands for.

use super::runtime::MiniRuntime;
use crate::dsl::instruction::Instruction;
use crate::lower;
use lau_runtime::Value;

/// Compiles source texts and tasks, with the standard patterns.
///
/// ```
/// use lau_agent_runtime::{Instruction, RuntimeCompiler};
/// assert_eq!(RuntimeCompiler::compile_source("pop").unwrap(), [Instruction::Pop]);
/// let runtime = RuntimeCompiler::compile_task("Monitor the sensors", "iot", 100.0);
/// assert_eq!(runtime.name, "compiled");
/// assert_eq!(runtime.missing_builtins(), ["read_sensors", "check_thresholds", "report"]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct RuntimeCompiler;

impl RuntimeCompiler {
    /// Reads a source text.
    ///
    /// # Errors
    /// Every fault of the text, a line each: `Parse error on line 3: …`. Of very many the first, and how
    /// many more there are.
    pub fn compile_source(source: &str) -> Result<Vec<Instruction>, String> {
        let (instructions, _, _) = lower::program(source).map_err(|faults| faults.to_string())?;
        Ok(instructions)
    }

    /// A runtime for a task, by the first of the standard patterns that knows it; without one, a program
    /// that gives `Null`. Its builtins are not there yet: [`MiniRuntime::warnings`] tells which.
    #[must_use]
    pub fn compile_task(task: &str, domain: &str, budget: f64) -> MiniRuntime {
        TaskPatterns::default().compile_task(task, domain, budget)
    }
}

/// A kind of task and the program for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskPattern {
    /// Parts of words; a task whose text contains one, whatever the case of either, is of this kind.
    pub words: Vec<String>,
    /// The source of its program. `$task` in it becomes the task's text as a literal.
    pub source: String,
}

/// Patterns in order; the first that knows a task is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskPatterns {
    patterns: Vec<TaskPattern>,
}

/// What a task that no pattern knows is compiled to.
const OTHERWISE: &str = "push null\nreturn";

impl TaskPatterns {
    /// Adds a pattern, which comes before all others.
    ///
    /// # Errors
    /// Every fault of its source.
    ///
    /// ```
    /// use lau_agent_runtime::{TaskPattern, TaskPatterns};
    /// let mut patterns = TaskPatterns::default();
    /// patterns
    ///     .register(TaskPattern {
    ///         words: vec!["greet".into()],
    ///         source: "push $task\ncall say 1\nreturn".into(),
    ///     })
    ///     .unwrap();
    /// let runtime = patterns.compile_task("Greet the crew", "ship", 10.0);
    /// assert_eq!(runtime.missing_builtins(), ["say"]);
    /// ```
    pub fn register(&mut self, pattern: TaskPattern) -> Result<(), String> {
        RuntimeCompiler::compile_source(&source_for(&pattern.source, "task"))?;
        self.patterns.insert(0, pattern);
        Ok(())
    }

    /// The source of the program for a task.
    #[must_use]
    pub fn source(&self, task: &str) -> String {
        let lower = task.to_lowercase();
        let knows = |pattern: &&TaskPattern| {
            pattern.words.iter().any(|word| lower.contains(&word.to_lowercase()))
        };
        let source = self.patterns.iter().find(knows).map_or(OTHERWISE, |pattern| &pattern.source);
        source_for(source, task)
    }

    /// A runtime for a task; see [`RuntimeCompiler::compile_task`]. A pattern's source is compiled when it
    /// is registered, but what the task's text makes of it may have faults (as a name it can be too long).
    /// The runtime then has no program; its `warnings` tell the faults, and so do its runs.
    #[must_use]
    pub fn compile_task(&self, task: &str, domain: &str, budget: f64) -> MiniRuntime {
        let mut runtime = MiniRuntime::new("compiled", domain, budget);
        if let Err(faults) = runtime.compile(&self.source(task)) {
            runtime.lacks_program(faults);
        }
        runtime
    }
}

fn source_for(source: &str, task: &str) -> String {
    let push = Instruction::Push(Value::from(task)).to_string();
    source.replace("$task", push.trim_start_matches("push "))
}

impl Default for TaskPatterns {
    /// The five standard patterns.
    fn default() -> Self {
        let pattern = |words: [&str; 2], source: &str| TaskPattern {
            words: words.map(str::to_owned).to_vec(),
            source: source.to_owned(),
        };
        TaskPatterns {
            patterns: vec![
                pattern(["sensor", "monitor"], include_str!("pattern/sensor.lau")),
                pattern(["motor", "control"], include_str!("pattern/motor.lau")),
                pattern(["crew", "manage"], include_str!("pattern/crew.lau")),
                pattern(["analy", "data"], include_str!("pattern/analysis.lau")),
                pattern(["bridge", "communic"], include_str!("pattern/bridge.lau")),
            ],
        }
    }
}
