//! Traps: what a guest program can do wrong, in one list, and how one is told.
//!
//! A trap is a value, part of how a run ended; it is never a Rust error or panic. Source errors
//! (which are found before a run) and errors of the host are elsewhere.

use serde::{Deserialize, Serialize};
use std::fmt::{self, Write};

/// What is wrong with an instruction: the trap's kind and message.
pub(crate) type Wrong = (TrapKind, String);

macro_rules! traps {
    ($($(#[doc = $doc:literal])* $name:ident = $code:literal, $text:literal, $limit:literal;)*) => {
        /// The kinds of trap.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum TrapKind { $($(#[doc = $doc])* $name,)* }

        impl TrapKind {
            /// Every kind, in the order of the list.
            pub const ALL: &[TrapKind] = &[$(TrapKind::$name,)*];

            /// The stable code, in kebab case; also the serialised form.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(TrapKind::$name => $code,)* }
            }

            /// The words an error message begins with.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self { $(TrapKind::$name => $text,)* }
            }

            /// What happened, in a sentence.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(TrapKind::$name => concat!($($doc),*).trim_ascii(),)* }
            }

            /// Whether one of the run's [`Limits`](crate::limits::Limits) was hit, rather than a rule of the
            /// language broken.
            #[must_use]
            pub fn is_limit(self) -> bool {
                match self { $(TrapKind::$name => $limit,)* }
            }
        }
    };
}

traps! {
    /// Fewer values on the stack than the instruction takes.
    StackUnderflow = "stack-underflow", "Stack underflow", false;
    /// A call of a name that nothing provides.
    UnknownBuiltin = "unknown-builtin", "Unknown builtin", false;
    /// An operand of the wrong type, or a builtin called with the wrong number of arguments.
    TypeError = "type-error", "Type error", false;
    /// An index outside the list or text.
    IndexOutOfRange = "index-out-of-range", "Index out of range", false;
    /// An argument of a library function that is of the right type and yet none that it takes.
    InvalidArgument = "invalid-argument", "Invalid argument", false;
    /// `energy_check` found less than it asks for.
    EnergyCheck = "energy-check", "Energy check failed", false;
    /// The program executed `fail`.
    Failed = "failed", "Failed", false;
    /// A host builtin, or the delegate handler, reported a failure.
    BuiltinFailed = "builtin-failed", "Builtin failed", false;
    /// A host builtin, or the delegate handler, panicked.
    BuiltinPanicked = "builtin-panicked", "Builtin panicked", false;
    /// Calls nested deeper than the limit.
    CallDepth = "call-depth", "Call depth exceeded", true;
    /// More values on the operand stack than the limit.
    StackLimit = "stack-limit", "Stack limit exceeded", true;
    /// A value nested deeper than the limit.
    NestingLimit = "nesting-limit", "Nesting limit exceeded", true;
    /// One text, list or map larger than the limit.
    ValueLimit = "value-limit", "Value size limit exceeded", true;
    /// A value whose whole tree, shared parts counted each time, is larger than the limit.
    TreeLimit = "tree-limit", "Tree size limit exceeded", true;
    /// More live memory than the limit.
    MemoryLimit = "memory-limit", "Memory limit exceeded", true;
}

impl fmt::Display for TrapKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text())
    }
}

/// A place in a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The function, or `None` in the main body.
    pub function: Option<String>,
    /// The instruction's index, counted from 0 over the whole program. At the end of the program it
    /// is the number of instructions.
    pub instruction: u32,
    /// The line in the source, from 1, where the program came from text.
    pub line: Option<u32>,
    /// The column in the source, in characters from 1, where the program came from text.
    pub column: Option<u32>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "instruction {}", self.instruction)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(function) = &self.function {
            // A name may hold anything; a message stays on its line.
            write!(f, ", in `")?;
            for c in function.chars() {
                if c.is_control() { write!(f, "{}", c.escape_unicode())? } else { f.write_char(c)? }
            }
            f.write_char('`')?;
        }
        Ok(())
    }
}

/// How a run went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trap {
    /// What happened.
    pub kind: TrapKind,
    /// The particulars; not empty. The same on every engine.
    pub message: String,
    /// The instruction that trapped. It is paid for and counted; nothing of it was done.
    pub place: Place,
    /// The calls that led there, innermost first; empty in the main body.
    pub calls: Vec<Place>,
}

impl fmt::Display for Trap {
    /// `Type error: add takes Numbers, not Text and Number (instruction 3, line 4)`, and a line for
    /// each call, at most ten of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 10;
        write!(f, "{}: {} ({})", self.kind, self.message, self.place)?;
        for call in self.calls.iter().take(SHOWN) {
            write!(f, "\n  called from {call}")?;
        }
        if let Some(more) = self.calls.len().checked_sub(SHOWN).filter(|n| *n > 0) {
            write!(f, "\n  and {more} more calls")?;
        }
        Ok(())
    }
}

impl std::error::Error for Trap {}
