//! The nearest of the names that exist.

/// The candidate nearest to `name`, where one is near enough to be what was meant.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&wanted, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness >= 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// What to say of a column that does not exist: the nearest name, or the names there are.
pub(crate) fn column_hint<'a>(name: &str, columns: impl IntoIterator<Item = &'a str> + Clone) -> String {
    nearest(name, columns.clone()).map_or_else(|| listed(columns), |near| format!("did you mean `{near}`?"))
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
