//! How good a network is on samples, a part of them at a time.

use crate::batches::Batch;
use crate::cost::{Cost, Costs};
use crate::dataset::{Samples, Truth};
use crate::error::Result;
use crate::mean::WeightedMean;
use crate::metrics::Metric;
use crate::network::{Network, chunks, keep_rows};
use crate::pass::Pass;
use crate::real::Real;
use crate::task::Task;
use deltarule_kernels::{FlushToZero, Matrix, ThreadPool};

/// Computes the outputs, the mean cost and metrics of the same samples, again and again without allocating.
///
/// Their classes and weights are looked up once, when it is made; [`Evaluator::truth`] has them.
#[derive(Debug)]
pub struct Evaluator<'a, T: Real> {
    truth: Truth<'a, T>,
    cost: Cost,
    pass: Pass<T>,
    costs: Costs<T>,
    each: Vec<f64>,
    outputs: Matrix<T>,
    mean_cost: f64,
}

impl<'a, T: Real> Evaluator<'a, T> {
    /// For this network, or one of the same widths and activations, on these samples.
    ///
    /// # Errors
    /// When the samples fit neither the network nor the cost.
    pub fn new(network: &Network<T>, cost: Cost, task: Task, samples: Samples<'a, T>) -> Result<Self> {
        Batch::new(samples.x(), samples.y()).check(network, cost)?;
        Ok(Self {
            truth: samples.truth(task),
            cost,
            pass: Pass::new(network),
            costs: Costs::new(cost, network.outputs()),
            each: Vec::with_capacity(samples.len()),
            outputs: Matrix::zeros(samples.len(), network.outputs()),
            mean_cost: f64::NAN,
        })
    }

    /// The mean cost of the samples, their weights heeded.
    pub fn run(&mut self, pool: &ThreadPool, network: &Network<T>) -> f64 {
        let _flush = FlushToZero::on();
        let (x, y) = (self.truth.samples().x(), self.truth.y());
        self.each.clear();
        for chunk in chunks(x.len()) {
            self.pass.forward(pool, network, x.slice(chunk.clone()));
            let (z, a) = self.pass.output_z_a();
            self.each.extend(self.costs.compute(pool, self.cost, z, a, y.slice(chunk.clone())));
            keep_rows(a, chunk, &mut self.outputs);
        }
        self.mean_cost = WeightedMean::of(self.each.iter().copied(), self.truth.weights()).mean();
        self.mean_cost
    }

    /// The value of a metric for the outputs that the last run computed.
    ///
    /// # Errors
    /// [`Error::Data`](crate::Error::Data) with the reason where it is undefined.
    pub fn value(&self, metric: Metric) -> Result<f64> {
        metric.of(&self.outputs, &self.truth, self.mean_cost)
    }

    /// The cost of a sample.
    pub fn cost(&self) -> Cost {
        self.cost
    }

    /// The mean cost that the last run computed.
    pub fn mean_cost(&self) -> f64 {
        self.mean_cost
    }

    /// The samples' true values and weights.
    pub fn truth(&self) -> &Truth<'a, T> {
        &self.truth
    }

    /// The outputs that the last run computed, one sample a row.
    pub fn outputs(&self) -> &Matrix<T> {
        &self.outputs
    }

    /// The costs of the samples that the last run computed.
    pub fn each(&self) -> &[f64] {
        &self.each
    }
}
