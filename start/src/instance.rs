//! Instances for C: memory, runs, snapshots.
//!
//! An instance is used by one call at a time. A builtin that is called in a run of it and would use it too, or another
//! thread, finds it in use, and gets an error. What is lent lasts until the next call with it.

use crate::builtin::{bytes, from_json, text};
use crate::embed::{LauHost, LauProgram, c_string, ending, free, tell};
use crate::stack;
use lau_command::saved;
use lau_command::source::Source;
use lau_runtime::host::Failure;
use lau_runtime::instance::{Canceller, Instance};
use lau_runtime::native::Code;
use lau_runtime::{Ending, Energy, Limits, Outcome, Snapshot, Suspension, Value};
use libc::{c_char, c_int, c_void, size_t};
use std::cell::UnsafeCell;
use std::ffi::CString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// An instance, which one call at a time may use.
pub(crate) struct LauInstance {
    used: AtomicBool,
    held: UnsafeCell<Held>,
    canceller: Canceller,
}

/// An instance, and what was last said of it.
struct Held {
    instance: Instance,
    source: Arc<Source>,
    limits: Limits,
    timeout: Option<Duration>,
    outcome: Option<Outcome>,
    message: CString,
    lent: CString,
    /// Whether a bug of ours ended a run: what state it left nobody knows.
    broken: bool,
}

/// What suspends an instance's runs from elsewhere.
pub(crate) struct LauCanceller(Canceller);

impl LauInstance {
    fn new(program: &LauProgram, limits: Limits, mut instance: Instance) -> *mut LauInstance {
        let code = program.native.clone().map(|native| native as Arc<dyn Code>);
        // SAFETY: the code came with the linked program, of which the instance is.
        unsafe { instance.set_code(code) };
        let canceller = instance.canceller();
        let held = Held {
            instance,
            source: Arc::clone(&program.source),
            limits,
            timeout: None,
            outcome: None,
            message: CString::default(),
            lent: CString::default(),
            broken: false,
        };
        let (used, held) = (AtomicBool::new(false), UnsafeCell::new(held));
        Box::into_raw(Box::new(LauInstance { used, held, canceller }))
    }

    /// Takes the instance into use, if nobody has it.
    ///
    /// # Safety
    /// The address is null or that of an instance that is not freed.
    unsafe fn taken<'a>(instance: *const LauInstance) -> Option<&'a LauInstance> {
        if instance.is_null() {
            return None;
        }
        // SAFETY: as the caller vouches.
        let instance = unsafe { &*instance };
        (!instance.used.swap(true, Ordering::Acquire)).then_some(instance)
    }

    /// Uses the instance; `otherwise` if there is none or somebody uses it.
    ///
    /// # Safety
    /// As [`LauInstance::taken`].
    unsafe fn with<T>(
        instance: *const LauInstance,
        otherwise: T,
        work: impl FnOnce(&mut Held) -> T,
    ) -> T {
        // SAFETY: as the caller vouches.
        let Some(instance) = (unsafe { LauInstance::taken(instance) }) else { return otherwise };
        // SAFETY: whoever took it into use is the only one until that is taken back.
        let result = work(unsafe { &mut *instance.held.get() });
        instance.used.store(false, Ordering::Release);
        result
    }
}

impl Held {
    fn well(&mut self) -> c_int {
        self.message = CString::default();
        0
    }

    fn misused(&mut self, why: impl Into<String>) -> c_int {
        self.message = c_string(why);
        ending::MISUSED
    }

    fn told<E: ToString>(&mut self, result: Result<(), E>) -> c_int {
        match result {
            Ok(()) => self.well(),
            Err(why) => self.misused(why.to_string()),
        }
    }

