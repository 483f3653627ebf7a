//! The launcher as the host sees it: spawned from a sealed memfd, asked once, heard until the jail is over.

use super::protocol::{self, frame};
use rustix::fs::{MemfdFlags, SealFlags};
use rustix::io::{Errno, IoSlice, IoSliceMut};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags,
    SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
};
use std::fs::File;
use std::io::Write;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// The launcher's program, made by the build script.
const PROGRAM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/launcher"));

/// A launcher at work.
#[derive(Debug)]
pub(super) struct Launcher {
    pub(super) child: Child,
    pub(super) control: OwnedFd,
}

/// What a launcher or the first process of a jail says.
#[derive(Debug)]
pub(super) enum Frame {
    Failed { step: u32, entry: u32, error: Errno },
    Ready { workspace: Option<OwnedFd> },
    Started,
    Ended { status: i32, user_us: u64, system_us: u64, resident_kib: u64 },
    Gone,
}

/// A file in memory that nobody can change any more.
pub(super) fn sealed(name: &str, content: &[u8], program: bool) -> Result<OwnedFd, Errno> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    // Kernels before 6.3 know neither flag, and let every memfd be executed.
    let kind = if program { MemfdFlags::EXEC } else { MemfdFlags::NOEXEC_SEAL };
    let file = match rustix::fs::memfd_create(name, flags | kind) {
        Err(Errno::INVAL) => rustix::fs::memfd_create(name, flags)?,
        other => other?,
    };
    let mut file = File::from(file);
    file.write_all(content).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    let seals = SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE;
    rustix::fs::fcntl_add_seals(&file, seals)?;
    Ok(file.into())
}

/// The launcher in memory, made once in a process.
fn program() -> Result<BorrowedFd<'static>, Errno> {
    static SEALED: OnceLock<OwnedFd> = OnceLock::new();
    if let Some(sealed) = SEALED.get() {
        return Ok(sealed.as_fd());
    }
    let new = sealed("lau-launcher", PROGRAM, true)?;
    Ok(SEALED.get_or_init(|| new).as_fd())
}

impl Launcher {
    /// Spawns one. The host is not forked: without anything to do between fork and exec, and with a path, the
    /// standard library uses `posix_spawn`.
    pub(super) fn spawn() -> Result<Launcher, std::io::Error> {
        let program = program()?;
        let (control, theirs) = rustix::net::socketpair(
            AddressFamily::UNIX,
            SocketType::SEQPACKET,
            SocketFlags::CLOEXEC,
            None,
        )?;
        // The child has its own copy of the descriptors until exec closes them, by when the path has been followed.
        let child = Command::new(format!("/proc/self/fd/{}", program.as_raw_fd()))
            .env_clear()
            .stdin(theirs)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Launcher { child, control })
    }

    /// Sends the request, with its descriptors.
    pub(super) fn ask(&self, request: &[u8], descriptors: &[BorrowedFd<'_>]) -> Result<(), Errno> {
        const ROOM: usize = rustix::cmsg_space!(ScmRights(protocol::DESCRIPTORS_MAX));
        if request.len() > protocol::REQUEST_MAX || descriptors.len() > protocol::DESCRIPTORS_MAX {
            return Err(Errno::TOOBIG);
        }
        let mut space = [MaybeUninit::uninit(); ROOM];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        if !ancillary.push(SendAncillaryMessage::ScmRights(descriptors)) {
            return Err(Errno::TOOBIG);
        }
        // As much as is allowed without rights; what a message takes up counts, not its bytes alone.
        let _ = rustix::net::sockopt::set_socket_send_buffer_size(
            &self.control,
            4 * protocol::REQUEST_MAX,
        );
        let parts = [IoSlice::new(request)];
        rustix::net::sendmsg(&self.control, &parts, &mut ancillary, SendFlags::NOSIGNAL)?;
        Ok(())
    }

    /// The next frame, if there is one; `None` at the end.
    pub(super) fn hear(&self) -> Result<Option<Frame>, Errno> {
        let mut bytes = [0; 64];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let mut parts = [IoSliceMut::new(&mut bytes)];
        let flags = RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT;
        let received = rustix::net::recvmsg(&self.control, &mut parts, &mut ancillary, flags)?;
        let mut came = None;
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(mut descriptors) = message {
                came = descriptors.next();
            }
        }
        if received.bytes == 0 {
            return Ok(None);
        }
        // A descriptor that found no room here is lost for good.
        if received.flags.intersects(ReturnFlags::TRUNC | ReturnFlags::CTRUNC) {
            return Err(Errno::PROTO);
        }
        parse(&bytes[..received.bytes], came).map(Some).ok_or(Errno::PROTO)
    }
}

impl Drop for Launcher {
    fn drop(&mut self) {
        // Before its end its jail dies with it. Where somebody else reaps this process's children, its number may be
        // another's by now.
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn parse(bytes: &[u8], came: Option<OwnedFd>) -> Option<Frame> {
    let (kind, fields) = bytes.split_first_chunk::<4>()?;
    let field = |at: usize| -> Option<u64> {
        Some(u64::from_le_bytes(*fields.get(at * 8..)?.first_chunk::<8>()?))
    };
    let short = |at: usize| u32::try_from(field(at)?).ok();
    Some(match u32::from_le_bytes(*kind) {
        frame::FAILED => Frame::Failed {
            step: short(0)?,
            entry: short(1)?,
            error: Errno::from_raw_os_error(i32::try_from(field(2)?).ok()?),
        },
        frame::READY => Frame::Ready { workspace: came },
        frame::STARTED => Frame::Started,
        frame::ENDED => Frame::Ended {
            status: i32::try_from(field(0)?).ok()?,
            user_us: field(1)?,
            system_us: field(2)?,
            resident_kib: field(3)?,
        },
        frame::GONE => Frame::Gone,
        _ => return None,
    })
}
