//! What a network refuses, and the vanishing gradient.

use crate::common::{Numbers, Samples, told};
use deltarule::explain::{Request, explain};
use deltarule::{Activation, Cost, Layer, Matrix, Network, Panels, ThreadPool, Trace};

#[test]
fn layers_that_do_not_fit_are_refused() {
    let layer = |outputs, inputs, activation| Layer::<f32>::zeros(outputs, inputs, activation);
    let message = |layers| told(&Network::new(layers).unwrap_err());
    use Activation::{Elu, Sigmoid, Softmax};
    assert_eq!(message(vec![]), "layers of the network: expected at least one, the output, found 0");
    assert_eq!(
        message(vec![layer(3, 2, Sigmoid), layer(1, 4, Sigmoid)]),
        "inputs of layer 3: expected 3, the neurons of layer 2, found 4"
    );
    assert_eq!(message(vec![layer(0, 2, Sigmoid)]), "width of layer 2: expected at least 1 neuron, found 0");
    assert_eq!(message(vec![layer(1, 0, Sigmoid)]), "width of layer 1: expected at least 1 neuron, found 0");
    assert_eq!(
        message(vec![layer(3, 2, Softmax), layer(1, 3, Sigmoid)]),
        "activation of hidden layer 2: expected an elementwise function, found softmax; softmax turns the outputs into \
         probabilities and belongs to the last layer"
    );
    assert!(message(vec![layer(1, 1, Elu { alpha: f64::NAN })]).starts_with("alpha of elu"));
    let biases = Layer { b: vec![0.0; 2], ..layer(3, 1, Sigmoid) };
    assert_eq!(message(vec![biases]), "biases of layer 2: expected 3, one a neuron, found 2");
    let widths = |widths: &[usize]| Network::<f64>::zeros(widths, Sigmoid, Sigmoid).map(|_| ());
    assert!(widths(&[3]).is_err() && widths(&[3, 0, 1]).is_err());
    let huge = widths(&[1 << 40, 1 << 40]).unwrap_err().to_string();
    assert!(huge.starts_with("weights of layer 2: expected as many as there is memory for"));
    let network = Network::<f32>::new(vec![layer(1, 2, Sigmoid)]).unwrap();
    let error = network.clone().with_input_scale(vec![1.0]).unwrap_err().to_string();
    assert_eq!(error, "input scale: expected 2 factors, one an input, found 1");
    let x = Matrix::zeros(1, 3);
    assert!(network.predict_all(&ThreadPool::single(), (&x).into()).is_err());
}

#[test]
fn a_number_that_is_not_finite_is_found_and_named() {
    let mut network = Network::<f32>::zeros(&[3, 40, 2], Activation::Tanh, Activation::Identity).unwrap();
    assert_eq!(network.not_finite(), None);
    assert_eq!(network.parameters(), 3 * 40 + 40 + 40 * 2 + 2);
    assert_eq!(network.widths(), [3, 40, 2]);
    network.layers[1].b[1] = f32::INFINITY;
    assert_eq!(network.not_finite().unwrap().0, "bias 2 of layer 3");
    network.layers[0].w.set(35, 1, f32::NAN);
    assert_eq!(network.not_finite().unwrap().0, "weight (36, 2) of layer 2");
}

#[test]
fn no_hidden_layer_is_a_network_too() {
    let w = Panels::from_fn(1, 2, |_, k| [3.0, -1.0][k]);
    let network = Network::new(vec![Layer { w, b: vec![0.5], activation: Activation::Identity }]).unwrap();
    let x = Matrix::from_rows(&[[2.0, 4.0]]);
    // 3·2 − 4 + 0.5
    assert_eq!(network.predict_all(&ThreadPool::single(), (&x).into()).unwrap().at(0, 0), 2.5);
}

/// Chapter 5: with sigmoids and weights of variance 1/n the first layers of a deep network learn more slowly than the last,
/// by a factor of about σ′ ≤ ¼ a layer.
#[test]
fn the_gradient_vanishes_towards_the_input() {
    let mut numbers = Numbers::new(41);
    let network = numbers.network(&[50, 30, 30, 30, 30, 10], Activation::Sigmoid, Activation::Sigmoid);
    let cost = Cost::BinaryCrossEntropy;
    let data = Samples { x: numbers.matrix(100, 50), y: numbers.targets(cost, 100, 10), weights: None };
    let trace = Trace::of(&ThreadPool::single(), &network, cost, &data.batch()).unwrap();
    let request = Request { samples: (0..100).collect(), ..Request::default() };
    let layers = explain(&ThreadPool::single(), &network, &trace, &request).unwrap().layers;
    for pair in layers.windows(2) {
        let ratio = pair[1].bias_gradient / pair[0].bias_gradient;
        assert!((2.0..10.0).contains(&ratio), "{layers:?}");
        assert!(pair[1].delta > 2.0 * pair[0].delta);
    }
}