    /// Runs or goes on, and keeps how it ended.
    fn go(&mut self, go: impl FnOnce(&mut Instance) -> Outcome) -> c_int {
        if self.broken {
            return ending::BROKEN;
        }
        if let Err(why) = stack::look() {
            return self.misused(why);
        }
        let deadline = self.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        self.instance.set_deadline(deadline);
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

    fn lend(&mut self, value: Option<Value>) -> *const c_char {
        self.message = CString::default();
        match value {
            None => ptr::null(),
            Some(value) => {
                self.lent = c_string(serde_json::Value::from(value).to_string());
                self.lent.as_ptr()
            }
        }
    }
}

// SAFETY of all below: as `lau.h` asks, an address is null or that of a thing that was made by the function for it and is
// not freed; a text has so many bytes or ends with a zero byte.

/// An instance with empty memory.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_instance_new(
    program: *const LauProgram,
    host: *const LauHost,
    error: *mut *mut c_char,
) -> *mut LauInstance {
    // SAFETY: as above.
    let (Some(program), Some(host)) = (unsafe { (program.as_ref(), host.as_ref()) }) else {
        // SAFETY: as above.
        return unsafe { tell(error, "there is no program or no host") };
    };
    match Instance::new(Arc::clone(&program.linked), host.host.clone(), host.limits) {
        Ok(made) => LauInstance::new(program, host.limits, made),
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
    let (Some(program), Some(host)) = (unsafe { (program.as_ref(), host.as_ref()) }) else {
        // SAFETY: as above.
        return unsafe { tell(error, "there is no program or no host") };
    };
    // SAFETY: as above.
    let snapshot = unsafe { bytes(snapshot.cast(), length) };
    let restored = Snapshot::from_bytes(snapshot).map_err(|fault| fault.to_string());
    let restored = restored.and_then(|snapshot| {
        let linked = Arc::clone(&program.linked);
        let restored = Instance::restore(linked, host.host.clone(), host.limits, &snapshot);
        restored.map_err(|why| why.to_string())
    });
    match restored {
        Ok(made) => LauInstance::new(program, host.limits, made),
        // SAFETY: as above.
        Err(why) => unsafe { tell(error, why) },
    }
}

/// Frees an instance that is not in use.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_instance_free(instance: *mut LauInstance) {
    // SAFETY: as above. It stays in use, so that nobody else takes it.
    if unsafe { LauInstance::taken(instance) }.is_some() {
        // SAFETY: as above.
        unsafe { free(instance) };
    }
}

/// Runs end by this much time after they begin or go on; 0 is never.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_instance_set_timeout_ms(instance: *mut LauInstance, ms: u64) {
    let timeout = (ms > 0).then(|| Duration::from_millis(ms));
    // SAFETY: as above.
    unsafe { LauInstance::with(instance, (), |held| held.timeout = timeout) };
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
    let (name, json) = unsafe { (text(name), bytes(json, length)) };
    let set = |held: &mut Held| match from_json(json) {
        Err(why) => held.misused(why),
        Ok(value) => {
            let set = held.instance.set_memory(&name, &value);
            held.told(set)
        }
    };
    // SAFETY: as above.
    unsafe { LauInstance::with(instance, ending::MISUSED, set) }
}

/// A field of memory as plain JSON; null if it was never stored.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_instance_memory(
    instance: *mut LauInstance,
    name: *const c_char,
) -> *const c_char {
    // SAFETY: as above.
    let name = unsafe { text(name) };
    let lend = |held: &mut Held| {
        let value = held.instance.memory_field(&name);
        held.lend(value)
    };
    // SAFETY: as above.
    unsafe { LauInstance::with(instance, ptr::null(), lend) }
}

/// Runs the program from its start under so many thousandths.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_instance_run(instance: *mut LauInstance, budget: u64) -> c_int {
    let run = |held: &mut Held| {
        held.go(|instance| {
            instance.set_energy(Energy::ZERO, Energy::from_thousandths(budget));
            instance.run()
        })
    };
    // SAFETY: as above.
    unsafe { LauInstance::with(instance, ending::MISUSED, run) }
}

/// Goes on with a run that stopped, with so many thousandths more.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_instance_resume(
    instance: *mut LauInstance,
    extra: u64,
) -> c_int {
    let resume = |held: &mut Held| {
        if !held.instance.is_resumable() {
            return held.misused("there is no stopped run to resume");
        }
        let extra = Energy::from_thousandths(extra);
        held.go(|instance| instance.resume(extra).expect("it was looked at"))
    };
    // SAFETY: as above.
    unsafe { LauInstance::with(instance, ending::MISUSED, resume) }
}

/// Answers the call that a run waits for, with plain JSON.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_instance_answer(
    instance: *mut LauInstance,
    json: *const c_char,
    length: size_t,
) -> c_int {
    // SAFETY: as above.
    let json = unsafe { bytes(json, length) };
    let answer = |held: &mut Held| match from_json(json) {
        Err(why) => held.misused(why),
        Ok(value) => {
            let answered = held.instance.answer(Ok(value));
            held.told(answered)
        }
    };
    // SAFETY: as above.
    unsafe { LauInstance::with(instance, ending::MISUSED, answer) }
}

