//! Functions applied to the tiles of a product between the last addition and the store.

use crate::lanes::{Lanes, Real};
use std::marker::PhantomData;

/// What a derivative is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The weighted input z.
    Input,
    /// The activation a = σ(z): cheaper where σ′ is a function of a, and z need not be kept.
    Output,
}

/// A function of one vector.
///
/// Closures qualify, but nothing guarantees that a closure is inlined, and in one that is not, every operation on lanes is
/// a call. A function of more than a few operations should be a type with an `#[inline(always)]` method, which
/// [`inlined!`](crate::inlined) makes of a generic function.
pub trait Function<V> {
    /// Its value at x.
    fn of(&self, x: V) -> V;
}

impl<V, F: Fn(V) -> V> Function<V> for F {
    #[inline(always)]
    fn of(&self, x: V) -> V {
        self(x)
    }
}

/// A [`Function`] that is always inlined, made of an `#[inline(always)]` function generic over
/// [`Lanes`]: `tile.map(inlined!(math::exp))`.
#[macro_export]
macro_rules! inlined {
    ($function:path) => {{
        #[derive(Clone, Copy)]
        struct Inlined;
        impl<V: $crate::Lanes> $crate::elementwise::Function<V> for Inlined {
            #[inline(always)]
            fn of(&self, x: V) -> V {
                $function(x)
            }
        }
        Inlined
    }};
}

/// An elementwise σ with its σ′, written over [`Lanes`].
///
/// The products call it a tile at a time, so that an enumeration of functions is matched once for each tile. Both methods
/// and everything they call must be `#[inline(always)]`: they are compiled for a vector's instructions only inside the
/// product.
pub trait Elementwise<T: Real>: Copy + Sync {
    /// Sets every value of the tile to σ of it: `tile.map(|z: V| …)`.
    fn value<V: Lanes<Real = T>>(self, tile: MapTile<'_, V>);
    /// Multiplies every value of the tile by σ′: `tile.scale(|source: V| …)`.
    fn derivative<V: Lanes<Real = T>>(self, tile: ScaleTile<'_, V>);
    /// What [`Elementwise::derivative`] reads.
    fn source(self) -> Source;
}

/// Rows of whole vectors: where the first starts, and the distance to the next.
type Place<P> = (P, usize);

/// Values to be replaced by a function of themselves.
pub struct MapTile<'a, V: Lanes> {
    from: Place<*const V::Real>,
    to: Place<*mut V::Real>,
    rows: usize,
    vectors: usize,
    values: PhantomData<&'a mut V::Real>,
}

impl<'a, V: Lanes> MapTile<'a, V> {
    /// # Safety
    /// All of `rows × vectors` vectors can be read and written as long as the tile lives; both places may be the same.
    #[inline(always)]
    pub(crate) unsafe fn new(
        from: Place<*const V::Real>,
        to: Place<*mut V::Real>,
        rows: usize,
        vectors: usize,
    ) -> Self {
        Self { from, to, rows, vectors, values: PhantomData }
    }

    /// Puts `f(x)` in place of every x.
    #[inline(always)]
    pub fn map(self, f: impl Function<V>) {
        for r in 0..self.rows {
            for c in 0..self.vectors {
                // SAFETY: the tile was made with the promise that these vectors can be read and written.
                let (from, to) = unsafe {
                    let from = self.from.0.add(r * self.from.1 + c * V::COUNT);
                    let to = self.to.0.add(r * self.to.1 + c * V::COUNT);
                    (vector::<V>(from), to)
                };
                let value = f.of(V::load(from));
                // SAFETY: as above; `from` is not used any more.
                value.store(unsafe { vector_mut::<V>(to) });
            }
        }
    }
}

/// Errors δ to be multiplied by the derivative at a source value.
pub struct ScaleTile<'a, V: Lanes> {
    source: Place<*const V::Real>,
    delta: Place<*mut V::Real>,
    rows: usize,
    vectors: usize,
    values: PhantomData<&'a mut V::Real>,
}

impl<'a, V: Lanes> ScaleTile<'a, V> {
    /// # Safety
    /// All of `rows × vectors` vectors can be read and the δ written as long as the tile lives.
    #[inline(always)]
    pub(crate) unsafe fn new(
        source: Place<*const V::Real>,
        delta: Place<*mut V::Real>,
        rows: usize,
        vectors: usize,
    ) -> Self {
        Self { source, delta, rows, vectors, values: PhantomData }
    }

    /// Multiplies every δ by `f` of its source.
    #[inline(always)]
    pub fn scale(self, f: impl Function<V>) {
        for r in 0..self.rows {
            for c in 0..self.vectors {
                // SAFETY: the tile was made with the promise that these vectors can be read and δ written, and
                // nothing else refers to them meanwhile.
                let (source, delta) = unsafe {
                    let source = self.source.0.add(r * self.source.1 + c * V::COUNT);
                    let delta = self.delta.0.add(r * self.delta.1 + c * V::COUNT);
                    (vector::<V>(source), vector_mut::<V>(delta))
                };
                (V::load(delta) * f.of(V::load(source))).store(delta);
            }
        }
    }
}

/// # Safety
/// One vector can be read at `at`, and is not written as long as the slice lives.
#[inline(always)]
unsafe fn vector<'a, V: Lanes>(at: *const V::Real) -> &'a [V::Real] {
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(at, V::COUNT) }
}

/// # Safety
/// One vector can be written at `at`, and nothing else refers to it as long as the slice lives.
#[inline(always)]
unsafe fn vector_mut<'a, V: Lanes>(at: *mut V::Real) -> &'a mut [V::Real] {
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts_mut(at, V::COUNT) }
}
