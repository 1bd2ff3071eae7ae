//! Activation functions: σ and σ′, side by side.
//!
//! Each is written once over [`Lanes`], so that the same formula runs on a plain number and inside the matrix
//! products. σ′ is computed from a = σ(z) wherever it has a form in a: z need not be kept then.
//!
//! | name | σ(z) | σ′ |
//! |---|---|---|
//! | `identity` | z | 1 |
//! | `sigmoid` | 1 / (1 + e⁻ᶻ) | a (1 − a) |
//! | `tanh` | tanh z | 1 − a² |
//! | `relu` | max(z, 0) | 1 if a > 0, else 0 |
//! | `leaky-relu:s` | z if z > 0, else s z | 1 if a > 0, else s |
//! | `elu:α` | z if z > 0, else α (eᶻ − 1) | 1 if a > 0, else a + α |
//! | `selu` | λ z if z > 0, else λ α (eᶻ − 1) | λ if a > 0, else a + λ α |
//! | `gelu` | z Φ(z) | Φ(z) + z φ(z) |
//! | `gelu-tanh` | ½ z (1 + tanh u), u = √(2/π) (z + 0.044715 z³) | ½ (1 + tanh u) + ½ z (1 − tanh² u) u′ |
//! | `silu` | z s(z), s the sigmoid | s (1 + z (1 − s)) |
//! | `mish` | z tanh(softplus z) | t + z (1 − t²) s, t = tanh(softplus z) |
//! | `softplus` | ln(1 + eᶻ) | s(z) |
//! | `exp` | eᶻ | a |
//! | `softmax` | eᶻʲ / Σₖ eᶻᵏ | the Jacobian ∂aₖ/∂zⱼ = aₖ ([j = k] − aⱼ) |
//!
//! Φ and φ are the distribution function and the density of N(0, 1). At a kink (z = 0 of `relu`, `leaky-relu`,
//! `elu`, `selu`) σ′ is the derivative from the left, as is usual.

use crate::interval::Interval;
use crate::variants;
use deltarule_kernels::elementwise::{Function, MapTile, ScaleTile};
use deltarule_kernels::{Elementwise, Lanes, Real, Source};
use deltarule_kernels::{inlined, math};

variants! {
    /// How a neuron turns its weighted input z into its activation a = σ(z).
    ///
    /// ```
    /// # use deltarule::Activation;
    /// let activation: Activation = "leaky-relu:0.2".parse()?;
    /// assert_eq!(activation, Activation::LeakyRelu { slope: 0.2 });
    /// let message = "sigmod".parse::<Activation>().unwrap_err().to_string();
    /// assert!(message.contains("did you mean `sigmoid`?"));
    /// # Ok::<(), deltarule::Error>(())
    /// ```
    pub enum Activation: "activation" {
        /// a = z
        Identity = "identity", "a = z, 그대로";
        /// a = 1 / (1 + e⁻ᶻ), from 0 to 1
        Sigmoid = "sigmoid", "a = 1 / (1 + e⁻ᶻ), 0에서 1 사이";
        /// a = tanh z, from −1 to 1
        Tanh = "tanh", "a = tanh z, −1에서 1 사이";
        /// a = max(z, 0) (Nair and Hinton, 2010)
        Relu = "relu", "a = max(z, 0) (Nair와 Hinton, 2010)";
        /// a = z above 0, slope · z below (Maas et al., 2013)
        LeakyRelu {
            /// Slope below 0, usually 0.01
            slope: 0.01 in Interval::at_least(0.0)
        } = "leaky-relu", "0보다 크면 a = z, 아니면 slope · z (Maas 외, 2013)";
        /// a = z above 0, α (eᶻ − 1) below (Clevert et al., 2016)
        Elu {
            /// α, usually 1: the limit −α far below 0
            alpha: 1.0 in Interval::at_least(0.0)
        } = "elu", "0보다 크면 a = z, 아니면 α (eᶻ − 1) (Clevert 외, 2016)";
        /// ELU with the λ and α that keep mean 0 and variance 1 (Klambauer et al., 2017)
        Selu = "selu", "평균 0과 분산 1을 지키는 λ와 α의 ELU (Klambauer 외, 2017)";
        /// a = z Φ(z) (Hendrycks and Gimpel, 2016)
        Gelu = "gelu", "a = z Φ(z) (Hendrycks와 Gimpel, 2016)";
        /// The approximation of GELU with tanh, from the same paper
        GeluTanh = "gelu-tanh", "tanh로 근사한 GELU, 같은 논문";
        /// a = z / (1 + e⁻ᶻ) (Elfwing et al., 2018), also called swish
        Silu = "silu", "a = z / (1 + e⁻ᶻ) (Elfwing 외, 2018), swish라고도 한다";
        /// a = z tanh(ln(1 + eᶻ)) (Misra, 2020)
        Mish = "mish", "a = z tanh(ln(1 + eᶻ)) (Misra, 2020)";
        /// a = ln(1 + eᶻ), a smooth ReLU
        Softplus = "softplus", "a = ln(1 + eᶻ), 매끄러운 ReLU";
        /// a = eᶻ: a rate, for the Poisson cost
        Exp = "exp", "a = eᶻ: 포아송 비용을 위한 발생률";
        /// aⱼ = eᶻʲ / Σₖ eᶻᵏ: probabilities of classes. Only for the output, since it is not elementwise
        Softmax = "softmax", "aⱼ = eᶻʲ / Σₖ eᶻᵏ: 클래스의 확률. 원소별이 아니므로 출력층에만 쓴다";
    }
}

