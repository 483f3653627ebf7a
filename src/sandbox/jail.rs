//! What a jail is to be, and its start.

use super::cgroup::{Groups, Made, Quota};
use super::ids::{FIRST_USER, Ids};
use super::launcher::{self, Launcher};
use super::request::Held;
use super::running::About;
use super::slot::Slot;
use super::{Error, Layer, Layers, Running, landlock};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

/// Where the workspace of a build is, in its jail.
pub const WORKSPACE: &str = "/build";

/// Where a compiler keeps temporary files in its jail: in the workspace, under a name that no source of a plan can have.
pub const TEMPORARY: &str = "/build/.tmp";

/// What kind of program a jail is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// A compiler: finds what was taken from the host, and a workspace.
    Build,
    /// A native skill: finds nothing.
    Skill,
}

/// A file or folder of the host that a build finds, read-only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Where it is on the host.
    pub host: PathBuf,
    /// Where it is in the jail, absolute.
    pub inside: PathBuf,
    /// A folder with all that is in it.
    pub folder: bool,
    /// Whether programs or libraries in it are run.
    pub execute: bool,
}

/// A file that is put into the workspace before the program starts.
#[derive(Clone, Debug)]
pub struct Content {
    /// Its name in the workspace: a plain relative path.
    pub name: String,
    /// What it contains.
    pub bytes: Vec<u8>,
}

/// The program of a jail.
#[derive(Clone, Debug)]
pub enum Program {
    /// A path in the jail.
    Path(PathBuf),
    /// A static executable, run from memory.
    Bytes(std::sync::Arc<[u8]>),
}

/// What a program may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Time from start to end, as a clock outside shows it.
    pub wall: Duration,
    /// Processor time of one process; whole seconds, rounded up.
    pub cpu: Duration,
    /// Memory of the whole tree, the workspace included, in bytes.
    pub memory_bytes: u64,
    /// Processes at once.
    pub processes: u32,
    /// What it may write to standard output and error together, in bytes.
    pub output_bytes: usize,
    /// The workspace, in bytes.
    pub workspace_bytes: u64,
    /// One file, in bytes.
    pub file_bytes: u64,
    /// Descriptors of one process.
    pub descriptors: u32,
    /// The stack of a process, in bytes.
    pub stack_bytes: u64,
}

impl Default for Limits {
    /// Enough for a compiler of C.
    fn default() -> Self {
        Limits {
            wall: Duration::from_secs(30),
            cpu: Duration::from_secs(20),
            memory_bytes: 2 << 30,
            processes: 4,
            output_bytes: 1 << 20,
            workspace_bytes: 128 << 20,
            file_bytes: 64 << 20,
            descriptors: 64,
            stack_bytes: 64 << 20,
        }
    }
}

/// A jail to be.
///
/// ```
/// use lau_agent_runtime::sandbox::{Jail, Profile, Program};
/// let jail = Jail::new(Profile::Skill, Program::Bytes(Vec::new().into()));
/// // Nothing can be executed from an empty file, and nothing else happened.
/// assert!(jail.start().and_then(|running| running.wait(None)).is_err());
/// ```
#[derive(Clone, Debug)]
pub struct Jail {
    pub(super) profile: Profile,
    pub(super) layers: Layers,
    pub(super) limits: Limits,
    pub(super) taken: Vec<Taken>,
    pub(super) files: Vec<Content>,
    pub(super) program: Program,
    pub(super) arguments: Vec<Vec<u8>>,
    pub(super) environment: Vec<Vec<u8>>,
}

impl Jail {
    /// A jail with every layer, nothing in it, no arguments and an empty environment.
    #[must_use]
    pub fn new(profile: Profile, program: Program) -> Jail {
        Jail {
            profile,
            layers: Layers::ALL,
            limits: Limits::default(),
            taken: Vec::new(),
            files: Vec::new(),
            program,
            arguments: vec![b"program".to_vec()],
            environment: Vec::new(),
        }
    }

