//! Random numbers that do not depend on what was drawn before.
//!
//! Every number is a function of (seed, purpose, epoch, index) and of nothing else: Philox4x32-10, the counter-based
//! generator of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011). The order of
//! epoch 7 is the same whether or not the six before it were run, and on every platform: only integer operations
//! and correctly rounded ones take part, and the project's own logarithm.

use deltarule_kernels::math::ln;

/// What random numbers are for. Two purposes never share a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Initial weights of a layer; the layer takes the place of the epoch.
    Weights,
    /// Initial biases of a layer; the layer takes the place of the epoch.
    Biases,
    /// The order of the samples in this window of an epoch.
    Shuffle(u16),
    /// The neurons of this layer that are left out.
    Dropout(u16),
    /// The parting of a data set; the repetition takes the place of the epoch.
    Split,
    /// Generated data.
    Data,
    /// Which of many things are looked at.
    Choice,
}

impl Purpose {
    fn code(self) -> u32 {
        let (kind, part) = match self {
            Self::Weights => (1, 0),
            Self::Biases => (2, 0),
            Self::Shuffle(window) => (3, window),
            Self::Dropout(layer) => (4, layer),
            Self::Split => (5, 0),
            Self::Data => (6, 0),
            Self::Choice => (7, 0),
        };
        kind << 16 | u32::from(part)
    }
}

/// The random numbers of one seed, purpose and epoch, each reached by its index.
///
/// ```
/// use deltarule::random::{Purpose, Random};
///
/// let third_epoch = Random::new(0, Purpose::Shuffle(0), 3);
/// let mut order = [0, 1, 2, 3, 4];
/// third_epoch.shuffle(&mut order);
/// let mut again = [0, 1, 2, 3, 4];
/// Random::new(0, Purpose::Shuffle(0), 3).shuffle(&mut again);
/// assert_eq!(order, again);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Random {
    key: [u32; 2],
    stream: [u32; 2],
}

/// Indices stay below this: the bits above count the attempts of a rejection.
const INDICES: u64 = 1 << 56;

impl Random {
    /// The numbers of this seed, purpose and epoch.
    pub fn new(seed: u64, purpose: Purpose, epoch: u32) -> Self {
        Self { key: [seed as u32, (seed >> 32) as u32], stream: [epoch, purpose.code()] }
    }

    /// 128 random bits.
    #[inline]
    pub fn block(&self, index: u64) -> [u32; 4] {
        self.attempt(index, 0)
    }

    #[inline]
    fn attempt(&self, index: u64, attempt: u64) -> [u32; 4] {
        debug_assert!(index < INDICES);
        let counter = index | attempt << 56;
        philox([counter as u32, (counter >> 32) as u32, self.stream[0], self.stream[1]], self.key)
    }

    /// A number from 0 to below 1, a multiple of 2⁻⁵³.
    pub fn uniform(&self, index: u64) -> f64 {
        unit(first(self.block(index)))
    }

    /// A whole number from 0 to below `bound`, each as likely as the others (Lemire, "Fast random integer generation
    /// in an interval", 2019).
    ///
    /// # Panics
    /// When `bound` is 0.
    pub fn below(&self, index: u64, bound: u32) -> u32 {
        assert!(bound > 0, "a random number below 0 was asked for");
        let lane = (index % 4) as usize;
        self.below_from(self.block(index / 4)[lane], index, bound)
    }

    /// [`Random::below`] from the first attempt's word.
    #[inline]
    fn below_from(&self, word: u32, index: u64, bound: u32) -> u32 {
        let mut product = u64::from(word) * u64::from(bound);
        if (product as u32) < bound {
            let uneven = bound.wrapping_neg() % bound;
            let mut attempt = 1;
            while (product as u32) < uneven {
                let word = self.attempt(index / 4, attempt)[(index % 4) as usize];
                product = u64::from(word) * u64::from(bound);
                attempt += 1;
            }
        }
        (product >> 32) as u32
    }

    /// A number from the normal distribution with mean 0 and variance 1.
    pub fn normal(&self, index: u64) -> f64 {
        self.normal_pair(index / 2)[(index % 2) as usize]
    }

    /// [`Random::normal`] of the indices 0, 1, 2, …
    pub fn normals(&self) -> impl Iterator<Item = f64> + use<> {
        let random = *self;
        (0..).flat_map(move |pair| random.normal_pair(pair))
    }

    /// Two independent normal numbers by Marsaglia's polar method.
    fn normal_pair(&self, index: u64) -> [f64; 2] {
        for attempt in 0.. {
            let block = self.attempt(index, attempt);
            let point = [first(block), second(block)].map(|word| 2.0 * unit(word) - 1.0);
            let square = point[0] * point[0] + point[1] * point[1];
            if square > 0.0 && square < 1.0 {
                let radius = (-2.0 * ln(square) / square).sqrt();
                return point.map(|coordinate| coordinate * radius);
            }
        }
        unreachable!("a point of the square is in the circle at once with probability π/4")
    }

    /// Puts the items into a random order, every order as likely as the others (Fisher and Yates).
    pub fn shuffle<I>(&self, items: &mut [I]) {
        let mut block = self.block(items.len() as u64 / 4);
        for i in (1..items.len()).rev() {
            if i % 4 == 3 {
                block = self.block(i as u64 / 4);
            }
            let bound = u32::try_from(i + 1).expect("no more than 2³² items in a shuffle");
            items.swap(i, self.below_from(block[i % 4], i as u64, bound) as usize);
        }
    }
}

