//! Labelled samples in memory, which have no columns to guess: built-in sets and images.

use super::encoding::{Continuous, Encoding, Input};
use super::moments::Number;
use super::scaling::Scaling;
use super::{FORMAT, Preparation};
use crate::error::{TableError, shown};
use crate::labelled::Labelled;
use crate::options::Style;
use crate::targets::Target;
use deltarule::dataset::Dataset;
use deltarule::{Matrix, Real};

/// The name of the target where samples are labelled without a column that says so.
const LABEL: &str = "label";

impl Preparation {
    /// Learns the statistics of these training samples. Pixels are divided by the value of white and nothing else,
    /// whatever the style; other features are scaled as numbers of a table.
    ///
    /// # Errors
    /// When there are no samples or fewer than two classes.
    pub fn of_labelled(data: &Labelled, training: &[u32], style: Style) -> Result<Self, TableError> {
        if training.is_empty() {
            return Err(TableError::usage("samples to train on", "none"));
        }
        let style = if data.image.is_some() { Style::Plain } else { style };
        let inputs = data.features.iter().enumerate().map(|(j, name)| {
            let values = || training.iter().map(|&i| f64::from(data.x.at(i as usize, j)));
            let value = match &data.image {
                Some(image) => {
                    Continuous { fill: 0.0, scaling: Scaling { centre: 0.0, scale: f64::from(image.white) } }
                }
                None => learned(values, style),
            };
            Input { column: name.clone(), encoding: Encoding::Numeric { value, missing: None } }
        });
        let preparation = Self {
            format: FORMAT,
            style,
            inputs: inputs.collect(),
            dropped: Vec::new(),
            target: Target::Classification { column: LABEL.to_owned(), labels: data.classes.clone() },
            weight: None,
        };
        preparation.check()?;
        Ok(preparation)
    }

    /// These samples as a data set.
    ///
    /// # Errors
    /// When their features or labels are not those that were learned.
    pub fn labelled<T: Real>(&self, data: &Labelled, samples: &[u32]) -> Result<Dataset<T>, TableError> {
        let Target::Classification { labels, .. } = &self.target else {
            return Err(TableError::usage(
                "a model that tells classes apart",
                format!("one for {}", self.target.task()),
            ));
        };
        let classes = data.classes.iter().map(|class| {
            labels.iter().position(|label| label == class).ok_or_else(|| {
                TableError::usage("labels that the model knows", shown(class))
                    .hint(format!("they are {}", labels.join(", ")))
            })
        });
        let classes: Vec<usize> = classes.collect::<Result<_, _>>()?;
        let x = self.features_of(data, samples)?;
        let y = Matrix::from_fn(samples.len(), labels.len(), |i, j| {
            if classes[data.labels[samples[i] as usize] as usize] == j { T::ONE } else { T::ZERO }
        });
        Dataset::new(x, y, None).map_err(crate::table::refused)
    }

    /// The inputs made of these samples.
    ///
    /// # Errors
    /// When their features are not those that were learned.
    pub fn features_of<T: Real>(&self, data: &Labelled, samples: &[u32]) -> Result<Matrix<T>, TableError> {
        let names = || self.inputs.iter().map(|input| &input.column);
        if data.features.len() != self.inputs.len() {
            let found = data.features.len().to_string();
            return Err(TableError::usage(format!("{} features", self.inputs.len()), found));
        }
        if let Some((wanted, found)) = names().zip(&data.features).find(|(wanted, found)| wanted != found) {
            return Err(TableError::usage(
                format!("a feature {wanted:?}"),
                format!("{found:?} in its place"),
            ));
        }
        let mut x = Matrix::zeros(samples.len(), self.inputs.len());
        let scalings: Vec<Scaling> = self.inputs.iter().flat_map(|input| input.encoding.scalings()).collect();
        if scalings.len() != self.inputs.len() {
            return Err(TableError::usage("a model trained on numbers alone", "one trained on a table"));
        }
        for (i, &sample) in samples.iter().enumerate() {
            let features = data.x.row(sample as usize);
            for ((cell, &feature), scaling) in x.row_mut(i).iter_mut().zip(features).zip(&scalings) {
                *cell = T::from_f64(scaling.apply(self.style, f64::from(feature)));
            }
        }
        Ok(x)
    }
}

/// The scaling of numbers of which none is missing.
fn learned<I: Iterator<Item = f64>>(values: impl Fn() -> I, style: Style) -> Continuous {
    let mut number = Number::default();
    values().for_each(|value| number.first_pass(value));
    values().for_each(|value| number.second_pass(value));
    if style == Style::Tabular {
        number.seek_quartiles(u64::MAX);
        while number.is_seeking() {
            values().for_each(|value| number.further_pass(value));
            number.end_pass();
        }
    }
    Continuous { fill: number.mean(), scaling: number.scaling(style) }
}
