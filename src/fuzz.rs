//! Fuzzing: programs made of bytes, played on every engine, and whatever differs made small.
//!
//! [`Scene::of`] makes a program of bytes; a [`Stage`] is where it is played, by a [`Plan`] (limits, budget,
//! where it is cut and goes on), and a [`Seen`] is all a user can see of it. The tests judge engines so by
//! an oracle of their own; here they are judged by each other ([`Contest`], [`judge()`]), and a program on which
//! they differ is made small ([`Found`]).
//!
//! What engines do is not known here, nor what anything costs: only what can be seen from outside.

pub mod bodies;
pub mod builtins;
pub mod calls;
mod contest;
mod forged;
mod generator;
pub mod host;
mod judge;
pub mod mutate;
mod random;
mod rates;
mod reading;
pub mod replay;
pub mod scene;
pub mod seen;
mod session;
mod shrink;
mod stage;

pub use contest::{Contender, Contest, Difference};
pub use judge::{Found, difference, judge};
pub use random::Random;
pub use rates::{Called, Rates};
pub use scene::{PLENTY, Plan, ROOMY, Scene};
pub use seen::{Seen, SeenEnding};
pub use session::{Finding, Kind, Session};
pub use shrink::shrink;
pub use stage::{Played, Stage};
