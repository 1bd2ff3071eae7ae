//! k-fold cross-validation: each sample is predicted by a network that did not see it.

mod fold;
mod out_of_fold;
mod subject;

pub use fold::FoldResult;

use crate::error::{Error, Result};
use crate::fit::Watch;
use crate::settings::{AFTER_TRAINING, Config, CvSettings, Held, Precision};
use crate::source::DataSource;
use deltarule::folds::{Folds, OutOfFold, Summary};
use deltarule::metrics::Metric;
use deltarule::settings::{SettingsTable, Value};
use deltarule::train::{EpochReport, StepReport};
use deltarule::{Matrix, Real, ThreadPool};
use deltarule_tables::Notice;
use deltarule_tables::kinds::Overview;
use fold::PreparedFold;
use out_of_fold::OutOfFoldTable;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use subject::Subject;

/// A network of fewer parameters keeps one thread busy and leaves nothing for a second: its folds share the threads.
const SMALL: usize = 1 << 18;

/// A cross-validation that has passed every check.
///
/// ```
/// use deltarule::ThreadPool;
/// use deltarule_pipeline::settings::Config;
/// use deltarule_pipeline::{CrossValidation, DataSource};
///
/// let mut settings = Config::default();
/// settings.training.epochs = Some(30);
/// settings.cv.folds = Some(3);
/// let iris = DataSource::parse(&["iris"])?;
/// let validation = CrossValidation::new(&iris, settings)?;
/// let result = validation.run(&ThreadPool::single(), &mut ())?;
/// assert_eq!((result.folds.len(), result.predictions.rows()), (3, 150));
/// let accuracy = &result.summary()[0];
/// assert!(accuracy.summary.mean > 0.8 && accuracy.summary.count == 3);
/// # Ok::<(), deltarule_pipeline::Error>(())
/// ```
pub struct CrossValidation {
    settings: Config,
    folds: Folds,
    subject: AnySubject,
    /// Epochs of a fold at most.
    epochs: u64,
    /// Parameters of a fold's network.
    parameters: usize,
}

enum AnySubject {
    F32(Subject<f32>),
    F64(Subject<f64>),
}

/// The same for a subject of either precision.
macro_rules! of_subject {
    ($any:expr, $subject:ident => $what:expr) => {
        match $any {
            AnySubject::F32($subject) => $what,
            AnySubject::F64($subject) => $what,
        }
    };
}

/// What a cross-validation led to.
#[derive(Clone, Debug)]
pub struct CrossValidated {
    /// Every fold of every repeat, in order.
    pub folds: Vec<FoldResult>,
    /// For each sample the mean over the repeats of what was predicted for it, in the target's units.
    pub predictions: Matrix<f64>,
}

/// A metric over all folds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MetricSummary {
    /// The metric.
    pub metric: Metric,
    /// Mean and standard error over the folds in which it is defined.
    pub summary: Summary,
    /// Number of folds in which it is not.
    pub undefined: usize,
}

impl CrossValidation {
    /// Reads the data and deals them.
    ///
    /// # Errors
    /// When settings contradict each other or the data, or the data cannot be read or dealt into so many folds.
    pub fn new(source: &DataSource, mut settings: Config) -> Result<Self> {
        check(&settings)?;
        settings.cv = settings.cv.or(CvSettings::defaults());
        let subject = match settings.run.precision.unwrap_or_default() {
            Precision::F32 => AnySubject::F32(Subject::read(source, &mut settings)?),
            Precision::F64 => AnySubject::F64(Subject::read(source, &mut settings)?),
        };
        let seed = settings.training.seed.unwrap_or(0);
        let (folds, repeats) = (settings.cv.folds.unwrap_or(0), settings.cv.repeats.unwrap_or(0));
        let (rows, classes) = of_subject!(&subject, of => (of.rows(), of.classes()));
        let classes = classes.filter(|_| settings.cv.plain_folds != Some(true));
        let folds = Folds::new(rows, folds, repeats, classes.as_deref(), seed)?;
        let (epochs, parameters) = of_subject!(&subject, subject => {
            let first = subject.fold(&settings, &folds, (0, 0))?;
            (first.epochs(), first.parameters())
        });
        Ok(Self { settings, folds, subject, epochs, parameters })
    }

    /// Number of folds, and how often all samples are dealt into them.
    pub fn dealt(&self) -> (usize, u32) {
        (self.folds.k(), self.settings.cv.repeats.unwrap_or(1))
    }

    /// Number of samples.
    pub fn samples(&self) -> usize {
        self.folds.samples()
    }

    /// What was found in the columns of a table.
    pub fn overview(&self) -> Option<&Overview> {
        of_subject!(&self.subject, subject => subject.overview())
    }

    /// What the user should know before training.
    pub fn notices(&self) -> &[Notice] {
        of_subject!(&self.subject, subject => subject.notices())
    }

    /// Epochs of all folds together, at most.
    pub fn epochs(&self) -> u64 {
        self.epochs * (self.folds.repeats() * self.folds.k()) as u64
    }

    /// Trains and evaluates a network for every fold. Which thread takes which fold makes no difference to any result.
    ///
    /// # Errors
    /// The first by the order of the folds: when a fold has too little to learn from, or its training diverges.
    /// [`Error::Interrupted`] when `watch` stops it.
    pub fn run(&self, pool: &ThreadPool, watch: &mut (dyn Watch + Send)) -> Result<CrossValidated> {
        of_subject!(&self.subject, subject => self.train_all(subject, pool, watch))
    }

