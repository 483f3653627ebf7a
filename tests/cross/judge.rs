//! The interpreter as the judge of what the harness tells.

use super::Program;
use super::tables::word;
use lau_agent_runtime::engine::Prepared;
use lau_agent_runtime::{Ending, Energy, Engine, Host, Instance, Limits, Outcome, Value};
use lau_runtime::native::layout;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A frame that the harness tells of.
#[derive(Default)]
pub(crate) struct Frame {
    function: usize,
    pc: usize,
    operands: Vec<u64>,
    variables: Vec<u64>,
}

/// A run as the harness tells it.
#[derive(Default)]
pub(crate) struct Told {
    /// The output of a run that came to its end.
    pub(crate) finished: Option<u64>,
    used: u64,
    instructions: u64,
    /// Outermost first.
    pub(crate) frames: Vec<Frame>,
}

impl Told {
    pub(crate) fn of(text: &str) -> Told {
        let mut told = Told::default();
        for line in text.lines() {
            let (what, rest) = line.split_once(' ').expect("a fact a line");
            let number = || rest.parse().expect("a number");
            let word = || u64::from_str_radix(rest, 16).expect("a word in hexadecimal");
            let index = |at| {
                let found = rest.split(' ').nth(at).and_then(|index| index.parse().ok());
                found.expect("an index")
            };
            match what {
                "finished" => told.finished = Some(word()),
                "stopped" => {} // the last frame says it too
                "used" => told.used = number(),
                "instructions" => told.instructions = number(),
                "frame" => {
                    told.frames.push(Frame { function: index(0), pc: index(1), ..Frame::default() })
                }
                "operand" => told.last().operands.push(word()),
                "variable" => told.last().variables.push(word()),
                _ => panic!("`{line}` is no fact"),
            }
        }
        told
    }

    fn last(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("a frame is told of before what it has")
    }
}

/// What the interpreter says of a run.
struct Seen {
    outcome: Outcome,
    stack: Vec<u64>,
    memory: Vec<u64>,
}

/// A program on the interpreter.
pub(crate) struct Judge<'a> {
    program: &'a Program,
    prepared: Prepared,
    host: Arc<Host>,
    /// Runs by their budgets.
    seen: BTreeMap<u64, Seen>,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(program: &'a Program) -> Judge<'a> {
        let prepared = Prepared::new(Engine::Interp, Arc::clone(&program.linked));
        Judge { program, prepared, host: Arc::new(Host::default()), seen: BTreeMap::new() }
    }

    /// Thousandths that a run takes in all.
    pub(crate) fn whole(&mut self) -> u64 {
        let seen = self.seen(Energy::MAX.thousandths());
        assert!(seen.outcome.output().is_some(), "{:?}", seen.outcome);
        seen.outcome.energy.thousandths()
    }

    /// The run under a budget.
    fn seen(&mut self, budget: u64) -> &Seen {
        let Judge { program, prepared, host, seen } = self;
        seen.entry(budget).or_insert_with(|| {
            let instance = prepared.instance(Arc::clone(host), Limits::default());
            let mut instance: Instance = instance.expect("the host has what it needs");
            for (name, n) in program.source.inputs {
                instance.set_memory(name, &Value::Number(*n)).expect("numbers are small");
            }
            instance.set_energy(Energy::ZERO, Energy::from_thousandths(budget));
            let outcome = instance.run();
            let fields = program.linked.program().parts().memory.iter();
            let field = |name: &String| {
                instance.memory_field(name).map_or(layout::ABSENT, |value| word(&value))
            };
            let stack = instance.stack().iter().map(word).collect();
            Seen { memory: fields.map(field).collect(), outcome, stack }
        })
    }

    /// Whether a run under that budget, in slices or not, is told as it should be.
    pub(crate) fn judge(&mut self, budget: &str, told: &Told) -> Result<(), String> {
        let slices = budget.split('+').map(|slice| slice.parse::<u64>().expect("a number"));
        let slices: Vec<u64> = slices.collect();
        let total = slices.iter().sum();
        if total < self.whole() && told.finished.is_some() {
            return Err("it finished, and the budget does not pay for that".to_owned());
        }
        // What barely pays for it may not pay for the dearest way to the end, which native code asks for.
        let plenty = slices[0] > 2 * self.whole();
        if plenty && told.finished.is_none() {
            return Err("it did not finish, and the budget pays for that".to_owned());
        }
        let program = self.program;
        let parts = program.linked.program().parts();
        let seen = self.seen(if told.finished.is_some() { total } else { told.used });
        let Seen { outcome, stack, memory } = seen;
        let (outermost, innermost) = (&told.frames[0], &told.frames[told.frames.len() - 1]);
        same("energy", told.used, outcome.energy.thousandths())?;
        same("instructions", told.instructions, outcome.instructions)?;
        same("memory", &outermost.variables, memory)?;
        same("instruction", parts.ops[innermost.pc].at, outcome.place.instruction)?;
        let function = parts.functions[innermost.function].name.as_ref();
        same("function", function, outcome.place.function.as_ref())?;
        match (told.finished, &outcome.ending) {
            (Some(word_told), Ending::Finished { output }) => {
                same("output", word_told, word(output))
            }
            (None, Ending::Exhausted) => {
                let operands = told.frames.iter().flat_map(|frame| &frame.operands);
                same("stack", operands.copied().collect(), stack.clone())
            }
            (_, ending) => Err(format!("{ending:?}")),
        }
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, told: T, seen: T) -> Result<(), String> {
    if told == seen { Ok(()) } else { Err(format!("{what}: {told:?}, where it is {seen:?}")) }
}
