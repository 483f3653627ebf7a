//! What native code calls: the instructions that are more than a few machine instructions, and calls of the
//! host.
//!
//! Every helper but those that give a Number in a register has one signature: the context, the energy that
//! it may use, and three words. It writes how it went, what it gave and the energy left to the context. One that
//! cannot do *all* of its work does nothing, and native code leaves: so the order of checks, messages
//! and exact stops are the interpreter's, whose functions the helpers use. A call of the host is made
//! once: what follows from it is kept in the state.
//!
//! Operands are borrowed from native code unless it is said that they move.

use super::{Context, Run, status};
use crate::host::{Body, Thrown, guarded};
use crate::interp::calls::{self, Called};
use crate::interp::{Machine, Stop, sized, thrown};
use crate::library::{Body as LibraryBody, LibraryId};
use crate::profile::{Ledger, Profile};
use crate::program::{Action, Callee, FunctionId, Opcode, Pc};
use crate::word::{Word, equal, text_order};

/// A function that native code calls.
#[derive(Clone, Copy, Debug)]
pub struct Helper {
    /// Which it is.
    pub id: HelperId,
    /// Its name, for linkers.
    pub name: &'static str,
    /// Its address in this process.
    pub address: *const u8,
}

// SAFETY: the addresses are of functions.
unsafe impl Sync for Helper {}

type HelperFn = unsafe extern "C" fn(*mut Context, i64, u64, u64, u64);

macro_rules! helpers {
    ($($(#[doc = $meaning:literal])* $id:ident = $name:literal: $f:ident as $type:ty;)*) => {
        /// Which helper.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum HelperId { $($(#[doc = $meaning])* $id,)* }

        /// Everything that native code calls, in the order of [`HelperId`].
        pub static HELPERS: &[Helper] = &[
            $(Helper { id: HelperId::$id, name: $name, address: $f as $type as *const u8 },)*
        ];
    };
}

helpers! {
    /// Takes a holder away: of the first word, which moves.
    Release = "lau_release": release as HelperFn;
    /// Takes away the holders from an address on, so many words.
    ReleaseAll = "lau_release_all": release_all as HelperFn;
    /// Copies so many words, the third, from one address to another. They move.
    Move = "lau_move": move_words as HelperFn;
    /// Whether the first word is truthy: a Bool.
    Truthy = "lau_truthy": truthy as HelperFn;
    /// Compares the first two words; the third is the number of the instruction.
    Compare = "lau_compare": compare as HelperFn;
    /// Remainder of two Numbers.
    Rem = "lau_rem": rem as HelperFn;
    /// Power of two Numbers.
    Pow = "lau_pow": pow as HelperFn;
    /// `get` of container and key.
    Get = "lau_get": get as HelperFn;
    /// `has` of container and key.
    Has = "lau_has": has as HelperFn;
    /// `len` of the first word.
    Len = "lau_len": len as HelperFn;
    /// `append` to the variable at the address; the value moves.
    Append = "lau_append": append as HelperFn;
    /// `put` into the variable at the address, under the key; the value moves.
    Put = "lau_put": put as HelperFn;
    /// `list` of so many operands, which move.
    List = "lau_list": list as HelperFn;
    /// `map` of so many operands, which move.
    Map = "lau_map": map as HelperFn;
    /// The call of the host at the operation; the operands move.
    Call = "lau_call": call as HelperFn;
    /// The `delegate` at the operation.
    Delegate = "lau_delegate": delegate as HelperFn;
    /// For a profile: the function of that number is entered.
    ProfileEnter = "lau_profile_enter": profile_enter as HelperFn;
    /// For a profile: the function in progress is left.
    ProfileLeave = "lau_profile_leave": profile_leave as HelperFn;
    /// `(context, operation) -> double`: calls a typed builtin with the context's arguments.
    Typed = "lau_typed": typed as unsafe extern "C" fn(*mut Context, u64) -> f64;
    /// `(context, function) -> double`: calls a function of the library that takes Numbers alone, with the context's
    /// arguments.
    Scalar = "lau_scalar": scalar as unsafe extern "C" fn(*mut Context, u64) -> f64;
}

/// What a helper works with.
struct Site<'c> {
    context: &'c mut Context,
    run: &'c mut Run<'static>,
}

impl<'c> Site<'c> {
    /// # Safety
    /// The context is the one that native code was entered with, and nothing else borrows it or its run.
    unsafe fn new(context: *mut Context) -> Site<'c> {
        // SAFETY: as the caller vouches; the run lives as long as the entry.
        unsafe {
            let context = &mut *context;
            let run = &mut *context.run;
            Site { context, run }
        }
    }

    fn machine(&mut self) -> &mut Machine {
        // SAFETY: the entry borrows the machine for as long as native code runs, and hands it to helpers.
        unsafe { &mut *self.run.machine }
    }

    fn end(&mut self, status: u64, word: u64, energy: i64) {
        (self.context.status, self.context.word, self.context.energy) = (status, word, energy);
    }

    /// Ends with what it made under a price, if that can be paid and it could be made.
    fn priced<E>(
        &mut self,
        energy: i64,
        price: u64,
        make: impl FnOnce(&mut Self) -> Result<u64, E>,
    ) {
        let rest = i64::try_from(price).ok().and_then(|price| energy.checked_sub(price));
        match rest.filter(|rest| *rest >= 0).map(|rest| (rest, make(self))) {
            Some((rest, Ok(word))) => self.end(status::DONE, word, rest),
            Some((_, Err(_))) | None => self.end(status::NOT_DONE, 0, energy),
        }
    }
}

