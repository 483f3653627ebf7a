//! Instructions to text, in normal form: one line each, as the instruction table spells it.
//!
//! `parse(print(v)) = v` for every instruction within the limits of `parse` (counts, parameters, names,
//! levels of a literal). Jumps print as indices, since labels are gone. What needs quoting is decided with the
//! writing of values, in `literal`.

use super::instruction::Instruction;
use super::literal::{Literal, write_name, write_number, write_words};
use std::fmt::{self, Write};

/// The instructions as a program's text, a line each.
///
/// ```
/// use lau_agent_runtime::{Instruction, dsl::{parse::parse, print::print}};
/// let program = [Instruction::Push("two words".into()), Instruction::Store("x y".into())];
/// let text = print(&program);
/// assert_eq!(text, "push \"two words\"\nstore \"x y\"\n");
/// assert_eq!(parse(&text).instructions, program);
/// ```
#[must_use]
pub fn print(instructions: &[Instruction]) -> String {
    let mut out = String::new();
    for instruction in instructions {
        writeln!(out, "{instruction}").expect("writing to a String does not fail");
    }
    out
}

/// The instruction's line.
impl fmt::Display for Instruction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.opcode().row().name)?;
        match self {
            Instruction::Push(value) => write!(f, " {}", Literal(value)),
            Instruction::Store(name)
            | Instruction::Load(name)
            | Instruction::Take(name)
            | Instruction::Observe(name)
            | Instruction::Publish(name)
            | Instruction::Append(name)
            | Instruction::Put(name) => name_after_space(f, name),
            Instruction::List(count) | Instruction::Map(count) => write!(f, " {count}"),
            Instruction::Jump(target)
            | Instruction::JumpIf(target)
            | Instruction::JumpTrue(target) => write!(f, " {target}"),
            Instruction::Call(name, argc) | Instruction::Try(name, argc) => {
                name_after_space(f, name)?;
                write!(f, " {argc}")
            }
            Instruction::EnergyCheck(units) => {
                f.write_char(' ')?;
                write_number(f, *units)
            }
            Instruction::Delegate(agent, task) => {
                name_after_space(f, agent)?;
                if task.is_empty() { Ok(()) } else { name_after_space(f, task) }
            }
            Instruction::Assert(words) | Instruction::Fail(words) => {
                if words.is_empty() {
                    return Ok(());
                }
                f.write_char(' ')?;
                write_words(f, words)
            }
            Instruction::Func(name, params) => {
                name_after_space(f, name)?;
                params.iter().try_for_each(|param| name_after_space(f, param))
            }
            Instruction::Pop
            | Instruction::Dup
            | Instruction::Swap
            | Instruction::Over
            | Instruction::Add
            | Instruction::Sub
            | Instruction::Mul
            | Instruction::Div
            | Instruction::Rem
            | Instruction::Pow
            | Instruction::Neg
            | Instruction::Eq
            | Instruction::Ne
            | Instruction::Lt
            | Instruction::Le
            | Instruction::Gt
            | Instruction::Ge
            | Instruction::Not
            | Instruction::And
            | Instruction::Or
            | Instruction::Get
            | Instruction::Len
            | Instruction::Has
            | Instruction::Return
            | Instruction::End => Ok(()),
        }
    }
}

fn name_after_space(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    f.write_char(' ')?;
    write_name(f, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operands_are_bare_where_they_read_back_so() {
        let line = |instruction: Instruction| instruction.to_string();
        assert_eq!(line(Instruction::Store("a\"b:".into())), "store a\"b:");
        assert_eq!(line(Instruction::Store(String::new())), "store \"\"");
        assert_eq!(line(Instruction::Store("\"".into())), r#"store "\"""#);
        assert_eq!(line(Instruction::Call("#f".into(), 255)), "call \"#f\" 255");
        assert_eq!(line(Instruction::Delegate("a b".into(), String::new())), "delegate \"a b\"");
        assert_eq!(line(Instruction::Delegate("a".into(), "#x".into())), "delegate a \"#x\"");
        assert_eq!(
            line(Instruction::Assert("it's  \"fine\" # so".into())),
            "assert it's  \"fine\" # so"
        );
        assert_eq!(line(Instruction::Fail(" x".into())), "fail \" x\"");
        assert_eq!(line(Instruction::Fail("a\nb".into())), r#"fail "a\nb""#);
        assert_eq!(line(Instruction::Assert(String::new())), "assert");
        assert_eq!(
            line(Instruction::Func("f".into(), vec!["".into(), "p".into()])),
            "func f \"\" p"
        );
        assert_eq!(line(Instruction::EnergyCheck(-0.0)), "energy_check -0");
        assert_eq!(line(Instruction::Jump(usize::MAX)), "jump 18446744073709551615");
    }
}
