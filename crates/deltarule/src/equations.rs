//! Forward, BP1, BP2, BP3 and BP4: one function each, and nothing else.
//!
//! Training, traces and the gradient check all run these. Every matrix has one sample a row; the errors δ are those
//! of each sample, multiplied by its weight u where it has one, and not divided by the size of the batch: that is
//! `scale` in BP3 and BP4.

use crate::activation::Activation;
use crate::cost::{Cost, maximum};
use crate::exponential::Exponential;
use crate::layer::Layer;
use crate::real::Real;
use deltarule_kernels::products::{self, Biases, Weights};
use deltarule_kernels::{Matrix, Panels, Rows, Step, ThreadPool};

/// Feedforward through one layer:
///
/// ```text
/// zˡ = wˡ aˡ⁻¹ + bˡ,   aˡ = σ(zˡ)
/// ```
///
/// `input` is aˡ⁻¹. `z` may be left out where nobody reads it.
pub fn forward<T: Real>(
    pool: &ThreadPool,
    layer: &Layer<T>,
    input: Rows<'_, T>,
    z: Option<&mut Matrix<T>>,
    a: &mut Matrix<T>,
) {
    T::forward(pool, input, &layer.w, &layer.b, layer.activation, z, a);
    if layer.activation == Activation::Softmax {
        softmax(pool, a);
    }
}

/// BP1, the error of the output layer:
///
/// ```text
/// δᴸ = ∇ₐC ⊙ σ′(zᴸ)
/// ```
///
/// For the costs that are a likelihood of their output (softmax, sigmoid or exp) the product is a − y, and is
/// computed as that: exact also where σ′ rounds to 0. For an output that is not elementwise and has no short form, it is
/// [`bp1_jacobian`].
pub fn bp1<T: Real>(
    pool: &ThreadPool,
    cost: Cost,
    activation: Activation,
    (z, a): (&Matrix<T>, &Matrix<T>),
    y: Rows<'_, T>,
    weights: Option<&[T]>,
    delta: &mut Matrix<T>,
) {
    if cost.has_fused_delta() {
        cost.fused_delta(a, y, delta);
    } else if activation.is_elementwise() {
        cost.gradient(a, y, delta);
        T::scale_by_derivative(pool, activation, products::source_of(activation, z, a), delta);
    } else {
        return bp1_jacobian(pool, cost, activation, (z, a), y, weights, delta);
    }
    weigh(weights, delta);
}

/// BP1 in its general form, with the Jacobian of the output activation:
///
/// ```text
/// δᴸⱼ = Σₖ ∂C/∂aᴸₖ · ∂aᴸₖ/∂zᴸⱼ
/// ```
///
/// For an elementwise activation only k = j is left of the sum, which is [`bp1`].
pub fn bp1_jacobian<T: Real>(
    pool: &ThreadPool,
    cost: Cost,
    activation: Activation,
    (z, a): (&Matrix<T>, &Matrix<T>),
    y: Rows<'_, T>,
    weights: Option<&[T]>,
    delta: &mut Matrix<T>,
) {
    let mut sigma_prime = Matrix::from_fn(a.rows(), a.cols(), |_, _| T::ONE);
    T::scale_by_derivative(pool, activation, products::source_of(activation, z, a), &mut sigma_prime);
    let mut nabla = Matrix::zeros(a.rows(), a.cols());
    cost.gradient(a, y, &mut nabla);
    for i in 0..a.rows() {
        for (j, delta) in delta.row_mut(i).iter_mut().enumerate() {
            *delta = nabla.row(i).iter().enumerate().fold(T::ZERO, |sum, (k, &slope)| {
                slope.fma(activation.jacobian(a.row(i), sigma_prime.row(i), k, j), sum)
            });
        }
    }
    weigh(weights, delta);
}

/// BP2, the error of a layer from the error of the one above:
///
/// ```text
/// δˡ = ((wˡ⁺¹)ᵀ δˡ⁺¹) ⊙ σ′(zˡ)
/// ```
///
/// `w_above_t` is (wˡ⁺¹)ᵀ. `source` is what σ′ is computed from: zˡ or aˡ, as [`Elementwise::source`](deltarule_kernels::Elementwise::source) says.
pub fn bp2<T: Real>(
    pool: &ThreadPool,
    w_above_t: &Panels<T>,
    delta_above: &Matrix<T>,
    activation: Activation,
    source: &Matrix<T>,
    delta: &mut Matrix<T>,
) {
    T::backward(pool, Rows::all(delta_above), w_above_t, activation, source, delta);
}

