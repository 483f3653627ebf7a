//! The canonical state of a run: what engines work on, leave behind and go on from.

use super::Watch;
use crate::host::{Builtin, Failure, Host};
use crate::limits::Limits;
use crate::program::{FunctionId, Linked, Pc, Program};
use crate::value::Value;
use crate::word::{Heap, Restored, Word};
use std::collections::BTreeMap;

/// A function in progress.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub(crate) function: FunctionId,
    /// The next operation; in a caller, the call it waits for.
    pub(crate) pc: Pc,
    /// Where its operands begin on the stack.
    pub(crate) stack: usize,
    /// Where its variables begin.
    pub(crate) variables: usize,
}

/// What has become of the host call at the position, which has been made, paid and counted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Pending {
    /// Its answer, which has not been taken in.
    Answer(Value),
    /// It failed, and that has not been told. Only an answer given later can do so: a builtin that fails
    /// at once is a trap at once.
    Failed(Failure),
    /// It asked to wait, with a message for whoever will answer.
    Question(Option<String>),
}

/// The state of a run.
pub(crate) struct Machine {
    /// The operands of all frames.
    pub(crate) stack: Vec<Word>,
    /// Memory slots first, then the variables of all frames.
    pub(crate) variables: Vec<Word>,
    /// Memory fields that the program never names.
    pub(crate) others: BTreeMap<String, Word>,
    /// The functions that wait for a call, outermost first.
    pub(crate) callers: Vec<Frame>,
    /// The function in progress.
    pub(crate) frame: Frame,
    /// Thousandths used, earlier runs included.
    pub(crate) used: u64,
    /// Thousandths that may be used.
    pub(crate) budget: u64,
    /// Instructions paid in this run.
    pub(crate) instructions: u64,
    /// The host call in progress at the position, if there is one.
    pub(crate) pending: Option<Pending>,
    /// Where values are made.
    pub(crate) heap: Heap,
    /// The constants of a restored run. Last, so that they go after the words.
    pub(crate) restored: Restored,
}

// SAFETY: a machine holds every holder of every counted object that its heap made (words do not leave
// it: what goes out is converted), so objects are only ever touched by the thread that has the machine.
// Constants are immortal and only read.
#[expect(unsafe_code, reason = "the one owner of its words")]
unsafe impl Send for Machine {}

/// What a run runs in.
#[derive(Clone, Copy)]
pub(crate) struct Environment<'a> {
    pub(crate) linked: &'a Linked,
    /// The builtins of the interface, in its order.
    pub(crate) builtins: &'a [Builtin],
    pub(crate) host: &'a Host,
    pub(crate) limits: &'a Limits,
    pub(crate) watch: &'a Watch,
}

impl Machine {
    /// A machine at the start of a program with empty memory.
    pub(crate) fn new(program: &Program) -> Machine {
        let mut variables = Vec::new();
        variables.resize_with(program.parts().memory.len(), || Word::ABSENT);
        Machine {
            stack: Vec::new(),
            variables,
            others: BTreeMap::new(),
            callers: Vec::new(),
            frame: Machine::start(program),
            used: 0,
            budget: 0,
            instructions: 0,
            pending: None,
            heap: Heap::default(),
            restored: Restored::default(),
        }
    }

    /// Thousandths left of the budget.
    pub(crate) fn left(&self) -> u64 {
        self.budget.saturating_sub(self.used)
    }

    fn start(program: &Program) -> Frame {
        let main = &program.parts().functions[FunctionId::MAIN.index()];
        let pc = Pc::new(main.code.start as usize);
        Frame { function: FunctionId::MAIN, pc, stack: 0, variables: 0 }
    }

    /// Goes back to the start. Memory and energy used stay.
    pub(crate) fn rewind(&mut self, program: &Program) {
        self.stack.clear();
        self.variables.truncate(program.parts().memory.len());
        self.callers.clear();
        self.frame = Machine::start(program);
        self.instructions = 0;
        self.pending = None;
    }

    /// Enters a function of the program; its arguments are on the stack. The frame's `pc` is the call.
    pub(crate) fn enter(&mut self, program: &Program, id: FunctionId) {
        let function = &program.parts().functions[id.index()];
        let base = self.variables.len();
        let arguments = self.stack.len() - usize::from(function.parameters);
        self.variables.extend(self.stack.drain(arguments..));
        self.variables.resize_with(base + function.variables.len(), || Word::NULL);
        self.callers.push(self.frame);
        self.frame = Frame {
            function: id,
            pc: Pc::new(function.code.start as usize),
            stack: arguments,
            variables: base,
        };
    }

    /// Leaves the function in progress; gives the call it was entered by, or `None` from the main body,
    /// whose frame stays.
    pub(crate) fn leave(&mut self) -> Option<Pc> {
        let caller = self.callers.pop()?;
        self.stack.truncate(self.frame.stack);
        self.variables.truncate(self.frame.variables);
        self.frame = caller;
        Some(caller.pc)
    }
}
