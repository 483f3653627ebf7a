//! Names, of variables, fields, functions, parameters, agents, tasks and labels: how long they may be.
//!
//! A trap repeats the names of functions for every call in progress, so they must be short; that all
//! names have one limit is easier to know.

use super::diagnostic::{Code, Diagnostic};
use super::token::shown;
use lau_runtime::program::NAME_BYTES_MAX;

/// Whether a name is longer than names may be.
pub(crate) fn is_too_long(name: &str) -> bool {
    name.len() > NAME_BYTES_MAX
}

/// What is said of such a name.
pub(crate) fn too_long(name: &str) -> Diagnostic {
    let (name, bytes) = (shown(name), name.len());
    let message = format!("the name {name} has {bytes} bytes, where {NAME_BYTES_MAX} are allowed");
    Diagnostic::new(Code::TooLarge, message).help("give it a shorter one; long texts are values")
}
