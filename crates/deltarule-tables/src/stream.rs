//! Training from tables larger than memory.
//!
//! The statistics are learned in passes over the table ([`TablePlan::new`]), in memory that does not grow with its rows.
//! Then each epoch reads the table once: its chunks (the row groups of a Parquet file) in a seeded order into a buffer
//! of a stated number of rows, which are shuffled and handed out; then the buffer is filled anew. A buffer that holds
//! all training rows is filled once, and the run is the one on the same rows in memory, bit for bit.
//!
//! # Peak memory
//! With s(n) the bytes of n numbers of `T` rounded up to whole 64-byte lines (and, from four lines on, to an odd number
//! of them), w inputs, k outputs, a buffer of B rows and mini-batches of m:
//!
//! (B + m) · (s(w) + s(k) + 4 · 4) + v · (s(w) + 2 · s(k)) + 64 MiB + c · 3 MiB + r
//!
//! bytes, beside the program and the network, where v is the number of validation rows, which stay in memory with their
//! targets and, once they are evaluated, the outputs for them, c the
//! number of columns that are the target, hold text or are named as categorical (their different values are counted, up
//! to 10,000 and 1 MiB of text a column), 64 MiB what the search for quartiles holds, and r what reading takes: of a
//! Parquet file with t threads, n columns in use and pages of p bytes (1 MiB as writers make them) 4 · t · b + 2 · n · p,
//! where b are the bytes of 8,192 rows of those columns, 8 a number; of other formats see [`crate::read`]. The table must
//! have been opened with [`ReadOptions::keep_bytes`](crate::read::ReadOptions::keep_bytes) 0.
//!
//! The program's `--stream` takes a buffer of 256 MiB unless told otherwise, and holds out no more validation rows than
//! fit in as many bytes.

use crate::arrow::array::RecordBatch;
use crate::error::TableError;
use crate::load::TablePlan;
use crate::prepare::{DatasetBuilder, Features, Splitter, TransformReport};
use crate::table::{BatchIterator, Columns, Table};
use crate::targets::{Target, Task};
use deltarule::batches::{Batch, Batches, epoch_order};
use deltarule::dataset::Dataset;
use deltarule::{Cost, Matrix, Real, Rows};

/// The window whose order is that of the chunks; windows of samples are numbered below it.
const CHUNK_ORDER: u16 = u16::MAX;

/// Mini-batches of the training rows of a table, through a shuffle buffer.
pub struct Streamed<'a, T: Real> {
    table: Columns<'a>,
    splitter: Splitter<'a>,
    features: Features<'a>,
    class_weights: Option<&'a [f64]>,
    target: &'a Target,
    samples: usize,
    batch: usize,
    drop_last: bool,
    seed: u64,
    buffer: Buffer<T>,
    /// First row of each chunk.
    chunks: Vec<u64>,
    reading: Reading<'a>,
    epoch: u32,
    window: u32,
}

/// Rows read ahead. A slot is a row of the matrices.
struct Buffer<T: Real> {
    x: Matrix<T>,
    y: Matrix<T>,
    weights: Option<Vec<T>>,
    /// Number of new rows that a filling takes.
    capacity: usize,
    /// The slots that are still to be handed out, in their order.
    order: Vec<u32>,
    given: usize,
    /// The row of the table in each slot.
    rows: Vec<u64>,
    /// The weights of the batch handed out.
    batch_weights: Vec<T>,
    /// Whether it holds all training rows, in the order of the table.
    whole: bool,
}

/// How far an epoch has read.
#[derive(Default)]
struct Reading<'a> {
    /// The chunks still to be read, the next one last.
    chunks: Vec<usize>,
    batches: Option<BatchIterator<'a>>,
    /// Of the table, of the next batch.
    next_row: u64,
    /// A batch of which not all training rows fitted: its first row and which rows are left.
    pending: Option<(RecordBatch, u64, Vec<usize>)>,
}

