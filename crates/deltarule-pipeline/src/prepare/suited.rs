//! Refuses settings that the data have no use for, so that none is ignored in silence.

use crate::error::{Error, Result};
use crate::settings::{COLUMNS, DataSettings, FILES, STREAMING};
use deltarule::Hint;
use deltarule::settings::{Group, SettingsTable, Value};

/// Refuses the first setting of these groups that was said.
fn refuse(settings: &DataSettings, groups: &[Group], why: impl FnOnce() -> Hint) -> Result {
    let said = settings.table().iter().find(|setting| {
        groups.contains(&setting.group)
            && settings.get(setting.name).is_some_and(|value| value != Value::Flag(false))
    });
    match said {
        Some(setting) => Err(Error::unsuited(setting.name, why())),
        None => Ok(()),
    }
}

/// For images.
pub(crate) fn to_images(settings: &DataSettings) -> Result {
    refuse(settings, &[COLUMNS, FILES, STREAMING], || "is for tables, and these data are images".into())
}

/// For a table inside the program.
pub(crate) fn to_builtin_table(settings: &DataSettings, set: &str) -> Result {
    refuse(settings, &[FILES, STREAMING], || {
        Hint::new("is for files, and ").text(set).and(" is inside the program")
    })?;
    match settings.target.as_deref() {
        None => Ok(()),
        Some([target]) if target == "class" => Ok(()),
        Some(other) => {
            let expected = format!("class, which {set} has been made for");
            Err(Error::setting("target", expected, other.join(",")))
        }
    }
}

/// For a data frame.
pub(crate) fn to_frame(settings: &DataSettings) -> Result {
    refuse(settings, &[FILES, STREAMING], || "is for files, and these data are in memory".into())
}
