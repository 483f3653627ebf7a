//! The command as a user meets it: the built `lau` is run, and what it leaves behind is looked at.
#![cfg(feature = "cli")]

mod diff;
mod ending;
mod fuzz;
mod help;
mod input;
mod profile;
mod report;
mod resume;
mod stream;
mod support;
mod usage;
