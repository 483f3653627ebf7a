//! The files of a jail: what is taken from the host, the workspace, and the root that they are below.

use crate::message::{Fault, O_CLOEXEC, entry};
use crate::protocol::{self, NONE, step};
use crate::request::{EINVAL, Reader, Request, descriptor};
use crate::system::{nr, sys};

const AT_FDCWD: isize = -100;

/// Clones what the tree takes from the host, as the host's user; the clones are attached nowhere yet.
pub(crate) fn take(request: &Request<'_>, taken: &mut [u32]) -> Result<(), Fault> {
    const OPEN_TREE: u32 = 1 | O_CLOEXEC | 0x8000; // OPEN_TREE_CLONE, AT_RECURSIVE
    let mut tree = request.tree;
    let mut number = 0;
    let mut places = taken.iter_mut();
    while !tree.0.is_empty() {
        let mut one = || -> Result<(), u32> {
            let (kind, attributes) = (tree.u32()?, tree.u32()?);
            let (_, host) = (tree.text()?, tree.text()?);
            if kind == protocol::tree::BIND || kind == protocol::tree::BIND_FOLDER {
                let slot = places.next().ok_or(EINVAL)?;
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

/// Makes the entries of the tree, below the current folder; gives the workspace's descriptor.
pub(crate) fn grow(request: &Request<'_>, taken: &[u32]) -> Result<u32, Fault> {
    let mut workspace = NONE;
    let mut taken = taken.iter().copied();
    let mut tree = request.tree;
    let mut number = 0;
    while !tree.0.is_empty() {
        let grown = sprout(&mut tree, &mut taken).map_err(entry(step::TREE, number))?;
        if grown != NONE {
            workspace = grown;
        }
        number += 1;
    }
    Ok(workspace)
}

fn sprout(tree: &mut Reader<'_>, taken: &mut impl Iterator<Item = u32>) -> Result<u32, u32> {
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
            let from = taken.next().ok_or(EINVAL)?;
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
pub(crate) fn pivot() -> Result<(), u32> {
    const READ_ONLY: u64 = 1 | 2 | 4 | 8; // and no setuid, no devices, nothing to execute
    const MNT_DETACH: u32 = 2;
    let here = c".".as_ptr();
    sys!(nr::PIVOT_ROOT, here, here)?;
    sys!(nr::UMOUNT2, here, MNT_DETACH)?;
    sys!(nr::CHDIR, c"/".as_ptr())?;
    // Of the root alone: what is mounted below has its own attributes.
    let set = [READ_ONLY, 0, 0, 0];
    sys!(nr::MOUNT_SETATTR, AT_FDCWD, c"/".as_ptr(), 0, set.as_ptr(), size_of_val(&set))?;
    Ok(())
}
