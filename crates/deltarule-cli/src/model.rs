//! The model that a command works on, with what it kept of its data and training.

use crate::failure::Outcome;
use crate::pipeline::Pipeline;
use crate::run;
use deltarule::model::{AnyModel, Model};
use deltarule::{Plan, Real};
use std::path::Path;

/// The model in a run folder or a model file.
pub(crate) fn open(named: &Path) -> Outcome<AnyModel> {
    Ok(AnyModel::read(&run::model_path(named)?)?)
}

/// A model made ready for use.
#[derive(Debug)]
pub(crate) struct Opened<T: Real> {
    pub(crate) model: Model<T>,
    pub(crate) pipeline: Pipeline,
    pub(crate) plan: Plan,
}

impl<T: Real> Opened<T> {
    pub(crate) fn new(model: Model<T>) -> Outcome<Self> {
        let pipeline = Pipeline::read(&model.preprocessing)?;
        pipeline.check_fits(&model.network)?;
        let plan = model.settings.plan(model.task)?;
        Ok(Self { model, pipeline, plan })
    }
}
