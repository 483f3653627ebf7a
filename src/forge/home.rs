//! The forge's home: the one folder that holds its state.
//!
//! Leaves behind a folder that only its owner can enter, held by a descriptor, and a path to it without
//! links. What is looked at is looked at through the descriptor, so nothing can be put in its place between
//! the look and the use. Knows nothing of what the files in it mean.
//!
//! What a model wrote runs only in jails, from which the folder cannot be seen. Against another process of the same
//! uid outside of them nothing here is a guard.

mod error;

pub use error::{HomeError, HomeFault};

use rustix::fs::{self, AtFlags, CWD, FileType, Mode, OFlags, RawMode, Stat};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// Names the folder; ours.
const VARIABLE: &str = "LAU_FORGE_HOME";
const FOLDER_MODE: RawMode = 0o700;
const FILE_MODE: RawMode = 0o600;

/// The folder of the forge's state. Clones share the descriptor.
///
/// ```
/// use lau_agent_runtime::forge::home::Home;
///
/// let place = std::env::temp_dir().join(format!("lau-home-{}", std::process::id()));
/// let home = Home::open(Some(&place))?;
/// assert_eq!(home.path_of("audit.db"), home.path().join("audit.db"));
/// # std::fs::remove_dir(home.path()).ok();
/// # Ok::<(), lau_agent_runtime::forge::home::HomeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Home {
    path: PathBuf,
    folder: Arc<OwnedFd>,
}

impl AsFd for Home {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.folder.as_fd()
    }
}

impl Home {
    /// Opens the folder, and makes it where it is not, with mode 0700 like what is missing above it.
    ///
    /// The place is the explicit one, else `$LAU_FORGE_HOME`, else `$XDG_STATE_HOME/lau/forge`, else
    /// `$HOME/.local/state/lau/forge`. Variables that are empty count as unset, and so do the last two where
    /// they are relative, as the XDG specification wants it; a relative `$LAU_FORGE_HOME` is refused, since
    /// state would otherwise end up where nobody looks. An explicit place may be relative to the current folder.
    ///
    /// # Errors
    ///
    /// There is no place, or it cannot be made or opened; or it is a link, is no folder, belongs to another user,
    /// is open to others, or lies in a folder in which everybody can rename it.
    pub fn open(explicit: Option<&Path>) -> Result<Home, HomeError> {
        let place = place(explicit, |name| std::env::var_os(name))?;
        let folder = Arc::new(enter(&place)?);
        // SQLite, for one, opens by path. Without links there is only one way to read it.
        let path =
            std::fs::canonicalize(&place).map_err(|error| HomeError::opening(&place, error))?;
        let home = Home { path, folder };
        home.check_in_place()?;
        Ok(home)
    }

    /// As [`Home::open`], but makes nothing; `None` if there is no such folder.
    ///
    /// # Errors
    ///
    /// As of [`Home::open`].
    pub fn find(explicit: Option<&Path>) -> Result<Option<Home>, HomeError> {
        let place = place(explicit, |name| std::env::var_os(name))?;
        match std::fs::symlink_metadata(&place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(HomeError::opening(&place, error)),
            Ok(_) => Home::open(Some(&place)).map(Some),
        }
    }

    /// The path of the folder, absolute and without links.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file in the folder.
    #[must_use]
    pub fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Finds out whether the path still leads to the folder that is held.
    ///
    /// # Errors
    ///
    /// It does not: the folder was moved or replaced.
    pub fn check_in_place(&self) -> Result<(), HomeError> {
        let identity = |stat: Stat| (stat.st_dev, stat.st_ino);
        let held = fs::fstat(self).map_err(|error| HomeError::opening(&self.path, error))?;
        let named = fs::statat(CWD, &self.path, AtFlags::SYMLINK_NOFOLLOW);
        match named.map(identity) {
            Ok(named) if named == identity(held) => Ok(()),
            Ok(_) | Err(_) => Err(HomeFault::Moved.at(&self.path)),
        }
    }

