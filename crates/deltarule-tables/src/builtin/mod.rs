//! Data inside the program: two embedded sets and five generated ones.
//!
//! | name | samples | features | classes | |
//! |---|---|---|---|---|
//! | `digits` | 1,797 | 64 | 10 | UCI handwritten digits, images of 8×8 with values from 0 to 16 |
//! | `iris` | 150 | 4 | 3 | Fisher's iris flowers, lengths in cm |
//! | `moons` | n | 2 | 2 | two half circles that reach into each other |
//! | `circles` | n | 2 | 2 | a circle around another of half the radius |
//! | `spirals` | n | 2 | 2 | two arms, one and a half turns each |
//! | `blobs` | n | 2 | 3 | normal clouds around points on the unit circle |
//! | `xor` | n | 2 | 2 | the square from −1 to 1; the class is whether the signs differ |
//!
//! A generated set takes options behind a colon: `moons:n=500,noise=0.1,seed=3`.

mod digits;
mod generated;
mod iris;

pub use generated::{Generated, Shape};

use crate::error::TableError;
use crate::labelled::Labelled;
use crate::suggest::did_you_mean;
use deltarule::error::nearest;
use std::fmt;
use std::str::FromStr;

/// A data set that needs no file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Builtin {
    /// The UCI handwritten digits.
    Digits,
    /// Fisher's iris flowers.
    Iris,
    /// Points of the plane, made from a seed.
    Generated(Generated),
}

impl Builtin {
    /// The names, embedded sets first.
    pub const NAMES: [&str; 7] = ["digits", "iris", "moons", "circles", "spirals", "blobs", "xor"];

    /// Whether `spec` starts with the name of a built-in set, whatever its options.
    pub fn is_named_by(spec: &str) -> bool {
        Self::NAMES.contains(&name_of(spec))
    }

    /// The set that `spec` describes: a name, and for generated sets options, such as `moons:n=500,noise=0.1`.
    ///
    /// ```
    /// use deltarule_tables::builtin::Builtin;
    ///
    /// let iris = Builtin::parse("iris")?.load();
    /// assert_eq!((iris.x.rows(), iris.x.cols()), (150, 4));
    /// let wrong = Builtin::parse("mooons:n=500").unwrap_err();
    /// assert!(wrong.advice().unwrap().to_string() == "did you mean `moons`?");
    /// # Ok::<(), deltarule_tables::TableError>(())
    /// ```
    ///
    /// # Errors
    /// [`TableError`] for an unknown name or option, or a value outside its range.
    pub fn parse(spec: &str) -> Result<Self, TableError> {
        let (name, options) = spec.split_once(':').unwrap_or((spec, ""));
        match name {
            "digits" | "iris" if !options.is_empty() => {
                let expected = format!("`{name}` without options: it is embedded as it is");
                Err(TableError::usage(expected, format!("`{spec}`")))
            }
            "digits" => Ok(Self::Digits),
            "iris" => Ok(Self::Iris),
            _ => match Shape::named(name) {
                Some(shape) => Generated::parse(shape, options).map(Self::Generated),
                None => {
                    let expected = format!("a built-in data set: {}", Self::NAMES.join(", "));
                    let error = TableError::usage(expected, format!("`{name}`"));
                    Err(suggesting(error, nearest(name, &Self::NAMES)))
                }
            },
        }
    }

    /// The name, without options.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Digits => "digits",
            Self::Iris => "iris",
            Self::Generated(generated) => generated.shape.name(),
        }
    }

    /// The samples.
    pub fn load(&self) -> Labelled {
        match self {
            Self::Digits => digits::load(),
            Self::Iris => iris::load(),
            Self::Generated(generated) => generated.load(),
        }
    }
}

/// The set as [`Builtin::parse`] reads it, every option written out.
impl fmt::Display for Builtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Generated(generated) => generated.fmt(f),
            _ => f.write_str(self.name()),
        }
    }
}

impl FromStr for Builtin {
    type Err = TableError;

    fn from_str(spec: &str) -> Result<Self, TableError> {
        Self::parse(spec)
    }
}

fn name_of(spec: &str) -> &str {
    spec.split(':').next().unwrap_or(spec)
}

fn suggesting(error: TableError, near: Option<&str>) -> TableError {
    match near {
        Some(near) => error.hint(did_you_mean(near)),
        None => error,
    }
}

#[cfg(test)]
mod tests;
