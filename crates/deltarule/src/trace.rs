//! Everything that one pass over a batch computed: z, a, δ, ∂C/∂b and ∂C/∂w of every layer, and the cost.
//!
//! Tests, the program and every explanation read a [`Trace`]; none computes a gradient of its own.

use crate::batches::Batch;
use crate::cost::Costs;
use crate::error::Result;
use crate::mean::WeightedMean;
use crate::network::Network;
use crate::objective::Objective;
use crate::pass::{Gradients, Pass};
use crate::real::Real;
use deltarule_kernels::{Matrix, Panels, Rows, ThreadPool};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

/// One forward and one backward pass over some samples, kept whole.
///
/// ```
/// use deltarule::{Activation, Batch, Cost, Matrix, Network, ThreadPool, Trace};
///
/// let network = Network::<f64>::zeros(&[2, 3, 1], Activation::Tanh, Activation::Sigmoid)?;
/// let (x, y) = (Matrix::from_rows(&[[0.5, -1.0]]), Matrix::from_rows(&[[1.0]]));
/// let batch = Batch::new((&x).into(), (&y).into());
/// let trace = Trace::of(&ThreadPool::single(), &network, Cost::Quadratic, &batch)?;
/// // All weights are zero: a = σ(0) = ½, so δ = (a − y) a (1 − a) = −1/8.
/// assert_eq!(trace.pass.output().delta.at(0, 0), -0.125);
/// assert_eq!(trace.cost(), 0.125);
/// # Ok::<(), deltarule::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Trace<T: Real> {
    /// The inputs, a sample a row.
    pub x: Matrix<T>,
    /// The targets.
    pub y: Matrix<T>,
    /// The weight uᵢ of each sample; 1 where there are none.
    pub weights: Option<Vec<T>>,
    /// What was minimised.
    pub objective: Objective,
    /// z, a and δ of every layer and sample.
    pub pass: Pass<T>,
    /// ∂C/∂b and ∂C/∂w of every layer, regularisation included.
    pub gradients: Gradients<T>,
    /// 1/Σᵢ uᵢ, by which BP3 and BP4 multiplied their sums.
    pub scale: T,
    /// Cᵢ of each sample, unweighted.
    pub costs: Vec<f64>,
    /// Σᵢ uᵢ Cᵢ / Σᵢ uᵢ
    pub mean_cost: f64,
    /// What regularisation adds to the mean.
    pub penalty: f64,
}

impl<T: Real> Trace<T> {
    /// Runs forward, BP1, BP2, BP3 and BP4 over the batch.
    ///
    /// # Errors
    /// Where the batch does not fit the network or the cost: [`Batch::check`].
    pub fn of(
        pool: &ThreadPool,
        network: &Network<T>,
        objective: impl Into<Objective>,
        batch: &Batch<'_, T>,
    ) -> Result<Self> {
        let objective = objective.into();
        batch.check(network, objective.cost)?;
        let mut pass = Pass::keeping_all(network);
        pass.forward(pool, network, batch.x);
        pass.backward(pool, network, &network.transposed(), objective.cost, batch);
        let mut gradients = Gradients::zeros(network);
        pass.gradients(pool, batch, &mut gradients);
        for (layer, gradient) in network.layers.iter().zip(&mut gradients.layers) {
            objective.regularisation.add_gradient(&layer.w, objective.n, gradient);
        }
        let (z, a) = pass.output_z_a();
        let costs = Costs::new(objective.cost, network.outputs())
            .compute(pool, objective.cost, z, a, batch.y)
            .to_vec();
        Ok(Self {
            x: copied(batch.x),
            y: copied(batch.y),
            weights: batch.weights.map(<[T]>::to_vec),
            objective,
            scale: batch.scale(),
            mean_cost: WeightedMean::of(costs.iter().copied(), batch.weights).mean(),
            penalty: objective.regularisation.penalty(&network.layers, objective.n),
            costs,
            pass,
            gradients,
        })
    }

    /// C: the mean over the samples and what regularisation adds.
    pub fn cost(&self) -> f64 {
        self.mean_cost + self.penalty
    }

    /// Number of samples m.
    pub fn samples(&self) -> usize {
        self.x.rows()
    }

