//! What the presets fill in where the user was silent.

use crate::error::Result;
use crate::settings::{Config, Held, Preset};
use crate::source::DataSource;
use deltarule::metrics::Metric;
use deltarule::{OptimizerName, Plan, ScheduleName, Settings, Task};

/// Where the data come from, the preset, the seed, and what is held out for validation.
pub(crate) fn fill_in(settings: &mut Config, source: &DataSource) {
    if settings.data.source.is_none() {
        settings.data.source = Some(source.words()).filter(|words| !words.is_empty());
    }
    let usual = match source {
        DataSource::Tables(_) | DataSource::Frame(_) => Preset::Tabular,
        DataSource::Builtin(_) | DataSource::Images(_) => Preset::Plain,
    };
    let preset = *settings.run.preset.get_or_insert(usual);
    settings.data.validation.get_or_insert(Held::Fraction(validation(preset)));
    settings.training.seed.get_or_insert(0);
}

/// The share of the samples that is held out for validation.
pub(crate) fn validation(preset: Preset) -> f64 {
    match preset {
        Preset::Plain => 0.1,
        Preset::Tabular => 0.2,
    }
}

/// What was said, and where that is silent what the preset says for `samples` training samples.
pub(crate) fn recipe(said: Settings, preset: Preset, task: Task, samples: usize) -> Settings {
    match preset {
        Preset::Tabular => said.or_tabular(task),
        Preset::Plain => {
            let preset = plain(&said, samples);
            said.or(preset)
        }
    }
}

/// The settings of the network and its training, completed for `samples` training samples and checked.
pub(crate) fn plan(settings: &mut Config, task: Task, samples: usize) -> Result<Plan> {
    let preset = settings.run.preset.unwrap_or(Preset::Plain);
    settings.training = recipe(settings.training.clone(), preset, task, samples);
    let plan = settings.training.plan(task)?;
    settings.training = plan.settings().clone();
    settings.run.precision.get_or_insert_default();
    if plan.drop_last() && samples < plan.batch() {
        // A recipe that drops the short batch would have nothing left to learn from.
        settings.training.batch_size = Some(samples.max(1));
        return Ok(settings.training.plan(task)?);
    }
    Ok(plan)
}

/// What the plain preset fills in: a learning rate that falls to zero, and the epoch with the least validation cost,
/// which tells epochs apart where the accuracy of a small validation set cannot. Few samples are seen more often, so
/// that a small set gets about a thousand steps too.
fn plain(said: &Settings, samples: usize) -> Settings {
    let steps = samples.div_ceil(said.batch_size.unwrap_or(32).max(1)).max(1);
    let epochs = 1000_usize.div_ceil(steps).clamp(30, 200) as u32;
    let adam = matches!(said.optimizer, None | Some(OptimizerName::Adam | OptimizerName::AdamW));
    Settings {
        epochs: Some(epochs),
        eta: adam.then_some(0.005),
        schedule: Some(ScheduleName::Cosine),
        metric: Some(Metric::Cost),
        ..Settings::default()
    }
}
