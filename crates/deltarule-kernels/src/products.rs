//! The three products of backpropagation, each with what is done to a result before it is stored.

use crate::biases;
use crate::descend::{self, Layer, PANELS_A_COPY, Samples, Sums};
use crate::elementwise::{Elementwise, Source};
use crate::flush::FlushToZero;
use crate::matrix::{Matrix, Rows};
use crate::multiply::{self, Finish, Multiply};
use crate::panels::Panels;
use crate::real::Real;
use crate::thread_pool::ThreadPool;
use crate::tile::{Lines, Target, even_tiles};
use crate::update::{Fate, Step};
use std::ops::Range;

/// Products of fewer multiplications than this are computed by the caller's thread alone: sharing would cost
/// more than it brings.
const WORTH_SHARING: usize = 500_000;

/// Rows that are multiplied in the time that it takes to read the weights: fewer take no less.
const WORTH_A_READING: usize = 4;

/// Rows of x that are multiplied by all panels before the next ones, so that they stay in the second-level cache.
const ROWS_AT_ONCE: usize = 512;

/// Bytes of a result that are likely to be in the first-level cache still when they are written again.
const FIRST_LEVEL: usize = 16 << 10;

/// Parts a thread of a shared product: some more than one, so that a thread that is held up delays nobody.
const PARTS_PER_THREAD: usize = 4;

/// z_j = b_j + Σ_k w_jk x_k and a = σ(z), for every row x.
///
/// The sum starts at b_j and runs over k in order, each term added by a fused multiply-add. `z` may be left out
/// where only `a` is wanted. `z` and `a` have at least as many rows as `x`; rows past them are left alone.
///
/// # Panics
/// When the sizes do not fit together.
pub fn forward<T: Real, F: Elementwise<T>>(
    pool: &ThreadPool,
    x: Rows<'_, T>,
    w: &Panels<T>,
    b: &[T],
    f: F,
    z: Option<&mut Matrix<T>>,
    a: &mut Matrix<T>,
) {
    assert_eq!(x.cols(), w.inputs(), "values of a row and inputs of the layer");
    assert_eq!(b.len(), w.outputs(), "biases and outputs of the layer");
    check_target(a, x.len(), w.outputs());
    let a = a.target();
    let sums = z.map_or(a, |z| {
        check_target(z, x.len(), w.outputs());
        z.target()
    });
    multiply(pool, x, w, b, sums, Finish::Value(f, a));
}

/// BP2: δ_k = (Σ_j w_jk δ_j of the layer above) σ′, for every row of `delta_above`.
///
/// `w_t` is the transposed weights of the layer above; `source` holds what σ′ is computed from, the weighted inputs
/// z or the activations a of this layer, as [`Elementwise::source`] says. The sum starts at 0 and runs over j in order.
///
/// # Panics
/// When the sizes do not fit together.
pub fn backward<T: Real, F: Elementwise<T>>(
    pool: &ThreadPool,
    delta_above: Rows<'_, T>,
    w_t: &Panels<T>,
    f: F,
    source: &Matrix<T>,
    delta: &mut Matrix<T>,
) {
    assert_eq!(delta_above.cols(), w_t.inputs(), "errors of a row and outputs of the layer above");
    check_target(source, delta_above.len(), w_t.outputs());
    check_target(delta, delta_above.len(), w_t.outputs());
    let source = Rows::all(source).lines();
    multiply(pool, delta_above, w_t, &[], delta.target(), Finish::Derivative(f, source));
}

fn check_target<T: Real>(matrix: &Matrix<T>, rows: usize, cols: usize) {
    assert_eq!(matrix.cols(), cols, "columns of a matrix and outputs of the product");
    assert!(matrix.rows() >= rows, "{} rows for a product of {rows}", matrix.rows());
}

