//! A naive stepper: runs instructions one by one, exactly as the specification's pages tell it.
//!
//! It is what the engines are judged by, so it shares nothing with them but the public types of data,
//! `libm`, and the parser of patterns. Nothing is lowered, cached or counted along: names are looked up in maps, sizes and
//! holders are found by walking the whole state. Obvious before fast.
//!
//! Requires a program whose structure was checked (`Code`). Gives what can be seen of the run (`Seen`),
//! and a `Trace` of what it met, for choosing budgets and for counting what the tests reach.

mod act;
mod calls;
mod contents;
mod library;
mod prices;

use super::code::Code;
use super::graph::{Graph, Val};
use lau_agent_runtime::fuzz::builtins::{Delegates, TestBuiltin};
use lau_agent_runtime::fuzz::calls::{Beyond, Came, HostCall};
use lau_agent_runtime::fuzz::seen::{At, STACK_BYTES_SHOWN, Seen, SeenEnding};
use lau_agent_runtime::{Limits, Value};
use lau_runtime::TrapKind;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) use library::counts as functions;
pub(crate) use prices::thousandths;

/// The largest amount of energy, in thousandths.
pub(crate) const ENERGY_MAX: u64 = 1 << 50;

fn add_energy(a: u64, b: u64) -> u64 {
    a.saturating_add(b).min(ENERGY_MAX)
}

/// What is said of a `fail` without words: a trap's message is never empty.
const NO_WORDS: &str = "(no words)";

/// One activation: the main body, or a call of a function.
#[derive(Debug)]
struct Frame {
    /// Which function; `None` is the main body, whose variables are the memory.
    function: Option<usize>,
    variables: BTreeMap<String, Val>,
    stack: Vec<Val>,
    /// The instruction to come; in a frame that called another, the call.
    pc: usize,
}

/// A host's answer that is not taken in yet, or is not there yet.
#[derive(Debug)]
struct Pending {
    name: &'static str,
    came: Came,
    /// The arguments it takes off the stack.
    args: Vec<Value>,
    tried: bool,
}

/// Why an instruction trapped.
#[derive(Debug)]
struct Fault {
    kind: TrapKind,
    message: String,
}

fn fault<T>(kind: TrapKind, message: impl Into<String>) -> Result<T, Fault> {
    Err(Fault { kind, message: message.into() })
}

/// How the run stands.
#[derive(Clone, Debug)]
enum Stop {
    Finished { output: Val },
    Exhausted,
    Suspended,
    Trapped { kind: TrapKind, message: String, calls: Vec<At> },
}

/// What a run met on its way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trace {
    /// Every total that had to be affordable: where budgets begin to make a difference.
    pub(crate) thresholds: BTreeSet<u64>,
    /// How often each instruction was executed, by its index; for `func` and `end`, passed.
    pub(crate) executed: Vec<u64>,
    /// How often each of the noteworthy things happened.
    pub(crate) features: BTreeMap<&'static str, u64>,
    pub(crate) deepest: usize,
    pub(crate) highest: usize,
}

impl Trace {
    fn note(&mut self, feature: &'static str) {
        *self.features.entry(feature).or_default() += 1;
    }
}

/// A run of one program.
pub(crate) struct Stepper<'p> {
    code: &'p Code<'p>,
    delegates: Delegates,
    limits: Limits,
    graph: Graph,
    /// The literal of each `push` that was reached, by the instruction's index.
    constants: BTreeMap<usize, Val>,
    memory: BTreeMap<String, Val>,
    frames: Vec<Frame>,
    used_before: u64,
    used: u64,
    budget: u64,
    instructions: u64,
    pending: Option<Pending>,
    stop: Option<Stop>,
    host_calls: Vec<HostCall>,
    pub(crate) trace: Trace,
}

impl<'p> Stepper<'p> {
    pub(crate) fn new(code: &'p Code<'p>, delegates: Delegates, limits: Limits) -> Self {
        Stepper {
            code,
            delegates,
            limits: Limits { nesting_max: limits.nesting_max.min(1_000), ..limits },
            graph: Graph::default(),
            constants: BTreeMap::new(),
            memory: BTreeMap::new(),
            frames: vec![Frame {
                function: None,
                variables: BTreeMap::new(),
                stack: Vec::new(),
                pc: 0,
            }],
            used_before: 0,
            used: 0,
            budget: 0,
            instructions: 0,
            pending: None,
            stop: None,
            host_calls: Vec::new(),
            trace: Trace { executed: vec![0; code.instructions.len()], ..Trace::default() },
        }
    }

