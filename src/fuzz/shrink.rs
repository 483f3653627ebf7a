//! Making a failing program smaller: instructions are taken away as long as it still fails.

use super::scene::Scene;
use crate::dsl::instruction::Instruction;
use lau_runtime::Value;
use std::ops::Range;

/// The smallest program found for which `fails` still holds; it holds for the one given.
#[must_use]
pub fn shrink(scene: &Scene, fails: impl Fn(&Scene) -> bool) -> Scene {
    let mut best = scene.clone();
    loop {
        let before = (best.instructions.len(), best.memory.len());
        let mut chunk = best.instructions.len().max(1);
        while chunk > 0 {
            let mut at = 0;
            while at < best.instructions.len() {
                let end = (at + chunk).min(best.instructions.len());
                let smaller = without(&best, at..end);
                if fails(&smaller) {
                    best = smaller;
                } else {
                    at += 1;
                }
            }
            chunk /= 2;
        }
        best = without_definitions(best, &fails);
        best = without_memory(best, &fails);
        if (best.instructions.len(), best.memory.len()) == before {
            return simpler_literals(best, &fails);
        }
    }
}

/// The program without some instructions; targets behind them move, targets among them go to what follows.
fn without(scene: &Scene, gone: Range<usize>) -> Scene {
    let mut smaller = scene.clone();
    smaller.instructions.drain(gone.clone());
    for instruction in &mut smaller.instructions {
        if let Instruction::Jump(t) | Instruction::JumpIf(t) | Instruction::JumpTrue(t) =
            instruction
        {
            *t -= (*t).min(gone.end) - (*t).min(gone.start);
        }
    }
    smaller
}

/// Takes away `func` and `end` with everything between, which no other pass can.
fn without_definitions(mut best: Scene, fails: &impl Fn(&Scene) -> bool) -> Scene {
    let mut from = 0;
    while let Some(func) = find(&best, from, |i| matches!(i, Instruction::Func(..))) {
        from = func + 1;
        if let Some(end) = find(&best, func, |i| matches!(i, Instruction::End)) {
            let smaller = without(&best, func..end + 1);
            if fails(&smaller) {
                best = smaller;
                from = func;
            }
        }
    }
    best
}

fn find(scene: &Scene, from: usize, wanted: impl Fn(&Instruction) -> bool) -> Option<usize> {
    let found = scene.instructions.iter().skip(from).position(wanted);
    found.map(|at| at + from)
}

fn without_memory(mut best: Scene, fails: &impl Fn(&Scene) -> bool) -> Scene {
    for at in (0..best.memory.len()).rev() {
        let mut smaller = best.clone();
        smaller.memory.remove(at);
        if fails(&smaller) {
            best = smaller;
        }
    }
    best
}

fn simpler_literals(mut best: Scene, fails: &impl Fn(&Scene) -> bool) -> Scene {
    for at in 0..best.instructions.len() {
        for simple in [Value::Null, Value::from(0.0), Value::from("a"), Value::List(Vec::new())] {
            if matches!(best.instructions[at], Instruction::Push(_)) {
                let mut smaller = best.clone();
                smaller.instructions[at] = Instruction::Push(simple);
                if fails(&smaller) {
                    best = smaller;
                    break;
                }
            }
        }
    }
    best
}
