//! Instructions that leave one value of a wanted type.

use super::{Generator, Ty};
use crate::dsl::instruction::Instruction;
use lau_runtime::Value;

impl Generator<'_, '_> {
    /// Makes the top of the stack a value of that type: one that is there, or a new one.
    pub(super) fn of(&mut self, ty: Ty, depth: usize) {
        // Seldom something else, which whoever takes it may not notice.
        let ty = if self.below(400) == 399 { self.any_type() } else { ty };
        let fits = self.free_top().is_some_and(|top| top == ty || ty == Ty::Any);
        if fits && self.chance(60) {
            self.body.floor -= 1;
            return;
        }
        if depth == 0 || self.u.is_empty() {
            return self.leaf(ty);
        }
        match ty {
            Ty::Number => self.number(depth - 1),
            Ty::Bool => self.bool(depth - 1),
            Ty::Text => self.text(depth - 1),
            Ty::List => self.list(depth - 1),
            Ty::Map => self.map(depth - 1),
            Ty::Any => self.any(depth - 1),
        }
    }

    /// A variable's value or a literal.
    pub(super) fn leaf(&mut self, ty: Ty) {
        if self.chance(50)
            && let Some(name) = self.set_variable(ty)
        {
            return self.emit(Instruction::Load(name), 0, &[ty]);
        }
        let literal = self.literal(ty);
        self.push(literal, ty);
    }

    fn number(&mut self, depth: usize) {
        match self.below(19) {
            0..=5 => {
                self.of(Ty::Number, depth);
                self.of(Ty::Number, depth);
                let op = self.arithmetic();
                self.emit(op, 2, &[Ty::Number]);
            }
            6 => {
                self.of(Ty::Number, depth);
                self.emit(Instruction::Neg, 1, &[Ty::Number]);
            }
            7 | 8 => {
                let ty = *self.choose(&[Ty::Text, Ty::List, Ty::Map]);
                self.of(ty, depth);
                self.emit(Instruction::Len, 1, &[Ty::Number]);
            }
            9 | 10 => self.host_number(depth),
            11 => self.own_call(Ty::Number, depth),
            12 => {
                // A list of numbers and an index that is in it.
                let list = Value::from([1.0, 2.0, f64::NAN]);
                self.push(list, Ty::List);
                let at = self.below(3) as f64;
                self.push_number(at);
                self.emit(Instruction::Get, 2, &[Ty::Number]);
            }
            13..=15 => self.library(Ty::Number, depth),
            _ => self.leaf(Ty::Number),
        }
    }

    fn arithmetic(&mut self) -> Instruction {
        use Instruction::{Add, Div, Mul, Pow, Rem, Sub};
        self.choose(&[Add, Add, Sub, Sub, Mul, Div, Rem, Pow]).clone()
    }

    fn comparison(&mut self) -> Instruction {
        use Instruction::{Ge, Gt, Le, Lt};
        self.choose(&[Lt, Le, Gt, Ge]).clone()
    }

    pub(super) fn bool(&mut self, depth: usize) {
        match self.below(16) {
            0..=3 => {
                let ty = if self.chance(30) { Ty::Text } else { Ty::Number };
                self.of(ty, depth);
                self.of(ty, depth);
                let op = self.comparison();
                self.emit(op, 2, &[Ty::Bool]);
            }
            4..=6 => {
                let ty = self.any_type();
                self.of(ty, depth);
                // Equal for sure, unless there is a NaN in it; or whatever.
                if self.chance(40) {
                    self.emit(Instruction::Dup, 1, &[ty, ty]);
                } else {
                    let other = if self.chance(80) { ty } else { Ty::Any };
                    self.of(other, depth);
                }
                let op = self.choose(&[Instruction::Eq, Instruction::Ne]).clone();
                self.emit(op, 2, &[Ty::Bool]);
            }
            7 => {
                self.of(Ty::Any, depth);
                self.emit(Instruction::Not, 1, &[Ty::Bool]);
            }
            8 => {
                self.of(Ty::Any, depth);
                self.of(Ty::Any, depth);
                let op = self.choose(&[Instruction::And, Instruction::Or]).clone();
                self.emit(op, 2, &[Ty::Bool]);
            }
            9 | 10 => {
                let ty = *self.choose(&[Ty::Text, Ty::List, Ty::Map]);
                self.of(ty, depth);
                if ty == Ty::Map {
                    self.key()
                } else {
                    self.of(Ty::Number, depth)
                }
                self.emit(Instruction::Has, 2, &[Ty::Bool]);
            }
            11 => {
                self.of(Ty::Number, depth);
                self.of(Ty::Number, depth);
                self.host("less", 2, Ty::Bool);
            }
            12 | 13 => self.library(Ty::Bool, depth),
            _ => self.leaf(Ty::Bool),
        }
    }