    /// Puts a value into a memory field before the run. A value beyond the limits is refused.
    pub(crate) fn set_memory(&mut self, field: &str, value: &Value) -> Result<(), TrapKind> {
        let value = self.graph.take_in(value, false);
        let made = contents::Made::arrived(&self.graph, value);
        self.check_limits(&made).map_err(|fault| fault.kind)?;
        self.memory.insert(field.to_owned(), value);
        Ok(())
    }

    /// What was used before the run, and how much may be used in all, in thousandths.
    pub(crate) fn set_energy(&mut self, used: u64, budget: u64) {
        self.used_before = used.min(ENERGY_MAX);
        self.budget = budget.min(ENERGY_MAX);
    }

    /// Goes on to the end or to an instruction that cannot be paid.
    pub(crate) fn run(&mut self) {
        while self.stop.is_none() {
            self.step();
        }
    }

    /// Adds to the budget of a run that is exhausted or suspended and goes on. Other runs do not resume:
    /// `false`.
    pub(crate) fn resume(&mut self, extra: u64) -> bool {
        if !matches!(self.stop, Some(Stop::Exhausted | Stop::Suspended)) {
            return false;
        }
        self.stop = None;
        self.budget = add_energy(self.budget, extra);
        self.run();
        true
    }

    /// Gives the call that waits its answer; `false` if none does.
    pub(crate) fn answer(&mut self, answer: Result<Value, String>) -> bool {
        let waits = |pending: &&mut Pending| matches!(pending.came, Came::Waits(_));
        let Some(pending) = self.pending.as_mut().filter(waits) else { return false };
        pending.came = answer.into();
        true
    }

    /// Executes one instruction, or takes in an answer that was waited for, or stops.
    pub(crate) fn step(&mut self) {
        if self.stop.is_some() {
            return;
        }
        if self.pending.is_some() {
            self.trace.note("answer resumed");
            let result = self.take_in_answer();
            return self.settle_fault(result);
        }
        if self.pass_definitions_and_ends() {
            let output = self.peek(0).unwrap_or(Val::Null);
            let result = self.finish(output);
            if result.is_ok() {
                self.top_mut().stack.pop();
            }
            return self.settle_fault(result);
        }
        let code = self.code;
        let pc = self.top().pc;
        let instruction = &code.instructions[pc];
        let bill = self.price(instruction);
        if !self.affords(bill.first) || !self.affords(bill.paid.saturating_add(bill.reserved)) {
            self.stop = Some(Stop::Exhausted);
            return;
        }
        self.used = add_energy(self.used, bill.paid);
        self.instructions += 1;
        self.trace.executed[pc] += 1;
        let result = self.act(instruction);
        self.settle_fault(result);
        self.trace.deepest = self.trace.deepest.max(self.frames.len() - 1);
        self.trace.highest = self.trace.highest.max(self.height());
    }

    fn settle_fault(&mut self, result: Result<(), Fault>) {
        if let Err(Fault { kind, message }) = result {
            let callers = &self.frames[..self.frames.len() - 1];
            let calls = callers.iter().rev().map(|frame| self.at(frame)).collect();
            self.stop = Some(Stop::Trapped { kind, message, calls });
        }
    }

    /// Whether so much more can be paid.
    fn affords(&mut self, price: u64) -> bool {
        let total = self.used_before.saturating_add(self.used).saturating_add(price);
        self.trace.thresholds.insert(total);
        total <= self.budget
    }

    /// Control at a `func` goes on after its `end`; control at the end of a function returns the popped
    /// top. Whether the end of the program is reached, where the popped top is the output.
    fn pass_definitions_and_ends(&mut self) -> bool {
        loop {
            let code = self.code;
            let frame = self.frames.last_mut().expect("the main body's frame stays");
            match frame.function {
                Some(function) if frame.pc == code.functions[function].end => {
                    self.trace.executed[frame.pc] += 1;
                    self.trace.note("ran off a function");
                    let result = frame.stack.pop().unwrap_or(Val::Null);
                    self.leave(result);
                }
                Some(_) => return false,
                None if frame.pc >= code.instructions.len() => {
                    frame.pc = code.instructions.len();
                    return true;
                }
                None => match code.functions.iter().find(|f| f.func == frame.pc) {
                    Some(function) => {
                        self.trace.executed[function.func] += 1;
                        self.trace.note("definition passed");
                        frame.pc = function.end + 1;
                    }
                    None => return false,
                },
            }
        }
    }

    /// Ends the run with an output, which as a public value needs memory for its whole tree.
    fn finish(&mut self, output: Val) -> Result<(), Fault> {
        let (bytes, limit) = (self.graph.tree_size(output), self.limits.memory_bytes_max);
        if bytes > limit {
            return fault(TrapKind::MemoryLimit, format!("an output of {bytes} bytes"));
        }
        self.stop = Some(Stop::Finished { output });
        Ok(())
    }

