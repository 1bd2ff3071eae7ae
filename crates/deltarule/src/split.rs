//! Parting samples into some to learn from and some to judge by.

use crate::random::{Purpose, Random};

/// The indices of a data set parted in two, both ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Samples to learn from.
    pub train: Vec<u32>,
    /// Samples held out: for validation or for the test.
    pub held_out: Vec<u32>,
}

/// Holds out `held_out` of `n` samples, chosen at random.
///
/// With `classes`, one a sample, every class keeps its share to within one sample. Calls with another `repetition` part
/// the samples independently.
///
/// # Panics
/// When `held_out` is above `n`, when there are not `n` classes, or when `n` is 2³² or more.
pub fn split(n: usize, held_out: usize, classes: Option<&[u32]>, seed: u64, repetition: u32) -> Split {
    assert!(held_out <= n, "{held_out} samples of {n} to hold out");
    // Going through the samples class by class, held_out of n are taken at even distances.
    let taken = |place: usize| place as u64 * held_out as u64 / n as u64;
    let mut split = Split { train: Vec::with_capacity(n - held_out), held_out: Vec::with_capacity(held_out) };
    for (place, i) in dealt(n, classes, seed, repetition).into_iter().enumerate() {
        let part = if taken(place + 1) > taken(place) { &mut split.held_out } else { &mut split.train };
        part.push(i);
    }
    split.train.sort_unstable();
    split.held_out.sort_unstable();
    split
}

/// `n` samples in `k` parts whose sizes differ by one at most, each ascending.
///
/// With `classes`, one a sample, so do the numbers of samples of each class.
///
/// # Panics
/// When `k` is 0, when there are not `n` classes, or when `n` is 2³² or more.
pub fn folds(n: usize, k: usize, classes: Option<&[u32]>, seed: u64, repetition: u32) -> Vec<Vec<u32>> {
    assert!(k > 0, "0 folds");
    let mut folds = vec![Vec::with_capacity(n.div_ceil(k)); k];
    for (place, i) in dealt(n, classes, seed, repetition).into_iter().enumerate() {
        folds[place % k].push(i);
    }
    folds.iter_mut().for_each(|fold| fold.sort_unstable());
    folds
}

/// All samples in a random order, class by class where there are classes.
fn dealt(n: usize, classes: Option<&[u32]>, seed: u64, repetition: u32) -> Vec<u32> {
    let n = u32::try_from(n).expect("fewer than 2³² samples");
    let mut order: Vec<u32> = (0..n).collect();
    Random::new(seed, Purpose::Split, repetition).shuffle(&mut order);
    if let Some(classes) = classes {
        assert_eq!(classes.len(), n as usize, "one class a sample");
        order.sort_by_key(|&i| classes[i as usize]);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(part: &[u32], classes: &[u32]) -> [usize; 3] {
        [0, 1, 2].map(|class| part.iter().filter(|&&i| classes[i as usize] == class).count())
    }

    /// 60 samples of class 0, 30 of class 1 and 7 of class 2, mixed.
    fn mixed() -> Vec<u32> {
        (0..97).map(|i| if i % 14 == 13 { 2 } else { u32::from(i % 3 == 2) }).collect()
    }

    #[test]
    fn a_split_parts_all_samples_and_keeps_the_share_of_each_class() {
        let classes = mixed();
        let all = counts(&(0..97).collect::<Vec<_>>(), &classes);
        for seed in 0..20 {
            let split = split(97, 24, Some(&classes), seed, 0);
            assert_eq!((split.train.len(), split.held_out.len()), (73, 24));
            let mut together = [split.train.clone(), split.held_out.clone()].concat();
            together.sort_unstable();
            assert!(together.into_iter().eq(0..97));
            for (held_out, all) in counts(&split.held_out, &classes).into_iter().zip(all) {
                assert!((held_out as f64 - all as f64 * 24.0 / 97.0).abs() < 1.0);
            }
        }
    }

    #[test]
    fn every_sample_is_held_out_as_often_as_the_others() {
        let mut times = [0_u32; 10];
        for seed in 0..2000 {
            for i in split(10, 3, Some(&[0, 1, 0, 1, 0, 1, 0, 0, 0, 0]), seed, 0).held_out {
                times[i as usize] += 1;
            }
        }
        assert!(times.iter().all(|&times| times.abs_diff(600) < 100), "{times:?}");
    }

    #[test]
    fn folds_differ_by_one_sample_at_most_also_class_by_class() {
        let classes = mixed();
        for (k, of_classes) in [(5, None), (5, Some(classes.as_slice())), (97, None), (1, None)] {
            let folds = folds(97, k, of_classes, 3, 1);
            let mut together = folds.concat();
            together.sort_unstable();
            assert!(together.into_iter().eq(0..97));
            assert!(folds.iter().all(|fold| fold.len().abs_diff(97 / k) <= 1));
            if of_classes.is_some() {
                for class in 0..3 {
                    let sizes: Vec<_> = folds.iter().map(|fold| counts(fold, &classes)[class]).collect();
                    assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1, "{sizes:?}");
                }
            }
        }
    }

    #[test]
    fn seeds_and_repetitions_part_differently() {
        let base = split(50, 10, None, 1, 0);
        assert_eq!(base, split(50, 10, None, 1, 0));
        assert_ne!(base, split(50, 10, None, 2, 0));
        assert_ne!(base, split(50, 10, None, 1, 1));
        assert_eq!(split(0, 0, None, 1, 0), Split { train: vec![], held_out: vec![] });
    }
}
