//! A jail at work: its deadline and its caps are kept here, outside; and how it ended.

use super::cgroup::Made;
use super::launcher::{Frame, Launcher};
use super::slot::Slot;
use super::{Error, Limits, Workspace};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use serde::Serialize;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long a killed tree may take to be gone before the launcher itself is killed.
const GRACE: Duration = Duration::from_secs(5);

/// Asked again and again while something takes its time: whether it is to be given up.
pub type Cancel<'a> = &'a dyn Fn() -> bool;

/// How often it is asked whether to stop.
const GLANCE: Duration = Duration::from_millis(20);

/// A jail that has been asked for. Dropping it kills all that is in it.
#[derive(Debug)]
pub struct Running {
    launcher: Launcher,
    output: OwnedFd,
    about: About,
    started: Instant,
    seen: Seen,
    groups: Made,
    // Last: it is free only when all else is gone.
    slot: Slot,
}

/// What is kept and known of a jail from its request.
#[derive(Debug)]
pub(super) struct About {
    pub(super) limits: Limits,
    /// Its user, as the host sees it.
    pub(super) user: u32,
    /// For each entry of its tree the file that it takes from the host, if it does.
    pub(super) entries: Vec<Option<PathBuf>>,
    pub(super) has_workspace: bool,
}

/// What has been heard and read.
#[derive(Debug, Default)]
struct Seen {
    failed: Option<Error>,
    workspace: Option<OwnedFd>,
    executed: Option<Instant>,
    ended: Option<(i32, Used)>,
    gone: bool,
    closed: bool,
    output: Vec<u8>,
    dried: bool,
    stopped: Option<Stopped>,
}

/// How a program in a jail ended.
#[derive(Debug)]
pub struct Ended {
    /// How.
    pub status: Status,
    /// What it wrote to standard output and error, up to the cap.
    pub output: Vec<u8>,
    /// What it used.
    pub used: Used,
    /// What it left; `None` in a jail without a workspace.
    pub workspace: Option<Workspace>,
}

/// The end of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It ended by itself, with this code.
    Exited(u8),
    /// A signal ended it.
    Signalled(u8),
    /// It was stopped from outside.
    Stopped(Stopped),
}

/// Why a program was stopped from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stopped {
    /// Its time was over.
    Deadline,
    /// It wrote more than it may.
    Output,
    /// Its memory was used up.
    Memory,
    /// The host asked for it.
    Cancelled,
}

/// What a program and its children used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Used {
    /// Time from the request to exec, in microseconds.
    pub started_us: u64,
    /// Time from exec to the end, in microseconds.
    pub wall_us: u64,
    /// Processor time, in microseconds.
    pub cpu_us: u64,
    /// The most memory: of the whole tree where a control group counts it, else of its largest process. In bytes.
    pub memory_peak_bytes: u64,
}

impl Used {
    /// Adds what another program used: times are summed, of memory it is the larger.
    pub fn add(&mut self, other: Used) {
        self.started_us = self.started_us.saturating_add(other.started_us);
        self.wall_us = self.wall_us.saturating_add(other.wall_us);
        self.cpu_us = self.cpu_us.saturating_add(other.cpu_us);
        self.memory_peak_bytes = self.memory_peak_bytes.max(other.memory_peak_bytes);
    }
}

impl Running {
    pub(super) fn new(
        launcher: Launcher,
        slot: Slot,
        groups: Made,
        output: OwnedFd,
        about: About,
    ) -> Running {
        let started = Instant::now();
        Running { launcher, output, about, started, seen: Seen::default(), groups, slot }
    }

    /// The launcher's process.
    #[must_use]
    pub fn launcher_pid(&self) -> u32 {
        self.launcher.child.id()
    }

    /// The number of the jail's slot; no other jail of this user has it now.
    #[must_use]
    pub fn slot(&self) -> u32 {
        self.slot.number
    }

    /// Waits until every process of the jail is gone, and keeps its deadline and caps meanwhile. When `cancel` says
    /// so, the jail is stopped.
    ///
    /// # Errors
    ///
    /// [`Error`], if the program could not be started or the launcher failed; nothing of the jail is left.
    pub fn wait(mut self, cancel: Option<Cancel<'_>>) -> Result<Ended, Error> {
        // A deadline beyond what a clock can tell is none; a year is as good.
        const YEAR: Duration = Duration::from_secs(365 * 86_400);
        let deadline = self.started + self.about.limits.wall.min(YEAR);
        while !(self.seen.gone || self.seen.closed) && self.seen.stopped.is_none() {
            let now = Instant::now();
            if now >= deadline {
                self.seen.stopped = Some(Stopped::Deadline);
            } else if cancel.is_some_and(|cancel| cancel()) {
                self.seen.stopped = Some(Stopped::Cancelled);
            } else {
                let rest = deadline - now;
                self.turn(if cancel.is_some() { rest.min(GLANCE) } else { rest })?;
            }
        }
        self.finish()?;
        if let Some(error) = self.seen.failed.take() {
            return Err(error);
        }
        let counted = self.groups.counted();
        if self.seen.stopped.is_none() && counted.memory_kills > 0 {
            self.seen.stopped = Some(Stopped::Memory);
        }
        let lost = |detail: &str| Err(Error::Launcher { detail: detail.to_owned() });
        if !self.seen.gone {
            // Something of the jail may live a moment longer, and nothing it left can be trusted to stay as it is.
            return lost("it ended before its jail did");
        }
        let Some((status, mut used)) = self.seen.ended.or(self.stopped_short()) else {
            return lost("the jail ended before its program did");
        };
        if self.about.has_workspace && self.seen.workspace.is_none() && self.seen.executed.is_some()
        {
            return lost("the workspace was not handed over");
        }
        used.memory_peak_bytes = counted.memory_peak_bytes.unwrap_or(used.memory_peak_bytes);
        let workspace = self.seen.workspace.take();
        Ok(Ended {
            status: match self.seen.stopped {
                Some(stopped) => Status::Stopped(stopped),
                None => of_wait(status),
            },
            output: std::mem::take(&mut self.seen.output),
            used,
            workspace: workspace.map(|folder| Workspace { folder, user: self.about.user }),
        })
    }

