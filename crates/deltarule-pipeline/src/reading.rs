//! How files are read and tables looked at, as the settings say.

use crate::error::{Error, Result};
use crate::settings::{DataSettings, Held, Preset};
use deltarule_tables::read::{CellType, Header, Inference, ReadOptions};
use deltarule_tables::{ClassWeights, Style, TableOptions, TablePreprocessor, Validation};

/// How the files of the data are read.
pub(crate) fn read_options(settings: &DataSettings) -> ReadOptions {
    let said = |flag: Option<bool>| flag == Some(true);
    let list = |names: &Option<Vec<String>>| names.clone().unwrap_or_default();
    let mut options = ReadOptions {
        decimal: settings.decimal,
        date_format: settings.date_format.clone(),
        targets: list(&settings.target),
        numeric: list(&settings.numeric),
        ..ReadOptions::default()
    };
    options.delimiter = settings.delimiter.and_then(|c| u8::try_from(c).ok());
    options.missing = list(&settings.missing);
    let values = list(&settings.not_missing);
    options.usual_missing.retain(|marker| !values.contains(marker));
    options.types = list(&settings.categorical).into_iter().map(|name| (name, CellType::Any)).collect();
    options.unneeded = list(&settings.drop);
    if said(settings.stream) {
        options.keep_bytes = 0;
    }
    if said(settings.no_header) {
        options.header = Header::Absent;
    } else if said(settings.header) {
        options.header = Header::Present;
    }
    if let Some(most) = settings.max_columns {
        options.max_columns = most;
    }
    options
}

/// How the files are read that a trained network is used on: every column that it needs as what it was in training,
/// whatever the file at hand looks like.
pub(crate) fn read_options_for_model(
    settings: &DataSettings,
    preprocessor: &TablePreprocessor,
) -> ReadOptions {
    ReadOptions { types: preprocessor.cell_types(), inference: Inference::Plain, ..read_options(settings) }
}

/// The same for predictions: nothing is looked at before its turn, so that a row can be answered when it comes. With `keep`
/// all columns are written again beside the predictions, and numbers and the columns that the network does not need are
/// what their own cells say.
pub(crate) fn read_options_for_prediction(
    settings: &DataSettings,
    preprocessor: &TablePreprocessor,
    keep: bool,
) -> ReadOptions {
    let mut options = read_options_for_model(settings, preprocessor);
    options.keep_bytes = 0;
    if keep {
        options.types.retain(|(_, cells)| *cells != CellType::Number);
        // A column that training left out is written, too: as it is, but not what is no single value.
        options.types.extend(options.unneeded.drain(..).map(|name| (name, CellType::Any)));
    } else {
        options.inference = Inference::Declared;
    }
    options
}

/// What is made of the columns of a table.
pub(crate) fn table_options(settings: &DataSettings, preset: Preset, seed: u64) -> Result<TableOptions> {
    if let Some(c) = settings.delimiter.filter(|c| !c.is_ascii()) {
        return Err(Error::setting("delimiter", "an ASCII character", c));
    }
    let list = |names: &Option<Vec<String>>| names.clone().unwrap_or_default();
    Ok(TableOptions {
        target: list(&settings.target),
        task: settings.task,
        categorical: list(&settings.categorical),
        numeric: list(&settings.numeric),
        use_columns: list(&settings.use_columns),
        drop: list(&settings.drop),
        weight: settings.weights.clone(),
        class_weights: settings.class_weights.as_deref().map(class_weights).transpose()?,
        validation: match &settings.validation {
            Some(Held::Fraction(share)) if *share > 0.0 => Validation::Fraction(*share),
            Some(Held::Column(name)) => Validation::Column(name.clone()),
            _ => Validation::None,
        },
        style: match preset {
            Preset::Plain => Style::Plain,
            Preset::Tabular => Style::Tabular,
        },
        seed,
        ..TableOptions::default()
    })
}

/// `balanced`, or `yes=2,no=1`.
fn class_weights(text: &str) -> Result<ClassWeights> {
    if text == "balanced" {
        return Ok(ClassWeights::Balanced);
    }
    let pair = |part: &str| {
        let (label, weight) = part.rsplit_once('=')?;
        Some((label.trim().to_owned(), weight.trim().parse::<f64>().ok()?))
    };
    let given = text.split(',').map(pair).collect::<Option<_>>();
    given.map(ClassWeights::Given).ok_or_else(|| {
        Error::setting("class-weights", "`balanced` or `label=weight,…`", format_args!("`{text}`"))
    })
}
