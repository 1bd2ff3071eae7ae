//! Which instructions the products use: detected once, or forced by `DELTARULE_ISA`.

use std::fmt;
use std::sync::OnceLock;

/// An instruction set of this processor. Results are the same to the last bit on all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Isa(Kind);

/// The sets that there is code for. An [`Isa`] of one proves that the processor has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Scalar,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "aarch64")]
    Neon,
}

/// All kinds, the best first.
const KINDS: &[Kind] = &[
    #[cfg(target_arch = "x86_64")]
    Kind::Avx512,
    #[cfg(target_arch = "x86_64")]
    Kind::Avx2,
    #[cfg(target_arch = "aarch64")]
    Kind::Neon,
    Kind::Scalar,
];

/// Every name that `DELTARULE_ISA` may have on some machine.
const NAMES: [&str; 4] = ["scalar", "avx2", "avx512", "neon"];

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => "avx512",
            #[cfg(target_arch = "aarch64")]
            Self::Neon => "neon",
        }
    }

    /// Whether the processor has every feature that `Vector::enter` of this kind's vectors enables.
    fn is_present(self) -> bool {
        match self {
            Self::Scalar => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => {
                is_x86_feature_detected!("avx2")
                    && is_x86_feature_detected!("fma")
                    && is_x86_feature_detected!("bmi1")
                    && is_x86_feature_detected!("bmi2")
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                Self::Avx2.is_present()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl")
            }
            #[cfg(target_arch = "aarch64")]
            Self::Neon => std::arch::is_aarch64_feature_detected!("neon"),
        }
    }
}

impl Isa {
    /// The sets of this processor, the best first; the last is always `scalar`.
    pub fn available() -> impl Iterator<Item = Self> {
        KINDS.iter().copied().filter(|kind| kind.is_present()).map(Self)
    }

    /// The set of this name: `scalar`, `avx2`, `avx512` or `neon`.
    ///
    /// # Errors
    /// When there is no such name, or this processor does not have it.
    pub fn named(name: &str) -> Result<Self, IsaError> {
        Self::available()
            .find(|isa| isa.name() == name)
            .ok_or_else(|| IsaError { name: name.to_owned(), known: NAMES.contains(&name) })
    }

    /// The one the products use: what the environment variable `DELTARULE_ISA` says, else the best there is.
    /// Decided at the first call.
    ///
    /// # Errors
    /// When the variable holds something other than the name of an available set.
    pub fn selected() -> Result<Self, IsaError> {
        static SELECTED: OnceLock<Result<Isa, IsaError>> = OnceLock::new();
        SELECTED
            .get_or_init(|| match std::env::var_os("DELTARULE_ISA") {
                Some(name) => Self::named(&name.to_string_lossy()),
                None => Ok(Self::best()),
            })
            .clone()
    }

    /// The best set of this processor.
    pub fn best() -> Self {
        Self::available().next().unwrap_or(Self(Kind::Scalar))
    }

    /// `scalar`, `avx2`, `avx512` or `neon`.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    pub(crate) fn kind(self) -> Kind {
        self.0
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// `DELTARULE_ISA` names no instruction set of this processor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IsaError {
    name: String,
    known: bool,
}

impl fmt::Display for IsaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.known { "not available on this processor" } else { "not known" };
        let available = Isa::available().map(Isa::name).collect::<Vec<_>>().join(", ");
        write!(f, "instruction set {:?} is {what}; available here: {available}", self.name)
    }
}

impl std::error::Error for IsaError {}
