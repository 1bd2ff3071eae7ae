//! `deltarule eval`

use super::train::pool;
use crate::args::Eval;
use crate::failure::Outcome;
use crate::model::{self, Opened};
use crate::pipeline::name_of;
use crate::report::Report;
use crate::text;
use crate::ui::Ui;
use deltarule::Real;
use deltarule::model::AnyModel;
use serde_json::json;

pub(crate) fn run(ui: &Ui, args: Eval) -> Outcome {
    match model::open(&args.run)? {
        AnyModel::F32(model) => eval(ui, &args, Opened::new(model)?),
        AnyModel::F64(model) => eval(ui, &args, Opened::new(model)?),
    }
}

fn eval<T: Real>(ui: &Ui, args: &Eval, opened: Opened<T>) -> Outcome {
    let Opened { model, pipeline, plan } = opened;
    let mut warnings = Vec::new();
    let (part, name) = if args.data.is_empty() {
        pipeline.held_out::<T>(&mut warnings)?
    } else {
        (pipeline.samples::<T>(&args.data, &mut warnings)?, name_of(&args.data)?)
    };
    warnings.iter().for_each(|warning| ui.warn(warning));
    let pool = pool(args.threads)?;
    let report = Report::new(&pool, &model.network, plan.cost(), &pipeline, part.samples())?;
    if ui.json {
        return ui.print_json(&json!({
            "run": args.run,
            "data": name,
            "evaluation": report.to_json(),
            "warnings": warnings,
        }));
    }
    let mut out = text::heading(&format!("{name} ({})", text::plural(report.samples, "sample")));
    out += &report.render();
    ui.print(&out)
}