/// The common part of [`forward`] and [`backward`], whose sizes have been checked.
fn multiply<T: Real, F: Elementwise<T>>(
    pool: &ThreadPool,
    x: Rows<'_, T>,
    w: &Panels<T>,
    start: &[T],
    sums: Target<T>,
    finish: Finish<T, F>,
) {
    let (outputs, inputs, is_narrow) = (w.outputs(), w.inputs(), w.are_narrow());
    let is_large = x.len() * sums.stride * size_of::<T>() > FIRST_LEVEL;
    let (x_lines, w) = (x.lines(), w.storage());
    let product = Multiply { x: x_lines, w, is_narrow, outputs, inputs, start, is_large, sums, finish };
    let panels = outputs.div_ceil(Panels::<T>::WIDTH);
    let rows = if x.is_empty() { 0 } else { x.len().max(WORTH_A_READING) };
    let shared = is_shared(pool, rows, outputs, inputs);
    let (columns, row_parts) =
        if shared { (panels, (pool.threads() * PARTS_PER_THREAD).div_ceil(panels)) } else { (1, 1) };
    let most = x.len().div_ceil(row_parts).clamp(1, ROWS_AT_ONCE);
    let blocks = x.len().div_ceil(most);
    pool.share(blocks * columns, &|part| {
        let rows = nth_tile(x.len(), most, part / columns);
        let panels = nth_tile(panels, panels.div_ceil(columns), part % columns);
        T::on(pool.isa(), &mut multiply::Part { product: &product, panels, rows });
    });
}

fn is_shared(pool: &ThreadPool, rows: usize, outputs: usize, inputs: usize) -> bool {
    pool.threads() > 1 && rows.saturating_mul(outputs).saturating_mul(inputs) >= WORTH_SHARING
}

fn nth_tile(len: usize, most: usize, n: usize) -> Range<usize> {
    even_tiles(len, most.max(1)).nth(n).unwrap_or(0..0)
}

/// The gradient of one layer, in the layout of its weights and biases.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradient<T: Real> {
    /// ∂C/∂w_jk
    pub w: Panels<T>,
    /// ∂C/∂b_j
    pub b: Vec<T>,
}

/// The weights of one layer and what moves with them.
#[derive(Debug)]
pub struct Weights<'a, T: Real> {
    /// w_jk
    pub w: &'a mut Panels<T>,
    /// The transposed copy of w that BP2 reads, where there is one; kept equal to w.
    pub w_t: Option<&'a mut Panels<T>>,
    /// The optimizer's running values: as many as [`UpdateRule::moments`](crate::UpdateRule::moments) says, or more.
    pub moments: &'a mut [Panels<T>],
}

/// The biases of one layer and what moves with them.
#[derive(Debug)]
pub struct Biases<'a, T: Real> {
    /// b_j
    pub b: &'a mut [T],
    /// The optimizer's running values: as many as [`UpdateRule::moments`](crate::UpdateRule::moments) says, or more.
    pub moments: &'a mut [Vec<T>],
}

/// BP3: `scale · Σ_i δ_ij`, stored in `gradient`.
///
/// The sums start at 0 and run over the rows i in order.
///
/// # Panics
/// When the sizes do not fit together.
pub fn bias_gradient<T: Real>(pool: &ThreadPool, delta: &Matrix<T>, scale: T, gradient: &mut [T]) {
    let part = bias_part(bias_sums(delta, gradient), Fate::Kept(scale), gradient, &mut [], 0);
    descend_biases(pool, part);
}

/// BP3 with the optimizer in the store: the sums of [`bias_gradient`] go straight into `step` and are not kept.
///
/// # Panics
/// When the sizes do not fit together.
pub fn bias_update<T: Real>(pool: &ThreadPool, delta: &Matrix<T>, step: &Step<T>, biases: Biases<'_, T>) {
    let Biases { b, moments } = biases;
    let sums = bias_sums(delta, b);
    descend_biases(pool, bias_part(sums, Fate::Applied(*step), b, moments, step.rule.moments()));
}

/// The optimizer on a gradient of biases that was kept: `step.scale` multiplies it once more (clipping), 1 leaves it.
///
/// # Panics
/// When the sizes do not fit together.
pub fn bias_update_by<T: Real>(pool: &ThreadPool, gradient: &[T], step: &Step<T>, biases: Biases<'_, T>) {
    let Biases { b, moments } = biases;
    assert_eq!(b.len(), gradient.len(), "biases and their gradient");
    let sums = biases::Sums::Kept(gradient);
    descend_biases(pool, bias_part(sums, Fate::Applied(*step), b, moments, step.rule.moments()));
}

