//! The program: the IR that every engine runs.
//!
//! Functions are ranges of flat, fixed-size operations with resolved targets; names, constants and
//! texts stand in tables and are referred to by typed indices. A [`Program`] is made from [`Parts`]
//! by [`Program::new`], which verifies them, so whoever holds one may rely on every index. It knows
//! nothing of hosts: [`Linked`] joins it to the interface it will call.

pub mod opcode;

mod hash;
mod index;
mod link;
mod print;
mod verify;

pub use hash::ProgramHash;
pub use index::{CallId, ConstantId, DelegateId, FunctionId, Pc, QuantityId, Slot, TextId};
pub use link::{Callee, Linked};
pub use opcode::Opcode;
pub use verify::{Fault, price};

use crate::energy::Energy;
use crate::trap::Place;
use crate::value::Value;
use crate::word::Constants;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::OnceLock;

/// The most variables one function may have, parameters included: it bounds the memory of a frame and
/// the work of a call.
pub const FUNCTION_VARIABLES_MAX: usize = 1_024;
/// The most instructions a program may have.
pub const INSTRUCTIONS_MAX: usize = 1 << 22;
/// The deepest nesting of a literal.
pub const LITERAL_NESTING_MAX: usize = 200;
/// The most values that a `list` takes, and the most entries that a `map` does.
pub const COUNT_MAX: u32 = 1_000_000;
/// The most bytes of a name in a program's text: places in outcomes repeat the names of functions.
pub const NAME_BYTES_MAX: usize = 1_024;

/// What an operation does: an instruction with its operands resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the instruction table tells what each does, once")]
pub enum Action {
    Push(ConstantId),
    Pop,
    Dup,
    Swap,
    Over,
    /// A variable of the function; in the main body a memory slot. So for `Load` … `Put`.
    Store(Slot),
    Load(Slot),
    Take(Slot),
    Append(Slot),
    Put(Slot),
    /// A memory slot, in any function.
    Observe(Slot),
    Publish(Slot),
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Pow,
    Neg,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Not,
    And,
    Or,
    List(u32),
    Map(u32),
    Get,
    Len,
    Has,
    Jump(Pc),
    JumpIf(Pc),
    JumpTrue(Pc),
    /// A call of the program's own function.
    Call(FunctionId, u8),
    /// A call of whatever the name is linked to; its price comes from there too.
    CallOut(CallId, u8),
    TryOut(CallId, u8),
    Return,
    EnergyCheck(QuantityId),
    Delegate(DelegateId),
    Assert(TextId),
    Fail(TextId),
    /// The end of a function's operations: running into it returns the popped top. Free, not counted.
    End,
}

/// One operation, with what it costs and where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Op {
    /// What it does.
    pub action: Action,
    /// The part of its price that is known from the program alone, in thousandths.
    pub energy: u32,
    /// The index of its instruction.
    pub at: u32,
}

// The interpreter's loop reads one of these for each instruction.
const _: () = assert!(size_of::<Op>() <= 20);

/// A function, or the main body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    /// Its name; `None` for the main body.
    pub name: Option<String>,
    /// How many of its variables are parameters, the first ones.
    pub parameters: u8,
    /// The names of its variables. Empty for the main body, whose variables are memory.
    pub variables: Vec<String>,
    /// Its operations; the last is `End`.
    pub code: Range<u32>,
}

/// What a `delegate` hands over, and the note it leaves if nobody takes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    /// To whom.
    pub agent: String,
    /// What; may be empty.
    pub task: String,
    /// The memory slot of the note.
    pub field: Slot,
    /// The note.
    pub note: ConstantId,
}

/// A line and column in source text, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourcePlace {
    /// Line.
    pub line: u32,
    /// Column, in characters.
    pub column: u32,
}

/// All of a program, before it is verified.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parts {
    /// The main body first, then the others.
    pub functions: Vec<Function>,
    /// The operations of all functions.
    pub ops: Vec<Op>,
    /// The names of memory slots.
    pub memory: Vec<String>,
    /// Literals.
    pub constants: Vec<Value>,
    /// Names called that are not the program's own.
    pub calls: Vec<String>,
    /// Words of `assert` and `fail`.
    pub texts: Vec<String>,
    /// Amounts of `energy_check`.
    pub quantities: Vec<Energy>,
    /// What `delegate` hands over.
    pub delegations: Vec<Delegation>,
    /// How many instructions the program was made from.
    pub instructions: u32,
    /// Where each instruction stands in the source; empty if there is none.
    pub places: Vec<SourcePlace>,
}

/// A verified program.
pub struct Program {
    parts: Parts,
    constants: Constants,
    slots: HashMap<String, Slot>,
    hash: OnceLock<ProgramHash>,
}

impl Program {
    /// Verifies the parts and makes a program of them.
    ///
    /// # Errors
    /// The first rule that the parts break. Parts that lowering made break none.
    pub fn new(parts: Parts) -> Result<Program, Fault> {
        verify::verify(&parts)?;
        let constants = Constants::new(&parts.constants);
        let slots = parts.memory.iter().enumerate();
        let slots = slots.map(|(at, name)| (name.clone(), Slot::new(at))).collect();
        Ok(Program { parts, constants, slots, hash: OnceLock::new() })
    }

    /// What it is made of.
    #[must_use]
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// The hash of its content, worked out when it is first asked for.
    #[must_use]
    pub fn hash(&self) -> ProgramHash {
        *self.hash.get_or_init(|| ProgramHash::of(&self.parts))
    }

    /// The operation of a function that an instruction became, if it became one.
    pub(crate) fn op_at(&self, function: FunctionId, instruction: u32) -> Option<Pc> {
        let code = &self.parts.functions[function.index()].code;
        let (start, end) = (code.start as usize, code.end as usize);
        let at = self.parts.ops[start..end].binary_search_by_key(&instruction, |op| op.at).ok()?;
        Some(Pc::new(start + at))
    }

    pub(crate) fn constants(&self) -> &Constants {
        &self.constants
    }

    /// The place of an operation.
    pub(crate) fn place(&self, function: FunctionId, pc: Pc) -> Place {
        let at = self.parts.ops[pc.index()].at;
        let source = self.parts.places.get(at as usize);
        Place {
            function: self.parts.functions[function.index()].name.clone(),
            instruction: at,
            line: source.map(|source| source.line),
            column: source.map(|source| source.column),
        }
    }

    /// The memory slot of that name, if the program names it.
    #[must_use]
    pub fn memory_slot(&self, name: &str) -> Option<Slot> {
        self.slots.get(name).copied()
    }
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.parts.fmt(f)
    }
}
