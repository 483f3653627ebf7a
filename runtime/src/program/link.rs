//! Linking: what each name that a program calls means, on a host with a given interface.

use super::{CallId, Program};
use crate::host::{Interface, Signature};
use crate::library::{self, LibraryId};
use std::sync::Arc;

/// What a called name means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callee {
    /// A builtin of the host, by its place in the interface.
    Builtin(usize),
    /// A function of the standard library.
    Library(LibraryId),
    /// Nothing; calling it is a trap.
    Unknown,
}

/// A program joined to a host interface. Engines compile this; instances bring the implementations.
///
/// The program's own functions come before builtins of the same name; lowering has seen to that. Builtins
/// come before functions of the library.
#[derive(Debug)]
pub struct Linked {
    program: Arc<Program>,
    interface: Interface,
    callees: Vec<Callee>,
}

impl Linked {
    /// Links a program to what a host provides. Names that are not provided stay unknown: calling one
    /// is a trap, if it comes to that.
    #[must_use]
    pub fn new(program: Arc<Program>, interface: Interface) -> Linked {
        let library = |name: &str| library::find(name).map_or(Callee::Unknown, Callee::Library);
        let callee =
            |name: &String| interface.find(name).map_or_else(|| library(name), Callee::Builtin);
        let callees = program.parts().calls.iter().map(callee).collect();
        Linked { program, interface, callees }
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// The interface it is linked to.
    #[must_use]
    pub fn interface(&self) -> &Interface {
        &self.interface
    }

    /// What a called name means.
    #[must_use]
    #[inline]
    pub fn callee(&self, call: CallId) -> Callee {
        self.callees[call.index()]
    }

    /// Names the program calls that nothing provides.
    pub fn unknown(&self) -> impl Iterator<Item = &str> {
        let calls = self.program.parts().calls.iter().zip(&self.callees);
        calls.filter(|(_, callee)| **callee == Callee::Unknown).map(|(name, _)| name.as_str())
    }

    pub(crate) fn signature(&self, builtin: usize) -> (&str, &Signature) {
        self.interface.builtin(builtin)
    }
}
