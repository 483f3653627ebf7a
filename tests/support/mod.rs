//! What the tests share: the stepper that engines are judged by, test builtins, comparison of runs,
//! and a generator of programs. Every test crate uses its part of it.

pub(crate) mod builtins;
pub(crate) mod code;
pub(crate) mod compare;
pub(crate) mod directed;
pub(crate) mod engine;
pub(crate) mod generator;
pub(crate) mod graph;
pub(crate) mod rates;
pub(crate) mod scene;
pub(crate) mod seen;
pub(crate) mod shrink;
pub(crate) mod stepper;
