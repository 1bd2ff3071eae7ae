//! What to say of a name that does not exist.

use deltarule::error::nearest;

/// What to say of a column that does not exist: the nearest name, or the names there are.
pub(crate) fn column_hint<'a>(name: &str, columns: impl IntoIterator<Item = &'a str>) -> String {
    let all: Vec<&str> = columns.into_iter().collect();
    nearest(name, &all).map_or_else(|| listed(all.iter().copied()), |near| format!("did you mean `{near}`?"))
}

/// The names of the columns, as many as a line takes.
pub(crate) fn listed<'a>(columns: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 12;
    let mut names: Vec<_> = columns.into_iter().map(|column| format!("`{column}`")).collect();
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("the columns are {}{more}", names.join(", "))
}
