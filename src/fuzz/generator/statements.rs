//! Instructions that leave the stack as it was, or a little higher.

use super::{END, Generator, Item, PAST_END, Ty};
use crate::dsl::instruction::Instruction;

impl Generator<'_, '_> {
    pub(super) fn statement(&mut self) {
        self.fuel -= 1;
        self.start();
        if self.body.function.is_none() && self.chance(15) && !self.definitions.is_empty() {
            let definition = self.definitions.remove(0);
            self.body.items.push(Item::Definition(definition));
        }
        if self.chance(3) {
            return self.odd();
        }
        match self.below(100) {
            0..=9 if self.body.stack.len() < 12 => {
                let ty = self.any_type();
                self.of(ty, 3);
            }
            0..=13 => self.shuffle(),
            14..=25 => {
                let ty = self.any_type();
                self.store_new(ty);
            }
            26..=37 => self.append(),
            38..=47 => self.put(),
            48..=53 => self.alias(),
            54..=56 => self.rework(),
            57..=59 => self.grow(),
            60..=69 => self.branch(),
            70..=79 => self.counted_loop(),
            80..=81 => self.open_loop(),
            82..=86 => self.call_for_nothing(),
            87..=88 => self.publish(),
            89..=90 => self.delegate(),
            91..=92 => self.energy(),
            93..=95 => self.leave_early(),
            96..=97 => self.backward_while(),
            _ => self.unused_call(),
        }
    }

    /// Stores a new value of a type.
    pub(super) fn store_new(&mut self, ty: Ty) {
        self.of(ty, 3);
        let name = self.name(ty);
        self.emit(Instruction::Store(name.clone()), 1, &[]);
        self.body.set.insert(name);
    }

    /// `dup swap over pop`, on values put there if need be.
    fn shuffle(&mut self) {
        for _ in 0..2 {
            if self.body.stack.len() < self.body.base + 2 {
                let ty = self.any_type();
                self.leaf(ty);
            }
        }
        let [.., second, top] = self.body.stack[..] else { return };
        match self.below(7) {
            0 | 1 => self.emit(Instruction::Dup, 1, &[top, top]),
            2 | 3 => self.emit(Instruction::Swap, 2, &[top, second]),
            4 | 5 => self.emit(Instruction::Over, 2, &[second, top, second]),
            _ => self.emit(Instruction::Pop, 1, &[]),
        }
    }

    fn append(&mut self) {
        let ty = if self.chance(25) { Ty::Text } else { Ty::List };
        let Some(name) = self.set_variable(ty) else { return self.store_new(ty) };
        self.of(if ty == Ty::Text { Ty::Text } else { Ty::Any }, 2);
        self.emit(Instruction::Append(name), 1, &[]);
    }

    fn put(&mut self) {
        let ty = if self.chance(60) { Ty::Map } else { Ty::List };
        let Some(name) = self.set_variable(ty) else { return self.store_new(ty) };
        if ty == Ty::Map {
            self.key();
        } else {
            self.index();
        }
        self.of(Ty::Any, 2);
        self.emit(Instruction::Put(name), 2, &[]);
    }

    /// Gives a list, map or text another holder, or hands it on without.
    fn alias(&mut self) {
        let ty = *self.choose(&[Ty::List, Ty::List, Ty::Map, Ty::Text]);
        let Some(name) = self.set_variable(ty) else { return self.store_new(ty) };
        let to = if self.chance(50) { self.name(ty) } else { self.name(Ty::Any) };
        match self.below(5) {
            0 => {
                self.emit(Instruction::Take(name.clone()), 0, &[ty]);
                self.body.set.remove(&name);
                self.emit(Instruction::Store(to.clone()), 1, &[]);
                self.body.set.insert(to);
            }
            1 => self.emit(Instruction::Load(name), 0, &[ty]),
            // Hands it through the stack and back: it stays unshared.
            2 => {
                self.emit(Instruction::Take(name.clone()), 0, &[ty]);
                self.emit(Instruction::Store(name), 1, &[]);
            }
            _ => {
                self.emit(Instruction::Load(name), 0, &[ty]);
                self.emit(Instruction::Store(to.clone()), 1, &[]);
                self.body.set.insert(to);
            }
        }
    }

