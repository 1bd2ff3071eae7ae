//! What the numerical way costs: a forward pass for every difference, against one backward pass for all.

use super::Parameter;
use crate::batches::Batch;
use crate::cost::Costs;
use crate::error::Result;
use crate::mean::WeightedMean;
use crate::network::Network;
use crate::objective::Objective;
use crate::pass::{Gradients, Pass};
use crate::real::Real;
use crate::trace::Trace;
use deltarule_kernels::ThreadPool;
use serde::Serialize;
use std::time::{Duration, Instant};

/// The times of both ways to one gradient, on this network and batch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Race {
    /// P, the number of parameters.
    pub parameters: usize,
    /// m, the number of samples of the batch.
    pub samples: usize,
    /// P + 1, the forward passes of one-sided differences.
    pub one_sided_passes: u64,
    /// 2P, those of central differences.
    pub central_passes: u64,
    /// How many of those were run and timed.
    pub measured_passes: u64,
    /// Seconds that the measured ones took.
    pub measured_seconds: f64,
    /// Seconds of all central differences: measured when all were run, otherwise extrapolated from those that were.
    pub numeric_seconds: f64,
    /// Whether `numeric_seconds` is extrapolated.
    pub extrapolated: bool,
    /// Seconds of one forward pass with its cost, the fastest of those measured.
    pub forward_seconds: f64,
    /// Seconds of one gradient by backpropagation: forward, BP1 to BP4; the fastest of some.
    pub backpropagation_seconds: f64,
}

impl Race {
    /// How many times faster backpropagation is than central differences.
    pub fn speedup(&self) -> f64 {
        self.numeric_seconds / self.backpropagation_seconds
    }

    /// How many forward passes one gradient by backpropagation costs.
    pub fn backpropagation_in_passes(&self) -> f64 {
        self.backpropagation_seconds / self.forward_seconds
    }
}

/// Runs both ways to the gradient of the batch, in the precision of the network, the numerical one for at most `budget`.
///
/// # Errors
/// Where the batch does not fit the network or the cost.
pub fn race<T: Real>(
    pool: &ThreadPool,
    network: &Network<T>,
    objective: impl Into<Objective>,
    batch: &Batch<'_, T>,
    budget: Duration,
) -> Result<Race> {
    let objective = objective.into();
    let trace = Trace::of(pool, network, objective, batch)?;
    let mut runner = Runner {
        pool,
        network: network.clone(),
        objective,
        batch,
        pass: Pass::new(network),
        costs: Costs::new(objective.cost, network.outputs()),
        gradients: trace.gradients,
    };
    let transposed = network.transposed();
    let backpropagation_seconds = fastest(|| runner.backpropagate(&transposed));
    let forward_seconds = fastest(|| {
        runner.cost();
    });

    let central_passes = 2 * network.parameters() as u64;
    let mut measured_passes = 0;
    let start = Instant::now();
    for parameter in Parameter::all(network) {
        if start.elapsed() > budget {
            break;
        }
        runner.difference(parameter);
        measured_passes += 2;
    }
    let measured_seconds = start.elapsed().as_secs_f64();
    Ok(Race {
        parameters: network.parameters(),
        samples: batch.len(),
        one_sided_passes: network.parameters() as u64 + 1,
        central_passes,
        measured_passes,
        measured_seconds,
        numeric_seconds: measured_seconds * (central_passes as f64 / measured_passes as f64),
        extrapolated: measured_passes < central_passes,
        forward_seconds,
        backpropagation_seconds,
    })
}

struct Runner<'a, T: Real> {
    pool: &'a ThreadPool,
    network: Network<T>,
    objective: Objective,
    batch: &'a Batch<'a, T>,
    pass: Pass<T>,
    costs: Costs<T>,
    gradients: Gradients<T>,
}

impl<T: Real> Runner<'_, T> {
    fn cost(&mut self) -> f64 {
        self.pass.forward(self.pool, &self.network, self.batch.x);
        let (z, a) = self.pass.output_z_a();
        let costs = self.costs.compute(self.pool, self.objective.cost, z, a, self.batch.y);
        WeightedMean::of(costs.iter().copied(), self.batch.weights).mean()
    }

    fn backpropagate(&mut self, transposed: &[crate::Panels<T>]) {
        self.pass.forward(self.pool, &self.network, self.batch.x);
        self.pass.backward(self.pool, &self.network, transposed, self.objective.cost, self.batch);
        self.pass.gradients(self.pool, self.batch, &mut self.gradients);
    }

    /// One central difference with whole forward passes, as the definition has it.
    fn difference(&mut self, parameter: Parameter) -> f64 {
        let h = T::from_f64(1e-3);
        let value = parameter.of(&self.network);
        parameter.set(&mut self.network, value + h);
        let above = self.cost();
        parameter.set(&mut self.network, value - h);
        let below = self.cost();
        parameter.set(&mut self.network, value);
        (above - below) / (2.0 * h.to_f64())
    }
}

/// Seconds of the fastest of five runs, or of as many as a quarter of a second allows.
fn fastest(mut run: impl FnMut()) -> f64 {
    run();
    let begin = Instant::now();
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let start = Instant::now();
        run();
        best = best.min(start.elapsed().as_secs_f64());
        if begin.elapsed() > Duration::from_millis(250) {
            break;
        }
    }
    best
}
