//! Functions that match regular expressions, and what a pattern costs.
//!
//! The engine is `regex`'s: no pattern takes more than time proportional to its compiled size and to the
//! text. The price has to be the same wherever the program runs, and whatever version of that library it runs
//! on, so compiled sizes are by a model, read off the syntax tree of the pattern; `docs/energy.md` has the table.
//!
//! Within `(?-u:…)` the classes `\d \s \w` are of ASCII, and of size 24 × 4. *Size* is in bytes, about what the
//! library needs, and at most [`SIZE_MAX`]; *steps* are how many parts of the pattern a character of the text
//! can be held against. A pattern is compiled at most once as long as its thread remembers it, which is
//! paid for all the same.

use super::call::{invalid, size, text};
use super::{Arguments, Function, Kind, Work, row};
use crate::energy::rate;
use crate::trap::Wrong;
use crate::word::{HEADER_BYTES, Made, Word};
use regex_automata::meta;
use regex_syntax::ast::{self, Ast, ClassSet, ClassSetItem, Flag, RepetitionKind, RepetitionRange};
use regex_syntax::hir::translate::Translator;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// The largest compiled size of a pattern, in bytes by the model.
pub(super) const SIZE_MAX: u64 = 64 << 10;

const PARAMETERS: &[(&str, Kind)] = &[("text", Kind::Text), ("pattern", Kind::Text)];
const PRICE: &str = "0.01 a byte of the pattern, 0.001 a byte of its compiled size, and 0.001 a byte of the text for each of its steps";

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

/// A pattern made ready, or what is wrong with it.
struct Pattern {
    size: u64,
    steps: u64,
    groups: u64,
    regex: Result<meta::Regex, String>,
}

/// Parsing a pattern, whether or not it is remembered.
fn reading(a: &[Word]) -> u64 {
    rate::FORM * size::bytes(&a[1])
}

/// Compiling the pattern, and holding the text against it. Costs nothing if the pattern is none.
fn searching(a: &[Word], times: impl Fn(&Pattern) -> u64) -> u64 {
    let (Some(_), Some(pattern)) = (text(&a[0]), text(&a[1])) else { return 0 };
    let pattern = remembered(pattern.as_str());
    if pattern.regex.is_err() {
        return 0;
    }
    let steps = pattern.steps.saturating_mul(times(&pattern));
    let search = (rate::BYTE * size::bytes(&a[0])).saturating_mul(steps);
    search.saturating_add(rate::BYTE * pattern.size)
}

fn matches(a: &mut Arguments<'_>) -> Result<Word, Wrong> {
    let pattern = remembered(a.text(1).as_str());
    match &pattern.regex {
        Ok(regex) => Ok(Word::bool(regex.is_match(a.text(0).as_str()))),
        Err(message) => invalid(message),
    }
}

fn captures(a: &mut Arguments<'_>) -> Result<Word, Wrong> {
    let pattern = remembered(a.text(1).as_str());
    let regex = match &pattern.regex {
        Ok(regex) => regex,
        Err(message) => return invalid(message),
    };
    let (text, mut found) = (a.text(0).as_str(), regex.create_captures());
    regex.captures(text, &mut found);
    if !found.is_match() {
        return Ok(Word::NULL);
    }
    let parts = || found.iter().map(|span| span.map(|span| &text[span.range()]));
    let sizes = parts().flatten().map(|part| HEADER_BYTES + part.len() as u64);
    let own = size::list(found.group_len() as u64);
    let (tree, largest) = sizes.fold((own, own), |(sum, most), size| (sum + size, most.max(size)));
    a.check(&Made { depth: 1, own: largest, tree, added: tree })?;
    let word = |part: Option<&str>| part.map_or(Word::NULL, |part| a.heap.text(part));
    Ok(a.heap.list(parts().map(word).collect()))
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
        let pattern = Rc::new(ready(text));
        // A long text that is no pattern is not worth its memory.
        if text.len() as u64 <= SIZE_MAX {
            patterns.push_front((text.to_owned(), Rc::clone(&pattern)));
        }
        let bytes = |patterns: &VecDeque<(String, Rc<Pattern>)>| {
            patterns.iter().map(|(text, known)| text.len() as u64 + known.size).sum::<u64>()
        };
        while patterns.len() > REMEMBERED_MAX
            || (patterns.len() > 1 && bytes(patterns) > REMEMBERED_BYTES)
        {
            patterns.pop_back();
        }
        pattern
    })
}

/// Parses, measures and compiles a pattern.
fn ready(text: &str) -> Pattern {
    let parsed = ast::parse::ParserBuilder::new().nest_limit(NESTING_MAX).build().parse(text);
    let tree = match parsed {
        Ok(tree) => tree,
        Err(error) => {
            let (place, why) = (error.span().start, error.kind());
            let message = format!("{why}, at {}:{} of the pattern", place.line, place.column);
            return Pattern { size: 0, steps: 0, groups: 0, regex: Err(message) };
        }
    };
    let mut model = Model { unicode: true, groups: 0 };
    let Weight { size, steps } = model.weigh(&tree);
    let (size, steps) = (size.saturating_add(1_024), steps.saturating_add(1));
    let regex = if size > SIZE_MAX {
        let help = "`[0-9]` and `[0-9A-Za-z_]` are smaller than `\\d` and `\\w`";
        Err(format!("a pattern of a compiled size of {size}, where {SIZE_MAX} are allowed; {help}"))
    } else {
        compiled(text, &tree)
    };
    Pattern { size: if regex.is_ok() { size } else { 0 }, steps, groups: model.groups, regex }
}

