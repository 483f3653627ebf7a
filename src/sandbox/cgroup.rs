//! Control groups for jails, in whatever way the machine has them: version 1, version 2, or some of each.
//!
//! For each controller (memory, pids) the first folder is taken, from this process's own group upwards, in which a
//! child group can be made that has the controller's limit. Below the own group comes first, so that a container's
//! limits hold for its jails too; in version 2 a group with processes cannot pass controllers on, so there it is
//! often one further up. A jail's groups have the name of its slot. They are removed after it, by the launcher if the
//! host is gone, and else by whoever takes the slot next.

use crate::sandbox::Layer;
use rustix::fs::{self, AtFlags, Mode, OFlags};
use rustix::io::Errno;
use serde::Serialize;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Which generation of control groups a controller is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Version {
    /// A hierarchy for each controller.
    #[serde(rename = "v1")]
    One,
    /// One hierarchy.
    #[serde(rename = "v2")]
    Two,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Controller {
    Memory,
    Pids,
}

impl Controller {
    fn name(self) -> &'static str {
        match self {
            Controller::Memory => "memory",
            Controller::Pids => "pids",
        }
    }

    /// A limit that every machine takes.
    fn some(self) -> u64 {
        match self {
            Controller::Memory => 1 << 30,
            Controller::Pids => 100,
        }
    }

    /// The file with the limit.
    fn limit(self, version: Version) -> &'static str {
        match (self, version) {
            (Controller::Memory, Version::One) => "memory.limit_in_bytes",
            (Controller::Memory, Version::Two) => "memory.max",
            (Controller::Pids, _) => "pids.max",
        }
    }
}

/// Where jails' groups are made on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Groups {
    /// For memory; none, and why.
    pub memory: Result<Parent, String>,
    /// For processes; none, and why.
    pub pids: Result<Parent, String>,
}

/// A folder in which groups can be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Parent {
    /// Its generation.
    pub version: Version,
    /// The folder.
    pub folder: PathBuf,
}

impl Groups {
    /// What this machine has, found once in a process.
    pub fn here() -> &'static Groups {
        static HERE: OnceLock<Groups> = OnceLock::new();
        HERE.get_or_init(|| Groups {
            memory: parent(Controller::Memory),
            pids: parent(Controller::Pids),
        })
    }
}

/// Finds where to make groups for a controller, by making one.
fn parent(controller: Controller) -> Result<Parent, String> {
    let read = |file: &str| std::fs::read_to_string(file).map_err(|e| format!("{file}: {e}"));
    let (own, mounts) = (read("/proc/self/cgroup")?, read("/proc/self/mountinfo")?);
    let mut reasons = Vec::new();
    for (version, top, folder) in hierarchies(controller, &own, &mounts) {
        for folder in folder.ancestors().take_while(|folder| folder.starts_with(&top)) {
            match try_parent(controller, version, folder) {
                Ok(()) => return Ok(Parent { version, folder: folder.to_owned() }),
                Err(error) => reasons.push(format!("{}: {error}", folder.display())),
            }
        }
    }
    let none = || format!("no mounted hierarchy has the controller `{}`", controller.name());
    Err(reasons.into_iter().next().unwrap_or_else(none))
}

/// The hierarchies that may have a controller: generation, mount point, and the folder of this process's own group.
fn hierarchies(
    controller: Controller,
    own: &str,
    mounts: &str,
) -> Vec<(Version, PathBuf, PathBuf)> {
    let path_of = |wanted: &dyn Fn(&str, &str) -> bool| {
        own.lines().find_map(|line| {
            let mut fields = line.splitn(3, ':');
            let (number, controllers) = (fields.next()?, fields.next()?);
            wanted(number, controllers).then_some(fields.next()?)
        })
    };
    let mut found = Vec::new();
    for line in mounts.lines() {
        // Fields: id, parent, device, root, mount point, options, …, `-`, type, source, options of the whole.
        let Some((before, after)) = line.split_once(" - ") else { continue };
        let before: Vec<&str> = before.split(' ').collect();
        let after: Vec<&str> = after.split(' ').collect();
        let (Some(root), Some(point)) = (before.get(3), before.get(4)) else { continue };
        let (version, path) = match *after.as_slice() {
            ["cgroup2", ..] => (Version::Two, path_of(&|number, _| number == "0")),
            ["cgroup", _, options] if options.split(',').any(|o| o == controller.name()) => {
                let named = |list: &str| list.split(',').any(|one| one == controller.name());
                (Version::One, path_of(&|_, controllers| named(controllers)))
            }
            _ => continue,
        };
        let Some(path) = path else { continue };
        let below = path.strip_prefix(root.trim_end_matches('/')).unwrap_or(path);
        let point = PathBuf::from(point);
        let folder = point.join(below.trim_start_matches('/'));
        found.push((version, point, folder));
    }
    // Where both generations are mounted, a controller is in one of them; the first has it as an option.
    found.sort_by_key(|(version, ..)| *version == Version::Two);
    found
}

