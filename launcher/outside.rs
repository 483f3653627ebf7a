//! Outside of the jail: makes its first process, gives it a user, and watches it until all is over.

use crate::cgroup::{born_into, remove_groups};
use crate::inside::inside;
use crate::message::{CONTROL, Fault, O_CLOEXEC, at, entry, send};
use crate::program::{RULES, reset_signals};
use crate::protocol::{self, NONE, option, step};
use crate::request::Request;
use crate::system::{nr, sys};
use core::mem::size_of;

pub(crate) const SIGKILL: u32 = 9;

/// Leaves what the host has in common with its other children: a signal to its group or terminal must not end the one
/// who is to clean up after it, and one that it ignores must not be ignored here.
pub(crate) fn stand_alone() -> Result<(), Fault> {
    let _ = sys!(nr::SETSID);
    reset_signals();
    let all = u64::MAX;
    let _ = sys!(nr::RT_SIGPROCMASK, 2, &raw const all, 0, 8);
    raise_descriptors().map_err(at(step::LIMITS))
}

/// Makes the child, gives it its user and its groups, and waits until it is over.
pub(crate) fn outside(request: &Request<'_>) -> Result<(), Fault> {
    let go = pipe().map_err(at(step::PREPARE))?;
    let mut pidfd = NONE;
    let mut clone = Clone3 {
        flags: u64::from(request.namespaces) | CLONE_PIDFD,
        pidfd: (&raw mut pidfd) as u64,
        exit_signal: 17,
        ..Clone3::default()
    };
    if let Some(group) = born_into(request).map_err(at(step::RECEIVE))? {
        clone.flags |= CLONE_INTO_CGROUP;
        clone.cgroup = u64::from(group);
    }
    let child = sys!(nr::CLONE3, &raw const clone, size_of::<Clone3>()).map_err(at(step::CLONE))?;
    if child == 0 {
        let _ = sys!(nr::CLOSE, go[1]);
        inside(request, go[0]);
    }
    let _ = sys!(nr::CLOSE, go[0]);
    let admitted = admit(request, child);
    if admitted.is_ok() {
        let _ = sys!(nr::WRITE, go[1], b"g".as_ptr(), 1);
        watch(pidfd);
    }
    // The end of the first process is the end of all: the kernel kills the rest, and waits for it.
    let _ = sys!(nr::PIDFD_SEND_SIGNAL, pidfd, SIGKILL, 0, 0);
    let mut status = 0_u32;
    while sys!(nr::WAIT4, child, &raw mut status, 0, 0) == Err(4) {}
    admitted?;
    send(protocol::frame::GONE, [u64::from(status), 0, 0, 0, 0], NONE);
    if !host_lives() {
        remove_groups(request);
    }
    Ok(())
}

/// A pipe: where to read, where to write.
pub(crate) fn pipe() -> Result<[u32; 2], u32> {
    let mut ends = [0_u32; 2];
    sys!(nr::PIPE2, ends.as_mut_ptr(), O_CLOEXEC)?;
    Ok(ends)
}

/// Room for descriptors: those of a request, of the tree, and the high ones.
fn raise_descriptors() -> Result<(), u32> {
    const RLIMIT_NOFILE: u32 = 7;
    let mut limit = [0_u64; 2];
    sys!(nr::PRLIMIT64, 0, RLIMIT_NOFILE, 0, limit.as_mut_ptr())?;
    let wanted = u64::from(RULES) + 50;
    if limit[1] < wanted {
        const EMFILE: u32 = 24;
        return Err(EMFILE);
    }
    limit[0] = limit[0].max(wanted);
    sys!(nr::PRLIMIT64, 0, RLIMIT_NOFILE, limit.as_ptr(), 0)?;
    Ok(())
}

/// The jail's user. It is written from outside, where the right for it is.
fn admit(request: &Request<'_>, child: usize) -> Result<(), Fault> {
    // Where memory runs out on the whole machine, a jail goes first. A kernel without that file goes by size.
    let _ = write_proc(child, b"/oom_score_adj\0", b"500");
    if request.has(option::IDENTITY) {
        let (mut users, mut groups) = (Line::default(), Line::default());
        let users = users.map(request.inside, request.outside);
        let groups = groups.map(request.inside, request.outside_group);
        if !request.has(option::GROUPS) {
            write_proc(child, b"/setgroups\0", b"deny").map_err(entry(step::MAP, 0))?;
        }
        write_proc(child, b"/uid_map\0", users).map_err(entry(step::MAP, 1))?;
        write_proc(child, b"/gid_map\0", groups).map_err(entry(step::MAP, 2))?;
    }
    Ok(())
}

/// Waits for the first process to end, or for the host to speak or to be gone; either way it is over.
fn watch(pidfd: u32) {
    const POLLIN: u16 = 1;
    let mut polled = [Polled { descriptor: CONTROL, events: POLLIN, seen: 0 }; 2];
    polled[1].descriptor = pidfd;
    while sys!(nr::POLL, polled.as_mut_ptr(), 2, -1_isize) == Err(4) {}
}

/// Whether the host still holds its end of the socket.
fn host_lives() -> bool {
    const POLLHUP: u16 = 0x10;
    let mut polled = Polled { descriptor: CONTROL, events: 0, seen: 0 };
    let _ = sys!(nr::POLL, &raw mut polled, 1, 0);
    polled.seen & POLLHUP == 0
}

fn write_proc(child: usize, file: &[u8], content: &[u8]) -> Result<(), u32> {
    let mut path = Line::default();
    let path = path.text(b"/proc/").number(child as u32).text(file).bytes();
    let opened = sys!(nr::OPEN, path.as_ptr(), 1 | O_CLOEXEC)?;
    let written = sys!(nr::WRITE, opened, content.as_ptr(), content.len());
    let _ = sys!(nr::CLOSE, opened);
    written.map(|_| ())
}

/// A short line of text.
struct Line {
    bytes: [u8; 64],
    length: usize,
}

impl Default for Line {
    fn default() -> Self {
        Line { bytes: [0; 64], length: 0 }
    }
}

impl Line {
    fn text(&mut self, text: &[u8]) -> &mut Self {
        self.bytes[self.length..self.length + text.len()].copy_from_slice(text);
        self.length += text.len();
        self
    }

    fn number(&mut self, number: u32) -> &mut Self {
        if number >= 10 {
            self.number(number / 10);
        }
        self.text(&[b'0' + (number % 10) as u8])
    }

    /// One id inside that is one outside.
    fn map(&mut self, inside: u32, outside: u32) -> &[u8] {
        self.number(inside).text(b" ").number(outside).text(b" 1\n").bytes()
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

const CLONE_PIDFD: u64 = 0x1000;
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

#[repr(C)]
#[derive(Default)]
struct Clone3 {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
    cgroup: u64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Polled {
    pub(crate) descriptor: u32,
    pub(crate) events: u16,
    pub(crate) seen: u16,
}
