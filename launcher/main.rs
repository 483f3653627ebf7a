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

mod protocol;
mod system;

use core::mem::size_of;
use protocol::{NONE, option, step};
use system::{exit, nr, sys};

core::arch::global_asm!(
    ".globl _start",
    "_start:",
    "xor ebp, ebp",
    "and rsp, -16",
    "call {main}",
    "ud2",
    main = sym main,
);

/// The socket to the host.
const CONTROL: u32 = 0;

// Where descriptors are put for the program's process: above those of a request, below the least limit.
const ERRORS: u32 = protocol::PROGRAM + 1;
const INPUT: u32 = protocol::PROGRAM + 2;
const OUTPUT: u32 = protocol::PROGRAM + 3;
const EXTRA: u32 = protocol::PROGRAM + 4;
const RULES: u32 = protocol::PROGRAM + 5;

const O_CLOEXEC: u32 = 0o2_000_000;
const SIGKILL: u32 = 9;

/// What failed: the step, which of its entries, and the error number.
struct Fault {
    step: u32,
    entry: u32,
    error: u32,
}

fn at(step: u32) -> impl Fn(u32) -> Fault {
    move |error| Fault { step, entry: 0, error }
}

fn entry(step: u32, entry: u32) -> impl Fn(u32) -> Fault {
    move |error| Fault { step, entry, error }
}

const EINVAL: u32 = 22;

// ---- the request

/// Reads fields one after the other.
#[derive(Clone, Copy)]
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, length: usize) -> Result<&'a [u8], u32> {
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(EINVAL)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn u32(&mut self) -> Result<u32, u32> {
        let bytes = self.bytes(4)?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    fn u64(&mut self) -> Result<u64, u32> {
        Ok(u64::from(self.u32()?) | u64::from(self.u32()?) << 32)
    }

    /// A text with its zero byte.
    fn text(&mut self) -> Result<&'a [u8], u32> {
        let end = self.0.iter().position(|byte| *byte == 0).ok_or(EINVAL)?;
        self.bytes(end + 1)
    }

    fn section(&mut self) -> Result<Reader<'a>, u32> {
        let length = self.u32()? as usize;
        Ok(Reader(self.bytes(length)?))
    }
}

struct Request<'a> {
    namespaces: u32,
    options: u32,
    outside: u32,
    inside: u32,
    input: u32,
    output: u32,
    extra: u32,
    ruleset: u32,
    program_fd: u32,
    cgroups: Reader<'a>,
    tree: Reader<'a>,
    limits: Reader<'a>,
    rules: Reader<'a>,
    filters: Reader<'a>,
    program: Reader<'a>,
}

impl<'a> Request<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, u32> {
        let mut r = Reader(bytes);
        if r.u32()? != protocol::MAGIC {
            return Err(EINVAL);
        }
        Ok(Request {
            namespaces: r.u32()?,
            options: r.u32()?,
            outside: r.u32()?,
            inside: r.u32()?,
            input: r.u32()?,
            output: r.u32()?,
            extra: r.u32()?,
            ruleset: r.u32()?,
            program_fd: r.u32()?,
            cgroups: r.section()?,
            tree: r.section()?,
            limits: r.section()?,
            rules: r.section()?,
            filters: r.section()?,
            program: r.section()?,
        })
    }

    fn has(&self, option: u32) -> bool {
        self.options & option != 0
    }
}

/// The number that a descriptor of the request has here: they came in order, after 0 to 2 alone were open.
fn descriptor(index: u32) -> u32 {
    if index == NONE { NONE } else { index + 3 }
}

