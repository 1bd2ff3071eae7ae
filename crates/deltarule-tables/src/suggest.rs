//! What to say of a name that does not exist.

use deltarule::Hint;
use deltarule::error::nearest;

/// What to say of a column that does not exist: the nearest name, or the names there are.
pub(crate) fn column_hint<'a>(name: &str, columns: impl IntoIterator<Item = &'a str>) -> Hint {
    let all: Vec<&str> = columns.into_iter().collect();
    nearest(name, &all).map_or_else(|| listed(all.iter().copied()), did_you_mean)
}

/// Asks whether this name was meant.
pub(crate) fn did_you_mean(name: &str) -> Hint {
    Hint::new("did you mean `").text(name).and("`?")
}

/// The names of the columns, as many as a line takes.
pub(crate) fn listed<'a>(columns: impl IntoIterator<Item = &'a str>) -> Hint {
    const SHOWN: usize = 12;
    let mut names: Vec<_> = columns.into_iter().map(|column| format!("`{column}`")).collect();
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    let hint = Hint::new("the columns are ").text(names.join(", "));
    if more > 0 { hint.and(" and ").text(more).and(" more") } else { hint }
}
