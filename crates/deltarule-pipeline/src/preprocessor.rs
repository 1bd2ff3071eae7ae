//! What a model file keeps beside the network: where its data came from, how data become inputs, and outputs answers.

use crate::error::{Error, Result};
use crate::settings::DataSettings;
use deltarule::metrics::Metric;
use deltarule::{Matrix, Network, Real, Task};
use deltarule_tables::{Images, TablePreprocessor, Target};
use serde::{Deserialize, Serialize};

/// How data become inputs, and outputs answers. It lives in the model file as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Preprocessor {
    /// What the network was trained on.
    pub data: DataSettings,
    /// How data become inputs.
    pub transform: Transform,
    /// The probability from which the second of two classes is predicted, where it was tuned.
    pub threshold: Option<f64>,
    /// What the weighted inputs of the output layer were divided by, where it was tuned.
    pub temperature: Option<f64>,
}

/// How data become inputs.
#[derive(Clone, Debug, PartialEq)]
pub enum Transform {
    /// Those of images.
    Images(Images),
    /// Those of a table.
    Table(TablePreprocessor),
}

/// [`Preprocessor`] as JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    data: DataSettings,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    images: Option<Images>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    table: Option<TablePreprocessor>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    threshold: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    temperature: Option<f64>,
}

impl TryFrom<Written> for Preprocessor {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { data, images, table, threshold, temperature } = written;
        let transform = match (images, table) {
            (Some(images), None) => {
                images.check().map_err(|error| error.to_string())?;
                Transform::Images(images)
            }
            (None, Some(table)) => {
                table.check().map_err(|error| error.to_string())?;
                Transform::Table(table)
            }
            _ => return Err("expected images or table, and not both".to_owned()),
        };
        Ok(Self { data, transform, threshold, temperature })
    }
}

impl From<Preprocessor> for Written {
    fn from(preprocessor: Preprocessor) -> Self {
        let Preprocessor { data, transform, threshold, temperature } = preprocessor;
        let (images, table) = match transform {
            Transform::Images(images) => (Some(images), None),
            Transform::Table(table) => (None, Some(table)),
        };
        Self { data, images, table, threshold, temperature }
    }
}

impl Preprocessor {
    pub(crate) fn of_images(data: DataSettings, images: Images) -> Self {
        Self { data, transform: Transform::Images(images), threshold: None, temperature: None }
    }

    pub(crate) fn of_table(data: DataSettings, table: TablePreprocessor) -> Self {
        Self { data, transform: Transform::Table(table), threshold: None, temperature: None }
    }

    /// What a model file kept, checked.
    ///
    /// # Errors
    /// [`Error::Preprocessing`] when it is not what [`Preprocessor::to_json`] writes.
    pub fn from_json(value: &serde_json::Value) -> Result<Self> {
        Self::deserialize(value).map_err(|error| Error::Preprocessing { why: error.to_string() })
    }

    /// As JSON, for a model file.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("plain values of finite numbers have a JSON form")
    }

    /// Refuses a network that has not as many inputs and outputs as this prepares.
    ///
    /// # Errors
    /// [`Error::Misfit`]
    pub fn check_fits<T: Real>(&self, network: &Network<T>) -> Result {
        let (expected, found) = ((self.inputs(), self.labels().len()), (network.inputs(), network.outputs()));
        if expected == found { Ok(()) } else { Err(Error::Misfit { expected, found }) }
    }

    /// What the targets are.
    pub fn task(&self) -> Task {
        match &self.transform {
            Transform::Images(_) => Task::Classes,
            Transform::Table(table) => table.target.task(),
        }
    }

    /// Names of the classes, or of the outputs.
    pub fn labels(&self) -> Vec<String> {
        match &self.transform {
            Transform::Images(images) => images.classes.clone(),
            Transform::Table(table) => table.target.output_names().into_iter().map(str::to_owned).collect(),
        }
    }

    /// Number of inputs of the network.
    pub fn inputs(&self) -> usize {
        match &self.transform {
            Transform::Images(images) => images.pixels(),
            Transform::Table(table) => table.width(),
        }
    }

    /// Output `j` of the network in the units of the target.
    pub fn restore(&self, j: usize, output: f64) -> f64 {
        match &self.transform {
            Transform::Images(_) => output,
            Transform::Table(table) => table.target.restore(j, output),
        }
    }
}

impl Preprocessor {
    /// The value of a metric of standardised targets, which training compares epochs by, in the units of the target, in which
    /// an evaluation has it. Nothing where several targets have units of their own, and the metric is a mean over them.
    pub fn in_units(&self, metric: Metric, value: f64) -> Option<f64> {
        let Transform::Table(TablePreprocessor { target: Target::Regression { columns }, .. }) =
            &self.transform
        else {
            return Some(value);
        };
        let power = match metric {
            Metric::Rmse | Metric::Mae | Metric::QuantileLoss { .. } => 1,
            Metric::Mse => 2,
            _ => return Some(value),
        };
        let deviation = columns.first().map_or(1.0, |target| target.deviation);
        columns.iter().all(|target| target.deviation == deviation).then(|| value * deviation.powi(power))
    }

    /// Refuses outputs that are no finite numbers in the units of the target; `row_of` says which row, counted from 0, an
    /// output is of.
    pub(crate) fn check_finite(&self, outputs: &Matrix<f64>, row_of: impl Fn(usize) -> u64) -> Result {
        for i in 0..outputs.rows() {
            let restored = outputs.row(i).iter().enumerate().map(|(j, &output)| self.restore(j, output));
            if let Some(found) = restored.into_iter().find(|value| !value.is_finite()) {
                return Err(Error::NotFinite { row: row_of(i) + 1, found });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use deltarule::Activation::{Relu, Softmax};

    fn digits() -> Preprocessor {
        let images = Images { height: 8, width: 8, white: 16.0, classes: vec!["0".into(), "1".into()] };
        Preprocessor::of_images(DataSettings::default(), images)
    }

    #[test]
    fn what_is_written_is_read_back() {
        let written = Preprocessor { threshold: Some(0.3), temperature: Some(1.5), ..digits() };
        assert_eq!(Preprocessor::from_json(&written.to_json()).expect("its own form"), written);
    }

    #[test]
    fn neither_both_nor_none_nor_anything_unknown_is_read() {
        let refused = |change: &dyn Fn(&mut serde_json::Map<String, serde_json::Value>)| {
            let mut value = digits().to_json();
            change(value.as_object_mut().expect("an object"));
            Preprocessor::from_json(&value).expect_err("a changed form").to_string()
        };
        assert!(refused(&|all| drop(all.remove("images"))).contains("expected images or table"));
        assert!(refused(&|all| drop(all.insert("more".into(), 1.into()))).contains("unknown field `more`"));
        assert!(refused(&|all| all["images"]["height"] = 0.into()).contains("0 × 8"));
    }

    #[test]
    fn a_network_of_other_widths_is_refused() {
        let network = Network::<f32>::zeros(&[64, 3], Relu, Softmax).expect("a network");
        let error = digits().check_fits(&network).expect_err("three outputs for two classes").to_string();
        assert!(error.ends_with("expected 64 inputs and 2 outputs, found 64 and 3"), "{error}");
    }
}
