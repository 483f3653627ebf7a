//! A whole program compiled into memory.
//!
//! The clean version of the main body and the direct versions of functions are made when the program is.
//! Versions that are entered seldom are made when they are. Where an assumption fails again and again,
//! the program is compiled once more without it; whoever still runs the code before is not disturbed.

#![expect(unsafe_code, reason = "machine code is called by address and its memory freed")]

use super::Options;
use super::function::Version;
use super::module::{Declared, Defined, Error, Maker, Name, all, entries, first, isa, sizes};
use super::shims;
use crate::analysis::Facts;
use cranelift_jit::{ArenaMemoryProvider, JITBuilder, JITModule};
use cranelift_module::default_libcall_names;
use lau_runtime::instance::Linked;
use lau_runtime::native::{Code, EntryFn, Exit, FORCE_NONE, HELPERS, Sizes};
use lau_runtime::program::Pc;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Why a program has no native code. It runs on the interpreter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(pub String);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no native code: {}", self.0)
    }
}
impl std::error::Error for Refusal {}

/// The native code of a linked program.
pub struct Jit {
    linked: Arc<Linked>,
    facts: Facts,
    options: Options,
    workshop: Mutex<Workshop>,
    /// The parts of the versions of functions, as far as they are made; `None` if one could not be.
    made: Vec<OnceLock<Option<Compiled>>>,
    /// Where those of each function begin there.
    places: Vec<usize>,
    entries: Vec<bool>,
    heights: BTreeMap<Pc, (usize, Name)>,
    sizes: Sizes,
    forced: Arc<AtomicU64>,
    /// Code that assumes less; `None` if it was asked for and cannot be made.
    better: Arc<OnceLock<Option<Arc<Jit>>>>,
    /// Whether somebody is at it.
    improving: AtomicBool,
    coverage: OnceLock<(usize, usize)>,
    /// How often the program was compiled before.
    generation: u32,
}

/// A part of a version of a function, made.
struct Compiled {
    /// What enters it; of a direct version nothing does.
    entry: Option<EntryFn>,
    exits: Vec<Exit>,
}

/// What makes code, one version at a time.
struct Workshop {
    /// Owns the memory of the code; `None` only while it is dropped.
    module: Option<JITModule>,
    maker: Maker,
}

/// Addresses reserved for the code of a program, in bytes, and for each of its operations besides. Three versions
/// of an operation that calls a helper take less than half of that.
const ARENA_MIN: usize = 1 << 20;
const ARENA_PER_OPERATION: usize = 4 << 10;

/// The number of an exit: its place among those of what was made with it, and above that the place of this.
const EXIT_BITS: u32 = 32;

/// After so many compilations of a program, nothing is assumed any more.
const GENERATIONS_MAX: u32 = 6;

impl Jit {
    /// Compiles a program.
    ///
    /// # Errors
    /// If the machine has no code generator, or the program is of a shape that would take too long.
    pub fn new(linked: &Arc<Linked>, options: Options) -> Result<Jit, Refusal> {
        let forced = Arc::new(AtomicU64::new(FORCE_NONE));
        Jit::generation(linked, options, BTreeSet::new(), 0, forced)
    }

