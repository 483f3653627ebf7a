//! Numbers as texts.

use compact_str::CompactString;

/// What a Number that is not finite is called.
pub(super) fn unusual(n: f64) -> Option<&'static str> {
    match n {
        _ if n.is_nan() => Some("NaN"),
        f64::INFINITY => Some("Infinity"),
        f64::NEG_INFINITY => Some("-Infinity"),
        _ => None,
    }
}

/// A Number in the fewest digits that read back as it.
pub(super) fn digits(n: f64) -> CompactString {
    match n == 0.0 && n.is_sign_negative() {
        true => "-0".into(), // ECMAScript would not tell it from 0
        false => ryu_js::Buffer::new().format(n).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_the_fewest_digits() {
        for (n, text) in [
            (3.0, "3"),
            (-0.0, "-0"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e20, "100000000000000000000"),
            (123_456_789_012_345_680_000.0, "123456789012345680000"),
            (1e21, "1e+21"),
            (1e-6, "0.000001"),
            (1e-7, "1e-7"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(digits(n), text);
            let back: f64 = text.parse().expect("a number");
            assert!(back.to_bits() == n.to_bits() || n.is_nan() && back.is_nan(), "{text}");
        }
    }
}