    /// Makes a value larger or deeper; in a loop, soon too large.
    fn grow(&mut self) {
        let ty = *self.choose(&[Ty::List, Ty::List, Ty::Text, Ty::Map]);
        let Some(name) = self.set_variable(ty) else { return self.store_new(ty) };
        let load = Instruction::Load(name.clone());
        match ty {
            Ty::Text => {
                self.emit(load, 0, &[Ty::Text]);
                self.emit(Instruction::Append(name), 1, &[]);
            }
            Ty::Map => {
                self.key();
                self.emit(load, 0, &[Ty::Map]);
                self.emit(Instruction::Put(name), 2, &[]);
            }
            Ty::Number | Ty::Bool | Ty::List | Ty::Any => {
                self.emit(load.clone(), 0, &[Ty::List]);
                if self.chance(50) {
                    self.emit(load, 0, &[Ty::List]);
                    self.emit(Instruction::List(2), 2, &[Ty::List]);
                    self.emit(Instruction::Store(name), 1, &[]);
                } else {
                    self.emit(Instruction::Append(name), 1, &[]);
                }
            }
        }
    }

    /// Statements whose stack ends as it began; now and then it does not.
    fn block(&mut self) {
        let entry = self.body.stack.clone();
        let (base, set) = (self.body.base, self.body.set.clone());
        // Mostly it keeps its hands off what was there before.
        let low = if self.chance(4) { base } else { entry.len() };
        self.body.base = low;
        self.body.blocks += 1;
        if self.body.blocks < 4 {
            for _ in 0..1 + self.below(3) {
                if self.fuel == 0 || self.u.is_empty() {
                    break;
                }
                self.statement();
            }
        }
        self.body.blocks -= 1;
        self.body.base = base;
        self.body.set = &self.body.set & &set;
        let uneven = self.chance(5);
        while self.body.stack.len() > entry.len() && !uneven {
            self.emit(Instruction::Pop, 1, &[]);
        }
        while self.body.stack.len() < entry.len() && !uneven {
            let literal = self.literal(Ty::Any);
            self.push(literal, Ty::Any);
        }
        if uneven || low < entry.len() {
            self.forget(entry.len().min(self.body.stack.len()));
        } else {
            self.body.stack = entry;
        }
    }

    /// From here on no type on the stack is relied upon, and no more than so many values.
    pub(super) fn forget(&mut self, height: usize) {
        self.body.stack.truncate(height);
        self.body.stack.fill(Ty::Any);
    }

    /// A condition, and a jump to the label if it is not met (or if it is, the other way round).
    fn jump_unless(&mut self, label: usize) {
        self.start();
        if self.chance(70) {
            self.of(Ty::Bool, 2)
        } else {
            self.of(Ty::Any, 2)
        }
        if self.chance(70) {
            self.emit(Instruction::JumpIf(label), 1, &[]);
        } else {
            self.emit(Instruction::JumpTrue(label), 1, &[]);
        }
    }

    fn branch(&mut self) {
        let (otherwise, join) = (self.label(), self.label());
        self.jump_unless(otherwise);
        let set = self.body.set.clone();
        self.block();
        if self.chance(50) {
            self.emit(Instruction::Jump(join), 0, &[]);
            self.place(otherwise);
            // What the first arm took away may be missing, whichever way was gone.
            let after_first = std::mem::replace(&mut self.body.set, set);
            self.block();
            self.body.set = &self.body.set & &after_first;
            self.place(join);
        } else {
            self.place(otherwise);
        }
    }

    fn counted_loop(&mut self) {
        let counter = format!("c{}", self.counters);
        self.counters += 1;
        let rounds = match self.below(20) {
            0..=14 => self.below(6),
            15..=18 => 5 + self.below(30),
            _ => 1_000_000,
        };
        let (head, out) = (self.label(), self.label());
        self.push_number(0.0);
        self.emit(Instruction::Store(counter.clone()), 1, &[]);
        // What holds at the head must hold after a round as well.
        let height = self.body.stack.len();
        self.forget(height);
        let set = self.body.set.clone();
        self.place(head);
        self.emit(Instruction::Load(counter.clone()), 0, &[Ty::Number]);
        self.push_number(rounds as f64);
        self.emit(Instruction::Lt, 2, &[Ty::Bool]);
        self.emit(Instruction::JumpIf(out), 1, &[]);
        self.block();
        self.restore(&set);
        self.emit(Instruction::Load(counter.clone()), 0, &[Ty::Number]);
        self.push_number(1.0);
        self.emit(Instruction::Add, 2, &[Ty::Number]);
        self.emit(Instruction::Store(counter), 1, &[]);
        self.emit(Instruction::Jump(head), 0, &[]);
        self.place(out);
    }

