//! The equations in matrix form.

use super::overview::norm;
use super::rows::mean;
use super::terms::{Factor, Role, Symbol};
use super::{Cursor, Equation};
use crate::cost::sign;
use crate::network::Network;
use crate::objective::Objective;
use crate::trace::Trace;
use deltarule_kernels::{Rows, ThreadPool};
use serde::{Deserialize, Serialize};

/// A vector or a matrix of an equation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// The first rows and columns, as many of each as [`Extent::corner`](super::Extent) asks for.
    pub entries: Vec<Vec<f64>>,
}

impl View {
    fn transposed(self) -> Self {
        Self { transposed: true, ..self }
    }
}

/// What is added to the product of an equation: a matrix times a number, as regularisation has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Added {
    /// The number.
    pub by: Factor,
    /// The matrix.
    pub of: View,
}

/// One equation of one layer: what it gives, from what. With several samples z, a, x, y and δ have a column for each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MatrixRow {
    /// Where it belongs.
    pub cursor: Cursor,
    /// What it gives.
    pub result: View,
    /// What the whole product is multiplied by: the mean over the batch.
    pub factor: Vec<Factor>,
    /// From what, in the order in which the equation names them.
    pub operands: Vec<View>,
    /// What is added after that.
    pub added: Vec<Added>,
}

/// The equations of these layers, in the book's numbers, for all samples of the trace at once.
pub(super) fn rows(
    pool: &ThreadPool,
    network: &Network<f64>,
    trace: &Trace<f64>,
    layers: &[usize],
    cursor: &Cursor,
    corner: usize,
) -> Vec<MatrixRow> {
    let maker = Maker { pool, network, trace, cursor, corner };
    let forward = layers.iter().flat_map(|&l| maker.forward(l));
    let backward = layers.iter().rev().map(|&l| maker.delta(l));
    let gradients = layers.iter().flat_map(|&l| maker.gradients(l));
    forward.chain(backward).chain(gradients).collect()
}

struct Maker<'a> {
    pool: &'a ThreadPool,
    network: &'a Network<f64>,
    trace: &'a Trace<f64>,
    cursor: &'a Cursor,
    /// How many rows and columns of a matrix are kept.
    corner: usize,
}

