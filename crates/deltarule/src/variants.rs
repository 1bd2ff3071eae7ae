//! Enumerations whose variants users name: activations, costs, optimizers, metrics and the rest.
//!
//! [`variants!`](macro@crate::variants) writes such an enumeration and its table together. From the table come parsing,
//! printing, serialisation, the range of a parameter, and what help and completions list; tests go over
//! [`Variants::all`].

use crate::error::{Error, Result};
use crate::interval::Interval;
use std::fmt;
use std::str::FromStr;

#[doc(hidden)]
pub use serde;

/// An enumeration that is written `name`, or `name:parameter` where a variant has a number of its own.
///
/// ```
/// use deltarule::{Activation, Variants};
///
/// let names: Vec<_> = Activation::all().map(Variants::name).collect();
/// assert_eq!(names[..3], ["identity", "sigmoid", "tanh"]);
///
/// let elu: Activation = "elu:1.5".parse()?;
/// assert_eq!((elu.name(), elu.parameter()), ("elu", Some(1.5)));
/// assert_eq!(elu.variant().parameter.unwrap().usual, 1.0);
/// assert_eq!(elu.to_string(), "elu:1.5");
/// # Ok::<(), deltarule::Error>(())
/// ```
pub trait Variants: Copy + PartialEq + fmt::Display + FromStr<Err = Error> + 'static {
    /// What the enumeration is of, in one or a few words: `activation`.
    const WHAT: &'static str;
    /// Every variant, in the order in which they are listed.
    const VARIANTS: &'static [Variant<Self>];

    /// The name, without the parameter.
    fn name(self) -> &'static str;

    /// The parameter, of a variant that has one.
    fn parameter(self) -> Option<f64>;

    /// The same variant with this parameter; one without a parameter stays as it is.
    #[must_use]
    fn with_parameter(self, value: f64) -> Self;

    /// One value of each variant, with its usual parameter.
    fn all() -> impl Iterator<Item = Self> {
        Self::VARIANTS.iter().map(|variant| variant.usual)
    }

    /// The name of each variant.
    fn names() -> Vec<&'static str> {
        Self::VARIANTS.iter().map(|variant| variant.name).collect()
    }

    /// What is known of this variant.
    fn variant(self) -> &'static Variant<Self> {
        let name = self.name();
        Self::VARIANTS.iter().find(|variant| variant.name == name).expect("every variant is in the table")
    }

    /// Whether the parameter, where there is one, is in its range.
    ///
    /// # Errors
    /// [`Error::Setting`] that names the range.
    fn check(self) -> Result<()> {
        match (self.parameter(), self.variant().parameter) {
            (Some(value), Some(parameter)) if !parameter.range.contains(value) => {
                Err(Error::setting(format!("{} of {}", parameter.name, self.name()), parameter.range, value))
            }
            _ => Ok(()),
        }
    }
}

/// One variant of the enumeration `V`.
#[derive(Clone, Copy, Debug)]
pub struct Variant<V> {
    /// Its name.
    pub name: &'static str,
    /// The variant with its usual parameter.
    pub usual: V,
    /// The number that it takes, if it takes one.
    pub parameter: Option<Parameter>,
    /// What it is, in a line of English.
    pub en: &'static str,
    /// The same in Korean.
    pub ko: &'static str,
}

/// The number that a variant takes.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name in formulas.
    pub name: &'static str,
    /// Its value where none is given.
    pub usual: f64,
    /// The values that it can take.
    pub range: Interval,
}

/// Reads `name` or `name:parameter`.
///
/// # Errors
/// Where the name is not one of `V`'s, or the parameter no number in its range.
pub fn parse<V: Variants>(text: &str) -> Result<V> {
    let (name, given) = match text.trim().split_once(':') {
        Some((name, given)) => (name.trim(), Some(given.trim())),
        None => (text.trim(), None),
    };
    let variant = V::VARIANTS
        .iter()
        .find(|variant| variant.name == name)
        .ok_or_else(|| Error::unknown(V::WHAT, name, &V::names()))?;
    let Some(given) = given else { return Ok(variant.usual) };
    let refused = |expected| Error::setting(format!("{} {name}", V::WHAT), expected, format!("`{given}`"));
    let Some(parameter) = variant.parameter else { return Err(refused("no parameter".to_owned())) };
    let value = given
        .parse()
        .map_err(|_| refused(format!("a number after the colon, as in {name}:{}", parameter.usual)))?;
    let value = variant.usual.with_parameter(value);
    value.check()?;
    Ok(value)
}

