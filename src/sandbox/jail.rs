//! What a jail is to be, and its request to the launcher.

use super::cgroup::{Groups, Made, Quota, Version};
use super::filter::{self, Calls};
use super::launcher::{self, Launcher};
use super::protocol::{self, NONE, option, step, tree};
use super::slot::Slot;
use super::{Layer, Layers, Running, landlock};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fmt;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where the workspace of a build is, in its jail.
pub const WORKSPACE: &str = "/work";

/// The first of the user ids that jails have where the host is root; beyond what systems give to users, to
/// containers (`/etc/subuid`) and to dynamic services.
const FIRST_USER: u32 = 1_900_000_000;

/// The user and group of a jail, as it sees itself.
const USER_INSIDE: u32 = 1000;

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

/// Why a jail was not started, or not brought to its end. Never the program's doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The machine lacks a layer; nothing was run.
    Missing {
        /// Which.
        layer: Layer,
        /// What was tried, and what the system answered.
        detail: String,
    },
    /// The host could not do its part: out of descriptors, of memory, of processes.
    Host {
        /// What it was about to do.
        doing: &'static str,
        /// The error number.
        error: i32,
    },
    /// A file of the toolchain cannot be taken into the jail.
    Taken {
        /// The file.
        path: PathBuf,
        /// The error number.
        error: i32,
    },
    /// The program cannot be executed in the jail.
    Program {
        /// The error number.
        error: i32,
    },
    /// As many jails as the machine may have are at work.
    Busy,
    /// The launcher ended before its time, or did not do as it was told. Its jail has ended with it.
    Launcher {
        /// What was seen.
        detail: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = |error: i32| Errno::from_raw_os_error(error);
        match self {
            Error::Missing { layer, detail } => {
                write!(f, "the sandbox lacks the layer `{layer}`: {detail}; {}", layer.remedy())
            }
            Error::Host { doing, error } => write!(f, "cannot {doing}: {}", told(*error)),
            Error::Taken { path, error } => {
                write!(f, "cannot take {} into the jail: {}", path.display(), told(*error))
            }
            Error::Program { error } => {
                write!(f, "cannot execute the program in the jail: {}", told(*error))
            }
            Error::Busy => f.write_str("as many jails as this machine may have are at work"),
            Error::Launcher { detail } => write!(f, "the launcher failed: {detail}"),
        }
    }
}

impl std::error::Error for Error {}

impl Error {
    /// What is wrong, without what helps.
    pub(super) fn detail(&self) -> String {
        if let Error::Missing { detail, .. } = self { detail.clone() } else { self.to_string() }
    }

    /// The layer that the machine lacks, if that is what it is about.
    #[must_use]
    pub fn missing(&self) -> Option<Layer> {
        if let Error::Missing { layer, .. } = self { Some(*layer) } else { None }
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
    profile: Profile,
    layers: Layers,
    limits: Limits,
    taken: Vec<Taken>,
    files: Vec<Content>,
    program: Program,
    arguments: Vec<Vec<u8>>,
    environment: Vec<Vec<u8>>,
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
        let slot = Slot::take().map_err(host("take a slot for a jail"))?.ok_or(Error::Busy)?;
        let quota = Quota {
            memory_bytes: self.limits.memory_bytes,
            processes: self.limits.processes.saturating_add(1),
        };
        let groups = Made::new(&group_name(&slot), quota, |layer| self.layers.has(layer));
        let groups = groups.map_err(|(layer, error)| Error::Missing {
            layer,
            detail: format!("making its group: {error}"),
        })?;
        let (output, theirs) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)
            .map_err(host("make a pipe for the output"))?;
        rustix::io::ioctl_fionbio(&output, true).map_err(host("read the output"))?;
        let held = self.hold(theirs)?;
        let user = self.identity(&slot);
        let request = self.request(&slot, user, &groups, &held, address_bytes);
        let launcher = Launcher::spawn().map_err(|error| not_spawned(&error))?;
        let asked = launcher.ask(&request.bytes, &request.descriptors);
        asked.map_err(host("ask the launcher"))?;
        drop(request);
        Ok(Running::new(launcher, slot, groups, output, self.bounds(), user.0))
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