    /// A Text that is likely to be a key of some map.
    pub(super) fn key(&mut self) {
        if self.chance(15) {
            return self.leaf(Ty::Text);
        }
        let key = self.key_literal();
        self.push(key, Ty::Text);
    }

    /// An index into a list or text; mostly one that is in range.
    pub(super) fn index(&mut self) {
        if self.chance(4) {
            return self.of(Ty::Number, 1);
        }
        let at = if self.chance(70) { 0 } else { 1 };
        self.push_number(f64::from(at));
    }

    fn text(&mut self, depth: usize) {
        match self.below(12) {
            0 | 1 => {
                // What is worked out may be empty, and has no first character then.
                if self.chance(50) {
                    self.leaf(Ty::Text)
                } else {
                    self.of(Ty::Text, depth)
                }
                self.push_number(0.0);
                self.emit(Instruction::Get, 2, &[Ty::Text]);
            }
            2 => {
                let n = 1.0 + self.below(6) as f64;
                let large = self.chance(25);
                self.push_number(if large { n * 500.0 } else { n });
                self.host("big", 1, Ty::Text);
            }
            3 => self.own_call(Ty::Text, depth),
            4 => {
                self.of(Ty::Text, depth);
                self.host("echo", 1, Ty::Text);
            }
            5..=8 => self.library(Ty::Text, depth),
            _ => self.leaf(Ty::Text),
        }
    }

    fn list(&mut self, depth: usize) {
        match self.below(14) {
            0..=3 => {
                let n = 2 + self.below(3);
                for _ in 0..n {
                    self.of(Ty::Any, depth);
                }
                #[expect(clippy::cast_possible_truncation, reason = "small")]
                self.emit(Instruction::List(n as u32), n, &[Ty::List]);
            }
            4 => {
                let n = 2.0 + self.below(5) as f64;
                let large = self.chance(15);
                self.push_number(if large { n * 25.0 } else { n });
                self.host("many", 1, Ty::List);
            }
            5 => {
                self.of(Ty::Any, depth);
                self.of(Ty::Any, depth);
                self.host("pair", 2, Ty::List);
            }
            6 => self.own_call(Ty::List, depth),
            // Another holder of what stands there.
            7 => {
                self.of(Ty::List, depth);
                self.emit(Instruction::Dup, 1, &[Ty::List, Ty::List]);
                self.emit(Instruction::List(2), 2, &[Ty::List]);
            }
            8..=11 => self.library(Ty::List, depth),
            _ => self.leaf(Ty::List),
        }
    }

    fn map(&mut self, depth: usize) {
        match self.below(10) {
            0..=3 => {
                let n = self.below(4);
                for _ in 0..n {
                    self.key();
                    self.of(Ty::Any, depth);
                }
                #[expect(clippy::cast_possible_truncation, reason = "small")]
                self.emit(Instruction::Map(n as u32), 2 * n, &[Ty::Map]);
            }
            4 => {
                self.of(Ty::Any, depth);
                self.host("record", 1, Ty::Map);
            }
            5 => self.own_call(Ty::Map, depth),
            6 | 7 => self.library(Ty::Map, depth),
            _ => self.leaf(Ty::Map),
        }
    }

    fn any(&mut self, depth: usize) {
        match self.below(20) {
            0..=4 => {
                let ty = self.any_type();
                if ty == Ty::Any { self.leaf(ty) } else { self.of(ty, depth) }
            }
            5 | 6 => {
                let ty = if self.chance(70) { Ty::List } else { Ty::Text };
                if self.chance(50) {
                    self.leaf(ty)
                } else {
                    self.of(ty, depth)
                }
                self.index();
                self.emit(Instruction::Get, 2, &[Ty::Any]);
            }
            7 | 8 => {
                self.of(Ty::Map, depth);
                self.key();
                self.emit(Instruction::Get, 2, &[Ty::Any]);
            }
            9 => {
                let ty = self.any_type();
                let field = self.name(ty);
                self.emit(Instruction::Observe(field), 0, &[Ty::Any]);
            }
            10 => {
                self.of(Ty::Any, depth);
                let name = *self.choose(&["echo", "free", "dear", "fail_if", "ask"]);
                self.host(name, 1, Ty::Any);
            }
            11 => self.own_call(Ty::Any, depth),
            12 => self.risky_host(depth),
            13 => {
                let name = self.name(Ty::Any);
                self.emit(Instruction::Take(name.clone()), 0, &[Ty::Any]);
                self.body.set.remove(&name);
            }
            14 => {
                let most = if self.chance(20) { 230 } else { 6 };
                let n = self.below(most) as f64;
                self.push_number(n);
                self.host("nest", 1, Ty::Any);
            }
            15..=17 => self.library(Ty::Any, depth),
            _ => self.leaf(Ty::Any),
        }
    }

