//! The launcher: builds one jail, starts one program in it, and outlives it.
//!
//! The library spawns it for each jail, from a sealed memfd, with a SEQPACKET socket as descriptor 0. It receives one
//! request (`protocol`), makes a child in new namespaces, and stays outside: when the host asks for it, or is gone
//! (end of file on the socket), it kills the child, which is the first process of its pid namespace, and so the
//! whole tree. The child, `inside`, builds the jail from within, forks, and is from then on its init.
//!
//! **Every lock is in place before exec.** A program that locks itself down shares its address space with the code it
//! fears; so everything is done here, in an order in which each step still has what it needs:
//!
//! 1. outside: user map; inside: control groups (both need the host's rights);
//! 2. as the host's user: what the tree takes from the host is cloned, also from below folders of mode 0700;
//! 3. groups dropped, then user and group ids;
//! 4. the tree is built in an empty tmpfs, which becomes the root; the old root goes;
//! 5. capabilities, no new privileges; fork: the parent is init, which waits, and holds nothing;
//! 6. in the program's process: descriptors, Landlock, limits, no write-and-run memory, filters, exec.
//!
//! Nothing here allocates, and nothing of a request is trusted to be well-formed, though it is the library's.

#![no_std]
#![no_main]

mod cgroup;
mod inside;
mod message;
mod outside;
mod program;
mod protocol;
mod request;
mod system;
mod tree;

use core::cell::UnsafeCell;
use message::{at, fail, receive};
use outside::{outside, stand_alone};
use protocol::step;
use request::Request;
use system::exit;

core::arch::global_asm!(
    ".globl _start",
    "_start:",
    "xor ebp, ebp",
    "and rsp, -16",
    "call {main}",
    "ud2",
    main = sym main,
);

/// Room for the request; not on the stack, which the host may have kept small.
struct Buffer(UnsafeCell<[u8; protocol::REQUEST_MAX]>);

// SAFETY: the launcher has one thread.
unsafe impl Sync for Buffer {}

static BUFFER: Buffer = Buffer(UnsafeCell::new([0; protocol::REQUEST_MAX]));

extern "C" fn main() -> ! {
    if let Err(fault) = stand_alone() {
        fail(&fault);
    }
    // SAFETY: here alone it is borrowed, once.
    let buffer = unsafe { &mut *BUFFER.0.get() };
    let fault = match receive(buffer) {
        Ok(length) => match Request::read(&buffer[..length]) {
            Ok(request) => match outside(&request) {
                Ok(()) => exit(0),
                Err(fault) => fault,
            },
            Err(error) => at(step::RECEIVE)(error),
        },
        Err(error) => at(step::RECEIVE)(error),
    };
    fail(&fault)
}
