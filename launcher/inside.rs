//! The first process of a jail: builds it from within, starts the program, and is its init.

use crate::cgroup::join;
use crate::message::{Fault, at, entry, fail, send};
use crate::outside::{Polled, SIGKILL, pipe};
use crate::program::{ERRORS, start};
use crate::protocol::{self, NONE, option, step};
use crate::request::{EINVAL, Reader, Request};
use crate::system::{exit, nr, sys};
use crate::tree::{grow, pivot, take};

/// The first process of the jail: builds it, starts the program, and waits for it.
pub(crate) fn inside(request: &Request<'_>, go: u32) -> ! {
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
    ordinary_schedule();
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
        let folder = if request.has(option::ROOT) { c"/build" } else { c"/tmp" };
        sys!(nr::CHDIR, folder.as_ptr()).map_err(at(step::PIVOT))?;
    }
    Ok(workspace)
}

/// No real-time policy and no better priority than others, whatever the host has: it is the host that has to be woken in
/// time to keep the deadline.
fn ordinary_schedule() {
    let (other, priority) = (0, 0_u32);
    let _ = sys!(nr::SCHED_SETSCHEDULER, 0, other, &raw const priority);
    // The call gives 20 less the nice value.
    if sys!(nr::GETPRIORITY, 0, 0).is_ok_and(|told| told > 20) {
        let _ = sys!(nr::SETPRIORITY, 0, 0, 0);
    }
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
