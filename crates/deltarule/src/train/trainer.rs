//! What moves a training on: a step or an epoch at a time.

use super::report::{End, EpochReport, Observer, StepReport, Validation};
use super::state::{Snapshot, TrainingState};
use super::update::{Parameters, Update, UpdateMemory, eta};
use crate::batches::{Batch, Batches};
use crate::cost::Costs;
use crate::dataset::Samples;
use crate::dropout::Dropout;
use crate::error::{Error, Result};
use crate::evaluate::Evaluator;
use crate::mean::WeightedMean;
use crate::metrics::Metric;
use crate::pass::Pass;
use crate::plan::Plan;
use crate::real::Real;
use crate::task::Task;
use deltarule_kernels::{FlushToZero, Matrix, ThreadPool};

/// How many steps may pass before all weights are looked at. A cost that is not finite is seen at its own step; a weight
/// may be infinite for some steps while the cost is finite, behind a saturated neuron.
const STEPS_BETWEEN_LOOKS: usize = 256;

/// A plan with all the memory that its steps need, which moves a [`TrainingState`] on.
///
/// What comes of a step is a function of the plan, the state and the samples: neither the number of threads nor the
/// instruction set changes a bit of it, and the trainer itself holds nothing that the next step depends on.
#[derive(Debug)]
pub struct Trainer<T: Real> {
    plan: Plan,
    /// n, the size of the training set.
    samples: usize,
    /// Steps of an epoch.
    epoch_steps: usize,
    /// Samples in a full batch.
    batch: usize,
    pass: Pass<T>,
    costs: Costs<T>,
    memory: UpdateMemory<T>,
}

