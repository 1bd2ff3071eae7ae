//! What the cells of a block make of a column, found and kept in one go.

use super::cell::Cell;
use super::cells::{CellCounts, CellRules, ColumnBuilder};
use super::column::ColumnReader;
use crate::arrow::array::{ArrayRef, Float64Builder, Int64Array, NullArray};
use crate::arrow::datatypes::{DataType, Field};
use crate::read::cell_format::CellFormat;
use std::sync::Arc;

/// What is wanted of a column when its file is first looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Its type.
    Type,
    /// Its cells alone, as this field says.
    Cells(Field),
}

/// What was inferred of a column: what its cells are, and the column itself where it is kept.
pub(crate) type Inferred = (CellCounts, Option<ArrayRef>);

/// Looks at `rows` cells of a column. With `keep` they become a column of the narrowest type that holds them.
pub(crate) fn infer<'a>(
    cells: impl Iterator<Item = &'a str> + Clone,
    rows: usize,
    wanted: &Wanted,
    rules: &CellRules,
    keep: bool,
) -> Inferred {
    let mut counts = CellCounts::default();
    match wanted {
        // A cell that does not fit is an error where it is read, not here, where nobody asked for it.
        Wanted::Cells(field) => (counts, keep.then(|| typed(cells, rows, field, rules)).flatten()),
        Wanted::Type if keep => guessed(cells, rows, rules),
        Wanted::Type => {
            for (row, text) in cells.enumerate() {
                counts.add(rules.read(text), text, row as u64);
            }
            (counts, None)
        }
    }
}

fn typed<'a>(
    mut cells: impl Iterator<Item = &'a str>,
    rows: usize,
    field: &Field,
    rules: &CellRules,
) -> Option<ArrayRef> {
    if CellFormat::of(field).is_some() {
        // Not to be confused with a column whose cells were taken for plain ones.
        return None;
    }
    let mut column = ColumnReader::new(field, rows);
    cells.try_for_each(|text| column.push(text, rules)).ok()?;
    Some(column.finish())
}

/// Takes a column for what its first value is, and for more as other values come: whole numbers, numbers, words.
fn guessed<'a>(cells: impl Iterator<Item = &'a str> + Clone, rows: usize, rules: &CellRules) -> Inferred {
    let mut counts = CellCounts::default();
    let mut column = None;
    for (row, text) in cells.clone().enumerate() {
        let cell = rules.read(text);
        counts.add(cell, text, row as u64);
        match (&mut column, cell) {
            (None, Cell::Missing) => {}
            (Some(column), Cell::Missing) => column.push_missing(),
            (Some(ColumnBuilder::Integers(integers)), Cell::Integer(integer)) => {
                integers.append_value(integer)
            }
            (Some(ColumnBuilder::Numbers(numbers)), Cell::Integer(integer)) => {
                numbers.append_value(integer as f64)
            }
            (Some(ColumnBuilder::Numbers(numbers)), Cell::Number(number)) => numbers.append_value(number),
            (Some(ColumnBuilder::Texts(texts)), _) => texts.append_value(text),
            (Some(ColumnBuilder::Integers(integers)), Cell::Number(number)) => {
                let mut numbers = wider(&integers.finish(), rows);
                numbers.append_value(number);
                column = Some(ColumnBuilder::Numbers(numbers));
            }
            (None, Cell::Integer(_) | Cell::Number(_)) => {
                let whole = matches!(cell, Cell::Integer(_));
                let mut fresh =
                    ColumnBuilder::new(if whole { &DataType::Int64 } else { &DataType::Float64 }, rows);
                (0..row).for_each(|_| fresh.push_missing());
                match (&mut fresh, cell) {
                    (ColumnBuilder::Integers(integers), Cell::Integer(integer)) => {
                        integers.append_value(integer)
                    }
                    (ColumnBuilder::Numbers(numbers), Cell::Number(number)) => numbers.append_value(number),
                    _ => unreachable!("a column made for this cell"),
                }
                column = Some(fresh);
            }
            // No plain cell is a moment.
            (Some(ColumnBuilder::Moments(_)), _) | (_, Cell::Text | Cell::TooLarge) => {
                let mut texts = ColumnBuilder::new(&DataType::Utf8, rows);
                for text in cells.clone().take(row + 1) {
                    let _ = texts.push(text, rules);
                }
                column = Some(texts);
            }
        }
    }
    let kept = column.map_or_else(|| Arc::new(NullArray::new(rows)) as ArrayRef, ColumnBuilder::finish);
    (counts, Some(kept))
}

/// Whole numbers as the numbers nearest to them, with room for `rows`.
fn wider(integers: &Int64Array, rows: usize) -> Float64Builder {
    let mut numbers = Float64Builder::with_capacity(rows);
    integers.iter().for_each(|integer| numbers.append_option(integer.map(|integer| integer as f64)));
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrow::array::AsArray;
    use crate::arrow::datatypes::Float64Type;
    use crate::read::ReadOptions;

    fn seen(cells: &[&str]) -> ArrayRef {
        let rules = CellRules::new(&ReadOptions::default());
        let (counts, column) = infer(cells.iter().copied(), cells.len(), &Wanted::Type, &rules, true);
        let without = infer(cells.iter().copied(), cells.len(), &Wanted::Type, &rules, false);
        assert_eq!(without, (counts, None), "{cells:?}");
        column.unwrap()
    }

    #[test]
    fn a_column_widens_as_it_must_and_no_further() {
        let kind = |cells: &[&str]| seen(cells).data_type().clone();
        assert_eq!(kind(&["", "NA"]), DataType::Null);
        assert_eq!(kind(&["", "1", "?"]), DataType::Int64);
        let numbers = seen(&["", "9007199254740993", "", "0.5", "2"]);
        let values: Vec<_> = numbers.as_primitive::<Float64Type>().iter().collect();
        assert_eq!(values, [None, Some(9007199254740992.0), None, Some(0.5), Some(2.0)]);
        let texts = seen(&["007", "", "1.50", "x", "NA", "2"]);
        let values: Vec<_> = texts.as_string::<i32>().iter().collect();
        assert_eq!(values, [Some("007"), None, Some("1.50"), Some("x"), None, Some("2")]);
        assert_eq!(kind(&["1", "1e400"]), DataType::Utf8);
    }

    #[test]
    fn what_is_said_is_not_guessed() {
        let rules = CellRules::new(&ReadOptions::default());
        let infer = |cells: &[&str], wanted: Wanted| infer(cells.iter().copied(), 2, &wanted, &rules, true);
        let field = |data_type| Wanted::Cells(Field::new("a", data_type, true));
        let (counts, texts) = infer(&["1", "2"], field(DataType::Utf8));
        assert_eq!((counts, texts.unwrap().data_type()), (CellCounts::default(), &DataType::Utf8));
        assert_eq!(infer(&["1", "x"], field(DataType::Float64)).1, None);
    }
}
