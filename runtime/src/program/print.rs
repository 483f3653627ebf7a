//! The printed form of a program: tables first, then each function, an operation a line.
//!
//! ```text
//! memory    v0 total, v1 i
//! constants c0 0, c1 [1,2]
//!
//! main (instructions 0..7)
//!   @0    0  push c0          0.1   ; line 1
//! ```

use super::{Action, Function, FunctionId, Op, Program};
use crate::energy::Energy;
use std::fmt;

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.parts();
        table(f, "memory", 'v', &parts.memory, |name, f| write!(f, "{name:?}"))?;
        table(f, "constants", 'c', &parts.constants, |value, f| {
            write!(f, "{}", serde_json::to_string(value).map_err(|_| fmt::Error)?)
        })?;
        table(f, "calls", 'x', &parts.calls, |name, f| write!(f, "{name:?}"))?;
        table(f, "texts", 't', &parts.texts, |text, f| write!(f, "{text:?}"))?;
        table(f, "amounts", 'q', &parts.quantities, |amount, f| write!(f, "{amount}"))?;
        table(f, "delegations", 'd', &parts.delegations, |d, f| {
            write!(f, "{:?} to {:?}, noted in {} as {}", d.task, d.agent, d.field, d.note)
        })?;
        for (at, function) in parts.functions.iter().enumerate() {
            self.function(f, FunctionId::new(at), function)?;
        }
        Ok(())
    }
}

impl Program {
    fn function(
        &self,
        f: &mut fmt::Formatter<'_>,
        id: FunctionId,
        function: &Function,
    ) -> fmt::Result {
        match &function.name {
            None => writeln!(f, "\nmain")?,
            Some(name) => {
                write!(f, "\n{id} {name:?} ({} parameters)", function.parameters)?;
                for (at, variable) in function.variables.iter().enumerate() {
                    write!(f, "{} v{at} {variable:?}", if at == 0 { ":" } else { "," })?;
                }
                writeln!(f)?;
            }
        }
        for pc in function.code.clone() {
            let op = &self.parts().ops[pc as usize];
            let energy = Energy::from_thousandths(u64::from(op.energy));
            let text = Shown(op).to_string();
            write!(f, "  {:<6} {:>6}  {text:<20} {energy:<6}", format!("@{pc}"), op.at)?;
            match self.parts().places.get(op.at as usize) {
                Some(place) => writeln!(f, " ; line {}", place.line)?,
                None => writeln!(f)?,
            }
        }
        Ok(())
    }
}

fn table<T>(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    mark: char,
    items: &[T],
    show: impl Fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    for (at, item) in items.iter().enumerate() {
        let heading = if at == 0 { name } else { "" };
        write!(f, "{heading:<12} {:<6} ", format!("{mark}{at}"))?;
        show(item, f)?;
        writeln!(f)?;
    }
    Ok(())
}

struct Shown<'a>(&'a Op);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0.action.opcode().row().name;
        match self.0.action {
            Action::Push(c) => write!(f, "{name} {c}"),
            Action::Store(s)
            | Action::Load(s)
            | Action::Take(s)
            | Action::Append(s)
            | Action::Put(s)
            | Action::Observe(s)
            | Action::Publish(s) => write!(f, "{name} {s}"),
            Action::List(n) | Action::Map(n) => write!(f, "{name} {n}"),
            Action::Jump(t) | Action::JumpIf(t) | Action::JumpTrue(t) => write!(f, "{name} {t}"),
            Action::Call(callee, argc) => write!(f, "{name} {callee} {argc}"),
            Action::CallOut(call, argc) | Action::TryOut(call, argc) => {
                write!(f, "{name} {call} {argc}")
            }
            Action::EnergyCheck(q) => write!(f, "{name} {q}"),
            Action::Delegate(d) => write!(f, "{name} {d}"),
            Action::Assert(t) | Action::Fail(t) => write!(f, "{name} {t}"),
            Action::Pop
            | Action::Dup
            | Action::Swap
            | Action::Over
            | Action::Add
            | Action::Sub
            | Action::Mul
            | Action::Div
            | Action::Rem
            | Action::Pow
            | Action::Neg
            | Action::Eq
            | Action::Ne
            | Action::Lt
            | Action::Le
            | Action::Gt
            | Action::Ge
            | Action::Not
            | Action::And
            | Action::Or
            | Action::Get
            | Action::Len
            | Action::Has
            | Action::Return
            | Action::End => f.write_str(name),
        }
    }
}
