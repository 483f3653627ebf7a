//! The program's process: the last locks, then exec.
//!
//! The order is that of what each step still needs: descriptors first, since rules and limits are about them; filters
//! last, since they would refuse the rest.

use crate::message::{Fault, O_CLOEXEC, at, entry};
use crate::protocol::{self, NONE, option, step};
use crate::request::{EINVAL, Reader, Request, descriptor};
use crate::system::{nr, sys};

// Where descriptors are put for the program's process: above those of a request, below the least limit.
pub(crate) const ERRORS: u32 = protocol::PROGRAM + 1;
const INPUT: u32 = protocol::PROGRAM + 2;
const OUTPUT: u32 = protocol::PROGRAM + 3;
const EXTRA: u32 = protocol::PROGRAM + 4;
pub(crate) const RULES: u32 = protocol::PROGRAM + 5;

pub(crate) enum Never {}

/// The last locks, then the program. Comes back only with what failed, told through [`ERRORS`].
pub(crate) fn start(request: &Request<'_>, errors: u32) -> Result<Never, Fault> {
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
            let mut both = [limits.u64()?, limits.u64()?];
            // The host's own may be lower, and only root could raise them; then they are strict enough.
            let mut own = [0_u64; 2];
            sys!(nr::PRLIMIT64, 0, resource, 0, own.as_mut_ptr())?;
            both = [both[0].min(own[1]), both[1].min(own[1])];
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
pub(crate) fn reset_signals() {
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
