//! The optimizers: how a gradient changes a parameter, one update rule each.
//!
//! The rules themselves run in the store of BP4, as [`UpdateRule`] and [`Step`] of the kernels; here are their settings and
//! the constants that a step gives them. They are those of `torch.optim`.

use crate::real::Real;
use crate::schedule::power;
use crate::variants;
use deltarule_kernels::{Step, UpdateRule};

/// An update rule with its settings. g is the gradient ∂C/∂w, η the learning rate of the step t = 1, 2, ….
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Optimizer {
    /// Gradient descent: w ← w − η g.
    Sgd,
    /// Momentum (Polyak): v ← μ v + g, w ← w − η v.
    Momentum {
        /// μ, from 0 to below 1.
        mu: f64,
    },
    /// Nesterov's momentum: v ← μ v + g, w ← w − η (g + μ v).
    Nesterov {
        /// μ, from 0 to below 1.
        mu: f64,
    },
    /// Adam (Kingma and Ba, 2015): m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g²,
    /// w ← w − η m̂ / (√v̂ + ε) with m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ).
    ///
    /// With [`Regularisation::weight_decay`](crate::Regularisation) it is AdamW (Loshchilov and Hutter, 2019): the
    /// weights shrink by 1 − η·decay before the rule.
    Adam {
        /// β₁, from 0 to below 1.
        beta1: f64,
        /// β₂, from 0 to below 1.
        beta2: f64,
        /// ε, above 0.
        epsilon: f64,
    },
}

variants! {
    /// The name of an [`Optimizer`].
    #[derive(Eq)]
    pub enum OptimizerName: "optimizer" {
        /// Gradient descent
        Sgd = "sgd", "경사 하강법";
        /// Gradient descent with momentum (Polyak)
        Momentum = "momentum", "모멘텀을 쓰는 경사 하강법 (Polyak)";
        /// Gradient descent with Nesterov's momentum
        Nesterov = "nesterov", "Nesterov 모멘텀을 쓰는 경사 하강법";
        /// Steps scaled by running moments of the gradient (Kingma and Ba, 2015)
        Adam = "adam", "기울기의 이동 모멘트로 보폭을 맞춘다 (Kingma와 Ba, 2015)";
        /// Adam with a weight decay of 0.01 unless another is given (Loshchilov and Hutter, 2019)
        AdamW = "adamw", "가중치 감쇠를 더한 Adam, 따로 정하지 않으면 0.01 (Loshchilov와 Hutter, 2019)";
    }
}

variants! {
    /// How the weights of a layer with n inputs are scaled against their learning rate.
    #[derive(Eq)]
    pub enum Parametrisation: "parametrisation" {
        /// z = w·x + b: every weight moves as the optimizer says
        Standard = "standard", "z = w·x + b: 가중치가 최적화기가 정한 대로 움직인다";
        /// z = w·x / √n + b (Jacot, Gabriel and Hongler, "Neural tangent kernel", 2018)
        ///
        /// With s = 1/√n the network keeps w·s as its weights. A gradient with respect to w is s times the one with
        /// respect to w·s, so that the same path is taken in standard form with η s² in place of η, and in Adam, whose
        /// step does not depend on the scale of the gradient, with η s and ε / s.
        Ntk = "ntk", "z = w·x / √n + b (Jacot 외, 2018)";
    }
}

/// What a layer's weights multiply the optimizer's constants by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Factors {
    /// On η.
    pub eta: f64,
    /// On ε.
    pub epsilon: f64,
}

impl Factors {
    /// No change.
    pub const ONE: Self = Self { eta: 1.0, epsilon: 1.0 };
}

impl Parametrisation {
    /// The factors of a layer with this many inputs.
    pub fn factors(self, inputs: usize, optimizer: &Optimizer) -> Factors {
        let n = inputs.max(1) as f64;
        match (self, optimizer) {
            (Self::Standard, _) => Factors::ONE,
            (Self::Ntk, Optimizer::Adam { .. }) => Factors { eta: 1.0 / n.sqrt(), epsilon: n.sqrt() },
            (Self::Ntk, _) => Factors { eta: 1.0 / n, epsilon: 1.0 },
        }
    }
}

/// The optimizer's constants at one step, before a layer's own factors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constants {
    optimizer: Optimizer,
    eta: f64,
    epsilon: f64,
}

impl Optimizer {
    /// How many running values each parameter has: 0, 1 or 2.
    pub fn moments(&self) -> usize {
        match self {
            Self::Sgd => 0,
            Self::Momentum { .. } | Self::Nesterov { .. } => 1,
            Self::Adam { .. } => 2,
        }
    }

    /// The constants at step `t`, counted from 1, with learning rate `eta`.
    ///
    /// Adam's corrections of the bias go into η and ε: m̂ / (√v̂ + ε) is
    /// √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + ε √(1 − β₂ᵗ)).
    pub fn at(&self, t: u64, eta: f64) -> Constants {
        match *self {
            Self::Adam { beta1, beta2, epsilon } => {
                let root = (1.0 - power(beta2, t)).sqrt();
                Constants {
                    optimizer: *self,
                    eta: eta * root / (1.0 - power(beta1, t)),
                    epsilon: epsilon * root,
                }
            }
            _ => Constants { optimizer: *self, eta, epsilon: 0.0 },
        }
    }
}

