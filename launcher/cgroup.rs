//! Control groups: how a jail enters them, and who removes them.
//!
//! Moving a process from outside takes a lock over all of the machine's processes, and waits for an RCU
//! grace period: 6 to 10 ms. Two ways do without: to be born into a group (version 2), and to move oneself, by thread
//! (version 1).

use crate::message::{Fault, entry};
use crate::protocol::{self, step};
use crate::request::{Reader, Request, descriptor};
use crate::system::{nr, sys};

/// One entry of the groups: generation, descriptor, folder above, name.
fn group<'a>(groups: &mut Reader<'a>) -> Result<(u32, u32, u32, &'a [u8]), u32> {
    let (generation, own) = (groups.u32()?, descriptor(groups.u32()?));
    Ok((generation, own, descriptor(groups.u32()?), groups.text()?))
}

/// The group of version 2, if there is one.
pub(crate) fn born_into(request: &Request<'_>) -> Result<Option<u32>, u32> {
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
pub(crate) fn join(request: &Request<'_>) -> Result<(), Fault> {
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

/// The host reads what its groups counted and removes them; where it is gone, it falls to the launcher.
pub(crate) fn remove_groups(request: &Request<'_>) {
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