/// The words that native code lends.
///
/// # Safety
/// They are held while they are looked at.
unsafe fn borrowed<const N: usize>(bits: &[u64; N]) -> &[Word; N] {
    // SAFETY: as the caller vouches.
    let words = unsafe { Word::borrowed_from_native(bits) };
    words.try_into().expect("as many words as bits")
}

// SAFETY of all below: native code passes the context it was entered with, words that it holds, and
// addresses of variables that it has not lent to anybody; it keeps to what moves.

#[cfg_attr(feature = "names", unsafe(export_name = "lau_release"))]
unsafe extern "C" fn release(_: *mut Context, _: i64, word: u64, _: u64, _: u64) {
    // SAFETY: as above; it moves.
    drop(unsafe { Word::from_native(word) });
}

#[cfg_attr(feature = "names", unsafe(export_name = "lau_release_all"))]
unsafe extern "C" fn release_all(_: *mut Context, _: i64, from: u64, n: u64, _: u64) {
    // SAFETY: as above; native code names variables of its own, and uses them no more.
    let words = unsafe { std::slice::from_raw_parts(from as *const u64, n as usize) };
    for bits in words {
        // SAFETY: as above; it moves.
        drop(unsafe { Word::from_native(*bits) });
    }
}

#[cfg_attr(feature = "names", unsafe(export_name = "lau_move"))]
unsafe extern "C" fn move_words(_: *mut Context, _: i64, from: u64, to: u64, n: u64) {
    // SAFETY: native code names variables of its own and the record it writes, with room for them.
    unsafe {
        std::ptr::copy_nonoverlapping(from as *const u64, to as *mut u64, n as usize);
    }
}

#[cfg_attr(feature = "names", unsafe(export_name = "lau_truthy"))]
unsafe extern "C" fn truthy(context: *mut Context, energy: i64, word: u64, _: u64, _: u64) {
    // SAFETY: as above.
    let (mut site, word) = unsafe { (Site::new(context), [word]) };
    // SAFETY: as above.
    let [word] = unsafe { borrowed(&word) };
    site.end(status::DONE, Word::bool(word.is_truthy()).into_native(), energy);
}

#[cfg_attr(feature = "names", unsafe(export_name = "lau_compare"))]
unsafe extern "C" fn compare(context: *mut Context, energy: i64, a: u64, b: u64, how: u64) {
    // SAFETY: as above.
    let mut site = unsafe { Site::new(context) };
    let bits = [a, b];
    // SAFETY: as above.
    let [a, b] = unsafe { borrowed(&bits) };
    let price = sized::compare_price(Some(a), Some(b));
    site.priced(energy, price, |_| {
        let numbers = a.as_number().zip(b.as_number());
        let order = || match numbers {
            Some((a, b)) => Some(a.partial_cmp(&b)),
            None => text_order(a, b).map(Some),
        };
        let result = match how {
            n if n == Opcode::Eq as u64 => Some(equal(a, b)),
            n if n == Opcode::Ne as u64 => Some(!equal(a, b)),
            n if n == Opcode::Lt as u64 => {
                order().map(|o| o.is_some_and(std::cmp::Ordering::is_lt))
            }
            n if n == Opcode::Le as u64 => {
                order().map(|o| o.is_some_and(std::cmp::Ordering::is_le))
            }
            n if n == Opcode::Gt as u64 => {
                order().map(|o| o.is_some_and(std::cmp::Ordering::is_gt))
            }
            _ => order().map(|o| o.is_some_and(std::cmp::Ordering::is_ge)),
        };
        result.map(|b| Word::bool(b).into_native()).ok_or(())
    });
}

