//! Functions that search by patterns, and what a pattern weighs.
//!
//! The syntax tree and the matching are those of the crates that the engine uses, one through another door;
//! what is weighed is the tree.

use super::super::super::graph::{Val, bytes};
use super::{Fault, Gives, Stepper, invalid};
use regex::{Regex, RegexBuilder};
use regex_syntax::ast::{
    Ast, ClassPerlKind, ClassSet, ClassSetItem, Flag, Flags, FlagsItemKind, GroupKind,
    RepetitionKind, RepetitionRange, parse::ParserBuilder,
};

/// Compiled sizes above this are too large.
const LARGEST: u64 = 65_536;
/// Patterns may nest so deep.
const DEEPEST: u32 = 100;
/// What one state of a pattern takes.
const STATE: u64 = 24;

/// A pattern that can be searched for.
struct Pattern {
    size: u64,
    steps: u64,
    groups: u64,
}

/// All characters.
const EVERY: u64 = 1_112_064;

impl Stepper<'_> {
    /// Of arguments that are no Texts, or a pattern that is none, nothing.
    pub(super) fn price_of_search(&self, name: &str, args: &[Val]) -> u64 {
        let (Some(text), Some(pattern)) = (self.graph.text(args[0]), self.graph.text(args[1]))
        else {
            return 0;
        };
        let Some(pattern) = Pattern::new(pattern) else { return 0 };
        let times = if name == "captures" { 1 + pattern.groups / 8 } else { 1 };
        let steps = pattern.steps.saturating_mul(times);
        bytes(text).saturating_mul(steps).saturating_add(pattern.size)
    }

    pub(super) fn matches(&mut self, args: &[Val]) -> Result<Gives, Fault> {
        let Some(regex) = regex(self.str(args[1])) else { return invalid("no pattern") };
        let found = regex.is_match(self.str(args[0]));
        Ok(Gives::Plain(Val::Bool(found)))
    }

    pub(super) fn captures(&mut self, args: &[Val]) -> Result<Gives, Fault> {
        let Some(regex) = regex(self.str(args[1])) else { return invalid("no pattern") };
        let Some(found) = regex.captures(self.str(args[0])) else {
            return Ok(Gives::Plain(Val::Null));
        };
        let parts: Vec<Option<String>> =
            found.iter().map(|part| part.map(|part| part.as_str().to_owned())).collect();
        let parts = parts.into_iter().map(|part| match part {
            Some(part) => self.graph.add(super::Body::Text(part), false),
            None => Val::Null,
        });
        let parts = parts.collect();
        Ok(self.made_list(parts))
    }
}

/// What searches for a pattern that can be read and is not too large.
fn regex(text: &str) -> Option<Regex> {
    Pattern::new(text)?;
    RegexBuilder::new(text).size_limit(usize::MAX).build().ok()
}

impl Pattern {
    /// The pattern of a text, if it can be read and is not too large.
    fn new(text: &str) -> Option<Pattern> {
        if text.len() > 8_192 {
            return None;
        }
        let tree = ParserBuilder::new().nest_limit(DEEPEST).build().parse(text).ok()?;
        let mut scale = Scale { unicode: true, folding: false, groups: 0, folded: 0 };
        let weight = scale.weigh(&tree);
        let (size, steps) = (1_024 + weight.size, 1 + weight.steps);
        if size > LARGEST || scale.folded > 4 * EVERY {
            return None;
        }
        Some(Pattern { size: size + scale.folded / 4, steps, groups: scale.groups })
    }
}

/// Bytes of compiled size, and steps.
#[derive(Clone, Copy, Default)]
struct Weight {
    size: u64,
    steps: u64,
}

fn weight(states: u64, steps: u64) -> Weight {
    Weight { size: STATE * states, steps }
}

fn sum(weights: &[Weight]) -> Weight {
    weights.iter().fold(Weight::default(), |sum, one| Weight {
        size: sum.size.saturating_add(one.size),
        steps: sum.steps.saturating_add(one.steps),
    })
}

/// Weighs a tree from left to right.
struct Scale {
    /// Whether `\d` and the like are of all scripts here.
    unicode: bool,
    /// Whether case does not count here.
    folding: bool,
    /// Characters looked up for that, so far.
    folded: u64,
    /// Groups that capture, so far.
    groups: u64,
}

