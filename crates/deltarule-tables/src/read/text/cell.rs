//! One cell of a text file.

/// What one cell of a text file says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cell {
    Missing,
    Integer(i64),
    Number(f64),
    /// Written as a number, but beyond what an `f64` can hold.
    TooLarge,
    Text,
}
