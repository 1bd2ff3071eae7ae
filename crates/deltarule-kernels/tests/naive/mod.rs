//! Every product as its formula reads: what the fast ones are tested against, to the last bit.
//!
//! One thing is left to the caller: the products count subnormal numbers as zero (`FlushToZero`).

use deltarule_kernels::{Biases, Matrix, Panels, Real, Rows, Step, Weights};

/// z_j = b_j + Σ_k w_jk x_k and a = σ(z), for every row x. The sum starts at b_j and runs over k in order.
pub(crate) fn forward<T: Real>(
    x: Rows<'_, T>,
    w: &Panels<T>,
    b: &[T],
    sigma: impl Fn(T) -> T,
    z: &mut Matrix<T>,
    a: &mut Matrix<T>,
) {
    for i in 0..x.len() {
        for (j, &b) in b.iter().enumerate() {
            let sum = x.row(i).iter().enumerate().fold(b, |sum, (k, &x)| x.fma(w.get(j, k), sum));
            z.row_mut(i)[j] = sum;
            a.row_mut(i)[j] = sigma(sum);
        }
    }
}

/// BP2: δ_k = (Σ_j w_jk δ_j of the layer above) σ′(source), for every row of `delta_above`. The sum starts at 0 and runs over
/// j in order.
pub(crate) fn backward<T: Real>(
    delta_above: &Matrix<T>,
    w_t: &Panels<T>,
    sigma_prime: impl Fn(T) -> T,
    source: &Matrix<T>,
    delta: &mut Matrix<T>,
) {
    for (i, above) in Rows::all(delta_above).iter().enumerate() {
        for (k, delta) in delta.row_mut(i).iter_mut().enumerate() {
            *delta = above.iter().enumerate().fold(T::ZERO, |sum, (j, &d)| d.fma(w_t.get(k, j), sum));
        }
    }
    scale_by_derivative(sigma_prime, source, delta);
}

/// `delta ⊙= σ′(source)` for every row of `delta`.
pub(crate) fn scale_by_derivative<T: Real>(
    sigma_prime: impl Fn(T) -> T,
    source: &Matrix<T>,
    delta: &mut Matrix<T>,
) {
    for i in 0..delta.rows() {
        for (delta, &source) in delta.row_mut(i).iter_mut().zip(source.row(i)) {
            *delta *= sigma_prime(source);
        }
    }
}

/// BP3: `scale · Σ_i δ_ij`, stored in `gradient`. The sums start at 0 and run over the rows i in order.
pub(crate) fn bias_gradient<T: Real>(delta: &Matrix<T>, scale: T, gradient: &mut [T]) {
    for (j, gradient) in gradient.iter_mut().enumerate() {
        *gradient = Rows::all(delta).iter().fold(T::ZERO, |sum, d| sum + d[j]) * scale;
    }
}

/// BP3 with the optimizer as its epilogue.
pub(crate) fn bias_update<T: Real>(delta: &Matrix<T>, step: &Step<T>, biases: Biases<'_, T>) {
    let mut sums = vec![T::ZERO; biases.b.len()];
    bias_gradient(delta, T::ONE, &mut sums);
    bias_update_by(&sums, step, biases);
}

/// The optimizer on a gradient of biases that was kept.
pub(crate) fn bias_update_by<T: Real>(gradient: &[T], step: &Step<T>, biases: Biases<'_, T>) {
    let Biases { b, moments } = biases;
    for j in 0..b.len() {
        let old = [0, 1].map(|n| moments.get(n).map_or(T::ZERO, |m| m[j]));
        let (new, kept) = step.apply(gradient[j], b[j], old);
        b[j] = new;
        moments.iter_mut().zip(kept).for_each(|(m, kept)| m[j] = kept);
    }
}

/// BP4: `scale · Σ_i δ_ij x_ik`, stored in `gradient`. The sums start at 0 and run over the rows i in order.
pub(crate) fn weight_gradient<T: Real>(
    delta: &Matrix<T>,
    x: Rows<'_, T>,
    scale: T,
    gradient: &mut Panels<T>,
) {
    for j in 0..delta.cols() {
        for k in 0..x.cols() {
            let sum = Rows::all(delta).iter().zip(x.iter()).fold(T::ZERO, |sum, (d, x)| x[k].fma(d[j], sum));
            gradient.set(j, k, sum * scale);
        }
    }
}

/// BP4 with the optimizer as its epilogue.
pub(crate) fn weight_update<T: Real>(
    delta: &Matrix<T>,
    x: Rows<'_, T>,
    step: &Step<T>,
    weights: Weights<'_, T>,
) {
    let mut sums = Panels::zeros(weights.w.outputs(), weights.w.inputs());
    weight_gradient(delta, x, T::ONE, &mut sums);
    weight_update_by(&sums, step, weights);
}

/// The optimizer on a gradient of weights that was kept.
pub(crate) fn weight_update_by<T: Real>(gradient: &Panels<T>, step: &Step<T>, weights: Weights<'_, T>) {
    let Weights { w, mut w_t, moments } = weights;
    for j in 0..w.outputs() {
        for k in 0..w.inputs() {
            let old = [0, 1].map(|n| moments.get(n).map_or(T::ZERO, |m| m.get(j, k)));
            let (new, kept) = step.apply(gradient.get(j, k), w.get(j, k), old);
            w.set(j, k, new);
            if let Some(w_t) = &mut w_t {
                w_t.set(k, j, new);
            }
            moments.iter_mut().zip(kept).for_each(|(m, kept)| m.set(j, k, kept));
        }
    }
}
