//! `deltarule eval`

use crate::args::Eval;
use crate::failure::{Outcome, in_flags};
use crate::report;
use crate::text;
use crate::ui::Ui;
use deltarule_pipeline::{DataSource, Trained, thread_pool};
use serde_json::json;

pub(crate) fn run(ui: &Ui, args: Eval) -> Outcome {
    let trained = Trained::read(&args.run)?;
    let pool = thread_pool(args.running.said()?.threads)?;
    let (evaluation, source) = if args.data.is_empty() {
        (trained.evaluate_held_out(&pool)?, trained.preprocessor.test_source())
    } else {
        (trained.evaluate(&pool, &DataSource::parse(&args.data)?)?, args.data.join(" "))
    };
    let warnings: Vec<String> = evaluation.notices.iter().map(in_flags).collect();
    warnings.iter().for_each(|warning| ui.warn(warning));
    let (name, figures) = (evaluation.which.of(&source), &evaluation.report);
    if ui.json {
        return ui.print_json(&json!({
            "run": args.run,
            "data": name,
            "evaluation": figures,
            "warnings": warnings,
        }));
    }
    let mut out = text::heading(&format!("{name} ({})", text::plural(figures.samples, "sample")));
    out += &report::render(figures);
    ui.print(&out)
}
