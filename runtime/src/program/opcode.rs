//! The instruction table: one row for each instruction of the language.
//!
//! Parser, printer, costs, the verifier, the README's reference and the generators of programs all
//! derive from it. What an instruction *does* is not here: that is an arm in each engine.

use crate::energy::rate;

/// What follows an instruction's name on its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A literal value.
    Literal,
    /// A name; the word says of what: `variable`, `field`, `function`, `agent`.
    Name(&'static str),
    /// The name of a task, which may be missing.
    Task,
    /// A number of arguments, 0 to 255.
    Argc,
    /// A number of values or pairs, 0 to 1,000,000.
    Count,
    /// A label or an instruction index.
    Target,
    /// An amount of energy in units.
    Units,
    /// The rest of the line, which may be empty.
    Words,
    /// Parameter names up to the end of the line, at most 255.
    Params,
}

impl Operand {
    /// How the operand is written in a reference: `x`, `n`, `words…`.
    #[must_use]
    pub fn placeholder(self) -> &'static str {
        match self {
            Operand::Literal => "value",
            Operand::Name(what) => what,
            Operand::Task => "[task]",
            Operand::Argc | Operand::Count => "n",
            Operand::Target => "target",
            Operand::Units => "units",
            Operand::Words => "[words…]",
            Operand::Params => "[parameter…]",
        }
    }
}

/// What an instruction takes from the operand stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Exactly so many values; fewer are a stack underflow.
    Values(u8),
    /// The top, or `Null` if there is none.
    TopOrNull,
    /// The top, if there is one.
    TopIfAny,
    /// As many values as the count operand says.
    Count,
    /// Twice as many values as the count operand says.
    Pairs,
}

/// What an instruction does besides taking from and giving to the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    None,
    /// Reads a variable or field.
    Reads,
    /// Writes a variable or field.
    Writes,
    /// May go on elsewhere than at the next instruction.
    Jumps,
    /// Calls the host or a function of the program.
    Calls,
    /// Ends the run or may end it, by its meaning and not by mistake.
    Ends,
    /// Looks at the energy used.
    SeesEnergy,
    /// Marks the place of a definition; is not executed.
    Defines,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The instruction.
    pub opcode: Opcode,
    /// Its name, the first word of its line.
    pub name: &'static str,
    /// Another name that is read as the same instruction.
    pub alias: Option<&'static str>,
    /// What follows the name.
    pub operands: &'static [Operand],
    /// What it takes from the stack.
    pub takes: Takes,
    /// How many values it gives to the stack.
    pub gives: u8,
    /// Its fixed price in thousandths of a unit.
    pub energy: u32,
    /// What is added to the price for sizes, in words; empty if nothing is.
    pub sized: &'static str,
    /// What else it does.
    pub effect: Effect,
    /// What it means, in one line.
    pub meaning: &'static str,
}

macro_rules! table {
    ($($name:ident $text:literal $(or $alias:literal)? [$($operand:expr),*]
        $takes:expr => $gives:literal, $energy:literal $(+ $sized:literal)?, $effect:ident, $meaning:literal;)*) => {
        /// The instructions of the language, one each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Opcode { $(#[doc = $meaning] $name,)* }

        /// The instruction table, in the order of [`Opcode`].
        pub const TABLE: &[Row] = &[$(Row {
            opcode: Opcode::$name,
            name: $text,
            alias: table!(@or $($alias)?),
            operands: {
                #[allow(unused_imports, reason = "rows without operands")]
                use Operand::*;
                const OPERANDS: &[Operand] = &[$($operand),*];
                OPERANDS
            },
            takes: { use Takes::*; $takes },
            gives: $gives,
            energy: $energy,
            sized: concat!($($sized)?),
            effect: Effect::$effect,
            meaning: $meaning,
        },)*];
    };
    (@or $alias:literal) => { Some($alias) };
    (@or) => { None };
}

