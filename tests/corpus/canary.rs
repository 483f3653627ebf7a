//! What the host has that no attack may reach, and how the host sees that one did.

use std::fs;
use std::io::ErrorKind;
use std::net::{TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Things of the host, made for one attack.
pub(crate) struct Canary {
    /// Where all users may look; not `/tmp`, which a lifted root hides behind its workspace.
    folder: PathBuf,
    token: String,
    tcp: TcpListener,
    udp: UdpSocket,
    named: UnixListener,
    abstracted: UnixListener,
    victim: Child,
}

impl Canary {
    pub(crate) fn new() -> Canary {
        let mut random = [0_u8; 12];
        rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty())
            .expect("random");
        let hex: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let folder = Path::new("/var/tmp").join(format!("lau-canary-{}", &hex[..16]));
        fs::create_dir(&folder).expect("a folder in /var/tmp");
        let mode = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
        };
        mode(&folder, 0o755);
        let token = format!("canary{hex}");
        for (name, content, bits) in [
            ("secret", &token, 0o644),
            ("private", &token, 0o600),
            ("changeable", &"untouched".to_owned(), 0o666),
        ] {
            let path = folder.join(name);
            fs::write(&path, format!("{content}\n")).expect("written");
            mode(&path, bits);
        }
        let tcp = TcpListener::bind("127.0.0.1:0").expect("a port");
        tcp.set_nonblocking(true).expect("a listener");
        let udp = UdpSocket::bind(tcp.local_addr().expect("an address")).expect("the same port");
        udp.set_nonblocking(true).expect("a socket");
        let named = UnixListener::bind(folder.join("socket")).expect("a socket");
        mode(&folder.join("socket"), 0o777);
        named.set_nonblocking(true).expect("a listener");
        let name = SocketAddr::from_abstract_name(&token).expect("a name");
        let abstracted = UnixListener::bind_addr(&name).expect("a socket");
        abstracted.set_nonblocking(true).expect("a listener");
        let victim = Command::new("sleep").arg("60").stdout(Stdio::null()).spawn().expect("sleep");
        Canary { folder, token, tcp, udp, named, abstracted, victim }
    }

    /// What an attack is told of its goal, as variables of its environment. The token is for nobody to know; the
    /// name of the abstract socket is another.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let port = self.tcp.local_addr().expect("an address").port();
        vec![
            ("CANARY_FOLDER", self.folder.display().to_string()),
            ("CANARY_PORT", port.to_string()),
            ("CANARY_ABSTRACT", self.token.clone()),
            ("CANARY_PID", self.victim.id().to_string()),
        ]
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// What the host sees that was reached; nothing, if all is as it was.
    pub(crate) fn reached(&mut self, output: &[u8]) -> Option<String> {
        let token = self.token.as_bytes();
        if output.windows(token.len()).any(|window| window == token) {
            return Some("secret read".to_owned());
        }
        if fs::read(self.folder.join("changeable")).ok().as_deref() != Some(b"untouched\n") {
            return Some("file changed".to_owned());
        }
        if fs::read_dir(&self.folder).is_ok_and(|all| all.count() != 4) {
            return Some("file made".to_owned());
        }
        let connected = |result: std::io::Result<()>| match result {
            Ok(()) => true,
            Err(error) => error.kind() != ErrorKind::WouldBlock,
        };
        if connected(self.tcp.accept().map(drop)) {
            return Some("TCP connection".to_owned());
        }
        if connected(self.udp.recv(&mut [0; 8]).map(drop)) {
            return Some("UDP packet".to_owned());
        }
        if connected(self.named.accept().map(drop)) || connected(self.abstracted.accept().map(drop))
        {
            return Some("UNIX connection".to_owned());
        }
        if self.victim.try_wait().is_ok_and(|ended| ended.is_some()) {
            return Some("process killed".to_owned());
        }
        None
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        let _ = self.victim.kill();
        let _ = self.victim.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
