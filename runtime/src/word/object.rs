//! Heap objects: texts, lists and maps, with their holders, sizes and nesting; and the account of
//! live memory they are booked in.
//!
//! Every object begins with a [`Header`]. Every change to an object goes through a method here that
//! keeps size, tree size, nesting bound, the all-numbers bit and the account true. Whether a change
//! is allowed or paid for is the caller's business.

use super::{TAG_LIST, TAG_MAP, TAG_REFERENCE, TAG_TEXT, Word};
use compact_str::CompactString;
use foldhash::quality::RandomState;
use indexmap::IndexMap;
use std::cell::Cell;
use std::ptr::NonNull;

/// Modelled bytes of any object before its contents.
pub(crate) const HEADER_BYTES: u64 = 32;
/// Modelled bytes of a list element.
pub(crate) const ELEMENT_BYTES: u64 = 8;
/// Modelled bytes of a map entry before its key's bytes.
pub(crate) const ENTRY_BYTES: u64 = 32;

/// The count of an immortal object. A counted object whose holders reach this number becomes
/// immortal too: it is leaked rather than freed too early.
pub const IMMORTAL: u32 = u32::MAX;

/// What every object begins with.
#[repr(C)]
pub(super) struct Header {
    pub(super) holders: Cell<u32>,
    pub(super) depth: Cell<u16>,
    /// The account this object is booked in; constants have none.
    account: Option<NonNull<Account>>,
}

impl Header {
    fn new(account: Option<NonNull<Account>>, depth: u16, size: u64) -> Header {
        if let Some(account) = account {
            // SAFETY: accounts live while they have objects or their heap (see `Account`).
            unsafe { account.as_ref() }.open(size);
        }
        let holders = if account.is_some() { 1 } else { IMMORTAL };
        Header { holders: Cell::new(holders), depth: Cell::new(depth), account }
    }

    #[inline]
    pub(super) fn add_holder(&self) {
        let holders = self.holders.get();
        if holders != IMMORTAL {
            self.holders.set(holders + 1);
        }
    }

    /// Takes a holder away; whether it was the last.
    #[inline]
    pub(super) fn drop_holder(&self) -> bool {
        let holders = self.holders.get();
        if holders == IMMORTAL {
            return false;
        }
        self.holders.set(holders - 1);
        holders == 1
    }

    fn grow(&self, bytes: u64) {
        if let Some(account) = self.account {
            // SAFETY: as in `new`.
            let account = unsafe { account.as_ref() };
            account.live.set(account.live.get() + bytes);
        }
    }

    fn shrink(&self, bytes: u64) {
        if let Some(account) = self.account {
            // SAFETY: as in `new`.
            let account = unsafe { account.as_ref() };
            account.live.set(account.live.get() - bytes);
        }
    }

    fn close(&self, size: u64) {
        if let Some(account) = self.account {
            // SAFETY: as in `new`; this object's share in it ends here.
            unsafe { Account::close(account, size) }
        }
    }
}

/// Live memory of one run, by the model. It is kept by its heap and by every object booked in it, and
/// freed with the last of them, so an object can always reach it.
pub(super) struct Account {
    live: Cell<u64>,
    keepers: Cell<u64>,
}

impl Account {
    fn open(&self, size: u64) {
        self.live.set(self.live.get() + size);
        self.keepers.set(self.keepers.get() + 1);
    }

    /// # Safety
    /// The caller is a keeper of the account and uses it no more.
    unsafe fn close(account: NonNull<Account>, size: u64) {
        // SAFETY: the caller is still a keeper, so the account is alive.
        let this = unsafe { account.as_ref() };
        this.live.set(this.live.get() - size);
        this.keepers.set(this.keepers.get() - 1);
        if this.keepers.get() == 0 {
            // SAFETY: it came from a `Box` in `Heap::default`, and that was the last keeper.
            drop(unsafe { Box::from_raw(account.as_ptr()) });
        }
    }
}

/// Where the objects of one run are made.
pub(crate) struct Heap {
    account: NonNull<Account>,
}

impl Default for Heap {
    fn default() -> Self {
        let account = Account { live: Cell::new(0), keepers: Cell::new(1) };
        Heap { account: NonNull::from(Box::leak(Box::new(account))) }
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        // SAFETY: the heap is a keeper from its making to here.
        unsafe { Account::close(self.account, 0) }
    }
}

impl Heap {
    /// Modelled bytes of all live objects of the run.
    pub(crate) fn live_bytes(&self) -> u64 {
        // SAFETY: the heap keeps its account.
        unsafe { self.account.as_ref() }.live.get()
    }

    pub(crate) fn text(&self, text: impl Into<CompactString>) -> Word {
        make_text(TAG_TEXT, Some(self.account), text.into())
    }

