//! Runs that stop and go on: suspending them from elsewhere, answering what they ask, and moving them to
//! another instance.
//!
//! When a run looks whether it should be suspended is the business of `interp::slice`; what a snapshot
//! holds and what is verified, of `snapshot`.

use super::{Canceller, Error, Instance, Linked, Phase, Question};
use crate::host::{Failure, Host};
use crate::interp::{self, Pending};
use crate::limits::Limits;
use crate::snapshot::{self, Snapshot};
use crate::value::Value;
use crate::word::to_value;
use std::sync::Arc;
use std::time::Instant;

impl Instance {
    /// Suspends runs when this moment has passed, or never. They stop within a few milliseconds, or after
    /// the host call they are in. It stays until it is set anew, so to go on with a run that it suspended,
    /// set another or none.
    ///
    /// ```
    /// use lau_runtime::instance::{Instance, Linked};
    /// use lau_runtime::program::{Action, FunctionId, Function, Op, Parts, Pc, Program, price};
    /// use lau_runtime::{Ending, Energy, Host, Limits};
    /// use std::{sync::Arc, time::{Duration, Instant}};
    ///
    /// // A program that jumps to itself.
    /// let op = |action, at| Op { energy: price(&Op { action, energy: 0, at }) as u32, action, at };
    /// let program = Program::new(Parts {
    ///     functions: vec![Function { name: None, parameters: 0, variables: vec![], code: 0..2 }],
    ///     ops: vec![op(Action::Jump(Pc::new(0)), 0), op(Action::End, 1)],
    ///     instructions: 1,
    ///     ..Parts::default()
    /// }).unwrap();
    /// let host = Arc::new(Host::default());
    /// let linked = Arc::new(Linked::new(Arc::new(program), host.interface()));
    /// let mut instance = Instance::new(linked, host, Limits::default()).unwrap();
    /// instance.set_energy(Energy::ZERO, Energy::MAX);
    /// instance.set_deadline(Some(Instant::now() + Duration::from_millis(5)));
    /// assert!(matches!(instance.run().ending, Ending::Suspended { .. }));
    /// ```
    pub fn set_deadline(&mut self, deadline: Option<Instant>) {
        self.watch.deadline = deadline;
    }

    /// What suspends this instance's runs from elsewhere.
    #[must_use]
    pub fn canceller(&self) -> Canceller {
        self.watch.canceller.clone()
    }

    /// Has this canceller, which may be shared with others, suspend this instance's runs.
    pub fn set_canceller(&mut self, canceller: Canceller) {
        self.watch.canceller = canceller;
    }

    /// The call that waits for an answer, if there is one.
    #[must_use]
    pub fn question(&self) -> Option<Question> {
        let Some(Pending::Question(message)) = &self.machine.pending else { return None };
        let (_, call, argc) = interp::pending_at(&self.machine, &self.linked);
        let stack = &self.machine.stack;
        Some(Question {
            builtin: self.linked.program().parts().calls[call.index()].clone(),
            arguments: stack[stack.len() - usize::from(argc)..].iter().map(to_value).collect(),
            message: message.clone(),
        })
    }

    /// Gives the answer to the call that waits for one. `resume` then goes on with taking it in, as any
    /// answer: its size is paid, limits are looked at, and a failure is a trap or, under `try`, a value.
    ///
    /// # Errors
    /// If no call waits, or its answer was given already.
    pub fn answer(&mut self, answer: Result<Value, Failure>) -> Result<(), Error> {
        if interp::answer(&mut self.machine, &self.linked, answer) {
            Ok(())
        } else {
            Err(Error::NotAsked)
        }
    }

    /// The stopped run as data, to go on with elsewhere or later. The instance can still go on itself.
    ///
    /// # Errors
    /// If there is no stopped run, or a host call has given an answer that nests deeper than any limit.
    pub fn snapshot(&self) -> Result<Snapshot, Error> {
        if self.phase != Phase::Stopped {
            return Err(Error::NotResumable);
        }
        Ok(snapshot::take(&self.machine, &self.linked, self.used_before)?)
    }

    /// An instance in the state of a snapshot of the same program: `resume` goes on with the run. Prices
    /// of the host's builtins are those of this host; the run's own are the same everywhere.
    ///
    /// A snapshot may come from anywhere: a forged one may lie about the run, and do no other harm.
    ///
    /// # Errors
    /// If the snapshot is of another program or version, is no state of the program, or is beyond the
    /// limits; and as [`Instance::new`].
    pub fn restore(
        linked: Arc<Linked>,
        host: Arc<Host>,
        limits: Limits,
        snapshot: &Snapshot,
    ) -> Result<Instance, Error> {
        let mut instance = Instance::new(linked, host, limits)?;
        (instance.machine, instance.used_before) =
            snapshot::restore(snapshot, &instance.linked, &instance.limits)?;
        instance.phase = Phase::Stopped;
        Ok(instance)
    }
}
