//! What a toolchain consists of, as one hash.
//!
//! The hash of the contents goes into build keys: with other programs, libraries or headers, what was built before is
//! not what would be built now. To compute it reads every file, once; afterwards a manifest of what the file system says
//! about them (sizes, times, inodes) tells whether it still holds. Both are kept as hashes, so that a fingerprint on disk
//! stays small.

use super::{Kind, Tool};
use blake3::{Hash, Hasher};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The fingerprint of a toolchain.
///
/// The manifest believes the file system: whoever may set the clock, or write to the disk under it, can change a file
/// unseen. Who may do that owns the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    #[serde(serialize_with = "as_text", deserialize_with = "from_text")]
    content: Hash,
    #[serde(serialize_with = "as_text", deserialize_with = "from_text")]
    manifest: Hash,
}

impl Fingerprint {
    /// Reads all files.
    ///
    /// # Errors
    ///
    /// If one cannot be read, or if they change meanwhile.
    pub fn take(tools: &[&Tool]) -> io::Result<Fingerprint> {
        let entries = entries(tools)?;
        let before = manifest(&entries);
        let content = content(&entries)?;
        if manifest(&self::entries(tools)?) != before {
            return Err(io::Error::other("the toolchain changed while it was read"));
        }
        Ok(Fingerprint { content, manifest: before })
    }

    /// Whether the files are, by all that the file system says, those that were read.
    #[must_use]
    pub fn holds(&self, tools: &[&Tool]) -> bool {
        entries(tools).is_ok_and(|entries| manifest(&entries) == self.manifest)
    }

    /// The hash of the contents, for keys.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.content
    }
}

impl super::CToolchain {
    /// All its files, of compilations and links.
    fn tools(&self) -> Vec<&Tool> {
        self.compile.iter().chain(&self.link).collect()
    }

    /// Its fingerprint. It takes a part of a second, for hundreds of megabytes.
    ///
    /// # Errors
    ///
    /// If a file cannot be read, or if files change meanwhile.
    pub fn fingerprint(&self) -> io::Result<Fingerprint> {
        Fingerprint::take(&self.tools())
    }

    /// Whether a fingerprint, perhaps one that was kept, is still the one of this toolchain. It takes milliseconds.
    #[must_use]
    pub fn is_still(&self, fingerprint: &Fingerprint) -> bool {
        fingerprint.holds(&self.tools())
    }
}

/// Something that is hashed: a file, link or folder.
struct Entry {
    inside: PathBuf,
    host: PathBuf,
    metadata: Metadata,
}

/// All files, links and folders, in an order that does not depend on the file system.
fn entries(tools: &[&Tool]) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for tool in tools {
        let metadata = fs::symlink_metadata(&tool.host)?;
        let fits = match tool.kind {
            Kind::Folder => metadata.is_dir(),
            Kind::File => metadata.is_file(),
        };
        if !fits {
            let why = format!("{} is not what it was", tool.host.display());
            return Err(io::Error::other(why));
        }
        let entry = Entry { inside: tool.inside.clone(), host: tool.host.clone(), metadata };
        if tool.kind == Kind::Folder {
            walk(&tool.host, &tool.inside, &mut entries)?;
        }
        entries.push(entry);
    }
    entries.sort_unstable_by(|one, other| one.inside.cmp(&other.inside));
    Ok(entries)
}

/// What is in a folder. Links are taken as such: what they lead to is either in the list itself or not in the jail.
fn walk(host: &Path, inside: &Path, entries: &mut Vec<Entry>) -> io::Result<()> {
    for entry in fs::read_dir(host)? {
        let entry = entry?;
        let metadata = entry.metadata()?; // not of what a link leads to
        let (host, inside) = (entry.path(), inside.join(entry.file_name()));
        if metadata.is_dir() {
            walk(&host, &inside, entries)?;
        }
        entries.push(Entry { inside, host, metadata });
    }
    Ok(())
}

