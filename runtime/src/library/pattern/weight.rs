//! What a pattern weighs, read off its syntax tree. `docs/energy.md` has the table.
//!
//! Sizes and steps follow what is made of each part. Where case does not count, the library looks every character of
//! a class up, which can be a million for a class written in nine: those are counted apart. A class counts
//! as large as classes of its kind get.

use regex_syntax::ast::{self, Ast, ClassSet, ClassSetItem, Flag, RepetitionKind, RepetitionRange};

/// The longest pattern, in bytes. Of what can be searched for, only comments are longer.
pub(super) const LENGTH_MAX: usize = 8 << 10;
/// The largest compiled size of a pattern, in bytes.
pub(super) const SIZE_MAX: u64 = 64 << 10;
/// All characters there are.
const ALL: u64 = 0x11_0000 - 0x800;
/// The most characters whose case is looked up for a pattern.
const FOLDED_MAX: u64 = 4 * ALL;
/// So many of them cost what a byte costs.
pub(super) const FOLDED_A_BYTE: u64 = 4;
/// How deep patterns may nest.
const NESTING_MAX: u32 = 100;

/// What a pattern weighs.
pub(super) struct Weight {
    /// Its compiled size in bytes.
    pub(super) size: u64,
    /// How many parts of it a character can be held against.
    pub(super) steps: u64,
    /// Its groups that capture.
    pub(super) groups: u64,
    /// Characters whose case is looked up.
    pub(super) folded: u64,
}

/// The syntax tree of a pattern, or what is wrong with it.
pub(super) fn parse(text: &str) -> Result<Ast, String> {
    if text.len() > LENGTH_MAX {
        return Err(format!("a pattern of {} bytes, where {LENGTH_MAX} are allowed", text.len()));
    }
    let parsed = ast::parse::ParserBuilder::new().nest_limit(NESTING_MAX).build().parse(text);
    parsed.map_err(|error| {
        let (place, why) = (error.span().start, error.kind());
        format!("{why}, at {}:{} of the pattern", place.line, place.column)
    })
}

/// Weighs a pattern, unless it is none or too large.
pub(super) fn weigh(text: &str) -> Result<Weight, String> {
    let flags = Flags { unicode: true, folding: false };
    let mut model = Model { flags, groups: 0, folded: 0 };
    let Part { size, steps } = model.weigh(&parse(text)?);
    let (size, steps) = (size.saturating_add(1_024), steps.saturating_add(1));
    if size > SIZE_MAX {
        let help = "`[0-9]` and `[0-9A-Za-z_]` are smaller than `\\d` and `\\w`";
        return Err(format!(
            "a pattern of a compiled size of {size}, where {SIZE_MAX} are allowed; {help}"
        ));
    }
    if model.folded > FOLDED_MAX {
        let folded = model.folded;
        return Err(format!(
            "a pattern that asks for the case of {folded} characters, where {FOLDED_MAX} are allowed; \
             leave `(?i)` out where classes are large"
        ));
    }
    Ok(Weight { size, steps, groups: model.groups, folded: model.folded })
}

/// Bytes of one state of a compiled pattern.
const STATE: u64 = 24;

/// What a part of a pattern weighs.
#[derive(Clone, Copy, Default)]
struct Part {
    size: u64,
    steps: u64,
}

impl Part {
    fn states(size: u64, steps: u64) -> Part {
        Part { size: STATE * size, steps }
    }

    fn and(self, other: Part) -> Part {
        Part {
            size: self.size.saturating_add(other.size),
            steps: self.steps.saturating_add(other.steps),
        }
    }

    fn times(self, n: u64) -> Part {
        Part { size: self.size.saturating_mul(n), steps: self.steps.saturating_mul(n) }
    }
}

/// What is known while a pattern is weighed. It goes as deep as patterns may nest.
struct Model {
    flags: Flags,
    groups: u64,
    folded: u64,
}

/// What holds at a place of a pattern.
#[derive(Clone, Copy)]
struct Flags {
    /// Whether classes are Unicode's.
    unicode: bool,
    /// Whether case does not count.
    folding: bool,
}

