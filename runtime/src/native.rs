//! Native code and the runs it belongs to: entering it, leaving it, and what it may call.
//!
//! # The protocol
//!
//! Native code holds only the path on which everything is affordable, well-typed and in range. For
//! anything else it *leaves*: it writes what it has in registers to a buffer, with the number of an
//! [`Exit`], and returns. The exit says, for that place, how the state of the run *before* the
//! instruction in question is made from the buffer. The run does that, and the interpreter goes on from
//! there: it decides, traps or charges, so that messages and exact stops come from one place. It executes
//! at least one instruction before native code is entered again, so there is always progress.
//!
//! Each native frame writes its own record on the way out, innermost first; a record is its values, and
//! then the number of its exit. Records are therefore read from the last, which is the outermost.
//!
//! Energy left of the *slice* is a register of native code. Where the slice does not pay for what comes
//! next, native code leaves; whoever looks after slices looks at deadlines then, and enters again.
//!
//! Requires code made for the program that the machine runs, by a generator that keeps to the layouts
//! here. Knows nothing of how code is made.

#![expect(unsafe_code, reason = "native code shares the state of a run by address")]

use crate::host::Body;
use crate::host::guarded;
use crate::interp::{
    self, Environment, Frame, MIXED, Machine, Pending, STEP, Stop, Stretch, Suspended, in_slices,
    thrown,
};
use crate::program::{Action, Callee, ConstantId, FunctionId, Pc, Slot};
use crate::word::Word;
use std::collections::HashMap;
use std::mem::offset_of;

/// What native code knows of the run, by address. It is made anew at each entry.
#[repr(C)]
pub struct Context {
    /// Thousandths left of the slice; written by exits too.
    energy: i64,
    /// Instructions executed since the entry; written by exits.
    count: i64,
    /// Native calls that may nest.
    depth: i64,
    /// The operation to begin at.
    entry: u64,
    /// The end of the records written so far.
    records: *mut u64,
    /// The variables of the frame that is entered; in the main body, memory.
    variables: *mut u64,
    /// The operands of the frame that is entered.
    stack: *mut u64,
    /// Arguments of the typed builtin that is called.
    arguments: [f64; 4],
    /// Whether that builtin failed.
    failed: u64,
    /// What native code does not look at.
    run: *mut Run<'static>,
}

/// Where native code finds things, in bytes, and words it must know.
pub mod layout {
    use super::{Context, offset_of};
    pub use crate::word::layout::*;

    /// `i64`: energy left of the slice.
    pub const ENERGY: usize = offset_of!(Context, energy);
    /// `i64`: instructions executed.
    pub const COUNT: usize = offset_of!(Context, count);
    /// `i64`: native calls that may nest.
    pub const DEPTH: usize = offset_of!(Context, depth);
    /// `u64`: the operation to begin at.
    pub const ENTRY: usize = offset_of!(Context, entry);
    /// Pointer: the end of the records.
    pub const RECORDS: usize = offset_of!(Context, records);
    /// Pointer: variables of the frame that is entered.
    pub const VARIABLES: usize = offset_of!(Context, variables);
    /// Pointer: operands of the frame that is entered.
    pub const STACK: usize = offset_of!(Context, stack);
    /// `[f64; 4]`: arguments of a typed builtin.
    pub const ARGUMENTS: usize = offset_of!(Context, arguments);
    /// `u64`: not 0 if the typed builtin failed.
    pub const FAILED: usize = offset_of!(Context, failed);
}

struct Run<'a> {
    machine: *mut Machine,
    env: Environment<'a>,
    /// What a typed builtin threw; its call is paid and not repeated.
    stop: Option<Stop>,
}

/// Where a value of the state comes from at an exit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A word in the record, without storage, or unchanged from its place in the state.
    Word(u32),
    /// A constant of the program.
    Constant(ConstantId),
    /// Another holder of what the variable holds.
    Variable(Slot),
}

/// How the state of one frame is made where native code leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// The function.
    pub function: FunctionId,
    /// The operation to go on with; in a frame that waits for a call, the call.
    pub pc: Pc,
    /// How many values the record has.
    pub values: u32,
    /// Thousandths and instructions that were charged and are not executed.
    pub unspent: (u32, u32),
    /// The operands, bottom first.
    pub stack: Vec<Source>,
    /// The variables native code may have written.
    pub variables: Vec<(Slot, Source)>,
}

/// The machine code of a program.
pub trait Code: Send + Sync {
    /// Whether native code can be entered at each operation.
    fn entries(&self) -> &[bool];
    /// How many operands the frame must have where native code is entered at that operation.
    fn height(&self, entry: Pc) -> Option<usize>;
    /// The function that is entered for operations of a function of the program.
    fn entry(&self, function: FunctionId) -> Option<EntryFn>;
    /// The exit of that number.
    fn exit(&self, number: u64) -> &Exit;
    /// The most operands that a frame has.
    fn height_max(&self) -> usize;
    /// The most values a record has, its number included.
    fn record_max(&self) -> usize;
    /// How many native calls may nest.
    fn depth_max(&self) -> usize;
}

