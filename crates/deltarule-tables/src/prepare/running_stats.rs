//! What several passes tell of one column of numbers.

use super::scaling::{Scaling, quartile_ranks, quartiles};
use crate::options::Style;
use crate::select::{self, Selection};

/// A column of numbers, learned in passes; NaN is a missing value, for which the mean stands in.
#[derive(Debug, Default)]
pub(crate) struct RunningStats {
    present: u64,
    missing: u64,
    sum: f64,
    least: f64,
    greatest: f64,
    /// Sum of squared deviations from the mean.
    squares: f64,
    /// How many values lie below the mean: so many come before its stand-ins in ascending order.
    below: u64,
    quartiles: Option<Selection>,
}

impl Clone for RunningStats {
    fn clone(&self) -> Self {
        debug_assert!(self.present == 0, "only cloned to make many that have seen nothing");
        Self::default()
    }
}

impl RunningStats {
    /// Counts, adds up, and finds the ends.
    #[inline]
    pub(crate) fn first_pass(&mut self, value: f64) {
        if value.is_nan() {
            self.missing += 1;
            return;
        }
        if self.present == 0 {
            (self.least, self.greatest) = (value, value);
        }
        self.present += 1;
        self.sum += value;
        self.least = self.least.min(value);
        self.greatest = self.greatest.max(value);
    }

    /// Adds up squared deviations and counts what lies below the mean.
    #[inline]
    pub(crate) fn second_pass(&mut self, value: f64) {
        if !value.is_nan() {
            let mean = self.mean();
            self.squares += (value - mean) * (value - mean);
            self.below += u64::from(value < mean);
        }
    }

    /// Prepares for the passes that find the quartiles, holding at most `held` values for each rank.
    pub(crate) fn seek_quartiles(&mut self, held: u64) {
        if self.present == 0 {
            return;
        }
        let own = |rank: u64| match self.own_rank(rank) {
            RankAmong::Own(rank) => Some(rank),
            RankAmong::StandIn => None,
        };
        let ranks = quartile_ranks(self.present + self.missing).filter_map(own).collect();
        let (low, high) = (select::key(self.least), select::key(self.greatest));
        self.quartiles = Some(Selection::new(ranks, self.present, low, high, held));
    }

    /// Whether a further pass is needed.
    pub(crate) fn is_seeking(&self) -> bool {
        self.quartiles.as_ref().is_some_and(Selection::is_open)
    }

    /// Narrows the search for the quartiles.
    #[inline]
    pub(crate) fn further_pass(&mut self, value: f64) {
        if let Some(quartiles) = &mut self.quartiles
            && !value.is_nan()
        {
            quartiles.see(select::key(value));
        }
    }

    /// Ends a further pass.
    pub(crate) fn end_pass(&mut self) {
        if let Some(quartiles) = &mut self.quartiles {
            quartiles.end_pass();
        }
    }

    /// Number of values.
    pub(crate) fn present(&self) -> u64 {
        self.present
    }

    /// Number of missing values.
    pub(crate) fn missing(&self) -> u64 {
        self.missing
    }

    /// The mean of the values that are there.
    pub(crate) fn mean(&self) -> f64 {
        // Rounding must not carry the mean of equal values past them.
        (self.sum / self.present as f64).clamp(self.least, self.greatest)
    }

    /// Whether there are two different values.
    pub(crate) fn varies(&self) -> bool {
        self.least < self.greatest
    }

    /// The standard deviation, stand-ins included, with the number of rows as the divisor.
    pub(crate) fn deviation(&self) -> f64 {
        if self.varies() { (self.squares / (self.present + self.missing) as f64).sqrt() } else { 0.0 }
    }

    /// The scaling that the passes lead to.
    pub(crate) fn scaling(&self, style: Style) -> Scaling {
        match style {
            Style::Plain => Scaling::standard(self.mean(), self.deviation()),
            Style::Tabular => {
                let quartiles = quartiles(self.present + self.missing, |rank| self.at(rank));
                Scaling::robust(quartiles, self.least, self.greatest)
            }
        }
    }

    /// The value of this rank among all, stand-ins included.
    fn at(&self, rank: u64) -> f64 {
        match (self.own_rank(rank), &self.quartiles) {
            (RankAmong::Own(rank), Some(quartiles)) => select::number(quartiles.value(rank)),
            _ => self.mean(),
        }
    }

    /// Where the value of this rank among all, stand-ins included, comes from.
    fn own_rank(&self, rank: u64) -> RankAmong {
        if rank < self.below {
            RankAmong::Own(rank)
        } else if rank < self.below + self.missing {
            RankAmong::StandIn
        } else {
            RankAmong::Own(rank - self.missing)
        }
    }
}

/// Where a value in ascending order comes from.
enum RankAmong {
    /// From the values, of which it has this rank.
    Own(u64),
    /// It stands in for a missing one.
    StandIn,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn learn(values: &[f64], held: u64) -> RunningStats {
        let mut number = RunningStats::default();
        values.iter().for_each(|&value| number.first_pass(value));
        values.iter().for_each(|&value| number.second_pass(value));
        number.seek_quartiles(held);
        while number.is_seeking() {
            values.iter().for_each(|&value| number.further_pass(value));
            number.end_pass();
        }
        number
    }

    #[test]
    fn stand_ins_take_part() {
        // 1, 2, 6 and one missing: the mean 3 stands in, so 1, 2, 3, 6 with quartiles 1.75, 2.5, 3.75; the squared
        // deviations are 4 + 1 + 0 + 9 = 14 over 4 rows.
        let number = learn(&[6.0, f64::NAN, 1.0, 2.0], 100);
        assert_eq!(number.mean(), 3.0);
        assert_eq!(number.scaling(Style::Tabular), Scaling { centre: 2.5, scale: 2.0 });
        assert_eq!(number.scaling(Style::Plain), Scaling { centre: 3.0, scale: 3.5f64.sqrt() });
    }

    #[test]
    fn equal_values_have_no_spread() {
        let number = learn(&[0.1; 7], 100);
        assert_eq!(number.mean(), 0.1);
        assert_eq!(number.deviation(), 0.0);
        assert_eq!(number.scaling(Style::Tabular), Scaling { centre: 0.1, scale: 0.0 });
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            rng_seed: proptest::test_runner::RngSeed::Fixed(2), failure_persistence: None, ..ProptestConfig::default()
        })]

        #[test]
        fn equals_filling_and_sorting(
            values in prop::collection::vec(prop_oneof![3 => -50f64..50.0, 1 => Just(f64::NAN), 1 => Just(1.0)], 1..60),
            held in 0u64..20,
        ) {
            prop_assume!(values.iter().any(|value| !value.is_nan()));
            let number = learn(&values, held);
            let mut filled: Vec<f64> =
                values.iter().map(|&value| if value.is_nan() { number.mean() } else { value }).collect();
            filled.sort_by(f64::total_cmp);
            let expected = quartiles(filled.len() as u64, |rank| filled[rank as usize]);
            let expected = Scaling::robust(expected, filled[0], filled[filled.len() - 1]);
            prop_assert_eq!(number.scaling(Style::Tabular), expected);
        }
    }
}
