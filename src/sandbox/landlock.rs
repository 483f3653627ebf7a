//! The file rules of a jail, by the kernel's Landlock.
//!
//! Rules follow files, not paths: what is allowed of the host's toolchain is allowed wherever the jail mounts it. The
//! host makes the ruleset, since it has the library; the launcher adds the workspace, which exists only then, and
//! binds the program's process to it. Everything that the kernel can handle is handled, so what no rule allows is
//! refused: links, pipes and devices, TCP, signals and abstract sockets to the outside.

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetError, Scope, path_beneath_rules,
};
use std::os::fd::OwnedFd;
use std::path::Path;

/// What is handled, where the kernel knows it; older kernels handle less.
const KNOWN: ABI = ABI::V6;

/// The kernel's version of Landlock, 0 where it has none or it is switched off.
#[allow(unsafe_code, reason = "asking for the version is a system call that no library offers")]
pub(crate) fn version() -> u32 {
    const CREATE_RULESET_VERSION: u32 = 1;
    // SAFETY: with that flag the call takes no pointer and makes nothing; it gives a number or an error.
    let version = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            std::ptr::null::<u8>(),
            0_usize,
            CREATE_RULESET_VERSION,
        )
    };
    u32::try_from(version).unwrap_or(0)
}

/// A ruleset that allows to read these files, and to execute those; `None` where the kernel has no Landlock.
pub(crate) fn ruleset<'a>(
    read: impl Iterator<Item = &'a Path>,
    execute: impl Iterator<Item = &'a Path>,
    scopes: bool,
) -> Result<Option<OwnedFd>, RulesetError> {
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(KNOWN))?
        .handle_access(AccessNet::from_all(KNOWN))?;
    if scopes {
        ruleset = ruleset.scope(Scope::from_all(KNOWN))?;
    }
    let reading = AccessFs::ReadFile | AccessFs::ReadDir;
    let created = ruleset
        .create()?
        .add_rules(path_beneath_rules(read, reading))?
        .add_rules(path_beneath_rules(execute, reading | AccessFs::Execute))?;
    Ok(created.into())
}

/// What a compiler may do in its workspace, as the kernel's bits: files and folders, but no links, pipes or sockets,
/// and nothing to execute.
pub(crate) fn workspace_access() -> u64 {
    let all: BitFlags<AccessFs> = AccessFs::ReadFile
        | AccessFs::ReadDir
        | AccessFs::WriteFile
        | AccessFs::MakeReg
        | AccessFs::MakeDir
        | AccessFs::RemoveFile
        | AccessFs::RemoveDir;
    // `truncate` is of version 3: an older kernel does not handle it, and refuses rules that name it.
    let truncate = if version() >= 3 { AccessFs::Truncate.into() } else { BitFlags::empty() };
    (all | truncate).bits()
}