impl<'a, T: Real> Streamed<'a, T> {
    /// Mini-batches of `batch` rows through a buffer of `buffer` rows, or of `batch` if that is more; the last batch of an epoch holds the rest, or
    /// is left out with `drop_last`.
    ///
    /// # Errors
    /// When the buffer does not fit in memory, or the table is not the one that was planned for.
    ///
    /// # Panics
    /// When `batch` or `buffer` is 0.
    pub fn new(
        table: &'a dyn Table,
        plan: &'a TablePlan,
        batch: usize,
        drop_last: bool,
        seed: u64,
        buffer: usize,
    ) -> Result<Self, TableError> {
        assert!(batch > 0 && buffer > 0, "a batch of {batch} and a buffer of {buffer} rows");
        let samples = usize::try_from(plan.training_rows())
            .ok()
            .filter(|&samples| u32::try_from(samples).is_ok())
            .ok_or_else(|| {
                TableError::usage("fewer than 2³² training rows", plan.training_rows().to_string())
            })?;
        let batch = batch.min(samples.max(1));
        let capacity = buffer.max(batch).min(samples);
        let whole = capacity == samples;
        let slots = if whole { capacity } else { capacity + batch };
        let table = plan.columns(table);
        let features = plan.preprocessor.features(&table.schema())?;
        let outputs = plan.preprocessor.target.outputs();
        let room = Matrix::try_zeros(slots, features.width()).zip(Matrix::try_zeros(slots, outputs));
        let (x, y) = room.ok_or_else(|| {
            TableError::usage("a buffer that fits in memory", format!("{capacity} rows"))
                .hint("{shuffle-buffer} takes a smaller number of rows")
        })?;
        let weighted = plan.preprocessor.weight.is_some() || plan.class_weights.is_some();
        let rows_of_chunks = table.chunks();
        let starts = rows_of_chunks.iter().scan(0, |next, rows| {
            let first = *next;
            *next += rows;
            Some(first)
        });
        Ok(Self {
            splitter: plan.splitter(&table)?,
            table,
            features,
            class_weights: plan.class_weights.as_deref(),
            target: &plan.preprocessor.target,
            samples,
            batch,
            drop_last,
            seed,
            buffer: Buffer {
                x,
                y,
                weights: weighted.then(|| vec![T::ONE; slots]),
                capacity,
                order: Vec::with_capacity(slots),
                given: 0,
                rows: vec![0; slots],
                batch_weights: Vec::with_capacity(batch),
                whole: false,
            },
            chunks: starts.collect(),
            reading: Reading::default(),
            epoch: 0,
            window: 0,
        })
    }

    /// Number of rows of the buffer.
    pub fn buffer(&self) -> usize {
        self.buffer.capacity
    }

    /// Fills the buffer behind the slots that were not handed out, and shuffles what is new.
    fn fill(&mut self) -> Result<(), TableError> {
        let kept = self.buffer.move_rest_to_front();
        let end = kept + self.buffer.capacity;
        let mut at = kept;
        while at < end {
            let Some((batch, first_row, mut rows)) = self.next_rows()? else { break };
            let rest = rows.split_off(rows.len().min(end - at));
            self.read_into(at, &batch, first_row, &rows)?;
            at += rows.len();
            if !rest.is_empty() {
                self.reading.pending = Some((batch, first_row, rest));
            }
        }
        let mut fresh: Vec<u32> = (kept as u32..at as u32).collect();
        let stored = &self.buffer.rows;
        fresh.sort_unstable_by_key(|&slot| stored[slot as usize]);
        let window = (self.window % u32::from(CHUNK_ORDER)) as u16;
        self.buffer.whole = fresh.len() == self.samples;
        self.window += 1;
        if self.buffer.whole {
            self.buffer.order = fresh;
            self.shuffle_whole();
            return Ok(());
        }
        epoch_order(self.seed, self.epoch, window, &mut fresh);
        self.buffer.order.extend(fresh);
        Ok(())
    }

    /// The order of an epoch of which the buffer holds every row.
    fn shuffle_whole(&mut self) {
        let stored = &self.buffer.rows;
        self.buffer.order.sort_unstable_by_key(|&slot| stored[slot as usize]);
        epoch_order(self.seed, self.epoch, 0, &mut self.buffer.order);
        self.buffer.given = 0;
    }

