//! Values inside a run: one 64-bit word each.
//!
//! # The encoding
//!
//! A number is its own IEEE 754 bits. Everything else is a NaN that no arithmetic produces: hardware
//! makes quiet NaNs whose upper 16 bits are `0x7FF8` or `0xFFF8`, so all patterns from
//! `0xFFF9_0000_0000_0000` upward are free for tags.
//!
//! ```text
//! below 0xFFF9…          a number
//! 0xFFF9 … 0, 1          Null; a memory field that was never stored (reads as Null)
//! 0xFFFA … 0, 1          false, true
//! 0xFFFB … pointer       Text         ┐
//! 0xFFFC … pointer       List         │ to an object that begins with an `object::Header`
//! 0xFFFD … pointer       Map          │
//! 0xFFFE … pointer       Reference    ┘
//! ```
//!
//! NaNs are made one (`f64::NAN`) where a number comes in from outside and where it goes out, not in
//! arithmetic: the payload of a NaN cannot be seen from inside.
//!
//! # Holders
//!
//! Objects are counted, and the count is not bookkeeping alone: "shared" (more than one holder) is what
//! decides whether a write copies, and what it costs, so it is part of the language. A [`Word`] is one
//! holder: cloning it adds one, dropping it takes one away. Constants are immortal: never counted,
//! always shared, freed with their program.
//!
//! Nothing here knows prices or limits; `object` knows sizes.

#![expect(unsafe_code, reason = "words are tagged pointers; see the invariants at each block")]

mod compare;
mod constants;
mod convert;
mod measure;
mod object;

pub(crate) use compare::{equal, text_order};
pub(crate) use constants::{Constants, Restored, ascii_char};
pub(crate) use convert::to_value;
pub(crate) use measure::{Made, Measure};
pub(crate) use object::{
    ELEMENT_BYTES, ENTRY_BYTES, Entries, HEADER_BYTES, Heap, ListObject, MapObject, TextObject,
};

/// Words and objects as native code sees them.
pub(crate) mod layout {
    pub use super::object::IMMORTAL;
    pub use super::object::list_layout::{ALL_NUMBERS, DATA, HOLDERS, LEN};

    /// From here on a word is no number.
    pub const FIRST_TAGGED: u64 = super::TAG_NULL;
    /// From here on a word has storage.
    pub const FIRST_STORED: u64 = super::TAG_TEXT;
    /// `Null`.
    pub const NULL: u64 = super::TAG_NULL;
    /// A memory field that was never stored.
    pub const ABSENT: u64 = super::TAG_NULL | 1;
    /// `false`; `true` is one more.
    pub const FALSE: u64 = super::TAG_BOOL;
    /// The upper 16 bits of a List; the others are the address of its object.
    pub const LIST: u64 = super::TAG_LIST;
    /// The bits of an address.
    pub const POINTER: u64 = super::POINTER;
}

use object::Header;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

const TAG_NULL: u64 = 0xFFF9 << 48;
const TAG_BOOL: u64 = 0xFFFA << 48;
const TAG_TEXT: u64 = 0xFFFB << 48;
const TAG_LIST: u64 = 0xFFFC << 48;
const TAG_MAP: u64 = 0xFFFD << 48;
const TAG_REFERENCE: u64 = 0xFFFE << 48;
const POINTER: u64 = (1 << 48) - 1;

// Hardware NaNs lie below the first tag, and all heap tags above all others.
const _: () = assert!(f64::NAN.to_bits() < TAG_NULL && (-f64::NAN).to_bits() < TAG_NULL);
const _: () = assert!(TAG_NULL < TAG_BOOL && TAG_BOOL < TAG_TEXT && TAG_TEXT < TAG_REFERENCE);

/// One value, holding its object if it has one.
///
/// Not `Send`: objects are counted without synchronisation. What owns *all* holders of its objects (an
/// instance) may move between threads, and says so itself.
#[repr(transparent)]
pub(crate) struct Word(u64, PhantomData<*mut Header>);

