//! Calls of the standard library with arguments that fit, most of the time.
//!
//! The recipes say for each function how its arguments are made and what type comes of it; a function that
//! works on several types has several. A test holds that none is forgotten.

mod recipes;

use super::{Generator, Ty};
use crate::dsl::instruction::Instruction;
use lau_runtime::Value;
use recipes::{Arg, JSON, NO_PATTERNS, NUMERALS, PARTS, PATTERNS, PIECES, RECIPES, Recipe};

impl Generator<'_, '_> {
    /// A call of a function of the library that gives that type.
    pub(super) fn library(&mut self, ty: Ty, depth: usize) {
        let fitting: Vec<&Recipe> = RECIPES.iter().filter(|(_, gives, _)| *gives == ty).collect();
        let (name, gives, args) = **self.choose(&fitting);
        // A function of the program of that name takes what it takes; calling it would be another thing.
        if self.functions.iter().any(|function| function.name == name) {
            return self.leaf(ty);
        }
        let odd = if self.chance(4) { self.below(args.len() + 2) } else { usize::MAX };
        let mut n = 0;
        for (at, arg) in args.iter().enumerate() {
            n += if at == odd { self.odd_argument() } else { self.argument(*arg, depth) };
        }
        // One too many, or one less.
        if odd == args.len() {
            n += self.odd_argument();
        } else if odd == args.len() + 1 {
            self.emit(Instruction::Pop, 1, &[]);
            n -= 1;
        }
        #[expect(clippy::cast_possible_truncation, reason = "small")]
        let argc = n as u8;
        let name = name.to_owned();
        let tried = self.chance(10);
        let call = if tried { Instruction::Try(name, argc) } else { Instruction::Call(name, argc) };
        self.emit(call, n, &[gives]);
    }

    /// Changes a variable's value where it stands: takes it, calls, and stores the result.
    pub(super) fn rework(&mut self) {
        let ty = *self.choose(&[Ty::List, Ty::Map, Ty::Map, Ty::Text]);
        let Some(variable) = self.set_variable(ty) else { return self.store_new(ty) };
        let name = match ty {
            Ty::Map => *self.choose(&["merge", "remove"]),
            Ty::Number | Ty::Bool | Ty::Text | Ty::List | Ty::Any => "concat",
        };
        if self.functions.iter().any(|function| function.name == name) {
            return self.store_new(ty);
        }
        self.emit(Instruction::Take(variable.clone()), 0, &[ty]);
        self.body.set.remove(&variable);
        if name == "remove" {
            self.key()
        } else {
            self.of(ty, 2)
        }
        self.emit(Instruction::Call(name.into(), 2), 2, &[ty]);
        self.emit(Instruction::Store(variable.clone()), 1, &[]);
        self.body.set.insert(variable);
    }

