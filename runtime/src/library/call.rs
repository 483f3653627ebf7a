//! A call of a function of the library: its price, the checks that follow from the table, and the result.

use super::{Body, Function, Kind, Scalar};
use crate::energy::rate;
use crate::limits::Limits;
use crate::trap::{TrapKind, Wrong};
use crate::word::{HEADER_BYTES, Heap, ListObject, Made, MapObject, TextObject, View, Word};
use compact_str::CompactString;

/// The arguments of a call, whose number and types were checked, and where the result is made.
pub(crate) struct Arguments<'a> {
    function: &'a Function,
    pub(crate) words: &'a mut [Word],
    pub(crate) heap: &'a Heap,
    pub(crate) limits: &'a Limits,
}

/// Calls a function under so many thousandths. Of `words`, which are what the stack has of the arguments,
/// there may be less than `count`.
///
/// Gives what is left of the energy, and the result, which takes the place of the arguments; on a trap they
/// stay. `None` if the price cannot be paid; nothing was done then.
pub(crate) fn call(
    function: &Function,
    words: &mut [Word],
    count: usize,
    heap: &Heap,
    limits: &Limits,
    left: u64,
) -> Option<(u64, Result<Word, Wrong>)> {
    let left = left.checked_sub(price(function, words, count, left))?;
    let name = function.name;
    if words.len() < count {
        let message =
            format!("`{name}` is called with {count} values, the stack has {}", words.len());
        return Some((left, Err((TrapKind::StackUnderflow, message))));
    }
    if let Err(message) = check(function, words) {
        return Some((left, Err((TrapKind::TypeError, message))));
    }
    let result = match function.body {
        Body::Scalar(scalar) => {
            let number = |at: usize| words.get(at).and_then(Word::as_number).unwrap_or(f64::NAN);
            let result = scalar.apply([number(0), number(1), number(2)]);
            Ok(if let Scalar::Test(_) = scalar {
                Word::bool(result != 0.0)
            } else {
                Word::number(result)
            })
        }
        Body::Words(work) => (work.act)(&mut Arguments { function, words, heap, limits }),
    };
    // What limits say is the same whoever breaks them; and of types, what argument it is about.
    let named = |(kind, message): Wrong| match kind == TrapKind::TypeError || kind.is_limit() {
        true => (kind, message),
        false => (kind, format!("`{name}`: {message}")),
    };
    Some((left, result.map_err(named)))
}

/// The whole price, or more than `left` if the part that pays for looking is more than that.
fn price(function: &Function, words: &[Word], count: usize, left: u64) -> u64 {
    let fixed = rate::LIBRARY_CALL;
    match function.body {
        Body::Words(work) if words.len() == count && function.takes(count) => {
            let first = fixed.saturating_add((work.price)(words));
            match work.more {
                Some(more) if first <= left => first.saturating_add(more(words)),
                Some(_) | None => first,
            }
        }
        Body::Scalar(_) | Body::Words(_) => fixed,
    }
}

/// The number of the arguments, then their kinds, left to right.
fn check(function: &Function, words: &[Word]) -> Result<(), String> {
    let name = function.name;
    if !function.takes(words.len()) {
        return Err(format!("`{name}` takes {}, not {}", function.counts(), words.len()));
    }
    for (at, (word, (_, wanted))) in words.iter().zip(function.parameters).enumerate() {
        if at >= function.required && matches!(word.view(), View::Null) {
            continue;
        }
        if let Some(found) = wanted.misfit(word) {
            return Err(misfit(function, at, &format!("is {}", a(*wanted)), &found));
        }
    }
    Ok(())
}

/// Words for an argument that is of a wrong type.
fn misfit(function: &Function, at: usize, wanted: &str, found: &str) -> String {
    let (name, parameter) = (function.name, function.parameters[at].0);
    format!("argument {} of `{name}`, {parameter}, {wanted}, not {found}", at + 1)
}

/// With its article.
fn a(kind: Kind) -> String {
    if kind == Kind::Any { kind.to_string() } else { format!("a {kind}") }
}

fn no_room<T>(bytes: u64) -> Result<T, Wrong> {
    Err((TrapKind::MemoryLimit, format!("the machine has no room for {bytes} bytes")))
}

/// An argument that is of its type and yet none that the function takes.
pub(super) fn invalid<T>(message: impl Into<String>) -> Result<T, Wrong> {
    Err((TrapKind::InvalidArgument, message.into()))
}