impl Maker<'_> {
    fn row(&self, equation: Equation, result: View, operands: Vec<View>) -> MatrixRow {
        let sample = self.cursor.sample.filter(|_| self.trace.samples() == 1);
        let cursor = Cursor { equation, sample, layer: result.symbol.layer, ..self.cursor.clone() };
        MatrixRow { cursor, result, factor: vec![], operands, added: vec![] }
    }

    fn view(&self, symbol: Symbol, rows: usize, cols: usize, value: impl Fn(usize, usize) -> f64) -> View {
        let row = |i| (0..cols.min(self.corner)).map(|j| value(i, j)).collect();
        let all = (0..rows).flat_map(|i| (0..cols).map(move |j| (i, j)));
        View {
            symbol,
            transposed: false,
            rows,
            cols,
            norm: norm(all.map(|(i, j)| value(i, j))),
            entries: (0..rows.min(self.corner)).map(row).collect(),
        }
    }

    fn column(&self, symbol: Symbol, values: &[f64]) -> View {
        self.view(symbol, values.len(), 1, |i, _| values[i])
    }

    /// A column for each sample, which is a row in memory.
    fn samples(&self, role: Role, l: usize, rows: Rows<'_, f64>) -> View {
        self.view(Symbol::whole(role, l), rows.cols(), rows.len(), |j, i| rows.row(i)[j])
    }

    fn weights(&self, l: usize) -> View {
        let w = &self.network.layers[l - 2].w;
        self.view(Symbol::whole(Role::Weight, l), w.outputs(), w.inputs(), |j, k| w.get(j, k))
    }

    fn activations(&self, l: usize) -> View {
        self.samples(Role::Activation, l, self.trace.input_of(l - 1))
    }

    fn input(&self) -> View {
        self.samples(Role::Input, 1, Rows::all(&self.trace.x))
    }

    fn scale_of_input(&self) -> &[f64] {
        self.network.input_scale.as_deref().unwrap_or_default()
    }

    /// δ of layer `l`; layer 1 has one where there is an input scale.
    fn deltas(&self, l: usize) -> View {
        let pass = match l {
            1 => self.trace.pass.input.as_ref(),
            _ => self.trace.pass.layers.get(l - 2),
        };
        self.samples(Role::Delta, l, Rows::all(&pass.expect("a layer with an error").delta))
    }

    fn forward(&self, l: usize) -> Vec<MatrixRow> {
        if l == 1 {
            let scale = self.column(Symbol::whole(Role::InputScale, 1), self.scale_of_input());
            return vec![self.row(Equation::ScaledInput, self.activations(1), vec![scale, self.input()])];
        }
        let (layer, pass) = (&self.network.layers[l - 2], &self.trace.pass.layers[l - 2]);
        let z = self.samples(Role::WeightedInput, l, Rows::all(pass.z.as_ref().expect("a trace keeps z")));
        let bias = self.column(Symbol::whole(Role::Bias, l), &layer.b);
        let a = self.samples(Role::Activation, l, Rows::all(&pass.a));
        vec![
            self.row(
                Equation::WeightedInput,
                z.clone(),
                vec![self.weights(l), self.activations(l - 1), bias],
            ),
            self.row(Equation::Activation, a, vec![z]),
        ]
    }

    fn delta(&self, l: usize) -> MatrixRow {
        let slopes = |at| {
            let slopes = self.trace.sigma_prime(self.pool, self.network, at);
            self.samples(Role::SigmaPrime, at + 2, Rows::all(&slopes))
        };
        if l < self.network.layers.len() + 1 {
            let mut operands = vec![self.weights(l + 1).transposed(), self.deltas(l + 1)];
            operands.extend(l.checked_sub(2).map(slopes));
            return self.row(Equation::Bp2, self.deltas(l), operands);
        }
        let (cost, outputs) = (self.trace.objective.cost, self.network.outputs());
        let a = self.samples(Role::Activation, l, Rows::all(&self.trace.pass.output().a));
        let y = self.view(Symbol::whole(Role::Target, l), outputs, self.trace.samples(), |j, i| {
            cost.target(self.trace.y.at(i, j), outputs)
        });
        let mut operands = vec![a, y];
        if !cost.has_fused_delta() {
            operands.push(slopes(l - 2));
        }
        operands.extend(self.trace.weights.as_ref().map(|weights| {
            self.view(Symbol::whole(Role::SampleWeight, 1), 1, weights.len(), |_, i| weights[i])
        }));
        self.row(Equation::Bp1, self.deltas(l), operands)
    }

    fn gradients(&self, l: usize) -> Vec<MatrixRow> {
        let factor = mean(self.trace);
        if l == 1 {
            let gradient = self.trace.gradients.input_scale.as_deref().unwrap_or_default();
            let result = self.column(Symbol::whole(Role::InputScaleGradient, 1), gradient);
            let row = self.row(Equation::InputScale, result, vec![self.input(), self.deltas(1)]);
            return vec![MatrixRow { factor, ..row }];
        }
        let gradient = &self.trace.gradients.layers[l - 2];
        let b = self.column(Symbol::whole(Role::BiasGradient, l), &gradient.b);
        let w = self.view(
            Symbol::whole(Role::WeightGradient, l),
            gradient.w.outputs(),
            gradient.w.inputs(),
            |j, k| gradient.w.get(j, k),
        );
        let below = self.activations(l - 1).transposed();
        vec![
            MatrixRow { factor: factor.clone(), ..self.row(Equation::Bp3, b, vec![self.deltas(l)]) },
            MatrixRow {
                factor,
                added: self.regularisation(l),
                ..self.row(Equation::Bp4, w, vec![self.deltas(l), below])
            },
        ]
    }

    /// λ/n · w and λ₁/n · sign(w).
    fn regularisation(&self, l: usize) -> Vec<Added> {
        let Objective { regularisation, n, .. } = self.trace.objective;
        let w = &self.network.layers[l - 2].w;
        let signs = || {
            self.view(Symbol::whole(Role::WeightSign, l), w.outputs(), w.inputs(), |j, k| sign(w.get(j, k)))
        };
        let by = |role, lambda: f64| Factor::new(Symbol::whole(role, l), lambda / n as f64);
        let l2 = (regularisation.l2 != 0.0)
            .then(|| Added { by: by(Role::L2, regularisation.l2), of: self.weights(l) });
        let l1 =
            (regularisation.l1 != 0.0).then(|| Added { by: by(Role::L1, regularisation.l1), of: signs() });
        l2.into_iter().chain(l1).collect()
    }
}
