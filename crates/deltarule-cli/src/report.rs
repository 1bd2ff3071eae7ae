//! How good a network is on samples: the metrics that suit its task, and who was taken for whom.

use crate::failure::Outcome;
use crate::pipeline::{Kind, Pipeline};
use crate::text::{self, Align, Table};
use crate::ui::{BOLD, DIM, RED, paint};
use deltarule::evaluate::Evaluator;
use deltarule::metrics::{Confusion, Metric, predicted_classes};
use deltarule::{Cost, Matrix, Network, Real, Rows, Samples, Task, ThreadPool};
use serde_json::{Value, json};

/// More classes than this are too many for a matrix on a screen.
const WIDEST_MATRIX: usize = 16;

/// The figures of one evaluation.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) samples: usize,
    pub(crate) cost: f64,
    metrics: Vec<(Metric, Result<f64, String>)>,
    confusion: Option<Confusion>,
    labels: Vec<String>,
}

impl Report {
    pub(crate) fn new<T: Real>(
        pool: &ThreadPool,
        network: &Network<T>,
        cost: Cost,
        pipeline: &Pipeline,
        samples: Samples<'_, T>,
    ) -> Outcome<Self> {
        let mut evaluator = Evaluator::new(network, cost, samples)?;
        let mean = evaluator.run(pool, network, samples);
        Ok(Self::of(pipeline, evaluator.outputs(), samples, cost, mean))
    }

    /// Of outputs that are there already; `mean` is their mean cost.
    pub(crate) fn of<T: Real>(
        pipeline: &Pipeline,
        outputs: &Matrix<T>,
        samples: Samples<'_, T>,
        cost: Cost,
        mean: f64,
    ) -> Self {
        let weights: Option<Vec<f64>> = samples.weights().map(|weights| weights.map(T::to_f64).collect());
        let weights = weights.as_deref();
        let labels = pipeline.labels();
        let figures = match pipeline.task() {
            Task::Classes => return Self::of_classes(pipeline, outputs, samples, mean, weights),
            Task::MultiLabel => multi_label(outputs, samples.y(), weights),
            Task::Regression | Task::Counts => numbers(pipeline, outputs, samples.y(), cost, weights),
        };
        Self { samples: samples.len(), cost: mean, metrics: figures, confusion: None, labels }
    }

    fn of_classes<T: Real>(
        pipeline: &Pipeline,
        outputs: &Matrix<T>,
        samples: Samples<'_, T>,
        cost: f64,
        weights: Option<&[f64]>,
    ) -> Self {
        let labels = pipeline.labels();
        let truth = predicted_classes(samples.y());
        let probabilities = Rows::all(outputs);
        let predicted = decided(probabilities, pipeline.threshold);
        let confusion = Confusion::new(&truth, &predicted, labels.len().max(2), weights);
        let binary = labels.len() == 2;
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
        let value = |metric: Metric| {
            if metric.is_of_decisions() {
                metric.of_confusion(&confusion)
            } else {
                metric.of_classes(&truth, probabilities, weights)
            }
            .map_err(|undefined| undefined.why)
        };
        let metrics = wanted.into_iter().filter(|(suits, _)| *suits).map(|(_, m)| (m, value(m))).collect();
        Self { samples: samples.len(), cost, metrics, confusion: Some(confusion), labels }
    }

    /// All metrics with their values; NaN where one is undefined.
    pub(crate) fn values(&self) -> impl Iterator<Item = (Metric, f64)> + '_ {
        self.metrics.iter().map(|(metric, value)| (*metric, value.as_ref().copied().unwrap_or(f64::NAN)))
    }

    pub(crate) fn render(&self) -> String {
        let mut table = Table::new([("", Align::Left), ("", Align::Left)]);
        for (n, (metric, value)) in self.metrics.iter().enumerate() {
            let shown = match value {
                Ok(value) if n == 0 => paint(BOLD, text::metric(*metric, *value)),
                Ok(value) => text::metric(*metric, *value),
                Err(why) => paint(DIM, format_args!("undefined: {why}")),
            };
            table.row([metric.to_string(), shown]);
        }
        table.row(["cost".to_owned(), text::number(self.cost)]);
        let mut out = table.render("  ");
        if let Some(confusion) = &self.confusion {
            out.push('\n');
            out += &matrix(confusion, &self.labels);
        }
        out
    }

    pub(crate) fn to_json(&self) -> Value {
        let metrics: serde_json::Map<String, Value> = self
            .metrics
            .iter()
            .map(|(metric, value)| (metric.to_string(), value.as_ref().map_or(Value::Null, |v| json!(v))))
            .collect();
        let mut object = json!({ "samples": self.samples, "cost": self.cost, "metrics": metrics });
        if let Some(confusion) = &self.confusion {
            let k = confusion.classes();
            let row = |i| (0..k).map(|j| confusion.count(i, j)).collect::<Vec<_>>();
            object["confusion"] =
                json!({ "labels": self.labels, "rows": (0..k).map(row).collect::<Vec<_>>() });
        }
        object
    }
}