fn bias_sums<'a, T: Real>(delta: &Matrix<T>, b: &[T]) -> biases::Sums<'a, T> {
    assert_eq!(delta.cols(), b.len(), "errors of a row and biases");
    biases::Sums::Rows { delta: Rows::all(delta).lines(), count: delta.rows() }
}

fn bias_part<'a, T: Real>(
    sums: biases::Sums<'a, T>,
    fate: Fate<T>,
    b: &'a mut [T],
    moments: &'a mut [Vec<T>],
    count: usize,
) -> biases::Part<'a, T> {
    assert!(moments.len() >= count, "{count} running values for each bias");
    let mut places: [&mut [T]; 2] = Default::default();
    for (place, m) in places.iter_mut().zip(moments).take(count) {
        assert_eq!(m.len(), b.len(), "biases and their running values");
        *place = m;
    }
    biases::Part { sums, fate, b, moments: places }
}

/// Too little work to share.
fn descend_biases<T: Real>(pool: &ThreadPool, mut part: biases::Part<'_, T>) {
    let _flush = FlushToZero::on();
    T::descend_biases(pool.isa(), &mut part);
}

/// BP4: `scale · Σ_i δ_ij x_ik`, stored in `gradient`.
///
/// The sums start at 0 and run over the rows i in order.
///
/// # Panics
/// When the sizes do not fit together.
pub fn weight_gradient<T: Real>(
    pool: &ThreadPool,
    delta: &Matrix<T>,
    x: Rows<'_, T>,
    scale: T,
    gradient: &mut Panels<T>,
) {
    let sums = weight_sums(delta, x, gradient);
    descend(pool, Layer::new(gradient), sums, Fate::Kept(scale));
}

/// BP4 with the optimizer in the store: the sums of [`weight_gradient`] go straight into `step` and are not kept.
///
/// # Panics
/// When the sizes do not fit together.
pub fn weight_update<T: Real>(
    pool: &ThreadPool,
    delta: &Matrix<T>,
    x: Rows<'_, T>,
    step: &Step<T>,
    weights: Weights<'_, T>,
) {
    let sums = weight_sums(delta, x, weights.w);
    let layer = layer_of(weights, step.rule.moments());
    descend(pool, layer, sums, Fate::Applied(*step));
}

/// The optimizer on a gradient of weights that was kept: `step.scale` multiplies it once more (clipping), 1 leaves it.
///
/// # Panics
/// When the sizes do not fit together.
pub fn weight_update_by<T: Real>(
    pool: &ThreadPool,
    gradient: &Panels<T>,
    step: &Step<T>,
    weights: Weights<'_, T>,
) {
    assert_eq!(
        (weights.w.outputs(), weights.w.inputs()),
        (gradient.outputs(), gradient.inputs()),
        "weights and their gradient"
    );
    let layer = layer_of(weights, step.rule.moments());
    descend(pool, layer, Sums::Kept(gradient.storage()), Fate::Applied(*step));
}

/// The products of rows that fit the layer.
fn weight_sums<'a, T: Real>(delta: &Matrix<T>, x: Rows<'_, T>, w: &Panels<T>) -> Sums<'a, T> {
    assert_eq!(delta.cols(), w.outputs(), "errors of a row and outputs of the layer");
    assert_eq!(x.cols(), w.inputs(), "values of a row and inputs of the layer");
    Sums::Rows(Samples::new(delta, x, w))
}

/// Where the weights of a layer and their running values are.
fn layer_of<T: Real>(weights: Weights<'_, T>, count: usize) -> Layer<T> {
    let Weights { w, w_t, moments } = weights;
    let (outputs, inputs, narrow) = (w.outputs(), w.inputs(), w.are_narrow());
    assert!(moments.len() >= count, "{count} running values for each weight");
    let mut layer = Layer::new(w);
    for (place, m) in layer.w.moments.iter_mut().zip(moments).take(count) {
        assert_eq!((m.outputs(), m.inputs()), (outputs, inputs), "weights and their running values");
        *place = m.storage_mut().as_mut_ptr();
    }
    if let Some(w_t) = w_t {
        assert_eq!((w_t.inputs(), w_t.outputs()), (outputs, inputs), "weights and their transposed copy");
        layer.w_t_lies_alike = narrow || w_t.are_narrow();
        layer.w_t = w_t.storage_mut().as_mut_ptr();
    }
    layer
}

