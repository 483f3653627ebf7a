//! What the host has that no attack may reach, and how the host sees that one did.

use crate::ipc::{self, Ipc};
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::net::{SocketAddr, UnixListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// A variable of the test's own environment, with the token in it, where a test gave it one.
pub(crate) const HOST_TOKEN: &str = "LAU_CANARY_TOKEN";

/// The port on which somebody may answer for the host.
const KNOCKED_PORT: u16 = 7777;

/// Things of the host, made for one attack.
pub(crate) struct Canary {
    /// Where all users may look; not `/tmp`, which a lifted root hides behind its workspace.
    folder: PathBuf,
    token: String,
    tcp: TcpListener,
    tcp6: Option<TcpListener>,
    udp: UdpSocket,
    named: UnixListener,
    abstracted: UnixListener,
    /// A pipe with a name that everyone may write to.
    pipe: File,
    /// Read by the host, with nothing that closes it at exec.
    _inherited: File,
    victim: Child,
    victim_told: bool,
    victim_limits: String,
    ipc: Option<Ipc>,
    knocking: Option<Knocking>,
}

/// Tries to connect, all the time, to an address where nobody answers.
struct Knocking {
    address: String,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<bool>>,
}

/// A token that nobody can guess.
pub(crate) fn token() -> String {
    let mut random = [0_u8; 12];
    rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty()).expect("random");
    format!("canary{}", random.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

fn mode(path: &Path, bits: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(bits)).expect("a mode");
}

impl Canary {
    /// What is dear to make is made only where the text of an attack speaks of it.
    pub(crate) fn new(attack: &str) -> Canary {
        let speaks = |word: &str| attack.contains(word);
        let token = std::env::var(HOST_TOKEN).unwrap_or_else(|_| token());
        // The name of the folder is told, so it is another.
        let folder = Path::new("/var/tmp").join(format!("lau-{}", &self::token()[..22]));
        fs::create_dir(&folder).expect("a folder in /var/tmp");
        mode(&folder, 0o755);
        for (name, content, bits) in [
            ("secret", &token, 0o644),
            ("private", &token, 0o600),
            ("changeable", &"untouched".to_owned(), 0o666),
        ] {
            let path = folder.join(name);
            fs::write(&path, format!("{content}\n")).expect("written");
            mode(&path, bits);
        }
        let inherited = File::open(folder.join("private")).expect("just written");
        rustix::io::fcntl_setfd(&inherited, rustix::io::FdFlags::empty()).expect("a flag");
        let pipe = folder.join("pipe");
        let (kind, bits) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::empty());
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, kind, bits, 0).expect("a pipe");
        mode(&pipe, 0o622);
        let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
        let pipe = fs::OpenOptions::new().read(true).custom_flags(nonblocking).open(pipe);
        let tcp = TcpListener::bind("127.0.0.1:0").expect("a port");
        tcp.set_nonblocking(true).expect("a listener");
        let tcp6 = TcpListener::bind(("::1", tcp.local_addr().expect("an address").port())).ok();
        if let Some(tcp6) = &tcp6 {
            tcp6.set_nonblocking(true).expect("a listener");
        }
        let udp = UdpSocket::bind(tcp.local_addr().expect("an address")).expect("the same port");
        udp.set_nonblocking(true).expect("a socket");
        let named = UnixListener::bind(folder.join("socket")).expect("a socket");
        mode(&folder.join("socket"), 0o777);
        named.set_nonblocking(true).expect("a listener");
        let name = SocketAddr::from_abstract_name(folder.display().to_string()).expect("a name");
        let abstracted = UnixListener::bind_addr(&name).expect("a socket");
        abstracted.set_nonblocking(true).expect("a listener");
        let mut victim = Command::new("sleep");
        // Its command line is to be read by nobody.
        victim.arg0(&token).arg("60").stdin(Stdio::null()).stdout(Stdio::null());
        let victim = victim.spawn().expect("sleep");
        if speaks("keyctl") {
            ipc::keyring(&token);
        }
        Canary {
            pipe: pipe.expect("a pipe"),
            _inherited: inherited,
            victim_told: speaks("CANARY_PID"),
            victim_limits: limits_of(&victim),
            ipc: ["MEMORY", "MESSAGES", "SEMAPHORE", "QUEUE"]
                .iter()
                .any(|object| speaks(&format!("CANARY_{object}")))
                .then(|| Ipc::new(&token)),
            knocking: speaks("CANARY_ADDRESS").then(Knocking::new),
            folder,
            token,
            tcp,
            tcp6,
            udp,
            named,
            abstracted,
            victim,
        }
    }

    /// What an attack is told of its goal, as variables of its environment. The token is for nobody to know.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let port = self.tcp.local_addr().expect("an address").port();
        let mut variables = vec![
            ("CANARY_FOLDER", self.folder.display().to_string()),
            ("CANARY_PORT", port.to_string()),
            ("CANARY_PID", self.victim.id().to_string()),
        ];
        variables.extend(self.ipc.iter().flat_map(Ipc::variables));
        if let Some(knocking) = &self.knocking {
            variables.push(("CANARY_ADDRESS", knocking.address.clone()));
            variables.push(("CANARY_KNOCKED", KNOCKED_PORT.to_string()));
        }
        variables
    }

    /// The folder with the secret.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the host sees that was reached; nothing, if all is as it was.
    pub(crate) fn reached(&mut self, output: &[u8]) -> Option<String> {
        let survivors = self.end_survivors();
        let token = self.token.as_bytes();
        if output.windows(token.len()).any(|window| window == token) {
            return Some("secret read".to_owned());
        }
        let changeable = self.folder.join("changeable");
        if fs::read(&changeable).ok().as_deref() != Some(b"untouched\n") {
            return Some("file changed".to_owned());
        }
        if fs::metadata(&changeable).is_ok_and(|found| found.permissions().mode() & 0o777 != 0o666)
        {
            return Some("mode changed".to_owned());
        }
        if fs::read_dir(&self.folder).is_ok_and(|all| all.count() != 5) {
            return Some("file made".to_owned());
        }
        // No byte: nobody has it open, or nobody has written.
        if self.pipe.read(&mut [0]).is_ok_and(|length| length > 0) {
            return Some("pipe written".to_owned());
        }
        let connected = |result: std::io::Result<()>| match result {
            Ok(()) => true,
            Err(error) => error.kind() != ErrorKind::WouldBlock,
        };
        if connected(self.tcp.accept().map(drop)) {
            return Some("TCP connection".to_owned());
        }
        if self.tcp6.as_ref().is_some_and(|tcp6| connected(tcp6.accept().map(drop))) {
            return Some("TCP connection, IPv6".to_owned());
        }
        if connected(self.udp.recv(&mut [0; 8]).map(drop)) {
            return Some("UDP packet".to_owned());
        }
        if connected(self.named.accept().map(drop)) || connected(self.abstracted.accept().map(drop))
        {
            return Some("UNIX connection".to_owned());
        }
        if self.knocking.as_mut().is_some_and(Knocking::answered) {
            return Some("answered for the host".to_owned());
        }
        let victim = &mut self.victim;
        if self.victim_told && !stays(|| victim.try_wait().is_ok_and(|ended| ended.is_none())) {
            return Some("process killed".to_owned());
        }
        if limits_of(&self.victim) != self.victim_limits {
            return Some("process limited".to_owned());
        }
        let victim = rustix::process::Pid::from_child(&self.victim);
        if rustix::process::getpriority_process(Some(victim)).ok() != own_priority() {
            return Some("process slowed".to_owned());
        }
        if self.ipc.as_ref().is_some_and(Ipc::changed) {
            return Some("semaphore changed".to_owned());
        }
        survivors.then(|| "process left alive".to_owned())
    }

    /// Kills what is left of the jail: every process that was told where the canaries are.
    fn end_survivors(&self) -> bool {
        let mark = format!("CANARY_FOLDER={}", self.folder.display());
        let alive = || -> Vec<i32> {
            let all = fs::read_dir("/proc").into_iter().flatten().flatten();
            let told = |pid: &i32| {
                let told = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
                told.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
            };
            all.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(told).collect()
        };
        let mut seen = false;
        for _ in 0..200 {
            let alive = alive();
            if alive.is_empty() {
                break;
            }
            seen = true;
            for pid in alive.into_iter().filter_map(rustix::process::Pid::from_raw) {
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        seen
    }
}

/// Whether something stays so for a while: a killed process takes some time to end.
pub(crate) fn stays(mut so: impl FnMut() -> bool) -> bool {
    (0..20).all(|_| {
        let still = so();
        std::thread::sleep(Duration::from_millis(if still { 10 } else { 0 }));
        still
    })
}

fn limits_of(victim: &Child) -> String {
    fs::read_to_string(format!("/proc/{}/limits", victim.id())).expect("a process of our own")
}

fn own_priority() -> Option<i32> {
    rustix::process::getpriority_process(None).ok()
}

impl Drop for Canary {
    fn drop(&mut self) {
        let _ = self.victim.kill();
        let _ = self.victim.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Knocking {
    /// At an address of the loopback that is of this canary alone.
    fn new() -> Knocking {
        let mut random = [0_u8; 2];
        rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty())
            .expect("random");
        let address = format!("127.77.{}.{}", random[0], random[1].max(1));
        let stop = Arc::new(AtomicBool::new(false));
        let (there, stopped) = (address.clone(), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                if TcpStream::connect((there.as_str(), KNOCKED_PORT)).is_ok() {
                    return true;
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            false
        });
        Knocking { address, stop, thread: Some(thread) }
    }

    fn answered(&mut self) -> bool {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().is_some_and(|thread| thread.join().unwrap_or(false))
    }
}

impl Drop for Knocking {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
