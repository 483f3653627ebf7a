//! The layers that stand between a hostile program and the host, in one table.

use serde::Serialize;
use std::fmt;

/// Whether the forge stays closed without a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// No jail is started without it.
    Required,
    /// Used where the machine has it.
    Additional,
}

/// One row for each layer: variant, name, need, what it does, what helps where it is missing.
macro_rules! layers {
    ($($variant:ident $name:literal $need:ident $does:literal $remedy:literal;)*) => {
        /// Something that stops a hostile program, by itself or with others.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Layer {
            $(#[doc = $does] $variant,)*
        }

        impl Layer {
            /// All of them, in the order in which they are built.
            pub const ALL: &[Layer] = &[$(Layer::$variant),*];

            /// Its name, as it is printed and in JSON.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Layer::$variant => $name),* }
            }

            /// Whether the forge stays closed without it.
            #[must_use]
            pub fn need(self) -> Need {
                match self { $(Layer::$variant => Need::$need),* }
            }

            /// What it does.
            #[must_use]
            pub fn does(self) -> &'static str {
                match self { $(Layer::$variant => $does),* }
            }

            /// What a person can do where it is missing.
            #[must_use]
            pub fn remedy(self) -> &'static str {
                match self { $(Layer::$variant => $remedy),* }
            }
        }
    };
}

layers! {
    Launcher "launcher" Required
        "a static program in a sealed memfd builds the jail; the host is never forked"
        "mount /proc, and set the sysctl vm.memfd_noexec below 2";
    UserNamespace "user-namespace" Required
        "another user: as root an unused one, and no right over anything outside"
        "allow user namespaces: sysctl user.max_user_namespaces above 0, kernel.unprivileged_userns_clone=1 or kernel.apparmor_restrict_unprivileged_userns=0 where they exist; in a container, a seccomp profile that allows clone3 and unshare";
    Root "root" Required
        "an empty root: the host's files do not exist"
        "allow mounts in user namespaces: an AppArmor or SELinux profile that forbids mount or pivot_root must let this program";
    PidNamespace "pid-namespace" Required
        "processes of its own: none of the host's can be seen or signalled, and all end together"
        "allow pid namespaces: sysctl user.max_pid_namespaces above 0";
    Network "network" Required
        "no network, and no sockets of the host"
        "allow network namespaces: sysctl user.max_net_namespaces above 0, a kernel with CONFIG_NET_NS";
    Ipc "ipc" Required
        "no shared memory, semaphores or queues of the host"
        "allow IPC namespaces: sysctl user.max_ipc_namespaces above 0";
    Names "names" Required
        "a host name of its own, and none of the host's control groups"
        "allow UTS and cgroup namespaces: sysctls user.max_uts_namespaces and user.max_cgroup_namespaces above 0";
    Capabilities "capabilities" Required
        "no capability in any set, also not over its own namespaces, and none by exec"
        "a kernel of 6.1 or later";
    Filter "filter" Required
        "only listed system calls, of this architecture alone"
        "a kernel with CONFIG_SECCOMP_FILTER";
    Landlock "landlock" Required
        "file rules that hold whatever is mounted, and where the kernel has them rules for TCP and signals"
        "a kernel with CONFIG_SECURITY_LANDLOCK, and `landlock` in its lsm= parameter";
    Limits "limits" Required
        "rlimits: processes, address space, CPU time, file size, descriptors, no core files"
        "raise the hard limits of this process: at least 300 descriptors (ulimit -Hn)";
    Memory "memory" Required
        "a bound on the memory of the whole tree, workspace included"
        "give this process a memory control group of its own, or a plan with fewer processes or less memory";
    Workspace "workspace" Required
        "a bounded tmpfs, with no links to follow, nothing to execute and no devices"
        "a kernel of 6.1 or later with CONFIG_TMPFS";
    Deadline "deadline" Required
        "a wall clock outside, which kills the tree; output is capped in the same place"
        "a kernel of 6.1 or later";
    MemoryGroup "memory-cgroup" Additional
        "one memory limit for the tree, kept by the kernel, with the peak it reached"
        "run as root, or below a delegated group: systemd-run --user --scope -p Delegate=yes";
    PidsGroup "pids-cgroup" Additional
        "one limit of processes for the tree, besides that of its user"
        "run as root, or below a delegated group: systemd-run --user --scope -p Delegate=yes";
    WriteOrExecute "write-or-execute" Additional
        "no call makes memory that is both written and run"
        "a kernel of 6.3 or later";
    Scopes "scopes" Additional
        "Landlock's scopes: no abstract sockets, no signals outside"
        "a kernel of 6.12 or later";
}

/// Whether the kernel can refuse memory that is written and run.
#[allow(unsafe_code, reason = "the library has no name for this question")]
fn has_mdwe() -> bool {
    const PR_GET_MDWE: i32 = 66;
    // SAFETY: the call takes no pointer and changes nothing.
    unsafe { libc::prctl(PR_GET_MDWE, 0, 0, 0, 0) >= 0 }
}

/// By its name.
impl Serialize for Layer {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The layers of a jail.
///
/// ```
/// # use lau_agent_runtime::sandbox::{Layer, Layers};
/// assert!(Layers::ALL.has(Layer::Filter));
/// assert!(!Layers::ALL.without(Layer::Filter).has(Layer::Filter));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layers(u32);

impl Layer {
    /// Whether it can be told without a jail that this machine lacks it.
    #[must_use]
    pub fn absent(self) -> bool {
        match self {
            Layer::Landlock => super::landlock::version() == 0,
            // The version of Landlock that has scopes.
            Layer::Scopes => super::landlock::version() < 6,
            Layer::WriteOrExecute => !has_mdwe(),
            Layer::MemoryGroup => super::Groups::here().memory.is_err(),
            Layer::PidsGroup => super::Groups::here().pids.is_err(),
            Layer::Launcher
            | Layer::UserNamespace
            | Layer::Root
            | Layer::PidNamespace
            | Layer::Network
            | Layer::Ipc
            | Layer::Names
            | Layer::Capabilities
            | Layer::Filter
            | Layer::Limits
            | Layer::Memory
            | Layer::Workspace
            | Layer::Deadline => false,
        }
    }
}

impl Layers {
    /// All of them. Nothing hostile may run with less.
    pub const ALL: Layers = Layers(u32::MAX);

    /// The same but one, to show what it stops.
    #[must_use]
    pub fn without(self, layer: Layer) -> Layers {
        Layers(self.0 & !(1 << layer as u32))
    }

    /// Whether a layer is among them.
    #[must_use]
    pub fn has(self, layer: Layer) -> bool {
        self.0 & 1 << layer as u32 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_layer_has_a_bit_and_a_name() {
        assert!(Layer::ALL.len() <= 32);
        for layer in Layer::ALL {
            assert_eq!(serde_json::to_value(layer).expect("a name"), layer.name());
            assert!(!Layers::ALL.without(*layer).has(*layer));
            assert!(!layer.remedy().is_empty() && !layer.does().is_empty());
            for other in Layer::ALL {
                assert_eq!(other == layer, other.name() == layer.name());
            }
        }
    }
}