    /// The whole request; `protocol` says what follows what.
    fn request<'a>(
        &self,
        slot: &'a Slot,
        user: (u32, bool),
        groups: &'a Made,
        held: &'a Held,
        address_bytes: u64,
    ) -> Request<'a> {
        let mut request = Request::default();
        request.header(self, user);
        let input = request.descriptor(&held.null);
        let output = request.descriptor(&held.output);
        let ruleset = held.ruleset.as_ref().map_or(NONE, |ruleset| request.descriptor(ruleset));
        let program = held.program.as_ref().map_or(NONE, |program| request.descriptor(program));
        for index in [input, output, NONE, ruleset, program] {
            request.u32(index);
        }
        // Of no use to the launcher but to be held.
        request.descriptor(slot.descriptor());
        request.section(|request| {
            for (version, join, above, name) in groups.entries() {
                request.u32(match version {
                    Version::One => protocol::cgroup::ONE,
                    Version::Two => protocol::cgroup::TWO,
                });
                for group in [join, above] {
                    let index = request.descriptor(group);
                    request.u32(index);
                }
                request.text(name.as_bytes());
            }
        });
        request.section(|request| self.tree(request, &held.files));
        request.section(|request| self.rlimits(request, address_bytes));
        request.section(|request| {
            if held.ruleset.is_some() && self.profile == Profile::Build {
                request.u64(landlock::workspace_access());
                request.text(self.workspace().as_bytes());
            }
        });
        request.section(|request| self.filters(request));
        request.section(|request| self.program(request));
        request
    }

    fn filters(&self, request: &mut Request<'_>) {
        if !self.layers.has(Layer::Filter) {
            return;
        }
        let calls = match self.profile {
            Profile::Build => Calls::Build,
            Profile::Skill => Calls::Skill,
        };
        for filter in filter::filters(calls) {
            request.u32(u32::try_from(filter.len() / 8).unwrap_or(u32::MAX));
            request.bytes.extend(filter);
        }
    }

    /// What can be known to be missing before anything is made.
    fn check(&self) -> Result<(), Error> {
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

    /// The user outside, and whether it is another than the host's own.
    fn identity(&self, slot: &Slot) -> (u32, bool) {
        if Ids::here() == Ids::Free && self.layers.has(Layer::UserNamespace) {
            (FIRST_USER + slot.number, true)
        } else {
            (rustix::process::geteuid().as_raw(), false)
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

    fn tree<'a>(&self, request: &mut Request<'a>, files: &'a [OwnedFd]) {
        if self.layers.has(Layer::Root) {
            self.taken_tree(request);
        }
        if self.profile == Profile::Skill {
            return;
        }
        let relative = self.workspace().trim_start_matches('/');
        if self.layers.has(Layer::Root) {
            request.entry(tree::FOLDER, 0o755, relative, "");
        }
        const NOSUID: u32 = 2;
        const NODEV: u32 = 4;
        const NOEXEC: u32 = 8;
        const NOSYMFOLLOW: u32 = 256;
        let (flags, options) = if self.layers.has(Layer::Workspace) {
            let options = format!("size={},nr_inodes=4096,mode=700", self.limits.workspace_bytes);
            (NOSUID | NODEV | NOEXEC | NOSYMFOLLOW, options)
        } else {
            (NOSUID | NODEV, "size=256m,mode=700".to_owned())
        };
        request.entry(tree::WORKSPACE, flags, relative, &options);
        request.entry(tree::FOLDER, 0o700, format!("{relative}/tmp"), "");
        let mut folders = std::collections::BTreeSet::new();
        for (file, content) in self.files.iter().zip(files) {
            let path = format!("{relative}/{}", file.name);
            for (at, _) in file.name.match_indices('/') {
                if folders.insert(&file.name[..at]) {
                    let folder = format!("{relative}/{}", &file.name[..at]);
                    request.entry(tree::FOLDER, 0o700, &folder, "");
                }
            }
            let index = request.descriptor(content);
            request.entry(tree::FILE, index, &path, "");
        }
    }

    /// The host's files at their places, with the folders above them. What lies in a folder that is taken as a whole
    /// is there already.
    fn taken_tree(&self, request: &mut Request<'_>) {
        const READ_ONLY: u32 = 1 | 2 | 4; // MOUNT_ATTR_RDONLY, _NOSUID, _NODEV
        const NOEXEC: u32 = 8;
        let mut made = std::collections::BTreeSet::<PathBuf>::new();
        let whole: Vec<&Path> =
            self.taken.iter().filter(|taken| taken.folder).map(|taken| &*taken.inside).collect();
        let mut taken: Vec<&Taken> = self.taken.iter().collect();
        taken.sort_by_key(|taken| &taken.inside);
        for taken in taken {
            let above = taken.inside.ancestors().skip(1);
            if above.clone().any(|folder| whole.contains(&folder)) || made.contains(&taken.inside) {
                continue;
            }
            let above: Vec<&Path> = above.filter(|folder| folder.parent().is_some()).collect();
            for folder in above.into_iter().rev() {
                if made.insert(folder.to_owned()) {
                    request.entry(tree::FOLDER, 0o755, inside(folder), "");
                }
            }
            let kind = if taken.folder { tree::BIND_FOLDER } else { tree::BIND };
            let attributes = READ_ONLY | if taken.execute { 0 } else { NOEXEC };
            request.entry(kind, attributes, inside(&taken.inside), &taken.host);
            made.insert(taken.inside.clone());
        }
    }

    fn rlimits(&self, request: &mut Request<'_>, address_bytes: u64) {
        if !self.layers.has(Layer::Limits) {
            return;
        }
        let limits = &self.limits;
        let cpu = limits.cpu.as_millis().div_ceil(1000).max(1);
        let file_bytes = if self.profile == Profile::Build { limits.file_bytes } else { 0 };
        let rows = [
            (libc::RLIMIT_CORE, 0),
            (libc::RLIMIT_CPU, u64::try_from(cpu).unwrap_or(u64::MAX)),
            (libc::RLIMIT_FSIZE, file_bytes),
            (libc::RLIMIT_STACK, limits.stack_bytes),
            (libc::RLIMIT_NOFILE, u64::from(limits.descriptors)),
            (libc::RLIMIT_NPROC, u64::from(limits.processes.saturating_add(1))),
            (libc::RLIMIT_MEMLOCK, 0),
            (libc::RLIMIT_MSGQUEUE, 0),
            (libc::RLIMIT_SIGPENDING, 64),
            (libc::RLIMIT_AS, address_bytes),
        ];
        for (resource, value) in rows {
            request.u32(resource);
            request.u64(value);
            // A second between the signal that says why and the one that ends it.
            request.u64(value.saturating_add(u64::from(resource == libc::RLIMIT_CPU)));
        }
    }

    fn program(&self, request: &mut Request<'_>) {
        let path = match &self.program {
            Program::Path(path) => path.as_os_str().as_bytes(),
            Program::Bytes(_) => b"",
        };
        request.text(path);
        for list in [&self.arguments, &self.environment] {
            request.u32(u32::try_from(list.len()).unwrap_or(u32::MAX));
            for text in list {
                request.text(text);
            }
        }
    }

    /// What failed in the launcher, in words of the jail.
    pub(super) fn explain(failed: u32, entry: u32, error: Errno) -> Error {
        let missing =
            |layer, what: &str| Error::Missing { layer, detail: format!("{what}: {error}") };
        match failed {
            step::RECEIVE | step::PREPARE => {
                Error::Host { doing: "prepare the jail", error: error.raw_os_error() }
            }
            step::CLONE => missing(Layer::UserNamespace, "making the namespaces"),
            step::MAP => missing(Layer::UserNamespace, "mapping the user"),
            step::CGROUP => missing(Layer::MemoryGroup, "joining the group"),
            step::IDENTITY => missing(Layer::UserNamespace, "becoming another user"),
            step::PRIVATE | step::ROOT => missing(Layer::Root, "mounting an empty root"),
            step::TREE => missing(Layer::Root, &format!("mounting entry {entry}")),
            step::PIVOT => missing(Layer::Root, "leaving the host's root"),
            step::NAME => missing(Layer::Names, "setting a host name"),
            step::CAPABILITIES => missing(Layer::Capabilities, "dropping them"),
            step::PRIVILEGES => missing(Layer::Capabilities, "giving up new privileges"),
            step::FORK => Error::Host { doing: "fork in the jail", error: error.raw_os_error() },
            step::DESCRIPTORS => missing(Layer::Limits, "arranging descriptors"),
            step::LANDLOCK => missing(Layer::Landlock, &format!("rule {entry}")),
            step::LIMITS => missing(Layer::Limits, &format!("limit {entry}")),
            step::MDWE => missing(Layer::WriteOrExecute, "refusing it"),
            step::FILTER => missing(Layer::Filter, &format!("installing filter {entry}")),
            step::EXEC => Error::Program { error: error.raw_os_error() },
            other => Error::Launcher { detail: format!("step {other} of no known kind: {error}") },
        }
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

/// What the host holds open for a request.
struct Held {
    files: Vec<OwnedFd>,
    program: Option<OwnedFd>,
    ruleset: Option<OwnedFd>,
    null: OwnedFd,
    output: OwnedFd,
}

/// Less than this no compiler starts in.
const LEAST_ADDRESS_BYTES: u64 = 64 << 20;

/// The groups of a slot: slots are per user.
fn group_name(slot: &Slot) -> String {
    format!("lau-forge-{}-{}", rustix::process::geteuid().as_raw(), slot.number)
}

fn inside(path: &Path) -> &OsStr {
    path.strip_prefix("/").unwrap_or(path).as_os_str()
}

/// Whose ids jails have here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ids {
    /// Unused ones, since this is root.
    Free,
    /// Those of this process: an ordinary user's, or of a root that has no others, as in a container.
    Own,
    /// This is root, but the ids belong to somebody.
    Taken,
}

impl Ids {
    /// Looked up once in a process.
    pub(super) fn here() -> Ids {
        static HERE: std::sync::OnceLock<Ids> = std::sync::OnceLock::new();
        *HERE.get_or_init(|| {
            let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
            if !rustix::process::geteuid().is_root() {
                return Ids::Own;
            }
            Ids::of(&read("/etc/passwd"), &read("/etc/subuid"), &read("/proc/self/uid_map"))
        })
    }

    /// For a root, by the lists of users, of ranges given to users, and of the ids that its namespace has.
    fn of(users: &str, ranges: &str, map: &str) -> Ids {
        let wanted = u64::from(FIRST_USER)..u64::from(FIRST_USER + super::slot::SLOTS);
        let numbers = |line: &str, fields: [usize; 2]| -> Option<(u64, u64)> {
            let split = |c: char| c == ':' || c.is_whitespace();
            let words: Vec<&str> = line.split(split).filter(|word| !word.is_empty()).collect();
            let number = |at: usize| words.get(at)?.parse::<u64>().ok();
            Some((number(fields[0])?, number(fields[1]).unwrap_or(1)))
        };
        let meets = |(first, count): (u64, u64)| {
            first < wanted.end && first.saturating_add(count) > wanted.start
        };
        // Lines of `inside outside count`.
        let holds = |line: &str| {
            numbers(line, [0, 2]).is_some_and(|(first, count)| {
                first <= wanted.start && first.saturating_add(count) >= wanted.end
            })
        };
        // Lines of `name:password:id:…`, where any field but the id may be empty, and of `name:first:count`.
        let user = |line: &str| line.split(':').nth(2)?.trim().parse::<u64>().ok();
        let by_user = users.lines().filter_map(user).any(|id| meets((id, 1)));
        let by_range = ranges.lines().filter_map(|line| numbers(line, [1, 2])).any(meets);
        match (map.lines().any(holds), by_user || by_range) {
            (false, _) => Ids::Own,
            (true, false) => Ids::Free,
            (true, true) => Ids::Taken,
        }
    }
}

/// A request as it grows: bytes, and the descriptors that go with it.
#[derive(Default)]
struct Request<'a> {
    bytes: Vec<u8>,
    descriptors: Vec<BorrowedFd<'a>>,
}

impl<'a> Request<'a> {
    fn header(&mut self, jail: &Jail, (user, another): (u32, bool)) {
        let has = |layer| jail.layers.has(layer);
        let namespaces = [
            (true, libc::CLONE_NEWUSER | libc::CLONE_NEWNS),
            (has(Layer::PidNamespace), libc::CLONE_NEWPID),
            (has(Layer::Network), libc::CLONE_NEWNET),
            (has(Layer::Ipc), libc::CLONE_NEWIPC),
            (has(Layer::Names), libc::CLONE_NEWUTS | libc::CLONE_NEWCGROUP),
        ];
        let options = [
            (true, option::IDENTITY),
            (another, option::GROUPS),
            (has(Layer::Root), option::ROOT),
            (has(Layer::Capabilities), option::CAPABILITIES),
            // Without it, only who may do more can install filters.
            (true, option::PRIVILEGES),
            (has(Layer::WriteOrExecute) && has_mdwe(), option::MDWE),
            (has(Layer::Landlock), option::LANDLOCK),
            (has(Layer::Names), option::NAMES),
            (has(Layer::UserNamespace), option::KEYRING),
        ];
        let set =
            |rows: &[(bool, u32)]| rows.iter().filter(|row| row.0).fold(0, |all, row| all | row.1);
        let namespaces = namespaces.map(|(wanted, flags)| (wanted, flags.cast_unsigned()));
        // With its capabilities, it is the root of its namespaces: exec takes them from any other.
        let inside = if has(Layer::Capabilities) { USER_INSIDE } else { 0 };
        for field in [protocol::MAGIC, set(&namespaces), set(&options), user, inside] {
            self.u32(field);
        }
    }

    fn u32(&mut self, value: u32) {
        self.bytes.extend(value.to_le_bytes());
    }

    fn u64(&mut self, value: u64) {
        self.bytes.extend(value.to_le_bytes());
    }

    /// A text with its end. One with a zero byte inside could not be told apart from two, so it ends there.
    fn text(&mut self, text: &[u8]) {
        let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
        self.bytes.extend(&text[..end]);
        self.bytes.push(0);
    }

    fn entry(&mut self, kind: u32, number: u32, path: impl AsRef<OsStr>, other: impl AsRef<OsStr>) {
        self.u32(kind);
        self.u32(number);
        self.text(path.as_ref().as_bytes());
        self.text(other.as_ref().as_bytes());
    }

    fn descriptor(&mut self, descriptor: &'a OwnedFd) -> u32 {
        self.descriptors.push(descriptor.as_fd());
        u32::try_from(self.descriptors.len() - 1).unwrap_or(NONE)
    }

    fn section(&mut self, write: impl FnOnce(&mut Self)) {
        let at = self.bytes.len();
        self.u32(0);
        write(self);
        let length = u32::try_from(self.bytes.len() - at - 4).unwrap_or(u32::MAX);
        self.bytes[at..at + 4].copy_from_slice(&length.to_le_bytes());
    }
}

/// Whether the kernel can refuse memory that is written and run.
#[allow(unsafe_code, reason = "the library has no name for this question")]
pub(super) fn has_mdwe() -> bool {
    const PR_GET_MDWE: i32 = 66;
    // SAFETY: the call takes no pointer and changes nothing.
    unsafe { libc::prctl(PR_GET_MDWE, 0, 0, 0, 0) >= 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_free_taken_or_ones_own() {
        let whole = "         0          0 4294967295\n";
        let users = "root:x:0:0:root:/root:/bin/sh\nme::1000:1000::/:\n";
        let ranges = "me:100000:65536\n";
        assert_eq!(Ids::of(users, ranges, whole), Ids::Free);
        assert_eq!(Ids::of("", "", "0 1000 1\n"), Ids::Own);
        assert_eq!(Ids::of("", "", "0 100000 65536\n"), Ids::Own);
        assert_eq!(Ids::of("", "", ""), Ids::Own);
        assert_eq!(Ids::of("x::1900000003:1::/:", ranges, whole), Ids::Taken);
        assert_eq!(Ids::of(users, "x:1899999000:1001", whole), Ids::Taken);
        assert_eq!(Ids::of(users, "x:1900000512:9", whole), Ids::Free);
        assert_eq!(Ids::of("nonsense\n::\n", ":::\nx:y:z", whole), Ids::Free);
    }
}
