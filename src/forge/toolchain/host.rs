//! Finding programs on this host, and asking them about themselves.
//!
//! Every program asked here is the host's own. Still it is asked carefully: with a cleared environment, so that no
//! variable changes what it says; in `/`, since some of them read the folder they stand in (a `rust-toolchain.toml` or
//! `.python-version` there names programs to run); with a deadline and a capped answer, since the forge must open or stay
//! closed, not hang.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// How long a program may take to answer.
const DEADLINE: Duration = Duration::from_secs(10);

/// How many bytes of an answer are kept, of each stream.
const ANSWER_BYTES: u64 = 256 << 10;

/// Names under which a compiler may be found that is not one: they start the real one, in their own way.
const WRAPPERS: [&str; 7] =
    ["ccache", "sccache", "distcc", "icecc", "colorgcc", "buildcache", "hardening-wrapper"];

/// What version managers need to find what they manage.
const SHIM_VARIABLES: [&str; 4] = ["HOME", "RUSTUP_HOME", "CARGO_HOME", "PYENV_ROOT"];

/// Where programs are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    folders: Vec<PathBuf>,
    home: Vec<(OsString, OsString)>,
}

/// A program found in `PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Where it was found.
    pub found: PathBuf,
    /// The file itself, no link.
    pub real: PathBuf,
}

/// What a program said.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) out: Vec<u8>,
    pub(super) err: Vec<u8>,
}

/// Why a program did not say anything of use.
#[derive(Debug)]
pub(super) enum NoAnswer {
    Start(io::Error),
    Deadline,
    Failed(ExitStatus),
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoAnswer::Start(error) => write!(f, "it cannot be started: {error}"),
            NoAnswer::Deadline => write!(f, "it did not answer within {} s", DEADLINE.as_secs()),
            NoAnswer::Failed(status) => write!(f, "it ended with {status}"),
        }
    }
}

impl Answer {
    /// Standard output as a line.
    pub(super) fn line(&self) -> String {
        String::from_utf8_lossy(self.out.trim_ascii()).into_owned()
    }

    /// Standard output as a path.
    pub(super) fn path(&self) -> PathBuf {
        PathBuf::from(OsStr::from_bytes(self.out.trim_ascii()))
    }
}

impl Host {
    /// As the environment of this process says.
    #[must_use]
    pub fn from_environment() -> Host {
        let path = std::env::var_os("PATH").unwrap_or_else(|| OsString::from("/usr/bin:/bin"));
        let home = SHIM_VARIABLES
            .iter()
            .filter_map(|name| std::env::var_os(name).map(|value| (OsString::from(name), value)));
        Host { home: home.collect(), ..Host::with_path(&path) }
    }

    /// With this `PATH` and no home. Entries that are not absolute mean another folder each time, perhaps one in which
    /// the agent writes; they are left out.
    #[must_use]
    pub fn with_path(path: &OsStr) -> Host {
        let folders = std::env::split_paths(path).filter(|folder| folder.is_absolute());
        Host { folders: folders.collect(), home: Vec::new() }
    }

    /// The programs of that name, in the order of `PATH`, each file once. Wrappers are skipped, and so is what everybody
    /// may change.
    pub(super) fn programs(&self, name: &str) -> Vec<Program> {
        let mut programs: Vec<Program> = Vec::new();
        for folder in &self.folders {
            let found = folder.join(name);
            let Ok(real) = found.canonicalize() else { continue };
            let wraps = real.file_name().is_some_and(|name| WRAPPERS.iter().any(|it| name == *it));
            let known = programs.iter().any(|program| program.real == real);
            if !wraps && !known && is_safe_program(&real) {
                programs.push(Program { found, real });
            }
        }
        programs
    }

    /// Asks a program, with nothing of the environment but `PATH`.
    pub(super) fn ask<A: AsRef<OsStr>>(
        &self,
        program: &Path,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Answer, NoAnswer> {
        self.run(Command::new(program).args(arguments))
    }

    /// Asks a program that may be the shim of a version manager, which needs its home.
    pub(super) fn ask_shim<A: AsRef<OsStr>>(
        &self,
        program: &Path,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Answer, NoAnswer> {
        let mut command = Command::new(program);
        // To look is not to install.
        command.args(arguments).env("RUSTUP_AUTO_INSTALL", "0");
        self.run(command.envs(self.home.iter().map(|(name, value)| (name, value))))
    }

    fn run(&self, command: &mut Command) -> Result<Answer, NoAnswer> {
        let kept: Vec<(OsString, OsString)> = command
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
            .collect();
        let path = std::env::join_paths(&self.folders).unwrap_or_default();
        command.env_clear().envs(kept).env("PATH", path).env("LC_ALL", "C").current_dir("/");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.process_group(0).spawn().map_err(NoAnswer::Start)?;
        let out = child.stdout.take().map(read_apart);
        let err = child.stderr.take().map(read_apart);
        let status = wait(&mut child, Instant::now() + DEADLINE)?;
        if !status.success() {
            return Err(NoAnswer::Failed(status));
        }
        // Something it left behind may still hold the pipe.
        let take = |stream: Option<Receiver<Vec<u8>>>| match stream {
            Some(stream) => {
                stream.recv_timeout(Duration::from_secs(1)).map_err(|_| NoAnswer::Deadline)
            }
            None => Ok(Vec::new()),
        };
        Ok(Answer { out: take(out)?, err: take(err)? })
    }
}

/// Whether it is an executable file that only its owner and group may change, in such a folder.
fn is_safe_program(real: &Path) -> bool {
    let mode = |path: &Path| {
        path.metadata().map(|metadata| (metadata.is_file(), metadata.permissions().mode()))
    };
    let file = mode(real).is_ok_and(|(file, mode)| file && mode & 0o111 != 0 && mode & 0o002 == 0);
    let folder = real.parent().and_then(|folder| mode(folder).ok());
    // In a sticky folder nobody can replace what belongs to others.
    file && folder.is_some_and(|(_, mode)| mode & 0o002 == 0 || mode & 0o1000 != 0)
}

/// Reads a stream to its end in a thread, and keeps its beginning.
fn read_apart(mut stream: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        let read = stream.by_ref().take(ANSWER_BYTES).read_to_end(&mut kept);
        // The rest is read too: a program whose pipe is closed fails for no reason of its own.
        let _ = read.and_then(|_| io::copy(&mut stream, &mut io::sink()));
        let _ = sender.send(kept); // nobody waits any more
    });
    receiver
}

