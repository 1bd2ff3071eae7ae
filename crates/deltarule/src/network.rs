//! A network: the weights and biases of its layers, and what it computes.

use crate::activation::Activation;
use crate::equations;
use crate::error::{Error, Result};
use crate::layer::Layer;
use crate::real::Real;
use crate::variants::Variants;
use deltarule_kernels::{Matrix, Panels, Rows, ThreadPool};
use std::ops::Range;

/// A multilayer perceptron: layers one after the other, with no hidden layer up to any number.
///
/// In the book's numbering the input is layer 1, so `layers[0]` leads to layer 2 and `layers[i]` to layer i + 2.
/// The fields are open, for training changes them; [`Network::new`] is what checks that they fit together.
///
/// ```
/// use deltarule::{Activation, Layer, Matrix, Network, Panels, ThreadPool};
///
/// // AND of two bits, by hand: fires when both inputs are 1.
/// let and = Layer { w: Panels::from_fn(1, 2, |_, _| 10.0), b: vec![-15.0], activation: Activation::Sigmoid };
/// let network = Network::new(vec![and])?;
/// let x = Matrix::from_rows(&[[1.0, 1.0], [1.0, 0.0]]);
/// let a = network.predict_all(&ThreadPool::single(), (&x).into())?;
/// assert!(a.at(0, 0) > 0.99 && a.at(1, 0) < 0.01);
/// # Ok::<(), deltarule::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Network<T: Real> {
    /// A learned factor sₖ for each input column: the activations of layer 1 are a¹ₖ = sₖ xₖ, a diagonal layer
    /// before all others. Without it a¹ = x.
    pub input_scale: Option<Vec<T>>,
    /// The layers from the first hidden one to the output.
    pub layers: Vec<Layer<T>>,
}

impl<T: Real> Network<T> {
    /// The network of these layers.
    ///
    /// # Errors
    /// Where there is no layer, a width is 0, two neighbours do not fit, an activation's parameter is out of range, or
    /// softmax is not the output's.
    pub fn new(layers: Vec<Layer<T>>) -> Result<Self> {
        if layers.is_empty() {
            return Err(Error::shape("layers of the network", "at least one, the output", 0));
        }
        let last = layers.len() - 1;
        for (i, layer) in layers.iter().enumerate() {
            let l = i + 2;
            check_width(l - 1, layer.inputs())?;
            check_width(l, layer.outputs())?;
            layer.activation.check()?;
            if layer.b.len() != layer.outputs() {
                return Err(Error::shape(
                    format!("biases of layer {l}"),
                    format!("{}, one a neuron", layer.outputs()),
                    layer.b.len(),
                ));
            }
            if i > 0 && layer.inputs() != layers[i - 1].outputs() {
                return Err(Error::shape(
                    format!("inputs of layer {l}"),
                    format!("{}, the neurons of layer {}", layers[i - 1].outputs(), l - 1),
                    layer.inputs(),
                ));
            }
            if i < last && !layer.activation.is_elementwise() {
                return Err(Error::setting(
                    format!("activation of hidden layer {l}"),
                    "an elementwise function",
                    layer.activation,
                )
                .with_hint("softmax turns the outputs into probabilities and belongs to the last layer"));
            }
        }
        Ok(Self { input_scale: None, layers })
    }

    /// The network with these widths, input first and output last, and all weights and biases zero.
    ///
    /// # Errors
    /// As [`Network::new`], and where the weights could not be addressed.
    pub fn zeros(widths: &[usize], hidden: Activation, output: Activation) -> Result<Self> {
        if widths.len() < 2 {
            return Err(Error::shape(
                "widths of the network",
                "at least two, input and output",
                widths.len(),
            ));
        }
        for (i, &width) in widths.iter().enumerate() {
            check_width(i + 1, width)?;
        }
        let last = widths.len() - 2;
        let mut layers = Vec::with_capacity(widths.len() - 1);
        for (i, pair) in widths.windows(2).enumerate() {
            let weights = pair[0].checked_mul(pair[1].saturating_add(Panels::<T>::WIDTH));
            if weights.is_none_or(|weights| !has_room::<T>(weights)) {
                return Err(Error::shape(
                    format!("weights of layer {}", i + 2),
                    "as many as there is memory for",
                    format!("{} × {}", pair[1], pair[0]),
                ));
            }
            layers.push(Layer::zeros(pair[1], pair[0], if i == last { output } else { hidden }));
        }
        Self::new(layers)
    }

    /// The same network with a learned factor for each input column.
    ///
    /// # Errors
    /// [`Error::Shape`] where there is not one factor for each input.
    pub fn with_input_scale(mut self, factors: Vec<T>) -> Result<Self> {
        if factors.len() != self.inputs() {
            return Err(Error::shape(
                "input scale",
                format!("{} factors, one an input", self.inputs()),
                factors.len(),
            ));
        }
        self.input_scale = Some(factors);
        Ok(self)
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.layers[0].inputs()
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.output().outputs()
    }

    /// The last layer.
    pub fn output(&self) -> &Layer<T> {
        &self.layers[self.layers.len() - 1]
    }

    /// The number of neurons of each layer, input first.
    pub fn widths(&self) -> Vec<usize> {
        std::iter::once(self.inputs()).chain(self.layers.iter().map(Layer::outputs)).collect()
    }

    /// Number of weights, biases and input factors.
    pub fn parameters(&self) -> usize {
        self.input_scale.as_ref().map_or(0, Vec::len)
            + self.layers.iter().map(Layer::parameters).sum::<usize>()
    }