/// Writes what [`parse`] reads. A parameter whose usual value of 0 turns it off is not written where it is off.
///
/// # Errors
/// Those of the formatter.
pub fn write<V: Variants>(value: V, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match (value.parameter(), value.variant().parameter) {
        (Some(0.0), Some(Parameter { usual: 0.0, .. })) | (None, _) => f.pad(value.name()),
        (Some(parameter), _) => f.pad(&format!("{}:{parameter}", value.name())),
    }
}

/// Writes an enumeration that implements [`Variants`]: of each variant its documentation, English and Korean, its name,
/// and the name, usual value and range of its parameter if it has one.
///
/// ```
/// deltarule::variants! {
///     /// How a curve is smoothed.
///     pub enum Smoothing: "smoothing" {
///         /// As it is
///         Off = "off", "그대로";
///         /// Moving average with exponentially falling weights
///         Exponential {
///             /// Weight of the past
///             alpha: 0.9 in deltarule::Interval::half_open(0.0, 1.0)
///         } = "exponential", "지수 이동 평균";
///     }
/// }
///
/// assert_eq!("exponential".parse::<Smoothing>()?, Smoothing::Exponential { alpha: 0.9 });
/// let message = "exponential:1".parse::<Smoothing>().unwrap_err().to_string();
/// assert_eq!(message, "alpha of exponential: expected a number from 0 to below 1, found 1");
/// # Ok::<(), deltarule::Error>(())
/// ```
#[macro_export]
macro_rules! variants {
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $type:ident: $what:literal {
            $(
                #[doc = $en:literal]
                $(#[$more:meta])*
                $variant:ident $({
                    $(#[$about_parameter:meta])+
                    $parameter:ident: $usual:literal in $range:expr
                })? = $name:literal, $ko:literal;
            )+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        $visibility enum $type {
            $(
                #[doc = $en]
                $(#[$more])*
                $variant $({
                    $(#[$about_parameter])+
                    $parameter: f64,
                })?,
            )+
        }

        impl $crate::Variants for $type {
            const WHAT: &'static str = $what;
            const VARIANTS: &'static [$crate::variants::Variant<Self>] = &[$(
                $crate::variants::Variant {
                    name: $name,
                    usual: Self::$variant $({ $parameter: $usual })?,
                    // The first of these: None where there is no parameter.
                    parameter: [$(Some($crate::variants::Parameter {
                        name: stringify!($parameter),
                        usual: $usual,
                        range: $range,
                    }),)? None][0],
                    en: $en.trim_ascii(),
                    ko: $ko,
                },
            )+];

            fn name(self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $name,)+
                }
            }

            fn parameter(self) -> Option<f64> {
                match self {
                    $(Self::$variant $({ $parameter })? => [$(Some($parameter),)? None][0],)+
                }
            }

            #[allow(unused_variables, reason = "most enumerations have no parameter")]
            fn with_parameter(self, value: f64) -> Self {
                match self {
                    $(Self::$variant { .. } => Self::$variant $({ $parameter: value })?,)+
                }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $crate::variants::write(*self, f)
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::Error;

            fn from_str(text: &str) -> $crate::Result<Self> {
                $crate::variants::parse(text)
            }
        }

        impl $crate::variants::serde::Serialize for $type {
            fn serialize<S: $crate::variants::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> $crate::variants::serde::Deserialize<'de> for $type {
            fn deserialize<D: $crate::variants::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(<D::Error as $crate::variants::serde::de::Error>::custom)
            }
        }
    };
}