#[cfg_attr(feature = "names", unsafe(export_name = "lau_rem"))]
unsafe extern "C" fn rem(context: *mut Context, energy: i64, a: u64, b: u64, _: u64) {
    // SAFETY: as above.
    let mut site = unsafe { Site::new(context) };
    let result = f64::from_bits(a) % f64::from_bits(b);
    site.end(status::DONE, result.to_bits(), energy);
}

#[cfg_attr(feature = "names", unsafe(export_name = "lau_pow"))]
unsafe extern "C" fn pow(context: *mut Context, energy: i64, a: u64, b: u64, _: u64) {
    // SAFETY: as above.
    let mut site = unsafe { Site::new(context) };
    let result = libm::pow(f64::from_bits(a), f64::from_bits(b));
    site.end(status::DONE, result.to_bits(), energy);
}

#[cfg_attr(feature = "names", unsafe(export_name = "lau_get"))]
unsafe extern "C" fn get(context: *mut Context, energy: i64, container: u64, key: u64, _: u64) {
    // SAFETY: as above.
    let mut site = unsafe { Site::new(context) };
    let bits = [container, key];
    // SAFETY: as above.
    let [container, key] = unsafe { borrowed(&bits) };
    site.priced(energy, sized::get_price(Some(container), Some(key)), |site| {
        let limits = site.run.env.limits;
        sized::get(&site.machine().heap, container, key, limits).map(Word::into_native)
    });
}

#[cfg_attr(feature = "names", unsafe(export_name = "lau_has"))]
unsafe extern "C" fn has(context: *mut Context, energy: i64, container: u64, key: u64, _: u64) {
    // SAFETY: as above.
    let mut site = unsafe { Site::new(context) };
    let bits = [container, key];
    // SAFETY: as above.
    let [container, key] = unsafe { borrowed(&bits) };
    site.priced(energy, sized::key_price(Some(container), Some(key)), |_| {
        sized::has(container, key).map(Word::into_native)
    });
}

#[cfg_attr(feature = "names", unsafe(export_name = "lau_len"))]
unsafe extern "C" fn len(context: *mut Context, energy: i64, container: u64, _: u64, _: u64) {
    // SAFETY: as above.
    let mut site = unsafe { Site::new(context) };
    let bits = [container];
    // SAFETY: as above.
    let [container] = unsafe { borrowed(&bits) };
    site.priced(energy, 0, |_| sized::len(container).map(Word::into_native));
}

#[cfg_attr(feature = "names", unsafe(export_name = "lau_append"))]
unsafe extern "C" fn append(context: *mut Context, energy: i64, at: u64, value: u64, _: u64) {
    // SAFETY: as above.
    let (mut site, variable) = unsafe { (Site::new(context), &mut *(at as *mut Word)) };
    let bits = [value];
    // SAFETY: as above.
    let [value] = unsafe { borrowed(&bits) };
    site.priced(energy, sized::append_price(variable, Some(value)), |site| {
        let limits = site.run.env.limits;
        let heap = &site.machine().heap;
        sized::check_append(heap, variable, value, limits)?;
        // SAFETY: as above; it moves.
        sized::append_to(heap, variable, unsafe { Word::from_native(bits[0]) });
        Ok::<_, (crate::trap::TrapKind, String)>(0)
    });
}

#[cfg_attr(feature = "names", unsafe(export_name = "lau_put"))]
unsafe extern "C" fn put(context: *mut Context, energy: i64, at: u64, key: u64, value: u64) {
    // SAFETY: as above.
    let (mut site, variable) = unsafe { (Site::new(context), &mut *(at as *mut Word)) };
    let bits = [key, value];
    // SAFETY: as above.
    let [key, value] = unsafe { borrowed(&bits) };
    site.priced(energy, sized::put_price(variable, Some(key)), |site| {
        let limits = site.run.env.limits;
        let heap = &site.machine().heap;
        let at = sized::check_put(heap, variable, key, value, limits)?;
        // SAFETY: as above; it moves.
        sized::put_in(heap, variable, at, key, unsafe { Word::from_native(bits[1]) });
        Ok::<_, (crate::trap::TrapKind, String)>(0)
    });
}

