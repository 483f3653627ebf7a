//! Compiled programs in a program in C: hosts, instances, runs. `lau.h` tells what each function does and asks.
//!
//! Nothing panics across: what C does wrong is an error, as far as it can be seen. A text that is lent lasts until the
//! next call on its instance.

use crate::builtin::{self, Function, bytes, from_json, text};
use lau_command::saved;
use lau_command::source::Source;
use lau_runtime::artifact::{self, Image, Native};
use lau_runtime::host::Failure;
use lau_runtime::instance::{Canceller, Instance, Linked};
use lau_runtime::native::Code;
use lau_runtime::{Ending, Energy, Host, Limits, Outcome, Snapshot, Value};
use libc::{c_char, c_int, c_void, size_t};
use std::ffi::CString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How a call of C's went, by the numbers of `lau.h`.
mod ending {
    use super::c_int;

    pub(super) const BROKEN: c_int = -2;
    pub(super) const MISUSED: c_int = -1;
    pub(super) const FINISHED: c_int = 0;
    pub(super) const TRAPPED: c_int = 1;
    pub(super) const EXHAUSTED: c_int = 2;
    pub(super) const SUSPENDED: c_int = 3;
}

/// A compiled program, taken up.
pub(crate) struct LauProgram {
    linked: Arc<Linked>,
    native: Option<Arc<Native>>,
    source: Arc<Source>,
}

/// What a C program provides.
pub(crate) struct LauHost(Arc<Host>);

/// An instance, and what was last said of it.
pub(crate) struct LauInstance {
    instance: Instance,
    source: Arc<Source>,
    timeout: Option<Duration>,
    outcome: Option<Outcome>,
    message: CString,
    lent: CString,
    /// Whether a bug of ours ended a run: what state it left nobody knows.
    broken: bool,
}

/// What suspends an instance's runs from elsewhere.
pub(crate) struct LauCanceller(Canceller);

fn c_string(text: impl Into<String>) -> CString {
    let text: String = text.into();
    CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default()
}

/// Tells an error, if anybody wants it.
///
/// # Safety
/// The address is that of a pointer, or null.
unsafe fn tell<T>(error: *mut *mut c_char, why: impl Into<String>) -> *mut T {
    if !error.is_null() {
        // SAFETY: as the caller vouches.
        unsafe { error.write(c_string(why).into_raw()) };
    }
    ptr::null_mut()
}

// SAFETY of all below: as `lau.h` asks, an address is null where that is allowed, and otherwise that of a thing that was
// made by the function for it, is not freed, and is used by no other thread meanwhile; a text has so many bytes or ends
// with a zero byte.

/// Frees a text that was made for the caller.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_text_free(text: *mut c_char) {
    if !text.is_null() {
        // SAFETY: as above; it was made by `into_raw`.
        drop(unsafe { CString::from_raw(text) });
    }
}

/// Takes up the program of an image.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_program_load(
    image: *const Image,
    error: *mut *mut c_char,
) -> *mut LauProgram {
    // SAFETY: as above; the image is that of an object file that is linked in.
    match unsafe { artifact::load(image, None) } {
        Ok(loaded) => {
            let (linked, native) = (loaded.linked, loaded.native);
            let source = loaded.source.unwrap_or_default();
            let source = Arc::new(Source { name: source.name, text: source.text });
            Box::into_raw(Box::new(LauProgram { linked, native, source }))
        }
        // SAFETY: as above.
        Err(fault) => unsafe { tell(error, fault.to_string()) },
    }
}

/// Frees a program; instances of it stay.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_program_free(program: *mut LauProgram) {
    // SAFETY: as above.
    unsafe { free(program) };
}

/// # Safety
/// It was made by a box, or is null, and is used no more.
unsafe fn free<T>(thing: *mut T) {
    if !thing.is_null() {
        // SAFETY: as the caller vouches.
        drop(unsafe { Box::from_raw(thing) });
    }
}

/// A host without builtins.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn lau_host_new() -> *mut LauHost {
    Box::into_raw(Box::new(LauHost(Arc::default())))
}

/// Frees a host; instances that have it go on.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_host_free(host: *mut LauHost) {
    // SAFETY: as above.
    unsafe { free(host) };
}

/// Makes a function callable for instances that are made from now on.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_host_register(
    host: *mut LauHost,
    name: *const c_char,
    function: Option<Function>,
    data: *mut c_void,
) -> c_int {
    let Some(function) = function else { return ending::MISUSED };
    // SAFETY: as above.
    let (host, name) = unsafe { (&mut *host, text(name)) };
    // SAFETY: as above; `lau.h` tells from where the function is called.
    let builtin = unsafe { builtin::builtin(function, data) };
    Arc::make_mut(&mut host.0).register(name, builtin);
    0
}

