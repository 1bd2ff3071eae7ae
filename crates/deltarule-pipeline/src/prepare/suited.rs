//! Refuses settings that the data have no use for, so that none is ignored in silence.

use crate::error::{Error, Result};
use crate::settings::DataSettings;
use deltarule::Hint;

/// A setting, and whether it was said.
type Said = (&'static str, bool);

/// What says how a file is read.
fn about_files(settings: &DataSettings) -> [Said; 8] {
    [
        ("delimiter", settings.delimiter.is_some()),
        ("header", settings.header),
        ("no-header", settings.no_header),
        ("max-columns", settings.max_columns.is_some()),
        ("decimal-comma", settings.decimal_comma),
        ("missing", !settings.missing.is_empty()),
        ("stream", settings.stream),
        ("shuffle-buffer", settings.shuffle_buffer.is_some()),
    ]
}

/// What says what is made of the columns of a table.
fn about_columns(settings: &DataSettings) -> [Said; 7] {
    [
        ("target", !settings.target.is_empty()),
        ("numeric", !settings.numeric.is_empty()),
        ("categorical", !settings.categorical.is_empty()),
        ("drop", !settings.drop.is_empty()),
        ("weights", settings.weights.is_some()),
        ("class-weights", settings.class_weights.is_some()),
        ("task", settings.task.is_some()),
    ]
}

fn refuse<'a>(mut said: impl Iterator<Item = &'a Said>, why: impl FnOnce() -> Hint) -> Result {
    match said.find(|(_, said)| *said) {
        Some((name, _)) => Err(Error::unsuited(name, why())),
        None => Ok(()),
    }
}

/// For images.
pub(crate) fn to_images(settings: &DataSettings) -> Result {
    let (columns, files) = (about_columns(settings), about_files(settings));
    refuse(columns.iter().chain(&files), || "is for tables, and these data are images".into())
}

/// For a table inside the program.
pub(crate) fn to_builtin_table(settings: &DataSettings, set: &str) -> Result {
    refuse(about_files(settings).iter(), || {
        Hint::new("is for files, and ").text(set).and(" is inside the program")
    })?;
    match &settings.target[..] {
        [] => Ok(()),
        [target] if target == "class" => Ok(()),
        other => {
            let expected = format!("class, which {set} has been made for");
            Err(Error::setting("target", expected, other.join(",")))
        }
    }
}

/// For a data frame.
pub(crate) fn to_frame(settings: &DataSettings) -> Result {
    refuse(about_files(settings).iter(), || "is for files, and these data are in memory".into())
}
