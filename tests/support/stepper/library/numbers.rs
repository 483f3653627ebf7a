//! Functions of Numbers.

use super::super::super::graph::Val;
use super::{Stepper, double};

impl Stepper<'_> {
    /// What a function of Numbers alone gives; `None` if it is another.
    pub(super) fn number_function(&self, name: &str, args: &[Val]) -> Option<Val> {
        let x = |at: usize| double(args[at]);
        Some(Val::Number(match name {
            "abs" => x(0).abs(),
            "floor" => x(0).floor(),
            "ceil" => x(0).ceil(),
            "round" => x(0).round(),
            "trunc" => x(0).trunc(),
            "sqrt" => x(0).sqrt(),
            "exp" => libm::exp(x(0)),
            "ln" => libm::log(x(0)),
            "log10" => libm::log10(x(0)),
            "sin" => libm::sin(x(0)),
            "cos" => libm::cos(x(0)),
            "tan" => libm::tan(x(0)),
            "asin" => libm::asin(x(0)),
            "acos" => libm::acos(x(0)),
            "atan" => libm::atan(x(0)),
            "atan2" => libm::atan2(x(0), x(1)),
            "hypot" => libm::hypot(x(0), x(1)),
            "min" => smaller(x(0), x(1)),
            "max" => larger(x(0), x(1)),
            "clamp" => smaller(larger(x(0), x(1)), x(2)),
            "is_nan" => return Some(Val::Bool(x(0).is_nan())),
            _ => return None,
        }))
    }
}

/// The smaller of two; NaN if one is; -0 is below 0.
pub(super) fn smaller(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        return f64::NAN;
    }
    if a.total_cmp(&b).is_lt() { a } else { b }
}

/// The larger of two; NaN if one is; 0 is above -0.
pub(super) fn larger(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        return f64::NAN;
    }
    if a.total_cmp(&b).is_gt() { a } else { b }
}
