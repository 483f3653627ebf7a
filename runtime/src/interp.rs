//! The reference interpreter: the oracle for every other engine.
//!
//! It works on the canonical [`Machine`] state and executes one operation at a time, in the order of
//! checks that `docs/semantics.md` lays down: afford, underflow, resolve, depth, types, range, limits,
//! act. Whatever a program does, it ends in a [`Stop`] with the state as it was before the instruction
//! that could not go on, so a stopped run can be resumed here or by another engine.
//!
//! Requires a verified program (every index exists) whose linked interface the environment implements.
//! Knows nothing of public outcomes, places in source text, or who asks it to run.

pub(crate) mod calls;
mod machine;
pub(crate) mod sized;
mod slice;

pub(crate) use calls::{answer, pending_at, thrown};
pub(crate) use machine::{Environment, Frame, Machine, Pending};
pub use slice::Canceller;
pub(crate) use slice::{Stretch, Watch, in_slices};

use crate::profile::Ledger;
use crate::program::{Action, Op, Pc};
use crate::trap::TrapKind;
use crate::word::{Word, equal, text_order};
use calls::Called;
use std::cmp::Ordering;

/// Why the interpreter stopped.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The run came to its end with this output.
    Finished(Word),
    /// The instruction at the machine's position (or the answer pending there) cannot be paid.
    Exhausted,
    /// The instruction at the machine's position went wrong.
    Trapped(TrapKind, String),
    /// The run is to wait, as it is.
    Suspended(Suspended),
    /// What was asked for is done, and the run goes on: one instruction was executed, or native code
    /// can be entered.
    Stepped,
}

/// Why a run is to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Suspended {
    /// A builtin asked to; its question is pending in the machine.
    Asked,
    /// A deadline has passed.
    Deadline,
    /// The host cancelled it.
    Cancelled,
}

impl std::fmt::Debug for Word {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.type_name())
    }
}

/// Works until the run ends or stops.
pub(crate) const WHOLE: u8 = 0;
/// Works for one instruction.
pub(crate) const STEP: u8 = 1;
/// Works for one instruction, and on until there is an entry to native code.
pub(crate) const MIXED: u8 = 2;

/// Runs until the run ends or stops; with `STEP`, for one instruction. A question that is not answered
/// comes before everything else.
pub(crate) fn run<const MODE: u8, L: Ledger>(
    m: &mut Machine,
    env: &Environment<'_>,
    ledger: &mut L,
) -> Stop {
    if let Some(Pending::Question(_)) = m.pending {
        return Stop::Suspended(Suspended::Asked);
    }
    if MODE == STEP {
        let left = m.left();
        let work = || work::<STEP, L>(m, env, left, &[], ledger);
        return env.watch.look().map_or_else(work, Stop::Suspended);
    }
    in_slices(m, env.watch, |m, stretch, slice| match stretch {
        Stretch::Slice => work::<WHOLE, L>(m, env, slice, &[], ledger),
        Stretch::One => work::<STEP, L>(m, env, slice, &[], ledger),
    })
}

/// The operation that the ledger was not told of yet, and what was left and executed before it.
struct Open {
    pc: usize,
    left: u64,
    executed: u64,
}

impl Open {
    /// Tells the ledger of the operation, where another one begins.
    #[inline(always)]
    fn book<L: Ledger>(&mut self, ledger: &mut L, ops: &[Op], next: Open) {
        if L::KEEPS {
            let (price, energy) = (ops[self.pc].energy.into(), self.left - next.left);
            let visits = next.executed.wrapping_sub(self.executed);
            ledger.book(self.pc, price, visits, energy);
            *self = next;
        }
    }
}

