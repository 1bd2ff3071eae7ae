//! The three products of backpropagation, each with what is done to a result before it is stored.

use crate::descend::{self, Fate, Layer, Sums};
use crate::elementwise::{Elementwise, Source};
use crate::matrix::{Matrix, Rows};
use crate::multiply::{self, Finish, Multiply};
use crate::panels::Panels;
use crate::real::Real;
use crate::team::Team;
use crate::tile::{Lines, Target, even_tiles};
use crate::update::{Moments, Step};
use std::ops::Range;

/// Products of fewer multiplications than this are computed by the caller's thread alone: sharing would cost
/// more than it brings.
const WORTH_SHARING: usize = 500_000;

/// Rows of x that are multiplied by all panels before the next ones, so that they stay in the second-level cache.
const ROWS_AT_ONCE: usize = 512;

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
    team: &Team,
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
    multiply(team, x, w, b, sums, Finish::Value(f, a));
}

/// BP2: δ_k = (Σ_j w_jk δ_j of the layer above) σ′, for every row of `delta_above`.
///
/// `w_t` is the transposed weights of the layer above; `source` holds what σ′ is computed from, the weighted inputs
/// z or the activations a of this layer, as [`Elementwise::source`] says. The sum starts at 0 and runs over j in order.
///
/// # Panics
/// When the sizes do not fit together.
pub fn backward<T: Real, F: Elementwise<T>>(
    team: &Team,
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
    multiply(team, delta_above, w_t, &[], delta.target(), Finish::Derivative(f, source));
}

fn check_target<T: Real>(matrix: &Matrix<T>, rows: usize, cols: usize) {
    assert_eq!(matrix.cols(), cols, "columns of a matrix and outputs of the product");
    assert!(matrix.rows() >= rows, "{} rows for a product of {rows}", matrix.rows());
}

/// The common part of [`forward`] and [`backward`], whose sizes have been checked.
fn multiply<T: Real, F: Elementwise<T>>(
    team: &Team,
    x: Rows<'_, T>,
    w: &Panels<T>,
    start: &[T],
    sums: Target<T>,
    finish: Finish<T, F>,
) {
    let (outputs, inputs) = (w.outputs(), w.inputs());
    let product = Multiply { x: x.lines(), w: w.storage(), outputs, inputs, start, sums, finish };
    let panels = outputs.div_ceil(Panels::<T>::WIDTH);
    let shared = is_shared(team, x.len(), outputs, inputs);
    let (columns, row_parts) =
        if shared { (panels, (team.threads() * PARTS_PER_THREAD).div_ceil(panels)) } else { (1, 1) };
    let most = x.len().div_ceil(row_parts).clamp(1, ROWS_AT_ONCE);
    let blocks = x.len().div_ceil(most);
    team.share(blocks * columns, &|part| {
        let rows = nth_tile(x.len(), most, part / columns);
        let panels = nth_tile(panels, panels.div_ceil(columns), part % columns);
        T::on(team.isa(), multiply::Part { product, panels, rows });
    });
}

fn is_shared(team: &Team, rows: usize, outputs: usize, inputs: usize) -> bool {
    team.threads() > 1 && rows.saturating_mul(outputs).saturating_mul(inputs) >= WORTH_SHARING
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

/// BP3 and BP4: `scale · Σ_i δ_ij` and `scale · Σ_i δ_ij x_ik`, stored.
///
/// The sums start at 0 and run over the rows i in order.
///
/// # Panics
/// When the sizes do not fit together.
pub fn gradient<T: Real>(
    team: &Team,
    delta: Rows<'_, T>,
    x: Rows<'_, T>,
    scale: T,
    gradient: &mut Gradient<T>,
) {
    let Gradient { w, b } = gradient;
    assert_eq!(b.len(), w.outputs(), "biases and outputs of the layer");
    descend(team, Layer::new(w, b), sums(delta, x), Fate::Kept(scale));
}

/// The parameters of one layer and what moves with them.
#[derive(Debug)]
pub struct Parameters<'a, T: Real> {
    /// w_jk
    pub w: &'a mut Panels<T>,
    /// The transposed copy of w that BP2 reads, where there is one; kept equal to w.
    pub w_t: Option<&'a mut Panels<T>>,
    /// b_j
    pub b: &'a mut [T],
    /// The optimizer's running values.
    pub moments: &'a mut Moments<T>,
}

/// BP3 and BP4 with the optimizer in the store: the sums of [`gradient`] go straight into `step` and are not kept.
///
/// `eta_b` is the learning rate of the biases.
///
/// # Panics
/// When the sizes do not fit together.
pub fn gradient_update<T: Real>(
    team: &Team,
    delta: Rows<'_, T>,
    x: Rows<'_, T>,
    step: &Step<T>,
    eta_b: T,
    parameters: Parameters<'_, T>,
) {
    let layer = layer_of(parameters, step.rule.moments());
    descend(team, layer, sums(delta, x), Fate::Applied(*step, eta_b));
}

/// The optimizer on a gradient that was kept: `step.scale` multiplies it once more (clipping), 1 leaves it.
///
/// # Panics
/// When the sizes do not fit together.
pub fn update<T: Real>(
    team: &Team,
    gradient: &Gradient<T>,
    step: &Step<T>,
    eta_b: T,
    parameters: Parameters<'_, T>,
) {
    let Parameters { w, b, .. } = &parameters;
    assert_eq!(
        (w.outputs(), w.inputs()),
        (gradient.w.outputs(), gradient.w.inputs()),
        "weights and their gradient"
    );
    assert_eq!(b.len(), gradient.b.len(), "biases and their gradient");
    let sums = Sums::Kept { w: gradient.w.storage(), b: &gradient.b };
    let layer = layer_of(parameters, step.rule.moments());
    descend(team, layer, sums, Fate::Applied(*step, eta_b));
}

