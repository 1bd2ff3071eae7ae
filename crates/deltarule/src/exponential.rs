//! The functions that softmax and the costs of likelihoods are made of.

use deltarule_kernels::elementwise::{MapTile, ScaleTile};
use deltarule_kernels::{Elementwise, Lanes, Source};
use deltarule_kernels::{inlined, math};

/// A function of e^x.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exponential {
    /// e^x
    Exp,
    /// ln(1 + x)
    Ln1p,
    /// ln(1 + e^−|x|)
    LogisticTail,
}

use Exponential::{Exp, Ln1p, LogisticTail};

#[inline(always)]
fn logistic_tail<V: Lanes>(x: V) -> V {
    math::ln_1p(math::exp(-x.abs()))
}
#[inline(always)]
fn logistic_tail_prime<V: Lanes>(x: V) -> V {
    -math::sigmoid(-x.abs()).copysign(x)
}

impl<T: deltarule_kernels::Real> Elementwise<T> for Exponential {
    #[inline(always)]
    fn value<V: Lanes<Real = T>>(self, tile: MapTile<'_, V>) {
        match self {
            Exp => tile.map(inlined!(math::exp)),
            Ln1p => tile.map(inlined!(math::ln_1p)),
            LogisticTail => tile.map(inlined!(logistic_tail)),
        }
    }
    #[inline(always)]
    fn derivative<V: Lanes<Real = T>>(self, tile: ScaleTile<'_, V>) {
        match self {
            Exp => tile.scale(inlined!(math::exp)),
            Ln1p => tile.scale(|x: V| V::one() / (V::one() + x)),
            LogisticTail => tile.scale(inlined!(logistic_tail_prime)),
        }
    }
    fn source(self) -> Source {
        Source::Input
    }
}
