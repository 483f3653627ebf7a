//! What the library and the launcher say to each other: numbers, and the order of the fields.
//!
//! Both include this file, so that neither can be built against another's numbers. Everything is little-endian and
//! unaligned; a text ends with a zero byte. A request is one message:
//!
//! ```text
//! u32 MAGIC, namespaces, options, user outside, group outside, both inside, descriptors: input, output, control, ruleset, program
//! then six sections, each a u32 length and as many bytes, with these entries one after the other:
//!   cgroups   u32 descriptor of cgroup.procs, u32 descriptor of the folder above, text: the group's name there
//!   tree      u32 kind (`tree`), u32 number, text, text
//!   limits    u32 resource, u64 soft, u64 hard
//!   rules     u64 access rights, text: path
//!   filters   u32 length, instructions of 8 bytes
//!   program   text: path, u32 arguments, texts, u32 variables, texts
//! ```
//!
//! Descriptors are indexes into those that came with the message, or [`NONE`]. Frames back are `u32` kind and up to
//! five `u64`; see [`frame`].

/// `LAUJ` and the version of this protocol.
pub(crate) const MAGIC: u32 = u32::from_le_bytes(*b"LJ\x01\x00");

/// The longest request, in bytes.
pub(crate) const REQUEST_MAX: usize = 192 << 10;

/// The most descriptors that travel with a request.
pub(crate) const DESCRIPTORS_MAX: usize = 80;

/// No descriptor.
pub(crate) const NONE: u32 = u32::MAX;

/// Where the program's descriptor is at exec: above the limit of descriptors in every jail, closed by exec, so that
/// no other descriptor can ever have this number again.
pub(crate) const PROGRAM: u32 = 200;

/// What the launcher is to do, as bits. What is not set is a layer lifted to show what it stops.
pub(crate) mod option {
    /// Become another user: write the maps for `uid outside`, drop the groups, set the ids.
    pub(crate) const IDENTITY: u32 = 1;
    /// As root of the outer namespace: groups can be dropped.
    pub(crate) const GROUPS: u32 = 2;
    /// An empty root, and the old one away.
    pub(crate) const ROOT: u32 = 4;
    /// No capabilities, in any set.
    pub(crate) const CAPABILITIES: u32 = 8;
    /// No privileges by exec.
    pub(crate) const PRIVILEGES: u32 = 16;
    /// No memory that is both written and run.
    pub(crate) const MDWE: u32 = 32;
    /// Only what the ruleset allows.
    pub(crate) const LANDLOCK: u32 = 64;
    /// A host name of its own.
    pub(crate) const NAMES: u32 = 128;
    /// A session keyring of its own, in the place of the host's.
    pub(crate) const KEYRING: u32 = 256;
}

/// Generations of control groups, which are joined in different ways.
pub(crate) mod cgroup {
    /// Version 1; the descriptor is of `tasks`.
    pub(crate) const ONE: u32 = 1;
    /// Version 2; the descriptor is of the group's folder. There is at most one.
    pub(crate) const TWO: u32 = 2;
}

/// Kinds of entries of the tree, in order of their making.
pub(crate) mod tree {
    /// A folder; the number is its mode, the first text its path.
    pub(crate) const FOLDER: u32 = 1;
    /// A file or folder of the host; the number has mount attributes, the texts are its path and that on the host.
    pub(crate) const BIND: u32 = 2;
    /// As [`BIND`], a folder.
    pub(crate) const BIND_FOLDER: u32 = 3;
    /// A tmpfs whose descriptor goes to the host; the number has mount flags, the texts are its path and options.
    pub(crate) const WORKSPACE: u32 = 4;
    /// A file with content; the number is a descriptor, the first text its path.
    pub(crate) const FILE: u32 = 5;
}

/// Kinds of frames that come back.
pub(crate) mod frame {
    /// A step failed: step, entry, error number.
    pub(crate) const FAILED: u32 = 1;
    /// All is built; the workspace's descriptor comes with it.
    pub(crate) const READY: u32 = 2;
    /// The program has been executed: every lock was in place.
    pub(crate) const STARTED: u32 = 3;
    /// The program ended: wait status, microseconds as user, as system, largest resident set in KiB.
    pub(crate) const ENDED: u32 = 4;
    /// No process of the jail exists any more: wait status of its first.
    pub(crate) const GONE: u32 = 5;
}

/// What can fail, in the order in which it is done.
pub(crate) mod step {
    pub(crate) const RECEIVE: u32 = 1;
    pub(crate) const PREPARE: u32 = 2;
    pub(crate) const CLONE: u32 = 3;
    pub(crate) const MAP: u32 = 4;
    pub(crate) const CGROUP: u32 = 5;
    pub(crate) const IDENTITY: u32 = 6;
    pub(crate) const PRIVATE: u32 = 7;
    pub(crate) const ROOT: u32 = 8;
    pub(crate) const TREE: u32 = 9;
    pub(crate) const PIVOT: u32 = 10;
    pub(crate) const NAME: u32 = 11;
    pub(crate) const CAPABILITIES: u32 = 12;
    pub(crate) const PRIVILEGES: u32 = 13;
    pub(crate) const FORK: u32 = 14;
    pub(crate) const DESCRIPTORS: u32 = 15;
    pub(crate) const LANDLOCK: u32 = 16;
    pub(crate) const LIMITS: u32 = 17;
    pub(crate) const MDWE: u32 = 18;
    pub(crate) const FILTER: u32 = 19;
    pub(crate) const EXEC: u32 = 20;
}