/// A word, taken apart.
#[derive(Clone, Copy)]
pub(crate) enum View<'a> {
    Null,
    Bool(bool),
    Number(f64),
    Text(&'a TextObject),
    List(&'a ListObject),
    Map(&'a MapObject),
    Reference(&'a TextObject),
}

impl Word {
    pub(crate) const NULL: Word = Word(TAG_NULL, PhantomData);
    /// What a memory field holds that was never stored.
    pub(crate) const ABSENT: Word = Word(TAG_NULL | 1, PhantomData);

    /// The word of these bits, which native code gives up: the holder that it was is the result's.
    ///
    /// # Safety
    /// Native code had the word as a holder of its own, or it has no counted storage, and uses it no more.
    pub(crate) unsafe fn from_native(bits: u64) -> Word {
        Word(bits, PhantomData)
    }

    /// The bits of the word, which native code takes over as a holder.
    pub(crate) fn into_native(self) -> u64 {
        ManuallyDrop::new(self).0
    }

    /// Words that native code holds, to look at.
    ///
    /// # Safety
    /// The bits are those of words that are held for as long as they are borrowed.
    pub(crate) unsafe fn borrowed_from_native(bits: &[u64]) -> &[Word] {
        // SAFETY: a word is its bits (`repr(transparent)`), and the caller vouches for the objects.
        unsafe { std::slice::from_raw_parts(bits.as_ptr().cast(), bits.len()) }
    }

    /// A number computed inside a run.
    #[inline]
    pub(crate) fn number(n: f64) -> Word {
        debug_assert!(n.to_bits() < TAG_NULL, "a NaN of hardware's making or the canonical one");
        Word(n.to_bits(), PhantomData)
    }

    /// A number from outside: NaN is made the one NaN.
    pub(crate) fn number_from_outside(n: f64) -> Word {
        Word(if n.is_nan() { f64::NAN } else { n }.to_bits(), PhantomData)
    }

    #[inline]
    pub(crate) fn bool(b: bool) -> Word {
        Word(TAG_BOOL | u64::from(b), PhantomData)
    }

    #[inline]
    pub(crate) fn as_number(&self) -> Option<f64> {
        if self.0 < TAG_NULL { Some(f64::from_bits(self.0)) } else { None }
    }

    #[inline]
    pub(crate) fn is_heap(&self) -> bool {
        self.0 >= TAG_TEXT
    }

    #[inline]
    pub(crate) fn is_absent(&self) -> bool {
        self.0 == TAG_NULL | 1
    }

    /// The word, or `NULL` for a field that was never stored.
    #[inline]
    pub(crate) fn or_null(self) -> Word {
        if self.is_absent() { Word::NULL } else { self }
    }

    #[inline]
    pub(crate) fn view(&self) -> View<'_> {
        if self.0 < TAG_NULL {
            return View::Number(f64::from_bits(self.0));
        }
        // SAFETY: a word with a heap tag was made by `Word::new_object` from a live object of the type
        // that the tag names, and holds it, so the object lives while the word is borrowed. Objects are
        // changed only through a `&mut Word` that is their only holder.
        unsafe {
            match self.0 & !POINTER {
                TAG_NULL => View::Null,
                TAG_BOOL => View::Bool(self.0 & 1 == 1),
                TAG_TEXT => View::Text(self.pointer().cast().as_ref()),
                TAG_LIST => View::List(self.pointer().cast().as_ref()),
                TAG_MAP => View::Map(self.pointer().cast().as_ref()),
                _ => View::Reference(self.pointer().cast().as_ref()),
            }
        }
    }

    #[inline]
    pub(crate) fn is_truthy(&self) -> bool {
        match self.view() {
            View::Number(n) => n != 0.0,
            View::Bool(b) => b,
            View::Null => false,
            View::Text(text) => !text.as_str().is_empty(),
            View::List(list) => !list.items().is_empty(),
            View::Map(map) => map.len() != 0,
            View::Reference(_) => true,
        }
    }

    /// The variant's name in the public `Value`.
    pub(crate) fn type_name(&self) -> &'static str {
        match self.view() {
            View::Number(_) => "Number",
            View::Bool(_) => "Bool",
            View::Null => "Null",
            View::Text(_) => "Text",
            View::List(_) => "List",
            View::Map(_) => "Map",
            View::Reference(_) => "Reference",
        }
    }

    /// Bytes of the value itself, by the model of `docs/energy.md`.
    pub(crate) fn own_size(&self) -> u64 {
        match self.view() {
            View::Number(_) | View::Bool(_) | View::Null => 0,
            View::Text(text) | View::Reference(text) => text.own_size(),
            View::List(list) => list.own_size(),
            View::Map(map) => map.own_size(),
        }
    }

    /// Bytes of the value and all in it, shared parts counted each time.
    #[inline]
    pub(crate) fn tree_size(&self) -> u64 {
        match self.view() {
            View::Number(_) | View::Bool(_) | View::Null => 0,
            View::Text(text) | View::Reference(text) => text.own_size(),
            View::List(list) => list.tree_size(),
            View::Map(map) => map.tree_size(),
        }
    }

    /// Levels of nesting, as a bound: 0 for a scalar or text.
    #[inline]
    pub(crate) fn depth(&self) -> u16 {
        if self.is_heap() { self.header().depth.get() } else { 0 }
    }

    /// Whether its object has another holder, or is a constant. Scalars are not shared.
    #[inline]
    pub(crate) fn is_shared(&self) -> bool {
        self.is_heap() && self.header().holders.get() != 1
    }

    /// Whether its object is a constant: immortal, and shared whoever holds it.
    pub(crate) fn is_constant(&self) -> bool {
        self.is_heap() && self.header().holders.get() == object::IMMORTAL
    }

    /// Which object it holds: the same number for the same object, while that lives.
    pub(crate) fn object(&self) -> Option<u64> {
        self.is_heap().then_some(self.0 & POINTER)
    }

    /// Raises the nesting bound of a list or map that nothing else holds yet.
    pub(crate) fn raise_depth(&self, bound: u16) {
        if self.is_heap() {
            let depth = &self.header().depth;
            depth.set(depth.get().max(bound));
        }
    }

    /// The list, if this is one and nothing else holds it.
    pub(crate) fn list_mut(&mut self) -> Option<&mut ListObject> {
        // SAFETY: the tag says what it is (see `view`), and the only holder is borrowed mutably.
        (self.0 & !POINTER == TAG_LIST && !self.is_shared())
            .then(|| unsafe { self.pointer().cast().as_mut() })
    }

    /// The map, if this is one and nothing else holds it.
    pub(crate) fn map_mut(&mut self) -> Option<&mut MapObject> {
        // SAFETY: as `list_mut`.
        (self.0 & !POINTER == TAG_MAP && !self.is_shared())
            .then(|| unsafe { self.pointer().cast().as_mut() })
    }

    /// The text, if this is one and nothing else holds it.
    pub(crate) fn text_mut(&mut self) -> Option<&mut TextObject> {
        // SAFETY: as `list_mut`.
        (self.0 & !POINTER == TAG_TEXT && !self.is_shared())
            .then(|| unsafe { self.pointer().cast().as_mut() })
    }

    /// A word for a new object, which starts with this one holder (or is immortal).
    fn new_object<T>(tag: u64, object: Box<T>) -> Word {
        let address = Box::into_raw(object).expose_provenance() as u64;
        // User-space addresses fit on every target the project builds for (x86-64, aarch64).
        assert!(address & !POINTER == 0, "heap address beyond 48 bits");
        Word(tag | address, PhantomData)
    }

    #[inline]
    fn pointer(&self) -> NonNull<Header> {
        debug_assert!(self.is_heap());
        let pointer = std::ptr::with_exposed_provenance_mut((self.0 & POINTER) as usize);
        // SAFETY: only called on heap words, whose pointer came from a `Box`.
        unsafe { NonNull::new_unchecked(pointer) }
    }

    #[inline]
    fn header(&self) -> &Header {
        // SAFETY: every object begins with its header (`repr(C)`), and this word holds it.
        unsafe { self.pointer().as_ref() }
    }

    /// Frees the object of a word that was its last holder, or of a constant whose program goes.
    ///
    /// # Safety
    /// `word` has a heap tag, and nothing uses its object again.
    #[cold]
    unsafe fn free(word: u64) {
        let word = ManuallyDrop::new(Word(word, PhantomData));
        let pointer = word.pointer();
        // SAFETY: the tag names the type of the object, which came from a `Box` (see `new_object`), and
        // the caller vouches that it is used no more. Words inside are dropped in turn, as deep as
        // values nest, which is limited.
        unsafe {
            match word.0 & !POINTER {
                TAG_LIST => drop(Box::from_raw(pointer.cast::<ListObject>().as_ptr())),
                TAG_MAP => drop(Box::from_raw(pointer.cast::<MapObject>().as_ptr())),
                _ => drop(Box::from_raw(pointer.cast::<TextObject>().as_ptr())),
            }
        }
    }
}

impl Clone for Word {
    #[inline]
    fn clone(&self) -> Word {
        if self.is_heap() {
            self.header().add_holder();
        }
        Word(self.0, PhantomData)
    }
}

impl Drop for Word {
    #[inline]
    fn drop(&mut self) {
        if self.is_heap() && self.header().drop_holder() {
            // SAFETY: this was the last holder.
            unsafe { Word::free(self.0) }
        }
    }
}

#[cfg(test)]
mod tests;
