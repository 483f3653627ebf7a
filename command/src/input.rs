//! `--input NAME=FILE`: files that become memory fields before a run.
//!
//! The file's ending says what it is: `json`, `csv` or `text`. Reading never goes beyond what the run's limits
//! let a value be, by the model of sizes of `docs/energy.md`, so a huge or endless file is refused while
//! it is read and not after. Whether the run takes the value is the runtime's to say.

mod csv;
mod json;
mod quotes;
mod text;

use crate::source::SOURCE_BYTES_MAX;
use crate::stop::{Exit, Stop};
use lau_runtime::{Limits, Value};
use std::cell::Cell;
use std::collections::HashSet;
use std::fmt::Display;
use std::fs::File;
use std::path::PathBuf;

/// What kinds of file are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Plain JSON: any value.
    Json,
    /// Comma-separated values under a header row: a list of maps.
    Csv,
    /// Any text.
    Text,
}

const KNOWN: &str = "known are .json, .csv, .txt and .log";

/// One `--input`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The memory field.
    pub name: String,
    /// Where its value is.
    pub file: PathBuf,
    /// How it is written there.
    pub format: Format,
}

impl Input {
    /// Reads `NAME=FILE`, where FILE has one of the known endings. The first `=` divides, so a file name
    /// may have one.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (name, file) =
            text.split_once('=').ok_or("expected NAME=FILE, such as log=access.log")?;
        if name.is_empty() {
            return Err("the NAME before `=` is empty".into());
        }
        let file = PathBuf::from(file);
        let ending = file.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
        let format = match ending.as_deref() {
            Some("json") => Format::Json,
            Some("csv") => Format::Csv,
            Some("txt" | "log") => Format::Text,
            Some(other) => return Err(format!("cannot read .{other} files; {KNOWN}")),
            None => return Err(format!("the FILE has no ending; {KNOWN}")),
        };
        Ok(Input { name: name.to_owned(), file, format })
    }

    /// Reads the file.
    pub fn read(&self, limits: &Limits) -> Result<Value, Stop> {
        let room = Room::new(limits);
        let opened = File::open(&self.file).map_err(|error| Stop::unreadable(&self.file, &error));
        opened
            .and_then(|opened| match self.format {
                Format::Json => json::read(opened, &room),
                Format::Csv => csv::read(opened, &room),
                Format::Text => text::read(opened, &room),
            })
            .map_err(|stop| stop.about(&self.file))
    }

    /// Why a run does not let its value in.
    #[must_use]
    pub fn not_taken(&self, why: &impl Display) -> Stop {
        Stop::new(Exit::Limit, format!("the run does not take it: {why}")).about(&self.file)
    }
}

/// Refuses two inputs of one name.
pub fn distinct(inputs: &[Input]) -> Result<(), Stop> {
    let mut seen = HashSet::new();
    match inputs.iter().find(|input| !seen.insert(input.name.as_str())) {
        None => Ok(()),
        Some(twice) => Err(Stop::usage(format!("--input {} is given twice", twice.name))),
    }
}

/// What an input may still take up while it is read. Running out is remembered, since an error that
/// passes through a parser loses what it was.
#[derive(Debug)]
struct Room {
    limits: Limits,
    tree_bytes: Cell<u64>,
    exceeded: Cell<bool>,
}

/// Sizes by the model.
const TEXT_BYTES: u64 = 32;
const CONTAINER_BYTES: u64 = 32;
const ELEMENT_BYTES: u64 = 8;
const ENTRY_BYTES: u64 = 32;

impl Room {
    fn new(limits: &Limits) -> Self {
        Room { limits: *limits, tree_bytes: Cell::new(0), exceeded: Cell::new(false) }
    }

    /// The largest file worth opening: text can be longer than its values, by blanks and digits, but
    /// not without bound.
    fn file_bytes_max(&self) -> u64 {
        self.limits.tree_bytes_max.max(SOURCE_BYTES_MAX)
    }

    fn file_too_large(&self) -> Stop {
        let message =
            format!("the file is larger than the limit of {} bytes", self.file_bytes_max());
        Stop::new(Exit::Limit, message)
    }

    fn text(&self, text: &str) -> Result<(), String> {
        self.take(TEXT_BYTES + text.len() as u64)
    }

    fn container(&self) -> Result<(), String> {
        self.take(CONTAINER_BYTES)
    }

    fn element(&self) -> Result<(), String> {
        self.take(ELEMENT_BYTES)
    }

    fn entry(&self, key: &str) -> Result<(), String> {
        self.take(ENTRY_BYTES + key.len() as u64)
    }

    fn level(&self, levels: u16) -> Result<(), String> {
        if levels <= self.limits.nesting_max {
            return Ok(());
        }
        self.exceeded.set(true);
        let max = self.limits.nesting_max;
        Err(format!("nested deeper than the limit of {max} levels (--nesting-max)"))
    }

    fn take(&self, bytes: u64) -> Result<(), String> {
        self.tree_bytes.set(self.tree_bytes.get().saturating_add(bytes));
        if self.tree_bytes.get() <= self.limits.tree_bytes_max {
            return Ok(());
        }
        self.exceeded.set(true);
        let max = self.limits.tree_bytes_max;
        Err(format!("the value is larger than the limit of {max} bytes (--tree-max)"))
    }

    /// What a failed read means for the exit code.
    fn exit(&self) -> Exit {
        if self.exceeded.get() { Exit::Limit } else { Exit::Usage }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_equals_sign_divides() {
        let input = Input::parse("a=b=c.JSON").unwrap();
        assert_eq!((input.name.as_str(), input.format), ("a", Format::Json));
        assert_eq!(input.file, PathBuf::from("b=c.JSON"));
        for ending in ["txt", "log", "LOG"] {
            assert_eq!(Input::parse(&format!("a=b.{ending}")).unwrap().format, Format::Text);
        }
        for (bad, says) in [
            ("a.json", "NAME=FILE"),
            ("=a.json", "empty"),
            ("a=b.xml", ".xml"),
            ("a=b", "no ending"),
            ("a=.csv", "no ending"),
        ] {
            let error = Input::parse(bad).unwrap_err();
            assert!(error.contains(says), "{bad}: {error}");
        }
    }

    #[test]
    fn names_are_distinct() {
        let inputs = ["a=x.csv", "b=x.csv", "a=y.json"].map(|text| Input::parse(text).unwrap());
        assert!(distinct(&inputs[..2]).is_ok());
        assert!(distinct(&inputs).unwrap_err().message.contains("--input a"));
    }
}
