//! A model from the bytes of a file that may be anything.

use super::{AnyModel, FORMAT, INPUT_SCALE, KEY, Metadata, Model, foreign, tensor_names};
use crate::error::{Error, Result};
use crate::layer::Layer;
use crate::network::Network;
use deltarule_kernels::{Panels, Real};
use safetensors::{Dtype, SafeTensorError, SafeTensors};
use std::collections::HashSet;
use std::fs;
use std::path::Path;

/// The longest header that is read. A network of a thousand layers with ten thousand labels needs a hundredth of it.
const LONGEST_HEADER: u64 = 64 << 20;

/// Bytes before the header: its length.
const LENGTH: usize = 8;

impl AnyModel {
    /// Reads the model file at `path`.
    ///
    /// Nothing in the file makes this allocate more than a small multiple of the file's own size.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be read; [`Error::Model`] with the byte, what should be there and what is, when it is not a
    /// model file through and through.
    pub fn read(path: &Path) -> Result<Self> {
        let failed = |source| Error::io(path, source);
        if !fs::metadata(path).map_err(failed)?.is_file() {
            return Err(Error::model(path, None, "a model file", "a folder or a device"));
        }
        Self::from_bytes(path, &fs::read(path).map_err(failed)?)
    }

    /// The model of a file's bytes; `path` is for messages.
    ///
    /// # Errors
    /// As [`AnyModel::read`].
    pub fn from_bytes(path: &Path, bytes: &[u8]) -> Result<Self> {
        let header = header(path, bytes)?;
        let start = LENGTH + header.len();
        let tensors = SafeTensors::deserialize(bytes).map_err(|error| refused(path, header, &error))?;
        let metadata = metadata(path, header, bytes)?;
        let file = File { path, bytes, start, tensors };
        match file.dtype()? {
            Dtype::F32 => file.model(metadata).map(Self::F32),
            _ => file.model(metadata).map(Self::F64),
        }
    }
}

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
fn metadata(path: &Path, header: &str, bytes: &[u8]) -> Result<Metadata> {
    let place = header.find(&format!("\"{KEY}\"")).map(|offset| (LENGTH + offset) as u64);
    let refused = |expected: &str, found: String| Error::model(path, place, expected, found);
    let (_, all) = SafeTensors::read_metadata(bytes).map_err(|error| self::refused(path, header, &error))?;
    let all = all.metadata().clone().unwrap_or_default();
    if let Some(other) = all.keys().find(|key| *key != KEY) {
        return Err(refused("the single key `deltarule` in the metadata", format!("the key `{other}`")));
    }
    let Some(json) = all.get(KEY) else {
        return Err(refused("the key `deltarule` in the metadata", "a safetensors file without it".into())
            .with_hint("it was written by another program"));
    };

    #[derive(serde::Deserialize)]
    struct Version {
        format: u32,
    }
    let version: Version = serde_json::from_str(json)
        .map_err(|error| refused("metadata with a format version", error.to_string()))?;
    if version.format != FORMAT {
        return Err(refused(&format!("format version {FORMAT}"), format!("version {}", version.format))
            .with_hint("a newer deltarule may read it"));
    }
    serde_json::from_str(json).map_err(|error| refused("metadata of a model", error.to_string()))
}

/// The file, its header understood.
struct File<'a> {
    path: &'a Path,
    bytes: &'a [u8],
    /// Where the numbers begin.
    start: usize,
    tensors: SafeTensors<'a>,
}

impl<'a> File<'a> {
    fn refused(&self, expected: impl ToString, found: impl ToString) -> Error {
        Error::model(self.path, Some(LENGTH as u64), expected, found)
    }

    /// The type of all numbers.
    fn dtype(&self) -> Result<Dtype> {
        let mut types: Vec<Dtype> = self.tensors.iter().map(|(_, view)| view.dtype()).collect();
        types.dedup();
        match types[..] {
            [dtype @ (Dtype::F32 | Dtype::F64)] => Ok(dtype),
            _ => Err(self.refused("tensors that are all F32 or all F64", format!("{types:?}"))),
        }
    }