fn manifest(entries: &[Entry]) -> Hash {
    let mut hasher = Hasher::new_derive_key("lau forge toolchain manifest 1");
    for entry in entries {
        add(&mut hasher, entry.inside.as_os_str().as_bytes());
        add(&mut hasher, entry.host.as_os_str().as_bytes());
        let data = &entry.metadata;
        // The time of the last change of the inode cannot be set back as that of the content can.
        for number in [data.mtime(), data.mtime_nsec(), data.ctime(), data.ctime_nsec()] {
            hasher.update(&number.to_le_bytes());
        }
        for number in [data.len(), data.ino(), data.mode().into()] {
            hasher.update(&number.to_le_bytes());
        }
    }
    hasher.finalize()
}

fn content(entries: &[Entry]) -> io::Result<Hash> {
    let mut hasher = Hasher::new_derive_key("lau forge toolchain content 1");
    for entry in entries {
        let kind = entry.metadata.file_type();
        add(&mut hasher, entry.inside.as_os_str().as_bytes());
        if kind.is_file() {
            let mut file = Hasher::new();
            file.update_reader(File::open(&entry.host)?)?;
            hasher.update(b"file").update(file.finalize().as_bytes());
        } else if kind.is_symlink() {
            hasher.update(b"link");
            add(&mut hasher, fs::read_link(&entry.host)?.as_os_str().as_bytes());
        } else {
            hasher.update(b"else"); // a folder, whose content follows; sockets and the like have none
        }
    }
    Ok(hasher.finalize())
}

/// Adds bytes so that two lists of them never run together.
fn add(hasher: &mut Hasher, bytes: &[u8]) {
    hasher.update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
}

fn as_text<S: Serializer>(hash: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hash.to_hex())
}

fn from_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
    Hash::from_hex(String::deserialize(deserializer)?).map_err(de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::super::gcc::tests::{folder, here};
    use super::*;
    use std::os::unix::fs::symlink;
    use std::time::Instant;

    #[test]
    fn contents_and_links_count_and_places_on_the_host_do_not() {
        let root = folder("fingerprint");
        let make = |name: &str| {
            let host = root.join(name);
            fs::create_dir_all(host.join("sub")).expect("a folder");
            fs::write(host.join("sub/a.h"), "one").expect("a file");
            symlink("a.h", host.join("sub/b.h")).expect("a link");
            Tool { inside: "/usr/include".into(), host, kind: Kind::Folder }
        };
        let (one, other) = (make("one"), make("other"));
        let take = |tool: &Tool| Fingerprint::take(&[tool]).expect("readable");
        let first = take(&one);
        assert_eq!(first.hash(), take(&other).hash());
        assert!(first.holds(&[&one]) && !first.holds(&[&other]));

        let kept = serde_json::to_string(&first).expect("JSON");
        assert_eq!(serde_json::from_str::<Fingerprint>(&kept).expect("the same"), first);

        fs::remove_file(one.host.join("sub/b.h")).expect("gone");
        symlink("./a.h", one.host.join("sub/b.h")).expect("a link");
        assert!(!first.holds(&[&one]) && first.hash() != take(&one).hash());

        // The same length, and the old time.
        let second = take(&other);
        let file = other.host.join("sub/a.h");
        let time = fs::metadata(&file).and_then(|data| data.modified()).expect("a time");
        fs::write(&file, "two").expect("written");
        File::options()
            .write(true)
            .open(&file)
            .and_then(|file| file.set_modified(time))
            .expect("set");
        assert!(!second.holds(&[&other]) && second.hash() != take(&other).hash());
        fs::remove_dir_all(&root).expect("gone");
        assert!(!second.holds(&[&other]) && Fingerprint::take(&[&other]).is_err());
    }

    #[test]
    fn that_of_the_compiler_is_kept_and_checked_fast() {
        let c = here();
        let start = Instant::now();
        let fingerprint = c.fingerprint().expect("readable");
        let taken = start.elapsed();
        let start = Instant::now();
        assert!(c.is_still(&fingerprint));
        let checked = start.elapsed();
        let entries = entries(&c.tools()).expect("readable");
        let bytes: u64 = entries.iter().map(|entry| entry.metadata.len()).sum();
        println!(
            "{} entries, {bytes} bytes: taken in {taken:?}, checked in {checked:?}",
            entries.len()
        );
        assert!(checked < taken);
    }
}
