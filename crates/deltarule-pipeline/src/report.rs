//! How good a network is on samples: the metrics that suit its task, and who was taken for whom.

use crate::error::Result;
use crate::preprocessor::Preprocessor;
use deltarule::evaluate::Evaluator;
use deltarule::metrics::{Confusion, Metric, is_predicted, predicted_classes};
use deltarule::{Cost, Matrix, Network, Real, Rows, Samples, Task, ThreadPool};
use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};

/// The figures of one evaluation.
///
/// As JSON: the number of samples, the cost, every metric by its name (null where it is undefined), and for classes the
/// confusion matrix with a row for each true class.
#[derive(Clone, Debug)]
pub struct Report {
    /// Number of samples.
    pub samples: usize,
    /// Their mean cost, without regularisation.
    pub cost: f64,
    /// The metrics that suit the task, the most telling first.
    pub figures: Vec<Figure>,
    /// For classes, how many samples of each were taken for which.
    pub confusion: Option<Confusion>,
    /// Names of the classes, or of the outputs.
    pub labels: Vec<String>,
}

/// The value of a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The metric.
    pub metric: Metric,
    /// Its value, or why it has none.
    pub value: Result<f64, String>,
}

impl Figure {
    fn new(metric: Metric, value: Result<f64, deltarule::metrics::Undefined>) -> Self {
        Self { metric, value: value.map_err(|undefined| undefined.why) }
    }

    fn spoilt_by(self, sample: usize) -> Self {
        let why = format!("what the network gives for sample {sample} is no finite number");
        Self { value: Err(why), ..self }
    }
}

/// What a network's outputs for samples are measured against.
struct Measured<'a, T: Real> {
    preprocessor: &'a Preprocessor,
    outputs: &'a Matrix<T>,
    y: Rows<'a, T>,
    weights: Option<&'a [f64]>,
}

impl Report {
    /// Of a network on samples.
    ///
    /// # Errors
    /// When the samples fit neither the network nor the cost.
    pub fn new<T: Real>(
        pool: &ThreadPool,
        network: &Network<T>,
        cost: Cost,
        preprocessor: &Preprocessor,
        samples: Samples<'_, T>,
    ) -> Result<Self> {
        let mut evaluator = Evaluator::new(network, cost, preprocessor.task(), samples)?;
        evaluator.run(pool, network);
        Ok(Self::of(preprocessor, &evaluator))
    }

    /// The value of a metric, where it is among the figures and has one.
    pub fn value(&self, metric: Metric) -> Option<f64> {
        let figure = self.figures.iter().find(|figure| figure.metric == metric)?;
        figure.value.as_ref().ok().copied()
    }

    /// Of the outputs that an evaluator has computed.
    pub(crate) fn of<T: Real>(preprocessor: &Preprocessor, evaluator: &Evaluator<'_, T>) -> Self {
        let (outputs, truth) = (evaluator.outputs(), evaluator.truth());
        let of = Measured { preprocessor, outputs, y: truth.y(), weights: truth.weights() };
        let (figures, confusion) = match (preprocessor.task(), truth.classes()) {
            (_, Some(classes)) => {
                let (figures, confusion) = of.classes(classes);
                (figures, Some(confusion))
            }
            (Task::MultiLabel, None) => (of.labels(), None),
            (_, None) => (of.numbers(evaluator.cost()), None),
        };
        let (samples, cost) = (outputs.rows(), evaluator.mean_cost());
        let finite = |i: &usize| outputs.row(*i).iter().all(|output| output.is_finite());
        let figures = match (0..samples).find(|i| !finite(i)) {
            None => figures,
            // What a metric makes of it is no figure to trust.
            Some(i) => figures.into_iter().map(|figure| figure.spoilt_by(i)).collect(),
        };
        Self { samples, cost, figures, confusion, labels: preprocessor.labels() }
    }
}