    fn model<T: Real>(&self, metadata: Metadata) -> Result<Model<T>> {
        let Metadata { format: _, architecture, task, labels, preprocessing, settings, training } = metadata;
        let mut unread: HashSet<&str> = self.tensors.names().into_iter().collect();
        let mut layers = Vec::new();
        let mut inputs = architecture.inputs;
        for (i, shape) in architecture.layers.iter().enumerate() {
            let (weight, bias) = tensor_names(i);
            // The shape is compared with the tensor's, which the file's size bounds, before anything of it is allocated.
            let w = self.tensor(&weight, &[shape.outputs, inputs])?;
            let b = self.tensor(&bias, &[shape.outputs])?;
            let mut w = self.numbers::<T>(w, &weight);
            let mut error = None;
            let w = Panels::from_fn(shape.outputs, inputs, |_, _| match w.next() {
                Some(Ok(value)) => value,
                Some(Err(refused)) => {
                    error.get_or_insert(refused);
                    T::ZERO
                }
                None => T::ZERO,
            });
            if let Some(error) = error {
                return Err(error);
            }
            let b = self.numbers(b, &bias).collect::<Result<_>>()?;
            layers.push(Layer { w, b, activation: shape.activation });
            unread.remove(weight.as_str());
            unread.remove(bias.as_str());
            inputs = shape.outputs;
        }
        let at_header = |error: Error| self.refused("an architecture that fits together", error);
        let mut network = Network::new(layers).map_err(at_header)?;
        if architecture.input_scale {
            let scale = self.tensor(INPUT_SCALE, &[architecture.inputs])?;
            let scale = self.numbers(scale, INPUT_SCALE).collect::<Result<_>>()?;
            network = network.with_input_scale(scale).map_err(at_header)?;
            unread.remove(INPUT_SCALE);
        }
        if let Some(name) = unread.into_iter().min() {
            return Err(self.refused("only the tensors of the architecture", format!("the tensor {name}")));
        }
        settings.plan(task).map_err(|error| self.refused("settings that can be", error))?;
        let model = Model { network, task, labels, preprocessing, settings, training };
        model.check_labels().map_err(|error| self.refused("labels that fit", error))?;
        Ok(model)
    }

    /// The bytes of the tensor of this name and shape.
    fn tensor(&self, name: &str, shape: &[usize]) -> Result<&'a [u8]> {
        let Ok(view) = self.tensors.tensor(name) else {
            return Err(self.refused(format!("a tensor {name}"), "none of that name"));
        };
        if view.shape() != shape {
            let expected = format!("shape {shape:?} for tensor {name}, as the architecture has it");
            return Err(self.refused(expected, format!("{:?}", view.shape())));
        }
        Ok(view.data())
    }

    /// The numbers of a tensor's bytes, all finite or an error.
    fn numbers<T: Real>(&self, data: &'a [u8], name: &str) -> impl Iterator<Item = Result<T>> {
        let size = size_of::<T>();
        // Where the tensor lies: its bytes are a part of the file's.
        let offset = data.as_ptr() as usize - self.bytes.as_ptr() as usize;
        debug_assert!(offset >= self.start);
        data.chunks_exact(size).enumerate().map(move |(i, bytes)| {
            let value = match *bytes {
                [a, b, c, d] => T::from_f64(f64::from(f32::from_le_bytes([a, b, c, d]))),
                [a, b, c, d, e, f, g, h] => T::from_f64(f64::from_le_bytes([a, b, c, d, e, f, g, h])),
                _ => T::from_f64(f64::NAN),
            };
            if value.is_finite() {
                return Ok(value);
            }
            let place = Some((offset + i * size) as u64);
            Err(Error::model(self.path, place, format!("finite numbers in tensor {name}"), value))
        })
    }
}