/// An entry of native code. It always returns by an exit.
pub type EntryFn = unsafe extern "C" fn(*mut Context);

/// An entry that came to nothing so often is not tried again under this slice.
const FUTILE_MAX: u8 = 8;

/// An entry that led to no more instructions than this came to nothing.
const FUTILE_INSTRUCTIONS: u64 = 8;

/// Runs on native code where there is some, else on the interpreter.
pub(crate) fn run(m: &mut Machine, env: &Environment<'_>, code: &dyn Code) -> Stop {
    if let Some(Pending::Question(_)) = m.pending {
        return Stop::Suspended(Suspended::Asked);
    }
    let mut records = Vec::new();
    in_slices(m, env.watch, |m, stretch, slice| match stretch {
        Stretch::Slice => work(m, env, code, slice, &mut records),
        Stretch::One => interp::work::<STEP>(m, env, slice, &[]),
    })
}

/// Works on `slice` thousandths of the budget until the run ends or stops, or the slice does not pay for
/// the next instruction.
fn work(
    m: &mut Machine,
    env: &Environment<'_>,
    code: &dyn Code,
    slice: u64,
    records: &mut Vec<u64>,
) -> Stop {
    let end = m.used + slice;
    let mut futile: HashMap<Pc, u8> = HashMap::new();
    loop {
        let pc = m.frame.pc;
        if m.pending.is_none()
            && code.entries()[pc.index()]
            && code.height(pc) == Some(m.stack.len() - m.frame.stack)
            && futile.get(&pc).is_none_or(|n| *n < FUTILE_MAX)
            && let Some(entry) = code.entry(m.frame.function)
            && let Some(depth) = room(m, env, code)
        {
            let before = m.instructions;
            if let Some(stop) = enter(m, env, code, entry, depth, end - m.used, records) {
                return stop;
            }
            if m.instructions - before <= FUTILE_INSTRUCTIONS {
                *futile.entry(pc).or_default() += 1;
            }
        }
        match interp::work::<MIXED>(m, env, end - m.used, code.entries()) {
            Stop::Stepped => {}
            stop @ (Stop::Finished(_)
            | Stop::Exhausted
            | Stop::Trapped(..)
            | Stop::Suspended(_)) => return stop,
        }
    }
}

/// How many native calls may nest from here, so that every limit of the run is kept without looking.
fn room(m: &Machine, env: &Environment<'_>, code: &dyn Code) -> Option<usize> {
    let calls = (env.limits.call_depth_max as usize).checked_sub(m.callers.len())?;
    let values = (env.limits.stack_values_max as usize).checked_sub(m.frame.stack)?;
    let frames = values / (code.height_max() + 1);
    Some(calls.min(frames.checked_sub(1)?).min(code.depth_max()))
}

/// Enters native code and makes the state of the run where it left.
fn enter(
    m: &mut Machine,
    env: &Environment<'_>,
    code: &dyn Code,
    entry: EntryFn,
    depth: usize,
    slice: u64,
    records: &mut Vec<u64>,
) -> Option<Stop> {
    let capacity = (depth + 1) * code.record_max();
    if records.len() < capacity {
        records.resize(capacity, 0);
    }
    let slice = i64::try_from(slice).unwrap_or(i64::MAX);
    let machine: *mut Machine = m;
    let mut run = Run { machine, env: *env, stop: None };
    let mut context = Context {
        energy: slice,
        count: 0,
        depth: i64::try_from(depth).unwrap_or(0),
        entry: m.frame.pc.index() as u64,
        records: records.as_mut_ptr(),
        variables: m.variables[m.frame.variables..].as_mut_ptr().cast(),
        stack: m.stack[m.frame.stack..].as_mut_ptr().cast(),
        arguments: [0.0; 4],
        failed: 0,
        run: (&raw mut run).cast(),
    };
    // SAFETY: the code was made for this program (the instance vouches for it), the context describes this
    // machine, and the records have room for every frame that may nest.
    unsafe { entry(&raw mut context) };
    let written = context.records.addr() - records.as_ptr().addr();
    let written = written / size_of::<u64>();
    m.used += u64::try_from(slice - context.energy).unwrap_or(0);
    m.instructions += u64::try_from(context.count).unwrap_or(0);
    rebuild(m, env, code, &records[..written]);
    run.stop
}