impl<T: Real> Measured<'_, T> {
    fn classes(&self, truth: &[u32]) -> (Vec<Figure>, Confusion) {
        let classes = self.preprocessor.labels().len();
        let probabilities = Rows::all(self.outputs);
        let predicted = predicted_classes(probabilities, self.preprocessor.threshold);
        let confusion = Confusion::new(truth, &predicted, classes.max(2), self.weights);
        let binary = classes == 2;
        let wanted = [
            (true, Metric::Accuracy),
            (true, Metric::BalancedAccuracy),
            (binary, Metric::F1),
            (!binary, Metric::F1Macro),
            (!binary, Metric::F1Weighted),
            (true, Metric::LogLoss),
            (true, Metric::Brier),
            (true, Metric::RocAuc),
            (true, Metric::AveragePrecision),
            (true, Metric::CalibrationError),
        ];
        let figure = |metric: Metric| {
            let value = match metric.is_of_decisions() {
                true => metric.of_confusion(&confusion),
                false => metric.of_classes(truth, probabilities, self.weights),
            };
            Figure::new(metric, value)
        };
        let figures = wanted.into_iter().filter(|(suits, _)| *suits).map(|(_, metric)| figure(metric));
        (figures.collect(), confusion)
    }

    /// Accuracy of whole rows of labels, and the means over the labels of what is defined for one.
    fn labels(&self) -> Vec<Figure> {
        let half = T::from_f64(0.5);
        let agrees = |(&a, &y): (&T, &T)| is_predicted(a.to_f64(), None) == (y > half);
        let right = |i: usize| self.outputs.row(i).iter().zip(self.y.row(i)).all(agrees);
        // A row of labels is right or wrong as a whole: the accuracy of saying that it is right.
        let right: Vec<u32> = (0..self.y.len()).map(|i| u32::from(right(i))).collect();
        let accuracy = Confusion::new(&vec![1; right.len()], &right, 2, self.weights).accuracy();
        let mean = |metric: Metric| {
            let mut sum = 0.0;
            for j in 0..self.outputs.cols() {
                let truth: Vec<u32> = self.y.iter().map(|row| u32::from(row[j] > half)).collect();
                let column = Matrix::from_fn(self.outputs.rows(), 1, |i, _| self.outputs.at(i, j));
                sum += metric.of_classes(&truth, Rows::all(&column), self.weights)?;
            }
            Ok(sum / self.outputs.cols() as f64)
        };
        let means = [Metric::F1, Metric::RocAuc, Metric::LogLoss];
        let means = means.into_iter().map(|metric| Figure::new(metric, mean(metric)));
        std::iter::once(Figure::new(Metric::Accuracy, accuracy)).chain(means).collect()
    }

    /// The metrics of amounts and counts, in the units of the target.
    fn numbers(&self, cost: Cost) -> Vec<Figure> {
        let predicted = restored(self.preprocessor, Rows::all(self.outputs));
        let truth = restored(self.preprocessor, self.y);
        let mut wanted = vec![Metric::Rmse, Metric::Mae, Metric::R2];
        if self.preprocessor.task() == Task::Counts {
            wanted.push(Metric::PoissonDeviance);
        }
        if let Cost::Quantile { q } = cost {
            wanted.push(Metric::QuantileLoss { q });
        }
        let value = |metric: Metric| metric.of_numbers((&truth).into(), (&predicted).into(), self.weights);
        wanted.into_iter().map(|metric| Figure::new(metric, value(metric))).collect()
    }
}

/// Outputs or targets in the units of the target.
pub(crate) fn restored<T: Real>(preprocessor: &Preprocessor, values: Rows<'_, T>) -> Matrix<f64> {
    Matrix::from_fn(values.len(), values.cols(), |i, j| preprocessor.restore(j, values.row(i)[j].to_f64()))
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = 3 + usize::from(self.confusion.is_some());
        let mut report = serializer.serialize_struct("Report", fields)?;
        report.serialize_field("samples", &self.samples)?;
        report.serialize_field("cost", &self.cost)?;
        report.serialize_field("metrics", &ByName(&self.figures))?;
        if let Some(confusion) = &self.confusion {
            let k = confusion.classes();
            let row = |i| (0..k).map(|j| confusion.count(i, j)).collect::<Vec<_>>();
            let rows: Vec<_> = (0..k).map(row).collect();
            report
                .serialize_field("confusion", &serde_json::json!({ "labels": self.labels, "rows": rows }))?;
        }
        report.end()
    }
}

struct ByName<'a>(&'a [Figure]);

impl Serialize for ByName<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for figure in self.0 {
            map.serialize_entry(&figure.metric.to_string(), &figure.value.as_ref().ok())?;
        }
        map.end()
    }
}
