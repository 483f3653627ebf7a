//! What a call costs, as a plan declares it: a base, and a rate for the size of each argument.
//!
//! Amounts are whole numbers (thousandths of a unit for the base, millionths for rates) and sums are
//! saturating, so the price of a call is exact, the same everywhere, and never out of range.

use lau_runtime::Energy;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// The highest base of a plan's energy, in units.
pub const BASE_UNITS_MAX: f64 = 1_000_000.0;
/// The highest rate of a plan's energy, in units for each unit of size.
pub const RATE_UNITS_MAX: f64 = 1_000.0;

/// What a call costs beside the one unit of every call: a base, and so much for the size of each argument.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields, default)]
pub struct EnergyRule {
    /// What each call costs whatever its arguments, in units; thousandths are the finest.
    #[serde(serialize_with = "units")]
    #[schemars(with = "f64", range(min = 0.0, max = BASE_UNITS_MAX))]
    pub base: Energy,
    /// What an argument costs by its size, in units, by the name of its parameter: for each byte of a
    /// text, of bytes and of a file, for each element of numbers and of a value. Millionths are the finest.
    pub per: BTreeMap<String, Rate>,
}

impl EnergyRule {
    /// What a call with arguments of these sizes costs, rounded up to a thousandth of a unit, at most
    /// [`Energy::MAX`]. The size of each parameter that has a rate is asked for once, by its name.
    ///
    /// ```
    /// use lau_agent_runtime::forge::plan::{EnergyRule, Rate};
    /// use lau_agent_runtime::Energy;
    /// let rule = EnergyRule {
    ///     base: Energy::from_units(5.0),
    ///     per: [("xs".to_owned(), Rate::from_units(0.01).unwrap())].into(),
    /// };
    /// assert_eq!(rule.of(|_| 250), Energy::from_units(7.5));
    /// assert_eq!(rule.of(|_| u64::MAX), Energy::MAX);
    /// ```
    #[must_use]
    pub fn of(&self, mut size: impl FnMut(&str) -> u64) -> Energy {
        let by_size = self.per.iter().fold(0_u128, |sum, (name, rate)| {
            sum.saturating_add(u128::from(rate.0) * u128::from(size(name)))
        });
        let thousandths = u64::try_from(by_size.div_ceil(1_000)).unwrap_or(u64::MAX);
        self.base.saturating_add(Energy::from_thousandths(thousandths))
    }
}

/// Energy for each byte or element, in units; kept in whole millionths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema)]
pub struct Rate(#[schemars(with = "f64", range(min = 0.0, max = RATE_UNITS_MAX))] u64);

impl Rate {
    /// From units: `None` if that is below zero, above [`RATE_UNITS_MAX`], not a number, or finer than a
    /// millionth.
    #[must_use]
    pub fn from_units(units: f64) -> Option<Self> {
        parts(units, RATE_UNITS_MAX, 1e6).map(Rate)
    }

    /// In units: the double nearest to the exact rate.
    #[must_use]
    pub fn to_units(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_f64(self.to_units())
    }
}

/// A base from units: `None` if that is below zero, above [`BASE_UNITS_MAX`], not a number, or finer than a
/// thousandth.
pub(super) fn base_from_units(units: f64) -> Option<Energy> {
    parts(units, BASE_UNITS_MAX, 1e3).map(Energy::from_thousandths)
}

/// How many parts of a unit that is, if it is a whole number of them: the double nearest to some.
fn parts(units: f64, units_max: f64, parts: f64) -> Option<u64> {
    if !(0.0..=units_max).contains(&units) {
        return None;
    }
    let whole = (units * parts).round();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 10⁹")]
    (whole / parts == units).then_some(whole as u64)
}

fn units<S: Serializer>(energy: &Energy, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_f64(energy.to_units())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_what_is_exact_is_taken() {
        for (units, millionths) in
            [(0.0, 0), (-0.0, 0), (0.01, 10_000), (0.000_001, 1), (1_000.0, 1_000_000_000)]
        {
            assert_eq!(Rate::from_units(units), Some(Rate(millionths)), "{units}");
        }
        for bad in [f64::NAN, f64::INFINITY, -0.001, 1_000.1, 1e-7, 0.000_001_5, f64::MIN_POSITIVE]
        {
            assert_eq!(Rate::from_units(bad), None, "{bad}");
        }
        assert_eq!(base_from_units(0.001), Some(Energy::from_thousandths(1)));
        assert_eq!(base_from_units(0.000_1), None);
        assert_eq!(base_from_units(1_000_000.5), None);
    }

    #[test]
    fn sums_are_exact_and_rounded_up() {
        let rate = |units| Rate::from_units(units).unwrap();
        let rule = EnergyRule {
            base: Energy::from_thousandths(1),
            per: [("a".to_owned(), rate(0.1)), ("b".to_owned(), rate(0.000_001))].into(),
        };
        let of = |a, b| rule.of(|name| if name == "a" { a } else { b }).thousandths();
        assert_eq!((of(0, 0), of(3, 0), of(3, 1), of(3, 1_000)), (1, 301, 302, 302));
        assert_eq!(of(u64::MAX, u64::MAX), Energy::MAX.thousandths());
        assert_eq!(EnergyRule::default().of(|_| u64::MAX), Energy::ZERO);
    }

    proptest! {
        #[test]
        fn rates_read_back(millionths in 0..=1_000_000_000_u64) {
            prop_assert_eq!(Rate::from_units(Rate(millionths).to_units()), Some(Rate(millionths)));
        }
    }
}
