//! Native skills: what an agent wrote in C becomes an artifact, without being able to harm or read anything.

pub mod diagnostic;
pub mod shown;
pub mod toolchain;