impl Site<'_> {
    /// The operands that native code laid out for the helper.
    fn operands(&self, n: u64) -> &'static [u64] {
        let n = usize::try_from(n).unwrap_or(0);
        // SAFETY: the buffer has room for the most operands that code hands over, and native code wrote them.
        unsafe { std::slice::from_raw_parts(self.context.operands, n) }
    }
}

#[cfg_attr(feature = "names", unsafe(export_name = "lau_list"))]
unsafe extern "C" fn list(context: *mut Context, energy: i64, n: u64, _: u64, _: u64) {
    // SAFETY: as above.
    let mut site = unsafe { Site::new(context) };
    let bits = site.operands(n);
    site.priced(energy, 0, |site| {
        let limits = site.run.env.limits;
        let heap = &site.machine().heap;
        // SAFETY: as above; they move once the check has passed.
        sized::check_list(heap, unsafe { Word::borrowed_from_native(bits) }, limits)?;
        // SAFETY: as above.
        let items = bits.iter().map(|bits| unsafe { Word::from_native(*bits) }).collect();
        Ok::<_, (crate::trap::TrapKind, String)>(heap.list(items).into_native())
    });
}

#[cfg_attr(feature = "names", unsafe(export_name = "lau_map"))]
unsafe extern "C" fn map(context: *mut Context, energy: i64, n: u64, _: u64, _: u64) {
    // SAFETY: as above.
    let mut site = unsafe { Site::new(context) };
    let bits = site.operands(n);
    // SAFETY: as above.
    let pairs = unsafe { Word::borrowed_from_native(bits) };
    site.priced(energy, sized::keys_price(pairs, pairs.len()), |site| {
        let limits = site.run.env.limits;
        let made = sized::map(&site.machine().heap, pairs, limits)?;
        for bits in bits {
            // SAFETY: as above; the map has holders of its own.
            drop(unsafe { Word::from_native(*bits) });
        }
        Ok::<_, (crate::trap::TrapKind, String)>(made.into_native())
    });
}

#[cfg_attr(feature = "names", unsafe(export_name = "lau_call"))]
unsafe extern "C" fn call(context: *mut Context, energy: i64, operation: u64, _: u64, _: u64) {
    // SAFETY: as above.
    let mut site = unsafe { Site::new(context) };
    let pc = Pc::new(usize::try_from(operation).unwrap_or(usize::MAX));
    let env = site.run.env;
    let action = env.linked.program().parts().ops[pc.index()].action;
    let argc =
        if let Action::CallOut(_, argc) | Action::TryOut(_, argc) = action { argc } else { 0 };
    let bits = site.operands(argc.into());
    let machine = site.machine();
    let below = machine.stack.len();
    // SAFETY: as above; they move onto the stack, where the interpreter has them.
    machine.stack.extend(bits.iter().map(|bits| unsafe { Word::from_native(*bits) }));
    let left = u64::try_from(energy).unwrap_or(0);
    let mut end = calls::begin(machine, &env, action, left);
    if matches!(end.1, Called::Done) && machine.pending.is_some() {
        end = calls::accept(machine, &env, action, end.0);
    }
    let rest = i64::try_from(end.0).unwrap_or(i64::MAX);
    if let Called::Done = end.1 {
        let word = machine.stack.pop().unwrap_or(Word::NULL).into_native();
        let stop = env.watch.look().map(Stop::Suspended);
        let status = if stop.is_some() { status::STOP } else { status::DONE };
        site.run.stop = stop;
        return site.end(status, word, rest);
    }
    // The operands are native code's again.
    for (word, bits) in machine.stack.drain(below..).zip(bits) {
        let back = word.into_native();
        debug_assert_eq!(back, *bits);
    }
    match end.1 {
        Called::ExhaustedBefore => return site.end(status::NOT_DONE, 0, energy),
        Called::Exhausted | Called::Done => {} // whoever goes on finds the answer
        Called::Asked => {
            site.run.stop = Some(Stop::Suspended(crate::interp::Suspended::Asked));
        }
        Called::Wrong((kind, message)) => site.run.stop = Some(Stop::Trapped(kind, message)),
    }
    site.end(status::PENDING, 0, rest);
}

