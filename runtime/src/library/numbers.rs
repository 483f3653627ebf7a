//! Functions of Numbers. What is not exact comes from one library in Rust, `libm`, so that no platform
//! changes a bit of any result; roundings and the square root are exact everywhere.

use super::{Body, Function, Kind, Machine, Parameter, Scalar};

const X: &[Parameter] = &[("x", Kind::Number)];
const A_B: &[Parameter] = &[("a", Kind::Number), ("b", Kind::Number)];

const fn scalar(
    name: &'static str,
    parameters: &'static [Parameter],
    result: Kind,
    meaning: &'static str,
    example: (&'static str, &'static str),
    scalar: Scalar,
) -> Function {
    let required = parameters.len();
    let (price, machine, body) = ("", None, Body::Scalar(scalar));
    Function { name, parameters, required, result, price, meaning, example, machine, body }
}

/// The same function, which machines have.
const fn machine(machine: Machine, function: Function) -> Function {
    Function { machine: Some(machine), ..function }
}

const fn one(
    name: &'static str,
    f: fn(f64) -> f64,
    meaning: &'static str,
    example: (&'static str, &'static str),
) -> Function {
    scalar(name, X, Kind::Number, meaning, example, Scalar::One(f))
}

const fn two(
    name: &'static str,
    parameters: &'static [Parameter],
    f: fn(f64, f64) -> f64,
    meaning: &'static str,
    example: (&'static str, &'static str),
) -> Function {
    scalar(name, parameters, Kind::Number, meaning, example, Scalar::Two(f))
}

pub(super) const TABLE: &[Function] = &[
    machine(
        Machine::Abs,
        one("abs", f64::abs, "the size of x, without its sign", ("push -2.5; call abs 1", "2.5")),
    ),
    machine(
        Machine::Floor,
        one(
            "floor",
            f64::floor,
            "the largest integer that is not above x",
            ("push -2.5; call floor 1", "-3"),
        ),
    ),
    machine(
        Machine::Ceil,
        one(
            "ceil",
            f64::ceil,
            "the smallest integer that is not below x",
            ("push -2.5; call ceil 1", "-2"),
        ),
    ),
    one(
        "round",
        f64::round,
        "the integer nearest to x; of two as near, the one further from zero",
        ("push -2.5; call round 1", "-3"),
    ),
    machine(
        Machine::Trunc,
        one("trunc", f64::trunc, "x without its fraction", ("push -2.5; call trunc 1", "-2")),
    ),
    machine(
        Machine::Sqrt,
        one(
            "sqrt",
            f64::sqrt,
            "the square root of x; NaN below zero",
            ("push 2.25; call sqrt 1", "1.5"),
        ),
    ),
    one("exp", libm::exp, "e to the power of x", ("push 0; call exp 1", "1")),
    one(
        "ln",
        libm::log,
        "the natural logarithm of x; -inf at zero, NaN below",
        ("push 1; call ln 1", "0"),
    ),
    one("log10", libm::log10, "the decimal logarithm of x", ("push 1000; call log10 1", "3")),
    one("sin", libm::sin, "the sine of x, in radians", ("push 0; call sin 1", "0")),
    one("cos", libm::cos, "the cosine of x, in radians", ("push 0; call cos 1", "1")),
    one("tan", libm::tan, "the tangent of x, in radians", ("push 0; call tan 1", "0")),
    one("asin", libm::asin, "the angle in radians whose sine is x", ("push 0; call asin 1", "0")),
    one("acos", libm::acos, "the angle in radians whose cosine is x", ("push 1; call acos 1", "0")),
    one(
        "atan",
        libm::atan,
        "the angle in radians whose tangent is x",
        ("push 0; call atan 1", "0"),
    ),
    two(
        "atan2",
        &[("y", Kind::Number), ("x", Kind::Number)],
        libm::atan2,
        "the angle in radians of the point (x, y), from -pi to pi",
        ("push 0; push 1; call atan2 2", "0"),
    ),
    two(
        "hypot",
        A_B,
        libm::hypot,
        "the length of the hypotenuse over a and b, without overflow on the way",
        ("push 3; push 4; call hypot 2", "5"),
    ),
    machine(
        Machine::Min,
        two(
            "min",
            A_B,
            min,
            "the smaller of a and b; NaN if one is; -0 is below 0",
            ("push 3; push -4; call min 2", "-4"),
        ),
    ),
    machine(
        Machine::Max,
        two(
            "max",
            A_B,
            max,
            "the larger of a and b; NaN if one is; -0 is below 0",
            ("push 3; push -4; call max 2", "3"),
        ),
    ),
    machine(
        Machine::Clamp,
        scalar(
            "clamp",
            &[("x", Kind::Number), ("low", Kind::Number), ("high", Kind::Number)],
            Kind::Number,
            "x, but not below low and not above high; where low is above high, high; NaN if one is",
            ("push 12; push 0; push 10; call clamp 3", "10"),
            Scalar::Three(|x, low, high| min(max(x, low), high)),
        ),
    ),
    machine(
        Machine::IsNan,
        scalar(
            "is_nan",
            X,
            Kind::Bool,
            "whether x is NaN, which equals nothing, itself included",
            ("push 0; push 0; div; call is_nan 1", "true"),
            Scalar::Test(f64::is_nan),
        ),
    ),
];

/// As IEEE 754-2019 `minimum`.
pub(super) fn min(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if a == b {
        if a.is_sign_negative() { a } else { b }
    } else if a < b {
        a
    } else {
        b
    }
}

/// As IEEE 754-2019 `maximum`.
pub(super) fn max(a: f64, b: f64) -> f64 {
    -min(-a, -b)
}