    /// Whether there is a file of that name; then it is one of ours, and private. It is not opened for
    /// reading, as closing it would drop every lock that this process has on it, SQLite's too.
    ///
    /// # Errors
    ///
    /// What has the name is a link or no file, belongs to another user, or is open to others.
    pub fn has_file(&self, name: &str) -> Result<bool, HomeError> {
        Ok(self.open_at(name, OFlags::PATH)?.is_some())
    }

    /// Opens a file of that name for reading and writing; `None` if there is none.
    ///
    /// # Errors
    ///
    /// As of [`Home::has_file`], or it cannot be opened.
    pub fn file(&self, name: &str) -> Result<Option<File>, HomeError> {
        self.open_at(name, OFlags::RDWR)
    }

    /// Makes a file of that name, with mode 0600 whatever the umask; `None` if something has the name already.
    ///
    /// # Errors
    ///
    /// It cannot be made.
    pub fn new_file(&self, name: &str) -> Result<Option<File>, HomeError> {
        let wrong = |error: Errno| HomeFault::Make(error.into()).at(&self.path_of(name));
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(FILE_MODE);
        match fs::openat(self, one_name(name)?, flags, mode) {
            Ok(file) => {
                fs::fchmod(&file, mode).map_err(wrong)?; // an umask takes away from the owner, too
                Ok(Some(file.into()))
            }
            Err(Errno::EXIST) => Ok(None),
            Err(error) => Err(wrong(error)),
        }
    }

    /// Puts a file of that name in the place of the one that may be there, whole or not at all.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn replace_file(&self, name: &str, content: &[u8]) -> Result<(), HomeError> {
        let wrong = |error: io::Error| HomeFault::Make(error).at(&self.path_of(name));
        let name = one_name(name)?;
        let mut random = [0; 8];
        File::open("/dev/urandom")
            .and_then(|mut from| from.read_exact(&mut random))
            .map_err(wrong)?;
        let new = format!("{name}.{:016x}.new", u64::from_le_bytes(random));
        let Some(mut file) = self.new_file(&new)? else {
            return Err(wrong(io::ErrorKind::AlreadyExists.into()));
        };
        let written = file.write_all(content).and_then(|()| file.sync_all());
        let moved = written.and_then(|()| Ok(fs::renameat(self, &*new, self, name)?));
        if moved.is_err() {
            let _ = fs::unlinkat(self, &*new, AtFlags::empty());
        }
        moved.map_err(wrong)?;
        self.sync()
    }

    /// Brings names made, moved and removed in the folder to the disk.
    ///
    /// # Errors
    ///
    /// The disk fails.
    pub fn sync(&self) -> Result<(), HomeError> {
        fs::fsync(self).map_err(|error| HomeFault::Sync(error.into()).at(&self.path))
    }

    fn open_at(&self, name: &str, access: OFlags) -> Result<Option<File>, HomeError> {
        let path = self.path_of(name);
        let flags = access | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = match fs::openat(self, one_name(name)?, flags, Mode::empty()) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP | Errno::ISDIR | Errno::NXIO) => {
                return Err(HomeFault::NoFile.at(&path));
            }
            Err(error) => return Err(HomeError::opening(&path, error)),
        };
        let stat = fs::fstat(&file).map_err(|error| HomeError::opening(&path, error))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(HomeFault::NoFile.at(&path));
        }
        check_private(&path, &stat, FILE_MODE)?;
        Ok(Some(file.into()))
    }
}

/// What is to name something in the folder itself, and nothing outside it.
fn one_name(name: &str) -> Result<&str, HomeError> {
    let mut components = Path::new(name).components();
    let plain =
        matches!(components.next(), Some(Component::Normal(only)) if only == OsStr::new(name));
    if plain { Ok(name) } else { Err(HomeFault::Name.at(Path::new(name))) }
}

