//! BP3, and what is done with the gradient of the biases: as for the weights in [`descend`](crate::descend), but so
//! little work that the caller's thread does it alone and the rule is looked up as it goes.

use crate::isa::Task;
use crate::lanes::vector::Vector;
use crate::real::Real;
use crate::tile::{Lines, read_row};
use crate::update::Fate;

/// Where the sums over the batch come from.
#[derive(Clone, Copy)]
pub(crate) enum Sums<'a, T> {
    /// δ_ij summed over so many rows i.
    Rows { delta: Lines<T>, count: usize },
    /// A gradient computed before.
    Kept(&'a [T]),
}

/// The biases of a layer and what becomes of them.
pub struct Part<'a, T> {
    pub(crate) sums: Sums<'a, T>,
    pub(crate) fate: Fate<T>,
    /// Where rows are summed, as many as these have columns.
    pub(crate) b: &'a mut [T],
    /// Empty where the rule has fewer.
    pub(crate) moments: [&'a mut [T]; 2],
}

/// Vectors whose sums run side by side, so that an addition need not wait for the one before.
const SIDE_BY_SIDE: usize = 4;

impl<T: Real> Task<T> for Part<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Real = T>>(&mut self) {
        let mut at = 0;
        while at < self.b.len() {
            let vectors = (self.b.len() - at).div_ceil(V::COUNT);
            // SAFETY: rows are padded to whole vectors, and `Task::run` is entered with the instructions of `V`.
            unsafe {
                if vectors >= SIDE_BY_SIDE {
                    self.descend::<V, SIDE_BY_SIDE>(at);
                    at += SIDE_BY_SIDE * V::COUNT;
                } else {
                    self.descend::<V, 1>(at);
                    at += V::COUNT;
                }
            }
        }
    }
}

impl<T: Real> Part<'_, T> {
    /// `C` vectors of biases from `at` on.
    ///
    /// # Safety
    /// Rows of δ can be read so far, and the instructions of `V` exist.
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "by index, as in `tile`")]
    unsafe fn descend<V: Vector<Real = T>, const C: usize>(&mut self, at: usize) {
        let mut sums = [V::zero(); C];
        match self.sums {
            Sums::Rows { delta, count } => {
                for i in 0..count {
                    // SAFETY: the caller's promise.
                    let delta: [V; C] = unsafe { read_row(delta.row(i).add(at)) };
                    for c in 0..C {
                        sums[c] = sums[c] + delta[c];
                    }
                }
            }
            Sums::Kept(gradient) => {
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
        let new = match &self.fate {
            Fate::Kept(scale) => sum * V::splat(*scale),
            Fate::Applied(step) => {
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

/// A vector of the values from `at` on, zero where they have ended.
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

/// Writes the lanes to the values from `at` on, as far as there are any.
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
