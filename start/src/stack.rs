//! How much stack a thread of C's has left: native code and what walks values rely on some.

use std::cell::Cell;

/// What a run may take of the stack of its thread, in bytes: nested native calls take 256 KiB at most, the rest is for
/// what they call.
const NEEDED: usize = 512 << 10;

thread_local! {
    /// Where the thread's stack ends, once that was asked.
    static END: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Looks whether there is as much as a run may take. Where the system does not tell, there is.
pub(crate) fn look() -> Result<(), String> {
    let Some(end) = END.get().or_else(end) else { return Ok(()) };
    END.set(Some(end));
    let here = (&raw const end).addr();
    let left = here.saturating_sub(end);
    if left >= NEEDED {
        return Ok(());
    }
    Err(format!(
        "the thread has {} KiB of stack left, and a run needs {}",
        left >> 10,
        NEEDED >> 10
    ))
}

#[cfg(target_os = "linux")]
fn end() -> Option<usize> {
    let mut attributes = std::mem::MaybeUninit::<libc::pthread_attr_t>::uninit();
    let mut lowest = std::ptr::null_mut();
    let mut size = 0;
    // SAFETY: the attributes are made by the first call and taken away by the last; the others read them.
    unsafe {
        if libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) != 0 {
            return None;
        }
        let told = libc::pthread_attr_getstack(attributes.as_ptr(), &raw mut lowest, &raw mut size);
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        (told == 0).then(|| lowest.addr())
    }
}

#[cfg(not(target_os = "linux"))]
fn end() -> Option<usize> {
    None
}
