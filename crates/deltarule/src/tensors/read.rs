//! Tensors from the bytes of a file that may be anything.

use super::{Architecture, INPUT_SCALE, TensorFormat, bias, foreign, weight};
use crate::error::{Error, Result};
use crate::layer::Layer;
use crate::network::Network;
use crate::real::Real;
use deltarule_kernels::Panels;
use deltarule_kernels::Real as _;
use safetensors::{Dtype, SafeTensorError, SafeTensors};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::HashSet;
use std::path::Path;

/// The longest header that is read. A network of a thousand layers with ten thousand labels needs a hundredth of it.
const LONGEST_HEADER: u64 = 64 << 20;

/// Bytes before the header: its length.
const LENGTH: usize = 8;

/// A file whose header is understood, and which of its tensors nobody has asked for.
pub(crate) struct TensorReader<'a> {
    path: &'a Path,
    bytes: &'a [u8],
    tensors: SafeTensors<'a>,
    unread: HashSet<String>,
}

impl<'a> TensorReader<'a> {
    /// The tensors of a file's bytes, and its metadata; `path` is for messages.
    ///
    /// # Errors
    /// [`Error::Model`] with the byte, what should be there and what is, when it is not such a file.
    pub(crate) fn new<M: DeserializeOwned>(
        path: &'a Path,
        bytes: &'a [u8],
        format: TensorFormat,
    ) -> Result<(Self, M)> {
        let header = header(path, bytes)?;
        let tensors = SafeTensors::deserialize(bytes).map_err(|error| refused(path, header, &error))?;
        let metadata = metadata(path, header, bytes, format)?;
        let unread = tensors.names().into_iter().map(str::to_owned).collect();
        Ok((Self { path, bytes, tensors, unread }, metadata))
    }

    /// What is wrong with the header.
    pub(crate) fn refused(&self, expected: impl ToString, found: impl ToString) -> Error {
        Error::model(self.path, Some(LENGTH as u64), expected, found)
    }

    /// The name of the type of all numbers.
    ///
    /// # Errors
    /// When they have several, or one that no network has.
    pub(crate) fn precision(&self) -> Result<&'static str> {
        let mut types: Vec<Dtype> = self.tensors.iter().map(|(_, view)| view.dtype()).collect();
        types.dedup();
        match types[..] {
            [Dtype::F32] => Ok(f32::NAME),
            [Dtype::F64] => Ok(f64::NAME),
            _ => Err(self.refused("tensors that are all F32 or all F64", format!("{types:?}"))),
        }
    }

    /// The network whose tensors have names after this prefix.
    ///
    /// # Errors
    /// When a tensor is missing or has another shape, a number is not finite, or the layers do not fit together.
    pub(crate) fn network<T: Real>(
        &mut self,
        prefix: &str,
        architecture: &Architecture,
    ) -> Result<Network<T>> {
        let mut layers = Vec::new();
        for (i, (outputs, inputs)) in architecture.shapes().enumerate() {
            let w = self.matrix(&format!("{prefix}{}", weight(i)), (outputs, inputs), FINITE)?;
            let b = self.vector(&format!("{prefix}{}", bias(i)), outputs, FINITE)?;
            layers.push(Layer { w, b, activation: architecture.layers[i].activation });
        }
        let at_header = |error: Error| self.refused("an architecture that fits together", error);
        let network = Network::new(layers).map_err(at_header)?;
        if !architecture.input_scale {
            return Ok(network);
        }
        let scale = self.vector(&format!("{prefix}{INPUT_SCALE}"), architecture.inputs, FINITE)?;
        network
            .with_input_scale(scale)
            .map_err(|error| self.refused("an architecture that fits together", error))
    }

    /// Numbers in the layout of weights, of so many outputs and inputs.
    pub(crate) fn matrix<T: Real>(
        &mut self,
        name: &str,
        (outputs, inputs): (usize, usize),
        allowed: Allowed,
    ) -> Result<Panels<T>> {
        let values = self.numbers::<T>(name, &[outputs, inputs], allowed)?;
        Ok(Panels::from_fn(outputs, inputs, |j, k| values[j * inputs + k]))
    }

    /// Numbers in a row.
    pub(crate) fn vector<T: Real>(&mut self, name: &str, len: usize, allowed: Allowed) -> Result<Vec<T>> {
        self.numbers(name, &[len], allowed)
    }

    /// The numbers of the tensor of this name and shape.
    fn numbers<T: Real>(&mut self, name: &str, shape: &[usize], allowed: Allowed) -> Result<Vec<T>> {
        let Ok(view) = self.tensors.tensor(name) else {
            return Err(self.refused(format!("a tensor {name}"), "none of that name"));
        };
        // The shape is that of the header, which the file's size bounds, before anything of it is allocated.
        if view.shape() != shape {
            let expected = format!("shape {shape:?} for tensor {name}, as the architecture has it");
            return Err(self.refused(expected, format!("{:?}", view.shape())));
        }
        self.unread.remove(name);
        let data = view.data();
        // Where the tensor lies: its bytes are a part of the file's.
        let offset = data.as_ptr() as usize - self.bytes.as_ptr() as usize;
        let number = |(i, bytes): (usize, &[u8])| {
            let value = match *bytes {
                [a, b, c, d] => f64::from(f32::from_le_bytes([a, b, c, d])),
                [a, b, c, d, e, f, g, h] => f64::from_le_bytes([a, b, c, d, e, f, g, h]),
                _ => f64::NAN,
            };
            if (allowed.are)(value) {
                return Ok(T::from_f64(value));
            }
            let place = Some((offset + i * size_of::<T>()) as u64);
            Err(Error::model(self.path, place, format!("{} in tensor {name}", allowed.what), value))
        };
        data.chunks_exact(size_of::<T>()).enumerate().map(number).collect()
    }

    /// Whether every tensor has been asked for.
    ///
    /// # Errors
    /// With the first that has not.
    pub(crate) fn finish(&self) -> Result<()> {
        match self.unread.iter().min() {
            None => Ok(()),
            Some(name) => {
                Err(self.refused("only the tensors of the architecture", format!("the tensor {name}")))
            }
        }
    }
}

