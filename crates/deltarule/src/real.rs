//! The two number types, and what is compiled for each of them once: here.
//!
//! A product is compiled where the function of its epilogue is known. That is this crate, which names the functions;
//! but reached by generic code alone, all products would be compiled again in every crate that trains. So they lie behind a
//! trait that both types have.

use crate::activation::Activation;
use crate::exponential::Exponential;
use deltarule_kernels::{Matrix, Panels, Rows, ThreadPool, products};

/// A floating-point number that networks are made of: `f32` or `f64`, and nothing else.
pub trait Real: deltarule_kernels::Real + sealed::Products {}

impl Real for f32 {}
impl Real for f64 {}

pub(crate) mod sealed {
    use super::*;

    /// The products of the kernels with the functions of this crate.
    pub trait Products: deltarule_kernels::Real {
        /// [`products::forward`]
        fn forward(
            pool: &ThreadPool,
            x: Rows<'_, Self>,
            w: &Panels<Self>,
            b: &[Self],
            f: Activation,
            z: Option<&mut Matrix<Self>>,
            a: &mut Matrix<Self>,
        );

        /// [`products::backward`]
        fn backward(
            pool: &ThreadPool,
            delta_above: Rows<'_, Self>,
            w_t: &Panels<Self>,
            f: Activation,
            source: &Matrix<Self>,
            delta: &mut Matrix<Self>,
        );

        /// [`products::scale_by_derivative`]
        fn scale_by_derivative(
            pool: &ThreadPool,
            f: Activation,
            source: &Matrix<Self>,
            delta: &mut Matrix<Self>,
        );

        /// [`products::map`]
        fn map(pool: &ThreadPool, from: Rows<'_, Self>, f: Exponential, to: &mut Matrix<Self>);

        /// [`products::map_in_place`]
        fn map_in_place(pool: &ThreadPool, f: Exponential, values: &mut Matrix<Self>);
    }
}

macro_rules! compiled {
    ($($real:ident),+) => {
        $(impl sealed::Products for $real {
            fn forward(
                pool: &ThreadPool,
                x: Rows<'_, Self>,
                w: &Panels<Self>,
                b: &[Self],
                f: Activation,
                z: Option<&mut Matrix<Self>>,
                a: &mut Matrix<Self>,
            ) {
                products::forward(pool, x, w, b, f, z, a);
            }

            fn backward(
                pool: &ThreadPool,
                delta_above: Rows<'_, Self>,
                w_t: &Panels<Self>,
                f: Activation,
                source: &Matrix<Self>,
                delta: &mut Matrix<Self>,
            ) {
                products::backward(pool, delta_above, w_t, f, source, delta);
            }

            fn scale_by_derivative(
                pool: &ThreadPool,
                f: Activation,
                source: &Matrix<Self>,
                delta: &mut Matrix<Self>,
            ) {
                products::scale_by_derivative(pool, f, source, delta);
            }

            fn map(pool: &ThreadPool, from: Rows<'_, Self>, f: Exponential, to: &mut Matrix<Self>) {
                products::map(pool, from, f, to);
            }

            fn map_in_place(pool: &ThreadPool, f: Exponential, values: &mut Matrix<Self>) {
                products::map_in_place(pool, f, values);
            }
        })+
    };
}

compiled!(f32, f64);
