//! Energy: the unit, its arithmetic, and the one table of rates for work that depends on sizes.
//!
//! Energy is counted in whole thousandths of a unit, so that sums are exact and the same on every
//! engine. Floating-point units appear only at the public boundary. The fixed prices of instructions
//! stand in the instruction table (`program::opcode`); this module does not know them.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An amount of energy in thousandths of a unit, at most [`Energy::MAX`].
///
/// Sums saturate at the largest amount, differences at zero.
///
/// ```
/// use lau_runtime::Energy;
/// let ten: Energy = std::iter::repeat_n(Energy::from_units(0.1), 10).sum();
/// assert_eq!(ten, Energy::from_units(1.0));
/// assert_eq!(ten.to_units(), 1.0);
/// ```
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(from = "u64", into = "u64")]
pub struct Energy(u64);

impl Energy {
    /// None.
    pub const ZERO: Energy = Energy(0);
    /// The largest amount: 2⁵⁰ thousandths, about 1.1 · 10¹² units. Up to here a double in units and
    /// the integer convert into each other without loss.
    pub const MAX: Energy = Energy(1 << 50);

    /// So many thousandths; anything beyond [`Energy::MAX`] is the largest amount.
    #[must_use]
    pub const fn from_thousandths(n: u64) -> Self {
        if n > Self::MAX.0 { Self::MAX } else { Energy(n) }
    }

    /// The amount in thousandths of a unit.
    #[must_use]
    pub const fn thousandths(self) -> u64 {
        self.0
    }

    /// From units, rounded to the nearest thousandth, ties to even. NaN and negative amounts are zero;
    /// an infinite one is the largest.
    ///
    /// ```
    /// use lau_runtime::Energy;
    /// assert_eq!(Energy::from_units(0.0625).thousandths(), 62); // a tie
    /// assert_eq!(Energy::from_units(f64::NAN), Energy::ZERO);
    /// assert_eq!(Energy::from_units(f64::INFINITY), Energy::MAX);
    /// ```
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in range: tested")]
    pub fn from_units(units: f64) -> Self {
        if units.is_nan() || units <= 0.0 {
            return Self::ZERO;
        }
        let product = units * 1000.0;
        if product >= Self::MAX.0 as f64 {
            return Self::MAX;
        }
        // The product is itself rounded. It can only have been rounded *onto* a tie, never across
        // one (every k + 1/2 below 2^52 is a double), so the rounding error matters at ties alone.
        let floor = product.floor();
        let rounded = if product - floor == 0.5 {
            let error = libm::fma(units, 1000.0, -product);
            if error > 0.0 {
                floor + 1.0
            } else if error < 0.0 {
                floor
            } else {
                product.round_ties_even()
            }
        } else {
            product.round_ties_even()
        };
        Energy(rounded as u64)
    }

    /// In units: the double nearest to the exact amount.
    #[must_use]
    pub fn to_units(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// The sum, at most [`Energy::MAX`].
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self::from_thousandths(self.0.saturating_add(other.0))
    }

    /// The difference, at least zero.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Energy(self.0.saturating_sub(other.0))
    }
}

impl From<u64> for Energy {
    fn from(thousandths: u64) -> Self {
        Self::from_thousandths(thousandths)
    }
}
impl From<Energy> for u64 {
    fn from(energy: Energy) -> Self {
        energy.0
    }
}
impl std::iter::Sum for Energy {
    fn sum<I: Iterator<Item = Energy>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::saturating_add)
    }
}

/// In units, exactly, without trailing zeros: `0.05`, `12`.
impl fmt::Display for Energy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 1000, self.0 % 1000);
        let text = if rest == 0 {
            whole.to_string()
        } else {
            format!("{whole}.{rest:03}").trim_end_matches('0').to_owned()
        };
        f.pad(&text)
    }
}

/// Rates for work that grows with its operands, in thousandths of a unit, and the sizes they apply
/// to. `docs/energy.md` is the table for readers.
pub mod rate {
    /// A byte that is compared, hashed, copied or converted.
    pub const BYTE: u64 = 1;
    /// An element that is visited, and moved or shared.
    pub const ELEMENT: u64 = 10;
    /// A byte that is read in another form than it stands in, or written in one: JSON, patterns.
    pub const FORM: u64 = 10;
    /// A value that goes into a new list or map, or a text that is cut out of another.
    pub const VALUE: u64 = 50;
    /// Bytes of arguments, and of the answer, that the price of a host call covers.
    pub const HOST_BYTES_FREE: u64 = 1024;
    /// What a host builtin costs unless it declares a price.
    pub const HOST_CALL: u64 = 1000;
    /// What a call of the standard library costs before sizes.
    pub const LIBRARY_CALL: u64 = 1000;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_round_to_the_nearest_thousandth() {
        for n in [0, 1, 50, 999, 123_456_789, Energy::MAX.0 - 1, Energy::MAX.0] {
            assert_eq!(Energy::from_units(Energy(n).to_units()), Energy(n));
        }
        assert_eq!(Energy::from_units(0.1875).thousandths(), 188); // 187.5, to even
        assert_eq!(Energy::from_units(0.3125).thousandths(), 312); // 312.5, to even
        // Just beside a tie: the product rounds onto it, the exact value does not lie there.
        assert_eq!(Energy::from_units(0.0625_f64.next_up()).thousandths(), 63);
        assert_eq!(Energy::from_units(0.1875_f64.next_down()).thousandths(), 187);
        assert_eq!(Energy::from_units(0.000_499_9).thousandths(), 0);
        assert_eq!(Energy::from_units(-1.0), Energy::ZERO);
        assert_eq!(Energy::from_units(1e300), Energy::MAX);
    }

    #[test]
    fn prints_exactly() {
        let text = |n| Energy(n).to_string();
        assert_eq!(text(50), "0.05");
        assert_eq!(text(100), "0.1");
        assert_eq!(text(12_000), "12");
        assert_eq!(text(1_001), "1.001");
    }

    #[test]
    fn sums_saturate() {
        assert_eq!(Energy::MAX.saturating_add(Energy(1)), Energy::MAX);
        assert_eq!(Energy(1).saturating_sub(Energy(2)), Energy::ZERO);
    }
}