    pub(crate) fn reference(&self, name: impl Into<CompactString>) -> Word {
        make_text(TAG_REFERENCE, Some(self.account), name.into())
    }

    pub(crate) fn list(&self, items: Vec<Word>) -> Word {
        make_list(Some(self.account), items)
    }

    pub(crate) fn map(&self, entries: Entries) -> Word {
        make_map(Some(self.account), entries)
    }

    /// Makes a shared list, map or text one that only `word` holds, by copying one level. The copy
    /// keeps the nesting bound of what it was copied from.
    pub(crate) fn unshare(&self, word: &mut Word) {
        use super::View;
        let copy = match word.view() {
            View::Text(text) => self.text(text.text.clone()),
            View::List(list) => self.list(list.items.clone()),
            View::Map(map) => self.map(map.entries.clone()),
            View::Null | View::Bool(_) | View::Number(_) | View::Reference(_) => return,
        };
        copy.header().depth.set(word.header().depth.get());
        *word = copy;
    }
}

pub(super) fn make_text(tag: u64, account: Option<NonNull<Account>>, text: CompactString) -> Word {
    let chars = if text.is_ascii() { text.len() } else { text.chars().count() };
    let header = Header::new(account, 0, HEADER_BYTES + text.len() as u64);
    Word::new_object(tag, Box::new(TextObject { header, chars, text }))
}

pub(super) fn make_list(account: Option<NonNull<Account>>, items: Vec<Word>) -> Word {
    let mut list = ListObject {
        header: Header::new(account, 1, HEADER_BYTES + ELEMENT_BYTES * items.len() as u64),
        inner: 0,
        data: items.as_ptr(),
        len: items.len(),
        all_numbers: true,
        items,
    };
    for item in &list.items {
        list.header.depth.set(list.header.depth.get().max(item.depth() + 1));
        list.inner = list.inner.saturating_add(item.tree_size());
        list.all_numbers &= item.as_number().is_some();
    }
    Word::new_object(TAG_LIST, Box::new(list))
}

pub(super) fn make_map(account: Option<NonNull<Account>>, entries: Entries) -> Word {
    let key_bytes = entries.keys().map(|key| key.len() as u64).sum();
    let size = HEADER_BYTES + ENTRY_BYTES * entries.len() as u64 + key_bytes;
    let mut map = MapObject { header: Header::new(account, 1, size), key_bytes, inner: 0, entries };
    for value in map.entries.values() {
        map.header.depth.set(map.header.depth.get().max(value.depth() + 1));
        map.inner = map.inner.saturating_add(value.tree_size());
    }
    Word::new_object(TAG_MAP, Box::new(map))
}

/// Unicode text, or the name of a reference.
#[repr(C)]
pub(crate) struct TextObject {
    header: Header,
    /// Scalar values; equal to the bytes exactly when the text is ASCII.
    chars: usize,
    text: CompactString,
}

impl TextObject {
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Length in scalar values.
    pub(crate) fn chars(&self) -> usize {
        self.chars
    }

    pub(crate) fn is_ascii(&self) -> bool {
        self.chars == self.text.len()
    }

    pub(crate) fn own_size(&self) -> u64 {
        HEADER_BYTES + self.text.len() as u64
    }

    pub(crate) fn push(&mut self, more: &TextObject) {
        self.header.grow(more.text.len() as u64);
        self.chars += more.chars;
        self.text.push_str(&more.text);
    }
}

impl Drop for TextObject {
    fn drop(&mut self) {
        self.header.close(self.own_size());
    }
}

/// Values in order.
#[repr(C)]
pub(crate) struct ListObject {
    header: Header,
    /// Tree sizes of the elements together.
    inner: u64,
    /// Where the elements are and how many, for native code, which cannot look into a `Vec`.
    data: *const Word,
    len: usize,
    /// Whether every element is known to be a number. Never true wrongly; an overwritten text leaves
    /// it false.
    all_numbers: bool,
    items: Vec<Word>,
}

/// Where native code finds what it needs of a list, in bytes from the object's start.
pub(super) mod list_layout {
    use super::{Header, ListObject};
    use std::mem::offset_of;

    /// `u32`: holders; 1 if the list is not shared. It lies there in every object.
    pub const HOLDERS: usize = offset_of!(ListObject, header) + offset_of!(Header, holders);
    /// `u8`: whether all elements are numbers.
    pub const ALL_NUMBERS: usize = offset_of!(ListObject, all_numbers);
    /// Pointer to the first element.
    pub const DATA: usize = offset_of!(ListObject, data);
    /// `u64`: number of elements.
    pub const LEN: usize = offset_of!(ListObject, len);
}

impl ListObject {
    pub(crate) fn items(&self) -> &[Word] {
        &self.items
    }

    pub(crate) fn all_numbers(&self) -> bool {
        self.all_numbers
    }

