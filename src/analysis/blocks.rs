//! Blocks: stretches of operations that control enters at the first and leaves at the last.
//!
//! A block also ends where native code must look at its energy anew or may have handed control to the
//! interpreter: after calls, and after operations that native code leaves to it.

use lau_runtime::program::{Action, FunctionId, Pc, Program};
use std::collections::BTreeSet;

/// A block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its first operation.
    pub start: Pc,
    /// One past its last.
    pub end: Pc,
}

/// The blocks of a function, in the order of its operations.
#[derive(Debug)]
pub struct Blocks {
    /// The blocks.
    pub list: Vec<Block>,
    /// The first operations of loops: targets of jumps backward.
    pub headers: BTreeSet<Pc>,
}

/// The target of a jump.
#[must_use]
pub fn target(action: Action) -> Option<Pc> {
    if let Action::Jump(t) | Action::JumpIf(t) | Action::JumpTrue(t) = action {
        Some(t)
    } else {
        None
    }
}

/// Whether control never goes on to the next operation.
#[must_use]
pub fn ends(action: Action) -> bool {
    matches!(action, Action::Jump(_) | Action::Return | Action::Fail(_) | Action::End)
}

/// Whether native code always leaves the operation to the interpreter.
#[must_use]
pub fn left_to_interpreter(action: Action) -> bool {
    match action {
        Action::Take(_)
        | Action::Observe(_)
        | Action::Publish(_)
        | Action::Rem
        | Action::Pow
        | Action::List(_)
        | Action::Map(_)
        | Action::Has
        | Action::TryOut(..)
        | Action::EnergyCheck(_)
        | Action::Delegate(_)
        | Action::Fail(_) => true,
        Action::Push(_)
        | Action::Pop
        | Action::Dup
        | Action::Swap
        | Action::Over
        | Action::Store(_)
        | Action::Load(_)
        | Action::Append(_)
        | Action::Put(_)
        | Action::Add
        | Action::Sub
        | Action::Mul
        | Action::Div
        | Action::Neg
        | Action::Eq
        | Action::Ne
        | Action::Lt
        | Action::Le
        | Action::Gt
        | Action::Ge
        | Action::Not
        | Action::And
        | Action::Or
        | Action::Get
        | Action::Len
        | Action::Jump(_)
        | Action::JumpIf(_)
        | Action::JumpTrue(_)
        | Action::Call(..)
        | Action::CallOut(..)
        | Action::Return
        | Action::Assert(_)
        | Action::End => false,
    }
}

impl Blocks {
    /// The blocks of a function, of whose operations some were found to be left to the interpreter.
    #[must_use]
    pub fn of(program: &Program, function: FunctionId, left: &BTreeSet<Pc>) -> Blocks {
        let code = program.parts().functions[function.index()].code.clone();
        let mut starts = BTreeSet::from([Pc::new(code.start as usize)]);
        let mut headers = BTreeSet::new();
        for at in code.start as usize..code.end as usize {
            let action = program.parts().ops[at].action;
            if let Some(target) = target(action) {
                starts.insert(target);
                if target.index() <= at {
                    headers.insert(target);
                }
            }
            let splits = target(action).is_some()
                || ends(action)
                || left_to_interpreter(action)
                || left.contains(&Pc::new(at))
                || matches!(action, Action::Call(..) | Action::CallOut(..) | Action::Append(_));
            if splits && at + 1 < code.end as usize {
                starts.insert(Pc::new(at + 1));
            }
        }
        let ends = starts.iter().skip(1).copied().chain([Pc::new(code.end as usize)]);
        let list =
            starts.iter().zip(ends).map(|(start, end)| Block { start: *start, end }).collect();
        Blocks { list, headers }
    }

    /// The block that begins at that operation.
    #[must_use]
    pub fn at(&self, start: Pc) -> Option<Block> {
        let at = self.list.binary_search_by_key(&start, |block| block.start).ok()?;
        Some(self.list[at])
    }
}
