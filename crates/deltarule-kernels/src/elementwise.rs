//! Functions that run on the tiles of a product, between its last addition and its store.

use crate::lanes::Lanes;
use crate::real::Real;

/// Which of the two a derivative is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The weighted input z.
    Input,
    /// The activation a = σ(z): cheaper where σ′ has a form in it, and z need not be kept.
    Output,
}

/// An elementwise σ with its σ′, written over [`Lanes`].
///
/// The products call it a tile at a time, so that an enumeration of functions decides once a tile which one it is.
pub trait Elementwise<T: Real>: Copy + Sync {
    /// Sets every value of the tile to σ of it: `tile.map(|z| …)`.
    fn value<V: Lanes<Real = T>>(self, tile: MapTile<'_, V>);
    /// Multiplies every value of the tile by σ′: `tile.scale(|source| …)`.
    fn derivative<V: Lanes<Real = T>>(self, tile: ScaleTile<'_, V>);
    /// What [`Elementwise::derivative`] reads.
    fn source(self) -> Source;
}

/// Rows of values to be replaced by a function of themselves. Each row is a whole number of vectors.
pub struct MapTile<'a, V: Lanes> {
    pub(crate) from: &'a [V::Real],
    pub(crate) to: &'a mut [V::Real],
}

impl<V: Lanes> MapTile<'_, V> {
    /// Puts `f(x)` in place of every x.
    #[inline(always)]
    pub fn map(self, f: impl Fn(V) -> V) {
        for (from, to) in self.from.chunks_exact(V::COUNT).zip(self.to.chunks_exact_mut(V::COUNT)) {
            f(V::load(from)).store(to);
        }
    }
}

/// Rows of errors δ to be multiplied by the derivative at a source value. Each row is a whole number of vectors.
pub struct ScaleTile<'a, V: Lanes> {
    pub(crate) source: &'a [V::Real],
    pub(crate) delta: &'a mut [V::Real],
}

impl<V: Lanes> ScaleTile<'_, V> {
    /// Multiplies every δ by `f` of its source.
    #[inline(always)]
    pub fn scale(self, f: impl Fn(V) -> V) {
        for (source, delta) in self.source.chunks_exact(V::COUNT).zip(self.delta.chunks_exact_mut(V::COUNT)) {
            (V::load(delta) * f(V::load(source))).store(delta);
        }
    }
}
