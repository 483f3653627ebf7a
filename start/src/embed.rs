//! Compiled programs in a program in C: programs and hosts. `lau.h` tells what each function does and asks; what C does
//! wrong is an error where it can be seen. Instances are in `instance`.

use crate::builtin::{self, Function};
use lau_command::source::Source;
use lau_runtime::artifact::{self, Image, Native};
use lau_runtime::instance::Linked;
use lau_runtime::{Host, Limits};
use libc::{c_char, c_int, c_void};
use std::ffi::{CStr, CString};
use std::ptr;
use std::sync::Arc;

/// How a call of C's went, by the numbers of `lau.h`.
pub(crate) mod ending {
    use super::c_int;

    pub(crate) const BROKEN: c_int = -2;
    pub(crate) const MISUSED: c_int = -1;
    pub(crate) const FINISHED: c_int = 0;
    pub(crate) const TRAPPED: c_int = 1;
    pub(crate) const EXHAUSTED: c_int = 2;
    pub(crate) const SUSPENDED: c_int = 3;
}

/// A compiled program, taken up.
pub(crate) struct LauProgram {
    pub(crate) linked: Arc<Linked>,
    pub(crate) native: Option<Arc<Native>>,
    pub(crate) source: Arc<Source>,
}

/// What a C program provides, and the limits of what runs there.
#[derive(Default)]
pub(crate) struct LauHost {
    pub(crate) host: Arc<Host>,
    pub(crate) limits: Limits,
}

pub(crate) fn c_string(text: impl Into<String>) -> CString {
    let text: String = text.into();
    CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default()
}

/// Tells an error, if anybody wants it.
///
/// # Safety
/// The address is that of a pointer, or null.
pub(crate) unsafe fn tell<T>(error: *mut *mut c_char, why: impl Into<String>) -> *mut T {
    if !error.is_null() {
        // SAFETY: as the caller vouches.
        unsafe { error.write(c_string(why).into_raw()) };
    }
    ptr::null_mut()
}

// SAFETY of all below: as `lau.h` asks, an address is null or that of a thing that was made by the function for it, is
// not freed, and is used by no other thread meanwhile; a text ends with a zero byte.

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
    if image.is_null() {
        // SAFETY: as above.
        return unsafe { tell(error, "there is no image") };
    }
    // SAFETY: as above; the image is that of an object file that is linked in.
    match unsafe { artifact::load(image, None) } {
        Ok(loaded) => {
            let (linked, native, source) = loaded.into_parts();
            let source = source.unwrap_or_default();
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
pub(crate) unsafe fn free<T>(thing: *mut T) {
    if !thing.is_null() {
        // SAFETY: as the caller vouches.
        drop(unsafe { Box::from_raw(thing) });
    }
}

/// A host without builtins.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn lau_host_new() -> *mut LauHost {
    Box::into_raw(Box::default())
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
    // SAFETY: as above.
    let (Some(function), Some(host)) = (function, unsafe { host.as_mut() }) else {
        return ending::MISUSED;
    };
    if name.is_null() {
        return ending::MISUSED;
    }
    // SAFETY: as above.
    let name = match unsafe { CStr::from_ptr(name) }.to_str() {
        Ok(name) if !name.is_empty() => name,
        Ok(_) | Err(_) => return ending::MISUSED,
    };
    // SAFETY: as above; `lau.h` tells from where the function is called.
    let builtin = unsafe { builtin::builtin(function, data, true) };
    Arc::make_mut(&mut host.host).register(name, builtin);
    0
}

/// Sets a limit, by its number in `lau.h`, for instances that are made from now on.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lau_host_set_limit(
    host: *mut LauHost,
    limit: c_int,
    most: u64,
) -> c_int {
    // SAFETY: as above.
    let Some(LauHost { limits, .. }) = (unsafe { host.as_mut() }) else { return ending::MISUSED };
    let count = u32::try_from(most).unwrap_or(u32::MAX);
    match limit {
        0 => limits.call_depth_max = count,
        1 => limits.stack_values_max = count,
        // What is deeper has no JSON, and not enough stack.
        2 => match u16::try_from(most) {
            Ok(levels) if levels <= Limits::default().nesting_max => limits.nesting_max = levels,
            Ok(_) | Err(_) => return ending::MISUSED,
        },
        3 => limits.value_bytes_max = most,
        4 => limits.tree_bytes_max = most,
        5 => limits.memory_bytes_max = most,
        _ => return ending::MISUSED,
    }
    *limits = limits.clamped();
    0
}