    /// Stores again what a loop's body took away, so that the next round finds it.
    fn restore(&mut self, set: &std::collections::BTreeSet<String>) {
        let missing: Vec<String> = set.difference(&self.body.set).cloned().collect();
        for name in missing {
            let ty = match name.chars().next() {
                Some('n') => Ty::Number,
                Some('b') => Ty::Bool,
                Some('t') => Ty::Text,
                Some('l') => Ty::List,
                Some('m') => Ty::Map,
                _ => Ty::Any,
            };
            let literal = self.literal(ty);
            self.push(literal, ty);
            self.emit(Instruction::Store(name.clone()), 1, &[]);
            self.body.set.insert(name);
        }
    }

    /// A loop without an end of its own, unless a condition leaves it.
    fn open_loop(&mut self) {
        let (head, out) = (self.label(), self.label());
        let height = self.body.stack.len();
        self.forget(height);
        let set = self.body.set.clone();
        self.place(head);
        if self.chance(60) {
            self.jump_unless(out);
        }
        self.block();
        self.restore(&set);
        // A stack that grows by one value a round.
        if self.chance(20) {
            self.leaf(Ty::Any);
            self.body.stack.pop();
        }
        self.emit(Instruction::Jump(head), 0, &[]);
        self.place(out);
    }

    /// A loop whose condition stands at its end.
    fn backward_while(&mut self) {
        let head = self.label();
        let height = self.body.stack.len();
        self.forget(height);
        let set = self.body.set.clone();
        self.place(head);
        self.block();
        self.restore(&set);
        self.jump_unless(head);
    }

    fn call_for_nothing(&mut self) {
        if self.functions.is_empty() {
            return self.unused_call();
        }
        let function = self.below(self.functions.len());
        self.call_function(function, 2);
        if self.chance(60) {
            self.emit(Instruction::Pop, 1, &[]);
        }
    }

    /// A host call whose answer is dropped.
    fn unused_call(&mut self) {
        match self.below(9) {
            0 if self.chance(30) => self.emit(Instruction::Call("liar".into(), 0), 0, &[Ty::Any]),
            8 if self.chance(30) => self.emit(Instruction::Try("nobody".into(), 0), 0, &[Ty::Any]),
            1 => {
                let n = self.below(6_000) as f64;
                self.push_number(n);
                self.host("big", 1, Ty::Text);
            }
            2 => {
                let n = self.below(6_000) as f64;
                self.push_number(n);
                self.host("meter_big", 1, Ty::Text);
            }
            3 => self.host("odd_nan", 0, Ty::List),
            _ => self.of(Ty::Any, 3),
        }
        if self.body.stack.len() > self.body.base {
            self.emit(Instruction::Pop, 1, &[]);
        }
    }

    fn publish(&mut self) {
        let ty = self.any_type();
        self.of(ty, 2);
        let name = self.name(ty);
        self.emit(Instruction::Publish(name.clone()), 1, &[]);
        if self.body.function.is_none() {
            self.body.set.insert(name);
        }
    }

    fn delegate(&mut self) {
        let agent = *self.choose(&["scout", "scout", "crew", "é", "sulk", "panic"]);
        let task = *self.choose(&["", "map", "clean up"]);
        self.emit(Instruction::Delegate(agent.into(), task.into()), 0, &[]);
        if self.chance(30) {
            let field = format!("delegated:{task}");
            self.emit(Instruction::Observe(field), 0, &[Ty::Any]);
        }
    }

    fn energy(&mut self) {
        let units = *self.choose(&[0.0, 1.0, 0.0625, -1.0, f64::NAN, 20.0, 299.0, f64::INFINITY]);
        // Mostly amounts that are there.
        let units = if self.chance(70) { units.min(1.0) } else { units };
        if self.chance(60) {
            self.emit(Instruction::EnergyCheck(units), 0, &[]);
        } else {
            self.emit(Instruction::Assert("energy is conserved".into()), 0, &[]);
        }
    }

    /// `return`, `fail` or a jump to the end, mostly behind a condition.
    fn leave_early(&mut self) {
        let on = self.label();
        if self.chance(90) {
            self.jump_unless(on);
        }
        match self.below(6) {
            0 => self.emit(Instruction::Fail("no luck".into()), 0, &[]),
            1 => self.emit(Instruction::Fail(String::new()), 0, &[]),
            2 => self.emit(Instruction::Jump(END), 0, &[]),
            3 => self.emit(Instruction::Jump(PAST_END), 0, &[]),
            _ => self.emit(Instruction::Return, 0, &[]),
        }
        self.place(on);
    }
}
