//! How a column is moved and stretched before it enters the network.

use crate::options::Style;
use serde::{Deserialize, Serialize};

/// A column moved by `centre` and divided by `scale`; a column without spread has scale 0 and becomes 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scaling {
    /// What is subtracted: the mean, or in the tabular style the median.
    pub centre: f64,
    /// What is divided by: the standard deviation, or in the tabular style the distance between the quartiles.
    pub scale: f64,
}

impl Scaling {
    /// Leaves values as they are.
    pub const NONE: Self = Self { centre: 0.0, scale: 1.0 };

    /// (x − mean) / deviation.
    pub(crate) fn standard(mean: f64, deviation: f64) -> Self {
        Self { centre: mean, scale: deviation }
    }

    /// (x − median) / (q75 − q25); where that is 0, (x − median) / (½(max − min)).
    pub(crate) fn robust(quartiles: [f64; 3], least: f64, greatest: f64) -> Self {
        let [q25, median, q75] = quartiles;
        let scale = if q75 == q25 { 0.5 * (greatest - least) } else { q75 - q25 };
        Self { centre: median, scale }
    }

    /// The value, moved and stretched, and in the tabular style bent.
    #[inline]
    pub fn apply(&self, style: Style, value: f64) -> f64 {
        if self.scale == 0.0 {
            return 0.0;
        }
        let value = (value - self.centre) / self.scale;
        match style {
            Style::Plain => value,
            Style::Tabular => bend(value),
        }
    }
}

/// x / √(1 + (x/3)²): nearly x where x is small, never beyond ±3.
#[inline]
fn bend(x: f64) -> f64 {
    // Beyond this the square is so large that the 1 is lost; far beyond it would overflow.
    const STRAIGHT: f64 = 1e9;
    if x.abs() > STRAIGHT {
        return 3f64.copysign(x);
    }
    let third = x / 3.0;
    x / (1.0 + third * third).sqrt()
}

/// The quantile `q` of `total` values in ascending order, interpolated linearly between neighbours.
pub(crate) fn quantile(q: f64, total: u64, at: impl Fn(u64) -> f64) -> f64 {
    let position = (total - 1) as f64 * q;
    let below = position.floor();
    let (low, high) = (at(below as u64), at(position.ceil() as u64));
    let part = position - below;
    // Interpolated from the nearer neighbour, so that equal neighbours give exactly their value.
    if part < 0.5 { low + (high - low) * part } else { high - (high - low) * (1.0 - part) }
}

/// The ranks that the quartiles of `total` values depend on.
pub(crate) fn quartile_ranks(total: u64) -> impl Iterator<Item = u64> {
    QUARTERS.into_iter().flat_map(move |q| {
        let position = (total - 1) as f64 * q;
        [position.floor() as u64, position.ceil() as u64]
    })
}

const QUARTERS: [f64; 3] = [0.25, 0.5, 0.75];

/// The three quartiles of `total` values in ascending order.
pub(crate) fn quartiles(total: u64, at: impl Fn(u64) -> f64) -> [f64; 3] {
    QUARTERS.map(|q| quantile(q, total, &at))
}

/// The scaling of a column of few different values, given ascending with how often each occurs.
pub(crate) fn of_counts(style: Style, counts: &[(f64, u64)]) -> Scaling {
    match style {
        Style::Plain => Scaling::NONE,
        Style::Tabular => {
            let present = || counts.iter().filter(|(_, count)| *count > 0);
            let total = present().map(|(_, count)| count).sum();
            let at = |rank: u64| {
                let mut seen = 0;
                for &(value, count) in present() {
                    seen += count;
                    if rank < seen {
                        return value;
                    }
                }
                0.0
            };
            let (Some((least, _)), Some((greatest, _))) = (present().next(), present().next_back()) else {
                return Scaling { centre: 0.0, scale: 0.0 };
            };
            Scaling::robust(quartiles(total, at), *least, *greatest)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tabular_scaling_by_hand() {
        // 1, 2, 3, 4, 10: quartiles 2, 3, 4; (10 − 3) / (4 − 2) = 3.5; 3.5 / √(1 + (3.5/3)²) = 2.27777…
        let sorted = [1.0, 2.0, 3.0, 4.0, 10.0];
        let scaling = Scaling::robust(quartiles(5, |rank| sorted[rank as usize]), 1.0, 10.0);
        assert_eq!(scaling, Scaling { centre: 3.0, scale: 2.0 });
        let bent = 3.5 / (1.0f64 + (3.5 / 3.0) * (3.5 / 3.0)).sqrt();
        assert_eq!(scaling.apply(Style::Tabular, 10.0), bent);
        assert!((bent - 2.277_770).abs() < 1e-6, "{bent}");
        assert_eq!(scaling.apply(Style::Plain, 10.0), 3.5);
    }

    #[test]
    fn quartiles_between_values() {
        // 0, 1, 2, 3: (4 − 1) · 0.25 = 0.75, so q25 = 0.75, the median 1.5, q75 = 2.25.
        assert_eq!(quartiles(4, |rank| rank as f64), [0.75, 1.5, 2.25]);
        assert_eq!(quartile_ranks(4).collect::<Vec<_>>(), [0, 1, 1, 2, 2, 3]);
        assert_eq!(quartiles(1, |_| 7.0), [7.0; 3]);
    }

    #[test]
    fn a_rare_category_falls_back_on_half_the_range() {
        // 1 of 10 rows: all quartiles 0, so the scale is ½(1 − 0); a one becomes 2 / √(1 + (2/3)²) = 1.6641.
        let scaling = of_counts(Style::Tabular, &[(0.0, 9), (1.0, 1)]);
        assert_eq!(scaling, Scaling { centre: 0.0, scale: 0.5 });
        assert!((scaling.apply(Style::Tabular, 1.0) - 1.664_100_588_675_687_3).abs() < 1e-15);
        // A third of ones: sorted 0 0 1, median 0, q75 at 1.5 = 0.5.
        assert_eq!(of_counts(Style::Tabular, &[(0.0, 2), (1.0, 1)]), Scaling { centre: 0.0, scale: 0.5 });
        // A category that no training row has is 0 for every row.
        assert_eq!(of_counts(Style::Tabular, &[(0.0, 5), (1.0, 0)]).apply(Style::Tabular, 1.0), 0.0);
    }

    #[test]
    fn no_value_is_bent_beyond_three() {
        assert_eq!(bend(f64::MAX), 3.0);
        assert_eq!(bend(-1e200), -3.0);
        assert_eq!(bend(0.0), 0.0);
        assert!((bend(1e9) - 3.0).abs() < 1e-15);
        assert!(bend(2.9e9) <= 3.0);
        // The slope at 0 is 1.
        assert!((bend(1e-9) / 1e-9 - 1.0).abs() < 1e-15);
    }

    #[test]
    fn a_constant_becomes_zero() {
        assert_eq!(Scaling::robust([5.0; 3], 5.0, 5.0).apply(Style::Tabular, 5.0), 0.0);
        assert_eq!(Scaling::robust([5.0; 3], 5.0, 5.0).apply(Style::Tabular, 6.0), 0.0);
        assert_eq!(Scaling::standard(5.0, 0.0).apply(Style::Plain, 7.0), 0.0);
    }
}
