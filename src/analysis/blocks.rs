//! Blocks: stretches of operations that control enters at the first and leaves at the last; and loops.
//!
//! A block also ends after a call of a program function, where control may have been with the
//! interpreter, after operations that native code leaves to it, and where it has become long.

use lau_runtime::program::{Action, FunctionId, Pc, Program};
use std::collections::BTreeSet;

/// A block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its first operation.
    pub start: Pc,
    /// One past its last.
    pub end: Pc,
    /// Whether it is the head of a loop: the target of a jump backward.
    pub header: bool,
    /// Whether it is inside of a loop, or the head of one that is inside of another.
    pub inner: bool,
    /// Which part of the function it is in.
    pub part: usize,
}

/// The blocks of a function, in the order of its operations.
#[derive(Debug)]
pub struct Blocks {
    /// The blocks.
    pub list: Vec<Block>,
    /// How deep loops nest.
    pub nesting: usize,
    /// In how many parts code is made of it, each by itself.
    pub parts: usize,
}

/// A part is not cut before it has so many operations, and then where no loop is.
const PART_MIN: usize = 1_000;
/// With so many it is cut wherever it is: what allocates registers takes more than linear time.
const PART_MAX: usize = 2_000;

/// A longer block is split, since what compiles it takes more than linear time.
const LENGTH_MAX: usize = 512;

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

impl Blocks {
    /// The blocks of a function, of whose operations some are left to the interpreter.
    #[must_use]
    pub fn of(program: &Program, function: FunctionId, left: &BTreeSet<Pc>) -> Blocks {
        let code = program.parts().functions[function.index()].code.clone();
        let (first, end) = (code.start as usize, code.end as usize);
        let mut starts = BTreeSet::from([first]);
        // Of each loop, its head and its last jump back.
        let mut loops: Vec<(usize, usize)> = Vec::new();
        for at in first..end {
            let action = program.parts().ops[at].action;
            if let Some(target) = target(action) {
                starts.insert(target.index());
                if target.index() <= at {
                    loops.push((target.index(), at));
                }
            }
            let splits = target(action).is_some()
                || ends(action)
                || left.contains(&Pc::new(at)) && !left.contains(&Pc::new(at + 1))
                || matches!(action, Action::Call(..));
            if splits && at + 1 < end {
                starts.insert(at + 1);
            }
        }
        loops.sort_unstable();
        loops.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 = kept.1.max(next.1);
            }
            same
        });
        let starts: Vec<usize> = starts.into_iter().collect();
        let mut list = Vec::new();
        let mut headers = loops.iter().peekable();
        let mut open_to = None;
        for (nth, start) in starts.iter().enumerate() {
            let block_end = starts.get(nth + 1).copied().unwrap_or(end);
            let inner = open_to.is_some_and(|to| *start <= to);
            let header = headers.next_if(|(head, _)| head == start);
            let looped = header.is_some();
            for from in (*start..block_end).step_by(LENGTH_MAX) {
                let to = block_end.min(from + LENGTH_MAX);
                let header = looped && from == *start;
                // What follows the first piece of a loop's head is in the loop.
                let inner = inner || looped && !header;
                let part = 0;
                list.push(Block { start: Pc::new(from), end: Pc::new(to), header, inner, part });
            }
            if let Some((_, to)) = header {
                open_to = open_to.max(Some(*to));
            }
        }
        let parts = divide(&mut list);
        Blocks { list, nesting: nesting(&loops), parts }
    }

    /// The place in the list of the block that begins at that operation.
    #[must_use]
    pub fn at(&self, start: Pc) -> Option<usize> {
        self.list.binary_search_by_key(&start, |block| block.start).ok()
    }
}

/// Divides blocks into parts; gives how many there are.
fn divide(list: &mut [Block]) -> usize {
    let whole: usize = list.iter().map(|block| block.end.index() - block.start.index()).sum();
    if whole <= PART_MAX {
        return 1;
    }
    let (mut part, mut operations) = (0, 0);
    for block in list {
        if operations >= PART_MAX || operations >= PART_MIN && !block.inner {
            (part, operations) = (part + 1, 0);
        }
        block.part = part;
        operations += block.end.index() - block.start.index();
    }
    part + 1
}

/// The most loops that one operation is in.
fn nesting(loops: &[(usize, usize)]) -> usize {
    let mut ends: Vec<usize> = loops.iter().map(|(_, end)| *end).collect();
    ends.sort_unstable();
    let mut ended = ends.iter().peekable();
    let (mut open, mut most) = (0_usize, 0);
    for (head, _) in loops {
        while ended.next_if(|end| *end < head).is_some() {
            open -= 1;
        }
        open += 1;
        most = most.max(open);
    }
    most
}
