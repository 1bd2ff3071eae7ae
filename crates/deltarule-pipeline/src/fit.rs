//! A run from its settings to a trained network.

use crate::error::Result;
use crate::prepare::Prepared;
use crate::preprocessor::Preprocessor;
use crate::report::Report;
use crate::settings::{Config, Precision, RunSettings};
use crate::source::DataSource;
use crate::subset::Subset;
use crate::trained::Trained;
use crate::tune::{self, Tuned};
use deltarule::model::{AnyModel, Model, Training};
use deltarule::train::{End, EpochReport, StepReport};
use deltarule::{Activation, Network, Observer, Plan, Real, ThreadPool, Trainer, TrainingState};
use deltarule_tables::Notice;
use deltarule_tables::kinds::Overview;
use std::ops::ControlFlow;

/// A run that has passed every check: data prepared, settings complete, nothing trained yet.
///
/// ```
/// use deltarule::ThreadPool;
/// use deltarule::metrics::Metric;
/// use deltarule_pipeline::settings::Config;
/// use deltarule_pipeline::{DataSource, Fit, Portion};
///
/// let pool = ThreadPool::single();
/// let iris = DataSource::parse(&["iris"])?;
/// let mut fit = Fit::new(&iris, Config::default())?;
/// let fitted = fit.run(&pool, &mut ())?;
/// let (portion, report) = fit.report(&pool, &fitted.trained)?.expect("a fifth is held out");
/// assert_eq!((portion, report.samples), (Portion::Test, 30));
/// assert!(report.value(Metric::Accuracy).unwrap() > 0.8);
/// # Ok::<(), deltarule_pipeline::Error>(())
/// ```
#[derive(Debug)]
pub struct Fit {
    settings: Config,
    plan: Plan,
    run: AnyRun,
}

/// The data and the trainer, in the precision of the run.
#[derive(Debug)]
enum AnyRun {
    F32(Run<f32>),
    F64(Run<f64>),
}

/// The same for a run of either precision.
macro_rules! of_run {
    ($any:expr, $run:ident => $what:expr) => {
        match $any {
            AnyRun::F32($run) => $what,
            AnyRun::F64($run) => $what,
        }
    };
}

#[derive(Debug)]
struct Run<T: Real> {
    prepared: Prepared<T>,
    trainer: Trainer<T>,
    state: TrainingState<T>,
    shape: Shape,
    steps: u64,
}

/// A network without its weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// Neurons of every layer, the inputs first.
    pub widths: Vec<usize>,
    /// Activations of the layers from the first hidden one to the output.
    pub activations: Vec<Activation>,
    /// Number of weights, biases and factors.
    pub parameters: usize,
}

/// Some of the data of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Portion {
    /// What it learned from.
    Training,
    /// What chose its best epoch.
    Validation,
    /// What was kept for the final figures.
    Test,
}

impl Portion {
    /// Its name: `training`, `validation` or `test`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Training => "training",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}

/// What a training led to.
#[derive(Debug)]
pub struct Fitted {
    /// The network that the settings keep, ready for use. Its weights are finite however the training ended.
    pub trained: Trained,
    /// All epochs that were completed.
    pub epochs: Vec<EpochReport>,
    /// The best epoch, from 1, and its value of the plan's metric, where there were validation samples.
    pub best_epoch: Option<(u32, f64)>,
    /// Why it ended.
    pub end: End,
    /// What was chosen after training.
    pub tuned: Tuned,
}

/// Someone who watches a training and may stop it: a progress bar, a log, the end of a process. `()` watches nothing.
pub trait Watch {
    /// After every step; `Break` ends training there.
    fn on_step(&mut self, _report: &StepReport) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// After every epoch; `Break` ends training there.
    fn on_epoch(&mut self, _report: &EpochReport) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

impl Watch for () {}

/// A [`Watch`] as the library's observer.
pub(crate) struct Watching<'a>(pub(crate) &'a mut dyn Watch);

impl<T: Real> Observer<T> for Watching<'_> {
    fn on_step(&mut self, report: &StepReport) -> ControlFlow<()> {
        self.0.on_step(report)
    }

    fn on_epoch(&mut self, report: &EpochReport, _state: &TrainingState<T>) -> ControlFlow<()> {
        self.0.on_epoch(report)
    }
}

impl Fit {
    /// Prepares the data and completes the settings. All that may be refused before training is refused here.
    ///
    /// # Errors
    /// When settings contradict each other or the data, or the data cannot be read or learned from.
    pub fn new(source: &DataSource, mut settings: Config) -> Result<Self> {
        let (plan, run) = match settings.run.precision.unwrap_or_default() {
            Precision::F32 => {
                let (plan, run) = Run::new(source, &mut settings)?;
                (plan, AnyRun::F32(run))
            }
            Precision::F64 => {
                let (plan, run) = Run::new(source, &mut settings)?;
                (plan, AnyRun::F64(run))
            }
        };
        Ok(Self { settings, plan, run })
    }

    /// The settings, complete enough to repeat the run.
    pub fn settings(&self) -> &Config {
        &self.settings
    }

    /// How it will train.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// How data become inputs of its network, and outputs answers.
    pub fn preprocessor(&self) -> &Preprocessor {
        of_run!(&self.run, run => &run.prepared.preprocessor)
    }

    /// What was found in the columns of a table.
    pub fn overview(&self) -> Option<&Overview> {
        of_run!(&self.run, run => run.prepared.overview.as_ref())
    }

