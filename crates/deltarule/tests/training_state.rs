//! A training that is written down anywhere and read again goes on as if nothing had happened; and what is no training, or
//! another one, is refused.

mod safetensors;

use deltarule::random::{Purpose, Random};
use deltarule::train::StepReport;
use deltarule::{
    Activation, Batches, Dataset, Matrix, Metric, Observer, OptimizerName, Plan, Real, ScheduleName,
    Settings, Shuffled, Task, ThreadPool, Trainer, TrainingState, Variants,
};
use safetensors::{parts, with_header, with_metadata};
use serde_json::json;
use std::ops::ControlFlow;
use std::path::Path;

const EPOCHS: u32 = 4;
const SAMPLES: usize = 22;
const BATCH: usize = 5;
/// Four full batches and a short one.
const STEPS: usize = 5;

fn data<T: Real>(seed: u64) -> Dataset<T> {
    let random = Random::new(seed, Purpose::Data, 0);
    let x = Matrix::from_fn(SAMPLES, 3, |i, j| T::from_f64(random.normal((3 * i + j) as u64)));
    let classes = (0..SAMPLES).map(|i| u32::from(x.row(i)[0] > x.row(i)[1])).collect();
    let weights = (0..SAMPLES).map(|i| T::from_f64(0.5 + (i % 3) as f64)).collect();
    Dataset::of_classes(x, classes, 2, Some(weights)).unwrap()
}

/// Every optimizer with every schedule, with and without clipping, dropout and a learned input scale.
fn settings() -> Vec<Settings> {
    let mut all = Vec::new();
    for optimizer in OptimizerName::all() {
        for schedule in ScheduleName::all() {
            for extras in 0..8 {
                let with = |bit: u32| extras >> bit & 1 == 1;
                all.push(Settings {
                    hidden: Some(vec![7, 4]),
                    activation: Some(Activation::Tanh),
                    optimizer: Some(optimizer),
                    schedule: Some(schedule),
                    clip: with(0).then_some(0.3),
                    dropout: Some(if with(1) { 0.25 } else { 0.0 }),
                    input_scale: Some(with(2)),
                    l2: Some(if with(0) { 0.1 } else { 0.0 }),
                    batch_size: Some(BATCH),
                    epochs: Some(EPOCHS),
                    keep: Some(["best", "last-best", "final"][all.len() % 3].parse().unwrap()),
                    metric: Some(Metric::LogLoss),
                    ..Settings::default()
                });
            }
        }
    }
    all
}

fn batches<'a, T: Real>(plan: &Plan, data: &'a Dataset<T>) -> Shuffled<'a, T> {
    Shuffled::new(data, plan.batch(), plan.drop_last(), plan.seed())
}

fn start<T: Real>(plan: &Plan, data: &Dataset<T>) -> TrainingState<T> {
    TrainingState::new(plan, plan.network(3, 2).unwrap(), &batches(plan, data)).unwrap()
}

/// Lets a training run for so many steps.
struct StopAfter(usize);

