//! BP3 and its epilogue. As BP4 in [`weight_gradient`](crate::weight_gradient), but so little work that the caller's thread
//! does it alone, and that the rule is matched for each vector.

use crate::lanes::Real;
use crate::lanes::vector::{Kernel, Vector};
use crate::microkernel::read_row;
use crate::raw::RawRows;
use crate::update::GradientEpilogue;

/// Where the sums over the batch come from.
#[derive(Clone, Copy)]
pub(crate) enum BiasSums<'a, T> {
    /// δ_ij summed over `count` rows i.
    OfBatch { delta: RawRows<T>, count: usize },
    /// A gradient computed before.
    Kept(&'a [T]),
}

/// BP3 of one layer, with its epilogue.
pub struct BiasGradient<'a, T> {
    pub(crate) sums: BiasSums<'a, T>,
    pub(crate) epilogue: GradientEpilogue<T>,
    /// The biases, or where the gradient is kept: as many as δ has columns.
    pub(crate) b: &'a mut [T],
    /// Empty where the rule has fewer.
    pub(crate) moments: [&'a mut [T]; 2],
}

/// Vectors summed side by side, so that an addition need not wait for the one before.
const SIDE_BY_SIDE: usize = 4;

impl<T: Real> Kernel<T> for BiasGradient<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Real = T>>(&mut self) {
        let mut at = 0;
        while at < self.b.len() {
            let vectors = (self.b.len() - at).div_ceil(V::COUNT);
            // SAFETY: rows are padded to whole vectors, and `Kernel::run` is entered with the instructions of `V`.
            unsafe {
                if vectors >= SIDE_BY_SIDE {
                    self.vectors::<V, SIDE_BY_SIDE>(at);
                    at += SIDE_BY_SIDE * V::COUNT;
                } else {
                    self.vectors::<V, 1>(at);
                    at += V::COUNT;
                }
            }
        }
    }
}

impl<T: Real> BiasGradient<'_, T> {
    /// `C` vectors of biases from `at` on.
    ///
    /// # Safety
    /// So many columns of δ can be read, and the instructions of `V` exist.
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "by index, as in `microkernel`")]
    unsafe fn vectors<V: Vector<Real = T>, const C: usize>(&mut self, at: usize) {
        let mut sums = [V::zero(); C];
        match self.sums {
            BiasSums::OfBatch { delta, count } => {
                for i in 0..count {
                    // SAFETY: the caller's promise.
                    let delta: [V; C] = unsafe { read_row(delta.row(i).add(at)) };
                    for c in 0..C {
                        sums[c] = sums[c] + delta[c];
                    }
                }
            }
            BiasSums::Kept(gradient) => {
                for c in 0..C {
                    sums[c] = load(gradient, at + c * V::COUNT);
                }
            }
        }
        for c in 0..C {
            self.store(at + c * V::COUNT, sums[c]);
        }
    }

    #[inline(always)]
    fn store<V: Vector<Real = T>>(&mut self, at: usize, sum: V) {
        let new = match &self.epilogue {
            GradientEpilogue::Keep(scale) => sum * V::splat(*scale),
            GradientEpilogue::Update(step) => {
                let [m, v] = &mut self.moments;
                let (new, kept) = step.apply(sum, load(self.b, at), [load(m, at), load(v, at)]);
                store(kept[0], m, at);
                store(kept[1], v, at);
                new
            }
        };
        store(new, self.b, at);
    }
}

/// The vector of values from `at` on, zero past the last.
#[inline(always)]
fn load<V: Vector>(values: &[V::Real], at: usize) -> V {
    let values = values.get(at..).unwrap_or_default();
    if values.len() >= V::COUNT {
        return V::load(values);
    }
    let mut lanes = [V::Real::ZERO; 16];
    lanes[..values.len()].copy_from_slice(values);
    V::load(&lanes)
}

/// Writes the lanes to the values from `at` on, up to the last.
#[inline(always)]
fn store<V: Vector>(vector: V, values: &mut [V::Real], at: usize) {
    let values = values.get_mut(at..).unwrap_or_default();
    if values.len() >= V::COUNT {
        return vector.store(values);
    }
    let mut lanes = [V::Real::ZERO; 16];
    vector.store(&mut lanes);
    values.copy_from_slice(&lanes[..values.len()]);
}
