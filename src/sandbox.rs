//! Runs a program that nobody trusts in a jail: nothing of the host to read, to write, to reach or to exhaust.
//!
//! A [`Jail`] says what the program finds and what it may use; [`Jail::start`] has the launcher build it, with every
//! lock in place before the program's first instruction; [`Running::wait`] keeps the deadline and the caps, and gives
//! back how it [`Ended`], of which everything is to be taken as hostile. There are two profiles: one for compilers,
//! which finds a toolchain and a workspace, and one for skills, which finds nothing at all.
//!
//! What protects the host stands in one table, [`Layer`], with what each layer stops and what to do where a machine
//! lacks it. A jail with a required layer missing is never started. [`Layers`] can lift a layer, to show that it is
//! the one that stops something; nothing but tests and the self-test does.
//!
//! The host is never forked: the launcher is a static program of a few kilobytes, carried inside this library and
//! spawned from a sealed memfd. It needs Linux 6.1 on x86-64, with `/proc`.

mod cgroup;
mod error;
mod filter;
mod ids;
mod jail;
mod landlock;
mod launcher;
mod layer;
#[path = "../launcher/protocol.rs"]
#[allow(unreachable_pub, dead_code, reason = "the launcher uses what the library does not")]
mod protocol;
mod request;
mod running;
mod selftest;
mod slot;
#[cfg(test)]
mod tests;
mod workspace;

pub use cgroup::{Groups, Parent, Version};
pub use error::Error;
pub use jail::{Content, Jail, Limits, Profile, Program, TEMPORARY, Taken, WORKSPACE};
pub use layer::{Layer, Layers, Need};
pub use running::{Cancel, Ended, Running, Status, Stopped, Used};
pub use selftest::{Tried, Verdict, selftest};
pub use slot::Turn;
pub use workspace::{Refused, Workspace};

/// The kernel's version of Landlock; 0 where it has none, or it is switched off.
#[must_use]
pub fn landlock_version() -> u32 {
    landlock::version()
}

/// Whether jails have users of their own here, which nobody else has. Only a root that has all ids can give them.
#[must_use]
pub fn own_users() -> bool {
    ids::Ids::here() == ids::Ids::Free
}