    /// Other limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Jail {
        self.limits = limits;
        self
    }

    /// Fewer layers, to show what one stops. Nothing hostile may run so.
    #[must_use]
    pub fn layers(mut self, layers: Layers) -> Jail {
        self.layers = layers;
        self
    }

    /// Files and folders of the host that it finds.
    #[must_use]
    pub fn take(mut self, taken: impl IntoIterator<Item = Taken>) -> Jail {
        self.taken.extend(taken);
        self
    }

    /// A file in the workspace.
    #[must_use]
    pub fn file(mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Jail {
        self.files.push(Content { name: name.into(), bytes: bytes.into() });
        self
    }

    /// The arguments, the program's name included.
    #[must_use]
    pub fn arguments<S: AsRef<OsStr>>(mut self, all: impl IntoIterator<Item = S>) -> Jail {
        self.arguments = all.into_iter().map(|one| one.as_ref().as_bytes().to_vec()).collect();
        self
    }

    /// A variable of the environment.
    #[must_use]
    pub fn variable(mut self, name: &str, value: impl AsRef<OsStr>) -> Jail {
        let variable = [name.as_bytes(), b"=", value.as_ref().as_bytes()].concat();
        self.environment.push(variable);
        self
    }

    /// Has the launcher build the jail and start the program. Comes back before it has: what goes wrong there is
    /// told by [`Running::wait`].
    ///
    /// # Errors
    ///
    /// [`Error`], and nothing of the jail is left.
    pub fn start(&self) -> Result<Running, Error> {
        let address_bytes = self.address_bytes()?;
        self.check()?;
        let (slot, groups) = self.slot()?;
        let (output, theirs) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)
            .map_err(host("make a pipe for the output"))?;
        rustix::io::ioctl_fionbio(&output, true).map_err(host("read the output"))?;
        let held = self.hold(theirs)?;
        let identity = self.identity(&slot);
        let request = self.request(&slot, identity, &groups, &held, address_bytes);
        let launcher = Launcher::spawn().map_err(|error| not_spawned(&error))?;
        let asked = launcher.ask(&request.bytes, &request.descriptors);
        asked.map_err(host("ask the launcher"))?;
        let entries = request.entries;
        let has_workspace = self.profile == Profile::Build;
        let about = About { limits: self.bounds(), user: identity.user, entries, has_workspace };
        Ok(Running::new(launcher, slot, groups, output, about))
    }

    /// A slot, and the groups of its name. Where they are held by one who has another folder of slots (in another
    /// mount namespace, or with another environment), the next slot is taken.
    fn slot(&self) -> Result<(Slot, Made), Error> {
        sweep();
        let quota = Quota {
            memory_bytes: self.limits.memory_bytes,
            processes: self.limits.processes.saturating_add(1),
        };
        let mut held = Vec::new();
        loop {
            let slot = Slot::take().map_err(Slot::failed)?.ok_or(Error::Busy)?;
            match Made::new(&group_name(slot.number), quota, |layer| self.layers.has(layer)) {
                Ok(groups) => return Ok((slot, groups)),
                Err((_, Errno::EXIST)) => held.push(slot),
                Err((_, error @ (Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::AGAIN))) => {
                    return Err(host("make the control groups of a jail")(error));
                }
                Err((layer, error)) => {
                    let detail = format!("making its group: {error}");
                    return Err(Error::Missing { layer, detail });
                }
            }
        }
    }

    /// What is kept from outside. Lifted it is ten times as much, so that what shows its absence ends too.
    fn bounds(&self) -> Limits {
        let mut limits = self.limits;
        if !self.layers.has(Layer::Deadline) {
            limits.wall = limits.wall.saturating_mul(10);
            limits.output_bytes = limits.output_bytes.saturating_mul(10);
        }
        limits
    }

    /// Everything that travels by descriptor.
    fn hold(&self, output: OwnedFd) -> Result<Held, Error> {
        let files = self.files.iter().map(|file| launcher::sealed("lau-file", &file.bytes, false));
        let files = files.collect::<Result<_, _>>().map_err(host("hold a file in memory"))?;
        let program = match &self.program {
            Program::Path(_) => None,
            Program::Bytes(bytes) => Some(launcher::sealed("lau-program", bytes, true)),
        };
        let program = program.transpose().map_err(host("hold the program in memory"))?;
        // Not the host's /dev/null: a program may change the mode of what it has open.
        let null = launcher::sealed("lau-input", b"", false).map_err(host("make an input"))?;
        Ok(Held { files, program, ruleset: self.ruleset()?, null, output })
    }

    /// What can be known to be missing before anything is made.
    fn check(&self) -> Result<(), Error> {
        // The launcher makes them below a folder of its own, before it leaves the host's root.
        let plain = |name: &str| {
            name.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
        };
        if let Some(file) = self.files.iter().find(|file| !plain(&file.name)) {
            let error = Errno::INVAL.raw_os_error();
            return Err(Error::Taken { path: PathBuf::from(&file.name), error });
        }
        if self.layers.has(Layer::Landlock) && landlock::version() == 0 {
            let detail = "the kernel has none, or it is switched off".to_owned();
            return Err(Error::Missing { layer: Layer::Landlock, detail });
        }
        if Ids::here() == Ids::Taken {
            let range = FIRST_USER..FIRST_USER + super::slot::SLOTS;
            let detail = format!(
                "the user ids from {} to {} belong to somebody here (see /etc/passwd and /etc/subuid)",
                range.start,
                range.end - 1
            );
            return Err(Error::Missing { layer: Layer::UserNamespace, detail });
        }
        Ok(())
    }

    /// The address space of one process. Where no group bounds the memory of the tree, all of them together must
    /// stay within it.
    fn address_bytes(&self) -> Result<u64, Error> {
        let limits = &self.limits;
        let grouped = self.layers.has(Layer::MemoryGroup) && Groups::here().memory.is_ok();
        if !self.layers.has(Layer::Memory) {
            return Ok(u64::MAX);
        }
        if grouped {
            return Ok(limits.memory_bytes);
        }
        let workspace = if self.profile == Profile::Build { limits.workspace_bytes } else { 0 };
        let each =
            limits.memory_bytes.saturating_sub(workspace) / u64::from(limits.processes.max(1));
        if each < LEAST_ADDRESS_BYTES {
            let detail = format!(
                "there is no memory control group, and {} MiB for {} processes leave each less than {} MiB",
                limits.memory_bytes >> 20,
                limits.processes,
                LEAST_ADDRESS_BYTES >> 20
            );
            return Err(Error::Missing { layer: Layer::Memory, detail });
        }
        Ok(each)
    }

    fn identity(&self, slot: &Slot) -> Identity {
        if Ids::here() == Ids::Free && self.layers.has(Layer::UserNamespace) {
            let id = FIRST_USER + slot.number;
            Identity { user: id, group: id, another: true }
        } else {
            Identity {
                user: rustix::process::geteuid().as_raw(),
                group: rustix::process::getegid().as_raw(),
                another: false,
            }
        }
    }

    fn ruleset(&self) -> Result<Option<OwnedFd>, Error> {
        if !self.layers.has(Layer::Landlock) {
            return Ok(None);
        }
        let paths = |execute: bool| {
            self.taken.iter().filter(move |taken| taken.execute == execute).map(|t| &*t.host)
        };
        let scopes = self.layers.has(Layer::Scopes);
        landlock::ruleset(paths(false), paths(true), scopes)
            .map_err(|error| Error::Missing { layer: Layer::Landlock, detail: error.to_string() })
    }

    /// The workspace as the program finds it. Without a root of its own it covers the host's `/tmp`, for the jail.
    pub(super) fn workspace(&self) -> &'static str {
        if self.layers.has(Layer::Root) { WORKSPACE } else { "/tmp" }
    }
}