/// Which numbers a tensor may have.
#[derive(Clone, Copy)]
pub(crate) struct Allowed {
    what: &'static str,
    are: fn(f64) -> bool,
}

/// Neither infinite nor NaN.
pub(crate) const FINITE: Allowed = Allowed { what: "finite numbers", are: f64::is_finite };

/// Not NaN. A running value of the optimizer may be infinite, and the weights finite still.
pub(crate) const NOT_NAN: Allowed = Allowed { what: "numbers", are: |value| !value.is_nan() };

/// The header's text.
fn header<'a>(path: &Path, bytes: &'a [u8]) -> Result<&'a str> {
    let not_ours = || {
        Error::model(path, Some(0), "a safetensors file", foreign::describe(&bytes[..bytes.len().min(64)]))
            .with_hint("deltarule reads its own model files, which end in .safetensors")
    };
    let Some(Ok(length)) = bytes.get(..LENGTH).map(<[u8; LENGTH]>::try_from) else { return Err(not_ours()) };
    let length = u64::from_le_bytes(length);
    // Every safetensors file has an opening brace here, and nearly no other file has.
    if bytes.get(LENGTH).is_some_and(|&byte| byte != b'{') || length == 0 {
        return Err(not_ours());
    }
    let left = (bytes.len() - LENGTH) as u64;
    if length > left.min(LONGEST_HEADER) {
        let expected = format!("a header of at most {} bytes", left.min(LONGEST_HEADER));
        let hint = if length > left { "the file may be cut short" } else { "no network needs such a header" };
        return Err(
            Error::model(path, Some(0), expected, format!("a header of {length} bytes")).with_hint(hint)
        );
    }
    let text = &bytes[LENGTH..][..length as usize];
    std::str::from_utf8(text).map_err(|error| {
        let offset = LENGTH + error.valid_up_to();
        let found = format!("the byte {:02x}", bytes[offset]);
        Error::model(path, Some(offset as u64), "UTF-8 text in the header", found)
    })
}

/// What safetensors has against the file, with the place.
fn refused(path: &Path, header: &str, error: &SafeTensorError) -> Error {
    let at = |offset: usize| Some((LENGTH + offset) as u64);
    let of_tensor = |name: &String| at(header.find(&format!("\"{name}\"")).unwrap_or(0));
    match error {
        SafeTensorError::InvalidHeaderDeserialization(error) => {
            let lines: usize =
                header.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
            let offset = lines + error.column().saturating_sub(1);
            Error::model(path, at(offset), "a JSON header of tensors", error)
        }
        SafeTensorError::InvalidOffset(name) => {
            let expected = "tensors one after the other, without gap or overlap";
            Error::model(path, of_tensor(name), expected, format!("tensor {name} elsewhere"))
        }
        SafeTensorError::MetadataIncompleteBuffer => {
            let expected = "numbers for all tensors and nothing after them";
            Error::model(path, at(header.len()), expected, "too few or too many")
                .with_hint("the file may be cut short")
        }
        error => Error::model(path, at(0), "tensors whose shapes and places agree", error),
    }
}

/// The JSON of the key that is ours.
fn metadata<M: DeserializeOwned>(path: &Path, header: &str, bytes: &[u8], format: TensorFormat) -> Result<M> {
    let TensorFormat { what, key, version: expected } = format;
    let place = header.find(&format!("\"{key}\"")).map(|offset| (LENGTH + offset) as u64);
    let refused = |expected: String, found: String| Error::model(path, place, expected, found);
    let (_, all) = SafeTensors::read_metadata(bytes).map_err(|error| self::refused(path, header, &error))?;
    let all = all.metadata().clone().unwrap_or_default();
    if let Some(other) = all.keys().find(|other| *other != key) {
        return Err(refused(format!("the single key `{key}` in the metadata"), format!("the key `{other}`")));
    }
    let Some(json) = all.get(key) else {
        return Err(refused(
            format!("the key `{key}` in the metadata"),
            "a safetensors file without it".into(),
        )
        .with_hint("it was written by another program"));
    };

    #[derive(Deserialize)]
    struct Version {
        format: u32,
    }
    let version: Version = serde_json::from_str(json)
        .map_err(|error| refused("metadata with a format version".into(), error.to_string()))?;
    if version.format != expected {
        return Err(refused(format!("format version {expected}"), format!("version {}", version.format))
            .with_hint("a newer deltarule may read it"));
    }
    serde_json::from_str(json).map_err(|error| refused(format!("metadata of a {what}"), error.to_string()))
}
