//! Every elementary function as something the products can apply.

use deltarule_kernels::elementwise::{Elementwise, MapTile, ScaleTile, Source};
use deltarule_kernels::{Lanes, Real, inlined, math};

/// The names of all elementary functions.
pub(crate) const ALL: [&str; 8] = ["exp", "expm1", "ln", "ln_1p", "tanh", "erf", "sigmoid", "softplus"];

/// The function of this name, to be mapped over a matrix.
#[derive(Clone, Copy)]
pub(crate) struct Function(pub(crate) &'static str);

impl<T: Real> Elementwise<T> for Function {
    #[inline(always)]
    fn value<V: Lanes<Real = T>>(self, tile: MapTile<'_, V>) {
        match self.0 {
            "exp" => tile.map(inlined!(math::exp)),
            "expm1" => tile.map(inlined!(math::expm1)),
            "ln" => tile.map(inlined!(math::ln)),
            "ln_1p" => tile.map(inlined!(math::ln_1p)),
            "tanh" => tile.map(inlined!(math::tanh)),
            "erf" => tile.map(inlined!(math::erf)),
            "sigmoid" => tile.map(inlined!(math::sigmoid)),
            "softplus" => tile.map(inlined!(math::softplus)),
            name => panic!("no function {name}"),
        }
    }

    fn derivative<V: Lanes<Real = T>>(self, _: ScaleTile<'_, V>) {
        unreachable!("only values are mapped")
    }

    fn source(self) -> Source {
        Source::Input
    }
}
