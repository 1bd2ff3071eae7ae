//! The three products of backpropagation, each with its epilogue: what is done to a result before it is stored.

use crate::bias_gradient::{BiasGradient, BiasSums};
use crate::elementwise::{Elementwise, Source};
use crate::flush::FlushToZero;
use crate::lanes::Real;
use crate::map::{Map, Scale};
use crate::matrix::{Matrix, Rows};
use crate::microkernel::even_tiles;
use crate::multiply::epilogue::Epilogue;
use crate::multiply::{Multiply, MultiplyBlock};
use crate::panels::Panels;
use crate::raw::{RawMatrix, RawRows};
use crate::thread_pool::ThreadPool;
use crate::update::{GradientEpilogue, Step};
use crate::weight_gradient::{PANELS_A_COPY, Samples, WeightGradientBlock, WeightPtrs, WeightSums};
use std::ops::Range;

/// Products of fewer multiplications than this are computed by the caller's thread alone: sharing would cost more than it
/// gains.
const WORTH_SHARING: usize = 500_000;

/// Rows that are multiplied in the time that reading the weights takes: fewer take no less.
const LEAST_ROWS: usize = 4;

/// The most rows of a block: they stay in the second-level cache while they are multiplied by all panels.
const MOST_ROWS: usize = 512;

/// The most bytes of a result that is likely to be in the first-level cache still when it is written again.
const FIRST_LEVEL: usize = 16 << 10;

/// Tasks for each thread of a shared product: more than one, so that others can relieve a thread that is held up.
const TASKS_PER_THREAD: usize = 4;

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
    check_size(a, x.len(), w.outputs());
    let a = a.raw();
    let sums = z.map_or(a, |z| {
        check_size(z, x.len(), w.outputs());
        z.raw()
    });
    multiply(pool, x, w, b, sums, Epilogue::Value(f, a));
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
    check_size(source, delta_above.len(), w_t.outputs());
    check_size(delta, delta_above.len(), w_t.outputs());
    let source = Rows::all(source).raw();
    multiply(pool, delta_above, w_t, &[], delta.raw(), Epilogue::Derivative(f, source));
}

fn check_size<T: Real>(matrix: &Matrix<T>, rows: usize, cols: usize) {
    assert_eq!(matrix.cols(), cols, "columns of a matrix and outputs of the product");
    assert!(matrix.rows() >= rows, "{} rows for a product of {rows}", matrix.rows());
}

