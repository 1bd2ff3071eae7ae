//! Training through a shuffle buffer: the same batches as in memory when it holds everything, every row once when not.

mod common;

use common::cut;
use deltarule::batches::{Batches, Shuffled};
use deltarule::train::{Trainer, TrainingState};
use deltarule::{Cost, Network, ThreadPool};
use deltarule::{Settings, Task};
use deltarule_tables::arrow::array::{ArrayRef, Float64Array, StringArray};
use deltarule_tables::read::{ReadOptions, Source};
use deltarule_tables::stream::Streamed;
use deltarule_tables::table::InMemory;
use deltarule_tables::{ClassWeights, Table, TableOptions, TablePlan, Validation};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use std::sync::Arc;

/// A table of `n` rows: x is the row's number, the class depends on it, one in seven has no class.
fn numbered(n: usize, sizes: &[usize]) -> InMemory {
    let class = |i: usize| (i % 7 != 3).then(|| if i.is_multiple_of(3) { "a" } else { "b" });
    cut(
        &[
            ("x", Arc::new(Float64Array::from_iter_values((0..n).map(|i| i as f64 + 0.25))) as ArrayRef),
            ("w", Arc::new(Float64Array::from_iter_values((0..n).map(|i| 1.0 + (i % 4) as f64)))),
            ("y", Arc::new(StringArray::from_iter((0..n).map(class)))),
        ],
        sizes,
    )
}

fn options() -> TableOptions {
    TableOptions {
        target: vec!["y".into()],
        weight: Some("w".into()),
        class_weights: Some(ClassWeights::Balanced),
        validation: Validation::Fraction(0.2),
        ..TableOptions::default()
    }
}

/// What one epoch hands out: for each batch the inputs, targets and weights of its samples.
type Epoch = Vec<Vec<(Vec<f32>, Vec<f32>, f32)>>;

fn epoch(batches: &mut dyn Batches<f32>, epoch: u32) -> Epoch {
    batches.start(epoch).unwrap();
    let mut all = Vec::new();
    while let Some(batch) = batches.next().unwrap() {
        let weights = batch.weights.unwrap();
        let sample = |i: usize| (batch.x.row(i).to_vec(), batch.y.row(i).to_vec(), weights[i]);
        all.push((0..batch.x.len()).map(sample).collect());
    }
    all
}

fn sorted(epoch: &Epoch) -> Vec<(Vec<f32>, Vec<f32>, f32)> {
    let mut all: Vec<_> = epoch.iter().flatten().cloned().collect();
    all.sort_by(|a, b| a.partial_cmp(b).unwrap());
    all
}

#[test]
fn a_buffer_that_holds_everything_gives_what_memory_gives() {
    let table = numbered(230, &[17, 60, 5]);
    let plan = TablePlan::new(&table, &options()).unwrap();
    let n = plan.training_rows() as usize;
    let loaded = TablePlan::new(&table, &options()).unwrap().load::<f32>(&table, None).unwrap();
    assert_eq!(loaded.train.len(), n);
    assert_eq!(plan.validation::<f32>(&table).unwrap(), loaded.validation);
    for (buffer, drop_last) in [(n, false), (n, true), (n + 1000, false)] {
        let mut streamed = Streamed::<f32>::new(&table, &plan, 16, drop_last, 5, buffer).unwrap();
        let mut shuffled = Shuffled::new(&loaded.train, 16, drop_last, 5);
        assert_eq!((streamed.samples(), streamed.steps()), (shuffled.samples(), shuffled.steps()));
        // Also when an epoch is begun again, as after a divergence, or left in the middle.
        for e in [0, 1, 1, 4] {
            assert_eq!(epoch(&mut streamed, e), epoch(&mut shuffled, e));
        }
        streamed.start(7).unwrap();
        streamed.next().unwrap();
        assert_eq!(epoch(&mut streamed, 2), epoch(&mut shuffled, 2));
    }
}

#[test]
fn a_small_buffer_hands_out_every_row_once_and_in_another_order_each_epoch() {
    let table = numbered(500, &[40, 13, 90]);
    let plan = TablePlan::new(&table, &options()).unwrap();
    let loaded = TablePlan::new(&table, &options()).unwrap().load::<f32>(&table, None).unwrap();
    let whole = sorted(&epoch(&mut Shuffled::new(&loaded.train, 16, false, 5), 0));
    for (buffer, batch) in [(1, 1), (1, 16), (30, 16), (100, 16), (whole.len() - 1, 16), (64, 1000)] {
        let mut streamed = Streamed::<f32>::new(&table, &plan, batch, false, 5, buffer).unwrap();
        let first = epoch(&mut streamed, 0);
        assert_eq!(first.len(), streamed.steps(), "buffer {buffer}, batch {batch}");
        let size = streamed.batch();
        assert!(first[..first.len() - 1].iter().all(|b| b.len() == size), "buffer {buffer}, batch {batch}");
        assert_eq!(sorted(&first), whole, "buffer {buffer}, batch {batch}");
        let second = epoch(&mut streamed, 1);
        assert_eq!(sorted(&second), whole);
        assert_ne!(first, second);
        // An epoch is a function of its number.
        assert_eq!(epoch(&mut streamed, 0), first);
        let mut again = Streamed::<f32>::new(&table, &plan, batch, false, 5, buffer).unwrap();
        assert_eq!(epoch(&mut again, 1), second);
    }
}

