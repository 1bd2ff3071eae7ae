//! The whole of what is minimised: the mean cost of a batch, and regularisation.
//!
//! The cost of a batch is, with sample weights u (1 where none are given),
//!
//! ```text
//! C = Σᵢ uᵢ Cᵢ / Σᵢ uᵢ  +  λ/(2n) Σ w²  +  λ₁/n Σ |w|
//! ```
//!
//! and exactly this is differentiated. The error δ of sample i is ∂(uᵢ Cᵢ)/∂z; BP3 and BP4 multiply by 1/Σᵢ uᵢ. A
//! class weight is a factor of uᵢ: [`Dataset::with_class_weights`](crate::Dataset::with_class_weights). n is the size
//! of the training set, as in the book, so that λ means the same for every batch size; the sums run over all
//! weights of all layers and no bias.

use crate::cost::{Cost, sign};
use crate::layer::Layer;
use crate::real::Real;
use deltarule_kernels::{Gradient, Panels};
use serde::{Deserialize, Serialize};

/// What is added to the cost so that weights stay small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Regularisation {
    /// λ of the book: adds λ/(2n) Σ w², n the size of the training set.
    pub l2: f64,
    /// λ₁: adds λ₁/n Σ |w|.
    pub l1: f64,
    /// Decoupled weight decay (Loshchilov and Hutter, 2019): the optimizer's step also takes η·decay·w off every weight.
    /// It is part of the step, not of the cost.
    pub weight_decay: f64,
}

impl Regularisation {
    /// λ/(2n) Σ w² + λ₁/n Σ |w| over all layers.
    pub fn penalty<T: Real>(&self, layers: &[Layer<T>], n: usize) -> f64 {
        if self.l2 == 0.0 && self.l1 == 0.0 {
            return 0.0;
        }
        let weights = || layers.iter().flat_map(|layer| layer.w.storage()).map(|w| w.to_f64());
        let squares: f64 = weights().map(|w| w * w).sum();
        let magnitudes: f64 = weights().map(f64::abs).sum();
        (0.5 * self.l2 * squares + self.l1 * magnitudes) / n as f64
    }

    /// Adds λ/n w + λ₁/n sign(w) to ∂C/∂w of one layer, as the optimizer's step does.
    pub fn add_gradient<T: Real>(&self, w: &Panels<T>, n: usize, gradient: &mut Gradient<T>) {
        if self.l2 == 0.0 && self.l1 == 0.0 {
            return;
        }
        let (l2, l1) = (T::from_f64(self.l2 / n as f64), T::from_f64(self.l1 / n as f64));
        for j in 0..w.outputs() {
            for k in 0..w.inputs() {
                let w = w.get(j, k);
                gradient.w.set(j, k, l1.fma(sign(w), l2.fma(w, gradient.w.get(j, k))));
            }
        }
    }
}

/// The whole of what is minimised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Objective {
    /// C of a sample.
    pub cost: Cost,
    /// What is added to its mean.
    pub regularisation: Regularisation,
    /// n, the size of the training set, which regularisation divides by.
    pub n: usize,
}

impl From<Cost> for Objective {
    /// The cost alone.
    fn from(cost: Cost) -> Self {
        Self { cost, regularisation: Regularisation::default(), n: 1 }
    }
}