/// How deep patterns may nest.
const NESTING_MAX: u32 = 100;

fn compiled(text: &str, tree: &Ast) -> Result<meta::Regex, String> {
    let hir = Translator::new().translate(text, tree).map_err(|error| {
        let place = error.span().start;
        format!("{}, at {}:{} of the pattern", error.kind(), place.line, place.column)
    })?;
    let config = meta::Config::new()
        .hybrid_cache_capacity(CACHE_BYTES)
        .onepass_size_limit(Some(CACHE_BYTES))
        .nfa_size_limit(None);
    meta::Builder::new().configure(config).build_from_hir(&hir).map_err(|error| error.to_string())
}

/// What a part of a pattern weighs.
#[derive(Clone, Copy, Default)]
struct Weight {
    size: u64,
    steps: u64,
}

/// Bytes of one state of a compiled pattern.
const STATE: u64 = 24;

impl Weight {
    fn states(size: u64, steps: u64) -> Weight {
        Weight { size: STATE * size, steps }
    }

    fn and(self, other: Weight) -> Weight {
        Weight {
            size: self.size.saturating_add(other.size),
            steps: self.steps.saturating_add(other.steps),
        }
    }

    fn times(self, n: u64) -> Weight {
        Weight { size: self.size.saturating_mul(n), steps: self.steps.saturating_mul(n) }
    }
}

/// What is known while a pattern is weighed. It goes as deep as patterns may nest.
struct Model {
    /// Whether classes are Unicode's here.
    unicode: bool,
    groups: u64,
}

impl Model {
    fn weigh(&mut self, tree: &Ast) -> Weight {
        match tree {
            Ast::Empty(_) => Weight::default(),
            Ast::Flags(set) => {
                self.set(&set.flags);
                Weight::default()
            }
            Ast::Literal(literal) => {
                let bytes = literal.c.len_utf8() as u64;
                Weight::states(bytes, bytes)
            }
            Ast::Dot(_) => Weight::states(8, 4),
            Ast::Assertion(_) => Weight::states(1, 1),
            Ast::ClassUnicode(_) => Weight::states(700, 4),
            Ast::ClassPerl(class) => Weight::states(self.perl(class), 4),
            Ast::ClassBracketed(class) => Weight::states(self.bracketed(class), 4),
            Ast::Repetition(repetition) => {
                let once = self.weigh(&repetition.ast);
                let times = match repetition.op.kind {
                    RepetitionKind::ZeroOrOne
                    | RepetitionKind::ZeroOrMore
                    | RepetitionKind::OneOrMore => 1,
                    RepetitionKind::Range(
                        RepetitionRange::Exactly(n)
                        | RepetitionRange::AtLeast(n)
                        | RepetitionRange::Bounded(_, n),
                    ) => u64::from(n.max(1)),
                };
                once.times(times).and(Weight::states(1, 1))
            }
            Ast::Group(group) => {
                let unicode = self.unicode;
                match &group.kind {
                    ast::GroupKind::NonCapturing(flags) => self.set(flags),
                    ast::GroupKind::CaptureIndex(_) | ast::GroupKind::CaptureName { .. } => {
                        self.groups += 1;
                    }
                }
                let inside = self.weigh(&group.ast);
                self.unicode = unicode;
                inside.and(Weight::states(2, 2))
            }
            Ast::Alternation(branches) => {
                let unicode = self.unicode;
                let sum =
                    |sum: Weight, branch| sum.and(self.weigh(branch)).and(Weight::states(1, 1));
                let all = branches.asts.iter().fold(Weight::default(), sum);
                self.unicode = unicode;
                all
            }
            Ast::Concat(parts) => {
                parts.asts.iter().fold(Weight::default(), |sum, part| sum.and(self.weigh(part)))
            }
        }
    }

    fn set(&mut self, flags: &ast::Flags) {
        self.unicode = flags.flag_state(Flag::Unicode).unwrap_or(self.unicode);
    }

    fn perl(&self, class: &ast::ClassPerl) -> u64 {
        match class.kind {
            _ if !self.unicode => 4,
            ast::ClassPerlKind::Digit => 72,
            ast::ClassPerlKind::Space => 12,
            ast::ClassPerlKind::Word => 772,
        }
    }

    /// What is left out of all characters is about as large as `.`.
    fn bracketed(&self, class: &ast::ClassBracketed) -> u64 {
        self.set_states(&class.kind) + if class.negated { 9 } else { 1 }
    }

    fn set_states(&self, set: &ClassSet) -> u64 {
        match set {
            ClassSet::Item(item) => self.item_states(item),
            ClassSet::BinaryOp(op) => self.set_states(&op.lhs) + self.set_states(&op.rhs),
        }
    }

    fn item_states(&self, item: &ClassSetItem) -> u64 {
        match item {
            ClassSetItem::Empty(_) => 0,
            ClassSetItem::Literal(_) => 1,
            ClassSetItem::Range(_) | ClassSetItem::Ascii(_) => 4,
            ClassSetItem::Unicode(_) => 700,
            ClassSetItem::Perl(class) => self.perl(class),
            ClassSetItem::Bracketed(class) => self.bracketed(class),
            ClassSetItem::Union(union) => {
                union.items.iter().map(|item| self.item_states(item)).sum()
            }
        }
    }
}