/// Lets the call that a run waits for fail.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_instance_answer_failure(
    instance: *mut LauInstance,
    message: *const c_char,
) -> c_int {
    // SAFETY: as above.
    let message = unsafe { text(message) };
    let answer = |held: &mut Held| {
        let answered = held.instance.answer(Err(Failure(message)));
        held.told(answered)
    };
    // SAFETY: as above.
    unsafe { LauInstance::with(instance, ending::MISUSED, answer) }
}

/// The output of a finished run as plain JSON; null if there is none.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_instance_output(instance: *mut LauInstance) -> *const c_char {
    let lend = |held: &mut Held| {
        let output = held.outcome.as_ref().and_then(Outcome::output).cloned();
        held.lend(output)
    };
    // SAFETY: as above.
    unsafe { LauInstance::with(instance, ptr::null(), lend) }
}

/// How the last run ended, as JSON; null if none did.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_instance_told(instance: *mut LauInstance) -> *const c_char {
    let lend = |held: &mut Held| match &held.outcome {
        None => ptr::null(),
        Some(outcome) => {
            held.lent = c_string(told(outcome).to_string());
            held.lent.as_ptr()
        }
    };
    // SAFETY: as above.
    unsafe { LauInstance::with(instance, ptr::null(), lend) }
}

/// Where and how a run ended, but for its output.
fn told(outcome: &Outcome) -> serde_json::Value {
    let (ending, trap, waits_for) = match &outcome.ending {
        Ending::Finished { .. } => ("finished", None, None),
        Ending::Exhausted => ("exhausted", None, None),
        Ending::Suspended { reason: Suspension::Asked(question) } => {
            ("suspended", None, Some(question.builtin.as_str()))
        }
        Ending::Suspended { .. } => ("suspended", None, None),
        Ending::Trapped { trap } => ("trapped", Some(trap.kind.code()), None),
    };
    serde_json::json!({
        "ending": ending,
        "trap": trap,
        "waits_for": waits_for,
        "place": outcome.place,
        "used": outcome.energy_total.thousandths(),
        "budget": outcome.budget.thousandths(),
        "instructions": outcome.instructions,
    })
}

/// What there is to say of the last call: why a run trapped or waits, what was wrong; empty if nothing.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_instance_message(
    instance: *const LauInstance,
) -> *const c_char {
    let none = c"there is no such instance, or it is in use".as_ptr();
    // SAFETY: as above.
    unsafe { LauInstance::with(instance, none, |held| held.message.as_ptr()) }
}

/// Thousandths used, over all parts of the run.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_instance_used(instance: *const LauInstance) -> u64 {
    // SAFETY: as above.
    unsafe { LauInstance::with(instance, 0, |held| held.instance.energy_used().thousandths()) }
}

/// Instructions paid, over all parts of the run.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_instance_instructions(instance: *const LauInstance) -> u64 {
    // SAFETY: as above.
    unsafe { LauInstance::with(instance, 0, |held| held.instance.instructions()) }
}

/// The stopped run as bytes, which the caller frees; null if there is none.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_instance_snapshot(
    instance: *mut LauInstance,
    length: *mut size_t,
) -> *mut c_void {
    let take = |held: &mut Held| match held.instance.snapshot() {
        Ok(snapshot) => {
            held.well();
            let bytes = saved::bytes(snapshot, &held.source, &held.limits);
            let bytes = bytes.into_boxed_slice();
            // SAFETY: as above; there is a size.
            unsafe { length.write(bytes.len()) };
            Box::into_raw(bytes).cast()
        }
        Err(why) => {
            held.misused(why.to_string());
            ptr::null_mut()
        }
    };
    // SAFETY: as above.
    unsafe { LauInstance::with(instance, ptr::null_mut(), take) }
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

/// What suspends the runs of an instance, from any thread; null if there is none.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_instance_canceller(
    instance: *const LauInstance,
) -> *mut LauCanceller {
    // SAFETY: as above. It is not changed, so that also a run in progress may have it.
    match unsafe { instance.as_ref() } {
        Some(instance) => Box::into_raw(Box::new(LauCanceller(instance.canceller.clone()))),
        None => ptr::null_mut(),
    }
}

/// Suspends the run in progress, or the next.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_cancel(canceller: *const LauCanceller) {
    // SAFETY: as above; this may be done by any thread.
    if let Some(canceller) = unsafe { canceller.as_ref() } {
        canceller.0.cancel();
    }
}

/// Frees a canceller.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_canceller_free(canceller: *mut LauCanceller) {
    // SAFETY: as above.
    unsafe { free(canceller) };
}
