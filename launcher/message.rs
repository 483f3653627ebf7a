//! The socket to the host: one request comes, frames go; and faults, which are frames too.

use crate::protocol::{self, NONE};
use crate::request::EINVAL;
use crate::system::{exit, nr, sys};
use core::mem::size_of;

/// The socket to the host.
pub(crate) const CONTROL: u32 = 0;

pub(crate) const O_CLOEXEC: u32 = 0o2_000_000;

/// What failed: the step, which of its entries, and the error number.
pub(crate) struct Fault {
    pub(crate) step: u32,
    pub(crate) entry: u32,
    pub(crate) error: u32,
}

pub(crate) fn at(step: u32) -> impl Fn(u32) -> Fault {
    move |error| Fault { step, entry: 0, error }
}

pub(crate) fn entry(step: u32, entry: u32) -> impl Fn(u32) -> Fault {
    move |error| Fault { step, entry, error }
}

#[repr(C)]
struct Part {
    base: *const u8,
    length: usize,
}

#[repr(C)]
struct Message {
    name: *const u8,
    name_length: u32,
    parts: *const Part,
    part_count: usize,
    control: *mut u8,
    control_length: usize,
    flags: u32,
}

/// One descriptor in flight: header of the ancillary message, then the descriptor.
#[repr(C, align(8))]
struct Ancillary {
    length: usize,
    level: u32,
    kind: u32,
    descriptor: u32,
    padding: u32,
}

const SOL_SOCKET: u32 = 1;
const SCM_RIGHTS: u32 = 1;
const MSG_NOSIGNAL: u32 = 0x4000;
const MSG_CMSG_CLOEXEC: u32 = 0x4000_0000;

/// Sends a frame, with a descriptor if one is given. Where the host is gone nobody is left to be told.
pub(crate) fn send(kind: u32, fields: [u64; 5], with: u32) {
    let mut frame = [0_u8; 44];
    frame[..4].copy_from_slice(&kind.to_le_bytes());
    for (at, field) in fields.iter().enumerate() {
        frame[4 + at * 8..12 + at * 8].copy_from_slice(&field.to_le_bytes());
    }
    let part = Part { base: frame.as_ptr(), length: frame.len() };
    let mut rights =
        Ancillary { length: 20, level: SOL_SOCKET, kind: SCM_RIGHTS, descriptor: with, padding: 0 };
    let carried = with != NONE;
    let message = Message {
        name: core::ptr::null(),
        name_length: 0,
        parts: &raw const part,
        part_count: 1,
        control: if carried { (&raw mut rights).cast() } else { core::ptr::null_mut() },
        control_length: if carried { size_of::<Ancillary>() } else { 0 },
        flags: 0,
    };
    let _ = sys!(nr::SENDMSG, CONTROL, &raw const message, MSG_NOSIGNAL);
}

pub(crate) fn fail(fault: &Fault) -> ! {
    let fields = [u64::from(fault.step), u64::from(fault.entry), u64::from(fault.error), 0, 0];
    send(protocol::frame::FAILED, fields, NONE);
    exit(1)
}

pub(crate) fn receive(buffer: &mut [u8]) -> Result<usize, u32> {
    // Whatever the host left open by mistake ends here; descriptors of the request come after.
    sys!(nr::CLOSE_RANGE, 3, u32::MAX, 0)?;
    let part = Part { base: buffer.as_mut_ptr(), length: buffer.len() };
    let mut ancillary = [0_u64; protocol::DESCRIPTORS_MAX / 2 + 4];
    let mut message = Message {
        name: core::ptr::null(),
        name_length: 0,
        parts: &raw const part,
        part_count: 1,
        control: ancillary.as_mut_ptr().cast(),
        control_length: size_of_val(&ancillary),
        flags: 0,
    };
    let length = sys!(nr::RECVMSG, CONTROL, &raw mut message, MSG_CMSG_CLOEXEC)?;
    // MSG_TRUNC and MSG_CTRUNC: cut is wrong.
    if length == 0 || message.flags & (0x20 | 0x8) != 0 { Err(EINVAL) } else { Ok(length) }
}
