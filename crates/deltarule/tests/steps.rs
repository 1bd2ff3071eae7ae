//! Steps of training against ones written out naively: a network of plain vectors, gradients by the chain rule in
//! component form, optimizers as their papers have them.

use deltarule::optimizer::Parametrisation;
use deltarule::{
    Activation, Batch, Batches, Cost, Dataset, Network, Plan, Real, Shuffled, ThreadPool, Trainer,
    TrainingState,
};
use deltarule::{Matrix, Panels};
use deltarule::{OptimizerName, Settings, Task};

/// Two layers, tanh and then identity, with the quadratic cost, λ and λ₁ and weights for the samples.
#[derive(Clone)]
struct Naive {
    /// Per layer `w[j][k]`, then `b[j]`.
    w: Vec<Vec<Vec<f64>>>,
    b: Vec<Vec<f64>>,
    l2: f64,
    l1: f64,
    n: f64,
}

/// One number for each parameter of a network.
type PerParameter = Vec<f64>;

impl Naive {
    fn of(network: &Network<f64>, plan: &Plan, n: usize) -> Self {
        let rows = |w: &Panels<f64>| {
            (0..w.outputs()).map(|j| (0..w.inputs()).map(|k| w.get(j, k)).collect()).collect()
        };
        Self {
            w: network.layers.iter().map(|layer| rows(&layer.w)).collect(),
            b: network.layers.iter().map(|layer| layer.b.clone()).collect(),
            l2: plan.regularisation().l2,
            l1: plan.regularisation().l1,
            n: n as f64,
        }
    }

    /// (Σ u C / Σ u, gradient of all weights and then all biases, layer by layer).
    fn cost_and_gradient(&self, batch: &[(&[f64], &[f64], f64)], regularised: bool) -> (f64, PerParameter) {
        let mut grad_w: Vec<Vec<Vec<f64>>> =
            self.w.iter().map(|w| w.iter().map(|row| vec![0.0; row.len()]).collect()).collect();
        let mut grad_b: Vec<Vec<f64>> = self.b.iter().map(|b| vec![0.0; b.len()]).collect();
        let total: f64 = batch.iter().map(|(_, _, u)| u).sum();
        let mut cost = 0.0;
        for (x, y, u) in batch {
            let affine = |l: usize, a: &[f64]| -> Vec<f64> {
                let dot = |row: &Vec<f64>| row.iter().zip(a).map(|(w, a)| w * a).sum::<f64>();
                self.w[l].iter().zip(&self.b[l]).map(|(row, b)| dot(row) + b).collect()
            };
            let hidden: Vec<f64> = affine(0, x).into_iter().map(f64::tanh).collect();
            let output = affine(1, &hidden);
            let delta: Vec<f64> = output.iter().zip(*y).map(|(a, y)| a - y).collect();
            cost += u * 0.5 * delta.iter().map(|d| d * d).sum::<f64>() / total;
            for (j, d) in delta.iter().enumerate() {
                grad_b[1][j] += u * d / total;
                hidden.iter().enumerate().for_each(|(k, a)| grad_w[1][j][k] += u * d * a / total);
            }
            for (k, a) in hidden.iter().enumerate() {
                let back: f64 = delta.iter().enumerate().map(|(j, d)| d * self.w[1][j][k]).sum();
                let d = back * (1.0 - a * a);
                grad_b[0][k] += u * d / total;
                x.iter().enumerate().for_each(|(i, x)| grad_w[0][k][i] += u * d * x / total);
            }
        }
        if regularised {
            for (grad, w) in grad_w.iter_mut().flatten().flatten().zip(self.w.iter().flatten().flatten()) {
                *grad += self.l2 / self.n * w + self.l1 / self.n * w.signum();
            }
        }
        let weights = grad_w.into_iter().flatten().flatten();
        (cost, weights.chain(grad_b.into_iter().flatten()).collect())
    }

    fn parameters(&mut self) -> Vec<&mut f64> {
        let weights = self.w.iter_mut().flatten().flatten();
        weights.chain(self.b.iter_mut().flatten()).collect()
    }

    fn weights(&self) -> usize {
        self.w.iter().flatten().flatten().count()
    }
}

