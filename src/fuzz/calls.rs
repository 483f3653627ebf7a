//! The calls that a host received: recorded in order, each with its arguments and what came of it.
//!
//! A log keeps calls as they are up to some size; of those beyond it has their number and a digest, so a
//! program that calls without end does not fill memory, and two logs can still be compared.

use crate::dsl::literal::Literal;
use lau_runtime::Value;
use lau_runtime::host::Reply;
use std::fmt::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What came of a call.
#[derive(Clone, Debug)]
pub enum Came {
    /// A value.
    Back(Value),
    /// A failure, with its message.
    Failed(String),
    /// A request to wait for the answer, with its message.
    Waits(Option<String>),
    /// A panic, with its message.
    Panicked(String),
}

impl Came {
    /// As a log has it: a call that panicked never came back.
    #[must_use]
    pub fn recorded(&self) -> Option<Came> {
        if let Came::Panicked(_) = self { None } else { Some(self.clone()) }
    }
}

impl From<Result<Value, String>> for Came {
    fn from(result: Result<Value, String>) -> Came {
        match result {
            Ok(value) => Came::Back(value),
            Err(message) => Came::Failed(message),
        }
    }
}

impl From<Result<Reply, String>> for Came {
    fn from(result: Result<Reply, String>) -> Came {
        match result {
            Ok(Reply::Value(value)) => Came::Back(value),
            Ok(Reply::Wait(message)) => Came::Waits(message),
            Err(message) => Came::Failed(message),
        }
    }
}

/// A call of the host as it was recorded.
#[derive(Clone, Debug)]
pub struct HostCall {
    /// The builtin.
    pub name: String,
    /// What it was called with.
    pub args: Vec<Value>,
    /// `None` if it did not come back.
    pub answer: Option<Came>,
}

impl fmt::Display for HostCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.name)?;
        for (at, arg) in self.args.iter().enumerate() {
            write!(f, "{}{}", if at == 0 { "" } else { ", " }, Literal(arg))?;
        }
        match &self.answer {
            Some(Came::Back(value)) => write!(f, ") -> {}", Literal(value)),
            Some(Came::Failed(message)) => write!(f, ") fails: {message}"),
            Some(Came::Waits(None)) => f.write_str(") waits"),
            Some(Came::Waits(Some(message))) => write!(f, ") waits: {message}"),
            Some(Came::Panicked(_)) | None => f.write_str(") panics"),
        }
    }
}

/// What a log has of the calls beyond those it keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beyond {
    /// How many there were.
    pub calls: u64,
    /// A digest of their names and arguments.
    pub digest: u64,
}

/// Bytes of printed arguments that a log keeps.
const KEPT_BYTES: usize = 1 << 20;

#[derive(Debug, Default)]
struct Recorded {
    kept: Vec<HostCall>,
    beyond: Beyond,
    bytes: usize,
}

/// The calls a host received, shared by all its builtins.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Recorded>>);

impl Log {
    /// What was recorded so far.
    #[must_use]
    pub fn calls(&self) -> (Vec<HostCall>, Beyond) {
        let recorded = self.lock();
        (recorded.kept.clone(), recorded.beyond)
    }

    /// Forgets what was recorded.
    pub fn clear(&self) {
        *self.lock() = Recorded::default();
    }

    /// Runs a builtin's body. Its call is in the log before it runs, what came of it afterwards, so that
    /// one that panics leaves a call without an answer.
    pub fn record(&self, name: &str, args: &[Value], body: impl FnOnce() -> Came) -> Came {
        let at = self.begin(name, args);
        let came = body();
        if let Some(at) = at {
            self.lock().kept[at].answer = Some(came.clone());
        }
        came
    }

    /// Puts a call into the log; gives where it is, if it is kept.
    fn begin(&self, name: &str, args: &[Value]) -> Option<usize> {
        let mut text = Digest { bytes: name.len() + 64, hash: FNV };
        let _ = write!(text, "{name}"); // a digest takes whatever is written
        for arg in args {
            let _ = write!(text, " {}", Literal(arg));
        }
        let mut recorded = self.lock();
        recorded.bytes = recorded.bytes.saturating_add(text.bytes);
        if recorded.bytes > KEPT_BYTES {
            recorded.beyond.calls += 1;
            recorded.beyond.digest = recorded.beyond.digest.rotate_left(5) ^ text.hash;
            return None;
        }
        recorded.kept.push(HostCall { name: name.to_owned(), args: args.to_vec(), answer: None });
        Some(recorded.kept.len() - 1)
    }

    fn lock(&self) -> MutexGuard<'_, Recorded> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What FNV-1a begins with.
const FNV: u64 = 0xcbf2_9ce4_8422_2325;

/// Length and hash (FNV-1a) of what is written to it.
struct Digest {
    bytes: usize,
    hash: u64,
}

impl Write for Digest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.bytes = self.bytes.saturating_add(text.len());
        for byte in text.bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_kept_is_counted_and_told_apart() {
        let fill = |last: f64| {
            let log = Log::default();
            let call = |arg: Value| log.record("log", &[arg], || Came::Back(Value::Null));
            call("x".repeat(KEPT_BYTES - 1_000).into());
            (0..20).for_each(|n| drop(call(f64::from(n).into())));
            call(last.into());
            log.calls()
        };
        let ((one, more), (_, other)) = (fill(1.0), fill(2.0));
        assert_eq!(one.len() as u64 + more.calls, 22);
        assert!(more.calls > 0 && more != other && more == fill(1.0).1);
        assert_eq!(one[1].to_string(), "log(0) -> null");
    }
}
