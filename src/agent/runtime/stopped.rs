//! Runs of a runtime that stopped: going on with them, answering what they ask, and moving them to another
//! runtime.

use super::super::result::RuntimeResult;
use super::{MiniRuntime, Run};
use lau_runtime::host::Failure;
use lau_runtime::instance::Error;
use lau_runtime::{Energy, Snapshot, Value};

impl MiniRuntime {
    /// Goes on with a run that was exhausted or suspended, with so much more budget, in units.
    ///
    /// # Errors
    /// As [`MiniRuntime::execute`]; and if there is no run to go on with.
    ///
    /// ```
    /// use lau_agent_runtime::MiniRuntime;
    /// let mut runtime = MiniRuntime::new("long", "arithmetic", 0.25);
    /// runtime.compile("push 1\npush 2\nadd\nreturn").unwrap();
    /// assert!(runtime.execute().unwrap_err().starts_with("Energy budget exhausted"));
    /// assert_eq!(runtime.resume(1.0).unwrap().output.as_f64(), Some(3.0));
    /// assert_eq!((runtime.energy_used, runtime.energy_budget), (0.35, 1.25));
    /// ```
    pub fn resume(&mut self, extra_budget: f64) -> Result<RuntimeResult, String> {
        let budget = Energy::from_units(self.energy_budget);
        let budget = budget.saturating_add(Energy::from_units(extra_budget));
        let mut instance = match self.run.take() {
            Some(run) if run.instance.is_resumable() => run.instance,
            other => {
                self.run = other;
                return Err("there is no stopped run to resume".to_owned());
            }
        };
        self.energy_budget = budget.to_units();
        instance.set_energy(instance.energy_used(), budget);
        instance.set_deadline(self.deadline());
        match instance.resume(Energy::ZERO) {
            Ok(outcome) => self.stopped(instance, &outcome),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Gives the answer to a builtin that asked to wait; `resume` or `step` then goes on with it.
    ///
    /// # Errors
    /// If no call waits for an answer.
    ///
    /// ```
    /// use lau_agent_runtime::{Builtin, MiniRuntime, Reply, Value};
    /// let mut runtime = MiniRuntime::new("careful", "approvals", 10.0);
    /// runtime.register("ask", Builtin::asking(|_| Ok(Reply::Wait(Some("Shall we?".into())))));
    /// runtime.compile("call ask 0\nreturn").unwrap();
    /// let error = runtime.execute().unwrap_err();
    /// assert!(error.starts_with("Suspended: `ask` waits for an answer: Shall we?"), "{error}");
    /// runtime.answer(Ok(Value::from(true))).unwrap();
    /// assert_eq!(runtime.resume(0.0).unwrap().output, Value::from(true));
    /// ```
    pub fn answer(&mut self, answer: Result<Value, Failure>) -> Result<(), String> {
        match &mut self.run {
            Some(run) => run.instance.answer(answer).map_err(|error| error.to_string()),
            None => Err("no call waits for an answer".to_owned()),
        }
    }

    /// The run that stopped, as data to go on with in another runtime, another process, or later; it can
    /// still go on here. Its budget is what `energy_budget` says now.
    ///
    /// # Errors
    /// If there is no stopped run, or a builtin's answer to it nests deeper than any limit.
    ///
    /// ```
    /// use lau_agent_runtime::{Engine, MiniRuntime, Snapshot, Value};
    /// let source = "load n\npush 1\nadd\nstore n\nload n\nreturn";
    /// let mut runtime = MiniRuntime::new("here", "moves", 0.35);
    /// runtime.compile(source).unwrap();
    /// runtime.memory.insert("n".into(), Value::from(6.0));
    /// assert!(runtime.execute().unwrap_err().starts_with("Energy budget exhausted"));
    /// let bytes = runtime.snapshot().unwrap().to_bytes();
    ///
    /// let mut other = MiniRuntime::new("there", "moves", 0.0);
    /// other.compile(source).unwrap();
    /// other.set_engine(Engine::ALL[Engine::ALL.len() - 1]);
    /// other.restore(&Snapshot::from_bytes(&bytes).unwrap()).unwrap();
    /// assert_eq!(other.resume(1.0).unwrap().output, Value::from(7.0));
    /// assert_eq!((other.energy_used, other.energy_budget), (0.55, 1.35));
    /// ```
    pub fn snapshot(&mut self) -> Result<Snapshot, String> {
        let taken = match &mut self.run {
            Some(Run { instance, .. }) => {
                let budget = Energy::from_units(self.energy_budget);
                instance.set_energy(instance.energy_used(), budget);
                instance.snapshot()
            }
            None => Err(Error::NotResumable),
        };
        taken.map_err(|error| error.to_string())
    }

    /// Takes over the run of a snapshot, to go on with on the engine chosen. The runtime has to have its
    /// program and its builtins; `memory`, `energy_used` and `energy_budget` become the run's. A stopped run
    /// of its own is given up.
    ///
    /// # Errors
    /// If the snapshot is of another program or version, is no state of the program, or is beyond the limits;
    /// and those of [`MiniRuntime::execute`] about the program. The fields stay as they were.
    pub fn restore(&mut self, snapshot: &Snapshot) -> Result<(), String> {
        let instance =
            self.made(|prepared, host, limits| prepared.restore(host, limits, snapshot))?;
        let memory = instance.memory().map_err(|error| error.to_string())?;
        self.memory = memory.into_iter().collect();
        self.energy_used = instance.energy_used().to_units();
        self.energy_budget = instance.budget().to_units();
        self.run = Some(Run { mirror: Some(instance.mirror()), instance, ended: None });
        Ok(())
    }
}
