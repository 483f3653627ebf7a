//! The canary: tries one thing that a jail must not allow, and tells whether it could.
//!
//! Arguments: a command, and what it is about. It ends with 0 if it reached what it tried, with 100 if it was refused.
//! The self-test runs it in jails with some layers lifted, to see that each layer is what stops it.

#![no_std]
#![no_main]

mod system;

use core::ffi::CStr;
use system::{exit, nr, sys};

core::arch::global_asm!(
    ".globl _start",
    "_start:",
    "xor ebp, ebp",
    "mov rdi, rsp",
    "and rsp, -16",
    "call {main}",
    "ud2",
    main = sym main,
);

const REFUSED: u32 = 100;

extern "C" fn main(stack: *const usize) -> ! {
    // As the kernel lays it out: the number of arguments, then a pointer to each.
    let argument = |at: usize| -> &'static CStr {
        // SAFETY: the kernel put the number and the pointers there, and texts that end with zero; they stay.
        unsafe {
            if at < *stack { CStr::from_ptr(*stack.add(1 + at) as *const i8) } else { c"" }
        }
    };
    let (command, what) = (argument(1), argument(2));
    let number = number(what);
    let reached = match command.to_bytes() {
        b"read" => read(what),
        b"signal" => sys!(nr::KILL, number, 0).is_ok(),
        b"connect" => connect(number),
        b"shared" => shared(number),
        b"name" => name(what),
        b"rename" => sys!(nr::SETHOSTNAME, c"canary".as_ptr(), 6).is_ok(),
        b"call" => sys!(nr::MEMFD_CREATE, c"".as_ptr(), 0).is_ok(),
        b"fork" => fork(number),
        b"touch" => touch(number),
        b"fill" => fill(number),
        b"sleep" => sys!(nr::POLL, 0, 0, number).is_ok(),
        b"execute" => memory(4096, 7).is_some(),
        _ => false,
    };
    exit(if reached { 0 } else { REFUSED })
}

fn number(text: &CStr) -> usize {
    text.to_bytes().iter().fold(0, |all, digit| all * 10 + usize::from(digit.wrapping_sub(b'0')))
}

/// Prints what a file contains: the host looks for its own words.
fn read(path: &CStr) -> bool {
    let mut bytes = [0_u8; 64];
    let length = sys!(nr::OPEN, path.as_ptr(), 0)
        .and_then(|file| sys!(nr::READ, file, bytes.as_mut_ptr(), bytes.len()));
    length.and_then(|length| sys!(nr::WRITE, 1, bytes.as_ptr(), length)).is_ok()
}

/// A TCP connection to a port of 127.0.0.1.
fn connect(port: usize) -> bool {
    let [high, low] = (port as u16).to_be_bytes();
    let address = [2, 0, high, low, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0_u8];
    sys!(nr::SOCKET, 2, 1, 0)
        .and_then(|socket| sys!(nr::CONNECT, socket, address.as_ptr(), address.len()))
        .is_ok()
}

/// Facts about a System V segment.
fn shared(id: usize) -> bool {
    const IPC_STAT: u32 = 2;
    let mut facts = [0_u64; 32];
    sys!(nr::SHMCTL, id, IPC_STAT, facts.as_mut_ptr()).is_ok()
}

/// Whether the host has this name.
fn name(of_host: &CStr) -> bool {
    let mut facts = [0_u8; 390];
    let asked = sys!(nr::UNAME, facts.as_mut_ptr()).is_ok();
    asked && CStr::from_bytes_until_nul(&facts[65..130]).is_ok_and(|name| name == of_host)
}

/// So many processes at once; all end with this one's jail, or after a second.
fn fork(count: usize) -> bool {
    (0..count).all(|_| match sys!(nr::FORK) {
        Ok(0) => {
            let _ = sys!(nr::POLL, 0, 0, 1000);
            exit(0)
        }
        other => other.is_ok(),
    })
}

fn memory(bytes: usize, protection: u32) -> Option<usize> {
    const PRIVATE_ANONYMOUS: u32 = 0x22;
    sys!(nr::MMAP, 0, bytes, protection, PRIVATE_ANONYMOUS, -1_isize, 0).ok()
}

/// So many MiB, each page written to.
fn touch(mib: usize) -> bool {
    let Some(start) = memory(mib << 20, 3) else { return false };
    for page in 0..mib << 8 {
        // SAFETY: within the mapping that was just made, which is writable.
        unsafe { (start as *mut u8).add(page << 12).write_volatile(1) };
    }
    true
}

/// So many MiB in a file of the workspace.
fn fill(mib: usize) -> bool {
    let block = [1_u8; 1 << 16];
    let Ok(file) = sys!(nr::OPEN, c"filled".as_ptr(), 0o101, 0o600) else { return false };
    (0..mib << 4).all(|_| sys!(nr::WRITE, file, block.as_ptr(), block.len()) == Ok(block.len()))
}
