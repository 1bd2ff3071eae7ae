//! What was met in other rows than those that trained.

use crate::error::shown;
use crate::notice::Notice;

/// What was met that the training rows did not have.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TransformReport {
    rows: u64,
    columns: Vec<ColumnReport>,
    reading: Vec<Notice>,
}

#[derive(Debug, Clone, PartialEq)]
struct ColumnReport {
    column: String,
    unseen: u64,
    example: String,
    missing: u64,
}

impl TransformReport {
    /// Number of rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Number of cells so far whose category the training rows did not have.
    pub fn unseen(&self) -> u64 {
        self.columns.iter().map(|column| column.unseen).sum()
    }

    /// What the reader had to assume, and a line for every column in which something was met that the training rows did not have.
    pub fn warnings(&self) -> Vec<Notice> {
        let mut lines = self.reading.clone();
        for ColumnReport { column, unseen, example, missing } in &self.columns {
            if *unseen > 0 {
                let message = format!(
                    "column {column:?}: {unseen} of {} rows have a value unknown from training, such as {}; \
                     they are taken for no category",
                    self.rows,
                    shown(example)
                );
                lines.push(Notice::new(message).in_column(column));
            }
            if *missing > 0 {
                let message = format!(
                    "column {column:?}: {missing} of {} rows have no value, which no training row lacked; \
                     the mean stands in",
                    self.rows
                );
                lines.push(Notice::new(message).in_column(column));
            }
        }
        lines
    }

    /// Takes up what the reader of the rows had to assume.
    pub(crate) fn add_reading(&mut self, notices: Vec<Notice>) {
        self.reading.extend(notices);
    }

    /// Counts rows.
    pub(crate) fn count_rows(&mut self, rows: usize) {
        self.rows += rows as u64;
    }

    /// Counts a missing value in a column that lacked none in training.
    pub(crate) fn count_missing(&mut self, column: &str) {
        self.column(column).missing += 1;
    }

    fn column(&mut self, name: &str) -> &mut ColumnReport {
        let at = self.columns.iter().position(|column| column.column == name).unwrap_or_else(|| {
            let column = name.to_owned();
            self.columns.push(ColumnReport { column, unseen: 0, example: String::new(), missing: 0 });
            self.columns.len() - 1
        });
        &mut self.columns[at]
    }

    /// Counts a category that training did not know.
    pub(crate) fn count_unseen(&mut self, column: &str, value: &str) {
        let report = self.column(column);
        if report.unseen == 0 {
            value.clone_into(&mut report.example);
        }
        report.unseen += 1;
    }
}