    /// The samples that were traced.
    pub fn batch(&self) -> Batch<'_, T> {
        Batch { x: Rows::all(&self.x), y: Rows::all(&self.y), weights: self.weights.as_deref() }
    }

    /// σ′ of layer `l` of `network.layers` for every sample; 1 for softmax, which has none of its own.
    pub fn sigma_prime(&self, pool: &ThreadPool, network: &Network<T>, l: usize) -> Matrix<T> {
        let (activation, pass) = (network.layers[l].activation, &self.pass.layers[l]);
        let mut slopes = Matrix::from_fn(pass.a.rows(), pass.a.cols(), |_, _| T::ONE);
        T::scale_by_derivative(pool, activation, pass.source(activation), &mut slopes);
        slopes
    }

    /// The activations that went into layer `l` of `network.layers`: x, s ⊙ x, or a of the layer below.
    pub fn input_of(&self, l: usize) -> Rows<'_, T> {
        self.pass.input_of(l, Rows::all(&self.x))
    }
}

fn copied<T: Real>(rows: Rows<'_, T>) -> Matrix<T> {
    let mut matrix = Matrix::zeros(rows.len(), rows.cols());
    for (i, row) in rows.iter().enumerate() {
        matrix.row_mut(i).copy_from_slice(row);
    }
    matrix
}

/// Every number, in f64: matrices row by row, a sample a row, and the layers with their number in the book.
impl<T: Real> Serialize for Trace<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let layers = self.pass.layers.iter().zip(&self.gradients.layers).enumerate();
        let layers: Vec<TracedLayer<'_, T>> = layers
            .map(|(l, (pass, gradient))| TracedLayer {
                layer: l + 2,
                z: pass.z.as_ref().map(|z| Numbers(Rows::all(z))),
                a: Numbers(Rows::all(&pass.a)),
                delta: Numbers(Rows::all(&pass.delta)),
                bias_gradient: doubles(&gradient.b),
                weight_gradient: rows(&gradient.w),
            })
            .collect();
        let input = self.pass.input.as_ref().zip(self.gradients.input_scale.as_ref());
        let input = input.map(|(pass, gradient)| TracedInput {
            a: Numbers(Rows::all(&pass.a)),
            delta: Numbers(Rows::all(&pass.delta)),
            scale_gradient: doubles(gradient),
        });
        let mut fields = serializer.serialize_struct("Trace", 12)?;
        fields.serialize_field("x", &Numbers(Rows::all(&self.x)))?;
        fields.serialize_field("y", &Numbers(Rows::all(&self.y)))?;
        fields.serialize_field("weights", &self.weights.as_deref().map(doubles))?;
        fields.serialize_field("cost", &self.objective.cost)?;
        fields.serialize_field("regularisation", &self.objective.regularisation)?;
        fields.serialize_field("n", &self.objective.n)?;
        fields.serialize_field("scale", &self.scale.to_f64())?;
        fields.serialize_field("costs", &self.costs)?;
        fields.serialize_field("mean_cost", &self.mean_cost)?;
        fields.serialize_field("penalty", &self.penalty)?;
        fields.serialize_field("input", &input)?;
        fields.serialize_field("layers", &layers)?;
        fields.end()
    }
}

/// What a learned input scale makes of the inputs.
#[derive(Serialize)]
#[serde(bound = "")]
struct TracedInput<'a, T: Real> {
    a: Numbers<'a, T>,
    delta: Numbers<'a, T>,
    scale_gradient: Vec<f64>,
}

#[derive(Serialize)]
#[serde(bound = "")]
struct TracedLayer<'a, T: Real> {
    layer: usize,
    z: Option<Numbers<'a, T>>,
    a: Numbers<'a, T>,
    delta: Numbers<'a, T>,
    bias_gradient: Vec<f64>,
    weight_gradient: Vec<Vec<f64>>,
}

/// A matrix as a list of its rows.
struct Numbers<'a, T: Real>(Rows<'a, T>);

impl<T: Real> Serialize for Numbers<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(doubles))
    }
}

fn doubles<T: Real>(values: &[T]) -> Vec<f64> {
    values.iter().map(|v| v.to_f64()).collect()
}

fn rows<T: Real>(w: &Panels<T>) -> Vec<Vec<f64>> {
    (0..w.outputs()).map(|j| (0..w.inputs()).map(|k| w.get(j, k).to_f64()).collect()).collect()
}