impl Model {
    fn weigh(&mut self, tree: &Ast) -> Part {
        match tree {
            Ast::Empty(_) => Part::default(),
            Ast::Flags(set) => {
                self.set(&set.flags);
                Part::default()
            }
            Ast::Literal(literal) => {
                let bytes = literal.c.len_utf8() as u64;
                Part::states(bytes, bytes)
            }
            Ast::Dot(_) => Part::states(8, 4),
            Ast::Assertion(_) => Part::states(1, 1),
            Ast::ClassUnicode(_) => {
                self.fold(ALL);
                Part::states(700, 4)
            }
            Ast::ClassPerl(class) => Part::states(self.perl(class), 4),
            Ast::ClassBracketed(class) => {
                self.fold_bracketed(class);
                Part::states(self.bracketed(class), 4)
            }
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
                once.times(times).and(Part::states(1, 1))
            }
            Ast::Group(group) => {
                let flags = self.flags;
                match &group.kind {
                    ast::GroupKind::NonCapturing(flags) => self.set(flags),
                    ast::GroupKind::CaptureIndex(_) | ast::GroupKind::CaptureName { .. } => {
                        self.groups += 1;
                    }
                }
                let inside = self.weigh(&group.ast);
                self.flags = flags;
                inside.and(Part::states(2, 2))
            }
            Ast::Alternation(branches) => {
                let flags = self.flags;
                let sum = |sum: Part, branch| sum.and(self.weigh(branch)).and(Part::states(1, 1));
                let all = branches.asts.iter().fold(Part::default(), sum);
                self.flags = flags;
                all
            }
            Ast::Concat(parts) => {
                parts.asts.iter().fold(Part::default(), |sum, part| sum.and(self.weigh(part)))
            }
        }
    }

    fn set(&mut self, flags: &ast::Flags) {
        let state = |flag, before| flags.flag_state(flag).unwrap_or(before);
        self.flags = Flags {
            unicode: state(Flag::Unicode, self.flags.unicode),
            folding: state(Flag::CaseInsensitive, self.flags.folding),
        };
    }

    /// So many characters are looked up to find what differs from them in case alone, if that matters here.
    fn fold(&mut self, characters: u64) {
        if self.flags.folding {
            self.folded = self.folded.saturating_add(characters);
        }
    }

    /// Each bracket is folded by itself, and what is in it before; so are both sides of an operator.
    fn fold_bracketed(&mut self, class: &ast::ClassBracketed) {
        self.fold(self.characters(&class.kind));
        self.fold_inside(&class.kind);
    }

    fn fold_inside(&mut self, set: &ClassSet) {
        match set {
            ClassSet::Item(item) => self.fold_item(item),
            ClassSet::BinaryOp(op) => {
                for side in [&op.lhs, &op.rhs] {
                    self.fold(self.characters(side));
                    self.fold_inside(side);
                }
            }
        }
    }

    fn fold_item(&mut self, item: &ClassSetItem) {
        match item {
            ClassSetItem::Bracketed(class) => self.fold_bracketed(class),
            ClassSetItem::Unicode(_) => self.fold(ALL),
            ClassSetItem::Union(union) => union.items.iter().for_each(|item| self.fold_item(item)),
            ClassSetItem::Empty(_)
            | ClassSetItem::Literal(_)
            | ClassSetItem::Range(_)
            | ClassSetItem::Ascii(_)
            | ClassSetItem::Perl(_) => {}
        }
    }

    /// How many characters are in a set at most.
    fn characters(&self, set: &ClassSet) -> u64 {
        match set {
            ClassSet::Item(item) => self.characters_of_item(item),
            ClassSet::BinaryOp(op) => {
                self.characters(&op.lhs).saturating_add(self.characters(&op.rhs))
            }
        }
    }

    fn characters_of_item(&self, item: &ClassSetItem) -> u64 {
        match item {
            ClassSetItem::Empty(_) => 0,
            ClassSetItem::Literal(_) => 1,
            ClassSetItem::Range(range) => u64::from(range.end.c) - u64::from(range.start.c) + 1,
            ClassSetItem::Ascii(class) => {
                if class.negated {
                    ALL
                } else {
                    128
                }
            }
            ClassSetItem::Unicode(_) => ALL,
            ClassSetItem::Perl(class) => match class.kind {
                _ if class.negated => ALL,
                _ if !self.flags.unicode => 128,
                ast::ClassPerlKind::Digit => 1_000,
                ast::ClassPerlKind::Space => 32,
                ast::ClassPerlKind::Word => 150_000,
            },
            ClassSetItem::Bracketed(class) if class.negated => ALL,
            ClassSetItem::Bracketed(class) => self.characters(&class.kind),
            ClassSetItem::Union(union) => union
                .items
                .iter()
                .fold(0, |sum: u64, item| sum.saturating_add(self.characters_of_item(item))),
        }
    }

    fn perl(&self, class: &ast::ClassPerl) -> u64 {
        match class.kind {
            _ if !self.flags.unicode => 4,
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
