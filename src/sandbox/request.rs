//! The request to the launcher: bytes in the order that `protocol` tells, and the descriptors that go with them.

use super::cgroup::{Made, Version};
use super::filter::{self, Calls};
use super::jail::{Identity, Jail};
use super::protocol::{self, NONE, option, tree};
use super::slot::Slot;
use super::{Layer, Profile, Program, Taken, landlock};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The user and group of a jail, as it sees itself.
const USER_INSIDE: u32 = 1000;

/// What the host holds open for a request.
pub(super) struct Held {
    pub(super) files: Vec<OwnedFd>,
    pub(super) program: Option<OwnedFd>,
    pub(super) ruleset: Option<OwnedFd>,
    pub(super) null: OwnedFd,
    pub(super) output: OwnedFd,
}

/// A request as it grows: bytes, and the descriptors that go with it.
#[derive(Default)]
pub(super) struct Request<'a> {
    pub(super) bytes: Vec<u8>,
    pub(super) descriptors: Vec<BorrowedFd<'a>>,
    /// For each entry of the tree the file of the host that it takes, if it does.
    pub(super) entries: Vec<Option<PathBuf>>,
}

impl<'a> Request<'a> {
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

    /// An entry of the tree; what it is about is kept, to be told where it fails.
    fn entry(&mut self, kind: u32, number: u32, path: impl AsRef<OsStr>, other: impl AsRef<OsStr>) {
        let taken = kind == tree::BIND || kind == tree::BIND_FOLDER;
        self.entries.push(taken.then(|| PathBuf::from(other.as_ref())));
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

impl Jail {
    /// The whole request; `protocol` says what follows what.
    pub(super) fn request<'a>(
        &self,
        slot: &'a Slot,
        identity: Identity,
        groups: &'a Made,
        held: &'a Held,
        address_bytes: u64,
    ) -> Request<'a> {
        let mut request = Request::default();
        self.header(&mut request, identity);
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

    /// Namespaces, options and the user.
    fn header(&self, request: &mut Request<'_>, identity: Identity) {
        let has = |layer| self.layers.has(layer);
        let namespaces = [
            (true, libc::CLONE_NEWUSER | libc::CLONE_NEWNS),
            (has(Layer::PidNamespace), libc::CLONE_NEWPID),
            (has(Layer::Network), libc::CLONE_NEWNET),
            (has(Layer::Ipc), libc::CLONE_NEWIPC),
            (has(Layer::Names), libc::CLONE_NEWUTS | libc::CLONE_NEWCGROUP),
        ];
        let options = [
            (true, option::IDENTITY),
            (identity.another, option::GROUPS),
            (has(Layer::Root), option::ROOT),
            (has(Layer::Capabilities), option::CAPABILITIES),
            // Without it, only who may do more can install filters.
            (true, option::PRIVILEGES),
            (has(Layer::WriteOrExecute) && !Layer::WriteOrExecute.absent(), option::MDWE),
            (has(Layer::Landlock), option::LANDLOCK),
            (has(Layer::Names), option::NAMES),
            (has(Layer::UserNamespace), option::KEYRING),
        ];
        let set =
            |rows: &[(bool, u32)]| rows.iter().filter(|row| row.0).fold(0, |all, row| all | row.1);
        let namespaces = namespaces.map(|(wanted, flags)| (wanted, flags.cast_unsigned()));
        // With its capabilities, it is the root of its namespaces: exec takes them from any other.
        let inside = if has(Layer::Capabilities) { USER_INSIDE } else { 0 };
        let Identity { user, group, .. } = identity;
        for field in [protocol::MAGIC, set(&namespaces), set(&options), user, group, inside] {
            request.u32(field);
        }
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
        request.entry(tree::FOLDER, 0o700, format!("{relative}/.tmp"), "");
        let mut folders = BTreeSet::new();
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
        let mut made = BTreeSet::<PathBuf>::new();
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
            // Not 0: where dumps go to a program of the host, 1 is what tells the kernel to make none. A file would need more.
            (libc::RLIMIT_CORE, 1),
            (libc::RLIMIT_CPU, u64::try_from(cpu).unwrap_or(u64::MAX)),
            (libc::RLIMIT_FSIZE, file_bytes),
            (libc::RLIMIT_STACK, limits.stack_bytes),
            // Below the number that the program's own has at exec.
            (libc::RLIMIT_NOFILE, u64::from(limits.descriptors.min(protocol::PROGRAM - 1))),
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
}

fn inside(path: &Path) -> &OsStr {
    path.strip_prefix("/").unwrap_or(path).as_os_str()
}
