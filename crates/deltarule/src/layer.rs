//! One layer of a network: its weights, its biases and its σ.

use crate::activation::Activation;
use crate::real::Real;
use deltarule_kernels::Panels;

/// The weights and biases that lead to one layer of neurons, and the neurons' σ.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer<T: Real> {
    /// wˡⱼₖ: from neuron k of the layer before to neuron j of this one.
    pub w: Panels<T>,
    /// bˡⱼ
    pub b: Vec<T>,
    /// σ of this layer.
    pub activation: Activation,
}

impl<T: Real> Layer<T> {
    /// All weights and biases zero.
    pub fn zeros(outputs: usize, inputs: usize, activation: Activation) -> Self {
        Self { w: Panels::zeros(outputs, inputs), b: vec![T::ZERO; outputs], activation }
    }

    /// Number of neurons j of this layer.
    pub fn outputs(&self) -> usize {
        self.w.outputs()
    }

    /// Number of neurons k of the layer before.
    pub fn inputs(&self) -> usize {
        self.w.inputs()
    }

    /// Number of weights and biases.
    pub fn parameters(&self) -> usize {
        self.outputs() * self.inputs() + self.outputs()
    }
}
