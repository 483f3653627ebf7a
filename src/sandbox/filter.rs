//! The system calls that a program in a jail may make: data tables, each row with its reason.
//!
//! Filters are allowlists. What no row names gets the default of the profile: a compiler is told `EPERM`, since it
//! and its libraries probe and go on; a native skill is stopped by `SIGSYS`, so that the report names the call. Rows
//! that deny by name are for calls that libraries make on every start and can do without. Another architecture's
//! calls (`int 0x80`) kill the process; x32 numbers are on no list.
//!
//! A filter has one answer for what it names and one for the rest, so a profile is a stack of filters; the kernel
//! takes the strictest answer of all. The allowlist goes on last: the others let the launcher go on installing.

use crate::sandbox::protocol;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};
use std::collections::BTreeMap;

/// What is asked of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// Nothing.
    Any,
    /// None of these bits are set in the argument.
    Without { argument: u8, bits: u64 },
    /// The argument has this value.
    Is { argument: u8, value: u64 },
    /// The two arguments have these values.
    Both { first: (u8, u64), second: (u8, u64) },
}

/// A system call that is allowed, when, and why.
type Allowed = (&'static str, i64, When, &'static str);

/// A system call that is answered with an error, which, and why.
type Denied = (&'static str, i64, i32, &'static str);

use When::{Any, Both, Is, Without};

/// `clone` flags that make namespaces: a new one would give back capabilities over what is in it.
const NEW_NAMESPACES: u64 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET) as u64;

/// The program is the second process of its jail: init is the first.
const ITSELF: u64 = 2;

macro_rules! calls {
    ($($name:ident $when:expr, $reason:literal;)*) => {
        &[$((stringify!($name), libc::$name, $when, $reason)),*]
    };
}

/// What both profiles need: memory, time, signals to be handled, and the end.
const COMMON: &[Allowed] = calls! {
    SYS_read Any, "open descriptors";
    SYS_write Any, "open descriptors, output";
    SYS_readv Any, "as read, in parts";
    SYS_writev Any, "as write, in parts; assertions of glibc print with it";
    SYS_pread64 Any, "as read, at a place";
    SYS_close Any, "give up a descriptor";
    SYS_brk Any, "the heap of malloc";
    SYS_munmap Any, "give memory back";
    SYS_mremap Any, "realloc of large blocks";
    SYS_madvise Any, "malloc gives pages back";
    SYS_futex Any, "locks within the process";
    SYS_rt_sigaction Any, "handlers of its own signals";
    SYS_rt_sigprocmask Any, "around fork and abort";
    SYS_rt_sigreturn Any, "end of a handler";
    SYS_sigaltstack Any, "a stack for the handler of an overflow";
    SYS_arch_prctl Any, "thread-local storage, at start";
    SYS_set_tid_address Any, "at start";
    SYS_set_robust_list Any, "at start";
    SYS_rseq Any, "at start, since glibc 2.35";
    SYS_getrandom Any, "seeds of hash tables, names of temporary files";
    SYS_clock_gettime Any, "time, where the vDSO cannot tell it";
    SYS_getpid Any, "abort and temporary names";
    SYS_gettid Any, "abort";
    SYS_exit Any, "end of a thread";
    SYS_exit_group Any, "end";
};

/// What compilers need besides.
const BUILD: &[Allowed] = calls! {
    SYS_execveat Is { argument: 0, value: protocol::PROGRAM as u64 }, "the launcher, where the program is a descriptor";
    SYS_execve Any, "the driver runs compiler and assembler; the workspace is noexec";
    SYS_vfork Any, "the driver's children";
    SYS_fork Any, "as vfork, in older drivers";
    SYS_clone Without { argument: 0, bits: NEW_NAMESPACES }, "posix_spawn; no namespaces";
    SYS_wait4 Any, "the driver waits for its children";
    SYS_waitid Any, "as wait4";
    SYS_mmap Any, "shared libraries, with PROT_EXEC";
    SYS_mprotect Any, "relocations of shared libraries";
    SYS_pwrite64 Any, "object files";
    SYS_open Any, "sources, headers, outputs";
    SYS_openat Any, "as open";
    SYS_stat Any, "search of headers";
    SYS_lstat Any, "as stat";
    SYS_fstat Any, "as stat";
    SYS_newfstatat Any, "as stat";
    SYS_statx Any, "as stat";
    SYS_access Any, "search of tools";
    SYS_faccessat Any, "as access";
    SYS_faccessat2 Any, "as access";
    SYS_readlink Any, "the driver resolves where it lies";
    SYS_readlinkat Any, "as readlink";
    SYS_getdents64 Any, "folders of modules";
    SYS_getcwd Any, "names in debug information";
    SYS_lseek Any, "object files";
    SYS_ftruncate Any, "outputs";
    SYS_unlink Any, "temporary files of its own";
    SYS_unlinkat Any, "as unlink";
    SYS_rename Any, "an output under its name";
    SYS_umask Any, "modes of outputs";
    SYS_chmod Any, "a linker makes its output executable";
    SYS_fchmod Any, "as chmod";
    SYS_pipe Any, "driver and children";
    SYS_pipe2 Any, "as pipe";
    SYS_dup Any, "redirection";
    SYS_dup2 Any, "as dup";
    SYS_fcntl Any, "close-on-exec";
    SYS_poll Any, "the driver reads of its children";
    SYS_fadvise64 Any, "reading ahead";
    SYS_getppid Any, "temporary names";
    SYS_getuid Any, "at start: whether setuid";
    SYS_geteuid Any, "as getuid";
    SYS_getgid Any, "as getuid";
    SYS_getegid Any, "as getuid";
    SYS_getrusage Any, "times of phases";
    SYS_prlimit64 Is { argument: 0, value: 0 }, "its own limits, which it can only lower";
    SYS_tgkill Any, "abort; only processes of its jail have numbers";
};