    /// Ends the current function with a result for its caller, which goes on after its call.
    fn leave(&mut self, result: Val) {
        self.frames.pop();
        let caller = self.top_mut();
        caller.stack.push(result);
        caller.pc += 1;
    }

    fn top(&self) -> &Frame {
        self.frames.last().expect("the main body's frame stays")
    }

    fn top_mut(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("the main body's frame stays")
    }

    /// The value so far below the top of the current function's stack.
    fn peek(&self, below: usize) -> Option<Val> {
        self.top().stack.iter().rev().nth(below).copied()
    }

    /// Values on the operand stack, over all frames.
    fn height(&self) -> usize {
        self.frames.iter().map(|frame| frame.stack.len()).sum()
    }

    /// A variable of the current function; a memory field in the main body.
    fn variable(&self, name: &str) -> Val {
        let frame = self.top();
        let variables = if frame.function.is_some() { &frame.variables } else { &self.memory };
        variables.get(name).copied().unwrap_or(Val::Null)
    }

    fn set_variable(&mut self, name: &str, value: Val) {
        let in_function = self.top().function.is_some();
        let variables = if in_function { &mut self.top_mut().variables } else { &mut self.memory };
        variables.insert(name.to_owned(), value);
    }

    /// Every slot that holds a value: operands and variables of all frames, and memory fields.
    fn roots(&self) -> Vec<Val> {
        let frames = self.frames.iter();
        let operands = frames.clone().flat_map(|frame| frame.stack.iter());
        let variables = frames.flat_map(|frame| frame.variables.values());
        operands.chain(variables).chain(self.memory.values()).copied().collect()
    }

    fn at(&self, frame: &Frame) -> At {
        let name = frame.function.map(|f| self.code.functions[f].name.clone());
        (name, u32::try_from(frame.pc).unwrap_or(u32::MAX))
    }

    /// What can be seen of the run where it stands.
    pub(crate) fn seen(&self) -> Seen {
        let tree = |value: &Val| self.graph.tree_size(*value);
        let sum = |sizes: &mut dyn Iterator<Item = u64>| sizes.fold(0, u64::saturating_add);
        let memory_size = sum(&mut self.memory.values().map(tree));
        let shown = memory_size <= self.limits.memory_bytes_max;
        let stack: Vec<Val> = self.frames.iter().flat_map(|frame| frame.stack.clone()).collect();
        let stack_shown = sum(&mut stack.iter().map(tree)) <= STACK_BYTES_SHOWN;
        let ending = match &self.stop {
            Some(Stop::Finished { output }) => {
                SeenEnding::Finished { output: self.graph.give_out(*output) }
            }
            Some(Stop::Exhausted) | None => SeenEnding::Exhausted,
            Some(Stop::Suspended) => self.question(),
            Some(Stop::Trapped { kind, message, calls }) => SeenEnding::Trapped {
                kind: *kind,
                message: message.clone(),
                open: *kind != TrapKind::Failed || message == NO_WORDS,
                calls: calls.clone(),
            },
        };
        let memory = || {
            let fields = self.memory.iter();
            fields.map(|(k, v)| (k.clone(), self.graph.give_out(*v))).collect()
        };
        Seen {
            ending,
            place: self.at(self.top()),
            energy: self.used,
            energy_total: add_energy(self.used_before, self.used),
            budget: self.budget,
            instructions: self.instructions,
            memory: shown.then(memory),
            stack: stack_shown
                .then(|| stack.iter().map(|value| self.graph.give_out(*value)).collect()),
            host_calls: self.host_calls.clone(),
            beyond: Beyond::default(),
            inside: None,
        }
    }

    /// What a suspended run waits for.
    fn question(&self) -> SeenEnding {
        let pending = self.pending.as_ref().expect("it waits for an answer");
        let Came::Waits(message) = &pending.came else {
            panic!("the answer is there: {pending:?}")
        };
        SeenEnding::Suspended {
            builtin: pending.name.to_owned(),
            arguments: pending.args.clone(),
            message: message.clone(),
        }
    }

    /// What a called name means.
    fn resolve(&self, name: &str) -> Callee {
        if let Some(function) = self.code.named(name) {
            Callee::Own(function)
        } else if let Some(builtin) = TestBuiltin::find(name) {
            Callee::Host(builtin)
        } else if let Some(function) = library::find(name) {
            Callee::Library(function)
        } else {
            Callee::Unknown
        }
    }
}

/// What a name called stands for.
enum Callee {
    Own(usize),
    Host(&'static TestBuiltin),
    Library(&'static library::Function),
    Unknown,
}