#[test]
fn the_last_short_batch_can_be_left_out() {
    let table = numbered(100, &[9]);
    let plan = TablePlan::new(&table, &options()).unwrap();
    let n = plan.training_rows() as usize;
    let mut streamed = Streamed::<f32>::new(&table, &plan, 16, true, 5, 40).unwrap();
    let sizes: Vec<usize> = epoch(&mut streamed, 0).iter().map(Vec::len).collect();
    assert_eq!(sizes, vec![16; n / 16]);
}

fn training() -> deltarule::Plan {
    let settings =
        Settings { hidden: Some(vec![8]), epochs: Some(5), batch_size: Some(16), ..Settings::default() };
    settings.plan(Task::Classes).unwrap()
}

fn run(training: &deltarule::Plan, batches: &mut dyn Batches<f32>) -> Network<f32> {
    let network = training.network(batches.inputs(), batches.outputs()).unwrap();
    let mut state = TrainingState::new(training, network, batches).unwrap();
    let mut trainer = Trainer::new(training, &state, batches).unwrap();
    trainer.run(&ThreadPool::single(), &mut state, batches, None, &mut ()).unwrap();
    state.into_kept()
}

#[test]
fn a_streamed_run_is_the_run_in_memory_bit_for_bit() {
    let table = numbered(150, &[32]);
    let plan = TablePlan::new(&table, &options()).unwrap();
    let loaded = TablePlan::new(&table, &options()).unwrap().load::<f32>(&table, None).unwrap();
    let training = training();
    let run = |batches: &mut dyn Batches<f32>| run(&training, batches);
    let (batch, drop_last, seed) = (training.batch(), training.drop_last(), training.seed());
    let streamed = run(&mut Streamed::<f32>::new(&table, &plan, batch, drop_last, seed, 1000).unwrap());
    let memory = run(&mut Shuffled::new(&loaded.train, batch, drop_last, seed));
    assert_eq!(streamed, memory);
    // A buffer that does not hold everything is another order, and another run.
    let small = run(&mut Streamed::<f32>::new(&table, &plan, batch, drop_last, seed, 20).unwrap());
    assert_ne!(small, memory);
}

/// The table as a Parquet file of small row groups, or as a CSV file.
fn written(table: &InMemory, parquet: bool) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    let batches = table.batches(None).unwrap().map(Result::unwrap);
    if parquet {
        let groups = WriterProperties::builder().set_max_row_group_row_count(Some(37)).build();
        let mut writer =
            ArrowWriter::try_new(file.reopen().unwrap(), Table::schema(table), Some(groups)).unwrap();
        batches.for_each(|batch| writer.write(&batch).unwrap());
        writer.close().unwrap();
    } else {
        let mut writer = deltarule_tables::arrow::csv::Writer::new(file.reopen().unwrap());
        batches.for_each(|batch| writer.write(&batch).unwrap());
    }
    file
}

#[test]
fn a_streamed_file_is_the_file_in_memory_bit_for_bit() {
    let table = numbered(230, &[50]);
    let training = training();
    let (batch, drop_last, seed) = (training.batch(), training.drop_last(), training.seed());
    let loaded = TablePlan::new(&table, &options()).unwrap().load::<f32>(&table, None).unwrap();
    let memory = run(&training, &mut Shuffled::new(&loaded.train, batch, drop_last, seed));
    for parquet in [true, false] {
        let file = written(&table, parquet);
        for keep_bytes in [0, 2000, 1 << 30] {
            let reading = ReadOptions { block_bytes: 500, batch_rows: 11, keep_bytes, ..Default::default() };
            let source = Source::open(&[file.path()], &reading).unwrap();
            assert!(source.chunks().len() > 3, "one piece has no order to be read in");
            let plan = TablePlan::new(&source, &options()).unwrap();
            let from_file = TablePlan::new(&source, &options()).unwrap().load::<f32>(&source, None).unwrap();
            assert_eq!(from_file.train, loaded.train);
            assert_eq!(plan.validation::<f32>(&source).unwrap(), loaded.validation);
            let mut whole = Streamed::<f32>::new(&source, &plan, batch, drop_last, seed, 1000).unwrap();
            let streamed = run(&training, &mut whole);
            assert_eq!(streamed, memory, "Parquet {parquet}, keeping {keep_bytes} bytes");
            let mut small = Streamed::<f32>::new(&source, &plan, batch, drop_last, seed, 20).unwrap();
            assert_ne!(run(&training, &mut small), memory);
        }
    }
}

#[test]
fn a_cost_without_meaning_for_the_target_is_refused() {
    let table = numbered(60, &[10]);
    let plan = TablePlan::new(&table, &options()).unwrap();
    let streamed = Streamed::<f32>::new(&table, &plan, 8, false, 0, 10).unwrap();
    assert!(streamed.check_targets(Cost::SoftmaxCrossEntropy { smoothing: 0.0 }).is_ok());
    let x = TableOptions { target: vec!["x".into()], ..TableOptions::default() };
    let plan = TablePlan::new(&table, &x).unwrap();
    let streamed = Streamed::<f32>::new(&table, &plan, 8, false, 0, 10).unwrap();
    assert!(streamed.check_targets(Cost::BinaryCrossEntropy).is_err());
    assert!(streamed.check_targets(Cost::MeanSquared).is_ok());
}