/// What native skills need besides.
const SKILL: &[Allowed] = calls! {
    SYS_execveat Both { first: (0, protocol::PROGRAM as u64), second: (4, 0x1000) }, "the launcher starts it; exec closes that descriptor, and none can have its number again";
    SYS_mmap Without { argument: 2, bits: libc::PROT_EXEC as u64 }, "memory, never to be run";
    SYS_mprotect Without { argument: 2, bits: libc::PROT_EXEC as u64 }, "as mmap";
    SYS_recvmsg Any, "frames on the control socket";
    SYS_sendmsg Any, "as recvmsg";
    SYS_poll Any, "waiting for a frame";
    SYS_sched_yield Any, "spinning locks";
    SYS_nanosleep Any, "a pause";
    SYS_clock_nanosleep Any, "as nanosleep";
    SYS_clock_getres Any, "of clocks";
    SYS_kill Is { argument: 0, value: ITSELF }, "signals to itself";
    SYS_tgkill Is { argument: 0, value: ITSELF }, "abort";
};

macro_rules! denied {
    ($($name:ident $error:ident $reason:literal;)*) => {
        &[$((stringify!($name), libc::$name, libc::$error, $reason)),*]
    };
}

/// Calls for which every program has a way out that this error leads to.
const NEWER: &[Denied] = denied! {
    SYS_clone3 ENOSYS "its flags lie in memory, where no filter sees them; glibc then uses clone";
};

/// What functions of libc try in native skills, and do without.
const PROBED: &[Denied] = denied! {
    SYS_open EPERM "locales, time zones, /proc/self/maps; there are no files";
    SYS_openat EPERM "as open";
    SYS_creat EPERM "as open";
    SYS_stat EPERM "as open";
    SYS_lstat EPERM "as open";
    SYS_fstat EPERM "buffering of standard output; a pipe is assumed";
    SYS_newfstatat EPERM "as stat";
    SYS_statx EPERM "as stat";
    SYS_access EPERM "as open";
    SYS_faccessat EPERM "as open";
    SYS_faccessat2 EPERM "as open";
    SYS_readlink EPERM "static glibc asks for /proc/self/exe at start";
    SYS_readlinkat EPERM "as readlink";
    SYS_lseek EPERM "standard streams at exit";
    SYS_ioctl EPERM "isatty";
    SYS_fcntl EPERM "fdopen";
    SYS_sysinfo EPERM "qsort asks how much memory there is";
    SYS_uname EPERM "static glibc checks the kernel's version at start";
    SYS_prlimit64 EPERM "static glibc asks for the size of the stack at start";
    SYS_sched_getaffinity EPERM "number of processors";
    SYS_clone EPERM "fork and threads, which skills do not have";
    SYS_fork EPERM "as clone";
    SYS_vfork EPERM "as clone";
    SYS_getcwd EPERM "realpath";
};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Calls {
    Build,
    Skill,
}