    fn generation(
        linked: &Arc<Linked>,
        options: Options,
        mixed: BTreeSet<Pc>,
        generation: u32,
        forced: Arc<AtomicU64>,
    ) -> Result<Jit, Refusal> {
        let refusal = |error: Error| Refusal(error.to_string());
        let facts = Facts::of(linked, mixed).map_err(|error| refusal(error.into()))?;
        let isa = isa(options, false).map_err(refusal)?;
        let mut builder = JITBuilder::with_isa(isa, default_libcall_names());
        let shims = shims::addresses().map_err(Refusal)?;
        builder.symbol_lookup_fn(Box::new(move |name| {
            let helper = HELPERS.iter().find(|helper| helper.name == name);
            let shim = || shims.iter().find(|(shim, _)| shim == name);
            helper
                .map(|helper| helper.address)
                .or_else(|| shim().map(|shim| std::ptr::with_exposed_provenance(shim.1)))
        }));
        // Of one piece, so that every function reaches every other, whenever it is made. Only what is used of it is
        // memory.
        let size = ARENA_MIN + ARENA_PER_OPERATION * linked.program().parts().ops.len();
        let arena = ArenaMemoryProvider::new_with_size(size);
        let arena = arena.map_err(|error| Refusal(format!("no memory for it: {error}")))?;
        builder.memory_provider(Box::new(arena));
        let module = JITModule::new(builder);
        let maker = Maker::new(&module, Declared::default());
        let workshop = Workshop { module: Some(module), maker };
        let mut jit = Jit {
            linked: Arc::clone(linked),
            options,
            workshop: Mutex::new(workshop),
            made: Vec::new(),
            places: Vec::new(),
            entries: vec![false; linked.program().parts().ops.len()],
            heights: entries(&facts),
            sizes: Sizes::default(),
            facts,
            forced,
            better: Arc::default(),
            improving: AtomicBool::new(false),
            coverage: OnceLock::new(),
            generation,
        };
        let mut count = 0;
        for function in &jit.facts.functions {
            jit.places.push(count);
            count += Version::ALL.len() * function.blocks.parts;
        }
        for entry in jit.heights.keys() {
            jit.entries[entry.index()] = true;
        }
        jit.made.resize_with(count, OnceLock::new);
        jit.begin().map_err(refusal)?;
        Ok(jit)
    }

    /// The number of what is made by itself.
    fn place(&self, name: Name) -> usize {
        let parts = self.facts.functions[name.function.index()].blocks.parts;
        self.places[name.function.index()] + parts * name.version as usize + name.part
    }

    /// Makes what is always needed, or everything if it is to be counted.
    fn begin(&mut self) -> Result<(), Error> {
        let wanted: Vec<Name> =
            if self.options.exits { all(&self.facts) } else { first(&self.facts).collect() };
        let wanted: Vec<_> = wanted.into_iter().map(|name| (name, self.place(name))).collect();
        let workshop = self.workshop.get_mut().unwrap_or_else(PoisonError::into_inner);
        let (made, sizes) = workshop.make(&self.linked, &self.facts, self.options, &wanted)?;
        self.sizes = sizes;
        for ((_, place), made) in wanted.into_iter().zip(made) {
            drop(self.made[place].set(Some(made)));
        }
        Ok(())
    }

    fn version(&self, name: Name) -> Option<&Compiled> {
        let place = self.place(name);
        let make = || {
            let mut workshop = self.workshop.lock().unwrap_or_else(PoisonError::into_inner);
            let made = workshop.make(&self.linked, &self.facts, self.options, &[(name, place)]);
            made.ok().and_then(|(mut made, _)| made.pop())
        };
        self.made[place].get_or_init(make).as_ref()
    }

    /// The facts that the code was made by.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// How many of the program's instructions it covers, and how many there are that can be come to.
    #[must_use]
    pub fn coverage(&self) -> (usize, usize) {
        *self.coverage.get_or_init(|| self.facts.coverage(&self.linked))
    }

    /// How many guards there are, in code made so that they can be made to leave.
    #[must_use]
    pub fn guards(&self) -> u64 {
        self.workshop.lock().unwrap_or_else(PoisonError::into_inner).maker.guards
    }

    /// How often runs have left the code so far, each frame counted; code that was made to take its place is
    /// counted by itself.
    #[must_use]
    pub fn left(&self) -> u64 {
        let made = self.made.iter().filter_map(|made| made.get()?.as_ref());
        made.flat_map(|made| &made.exits).map(|e| u64::from(e.taken.load(Ordering::Relaxed))).sum()
    }

    /// Makes a guard leave whenever it is come to: see `lau_runtime::native::FORCE_NONE` and `FORCE_ALL`. Does
    /// nothing in code that was not made for it.
    pub fn force(&self, guard: u64) {
        self.forced.store(guard, Ordering::Relaxed);
    }
}

