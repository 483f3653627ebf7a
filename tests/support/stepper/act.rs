//! What each instruction does once it is paid for: all checks first, in their order, then the act.

use super::super::graph::{Body, Val};
use super::contents::Made;
use super::{Fault, Frame, NO_WORDS, Stepper, add_energy, fault, thousandths};
use lau_agent_runtime::Instruction;
use lau_agent_runtime::fuzz::builtins::{DELEGATE, Delegates, delegate};
use lau_agent_runtime::fuzz::calls::{Came, HostCall};
use lau_runtime::TrapKind;
use std::cmp::Ordering;

impl Stepper<'_> {
    pub(super) fn act(&mut self, instruction: &Instruction) -> Result<(), Fault> {
        match instruction {
            Instruction::Push(_) => self.push_literal()?,
            Instruction::Pop => self.drop_values(1),
            Instruction::Dup => self.push_copy(0)?,
            Instruction::Swap => self.swap()?,
            Instruction::Over => self.push_copy(1)?,
            Instruction::Store(name) => {
                let value = self.pop_or_null();
                self.set_variable(name, value);
            }
            Instruction::Load(name) => {
                self.check_room()?;
                self.push(self.variable(name));
            }
            Instruction::Take(name) => {
                self.check_room()?;
                self.push(self.variable(name));
                self.set_variable(name, Val::Null);
            }
            Instruction::Observe(field) => {
                self.check_room()?;
                self.push(self.memory.get(field).copied().unwrap_or(Val::Null));
            }
            Instruction::Publish(field) => {
                let value = self.pop_or_null();
                self.memory.insert(field.clone(), value);
            }
            Instruction::Add => self.arithmetic(|a, b| a + b)?,
            Instruction::Sub => self.arithmetic(|a, b| a - b)?,
            Instruction::Mul => self.arithmetic(|a, b| a * b)?,
            Instruction::Div => self.arithmetic(|a, b| a / b)?,
            Instruction::Rem => self.arithmetic(|a, b| a % b)?,
            Instruction::Pow => self.arithmetic(libm::pow)?,
            Instruction::Neg => self.neg()?,
            Instruction::Eq => self.equality(true)?,
            Instruction::Ne => self.equality(false)?,
            Instruction::Lt => self.order(|o| o == Ordering::Less)?,
            Instruction::Le => self.order(|o| o != Ordering::Greater)?,
            Instruction::Gt => self.order(|o| o == Ordering::Greater)?,
            Instruction::Ge => self.order(|o| o != Ordering::Less)?,
            Instruction::Not => self.truth(1, |values| !values[0])?,
            Instruction::And => self.truth(2, |values| values[0] && values[1])?,
            Instruction::Or => self.truth(2, |values| values[0] || values[1])?,
            Instruction::List(n) => self.list(*n as usize)?,
            Instruction::Map(n) => self.map(*n as usize)?,
            Instruction::Get => self.get()?,
            Instruction::Len => self.len()?,
            Instruction::Has => self.has()?,
            Instruction::Append(name) => self.append(name)?,
            Instruction::Put(name) => self.put(name)?,
            Instruction::EnergyCheck(units) => self.energy_check(*units)?,
            Instruction::Delegate(agent, task) => self.delegate(agent, task)?,
            // Holds by construction: paying comes first.
            Instruction::Assert(_) => {}
            Instruction::Fail(words) if words.is_empty() => {
                return fault(TrapKind::Failed, NO_WORDS);
            }
            Instruction::Fail(words) => return fault(TrapKind::Failed, words.as_str()),
            // Those that decide themselves where control goes on.
            Instruction::Jump(target) => return self.jump(true, *target),
            Instruction::JumpIf(target) => {
                let value = self.pop_or_null();
                return self.jump(!self.graph.is_truthy(value), *target);
            }
            Instruction::JumpTrue(target) => {
                let value = self.pop_or_null();
                return self.jump(self.graph.is_truthy(value), *target);
            }
            Instruction::Call(name, n) => return self.call(name, usize::from(*n), false),
            Instruction::Try(name, n) => return self.call(name, usize::from(*n), true),
            Instruction::Return => return self.return_(),
            // Control passes over these before an instruction is looked at.
            Instruction::Func(..) | Instruction::End => {}
        }
        self.top_mut().pc += 1;
        Ok(())
    }

    /// The top n values, the one pushed first first; they stay where they are.
    pub(super) fn operands(&self, n: usize) -> Result<Vec<Val>, Fault> {
        let stack = &self.top().stack;
        match stack.len().checked_sub(n) {
            Some(first) => Ok(stack[first..].to_vec()),
            None => fault(TrapKind::StackUnderflow, format!("{n} values wanted")),
        }
    }

    pub(super) fn push(&mut self, value: Val) {
        self.top_mut().stack.push(value);
    }

    pub(super) fn drop_values(&mut self, n: usize) {
        let stack = &mut self.top_mut().stack;
        stack.truncate(stack.len().saturating_sub(n));
    }

    fn pop_or_null(&mut self) -> Val {
        self.top_mut().stack.pop().unwrap_or(Val::Null)
    }

    /// Replaces the top n values by one that needs no room.
    fn replace(&mut self, n: usize, value: Val) {
        self.drop_values(n);
        self.push(value);
    }

    fn push_literal(&mut self) -> Result<(), Fault> {
        self.check_room()?;
        let pc = self.top().pc;
        let Instruction::Push(literal) = &self.code.instructions[pc] else { return Ok(()) };
        let graph = &mut self.graph;
        let value = *self.constants.entry(pc).or_insert_with(|| graph.take_in(literal, true));
        self.push(value);
        Ok(())
    }

    /// `dup` and `over`.
    fn push_copy(&mut self, below: usize) -> Result<(), Fault> {
        let value = self.operands(below + 1)?[0];
        self.check_room()?;
        self.push(value);
        Ok(())
    }

    fn swap(&mut self) -> Result<(), Fault> {
        let operands = self.operands(2)?;
        self.drop_values(2);
        self.push(operands[1]);
        self.push(operands[0]);
        Ok(())
    }

    fn number(&self, value: Val) -> Result<f64, Fault> {
        match value {
            Val::Number(n) => Ok(n),
            Val::Null | Val::Bool(_) | Val::Node(_) => {
                fault(TrapKind::TypeError, format!("no Number: {}", self.graph.type_name(value)))
            }
        }
    }

    fn arithmetic(&mut self, f: fn(f64, f64) -> f64) -> Result<(), Fault> {
        let operands = self.operands(2)?;
        let (a, b) = (self.number(operands[0])?, self.number(operands[1])?);
        self.replace(2, Val::Number(f(a, b)));
        Ok(())
    }

    fn neg(&mut self) -> Result<(), Fault> {
        let n = self.number(self.operands(1)?[0])?;
        self.replace(1, Val::Number(-n));
        Ok(())
    }

    fn equality(&mut self, wanted: bool) -> Result<(), Fault> {
        let operands = self.operands(2)?;
        let equal = self.graph.equal(operands[0], operands[1]);
        self.replace(2, Val::Bool(equal == wanted));
        Ok(())
    }

    /// Two Numbers or two Texts. A NaN stands in no order.
    fn order(&mut self, holds: fn(Ordering) -> bool) -> Result<(), Fault> {
        let operands = self.operands(2)?;
        let (a, b) = (operands[0], operands[1]);
        let order = if let (Some(a), Some(b)) = (self.graph.text(a), self.graph.text(b)) {
            Some(a.chars().cmp(b.chars()))
        } else {
            self.number(a)?.partial_cmp(&self.number(b)?)
        };
        self.replace(2, Val::Bool(order.is_some_and(holds)));
        Ok(())
    }

    fn truth(&mut self, n: usize, f: fn(&[bool]) -> bool) -> Result<(), Fault> {
        let operands = self.operands(n)?;
        let truths: Vec<bool> = operands.iter().map(|v| self.graph.is_truthy(*v)).collect();
        self.replace(n, Val::Bool(f(&truths)));
        Ok(())
    }

    /// An index that must be a whole number below the length.
    pub(super) fn index(&self, key: Val, len: usize) -> Result<usize, Fault> {
        let key = self.number(key)?;
        match index_in(key, len) {
            Some(at) => Ok(at),
            None => fault(TrapKind::IndexOutOfRange, format!("{key:?} of {len}")),
        }
    }

    fn get(&mut self) -> Result<(), Fault> {
        let operands = self.operands(2)?;
        let (container, key) = (operands[0], operands[1]);
        let value = match self.graph.body(container) {
            Some(Body::List(items)) => items[self.index(key, items.len())?],
            Some(Body::Map(entries)) => match self.graph.text(key) {
                Some(key) => entries.get(key).copied().unwrap_or(Val::Null),
                None => return fault(TrapKind::TypeError, "a Map's key is a Text"),
            },
            Some(Body::Text(text)) => {
                let characters: Vec<char> = text.chars().collect();
                let c = characters[self.index(key, characters.len())?];
                if !c.is_ascii() {
                    return self.build(2, Body::Text(c.to_string()));
                }
                self.graph.add(Body::Text(c.to_string()), true)
            }
            Some(Body::Reference(_)) | None => {
                return fault(TrapKind::TypeError, "get of no List, Map or Text");
            }
        };
        self.replace(2, value);
        Ok(())
    }

    fn has(&mut self) -> Result<(), Fault> {
        let operands = self.operands(2)?;
        let (container, key) = (operands[0], operands[1]);
        let has = match self.graph.body(container) {
            Some(Body::List(items)) => index_in(self.number(key)?, items.len()).is_some(),
            Some(Body::Text(text)) => index_in(self.number(key)?, text.chars().count()).is_some(),
            Some(Body::Map(entries)) => match self.graph.text(key) {
                Some(key) => entries.contains_key(key),
                None => return fault(TrapKind::TypeError, "a Map's key is a Text"),
            },
            Some(Body::Reference(_)) | None => {
                return fault(TrapKind::TypeError, "has of no List, Map or Text");
            }
        };
        self.replace(2, Val::Bool(has));
        Ok(())
    }

    fn len(&mut self) -> Result<(), Fault> {
        let container = self.operands(1)?[0];
        let len = match self.graph.body(container) {
            Some(Body::Text(text)) => text.chars().count(),
            Some(Body::List(items)) => items.len(),
            Some(Body::Map(entries)) => entries.len(),
            Some(Body::Reference(_)) | None => {
                return fault(TrapKind::TypeError, "len of no Text, List or Map");
            }
        };
        self.replace(1, Val::Number(len as f64));
        Ok(())
    }

    fn jump(&mut self, taken: bool, target: usize) -> Result<(), Fault> {
        let backward = taken && target <= self.top().pc;
        let frame = self.top_mut();
        frame.pc = if taken { target } else { frame.pc + 1 };
        if backward {
            self.trace.note("jump backward");
        }
        Ok(())
    }

    fn return_(&mut self) -> Result<(), Fault> {
        let result = self.peek(0).unwrap_or(Val::Null);
        if self.top().function.is_some() {
            self.leave(result);
        } else {
            self.finish(result)?;
        }
        Ok(())
    }

    fn energy_check(&self, units: f64) -> Result<(), Fault> {
        let left = self.budget.saturating_sub(add_energy(self.used_before, self.used));
        if left < thousandths(units) {
            return fault(TrapKind::EnergyCheck, format!("{left} thousandths left"));
        }
        Ok(())
    }

    fn delegate(&mut self, agent: &str, task: &str) -> Result<(), Fault> {
        if self.delegates == Delegates::Noted {
            let note = Body::Text(format!("delegated to {agent}"));
            let note = self.graph.add(note, true);
            self.memory.insert(format!("delegated:{task}"), note);
            return Ok(());
        }
        let came = delegate(agent);
        self.host_calls.push(HostCall {
            name: DELEGATE.to_owned(),
            args: vec![agent.into(), task.into()],
            answer: came.recorded(),
        });
        match came {
            Came::Back(_) | Came::Waits(_) => Ok(()),
            Came::Failed(message) => fault(TrapKind::BuiltinFailed, message),
            Came::Panicked(message) => fault(TrapKind::BuiltinPanicked, message),
        }
    }

    /// One call more in progress, for a function of the program.
    pub(super) fn enter(&mut self, function: usize, args: Vec<Val>) {
        let params = &self.code.functions[function];
        let variables = params.params.iter().cloned().zip(args).collect();
        let pc = params.func + 1;
        self.frames.push(Frame { function: Some(function), variables, stack: Vec::new(), pc });
    }

    /// Takes in a value that the host gave: limits, then the value in the place of the arguments.
    pub(super) fn accept(&mut self, n: usize, value: Val) -> Result<(), Fault> {
        self.check_limits(&Made::arrived(&self.graph, value))?;
        self.replace(n, value);
        self.top_mut().pc += 1;
        Ok(())
    }
}

/// A whole number that is not negative and below the length, as an index.
fn index_in(key: f64, len: usize) -> Option<usize> {
    (0..len).find(|at| *at as f64 == key)
}