use Activation::{
    Elu, Exp, Gelu, GeluTanh, Identity, LeakyRelu, Mish, Relu, Selu, Sigmoid, Silu, Softmax, Softplus, Tanh,
};

// Klambauer et al., "Self-Normalizing Neural Networks", equation (14).
const SELU_LAMBDA: f64 = 1.050_700_987_355_480_5;
const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;

#[inline(always)]
fn sigmoid<V: Lanes>(z: V) -> V {
    math::sigmoid(z)
}
#[inline(always)]
fn sigmoid_prime<V: Lanes>(a: V) -> V {
    (-a).fma(a, a)
}

#[inline(always)]
fn tanh<V: Lanes>(z: V) -> V {
    math::tanh(z)
}
#[inline(always)]
fn tanh_prime<V: Lanes>(a: V) -> V {
    (-a).fma(a, V::one())
}

/// In this order NaN stays NaN.
#[inline(always)]
fn relu<V: Lanes>(z: V) -> V {
    V::zero().larger(z)
}
#[inline(always)]
fn relu_prime<V: Lanes>(a: V) -> V {
    V::select(V::zero().below(a), V::one(), V::zero())
}

#[inline(always)]
fn leaky_relu<V: Lanes>(z: V, slope: V) -> V {
    V::select(V::zero().below(z), z, slope * z)
}
#[inline(always)]
fn leaky_relu_prime<V: Lanes>(a: V, slope: V) -> V {
    V::select(V::zero().below(a), V::one(), slope)
}

/// ELU is this with λ = 1.
#[inline(always)]
fn selu<V: Lanes>(z: V, lambda: V, lambda_alpha: V) -> V {
    V::select(V::zero().below(z), lambda * z, lambda_alpha * math::expm1(z))
}
#[inline(always)]
fn selu_prime<V: Lanes>(a: V, lambda: V, lambda_alpha: V) -> V {
    V::select(V::zero().below(a), lambda, a + lambda_alpha)
}

/// [`selu`] with its constants, as a function of z alone.
struct Scaled<V> {
    lambda: V,
    lambda_alpha: V,
}
impl<V: Lanes> Function<V> for Scaled<V> {
    #[inline(always)]
    fn of(&self, z: V) -> V {
        selu(z, self.lambda, self.lambda_alpha)
    }
}

/// Φ(z)
#[inline(always)]
fn normal_distribution<V: Lanes>(z: V) -> V {
    let half = V::constant(0.5);
    half.fma(math::erf(z * V::constant(std::f64::consts::FRAC_1_SQRT_2)), half)
}
#[inline(always)]
fn gelu<V: Lanes>(z: V) -> V {
    z * normal_distribution(z)
}
#[inline(always)]
fn gelu_prime<V: Lanes>(z: V) -> V {
    let one_over_sqrt_2_pi = V::constant(0.398_942_280_401_432_7);
    let density = math::exp(z * z * V::constant(-0.5)) * one_over_sqrt_2_pi;
    z.fma(density, normal_distribution(z))
}

const SQRT_2_OVER_PI: f64 = 0.797_884_560_802_865_4;
const CUBIC: f64 = 0.044_715;

#[inline(always)]
fn gelu_tanh_inner<V: Lanes>(z: V) -> V {
    math::tanh(V::constant(SQRT_2_OVER_PI) * V::constant(CUBIC).fma(z * z * z, z))
}
#[inline(always)]
fn gelu_tanh<V: Lanes>(z: V) -> V {
    V::constant(0.5) * z * (V::one() + gelu_tanh_inner(z))
}
#[inline(always)]
fn gelu_tanh_prime<V: Lanes>(z: V) -> V {
    let (half, one) = (V::constant(0.5), V::one());
    let t = gelu_tanh_inner(z);
    // Past ±10, 1 − t² is 0 in both precisions, while z² could overflow and make 0 · ∞ of it.
    let near = z.larger(V::constant(-10.0)).smaller(V::constant(10.0));
    let u_prime = V::constant(SQRT_2_OVER_PI) * V::constant(3.0 * CUBIC).fma(near * near, one);
    half * (one + t) + half * near * (-t).fma(t, one) * u_prime
}

#[inline(always)]
fn silu<V: Lanes>(z: V) -> V {
    z * math::sigmoid(z)
}
#[inline(always)]
fn silu_prime<V: Lanes>(z: V) -> V {
    let s = math::sigmoid(z);
    s * z.fma(V::one() - s, V::one())
}