/// Waits for the end of a child, and ends its whole group at the deadline.
fn wait(child: &mut Child, deadline: Instant) -> Result<ExitStatus, NoAnswer> {
    let pid = Pid::from_child(child);
    let pidfd = pidfd_open(pid, PidfdFlags::empty()).map_err(io::Error::from);
    let ended = pidfd.and_then(|pidfd| {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let left = Timespec {
                tv_sec: left.as_secs().cast_signed(),
                tv_nsec: left.subsec_nanos().into(),
            };
            match poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&left)) {
                Ok(count) => return Ok(count > 0),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(io::Error::from(error)),
            }
        }
    });
    if !matches!(ended, Ok(true)) {
        let _ = kill_process_group(pid, Signal::KILL); // it may have ended just now
    }
    let status = child.wait().map_err(NoAnswer::Start)?;
    match ended {
        Ok(true) => Ok(status),
        Ok(false) => Err(NoAnswer::Deadline),
        Err(error) => Err(NoAnswer::Start(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn script(path: &Path, text: &str, mode: u32) {
        fs::write(path, text).expect("a script");
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("its mode");
    }

    #[test]
    fn wrappers_relative_folders_and_open_files_are_skipped() {
        let folder = crate::forge::toolchain::gcc::tests::folder("host");
        let [wrapped, open, good] = ["wrapped", "open", "good"].map(|name| {
            let inner = folder.join(name);
            fs::create_dir(&inner).expect("a folder");
            inner
        });
        script(&wrapped.join("ccache"), "#!/bin/sh\n", 0o755);
        symlink("ccache", wrapped.join("gcc")).expect("a link");
        script(&open.join("gcc"), "#!/bin/sh\n", 0o777);
        script(&good.join("gcc-12"), "#!/bin/sh\n", 0o755);
        symlink("gcc-12", good.join("gcc")).expect("a link");
        let path =
            std::env::join_paths([Path::new("good"), Path::new(""), &wrapped, &open, &good, &good]);
        let host = Host::with_path(&path.expect("a path"));
        let programs = host.programs("gcc");
        let real = good.join("gcc-12").canonicalize().expect("there");
        assert_eq!(programs, [Program { found: good.join("gcc"), real }]);
        assert_eq!(host.programs("no-such-program"), []);
        fs::remove_dir_all(folder).expect("gone");
    }

    #[test]
    fn a_program_is_asked_in_a_clean_place_and_in_time() {
        let host = Host::with_path(OsStr::new("/usr/bin:/bin"));
        let sh = |text: &str| host.ask(Path::new("/bin/sh"), ["-c", text]);
        let said = sh("echo $PATH; pwd; env | grep -c .").expect("an answer").line();
        // PATH and LC_ALL; the shell adds PWD and perhaps `_` and SHLVL.
        assert!(said.starts_with("/usr/bin:/bin\n/\n"), "{said}");
        assert!(matches!(sh("exit 3"), Err(NoAnswer::Failed(status)) if status.code() == Some(3)));
        assert!(matches!(host.ask(Path::new("/no/such"), ["x"]), Err(NoAnswer::Start(_))));
        let long = sh("head -c 1000000 /dev/zero").expect("an answer");
        assert_eq!(long.out.len() as u64, ANSWER_BYTES);
    }

    #[test]
    fn what_hangs_is_ended_with_its_children() {
        let mut hanging = Command::new("/bin/sh");
        hanging.args(["-c", "sleep 60 & wait"]).process_group(0).stdout(Stdio::piped());
        let mut child = hanging.spawn().expect("started");
        let out = child.stdout.take().map(read_apart).expect("a pipe");
        let ended = wait(&mut child, Instant::now() + Duration::from_millis(100));
        assert!(matches!(ended, Err(NoAnswer::Deadline)), "{ended:?}");
        // The pipe closes when the grandchild is dead as well.
        out.recv_timeout(Duration::from_secs(5)).expect("closed");
    }
}
