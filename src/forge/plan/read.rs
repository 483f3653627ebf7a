//! Reading nodes as what a field has, with a fault where they are not that.
//!
//! Every reader takes down what is wrong and gives `None`; callers read on with the next field, so that all
//! faults are found. Which fields a table has, which of them it must have, and what to say of one that is
//! missing, comes from the JSON Schema: fields that it does not know cannot be read.

use super::fault::{FaultKind, Faults, Flaw, quoted};
use super::schema::Shape;
use super::tree::{Entry, Kind, Node, Path};
use super::types::Word;
use crate::dsl::suggest::nearest;

/// A node, and how it is come to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item<'a> {
    pub(super) node: &'a Node,
    pub(super) path: Path<'a>,
}

impl<'a> Item<'a> {
    /// A fault of this node.
    pub(super) fn flaw(&self, kind: FaultKind, message: impl Into<String>) -> Flaw {
        Flaw::new(kind, self.node.start, &self.path, message)
    }

    fn misfit(&self, faults: &mut Faults<'_>, expected: &str) {
        let message = format!("expected {expected}, found {}", self.node.type_name());
        let flaw = self.flaw(FaultKind::WrongType, message);
        faults.push(match self.node.kind {
            Kind::Null => flaw.help("null is no value; leave out what has none"),
            Kind::Bool(_)
            | Kind::Number(_)
            | Kind::Text(_)
            | Kind::DateTime
            | Kind::List(_)
            | Kind::Table(_) => flaw,
        });
    }