/// Where the folder is to be.
fn place(
    explicit: Option<&Path>,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<PathBuf, HomeError> {
    let set = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(path) = explicit {
        let wrong = |error: io::Error| HomeError::opening(path, error);
        return std::path::absolute(path).map_err(wrong);
    }
    if let Some(path) = set(VARIABLE) {
        let relative = || HomeFault::Relative(VARIABLE).at(&path);
        return if path.is_absolute() { Ok(path) } else { Err(relative()) };
    }
    let base = |name| set(name).filter(|path| path.is_absolute());
    let state = base("XDG_STATE_HOME").or_else(|| Some(base("HOME")?.join(".local/state")));
    let state = state.ok_or_else(|| HomeFault::Nowhere.at(Path::new("")))?;
    Ok(state.join("lau/forge"))
}

/// Goes down the path, folder by folder, and makes those that are missing. Links are followed on the way, as a
/// home may lie behind one, but the last name must be the folder itself.
fn enter(path: &Path) -> Result<OwnedFd, HomeError> {
    let private = Mode::from_raw_mode(FOLDER_MODE);
    let open = |at: BorrowedFd<'_>, name: &OsStr, flags: OFlags| {
        fs::openat(at, name, flags | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
    };
    let last = path.components().count().saturating_sub(1);
    let mut so_far = PathBuf::new();
    let mut at: Option<OwnedFd> = None;
    for (index, component) in path.components().enumerate() {
        so_far.push(component);
        let parent = at.as_ref().map_or(CWD, AsFd::as_fd);
        let name = component.as_os_str();
        let flags = if index == last { OFlags::RDONLY | OFlags::NOFOLLOW } else { OFlags::PATH };
        let opened = match open(parent, name, flags) {
            Err(Errno::NOENT) => match fs::mkdirat(parent, name, private) {
                // Another process may have made it; a link in its place is none of ours.
                Ok(()) | Err(Errno::EXIST) => open(parent, name, flags | OFlags::NOFOLLOW),
                Err(error) => return Err(HomeFault::Make(error.into()).at(&so_far)),
            },
            opened => opened,
        };
        let folder = opened.map_err(|error| match error {
            Errno::NOTDIR | Errno::LOOP => HomeFault::NoFolder.at(&so_far),
            error => HomeError::opening(&so_far, error),
        })?;
        let stat = fs::fstat(&folder).map_err(|error| HomeError::opening(&so_far, error))?;
        if index == last {
            check_private(&so_far, &stat, FOLDER_MODE)?;
        } else {
            check_above(&so_far, &stat)?;
        }
        at = Some(folder);
    }
    at.ok_or_else(|| HomeFault::NoFolder.at(path))
}

/// It belongs to who runs this, and the others have no rights. With an access control list the rights of
/// the group are the most that anybody named in it has, so that is covered.
fn check_private(path: &Path, stat: &Stat, mode: RawMode) -> Result<(), HomeError> {
    let uid = rustix::process::geteuid().as_raw();
    if stat.st_uid != uid {
        return Err(HomeFault::Owner { owner: stat.st_uid, uid }.at(path));
    }
    let found = stat.st_mode & 0o777;
    if found & 0o077 != 0 || found & mode != mode {
        return Err(HomeFault::Mode { found, wanted: mode }.at(path));
    }
    Ok(())
}

/// Where everybody may rename what others made, a private folder can be replaced.
fn check_above(path: &Path, stat: &Stat) -> Result<(), HomeError> {
    const OTHERS_WRITE: RawMode = 0o002;
    const STICKY: RawMode = 0o1000;
    let exposed = stat.st_mode & OTHERS_WRITE != 0 && stat.st_mode & STICKY == 0;
    if exposed { Err(HomeFault::Exposed.at(path)) } else { Ok(()) }
}

#[cfg(test)]
pub(crate) mod tests;
