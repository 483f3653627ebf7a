//! Builtins written in C: what they are called with, and how they answer.
//!
//! A `Call` lasts as long as the call. It owns the texts that C reads, each ended by a zero byte, and takes the
//! answer in; a builtin that gives none answers with `Null`. Values that C has no type for go as JSON.

use lau_runtime::Value;
use lau_runtime::host::{Builtin, Failure, Reply};
use lau_runtime::value;
use libc::{c_char, c_int, c_void, size_t};
use std::ffi::CStr;

/// A builtin in C.
pub(crate) type Function = unsafe extern "C" fn(*mut Call);

/// A call of a builtin, while it lasts.
pub(crate) struct Call {
    arguments: Vec<Value>,
    /// What C was given to read.
    texts: Vec<Box<[u8]>>,
    answer: Result<Reply, Failure>,
    data: *mut c_void,
}

/// What a builtin is registered with.
struct Data(*mut c_void);

// SAFETY: it is only handed back to the builtin; `lau.h` says from which threads.
unsafe impl Send for Data {}
// SAFETY: as above.
unsafe impl Sync for Data {}

/// A builtin of a function in C, and what that is given with each call. Where nobody could give an answer later, to ask
/// for that is a failure.
///
/// # Safety
/// The function may be called with a call from any thread that an instance runs on, as long as anything has the
/// builtin, and so may what it does with the data.
pub(crate) unsafe fn builtin(function: Function, data: *mut c_void, later: bool) -> Builtin {
    let data = Data(data);
    Builtin::asking(move |arguments| {
        let data = &data;
        let answer = Ok(Reply::Value(Value::Null));
        let mut call = Call { arguments, texts: Vec::new(), answer, data: data.0 };
        // SAFETY: as the caller vouches; the call is not used otherwise meanwhile.
        unsafe { function(&raw mut call) };
        match call.answer {
            Ok(Reply::Wait(_)) if !later => {
                Err("it would answer later, and nobody can give its answer here".into())
            }
            answer => answer,
        }
    })
}

/// The bytes of a text from C; none where there can be no text of so many.
///
/// # Safety
/// There are so many bytes there, or the address is null.
pub(crate) unsafe fn bytes<'a>(text: *const c_char, bytes: size_t) -> &'a [u8] {
    if text.is_null() || isize::try_from(bytes).is_err() {
        return &[];
    }
    // SAFETY: as the caller vouches.
    unsafe { std::slice::from_raw_parts(text.cast(), bytes) }
}

/// A value of plain JSON, as deep as values nest.
pub(crate) fn from_json(json: &[u8]) -> Result<Value, String> {
    let text =
        std::str::from_utf8(json).map_err(|error| format!("JSON that is not UTF-8: {error}"))?;
    let value: serde_json::Value =
        value::from_json(text).map_err(|error| format!("malformed JSON: {error}"))?;
    Ok(value.into())
}

impl Call {
    fn argument(&self, at: size_t) -> Option<&Value> {
        self.arguments.get(at)
    }

    /// Lends a text to C, with a zero byte after it.
    fn lend(&mut self, text: &str, bytes: *mut size_t) -> *const c_char {
        if !bytes.is_null() {
            // SAFETY: whoever gives an address gives that of a size.
            unsafe { bytes.write(text.len()) };
        }
        let text: Box<[u8]> = text.bytes().chain([0]).collect();
        let address = text.as_ptr();
        self.texts.push(text);
        address.cast()
    }

    fn answer(&mut self, value: Value) {
        self.answer = Ok(Reply::Value(value));
    }

    fn fail(&mut self, message: String) {
        self.answer = Err(Failure(message));
    }
}

// SAFETY of all below: as `lau.h` asks, a call is the one that the builtin was given, and has not ended; an address of
// a text has so many bytes.

/// What the builtin was registered with.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_call_data(call: *const Call) -> *mut c_void {
    // SAFETY: as above.
    unsafe { (*call).data }
}

/// How many arguments there are.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_call_count(call: *const Call) -> size_t {
    // SAFETY: as above.
    unsafe { &*call }.arguments.len()
}

