//! The recipe for tables as a whole, step for step beside the same written down with PyTorch (`reference/recipe.py`).

use deltarule::{Batch, Dataset, Matrix, Network, Panels, Shuffled, ThreadPool, Trainer, TrainingState};
use deltarule::{Settings, Task};
use serde::Deserialize;

#[derive(Deserialize)]
struct Run {
    task: Task,
    x: Vec<Vec<f64>>,
    y: Vec<Vec<f64>>,
    start: Parameters,
    costs: Vec<f64>,
    end: Parameters,
}

/// In the NTK form z = x·w / √n + b.
#[derive(Deserialize)]
struct Parameters {
    scale: Vec<f64>,
    w: Vec<Vec<Vec<f64>>>,
    b: Vec<Vec<f64>>,
}

fn assert_agrees(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() <= 1e-11, "{what}: {found}, PyTorch has {expected}");
}

#[test]
fn the_recipe_takes_the_steps_of_its_formulas() {
    let runs: Vec<Run> = serde_json::from_str(include_str!("reference/recipe.json")).unwrap();
    assert_eq!(runs.len(), 2);
    for Run { task, x, y, start, costs, end } in runs {
        let (x, y) = (Matrix::from_rows(&x), Matrix::from_rows(&y));
        let settings = Settings {
            hidden: Some(start.b[..start.b.len() - 1].iter().map(Vec::len).collect()),
            batch_size: Some(x.rows()),
            epochs: Some(costs.len() as u32),
            ..Settings::tabular(task)
        };
        let plan = settings.plan(task).unwrap();
        let mut network: Network<f64> = plan.network(x.cols(), y.cols()).unwrap();
        for (layer, (w, b)) in network.layers.iter_mut().zip(start.w.iter().zip(&start.b)) {
            let root = (layer.inputs() as f64).sqrt();
            layer.w = Panels::from_fn(w.len(), w[0].len(), |j, k| w[j][k] / root);
            layer.b.clone_from(b);
        }
        assert_eq!(network.input_scale.as_ref(), Some(&start.scale));
        let data = Dataset::new(x, y, None).unwrap();
        let batches = Shuffled::new(&data, plan.batch(), plan.drop_last(), plan.seed());
        let mut state = TrainingState::new(&plan, network, &batches).unwrap();
        let mut trainer = Trainer::new(&plan, &state, &batches).unwrap();
        let batch = Batch::new(data.samples().x(), data.samples().y());
        for (epoch, &expected) in costs.iter().enumerate() {
            let cost = trainer.step(&ThreadPool::single(), &mut state, &batch).unwrap().cost;
            assert_agrees(cost, expected, &format!("{task}: the cost before step {epoch}"));
        }
        let network = state.network();
        for (&found, &expected) in network.input_scale.iter().flatten().zip(&end.scale) {
            assert_agrees(found, expected, &format!("{task}: a factor of an input"));
        }
        for (l, layer) in network.layers.iter().enumerate() {
            let root = (layer.inputs() as f64).sqrt();
            for j in 0..layer.outputs() {
                assert_agrees(layer.b[j], end.b[l][j], &format!("{task}: b of layer {}", l + 2));
                for k in 0..layer.inputs() {
                    let what = format!("{task}: w of layer {}", l + 2);
                    assert_agrees(layer.w.get(j, k) * root, end.w[l][j][k], &what);
                }
            }
        }
    }
}