    /// What the user should know before training.
    pub fn notices(&self) -> &[Notice] {
        of_run!(&self.run, run => &run.prepared.notices)
    }

    /// The network that it will train.
    pub fn shape(&self) -> &Shape {
        of_run!(&self.run, run => &run.shape)
    }

    /// Steps of all epochs of the plan.
    pub fn steps(&self) -> u64 {
        of_run!(&self.run, run => run.steps) * u64::from(self.plan.epochs())
    }

    /// Number of samples of this portion of the data.
    pub fn samples(&self, portion: Portion) -> usize {
        of_run!(&self.run, run => match portion {
            Portion::Training => run.prepared.training.len(),
            Portion::Validation => run.prepared.validation.as_ref().map_or(0, Subset::len),
            Portion::Test => run.prepared.test.as_ref().map_or(0, Subset::len),
        })
    }

    /// Trains, and then chooses what the settings ask for. A training that was stopped goes on where it was.
    ///
    /// The result is a function of the settings and the data: neither the number of threads nor the instruction set
    /// changes a bit of it.
    ///
    /// # Errors
    /// When rows cannot be read while training, or a metric that something is chosen by is undefined.
    pub fn run(&mut self, pool: &ThreadPool, watch: &mut dyn Watch) -> Result<Fitted> {
        let (plan, settings) = (&self.plan, &self.settings.run);
        of_run!(&mut self.run, run => run.train(pool, plan, settings, watch))
    }

    /// How good a network is on the portion that took the least part in its training, where one is in memory.
    ///
    /// # Errors
    /// When the network is not one of this run.
    pub fn report(&self, pool: &ThreadPool, trained: &Trained) -> Result<Option<(Portion, Report)>> {
        match (&self.run, &trained.model) {
            (AnyRun::F32(run), AnyModel::F32(model)) => run.report(pool, trained, &model.network),
            (AnyRun::F64(run), AnyModel::F64(model)) => run.report(pool, trained, &model.network),
            (AnyRun::F32(run), AnyModel::F64(model)) => run.report(pool, trained, &model.network.cast()),
            (AnyRun::F64(run), AnyModel::F32(model)) => run.report(pool, trained, &model.network.cast()),
        }
    }
}

impl<T: Real> Run<T>
where
    AnyModel: From<Model<T>>,
{
    fn new(source: &DataSource, settings: &mut Config) -> Result<(Plan, Self)> {
        let prepared = Prepared::<T>::new(source, settings)?;
        let plan = prepared.plan(settings)?;
        let preprocessor = &prepared.preprocessor;
        let network = plan.network::<T>(preprocessor.inputs(), preprocessor.labels().len())?;
        let output = network.output().activation;
        tune::check(&settings.run, output, preprocessor, prepared.validation.as_ref())?;
        let shape = Shape::of(&network);
        let batches = prepared.training.batches(&plan)?;
        let state = TrainingState::new(&plan, network, &*batches)?;
        let trainer = Trainer::new(&plan, &state, &*batches)?;
        let steps = batches.steps() as u64;
        drop(batches);
        Ok((plan, Self { prepared, trainer, state, shape, steps }))
    }

    fn train(
        &mut self,
        pool: &ThreadPool,
        plan: &Plan,
        settings: &RunSettings,
        watch: &mut dyn Watch,
    ) -> Result<Fitted> {
        let Self { prepared, trainer, state, .. } = self;
        let validation = prepared.validation.as_ref();
        let mut batches = prepared.training.batches(plan)?;
        let samples = validation.map(Subset::samples);
        let end = trainer.run(pool, state, &mut *batches, samples, &mut Watching(watch))?;
        let (epochs, best_epoch) = (state.reports().to_vec(), state.best());
        let mut network = state.kept().clone();
        let mut preprocessor = prepared.preprocessor.clone();
        let tuned = tune::run(settings, pool, &mut network, &mut preprocessor, validation)?;
        let model = Model {
            task: plan.task(),
            labels: preprocessor.labels(),
            preprocessing: preprocessor.to_json(),
            settings: plan.settings().clone(),
            training: Some(Training {
                samples: prepared.training.len() as u64,
                epochs: epochs.len() as u32,
                best_epoch: best_epoch.map(|(epoch, _)| epoch),
                best_value: best_epoch.map(|(_, value)| value),
                kept: state.kept_progress(),
                class_weights: prepared.class_weights.clone(),
            }),
            network,
        };
        Ok(Fitted {
            trained: Trained { model: model.into(), preprocessor, plan: plan.clone() },
            epochs,
            best_epoch,
            end,
            tuned,
        })
    }

    fn report(
        &self,
        pool: &ThreadPool,
        trained: &Trained,
        network: &Network<T>,
    ) -> Result<Option<(Portion, Report)>> {
        let Prepared { training, validation, test, .. } = &self.prepared;
        let part = match (test, validation) {
            (Some(test), _) => Some((Portion::Test, test)),
            (None, Some(validation)) => Some((Portion::Validation, validation)),
            (None, None) => training.measured().map(|subset| (Portion::Training, subset)),
        };
        let report = |(portion, subset): (Portion, &Subset<T>)| {
            let of = (trained.cost(), &trained.preprocessor);
            Ok((portion, Report::new(pool, network, of.0, of.1, subset.samples())?))
        };
        part.map(report).transpose()
    }
}

impl Shape {
    fn of<T: Real>(network: &Network<T>) -> Self {
        Self {
            widths: network.widths(),
            activations: network.layers.iter().map(|layer| layer.activation).collect(),
            parameters: network.parameters(),
        }
    }
}
