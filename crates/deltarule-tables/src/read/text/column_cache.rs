//! Columns of a text file that were parsed when the file was looked at.

use super::cells::CellRules;
use super::column::reread;
use crate::arrow::array::{Array, ArrayRef, AsArray, new_null_array};
use crate::arrow::compute::cast;
use crate::arrow::datatypes::{DataType, Field};
use crate::read::cell_format::CellFormat;
use std::sync::Arc;

/// For each block its columns, as long as there is room.
#[derive(Debug, Default)]
pub(crate) struct ColumnCache {
    blocks: Vec<Vec<Option<ArrayRef>>>,
    room: usize,
    bytes: usize,
    full: bool,
}

impl ColumnCache {
    /// Room for so many bytes.
    pub(crate) fn new(room: usize) -> Self {
        Self { room, ..Self::default() }
    }

    /// Adds the columns of the next block; says whether there is room for more. Nothing is kept of the blocks after the
    /// first that found no room.
    pub(crate) fn add(&mut self, columns: Vec<Option<ArrayRef>>) -> bool {
        let bytes: usize = columns.iter().flatten().map(|column| column.get_array_memory_size()).sum();
        self.full |= bytes > self.room - self.bytes;
        if !self.full {
            self.bytes += bytes;
            self.blocks.push(columns);
        }
        !self.full
    }

    /// Bytes that are kept.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// A column of a block as this field, if it was kept as one from which nothing is lost.
    pub(crate) fn column(
        &self,
        block: usize,
        column: usize,
        to: &Field,
        rules: &CellRules,
    ) -> Option<ArrayRef> {
        let kept = self.blocks.get(block)?.get(column)?.as_ref()?;
        match (kept.data_type(), to.data_type()) {
            (DataType::Null, to) => Some(new_null_array(to, kept.len())),
            (DataType::Utf8, DataType::Utf8) => Some(Arc::clone(kept)),
            (DataType::Utf8, _) => reread(kept.as_string(), to, rules).ok(),
            // Its cells were read as plain ones, which this format may understand otherwise.
            _ if CellFormat::of(to).is_some() => None,
            (from, to) if from == to => Some(Arc::clone(kept)),
            // To the nearest number, as such a cell is read, too.
            (DataType::Int64, DataType::Float64) => cast(kept, to.data_type()).ok(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrow::array::{Int64Array, NullArray};
    use crate::read::ReadOptions;

    #[test]
    fn only_what_finds_room_is_kept_and_only_what_loses_nothing_is_handed_out() {
        let integers = Arc::new(Int64Array::from(vec![Some(1), None])) as ArrayRef;
        let size = integers.get_array_memory_size();
        let mut kept = ColumnCache::new(2 * size);
        assert!(kept.add(vec![Some(Arc::clone(&integers)), None]));
        assert!(!kept.add(vec![Some(Arc::clone(&integers)); 2]));
        assert!(!kept.add(vec![Some(Arc::clone(&integers))]));
        assert_eq!(kept.bytes(), size);
        let rules = CellRules::new(&ReadOptions::default());
        let column = |kept: &ColumnCache, block, column, to: DataType| {
            kept.column(block, column, &Field::new("a", to, true), &rules)
        };
        let numbers = column(&kept, 0, 0, DataType::Float64).unwrap();
        assert_eq!(numbers.null_count(), 1);
        for (block, at, to) in [(0, 0, DataType::Utf8), (0, 1, DataType::Int64), (1, 0, DataType::Int64)] {
            assert_eq!(column(&kept, block, at, to), None);
        }
        let mut kept = ColumnCache::new(usize::MAX);
        kept.add(vec![Some(Arc::new(NullArray::new(3)) as ArrayRef)]);
        assert_eq!(column(&kept, 0, 0, DataType::Utf8).unwrap().null_count(), 3);
    }
}
