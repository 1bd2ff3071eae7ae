//! The equations in matrix form, with the matrices of one sample.

use super::terms::{Role, Symbol};
use super::{Cursor, Equation};
use crate::network::Network;
use crate::trace::Trace;
use deltarule_kernels::Team;
use serde::Serialize;

/// A vector or a matrix of an equation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct View {
    /// Its name.
    pub symbol: Symbol,
    /// Whether it stands transposed in the equation; the entries are those before that.
    pub transposed: bool,
    /// Rows; a vector is a column.
    pub rows: usize,
    /// Columns.
    pub cols: usize,
    /// √ of the sum of all squares.
    pub norm: f64,
    /// The first rows and columns, at most [`View::SHOWN`] of each.
    pub entries: Vec<Vec<f64>>,
}

impl View {
    /// How many rows and columns are shown.
    pub const SHOWN: usize = 8;

    fn new(symbol: Symbol, rows: usize, cols: usize, value: impl Fn(usize, usize) -> f64) -> Self {
        let row = |i| (0..cols.min(Self::SHOWN)).map(|j| value(i, j)).collect();
        let all = (0..rows).flat_map(|i| (0..cols).map(move |j| (i, j)));
        Self {
            symbol,
            transposed: false,
            rows,
            cols,
            norm: all.map(|(i, j)| value(i, j) * value(i, j)).sum::<f64>().sqrt(),
            entries: (0..rows.min(Self::SHOWN)).map(row).collect(),
        }
    }

    fn column(symbol: Symbol, values: &[f64]) -> Self {
        Self::new(symbol, values.len(), 1, |i, _| values[i])
    }

    fn transposed(self) -> Self {
        Self { transposed: true, ..self }
    }
}

/// One equation of one layer: what it gives, from what.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MatrixRow {
    /// Where it belongs.
    pub cursor: Cursor,
    /// What it gives.
    pub result: View,
    /// From what, in the order in which the equation names them.
    pub operands: Vec<View>,
}

/// Forward, BP1 or BP2, BP3 and BP4 of each of the layers (indices of `network.layers`), for the sample in row `i`. The
/// gradients are those of the whole batch.
pub(super) fn rows(
    team: &Team,
    network: &Network<f64>,
    trace: &Trace<f64>,
    layers: &[usize],
    i: usize,
    cursor: &Cursor,
) -> Vec<MatrixRow> {
    let mut rows = Vec::new();
    let last = network.layers.len() - 1;
    let mut push = |equation, result: View, operands| {
        let cursor = Cursor { equation, layer: result.symbol.layer, ..cursor.clone() };
        rows.push(MatrixRow { cursor, result, operands });
    };
    let weights = |at: usize| {
        let w = &network.layers[at].w;
        View::new(Symbol::whole(Role::Weight, at + 2), w.outputs(), w.inputs(), |j, k| w.get(j, k))
    };
    let column = |role, at: usize, values: &[f64]| View::column(Symbol::whole(role, at + 2), values);
    let below = |at: usize| View::column(Symbol::whole(Role::Activation, at + 1), trace.input_of(at).row(i));
    for &at in layers {
        let (layer, pass) = (&network.layers[at], &trace.pass.layers[at]);
        if let Some(z) = &pass.z {
            let z = column(Role::WeightedInput, at, z.row(i));
            push(
                Equation::WeightedInput,
                z.clone(),
                vec![weights(at), below(at), column(Role::Bias, at, &layer.b)],
            );
            push(Equation::Activation, column(Role::Activation, at, pass.a.row(i)), vec![z]);
        }
    }
    for &at in layers.iter().rev() {
        let delta = column(Role::Delta, at, trace.pass.layers[at].delta.row(i));
        let slopes = column(Role::SigmaPrime, at, trace.sigma_prime(team, network, at).row(i));
        if at == last {
            let a = column(Role::Activation, at, trace.pass.layers[at].a.row(i));
            let y = column(Role::Target, at, trace.y.row(i));
            let short = trace.objective.cost.has_short_form();
            push(Equation::Bp1, delta, if short { vec![a, y] } else { vec![a, y, slopes] });
        } else {
            let above = column(Role::Delta, at + 1, trace.pass.layers[at + 1].delta.row(i));
            push(Equation::Bp2, delta, vec![weights(at + 1).transposed(), above, slopes]);
        }
    }
    for &at in layers {
        let gradient = &trace.gradients.layers[at];
        let delta = || column(Role::Delta, at, trace.pass.layers[at].delta.row(i));
        push(Equation::Bp3, column(Role::BiasGradient, at, &gradient.b), vec![delta()]);
        let symbol = Symbol::whole(Role::WeightGradient, at + 2);
        let w = View::new(symbol, gradient.w.outputs(), gradient.w.inputs(), |j, k| gradient.w.get(j, k));
        push(Equation::Bp4, w, vec![delta(), below(at).transposed()]);
    }
    rows
}
