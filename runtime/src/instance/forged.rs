//! What becomes of bytes that may be taken for a snapshot: the body of the fuzzers.

use super::Instance;
use crate::energy::Energy;
use crate::host::Host;
use crate::limits::Limits;
use crate::program::Linked;
use crate::snapshot::Snapshot;
use std::sync::Arc;

/// How far bytes came, at best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Survived {
    /// They were not read as a snapshot.
    Refused,
    /// They were read, and refused as a state of the program.
    Read,
    /// They were gone on with.
    Ran,
}

/// Takes bytes for a snapshot in every form, also behind a header that fits them, and goes on with what
/// passes for one. Whatever they are, it comes back.
///
/// # Panics
/// If a snapshot that was read does not read back as the same. That is a bug.
pub fn survive(linked: &Arc<Linked>, host: &Arc<Host>, limits: Limits, bytes: &[u8]) -> Survived {
    let text = std::str::from_utf8(bytes).ok();
    let read = [
        Snapshot::from_bytes(bytes).ok(),
        Snapshot::from_bytes(&Snapshot::forge(bytes)).ok(),
        text.and_then(|text| Snapshot::from_json(text).ok()),
    ];
    let all = read.iter().flatten().map(|snapshot| go_on(linked, host, limits, snapshot));
    all.max().unwrap_or(Survived::Refused)
}

fn go_on(linked: &Arc<Linked>, host: &Arc<Host>, limits: Limits, snapshot: &Snapshot) -> Survived {
    let restored = Instance::restore(Arc::clone(linked), Arc::clone(host), limits, snapshot);
    let Ok(mut instance) = restored else { return Survived::Read };
    let (bytes, json) = match instance.snapshot() {
        Ok(again) => (again.to_bytes(), again.to_json()),
        Err(error) => panic!("a restored run has no snapshot: {error}"),
    };
    for back in [Snapshot::from_bytes(&bytes), Snapshot::from_json(&json)] {
        assert_eq!(back.map(|back| back.to_bytes()).as_ref(), Ok(&bytes));
    }
    let (_, _) = (instance.memory(), instance.top());
    if instance.question().is_some() {
        let _ = instance.answer(Ok(vec![1.0, 2.0].into()));
    }
    let used = instance.energy_used();
    instance.set_energy(used, used.saturating_add(Energy::from_units(50.0)));
    let _ = instance.step();
    let _ = instance.resume(Energy::from_units(50.0));
    let _ = instance.memory();
    Survived::Ran
}