    /// A host call that gives a Number.
    fn host_number(&mut self, depth: usize) {
        match self.below(8) {
            0 => self.host("seven", 0, Ty::Number),
            1 => self.host("raw_nan", 0, Ty::Number),
            2 => {
                self.of(Ty::Number, depth);
                self.host("half", 1, Ty::Number);
            }
            3 => {
                self.of(Ty::Bool, depth);
                self.of(Ty::Number, depth);
                self.of(Ty::Number, depth);
                self.host("pick", 3, Ty::Number);
            }
            4 => {
                let n = self.below(3_100) as f64;
                self.push_number(n);
                self.host("meter", 1, Ty::Number);
            }
            5 => {
                let n = self.below(4);
                for _ in 0..n {
                    self.of(Ty::Any, depth);
                }
                self.host("by_arguments", n, Ty::Number);
            }
            6 => {
                let n = self.below(9) as f64;
                self.push_number(n);
                self.host("root", 1, Ty::Number);
            }
            _ => {
                self.of(Ty::Number, depth);
                self.host("half", 1, Ty::Number);
            }
        }
    }

    /// A host call that is likely to fail or panic, mostly under `try`.
    fn risky_host(&mut self, depth: usize) {
        const RISKY: &[&str] = &[
            "fail_if",
            "fail_long",
            "panics",
            "meter_panics",
            "root",
            "meter",
            "big",
            "meter_big",
        ];
        let name = *self.choose(RISKY);
        let ty = if self.chance(50) { Ty::Number } else { Ty::Any };
        self.of(ty, depth);
        if name == "root" {
            self.emit(Instruction::Pop, 1, &[]);
            self.push_number(-1.0);
        }
        if self.chance(85) {
            self.emit(Instruction::Try(name.into(), 1), 1, &[Ty::Any]);
        } else {
            self.emit(Instruction::Call(name.into(), 1), 1, &[Ty::Any]);
        }
    }

    /// Calls a host builtin with n arguments that are there.
    pub(super) fn host(&mut self, name: &str, n: usize, gives: Ty) {
        // A function of the program of that name takes what it takes; calling it would be another thing.
        let own = self.functions.iter().any(|f| f.name == name && f.params.len() != n);
        let name = if own { "free" } else { name };
        #[expect(clippy::cast_possible_truncation, reason = "small")]
        let argc = n as u8;
        if self.chance(15) && name != "liar" {
            self.emit(Instruction::Try(name.into(), argc), n, &[gives]);
        } else {
            self.emit(Instruction::Call(name.into(), argc), n, &[gives]);
        }
    }

    /// Calls a function of the program that gives that type, or writes a leaf if there is none.
    pub(super) fn own_call(&mut self, ty: Ty, depth: usize) {
        let fitting: Vec<usize> = (0..self.functions.len())
            .filter(|f| self.functions[*f].result == ty || ty == Ty::Any)
            .collect();
        if fitting.is_empty() || (self.body.function.is_some() && self.chance(60)) {
            return self.leaf(ty);
        }
        let function = *self.choose(&fitting);
        self.call_function(function, depth);
    }

    /// Arguments and the call of a function of the program.
    pub(super) fn call_function(&mut self, function: usize, depth: usize) {
        let signature = self.functions[function].clone();
        for (i, ty) in signature.params.iter().enumerate() {
            if i == 0 && signature.counts_down && !self.chance(8) {
                self.count_down(function, &signature.param_names[0]);
            } else {
                self.of(*ty, depth.min(1));
            }
        }
        let n = signature.params.len();
        #[expect(clippy::cast_possible_truncation, reason = "small")]
        let argc = n as u8;
        let name = signature.name.clone();
        let call = if self.chance(10) {
            Instruction::Try(name, argc)
        } else {
            Instruction::Call(name, argc)
        };
        self.emit(call, n, &[signature.result]);
    }

    /// The first argument of a function that counts down: from inside it, one less.
    fn count_down(&mut self, function: usize, name: &str) {
        if self.body.function == Some(function) {
            self.emit(Instruction::Load(name.to_owned()), 0, &[Ty::Number]);
            self.push_number(1.0);
            self.emit(Instruction::Sub, 2, &[Ty::Number]);
        } else {
            let n = if self.chance(10) { 40 + self.below(150) } else { self.below(7) } as f64;
            self.push_number(n);
        }
    }
}