    /// The first weight, bias or factor that is not finite, in words: `weight (3, 7) of layer 2`, counted from 1.
    pub fn not_finite(&self) -> Option<(String, T)> {
        let bad = |v: &T| !v.is_finite();
        if let Some(scale) = &self.input_scale
            && let Some(k) = scale.iter().position(bad)
        {
            return Some((format!("input factor {}", k + 1), scale[k]));
        }
        for (i, layer) in self.layers.iter().enumerate() {
            let l = i + 2;
            if layer.w.storage().iter().any(bad) {
                let (j, k) = (0..layer.outputs())
                    .flat_map(|j| (0..layer.inputs()).map(move |k| (j, k)))
                    .find(|&(j, k)| bad(&layer.w.get(j, k)))?;
                return Some((format!("weight ({}, {}) of layer {l}", j + 1, k + 1), layer.w.get(j, k)));
            }
            if let Some(j) = layer.b.iter().position(bad) {
                return Some((format!("bias {} of layer {l}", j + 1), layer.b[j]));
            }
        }
        None
    }

    /// The same network in the other precision, each number rounded to the nearest.
    pub fn cast<U: Real>(&self) -> Network<U> {
        let cast = |v: &T| U::from_f64(v.to_f64());
        Network {
            input_scale: self.input_scale.as_ref().map(|scale| scale.iter().map(cast).collect()),
            layers: self
                .layers
                .iter()
                .map(|layer| Layer {
                    w: Panels::from_fn(layer.outputs(), layer.inputs(), |j, k| cast(&layer.w.get(j, k))),
                    b: layer.b.iter().map(cast).collect(),
                    activation: layer.activation,
                })
                .collect(),
        }
    }

    /// The transposed weights of each layer, which BP2 reads. Those of the first layer are empty unless there
    /// is an input scale: nobody else asks for the error of the input.
    pub fn transposed(&self) -> Vec<Panels<T>> {
        let first = usize::from(self.input_scale.is_none());
        let transposed = |(i, layer): (usize, &Layer<T>)| {
            if i < first { Panels::zeros(0, 0) } else { layer.w.transposed() }
        };
        self.layers.iter().enumerate().map(transposed).collect()
    }

    /// The output activations for every row of `x`, by feedforward; they lie in the workspace.
    ///
    /// Allocates only where the workspace has never seen so many rows.
    ///
    /// # Panics
    /// When `x` has not one column for each input; [`Network::predict_all`] checks.
    pub fn predict<'w>(
        &self,
        pool: &ThreadPool,
        x: Rows<'_, T>,
        workspace: &'w mut Workspace<T>,
    ) -> &'w Matrix<T> {
        let Workspace { input, a } = workspace;
        let first = match &self.input_scale {
            Some(scale) => {
                input.resize_rows(x.len());
                equations::scale_input(x, scale, input);
                Rows::all(input)
            }
            None => x,
        };
        for (i, layer) in self.layers.iter().enumerate() {
            let (below, rest) = a.split_at_mut(i);
            let below = below.last().map_or(first, Rows::all);
            rest[0].resize_rows(x.len());
            equations::forward(pool, layer, below, None, &mut rest[0]);
        }
        &a[a.len() - 1]
    }

    /// The output activations for every row of `x`, in a matrix of their own.
    ///
    /// # Errors
    /// [`Error::Shape`] where `x` has not one column for each input.
    pub fn predict_all(&self, pool: &ThreadPool, x: Rows<'_, T>) -> Result<Matrix<T>> {
        self.check_inputs(x)?;
        let mut workspace = Workspace::new(self);
        let mut outputs = Matrix::zeros(x.len(), self.outputs());
        for chunk in chunks(x.len()) {
            let a = self.predict(pool, x.slice(chunk.clone()), &mut workspace);
            keep_rows(a, chunk, &mut outputs);
        }
        Ok(outputs)
    }

    /// Whether `x` has one column for each input.
    ///
    /// # Errors
    /// [`Error::Shape`] where it has not.
    pub fn check_inputs(&self, x: Rows<'_, T>) -> Result<()> {
        if x.cols() == self.inputs() {
            return Ok(());
        }
        Err(Error::shape(
            "columns of the data",
            format!("{}, the inputs of the network", self.inputs()),
            x.cols(),
        ))
    }
}

/// Whether the system has memory for so many numbers. It is given back at once, untouched.
pub(crate) fn has_room<T: Real>(numbers: usize) -> bool {
    Vec::<T>::new().try_reserve_exact(numbers).is_ok()
}

/// The samples that go through a network together: enough for the products to run at speed, few enough for the activations
/// to stay in the cache.
pub(crate) fn chunks(samples: usize) -> impl Iterator<Item = Range<usize>> {
    const CHUNK: usize = 256;
    (0..samples).step_by(CHUNK).map(move |start| start..samples.min(start + CHUNK))
}

/// Copies the rows of a chunk to where they belong among all.
pub(crate) fn keep_rows<T: Real>(chunk: &Matrix<T>, rows: Range<usize>, all: &mut Matrix<T>) {
    for (from, to) in rows.enumerate() {
        all.row_mut(to).copy_from_slice(chunk.row(from));
    }
}

fn check_width(l: usize, width: usize) -> Result<()> {
    if width > 0 { Ok(()) } else { Err(Error::shape(format!("width of layer {l}"), "at least 1 neuron", 0)) }
}

/// The memory that feedforward needs, kept from batch to batch.
#[derive(Clone, Debug)]
pub struct Workspace<T: Real> {
    input: Matrix<T>,
    a: Vec<Matrix<T>>,
}

impl<T: Real> Workspace<T> {
    /// For this network and any batch size.
    pub fn new(network: &Network<T>) -> Self {
        Self {
            input: Matrix::zeros(0, network.inputs()),
            a: network.layers.iter().map(|layer| Matrix::zeros(0, layer.outputs())).collect(),
        }
    }
}