#[cfg_attr(feature = "names", unsafe(export_name = "lau_delegate"))]
unsafe extern "C" fn delegate(context: *mut Context, energy: i64, operation: u64, _: u64, _: u64) {
    // SAFETY: as above.
    let mut site = unsafe { Site::new(context) };
    let env = site.run.env;
    let at = usize::try_from(operation).unwrap_or(usize::MAX);
    let Action::Delegate(id) = env.linked.program().parts().ops[at].action else {
        return site.end(status::NOT_DONE, 0, energy);
    };
    let left = u64::try_from(energy).unwrap_or(0);
    let (status, stop) = match calls::delegate(site.machine(), &env, id, left).1 {
        Called::Wrong((kind, message)) => (status::PENDING, Some(Stop::Trapped(kind, message))),
        Called::Done | Called::Exhausted | Called::ExhaustedBefore | Called::Asked => {
            match env.watch.look() {
                Some(suspended) => (status::STOP, Some(Stop::Suspended(suspended))),
                None => (status::DONE, None),
            }
        }
    };
    site.run.stop = stop;
    site.end(status, 0, energy);
}

impl Site<'_> {
    /// Tells the profile something, and native code where the cells are afterwards.
    fn profile(&mut self, tell: impl FnOnce(&mut Profile)) {
        // SAFETY: the entry borrows the profile for as long as native code runs, and hands it to helpers.
        if let Some(profile) = unsafe { self.run.profile.as_mut() } {
            tell(profile);
            self.context.cells = profile.cells();
        }
    }
}

#[cfg_attr(feature = "names", unsafe(export_name = "lau_profile_enter"))]
unsafe extern "C" fn profile_enter(context: *mut Context, _: i64, function: u64, _: u64, _: u64) {
    // SAFETY: as above.
    let mut site = unsafe { Site::new(context) };
    let function = FunctionId::new(usize::try_from(function).unwrap_or(usize::MAX));
    site.profile(|profile| profile.enter(function));
}

#[cfg_attr(feature = "names", unsafe(export_name = "lau_profile_leave"))]
unsafe extern "C" fn profile_leave(context: *mut Context, _: i64, _: u64, _: u64, _: u64) {
    // SAFETY: as above.
    let mut site = unsafe { Site::new(context) };
    site.profile(Ledger::leave);
}

/// Calls a typed builtin.
#[cfg_attr(feature = "names", unsafe(export_name = "lau_typed"))]
unsafe extern "C" fn typed(context: *mut Context, operation: u64) -> f64 {
    // SAFETY: as above.
    let Site { context, run } = unsafe { Site::new(context) };
    let linked = run.env.linked;
    let at = usize::try_from(operation).unwrap_or(usize::MAX);
    let action = linked.program().parts().ops[at].action;
    let (Action::CallOut(call, argc) | Action::TryOut(call, argc)) = action else { return 0.0 };
    let Callee::Builtin(builtin) = linked.callee(call) else { return 0.0 };
    let Body::Typed(f, _) = run.env.builtins[builtin].body() else { return 0.0 };
    let arguments = &mut context.arguments[..usize::from(argc)];
    for n in arguments.iter_mut().filter(|n| n.is_nan()) {
        *n = f64::NAN; // the one NaN that a host can see
    }
    let thrown_by = |thrown_: Thrown| {
        let name = &linked.program().parts().calls[call.index()];
        let (kind, message) = thrown(name, thrown_);
        Stop::Trapped(kind, message)
    };
    match guarded(|| f(arguments)) {
        Ok(n) => {
            context.status = status::DONE;
            if let Some(suspended) = run.env.watch.look_if_watched() {
                run.stop = Some(Stop::Suspended(suspended));
                context.status = status::STOP;
            }
            if n.is_nan() { f64::NAN } else { n }
        }
        Err(failure) => {
            run.stop = Some(thrown_by(failure));
            context.status = status::PENDING;
            0.0
        }
    }
}

/// Calls a function of the library that takes Numbers alone, by its number in the table.
#[cfg_attr(feature = "names", unsafe(export_name = "lau_scalar"))]
unsafe extern "C" fn scalar(context: *mut Context, function: u64) -> f64 {
    // SAFETY: as above.
    let Site { context, .. } = unsafe { Site::new(context) };
    let id = usize::try_from(function).ok().and_then(LibraryId::of);
    let Some(LibraryBody::Scalar(scalar)) = id.map(|id| id.function().body) else { return 0.0 };
    let [a, b, c, _] = context.arguments;
    scalar.apply([a, b, c])
}