/// The class of each row: the likeliest, or by the threshold where two classes have one.
pub(crate) fn decided<T: Real>(probabilities: Rows<'_, T>, threshold: Option<f64>) -> Vec<u32> {
    match threshold {
        Some(threshold) => {
            let of_second = |row: &[T]| row[row.len() - 1].to_f64();
            probabilities.iter().map(|row| u32::from(of_second(row) >= threshold)).collect()
        }
        None => predicted_classes(probabilities),
    }
}

/// Accuracy of whole rows of labels, and the means over the labels of what is defined for one.
fn multi_label<T: Real>(
    outputs: &Matrix<T>,
    y: Rows<'_, T>,
    weights: Option<&[f64]>,
) -> Vec<(Metric, Result<f64, String>)> {
    let half = T::from_f64(0.5);
    let right = |i: usize| outputs.row(i).iter().zip(y.row(i)).all(|(&a, &y)| (a >= half) == (y > half));
    // A row of labels is right or wrong as a whole: the accuracy of saying that it is right.
    let right: Vec<u32> = (0..y.len()).map(|i| u32::from(right(i))).collect();
    let accuracy = Confusion::new(&vec![1; right.len()], &right, 2, weights).accuracy();
    let mean = |metric: Metric| -> Result<f64, String> {
        let mut sum = 0.0;
        for j in 0..outputs.cols() {
            let truth: Vec<u32> = y.iter().map(|row| u32::from(row[j] > half)).collect();
            let column = Matrix::from_fn(outputs.rows(), 1, |i, _| outputs.at(i, j));
            sum +=
                metric.of_classes(&truth, Rows::all(&column), weights).map_err(|undefined| undefined.why)?;
        }
        Ok(sum / outputs.cols() as f64)
    };
    let mut figures = vec![(Metric::Accuracy, accuracy.map_err(|undefined| undefined.why))];
    for metric in [Metric::F1, Metric::RocAuc, Metric::LogLoss] {
        figures.push((metric, mean(metric)));
    }
    figures
}

/// The metrics of amounts and counts, in the units of the target.
fn numbers<T: Real>(
    pipeline: &Pipeline,
    outputs: &Matrix<T>,
    y: Rows<'_, T>,
    cost: Cost,
    weights: Option<&[f64]>,
) -> Vec<(Metric, Result<f64, String>)> {
    let restore = |j: usize, value: T| match pipeline.kind() {
        Kind::Table(table) => table.target.restore(j, value.to_f64()),
        Kind::Images(_) => value.to_f64(),
    };
    let predicted = Matrix::from_fn(outputs.rows(), outputs.cols(), |i, j| restore(j, outputs.at(i, j)));
    let truth = Matrix::from_fn(y.len(), y.cols(), |i, j| restore(j, y.row(i)[j]));
    let mut wanted = vec![Metric::Rmse, Metric::Mae, Metric::R2];
    if pipeline.task() == Task::Counts {
        wanted.push(Metric::PoissonDeviance);
    }
    if let Cost::Quantile { q } = cost {
        wanted.push(Metric::QuantileLoss { q });
    }
    let value = |metric: Metric| {
        let value = metric.of_numbers(Rows::all(&truth), Rows::all(&predicted), weights);
        (metric, value.map_err(|undefined| undefined.why))
    };
    wanted.into_iter().map(value).collect()
}

/// Who was taken for whom: a row a true class, a column a predicted one.
fn matrix(confusion: &Confusion, labels: &[String]) -> String {
    let k = confusion.classes();
    if k > WIDEST_MATRIX {
        return frequent_mistakes(confusion, labels);
    }
    let short = |label: &String| label.chars().take(10).collect::<String>();
    let columns = std::iter::once(("true \\ predicted".to_owned(), Align::Right))
        .chain(labels.iter().map(|label| (short(label), Align::Right)))
        .chain([("recall".to_owned(), Align::Right)]);
    let mut table = Table::of(columns.collect());
    for (i, label) in labels.iter().enumerate() {
        let cells = (0..k).map(|j| match (confusion.count(i, j), i == j) {
            (0.0, _) => paint(DIM, "·"),
            (count, true) => paint(BOLD, text::number(count)),
            (count, false) => paint(RED, text::number(count)),
        });
        table.row(std::iter::once(short(label)).chain(cells).chain([text::percent(confusion.recall(i))]));
    }
    let precision = (0..k).map(|j| format!("{:.1}%", 100.0 * confusion.precision(j)));
    table.row(std::iter::once("precision".to_owned()).chain(precision).chain([String::new()]));
    table.render("  ")
}

fn frequent_mistakes(confusion: &Confusion, labels: &[String]) -> String {
    let k = confusion.classes();
    let mut mistakes: Vec<(f64, usize, usize)> = (0..k)
        .flat_map(|i| (0..k).map(move |j| (i, j)))
        .filter(|(i, j)| i != j && confusion.count(*i, *j) > 0.0)
        .map(|(i, j)| (confusion.count(i, j), i, j))
        .collect();
    mistakes.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let mut table =
        Table::new([("true", Align::Left), ("predicted", Align::Left), ("samples", Align::Right)]);
    for (count, i, j) in mistakes.iter().take(10) {
        table.row([labels[*i].clone(), labels[*j].clone(), text::number(*count)]);
    }
    format!("  the most frequent of {} kinds of mistakes\n{}", mistakes.len(), table.render("  "))
}
