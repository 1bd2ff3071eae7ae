//! One batch's way through a network and back.

use crate::activation::Activation;
use crate::batches::Batch;
use crate::cost::Cost;
use crate::dropout::Dropout;
use crate::equations::{self, Epilogue};
use crate::layer::Layer;
use crate::network::Network;
use crate::real::Real;
use deltarule_kernels::{Elementwise, Gradient, Matrix, Panels, Rows, Source, ThreadPool};

/// z, a and δ of one layer for every sample of a batch.
#[derive(Clone, Debug)]
pub struct LayerPass<T: Real> {
    /// zˡ, where it is kept.
    pub z: Option<Matrix<T>>,
    /// aˡ
    pub a: Matrix<T>,
    /// δˡ of each sample, times its weight.
    pub delta: Matrix<T>,
    /// Which neurons are left out, in a training with dropout.
    pub dropout: Option<Dropout<T>>,
}

impl<T: Real> LayerPass<T> {
    fn new(width: usize, keep_z: bool) -> Self {
        let matrix = || Matrix::zeros(0, width);
        Self { z: keep_z.then(matrix), a: matrix(), delta: matrix(), dropout: None }
    }

    fn resize(&mut self, samples: usize) {
        self.z.iter_mut().for_each(|z| z.resize_rows(samples));
        self.a.resize_rows(samples);
        self.delta.resize_rows(samples);
    }

    /// What the next layer sees: aˡ, or what dropout leaves of it.
    pub fn layer_output(&self) -> &Matrix<T> {
        self.dropout.as_ref().map_or(&self.a, |dropout| &dropout.a)
    }

    /// What σ′ of this layer is computed from.
    pub fn source(&self, activation: Activation) -> &Matrix<T> {
        match Elementwise::<T>::source(activation) {
            Source::Input => self.z.as_ref().expect("z is kept where σ′ is computed from it"),
            Source::Output => &self.a,
        }
    }
}

/// The memory of a forward and a backward pass, kept from batch to batch, and what they left in it.
#[derive(Clone, Debug)]
pub struct Pass<T: Real> {
    /// Layer 1: a¹ and δ¹ of the input, where the network has a learned input scale.
    pub input: Option<LayerPass<T>>,
    /// One for each layer of the network.
    pub layers: Vec<LayerPass<T>>,
}

impl<T: Real> Pass<T> {
    /// For this network and any batch size; z is kept only where an equation reads it.
    pub fn new(network: &Network<T>) -> Self {
        Self::with(network, |l, layer| {
            l + 1 == network.layers.len() || Elementwise::<T>::source(layer.activation) == Source::Input
        })
    }

    /// The same with z kept for every layer.
    pub fn keeping_all(network: &Network<T>) -> Self {
        Self::with(network, |_, _| true)
    }

    fn with(network: &Network<T>, keep_z: impl Fn(usize, &Layer<T>) -> bool) -> Self {
        let layer_pass = |(l, layer): (usize, &Layer<T>)| LayerPass::new(layer.outputs(), keep_z(l, layer));
        Self {
            input: network.input_scale.as_ref().map(|scale| LayerPass::new(scale.len(), false)),
            layers: network.layers.iter().enumerate().map(layer_pass).collect(),
        }
    }

    /// The activations that go into layer `l` of `network.layers`.
    pub fn input_of<'a>(&'a self, l: usize, x: Rows<'a, T>) -> Rows<'a, T> {
        match (l, &self.input) {
            (0, None) => x,
            (0, Some(input)) => Rows::all(&input.a),
            _ => Rows::all(self.layers[l - 1].layer_output()),
        }
    }

    /// The layer of the output.
    pub fn output(&self) -> &LayerPass<T> {
        &self.layers[self.layers.len() - 1]
    }

    /// z and a of the output.
    pub fn output_z_a(&self) -> (&Matrix<T>, &Matrix<T>) {
        let output = self.output();
        (output.z.as_ref().expect("z of the output is kept"), &output.a)
    }

    /// z and a of every layer.
    pub fn forward(&mut self, pool: &ThreadPool, network: &Network<T>, x: Rows<'_, T>) {
        if let (Some(input), Some(scale)) = (&mut self.input, &network.input_scale) {
            input.resize(x.len());
            equations::scale_input(x, scale, &mut input.a);
        }
        self.forward_from(pool, network, x, 0);
    }

    /// z and a from layer `first` of `network.layers` on, those below being up to date.
    pub fn forward_from(&mut self, pool: &ThreadPool, network: &Network<T>, x: Rows<'_, T>, first: usize) {
        for (l, layer) in network.layers.iter().enumerate().skip(first) {
            let (below, rest) = self.layers.split_at_mut(l);
            let input = match (below.last(), &self.input) {
                (Some(below), _) => Rows::all(below.layer_output()),
                (None, Some(input)) => Rows::all(&input.a),
                (None, None) => x,
            };
            let LayerPass { z, a, dropout, .. } = {
                rest[0].resize(x.len());
                &mut rest[0]
            };
            equations::forward(pool, layer, input, z.as_mut(), a);
            if let Some(dropout) = dropout {
                dropout.apply_mask(a);
            }
        }
    }

