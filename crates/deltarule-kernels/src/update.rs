//! What is done with a gradient g before the store: it is kept, or an optimizer's rule updates a parameter w with it, lane by
//! lane.

use crate::lanes::{Lanes, Real};
use crate::panels::Panels;

/// An update rule with its constants for this step; η is in [`Step`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum UpdateRule<T> {
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
    /// m ← m + (1 − β₁) (g − m), v ← v + (1 − β₂) (g² − v), w ← w − η m / (√v + ε), with the bias corrections
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

impl<T> UpdateRule<T> {
    /// How many moments the rule keeps for each parameter: 0, 1 or 2.
    pub fn moments(&self) -> usize {
        match self {
            Self::Sgd => 0,
            Self::Momentum { .. } | Self::Nesterov { .. } => 1,
            Self::Adam { .. } => 2,
        }
    }
}

/// Everything that turns the sum over a batch of ∂C/∂w into a change of w.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step<T> {
    /// The optimizer's rule.
    pub rule: UpdateRule<T>,
    /// η, the learning rate of the rule.
    pub eta: T,
    /// What the sum over the batch is multiplied by to give the gradient: 1/m for a mean over m samples.
    pub scale: T,
    /// Added to the gradient: `l2 · w`. 0 for biases, by custom.
    pub l2: T,
    /// Added to the gradient: `l1 · sign(w)`. 0 for biases, by custom.
    pub l1: T,
    /// w ← (1 − decay) w before the rule. 0 for biases, by custom.
    pub decay: T,
}

impl<T: Real> Step<T> {
    /// The new parameter and moments from the old ones and the sum over the batch. Where `l2`, `l1` and `decay` are all
    /// zero there are no penalties, not even of an infinite weight.
    #[inline(always)]
    pub fn apply<V: Lanes<Real = T>>(&self, sum: V, w: V, moments: [V; 2]) -> (V, [V; 2]) {
        match self.rule {
            UpdateRule::Sgd => self.by(Sgd, sum, w, moments),
            UpdateRule::Momentum { mu } => self.by(Momentum { mu }, sum, w, moments),
            UpdateRule::Nesterov { mu } => self.by(Nesterov { mu }, sum, w, moments),
            UpdateRule::Adam { beta1, beta2, epsilon } => {
                self.by(Adam::new(beta1, beta2, epsilon), sum, w, moments)
            }
        }
    }

    #[inline(always)]
    fn by<V: Lanes<Real = T>>(
        &self,
        rule: impl CompiledRule<T>,
        sum: V,
        w: V,
        moments: [V; 2],
    ) -> (V, [V; 2]) {
        if self.is_plain() {
            PlainStep::new(*self, rule).apply(sum, w, moments)
        } else {
            PenalisedStep::new(*self, rule).apply(sum, w, moments)
        }
    }

    /// Whether there is nothing but the rule: no l2, l1 or decay.
    pub(crate) fn is_plain(&self) -> bool {
        self.l2 == T::ZERO && self.l1 == T::ZERO && self.decay == T::ZERO
    }
}

/// What is done with the sums of a gradient while they are in registers.
#[derive(Clone, Copy)]
pub(crate) enum GradientEpilogue<T> {
    /// They are multiplied by this factor and stored in place of the parameters.
    Keep(T),
    /// The optimizer updates the parameters with them.
    Update(Step<T>),
}

impl<T> GradientEpilogue<T> {
    /// How many moments it reads and writes for each parameter.
    pub(crate) fn moments(&self) -> usize {
        match self {
            Self::Keep(_) => 0,
            Self::Update(step) => step.rule.moments(),
        }
    }
}

/// The moments of an optimizer for one layer, its running values, in the layout of the weights and biases.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments<T: Real> {
    /// Those of the weights: as many as [`UpdateRule::moments`] says.
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

/// A [`GradientEpilogue`] as a type, so that the products are compiled once for each rule, with penalties and without.
pub(crate) trait CompiledEpilogue<T: Real>: Copy + Send + Sync {
    /// How many moments are read and written.
    const MOMENTS: usize;
    /// Whether it often comes with small batches, for which BP4 then has code of its own.
    const SMALL_BATCHES: bool;
    /// The new value and moments from the sum and the old ones.
    fn apply<V: Lanes<Real = T>>(self, sum: V, value: V, moments: [V; 2]) -> (V, [V; 2]);
}

/// [`GradientEpilogue::Keep`]: the sum times a factor.
#[derive(Clone, Copy)]
pub(crate) struct Keep<T>(pub(crate) T);

impl<T: Real> CompiledEpilogue<T> for Keep<T> {
    const MOMENTS: usize = 0;
    const SMALL_BATCHES: bool = false;
    #[inline(always)]
    fn apply<V: Lanes<Real = T>>(self, sum: V, _: V, moments: [V; 2]) -> (V, [V; 2]) {
        (sum * V::splat(self.0), moments)
    }
}

/// A [`Step`] without penalties.
#[derive(Clone, Copy)]
pub(crate) struct PlainStep<T, R> {
    scale: T,
    minus_eta: T,
    rule: R,
}

