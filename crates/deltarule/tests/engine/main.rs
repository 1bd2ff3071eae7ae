//! What backpropagation computes, held against arithmetic by hand, plain loops, central differences and itself.

mod activations;
mod batches;
mod common;
mod component_form;
mod costs;
mod explained_steps;
mod explanation;
mod gradient_check;
mod networks;
mod worked_example;