    /// What is known of a program that did not come to its end because it was stopped.
    fn stopped_short(&self) -> Option<(i32, Used)> {
        self.seen.stopped?;
        let since = self.seen.executed.unwrap_or(self.started);
        let wall_us = u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX);
        Some((9, Used { wall_us, ..Used::default() }))
    }

    /// Waits for a frame or for output, at most so long, and takes what came.
    fn turn(&mut self, most: Duration) -> Result<(), Error> {
        let host =
            |error: Errno| Error::Host { doing: "wait for a jail", error: error.raw_os_error() };
        let wait = Timespec::try_from(most).unwrap_or(Timespec { tv_sec: 3600, tv_nsec: 0 });
        let mut polled = vec![PollFd::new(&self.launcher.control, PollFlags::IN)];
        if !self.seen.dried {
            polled.push(PollFd::new(&self.output, PollFlags::IN));
        }
        match rustix::event::poll(&mut polled, Some(&wait)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(host(error)),
        }
        drop(polled);
        self.hear();
        self.read();
        Ok(())
    }

    fn hear(&mut self) {
        loop {
            match self.launcher.hear() {
                Ok(Some(frame)) => self.take(frame),
                // Once after a launcher has ended with our word unread; what it had said is still to come.
                Err(Errno::INTR | Errno::CONNRESET) => {}
                Err(Errno::AGAIN) => return,
                Ok(None) | Err(_) => {
                    self.seen.closed = true;
                    return;
                }
            }
        }
    }

    fn take(&mut self, frame: Frame) {
        let seen = &mut self.seen;
        match frame {
            Frame::Failed { step, entry, error } => {
                let entries = &self.about.entries;
                seen.failed.get_or_insert_with(|| Error::of_step(step, entry, error, entries));
            }
            Frame::Ready { workspace } => seen.workspace = workspace,
            Frame::Started => seen.executed = Some(Instant::now()),
            Frame::Ended { status, user_us, system_us, resident_kib } => {
                let since = seen.executed.unwrap_or(self.started);
                let started = since.saturating_duration_since(self.started).as_micros();
                let used = Used {
                    started_us: u64::try_from(started).unwrap_or(u64::MAX),
                    wall_us: u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX),
                    cpu_us: user_us.saturating_add(system_us),
                    memory_peak_bytes: resident_kib.saturating_mul(1024),
                };
                seen.ended = Some((status, used));
            }
            Frame::Gone => seen.gone = true,
        }
    }

    /// Takes what the program wrote. One byte more than the cap is asked for, to see that there is more.
    fn read(&mut self) {
        let cap = self.about.limits.output_bytes;
        let mut bytes = [0; 16 << 10];
        // As much as a pipe holds, then a look at the clock.
        for _ in 0..64 {
            if self.seen.dried {
                return;
            }
            match rustix::io::read(&self.output, &mut bytes) {
                Ok(0) => self.seen.dried = true,
                Ok(more) => {
                    let room = cap - self.seen.output.len();
                    self.seen.output.extend(&bytes[..more.min(room)]);
                    if more > room {
                        self.seen.stopped.get_or_insert(Stopped::Output);
                        self.seen.dried = true;
                    }
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                Err(_) => self.seen.dried = true,
            }
        }
    }

    /// Brings the tree to its end, hears the rest, and reaps the launcher.
    fn finish(&mut self) -> Result<(), Error> {
        let deadline = Instant::now() + GRACE;
        if !self.seen.gone && !self.seen.closed {
            // Any message asks for it.
            let _ =
                rustix::net::send(&self.launcher.control, b"k", rustix::net::SendFlags::NOSIGNAL);
        }
        while !(self.seen.gone || self.seen.closed) {
            let now = Instant::now();
            if now >= deadline {
                let _ = self.launcher.child.kill();
                let _ = self.launcher.child.wait();
                let detail = "it did not end its jail in time, and was killed".to_owned();
                return Err(Error::Launcher { detail });
            }
            self.turn(deadline - now)?;
        }
        let _ = self.launcher.child.wait();
        // A launcher that was killed took its jail along by the signal of a parent's death: that comes a little
        // later than the end of the socket. The last process closes the pipe.
        while self.seen.closed && !self.seen.gone && !self.seen.dried && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
            self.read();
        }
        self.read();
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !(self.seen.gone || self.seen.closed) {
            self.seen.stopped = Some(Stopped::Cancelled);
            let _ = self.finish();
        }
    }
}

fn of_wait(status: i32) -> Status {
    // As wait(2) encodes it: the signal in the low seven bits, else the code in the next byte.
    let signal = u8::try_from(status & 0x7f).unwrap_or(0);
    let code = u8::try_from(status >> 8 & 0xff).unwrap_or(u8::MAX);
    if signal == 0 { Status::Exited(code) } else { Status::Signalled(signal) }
}
