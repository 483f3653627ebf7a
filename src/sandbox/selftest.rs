//! The self-test: for each layer a canary that the layer alone must stop, and that must get through without it.
//!
//! Layers overlap on purpose, so a canary that is stopped with all of them in place shows little. Here each is tried
//! twice with those lifted that would stop it too: once with the layer, when it must be refused, and once without,
//! when it must get through. A canary that never gets through proves nothing, and is told as such.

use super::{Jail, Layer, Layers, Limits, Profile, Program, Status};
use serde::Serialize;
use std::fs::Permissions;
use std::io::{self, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;
use tempfile::NamedTempFile;

/// The canary's program, made by the build script.
const CANARY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/canary"));

/// What was seen of a layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tried {
    /// The layer.
    pub layer: Layer,
    /// What its canary does.
    pub canary: &'static str,
    /// What came of it.
    pub verdict: Verdict,
    /// What was seen, where it does not work.
    pub detail: Option<String>,
}

/// What came of a canary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The layer stopped it, and it got through without.
    Works,
    /// The machine lacks the layer.
    Missing,
    /// It got through, or it was stopped without the layer too.
    Fails,
    /// Not for this user: an ordinary one keeps its own id.
    Other,
    /// Not tried, since a jail cannot be made for another reason.
    Untried,
}

