//! The few types that columns have once they are read, and the way to them from all of Arrow's.

use super::missing::Missing;
use super::options::ReadOptions;
use crate::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions};
use crate::arrow::compute::CastOptions;
use crate::arrow::compute::cast_with_options;
use crate::arrow::datatypes::{DataType, Field, Float64Type, SchemaRef, TimeUnit, TimestampMicrosecondType};
use crate::arrow::error::ArrowError;
use crate::error::TableError;
use crate::row_names::{RowNames, pandas_index};
use deltarule::Hint;
use std::path::Path;
use std::sync::Arc;

pub(crate) use super::cell_format::TIMESTAMP;

/// The type that a column of this type is handed out as; nothing where a cell is more than one value, or no value
/// that a network could learn from.
pub(crate) fn settled(data_type: &DataType) -> Option<DataType> {
    use DataType as D;
    Some(match data_type {
        D::Null => D::Null,
        D::Boolean => D::Boolean,
        D::Int8 | D::Int16 | D::Int32 | D::Int64 | D::UInt8 | D::UInt16 | D::UInt32 => D::Int64,
        D::Float16 | D::Float32 => D::Float32,
        // Whole numbers beyond 2^63 need a float; times of day and durations become seconds.
        D::UInt64 | D::Float64 | D::Time32(_) | D::Time64(_) | D::Duration(_) => D::Float64,
        D::Decimal32(..) | D::Decimal64(..) | D::Decimal128(..) | D::Decimal256(..) => D::Float64,
        D::Utf8 | D::LargeUtf8 | D::Utf8View => D::Utf8,
        D::Date32 => D::Date32,
        D::Date64 | D::Timestamp(..) => TIMESTAMP,
        D::Dictionary(_, values) => settled(values)?,
        D::RunEndEncoded(_, values) => settled(values.data_type())?,
        _ => return None,
    })
}

/// The fields of a file's schema as they are handed out; columns that nobody needs are `Null` where a cell of theirs is
/// no single value. `pandas` are the metadata that pandas leaves in what it writes.
pub(crate) fn settled_fields(
    file: &Path,
    fields: &[Arc<Field>],
    pandas: Option<&str>,
    options: &ReadOptions,
) -> Result<Vec<Field>, TableError> {
    let (unneeded, max_columns) = (&options.unneeded, options.max_columns);
    let index = pandas.map(pandas_index).unwrap_or_default();
    if fields.is_empty() {
        return Err(TableError::data(file, "columns", "none"));
    }
    if fields.len() > max_columns {
        return Err(TableError::data(
            file,
            format!("at most {max_columns} columns"),
            fields.len().to_string(),
        )
        .hint("are rows and columns exchanged? {max-columns} raises the limit"));
    }
    let settle = |field: &Arc<Field>| {
        let data_type = match settled(field.data_type()) {
            Some(data_type) => data_type,
            None if unneeded.contains(field.name()) => DataType::Null,
            None => {
                return Err(TableError::data(file, "one value a cell", kind_of(field.data_type()))
                    .in_column(field.name())
                    .hint(
                        Hint::new("flatten the column first, or ")
                            .setting("drop", format_args!("'{}'", field.name()))
                            .and(" in training; {keep} cannot write it"),
                    ));
            }
        };
        let settled = Field::new(field.name(), data_type, true);
        Ok(if index.contains(field.name()) { RowNames::Declared.mark(settled) } else { settled })
    };
    let settled: Vec<Field> = fields.iter().map(settle).collect::<Result<_, _>>()?;
    let mut names: Vec<&str> = settled.iter().map(|field| field.name().as_str()).collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(TableError::data(file, "names that differ", format!("two columns {:?}", twice[0])));
    }
    Ok(settled)
}

fn kind_of(data_type: &DataType) -> String {
    use DataType as D;
    match data_type {
        D::Struct(fields) => {
            let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
            format!("records of {}", names.join(", "))
        }
        D::List(_) | D::LargeList(_) | D::ListView(_) | D::LargeListView(_) | D::FixedSizeList(..) => {
            "lists of values".to_owned()
        }
        D::Map(..) => "maps".to_owned(),
        D::Binary | D::LargeBinary | D::BinaryView | D::FixedSizeBinary(_) => "binary data".to_owned(),
        other => format!("values of type {other}"),
    }
}

/// A column as a column of one of the settled types.
pub(crate) fn conform(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    let exact = |array: &ArrayRef, to: &DataType| {
        cast_with_options(array, to, &CastOptions { safe: false, ..CastOptions::default() })
    };
    match array.data_type() {
        from if from == to => Ok(Arc::clone(array)),
        DataType::Dictionary(_, values) => conform(&exact(array, values)?, to),
        DataType::RunEndEncoded(_, values) => conform(&exact(array, values.data_type())?, to),
        DataType::Timestamp(_, zone @ Some(_)) if *to == TIMESTAMP => {
            // Casting to "no zone" would shift to local time; the stored count is UTC already.
            let micros = exact(array, &DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))?;
            Ok(Arc::new(
                micros.as_primitive::<TimestampMicrosecondType>().clone().with_timezone_opt(None::<&str>),
            ))
        }
        DataType::Time32(unit) => seconds(&exact(&exact(array, &DataType::Int32)?, &DataType::Int64)?, *unit),
        DataType::Time64(unit) | DataType::Duration(unit) => seconds(&exact(array, &DataType::Int64)?, *unit),
        _ => exact(array, to),
    }
}

fn seconds(counts: &ArrayRef, unit: TimeUnit) -> Result<ArrayRef, ArrowError> {
    let in_a_second = match unit {
        TimeUnit::Second => 1.0,
        TimeUnit::Millisecond => 1e3,
        TimeUnit::Microsecond => 1e6,
        TimeUnit::Nanosecond => 1e9,
    };
    let counts = cast_with_options(counts, &DataType::Float64, &CastOptions::default())?;
    Ok(Arc::new(counts.as_primitive::<Float64Type>().unary::<_, Float64Type>(|count| count / in_a_second)))
}

/// A batch of these columns, each conformed to its field and without what stands for missing values.
pub(crate) fn batch_of(
    schema: &SchemaRef,
    arrays: Vec<ArrayRef>,
    rows: usize,
    missing: &Missing,
) -> Result<RecordBatch, ArrowError> {
    let arrays = arrays
        .iter()
        .zip(schema.fields())
        .map(|(array, field)| conform(array, field.data_type()).map(|array| missing.strip(&array)))
        .collect::<Result<Vec<_>, _>>()?;
    let rows = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(SchemaRef::clone(schema), arrays, &rows)
}