/// Makes a group and sets its limit, and removes it.
fn try_parent(controller: Controller, version: Version, folder: &Path) -> Result<(), Errno> {
    let above = open_folder(folder)?;
    let name = format!("lau-forge-try-{}", std::process::id());
    fs::mkdirat(&above, &*name, Mode::RWXU)?;
    let tried = fs::openat(&above, &*name, FOLDER, Mode::empty()).and_then(|group| {
        set(&group, controller.limit(version), controller.some())?;
        // In version 2 a move needs rights over the common ancestor, which is this folder or one above it.
        let ruled = if version == Version::Two { &above } else { &group };
        fs::accessat(ruled, "cgroup.procs", fs::Access::WRITE_OK, AtFlags::empty())
    });
    remove(&above, &name);
    tried
}

const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::CLOEXEC).union(OFlags::NOFOLLOW);

fn open_folder(path: &Path) -> Result<OwnedFd, Errno> {
    fs::open(path, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

fn set(group: &OwnedFd, file: &str, value: u64) -> Result<(), Errno> {
    let file = fs::openat(group, file, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
    rustix::io::write(&file, value.to_string().as_bytes()).map(|_| ())
}

/// Removes a group. Its last process leaves it a little after it was waited for.
fn remove(above: &OwnedFd, name: &str) -> bool {
    let deadline = Instant::now() + Duration::from_secs(1);
    loop {
        match fs::unlinkat(above, name, AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT) => return true,
            Err(Errno::BUSY) if Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(1));
            }
            Err(_) => return false,
        }
    }
}

/// The numbers of groups whose names begin so: of jails at work, or left by who was killed.
pub(crate) fn left(prefix: &str) -> Vec<u32> {
    let number =
        |entry: std::fs::DirEntry| entry.file_name().to_str()?.strip_prefix(prefix)?.parse().ok();
    let here = Groups::here();
    let parents = [&here.memory, &here.pids].into_iter().filter_map(|parent| parent.as_ref().ok());
    let entries =
        parents.flat_map(|parent| std::fs::read_dir(&parent.folder).into_iter().flatten());
    entries.flatten().filter_map(number).collect()
}

/// Removes groups of this name, if they are empty.
pub(crate) fn remove_left(name: &str) {
    let here = Groups::here();
    for parent in [&here.memory, &here.pids].into_iter().filter_map(|parent| parent.as_ref().ok()) {
        if let Ok(above) = open_folder(&parent.folder) {
            let _ = fs::unlinkat(&above, name, AtFlags::REMOVEDIR);
        }
    }
}

/// What a jail may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quota {
    pub(crate) memory_bytes: u64,
    pub(crate) processes: u32,
}

/// The groups of one jail.
#[derive(Debug)]
pub(crate) struct Made {
    name: String,
    /// For each: the controller, its generation, the folder above, the group, and what a process joins it by.
    groups: Vec<(Controller, Version, OwnedFd, OwnedFd, OwnedFd)>,
}

/// What the groups counted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counted {
    pub(crate) memory_peak_bytes: Option<u64>,
    /// Processes killed because the memory was used up.
    pub(crate) memory_kills: u64,
}

impl Made {
    /// Makes the groups of a slot, after sweeping what an earlier holder left.
    pub(crate) fn new(
        name: &str,
        quota: Quota,
        has: impl Fn(Layer) -> bool,
    ) -> Result<Made, (Layer, Errno)> {
        let here = Groups::here();
        let wanted = [
            (Controller::Memory, Layer::MemoryGroup, &here.memory),
            (Controller::Pids, Layer::PidsGroup, &here.pids),
        ];
        let mut made = Made { name: name.to_owned(), groups: Vec::new() };
        for (controller, layer, parent) in wanted {
            let Ok(parent) = parent else { continue };
            // A process is born into one group of version 2: where the controllers are in two places, memory goes first.
            let elsewhere = parent.version == Version::Two
                && controller == Controller::Pids
                && here.memory.as_ref().is_ok_and(|memory| {
                    memory.version == Version::Two && memory.folder != parent.folder
                });
            if has(layer) && !elsewhere {
                made.add(controller, parent, quota).map_err(|error| (layer, error))?;
            }
        }
        Ok(made)
    }

    fn add(&mut self, controller: Controller, parent: &Parent, quota: Quota) -> Result<(), Errno> {
        let above = open_folder(&parent.folder)?;
        // In version 2 both controllers are set in one group.
        let shared = self
            .groups
            .iter()
            .any(|(_, version, ..)| *version == Version::Two && parent.version == Version::Two);
        if !shared {
            let make = || fs::mkdirat(&above, &*self.name, Mode::RWXU);
            match make() {
                // Left by an earlier holder of the slot, and then empty.
                Err(Errno::EXIST) => {
                    let _ = fs::unlinkat(&above, &*self.name, AtFlags::REMOVEDIR);
                    make()?;
                }
                made => made?,
            }
        }
        let added = self.join(controller, parent, quota, &above);
        if added.is_err() && !shared {
            remove(&above, &self.name);
        }
        added
    }

