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
//! # Holders
//!
//! Native code holds words as the interpreter does: one that it has in a register as the value of an
//! operand, or in the home of a variable, is a holder, and it adds and takes away holders where the
//! interpreter would. Where it leaves, its words move into the state. The operands of the frame it was
//! entered for are its own from the entry on; the variables of that frame stay where they are.
//!
//! # Profiles
//!
//! Code that is made for profiles, and only such, counts in memory, in the cells of the
//! function in progress: where a block begins, all operations of it that are covered, with what they cost
//! beyond their prices as far as that is known; what a helper takes for sizes, after the helper. What was
//! counted and is left to the interpreter is taken back where the state is made, by what the exit says.
//! Helpers keep the place in the tree of calls. An instance that has a profile enters only such code, and
//! one that has none never does.
//!
//! Requires code made for the program that the machine runs, by a generator that keeps to the layouts
//! here. Knows nothing of how code is made.

#![expect(unsafe_code, reason = "native code shares the state of a run by address")]

mod helpers;

pub use helpers::{HELPERS, Helper, HelperId};

use crate::interp::{
    self, Environment, Frame, MIXED, Machine, Pending, STEP, Stop, Stretch, Suspended, in_slices,
};
use crate::profile::{Cell, Ledger, Profile};
use crate::program::{ConstantId, FunctionId, Pc, Slot};
use crate::word::Word;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::mem::offset_of;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// What native code knows of the run, by address. It is made anew at each entry.
#[repr(C)]
pub struct Context {
    /// Thousandths left of the slice; written by exits and helpers too.
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
    /// Memory.
    memory: *mut u64,
    /// The constants of the program.
    constants: *const u64,
    /// Where helpers find operands of which there are many.
    operands: *mut u64,
    /// Arguments of the typed builtin that is called.
    arguments: [f64; 4],
    /// How the last helper went: a `status`.
    status: u64,
    /// What it gave.
    word: u64,
    /// Thousandths of the budget beyond the slice.
    reserve: u64,
    /// The guard that leaves whatever it finds, in code made so that guards can be made to.
    forced: u64,
    /// The cells of the function in progress, in code made for profiles.
    cells: *mut Cell,
    /// What native code does not look at.
    run: *mut Run<'static>,
}

/// Where native code finds things, in bytes, and words it must know.
pub mod layout {
    use super::{Cell, Context, offset_of};
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
    /// Pointer: memory.
    pub const MEMORY: usize = offset_of!(Context, memory);
    /// Pointer: constants of the program.
    pub const CONSTANTS: usize = offset_of!(Context, constants);
    /// Pointer: where helpers find operands of which there are many.
    pub const OPERANDS: usize = offset_of!(Context, operands);
    /// `[f64; 4]`: arguments of a typed builtin.
    pub const ARGUMENTS: usize = offset_of!(Context, arguments);
    /// `u64`: how the last helper went.
    pub const STATUS: usize = offset_of!(Context, status);
    /// `u64`: what the last helper gave.
    pub const WORD: usize = offset_of!(Context, word);
    /// `u64`: thousandths of the budget beyond the slice.
    pub const RESERVE: usize = offset_of!(Context, reserve);
    /// `u64`: the guard that leaves whatever it finds.
    pub const FORCED: usize = offset_of!(Context, forced);
    /// Pointer: the cells of the function in progress. A helper that enters or leaves one changes it.
    pub const CELLS: usize = offset_of!(Context, cells);
    /// Bytes of the cell of an operation.
    pub const CELL: usize = size_of::<Cell>();
    /// `u64`, in a cell: how much more often it was executed than the operation before it.
    pub const VISITS: usize = offset_of!(Cell, visits);
    /// `u64`, in a cell: what it cost beyond its price.
    pub const BEYOND: usize = offset_of!(Cell, beyond);
}