impl Scale {
    fn weigh(&mut self, tree: &Ast) -> Weight {
        match tree {
            Ast::Empty(_) => Weight::default(),
            Ast::Flags(set) => {
                self.flags(&set.flags);
                Weight::default()
            }
            Ast::Literal(literal) => {
                let bytes = bytes(&literal.c.to_string());
                weight(bytes, bytes)
            }
            Ast::Dot(_) => weight(8, 4),
            Ast::Assertion(_) => weight(1, 1),
            Ast::ClassUnicode(_) => {
                self.fold(EVERY);
                weight(700, 4)
            }
            Ast::ClassPerl(class) => weight(self.perl(&class.kind), 4),
            Ast::ClassBracketed(class) => {
                let all = self.look_up(&class.kind);
                self.fold(all);
                weight(if class.negated { 9 } else { 1 } + self.class(&class.kind), 4)
            }
            Ast::Repetition(repetition) => {
                let once = self.weigh(&repetition.ast);
                let times = match &repetition.op.kind {
                    RepetitionKind::ZeroOrOne
                    | RepetitionKind::ZeroOrMore
                    | RepetitionKind::OneOrMore => 1,
                    RepetitionKind::Range(RepetitionRange::Exactly(n)) => *n,
                    RepetitionKind::Range(RepetitionRange::AtLeast(n)) => *n,
                    RepetitionKind::Range(RepetitionRange::Bounded(_, most)) => *most,
                };
                let times = u64::from(times.max(1));
                let all = Weight {
                    size: once.size.saturating_mul(times),
                    steps: once.steps.saturating_mul(times),
                };
                sum(&[all, weight(1, 1)])
            }
            Ast::Group(group) => {
                let outside = (self.unicode, self.folding);
                match &group.kind {
                    GroupKind::CaptureIndex(_) | GroupKind::CaptureName { .. } => self.groups += 1,
                    GroupKind::NonCapturing(flags) => self.flags(flags),
                }
                let inside = self.weigh(&group.ast);
                (self.unicode, self.folding) = outside;
                sum(&[inside, weight(2, 2)])
            }
            Ast::Alternation(branches) => {
                let mut all = Vec::new();
                for branch in &branches.asts {
                    all.extend([self.weigh(branch), weight(1, 1)]);
                }
                sum(&all)
            }
            Ast::Concat(parts) => {
                let parts: Vec<Weight> = parts.asts.iter().map(|part| self.weigh(part)).collect();
                sum(&parts)
            }
        }
    }

    /// `u` turns Unicode on, and after a `-` off.
    fn flags(&mut self, flags: &Flags) {
        let mut off = false;
        for item in &flags.items {
            match item.kind {
                FlagsItemKind::Negation => off = true,
                FlagsItemKind::Flag(Flag::Unicode) => self.unicode = !off,
                FlagsItemKind::Flag(Flag::CaseInsensitive) => self.folding = !off,
                FlagsItemKind::Flag(
                    Flag::MultiLine
                    | Flag::DotMatchesNewLine
                    | Flag::SwapGreed
                    | Flag::CRLF
                    | Flag::IgnoreWhitespace,
                ) => {}
            }
        }
    }

    fn fold(&mut self, characters: u64) {
        if self.folding {
            self.folded += characters;
        }
    }

    /// Looks up what stands in brackets inside of a class, and what stands beside operators; gives how many
    /// characters there are in all of it.
    fn look_up(&mut self, set: &ClassSet) -> u64 {
        match set {
            ClassSet::BinaryOp(op) => {
                let (left, right) = (self.look_up(&op.lhs), self.look_up(&op.rhs));
                self.fold(left);
                self.fold(right);
                left + right
            }
            ClassSet::Item(item) => self.look_up_item(item),
        }
    }

    fn look_up_item(&mut self, item: &ClassSetItem) -> u64 {
        match item {
            ClassSetItem::Empty(_) => 0,
            ClassSetItem::Literal(_) => 1,
            ClassSetItem::Range(range) => (range.end.c as u64) - (range.start.c as u64) + 1,
            ClassSetItem::Ascii(class) => [128, EVERY][usize::from(class.negated)],
            ClassSetItem::Unicode(_) => {
                self.fold(EVERY);
                EVERY
            }
            ClassSetItem::Perl(class) if class.negated => EVERY,
            ClassSetItem::Perl(_) if !self.unicode => 128,
            ClassSetItem::Perl(class) => match class.kind {
                ClassPerlKind::Digit => 1_000,
                ClassPerlKind::Space => 32,
                ClassPerlKind::Word => 150_000,
            },
            ClassSetItem::Bracketed(class) => {
                let inside = self.look_up(&class.kind);
                self.fold(inside);
                if class.negated { EVERY } else { inside }
            }
            ClassSetItem::Union(union) => {
                union.items.iter().map(|item| self.look_up_item(item)).sum()
            }
        }
    }

    /// States of `\d`, `\s` and `\w`.
    fn perl(&self, kind: &ClassPerlKind) -> u64 {
        if !self.unicode {
            return 4;
        }
        match kind {
            ClassPerlKind::Digit => 72,
            ClassPerlKind::Space => 12,
            ClassPerlKind::Word => 772,
        }
    }

    /// States of what stands in brackets.
    fn class(&self, set: &ClassSet) -> u64 {
        match set {
            ClassSet::BinaryOp(op) => self.class(&op.lhs) + self.class(&op.rhs),
            ClassSet::Item(item) => self.item(item),
        }
    }

    fn item(&self, item: &ClassSetItem) -> u64 {
        match item {
            ClassSetItem::Empty(_) => 0,
            ClassSetItem::Literal(_) => 1,
            ClassSetItem::Range(_) | ClassSetItem::Ascii(_) => 4,
            ClassSetItem::Unicode(_) => 700,
            ClassSetItem::Perl(class) => self.perl(&class.kind),
            ClassSetItem::Bracketed(class) => {
                let own = if class.negated { 9 } else { 1 };
                own + self.class(&class.kind)
            }
            ClassSetItem::Union(union) => union.items.iter().map(|item| self.item(item)).sum(),
        }
    }
}