    /// Opens a group that was made, and sets its limit.
    fn join(
        &mut self,
        controller: Controller,
        parent: &Parent,
        quota: Quota,
        above: &OwnedFd,
    ) -> Result<(), Errno> {
        let above = above.try_clone().map_err(|_| Errno::MFILE)?;
        let group = fs::openat(&above, &*self.name, FOLDER, Mode::empty())?;
        let join = match parent.version {
            Version::One => {
                fs::openat(&group, "tasks", OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?
            }
            Version::Two => fs::openat(&group, ".", FOLDER, Mode::empty())?,
        };
        self.groups.push((controller, parent.version, above, group, join));
        let (_, _, _, group, _) = self.groups.last().expect("just pushed");
        match controller {
            Controller::Memory => limit_memory(group, parent.version, quota.memory_bytes),
            Controller::Pids => set(group, "pids.max", u64::from(quota.processes)),
        }
    }

    /// For each group: its generation, what a process joins it by, the folder above, the name there.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (Version, &OwnedFd, &OwnedFd, &str)> {
        self.groups.iter().map(|(_, version, above, _, join)| (*version, join, above, &*self.name))
    }

    /// What has been counted so far.
    pub(crate) fn counted(&self) -> Counted {
        let mut counted = Counted::default();
        for (controller, version, _, group, _) in &self.groups {
            if *controller == Controller::Memory {
                let (peak, events) = match version {
                    Version::One => ("memory.max_usage_in_bytes", "memory.oom_control"),
                    Version::Two => ("memory.peak", "memory.events"),
                };
                counted.memory_peak_bytes =
                    read(group, peak).and_then(|text| text.trim().parse().ok());
                let kills = read(group, events).and_then(|text| {
                    let line = text.lines().find_map(|line| line.strip_prefix("oom_kill "));
                    line.and_then(|number| number.parse().ok())
                });
                counted.memory_kills = kills.unwrap_or(0);
            }
        }
        counted
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        for (_, _, above, _, _) in &self.groups {
            remove(above, &self.name);
        }
    }
}

fn limit_memory(group: &OwnedFd, version: Version, bytes: u64) -> Result<(), Errno> {
    match version {
        Version::One => {
            // Where swap is not counted there is no file for it; without swap it matters little.
            let _ = set(group, "memory.swappiness", 0);
            set(group, "memory.limit_in_bytes", bytes)?;
            match set(group, "memory.memsw.limit_in_bytes", bytes) {
                Err(Errno::NOENT | Errno::OPNOTSUPP | Errno::ACCESS) => Ok(()),
                other => other,
            }
        }
        Version::Two => {
            // Not `memory.oom.group`: the jail's init is in the group too, and has to tell how the program ended.
            let _ = set(group, "memory.swap.max", 0);
            set(group, "memory.max", bytes)
        }
    }
}

fn read(group: &OwnedFd, file: &str) -> Option<String> {
    let file = fs::openat(group, file, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
    let mut bytes = [0; 4096];
    let length = rustix::io::read(&file, &mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes[..length]).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
30 29 0:26 / /sys/fs/cgroup ro - tmpfs tmpfs rw
31 30 0:27 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
32 30 0:28 / /sys/fs/cgroup/cpu,pids rw - cgroup cgroup rw,cpu,pids
33 30 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
34 30 0:30 /docker/ab /mnt/cgroup rw - cgroup2 cgroup2 rw
";

    #[test]
    fn hybrid_machines_have_a_controller_in_the_first_generation() {
        let own = "5:memory:/slice/a\n4:cpu,pids:/\n0::/x\n";
        let found = hierarchies(Controller::Memory, own, MOUNTS);
        let first = ("/sys/fs/cgroup/memory".into(), "/sys/fs/cgroup/memory/slice/a".into());
        assert_eq!(found[0], (Version::One, first.0, first.1));
        assert_eq!(
            hierarchies(Controller::Pids, own, MOUNTS)[0].2,
            Path::new("/sys/fs/cgroup/cpu,pids/")
        );
    }

    #[test]
    fn a_mount_of_a_part_shows_only_what_is_below_it() {
        let found = hierarchies(Controller::Memory, "0::/docker/ab/job\n", MOUNTS);
        assert!(
            found.contains(&(Version::Two, "/mnt/cgroup".into(), "/mnt/cgroup/job".into())),
            "{found:?}"
        );
    }

    #[test]
    fn nonsense_has_no_hierarchies() {
        for (own, mounts) in
            [("", ""), ("x", "a - b"), ("0:", " - cgroup2"), ("::", "1 2 3 / - cgroup x memory")]
        {
            assert!(hierarchies(Controller::Memory, own, mounts).len() < 2);
        }
    }
}
