//! Finding equal values fast: a hash that follows the language's `eq`.

use crate::word::{View, Word, equal};
use foldhash::quality::RandomState;
use indexmap::IndexSet;
use std::hash::{BuildHasher, Hash, Hasher};

/// Hashes values. The keys are random, so that no program can choose values that meet; what is found does
/// not depend on them.
#[derive(Default)]
pub(super) struct Equal(RandomState);

/// A value that equals itself, with its hash.
struct Known<'a>(&'a Word, u64);

impl Hash for Known<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.1);
    }
}
impl PartialEq for Known<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.1 == other.1 && equal(self.0, other.0)
    }
}
impl Eq for Known<'_> {}

impl Equal {
    /// The elements that equal none before them, in order.
    pub(super) fn firsts(&self, items: &[Word]) -> Vec<Word> {
        let mut known = IndexSet::with_hasher(self.0.clone());
        let mut firsts = Vec::new();
        for item in items {
            if self.hash(item).is_none_or(|hash| known.insert(Known(item, hash))) {
                firsts.push(item.clone());
            }
        }
        firsts
    }

    /// Equal values have equal hashes. `None` if there is a NaN in it, which keeps it from equalling
    /// anything. Goes as deep as values nest.
    fn hash(&self, word: &Word) -> Option<u64> {
        let mut state = self.0.build_hasher();
        word.type_name().hash(&mut state);
        match word.view() {
            View::Null => {}
            View::Bool(b) => b.hash(&mut state),
            View::Number(n) if n.is_nan() => return None,
            // -0 equals 0.
            View::Number(n) => (if n == 0.0 { 0.0 } else { n }).to_bits().hash(&mut state),
            View::Text(text) | View::Reference(text) => text.as_str().hash(&mut state),
            View::List(list) => {
                for item in list.items() {
                    self.hash(item)?.hash(&mut state);
                }
            }
            // In whatever order its entries are.
            View::Map(map) => {
                let mut sum = 0_u64;
                for (key, value) in map.entries() {
                    sum = sum.wrapping_add(self.0.hash_one((key, self.hash(value)?)));
                }
                sum.hash(&mut state);
            }
        }
        Some(state.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;
    use crate::word::Heap;

    #[test]
    fn equal_values_have_equal_hashes() {
        let (heap, equals) = (Heap::default(), Equal::default());
        let value = |json: &str| {
            heap.word(&serde_json::from_str::<serde_json::Value>(json).unwrap().into())
        };
        let hash = |word: &Word| equals.hash(word).unwrap();
        assert_eq!(hash(&value("0")), hash(&Word::number(-0.0)));
        assert_eq!(
            hash(&value(r#"{"a":[1,"x"],"b":null}"#)),
            hash(&value(r#"{"b":null,"a":[1,"x"]}"#))
        );
        let different =
            ["0", "false", "null", "\"\"", "[]", "{}", "[0]", "[[]]", "[0,0]", "{\"\":0}"];
        for (i, a) in different.iter().enumerate() {
            for b in &different[..i] {
                assert_ne!(hash(&value(a)), hash(&value(b)), "{a} {b}");
            }
        }
        assert_ne!(hash(&value("\"r\"")), hash(&heap.word(&Value::Reference("r".into()))));
        assert!(equals.hash(&heap.word(&vec![Value::from(f64::NAN)].into())).is_none());
    }

    /// If values with NaN were kept, each would be compared with all before it.
    #[test]
    fn many_nans_take_no_longer_than_many_numbers() {
        let nans = vec![Word::number(f64::NAN); 1 << 17];
        let started = std::time::Instant::now();
        assert_eq!(Equal::default().firsts(&nans).len(), nans.len());
        assert!(started.elapsed().as_secs() < 5);
    }
}