/// What an argument is: its place among the types of `lau.h`, or -1 if there is none.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_call_type(call: *const Call, at: size_t) -> c_int {
    // SAFETY: as above.
    match unsafe { &*call }.argument(at) {
        None => -1,
        Some(Value::Null) => 0,
        Some(Value::Bool(_)) => 1,
        Some(Value::Number(_)) => 2,
        Some(Value::Text(_)) => 3,
        Some(Value::List(_)) => 4,
        Some(Value::Map(_)) => 5,
        Some(Value::Reference(_)) => 6,
    }
}

/// An argument that is a Number; gives whether it is.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_call_number(
    call: *const Call,
    at: size_t,
    number: *mut f64,
) -> c_int {
    // SAFETY: as above.
    match unsafe { &*call }.argument(at) {
        Some(Value::Number(n)) => {
            // SAFETY: as above, and there is a double.
            unsafe { number.write(*n) };
            1
        }
        _ => 0,
    }
}

/// An argument that is a Bool; gives whether it is.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_call_bool(
    call: *const Call,
    at: size_t,
    bool: *mut c_int,
) -> c_int {
    // SAFETY: as above.
    match unsafe { &*call }.argument(at) {
        Some(Value::Bool(b)) => {
            // SAFETY: as above, and there is an int.
            unsafe { bool.write((*b).into()) };
            1
        }
        _ => 0,
    }
}

/// An argument that is a Text or a Reference; null if it is none.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_call_text(
    call: *mut Call,
    at: size_t,
    bytes: *mut size_t,
) -> *const c_char {
    // SAFETY: as above.
    let call = unsafe { &mut *call };
    match call.argument(at) {
        Some(Value::Text(text) | Value::Reference(text)) => {
            let text = text.clone();
            call.lend(&text, bytes)
        }
        _ => std::ptr::null(),
    }
}

/// An argument as plain JSON; null if there is none.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_call_json(
    call: *mut Call,
    at: size_t,
    bytes: *mut size_t,
) -> *const c_char {
    // SAFETY: as above.
    let call = unsafe { &mut *call };
    let Some(value) = call.argument(at) else { return std::ptr::null() };
    let json = serde_json::Value::from(value.clone()).to_string();
    call.lend(&json, bytes)
}

/// Answers with `Null`.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_return_null(call: *mut Call) {
    // SAFETY: as above.
    unsafe { &mut *call }.answer(Value::Null);
}

/// Answers with a Bool.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_return_bool(call: *mut Call, bool: c_int) {
    // SAFETY: as above.
    unsafe { &mut *call }.answer(Value::Bool(bool != 0));
}

/// Answers with a Number.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_return_number(call: *mut Call, number: f64) {
    // SAFETY: as above.
    unsafe { &mut *call }.answer(Value::Number(number));
}

/// Answers with a Text. One that is not UTF-8 is a failure.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_return_text(
    call: *mut Call,
    text: *const c_char,
    length: size_t,
) {
    // SAFETY: as above.
    let (call, text) = unsafe { (&mut *call, bytes(text, length)) };
    match std::str::from_utf8(text) {
        Ok(text) => call.answer(Value::from(text)),
        Err(error) => call.fail(format!("it answered with a text that is not UTF-8: {error}")),
    }
}

/// Answers with the value of plain JSON. What is malformed is a failure.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_return_json(
    call: *mut Call,
    json: *const c_char,
    length: size_t,
) {
    // SAFETY: as above.
    let (call, json) = unsafe { (&mut *call, bytes(json, length)) };
    match from_json(json) {
        Ok(value) => call.answer(value),
        Err(why) => call.fail(format!("it answered with {why}")),
    }
}

/// Fails.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_return_failure(call: *mut Call, message: *const c_char) {
    // SAFETY: as above; the message ends with a zero byte.
    let (call, message) = unsafe { (&mut *call, text(message)) };
    call.fail(message);
}

/// Has no answer yet: the run is suspended until the host gives one.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_return_later(call: *mut Call, message: *const c_char) {
    // SAFETY: as above; there may be no message.
    let (call, message) =
        unsafe { (&mut *call, if message.is_null() { None } else { Some(text(message)) }) };
    call.answer = Ok(Reply::Wait(message));
}

/// A text from C that ends with a zero byte; what is not UTF-8 in it is replaced.
///
/// # Safety
/// It ends so, or the address is null.
pub(crate) unsafe fn text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: as the caller vouches.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}