#[inline(always)]
fn mish<V: Lanes>(z: V) -> V {
    z * math::tanh(math::softplus(z))
}
#[inline(always)]
fn mish_prime<V: Lanes>(z: V) -> V {
    let t = math::tanh(math::softplus(z));
    z.fma((-t).fma(t, V::one()) * math::sigmoid(z), t)
}

#[inline(always)]
fn softplus<V: Lanes>(z: V) -> V {
    math::softplus(z)
}
#[inline(always)]
fn softplus_prime<V: Lanes>(z: V) -> V {
    math::sigmoid(z)
}

#[inline(always)]
fn exp<V: Lanes>(z: V) -> V {
    math::exp(z)
}
#[inline(always)]
fn exp_prime<V: Lanes>(a: V) -> V {
    a
}

/// Softmax works on rows and has nothing elementwise: its values and errors pass unchanged.
impl<T: Real> Elementwise<T> for Activation {
    #[inline(always)]
    fn value<V: Lanes<Real = T>>(self, tile: MapTile<'_, V>) {
        match self {
            Identity | Softmax => tile.map(|z: V| z),
            Sigmoid => tile.map(inlined!(sigmoid)),
            Tanh => tile.map(inlined!(tanh)),
            Relu => tile.map(inlined!(relu)),
            LeakyRelu { slope } => tile.map(|z: V| leaky_relu(z, V::constant(slope))),
            Elu { alpha } => tile.map(Scaled { lambda: V::one(), lambda_alpha: V::constant(alpha) }),
            Selu => tile.map(Scaled {
                lambda: V::constant(SELU_LAMBDA),
                lambda_alpha: V::constant(SELU_LAMBDA * SELU_ALPHA),
            }),
            Gelu => tile.map(inlined!(gelu)),
            GeluTanh => tile.map(inlined!(gelu_tanh)),
            Silu => tile.map(inlined!(silu)),
            Mish => tile.map(inlined!(mish)),
            Softplus => tile.map(inlined!(softplus)),
            Exp => tile.map(inlined!(exp)),
        }
    }

    #[inline(always)]
    fn derivative<V: Lanes<Real = T>>(self, tile: ScaleTile<'_, V>) {
        match self {
            Identity | Softmax => {}
            Sigmoid => tile.scale(inlined!(sigmoid_prime)),
            Tanh => tile.scale(inlined!(tanh_prime)),
            Relu => tile.scale(inlined!(relu_prime)),
            LeakyRelu { slope } => tile.scale(|a: V| leaky_relu_prime(a, V::constant(slope))),
            Elu { alpha } => tile.scale(|a: V| selu_prime(a, V::one(), V::constant(alpha))),
            Selu => tile
                .scale(|a: V| selu_prime(a, V::constant(SELU_LAMBDA), V::constant(SELU_LAMBDA * SELU_ALPHA))),
            Gelu => tile.scale(inlined!(gelu_prime)),
            GeluTanh => tile.scale(inlined!(gelu_tanh_prime)),
            Silu => tile.scale(inlined!(silu_prime)),
            Mish => tile.scale(inlined!(mish_prime)),
            Softplus => tile.scale(inlined!(softplus_prime)),
            Exp => tile.scale(inlined!(exp_prime)),
        }
    }

    fn source(self) -> Source {
        match self {
            Gelu | GeluTanh | Silu | Mish | Softplus => Source::Input,
            Identity | Sigmoid | Tanh | Relu | LeakyRelu { .. } | Elu { .. } | Selu | Exp | Softmax => {
                Source::Output
            }
        }
    }
}

impl Activation {
    /// Whether each activation depends on its own z alone: all but softmax.
    pub fn is_elementwise(self) -> bool {
        self != Softmax
    }

    /// The z at which σ has a kink or a jump in its second derivative: a difference taken across one is no derivative.
    pub fn kinks(self) -> &'static [f64] {
        match self {
            LeakyRelu { slope: 1.0 } => &[],
            Relu | LeakyRelu { .. } | Elu { .. } | Selu => &[0.0],
            Identity | Sigmoid | Tanh | Gelu | GeluTanh | Silu | Mish | Softplus | Exp | Softmax => &[],
        }
    }

    /// The largest |σ′(z)| for any z, to a hundredth; 1 for exp, which has none.
    pub fn steepest(self) -> f64 {
        match self {
            Sigmoid => 0.25,
            LeakyRelu { slope } => slope.max(1.0),
            Elu { alpha } => alpha.max(1.0),
            Selu => SELU_LAMBDA * SELU_ALPHA,
            Gelu | GeluTanh => 1.13,
            Silu => 1.10,
            Mish => 1.09,
            Identity | Tanh | Relu | Softplus | Exp | Softmax => 1.0,
        }
    }

    /// ∂aₖ/∂zⱼ of an output whose activations are `a`, for any activation; `sigma_prime` holds σ′(z), which
    /// softmax does not read.
    pub(crate) fn jacobian<T: Real>(self, a: &[T], sigma_prime: &[T], k: usize, j: usize) -> T {
        let same = if j == k { T::ONE } else { T::ZERO };
        match self {
            Softmax => a[k] * (same - a[j]),
            _ => same * sigma_prime[j],
        }
    }
}
