//! Native code that was made ahead of time. There is no compiler to make better code where an assumption
//! fails: so a second compilation that assumes nothing comes with code that assumes something, and takes its
//! place for good.

use super::{Entry, Tables};
use crate::native::{Code, EntryFn, Exit, FORCE_NONE, Sizes};
use crate::program::Pc;
use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The native code of a program that was compiled ahead of time.
pub struct Native {
    entries: Vec<bool>,
    at: HashMap<Pc, (usize, EntryFn)>,
    exits: Vec<Exit>,
    sizes: Sizes,
    guards: u64,
    coverage: (usize, usize),
    forced: Arc<AtomicU64>,
    /// Code that assumes less.
    next: Option<Arc<Native>>,
    /// Whether that is to be used from now on.
    improved: AtomicBool,
    /// What keeps the code where it is.
    _kept: Option<Arc<dyn Any + Send + Sync>>,
}

impl Native {
    /// Joins tables to code, which takes the place of code that assumes more.
    pub(super) fn new(
        operations: usize,
        tables: Tables,
        functions: &[EntryFn],
        next: Option<Arc<Native>>,
        kept: Option<Arc<dyn Any + Send + Sync>>,
    ) -> Result<Native, &'static str> {
        let mut entries = vec![false; operations];
        let mut at = HashMap::with_capacity(tables.entries.len());
        for Entry { pc, height, function } in tables.entries {
            let known = entries.get_mut(pc.index()).zip(functions.get(function as usize));
            let (entry, function) = known.ok_or("an entry outside the tables")?;
            *entry = true;
            at.insert(pc, (height as usize, *function));
        }
        let forced = next
            .as_ref()
            .map_or_else(|| Arc::new(AtomicU64::new(FORCE_NONE)), |next| Arc::clone(&next.forced));
        Ok(Native {
            entries,
            at,
            exits: tables.exits,
            sizes: tables.sizes,
            guards: tables.guards,
            coverage: tables.coverage,
            forced,
            next,
            improved: AtomicBool::new(false),
            _kept: kept,
        })
    }

    /// How many of the program's instructions it covers, and how many there are that can be come to.
    #[must_use]
    pub fn coverage(&self) -> (usize, usize) {
        self.coverage
    }

    /// How many guards there are, in code made so that they can be made to leave.
    #[must_use]
    pub fn guards(&self) -> u64 {
        self.guards
    }

    /// How often runs have left the code so far, each frame counted; code that takes its place is counted by itself.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.exits.iter().map(|exit| u64::from(exit.taken.load(Ordering::Relaxed))).sum()
    }

    /// Makes a guard leave whenever it is come to: see [`crate::native::FORCE_NONE`] and
    /// [`crate::native::FORCE_ALL`]. Does nothing in code that was not made for it.
    pub fn force(&self, guard: u64) {
        self.forced.store(guard, Ordering::Relaxed);
    }
}

impl Code for Native {
    fn entries(&self) -> &[bool] {
        &self.entries
    }
    fn height(&self, entry: Pc) -> Option<usize> {
        self.at.get(&entry).map(|(height, _)| *height)
    }
    fn entry(&self, pc: Pc) -> Option<EntryFn> {
        self.at.get(&pc).map(|(_, entry)| *entry)
    }
    fn exit(&self, number: u64) -> &Exit {
        &self.exits[usize::try_from(number).unwrap_or(usize::MAX)]
    }
    fn sizes(&self) -> Sizes {
        self.sizes
    }
    fn forced(&self) -> u64 {
        self.forced.load(Ordering::Relaxed)
    }
    fn profiles(&self) -> bool {
        false
    }
    fn better(&self) -> Option<Arc<dyn Code>> {
        let improved = self.improved.load(Ordering::Relaxed);
        self.next.as_ref().filter(|_| improved).map(|next| Arc::clone(next) as Arc<dyn Code>)
    }
    fn improve(&self, _: u64) {
        self.improved.store(true, Ordering::Relaxed);
    }
}

impl fmt::Debug for Native {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Native")
            .field("entries", &self.at.len())
            .field("next", &self.next.is_some())
            .finish_non_exhaustive()
    }
}
