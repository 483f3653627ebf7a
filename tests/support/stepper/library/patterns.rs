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
    regex: Regex,
    size: u64,
    steps: u64,
    groups: u64,
}

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
        let Some(pattern) = Pattern::new(self.str(args[1])) else { return invalid("no pattern") };
        let found = pattern.regex.is_match(self.str(args[0]));
        Ok(Gives::Plain(Val::Bool(found)))
    }

    pub(super) fn captures(&mut self, args: &[Val]) -> Result<Gives, Fault> {
        let Some(pattern) = Pattern::new(self.str(args[1])) else { return invalid("no pattern") };
        let Some(found) = pattern.regex.captures(self.str(args[0])) else {
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

impl Pattern {
    /// The pattern of a text, if it is one and not too large.
    fn new(text: &str) -> Option<Pattern> {
        let tree = ParserBuilder::new().nest_limit(DEEPEST).build().parse(text).ok()?;
        let mut scale = Scale { unicode: true, groups: 0 };
        let weight = scale.weigh(&tree);
        let (size, steps) = (1_024 + weight.size, 1 + weight.steps);
        if size > LARGEST {
            return None;
        }
        let regex = RegexBuilder::new(text).size_limit(usize::MAX).build().ok()?;
        Some(Pattern { regex, size, steps, groups: scale.groups })
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
            Ast::ClassUnicode(_) => weight(700, 4),
            Ast::ClassPerl(class) => weight(self.perl(&class.kind), 4),
            Ast::ClassBracketed(class) => {
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
                let outside = self.unicode;
                match &group.kind {
                    GroupKind::CaptureIndex(_) | GroupKind::CaptureName { .. } => self.groups += 1,
                    GroupKind::NonCapturing(flags) => self.flags(flags),
                }
                let inside = self.weigh(&group.ast);
                self.unicode = outside;
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
                FlagsItemKind::Flag(
                    Flag::CaseInsensitive
                    | Flag::MultiLine
                    | Flag::DotMatchesNewLine
                    | Flag::SwapGreed
                    | Flag::CRLF
                    | Flag::IgnoreWhitespace,
                ) => {}
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
