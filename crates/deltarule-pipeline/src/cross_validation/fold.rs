//! One fold's training.

use crate::error::{Error, Result};
use crate::fit::{Watch, Watching};
use crate::prepare::Prepared;
use crate::report::{Report, restored};
use crate::subset::Subset;
use deltarule::evaluate::Evaluator;
use deltarule::metrics::Metric;
use deltarule::train::End;
use deltarule::{Matrix, Network, Plan, Real, Rows, ThreadPool, Trainer, TrainingState};

/// A fold made ready.
pub(super) struct PreparedFold<T: Real> {
    prepared: Prepared<T>,
    plan: Plan,
    network: Network<T>,
    place: (usize, usize),
    held_out: Vec<u32>,
}

/// What a fold led to.
#[derive(Clone, Debug)]
pub struct FoldResult {
    /// The repeat, counted from 0.
    pub repeat: usize,
    /// The fold, counted from 0.
    pub fold: usize,
    /// Number of epochs.
    pub epochs: usize,
    /// The best epoch, from 1, where there were validation samples.
    pub best_epoch: Option<u32>,
    /// Every metric on the samples held out, the most telling first; NaN where it is undefined.
    pub figures: Vec<(Metric, f64)>,
    /// The samples held out.
    pub held_out: Vec<u32>,
    /// What was predicted for each of them, in the target's units.
    pub predictions: Matrix<f64>,
}

impl<T: Real> PreparedFold<T> {
    pub(super) fn new(
        prepared: Prepared<T>,
        plan: Plan,
        place: (usize, usize),
        held_out: Vec<u32>,
    ) -> Result<Self> {
        let preprocessor = &prepared.preprocessor;
        let network = plan.network(preprocessor.inputs(), preprocessor.labels().len())?;
        Ok(Self { prepared, plan, network, place, held_out })
    }

    pub(super) fn parameters(&self) -> usize {
        self.network.parameters()
    }

    pub(super) fn epochs(&self) -> u64 {
        self.plan.epochs().into()
    }

    /// Trains the fold's network and looks at what it makes of the samples held out.
    pub(super) fn train(self, pool: &ThreadPool, watch: &mut dyn Watch) -> Result<FoldResult> {
        let Self { prepared, plan, network, place: (repeat, fold), held_out } = self;
        let mut batches = prepared.training.batches(&plan)?;
        let mut state = TrainingState::new(&plan, network, &*batches)?;
        let mut trainer = Trainer::new(&plan, &state, &*batches)?;
        let validation = prepared.validation.as_ref().map(Subset::samples);
        let end = trainer.run(pool, &mut state, &mut *batches, validation, &mut Watching(watch))?;
        if let End::Diverged(error) = end {
            return Err(Error::FoldDiverged { repeat: repeat + 1, fold: fold + 1, error: Box::new(error) });
        }
        let test = prepared.test.as_ref().expect("every fold holds samples out").samples();
        let mut evaluator = Evaluator::new(state.kept(), plan.cost(), plan.task(), test)?;
        evaluator.run(pool, state.kept());
        let report = Report::of(&prepared.preprocessor, &evaluator);
        let figure = |figure: &crate::report::Figure| {
            (figure.metric, figure.value.as_ref().copied().unwrap_or(f64::NAN))
        };
        Ok(FoldResult {
            repeat,
            fold,
            epochs: state.reports().len(),
            best_epoch: state.best().map(|(epoch, _)| epoch),
            figures: report.figures.iter().map(figure).collect(),
            held_out,
            predictions: restored(&prepared.preprocessor, Rows::all(evaluator.outputs())),
        })
    }
}