/// How a helper went.
pub mod status {
    /// Nothing was done: native code leaves, and the interpreter does it.
    pub const NOT_DONE: u64 = 0;
    /// It is done.
    pub const DONE: u64 = 1;
    /// The call is made and paid, and what follows is in the state: native code leaves at the call.
    pub const PENDING: u64 = 2;
    /// It is done, and the run is to stop: native code leaves at the next operation.
    pub const STOP: u64 = 3;
}

/// No guard is made to leave.
pub const FORCE_NONE: u64 = u64::MAX;
/// Every guard is.
pub const FORCE_ALL: u64 = u64::MAX - 1;

struct Run<'a> {
    machine: *mut Machine,
    env: Environment<'a>,
    /// What code made for profiles keeps; null if nothing is kept.
    profile: *mut Profile,
    /// Why the run stops, where a call of the host decided that. The call is not repeated.
    stop: Option<Stop>,
}

/// Where a value of the state comes from at an exit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// A word in the record, which moves into the state.
    Word(u32),
    /// A constant of the program.
    Constant(ConstantId),
    /// Another holder of what the variable holds.
    Variable(Slot),
}

/// How the state of one frame is made where native code leaves. What is for profiles is not written: code
/// that is kept does not keep any.
#[derive(Debug, Serialize, Deserialize)]
pub struct Exit {
    /// The function.
    pub function: FunctionId,
    /// The operation to go on with; in a frame that waits for a call, the call.
    pub pc: Pc,
    /// How many values the record has.
    pub values: u32,
    /// Thousandths and instructions that were charged and are not executed.
    pub unspent: (u64, u32),
    /// The operations that were counted for a profile and are not executed.
    #[serde(skip, default = "nothing_counted")]
    pub counted: Range<Pc>,
    /// What was booked of operations beyond their prices, of all of the block.
    #[serde(skip)]
    pub beyond: Arc<[(Pc, u64)]>,
    /// The operands, bottom first.
    pub stack: Vec<Source>,
    /// The variables that the record has.
    pub variables: Vec<(Slot, Source)>,
    /// The operations whose operands the code took to be of a kind that they turned out not to be.
    pub assumed: Vec<Pc>,
    /// How often it was taken.
    #[serde(skip)]
    pub taken: AtomicU32,
}

fn nothing_counted() -> Range<Pc> {
    Pc::new(0)..Pc::new(0)
}

/// Sizes that entering native code needs to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sizes {
    /// The most operands that a frame has.
    pub height_max: usize,
    /// The most values that the record of the frame that is entered has, its number included.
    pub entered_record_max: usize,
    /// The most that the record of a frame has that native code called.
    pub called_record_max: usize,
    /// The most operands that a helper is handed at a time.
    pub operands_max: usize,
    /// How many native calls may nest.
    pub depth_max: usize,
}

/// The machine code of a program.
pub trait Code: Send + Sync {
    /// Whether native code can be entered at each operation.
    fn entries(&self) -> &[bool];
    /// How many operands the frame must have where native code is entered at that operation.
    fn height(&self, entry: Pc) -> Option<usize>;
    /// What is called to enter native code at an operation. It may be made now.
    fn entry(&self, pc: Pc) -> Option<EntryFn>;
    /// The exit of that number.
    fn exit(&self, number: u64) -> &Exit;
    /// Sizes.
    fn sizes(&self) -> Sizes;
    /// The guard that is made to leave, [`FORCE_NONE`] or [`FORCE_ALL`].
    fn forced(&self) -> u64;
    /// Whether it keeps a profile, and needs one to keep.
    fn profiles(&self) -> bool;
    /// Code of the same program that assumes less, if such was made.
    fn better(&self) -> Option<Arc<dyn Code>>;
    /// Makes code that does not assume what turned out wrong at that exit.
    fn improve(&self, exit: u64);
}

/// An entry of native code. It always returns by an exit, or at once if it finds the state to be
/// otherwise than it takes for granted.
pub type EntryFn = unsafe extern "C" fn(*mut Context);

/// An entry that came to nothing so often is not tried again under this slice.
const FUTILE_MAX: u8 = 8;

