//! Fuzzing: programs made of bytes, played on every engine, and whatever differs made small.
//!
//! [`Scene::of`] makes a program of bytes; a [`Stage`] is where it is played, by a [`Plan`] (limits, budget,
//! where it is cut and goes on), and a [`Seen`] is all a user can see of it. The tests judge engines so by
//! an oracle of their own; here they are judged by each other.
//!
//! What engines do is not known here, nor what anything costs: only what can be seen from outside.

pub mod builtins;
pub mod calls;
mod generator;
pub mod host;
mod random;
pub mod rates;
pub mod scene;
pub mod seen;
mod shrink;
mod stage;

pub use random::Random;
pub use rates::Rates;
pub use scene::{PLENTY, Plan, ROOMY, Scene};
pub use seen::{Seen, SeenEnding};
pub use shrink::shrink;
pub use stage::{Played, Stage};
