//! The NPY format, version 1.0: a header that says type and shape, then the values row by row.

use super::columns::Predicted;
use super::sink::Sink;
use crate::error::TableError;
use crate::targets::Target;
use deltarule::{Matrix, Real};
use std::io::{self, Seek, SeekFrom, Write};

/// Bytes before the values: fixed, so that the number of rows can be put in last.
const HEADER: usize = 128;

/// One array being written.
#[derive(Debug)]
pub(super) struct NpyWriter {
    sink: Sink,
    target: Target,
    element: Element,
    /// Values in a row; `None` for an array of one dimension.
    width: Option<usize>,
    rows: u64,
}

/// What the array holds.
#[derive(Debug, Clone, Copy)]
enum Element {
    F32,
    F64,
    I64,
    /// Text of at most so many characters, four bytes each.
    Text(usize),
}

impl NpyWriter {
    /// Probabilities or amounts as they are; labels as integers where all of them are, as text otherwise.
    pub(super) fn new<T: Real>(
        mut sink: Sink,
        predicted: &Predicted,
        target: &Target,
    ) -> Result<Self, TableError> {
        let float = if T::NAME == "f32" { Element::F32 } else { Element::F64 };
        let outputs = target.outputs();
        let several = (outputs > 1).then_some(outputs);
        let (element, width) = match target {
            _ if predicted.probabilities => (float, Some(outputs)),
            Target::Classification { labels, .. } => (Element::of_labels(labels), None),
            Target::MultiLabel { .. } => (Element::I64, several),
            Target::Regression { .. } => (Element::F64, several),
            Target::Counts { .. } => (float, several),
        };
        let room = sink.write_all(&[b' '; HEADER]);
        room.map_err(|error| TableError::system("output", "a file that can be written", &error))?;
        Ok(Self { sink, target: target.clone(), element, width, rows: 0 })
    }

    pub(super) fn write<T: Real>(&mut self, predicted: &Predicted, outputs: &Matrix<T>) -> io::Result<()> {
        self.rows += outputs.rows() as u64;
        for i in 0..outputs.rows() {
            let row = outputs.row(i);
            match &self.target {
                _ if predicted.probabilities => {
                    for j in 0..self.target.outputs() {
                        self.element.number(&mut self.sink, predicted.probability(row, j))?;
                    }
                }
                Target::Classification { labels, .. } => {
                    self.element.label(&mut self.sink, &labels[predicted.class(row)])?;
                }
                Target::MultiLabel { .. } => {
                    for value in row {
                        let has = f64::from(u8::from(predicted.is_label(*value)));
                        self.element.number(&mut self.sink, has)?;
                    }
                }
                Target::Regression { .. } | Target::Counts { .. } => {
                    for (j, value) in row.iter().enumerate() {
                        self.element.number(&mut self.sink, self.target.restore(j, value.to_f64()))?;
                    }
                }
            }
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<Sink> {
        let rows = self.rows;
        let shape = self.width.map_or(format!("({rows},)"), |width| format!("({rows}, {width})"));
        let described =
            format!("{{'descr': '{}', 'fortran_order': False, 'shape': {shape}, }}", self.element.name());
        let mut header = b"\x93NUMPY\x01\x00".to_vec();
        header.extend(((HEADER - 10) as u16).to_le_bytes());
        header.extend(described.bytes());
        assert!(header.len() < HEADER, "two numbers and a type take less than the header has room for");
        header.resize(HEADER - 1, b' ');
        header.push(b'\n');
        self.sink.seek(SeekFrom::Start(0))?;
        self.sink.write_all(&header)?;
        self.sink.seek(SeekFrom::End(0))?;
        Ok(self.sink)
    }
}

impl Element {
    fn of_labels(labels: &[String]) -> Self {
        match labels.iter().all(|label| label.parse::<i64>().is_ok()) {
            true => Self::I64,
            false => Self::Text(labels.iter().map(|label| label.chars().count()).max().unwrap_or(1)),
        }
    }

    fn name(self) -> String {
        match self {
            Self::F32 => "<f4".to_owned(),
            Self::F64 => "<f8".to_owned(),
            Self::I64 => "<i8".to_owned(),
            Self::Text(width) => format!("<U{width}"),
        }
    }

    fn number(self, sink: &mut Sink, value: f64) -> io::Result<()> {
        match self {
            Self::F32 => sink.write_all(&(value as f32).to_le_bytes()),
            Self::I64 => sink.write_all(&(value as i64).to_le_bytes()),
            Self::F64 | Self::Text(_) => sink.write_all(&value.to_le_bytes()),
        }
    }

    fn label(self, sink: &mut Sink, label: &str) -> io::Result<()> {
        match (self, label.parse::<i64>()) {
            (Self::Text(width), _) => {
                let padded = label.chars().map(u32::from).chain(std::iter::repeat(0)).take(width);
                padded.into_iter().try_for_each(|character| sink.write_all(&character.to_le_bytes()))
            }
            (_, Ok(number)) => sink.write_all(&number.to_le_bytes()),
            (_, Err(_)) => Err(io::Error::other("a label that is no whole number")),
        }
    }
}
