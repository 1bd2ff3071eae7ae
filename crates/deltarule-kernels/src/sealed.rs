//! What `f32` and `f64` alone can do: run a kernel on the vectors of an instruction set. The non-generic products are compiled
//! behind this trait, once for each number and not again in every crate that uses them; so it is the one file that
//! looks upwards.

use crate::bias_gradient::BiasGradient;
use crate::isa::{Isa, Kind};
use crate::lanes::Real;
#[cfg(target_arch = "x86_64")]
use crate::lanes::avx2::{Ymm32, Ymm64};
#[cfg(target_arch = "x86_64")]
use crate::lanes::avx512::{Zmm32, Zmm64};
#[cfg(target_arch = "aarch64")]
use crate::lanes::neon::{Neon32, Neon64};
use crate::lanes::vector::{Kernel, Vector};
use crate::multiply::{FindTileKernels, TileKernels};
use crate::weight_gradient::WeightGradientBlock;

/// Seals [`Real`].
pub trait Sealed: Vector<Real = Self> + 'static {
    /// Runs the kernel on the vectors of this number that the instruction set has.
    fn on<K: Kernel<Self>>(isa: Isa, kernel: &mut K) -> K::Output
    where
        Self: Real;

    /// The tiles of forward and BP2.
    fn tile_kernels(isa: Isa) -> TileKernels<Self>;

    /// BP3 of a layer.
    fn bias_gradient(isa: Isa, gradient: &mut BiasGradient<'_, Self>);

    /// BP4 of some rows of some panels.
    fn weight_gradient(isa: Isa, block: &mut WeightGradientBlock<'_, Self>);
}

macro_rules! sealed {
    ($real:ident, $avx2:ident, $avx512:ident, $neon:ident) => {
        impl Sealed for $real {
            #[inline]
            fn on<K: Kernel<Self>>(isa: Isa, kernel: &mut K) -> K::Output {
                // SAFETY: an `Isa` exists only where the processor has its instructions.
                unsafe {
                    match isa.kind() {
                        Kind::Scalar => <Self as Vector>::enter(kernel),
                        #[cfg(target_arch = "x86_64")]
                        Kind::Avx2 => $avx2::enter(kernel),
                        #[cfg(target_arch = "x86_64")]
                        Kind::Avx512 => $avx512::enter(kernel),
                        #[cfg(target_arch = "aarch64")]
                        Kind::Neon => $neon::enter(kernel),
                    }
                }
            }
            fn tile_kernels(isa: Isa) -> TileKernels<Self> {
                Self::on(isa, &mut FindTileKernels)
            }
            fn bias_gradient(isa: Isa, gradient: &mut BiasGradient<'_, Self>) {
                Self::on(isa, gradient);
            }
            fn weight_gradient(isa: Isa, block: &mut WeightGradientBlock<'_, Self>) {
                Self::on(isa, block);
            }
        }
    };
}

sealed!(f32, Ymm32, Zmm32, Neon32);
sealed!(f64, Ymm64, Zmm64, Neon64);
