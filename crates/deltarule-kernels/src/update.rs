//! The optimizers' rules: how a gradient g changes a parameter w, one lane at a time.

use crate::lanes::Lanes;
use crate::panels::Panels;
use crate::real::Real;

/// An update rule with its constants for this step; η is in [`Step`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule<T> {
    /// w ← w − η g
    Sgd,
    /// v ← μ v + g, w ← w − η v
    Momentum {
        /// μ
        mu: T,
    },
    /// v ← μ v + g, w ← w − η (g + μ v)
    Nesterov {
        /// μ
        mu: T,
    },
    /// m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², w ← w − η m / (√v + ε), with the bias corrections
    /// already in η and ε: η √(1 − β₂ᵗ) / (1 − β₁ᵗ) and ε √(1 − β₂ᵗ).
    Adam {
        /// β₁
        beta1: T,
        /// β₂
        beta2: T,
        /// ε √(1 − β₂ᵗ)
        epsilon: T,
    },
}

impl<T> Rule<T> {
    /// How many running values the rule keeps for each parameter: 0, 1 or 2.
    pub fn moments(&self) -> usize {
        match self {
            Self::Sgd => 0,
            Self::Momentum { .. } | Self::Nesterov { .. } => 1,
            Self::Adam { .. } => 2,
        }
    }
}

/// All that turns the sum over a batch of ∂C/∂w into a change of w.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step<T> {
    /// The optimizer's rule.
    pub rule: Rule<T>,
    /// η, the learning rate of the rule.
    pub eta: T,
    /// What the sum over the batch is multiplied by to give the gradient: 1/m for a mean over m samples.
    pub scale: T,
    /// Added to the gradient: `l2 · w`. Weights only.
    pub l2: T,
    /// Added to the gradient: `l1 · sign(w)`. Weights only.
    pub l1: T,
    /// w ← (1 − decay) w before the rule. Weights only.
    pub decay: T,
}

impl<T: Real> Step<T> {
    /// The step for biases: the same without l2, l1 and decay, and with its own η.
    pub fn for_biases(self, eta: T) -> Self {
        Self { eta, l2: T::ZERO, l1: T::ZERO, decay: T::ZERO, ..self }
    }

    /// The new parameter and moments from the old ones and from the sum over the batch.
    #[inline(always)]
    pub fn apply<V: Lanes<Real = T>>(&self, sum: V, w: V, moments: [V; 2]) -> (V, [V; 2]) {
        let zero = V::zero();
        let sign = V::select(w.equals(zero), zero, V::one().with_sign(w));
        let g = V::splat(self.l2).fma(w, sum * V::splat(self.scale));
        let g = V::splat(self.l1).fma(sign, g);
        let w = (-V::splat(self.decay)).fma(w, w);
        let minus_eta = V::splat(-self.eta);
        let [m, v] = moments;
        match self.rule {
            Rule::Sgd => (minus_eta.fma(g, w), moments),
            Rule::Momentum { mu } => {
                let m = V::splat(mu).fma(m, g);
                (minus_eta.fma(m, w), [m, v])
            }
            Rule::Nesterov { mu } => {
                let mu = V::splat(mu);
                let m = mu.fma(m, g);
                (minus_eta.fma(mu.fma(m, g), w), [m, v])
            }
            Rule::Adam { beta1, beta2, epsilon } => {
                let m = V::splat(beta1).fma(m, V::splat(T::ONE - beta1) * g);
                let v = V::splat(beta2).fma(v, V::splat(T::ONE - beta2) * (g * g));
                (minus_eta.fma(m / (v.square_root() + V::splat(epsilon)), w), [m, v])
            }
        }
    }
}

/// The running values of an optimizer for one layer, in the layout of its weights and biases.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments<T: Real> {
    /// Those of the weights: as many as [`Rule::moments`] says.
    pub w: Vec<Panels<T>>,
    /// Those of the biases.
    pub b: Vec<Vec<T>>,
}

impl<T: Real> Moments<T> {
    /// All zero, for a layer of this size.
    pub fn zeros(count: usize, outputs: usize, inputs: usize) -> Self {
        Self { w: vec![Panels::zeros(outputs, inputs); count], b: vec![vec![T::ZERO; outputs]; count] }
    }
}