impl<T: Real> Observer<T> for StopAfter {
    fn on_step(&mut self, _: &StepReport) -> ControlFlow<()> {
        self.0 -= 1;
        if self.0 == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// To the end, or as far as the observer lets it, with a trainer of its own.
fn run<T: Real>(
    plan: &Plan,
    state: &mut TrainingState<T>,
    data: &Dataset<T>,
    validation: &Dataset<T>,
    observer: &mut dyn Observer<T>,
) {
    let mut batches = batches(plan, data);
    let mut trainer = Trainer::new(plan, state, &batches).unwrap();
    trainer.run(&ThreadPool::single(), state, &mut batches, Some(validation.samples()), observer).unwrap();
}

fn read<T: Real>(bytes: &[u8]) -> deltarule::Result<TrainingState<T>> {
    TrainingState::from_bytes(Path::new("t.safetensors"), bytes)
}

#[test]
fn a_training_written_anywhere_goes_on_to_the_same_bits() {
    fn check<T: Real>() {
        let (data, validation) = (data::<T>(1), data::<T>(2));
        for (i, settings) in settings().into_iter().enumerate() {
            let plan = settings.plan(Task::Classes).unwrap();
            let mut whole = start(&plan, &data);
            run(&plan, &mut whole, &data, &validation, &mut ());
            assert_eq!(whole.steps_done(), u64::from(EPOCHS) * STEPS as u64);
            // Every step of the training is the last before the break in some case, those at the end of epochs too.
            let steps = 1 + i % (EPOCHS as usize * STEPS);
            let mut part = start(&plan, &data);
            run(&plan, &mut part, &data, &validation, &mut StopAfter(steps));
            assert_eq!(part.steps_done(), steps as u64);

            let bytes = part.to_bytes().unwrap();
            let mut resumed = read::<T>(&bytes).unwrap();
            assert!(resumed == part, "{settings:?}");
            assert_eq!(resumed.to_bytes().unwrap(), bytes);
            run(&plan, &mut resumed, &data, &validation, &mut ());
            assert!(resumed == whole, "after {steps} steps: {settings:?}");
            assert_eq!(resumed.to_bytes().unwrap(), whole.to_bytes().unwrap());
        }
    }
    check::<f32>();
    check::<f64>();
}

/// The same by single steps, each on a state that has been bytes before.
#[test]
fn single_steps_on_what_was_written_are_the_run() {
    let (data, validation) = (data::<f64>(1), data::<f64>(2));
    let settings = settings().into_iter().nth(13).unwrap();
    let plan = settings.plan(Task::Classes).unwrap();
    let mut whole = start(&plan, &data);
    run(&plan, &mut whole, &data, &validation, &mut ());

    let pool = ThreadPool::single();
    let mut state = start(&plan, &data);
    let mut evaluator =
        deltarule::evaluate::Evaluator::new(state.network(), plan.cost(), plan.task(), validation.samples())
            .unwrap();
    while state.epoch() < plan.epochs() {
        let mut batches = batches(&plan, &data);
        batches.start(state.epoch()).unwrap();
        batches.skip(state.step()).unwrap();
        state = read(&state.to_bytes().unwrap()).unwrap();
        let mut trainer = Trainer::new(&plan, &state, &batches).unwrap();
        trainer.step(&pool, &mut state, &batches.next().unwrap().unwrap()).unwrap();
        if state.awaits_finish() {
            trainer.finish_epoch(&pool, &mut state, Some(&mut evaluator)).unwrap();
        }
    }
    assert!(state == whole);
}

/// A training in the middle of its third epoch.
fn part<T: Real>() -> (Plan, Dataset<T>, TrainingState<T>) {
    let settings = Settings {
        hidden: Some(vec![4]),
        input_scale: Some(true),
        batch_size: Some(BATCH),
        epochs: Some(EPOCHS),
        ..Settings::default()
    };
    let plan = settings.plan(Task::Classes).unwrap();
    let (data, validation) = (data::<T>(1), data::<T>(2));
    let mut state = start(&plan, &data);
    run(&plan, &mut state, &data, &validation, &mut StopAfter(2 * STEPS + 3));
    (plan, data, state)
}

#[test]
fn tensors_have_the_documented_names() {
    let (.., state) = part::<f32>();
    let bytes = state.to_bytes().unwrap();
    let (header, _) = parts(&bytes);
    let parameters = ["layers.2.weight", "layers.2.bias", "layers.3.weight", "layers.3.bias", "input.scale"];
    let mut expected: Vec<String> = ["", "moment.1.", "moment.2.", "best."]
        .iter()
        .flat_map(|prefix| parameters.map(|name| format!("{prefix}{name}")))
        .chain(["__metadata__".to_owned()])
        .collect();
    expected.sort();
    let mut found: Vec<_> = header.as_object().unwrap().keys().cloned().collect();
    found.sort();
    assert_eq!(found, expected);
}

/// The value of a metric may be infinite where the cost is not; no epoch is the worse for it.
#[test]
fn infinite_values_come_back() {
    let (plan, data, mut state) = part::<f32>();
    let bytes = with_metadata(&state.to_bytes().unwrap(), "deltarule-training", |own| {
        own["reports"][1]["validation"]["value"] = "-inf".into();
        own["best"]["value"] = "inf".into();
    });
    state = read(&bytes).unwrap();
    assert_eq!(state.reports()[1].validation.unwrap().value, f64::NEG_INFINITY);
    assert_eq!(state.best().unwrap().1, f64::INFINITY);
    assert_eq!(read::<f32>(&state.to_bytes().unwrap()).unwrap(), state);
    let batches = batches(&plan, &data);
    assert!(Trainer::new(&plan, &state, &batches).is_ok());
}

#[test]
fn what_is_no_training_is_refused() {
    let (.., state) = part::<f32>();
    let bytes = state.to_bytes().unwrap();
    let message = |bytes: &[u8]| {
        let mut message = String::new();
        let allocated = allocation_counter::measure(|| message = read::<f32>(bytes).unwrap_err().to_string());
        assert!(allocated.bytes_max < 20 * (bytes.len() as u64 + 1000), "{}", allocated.bytes_max);
        message
    };
    for length in 0..bytes.len() {
        assert!(!message(&bytes[..length]).is_empty());
    }
    let with =
        |change: fn(&mut serde_json::Value)| message(&with_metadata(&bytes, "deltarule-training", change));
    let huge = json!(1_u64 << 60);
    for (found, words) in [
        (with(|own| own["format"] = 2.into()), "expected format version 1, found version 2"),
        (with(|own| own["future"] = 1.into()), "unknown field `future`"),
        (with(|own| own["moments"] = 3.into()), "at most 2 running values of each parameter, found 3"),
        (with(|own| own["moments"] = 1.into()), "found the tensor moment.2.input.scale"),
        (with(|own| own["epoch_steps"] = 0.into()), "a step and a sample or more"),
        (with(|own| own["samples"] = 0.into()), "a step and a sample or more"),
        (with(|own| own["steps_done"] = u64::MAX.into()), "fewer than 2³² epochs"),
        (with(|own| own["steps_done"] = (-1).into()), "invalid value"),
        (with(|own| own["steps_done"] = 4.into()), "reports of epochs from 1 to 0, in order, found 1, 2"),
        (with(|own| own["reports"][1]["epoch"] = 1.into()), "in order, found 1, 1"),
        (with(|own| own["reports"][0]["cost"] = "much".into()), "metadata of a training"),
        (with(|own| own["reports"][0]["loss"] = 1.into()), "unknown field `loss`"),
        (with(|own| own["best"]["epoch"] = 3.into()), "a best epoch from 1 to 2, found 3"),
        (with(|own| own["best"]["network"] = false.into()), "found the tensor best.input.scale"),
        (with(|own| own["best"] = json!(null)), "found the tensor best.input.scale"),
        (with(|own| own["epochs_without_better"] = 3.into()), "at most 2 epochs, found 3"),
        (with(|own| own["epoch_cost"]["total"] = "NaN".into()), "a finite cost"),
        (with(|own| own["epoch_cost"]["weight"] = (-1).into()), "a weight from 0 up"),
        (with(|own| own["architecture"]["inputs"] = 2.into()), "shape [4, 2] for tensor layers.2.weight"),
        (
            message(&with_metadata(&bytes, "deltarule-training", |own| {
                own["architecture"]["layers"][0]["outputs"] = huge.clone();
            })),
            "as the architecture has it",
        ),
        (
            message(&with_header(&bytes, |header| header["moment.1.layers.2.bias"]["shape"] = json!([2, 2]))),
            "shape [4] for tensor moment.1.layers.2.bias",
        ),
    ] {
        assert!(found.contains(words), "{found}\nlacks: {words}");
    }
    // A running value may be infinite, and a weight may not.
    let (header, _) = parts(&bytes);
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let with_number = |name: &str, value: f32| {
        let offset = 8 + length + header[name]["data_offsets"][0].as_u64().unwrap() as usize;
        let mut changed = bytes.clone();
        changed[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
        changed
    };
    assert!(message(&with_number("layers.3.bias", f32::INFINITY)).contains("finite numbers in tensor"));
    assert!(message(&with_number("best.layers.3.bias", f32::NAN)).contains("finite numbers in tensor"));
    assert!(message(&with_number("moment.2.layers.3.bias", f32::NAN)).contains("numbers in tensor moment.2"));
    let infinite = read::<f32>(&with_number("moment.2.layers.3.bias", f32::INFINITY)).unwrap();
    assert_eq!(infinite.moments()[1].b[1][0], f32::INFINITY);

    assert!(read::<f64>(&bytes).unwrap_err().to_string().contains("a training in f64, found one in f32"));
    assert!(message(b"PK\x03\x04").contains("a ZIP archive"));
}

#[test]
fn a_training_goes_on_only_with_its_optimizer_and_its_data() {
    let (plan, data, state) = part::<f32>();
    let refused = |plan: &Plan, batches: &Shuffled<'_, f32>| {
        Trainer::new(plan, &state, batches).unwrap_err().to_string()
    };
    let other = |settings: Settings| settings.or(plan.settings().clone()).plan(Task::Classes).unwrap();
    let sgd = Settings {
        optimizer: Some(OptimizerName::Sgd),
        beta1: None,
        beta2: None,
        epsilon: None,
        ..plan.settings().clone()
    };
    assert_eq!(
        refused(&sgd.plan(Task::Classes).unwrap(), &batches(&plan, &data)),
        "running values of each parameter: expected 0, as the plan's optimizer keeps, found 2"
    );
    assert_eq!(
        refused(&plan, &Shuffled::new(data.picked(&[1, 2, 3]), BATCH, false, 0)),
        "samples to train on: expected 22, as when the training began, found 3"
    );
    let wider = other(Settings { batch_size: Some(11), ..Settings::default() });
    assert_eq!(
        refused(&wider, &batches(&wider, &data)),
        "batches of an epoch: expected 5, as when the training began, found 2"
    );
    // More epochs than were planned are another plan for the same training.
    let longer = other(Settings { epochs: Some(9), ..Settings::default() });
    let mut state = state.clone();
    run(&longer, &mut state, &data, &data, &mut ());
    assert_eq!(state.reports().len(), 9);
}