fn data() -> Dataset<f64> {
    let noise = |i: usize, j: usize| ((i * 37 + j * 101) % 89) as f64 / 44.0 - 1.0;
    let x = Matrix::from_fn(40, 3, noise);
    let y = Matrix::from_fn(40, 2, |i, j| x.at(i, 0) * x.at(i, j + 1) + 0.3 * noise(i + 50, j));
    Dataset::new(x, y, Some((0..40).map(|i| 0.5 + (i % 4) as f64).collect())).unwrap()
}

fn settings(optimizer: OptimizerName) -> Settings {
    Settings {
        hidden: Some(vec![5]),
        activation: Some(Activation::Tanh),
        cost: Some(Cost::Quadratic),
        optimizer: Some(optimizer),
        eta: Some(0.05),
        batch_size: Some(8),
        epochs: Some(4),
        ..Settings::default()
    }
}

/// The samples of a batch as the naive network takes them.
fn naive_batch<'a>(batch: &Batch<'a, f64>) -> Vec<(&'a [f64], &'a [f64], f64)> {
    let weight = |i| batch.weights.map_or(1.0, |weights| weights[i]);
    (0..batch.len()).map(|i| (batch.x.row(i), batch.y.row(i), weight(i))).collect()
}

/// Twenty steps of both, four epochs of five batches; `rule` changes the naive parameters.
fn compare(settings: &Settings, mut rule: impl FnMut(&Naive, i32, &mut [&mut f64], &[f64])) {
    let plan = settings.plan(Task::Regression).unwrap();
    let data = data();
    let mut batches = Shuffled::new(&data, plan.batch(), plan.drop_last(), plan.seed());
    let mut state = TrainingState::new(&plan, plan.network(3, 2).unwrap(), &batches).unwrap();
    let mut trainer = Trainer::new(&plan, &state, &batches).unwrap();
    let mut naive = Naive::of(state.network(), &plan, data.len());
    let mut t = 0;
    for epoch in 0..4 {
        batches.start(epoch).unwrap();
        for _ in 0..5 {
            let batch = batches.next().unwrap().unwrap();
            let (cost, gradient) = naive.cost_and_gradient(&naive_batch(&batch), true);
            t += 1;
            let before = naive.clone();
            rule(&before, t, &mut naive.parameters(), &gradient);
            let found = trainer.step(&ThreadPool::single(), &mut state, &batch).unwrap();
            close(found.cost, cost, 1e-12, "cost");
        }
    }
    let mut trained = Naive::of(state.network(), &plan, data.len());
    for (found, expected) in trained.parameters().into_iter().zip(naive.parameters()) {
        close(*found, *expected, 1e-12, "parameter");
    }
}

fn close(found: f64, expected: f64, tolerance: f64, what: &str) {
    let error = (found - expected).abs();
    assert!(error <= tolerance * expected.abs().max(1.0), "{what}: {found} is not {expected}");
}

#[test]
fn gradient_descent_with_regularisation_and_a_schedule() {
    let settings = Settings {
        l2: Some(0.7),
        l1: Some(0.2),
        schedule: Some("step".parse().unwrap()),
        schedule_every: Some(2),
        schedule_factor: Some(0.5),
        ..settings(OptimizerName::Sgd)
    };
    compare(&settings, |_, t, parameters, gradient| {
        let eta = if t <= 10 { 0.05 } else { 0.025 };
        parameters.iter_mut().zip(gradient).for_each(|(w, g)| **w -= eta * g);
    });
}

#[test]
fn momentum_and_nesterov() {
    for name in [OptimizerName::Momentum, OptimizerName::Nesterov] {
        let mut v = Vec::new();
        compare(&settings(name), |_, _, parameters, gradient| {
            v.resize(gradient.len(), 0.0);
            for ((w, v), g) in parameters.iter_mut().zip(&mut v).zip(gradient) {
                *v = 0.9 * *v + g;
                **w -= 0.05 * if name == OptimizerName::Nesterov { g + 0.9 * *v } else { *v };
            }
        });
    }
}