    pub(super) fn text(&self, faults: &mut Faults<'_>) -> Option<&'a str> {
        if let Kind::Text(text) = &self.node.kind {
            return Some(text);
        }
        self.misfit(faults, "a text");
        None
    }

    pub(super) fn bool(&self, faults: &mut Faults<'_>) -> Option<bool> {
        if let Kind::Bool(truth) = self.node.kind {
            return Some(truth);
        }
        self.misfit(faults, "a bool");
        None
    }

    pub(super) fn number(&self, faults: &mut Faults<'_>) -> Option<f64> {
        if let Kind::Number(n) = self.node.kind {
            return Some(n);
        }
        self.misfit(faults, "a number");
        None
    }

    /// A whole number from `min` to `max`, both of them far below 2⁵³.
    pub(super) fn whole(&self, faults: &mut Faults<'_>, min: u64, max: u64) -> Option<u64> {
        let n = self.number(faults)?;
        if n.fract() == 0.0 && n >= min as f64 && n <= max as f64 {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "in range"
            )]
            return Some(n as u64);
        }
        let message = format!("{} is not a whole number from {min} to {max}", digits(n));
        faults.push(self.flaw(FaultKind::NotAllowed, message));
        None
    }

    /// One of a few words.
    pub(super) fn word<T: Word>(&self, faults: &mut Faults<'_>) -> Option<T> {
        let word = self.text(faults)?;
        let found = T::ALL.iter().find(|one| one.name() == word);
        if found.is_none() {
            let names: Vec<_> = T::ALL.iter().map(|one| one.name()).collect();
            let lower = word.to_lowercase();
            let elsewhere = |(words, _): &&(&str, _)| words.split(' ').any(|other| other == lower);
            let help = match T::ELSEWHERE.iter().find(elsewhere) {
                Some((_, here)) => meant(here, &names),
                None => instead(word, &names),
            };
            let message = format!("unknown {} {}", T::WHAT, quoted(word));
            faults.push(self.flaw(FaultKind::NotAllowed, message).help(help));
        }
        found.copied()
    }

    /// The elements of a list.
    pub(super) fn list(&'a self, faults: &mut Faults<'_>) -> Option<Vec<Item<'a>>> {
        if let Kind::List(nodes) = &self.node.kind {
            let item = |(at, node)| Item { node, path: self.path.element(at) };
            return Some(nodes.iter().enumerate().map(item).collect());
        }
        self.misfit(faults, "a list");
        None
    }

    /// What `read` makes of every element of a list, if it makes something of each.
    pub(super) fn each<T>(
        &self,
        faults: &mut Faults<'_>,
        mut read: impl FnMut(&mut Faults<'_>, &Item<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let elements = self.list(faults)?;
        let count = elements.len();
        let read: Vec<T> = elements.iter().filter_map(|item| read(faults, item)).collect();
        (read.len() == count).then_some(read)
    }

    /// Whether a list has no more elements than that, and any if it must; if not, a fault.
    pub(super) fn counts(
        &self,
        faults: &mut Faults<'_>,
        what: &str,
        can_be_empty: bool,
        max: usize,
    ) -> bool {
        let Kind::List(nodes) = &self.node.kind else { return true };
        let message = match nodes.len() {
            0 if !can_be_empty => format!("the list of {what} is empty"),
            count if count > max => format!("{count} {what} are more than the limit of {max}"),
            _ => return true,
        };
        faults.push(self.flaw(FaultKind::NotAllowed, message));
        false
    }

    /// The fields of a table of that shape. Fields that it does not have, and those missing, are faults.
    pub(super) fn table(&'a self, faults: &mut Faults<'_>, shape: &Shape) -> Option<Table<'a>> {
        let names: Vec<_> = shape.fields().collect();
        let table = self.table_of(faults, &names)?;
        for name in shape.required().filter(|name| table.get(name).is_none()) {
            let message = format!("the field `{name}` is missing");
            let path = self.path.field(name);
            let flaw = Flaw::new(FaultKind::MissingField, self.node.start, &path, message);
            faults.push(flaw.help(shape.meaning(name)));
        }
        Some(table)
    }

    /// The fields of a table that has no others than those.
    pub(super) fn table_of(&'a self, faults: &mut Faults<'_>, names: &[&str]) -> Option<Table<'a>> {
        let table = self.any_table(faults)?;
        for entry in table.entries.iter().filter(|entry| !names.contains(&entry.name.as_str())) {
            let message = format!("unknown field {}", quoted(&entry.name));
            let path = self.path.field(&entry.name);
            let flaw = Flaw::new(FaultKind::UnknownField, entry.start, &path, message);
            faults.push(flaw.help(instead(&entry.name, names)));
        }
        Some(table)
    }

    /// The fields of a table, whatever they are.
    pub(super) fn any_table(&'a self, faults: &mut Faults<'_>) -> Option<Table<'a>> {
        if let Kind::Table(entries) = &self.node.kind {
            return Some(Table { item: self, entries });
        }
        self.misfit(faults, "a table");
        None
    }
}

/// A number in a message: as short as can be, whatever its size.
pub(super) fn digits(n: f64) -> String {
    format!("{n:?}").trim_end_matches(".0").to_owned()
}

/// What to write in place of a word that is none of those.
fn instead(word: &str, names: &[&str]) -> String {
    match nearest(word, names.iter().copied()) {
        Some(name) => meant(name, names),
        None => format!("known are {}", names.join(", ")),
    }
}

fn meant(name: &str, names: &[&str]) -> String {
    format!("did you mean `{name}`? known are {}", names.join(", "))
}

/// The fields of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table<'a> {
    item: &'a Item<'a>,
    entries: &'a [Entry],
}

impl<'a> Table<'a> {
    /// The field of that name, if it is there.
    pub(super) fn get(&self, name: &str) -> Option<Item<'a>> {
        let entry = self.entries.iter().find(|entry| entry.name == name)?;
        Some(Item { node: &entry.value, path: self.item.path.field(&entry.name) })
    }

    /// All fields.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a Entry, Item<'a>)> {
        let path = &self.item.path;
        self.entries
            .iter()
            .map(move |entry| (entry, Item { node: &entry.value, path: path.field(&entry.name) }))
    }
}