/// Works on `slice` thousandths of the budget until the run ends or stops, or the slice does not pay for
/// the next instruction; or in one of the other modes. `entries` says, in the mode that looks, at which
/// operations native code can be entered.
///
/// Energy left and instructions executed are kept in registers during the loop and written to the
/// machine when it ends, whichever way. The ledger is told what an operation took where the next one begins,
/// so that whatever it paid, and gave back, is in it.
#[expect(clippy::too_many_lines, reason = "the one big match of the engine")]
pub(crate) fn work<const MODE: u8, L: Ledger>(
    m: &mut Machine,
    env: &Environment<'_>,
    slice: u64,
    entries: &[bool],
    ledger: &mut L,
) -> Stop {
    let ops = &env.linked.program().parts().ops[..];
    let constants = env.linked.program().constants();
    let limits = env.limits;
    let stack_max = limits.stack_values_max as usize;
    // What is left of the budget is `left` and the reserve.
    let reserve = m.left() - slice;
    let mut left = slice;
    let mut executed: u64 = 0;
    let mut pc = m.frame.pc.index();

    let mut accepted = false;
    let mut open = Open { pc, left, executed };

    let stop = 'run: {
        if m.pending.is_some() {
            accepted = true;
            match calls::accept(m, env, ops[pc].action, left) {
                (rest, Called::Done) => (left, pc) = (rest, pc + 1),
                (rest, Called::Exhausted | Called::ExhaustedBefore) => {
                    left = rest;
                    break 'run Stop::Exhausted;
                }
                (rest, Called::Wrong((kind, message))) => {
                    left = rest;
                    break 'run Stop::Trapped(kind, message);
                }
                (_, Called::Asked) => break 'run Stop::Suspended(Suspended::Asked),
            }
        }
        loop {
            open.book(ledger, ops, Open { pc, left, executed });
            let op = &ops[pc];
            if MODE == STEP && (executed > 0 || accepted) && op.action != Action::End {
                break 'run Stop::Stepped;
            }
            if MODE == MIXED && (executed > 0 || accepted) && entries[pc] {
                break 'run Stop::Stepped;
            }
            let price = u64::from(op.energy);
            if price > left {
                break 'run Stop::Exhausted;
            }
            left -= price;
            executed += 1;

            // The rest of the price, for sizes: all or nothing, so what was paid is given back.
            macro_rules! charge {
                ($extra:expr) => {
                    let extra: u64 = $extra;
                    if extra > left {
                        left += price;
                        executed -= 1;
                        break 'run Stop::Exhausted;
                    }
                    left -= extra;
                };
            }
            macro_rules! trap {
                ($kind:ident, $($message:tt)*) => {
                    break 'run Stop::Trapped(TrapKind::$kind, format!($($message)*))
                };
            }
            // The `$n`th value from the top of this function's stack, if there are so many.
            macro_rules! peek {
                ($n:expr) => {
                    if m.stack.len() - m.frame.stack >= $n {
                        Some(&m.stack[m.stack.len() - $n])
                    } else {
                        None
                    }
                };
            }
            macro_rules! need {
                ($n:expr) => {{
                    let have = m.stack.len() - m.frame.stack;
                    if have < $n {
                        let name = op.action.opcode().row().name;
                        let values = if $n == 1 { "value" } else { "values" };
                        trap!(
                            StackUnderflow,
                            "`{name}` takes {} {values}, the stack has {have}",
                            $n
                        );
                    }
                }};
            }
            macro_rules! push {
                ($word:expr) => {
                    if m.stack.len() >= stack_max {
                        trap!(StackLimit, "{stack_max} values are allowed");
                    }
                    let word = $word;
                    m.stack.push(word);
                };
            }
            // What an instruction with operands of its own size gives, in place of `$n` values.
            macro_rules! replace {
                ($n:expr, $result:expr) => {
                    match $result {
                        Ok(word) => {
                            let keep = m.stack.len() - $n;
                            m.stack.truncate(keep);
                            m.stack.push(word);
                        }
                        Err((kind, message)) => break 'run Stop::Trapped(kind, message),
                    }
                };
            }
            macro_rules! arithmetic {
                ($f:expr) => {{
                    need!(2);
                    let at = m.stack.len() - 2;
                    match (m.stack[at].as_number(), m.stack[at + 1].as_number()) {
                        (Some(a), Some(b)) => {
                            m.stack.pop();
                            m.stack[at] = Word::number($f(a, b));
                        }
                        (Some(_), None) | (None, _) => {
                            let name = op.action.opcode().row().name;
                            let (a, b) = (m.stack[at].type_name(), m.stack[at + 1].type_name());
                            trap!(TypeError, "`{name}` takes two Numbers, not {a} and {b}")
                        }
                    }
                }};
            }
            // Two Numbers are compared here; anything else pays for its size and is compared there.
            macro_rules! compare {
                ($numbers:expr, $others:expr) => {{
                    if let (Some(a), Some(b)) = (peek!(2), peek!(1))
                        && let (Some(a), Some(b)) = (a.as_number(), b.as_number())
                    {
                        m.stack.pop();
                        let at = m.stack.len() - 1;
                        m.stack[at] = Word::bool($numbers(&a, &b));
                    } else {
                        charge!(sized::compare_price(peek!(2), peek!(1)));
                        need!(2);
                        let at = m.stack.len() - 2;
                        match $others(&m.stack[at], &m.stack[at + 1]) {
                            Some(b) => {
                                m.stack.pop();
                                m.stack[at] = Word::bool(b);
                            }
                            None => {
                                let name = op.action.opcode().row().name;
                                let (a, b) = (m.stack[at].type_name(), m.stack[at + 1].type_name());
                                trap!(
                                    TypeError,
                                    "`{name}` takes two Numbers or two Texts, not {a} and {b}"
                                )
                            }
                        }
                    }
                }};
            }
            macro_rules! ordered {
                ($numbers:expr, $texts:expr) => {
                    compare!($numbers, |a: &Word, b: &Word| text_order(a, b).map($texts))
                };
            }
            macro_rules! variable {
                ($slot:expr) => {
                    m.variables[m.frame.variables + $slot.index()]
                };
            }
            macro_rules! pop_or_null {
                () => {
                    if m.stack.len() > m.frame.stack {
                        m.stack.pop().unwrap_or(Word::NULL)
                    } else {
                        Word::NULL
                    }
                };
            }
            macro_rules! called {
                ($called:expr) => {
                    match $called {
                        (rest, Called::Done) => left = rest,
                        (rest, Called::Exhausted) => {
                            left = rest;
                            break 'run Stop::Exhausted;
                        }
                        (rest, Called::ExhaustedBefore) => {
                            left = rest;
                            executed -= 1;
                            break 'run Stop::Exhausted;
                        }
                        (rest, Called::Wrong((kind, message))) => {
                            left = rest;
                            break 'run Stop::Trapped(kind, message);
                        }
                        (rest, Called::Asked) => {
                            left = rest;
                            break 'run Stop::Suspended(Suspended::Asked);
                        }
                    }
                };
            }
            // The host may have taken its time; a step is looked at before it.
            macro_rules! look {
                () => {
                    if MODE != STEP
                        && let Some(suspended) = env.watch.look()
                    {
                        pc += 1;
                        break 'run Stop::Suspended(suspended);
                    }
                };
            }
            macro_rules! leave {
                ($result:expr) => {{
                    let result = $result;
                    match m.leave() {
                        Some(back) => {
                            pc = back.index();
                            open.book(ledger, ops, Open { pc, left, executed });
                            ledger.leave();
                            m.stack.push(result);
                            pc += 1;
                            continue;
                        }
                        None => break 'run Stop::Finished(result),
                    }
                }};
            }

            match op.action {
                Action::Push(constant) => {
                    push!(constants.get(constant.index()).clone());
                }
                Action::Pop => drop(pop_or_null!()),
                Action::Dup => {
                    need!(1);
                    push!(m.stack[m.stack.len() - 1].clone());
                }
                Action::Swap => {
                    need!(2);
                    let at = m.stack.len() - 2;
                    m.stack.swap(at, at + 1);
                }
                Action::Over => {
                    need!(2);
                    push!(m.stack[m.stack.len() - 2].clone());
                }
                Action::Store(slot) => variable!(slot) = pop_or_null!(),
                Action::Load(slot) => {
                    push!(variable!(slot).clone().or_null());
                }
                Action::Take(slot) => {
                    push!(std::mem::replace(&mut variable!(slot), Word::NULL).or_null());
                }
                Action::Observe(slot) => {
                    push!(m.variables[slot.index()].clone().or_null());
                }
                Action::Publish(slot) => m.variables[slot.index()] = pop_or_null!(),
                Action::Add => arithmetic!(|a, b| a + b),
                Action::Sub => arithmetic!(|a, b| a - b),
                Action::Mul => arithmetic!(|a, b| a * b),
                Action::Div => arithmetic!(|a, b| a / b),
                Action::Rem => arithmetic!(|a, b| a % b),
                Action::Pow => arithmetic!(libm::pow),
                Action::Neg => {
                    need!(1);
                    let at = m.stack.len() - 1;
                    match m.stack[at].as_number() {
                        Some(n) => m.stack[at] = Word::number(-n),
                        None => {
                            let found = m.stack[at].type_name();
                            trap!(TypeError, "`neg` takes a Number, not {found}")
                        }
                    }
                }
                Action::Eq => compare!(f64::eq, |a, b| Some(equal(a, b))),
                Action::Ne => compare!(f64::ne, |a, b| Some(!equal(a, b))),
                Action::Lt => ordered!(f64::lt, Ordering::is_lt),
                Action::Le => ordered!(f64::le, Ordering::is_le),
                Action::Gt => ordered!(f64::gt, Ordering::is_gt),
                Action::Ge => ordered!(f64::ge, Ordering::is_ge),
                Action::Not => {
                    need!(1);
                    let at = m.stack.len() - 1;
                    m.stack[at] = Word::bool(!m.stack[at].is_truthy());
                }
                Action::And | Action::Or => {
                    need!(2);
                    let at = m.stack.len() - 2;
                    let (a, b) = (m.stack[at].is_truthy(), m.stack[at + 1].is_truthy());
                    m.stack.pop();
                    m.stack[at] =
                        Word::bool(if op.action == Action::And { a && b } else { a || b });
                }
                Action::List(n) => {
                    let n = n as usize;
                    need!(n);
                    if n == 0 && m.stack.len() >= stack_max {
                        trap!(StackLimit, "{stack_max} values are allowed");
                    }
                    if let Err((kind, message)) = sized::list(m, n, limits) {
                        break 'run Stop::Trapped(kind, message);
                    }
                }
                Action::Map(n) => {
                    let values = 2 * n as usize;
                    charge!(sized::keys_price(&m.stack[m.frame.stack..], values));
                    need!(values);
                    if n == 0 && m.stack.len() >= stack_max {
                        trap!(StackLimit, "{stack_max} values are allowed");
                    }
                    let pairs = &m.stack[m.stack.len() - values..];
                    replace!(values, sized::map(&m.heap, pairs, limits));
                }
                Action::Get => {
                    charge!(sized::get_price(peek!(2), peek!(1)));
                    need!(2);
                    let at = m.stack.len() - 2;
                    replace!(2, sized::get(&m.heap, &m.stack[at], &m.stack[at + 1], limits));
                }
                Action::Len => {
                    need!(1);
                    replace!(1, sized::len(&m.stack[m.stack.len() - 1]));
                }
                Action::Has => {
                    charge!(sized::key_price(peek!(2), peek!(1)));
                    need!(2);
                    let at = m.stack.len() - 2;
                    replace!(2, sized::has(&m.stack[at], &m.stack[at + 1]));
                }
                Action::Append(slot) => {
                    charge!(sized::append_price(&variable!(slot), peek!(1)));
                    need!(1);
                    let at = m.frame.variables + slot.index();
                    if let Err((kind, message)) = sized::append(m, at, limits) {
                        break 'run Stop::Trapped(kind, message);
                    }
                }
                Action::Put(slot) => {
                    charge!(sized::put_price(&variable!(slot), peek!(2)));
                    need!(2);
                    let at = m.frame.variables + slot.index();
                    if let Err((kind, message)) = sized::put(m, at, limits) {
                        break 'run Stop::Trapped(kind, message);
                    }
                }
                Action::Jump(target) => {
                    pc = target.index();
                    continue;
                }
                Action::JumpIf(target) => {
                    if !pop_or_null!().is_truthy() {
                        pc = target.index();
                        continue;
                    }
                }
                Action::JumpTrue(target) => {
                    if pop_or_null!().is_truthy() {
                        pc = target.index();
                        continue;
                    }
                }
                Action::Call(function, argc) => {
                    need!(usize::from(argc));
                    let depth = m.callers.len();
                    if depth >= limits.call_depth_max as usize {
                        trap!(CallDepth, "{depth} calls are in progress, which is the limit");
                    }
                    if argc == 0 && m.stack.len() >= stack_max {
                        trap!(StackLimit, "{stack_max} values are allowed");
                    }
                    m.frame.pc = Pc::new(pc);
                    m.enter(env.linked.program(), function);
                    pc = m.frame.pc.index();
                    open.book(ledger, ops, Open { pc, left, executed });
                    ledger.enter(function);
                    continue;
                }
                Action::CallOut(..) | Action::TryOut(..) => {
                    called!(calls::begin(m, env, op.action, left));
                    if m.pending.is_some() {
                        called!(calls::accept(m, env, op.action, left));
                    }
                    look!();
                }
                Action::Return => {
                    // In the main body the result stays on the stack, so it has another holder there.
                    let main = m.callers.is_empty();
                    let result = match m.stack[m.frame.stack..].last() {
                        Some(top) if main => top.clone(),
                        Some(_) => m.stack.pop().unwrap_or(Word::NULL),
                        None => Word::NULL,
                    };
                    if main && let Err((kind, message)) = sized::output(&result, limits) {
                        break 'run Stop::Trapped(kind, message);
                    }
                    leave!(result)
                }
                Action::EnergyCheck(quantity) => {
                    let wanted = env.linked.program().parts().quantities[quantity.index()];
                    if left + reserve < wanted.thousandths() {
                        let left = crate::energy::Energy::from_thousandths(left + reserve);
                        trap!(EnergyCheck, "{left} units remain, {wanted} are asked for");
                    }
                }
                Action::Delegate(delegation) => {
                    called!(calls::delegate(m, env, delegation, left));
                    look!();
                }
                // Paid for before it acts, so energy used is within the budget: it holds.
                Action::Assert(_) => {}
                Action::Fail(words) => {
                    let words = &env.linked.program().parts().texts[words.index()];
                    trap!(
                        Failed,
                        "{}",
                        if words.is_empty() { "the program gave up" } else { words }
                    );
                }
                Action::End => {
                    executed -= 1; // free and not counted
                    if m.callers.is_empty()
                        && let Some(top) = m.stack.last()
                        && let Err((kind, message)) = sized::output(top, limits)
                    {
                        break 'run Stop::Trapped(kind, message);
                    }
                    leave!(pop_or_null!())
                }
            }
            pc += 1;
        }
    };
    open.book(ledger, ops, Open { pc, left, executed });
    m.frame.pc = Pc::new(pc);
    m.used += slice - left;
    m.instructions += executed;
    stop
}
