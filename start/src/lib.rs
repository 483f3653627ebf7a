//! What a program that was compiled ahead of time is linked with, for a linker to find by name.
//!
//! `executable` has the start routine that the `main` of an executable calls; `embed` and `instance` are for programs in C, as
//! `lau.h` tells it. Both take up the image that the object file of a program has, and hand all else to the
//! runtime. What native code itself calls, the helpers, is the runtime's.

#![cfg(unix)]
#![expect(unsafe_code, reason = "this is the boundary to C")]

mod builtin;
mod embed;
mod executable;
mod instance;
mod stack;