#[test]
fn adam_and_its_decoupled_decay_on_weights_alone() {
    for name in [OptimizerName::Adam, OptimizerName::AdamW] {
        let decay = if name == OptimizerName::AdamW { 0.3 } else { 0.0 };
        let settings = Settings {
            beta2: Some(0.99),
            epsilon: Some(1e-3),
            weight_decay: Some(decay),
            l2: Some(0.1),
            ..settings(name)
        };
        let (mut m, mut v) = (Vec::new(), Vec::new());
        compare(&settings, |naive, t, parameters, gradient| {
            m.resize(gradient.len(), 0.0);
            v.resize(gradient.len(), 0.0);
            for (i, (w, g)) in parameters.iter_mut().zip(gradient).enumerate() {
                if i < naive.weights() {
                    **w *= 1.0 - 0.05 * decay;
                }
                m[i] = 0.9 * m[i] + 0.1 * g;
                v[i] = 0.99 * v[i] + 0.01 * g * g;
                let (m_hat, v_hat) = (m[i] / (1.0 - 0.9_f64.powi(t)), v[i] / (1.0 - 0.99_f64.powi(t)));
                **w -= 0.05 * m_hat / (v_hat.sqrt() + 1e-3);
            }
        });
    }
}

/// z = w·a / √n + b, whose network keeps w / √n: Adam moves w and b, with an ε that is felt.
#[test]
fn ntk_scales_the_weights_and_leaves_the_biases_alone() {
    let settings = Settings {
        parametrisation: Some(Parametrisation::Ntk),
        eta_biases: Some(0.5),
        beta2: Some(0.99),
        epsilon: Some(0.1),
        ..settings(OptimizerName::Adam)
    };
    let (mut m, mut v) = (Vec::new(), Vec::new());
    compare(&settings, |_, t, parameters, gradient| {
        m.resize(gradient.len(), 0.0);
        v.resize(gradient.len(), 0.0);
        for (i, (parameter, g)) in parameters.iter_mut().zip(gradient).enumerate() {
            // 5 × 3 weights, 2 × 5 weights, biases.
            let (s, eta) = match i {
                0..15 => (1.0 / 3.0_f64.sqrt(), 0.05),
                15..25 => (1.0 / 5.0_f64.sqrt(), 0.05),
                _ => (1.0, 0.025),
            };
            let g = s * g;
            m[i] = 0.9 * m[i] + 0.1 * g;
            v[i] = 0.99 * v[i] + 0.01 * g * g;
            let (m_hat, v_hat) = (m[i] / (1.0 - 0.9_f64.powi(t)), v[i] / (1.0 - 0.99_f64.powi(t)));
            **parameter -= s * (eta * m_hat / (v_hat.sqrt() + 0.1));
        }
    });
}

#[test]
fn clipping_shortens_the_gradient_of_the_data_to_its_limit() {
    let limit = 0.4;
    let mut clipped = 0;
    let settings = Settings { clip: Some(limit), l2: Some(0.7), ..settings(OptimizerName::Sgd) };
    compare(&settings, |naive, _, parameters, gradient| {
        // The gradient given here has λ/n w in it, which clipping leaves alone.
        let ridge: Vec<f64> = {
            let mut naive = naive.clone();
            let weights = naive.weights();
            let parameters = naive.parameters();
            parameters
                .iter()
                .enumerate()
                .map(|(i, w)| if i < weights { 0.7 / 40.0 * **w } else { 0.0 })
                .collect()
        };
        let data: Vec<f64> = gradient.iter().zip(&ridge).map(|(g, r)| g - r).collect();
        let length = data.iter().map(|g| g * g).sum::<f64>().sqrt();
        let factor = if length > limit { limit / length } else { 1.0 };
        clipped += i32::from(factor < 1.0);
        for ((w, g), r) in parameters.iter_mut().zip(&data).zip(&ridge) {
            **w -= 0.05 * (factor * g + r);
        }
    });
    assert!(clipped > 0 && clipped < 20, "{clipped} of 20 gradients were clipped");
}

/// A step of plain gradient descent from `network`, and its cost before.
fn one_step(plan: &Plan, network: &Network<f64>, data: &Dataset<f64>) -> (f64, Network<f64>) {
    let mut batches = Shuffled::new(data, plan.batch(), false, plan.seed());
    let mut state = TrainingState::new(plan, network.clone(), &batches).unwrap();
    let mut trainer = Trainer::new(plan, &state, &batches).unwrap();
    batches.start(0).unwrap();
    let batch = batches.next().unwrap().unwrap();
    let cost = trainer.step(&ThreadPool::single(), &mut state, &batch).unwrap().cost;
    (cost, state.into_kept())
}