fn instance(program: &LauProgram, instance: Instance) -> *mut LauInstance {
    let mut instance = instance;
    let code = program.native.clone().map(|native| native as Arc<dyn Code>);
    // SAFETY: the code came with the linked program, of which the instance is.
    unsafe { instance.set_code(code) };
    let (message, lent) = (CString::default(), CString::default());
    let source = Arc::clone(&program.source);
    let made = LauInstance {
        instance,
        source,
        timeout: None,
        outcome: None,
        message,
        lent,
        broken: false,
    };
    Box::into_raw(Box::new(made))
}

/// An instance with empty memory.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_instance_new(
    program: *const LauProgram,
    host: *const LauHost,
    error: *mut *mut c_char,
) -> *mut LauInstance {
    // SAFETY: as above.
    let (program, host) = unsafe { (&*program, (*host).0.clone()) };
    match Instance::new(Arc::clone(&program.linked), host, Limits::default()) {
        Ok(made) => instance(program, made),
        // SAFETY: as above.
        Err(why) => unsafe { tell(error, why.to_string()) },
    }
}

/// An instance that goes on from a snapshot.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_instance_restore(
    program: *const LauProgram,
    host: *const LauHost,
    snapshot: *const c_void,
    length: size_t,
    error: *mut *mut c_char,
) -> *mut LauInstance {
    // SAFETY: as above.
    let (program, host, snapshot) =
        unsafe { (&*program, (*host).0.clone(), bytes(snapshot.cast(), length)) };
    let restored = Snapshot::from_bytes(snapshot).map_err(|fault| fault.to_string());
    let restored = restored.and_then(|snapshot| {
        let linked = Arc::clone(&program.linked);
        let restored = Instance::restore(linked, host, Limits::default(), &snapshot);
        restored.map_err(|why| why.to_string())
    });
    match restored {
        Ok(made) => instance(program, made),
        // SAFETY: as above.
        Err(why) => unsafe { tell(error, why) },
    }
}

/// Frees an instance.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_instance_free(instance: *mut LauInstance) {
    // SAFETY: as above.
    unsafe { free(instance) };
}

impl LauInstance {
    fn misused(&mut self, why: impl Into<String>) -> c_int {
        self.message = c_string(why);
        ending::MISUSED
    }

    /// Runs or goes on, and keeps how it ended.
    fn go(&mut self, go: impl FnOnce(&mut Instance) -> Outcome) -> c_int {
        let deadline = self.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        self.instance.set_deadline(deadline);
        if self.broken {
            return ending::BROKEN;
        }
        self.outcome = None;
        let Ok(outcome) = catch_unwind(AssertUnwindSafe(|| go(&mut self.instance))) else {
            self.broken = true;
            let version = env!("CARGO_PKG_VERSION");
            self.message = c_string(format!("a bug in lau {version}, told on standard error"));
            return ending::BROKEN;
        };
        let (ending, message) = match &outcome.ending {
            Ending::Finished { .. } => (ending::FINISHED, String::new()),
            Ending::Exhausted => (ending::EXHAUSTED, "Energy budget exhausted".to_owned()),
            Ending::Suspended { reason } => (ending::SUSPENDED, reason.to_string()),
            Ending::Trapped { trap } => {
                (ending::TRAPPED, format!("{}: {}, at {}", trap.kind, trap.message, trap.place))
            }
        };
        self.message = c_string(message);
        self.outcome = Some(outcome);
        ending
    }

    fn lend(&mut self, json: Option<Value>) -> *const c_char {
        match json {
            None => ptr::null(),
            Some(value) => {
                self.lent = c_string(serde_json::Value::from(value).to_string());
                self.lent.as_ptr()
            }
        }
    }
}

/// Runs end by this much time after they begin or go on; 0 is never.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_instance_set_timeout_ms(instance: *mut LauInstance, ms: u64) {
    // SAFETY: as above.
    let instance = unsafe { &mut *instance };
    instance.timeout = (ms > 0).then(|| Duration::from_millis(ms));
}

/// Puts a value of plain JSON into memory.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_instance_set_memory(
    instance: *mut LauInstance,
    name: *const c_char,
    json: *const c_char,
    length: size_t,
) -> c_int {
    // SAFETY: as above.
    let (instance, name, json) = unsafe { (&mut *instance, text(name), bytes(json, length)) };
    match from_json(json) {
        Err(why) => instance.misused(why),
        Ok(value) => match instance.instance.set_memory(&name, &value) {
            Ok(()) => 0,
            Err(why) => instance.misused(why.to_string()),
        },
    }
}

