//! The figures of an evaluation as text.

use crate::text::{self, Align, Table};
use crate::ui::{BOLD, DIM, RED, paint};
use deltarule::metrics::{Confusion, Metric};
use deltarule_pipeline::{Preprocessor, Report};

/// More classes than this are too many for a matrix on a screen.
const WIDEST_MATRIX: usize = 16;

/// The metrics, and who was taken for whom.
pub(crate) fn render(report: &Report) -> String {
    let mut table = Table::new([("", Align::Left), ("", Align::Left)]);
    for (n, figure) in report.figures.iter().enumerate() {
        let shown = match &figure.value {
            Ok(value) if n == 0 => paint(BOLD, text::metric(figure.metric, *value)),
            Ok(value) => text::metric(figure.metric, *value),
            Err(why) => paint(DIM, format_args!("undefined: {why}")),
        };
        table.row([figure.metric.to_string(), shown]);
    }
    table.row(["cost".to_owned(), text::number(report.cost)]);
    let mut out = table.render("  ");
    if let Some(confusion) = &report.confusion {
        out.push('\n');
        out += &matrix(confusion, &report.labels);
    }
    out
}

/// The metric by which epochs are compared, in the units of the target.
pub(crate) fn validation(metric: Metric, preprocessor: &Preprocessor, value: f64) -> String {
    match (metric, preprocessor.in_units(metric, value)) {
        (Metric::Cost, _) => text::number(value),
        (metric, Some(value)) => text::metric(metric, value),
        (metric, None) => format!("{} of the standardised targets", text::metric(metric, value)),
    }
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
