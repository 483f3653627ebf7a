//! Functions of Lists of Numbers. Everything is added up from left to right, each step rounded as `add` and
//! `mul` round, so results are the same everywhere.

use super::call::{invalid, size};
use super::lists::by_elements;
use super::numbers::{max, min};
use super::{Arguments, Function, Kind, Work, row};
use crate::trap::Wrong;
use crate::word::Word;

const LIST: &[(&str, Kind)] = &[("list", Kind::Numbers)];

const fn of_numbers(
    name: &'static str,
    result: Kind,
    meaning: &'static str,
    example: (&'static str, &'static str),
    act: fn(&mut Arguments<'_>) -> Result<Word, Wrong>,
) -> Function {
    let work = Work { price: by_elements, more: None, act };
    row((name, LIST), result, "0.01 an element", meaning, example, work)
}

pub(super) const TABLE: &[Function] = &[
    of_numbers(
        "sum",
        Kind::Number,
        "the sum of the elements, from left to right; 0 of none",
        ("push [1, 2, 3.5]; call sum 1", "6.5"),
        |a| Ok(number(numbers(a).fold(0.0, |sum, n| sum + n))),
    ),
    of_numbers(
        "mean",
        Kind::NumberOrNull,
        "the sum divided by the length; `Null` of none",
        ("push [1, 2, 6]; call mean 1", "3"),
        |a| Ok(mean(a).map_or(Word::NULL, number)),
    ),
    of_numbers(
        "variance",
        Kind::NumberOrNull,
        "the mean of the squared distances from the mean (the population's variance); `Null` of none",
        ("push [1, 3]; call variance 1", "1"),
        |a| {
            let Some(mean) = mean(a) else { return Ok(Word::NULL) };
            let squares = numbers(a).fold(0.0, |sum, n| sum + (n - mean) * (n - mean));
            Ok(number(squares / count(a)))
        },
    ),
    of_numbers(
        "min_of",
        Kind::NumberOrNull,
        "the smallest element, as by `min`; `Null` of none",
        ("push [3, 1, 2]; call min_of 1", "1"),
        |a| Ok(numbers(a).reduce(min).map_or(Word::NULL, number)),
    ),
    of_numbers(
        "max_of",
        Kind::NumberOrNull,
        "the largest element, as by `max`; `Null` of none",
        ("push [3, 1, 2]; call max_of 1", "3"),
        |a| Ok(numbers(a).reduce(max).map_or(Word::NULL, number)),
    ),
    row(
        ("median", LIST),
        Kind::NumberOrNull,
        "0.02 an element",
        "the middle element of the sorted list, or the mean of the two in the middle; NaN if one is; `Null` of none",
        ("push [9, 1, 2, 3]; call median 1", "2.5"),
        Work { price: selecting, more: None, act: |a| Ok(percentile(a, 50.0)) },
    ),
    row(
        ("percentile", &[("list", Kind::Numbers), ("p", Kind::Number)]),
        Kind::NumberOrNull,
        "0.02 an element",
        "the value below which p percent of the sorted list lie, between two elements by their distance; p is 0 to 100; NaN if an element is; `Null` of none",
        ("push [10, 20, 30]; push 75; call percentile 2", "25"),
        Work {
            price: selecting,
            more: None,
            act: |a| {
                let p = a.number(1);
                if !(0.0..=100.0).contains(&p) {
                    return invalid(format!("{p} percent, where 0 to 100 are meant"));
                }
                Ok(percentile(a, p))
            },
        },
    ),
    row(
        ("dot", &[("a", Kind::Numbers), ("b", Kind::Numbers)]),
        Kind::Number,
        "0.01 an element",
        "the sum of the products of the elements of two lists of one length, from left to right",
        ("push [1, 2]; push [3, 4]; call dot 2", "11"),
        Work {
            price: |a| size::visiting(size::elements(&a[0]) + size::elements(&a[1])),
            more: None,
            act: |a| {
                let (n, m) = (a.list(0).items().len(), a.list(1).items().len());
                if n != m {
                    return invalid(format!("lists of {n} and of {m} elements"));
                }
                let products = numbers(a).zip(of(a, 1)).map(|(a, b)| a * b);
                Ok(number(products.fold(0.0, |sum, n| sum + n)))
            },
        },
    ),
];

fn selecting(a: &[Word]) -> u64 {
    by_elements(a).saturating_mul(2)
}

fn number(n: f64) -> Word {
    Word::number_from_outside(n)
}

fn of<'a>(a: &'a Arguments<'_>, at: usize) -> impl Iterator<Item = f64> + use<'a> {
    a.list(at).items().iter().map(|item| item.as_number().unwrap_or(f64::NAN))
}

fn numbers<'a>(a: &'a Arguments<'_>) -> impl Iterator<Item = f64> + use<'a> {
    of(a, 0)
}

#[expect(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
fn count(a: &Arguments<'_>) -> f64 {
    a.list(0).items().len() as f64
}

fn mean(a: &Arguments<'_>) -> Option<f64> {
    let sum = numbers(a).fold(0.0, |sum, n| sum + n);
    (count(a) > 0.0).then(|| sum / count(a))
}

/// What lies so far on the way from one Number to another, which may be further apart than any Number is large.
fn between(low: f64, high: f64, part: f64) -> f64 {
    let apart = high - low;
    if apart.is_finite() { low + apart * part } else { low * (1.0 - part) + high * part }
}

/// Linear between the closest ranks, of which the first is 0 percent and the last 100. -0 is below 0.
fn percentile(a: &Arguments<'_>, p: f64) -> Word {
    let mut sorted: Vec<f64> = numbers(a).collect();
    if sorted.is_empty() {
        return Word::NULL;
    }
    if sorted.iter().any(|n| n.is_nan()) {
        return number(f64::NAN);
    }
    let rank = p / 100.0 * (count(a) - 1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to n - 1")]
    let at = (rank.floor() as usize).min(sorted.len() - 1);
    let part = rank - rank.floor();
    let (_, low, above) = sorted.select_nth_unstable_by(at, f64::total_cmp);
    let low = *low;
    let high = above.iter().copied().min_by(f64::total_cmp);
    number(match high {
        Some(high) if part > 0.0 && high.to_bits() != low.to_bits() => between(low, high, part),
        Some(_) | None => low,
    })
}
