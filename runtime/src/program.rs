//! The program.

pub mod opcode;

pub use opcode::Opcode;
