//! What the host shares between processes without files: System V objects, a message queue, a keyring.

#![allow(unsafe_code, reason = "no library that is here has these calls")]

use std::ffi::CString;
use std::io::Error;

/// One of each, with the token in it, for all users; gone when dropped.
pub(crate) struct Ipc {
    memory: i32,
    messages: i32,
    semaphore: i32,
    queue: CString,
}

/// A message as System V has them.
#[repr(C)]
struct Message {
    kind: libc::c_long,
    text: [u8; 64],
}

fn made(what: &str, result: i32) -> i32 {
    assert!(result >= 0, "{what}: {}", Error::last_os_error());
    result
}

impl Ipc {
    pub(crate) fn new(token: &str) -> Ipc {
        let mut text = [0; 64];
        text[..token.len()].copy_from_slice(token.as_bytes());
        let message = Message { kind: 1, text };
        let queue = CString::new(format!("/lau-{token}")).expect("no zero byte");
        // SAFETY: every pointer is to a local that outlives its call, with the length that is told; what `shmat`
        // gives is 4096 bytes of its own.
        unsafe {
            let memory = made("shmget", libc::shmget(libc::IPC_PRIVATE, 4096, 0o666));
            let at = libc::shmat(memory, std::ptr::null(), 0);
            assert!(at.addr() != usize::MAX, "shmat: {}", Error::last_os_error());
            at.cast::<u8>().copy_from_nonoverlapping(text.as_ptr(), text.len());
            libc::shmdt(at);
            let messages = made("msgget", libc::msgget(libc::IPC_PRIVATE, 0o666));
            made("msgsnd", libc::msgsnd(messages, (&raw const message).cast(), text.len(), 0));
            let semaphore = made("semget", libc::semget(libc::IPC_PRIVATE, 1, 0o666));
            let (flags, mode) = (libc::O_CREAT | libc::O_RDWR | libc::O_NONBLOCK, 0o666);
            let opened = libc::mq_open(queue.as_ptr(), flags, mode, std::ptr::null::<u8>());
            made("mq_open", opened);
            // The umask counted.
            made("fchmod", libc::fchmod(opened, 0o666));
            made("mq_send", libc::mq_send(opened, text.as_ptr().cast(), text.len(), 0));
            libc::mq_close(opened);
            Ipc { memory, messages, semaphore, queue }
        }
    }

    pub(crate) fn variables(&self) -> [(&'static str, String); 4] {
        [
            ("CANARY_MEMORY", self.memory.to_string()),
            ("CANARY_MESSAGES", self.messages.to_string()),
            ("CANARY_SEMAPHORE", self.semaphore.to_string()),
            ("CANARY_QUEUE", self.queue.to_string_lossy().into_owned()),
        ]
    }

    /// Whether the semaphore has another value than it was made with.
    pub(crate) fn changed(&self) -> bool {
        // SAFETY: asking for the value takes no pointer.
        unsafe { libc::semctl(self.semaphore, 0, libc::GETVAL) != 0 }
    }
}

impl Drop for Ipc {
    fn drop(&mut self) {
        let nothing = std::ptr::null_mut::<u8>();
        // SAFETY: removing takes no pointer but the name.
        unsafe {
            libc::shmctl(self.memory, libc::IPC_RMID, nothing.cast());
            libc::msgctl(self.messages, libc::IPC_RMID, nothing.cast());
            libc::semctl(self.semaphore, 0, libc::IPC_RMID);
            libc::mq_unlink(self.queue.as_ptr());
        }
    }
}

/// Gives this thread, and so the launchers that it spawns, a session keyring with the token in it.
pub(crate) fn keyring(token: &str) {
    const KEYCTL_JOIN_SESSION_KEYRING: i32 = 1;
    const KEY_SPEC_SESSION_KEYRING: i32 = -3;
    // SAFETY: the texts outlive the calls, and the payload's length is told.
    unsafe {
        let joined =
            libc::syscall(libc::SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, std::ptr::null::<u8>());
        assert!(joined >= 0, "keyctl: {}", Error::last_os_error());
        let (kind, name) = (c"user".as_ptr(), c"canary".as_ptr());
        let payload = token.as_ptr();
        let ring = KEY_SPEC_SESSION_KEYRING;
        let added = libc::syscall(libc::SYS_add_key, kind, name, payload, token.len(), ring);
        assert!(added >= 0, "add_key: {}", Error::last_os_error());
    }
}
