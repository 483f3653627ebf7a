//! A snapshot to a machine's state, with everything verified before it is used.
//!
//! Leaves a machine on which every engine can go on: its positions are operations of its functions, each
//! caller waits at a call of the function above it, variables are as many as the function has, a
//! pending host call is at a call of the host with its arguments there. Stack bases are not in a snapshot;
//! they are worked out here.

use super::data::{FrameState, Item, Object, PendingState, State};
use super::graph::Graph;
use super::{Fault, Snapshot, limit, state_fault, tree};
use crate::energy::Energy;
use crate::host::Failure;
use crate::interp::{Frame, Machine, Pending};
use crate::limits::Limits;
use crate::program::{Action, FunctionId, Linked, Program};
use crate::trap::TrapKind;
use crate::word::Word;
use std::collections::{BTreeMap, HashMap};

/// More than any run will ever execute, and far from the end of the counter.
const INSTRUCTIONS_MAX: u64 = 1 << 62;

/// Makes a machine of a snapshot of a run of this program. Gives it with what was used before the run.
pub(crate) fn restore(
    snapshot: &Snapshot,
    linked: &Linked,
    limits: &Limits,
) -> Result<(Machine, u64), Fault> {
    snapshot.check_versions()?;
    let program = linked.program();
    let (found, given) = (snapshot.program, program.hash());
    if found != given {
        return Err(Fault::Program { found, given });
    }
    let State { used, budget, used_before, instructions, frames, pending, memory, objects } =
        &snapshot.state;
    let most = Energy::MAX.thousandths();
    if *used > most || *budget > most || used_before > used {
        return state_fault("amounts of energy that no run has");
    }
    if *instructions > INSTRUCTIONS_MAX {
        return state_fault("more instructions than a run executes");
    }
    let mut machine = Machine::new(program);
    (machine.used, machine.budget, machine.instructions) = (*used, *budget, *instructions);
    positions(&mut machine, frames, program, limits)?;
    hold(&mut machine, objects, frames, memory, program, limits)?;
    machine.pending = match pending {
        None => None,
        Some(pending) => Some(waiting(&machine, pending, program)?),
    };
    Ok((machine, *used_before))
}

/// Where each function stands, and that it came to be called there.
fn positions(
    m: &mut Machine,
    frames: &[FrameState],
    program: &Program,
    limits: &Limits,
) -> Result<(), Fault> {
    let depth = frames.len().saturating_sub(1) as u64;
    if depth > limits.call_depth_max.into() {
        return limit(TrapKind::CallDepth, depth, limits.call_depth_max.into(), "calls");
    }
    let functions = &program.parts().functions;
    let names: HashMap<&str, FunctionId> = functions
        .iter()
        .enumerate()
        .filter_map(|(at, function)| Some((function.name.as_deref()?, FunctionId::new(at))))
        .collect();
    let mut placed: Vec<Frame> = Vec::with_capacity(frames.len());
    let (mut stack, mut variables) = (0, 0);
    for (at, frame) in frames.iter().enumerate() {
        let id = match (&frame.function, at) {
            (None, 0) => Some(FunctionId::MAIN),
            (Some(name), 1..) => names.get(name.as_str()).copied(),
            (None, _) | (Some(_), 0) => None,
        };
        let Some(id) = id else {
            return state_fault(format!("frame {at} is of no function of the program"));
        };
        let Some(pc) = program.op_at(id, frame.instruction) else {
            let instruction = frame.instruction;
            return state_fault(format!("frame {at} is not at instruction {instruction}"));
        };
        if let Some(caller) = placed.last() {
            let action = program.parts().ops[caller.pc.index()].action;
            if !matches!(action, Action::Call(callee, _) if callee == id) {
                return state_fault(format!("frame {at} was not called by the one before it"));
            }
        }
        placed.push(Frame { function: id, pc, stack, variables });
        stack += frame.operands.len();
        variables +=
            if at == 0 { m.variables.len() } else { functions[id.index()].variables.len() };
    }
    if stack as u64 > limits.stack_values_max.into() {
        return limit(TrapKind::StackLimit, stack as u64, limits.stack_values_max.into(), "values");
    }
    match placed.pop() {
        Some(frame) => m.frame = frame,
        None => return state_fault("no function is in progress"),
    }
    m.callers = placed;
    Ok(())
}

/// Builds the objects and puts them where they are held. The graph's own holders go at the end.
fn hold(
    m: &mut Machine,
    objects: &[Object],
    frames: &[FrameState],
    memory: &[(String, Item)],
    program: &Program,
    limits: &Limits,
) -> Result<(), Fault> {
    let graph = Graph::build(objects, &m.heap, &mut m.restored, limits)?;
    if !memory.is_sorted_by(|(a, _), (b, _)| a < b) {
        return state_fault("memory fields are not in order");
    }
    let mut others = BTreeMap::new();
    for (name, item) in memory {
        let word = graph.word(*item)?;
        match program.memory_slot(name) {
            Some(slot) => m.variables[slot.index()] = word,
            None => drop(others.insert(name.clone(), word)),
        }
    }
    m.others = others;
    for (at, frame) in frames.iter().enumerate() {
        for item in &frame.operands {
            m.stack.push(graph.word(*item)?);
        }
        let placed = m.callers.get(at).unwrap_or(&m.frame);
        let names = &program.parts().functions[placed.function.index()].variables;
        if at > 0 {
            m.variables.resize_with(m.variables.len() + names.len(), || Word::NULL);
        }
        let mut rest = names.iter().enumerate();
        for (name, item) in &frame.variables {
            // They come in the function's order, each at most once.
            let Some((slot, _)) = rest.find(|(_, own)| *own == name) else {
                return state_fault(format!("frame {at} has no variable `{name}` there"));
            };
            m.variables[placed.variables + slot] = graph.word(*item)?;
        }
    }
    Ok(())
}

/// The host call in progress: the function in progress stands at one, and its arguments are there.
fn waiting(m: &Machine, pending: &PendingState, program: &Program) -> Result<Pending, Fault> {
    let action = program.parts().ops[m.frame.pc.index()].action;
    let operands = m.stack.len() - m.frame.stack;
    if !matches!(action, Action::CallOut(_, n) | Action::TryOut(_, n) if operands >= n.into()) {
        return state_fault("a host call is pending where none was made");
    }
    Ok(match pending {
        PendingState::Answer(answer) => Pending::Answer(tree::value(answer)?),
        PendingState::Failed(message) => Pending::Failed(Failure(message.clone())),
        PendingState::Question(message) => Pending::Question(message.clone()),
    })
}