    pub(crate) fn own_size(&self) -> u64 {
        HEADER_BYTES + ELEMENT_BYTES * self.items.len() as u64
    }

    pub(crate) fn tree_size(&self) -> u64 {
        self.own_size().saturating_add(self.inner)
    }

    pub(crate) fn push(&mut self, item: Word) {
        self.note(&item);
        self.header.grow(ELEMENT_BYTES);
        self.items.push(item);
        (self.data, self.len) = (self.items.as_ptr(), self.items.len());
    }

    /// Puts these behind the others, and holds them too.
    pub(crate) fn extend(&mut self, items: &[Word]) {
        items.iter().for_each(|item| self.note(item));
        self.header.grow(ELEMENT_BYTES * items.len() as u64);
        self.items.extend_from_slice(items);
        (self.data, self.len) = (self.items.as_ptr(), self.items.len());
    }

    /// Overwrites an element; the caller has checked the index.
    pub(crate) fn set(&mut self, index: usize, item: Word) {
        self.inner -= self.items[index].tree_size();
        self.note(&item);
        self.items[index] = item;
    }

    fn note(&mut self, item: &Word) {
        self.header.depth.set(self.header.depth.get().max(item.depth() + 1));
        self.inner = self.inner.saturating_add(item.tree_size());
        self.all_numbers &= item.as_number().is_some();
    }
}

impl Drop for ListObject {
    fn drop(&mut self) {
        self.header.close(self.own_size());
    }
}

/// The storage of a map. Its order is never visible.
pub(crate) type Entries = IndexMap<CompactString, Word, RandomState>;

/// Room for so many entries is kept whatever goes.
const ROOM_MIN: usize = 32;

/// Values by text key.
#[repr(C)]
pub(crate) struct MapObject {
    header: Header,
    key_bytes: u64,
    /// Tree sizes of the values together.
    inner: u64,
    entries: Entries,
}

impl MapObject {
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Word> {
        self.entries.get(key)
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, &Word)> {
        self.entries.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// The entry at that place in the order of `entries`.
    pub(crate) fn at(&self, place: usize) -> Option<(&str, &Word)> {
        self.entries.get_index(place).map(|(key, value)| (key.as_str(), value))
    }

    /// The entries in the order of their keys.
    pub(crate) fn sorted(&self) -> Vec<(&str, &Word)> {
        let mut entries: Vec<_> = self.entries().collect();
        entries.sort_unstable_by_key(|(key, _)| *key);
        entries
    }

    pub(crate) fn own_size(&self) -> u64 {
        HEADER_BYTES + ENTRY_BYTES * self.entries.len() as u64 + self.key_bytes
    }

    pub(crate) fn tree_size(&self) -> u64 {
        self.own_size().saturating_add(self.inner)
    }

    pub(crate) fn insert(&mut self, key: &str, value: Word) {
        self.header.depth.set(self.header.depth.get().max(value.depth() + 1));
        self.inner = self.inner.saturating_add(value.tree_size());
        if let Some(old) = self.entries.get_mut(key) {
            self.inner -= old.tree_size();
            *old = value;
        } else {
            self.header.grow(ENTRY_BYTES + key.len() as u64);
            self.key_bytes += key.len() as u64;
            self.entries.insert(key.into(), value);
        }
    }

    /// Takes an entry away, if there is one.
    pub(crate) fn remove(&mut self, key: &str) {
        if let Some(old) = self.entries.swap_remove(key) {
            let bytes = key.len() as u64;
            self.inner -= old.tree_size();
            self.key_bytes -= bytes;
            self.header.shrink(ENTRY_BYTES + bytes);
            // Room for many more entries than there are would be copied with them.
            if self.entries.capacity() > ROOM_MIN
                && self.entries.len() < self.entries.capacity() / 4
            {
                self.entries.shrink_to(2 * self.entries.len());
            }
        }
    }
}

impl Drop for MapObject {
    fn drop(&mut self) {
        self.header.close(self.own_size());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A copy takes as much as there is room for.
    #[test]
    fn a_map_that_lost_its_entries_has_no_room_for_them() {
        let heap = Heap::default();
        let mut word = heap.map(Entries::default());
        let map = word.map_mut().expect("held here alone");
        let keys: Vec<String> = (0..10_000).map(|n| format!("key {n}")).collect();
        keys.iter().for_each(|key| map.insert(key, Word::NULL));
        for (left, key) in (0..keys.len()).rev().zip(&keys) {
            map.remove(key);
            assert_eq!(map.len(), left);
            assert!(map.entries.capacity() <= ROOM_MIN.max(8 * left + 8), "{left}");
        }
        assert_eq!(map.own_size(), HEADER_BYTES);
        assert_eq!(heap.live_bytes(), HEADER_BYTES);
    }
}
