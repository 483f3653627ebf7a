//! Calls: of the program's own functions and of the host's builtins, and taking in their answers.

use super::super::graph::Val;
use super::prices::crossing;
use super::{Callee, Fault, Pending, Stepper, Stop, add_energy, fault};
use lau_agent_runtime::Value;
use lau_agent_runtime::fuzz::builtins::{Does, TestBuiltin};
use lau_agent_runtime::fuzz::calls::{Came, HostCall};
use lau_runtime::TrapKind;
use lau_runtime::host::ScalarType;

/// The message of a builtin that charged more than the most it declared. Its wording is open, so
/// generated programs do not look at it.
pub(crate) const OVERCHARGED: &str = "charged more than it declared";

impl Stepper<'_> {
    pub(super) fn call(&mut self, name: &str, n: usize, tried: bool) -> Result<(), Fault> {
        let args = self.operands(n)?;
        match self.resolve(name) {
            Callee::Unknown => fault(TrapKind::UnknownBuiltin, name),
            Callee::Own(function) => {
                let in_progress = self.frames.len() as u64 - 1;
                if in_progress + 1 > u64::from(self.limits.call_depth_max) {
                    return fault(TrapKind::CallDepth, name);
                }
                if n == 0 {
                    self.check_room()?;
                }
                if tried {
                    self.trace.note("try of an own function");
                }
                self.drop_values(n);
                self.enter(function, args);
                Ok(())
            }
            Callee::Host(builtin) => {
                self.check_types(builtin, &args)?;
                if n == 0 {
                    self.check_room()?;
                }
                self.call_host(builtin, &args, tried);
                self.take_in_answer()
            }
            Callee::Library(function) => {
                if tried {
                    self.trace.note("try of a library function");
                }
                self.call_library(function, &args)?;
                self.top_mut().pc += 1;
                Ok(())
            }
        }
    }

    /// The number of the arguments, then their types, left to right.
    fn check_types(&self, builtin: &TestBuiltin, args: &[Val]) -> Result<(), Fault> {
        if builtin.declared().is_some_and(|declared| declared != args.len()) {
            return fault(TrapKind::TypeError, format!("{} arguments", args.len()));
        }
        for (wanted, arg) in builtin.types().unwrap_or_default().iter().zip(args) {
            let fits = match wanted {
                ScalarType::Number => matches!(arg, Val::Number(_)),
                ScalarType::Bool => matches!(arg, Val::Bool(_)),
            };
            if !fits {
                return fault(TrapKind::TypeError, self.graph.type_name(*arg));
            }
        }
        Ok(())
    }

    /// Calls the builtin, books what it charges and keeps its answer. The arguments stay.
    fn call_host(&mut self, builtin: &'static TestBuiltin, args: &[Val], tried: bool) {
        let args: Vec<Value> = args.iter().map(|arg| self.graph.give_out(*arg)).collect();
        let (mut came, charge) = builtin.call(&args);
        let (name, answer) = (builtin.name.to_owned(), came.recorded());
        self.host_calls.push(HostCall { name, args: args.clone(), answer });
        if let Does::Charging(most, _) = builtin.does {
            // One that panics does not say what it charges: the most.
            let charge = charge.unwrap_or(most);
            if charge > most {
                came = Came::Failed(OVERCHARGED.to_owned());
                self.trace.note("charged too much");
            }
            self.used = add_energy(self.used, charge.min(most));
        }
        self.pending = Some(Pending { name: builtin.name, came, args, tried });
    }

    /// Takes in the answer that is there: its price, then limits, then the value. Without energy for it
    /// the answer keeps waiting.
    pub(super) fn take_in_answer(&mut self) -> Result<(), Fault> {
        let Some(pending) = self.pending.take() else { return Ok(()) };
        let value = match (&pending.came, pending.tried) {
            (Came::Waits(_), _) => {
                self.trace.note("asked to wait");
                self.pending = Some(pending);
                self.stop = Some(Stop::Suspended);
                return Ok(());
            }
            (Came::Back(value), _) => value.clone(),
            (Came::Failed(message), false) => {
                return fault(TrapKind::BuiltinFailed, message.as_str());
            }
            (Came::Panicked(message), false) => {
                return fault(TrapKind::BuiltinPanicked, message.as_str());
            }
            (Came::Failed(message), true) => failure("failed", message),
            (Came::Panicked(message), true) => failure("panicked", message),
        };
        let value = self.graph.take_in(&value, false);
        let price = crossing(self.graph.tree_size(value));
        if !self.affords(price) {
            self.trace.note("answer waits");
            self.pending = Some(pending);
            self.stop = Some(Stop::Exhausted);
            return Ok(());
        }
        if price > 0 {
            self.trace.note("answer priced");
        }
        if pending.tried && !matches!(pending.came, Came::Back(_)) {
            self.trace.note("failure caught");
        }
        self.used = add_energy(self.used, price);
        self.accept(pending.args.len(), value)
    }
}

/// What `try` gives for a failure.
fn failure(error: &str, message: &str) -> Value {
    [("error", error), ("message", message)].into_iter().collect()
}
