//! A program as the stepper reads it: the instructions as they are, and where its functions stand.
//!
//! Checks the structure a program must have before it runs. Knows nothing of what instructions do.

use lau_agent_runtime::Instruction;
use std::collections::BTreeSet;

/// One function of the program.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) params: Vec<String>,
    /// Index of its `func`.
    pub(crate) func: usize,
    /// Index of its `end`.
    pub(crate) end: usize,
}

/// Instructions whose structure holds.
#[derive(Debug)]
pub(crate) struct Code<'p> {
    pub(crate) instructions: &'p [Instruction],
    pub(crate) functions: Vec<Function>,
}

impl<'p> Code<'p> {
    /// Finds the functions and checks definitions, targets and calls of own functions.
    pub(crate) fn new(instructions: &'p [Instruction]) -> Result<Self, String> {
        let code = Code { instructions, functions: functions(instructions)? };
        let mut names = BTreeSet::new();
        for function in &code.functions {
            if !names.insert(&function.name) {
                return Err(format!("two functions {:?}", function.name));
            }
            if function.params.iter().collect::<BTreeSet<_>>().len() < function.params.len() {
                return Err(format!("two parameters of one name in {:?}", function.name));
            }
        }
        for (at, instruction) in instructions.iter().enumerate() {
            code.check(at, instruction)?;
        }
        Ok(code)
    }

    /// The function of that name.
    pub(crate) fn named(&self, name: &str) -> Option<usize> {
        self.functions.iter().position(|function| function.name == name)
    }

    /// The function whose definition an instruction is in, `func` and `end` included.
    fn around(&self, at: usize) -> Option<&Function> {
        self.functions.iter().find(|f| f.func <= at && at <= f.end)
    }

    fn check(&self, at: usize, instruction: &Instruction) -> Result<(), String> {
        match instruction {
            Instruction::Jump(t) | Instruction::JumpIf(t) | Instruction::JumpTrue(t) => {
                let fine = match self.around(at) {
                    Some(own) => own.func < *t && *t <= own.end,
                    None => self.around(*t).is_none_or(|other| other.func == *t),
                };
                if fine { Ok(()) } else { Err(format!("{at}: no target {t}")) }
            }
            Instruction::Call(name, n) | Instruction::Try(name, n) => match self.named(name) {
                Some(f) if self.functions[f].params.len() != usize::from(*n) => {
                    Err(format!("{at}: {name:?} takes another number of arguments"))
                }
                Some(_) | None => Ok(()),
            },
            Instruction::Push(_)
            | Instruction::Pop
            | Instruction::Dup
            | Instruction::Swap
            | Instruction::Over
            | Instruction::Store(_)
            | Instruction::Load(_)
            | Instruction::Take(_)
            | Instruction::Observe(_)
            | Instruction::Publish(_)
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
            | Instruction::List(_)
            | Instruction::Map(_)
            | Instruction::Get
            | Instruction::Len
            | Instruction::Has
            | Instruction::Append(_)
            | Instruction::Put(_)
            | Instruction::Return
            | Instruction::EnergyCheck(_)
            | Instruction::Delegate(..)
            | Instruction::Assert(_)
            | Instruction::Fail(_)
            | Instruction::Func(..)
            | Instruction::End => Ok(()),
        }
    }
}

fn functions(instructions: &[Instruction]) -> Result<Vec<Function>, String> {
    let mut found = Vec::new();
    let mut open: Option<Function> = None;
    for (at, instruction) in instructions.iter().enumerate() {
        if let Instruction::Func(name, params) = instruction {
            if open.is_some() {
                return Err(format!("{at}: a definition in a definition"));
            }
            open = Some(Function { name: name.clone(), params: params.clone(), func: at, end: at });
        } else if let Instruction::End = instruction {
            let mut function = open.take().ok_or(format!("{at}: an end of nothing"))?;
            function.end = at;
            found.push(function);
        }
    }
    match open {
        Some(function) => Err(format!("{}: a definition without an end", function.func)),
        None => Ok(found),
    }
}
