//! Agreement with an independent implementation: gradients by PyTorch's automatic differentiation, and the costs along
//! 20 steps of each of its optimizers, all in f64.
//!
//! The figures lie in `data/reference.json`; `cargo xtask reference` computes them again.

use deltarule::cost::Costs;
use deltarule::equations::{Epilogue, bp3, bp4};
use deltarule::mean::WeightedMean;
use deltarule::optimizer::{Factors, Optimizer};
use deltarule::{
    Activation, Batch, Cost, Gradients, Layer, Matrix, Network, Panels, Pass, Regularisation, Rows,
    ThreadPool,
};
use deltarule_kernels::{Biases, Moments, Step, Weights};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    batch: usize,
    networks: Vec<Figures>,
}

#[derive(Deserialize)]
struct Figures {
    name: String,
    cost: Cost,
    l2: f64,
    l1: f64,
    x: Vec<Vec<f64>>,
    y: Vec<Vec<f64>>,
    weights: Option<Vec<f64>>,
    layers: Vec<LayerFigures>,
    value: f64,
    runs: Vec<Run>,
}

#[derive(Deserialize)]
struct LayerFigures {
    activation: Activation,
    w: Vec<Vec<f64>>,
    b: Vec<f64>,
    grad_w: Vec<Vec<f64>>,
    grad_b: Vec<f64>,
}

#[derive(Deserialize)]
struct Run {
    optimizer: OptimizerFigures,
    costs: Vec<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OptimizerFigures {
    name: String,
    eta: f64,
    mu: Option<f64>,
    beta1: Option<f64>,
    beta2: Option<f64>,
    epsilon: Option<f64>,
    #[serde(default)]
    decay: f64,
}

impl OptimizerFigures {
    fn optimizer(&self) -> Optimizer {
        let given = |value: Option<f64>| value.expect("the setting of this optimizer");
        match self.name.as_str() {
            "sgd" => Optimizer::Sgd,
            "momentum" => Optimizer::Momentum { mu: given(self.mu) },
            "nesterov" => Optimizer::Nesterov { mu: given(self.mu) },
            "adam" | "adamw" => Optimizer::Adam {
                beta1: given(self.beta1),
                beta2: given(self.beta2),
                epsilon: given(self.epsilon),
            },
            name => panic!("optimizer {name}"),
        }
    }
}

/// One network of the reference with its samples, as the library holds them.
struct Problem<'a> {
    figures: &'a Figures,
    pool: ThreadPool,
    network: Network<f64>,
    x: Matrix<f64>,
    y: Matrix<f64>,
    regularisation: Regularisation,
}

impl<'a> Problem<'a> {
    fn new(figures: &'a Figures) -> Self {
        let layers = figures.layers.iter().map(|layer| Layer {
            w: Panels::from_fn(layer.w.len(), layer.w[0].len(), |j, k| layer.w[j][k]),
            b: layer.b.clone(),
            activation: layer.activation,
        });
        Self {
            figures,
            pool: ThreadPool::single(),
            network: Network::new(layers.collect()).expect("a network that fits together"),
            x: Matrix::from_rows(&figures.x),
            y: Matrix::from_rows(&figures.y),
            regularisation: Regularisation { l2: figures.l2, l1: figures.l1, weight_decay: 0.0 },
        }
    }

