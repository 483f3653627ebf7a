//! Constants: words whose objects are immortal, for a program and for the language itself.
//!
//! A pool owns its objects and frees them when it goes. Words taken from it do not keep it alive: who
//! takes one keeps the pool (an instance keeps its linked program).

use super::object::{self, Entries};
use super::{TAG_REFERENCE, TAG_TEXT, View, Word};
use crate::value::Value;
use std::mem::ManuallyDrop;
use std::sync::LazyLock;

/// A pool of constants. No object in it is in the pool twice.
pub(crate) struct Constants {
    words: Vec<ManuallyDrop<Word>>,
}

// SAFETY: immortal objects are never counted and never written (they count as shared, and writers
// copy what is shared), so threads only read them; the pool is dropped by its one owner.
unsafe impl Send for Constants {}
// SAFETY: as above.
unsafe impl Sync for Constants {}

impl Constants {
    /// Makes constants of values, which nest no deeper than the caller allows.
    pub(crate) fn new<'a>(values: impl IntoIterator<Item = &'a Value>) -> Self {
        Constants { words: values.into_iter().map(|v| ManuallyDrop::new(constant(v))).collect() }
    }

    /// The constant at that place. The pool must outlive the word, and does: whoever runs a program
    /// holds it for as long as it holds words.
    #[inline]
    pub(crate) fn get(&self, at: usize) -> &Word {
        &self.words[at]
    }

    /// Where they lie, one after another, for native code.
    pub(crate) fn address(&self) -> *const Word {
        self.words.as_ptr().cast()
    }
}

impl Drop for Constants {
    fn drop(&mut self) {
        for word in &mut self.words {
            make_mortal(word);
            // SAFETY: dropped once, here, and not used again.
            unsafe { ManuallyDrop::drop(word) }
        }
    }
}

fn constant(value: &Value) -> Word {
    match value {
        Value::Null => Word::NULL,
        Value::Bool(b) => Word::bool(*b),
        Value::Number(n) => Word::number_from_outside(*n),
        Value::Text(s) => object::make_text(TAG_TEXT, None, s.as_str().into()),
        Value::Reference(s) => object::make_text(TAG_REFERENCE, None, s.as_str().into()),
        Value::List(items) => object::make_list(None, items.iter().map(constant).collect()),
        Value::Map(entries) => {
            let entries: Entries =
                entries.iter().map(|(k, v)| (k.as_str().into(), constant(v))).collect();
            object::make_map(None, entries)
        }
    }
}

/// Counts every object of a constant as held once, by its parent or its pool, as is the case when
/// nothing runs the program any more. Dropping the constant then frees them all.
fn make_mortal(word: &Word) {
    if word.is_heap() {
        word.header().holders.set(1);
    }
    match word.view() {
        View::Null | View::Bool(_) | View::Number(_) | View::Text(_) | View::Reference(_) => {}
        View::List(list) => list.items().iter().for_each(make_mortal),
        View::Map(map) => map.entries().for_each(|(_, value)| make_mortal(value)),
    }
}

/// Constants that a restored run holds in place of its first program's: a flat pool, where every object
/// is the pool's own and those inside others come before them.
#[derive(Default)]
pub(crate) struct Restored {
    words: Vec<ManuallyDrop<Word>>,
}

impl Restored {
    pub(crate) fn text(&mut self, text: &str) -> Word {
        self.keep(object::make_text(TAG_TEXT, None, text.into()))
    }

    pub(crate) fn reference(&mut self, name: &str) -> Word {
        self.keep(object::make_text(TAG_REFERENCE, None, name.into()))
    }

    /// The items are scalars and words of this pool.
    pub(crate) fn list(&mut self, items: Vec<Word>) -> Word {
        self.keep(object::make_list(None, items))
    }

    /// The values are scalars and words of this pool.
    pub(crate) fn map(&mut self, entries: Entries) -> Word {
        self.keep(object::make_map(None, entries))
    }

    fn keep(&mut self, word: Word) -> Word {
        let kept = word.clone();
        self.words.push(ManuallyDrop::new(word));
        kept
    }
}

impl Drop for Restored {
    fn drop(&mut self) {
        // Last first, so an object goes before those inside it: dropping it finds them immortal, and
        // leaves them to their own turn.
        for word in self.words.iter_mut().rev() {
            word.header().holders.set(1);
            // SAFETY: every word here is the pool's own of a heap object; its object is immortal until
            // this turn, so nothing has freed it. The words taken from the pool are gone: who holds some
            // drops the pool last.
            unsafe { ManuallyDrop::drop(word) }
        }
    }
}

static ASCII: LazyLock<Constants> = LazyLock::new(|| {
    let chars: Vec<Value> = (0..128u8).map(|b| Value::from(char::from(b))).collect();
    Constants::new(&chars)
});

/// The Text of one ASCII character, a constant of the language.
pub(crate) fn ascii_char(b: u8) -> Word {
    ASCII.get(usize::from(b)).clone()
}
