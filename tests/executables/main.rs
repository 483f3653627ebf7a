//! `lau build` as a user meets it: what it makes is run, linked into C, and compared with `lau run`.
#![cfg(all(feature = "cli", target_os = "linux"))]

mod behaves;
mod embeds;
mod refuses;
mod same;
mod support;
