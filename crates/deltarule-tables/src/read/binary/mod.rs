//! Formats that say themselves what their columns are: Parquet, Arrow IPC, NumPy's arrays.

mod contained;
mod ipc;
mod npy;
mod pages;
mod parquet;

pub(super) use ipc::IpcTable;
pub(super) use npy::NpyTable;
pub(super) use parquet::ParquetTable;
