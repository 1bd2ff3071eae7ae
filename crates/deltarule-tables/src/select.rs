//! Exact order statistics of more values than memory holds, in a few passes over them.
//!
//! A pass counts how many values fall into each of equal parts of the interval in which a wanted value lies; the
//! next one looks at that part alone, and as soon as few enough values are left they are held and sorted. The
//! result is the same to the last bit as that of sorting everything, whatever the order and the limit.

/// Parts into which a pass cuts an interval.
const PARTS: u64 = 4096;

/// The values of some ranks among values that are shown to it, pass by pass.
///
/// Values are keys whose order is that of the integers; [`key`] makes one of a number.
#[derive(Debug)]
pub(crate) struct Selection {
    open: Vec<Interval>,
    /// (rank, key) of those found.
    found: Vec<(u64, u64)>,
    limit: u64,
}

/// Where some of the wanted values lie.
#[derive(Debug)]
struct Interval {
    low: u64,
    /// The last key inside.
    high: u64,
    /// Number of values below `low`.
    below: u64,
    ranks: Vec<u64>,
    work: Work,
}

#[derive(Debug)]
enum Work {
    Hold(Vec<u64>),
    Count { width: u64, counts: Vec<u64> },
}

impl Interval {
    fn new(low: u64, high: u64, below: u64, inside: u64, ranks: Vec<u64>, limit: u64) -> Self {
        let work = if inside <= limit {
            Work::Hold(Vec::new())
        } else {
            let width = (high - low) / PARTS + 1;
            Work::Count { width, counts: vec![0; ((high - low) / width + 1) as usize] }
        };
        Self { low, high, below, ranks, work }
    }
}

impl Selection {
    /// Looks for the values of `ranks` (0 for the least) among `total` keys in `low..=high`, holding at most
    /// `limit` of them at once for each rank.
    pub(crate) fn new(mut ranks: Vec<u64>, total: u64, low: u64, high: u64, limit: u64) -> Self {
        ranks.sort_unstable();
        ranks.dedup();
        debug_assert!(ranks.last().is_none_or(|&last| last < total));
        let open = if ranks.is_empty() {
            Vec::new()
        } else {
            vec![Interval::new(low, high, 0, total, ranks, limit)]
        };
        Self { open, found: Vec::new(), limit }
    }

    /// Whether another pass is needed.
    pub(crate) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Shows one value of the pass.
    #[inline]
    pub(crate) fn see(&mut self, key: u64) {
        for interval in &mut self.open {
            if (interval.low..=interval.high).contains(&key) {
                match &mut interval.work {
                    Work::Hold(held) => held.push(key),
                    Work::Count { width, counts } => counts[((key - interval.low) / *width) as usize] += 1,
                }
                return;
            }
        }
    }

    /// Ends a pass in which every value was shown once.
    pub(crate) fn end_pass(&mut self) {
        for interval in std::mem::take(&mut self.open) {
            match interval.work {
                Work::Hold(mut held) => {
                    held.sort_unstable();
                    let at = |rank: &u64| (*rank, held[(rank - interval.below) as usize]);
                    self.found.extend(interval.ranks.iter().map(at));
                }
                Work::Count { width, ref counts } => self.narrow(&interval, width, counts),
            }
        }
    }

    fn narrow(&mut self, interval: &Interval, width: u64, counts: &[u64]) {
        let mut below = interval.below;
        let mut ranks = interval.ranks.iter().copied().peekable();
        for (part, &inside) in counts.iter().enumerate() {
            let mut here = Vec::new();
            while let Some(rank) = ranks.next_if(|&rank| rank < below + inside) {
                here.push(rank);
            }
            if !here.is_empty() {
                let low = interval.low + part as u64 * width;
                let high = low.saturating_add(width - 1).min(interval.high);
                if low == high {
                    self.found.extend(here.into_iter().map(|rank| (rank, low)));
                } else {
                    self.open.push(Interval::new(low, high, below, inside, here, self.limit));
                }
            }
            below += inside;
        }
    }

    /// The key of this rank, one of those asked for.
    ///
    /// # Panics
    /// While a pass is still needed, or for a rank that was not asked for.
    pub(crate) fn value(&self, rank: u64) -> u64 {
        self.found.iter().find(|(r, _)| *r == rank).expect("a rank that was looked for").1
    }
}

/// A number as an integer of the same order. The two zeros are one.
pub(crate) fn key(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// The number of a [`key`].
pub(crate) fn number(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn select(values: &[f64], ranks: Vec<u64>, limit: u64) -> (Vec<f64>, usize) {
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut selection =
            Selection::new(ranks.clone(), values.len() as u64, key(least), key(greatest), limit);
        let mut passes = 0;
        while selection.is_open() {
            values.iter().for_each(|&value| selection.see(key(value)));
            selection.end_pass();
            passes += 1;
        }
        (ranks.iter().map(|&rank| number(selection.value(rank))).collect(), passes)
    }

    #[test]
    fn keys_keep_the_order_and_the_value() {
        let ascending =
            [f64::MIN, -1.5, -f64::MIN_POSITIVE, -5e-324, 0.0, 5e-324, 1.0, 1.0 + f64::EPSILON, f64::MAX];
        for pair in ascending.windows(2) {
            assert!(key(pair[0]) < key(pair[1]), "{pair:?}");
        }
        assert!(ascending.iter().all(|&value| number(key(value)) == value));
        assert_eq!(key(-0.0), key(0.0));
    }

    #[test]
    fn counting_passes_are_few() {
        let values: Vec<f64> = (0..100_000).map(|i| f64::from(i * 7919 % 100_003) * 0.01 - 300.0).collect();
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        let ranks = vec![0, 25_000, 49_999, 50_000, 99_999];
        let (found, passes) = select(&values, ranks.clone(), 100);
        assert_eq!(found, ranks.iter().map(|&rank| sorted[rank as usize]).collect::<Vec<_>>());
        assert!(passes <= 4, "{passes} passes");
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            rng_seed: proptest::test_runner::RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::default()
        })]

        #[test]
        fn equals_sorting(
            values in prop::collection::vec(
                prop_oneof![-1e3..1e3, prop::num::f64::NORMAL, Just(0.0), Just(1.0), Just(-1e300)], 1..200),
            limit in 0u64..50,
        ) {
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            let ranks: Vec<u64> = (0..values.len() as u64).step_by(3).collect();
            let (found, _) = select(&values, ranks.clone(), limit);
            for (rank, value) in ranks.iter().zip(found) {
                prop_assert_eq!(sorted[*rank as usize], value);
            }
        }
    }
}