impl Workshop {
    /// Makes versions of functions, and their memory executable.
    fn make(
        &mut self,
        linked: &Linked,
        facts: &Facts,
        options: Options,
        wanted: &[(Name, usize)],
    ) -> Result<(Vec<Compiled>, Sizes), Error> {
        let module = self.module.as_mut().ok_or("the module is gone")?;
        let mut made = Vec::new();
        for (name, place) in wanted.iter().copied() {
            let exits_from = (place as u64) << EXIT_BITS;
            let maker = &mut self.maker;
            made.push(maker.define(module, (linked, facts), options, name, exits_from)?);
        }
        module.finalize_definitions()?;
        let sizes = sizes(linked, facts, &made);
        let made = made.into_iter().map(|Defined { name, function, exits, .. }| {
            let address = module.get_finalized_function(function);
            // SAFETY: the function was defined with the signature of `EntryFn`.
            let entry = unsafe { std::mem::transmute::<*const u8, EntryFn>(address) };
            Compiled { entry: (name.version != Version::Direct).then_some(entry), exits }
        });
        Ok((made.collect(), sizes))
    }
}

impl Code for Jit {
    fn entries(&self) -> &[bool] {
        &self.entries
    }
    fn height(&self, entry: Pc) -> Option<usize> {
        self.heights.get(&entry).map(|(height, _)| *height)
    }
    fn entry(&self, pc: Pc) -> Option<EntryFn> {
        let (_, name) = self.heights.get(&pc)?;
        self.version(*name)?.entry
    }
    fn exit(&self, number: u64) -> &Exit {
        let version = usize::try_from(number >> EXIT_BITS).unwrap_or(usize::MAX);
        let at = (number & ((1 << EXIT_BITS) - 1)) as usize;
        let made = self.made[version].get().and_then(Option::as_ref);
        &made.expect("code that leaves was made").exits[at]
    }
    fn sizes(&self) -> Sizes {
        self.sizes
    }
    fn forced(&self) -> u64 {
        self.forced.load(Ordering::Relaxed)
    }
    fn profiles(&self) -> bool {
        self.options.profile
    }
    fn better(&self) -> Option<Arc<dyn Code>> {
        self.better.get()?.as_ref().map(|better| Arc::clone(better) as Arc<dyn Code>)
    }
    fn improve(&self, exit: u64) {
        if self.improving.swap(true, Ordering::Relaxed) {
            return;
        }
        let mut mixed = self.facts.mixed.clone();
        mixed.extend(&self.exit(exit).assumed);
        // Where one assumption fails, those that have failed once will again.
        let made = self.made.iter().filter_map(|made| made.get()?.as_ref());
        for exit in made.flat_map(|made| &made.exits) {
            if exit.taken.load(Ordering::Relaxed) > 0 {
                mixed.extend(&exit.assumed);
            }
        }
        if self.generation + 1 >= GENERATIONS_MAX {
            let ops = &self.linked.program().parts().ops;
            mixed.extend((0..ops.len()).map(Pc::new));
        }
        let (linked, forced) = (Arc::clone(&self.linked), Arc::clone(&self.forced));
        let (options, next, better) = (self.options, self.generation + 1, Arc::clone(&self.better));
        // Beside the run: it goes on with what there is, and can be stopped. Without a thread it does so for good.
        let compile = move || {
            better.get_or_init(|| {
                Jit::generation(&linked, options, mixed, next, forced).ok().map(Arc::new)
            });
        };
        drop(std::thread::Builder::new().name("lau-compile".to_owned()).spawn(compile));
    }
}

impl Drop for Jit {
    fn drop(&mut self) {
        let workshop = self.workshop.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(module) = workshop.module.take() {
            // SAFETY: nobody runs the code any more: instances hold it by `Arc` while they do.
            unsafe { module.free_memory() }
        }
    }
}

impl fmt::Debug for Jit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.entries.iter().filter(|entry| **entry).count();
        f.debug_struct("Jit")
            .field("entries", &entries)
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}