/// The filters, as bytes for the launcher, in the order in which they are installed.
pub(crate) fn filters(of: Calls) -> Vec<Vec<u8>> {
    let allow = |tables: &[&[Allowed]], rest| {
        let mut rules = BTreeMap::<i64, Vec<SeccompRule>>::new();
        for (_, number, when, _) in tables.iter().copied().flatten() {
            rules.entry(*number).or_default().extend(rule(*when));
        }
        program(rules, rest, SeccompAction::Allow)
    };
    let deny = |table: &[Denied]| {
        let errors: std::collections::BTreeSet<i32> = table.iter().map(|row| row.2).collect();
        let of_error = |error: i32| {
            let rows = table.iter().filter(|row| row.2 == error);
            let rules = rows.map(|row| (row.1, Vec::new())).collect();
            program(rules, SeccompAction::Allow, SeccompAction::Errno(error.unsigned_abs()))
        };
        errors.into_iter().map(of_error).collect::<Vec<_>>()
    };
    let mut all = deny(NEWER);
    match of {
        Calls::Build => {
            // What is denied by name must pass the allowlist, or its answer would be the default's.
            let newer = passing(NEWER);
            let refused = SeccompAction::Errno(libc::EPERM.unsigned_abs());
            all.push(allow(&[COMMON, BUILD, &newer], refused));
        }
        Calls::Skill => {
            all.extend(deny(PROBED));
            let (newer, probed) = (passing(NEWER), passing(PROBED));
            all.push(allow(&[COMMON, SKILL, &newer, &probed], SeccompAction::Trap));
        }
    }
    all.iter().map(bytes).collect()
}

fn passing(table: &[Denied]) -> Vec<Allowed> {
    table.iter().map(|(name, number, _, reason)| (*name, *number, Any, *reason)).collect()
}

fn rule(when: When) -> Option<SeccompRule> {
    let condition = |argument, operation, value| {
        let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operation, value);
        condition.expect("an argument between 0 and 5")
    };
    let conditions = match when {
        Any => return None,
        Without { argument, bits } => vec![condition(argument, SeccompCmpOp::MaskedEq(bits), 0)],
        Is { argument, value } => vec![condition(argument, SeccompCmpOp::Eq, value)],
        Both { first, second } => {
            vec![
                condition(first.0, SeccompCmpOp::Eq, first.1),
                condition(second.0, SeccompCmpOp::Eq, second.1),
            ]
        }
    };
    Some(SeccompRule::new(conditions).expect("at least one condition"))
}

fn program(
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    rest: SeccompAction,
    named: SeccompAction,
) -> BpfProgram {
    let filter = SeccompFilter::new(rules, rest, named, TargetArch::x86_64);
    // The tables are constants; a test makes every filter.
    filter.expect("two answers that differ").try_into().expect("a short filter")
}

/// The instructions as the kernel reads them: 8 bytes each, in this machine's order.
fn bytes(program: &BpfProgram) -> Vec<u8> {
    let one = |i: &seccompiler::sock_filter| {
        let code = i.code.to_ne_bytes();
        let k = i.k.to_ne_bytes();
        [code[0], code[1], i.jt, i.jf, k[0], k[1], k[2], k[3]]
    };
    program.iter().flat_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn tables_have_each_call_once_and_a_reason() {
        let profiles: [&[&[Allowed]]; 2] = [
            &[COMMON, BUILD, &passing(NEWER)],
            &[COMMON, SKILL, &passing(NEWER), &passing(PROBED)],
        ];
        for tables in profiles {
            let mut seen = BTreeSet::new();
            for (name, number, _, reason) in tables.iter().copied().flatten() {
                assert!(seen.insert(number), "{name} stands twice");
                assert!(!reason.is_empty(), "{name} has no reason");
            }
        }
    }

    #[test]
    fn filters_are_made_and_short() {
        for calls in [Calls::Build, Calls::Skill] {
            let filters = filters(calls);
            assert!(filters.len() >= 2);
            assert!(filters.iter().all(|filter| filter.len() % 8 == 0 && filter.len() < 4096 * 8));
        }
    }

    #[test]
    fn nothing_that_reaches_out_of_a_jail_is_allowed() {
        let forbidden = [
            libc::SYS_socket,
            libc::SYS_ptrace,
            libc::SYS_process_vm_readv,
            libc::SYS_process_vm_writev,
            libc::SYS_mount,
            libc::SYS_unshare,
            libc::SYS_setns,
            libc::SYS_bpf,
            libc::SYS_io_uring_setup,
            libc::SYS_userfaultfd,
            libc::SYS_keyctl,
            libc::SYS_perf_event_open,
            libc::SYS_memfd_create,
            libc::SYS_seccomp,
            libc::SYS_prctl,
            libc::SYS_setresuid,
            libc::SYS_open_by_handle_at,
            libc::SYS_pidfd_getfd,
            libc::SYS_symlink,
            libc::SYS_link,
            libc::SYS_mknod,
            libc::SYS_shmget,
        ];
        for (name, number, _, _) in [COMMON, BUILD, SKILL].into_iter().flatten() {
            assert!(!forbidden.contains(number), "{name}");
        }
    }
}
