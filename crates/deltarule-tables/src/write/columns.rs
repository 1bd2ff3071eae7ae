//! What a network's outputs mean, as columns.

use super::OutputOptions;
use crate::arrow::array::{ArrayRef, Float32Array, Float64Array, Int64Array, StringArray};
use crate::arrow::datatypes::{DataType, Field};
use crate::error::TableError;
use crate::targets::Target;
use deltarule::metrics::{is_predicted, predicted_class};
use deltarule::{Matrix, Real};
use std::sync::Arc;

/// The columns that predictions make.
#[derive(Debug)]
pub(super) struct Predicted {
    target: Target,
    threshold: Option<f64>,
    pub(super) probabilities: bool,
    /// The type of the numbers written, whatever that of the outputs.
    number: DataType,
    fields: Vec<Field>,
}

impl Predicted {
    /// `taken` are the names that other columns already have.
    pub(super) fn new<T: Real>(
        target: &Target,
        options: &OutputOptions,
        taken: &[&str],
    ) -> Result<Self, TableError> {
        let classes = matches!(target, Target::Classification { .. } | Target::MultiLabel { .. });
        if options.probabilities && !classes {
            return Err(TableError::usage(
                "classes or labels to have probabilities",
                target.task().to_string(),
            ));
        }
        let can_be_cut = match target {
            Target::Classification { labels, .. } => labels.len() == 2,
            Target::MultiLabel { .. } => true,
            _ => false,
        };
        if options.threshold.is_some() && !can_be_cut {
            return Err(TableError::usage(
                "two classes or labels to have a threshold",
                target.task().to_string(),
            ));
        }
        let number = float_type::<T>();
        let mut fields = Vec::new();
        let mut names: Vec<String> = taken.iter().map(|name| (*name).to_owned()).collect();
        let mut field = |name: String, data_type: &DataType| {
            let mut name = name;
            while names.contains(&name) {
                name.push('_');
            }
            names.push(name.clone());
            fields.push(Field::new(name, data_type.clone(), false));
        };
        let columns = target.columns();
        let value = match target {
            Target::Classification { .. } => DataType::Utf8,
            Target::MultiLabel { .. } => DataType::Int64,
            // As exact as the mean and the deviation that they are scaled back by.
            Target::Regression { .. } => DataType::Float64,
            Target::Counts { .. } => number.clone(),
        };
        match columns.as_slice() {
            [_] => field("prediction".to_owned(), &value),
            several => several.iter().for_each(|name| field(format!("prediction_{name}"), &value)),
        }
        if options.probabilities {
            target.output_names().iter().for_each(|name| field(format!("probability_{name}"), &number));
        }
        Ok(Self {
            target: target.clone(),
            threshold: options.threshold,
            probabilities: options.probabilities,
            number,
            fields,
        })
    }

    pub(super) fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The columns of these outputs.
    pub(super) fn columns<T: Real>(&self, outputs: &Matrix<T>) -> Vec<ArrayRef> {
        let mut columns: Vec<ArrayRef> = match &self.target {
            Target::Classification { labels, .. } => {
                let chosen = (0..outputs.rows()).map(|i| labels[self.class(outputs.row(i))].as_str());
                vec![Arc::new(StringArray::from_iter_values(chosen))]
            }
            Target::MultiLabel { columns } => (0..columns.len())
                .map(|j| {
                    let has = |i| i64::from(self.is_label(outputs.at(i, j)));
                    Arc::new(Int64Array::from_iter_values((0..outputs.rows()).map(has))) as ArrayRef
                })
                .collect(),
            Target::Regression { .. } => (0..self.target.outputs())
                .map(|j| {
                    let amount = |i| self.target.restore(j, outputs.at(i, j).to_f64());
                    Arc::new(Float64Array::from_iter_values((0..outputs.rows()).map(amount))) as ArrayRef
                })
                .collect(),
            Target::Counts { .. } => (0..self.target.outputs())
                .map(|j| self.floats((0..outputs.rows()).map(|i| outputs.at(i, j).to_f64())))
                .collect(),
        };
        if self.probabilities {
            columns.extend(
                (0..self.target.outputs())
                    .map(|j| self.floats((0..outputs.rows()).map(|i| self.probability(outputs.row(i), j)))),
            );
        }
        columns
    }

    fn floats(&self, values: impl Iterator<Item = f64>) -> ArrayRef {
        match self.number {
            DataType::Float32 => Arc::new(Float32Array::from_iter_values(values.map(|value| value as f32))),
            _ => Arc::new(Float64Array::from_iter_values(values)),
        }
    }

    /// The class that a row of outputs speaks for.
    pub(super) fn class<T: Real>(&self, row: &[T]) -> usize {
        predicted_class(row, self.threshold) as usize
    }

    /// Whether an output speaks for its label.
    pub(super) fn is_label<T: Real>(&self, output: T) -> bool {
        is_predicted(output.to_f64(), self.threshold)
    }

    /// The probability of class or label `j`. A single output for two classes is that of the second.
    pub(super) fn probability<T: Real>(&self, row: &[T], j: usize) -> f64 {
        match (&self.target, row) {
            (Target::Classification { .. }, [second]) if j == 0 => 1.0 - second.to_f64(),
            (Target::Classification { .. }, [second]) => second.to_f64(),
            _ => row[j].to_f64(),
        }
    }
}

/// The Arrow type of a network's numbers.
fn float_type<T: Real>() -> DataType {
    if T::NAME == "f32" { DataType::Float32 } else { DataType::Float64 }
}
