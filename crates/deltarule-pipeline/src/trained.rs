//! A trained network with all that it takes to use it.

use crate::error::Result;
use crate::preprocessor::Preprocessor;
use crate::report::Report;
use crate::run_folder::model_path;
use crate::samples::SampleSet;
use crate::source::DataSource;
use deltarule::model::{AnyModel, Model, Training};
use deltarule::{Cost, Network, Plan, Real, ThreadPool};
use std::path::Path;

/// The same for a model of either precision.
macro_rules! either {
    ($any:expr, $model:ident => $what:expr) => {
        match $any {
            AnyModel::F32($model) => $what,
            AnyModel::F64($model) => $what,
        }
    };
}
pub(crate) use either;

/// A trained network with all that it takes to use it: the model file, its preprocessing understood and its settings
/// checked.
#[derive(Clone, Debug)]
pub struct Trained {
    /// What the model file holds.
    pub model: AnyModel,
    /// How data become its inputs, and its outputs answers.
    pub preprocessor: Preprocessor,
    /// How it was trained.
    pub plan: Plan,
}

/// Figures, and the samples that they are of.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// The figures.
    pub report: Report,
    /// Which of the source's samples they are of.
    pub which: crate::samples::Which,
    /// What the user should know of the samples.
    pub notices: Vec<deltarule_tables::Notice>,
}

impl Trained {
    /// The network of a run's folder or a model file.
    ///
    /// # Errors
    /// When there is none, or it is not one that this crate wrote.
    pub fn read(path: &Path) -> Result<Self> {
        Self::new(AnyModel::read(&model_path(path)?)?)
    }

    /// The network of a model.
    ///
    /// # Errors
    /// When its preprocessing is not this crate's or does not fit the network, or its settings are impossible.
    pub fn new(model: AnyModel) -> Result<Self> {
        let (preprocessor, plan) = either!(&model, of => Self::understood(of))?;
        Ok(Self { model, preprocessor, plan })
    }

    fn understood<T: Real>(model: &Model<T>) -> Result<(Preprocessor, Plan)> {
        let preprocessor = Preprocessor::from_json(&model.preprocessing)?;
        preprocessor.check_fits(&model.network)?;
        Ok((preprocessor, model.settings.plan(model.task)?))
    }

    /// Writes the model file, whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written, or a weight is not finite.
    pub fn write(&self, path: &Path) -> Result {
        Ok(either!(&self.model, model => model.write(path))?)
    }

    /// How its training went, where the file tells.
    pub fn training(&self) -> Option<&Training> {
        either!(&self.model, model => model.training.as_ref())
    }

    /// Number of weights, biases and factors.
    pub fn parameters(&self) -> usize {
        either!(&self.model, model => model.network.parameters())
    }

    /// How good it is on the samples of a source; of a folder of images with a test pair, on its test images.
    ///
    /// # Errors
    /// When the source cannot be read, or holds other data than the network was trained on.
    pub fn evaluate(&self, pool: &ThreadPool, source: &DataSource) -> Result<Evaluation> {
        either!(&self.model, model => self.measure(pool, &model.network, self.preprocessor.samples(source)?))
    }

    /// How good it is on what was held out for the final figures when it was trained.
    ///
    /// # Errors
    /// As [`Preprocessor::test_samples`].
    pub fn evaluate_held_out(&self, pool: &ThreadPool) -> Result<Evaluation> {
        either!(&self.model, model => self.measure(pool, &model.network, self.preprocessor.test_samples()?))
    }

    fn measure<T: Real>(
        &self,
        pool: &ThreadPool,
        network: &Network<T>,
        of: SampleSet<T>,
    ) -> Result<Evaluation> {
        let SampleSet { samples, which, notices } = of;
        let report = Report::new(pool, network, self.cost(), &self.preprocessor, samples.samples())?;
        Ok(Evaluation { report, which, notices })
    }

    /// The network in double precision: exact, whatever the file has.
    pub fn network_in_f64(&self) -> Network<f64> {
        either!(&self.model, model => model.network.cast())
    }

    /// The cost that it was trained with.
    pub fn cost(&self) -> Cost {
        self.plan.cost()
    }
}