    /// Refuses a file for out-of-fold predictions that cannot be written, before hours go into them.
    ///
    /// # Errors
    /// As [`CrossValidation::write`].
    pub fn check_output(&self, path: &Path, overwrite: bool) -> Result {
        of_subject!(&self.subject, subject => OutOfFoldTable::new(subject, &self.folds).check(path, overwrite))
    }

    /// Writes the predictions beside the columns of the table and the number of the fold that each row was held out with.
    ///
    /// # Errors
    /// When the file is there already, is one of the inputs, or cannot be written.
    pub fn write(&self, path: &Path, overwrite: bool, predictions: &Matrix<f64>) -> Result {
        of_subject!(&self.subject, subject => {
            OutOfFoldTable::new(subject, &self.folds).write(path, overwrite, predictions)
        })
    }

    fn train_all<T: Real>(
        &self,
        subject: &Subject<T>,
        whole: &ThreadPool,
        watch: &mut (dyn Watch + Send),
    ) -> Result<CrossValidated> {
        let order: Vec<(usize, usize)> = self.folds.iter().collect();
        let workers = if self.parameters < SMALL { whole.threads().min(order.len()) } else { 1 };
        let shared = Shared {
            watch: Mutex::new(watch),
            stopped: AtomicBool::new(false),
            failed: AtomicBool::new(false),
        };
        let next = AtomicUsize::new(0);
        let done: Mutex<Vec<Option<Result<FoldResult>>>> = Mutex::new(order.iter().map(|_| None).collect());
        let work = |pool: &ThreadPool| {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if at >= order.len() || shared.is_over() {
                    return;
                }
                let prepared = subject.fold(&self.settings, &self.folds, order[at]);
                let outcome = prepared.and_then(|fold: PreparedFold<T>| fold.train(pool, &mut &shared));
                if outcome.is_err() {
                    shared.failed.store(true, Ordering::Relaxed);
                }
                done.lock().expect("no worker panics while it holds this")[at] = Some(outcome);
            }
        };
        if workers == 1 {
            work(whole);
        } else {
            std::thread::scope(|scope| {
                (0..workers).for_each(|_| {
                    scope.spawn(|| work(&ThreadPool::single()));
                });
            });
        }
        if shared.stopped.load(Ordering::Relaxed) {
            return Err(Error::Interrupted);
        }
        let done = done.into_inner().expect("no worker panics while it holds this");
        // The first failure by the order of the folds; a fold that was not begun comes after one that failed.
        let folds: Vec<FoldResult> = done.into_iter().flatten().collect::<Result<_>>()?;
        let mut predictions = OutOfFold::new(subject.rows(), subject.outputs());
        folds.iter().for_each(|fold| predictions.record(&fold.held_out, &fold.predictions));
        let predictions = predictions.means().expect("every sample is held out once a repeat");
        Ok(CrossValidated { folds, predictions })
    }
}

impl CrossValidated {
    /// Every metric over all folds, the most telling first.
    pub fn summary(&self) -> Vec<MetricSummary> {
        let of = |&(metric, _): &(Metric, f64)| {
            let all = self.folds.iter().flat_map(|fold| &fold.figures).filter(|(other, _)| *other == metric);
            let defined: Vec<f64> = all.map(|(_, value)| *value).filter(|value| value.is_finite()).collect();
            let undefined = self.folds.len() - defined.len();
            MetricSummary { metric, summary: Summary::of(&defined), undefined }
        };
        self.folds.first().map_or_else(Vec::new, |fold| fold.figures.iter().map(of).collect())
    }
}

fn check(settings: &Config) -> Result {
    settings.check()?;
    let data = &settings.data;
    if data.test.is_some() {
        return Err(Error::unsuited("test", "has no meaning here: every fold is held out once"));
    }
    if data.stream == Some(true) {
        return Err(Error::unsuited("stream", "is for `train`: folds are dealt in memory"));
    }
    let tuned = settings.run.table().iter().find(|setting| {
        setting.group == AFTER_TRAINING
            && settings.run.get(setting.name).is_some_and(|value| value != Value::Flag(false))
    });
    if let Some(setting) = tuned {
        return Err(Error::unsuited(
            setting.name,
            "is for `train`: nothing is chosen after the trainings of folds",
        ));
    }
    if let Some(Held::File(path)) = &data.validation {
        return Err(Error::setting("validation", "a fraction or column:NAME", path.display())
            .advise("validation samples are taken from the folds that train"));
    }
    Ok(())
}

/// What the trainings of all folds share.
struct Shared<'a> {
    watch: Mutex<&'a mut (dyn Watch + Send)>,
    /// Whether the watch wants no more.
    stopped: AtomicBool,
    /// Whether a fold failed.
    failed: AtomicBool,
}

impl Shared<'_> {
    fn is_over(&self) -> bool {
        self.stopped.load(Ordering::Relaxed) || self.failed.load(Ordering::Relaxed)
    }

    fn after(&self, asked: ControlFlow<()>) -> ControlFlow<()> {
        if asked.is_break() {
            self.stopped.store(true, Ordering::Relaxed);
        }
        if self.is_over() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl Watch for &Shared<'_> {
    fn on_step(&mut self, report: &StepReport) -> ControlFlow<()> {
        let asked = self.watch.lock().expect("no watch panics").on_step(report);
        self.after(asked)
    }

    fn on_epoch(&mut self, report: &EpochReport) -> ControlFlow<()> {
        let asked = self.watch.lock().expect("no watch panics").on_epoch(report);
        self.after(asked)
    }
}