/// The common part of the products for weights.
fn descend<T: Real>(pool: &ThreadPool, layer: Layer<T>, sums: Sums<'_, T>, fate: Fate<T>) {
    let Layer { lanes, rows, .. } = layer;
    let (samples, at_once) = match sums {
        Sums::Rows(samples) if samples.need_copies() => (samples.count, PANELS_A_COPY),
        Sums::Rows(samples) => (samples.count, 1),
        // The work of an update is some ten times that of a multiplication.
        Sums::Kept(_) => (10, 1),
    };
    let panels = lanes.div_ceil(Panels::<T>::WIDTH);
    let (columns, most) = if is_shared(pool, samples, lanes, rows) {
        let parts = pool.threads() * PARTS_PER_THREAD;
        let columns = panels.div_ceil(at_once).min(parts);
        (columns, rows.div_ceil(parts.div_ceil(columns)).next_multiple_of(Panels::<T>::WIDTH))
    } else {
        (1, rows)
    };
    let most = most.max(1);
    let blocks = rows.div_ceil(most);
    pool.share(blocks * columns, &|n| {
        let first = n % blocks * most;
        let rows = first..rows.min(first + most);
        let panels = nth_tile(panels, panels.div_ceil(columns), n / blocks);
        let mut part = descend::Part { layer: &layer, sums: &sums, fate: &fate, panels, rows };
        T::descend(pool.isa(), &mut part);
    });
}

/// `to = σ(from)` for every row.
pub fn map<T: Real, F: Elementwise<T>>(pool: &ThreadPool, from: Rows<'_, T>, f: F, to: &mut Matrix<T>) {
    check_target(to, from.len(), from.cols());
    let (from, rows, cols) = (from.lines(), from.len(), from.cols());
    let to = to.target();
    share_rows(pool, rows, cols, |rows| T::on(pool.isa(), &mut multiply::Map { f, from, to, rows, cols }));
}

/// `values = σ(values)` for every row, in place.
pub fn map_in_place<T: Real, F: Elementwise<T>>(pool: &ThreadPool, f: F, values: &mut Matrix<T>) {
    let (rows, cols) = (values.rows(), values.cols());
    let to = values.target();
    let from = Lines::consecutive(to.base.cast_const(), to.stride);
    share_rows(pool, rows, cols, |rows| T::on(pool.isa(), &mut multiply::Map { f, from, to, rows, cols }));
}

/// `delta ⊙= σ′(source)` for every row of `delta`; BP1 for an elementwise output.
pub fn scale_by_derivative<T: Real, F: Elementwise<T>>(
    pool: &ThreadPool,
    f: F,
    source: &Matrix<T>,
    delta: &mut Matrix<T>,
) {
    let (rows, cols) = (delta.rows(), delta.cols());
    check_target(source, rows, cols);
    let (source, delta) = (Rows::all(source).lines(), delta.target());
    share_rows(pool, rows, cols, |rows| {
        T::on(pool.isa(), &mut multiply::Scale { f, source, delta, rows, cols })
    });
}

/// Multiplications that take about as long as one value of a function.
const WORK_OF_A_VALUE: usize = 16;

/// Shares rows of values of functions.
fn share_rows(pool: &ThreadPool, rows: usize, cols: usize, work: impl Fn(Range<usize>) + Sync) {
    let parts =
        if is_shared(pool, rows, cols, WORK_OF_A_VALUE) { pool.threads() * PARTS_PER_THREAD } else { 1 };
    let most = rows.div_ceil(parts).max(1);
    pool.share(rows.div_ceil(most), &|part| work(nth_tile(rows, most, part)));
}

/// Which of `z` and `a` [`backward`] wants as its source.
pub fn source_of<'a, T: Real, F: Elementwise<T>>(f: F, z: &'a Matrix<T>, a: &'a Matrix<T>) -> &'a Matrix<T> {
    match f.source() {
        Source::Input => z,
        Source::Output => a,
    }
}