/// What [`bp3`] and [`bp4`] do with their sums before they are stored: a gradient `G` is kept, or parameters `P` updated.
#[derive(Debug)]
pub enum Epilogue<'a, T: Real, G: ?Sized, P> {
    /// The sums are multiplied by `scale`, which gives ∂C/∂b or ∂C/∂w, and kept.
    Keep {
        /// 1/m for a mean over m samples, 1/Σᵢ uᵢ for a weighted one.
        scale: T,
        /// Where they are kept.
        gradient: &'a mut G,
    },
    /// The sums go straight into the optimizer's step, which has the scale, and are not kept.
    Update {
        /// The optimizer's step.
        step: &'a Step<T>,
        /// What the step changes.
        parameters: P,
    },
}

/// BP3, the gradient by the biases, as a mean over the batch:
///
/// ```text
/// ∂C/∂bˡⱼ = δˡⱼ              → scale · Σᵢ δˡᵢⱼ
/// ```
pub fn bp3<T: Real>(pool: &ThreadPool, delta: &Matrix<T>, epilogue: Epilogue<'_, T, [T], Biases<'_, T>>) {
    match epilogue {
        Epilogue::Keep { scale, gradient } => products::bias_gradient(pool, delta, scale, gradient),
        Epilogue::Update { step, parameters } => products::bias_update(pool, delta, step, parameters),
    }
}

/// BP4, the gradient by the weights, as a mean over the batch:
///
/// ```text
/// ∂C/∂wˡⱼₖ = aˡ⁻¹ₖ δˡⱼ        → scale · Σᵢ aˡ⁻¹ᵢₖ δˡᵢⱼ
/// ```
///
/// `input` is aˡ⁻¹.
pub fn bp4<T: Real>(
    pool: &ThreadPool,
    delta: &Matrix<T>,
    input: Rows<'_, T>,
    epilogue: Epilogue<'_, T, Panels<T>, Weights<'_, T>>,
) {
    match epilogue {
        Epilogue::Keep { scale, gradient } => products::weight_gradient(pool, delta, input, scale, gradient),
        Epilogue::Update { step, parameters } => {
            products::weight_update(pool, delta, input, step, parameters)
        }
    }
}

/// The learned input scale, forward: a¹ₖ = sₖ xₖ.
pub fn scale_input<T: Real>(x: Rows<'_, T>, scale: &[T], a: &mut Matrix<T>) {
    for (i, x) in x.iter().enumerate() {
        for ((a, &x), &s) in a.row_mut(i).iter_mut().zip(x).zip(scale) {
            *a = s * x;
        }
    }
}

/// BP4 of the learned input scale, a diagonal layer: ∂C/∂sₖ = δ¹ₖ xₖ → scale · Σᵢ δ¹ᵢₖ xᵢₖ.
///
/// δ¹ = (w²)ᵀ δ² is BP2 with the identity as σ.
pub fn bp4_input_scale<T: Real>(delta: &Matrix<T>, x: Rows<'_, T>, scale: T, gradient: &mut [T]) {
    gradient.fill(T::ZERO);
    for (i, x) in x.iter().enumerate() {
        for ((sum, &delta), &x) in gradient.iter_mut().zip(delta.row(i)).zip(x) {
            *sum = x.fma(delta, *sum);
        }
    }
    gradient.iter_mut().for_each(|sum| *sum *= scale);
}

/// δ of each sample times the sample's weight.
fn weigh<T: Real>(weights: Option<&[T]>, delta: &mut Matrix<T>) {
    for (i, &weight) in weights.unwrap_or_default().iter().enumerate() {
        delta.row_mut(i).iter_mut().for_each(|delta| *delta *= weight);
    }
}

/// aⱼ = e^(zⱼ − max z) / Σₖ e^(zₖ − max z) in place of every row's z.
fn softmax<T: Real>(pool: &ThreadPool, rows: &mut Matrix<T>) {
    for i in 0..rows.rows() {
        let row = rows.row_mut(i);
        let top = maximum(row);
        row.iter_mut().for_each(|z| *z -= top);
    }
    T::map_in_place(pool, Exponential::Exp, rows);
    for i in 0..rows.rows() {
        let row = rows.row_mut(i);
        let total: T = row.iter().copied().sum();
        row.iter_mut().for_each(|a| *a /= total);
    }
}