table! {
    Push "push" [Literal] Values(0) => 1, 100, None, "push the literal";
    Pop "pop" [] TopIfAny => 0, 50, None, "drop the top; on an empty stack do nothing";
    Dup "dup" [] Values(1) => 2, 50, None, "push the top once more";
    Swap "swap" [] Values(2) => 2, 50, None, "exchange the top two";
    Over "over" [] Values(2) => 3, 50, None, "push the second from the top once more";
    Store "store" [Name("variable")] TopOrNull => 0, 100, Writes, "pop into the variable; `Null` if the stack is empty";
    Load "load" [Name("variable")] Values(0) => 1, 100, Reads, "push the variable; `Null` if never stored";
    Take "take" [Name("variable")] Values(0) => 1, 100, Writes, "push the variable and leave `Null` in it";
    Observe "observe" [Name("field")] Values(0) => 1, 300, Reads, "push the memory field, from anywhere; `Null` if absent";
    Publish "publish" [Name("field")] TopOrNull => 0, 300, Writes, "pop into the memory field, from anywhere; `Null` if the stack is empty";
    Add "add" [] Values(2) => 1, 100, None, "sum of two Numbers";
    Sub "sub" [] Values(2) => 1, 100, None, "difference of two Numbers";
    Mul "mul" [] Values(2) => 1, 100, None, "product of two Numbers";
    Div "div" [] Values(2) => 1, 100, None, "quotient of two Numbers";
    Rem "rem" [] Values(2) => 1, 100, None, "remainder of two Numbers, with the dividend's sign";
    Pow "pow" [] Values(2) => 1, 100, None, "a Number to the power of another";
    Neg "neg" [] Values(1) => 1, 100, None, "a Number with its sign turned";
    Eq "eq" [] Values(2) => 1, 100 + "0.001 a byte of the smaller", None, "whether two values are equal, by structure; NaN equals nothing";
    Ne "ne" [] Values(2) => 1, 100 + "0.001 a byte of the smaller", None, "whether two values differ";
    Lt "lt" [] Values(2) => 1, 100 + "0.001 a byte of the smaller", None, "whether the first is less; two Numbers or two Texts";
    Le "le" [] Values(2) => 1, 100 + "0.001 a byte of the smaller", None, "whether the first is less or equal; two Numbers or two Texts";
    Gt "gt" [] Values(2) => 1, 100 + "0.001 a byte of the smaller", None, "whether the first is greater; two Numbers or two Texts";
    Ge "ge" [] Values(2) => 1, 100 + "0.001 a byte of the smaller", None, "whether the first is greater or equal; two Numbers or two Texts";
    Not "not" [] Values(1) => 1, 100, None, "whether the value is falsy";
    And "and" [] Values(2) => 1, 100, None, "whether both values are truthy";
    Or "or" [] Values(2) => 1, 100, None, "whether one value is truthy";
    List "list" [Count] Count => 1, 100 + "0.05 a value", None, "a list of the top n values, in the order pushed";
    Map "map" [Count] Pairs => 1, 100 + "0.05 a value, 0.001 a byte of the keys", None, "a map of the top n pairs of key and value; a later key wins";
    Get "get" [] Values(2) => 1, 200 + "0.001 a byte of a map's key, or of a text that is not ASCII", None, "container, key: the element of a list or character of a text by index, the value of a map by key (`Null` if absent)";
    Len "len" [] Values(1) => 1, 100, None, "size of a Text, List or Map";
    Has "has" [] Values(2) => 1, 200 + "0.001 a byte of a map's key", None, "container, key: whether there is such an index or key";
    Append "append" [Name("variable")] Values(1) => 0, 200 + "0.001 a byte of a text appended, and of the variable's value if it is shared", Writes, "pop a value onto the end of the variable's list, or a text onto its text";
    Put "put" [Name("variable")] Values(2) => 0, 200 + "0.001 a byte of a map's key, and of the variable's value if it is shared", Writes, "pop a value, then a key or index, into the variable's map or list";
    Jump "jump" [Target] Values(0) => 0, 50, Jumps, "go on at the target";
    JumpIf "jump_if" or "jump_false" [Target] TopOrNull => 0, 50, Jumps, "pop; go on at the target if it is **falsy**";
    JumpTrue "jump_true" [Target] TopOrNull => 0, 50, Jumps, "pop; go on at the target if it is truthy";
    Call "call" [Name("function"), Argc] Count => 1, 1000 + "what the library says; a builtin may declare another price than 1, and adds 0.001 a byte of arguments and answer beyond 1,024", Calls, "call the program's function, a host builtin or the library with n arguments; push the result";
    Try "try" [Name("function"), Argc] Count => 1, 1000 + "what `call` adds", Calls, "as `call`, but a builtin's failure is a map with `error` and `message`";
    Return "return" [] Values(0) => 0, 50, Ends, "end the function or the run; the result is the top of the stack, `Null` if empty";
    EnergyCheck "energy_check" [Units] Values(0) => 0, 50, SeesEnergy, "trap if less than so many units remain after paying for this instruction";
    Delegate "delegate" [Name("agent"), Task] Values(0) => 0, 2000, Calls, "hand the task to the host's delegate handler; without one note it in `delegated:<task>`";
    Assert "assert" [Words] Values(0) => 0, 200, SeesEnergy, "assert that energy used is within the budget; the words are for the reader";
    Fail "fail" [Words] Values(0) => 0, 100, Ends, "trap with the words";
    Func "func" [Name("name"), Params] Values(0) => 0, 0, Defines, "begin the definition of a function";
    End "end" [] Values(0) => 0, 0, Defines, "end the definition; running into it returns the popped top";
}

impl Opcode {
    /// The row of this instruction.
    #[must_use]
    pub const fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }

    /// The price in thousandths that does not depend on the sizes of operands: the row's own, and for
    /// `list` and `map` the part for their count.
    #[must_use]
    pub const fn fixed_price(self, count: u32) -> u64 {
        let row = self.row();
        let values = match row.takes {
            _ if !matches!(self, Opcode::List | Opcode::Map) => 0,
            Takes::Pairs => 2 * count as u64,
            Takes::Count | Takes::Values(_) | Takes::TopOrNull | Takes::TopIfAny => count as u64,
        };
        row.energy as u64 + rate::VALUE * values
    }

    /// The instruction of that name, or of which it is the other name.
    #[must_use]
    pub fn named(name: &str) -> Option<Opcode> {
        TABLE.iter().find(|row| row.name == name || row.alias == Some(name)).map(|row| row.opcode)
    }
}

// Whatever is executed costs something, so that no loop is free; and rows stand where `row` looks.
const _: () = {
    let mut i = 0;
    while i < TABLE.len() {
        assert!(TABLE[i].opcode as usize == i);
        assert!(TABLE[i].energy > 0 || matches!(TABLE[i].effect, Effect::Defines));
        i += 1;
    }
};
