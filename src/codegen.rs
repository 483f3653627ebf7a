//! Programs to native code, over the facts about them.
//!
//! `function` makes Cranelift IR of one function, after the data flow operation by operation: what the
//! flow covers becomes code, at anything else the code leaves (see `lau_runtime::native`). [`jit`] compiles a
//! whole program into memory. Requires facts of the same linked program. Nothing here knows the
//! interpreter: native code leaves, and does not ask who goes on.

mod function;
pub mod jit;

pub use jit::Jit;