/// The common part of [`forward`] and [`backward`], whose sizes have been checked.
fn multiply<T: Real, F: Elementwise<T>>(
    pool: &ThreadPool,
    x: Rows<'_, T>,
    w: &Panels<T>,
    start: &[T],
    sums: RawMatrix<T>,
    epilogue: Epilogue<T, F>,
) {
    let (outputs, inputs, is_narrow) = (w.outputs(), w.inputs(), w.are_narrow());
    let is_large = x.len() * sums.stride * size_of::<T>() > FIRST_LEVEL;
    let product = Multiply {
        x: x.raw(),
        w: w.storage(),
        is_narrow,
        outputs,
        inputs,
        start,
        is_large,
        sums,
        epilogue,
        tiles: T::tile_kernels(pool.isa()),
    };
    let panels = outputs.div_ceil(Panels::<T>::WIDTH);
    let rows = if x.is_empty() { 0 } else { x.len().max(LEAST_ROWS) };
    let shared = is_shared(pool, rows, outputs, inputs);
    let (columns, row_blocks) =
        if shared { (panels, (pool.threads() * TASKS_PER_THREAD).div_ceil(panels)) } else { (1, 1) };
    let most = x.len().div_ceil(row_blocks).clamp(1, MOST_ROWS);
    let blocks = x.len().div_ceil(most);
    pool.for_each(blocks * columns, &|task| {
        let rows = nth_tile(x.len(), most, task / columns);
        let panels = nth_tile(panels, panels.div_ceil(columns), task % columns);
        T::on(pool.isa(), &mut MultiplyBlock { product: &product, panels, rows });
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

/// The weights of one layer and what an update changes with them.
#[derive(Debug)]
pub struct Weights<'a, T: Real> {
    /// w_jk
    pub w: &'a mut Panels<T>,
    /// The transposed copy of w that BP2 reads, where there is one; kept equal to w.
    pub w_t: Option<&'a mut Panels<T>>,
    /// The optimizer's moments: as many as [`UpdateRule::moments`](crate::UpdateRule::moments) says, or more.
    pub moments: &'a mut [Panels<T>],
}

/// The biases of one layer and what an update changes with them.
#[derive(Debug)]
pub struct Biases<'a, T: Real> {
    /// b_j
    pub b: &'a mut [T],
    /// The optimizer's moments: as many as [`UpdateRule::moments`](crate::UpdateRule::moments) says, or more.
    pub moments: &'a mut [Vec<T>],
}

/// BP3: `scale · Σ_i δ_ij`, stored in `gradient`.
///
/// The sums start at 0 and run over the rows i in order.
///
/// # Panics
/// When the sizes do not fit together.
pub fn bias_gradient<T: Real>(pool: &ThreadPool, delta: &Matrix<T>, scale: T, gradient: &mut [T]) {
    let (sums, epilogue) = (bias_sums(delta, gradient), GradientEpilogue::Keep(scale));
    run_bias_gradient(pool, sums, epilogue, Biases { b: gradient, moments: &mut [] });
}

/// BP3 with the optimizer as its epilogue: the sums of [`bias_gradient`] go straight into `step` and are not kept.
///
/// # Panics
/// When the sizes do not fit together.
pub fn bias_update<T: Real>(pool: &ThreadPool, delta: &Matrix<T>, step: &Step<T>, biases: Biases<'_, T>) {
    let sums = bias_sums(delta, biases.b);
    run_bias_gradient(pool, sums, GradientEpilogue::Update(*step), biases);
}

/// The optimizer on a gradient of biases that was kept: `step.scale` multiplies it once more (clipping), 1 leaves it.
///
/// # Panics
/// When the sizes do not fit together.
pub fn bias_update_by<T: Real>(pool: &ThreadPool, gradient: &[T], step: &Step<T>, biases: Biases<'_, T>) {
    assert_eq!(biases.b.len(), gradient.len(), "biases and their gradient");
    run_bias_gradient(pool, BiasSums::Kept(gradient), GradientEpilogue::Update(*step), biases);
}

fn bias_sums<'a, T: Real>(delta: &Matrix<T>, b: &[T]) -> BiasSums<'a, T> {
    assert_eq!(delta.cols(), b.len(), "errors of a row and biases");
    BiasSums::OfBatch { delta: Rows::all(delta).raw(), count: delta.rows() }
}

/// The common part of the products for biases, whose sizes have been checked. Too little work to share.
fn run_bias_gradient<T: Real>(
    pool: &ThreadPool,
    sums: BiasSums<'_, T>,
    epilogue: GradientEpilogue<T>,
    Biases { b, moments }: Biases<'_, T>,
) {
    let count = epilogue.moments();
    assert!(moments.len() >= count, "{count} moments for each bias");
    let mut used: [&mut [T]; 2] = Default::default();
    for (used, m) in used.iter_mut().zip(moments).take(count) {
        assert_eq!(m.len(), b.len(), "biases and their moments");
        *used = m;
    }
    let _flush = FlushToZero::on();
    T::bias_gradient(pool.isa(), &mut BiasGradient { sums, epilogue, b, moments: used });
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
    run_weight_gradient(pool, WeightPtrs::new(gradient), sums, GradientEpilogue::Keep(scale));
}

/// BP4 with the optimizer as its epilogue: the sums of [`weight_gradient`] go straight into `step` and are not kept.
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
    let weights = weight_ptrs(weights, step.rule.moments());
    run_weight_gradient(pool, weights, sums, GradientEpilogue::Update(*step));
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
    let weights = weight_ptrs(weights, step.rule.moments());
    let sums = WeightSums::Kept(gradient.storage());
    run_weight_gradient(pool, weights, sums, GradientEpilogue::Update(*step));
}

/// The sums over a batch whose sizes fit the layer.
fn weight_sums<'a, T: Real>(delta: &Matrix<T>, x: Rows<'_, T>, w: &Panels<T>) -> WeightSums<'a, T> {
    assert_eq!(delta.cols(), w.outputs(), "errors of a row and outputs of the layer");
    assert_eq!(x.cols(), w.inputs(), "values of a row and inputs of the layer");
    WeightSums::OfBatch(Samples::new(delta, x, w))
}

/// The weights of a layer by pointer, with `count` moments each.
fn weight_ptrs<T: Real>(weights: Weights<'_, T>, count: usize) -> WeightPtrs<T> {
    let Weights { w, w_t, moments } = weights;
    let (outputs, inputs, narrow) = (w.outputs(), w.inputs(), w.are_narrow());
    assert!(moments.len() >= count, "{count} moments for each weight");
    let mut ptrs = WeightPtrs::new(w);
    for (ptr, m) in ptrs.w.moments.iter_mut().zip(moments).take(count) {
        assert_eq!((m.outputs(), m.inputs()), (outputs, inputs), "weights and their moments");
        *ptr = m.storage_mut().as_mut_ptr();
    }
    if let Some(w_t) = w_t {
        assert_eq!((w_t.inputs(), w_t.outputs()), (outputs, inputs), "weights and their transposed copy");
        ptrs.same_layout = narrow || w_t.are_narrow();
        ptrs.w_t = w_t.storage_mut().as_mut_ptr();
    }
    ptrs
}

