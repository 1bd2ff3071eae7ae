//! Matrix products with epilogues and elementwise functions, the same to the last bit on every instruction set.
//!
//! Backpropagation is four equations, and each is one matrix product with something done to the result before
//! it is stored. This crate is those products; it knows no networks. Everything `unsafe` of the project is here.

mod descend;
pub mod elementwise;
pub mod flush;
mod isa;
pub mod lanes;
pub mod math;
pub mod matrix;
mod mirror;
mod multiply;
pub mod naive;
pub mod panels;
pub mod peak;
pub mod products;
pub mod real;
pub mod team;
mod tile;
pub mod update;

pub use elementwise::{Elementwise, Source};
pub use flush::FlushToZero;
pub use isa::{Isa, IsaError};
pub use lanes::Lanes;
pub use matrix::{Matrix, Rows};
pub use panels::Panels;
pub use products::{Gradient, Parameters};
pub use real::Real;
pub use team::Team;
pub use update::{Moments, Rule, Step};
