//! The data of a snapshot. All of it is flat: objects refer to each other by index, so that reading and
//! dropping it nests nothing, whatever it holds.

use crate::value::number;
use serde::{Deserialize, Serialize};

/// The state of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    /// Thousandths used, earlier runs included.
    pub(super) used: u64,
    /// Thousandths that may be used.
    pub(super) budget: u64,
    /// Thousandths used before this run.
    pub(super) used_before: u64,
    /// Instructions paid in this run.
    pub(super) instructions: u64,
    /// The functions in progress, the main body first.
    pub(super) frames: Vec<FrameState>,
    /// The host call in progress at the position, if there is one.
    pub(super) pending: Option<PendingState>,
    /// The memory fields there are, in the order of their names.
    pub(super) memory: Vec<(String, Item)>,
    /// Everything that is held, each after what it holds.
    pub(super) objects: Vec<Object>,
}

/// A function in progress.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FrameState {
    /// Its name; none for the main body.
    pub(super) function: Option<String>,
    /// The index of the next instruction; in a caller, of the call it waits for.
    pub(super) instruction: u32,
    /// Its variables that are not `Null`. The main body's are memory.
    pub(super) variables: Vec<(String, Item)>,
    /// Its operands, bottom first.
    pub(super) operands: Vec<Item>,
}

/// What has become of the host call at the position.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum PendingState {
    /// It has answered.
    Answer(Tree),
    /// It has failed.
    Failed(String),
    /// It waits, with a message.
    Question(Option<String>),
}

/// A public value: each part is in one other, or is the value itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tree {
    pub(super) root: Item,
    /// Each after the parts it holds.
    pub(super) parts: Vec<Content>,
}

/// A holder.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Item {
    Null,
    Bool(bool),
    Number(#[serde(with = "number")] f64),
    /// By index.
    Object(u32),
}

/// An object of the run's memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Object {
    /// Whether it is a constant, which counts as shared whoever holds it.
    pub(super) constant: bool,
    /// Its nesting bound, which does not shrink as what it holds does.
    pub(super) nesting: u16,
    pub(super) content: Content,
}

/// What an object holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Content {
    Text(String),
    Reference(String),
    List(Vec<Item>),
    /// In the order of the keys.
    Map(Vec<(String, Item)>),
}
