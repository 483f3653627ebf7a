//! A program in encoded form. Prices are not in it, since they follow from the rest; literals are flat, so that
//! reading one nests nothing. It may come from anywhere: the verifier looks at what it says.

use super::Fault;
use crate::energy::Energy;
use crate::program::{Action, Delegation, Function, Op, Parts, SourcePlace, price};
use crate::snapshot::data::Tree;
use crate::snapshot::tree;
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Form {
    functions: Vec<Function>,
    /// What each operation does, and its instruction.
    ops: Vec<(Action, u32)>,
    memory: Vec<String>,
    constants: Vec<Tree>,
    calls: Vec<String>,
    texts: Vec<String>,
    quantities: Vec<Energy>,
    delegations: Vec<Delegation>,
    instructions: u32,
    places: Vec<SourcePlace>,
}

impl Form {
    /// The form of parts that were verified.
    pub(super) fn of(parts: &Parts) -> Form {
        let Parts {
            functions,
            ops,
            memory,
            constants,
            calls,
            texts,
            quantities,
            delegations,
            instructions,
            places,
        } = parts.clone();
        let constant = |value| tree::flat(value).expect("literals nest no deeper than they may");
        Form {
            functions,
            ops: ops.iter().map(|op| (op.action, op.at)).collect(),
            memory,
            constants: constants.iter().map(constant).collect(),
            calls,
            texts,
            quantities,
            delegations,
            instructions,
            places,
        }
    }

    /// The parts, not verified.
    pub(super) fn parts(self) -> Result<Parts, Fault> {
        let constants = self.constants.iter().map(tree::value).collect::<Result<_, _>>();
        let op = |(action, at)| {
            let energy = price(&Op { action, energy: 0, at });
            // A count is looked at by the verifier; whatever comes of a wrong one is no price.
            Op { action, energy: u32::try_from(energy).unwrap_or(u32::MAX), at }
        };
        Ok(Parts {
            functions: self.functions,
            ops: self.ops.into_iter().map(op).collect(),
            memory: self.memory,
            constants: constants.map_err(|fault| Fault::Malformed(fault.to_string()))?,
            calls: self.calls,
            texts: self.texts,
            quantities: self.quantities,
            delegations: self.delegations,
            instructions: self.instructions,
            places: self.places,
        })
    }
}