impl<T: Real> Trainer<T> {
    /// A trainer of this state, and of others of networks with the same widths, on these batches.
    ///
    /// # Errors
    /// When the state is of another optimizer or of other data, or the targets do not fit the cost.
    pub fn new(plan: &Plan, state: &TrainingState<T>, batches: &dyn Batches<T>) -> Result<Self> {
        state.check_batches(batches)?;
        let network = state.network();
        plan.cost.check_output(network.output().activation)?;
        batches.check_targets(plan.cost)?;
        let kept = state.parameters.moments_each();
        if kept != plan.optimizer.moments() {
            let expected = format!("{}, as the plan's optimizer keeps", plan.optimizer.moments());
            return Err(Error::shape("running values of each parameter", expected, kept));
        }
        let mut pass = Pass::new(network);
        if plan.dropout > 0.0 {
            let (_, hidden) = pass.layers.split_last_mut().expect("a network has layers");
            hidden.iter_mut().for_each(|layer| layer.dropout = Some(Dropout::new(layer.a.cols())));
        }
        Ok(Self {
            samples: state.samples(),
            epoch_steps: state.epoch_steps(),
            batch: batches.batch(),
            pass,
            costs: Costs::new(plan.cost, network.outputs()),
            memory: UpdateMemory::new(plan, network),
            plan: plan.clone(),
        })
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// z, a and δ of the last step's batch.
    pub fn pass(&self) -> &Pass<T> {
        &self.pass
    }

    /// η of the step that comes after so many.
    pub fn eta(&self, steps_done: u64) -> f64 {
        eta(&self.plan, steps_done, self.epoch_steps)
    }

    /// One step on `batch`, which must be the one that comes next in the epoch.
    ///
    /// Allocates nothing once it has seen a batch of this size. Where all samples weigh nothing the network stays as it
    /// is.
    ///
    /// # Errors
    /// [`Error::Diverged`] when the cost is not finite, with the layer where that shows first; the state then stays as it
    /// is. A weight may have been infinite for some steps, hidden by a saturated neuron: [`Trainer::epoch`] finds the step
    /// at which that began.
    ///
    /// # Panics
    /// When the batch does not fit the network, or the state's network has other widths than the trainer was made for.
    pub fn step(
        &mut self,
        pool: &ThreadPool,
        state: &mut TrainingState<T>,
        batch: &Batch<'_, T>,
    ) -> Result<StepReport> {
        let _flush = FlushToZero::on();
        let (epoch, step) = (state.epoch(), state.step());
        self.draw_dropout(epoch, step, batch.len());
        self.pass.forward(pool, state.network(), batch.x);
        let (z, a) = self.pass.output_z_a();
        let each = self.costs.compute(pool, self.plan.cost, z, a, batch.y);
        let cost = WeightedMean::of(each.iter().copied(), batch.weights);
        if !cost.total.is_finite() {
            return Err(diverged((epoch, step + 1), self.where_not_finite(), cost.mean()));
        }
        let update = Update::next(&self.plan, state);
        if cost.weight > 0.0 {
            let Parameters { network, transposed, .. } = &state.parameters;
            self.pass.backward(pool, network, transposed, self.plan.cost, batch);
            update.apply(pool, &self.pass, batch, &mut state.parameters, &mut self.memory);
        }
        if step == 0 {
            state.epoch_cost = WeightedMean::default();
        }
        state.epoch_cost.merge(cost);
        state.steps_done += 1;
        Ok(StepReport {
            epoch: epoch + 1,
            step: step + 1,
            steps: self.epoch_steps,
            cost: cost.mean(),
            eta: update.eta,
        })
    }

    /// The rest of the epoch under way, or a whole one where none is, and [`Trainer::finish_epoch`]. Nothing where the
    /// observer stopped it: then the state lies between two steps, and another call goes on from there.
    ///
    /// # Errors
    /// [`Error::Diverged`] with the epoch, the step and the layer at which a cost or a weight went out of the finite
    /// numbers; the state is then as it was before. And when the samples cannot be read, or the metric is undefined for
    /// those of the validation.
    pub fn epoch(
        &mut self,
        pool: &ThreadPool,
        state: &mut TrainingState<T>,
        batches: &mut dyn Batches<T>,
        validation: Option<&mut Evaluator<'_, T>>,
        observer: &mut dyn Observer<T>,
    ) -> Result<Option<EpochReport>> {
        if state.awaits_finish() {
            return self.finish_epoch(pool, state, validation).map(Some);
        }
        let start = state.snapshot();
        let ended = match self.steps_of_epoch(pool, state, batches, observer) {
            Ok(true) => self.finish_epoch(pool, state, validation).map(Some),
            Ok(false) => Ok(None),
            Err(error) => Err(error),
        };
        match ended {
            Err(error @ Error::Diverged { .. }) => {
                let first = match self.check_weights(state) {
                    Ok(()) => Ok(error),
                    Err(_) => self.first_divergence(pool, state, batches, &start),
                };
                state.restore(&start);
                Err(first?)
            }
            ended => ended,
        }
    }

    /// Epoch after epoch to the end of the plan, or until patience, the observer or a number that is not finite ends it. A
    /// divergence is no error here but the [`End`]; the state is then that of before the epoch.
    ///
    /// It does what anyone can with [`Trainer::epoch`]: who wants more than to watch writes the loop.
    ///
    /// # Errors
    /// When the samples cannot be read, or those for validation do not fit or leave the metric undefined.
    pub fn run(
        &mut self,
        pool: &ThreadPool,
        state: &mut TrainingState<T>,
        batches: &mut dyn Batches<T>,
        validation: Option<Samples<'_, T>>,
        observer: &mut dyn Observer<T>,
    ) -> Result<End> {
        let validation = validation.filter(|samples| !samples.is_empty());
        let mut validation = validation
            .map(|samples| Evaluator::new(state.network(), self.plan.cost, self.plan.task, samples))
            .transpose()?;
        while !self.is_out_of_patience(state) && state.epoch() < self.plan.epochs || state.awaits_finish() {
            match self.epoch(pool, state, batches, validation.as_mut(), observer) {
                Ok(Some(report)) if observer.on_epoch(&report, state).is_continue() => {}
                Ok(_) => return Ok(End::Stopped),
                Err(error @ Error::Diverged { .. }) => return Ok(End::Diverged(error)),
                Err(error) => return Err(error),
            }
        }
        Ok(if self.is_out_of_patience(state) { End::Patience } else { End::Finished })
    }

    /// Whether no epoch has been better for as many as the plan has patience for.
    pub fn is_out_of_patience(&self, state: &TrainingState<T>) -> bool {
        self.plan.patience.is_some_and(|patience| state.epochs_without_better() >= patience)
    }

    /// All steps of the epoch that are left; whether the observer let them all happen.
    fn steps_of_epoch(
        &mut self,
        pool: &ThreadPool,
        state: &mut TrainingState<T>,
        batches: &mut dyn Batches<T>,
        observer: &mut dyn Observer<T>,
    ) -> Result<bool> {
        let epoch = state.epoch();
        batches.start(epoch)?;
        batches.skip(state.step())?;
        while state.epoch() == epoch {
            let Some(batch) = batches.next()? else {
                let expected = format!("{}, as was said", self.epoch_steps);
                return Err(Error::data("batches of an epoch", expected, state.step()));
            };
            let report = self.step(pool, state, &batch)?;
            let stop = observer.on_step(&report).is_break();
            if stop || report.step.is_multiple_of(STEPS_BETWEEN_LOOKS) {
                self.check_weights(state)?;
            }
            if stop {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Ends an epoch all of whose steps are done: looks at the weights and at the validation samples, and considers
    /// whether this is the epoch to keep.
    ///
    /// # Errors
    /// [`Error::Diverged`] when a weight, the penalty or the cost of validation is not finite, and [`Error::Data`] when the
    /// plan's metric is undefined for the validation samples.
    ///
    /// # Panics
    /// In the middle of an epoch, or when it is finished already.
    pub fn finish_epoch(
        &mut self,
        pool: &ThreadPool,
        state: &mut TrainingState<T>,
        validation: Option<&mut Evaluator<'_, T>>,
    ) -> Result<EpochReport> {
        assert!(state.awaits_finish(), "an epoch is finished once, after its last step");
        self.check_weights(state)?;
        let epoch = state.epoch();
        let validation = validation.map(|samples| self.validate(pool, state, samples)).transpose()?;
        let best = validation.is_some_and(|v| state.offer(epoch, v.value, self.plan.metric, self.plan.keep));
        let report = EpochReport {
            epoch,
            cost: state.epoch_cost.mean(),
            penalty: self.penalty(state),
            eta: self.eta(state.steps_done - 1),
            validation,
            best,
        };
        state.reports.push(report);
        Ok(report)
    }

    fn validate(
        &self,
        pool: &ThreadPool,
        state: &TrainingState<T>,
        samples: &mut Evaluator<'_, T>,
    ) -> Result<Validation> {
        let cost = samples.run(pool, state.network());
        if !cost.is_finite() {
            let layer = state.network().layers.len() + 1;
            let what = format!("the cost of validation, at the outputs of layer {layer},");
            return Err(diverged((state.epoch() - 1, self.epoch_steps), what, cost));
        }
        let accuracy =
            (self.plan.task == Task::Classes).then(|| samples.value(Metric::Accuracy)).transpose()?;
        Ok(Validation { cost, value: samples.value(self.plan.metric)?, accuracy })
    }

    /// Names the step and the layer at which an epoch went out of the finite numbers: it runs again from `start`, which gives
    /// the same numbers, and all weights are looked at after each step.
    fn first_divergence(
        &mut self,
        pool: &ThreadPool,
        state: &mut TrainingState<T>,
        batches: &mut dyn Batches<T>,
        start: &Snapshot<T>,
    ) -> Result<Error> {
        state.restore(start);
        batches.start(state.epoch())?;
        batches.skip(state.step())?;
        while let Some(batch) = batches.next()? {
            self.step(pool, state, &batch)?;
            if let Err(error) = self.check_weights(state) {
                return Ok(error);
            }
        }
        Err(Error::data("batches", "the same samples whenever an epoch is read", "others the second time"))
    }

    fn draw_dropout(&mut self, epoch: u32, step: usize, samples: usize) {
        let first = step as u64 * self.batch as u64;
        for (l, layer) in self.pass.layers.iter_mut().enumerate() {
            if let Some(dropout) = &mut layer.dropout {
                dropout.draw(self.plan.dropout, self.plan.seed, l, epoch, first, samples);
            }
        }
    }

    /// What regularisation adds to the cost now.
    fn penalty(&self, state: &TrainingState<T>) -> f64 {
        self.plan.regularisation.penalty(&state.network().layers, self.samples)
    }

    /// Whether weights, biases and factors are finite after the last step, and the penalty: of weights so large that their
    /// squares are not.
    fn check_weights(&self, state: &TrainingState<T>) -> Result<()> {
        let (what, found) = if let Some((what, found)) = state.network().not_finite() {
            (what, found.to_f64())
        } else {
            let penalty = self.penalty(state);
            if penalty.is_finite() {
                return Ok(());
            }
            let layers = &state.network().layers;
            let largest = |l: &usize| {
                layers[*l].w.storage().iter().fold(0.0, |most: f64, w| most.max(w.to_f64().abs()))
            };
            let l = (0..layers.len()).max_by(|l, m| largest(l).total_cmp(&largest(m))).unwrap_or(0);
            (format!("the penalty, with the largest weight in layer {},", l + 2), penalty)
        };
        let last = state.steps_done.saturating_sub(1);
        let (epoch, step) = (last / self.epoch_steps as u64, last % self.epoch_steps as u64);
        Err(diverged((epoch as u32, step as usize + 1), what, found))
    }

    /// Where the last forward pass first met a number that is not finite, in words.
    fn where_not_finite(&self) -> String {
        let bad = |a: &T| !a.is_finite();
        let not_finite = |a: &Matrix<T>| (0..a.rows()).any(|i| a.row(i).iter().any(bad));
        let first = self.pass.layers.iter().position(|layer| not_finite(&layer.a));
        first.map_or_else(
            || format!("the cost, at the outputs of layer {},", self.pass.layers.len() + 1),
            |l| format!("the cost, after an activation of layer {},", l + 2),
        )
    }
}

/// Which epoch, counted from 0, and which step of it, from 1, went out of the finite numbers.
fn diverged((epoch, step): (u32, usize), what: String, found: f64) -> Error {
    Error::Diverged {
        epoch: epoch as usize + 1,
        step,
        field: what,
        found: found.to_string(),
        hint: Some("a smaller {eta}, {clip}, or inputs of a smaller scale may help".into()),
    }
}
