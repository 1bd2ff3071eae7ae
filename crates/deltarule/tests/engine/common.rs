//! Small networks and samples for the tests, the same at every run.

use deltarule::random::{Purpose, Random};
use deltarule::{Activation, Batch, Cost, Error, Layer, Matrix, Network, Panels, Variants};

/// Every variant with its usual parameter and with another one.
pub(crate) fn every<V: Variants>() -> impl Iterator<Item = V> {
    V::all().flat_map(|value| {
        let unusual = value.parameter().map(|usual| value.with_parameter(0.4 * usual + 0.1));
        std::iter::once(value).chain(unusual)
    })
}

/// Every activation that a hidden layer can have.
pub(crate) fn elementwise() -> impl Iterator<Item = Activation> {
    every().filter(|activation: &Activation| activation.is_elementwise())
}

/// What an error says, and its advice.
pub(crate) fn told(error: &Error) -> String {
    error.hint().map_or(error.to_string(), |hint| format!("{error}; {hint}"))
}

/// Where the slope or the curvature of f jumps, among the sixteenths from −2 to 2.
pub(crate) fn jumps(f: impl Fn(f64) -> f64) -> Vec<f64> {
    let h = 1.0 / 1024.0;
    let curvature = |x: f64| (f(x + h) - 2.0 * f(x) + f(x - h)) / (h * h);
    let jump = |&x: &f64| (curvature(x + 2.0 * h) - curvature(x - 2.0 * h)).abs() > 0.1;
    let corner = |&x: &f64| curvature(x).abs() > 10.0;
    (-32..=32).map(|i| f64::from(i) / 16.0).filter(|x| jump(x) || corner(x)).collect()
}

/// Normally distributed numbers one after the other.
pub(crate) struct Numbers {
    random: Random,
    next: u64,
}

impl Numbers {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: Random::new(seed, Purpose::Data, 0), next: 0 }
    }

    pub(crate) fn normal(&mut self) -> f64 {
        self.next += 1;
        self.random.normal(self.next)
    }

    pub(crate) fn matrix(&mut self, rows: usize, cols: usize) -> Matrix<f64> {
        Matrix::from_fn(rows, cols, |_, _| self.normal())
    }

    /// Weights of variance 1/inputs, so that z stays where σ is neither flat nor straight.
    pub(crate) fn network(
        &mut self,
        widths: &[usize],
        hidden: Activation,
        output: Activation,
    ) -> Network<f64> {
        let last = widths.len() - 2;
        let layers = widths.windows(2).enumerate().map(|(i, pair)| {
            let spread = 1.0 / (pair[0] as f64).sqrt();
            Layer {
                w: Panels::from_fn(pair[1], pair[0], |_, _| spread * self.normal()),
                b: (0..pair[1]).map(|_| 0.5 * self.normal()).collect(),
                activation: if i == last { output } else { hidden },
            }
        });
        Network::new(layers.collect()).unwrap()
    }

    /// Targets that the cost has a meaning for.
    pub(crate) fn targets(&mut self, cost: Cost, samples: usize, outputs: usize) -> Matrix<f64> {
        let classes: Vec<usize> =
            (0..samples).map(|_| (self.normal().abs() * 10.0) as usize % outputs).collect();
        Matrix::from_fn(samples, outputs, |i, j| match cost {
            Cost::SoftmaxCrossEntropy { .. } => f64::from(u8::from(classes[i] == j)),
            Cost::BinaryCrossEntropy => f64::from(u8::from(self.normal() > 0.0)),
            Cost::Poisson => (self.normal().abs() * 2.0).floor(),
            _ => self.normal(),
        })
    }
}

/// Samples that own what a [`Batch`] borrows.
pub(crate) struct Samples {
    pub(crate) x: Matrix<f64>,
    pub(crate) y: Matrix<f64>,
    pub(crate) weights: Option<Vec<f64>>,
}

impl Samples {
    pub(crate) fn batch(&self) -> Batch<'_, f64> {
        Batch { x: (&self.x).into(), y: (&self.y).into(), weights: self.weights.as_deref() }
    }
}