    /// The next training rows of the epoch.
    fn next_rows(&mut self) -> Result<Option<(RecordBatch, u64, Vec<usize>)>, TableError> {
        if let Some(pending) = self.reading.pending.take() {
            return Ok(Some(pending));
        }
        loop {
            let Some(batches) = &mut self.reading.batches else {
                let Some(chunk) = self.reading.chunks.pop() else { return Ok(None) };
                self.reading.next_row = self.chunks[chunk];
                self.reading.batches = Some(self.table.open(chunk)?);
                continue;
            };
            let Some(batch) = batches.next() else {
                self.reading.batches = None;
                continue;
            };
            let (batch, first_row) = (batch?, self.reading.next_row);
            self.reading.next_row += batch.num_rows() as u64;
            let parts = self.splitter.split(&self.table, &batch, first_row)?;
            if !parts.training.is_empty() {
                return Ok(Some((batch, first_row, parts.training)));
            }
        }
    }

    /// Makes rows of a batch into the slots from `at` on.
    fn read_into(
        &mut self,
        at: usize,
        batch: &RecordBatch,
        first_row: u64,
        rows: &[usize],
    ) -> Result<(), TableError> {
        let buffer = &mut self.buffer;
        let table = &self.table;
        let placed = |fault: crate::prepare::Fault| fault.at(table, first_row);
        let targets = &self.splitter.targets;
        // What is new here was counted when the statistics were learned: training rows have nothing unknown.
        let mut report = TransformReport::default();
        self.features.write(batch, rows, &mut buffer.x, at, &mut report).map_err(placed)?;
        targets.write(batch, rows, &mut buffer.y, at).map_err(placed)?;
        for (slot, &row) in buffer.rows[at..].iter_mut().zip(rows) {
            *slot = first_row + row as u64;
        }
        if let Some(weights) = &mut buffer.weights {
            let weights = &mut weights[at..][..rows.len()];
            weights.fill(T::ONE);
            if let Some(own) = targets.weights(batch, rows).map_err(placed)? {
                weights.iter_mut().zip(own).for_each(|(to, own)| *to = T::from_f64(own));
            }
            if let Some(of_class) = self.class_weights {
                let classes = targets.classes(batch, rows).map_err(placed)?;
                for (weight, class) in weights.iter_mut().zip(classes) {
                    *weight = T::from_f64(weight.to_f64() * of_class[class]);
                }
            }
        }
        Ok(())
    }

    fn begin(&mut self, epoch: u32) -> Result<(), TableError> {
        self.epoch = epoch;
        self.window = 0;
        if self.buffer.whole {
            self.shuffle_whole();
            return Ok(());
        }
        let mut chunks: Vec<usize> = (0..self.chunks.len()).collect();
        epoch_order(self.seed, epoch, CHUNK_ORDER, &mut chunks);
        self.reading = Reading { chunks, ..Reading::default() };
        self.buffer.order.clear();
        self.buffer.given = 0;
        self.fill()
    }
}

impl<T: Real> Buffer<T> {
    /// Slots still to be handed out.
    fn left(&self) -> usize {
        self.order.len() - self.given
    }

    /// Moves the rows still to be handed out into the first slots, in their order; says how many they are.
    fn move_rest_to_front(&mut self) -> usize {
        let rest: Vec<usize> = self.order[self.given..].iter().map(|&slot| slot as usize).collect();
        move_to_front(&mut self.x, &rest);
        move_to_front(&mut self.y, &rest);
        let rows: Vec<u64> = rest.iter().map(|&slot| self.rows[slot]).collect();
        self.rows[..rest.len()].copy_from_slice(&rows);
        if let Some(weights) = &mut self.weights {
            let moved: Vec<T> = rest.iter().map(|&slot| weights[slot]).collect();
            weights[..rest.len()].copy_from_slice(&moved);
        }
        self.order.clear();
        self.order.extend(0..rest.len() as u32);
        self.given = 0;
        rest.len()
    }
}