    /// δ of every layer, by BP1 and then BP2 downwards; `transposed` is [`Network::transposed`], up to date.
    pub fn backward(
        &mut self,
        pool: &ThreadPool,
        network: &Network<T>,
        transposed: &[Panels<T>],
        cost: Cost,
        batch: &Batch<'_, T>,
    ) {
        let last = self.layers.len() - 1;
        let LayerPass { z, a, delta, .. } = &mut self.layers[last];
        let z = z.as_ref().expect("z of the output is kept");
        equations::bp1(pool, cost, network.output().activation, (z, a), batch.y, batch.weights, delta);
        for l in (0..last).rev() {
            let (below, above) = self.layers.split_at_mut(l + 1);
            bp2_into(pool, &transposed[l + 1], &above[0].delta, network.layers[l].activation, &mut below[l]);
        }
        if let Some(input) = &mut self.input {
            bp2_into(pool, &transposed[0], &self.layers[0].delta, Activation::Identity, input);
        }
    }

    /// ∂C/∂b and ∂C/∂w of every layer, by BP3 and BP4: the gradient of the mean cost, without regularisation.
    pub fn gradients(&self, pool: &ThreadPool, batch: &Batch<'_, T>, gradients: &mut Gradients<T>) {
        let scale = batch.scale();
        for (l, gradient) in gradients.layers.iter_mut().enumerate() {
            let (delta, input) = (&self.layers[l].delta, self.input_of(l, batch.x));
            equations::bp3(pool, delta, Epilogue::Keep { scale, gradient: &mut gradient.b });
            equations::bp4(pool, delta, input, Epilogue::Keep { scale, gradient: &mut gradient.w });
        }
        if let (Some(input), Some(gradient)) = (&self.input, &mut gradients.input_scale) {
            equations::bp4_input_scale(&input.delta, batch.x, scale, gradient);
        }
    }
}

fn bp2_into<T: Real>(
    pool: &ThreadPool,
    w_above_t: &Panels<T>,
    delta_above: &Matrix<T>,
    activation: Activation,
    pass: &mut LayerPass<T>,
) {
    let LayerPass { z, a, delta, dropout } = pass;
    let source = match Elementwise::<T>::source(activation) {
        Source::Input => z.as_ref().expect("z is kept where σ′ is computed from it"),
        Source::Output => a,
    };
    equations::bp2(pool, w_above_t, delta_above, activation, source, delta);
    if let Some(dropout) = dropout {
        dropout.apply_mask_to_errors(delta);
    }
}

/// ∂C/∂ of every parameter of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradients<T: Real> {
    /// ∂C/∂sₖ, where the network has a learned input scale.
    pub input_scale: Option<Vec<T>>,
    /// ∂C/∂w and ∂C/∂b of each layer.
    pub layers: Vec<Gradient<T>>,
}

impl<T: Real> Gradients<T> {
    /// All zero, for this network.
    pub fn zeros(network: &Network<T>) -> Self {
        Self {
            input_scale: network.input_scale.as_ref().map(|scale| vec![T::ZERO; scale.len()]),
            layers: network
                .layers
                .iter()
                .map(|layer| Gradient {
                    w: Panels::zeros(layer.outputs(), layer.inputs()),
                    b: vec![T::ZERO; layer.outputs()],
                })
                .collect(),
        }
    }

    /// The same in the other precision, each number rounded to the nearest.
    pub fn cast<U: Real>(&self) -> Gradients<U> {
        let cast = |v: &T| U::from_f64(v.to_f64());
        let of_layer = |gradient: &Gradient<T>| Gradient {
            w: Panels::from_fn(gradient.w.outputs(), gradient.w.inputs(), |j, k| cast(&gradient.w.get(j, k))),
            b: gradient.b.iter().map(cast).collect(),
        };
        Gradients {
            input_scale: self.input_scale.as_ref().map(|scale| scale.iter().map(cast).collect()),
            layers: self.layers.iter().map(of_layer).collect(),
        }
    }

    /// ‖∇C‖, over all parameters.
    pub fn length(&self) -> f64 {
        let scale = self.input_scale.iter().map(|scale| sum_of_squares(scale));
        let layers =
            self.layers.iter().map(|layer| sum_of_squares(layer.w.storage()) + sum_of_squares(&layer.b));
        scale.chain(layers).sum::<f64>().sqrt()
    }
}

/// Σ v² in eight interleaved partial sums: a fixed order that the processor can do side by side.
fn sum_of_squares<T: Real>(values: &[T]) -> f64 {
    let square = |v: &T| v.to_f64() * v.to_f64();
    let eights = values.chunks_exact(8);
    let rest: f64 = eights.remainder().iter().map(square).sum();
    let mut partial = [0.0; 8];
    for eight in eights {
        partial.iter_mut().zip(eight).for_each(|(sum, v)| *sum += square(v));
    }
    partial.iter().sum::<f64>() + rest
}