/// An entry that led to no more instructions than this came to nothing.
const FUTILE_INSTRUCTIONS: u64 = 8;

/// Where an assumption failed so often, it is given up.
const TAKEN_MAX: u32 = 8;

/// The memory that entries use one after another.
#[derive(Default)]
struct Buffers {
    records: Vec<u64>,
    operands: Vec<u64>,
}

/// Runs on native code where there is some, else on the interpreter.
pub(crate) fn run<L: Ledger>(
    m: &mut Machine,
    env: &Environment<'_>,
    code: &Arc<dyn Code>,
    ledger: &mut L,
) -> Stop {
    if let Some(Pending::Question(_)) = m.pending {
        return Stop::Suspended(Suspended::Asked);
    }
    let mut code = Arc::clone(code);
    let mut buffers = Buffers::default();
    in_slices(m, env.watch, |m, stretch, slice| match stretch {
        Stretch::Slice => work(m, env, &mut code, slice, &mut buffers, ledger),
        Stretch::One => interp::work::<STEP, L>(m, env, slice, &[], ledger),
    })
}

/// Works on `slice` thousandths of the budget until the run ends or stops, or the slice does not pay for
/// the next instruction.
fn work<L: Ledger>(
    m: &mut Machine,
    env: &Environment<'_>,
    code: &mut Arc<dyn Code>,
    slice: u64,
    buffers: &mut Buffers,
    ledger: &mut L,
) -> Stop {
    let end = m.used + slice;
    let mut futile: HashMap<Pc, u8> = HashMap::new();
    loop {
        while let Some(better) = code.better() {
            *code = better;
            futile.clear();
        }
        // Native code may hand over to native code: as long as it does something, nobody need step in.
        loop {
            let pc = m.frame.pc;
            let enterable = m.pending.is_none()
                && code.entries()[pc.index()]
                && code.height(pc) == Some(m.stack.len() - m.frame.stack)
                && futile.get(&pc).is_none_or(|n| *n < FUTILE_MAX);
            if !enterable {
                break;
            }
            let Some(depth) = room(m, env, code.sizes()) else { break };
            let Some(entry) = code.entry(pc) else { break };
            let before = m.instructions;
            let way = Way { code: &**code, entry, depth, slice: end - m.used };
            if let Some(stop) = enter(m, env, way, buffers, ledger.profile()) {
                return stop;
            }
            let done = m.instructions - before;
            if done <= FUTILE_INSTRUCTIONS {
                *futile.entry(pc).or_default() += 1;
            }
            if done == 0 || code.better().is_some() {
                break;
            }
        }
        match interp::work::<MIXED, L>(m, env, end - m.used, code.entries(), ledger) {
            Stop::Stepped => {}
            stop @ (Stop::Finished(_)
            | Stop::Exhausted
            | Stop::Trapped(..)
            | Stop::Suspended(_)) => return stop,
        }
    }
}

/// How many native calls may nest from here, so that every limit of the run is kept without looking.
fn room(m: &Machine, env: &Environment<'_>, sizes: Sizes) -> Option<usize> {
    let calls = (env.limits.call_depth_max as usize).checked_sub(m.callers.len())?;
    let values = (env.limits.stack_values_max as usize).checked_sub(m.frame.stack)?;
    let frames = values / (sizes.height_max + 1);
    Some(calls.min(frames.checked_sub(1)?).min(sizes.depth_max))
}

/// How native code is entered.
struct Way<'a> {
    code: &'a dyn Code,
    entry: EntryFn,
    /// How many native calls may nest.
    depth: usize,
    /// Thousandths.
    slice: u64,
}