/// The products of rows, whose sizes are checked when the layer's are known.
fn sums<'a, T: Real>(delta: Rows<'a, T>, x: Rows<'a, T>) -> Sums<'a, T> {
    assert_eq!(delta.len(), x.len(), "rows of δ and of x");
    Sums::Rows {
        delta: delta.lines(),
        x: x.lines(),
        count: x.len(),
        delta_cols: delta.cols(),
        x_cols: x.cols(),
    }
}

/// Where the parameters of a layer and its running values are.
fn layer_of<T: Real>(parameters: Parameters<'_, T>, count: usize) -> Layer<T> {
    let Parameters { w, w_t, b, moments } = parameters;
    let (outputs, inputs) = (w.outputs(), w.inputs());
    assert_eq!(b.len(), outputs, "biases and outputs of the layer");
    assert!(
        moments.w.len() >= count && moments.b.len() >= count,
        "{count} running values for each parameter"
    );
    let mut places = Layer::new(w, b);
    for (place, m) in places.w.moments.iter_mut().zip(&mut moments.w).take(count) {
        assert_eq!((m.outputs(), m.inputs()), (outputs, inputs), "weights and their running values");
        *place = m.storage_mut().as_mut_ptr();
    }
    for (place, m) in places.b.moments.iter_mut().zip(&mut moments.b).take(count) {
        assert_eq!(m.len(), outputs, "biases and their running values");
        *place = m.as_mut_ptr();
    }
    if let Some(w_t) = w_t {
        assert_eq!((w_t.inputs(), w_t.outputs()), (outputs, inputs), "weights and their transposed copy");
        places.w_t = w_t.storage_mut().as_mut_ptr();
    }
    places
}

/// The common part of the gradient's products.
fn descend<T: Real>(team: &Team, layer: Layer<T>, sums: Sums<'_, T>, fate: Fate<T>) {
    let Layer { outputs, inputs, .. } = layer;
    let rows = match sums {
        Sums::Rows { count, delta_cols, x_cols, .. } => {
            assert_eq!(delta_cols, outputs, "errors of a row and outputs of the layer");
            assert_eq!(x_cols, inputs, "values of a row and inputs of the layer");
            count
        }
        // The work of an update is some ten times that of a multiplication.
        Sums::Kept { .. } => 10,
    };
    let panels = outputs.div_ceil(Panels::<T>::WIDTH);
    let (columns, most) = if is_shared(team, rows, outputs, inputs) {
        let row_parts = (team.threads() * PARTS_PER_THREAD).div_ceil(panels);
        (panels, inputs.div_ceil(row_parts).next_multiple_of(Panels::<T>::WIDTH))
    } else {
        (1, inputs)
    };
    let most = most.max(1);
    let blocks = inputs.div_ceil(most).max(1);
    let part = descend::Part { layer, sums, fate, panels: 0..0, rows: 0..0 };
    team.share(blocks * columns, &|n| {
        let first = n % blocks * most;
        let rows = first..inputs.min(first + most);
        let panels = nth_tile(panels, panels.div_ceil(columns), n / blocks);
        T::descend(team.isa(), descend::Part { panels, rows, ..part.clone() });
    });
}

/// `to = σ(from)` for every row.
pub fn map<T: Real, F: Elementwise<T>>(team: &Team, from: Rows<'_, T>, f: F, to: &mut Matrix<T>) {
    check_target(to, from.len(), from.cols());
    let (from, rows, cols) = (from.lines(), from.len(), from.cols());
    let to = to.target();
    share_rows(team, rows, cols, |rows| T::on(team.isa(), multiply::Map { f, from, to, rows, cols }));
}

/// `values = σ(values)` for every row, in place.
pub fn map_in_place<T: Real, F: Elementwise<T>>(team: &Team, f: F, values: &mut Matrix<T>) {
    let (rows, cols) = (values.rows(), values.cols());
    let to = values.target();
    let from = Lines::consecutive(to.base.cast_const(), to.stride);
    share_rows(team, rows, cols, |rows| T::on(team.isa(), multiply::Map { f, from, to, rows, cols }));
}

/// `delta ⊙= σ′(source)` for every row of `delta`; BP1 for an elementwise output.
pub fn scale_by_derivative<T: Real, F: Elementwise<T>>(
    team: &Team,
    f: F,
    source: &Matrix<T>,
    delta: &mut Matrix<T>,
) {
    let (rows, cols) = (delta.rows(), delta.cols());
    check_target(source, rows, cols);
    let (source, delta) = (Rows::all(source).lines(), delta.target());
    share_rows(team, rows, cols, |rows| T::on(team.isa(), multiply::Scale { f, source, delta, rows, cols }));
}

/// Multiplications that take about as long as one value of a function.
const WORK_OF_A_VALUE: usize = 16;

/// Shares rows of values of functions.
fn share_rows(team: &Team, rows: usize, cols: usize, work: impl Fn(Range<usize>) + Sync) {
    let parts =
        if is_shared(team, rows, cols, WORK_OF_A_VALUE) { team.threads() * PARTS_PER_THREAD } else { 1 };
    let most = rows.div_ceil(parts).max(1);
    team.share(rows.div_ceil(most), &|part| work(nth_tile(rows, most, part)));
}

/// Which of `z` and `a` [`backward`] wants as its source.
pub fn source_of<'a, T: Real, F: Elementwise<T>>(f: F, z: &'a Matrix<T>, a: &'a Matrix<T>) -> &'a Matrix<T> {
    match f.source() {
        Source::Input => z,
        Source::Output => a,
    }
}