impl<T: Real, R> PlainStep<T, R> {
    #[inline(always)]
    pub(crate) fn new(step: Step<T>, rule: R) -> Self {
        Self { scale: step.scale, minus_eta: -step.eta, rule }
    }
}

impl<T: Real, R: CompiledRule<T>> CompiledEpilogue<T> for PlainStep<T, R> {
    const MOMENTS: usize = R::MOMENTS;
    const SMALL_BATCHES: bool = R::SMALL_BATCHES;
    #[inline(always)]
    fn apply<V: Lanes<Real = T>>(self, sum: V, w: V, moments: [V; 2]) -> (V, [V; 2]) {
        self.rule.apply(self.minus_eta, sum * V::splat(self.scale), w, moments)
    }
}

/// A [`Step`] with l2, l1 or decay before its rule.
#[derive(Clone, Copy)]
pub(crate) struct PenalisedStep<T, R> {
    scale: T,
    minus_eta: T,
    rule: R,
    l2: T,
    l1: T,
    minus_decay: T,
}

impl<T: Real, R> PenalisedStep<T, R> {
    #[inline(always)]
    pub(crate) fn new(step: Step<T>, rule: R) -> Self {
        let Step { eta, scale, l2, l1, decay, .. } = step;
        Self { scale, minus_eta: -eta, rule, l2, l1, minus_decay: -decay }
    }
}

impl<T: Real, R: CompiledRule<T>> CompiledEpilogue<T> for PenalisedStep<T, R> {
    const MOMENTS: usize = R::MOMENTS;
    const SMALL_BATCHES: bool = false;
    #[inline(always)]
    fn apply<V: Lanes<Real = T>>(self, sum: V, w: V, moments: [V; 2]) -> (V, [V; 2]) {
        let g = V::splat(self.l2).fma(w, sum * V::splat(self.scale));
        let sign = V::select(w.equals(V::zero()), V::zero(), V::one().copysign(w));
        let g = V::splat(self.l1).fma(sign, g);
        let w = V::splat(self.minus_decay).fma(w, w);
        self.rule.apply(self.minus_eta, g, w, moments)
    }
}

/// An [`UpdateRule`] as a type; its formula is there.
pub(crate) trait CompiledRule<T: Real>: Copy + Send + Sync {
    /// How many moments it keeps.
    const MOMENTS: usize;
    /// As [`CompiledEpilogue::SMALL_BATCHES`].
    const SMALL_BATCHES: bool;
    /// The new parameter and moments from the gradient and the old ones.
    fn apply<V: Lanes<Real = T>>(self, minus_eta: T, g: V, w: V, moments: [V; 2]) -> (V, [V; 2]);
}

#[derive(Clone, Copy)]
pub(crate) struct Sgd;

impl<T: Real> CompiledRule<T> for Sgd {
    const MOMENTS: usize = 0;
    const SMALL_BATCHES: bool = true;
    #[inline(always)]
    fn apply<V: Lanes<Real = T>>(self, minus_eta: T, g: V, w: V, moments: [V; 2]) -> (V, [V; 2]) {
        (V::splat(minus_eta).fma(g, w), moments)
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Momentum<T> {
    pub(crate) mu: T,
}

impl<T: Real> CompiledRule<T> for Momentum<T> {
    const MOMENTS: usize = 1;
    const SMALL_BATCHES: bool = false;
    #[inline(always)]
    fn apply<V: Lanes<Real = T>>(self, minus_eta: T, g: V, w: V, [m, unused]: [V; 2]) -> (V, [V; 2]) {
        let m = V::splat(self.mu).fma(m, g);
        (V::splat(minus_eta).fma(m, w), [m, unused])
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Nesterov<T> {
    pub(crate) mu: T,
}

impl<T: Real> CompiledRule<T> for Nesterov<T> {
    const MOMENTS: usize = 1;
    const SMALL_BATCHES: bool = false;
    #[inline(always)]
    fn apply<V: Lanes<Real = T>>(self, minus_eta: T, g: V, w: V, [m, unused]: [V; 2]) -> (V, [V; 2]) {
        let mu = V::splat(self.mu);
        let m = mu.fma(m, g);
        (V::splat(minus_eta).fma(mu.fma(m, g), w), [m, unused])
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Adam<T> {
    /// 1 − β₁
    pace1: T,
    /// 1 − β₂
    pace2: T,
    epsilon: T,
}

impl<T: Real> Adam<T> {
    #[inline(always)]
    pub(crate) fn new(beta1: T, beta2: T, epsilon: T) -> Self {
        Self { pace1: T::ONE - beta1, pace2: T::ONE - beta2, epsilon }
    }
}

impl<T: Real> CompiledRule<T> for Adam<T> {
    const MOMENTS: usize = 2;
    const SMALL_BATCHES: bool = true;
    #[inline(always)]
    fn apply<V: Lanes<Real = T>>(self, minus_eta: T, g: V, w: V, [m, v]: [V; 2]) -> (V, [V; 2]) {
        let m = V::splat(self.pace1).fma(g - m, m);
        let v = V::splat(self.pace2).fma(g.fma(g, -v), v);
        (V::splat(minus_eta).fma(m / (v.sqrt() + V::splat(self.epsilon)), w), [m, v])
    }
}