// ---- messages

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
fn send(kind: u32, fields: [u64; 5], with: u32) {
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

fn fail(fault: &Fault) -> ! {
    let fields = [u64::from(fault.step), u64::from(fault.entry), u64::from(fault.error), 0, 0];
    send(protocol::frame::FAILED, fields, NONE);
    exit(1)
}

// ---- outside

extern "C" fn main() -> ! {
    let mut buffer = [0_u8; protocol::REQUEST_MAX];
    let fault = match receive(&mut buffer) {
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

fn receive(buffer: &mut [u8]) -> Result<usize, u32> {
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

/// A pipe: where to read, where to write.
fn pipe() -> Result<[u32; 2], u32> {
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

/// Makes the child, gives it its user and its groups, and waits until it is over.
fn outside(request: &Request<'_>) -> Result<(), Fault> {
    raise_descriptors().map_err(at(step::LIMITS))?;
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

/// The jail's user. It is written from outside, where the right for it is.
fn admit(request: &Request<'_>, child: usize) -> Result<(), Fault> {
    if request.has(option::IDENTITY) {
        let mut line = Line::default();
        let map =
            line.number(request.inside).text(b" ").number(request.outside).text(b" 1\n").bytes();
        if !request.has(option::GROUPS) {
            write_proc(child, b"/setgroups\0", b"deny").map_err(entry(step::MAP, 0))?;
        }
        write_proc(child, b"/uid_map\0", map).map_err(entry(step::MAP, 1))?;
        write_proc(child, b"/gid_map\0", map).map_err(entry(step::MAP, 2))?;
    }
    Ok(())
}

// Control groups. Moving a process from outside takes a lock over all of the machine's processes, and waits for an RCU
// grace period: 6 to 10 ms. Two ways do without: to be born into a group (version 2), and to move oneself, by thread
// (version 1).

/// One entry of the groups: generation, descriptor, folder above, name.
fn group<'a>(groups: &mut Reader<'a>) -> Result<(u32, u32, u32, &'a [u8]), u32> {
    let (generation, own) = (groups.u32()?, descriptor(groups.u32()?));
    Ok((generation, own, descriptor(groups.u32()?), groups.text()?))
}

/// The group of version 2, if there is one.
fn born_into(request: &Request<'_>) -> Result<Option<u32>, u32> {
    let mut groups = request.cgroups;
    let mut found = None;
    while !groups.0.is_empty() {
        if let (protocol::cgroup::TWO, own, ..) = group(&mut groups)? {
            found = Some(own);
        }
    }
    Ok(found)
}

/// Moves this process, which has one thread, into the groups of version 1.
fn join(request: &Request<'_>) -> Result<(), Fault> {
    let mut groups = request.cgroups;
    let mut number = 0;
    while !groups.0.is_empty() {
        let mut one = || match group(&mut groups)? {
            (protocol::cgroup::ONE, own, ..) => sys!(nr::WRITE, own, b"0".as_ptr(), 1),
            _ => Ok(0),
        };
        one().map_err(entry(step::CGROUP, number))?;
        number += 1;
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

/// The host reads what its groups counted and removes them; where it is gone, it falls to the launcher.
fn remove_groups(request: &Request<'_>) {
    const AT_REMOVEDIR: u32 = 0x200;
    const EBUSY: u32 = 16;
    let mut groups = request.cgroups;
    while let Ok((_, _, above, name)) = group(&mut groups) {
        // The last process leaves its group a little after it was waited for.
        for _ in 0..200 {
            if sys!(nr::UNLINKAT, above, name.as_ptr(), AT_REMOVEDIR) != Err(EBUSY) {
                break;
            }
            let _ = sys!(nr::POLL, 0, 0, 5);
        }
    }
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
struct Polled {
    descriptor: u32,
    events: u16,
    seen: u16,
}

// ---- inside

/// The first process of the jail: builds it, starts the program, and waits for it.
fn inside(request: &Request<'_>, go: u32) -> ! {
    let mut byte = 0_u8;
    // End of file: the launcher is gone, or could not admit us and has said so.
    if sys!(nr::READ, go, &raw mut byte, 1) != Ok(1) {
        exit(1);
    }
    let workspace = match join(request).and_then(|()| build(request)) {
        Ok(workspace) => workspace,
        Err(fault) => fail(&fault),
    };
    // Set last: a change of user clears it. If the launcher died before, the pipe tells.
    const PR_SET_PDEATHSIG: u32 = 1;
    let _ = sys!(nr::PRCTL, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    let mut polled = Polled { descriptor: go, events: 0, seen: 0 };
    let _ = sys!(nr::POLL, &raw mut polled, 1, 0);
    if polled.seen != 0 {
        exit(1);
    }
    send(protocol::frame::READY, [0; 5], workspace);
    let errors = match pipe() {
        Ok(errors) => errors,
        Err(error) => fail(&at(step::FORK)(error)),
    };
    match sys!(nr::FORK) {
        Ok(0) => {
            let Err(fault) = start(request, errors[1]);
            let mut told = [0_u8; 12];
            told[..4].copy_from_slice(&fault.step.to_le_bytes());
            told[4..8].copy_from_slice(&fault.entry.to_le_bytes());
            told[8..].copy_from_slice(&fault.error.to_le_bytes());
            // Before it was put in its place, it is where it was.
            if sys!(nr::WRITE, ERRORS, told.as_ptr(), told.len()).is_err() {
                let _ = sys!(nr::WRITE, errors[1], told.as_ptr(), told.len());
            }
            exit(1)
        }
        Ok(program) => init(program, errors),
        Err(error) => fail(&at(step::FORK)(error)),
    }
}

/// Waits for the program, and for whoever lost a parent; then ends, and with it all that is left.
fn init(program: usize, errors: [u32; 2]) -> ! {
    // Nothing but the socket is needed any more; the program's process has its own.
    let _ = sys!(nr::CLOSE, errors[1]);
    let mut told = [0_u8; 12];
    let length = loop {
        match sys!(nr::READ, errors[0], told.as_mut_ptr(), told.len()) {
            Err(4) => {}
            other => break other,
        }
    };
    if length == Ok(told.len()) {
        let mut fields = Reader(&told);
        let mut next = || fields.u32().unwrap_or(0);
        fail(&Fault { step: next(), entry: next(), error: next() });
    }
    send(protocol::frame::STARTED, [0; 5], NONE);
    let _ = sys!(nr::CLOSE_RANGE, 1, u32::MAX, 0);
    let mut status = 0_u32;
    let mut usage = [0_u64; 18];
    loop {
        match sys!(nr::WAIT4, -1_isize, &raw mut status, 0, usage.as_mut_ptr()) {
            Ok(ended) if ended == program => break,
            Ok(_) | Err(4) => {}
            Err(_) => exit(1),
        }
    }
    let time = |at: usize| usage[at] * 1_000_000 + usage[at + 1];
    send(protocol::frame::ENDED, [u64::from(status), time(0), time(2), usage[4], 0], NONE);
    exit(0)
}

/// Builds the jail up to where the program's process takes over; gives the workspace's descriptor.
fn build(request: &Request<'_>) -> Result<u32, Fault> {
    let _ = sys!(nr::SETSID);
    let _ = sys!(nr::UMASK, 0o077);
    let mut taken = [NONE; protocol::DESCRIPTORS_MAX];
    take(request, &mut taken)?;
    if request.has(option::IDENTITY) {
        become_user(request)?;
    }
    if request.has(option::KEYRING) {
        const KEYCTL_JOIN_SESSION_KEYRING: u32 = 1;
        const ENOSYS: u32 = 38; // a kernel without keys
        match sys!(nr::KEYCTL, KEYCTL_JOIN_SESSION_KEYRING, 0) {
            Ok(_) | Err(ENOSYS) => {}
            Err(error) => return Err(entry(step::IDENTITY, 3)(error)),
        }
    }
    const MS_REC_PRIVATE: u32 = 0x4000 | 1 << 18;
    const NOTHING: *const u8 = core::ptr::null();
    let none = c"none".as_ptr();
    sys!(nr::MOUNT, none, c"/".as_ptr(), NOTHING, MS_REC_PRIVATE, NOTHING)
        .map_err(at(step::PRIVATE))?;
    if request.has(option::ROOT) {
        // Over /proc, which is there wherever this runs: the launcher came from it.
        let options = c"size=1m,nr_inodes=2k,mode=755".as_ptr();
        let tmpfs = c"tmpfs".as_ptr();
        sys!(nr::MOUNT, tmpfs, c"/proc".as_ptr(), tmpfs, 2 | 4, options).map_err(at(step::ROOT))?;
        sys!(nr::CHDIR, c"/proc".as_ptr()).map_err(at(step::ROOT))?;
    } else {
        sys!(nr::CHDIR, c"/".as_ptr()).map_err(at(step::ROOT))?;
    }
    let workspace = grow(request, &taken)?;
    if request.has(option::ROOT) {
        pivot().map_err(at(step::PIVOT))?;
    }
    if request.has(option::NAMES) {
        sys!(nr::SETHOSTNAME, b"jail".as_ptr(), 4).map_err(at(step::NAME))?;
        sys!(nr::SETDOMAINNAME, b"".as_ptr(), 0).map_err(at(step::NAME))?;
    }
    if request.has(option::CAPABILITIES) {
        drop_capabilities().map_err(at(step::CAPABILITIES))?;
    }
    if request.has(option::PRIVILEGES) {
        const PR_SET_NO_NEW_PRIVS: u32 = 38;
        sys!(nr::PRCTL, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0).map_err(at(step::PRIVILEGES))?;
    }
    // Init itself cannot be looked into, whatever filter the program's process lacks.
    const PR_SET_DUMPABLE: u32 = 4;
    let _ = sys!(nr::PRCTL, PR_SET_DUMPABLE, 0, 0, 0, 0);
    if workspace != NONE {
        // Compilers record the folder they run in.
        let folder = if request.has(option::ROOT) { c"/work" } else { c"/tmp" };
        sys!(nr::CHDIR, folder.as_ptr()).map_err(at(step::PIVOT))?;
    }
    Ok(workspace)
}

/// Clones what the tree takes from the host, as the host's user; the clones are attached nowhere yet.
fn take(request: &Request<'_>, taken: &mut [u32]) -> Result<(), Fault> {
    const OPEN_TREE: u32 = 1 | O_CLOEXEC | 0x8000; // OPEN_TREE_CLONE, AT_RECURSIVE
    const AT_FDCWD: isize = -100;
    let mut tree = request.tree;
    let mut number = 0;
    while !tree.0.is_empty() {
        let mut one = || -> Result<(), u32> {
            let (kind, attributes) = (tree.u32()?, tree.u32()?);
            let (_, host) = (tree.text()?, tree.text()?);
            if kind == protocol::tree::BIND || kind == protocol::tree::BIND_FOLDER {
                let slot = taken.get_mut(number as usize).ok_or(EINVAL)?;
                *slot = sys!(nr::OPEN_TREE, AT_FDCWD, host.as_ptr(), OPEN_TREE)? as u32;
                set_attributes(*slot, c"".as_ptr().cast(), u64::from(attributes))?;
            }
            Ok(())
        };
        one().map_err(entry(step::TREE, number))?;
        number += 1;
    }
    Ok(())
}

/// Sets attributes of a mount and all below it.
fn set_attributes(of: u32, path: *const u8, attributes: u64) -> Result<(), u32> {
    const EMPTY_PATH_RECURSIVE: u32 = 0x1000 | 0x8000;
    let set = [attributes, 0, 0, 0];
    sys!(nr::MOUNT_SETATTR, of, path, EMPTY_PATH_RECURSIVE, set.as_ptr(), size_of_val(&set))?;
    Ok(())
}

/// Another user, without any group.
fn become_user(request: &Request<'_>) -> Result<(), Fault> {
    let id = request.inside;
    if request.has(option::GROUPS) {
        sys!(nr::SETGROUPS, 0, 0).map_err(entry(step::IDENTITY, 0))?;
    }
    sys!(nr::SETRESGID, id, id, id).map_err(entry(step::IDENTITY, 1))?;
    sys!(nr::SETRESUID, id, id, id).map_err(entry(step::IDENTITY, 2))?;
    Ok(())
}

/// Makes the entries of the tree, below the current folder; gives the workspace's descriptor.
fn grow(request: &Request<'_>, taken: &[u32]) -> Result<u32, Fault> {
    let mut workspace = NONE;
    let mut tree = request.tree;
    let mut number = 0;
    while !tree.0.is_empty() {
        let grown = sprout(&mut tree, taken, number).map_err(entry(step::TREE, number))?;
        if grown != NONE {
            workspace = grown;
        }
        number += 1;
    }
    Ok(workspace)
}

fn sprout(tree: &mut Reader<'_>, taken: &[u32], number: u32) -> Result<u32, u32> {
    let (kind, value) = (tree.u32()?, tree.u32()?);
    let (path, other) = (tree.text()?, tree.text()?);
    match kind {
        protocol::tree::FOLDER => {
            sys!(nr::MKDIR, path.as_ptr(), value)?;
        }
        protocol::tree::BIND | protocol::tree::BIND_FOLDER => {
            if kind == protocol::tree::BIND {
                let empty = create(path)?;
                let _ = sys!(nr::CLOSE, empty);
            } else {
                sys!(nr::MKDIR, path.as_ptr(), 0o755)?;
            }
            let from = *taken.get(number as usize).ok_or(EINVAL)?;
            const AT_FDCWD: isize = -100;
            const FROM_EMPTY_PATH: u32 = 4;
            let empty = c"".as_ptr();
            sys!(nr::MOVE_MOUNT, from, empty, AT_FDCWD, path.as_ptr(), FROM_EMPTY_PATH)?;
            let _ = sys!(nr::CLOSE, from);
        }
        protocol::tree::WORKSPACE => {
            let tmpfs = c"tmpfs".as_ptr();
            sys!(nr::MOUNT, tmpfs, path.as_ptr(), tmpfs, value, other.as_ptr())?;
            const O_DIRECTORY: u32 = 0o200_000;
            return Ok(sys!(nr::OPEN, path.as_ptr(), O_DIRECTORY | O_CLOEXEC)? as u32);
        }
        protocol::tree::FILE => fill(path, descriptor(value))?,
        _ => return Err(EINVAL),
    }
    Ok(NONE)
}

fn create(path: &[u8]) -> Result<usize, u32> {
    const WRITE_CREATE_EXCLUSIVE: u32 = 0o1 | 0o100 | 0o200;
    sys!(nr::OPEN, path.as_ptr(), WRITE_CREATE_EXCLUSIVE | O_CLOEXEC, 0o600)
}

/// A file with the content of a descriptor, and a time that is the same in every build.
fn fill(path: &[u8], from: u32) -> Result<(), u32> {
    let to = create(path)?;
    let mut offset = 0_u64;
    while sys!(nr::SENDFILE, to, from, &raw mut offset, 1 << 30)? != 0 {}
    let epoch = [0_u64; 4];
    sys!(nr::UTIMENSAT, to, 0, epoch.as_ptr(), 0)?;
    let _ = sys!(nr::CLOSE, to);
    Ok(())
}

/// Makes the current folder the root, and what was the root unreachable.
fn pivot() -> Result<(), u32> {
    const READ_ONLY: u64 = 1 | 2 | 4 | 8; // and no setuid, no devices, nothing to execute
    const MNT_DETACH: u32 = 2;
    let here = c".".as_ptr();
    sys!(nr::PIVOT_ROOT, here, here)?;
    sys!(nr::UMOUNT2, here, MNT_DETACH)?;
    sys!(nr::CHDIR, c"/".as_ptr())?;
    const AT_FDCWD: isize = -100;
    // Of the root alone: what is mounted below has its own attributes.
    let set = [READ_ONLY, 0, 0, 0];
    sys!(nr::MOUNT_SETATTR, AT_FDCWD, c"/".as_ptr(), 0, set.as_ptr(), size_of_val(&set))?;
    Ok(())
}

/// Bounding, ambient, and the three sets of this process.
fn drop_capabilities() -> Result<(), u32> {
    const PR_CAPBSET_DROP: u32 = 24;
    const PR_CAP_AMBIENT_CLEAR_ALL: [u32; 2] = [47, 4];
    for capability in 0..64 {
        match sys!(nr::PRCTL, PR_CAPBSET_DROP, capability, 0, 0, 0) {
            Ok(_) => {}
            Err(EINVAL) => break, // beyond the last that the kernel knows
            Err(error) => return Err(error),
        }
    }
    let [ambient, clear] = PR_CAP_AMBIENT_CLEAR_ALL;
    sys!(nr::PRCTL, ambient, clear, 0, 0, 0)?;
    let header = [0x2008_0522_u32, 0];
    let none = [0_u32; 6];
    sys!(nr::CAPSET, header.as_ptr(), none.as_ptr())?;
    Ok(())
}

// ---- the program's process

enum Never {}

/// The last locks, then the program. Comes back only with what failed, told through [`ERRORS`].
fn start(request: &Request<'_>, errors: u32) -> Result<Never, Fault> {
    arrange(request, errors).map_err(at(step::DESCRIPTORS))?;
    reset_signals();
    if request.has(option::LANDLOCK) {
        landlock(request)?;
    }
    let mut limits = request.limits;
    let mut number = 0;
    while !limits.0.is_empty() {
        let mut one = || {
            let resource = limits.u32()?;
            let both = [limits.u64()?, limits.u64()?];
            sys!(nr::PRLIMIT64, 0, resource, both.as_ptr(), 0)
        };
        one().map_err(entry(step::LIMITS, number))?;
        number += 1;
    }
    if request.has(option::MDWE) {
        const PR_SET_MDWE_REFUSE_EXEC_GAIN: [u32; 2] = [65, 1];
        let [set, refuse] = PR_SET_MDWE_REFUSE_EXEC_GAIN;
        sys!(nr::PRCTL, set, refuse, 0, 0, 0).map_err(at(step::MDWE))?;
    }
    filter(request)?;
    execute(request).map_err(at(step::EXEC))
}

/// Puts descriptors where they belong, and closes all others.
fn arrange(request: &Request<'_>, errors: u32) -> Result<(), u32> {
    let wanted = [
        (errors, ERRORS),
        (descriptor(request.program_fd), protocol::PROGRAM),
        (descriptor(request.input), INPUT),
        (descriptor(request.output), OUTPUT),
        (descriptor(request.extra), EXTRA),
        (descriptor(request.ruleset), RULES),
    ];
    for (from, to) in wanted {
        if from != NONE {
            sys!(nr::DUP3, from, to, O_CLOEXEC)?;
        }
    }
    let mut next = 0;
    for from in [INPUT, OUTPUT, OUTPUT] {
        sys!(nr::DUP3, from, next, 0)?;
        next += 1;
    }
    if request.extra != NONE {
        sys!(nr::DUP3, EXTRA, next, 0)?;
        next += 1;
    }
    sys!(nr::CLOSE_RANGE, next, protocol::PROGRAM - 1, 0)?;
    sys!(nr::CLOSE_RANGE, INPUT, EXTRA, 0)?;
    Ok(())
}

/// A signal that the host ignores is not ignored here, and none is blocked.
fn reset_signals() {
    let default = [0_usize; 4];
    for signal in 1..=64 {
        let _ = sys!(nr::RT_SIGACTION, signal, default.as_ptr(), 0, 8);
    }
    let none = 0_u64;
    let _ = sys!(nr::RT_SIGPROCMASK, 2, &raw const none, 0, 8);
}

/// Rules for what exists only in the jail join those of the host's files; then they bind.
fn landlock(request: &Request<'_>) -> Result<(), Fault> {
    #[repr(C, packed)]
    struct Beneath {
        access: u64,
        folder: u32,
    }
    const O_PATH: u32 = 0o10_000_000;
    const RULE_PATH_BENEATH: u32 = 1;
    let mut rules = request.rules;
    let mut number = 0;
    while !rules.0.is_empty() {
        let mut one = || {
            let (access, path) = (rules.u64()?, rules.text()?);
            let folder = sys!(nr::OPEN, path.as_ptr(), O_PATH | O_CLOEXEC)? as u32;
            let rule = Beneath { access, folder };
            sys!(nr::LANDLOCK_ADD_RULE, RULES, RULE_PATH_BENEATH, &raw const rule, 0)?;
            sys!(nr::CLOSE, folder)
        };
        one().map_err(entry(step::LANDLOCK, number))?;
        number += 1;
    }
    sys!(nr::LANDLOCK_RESTRICT_SELF, RULES, 0).map_err(entry(step::LANDLOCK, number))?;
    let _ = sys!(nr::CLOSE, RULES);
    Ok(())
}

fn filter(request: &Request<'_>) -> Result<(), Fault> {
    #[repr(C)]
    struct Program {
        length: u16,
        instructions: *const u8,
    }
    const SET_MODE_FILTER: u32 = 1;
    let mut filters = request.filters;
    let mut number = 0;
    while !filters.0.is_empty() {
        let mut one = || {
            let length = filters.u32()?;
            let bytes = filters.bytes(length as usize * 8)?;
            let program = Program { length: length as u16, instructions: bytes.as_ptr() };
            sys!(nr::SECCOMP, SET_MODE_FILTER, 0, &raw const program)
        };
        one().map_err(entry(step::FILTER, number))?;
        number += 1;
    }
    Ok(())
}

/// Executes the program, by its descriptor or by its path.
fn execute(request: &Request<'_>) -> Result<Never, u32> {
    let mut program = request.program;
    let path = program.text()?;
    let mut room = [core::ptr::null::<u8>(); 192];
    let arguments = texts(&mut program, &mut room)?;
    let (arguments, rest) = room.split_at_mut(arguments + 1);
    texts(&mut program, rest)?;
    if request.program_fd == NONE {
        sys!(nr::EXECVE, path.as_ptr(), arguments.as_ptr(), rest.as_ptr())?;
    } else {
        const AT_EMPTY_PATH: u32 = 0x1000;
        let empty = c"".as_ptr();
        let (arguments, variables) = (arguments.as_ptr(), rest.as_ptr());
        sys!(nr::EXECVEAT, protocol::PROGRAM, empty, arguments, variables, AT_EMPTY_PATH)?;
    }
    Err(EINVAL)
}

/// Pointers to as many texts as the number before them says, and a null after them.
fn texts(from: &mut Reader<'_>, into: &mut [*const u8]) -> Result<usize, u32> {
    let count = from.u32()? as usize;
    if count >= into.len() {
        return Err(EINVAL);
    }
    for slot in &mut into[..count] {
        *slot = from.text()?.as_ptr();
    }
    Ok(count)
}