/// Makes the state from the records that native frames left, outermost (the last) first.
fn rebuild(m: &mut Machine, env: &Environment<'_>, code: &dyn Code, mut records: &[u64]) {
    let mut outermost = true;
    while let Some((number, rest)) = records.split_last() {
        let exit = code.exit(*number);
        let (rest, values) = rest.split_at(rest.len() - exit.values as usize);
        records = rest;
        if outermost {
            m.stack.truncate(m.frame.stack);
        } else {
            let waiting = m.frame;
            m.callers.push(waiting);
            let (stack, variables) = (m.stack.len(), m.variables.len());
            m.frame = Frame { function: exit.function, pc: exit.pc, stack, variables };
            let function = &env.linked.program().parts().functions[exit.function.index()];
            m.variables.resize_with(variables + function.variables.len(), || Word::NULL);
        }
        outermost = false;
        m.frame.pc = exit.pc;
        for (slot, source) in &exit.variables {
            let at = m.frame.variables + slot.index();
            if let Some(word) = value(m, env, *source, values, Some(at)) {
                m.variables[at] = word;
            }
        }
        for source in &exit.stack {
            let word = value(m, env, *source, values, None).unwrap_or(Word::NULL);
            m.stack.push(word);
        }
        m.used -= u64::from(exit.unspent.0);
        m.instructions -= u64::from(exit.unspent.1);
    }
}

/// A value of the state; `None` where the variable at that place holds it already.
fn value(
    m: &Machine,
    env: &Environment<'_>,
    source: Source,
    values: &[u64],
    place: Option<usize>,
) -> Option<Word> {
    match source {
        Source::Word(at) => {
            let bits = values[at as usize];
            if place.is_some_and(|place| m.variables[place].bits() == bits) {
                return None;
            }
            Some(Word::scalar_from_bits(bits))
        }
        Source::Constant(constant) => {
            Some(env.linked.program().constants().get(constant.index()).clone())
        }
        Source::Variable(slot) => {
            Some(m.variables[m.frame.variables + slot.index()].clone().or_null())
        }
    }
}

/// A function that native code calls.
#[derive(Clone, Copy, Debug)]
pub struct Helper {
    /// Its name, for linkers.
    pub name: &'static str,
    /// Its address in this process.
    pub address: *const u8,
}

/// Everything that native code calls, by the order of [`HelperId`].
#[must_use]
pub fn helpers() -> [Helper; 2] {
    [
        Helper { name: "lau_append", address: append as *const u8 },
        Helper { name: "lau_typed", address: typed as *const u8 },
    ]
}

/// The place of a helper in [`helpers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HelperId {
    /// `(context, slot, word) -> 1 if done, 0 if the interpreter must`: appends to a list in memory.
    Append,
    /// `(context, operation) -> double`: calls a typed builtin with the context's arguments.
    Typed,
}

/// Appends a word without storage to the list in a memory slot, if that is in place and within limits.
extern "C" fn append(context: *mut Context, slot: u64, bits: u64) -> u64 {
    // SAFETY: native code passes the context it was entered with, and nothing else borrows that or the run
    // while it does.
    let (machine, env) = unsafe {
        let run = &mut *(*context).run;
        (&mut *run.machine, run.env)
    };
    let at = usize::try_from(slot).unwrap_or(usize::MAX);
    let Some(variable) = machine.variables.get(at) else { return 0 };
    if variable.is_shared() || variable.own_size() == 0 {
        return 0;
    }
    u64::from(interp::append_in_place(machine, at, Word::scalar_from_bits(bits), env.limits))
}

/// Calls a typed builtin. If it fails, what follows from that is kept for the end of this entry.
extern "C" fn typed(context: *mut Context, operation: u64) -> f64 {
    // SAFETY: as in `append`.
    let (context, run) = unsafe {
        let context = &mut *context;
        let run = &mut *context.run;
        (context, run)
    };
    let linked = run.env.linked;
    let at = usize::try_from(operation).unwrap_or(usize::MAX);
    let action = linked.program().parts().ops[at].action;
    let (Action::CallOut(call, argc) | Action::TryOut(call, argc)) = action else { return 0.0 };
    let Callee::Builtin(builtin) = linked.callee(call) else { return 0.0 };
    let Body::Typed(f, _) = run.env.builtins[builtin].body() else { return 0.0 };
    let arguments = &mut context.arguments[..usize::from(argc)];
    for n in arguments.iter_mut().filter(|n| n.is_nan()) {
        *n = f64::NAN; // the one NaN that a host can see
    }
    match guarded(|| f(arguments)) {
        Ok(n) if n.is_nan() => f64::NAN,
        Ok(n) => n,
        Err(failure) => {
            let name = &linked.program().parts().calls[call.index()];
            let (kind, message) = thrown(name, failure);
            run.stop = Some(Stop::Trapped(kind, message));
            context.failed = 1;
            0.0
        }
    }
}