    /// Any function at all, unless the program has one of that name.
    pub(super) fn any_library_name(&mut self) -> &'static str {
        let name = self.choose(RECIPES).0;
        if self.functions.iter().any(|function| function.name == name) { "nobody" } else { name }
    }

    /// Something that few functions take.
    fn odd_argument(&mut self) -> usize {
        match self.below(4) {
            0 => {
                let n = *self.choose(&[f64::NAN, f64::NEG_INFINITY, 0.5, -1.0, 1e300, 101.0]);
                self.push_number(n);
            }
            1 => {
                let text = *self.choose(NO_PATTERNS);
                self.push(text, Ty::Text);
            }
            2 => {
                let list = Value::List(vec![1.0.into(), "a".into(), Value::Null]);
                self.push(list, Ty::List);
            }
            _ => self.leaf(Ty::Any),
        }
        1
    }

    /// Makes an argument; gives how many values there are more.
    fn argument(&mut self, arg: Arg, depth: usize) -> usize {
        match arg {
            Arg::Of(ty) => self.of(ty, depth),
            Arg::Own(ty) => self.own(ty, depth),
            Arg::Key => self.key(),
            Arg::Index => {
                let at = self.below(9) as f64 - 4.0;
                let at = if self.chance(5) { f64::INFINITY.copysign(at) } else { at };
                self.push_number(at);
            }
            Arg::MaybeIndex | Arg::MaybeStep => match self.below(5) {
                0 | 1 => return 0,
                2 => self.push(Value::Null, Ty::Any),
                _ if matches!(arg, Arg::MaybeIndex) => return self.argument(Arg::Index, depth),
                _ => {
                    let step = *self.choose(&[1.0, -1.0, 2.0, 0.5, -0.25, 0.1]);
                    self.push_number(step);
                }
            },
            Arg::Bound => {
                let n = *self.choose(&[0.0, 1.0, 5.0, 9.5, -3.0]);
                self.push_number(n);
            }
            Arg::Few => {
                let n = if self.chance(3) { 60 } else { self.below(5) } as f64;
                self.push_number(n);
            }
            Arg::Percent => {
                let p = *self.choose(&[0.0, 100.0, 50.0, 25.0, 90.0, 33.3]);
                self.push_number(p);
            }
            Arg::Code => {
                let code = *self.choose(&[65, 0, 233, 0x65e5, 0x1f600]);
                self.push_number(f64::from(code));
            }
            Arg::Numbers => self.numbers(),
            Arg::TwoNumbers => {
                let n = 1 + self.below(4);
                for _ in 0..2 {
                    let list: Vec<f64> = (0..n).map(|_| self.number_literal()).collect();
                    self.push(list, Ty::List);
                }
                return 2;
            }
            Arg::Texts => self.texts(),
            Arg::Sortable => {
                if self.chance(50) {
                    self.numbers()
                } else {
                    self.texts()
                }
            }
            Arg::Records => {
                self.records();
                return 2;
            }
            Arg::ListAndElement => {
                self.list_and_element(depth);
                return 2;
            }
            Arg::Pieces => self.one_of(PIECES, 30),
            Arg::Part => self.one_of(PARTS, 8),
            Arg::Characters => {
                let text = self.text_literal();
                self.push(text, Ty::Text);
            }
            Arg::Pattern => self.one_of(PATTERNS, 4),
            Arg::Json => self.json(),
            Arg::Numeral => match self.below(5) {
                0 => self.of(Ty::Any, depth),
                1 => self.of(Ty::Number, depth),
                _ => self.one_of(NUMERALS, 10),
            },
        }
        1
    }

    /// A value of that type, mostly one that was taken out of its variable.
    fn own(&mut self, ty: Ty, depth: usize) {
        let variable = self.set_variable(ty).filter(|_| self.chance(50));
        let Some(variable) = variable else { return self.of(ty, depth) };
        self.emit(Instruction::Take(variable.clone()), 0, &[ty]);
        self.body.set.remove(&variable);
    }

    /// One of the texts, or so many times in a hundred any text.
    fn one_of(&mut self, texts: &'static [&'static str], any: usize) {
        if self.chance(any) {
            return self.of(Ty::Text, 1);
        }
        let text = *self.choose(texts);
        self.push(text, Ty::Text);
    }

    /// A list of Numbers that is not empty.
    fn numbers(&mut self) {
        match self.below(6) {
            0 => {
                let n = 1.0 + self.below(6) as f64;
                self.push_number(n);
                self.host("many", 1, Ty::List);
            }
            1 if self.functions.iter().all(|function| function.name != "range") => {
                self.push_number(-1.0);
                self.push_number(3.0);
                self.emit(Instruction::Call("range".into(), 2), 2, &[Ty::List]);
            }
            _ => {
                let n = if self.chance(5) { 40 } else { 1 + self.below(5) };
                let list: Vec<f64> = (0..n).map(|_| self.number_literal()).collect();
                self.push(list, Ty::List);
            }
        }
    }

    fn texts(&mut self) {
        let n = self.below(5);
        let list: Vec<String> = (0..n).map(|_| self.text_literal()).collect();
        self.push(list, Ty::List);
    }

    /// Maps with a key and others, or Lists with an index, and what they are to be sorted by.
    fn records(&mut self) {
        let n = self.below(4);
        let numbers = self.chance(50);
        let maps = self.chance(60);
        let key = self.key_literal();
        let mut record = || -> Value {
            let value: Value =
                if numbers { self.number_literal().into() } else { self.text_literal().into() };
            let other = self.any_literal(1);
            if maps {
                [("other", other), (key, value)].into_iter().collect()
            } else {
                Value::List(vec![other, value])
            }
        };
        let list: Vec<Value> = (0..n).map(|_| record()).collect();
        self.push(list, Ty::List);
        if maps { self.push(key, Ty::Text) } else { self.push_number(1.0) }
    }

    /// A list, and one of its elements, the list itself, or whatever.
    fn list_and_element(&mut self, depth: usize) {
        match self.below(3) {
            0 => {
                let list = self.list_literal(2);
                let Value::List(items) = &list else { return };
                let item = items[items.len() - 1].clone();
                self.push(list, Ty::List);
                self.push(item, Ty::Any);
            }
            1 => {
                self.of(Ty::List, depth);
                self.emit(Instruction::Dup, 1, &[Ty::List, Ty::List]);
            }
            _ => {
                self.of(Ty::List, depth);
                self.of(Ty::Any, depth);
            }
        }
    }

    /// JSON of a value, which has no equal keys; or a text that was written by hand.
    fn json(&mut self) {
        if self.chance(50) {
            return self.one_of(JSON, 10);
        }
        let value = self.any_literal(3);
        let text = serde_json::Value::from(value).to_string();
        self.push(text, Ty::Text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lau_runtime::library;

    #[test]
    fn there_is_a_recipe_for_every_function_and_for_no_other() {
        for function in library::TABLE.iter() {
            assert!(RECIPES.iter().any(|recipe| recipe.0 == function.name), "{}", function.name);
        }
        for (name, ..) in RECIPES {
            assert!(library::find(name).is_some(), "{name}");
        }
    }
}
