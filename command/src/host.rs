//! The host that programs run by the command meet.

use crate::{report, terminal};
use lau_runtime::{Builtin, Host, Value};
use std::io::{self, Write};

/// What programs run by the command can call: `log`, which writes its arguments to standard error.
#[must_use]
pub fn host() -> Host {
    let mut host = Host::default();
    host.register("log", Builtin::new(log));
    host
}

fn log(args: Vec<Value>) -> Value {
    let words: Vec<String> = args.into_iter().map(report::text).collect();
    // Whoever closed standard error does not want the log; the program goes on all the same.
    let _ = writeln!(io::stderr().lock(), "{}", terminal::for_stderr(&words.join(" ")));
    Value::Null
}