/// Moves these rows to the first places. There are fewer of them than a batch has.
fn move_to_front<T: Real>(matrix: &mut Matrix<T>, rows: &[usize]) {
    let moved = Matrix::from_fn(rows.len(), matrix.cols(), |i, j| matrix.at(rows[i], j));
    (0..rows.len()).for_each(|i| matrix.row_mut(i).copy_from_slice(moved.row(i)));
}

impl<T: Real> Batches<T> for Streamed<'_, T> {
    fn samples(&self) -> usize {
        self.samples
    }

    fn inputs(&self) -> usize {
        self.features.width()
    }

    fn outputs(&self) -> usize {
        self.target.outputs()
    }

    fn batch(&self) -> usize {
        self.batch
    }

    fn steps(&self) -> usize {
        if self.drop_last { self.samples / self.batch } else { self.samples.div_ceil(self.batch) }
    }

    fn check_targets(&self, cost: Cost) -> deltarule::Result<()> {
        // The targets were checked to fit their task when they were read: one of each kind stands for all.
        let kinds: &[f64] = match self.target.task() {
            Task::Classes | Task::MultiLabel => &[0.0, 1.0],
            Task::Counts => &[0.0, 1.0, 2.0],
            Task::Regression => &[-1.5, 0.0, 1.5],
        };
        let y = Matrix::from_fn(kinds.len(), self.outputs(), |i, j| match self.target.task() {
            Task::Classes => T::from_f64(if i == j { 1.0 } else { 0.0 }),
            _ => T::from_f64(kinds[i]),
        });
        cost.check_targets(Rows::all(&y))
    }

    fn start(&mut self, epoch: u32) -> deltarule::Result<()> {
        self.begin(epoch).map_err(deltarule::Error::source)
    }

    fn next(&mut self) -> deltarule::Result<Option<Batch<'_, T>>> {
        if self.buffer.left() < self.batch && !self.buffer.whole {
            self.fill().map_err(deltarule::Error::source)?;
        }
        let buffer = &mut self.buffer;
        let end = (buffer.given + self.batch).min(buffer.order.len());
        let range = buffer.given..end;
        if range.is_empty() || (self.drop_last && range.len() < self.batch) {
            return Ok(None);
        }
        buffer.given = end;
        let slots = &buffer.order[range];
        if let Some(weights) = &buffer.weights {
            buffer.batch_weights.clear();
            buffer.batch_weights.extend(slots.iter().map(|&slot| weights[slot as usize]));
        }
        Ok(Some(Batch {
            x: Rows::picked(&buffer.x, slots),
            y: Rows::picked(&buffer.y, slots),
            weights: buffer.weights.as_ref().map(|_| buffer.batch_weights.as_slice()),
        }))
    }
}

impl TablePlan {
    /// The rows of the table that watch the training, in memory.
    ///
    /// # Errors
    /// When a cell cannot be read as its column should be, or when they do not fit in memory.
    pub fn validation<T: Real>(&self, table: &dyn Table) -> Result<Option<Dataset<T>>, TableError> {
        if self.validation_rows() == 0 {
            return Ok(None);
        }
        let table = &self.columns(table);
        let splitter = self.splitter(table)?;
        let features = self.preprocessor.features(&table.schema())?;
        let mut builder = DatasetBuilder::new(&self.preprocessor, self.validation_rows())
            .map_err(|error| error.hint("hold out a smaller part: {validation}"))?;
        let mut first = 0;
        let mut report = TransformReport::default();
        for batch in table.batches(None)? {
            let batch = batch?;
            let parts = splitter.split(table, &batch, first)?;
            builder
                .add(&features, &splitter.targets, &batch, &parts.validation, &mut report)
                .map_err(|fault| fault.at(table, first))?;
            first += batch.num_rows() as u64;
        }
        builder.finish().map(Some)
    }

    /// How many rows a buffer of so many bytes holds.
    pub fn buffer_rows<T: Real>(&self, bytes: usize) -> usize {
        let target = &self.preprocessor.target;
        let row = |cols| Matrix::<T>::zeros(1, cols).bytes();
        let of_row = row(self.preprocessor.width()) + row(target.outputs()) + 16;
        (bytes / of_row).max(1)
    }
}