/// Enters native code and makes the state of the run where it left.
fn enter(
    m: &mut Machine,
    env: &Environment<'_>,
    Way { code, entry, depth, slice }: Way<'_>,
    buffers: &mut Buffers,
    mut profile: Option<&mut Profile>,
) -> Option<Stop> {
    let sizes = code.sizes();
    let grow = |buffer: &mut Vec<u64>, len: usize| {
        if buffer.len() < len {
            buffer.resize(len, 0);
        }
    };
    grow(&mut buffers.records, sizes.entered_record_max + depth * sizes.called_record_max);
    grow(&mut buffers.operands, sizes.operands_max);
    let reserve = m.left() - slice;
    let slice = i64::try_from(slice).unwrap_or(i64::MAX);
    let machine: *mut Machine = m;
    let cells = profile.as_deref_mut().map_or(std::ptr::null_mut(), Profile::cells);
    let kept = profile.as_deref_mut().map_or(std::ptr::null_mut(), std::ptr::from_mut);
    let mut run = Run { machine, env: *env, profile: kept, stop: None };
    let mut context = Context {
        energy: slice,
        count: 0,
        depth: i64::try_from(depth).unwrap_or(0),
        entry: m.frame.pc.index() as u64,
        records: buffers.records.as_mut_ptr(),
        variables: m.variables[m.frame.variables..].as_mut_ptr().cast(),
        stack: m.stack[m.frame.stack..].as_mut_ptr().cast(),
        memory: m.variables.as_mut_ptr().cast(),
        constants: env.linked.program().constants().address().cast(),
        operands: buffers.operands.as_mut_ptr(),
        arguments: [0.0; 4],
        status: status::DONE,
        word: 0,
        reserve,
        forced: code.forced(),
        cells,
        run: (&raw mut run).cast(),
    };
    // SAFETY: the code was made for this program (the instance vouches for it), the context describes this
    // machine, and the buffers have room for every frame that may nest and for what helpers are handed. Code
    // that counts in cells was given a profile of the same program (the instance sees to both).
    unsafe { entry(&raw mut context) };
    let written = context.records.addr() - buffers.records.as_ptr().addr();
    let written = written / size_of::<u64>();
    if written == 0 {
        return None; // it did nothing
    }
    // What is prepaid and unspent is given back by the records, and may be more than there is.
    m.used = m.used.wrapping_add_signed(slice - context.energy);
    m.instructions = m.instructions.wrapping_add_signed(context.count);
    rebuild(m, env, code, &buffers.records[..written], profile);
    run.stop
}

/// Makes the state from the records that native frames left, outermost (the last) first.
fn rebuild(
    m: &mut Machine,
    env: &Environment<'_>,
    code: &dyn Code,
    mut records: &[u64],
    mut profile: Option<&mut Profile>,
) {
    let mut outermost = true;
    while let Some((number, rest)) = records.split_last() {
        let exit = code.exit(*number);
        let (rest, values) = rest.split_at(rest.len() - exit.values as usize);
        records = rest;
        if outermost {
            // SAFETY: shorter, and every operand from there on is native code's since it was entered; those it
            // still has are in the record.
            unsafe { m.stack.set_len(m.frame.stack) };
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
            let word = value(m, env, *source, values);
            let at = m.frame.variables + slot.index();
            m.variables[at] = word;
        }
        for source in &exit.stack {
            let word = value(m, env, *source, values);
            m.stack.push(word);
        }
        if let Some(profile) = profile.as_deref_mut() {
            profile.take_back(m.callers.len(), &exit.counted, &exit.beyond);
        }
        m.used = m.used.wrapping_sub(exit.unspent.0);
        m.instructions = m.instructions.wrapping_sub(exit.unspent.1.into());
        let taken = exit.taken.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        if taken == TAKEN_MAX && !exit.assumed.is_empty() {
            code.improve(*number);
        }
    }
}

/// A value of the state. Each word of a record is asked for once.
fn value(m: &Machine, env: &Environment<'_>, source: Source, values: &[u64]) -> Word {
    match source {
        // SAFETY: native code wrote the word into the record to give it up.
        Source::Word(at) => unsafe { Word::from_native(values[at as usize]) },
        Source::Constant(constant) => {
            env.linked.program().constants().get(constant.index()).clone()
        }
        Source::Variable(slot) => m.variables[m.frame.variables + slot.index()].clone().or_null(),
    }
}