impl Arguments<'_> {
    /// The trap of an argument that is of a wrong type beside the others.
    pub(super) fn misfit(&self, at: usize, wanted: &str, found: &str) -> Wrong {
        (TrapKind::TypeError, misfit(self.function, at, wanted, found))
    }

    pub(super) fn number(&self, at: usize) -> f64 {
        self.words[at].as_number().expect("its kind was checked")
    }

    /// A number that need not be given.
    pub(super) fn optional_number(&self, at: usize) -> Option<f64> {
        self.words.get(at).and_then(Word::as_number)
    }

    pub(super) fn text(&self, at: usize) -> &TextObject {
        text(&self.words[at]).expect("its kind was checked")
    }

    pub(super) fn list(&self, at: usize) -> &ListObject {
        list(&self.words[at]).expect("its kind was checked")
    }

    pub(super) fn map(&self, at: usize) -> &MapObject {
        map(&self.words[at]).expect("its kind was checked")
    }

    /// Takes an argument out; everything was checked.
    pub(super) fn take(&mut self, at: usize) -> Word {
        std::mem::replace(&mut self.words[at], Word::NULL)
    }

    pub(super) fn check(&self, made: &Made) -> Result<(), Wrong> {
        made.check(self.heap.live_bytes(), self.limits)
    }

    /// Whether a text of so many bytes can be made.
    pub(super) fn check_text(&self, bytes: u64) -> Result<(), Wrong> {
        let own = bytes.saturating_add(HEADER_BYTES);
        self.check(&Made { depth: 0, own, tree: own, added: own })
    }

    /// A String with room for so many bytes, which limits allow. Where they are unlimited, the machine's
    /// memory is the limit.
    pub(super) fn room(&self, bytes: u64) -> Result<String, Wrong> {
        let mut text = String::new();
        match usize::try_from(bytes).map(|bytes| text.try_reserve_exact(bytes)) {
            Ok(Ok(())) => Ok(text),
            Ok(Err(_)) | Err(_) => no_room(bytes),
        }
    }

    /// Room for so many elements, likewise.
    pub(super) fn room_for(&self, elements: u64) -> Result<Vec<Word>, Wrong> {
        let mut items = Vec::new();
        match usize::try_from(elements).map(|elements| items.try_reserve_exact(elements)) {
            Ok(Ok(())) => Ok(items),
            Ok(Err(_)) | Err(_) => no_room(size::list(elements)),
        }
    }

    pub(super) fn make_text(&self, text: impl Into<CompactString>) -> Result<Word, Wrong> {
        let text = text.into();
        self.check_text(text.len() as u64)?;
        Ok(self.heap.text(text))
    }

    /// Whether a list of these, which are held already, can be made.
    pub(super) fn check_list<'w>(
        &self,
        items: impl Iterator<Item = &'w Word>,
    ) -> Result<(), Wrong> {
        let (mut count, mut deepest, mut inside) = (0, 0, 0_u64);
        for item in items {
            count += 1;
            deepest = deepest.max(item.depth());
            inside = inside.saturating_add(item.tree_size());
        }
        let own = size::list(count);
        let tree = own.saturating_add(inside);
        self.check(&Made { depth: deepest + 1, own, tree, added: own })
    }

    /// A list of words that are all held by something else, or have no storage.
    pub(super) fn make_list(&self, items: Vec<Word>) -> Result<Word, Wrong> {
        self.check_list(items.iter())?;
        Ok(self.heap.list(items))
    }
}

/// The Text, if it is one.
pub(super) fn text(word: &Word) -> Option<&TextObject> {
    if let View::Text(text) = word.view() { Some(text) } else { None }
}

/// The List, if it is one.
pub(super) fn list(word: &Word) -> Option<&ListObject> {
    if let View::List(list) = word.view() { Some(list) } else { None }
}

/// The Map, if it is one.
pub(super) fn map(word: &Word) -> Option<&MapObject> {
    if let View::Map(map) = word.view() { Some(map) } else { None }
}

/// What functions are priced by. What an argument of another type has is nothing.
pub(super) mod size {
    use super::{Word, list as as_list, map, text};
    use crate::energy::rate;
    use crate::word::{ELEMENT_BYTES, HEADER_BYTES};

    /// The bytes of a Text.
    pub(in crate::library) fn bytes(word: &Word) -> u64 {
        text(word).map_or(0, |text| text.as_str().len() as u64)
    }

    /// Thousandths for each byte of the first argument.
    pub(in crate::library) fn by_bytes(a: &[Word]) -> u64 {
        rate::BYTE * bytes(&a[0])
    }

    /// The own size of a List of so many elements.
    pub(in crate::library) fn list(elements: u64) -> u64 {
        ELEMENT_BYTES.saturating_mul(elements).saturating_add(HEADER_BYTES)
    }

    /// The elements of a List.
    pub(in crate::library) fn elements(word: &Word) -> u64 {
        as_list(word).map_or(0, |list| list.items().len()) as u64
    }

    /// The entries of a Map.
    pub(in crate::library) fn entries(word: &Word) -> u64 {
        map(word).map_or(0, |map| map.len()) as u64
    }

    /// The bytes of all that is in a List.
    pub(in crate::library) fn inner(word: &Word) -> u64 {
        as_list(word).map_or(0, |_| inside(word))
    }

    /// The bytes of a value without its own, whatever it is.
    pub(in crate::library) fn inside(word: &Word) -> u64 {
        word.tree_size() - word.own_size()
    }

    /// How often n can be halved: what sorting takes for each element.
    pub(in crate::library) fn levels(n: u64) -> u64 {
        u64::BITS as u64 - u64::from(n.leading_zeros())
    }

    /// Thousandths for so many elements.
    pub(in crate::library) fn visiting(elements: u64) -> u64 {
        rate::ELEMENT.saturating_mul(elements)
    }

    /// Thousandths for the copy that a write to a shared value makes first.
    pub(in crate::library) fn copying(word: &Word) -> u64 {
        if word.is_shared() { rate::BYTE * word.own_size() } else { 0 }
    }
}
