//! What a Rust programmer would write for each kernel: integers for counters, indices and integer state,
//! `f64` for data. Sizes are hidden from the compiler, so that it works nothing out beforehand.

use lau_agent_runtime::Value;
use std::collections::HashMap;
use std::hint::black_box;

pub(crate) fn sum(_: Option<&Value>) -> f64 {
    let mut total = 0.0;
    for i in 0..black_box(1_000_000_u32) {
        total += f64::from(i);
    }
    total
}

pub(crate) fn collatz(_: Option<&Value>) -> f64 {
    let (mut longest, mut best) = (0_u32, 0_u64);
    for start in 1..black_box(10_000_u64) {
        let (mut n, mut steps) = (start, 0);
        while n != 1 {
            n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
            steps += 1;
        }
        if steps > longest {
            (longest, best) = (steps, start);
        }
    }
    best as f64
}

pub(crate) fn sieve(_: Option<&Value>) -> f64 {
    let size = black_box(50_000_usize);
    let mut composite = vec![0.0; size];
    let mut primes = 0_u32;
    for i in 2..size {
        if composite[i] == 0.0 {
            primes += 1;
            let mut multiple = i * i;
            while multiple < size {
                composite[multiple] = 1.0;
                multiple += i;
            }
        }
    }
    f64::from(primes)
}

pub(crate) fn fib(_: Option<&Value>) -> f64 {
    fn fib(n: u64) -> u64 {
        if n < 2 { n } else { fib(n - 1) + fib(n - 2) }
    }
    fib(black_box(22)) as f64
}

pub(crate) fn lcg(_: Option<&Value>) -> f64 {
    let (mut state, mut sum) = (42_i64, 0_i64);
    for i in 0..black_box(200_000_i64) {
        state = state * 16_807 % 2_147_483_647;
        match state % 4 {
            0 => sum += 2,
            1 => sum += i,
            2 => sum %= 1_000_003,
            _ => sum -= 1,
        }
    }
    sum as f64
}

pub(crate) fn matrix(_: Option<&Value>) -> f64 {
    let size = black_box(48_usize);
    let mut a = Vec::new();
    let mut b = Vec::new();
    for i in 0..size * size {
        a.push((i % 7) as f64 + 0.5);
        b.push((i % 5) as f64 - 0.25);
    }
    let mut c = Vec::new();
    for row in 0..size {
        for column in 0..size {
            let mut dot = 0.0;
            for k in 0..size {
                dot += a[row * size + k] * b[k * size + column];
            }
            c.push(dot);
        }
    }
    c.iter().enumerate().fold(0.0, |sum, (i, element)| sum + element * i as f64)
}

pub(crate) fn mandelbrot(_: Option<&Value>) -> f64 {
    let size = black_box(60_u32);
    let mut total = 0_u32;
    for y in 0..size {
        let ci = f64::from(y) / f64::from(size) * 2.0 - 1.0;
        for x in 0..size {
            let cr = f64::from(x) / f64::from(size) * 3.0 - 2.0;
            let (mut zr, mut zi, mut steps) = (0.0, 0.0, 0);
            while steps < 100 && zr * zr + zi * zi <= 4.0 {
                (zr, zi) = (zr * zr - zi * zi + cr, zr * 2.0 * zi + ci);
                steps += 1;
            }
            total += steps;
        }
    }
    f64::from(total)
}

/// The words of a text, counted.
pub(crate) fn words(text: Option<&Value>) -> f64 {
    let text = text.and_then(Value::as_str).unwrap_or_default();
    let mut counts: HashMap<&str, u32> = HashMap::new();
    for word in text.split_terminator(' ') {
        *counts.entry(word).or_default() += 1;
    }
    f64::from(counts.into_values().max().unwrap_or(0))
}

/// As many calls of the host's function as the programs make; the call itself is not inlined away.
pub(crate) fn host(_: Option<&Value>) -> f64 {
    (0..black_box(100_000_u32)).fold(0.0, |x, _| black_box(damped as fn(f64) -> f64)(x))
}

/// What the builtins of the kernels do.
pub(crate) fn damped(x: f64) -> f64 {
    x * 0.5 + 1.0
}