    fn batch(&self, first: usize, count: usize) -> Batch<'_, f64> {
        let rows = first..first + count;
        let batch = Batch::new(Rows::range(&self.x, rows.clone()), Rows::range(&self.y, rows.clone()));
        match &self.figures.weights {
            Some(weights) => batch.weighted(&weights[rows]),
            None => batch,
        }
    }

    /// Forward and backward through `network`, and the cost on the way.
    fn pass(&self, network: &Network<f64>, batch: &Batch<'_, f64>) -> (Pass<f64>, f64) {
        let cost = self.figures.cost;
        batch.check(network, cost).expect("a batch that fits the network");
        let mut pass = Pass::new(network);
        pass.forward(&self.pool, network, batch.x);
        pass.backward(&self.pool, network, &network.transposed(), cost, batch);
        let (z, a) = pass.output_z_a();
        let mut costs = Costs::new(cost, network.outputs());
        let mean =
            WeightedMean::of(costs.compute(&self.pool, cost, z, a, batch.y).iter().copied(), batch.weights)
                .mean();
        (pass, mean + self.regularisation.penalty(&network.layers, self.x.rows()))
    }

    /// The costs of the mini-batches along one optimizer's way, each before its step.
    fn costs_along(&self, run: &Run, size: usize) -> Vec<f64> {
        let (optimizer, samples) = (run.optimizer.optimizer(), self.x.rows());
        let mut network = self.network.clone();
        let mut moments: Vec<_> = (network.layers.iter())
            .map(|layer| Moments::zeros(optimizer.moments(), layer.outputs(), layer.inputs()))
            .collect();
        let steps = 0..run.costs.len();
        let costs = steps.map(|number| {
            let batch = self.batch(number * size % samples, size);
            let (pass, cost) = self.pass(&network, &batch);
            let constants = optimizer.at(number as u64 + 1, run.optimizer.eta);
            let of_biases = constants.step(Factors::ONE, batch.scale());
            let of_weights = Step {
                l2: self.figures.l2 / samples as f64,
                l1: self.figures.l1 / samples as f64,
                decay: run.optimizer.eta * run.optimizer.decay,
                ..of_biases
            };
            for (l, (layer, moments)) in network.layers.iter_mut().zip(&mut moments).enumerate() {
                let (delta, input) = (&pass.layers[l].delta, pass.input_of(l, batch.x));
                let biases = Biases { b: &mut layer.b, moments: &mut moments.b };
                bp3(&self.pool, delta, Epilogue::Update { step: &of_biases, parameters: biases });
                let weights = Weights { w: &mut layer.w, w_t: None, moments: &mut moments.w };
                bp4(&self.pool, delta, input, Epilogue::Update { step: &of_weights, parameters: weights });
            }
            cost
        });
        costs.collect()
    }
}

/// 1e-11 of the figure, or of a hundredth where the figure is smaller.
fn assert_agrees(found: f64, expected: f64, what: impl Fn() -> String) {
    let error = (found - expected).abs() / expected.abs().max(0.01);
    assert!(error <= 1e-11, "{}: {found}, PyTorch has {expected}, relative error {error:e}", what());
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("data/reference.json")).expect("data/reference.json")
}

#[test]
fn costs_and_gradients_agree_with_pytorch() {
    let reference = reference();
    assert!(reference.networks.len() >= 12, "{} networks", reference.networks.len());
    for figures in &reference.networks {
        let problem = Problem::new(figures);
        let (name, network) = (&figures.name, &problem.network);
        let batch = problem.batch(0, problem.x.rows());
        let (pass, cost) = problem.pass(network, &batch);
        assert_agrees(cost, figures.value, || format!("{name}: C"));

        let mut gradients = Gradients::zeros(network);
        pass.gradients(&problem.pool, &batch, &mut gradients);
        for (l, (expected, found)) in figures.layers.iter().zip(&mut gradients.layers).enumerate() {
            problem.regularisation.add_gradient(&network.layers[l].w, problem.x.rows(), found);
            let layer = l + 2;
            for (j, row) in expected.grad_w.iter().enumerate() {
                assert_agrees(found.b[j], expected.grad_b[j], || format!("{name}: ∂C/∂b of ({layer}, {j})"));
                for (k, &expected) in row.iter().enumerate() {
                    assert_agrees(found.w.get(j, k), expected, || {
                        format!("{name}: ∂C/∂w of ({layer}, {j}, {k})")
                    });
                }
            }
        }
    }
}

#[test]
fn every_optimizer_takes_the_steps_of_pytorchs() {
    let reference = reference();
    for figures in &reference.networks {
        let problem = Problem::new(figures);
        assert_eq!(figures.runs.len(), 5, "{}", figures.name);
        for run in &figures.runs {
            assert_eq!(run.costs.len(), 20, "{}", figures.name);
            let found = problem.costs_along(run, reference.batch);
            for (number, (&found, &expected)) in found.iter().zip(&run.costs).enumerate() {
                assert_agrees(found, expected, || {
                    format!("{}: C before step {} of {}", figures.name, number + 1, run.optimizer.name)
                });
            }
        }
    }
}
