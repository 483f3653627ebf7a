//! Segments: regions without loops that pay for themselves at their heads.
//!
//! At the head of a segment native code asks whether the dearest way through it can be paid, and pays for
//! the cheapest. From there on the energy it keeps is what is truly left, less the cheapest way from where
//! it is to the end of the segment: the *potential* of the block. Going on the cheapest way changes
//! nothing; another costs the difference where it branches off. Instructions are counted along the same
//! ways. A segment ends where another begins: at loop heads, where functions begin, after calls of
//! program functions, and wherever native code can be entered.

use super::flow::Flow;
use super::{Blocks, State, blocks};
use lau_runtime::program::Pc;
use std::collections::{BTreeMap, BTreeSet};

/// What a block has to do with energy, in thousandths, and with the number of instructions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Charge {
    /// Whether it is the head of a segment.
    pub head: bool,
    /// What it costs itself.
    pub price: u64,
    /// How many instructions it counts itself.
    pub counted: u32,
    /// What the dearest way from here costs.
    pub dearest: u64,
    /// What the cheapest does.
    pub cheapest: u64,
    /// How many instructions that counts.
    pub instructions: u32,
}

impl Charge {
    /// What the block owes to the blocks behind it: nothing, at the head of another segment.
    fn ahead(&self) -> (u64, u32) {
        if self.head { (0, 0) } else { (self.cheapest, self.instructions) }
    }

    /// How much dearer another way can still get: energy that must not be spent otherwise.
    #[must_use]
    pub fn held_back(&self) -> u64 {
        self.dearest - self.cheapest
    }

    /// What is paid for in the block's potential, beyond the block itself.
    #[must_use]
    pub fn prepaid(&self) -> (u64, u32) {
        (self.cheapest - self.price, self.instructions - self.counted)
    }

    /// What going on to that block costs beyond what is paid: thousandths, and instructions, which may be
    /// fewer.
    #[must_use]
    pub fn edge(&self, to: &Charge) -> (u64, i64) {
        let (energy, instructions) = to.ahead();
        let (paid, counted) = self.prepaid();
        (energy - paid, i64::from(instructions) - i64::from(counted))
    }
}

/// A segment whose dearest way would cost more is cut behind its first block, so that it is paid by a slice and
/// leaves some of it. In thousandths.
pub(super) const DEAREST_MAX: u64 = 1 << 20;

/// The charges of the blocks that native code has.
pub(super) fn charges(
    flow: &Flow<'_>,
    blocks: &Blocks,
    states: &BTreeMap<Pc, State>,
    heads: &BTreeSet<Pc>,
) -> BTreeMap<Pc, Charge> {
    let ops = &flow.linked.program().parts().ops;
    let mut charges: BTreeMap<Pc, Charge> = BTreeMap::new();
    for block in blocks.list.iter().rev() {
        let Some(state) = states.get(&block.start) else { continue };
        let covered = flow.covered(*block, state);
        let mut ways: Vec<(u64, u64, u32)> = Vec::new();
        if block.start.index() + covered.operations == block.end.index() {
            let last = ops[block.end.index() - 1].action;
            let on = (!blocks::ends(last)).then_some(block.end);
            for next in blocks::target(last).into_iter().chain(on) {
                // Jumps back go to heads of loops, which are heads of segments.
                let to = charges.get(&next).copied().unwrap_or_default();
                let (cheapest, instructions) = to.ahead();
                ways.push((cheapest, if to.head { 0 } else { to.dearest }, instructions));
            }
        }
        let dearest = covered.price + ways.iter().map(|way| way.1).max().unwrap_or(0);
        let (cheapest, _, instructions) = ways.iter().min().copied().unwrap_or_default();
        let head = heads.contains(&block.start) || dearest > DEAREST_MAX;
        let charge = Charge {
            head,
            price: covered.price,
            counted: covered.counted,
            dearest,
            cheapest: covered.price + cheapest,
            instructions: covered.counted + instructions,
        };
        charges.insert(block.start, charge);
    }
    charges
}
