//! Backpropagation by its four equations: train, trace and check multilayer perceptrons.
