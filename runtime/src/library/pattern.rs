//! Functions that match regular expressions, and what a pattern costs.
//!
//! The engine is `regex`'s: no pattern takes more than time proportional to its compiled size and to the
//! text. The price has to be the same wherever the program runs, and whatever version of that library it runs
//! on, so compiled sizes are by a model, read off the syntax tree of the pattern; `docs/energy.md` has the table.
//!
//! *Size* is in bytes, about what the library needs; *steps* are how many parts of the pattern a character of the
//! text can be held against. Reading a pattern is paid before it is read, compiling it before it is compiled. It
//! is compiled at most once as long as its thread remembers it, which is paid for all the same.

mod weight;

use super::call::{invalid, size, text};
use super::{Arguments, Function, Kind, Work, row};
use crate::energy::rate;
use crate::trap::Wrong;
use crate::word::{HEADER_BYTES, Made, Word};
use regex_automata::meta;
use regex_syntax::hir::translate::Translator;
use std::cell::{OnceCell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use weight::{FOLDED_A_BYTE, LENGTH_MAX, SIZE_MAX, Weight, parse, weigh};

const PARAMETERS: &[(&str, Kind)] = &[("text", Kind::Text), ("pattern", Kind::Text)];
const PRICE: &str = "0.01 a byte of the pattern, 0.001 a byte of its compiled size and for 4 characters of classes whose case is folded, and 0.001 a byte of the text for each of its steps";

pub(super) const TABLE: &[Function] = &[
    row(
        ("matches", PARAMETERS),
        Kind::Bool,
        PRICE,
        "whether the regular expression matches anywhere in the text",
        ("push \"order 66\"; push \"[0-9]+$\"; call matches 2", "true"),
        Work { price: reading, more: Some(|a| searching(a, |_| 1)), act: matches },
    ),
    row(
        ("captures", PARAMETERS),
        Kind::ListOrNull,
        "as `matches`, the steps times 1 and an eighth of the groups, rounded down",
        "the first match of the regular expression and what its groups matched, `Null` for one that took no part; `Null` if nothing matches",
        ("push \"k=v\"; push \"(\\\\w)=(\\\\w)\"; call captures 2", "[\"k=v\", \"k\", \"v\"]"),
        Work { price: reading, more: Some(|a| searching(a, |p| 1 + p.groups / 8)), act: captures },
    ),
];

/// A pattern that was read: what it weighs, or what is wrong with it; and, once it was searched for, what
/// searches for it.
struct Pattern {
    weight: Result<Weight, String>,
    regex: OnceCell<Result<meta::Regex, String>>,
}

impl Pattern {
    /// Bytes it takes, by the model.
    fn bytes(&self) -> u64 {
        self.weight.as_ref().map_or(0, |weight| weight.size)
    }
}

/// Parsing a pattern, whether or not it is remembered.
fn reading(a: &[Word]) -> u64 {
    rate::FORM * size::bytes(&a[1])
}

/// Compiling the pattern, and holding the text against it. A text that cannot be read as a pattern, or one that is
/// too large, costs nothing more.
fn searching(a: &[Word], times: impl Fn(&Weight) -> u64) -> u64 {
    let (Some(_), Some(pattern)) = (text(&a[0]), text(&a[1])) else { return 0 };
    let pattern = remembered(pattern.as_str());
    let Ok(weight) = &pattern.weight else { return 0 };
    let steps = weight.steps.saturating_mul(times(weight));
    let search = (rate::BYTE * size::bytes(&a[0])).saturating_mul(steps);
    search.saturating_add(rate::BYTE * (weight.size + weight.folded / FOLDED_A_BYTE))
}

/// Looks for the pattern in the text, each of which the caller has paid for.
fn search<T>(
    a: &Arguments<'_>,
    look: impl FnOnce(&meta::Regex, &str) -> Result<T, Wrong>,
) -> Result<T, Wrong> {
    let pattern = remembered(a.text(1).as_str());
    let regex = || pattern.regex.get_or_init(|| compiled(a.text(1).as_str())).as_ref();
    match pattern.weight.as_ref().and_then(|_| regex()) {
        Ok(regex) => look(regex, a.text(0).as_str()),
        Err(message) => invalid(message),
    }
}

fn matches(a: &mut Arguments<'_>) -> Result<Word, Wrong> {
    search(a, |regex, text| Ok(Word::bool(regex.is_match(text))))
}

fn captures(a: &mut Arguments<'_>) -> Result<Word, Wrong> {
    search(a, |regex, text| {
        let mut found = regex.create_captures();
        regex.captures(text, &mut found);
        if !found.is_match() {
            return Ok(Word::NULL);
        }
        let parts = || found.iter().map(|span| span.map(|span| &text[span.range()]));
        let sizes = parts().flatten().map(|part| HEADER_BYTES + part.len() as u64);
        let own = size::list(found.group_len() as u64);
        let (tree, largest) =
            sizes.fold((own, own), |(sum, most), size| (sum + size, most.max(size)));
        a.check(&Made { depth: 1, own: largest, tree, added: tree })?;
        let word = |part: Option<&str>| part.map_or(Word::NULL, |part| a.heap.text(part));
        Ok(a.heap.list(parts().map(word).collect()))
    })
}

/// So many bytes of patterns, by their compiled sizes, a thread remembers.
const REMEMBERED_BYTES: u64 = 4 * SIZE_MAX;
/// And no more than so many patterns.
const REMEMBERED_MAX: usize = 32;
/// What the search may remember of one pattern in each direction, in bytes: the library's least, and some.
const CACHE_BYTES: usize = 256 << 10;

thread_local! {
    /// The patterns used last, the latest first.
    static REMEMBERED: RefCell<VecDeque<(String, Rc<Pattern>)>> = const { RefCell::new(VecDeque::new()) };
}

/// The pattern of that text, made ready.
fn remembered(text: &str) -> Rc<Pattern> {
    REMEMBERED.with_borrow_mut(|patterns| {
        if let Some(at) = patterns.iter().position(|(known, _)| known == text) {
            if at > 0 {
                let known = patterns.remove(at);
                known.into_iter().for_each(|known| patterns.push_front(known));
            }
            return Rc::clone(&patterns[0].1);
        }
        let pattern = Rc::new(read(text));
        if text.len() > LENGTH_MAX {
            return pattern; // it is none, and seeing that took no time
        }
        patterns.push_front((text.to_owned(), Rc::clone(&pattern)));
        let bytes = |patterns: &VecDeque<(String, Rc<Pattern>)>| {
            patterns.iter().map(|(text, known)| text.len() as u64 + known.bytes()).sum::<u64>()
        };
        while patterns.len() > REMEMBERED_MAX
            || (patterns.len() > 1 && bytes(patterns) > REMEMBERED_BYTES)
        {
            patterns.pop_back();
        }
        pattern
    })
}

/// Reads a pattern.
fn read(text: &str) -> Pattern {
    Pattern { weight: weigh(text), regex: OnceCell::new() }
}

/// Makes what searches for a pattern, which can be read and is not too large.
fn compiled(text: &str) -> Result<meta::Regex, String> {
    let hir = Translator::new().translate(text, &parse(text)?).map_err(|error| {
        let place = error.span().start;
        format!("{}, at {}:{} of the pattern", error.kind(), place.line, place.column)
    })?;
    let config = meta::Config::new()
        .hybrid_cache_capacity(CACHE_BYTES)
        .onepass_size_limit(Some(CACHE_BYTES))
        .nfa_size_limit(None);
    meta::Builder::new().configure(config).build_from_hir(&hir).map_err(|error| error.to_string())
}