impl Constants {
    /// The rule for parameters with these factors, and its learning rate.
    pub fn rule<T: Real>(&self, factors: Factors) -> (UpdateRule<T>, T) {
        let rule = match self.optimizer {
            Optimizer::Sgd => UpdateRule::Sgd,
            Optimizer::Momentum { mu } => UpdateRule::Momentum { mu: T::from_f64(mu) },
            Optimizer::Nesterov { mu } => UpdateRule::Nesterov { mu: T::from_f64(mu) },
            Optimizer::Adam { beta1, beta2, .. } => UpdateRule::Adam {
                beta1: T::from_f64(beta1),
                beta2: T::from_f64(beta2),
                epsilon: T::from_f64(self.epsilon * factors.epsilon),
            },
        };
        (rule, T::from_f64(self.eta * factors.eta))
    }

    /// The step without regularisation for parameters with these factors; `scale` turns the sum over the batch into
    /// the gradient.
    pub fn step<T: Real>(&self, factors: Factors, scale: f64) -> Step<T> {
        let (rule, eta) = self.rule(factors);
        Step { rule, eta, scale: T::from_f64(scale), l2: T::ZERO, l1: T::ZERO, decay: T::ZERO }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// C = ½ a w² from w = 1: g = a w at every step.
    fn descend(optimizer: Optimizer, eta: f64, steps: u64) -> f64 {
        let (mut w, mut moments) = (1.0_f64, [0.0; 2]);
        for t in 1..=steps {
            (w, moments) = optimizer.at(t, eta).step::<f64>(Factors::ONE, 1.0).apply(3.0 * w, w, moments);
        }
        w
    }

    fn close(left: f64, right: f64) {
        assert!((left - right).abs() < 1e-14, "{left} is not {right}");
    }

    #[test]
    fn two_steps_by_hand() {
        // w = 1 − 0.1·3 = 0.7; 0.7 − 0.1·2.1 = 0.49
        close(descend(Optimizer::Sgd, 0.1, 2), 0.49);
        // v = 3, w = 0.7; v = 0.5·3 + 2.1 = 3.6, w = 0.34
        close(descend(Optimizer::Momentum { mu: 0.5 }, 0.1, 2), 0.34);
        // v = 3, w = 1 − 0.1 (3 + 1.5) = 0.55; v = 1.5 + 1.65 = 3.15, w = 0.55 − 0.1 (1.65 + 1.575) = 0.2275
        close(descend(Optimizer::Nesterov { mu: 0.5 }, 0.1, 2), 0.2275);
    }

    #[test]
    fn adam_as_it_is_written_in_the_paper() {
        let (beta1, beta2, epsilon, eta) = (0.9, 0.99, 1e-3, 0.2);
        let (mut w, mut m, mut v) = (1.0_f64, 0.0, 0.0);
        for t in 1..=20 {
            let g = 3.0 * w;
            m = beta1 * m + (1.0 - beta1) * g;
            v = beta2 * v + (1.0 - beta2) * g * g;
            let (m_hat, v_hat) = (m / (1.0 - beta1.powi(t)), v / (1.0 - beta2.powi(t)));
            w -= eta * m_hat / (v_hat.sqrt() + epsilon);
        }
        close(descend(Optimizer::Adam { beta1, beta2, epsilon }, eta, 20), w);
    }

    /// z = s w x with s = 1/√n, trained on w by the plain rule, against W = s w trained with the layer's factors.
    #[test]
    fn ntk_factors_take_the_path_of_the_scaled_weights() {
        let (n, eta) = (9, 0.05);
        let s = 1.0 / 3.0;
        let optimizers = [
            Optimizer::Sgd,
            Optimizer::Momentum { mu: 0.9 },
            Optimizer::Nesterov { mu: 0.9 },
            Optimizer::Adam { beta1: 0.9, beta2: 0.95, epsilon: 0.1 },
        ];
        for optimizer in optimizers {
            let factors = Parametrisation::Ntk.factors(n, &optimizer);
            let (mut w, mut scaled) = (2.0_f64, 2.0 * s);
            let (mut moments, mut scaled_moments) = ([0.0; 2], [0.0; 2]);
            for t in 1..=20 {
                let constants = optimizer.at(t, eta);
                // C = ½ (s w − 1)², ∂C/∂w = s (s w − 1), ∂C/∂W = W − 1
                (w, moments) = constants.step::<f64>(Factors::ONE, 1.0).apply(s * (s * w - 1.0), w, moments);
                (scaled, scaled_moments) =
                    constants.step::<f64>(factors, 1.0).apply(scaled - 1.0, scaled, scaled_moments);
                close(scaled, s * w);
            }
        }
    }
}
