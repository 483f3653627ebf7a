//! Functions of Lists.

use super::super::super::graph::{Body, Val};
use super::super::contents::Write;
use super::{
    Fault, Gives, Stepper, bounds, double, given, invalid, numbers, range_count, repetitions,
};

impl Stepper<'_> {
    pub(super) fn range(&mut self, args: &[Val]) -> Result<Gives, Fault> {
        let (from, to, step) = (double(args[0]), double(args[1]), given(args, 2).unwrap_or(1.0));
        let Some(count) = range_count(from, to, step) else {
            return invalid("not finite, or a step of nothing");
        };
        let mut items = Vec::new();
        while (items.len() as f64) < count {
            items.push(Val::Number(from + items.len() as f64 * step));
        }
        Ok(self.made_list(items))
    }

    /// Of a List or a Text.
    pub(super) fn slice(&mut self, args: &[Val]) -> Result<Gives, Fault> {
        let (from, to) = (double(args[1]), given(args, 2));
        if let Some(text) = self.graph.text(args[0]) {
            let characters: Vec<char> = text.chars().collect();
            let Some((from, to)) = bounds(from, to, characters.len()) else {
                return invalid("no index");
            };
            let cut = characters[from..to].iter().collect();
            return Ok(self.made_text(cut));
        }
        let items = self.items(args[0]);
        let Some((from, to)) = bounds(from, to, items.len()) else { return invalid("no index") };
        Ok(self.made_list(items[from..to].to_vec()))
    }

    /// Of two Lists or two Texts.
    pub(super) fn concat(&mut self, args: &[Val]) -> Gives {
        let (a, b) = (args[0], args[1]);
        if let (Some(text), Some(more)) = (self.graph.text(a), self.graph.text(b)) {
            let body = Body::Text(format!("{text}{more}"));
            return Gives::Changed(Write { body, nesting: 0, grows: more.len() as u64 });
        }
        let more = self.items(b);
        let deepest = more.iter().map(|item| 1 + self.graph.nesting(*item)).max().unwrap_or(0);
        let nesting = self.graph.nesting(a).max(deepest);
        let grows = 8 * more.len() as u64;
        let body = Body::List([self.items(a), more].concat());
        Gives::Changed(Write { body, nesting, grows })
    }

    pub(super) fn reverse(&mut self, args: &[Val]) -> Gives {
        let items = self.items(args[0]).into_iter().rev().collect();
        self.made_list(items)
    }

    pub(super) fn unique(&mut self, args: &[Val]) -> Gives {
        let mut kept: Vec<Val> = Vec::new();
        for item in self.items(args[0]) {
            if !kept.iter().any(|other| self.graph.equal(*other, item)) {
                kept.push(item);
            }
        }
        self.made_list(kept)
    }

    /// The index of the first element that is equal, or `Null`.
    pub(super) fn index_of(&self, list: Val, value: Val) -> Val {
        let items = self.items(list);
        let at = items.iter().position(|item| self.graph.equal(*item, value));
        at.map_or(Val::Null, |at| Val::Number(at as f64))
    }

    /// Of a List or a Text.
    pub(super) fn contains(&mut self, args: &[Val]) -> Gives {
        let contains = match (self.graph.text(args[0]), self.graph.text(args[1])) {
            (Some(text), Some(part)) => text.contains(part),
            _ => matches!(self.index_of(args[0], args[1]), Val::Number(_)),
        };
        Gives::Plain(Val::Bool(contains))
    }

    /// `sum mean variance min_of max_of`.
    pub(super) fn total(&mut self, name: &str, args: &[Val]) -> Gives {
        let all = self.doubles(args[0]);
        let n = all.len() as f64;
        let sum = |numbers: &mut dyn Iterator<Item = f64>| numbers.fold(0.0, |sum, x| sum + x);
        if all.is_empty() && name != "sum" {
            return Gives::Plain(Val::Null);
        }
        let mean = sum(&mut all.iter().copied()) / n;
        Gives::Plain(Val::Number(match name {
            "sum" => sum(&mut all.iter().copied()),
            "mean" => mean,
            "variance" => sum(&mut all.iter().map(|x| (x - mean) * (x - mean))) / n,
            "min_of" => all.iter().copied().reduce(numbers::smaller).expect("it is not empty"),
            _ => all.iter().copied().reduce(numbers::larger).expect("it is not empty"),
        }))
    }

    pub(super) fn percentile(&mut self, args: &[Val]) -> Result<Gives, Fault> {
        let p = double(args[1]);
        if !(0.0..=100.0).contains(&p) {
            return invalid("no percentage");
        }
        Ok(self.percentile_of(args[0], p))
    }

    pub(super) fn percentile_of(&mut self, list: Val, p: f64) -> Gives {
        let mut all = self.doubles(list);
        if all.is_empty() {
            return Gives::Plain(Val::Null);
        }
        if all.iter().any(|x| x.is_nan()) {
            return Gives::Plain(Val::Number(f64::NAN));
        }
        all.sort_by(f64::total_cmp);
        let rank = p / 100.0 * (all.len() as f64 - 1.0);
        let fraction = rank - rank.floor();
        let low = (0..all.len()).find(|at| *at as f64 == rank.floor()).expect("below the length");
        Gives::Plain(Val::Number(
            if fraction == 0.0 || all[low].to_bits() == all[low + 1].to_bits() {
                all[low]
            } else {
                let (low, high) = (all[low], all[low + 1]);
                match (high - low).is_finite() {
                    true => low + (high - low) * fraction,
                    false => low * (1.0 - fraction) + high * fraction,
                }
            },
        ))
    }

    pub(super) fn dot(&mut self, args: &[Val]) -> Result<Gives, Fault> {
        let (a, b) = (self.doubles(args[0]), self.doubles(args[1]));
        if a.len() != b.len() {
            return invalid("of two lengths");
        }
        let mut sum = 0.0;
        for (a, b) in a.iter().zip(&b) {
            let product = a * b;
            sum += product;
        }
        Ok(Gives::Plain(Val::Number(sum)))
    }

    pub(super) fn flatten(&mut self, args: &[Val]) -> Gives {
        let mut flat = Vec::new();
        for item in self.items(args[0]) {
            match self.graph.body(item) {
                Some(Body::List(inside)) => flat.extend(inside.iter().copied()),
                Some(Body::Text(_) | Body::Reference(_) | Body::Map(_)) | None => flat.push(item),
            }
        }
        self.made_list(flat)
    }

    pub(super) fn zip(&mut self, args: &[Val]) -> Gives {
        let (a, b) = (self.items(args[0]), self.items(args[1]));
        let pairs = a.into_iter().zip(b);
        let pairs = pairs.map(|(a, b)| self.graph.add(Body::List(vec![a, b]), false)).collect();
        self.made_list(pairs)
    }

    /// Of a List or a Text.
    pub(super) fn repeat(&mut self, args: &[Val]) -> Result<Gives, Fault> {
        let Some(n) = repetitions(double(args[1])) else { return invalid("no number of times") };
        if let Some(text) = self.graph.text(args[0]) {
            let (part, mut times, mut whole) = (text.to_owned(), 0.0, String::new());
            while times < n && !part.is_empty() {
                whole.push_str(&part);
                times += 1.0;
            }
            return Ok(self.made_text(whole));
        }
        let (part, mut times, mut whole) = (self.items(args[0]), 0.0, Vec::new());
        while times < n && !part.is_empty() {
            whole.extend(part.iter().copied());
            times += 1.0;
        }
        Ok(self.made_list(whole))
    }
}
