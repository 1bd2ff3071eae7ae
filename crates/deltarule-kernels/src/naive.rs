//! Every product as its formula reads: what the fast ones are tested against, to the last bit.
//!
//! One thing is left to the caller: the products count subnormal numbers as zero ([`FlushToZero`](crate::FlushToZero)).

use crate::elementwise::{Elementwise, MapTile, ScaleTile};
use crate::matrix::{Matrix, Rows};
use crate::panels::Panels;
use crate::products::{Biases, Weights};
use crate::real::Real;
use crate::update::Step;

/// z_j = b_j + Σ_k w_jk x_k and a = σ(z), for every row x.
///
/// The sum starts at b_j and runs over k in order, each term added by a fused multiply-add. `z` may be left out
/// where only `a` is wanted. `z` and `a` have at least as many rows as `x`; rows past them are left alone.
pub fn forward<T: Real, F: Elementwise<T>>(
    x: Rows<'_, T>,
    w: &Panels<T>,
    b: &[T],
    f: F,
    mut z: Option<&mut Matrix<T>>,
    a: &mut Matrix<T>,
) {
    let mut sums = vec![T::ZERO; w.outputs()];
    for i in 0..x.len() {
        for (j, sum) in sums.iter_mut().enumerate() {
            *sum = x.row(i).iter().enumerate().fold(b[j], |sum, (k, &x)| x.fma(w.get(j, k), sum));
        }
        if let Some(z) = &mut z {
            z.row_mut(i).copy_from_slice(&sums);
        }
        f.value(MapTile::<T>::row(&sums, a.row_mut(i)));
    }
}

/// BP2: δ_k = (Σ_j w_jk δ_j of the layer above) σ′, for every row of `delta_above`.
///
/// `w_t` is the transposed weights of the layer above; `source` holds what σ′ is computed from, the weighted inputs
/// z or the activations a of this layer, as [`Elementwise::source`] says. The sum starts at 0 and runs over j in order.
pub fn backward<T: Real, F: Elementwise<T>>(
    delta_above: Rows<'_, T>,
    w_t: &Panels<T>,
    f: F,
    source: &Matrix<T>,
    delta: &mut Matrix<T>,
) {
    for i in 0..delta_above.len() {
        for (k, sum) in delta.row_mut(i).iter_mut().enumerate() {
            *sum =
                delta_above.row(i).iter().enumerate().fold(T::ZERO, |sum, (j, &d)| d.fma(w_t.get(k, j), sum));
        }
        f.derivative(ScaleTile::<T>::row(source.row(i), delta.row_mut(i)));
    }
}

/// BP3: `scale · Σ_i δ_ij`, stored in `gradient`.
///
/// The sums start at 0 and run over the rows i in order.
pub fn bias_gradient<T: Real>(delta: &Matrix<T>, scale: T, gradient: &mut [T]) {
    for (j, gradient) in gradient.iter_mut().enumerate() {
        *gradient = Rows::all(delta).iter().fold(T::ZERO, |sum, d| sum + d[j]) * scale;
    }
}

/// BP3 with the optimizer in the store: the sums of [`bias_gradient`] go straight into `step` and are not kept.
pub fn bias_update<T: Real>(delta: &Matrix<T>, step: &Step<T>, biases: Biases<'_, T>) {
    let mut sums = vec![T::ZERO; biases.b.len()];
    bias_gradient(delta, T::ONE, &mut sums);
    bias_update_by(&sums, step, biases);
}

/// The optimizer on a gradient of biases that was kept: `step.scale` multiplies it once more (clipping), 1 leaves it.
pub fn bias_update_by<T: Real>(gradient: &[T], step: &Step<T>, biases: Biases<'_, T>) {
    let Biases { b, moments } = biases;
    for j in 0..b.len() {
        let old = [0, 1].map(|n| moments.get(n).map_or(T::ZERO, |m| m[j]));
        let (new, kept) = step.apply(gradient[j], b[j], old);
        b[j] = new;
        moments.iter_mut().zip(kept).for_each(|(m, kept)| m[j] = kept);
    }
}

/// BP4: `scale · Σ_i δ_ij x_ik`, stored in `gradient`.
///
/// The sums start at 0 and run over the rows i in order.
pub fn weight_gradient<T: Real>(delta: &Matrix<T>, x: Rows<'_, T>, scale: T, gradient: &mut Panels<T>) {
    for j in 0..delta.cols() {
        for k in 0..x.cols() {
            let sum = Rows::all(delta).iter().zip(x.iter()).fold(T::ZERO, |sum, (d, x)| x[k].fma(d[j], sum));
            gradient.set(j, k, sum * scale);
        }
    }
}

/// BP4 with the optimizer in the store: the sums of [`weight_gradient`] go straight into `step` and are not kept.
pub fn weight_update<T: Real>(delta: &Matrix<T>, x: Rows<'_, T>, step: &Step<T>, weights: Weights<'_, T>) {
    let mut sums = Panels::zeros(weights.w.outputs(), weights.w.inputs());
    weight_gradient(delta, x, T::ONE, &mut sums);
    weight_update_by(&sums, step, weights);
}

/// The optimizer on a gradient of weights that was kept: `step.scale` multiplies it once more (clipping), 1 leaves it.
pub fn weight_update_by<T: Real>(gradient: &Panels<T>, step: &Step<T>, weights: Weights<'_, T>) {
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

/// `to = σ(from)` for every row.
pub fn map<T: Real, F: Elementwise<T>>(from: Rows<'_, T>, f: F, to: &mut Matrix<T>) {
    for i in 0..from.len() {
        f.value(MapTile::<T>::row(from.row(i), to.row_mut(i)));
    }
}

/// `delta ⊙= σ′(source)` for every row of `delta`; BP1 for an elementwise output.
pub fn scale_by_derivative<T: Real, F: Elementwise<T>>(f: F, source: &Matrix<T>, delta: &mut Matrix<T>) {
    for i in 0..delta.rows() {
        f.derivative(ScaleTile::<T>::row(source.row(i), delta.row_mut(i)));
    }
}