fn host(doing: &'static str) -> impl Fn(Errno) -> Error {
    move |error| Error::Host { doing, error: error.raw_os_error() }
}

fn not_spawned(error: &std::io::Error) -> Error {
    match Errno::from_io_error(error).unwrap_or(Errno::IO) {
        Errno::ACCESS | Errno::NOENT | Errno::PERM => Error::Missing {
            layer: Layer::Launcher,
            detail: format!("executing it from memory: {error}"),
        },
        other => host("start the launcher")(other),
    }
}

/// Less than this no compiler starts in.
const LEAST_ADDRESS_BYTES: u64 = 64 << 20;

/// The ids of a jail as the host sees them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Identity {
    pub(super) user: u32,
    pub(super) group: u32,
    /// Whether they are others than the host's own.
    pub(super) another: bool,
}

/// The groups of a slot: slots are per user.
fn group_name(number: u32) -> String {
    format!("{}{number}", group_prefix())
}

fn group_prefix() -> String {
    format!("lau-forge-{}-", rustix::process::geteuid().as_raw())
}

/// Removes what hosts and launchers that were killed together have left, once in a process.
fn sweep() {
    static SWEPT: std::sync::Once = std::sync::Once::new();
    SWEPT.call_once(|| {
        let mut numbers = super::cgroup::left(&group_prefix());
        numbers.extend(super::slot::left());
        for number in numbers {
            // Only who has the slot may remove its groups; its file goes with it.
            if let Ok(Some(_slot)) = Slot::take_number(number) {
                super::cgroup::remove_left(&group_name(number));
            }
        }
    });
}
