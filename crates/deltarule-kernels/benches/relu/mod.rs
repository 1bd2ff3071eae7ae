//! The activation that products are timed with.

use deltarule_kernels::elementwise::{MapTile, ScaleTile};
use deltarule_kernels::{Elementwise, Lanes, Real, Source};

#[derive(Clone, Copy)]
pub(crate) struct Relu;

impl<T: Real> Elementwise<T> for Relu {
    #[inline(always)]
    fn value<V: Lanes<Real = T>>(self, tile: MapTile<'_, V>) {
        tile.map(|z: V| z.larger(V::zero()));
    }
    #[inline(always)]
    fn derivative<V: Lanes<Real = T>>(self, tile: ScaleTile<'_, V>) {
        tile.scale(|a: V| V::select(V::zero().below(a), V::one(), V::zero()));
    }
    fn source(self) -> Source {
        Source::Output
    }
}
