//! Dropout (Srivastava and others, 2014): at each step, each hidden neuron is left out with probability p.

use crate::random::{Purpose, Random};
use crate::real::Real;
use deltarule_kernels::Matrix;

/// Dropout of one hidden layer, for every sample of a batch.
#[derive(Clone, Debug)]
pub struct Dropout<T: Real> {
    /// 0 for a neuron that is left out, 1 / (1 − p) for the others, which keeps the mean of what the next layer sees.
    pub mask: Matrix<T>,
    /// a ⊙ mask, the input of the next layer; a itself stays, for σ′ is computed from it.
    pub a: Matrix<T>,
}

impl<T: Real> Dropout<T> {
    pub(crate) fn new(width: usize) -> Self {
        Self { mask: Matrix::zeros(0, width), a: Matrix::zeros(0, width) }
    }

    /// Draws which neurons of layer `l` of `network.layers` are left out, with probability `p` each. `first` is the number in
    /// the epoch of the batch's first sample.
    pub(crate) fn draw(&mut self, p: f64, seed: u64, l: usize, epoch: u32, first: u64, samples: usize) {
        let random = Random::new(seed, Purpose::Dropout(l as u16), epoch);
        let kept = T::from_f64(1.0 / (1.0 - p));
        // A word of 32 bits below p · 2³² leaves its neuron out.
        let limit = (p * 2.0_f64.powi(32)) as u32;
        self.mask.resize_rows(samples);
        let blocks = self.mask.cols().div_ceil(4) as u64;
        for i in 0..samples {
            let index = (first + i as u64) * blocks;
            for (index, four) in (index..).zip(self.mask.row_mut(i).chunks_mut(4)) {
                for (mask, word) in four.iter_mut().zip(random.block(index)) {
                    *mask = if word < limit { T::ZERO } else { kept };
                }
            }
        }
    }

    /// a ⊙ mask
    pub(crate) fn apply_mask(&mut self, a: &Matrix<T>) {
        self.a.resize_rows(a.rows());
        for i in 0..a.rows() {
            for ((left, &a), &mask) in self.a.row_mut(i).iter_mut().zip(a.row(i)).zip(self.mask.row(i)) {
                *left = a * mask;
            }
        }
    }

    /// δ ⊙ mask: no error flows back through a neuron that is left out.
    pub(crate) fn apply_mask_to_errors(&self, delta: &mut Matrix<T>) {
        for i in 0..delta.rows() {
            delta.row_mut(i).iter_mut().zip(self.mask.row(i)).for_each(|(delta, &mask)| *delta *= mask);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_left_out_is_p_and_the_mean_stays() {
        let mut dropout = Dropout::<f64>::new(50);
        dropout.draw(0.3, 1, 0, 0, 0, 400);
        let a = Matrix::from_fn(400, 50, |_, _| 1.0);
        dropout.apply_mask(&a);
        let left = (0..400).flat_map(|i| dropout.a.row(i).to_vec());
        let (mut zeros, mut sum) = (0, 0.0);
        left.for_each(|a| {
            zeros += usize::from(a == 0.0);
            sum += a;
        });
        // Standard error of the share: √(0.3 · 0.7 / 20,000) = 0.0032.
        assert!((zeros as f64 / 20_000.0 - 0.3).abs() < 0.012, "{zeros}");
        assert!((sum / 20_000.0 - 1.0).abs() < 0.02, "{sum}");
    }

    #[test]
    fn a_mask_depends_on_the_sample_and_not_on_the_batch() {
        let (mut whole, mut part) = (Dropout::<f32>::new(7), Dropout::<f32>::new(7));
        whole.draw(0.5, 1, 2, 3, 10, 6);
        part.draw(0.5, 1, 2, 3, 12, 3);
        (0..3).for_each(|i| assert_eq!(whole.mask.row(i + 2), part.mask.row(i)));
        part.draw(0.5, 1, 2, 4, 12, 3);
        assert!((0..3).any(|i| whole.mask.row(i + 2) != part.mask.row(i)));
    }
}