/// With its masks fixed, a step with dropout goes down the gradient of the cost under those masks; and the learned input
/// scale goes down its own. Both against central differences.
#[test]
fn steps_with_dropout_and_input_scale_follow_central_differences() {
    let plan = Settings {
        hidden: Some(vec![6, 4]),
        activation: Some(Activation::Tanh),
        dropout: Some(0.4),
        input_scale: Some(true),
        eta: Some(1.0),
        ..settings(OptimizerName::Sgd)
    };
    let plan = plan.plan(Task::Regression).unwrap();
    let data = data();
    let network = plan.network(3, 2).unwrap();
    let (_, after) = one_step(&plan, &network, &data);
    let h = 1e-5;
    let slope = |change: &dyn Fn(&mut Network<f64>, f64)| {
        let cost = |by| {
            let mut changed = network.clone();
            change(&mut changed, by);
            one_step(&plan, &changed, &data).0
        };
        (cost(h) - cost(-h)) / (2.0 * h)
    };
    let mut silent = 0;
    for l in 0..3 {
        let layer = &network.layers[l];
        for j in 0..layer.outputs() {
            for k in 0..layer.inputs() {
                let expected = slope(&|network, by| {
                    let w = &mut network.layers[l].w;
                    w.set(j, k, w.get(j, k) + by);
                });
                let found = layer.w.get(j, k) - after.layers[l].w.get(j, k);
                close(found, expected, 1e-8, "slope of a weight");
                silent += usize::from(found == 0.0);
            }
            let expected = slope(&|network, by| network.layers[l].b[j] += by);
            close(layer.b[j] - after.layers[l].b[j], expected, 1e-8, "slope of a bias");
        }
    }
    for k in 0..3 {
        let expected = slope(&|network, by| network.input_scale.as_mut().unwrap()[k] += by);
        let found = network.input_scale.as_ref().unwrap()[k] - after.input_scale.as_ref().unwrap()[k];
        close(found, expected, 1e-8, "slope of an input factor");
        assert!(found != 0.0);
    }
    assert!(silent < 20, "{silent} weights did not move");
}

/// The recipe's factors on η, seen in a first step of Adam, which moves every parameter by η whatever its gradient.
#[test]
fn layers_biases_and_input_factors_have_their_own_learning_rates() {
    let settings = Settings {
        hidden: Some(vec![4]),
        activation: Some(Activation::Tanh),
        epsilon: Some(1e-30),
        eta: Some(0.01),
        ..Settings::tabular(Task::Regression)
    };
    let settings =
        Settings { schedule: Some("constant".parse().unwrap()), zero_last: Some(false), ..settings };
    let plan = settings.plan(Task::Regression).unwrap();
    let network = plan.network(3, 2).unwrap();
    let (_, after) = one_step(&plan, &network, &data());
    let moved = |before: f64, after: f64| (before - after).abs();
    for (l, inputs) in [(0, 3.0_f64), (1, 4.0)] {
        let (before, after) = (&network.layers[l], &after.layers[l]);
        for (before, after) in before.w.iter().zip(after.w.iter()) {
            close(moved(before, after), 0.01 / inputs.sqrt(), 1e-12, "step of a weight");
        }
        for (before, after) in before.b.iter().zip(&after.b) {
            close(moved(*before, *after), 0.001, 1e-12, "step of a bias");
        }
    }
    for (before, after) in network.input_scale.iter().flatten().zip(after.input_scale.iter().flatten()) {
        close(moved(*before, *after), 0.06, 1e-12, "step of an input factor");
    }
}

/// A batch of which no sample counts leaves the network as it is.
#[test]
fn samples_without_weight_change_nothing() {
    fn check<T: Real>() {
        let plan = Settings { hidden: Some(vec![3]), ..Settings::default() }.plan(Task::Regression).unwrap();
        let x = Matrix::<T>::from_fn(4, 2, |i, j| T::from_f64((i + j) as f64));
        let y = Matrix::<T>::from_fn(4, 1, |i, _| T::from_f64(i as f64));
        let data = Dataset::new(x, y, None).unwrap();
        let network = plan.network::<T>(2, 1).unwrap();
        let batches = Shuffled::new(&data, 4, false, 0);
        let mut state = TrainingState::new(&plan, network.clone(), &batches).unwrap();
        let mut trainer = Trainer::new(&plan, &state, &batches).unwrap();
        let nothing = [T::ZERO; 4];
        let batch = Batch::new(data.x().into(), data.y().into()).weighted(&nothing);
        trainer.step(&ThreadPool::single(), &mut state, &batch).unwrap();
        assert!(*state.network() == network);
        assert_eq!(state.steps_done(), 1);
    }
    check::<f32>();
    check::<f64>();
}