/// A field of memory as plain JSON; null if it was never stored.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_instance_memory(
    instance: *mut LauInstance,
    name: *const c_char,
) -> *const c_char {
    // SAFETY: as above.
    let (instance, name) = unsafe { (&mut *instance, text(name)) };
    let value = instance.instance.memory_field(&name);
    instance.lend(value)
}

/// Runs the program from its start under so many thousandths.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_instance_run(instance: *mut LauInstance, budget: u64) -> c_int {
    // SAFETY: as above.
    let instance = unsafe { &mut *instance };
    instance.instance.set_energy(Energy::ZERO, Energy::from_thousandths(budget));
    instance.go(Instance::run)
}

/// Goes on with a run that stopped, with so many thousandths more.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_instance_resume(
    instance: *mut LauInstance,
    extra: u64,
) -> c_int {
    // SAFETY: as above.
    let instance = unsafe { &mut *instance };
    if !instance.instance.is_resumable() {
        return instance.misused("there is no stopped run to resume");
    }
    let extra = Energy::from_thousandths(extra);
    instance.go(|instance| instance.resume(extra).expect("it was looked at"))
}

/// Answers the call that a run waits for, with plain JSON.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_instance_answer(
    instance: *mut LauInstance,
    json: *const c_char,
    length: size_t,
) -> c_int {
    // SAFETY: as above.
    let (instance, json) = unsafe { (&mut *instance, bytes(json, length)) };
    match from_json(json) {
        Err(why) => instance.misused(why),
        Ok(value) => match instance.instance.answer(Ok(value)) {
            Ok(()) => 0,
            Err(why) => instance.misused(why.to_string()),
        },
    }
}

/// Lets the call that a run waits for fail.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_instance_answer_failure(
    instance: *mut LauInstance,
    message: *const c_char,
) -> c_int {
    // SAFETY: as above.
    let (instance, message) = unsafe { (&mut *instance, text(message)) };
    match instance.instance.answer(Err(Failure(message))) {
        Ok(()) => 0,
        Err(why) => instance.misused(why.to_string()),
    }
}

/// The output of a finished run as plain JSON; null if there is none.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_instance_output(instance: *mut LauInstance) -> *const c_char {
    // SAFETY: as above.
    let instance = unsafe { &mut *instance };
    let output = instance.outcome.as_ref().and_then(Outcome::output).cloned();
    instance.lend(output)
}

/// What there is to say of the last call: why a run trapped or waits, what was wrong; empty if nothing.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_instance_message(
    instance: *const LauInstance,
) -> *const c_char {
    // SAFETY: as above.
    unsafe { &*instance }.message.as_ptr()
}

/// Thousandths used, over all parts of the run.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_instance_used(instance: *const LauInstance) -> u64 {
    // SAFETY: as above.
    unsafe { &*instance }.instance.energy_used().thousandths()
}

/// Instructions paid, over all parts of the run.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_instance_instructions(instance: *const LauInstance) -> u64 {
    // SAFETY: as above.
    unsafe { &*instance }.outcome.as_ref().map_or(0, |outcome| outcome.instructions)
}

/// The stopped run as bytes, which the caller frees; null if there is none.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_instance_snapshot(
    instance: *mut LauInstance,
    length: *mut size_t,
) -> *mut c_void {
    // SAFETY: as above.
    let instance = unsafe { &mut *instance };
    match instance.instance.snapshot() {
        Ok(snapshot) => {
            let bytes = saved::bytes(snapshot, &instance.source, &Limits::default());
            let bytes = bytes.into_boxed_slice();
            // SAFETY: as above; there is a size.
            unsafe { length.write(bytes.len()) };
            Box::into_raw(bytes).cast()
        }
        Err(why) => {
            instance.misused(why.to_string());
            ptr::null_mut()
        }
    }
}

/// Frees the bytes of a snapshot.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_snapshot_free(snapshot: *mut c_void, length: size_t) {
    if !snapshot.is_null() {
        let bytes = ptr::slice_from_raw_parts_mut(snapshot.cast::<u8>(), length);
        // SAFETY: as above; it was made so.
        drop(unsafe { Box::from_raw(bytes) });
    }
}

/// What suspends the runs of an instance, from any thread.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_instance_canceller(
    instance: *const LauInstance,
) -> *mut LauCanceller {
    // SAFETY: as above.
    let canceller = unsafe { &*instance }.instance.canceller();
    Box::into_raw(Box::new(LauCanceller(canceller)))
}

/// Suspends the run in progress, or the next.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_cancel(canceller: *const LauCanceller) {
    // SAFETY: as above; this may be done by any thread.
    unsafe { &*canceller }.0.cancel();
}

/// Frees a canceller.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_canceller_free(canceller: *mut LauCanceller) {
    // SAFETY: as above.
    unsafe { free(canceller) };
}
