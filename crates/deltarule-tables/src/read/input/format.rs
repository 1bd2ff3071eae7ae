//! The formats of tables.

/// The formats of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-, tab- or otherwise separated values.
    Csv,
    /// One JSON object a line.
    JsonLines,
    /// `label index:value …`, sparse.
    Libsvm,
    /// Apache Parquet.
    Parquet,
    /// Apache Arrow's IPC file, which is also Feather version 2.
    ArrowFile,
    /// Apache Arrow's IPC stream.
    ArrowStream,
    /// One NumPy array.
    Npy,
    /// Several NumPy arrays in a zip archive.
    Npz,
    /// MNIST's format: images or labels.
    Idx,
}
