//! From labelled images to data sets: pixels divided by white, classes one-hot.

use crate::error::TableError;
use crate::labelled::Labelled;
use deltarule::{Dataset, Matrix, Real};
use serde::{Deserialize, Serialize};

/// How images became inputs and labels outputs: what a model file keeps to do the same again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Images {
    /// Rows of pixels.
    pub height: usize,
    /// Pixels in a row.
    pub width: usize,
    /// The value of a fully lit pixel, by which each is divided.
    pub white: f32,
    /// The names of the classes in the order of the outputs.
    pub classes: Vec<String>,
}

impl Images {
    /// Of these samples, if they are images.
    pub fn of(samples: &Labelled) -> Option<Self> {
        samples.image.map(|image| Self {
            height: image.height,
            width: image.width,
            white: image.white,
            classes: samples.classes.clone(),
        })
    }

    /// Refuses what no images can have led to, such as a file that was tampered with.
    ///
    /// # Errors
    /// When a size is 0 or too large, white is not a number above 0, or there are no classes.
    pub fn check(&self) -> Result<(), TableError> {
        let pixels = self.height.checked_mul(self.width);
        if pixels.is_none_or(|n| n == 0) {
            let found = format!("{} × {}", self.height, self.width);
            return Err(TableError::usage("images of one pixel or more", found));
        }
        if !(self.white.is_finite() && self.white > 0.0) {
            return Err(TableError::usage("a white above 0", self.white.to_string()));
        }
        if self.classes.is_empty() {
            return Err(TableError::usage("classes", "none"));
        }
        Ok(())
    }

    /// Number of pixels, which is the number of inputs.
    pub fn pixels(&self) -> usize {
        self.height * self.width
    }

    /// The inputs of these samples, a sample a row.
    ///
    /// # Errors
    /// When they are not images of this size.
    pub fn inputs<T: Real>(&self, samples: &Labelled) -> Result<Matrix<T>, TableError> {
        let size = samples.image.map(|image| (image.height, image.width));
        if size != Some((self.height, self.width)) {
            let found = match size {
                Some((height, width)) => format!("images of {height} × {width}"),
                None => format!("samples of {} features", samples.x.cols()),
            };
            return Err(TableError::usage(format!("images of {} × {}", self.height, self.width), found));
        }
        // Each set says what its own white is: bytes that were already divided have a white of 1.
        let white = samples.image.map_or(self.white, |image| image.white);
        let pixel = |i, k| T::from_f64(f64::from(samples.x.at(i, k) / white));
        Ok(Matrix::from_fn(samples.len(), self.pixels(), pixel))
    }

    /// The data set of these samples: inputs, and one-hot rows in the order of the classes.
    ///
    /// # Errors
    /// When the samples are no images of this size, or have a class that is not among these.
    pub fn dataset<T: Real>(&self, samples: &Labelled) -> Result<Dataset<T>, TableError> {
        let x = self.inputs(samples)?;
        let mut outputs = Vec::with_capacity(samples.classes.len());
        for class in &samples.classes {
            let output = self.classes.iter().position(|known| known == class);
            outputs.push(output.map(|output| output as u32).ok_or_else(|| {
                let expected = format!("the classes {}", self.classes.join(", "));
                TableError::usage(expected, format!("class {class}"))
            })?);
        }
        let classes = samples.labels.iter().map(|&label| outputs[label as usize]).collect();
        Dataset::of_classes(x, classes, self.classes.len(), None)
            .map_err(|error| TableError::usage("images that a network can learn from", error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::Builtin;

    #[test]
    fn digits_become_shares_of_white_and_one_hot_rows() {
        let digits = Builtin::Digits.load();
        let images = Images::of(&digits).expect("digits are images");
        let data: Dataset<f64> = images.dataset(&digits).expect("digits fit themselves");
        assert_eq!((data.len(), data.x().cols(), data.y().cols()), (1797, 64, 10));
        assert_eq!(data.x().at(0, 2), f64::from(digits.x.at(0, 2)) / 16.0);
        assert!(data.y().row(3).iter().sum::<f64>() == 1.0);
        assert_eq!(data.y().at(3, digits.labels[3] as usize), 1.0);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let digits = Builtin::Digits.load();
        let images = Images::of(&digits).expect("digits are images");
        let iris = images.inputs::<f32>(&Builtin::Iris.load()).expect_err("iris is no image");
        assert!(iris.to_string().contains("expected images of 8 × 8, found samples of 4 features"), "{iris}");
        assert!(Images { height: 0, ..images.clone() }.check().is_err());
        assert!(Images { white: f32::NAN, ..images }.check().is_err());
    }
}
