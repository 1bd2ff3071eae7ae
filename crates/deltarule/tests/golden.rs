//! One result: the weights after training are the same to the last bit for every number of threads and on every
//! instruction set, with and without optimisation, today and as they were stored.
//!
//! The hashes below are of what the library computes, so they say that a result moved, not that it is right: the other
//! tests do that. Whoever moves one says why in the commit.

use deltarule::batches::Shuffled;
use deltarule::dataset::Dataset;
use deltarule::train::{End, Trainer, TrainingState};
use deltarule::{Activation, Cost, Matrix, Network, Real, ThreadPool};
use deltarule::{OptimizerName, ScheduleName, Settings, Task};
use deltarule_kernels::Isa;

/// What is trained, with the hash of its weights in f32 and in f64.
struct Golden {
    name: &'static str,
    widths: [usize; 2],
    samples: usize,
    task: Task,
    settings: Settings,
    hashes: [u64; 2],
}

fn settings(hidden: &[usize], activation: Activation, optimizer: OptimizerName, batch: usize) -> Settings {
    Settings {
        hidden: Some(hidden.to_vec()),
        activation: Some(activation),
        optimizer: Some(optimizer),
        batch_size: Some(batch),
        epochs: Some(2),
        seed: Some(7),
        ..Settings::default()
    }
}

fn goldens() -> Vec<Golden> {
    use Activation::{Gelu, Mish, Relu, Sigmoid, Tanh};
    use OptimizerName::{Adam, AdamW, Momentum, Nesterov, Sgd};
    let classes = Task::Classes;
    vec![
        Golden {
            name: "the book's network, gradient descent",
            widths: [23, 10],
            samples: 50,
            task: classes,
            settings: Settings {
                output_activation: Some(Sigmoid),
                cost: Some(Cost::Quadratic),
                eta: Some(3.0),
                l2: Some(0.1),
                ..settings(&[30], Sigmoid, Sgd, 10)
            },
            hashes: [0x6f14_20a6_f3ff_e946, 0xc9d3_a51c_063c_8ebe],
        },
        Golden {
            name: "momentum, widths past a tile",
            widths: [17, 3],
            samples: 70,
            task: classes,
            settings: settings(&[33, 47], Tanh, Momentum, 32),
            hashes: [0xd803_1613_7169_5d36, 0x7950_147c_3e4d_cfd3],
        },
        Golden {
            name: "Nesterov with dropout",
            widths: [5, 1],
            samples: 40,
            task: Task::Regression,
            settings: Settings { dropout: Some(0.3), ..settings(&[20, 20, 20], Gelu, Nesterov, 7) },
            hashes: [0xbaf1_eb01_3add_254b, 0xc257_7ec3_e26e_7fe7],
        },
        Golden {
            name: "Adam, large enough to be shared",
            widths: [200, 10],
            samples: 256,
            task: classes,
            settings: Settings {
                schedule: Some(ScheduleName::Cosine),
                ..settings(&[256, 128], Relu, Adam, 128)
            },
            hashes: [0x03eb_892f_167b_b4c1, 0x0945_0ca3_7879_4e91],
        },
        Golden {
            name: "AdamW with clipping, one sample a step",
            widths: [9, 2],
            samples: 20,
            task: Task::Regression,
            settings: Settings { clip: Some(0.5), l1: Some(0.01), ..settings(&[65], Mish, AdamW, 1) },
            hashes: [0xe5b6_3d6e_39a8_fc4e, 0x5446_1038_6896_5afe],
        },
    ]
}

/// Numbers that no library of the platform has a part in.
fn data<T: Real>(golden: &Golden) -> Dataset<T> {
    let [inputs, outputs] = golden.widths;
    let x = Matrix::from_fn(golden.samples, inputs, |i, j| {
        T::from_f64(((i * 7919 + j * 104_729) % 1009) as f64 / 504.5 - 1.0)
    });
    let y = Matrix::from_fn(golden.samples, outputs, |i, j| match golden.task {
        Task::Classes => T::from_f64(f64::from(u8::from(i * 31 % outputs == j))),
        _ => T::from_f64((i * 13 % 29) as f64 / 29.0 + j as f64),
    });
    Dataset::new(x, y, None).expect("finite numbers")
}

fn trained<T: Real>(golden: &Golden, pool: &ThreadPool) -> u64 {
    let (plan, data) = (golden.settings.plan(golden.task).expect("a plan"), data::<T>(golden));
    let [inputs, outputs] = golden.widths;
    let mut batches = Shuffled::new(&data, plan.batch(), plan.drop_last(), plan.seed());
    let network = plan.network(inputs, outputs).expect("a network");
    let mut state = TrainingState::new(&plan, network, &batches).expect("a state");
    let mut trainer = Trainer::new(&plan, &state, &batches).expect("a trainer");
    let end = trainer.run(pool, &mut state, &mut batches, None, &mut ()).expect("training");
    assert!(matches!(end, End::Finished), "{}: {end:?}", golden.name);
    hash(state.kept())
}

/// FNV-1a over the bits of all weights and biases; a number in f32 is hashed as the f64 that it is.
fn hash<T: Real>(network: &Network<T>) -> u64 {
    let weights = network.layers.iter().flat_map(|layer| {
        let w = (0..layer.outputs()).flat_map(move |j| (0..layer.inputs()).map(move |k| layer.w.get(j, k)));
        w.chain(layer.b.iter().copied())
    });
    weights
        .flat_map(|weight| weight.to_f64().to_bits().to_le_bytes())
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        })
}

/// Trains everything with this pool; all that differs is named at once.
fn check(pool: &ThreadPool) {
    let mut moved = Vec::new();
    for golden in goldens() {
        let found = [trained::<f32>(&golden, pool), trained::<f64>(&golden, pool)];
        if found != golden.hashes {
            moved.push(format!("{}: [{:#018x}, {:#018x}]", golden.name, found[0], found[1]));
        }
    }
    assert!(moved.is_empty(), "{} threads, {}:\n{}", pool.threads(), pool.isa(), moved.join("\n"));
}

#[test]
fn golden_bits_for_any_number_of_threads() {
    for threads in [1, 2, 3, 4, 8, 16] {
        check(&ThreadPool::new(threads));
    }
}

#[test]
fn golden_bits_on_every_instruction_set() {
    for isa in Isa::available() {
        check(&ThreadPool::with_isa(1, isa));
        check(&ThreadPool::with_isa(3, isa));
    }
}