/// The common part of the products for weights, whose sizes have been checked.
fn run_weight_gradient<T: Real>(
    pool: &ThreadPool,
    weights: WeightPtrs<T>,
    sums: WeightSums<'_, T>,
    epilogue: GradientEpilogue<T>,
) {
    let WeightPtrs { lanes, rows, .. } = weights;
    let (samples, at_once) = match sums {
        WeightSums::OfBatch(samples) if samples.need_copies() => (samples.count, PANELS_A_COPY),
        WeightSums::OfBatch(samples) => (samples.count, 1),
        // An update is some ten times the work of a multiplication.
        WeightSums::Kept(_) => (10, 1),
    };
    let panels = lanes.div_ceil(Panels::<T>::WIDTH);
    let (columns, most) = if is_shared(pool, samples, lanes, rows) {
        let tasks = pool.threads() * TASKS_PER_THREAD;
        let columns = panels.div_ceil(at_once).min(tasks);
        (columns, rows.div_ceil(tasks.div_ceil(columns)).next_multiple_of(Panels::<T>::WIDTH))
    } else {
        (1, rows)
    };
    let most = most.max(1);
    let blocks = rows.div_ceil(most);
    pool.for_each(blocks * columns, &|task| {
        let first = task % blocks * most;
        let rows = first..rows.min(first + most);
        let panels = nth_tile(panels, panels.div_ceil(columns), task / blocks);
        let (weights, sums, epilogue) = (&weights, &sums, &epilogue);
        T::weight_gradient(pool.isa(), &mut WeightGradientBlock { weights, sums, epilogue, panels, rows });
    });
}

/// `to = σ(from)` for every row.
pub fn map<T: Real, F: Elementwise<T>>(pool: &ThreadPool, from: Rows<'_, T>, f: F, to: &mut Matrix<T>) {
    check_size(to, from.len(), from.cols());
    let (from, rows, cols) = (from.raw(), from.len(), from.cols());
    let to = to.raw();
    share_rows(pool, rows, cols, |rows| T::on(pool.isa(), &mut Map { f, from, to, rows, cols }));
}

/// `values = σ(values)` for every row, in place.
pub fn map_in_place<T: Real, F: Elementwise<T>>(pool: &ThreadPool, f: F, values: &mut Matrix<T>) {
    let (rows, cols) = (values.rows(), values.cols());
    let to = values.raw();
    let from = RawRows::consecutive(to.base.cast_const(), to.stride);
    share_rows(pool, rows, cols, |rows| T::on(pool.isa(), &mut Map { f, from, to, rows, cols }));
}

/// `delta ⊙= σ′(source)` for every row of `delta`; BP1 for an elementwise output.
pub fn scale_by_derivative<T: Real, F: Elementwise<T>>(
    pool: &ThreadPool,
    f: F,
    source: &Matrix<T>,
    delta: &mut Matrix<T>,
) {
    let (rows, cols) = (delta.rows(), delta.cols());
    check_size(source, rows, cols);
    let (source, delta) = (Rows::all(source).raw(), delta.raw());
    share_rows(pool, rows, cols, |rows| T::on(pool.isa(), &mut Scale { f, source, delta, rows, cols }));
}

/// Multiplications that take about as long as a function of one value.
const WORK_OF_A_VALUE: usize = 16;

/// Shares the rows of [`map`] and its siblings.
fn share_rows(pool: &ThreadPool, rows: usize, cols: usize, work: impl Fn(Range<usize>) + Sync) {
    let tasks =
        if is_shared(pool, rows, cols, WORK_OF_A_VALUE) { pool.threads() * TASKS_PER_THREAD } else { 1 };
    let most = rows.div_ceil(tasks).max(1);
    pool.for_each(rows.div_ceil(most), &|task| work(nth_tile(rows, most, task)));
}

/// The one of `z` and `a` that [`backward`] takes as its source.
pub fn source_of<'a, T: Real, F: Elementwise<T>>(f: F, z: &'a Matrix<T>, a: &'a Matrix<T>) -> &'a Matrix<T> {
    match f.source() {
        Source::Input => z,
        Source::Output => a,
    }
}