/// One row: the layer, what the canary does, its command, what that is about, the jail's kind, and all layers that
/// stop it.
type Check = (Layer, &'static str, &'static str, About, Profile, &'static [Layer]);

/// What the canary ends with when it did not get through.
const REFUSED: u8 = 100;

/// What a command is about.
#[derive(Clone, Copy)]
enum About {
    Nothing,
    Number(u32),
    /// A file that everyone may read.
    Open,
    /// A file that only the host's user may read.
    Private,
    /// This process.
    Process,
    Port,
    Segment,
    HostName,
}

use Layer::{
    Capabilities, Deadline, Filter, Ipc, Landlock, Memory, MemoryGroup, Names, Network,
    PidNamespace, PidsGroup, Root, Scopes, UserNamespace, Workspace, WriteOrExecute,
};
use Profile::{Build, Skill};

/// Layers without a row have no canary: the launcher is what runs them all.
const CHECKS: &[Check] = &[
    (
        UserNamespace,
        "reads a file of mode 0600",
        "read",
        About::Private,
        Skill,
        &[UserNamespace, Root, Landlock, Filter],
    ),
    (Root, "reads a file of the host", "read", About::Open, Build, &[Root, Landlock]),
    (
        PidNamespace,
        "signals a process of the host",
        "signal",
        About::Process,
        Build,
        &[PidNamespace, UserNamespace, Filter, Scopes],
    ),
    (Network, "connects to the host", "connect", About::Port, Build, &[Network, Filter, Landlock]),
    (
        Ipc,
        "looks at a shared segment of the host",
        "shared",
        About::Segment,
        Build,
        &[Ipc, UserNamespace, Filter],
    ),
    (Names, "learns the host's name", "name", About::HostName, Build, &[Names, Filter]),
    (
        Capabilities,
        "sets the host name of its namespace",
        "rename",
        About::Nothing,
        Build,
        &[Capabilities, Filter],
    ),
    (Filter, "makes a file in memory", "call", About::Nothing, Skill, &[Filter]),
    (Landlock, "reads a file of the host", "read", About::Open, Build, &[Root, Landlock]),
    (
        Layer::Limits,
        "has 40 processes",
        "fork",
        About::Number(40),
        Build,
        &[Layer::Limits, PidsGroup],
    ),
    (Memory, "uses 96 MiB", "touch", About::Number(96), Build, &[Memory, MemoryGroup]),
    (Workspace, "writes 24 MiB", "fill", About::Number(24), Build, &[Workspace]),
    (Deadline, "waits 300 ms", "sleep", About::Number(300), Build, &[Deadline]),
    (MemoryGroup, "uses 96 MiB", "touch", About::Number(96), Build, &[Memory, MemoryGroup]),
    (PidsGroup, "has 40 processes", "fork", About::Number(40), Build, &[Layer::Limits, PidsGroup]),
    (
        WriteOrExecute,
        "maps memory to write and run",
        "execute",
        About::Nothing,
        Skill,
        &[WriteOrExecute, Filter],
    ),
    (
        Scopes,
        "signals a process of the host",
        "signal",
        About::Process,
        Build,
        &[PidNamespace, UserNamespace, Filter, Scopes],
    ),
];

/// What the canary of the deadline is given; ten times as much where it is lifted.
const DEADLINE: Duration = Duration::from_millis(100);

/// What a canary is given: small, so that too much is soon, but not in time, which a busy machine takes away.
const LIMITS: Limits = Limits {
    wall: Duration::from_secs(10),
    cpu: Duration::from_secs(1),
    memory_bytes: 80 << 20,
    processes: 1,
    output_bytes: 4096,
    workspace_bytes: 8 << 20,
    file_bytes: 64 << 20,
    descriptors: 16,
    stack_bytes: 1 << 20,
};

/// Things of the host for canaries to reach for. All of it goes with this value.
struct Host {
    open: NamedTempFile,
    private: NamedTempFile,
    listener: TcpListener,
    segment: Segment,
    name: String,
}

/// The words in the host's files.
const SECRET: &str = "the canary may not sing";

impl Host {
    fn new() -> io::Result<Host> {
        // Not in /tmp: the workspace covers it where a jail has the host's root.
        let file = |mode| -> io::Result<NamedTempFile> {
            let mut file = NamedTempFile::with_prefix_in("lau-canary-", "/var/tmp")?;
            file.write_all(SECRET.as_bytes())?;
            file.as_file().set_permissions(Permissions::from_mode(mode))?;
            Ok(file)
        };
        Ok(Host {
            open: file(0o644)?,
            private: file(0o600)?,
            listener: TcpListener::bind("127.0.0.1:0")?,
            segment: Segment::new()?,
            name: rustix::system::uname().nodename().to_string_lossy().into_owned(),
        })
    }

    fn argument(&self, about: About) -> io::Result<String> {
        Ok(match about {
            About::Nothing => String::new(),
            About::Number(number) => number.to_string(),
            About::Open => self.open.path().display().to_string(),
            About::Private => self.private.path().display().to_string(),
            About::Process => std::process::id().to_string(),
            About::Port => self.listener.local_addr()?.port().to_string(),
            About::Segment => self.segment.0.to_string(),
            About::HostName => self.name.clone(),
        })
    }
}

/// A System V segment that goes with this value.
struct Segment(i32);

#[allow(unsafe_code, reason = "no library makes System V segments")]
impl Segment {
    fn new() -> io::Result<Segment> {
        // SAFETY: no pointer is passed; the segment is attached nowhere.
        let id = unsafe { libc::shmget(libc::IPC_PRIVATE, 4096, 0o600) };
        if id < 0 { Err(io::Error::last_os_error()) } else { Ok(Segment(id)) }
    }
}

#[allow(unsafe_code, reason = "no library removes System V segments")]
impl Drop for Segment {
    fn drop(&mut self) {
        // SAFETY: of this value alone; the pointer is unused for this command.
        unsafe { libc::shmctl(self.0, libc::IPC_RMID, std::ptr::null_mut()) };
    }
}

/// Tries every layer that has a canary.
///
/// # Errors
///
/// The host could not make what the canaries reach for: a file in `/var/tmp`, a port of 127.0.0.1, a segment.
pub fn selftest() -> io::Result<Vec<Tried>> {
    let host = Host::new()?;
    let canary: Arc<[u8]> = CANARY.into();
    // Without this one nothing can be tried, and the error says which layer is to blame.
    let plain = Jail::new(Skill, Program::Bytes(canary.clone())).limits(LIMITS);
    let plain = plain.arguments(["canary", "none"]).start().and_then(|jail| jail.wait(None));
    // It does nothing, and says that it could not.
    let refused = Status::Exited(REFUSED);
    let plain = plain.and_then(|ended| {
        let detail = format!("a canary that tries nothing ended otherwise: {:?}", ended.status);
        if ended.status == refused { Ok(()) } else { Err(super::Error::Launcher { detail }) }
    });
    if let Err(error) = plain {
        return Ok(blamed(&error));
    }
    CHECKS.iter().map(|check| attempt(check, &host, &canary)).collect()
}

/// When no jail can be made at all.
fn blamed(error: &super::Error) -> Vec<Tried> {
    let culprit = error.missing().unwrap_or(Layer::Launcher);
    let told = |layer: &Layer| {
        let blamed = *layer == culprit;
        Tried {
            layer: *layer,
            canary: "starts",
            verdict: if blamed { Verdict::Missing } else { Verdict::Untried },
            detail: blamed.then(|| error.detail()),
        }
    };
    Layer::ALL.iter().map(told).collect()
}

fn attempt(check: &Check, host: &Host, canary: &Arc<[u8]>) -> io::Result<Tried> {
    let (layer, does, command, about, profile, lift) = *check;
    let argument = host.argument(about)?;
    let verdict = |verdict, detail| Ok(Tried { layer, canary: does, verdict, detail });
    if layer == UserNamespace && !super::own_users() {
        return verdict(Verdict::Other, None);
    }
    if layer.absent() {
        return verdict(Verdict::Missing, None);
    }
    let run = |lifted: &mut dyn Iterator<Item = Layer>| -> Result<bool, super::Error> {
        let jail = Jail::new(profile, Program::Bytes(canary.clone()))
            .arguments(["canary", command, &*argument])
            .layers(lifted.fold(Layers::ALL, Layers::without))
            .limits(Limits {
                wall: if layer == Deadline { DEADLINE } else { LIMITS.wall },
                ..LIMITS
            });
        let ended = jail.start()?.wait(None)?;
        let sang = !matches!(about, About::Open | About::Private)
            || ended.output.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
        Ok(ended.status == Status::Exited(0) && sang)
    };
    let with = run(&mut lift.iter().copied().filter(|other| *other != layer));
    let without = run(&mut lift.iter().copied());
    match (with, without) {
        (Ok(false), Ok(true)) => verdict(Verdict::Works, None),
        (Ok(true), _) => verdict(Verdict::Fails, Some("the canary got through".to_owned())),
        (Ok(false), Ok(false)) => {
            let detail = "the canary is stopped without this layer too: it proves nothing";
            verdict(Verdict::Fails, Some(detail.to_owned()))
        }
        (Err(error), _) | (_, Err(error)) => {
            let own = error.missing() == Some(layer);
            let told = if own { Verdict::Missing } else { Verdict::Untried };
            verdict(told, Some(error.detail()))
        }
    }
}
