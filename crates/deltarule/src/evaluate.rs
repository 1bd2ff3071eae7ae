//! How good a network is on samples, a part of them at a time.

use crate::cost::{Cost, Costs};
use crate::dataset::{Batch, Samples};
use crate::error::Result;
use crate::network::Network;
use crate::pass::Pass;
use deltarule_kernels::{FlushToZero, Matrix, Real, ThreadPool};

/// Samples that go through the network together: enough for the products to run at speed, few enough for the
/// activations to stay in the cache.
const CHUNK: usize = 256;

/// Computes the outputs and the mean cost of samples, again and again without allocating.
#[derive(Debug)]
pub struct Evaluator<T: Real> {
    cost: Cost,
    pass: Pass<T>,
    costs: Costs<T>,
    each: Vec<f64>,
    outputs: Matrix<T>,
}

impl<T: Real> Evaluator<T> {
    /// For this network, or one of the same widths and activations, and these samples, or as many of the same kind.
    ///
    /// # Errors
    /// When the samples fit neither the network nor the cost.
    pub fn new(network: &Network<T>, cost: Cost, samples: Samples<'_, T>) -> Result<Self> {
        Batch::new(samples.x(), samples.y()).check(network, cost)?;
        Ok(Self {
            cost,
            pass: Pass::new(network),
            costs: Costs::new(cost, network.outputs()),
            each: Vec::with_capacity(samples.len()),
            outputs: Matrix::zeros(samples.len(), network.outputs()),
        })
    }

    /// The mean cost of the samples, their weights heeded.
    pub fn run(&mut self, pool: &ThreadPool, network: &Network<T>, samples: Samples<'_, T>) -> f64 {
        let _flush = FlushToZero::on();
        let (x, y) = (samples.x(), samples.y());
        self.outputs.resize_rows(samples.len());
        self.each.clear();
        for start in (0..samples.len()).step_by(CHUNK) {
            let range = start..samples.len().min(start + CHUNK);
            self.pass.forward(pool, network, x.slice(range.clone()));
            let (z, a) = self.pass.output_z_a();
            self.each.extend(self.costs.compute(pool, self.cost, z, a, y.slice(range.clone())));
            for i in range {
                self.outputs.row_mut(i).copy_from_slice(a.row(i - start));
            }
        }
        samples.weighted_mean(self.each.iter().copied())
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