fn first(block: [u32; 4]) -> u64 {
    u64::from(block[0]) << 32 | u64::from(block[1])
}

fn second(block: [u32; 4]) -> u64 {
    u64::from(block[2]) << 32 | u64::from(block[3])
}

/// The upper 53 bits as a number from 0 to below 1.
fn unit(word: u64) -> f64 {
    (word >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
}

#[inline]
fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let left = u64::from(counter[0]) * 0xD251_1F53;
        let right = u64::from(counter[2]) * 0xCD9E_8D57;
        counter = [
            (right >> 32) as u32 ^ counter[1] ^ key[0],
            right as u32,
            (left >> 32) as u32 ^ counter[3] ^ key[1],
            left as u32,
        ];
        key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
    }
    counter
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answers that come with the generator (Random123, `kat_vectors`).
    #[test]
    fn philox_gives_its_known_answers() {
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(
            philox([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            philox([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn every_part_of_the_key_changes_the_numbers() {
        let base = Random::new(1, Purpose::Shuffle(0), 2).block(3);
        let others = [
            Random::new(1 << 32 | 1, Purpose::Shuffle(0), 2).block(3),
            Random::new(2, Purpose::Shuffle(0), 2).block(3),
            Random::new(1, Purpose::Split, 2).block(3),
            Random::new(1, Purpose::Dropout(0), 2).block(3),
            Random::new(1, Purpose::Dropout(1), 2).block(3),
            Random::new(1, Purpose::Shuffle(0), 1).block(3),
            Random::new(1, Purpose::Shuffle(0), 2).block(4),
            Random::new(1, Purpose::Shuffle(0), 2).block(3 | 1 << 32),
        ];
        assert!(others.iter().all(|other| *other != base));
    }

    #[test]
    fn normals_have_the_moments_and_tails_of_the_distribution() {
        let random = Random::new(7, Purpose::Data, 0);
        let n = 100_000;
        let drawn: Vec<f64> = (0..n).map(|i| random.normal(i)).collect();
        assert!(random.normals().zip(&drawn).take(100).all(|(next, drawn)| next == *drawn));
        let moment = |power: i32| drawn.iter().map(|x| x.powi(power)).sum::<f64>() / n as f64;
        // Standard errors of the moments: √(1/n), √(2/n), √(15/n), √(96/n).
        for (power, expected, variance) in [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0_f64)]
        {
            let error = moment(power) - expected;
            assert!(error.abs() < 4.0 * (variance / n as f64).sqrt(), "moment {power} is off by {error}");
        }
        let beyond_two = drawn.iter().filter(|x| x.abs() > 2.0).count() as f64 / n as f64;
        assert!((beyond_two - 0.0455).abs() < 0.003, "{beyond_two}");
        let both_signs_of_a_pair =
            (0..n / 2).filter(|i| drawn[2 * *i as usize] != drawn[2 * *i as usize + 1]);
        assert_eq!(both_signs_of_a_pair.count() as u64, n / 2);
    }

    #[test]
    fn uniforms_fill_their_range_evenly() {
        let random = Random::new(0, Purpose::Data, 1);
        let mut counts = [0_u32; 10];
        for i in 0..100_000 {
            let x = random.uniform(i);
            assert!((0.0..1.0).contains(&x));
            counts[(x * 10.0) as usize] += 1;
        }
        assert!(counts.iter().all(|&count| count.abs_diff(10_000) < 400), "{counts:?}");
        assert_eq!(unit(u64::MAX), 1.0 - f64::EPSILON / 2.0);
    }

    #[test]
    fn bounded_numbers_are_even_also_where_the_bound_divides_badly() {
        let random = Random::new(0, Purpose::Choice, 0);
        // Three quarters of 2³²: a multiplication without rejection hits a third of these numbers twice as often.
        let bound = 3 << 30;
        let lower = (0..30_000).filter(|&i| random.below(i, bound) < bound / 3).count();
        assert!(lower.abs_diff(10_000) < 350, "{lower}");
        assert!((0..1000).all(|i| random.below(i, 1) == 0));
        let evens = (0..30_000).filter(|&i| random.below(i, bound).is_multiple_of(3)).count();
        assert!(evens.abs_diff(10_000) < 350, "{evens}");
    }

    #[test]
    fn shuffles_are_permutations_and_reach_every_order() {
        let mut seen = std::collections::HashMap::new();
        for epoch in 0..2400 {
            let mut order = [0, 1, 2, 3];
            Random::new(5, Purpose::Shuffle(0), epoch).shuffle(&mut order);
            *seen.entry(order).or_insert(0_u32) += 1;
        }
        assert_eq!(seen.len(), 24);
        assert!(seen.values().all(|&count| count.abs_diff(100) < 45), "{seen:?}");
        for n in [0, 1, 2, 5, 257] {
            let mut order: Vec<u32> = (0..n).collect();
            Random::new(5, Purpose::Shuffle(0), 0).shuffle(&mut order);
            order.sort_unstable();
            assert!(order.into_iter().eq(0..n));
        }
    }
}
