//! What an explanation says is what the engine computed, and what it shows of a sum adds up to it exactly.

use crate::common::{Numbers, Samples, told};
use crate::worked_example;
use deltarule::explain::{Equation, Explanation, Extent, Form, Request, Sum, Term, explain};
use deltarule::gradcheck::{Parameter, Verdict};
use deltarule::{Activation, Cost, Matrix, Network, Objective, Plan, Regularisation, ThreadPool, Trace};
use deltarule::{OptimizerName, Settings, Task};

fn plan(optimizer: OptimizerName, eta: f64) -> Option<Plan> {
    let settings = Settings { optimizer: Some(optimizer), eta: Some(eta), ..Settings::default() };
    Some(settings.plan(Task::Regression).unwrap())
}

fn of_worked_example() -> Explanation {
    let network = worked_example::network();
    let trace = worked_example::trace(&network);
    let request = Request {
        run: "mazur".into(),
        samples: vec![0],
        plan: plan(OptimizerName::Sgd, 0.5),
        ..Request::default()
    };
    explain(&ThreadPool::single(), &network, &trace, &request).unwrap()
}

/// A classifier of 20 inputs and 12 classes with two hidden layers, and six weighted samples.
fn large() -> (Network<f64>, Samples, Objective) {
    let mut numbers = Numbers::new(31);
    let network = numbers.network(&[20, 30, 15, 12], Activation::Tanh, Activation::Softmax);
    let cost = Cost::SoftmaxCrossEntropy { smoothing: 0.1 };
    let weights = Some((0..6).map(|_| 0.5 + numbers.normal().abs()).collect());
    let samples = Samples { x: numbers.matrix(6, 20), y: numbers.targets(cost, 6, 12), weights };
    (
        network,
        samples,
        Objective { cost, regularisation: Regularisation { l2: 0.2, l1: 0.1, weight_decay: 0.3 }, n: 50 },
    )
}

fn of_large(request: Request) -> deltarule::Result<Explanation> {
    let (network, samples, objective) = large();
    let trace = Trace::of(&ThreadPool::single(), &network, objective, &samples.batch()).unwrap();
    let request = Request { samples: (100..106).collect(), ..request };
    explain(&ThreadPool::single(), &network, &trace, &request)
}

/// The terms, each the product of its factors, give the total to the last bit.
#[track_caller]
fn adds_up(sum: &Sum) {
    let mut total = 0.0;
    for (term, value) in sum.terms().zip(sum.values()) {
        let product: f64 = term.factors.iter().map(|factor| factor.value).product();
        assert_eq!((term.value, term.value), (value, term.sign * product));
        total += term.value;
    }
    assert_eq!(total, sum.total);
    assert_eq!(sum.terms().count(), sum.len());
}

fn check_rows(explanation: &Explanation) {
    for row in &explanation.component {
        if let Form::Sum { sum, factor, added } = &row.form {
            adds_up(sum);
            let product: f64 = factor.iter().map(|factor| factor.value).product();
            let value = sum.total * product + added.iter().map(|term| term.value).sum::<f64>();
            assert!((value - row.value).abs() <= 1e-14 * row.value.abs().max(1.0), "{row:?}");
        }
        let gradient = matches!(row.cursor.equation, Equation::Bp3 | Equation::Bp4 | Equation::InputScale);
        assert_eq!(row.check.is_some(), gradient);
        assert!(
            row.check.is_none_or(|check| check.verdict == Verdict::Agrees && check.relative_error < 1e-7)
        );
    }
}

#[test]
fn every_number_of_the_worked_example() {
    let explanation = of_worked_example();
    check_rows(&explanation);
    let row = |name: &str| explanation.component.iter().find(|row| row.symbol.to_string() == name).unwrap();
    // 4 z, 4 a, 4 δ, 4 biases and 8 weights
    assert_eq!(explanation.component.len(), 24);
    let delta = row("δ²₁");
    assert!((delta.value - 0.008771354689487).abs() < 1e-15);
    let Form::Sum { sum, factor, .. } = &delta.form else { panic!("a sum") };
    let terms: Vec<Term> = sum.terms().collect();
    let names: Vec<String> = terms[1].factors.iter().map(|factor| factor.symbol.to_string()).collect();
    assert_eq!(names, ["w³₂₁", "δ³₂"]);
    // 0.40 · 0.138499 = 0.055399, 0.50 · (−0.038098) = −0.019049, times σ′(z²₁) = 0.241301
    assert!((terms[0].value - 0.055399424651423).abs() < 1e-15);
    assert!((terms[1].value + 0.019049118258278).abs() < 1e-15);
    assert_eq!(factor[0].symbol.to_string(), "σ′(z²₁)");
    assert!((factor[0].value - 0.241300708572325).abs() < 1e-15);

    let weight = row("∂C/∂w²₁₁");
    assert_eq!(weight.cursor.sample, Some(0));
    let check = weight.check.unwrap();
    assert_eq!((check.parameter, check.verdict), (Parameter::Weight { l: 2, j: 0, k: 0 }, Verdict::Agrees));
    let step = weight.step.unwrap();
    assert_eq!(step.after, 0.5_f64.mul_add(-weight.value, 0.15));
    assert_eq!(step.change, step.after - 0.15);
    // −0.5 · ∂C/∂w
    assert!((step.change + 0.000219283867237).abs() < 1e-15);
}

#[test]
fn json_counts_from_one_and_names_the_place() {
    let json = serde_json::to_value(of_worked_example()).unwrap();
    let row =
        json["component"].as_array().unwrap().iter().find(|row| row["cursor"]["equation"] == "bp4").unwrap();
    assert_eq!(row["cursor"]["layer"], 2);
    assert_eq!((&row["cursor"]["neuron"], &row["cursor"]["input"]), (&1.into(), &1.into()));
    assert_eq!(row["cursor"]["run"], "mazur");
    assert_eq!(row["check"]["parameter"]["j"], 1);
    assert_eq!(row["check"]["verdict"]["verdict"], "agrees");
    assert_eq!(json["cost"], "quadratic");
    assert_eq!(json["activations"][0], "sigmoid");
}

#[test]
fn every_term_of_a_sum_is_there_with_its_names() {
    let explanation = of_large(Request::default()).unwrap();
    check_rows(&explanation);
    let (network, samples, _) = large();
    let row = &explanation.component[0];
    let Form::Sum { sum, .. } = &row.form else { panic!("a sum") };
    let j = row.symbol.neuron_number().unwrap();
    let series: Vec<String> =
        sum.products[0].factors.iter().map(|series| series.symbol.to_string()).collect();
    assert!(series[0].ends_with('ₖ') && series[1] == "a¹ₖ", "{series:?}");
    assert_eq!(sum.len(), 20);
    for (k, term) in sum.terms().enumerate() {
        let [w, a] = &term.factors[..] else { panic!("w and a") };
        assert_eq!((w.value, a.value), (network.layers[0].w.get(j - 1, k), samples.x.at(0, k)));
        assert_eq!((w.symbol.neuron_number(), w.symbol.input_number()), (Some(j), Some(k + 1)));
        assert_eq!(a.symbol.neuron_number(), Some(k + 1));
    }
}

#[test]
fn an_explanation_is_written_and_read_back() {
    let request = Request { plan: plan(OptimizerName::Adam, 0.01), ..Request::default() };
    for explanation in [of_worked_example(), of_large(request).unwrap()] {
        let json = serde_json::to_string(&explanation).unwrap();
        assert_eq!(serde_json::from_str::<Explanation>(&json).unwrap(), explanation);
    }
}

#[test]
fn a_trace_is_written_with_all_of_its_numbers() {
    let network = worked_example::network();
    let json = serde_json::to_value(worked_example::trace(&network)).unwrap();
    assert_eq!(json["x"], serde_json::json!([[0.05, 0.1]]));
    assert_eq!((&json["cost"], &json["layers"][1]["layer"]), (&"quadratic".into(), &3.into()));
    let gradient = json["layers"][0]["weight_gradient"][0][0].as_f64().unwrap();
    assert!((gradient - 0.000438567734474).abs() < 1e-15);
    assert!((json["layers"][1]["delta"][0][0].as_f64().unwrap() - 0.138498561628563).abs() < 1e-14);
}

#[test]
fn how_much_of_a_large_network_is_asked_for() {
    let extent = Extent { whole: 30, most: 3, corner: 2 };
    let explanation = of_large(Request { extent, ..Request::default() }).unwrap();
    check_rows(&explanation);
    assert_eq!((explanation.most_wrong.len(), explanation.largest_gradients.len()), (3, 3));
    let of =
        |equation| explanation.component.iter().filter(move |row| row.cursor.equation == equation).count();
    // 30, 15 and 12 neurons, 30·20, 15·30 and 12·15 weights
    assert_eq!((of(Equation::Bp3), of(Equation::Bp4)), (57, 600 + 450 + 180));
    assert_eq!(explanation.matrix[0].result.entries.len(), 2);
}

/// All but nothing is left of δ and of what the data say of the weights: what is shown of them is still what was computed.
#[test]
fn terms_are_true_where_the_slope_vanishes_and_regularisation_rules() {
    let mut numbers = Numbers::new(9);
    let mut network = numbers.network(&[3, 4, 2], Activation::Tanh, Activation::Identity);
    network.layers[0].b.fill(17.0);
    let samples = Samples { x: numbers.matrix(1, 3), y: numbers.matrix(1, 2), weights: Some(vec![1e-3]) };
    let regularisation = Regularisation { l2: 1e6, l1: 1e5, weight_decay: 0.0 };
    let objective = Objective { cost: Cost::Quadratic, regularisation, n: 1 };
    let trace = Trace::of(&ThreadPool::single(), &network, objective, &samples.batch()).unwrap();
    let request = Request { samples: vec![0], ..Request::default() };
    let explanation = explain(&ThreadPool::single(), &network, &trace, &request).unwrap();
    let mut tiny = 0;
    for row in &explanation.component {
        let Form::Sum { sum, factor, added } = &row.form else { continue };
        adds_up(sum);
        match row.cursor.equation {
            Equation::Bp2 => {
                let delta = trace.pass.layers[1].delta.row(0);
                let k = row.cursor.neuron.unwrap() - 1;
                let exact: f64 = (0..2).map(|j| network.layers[1].w.get(j, k) * delta[j]).sum();
                assert!((sum.total - exact).abs() <= 1e-15 * exact.abs(), "{row:?}");
                assert_eq!(row.value, sum.total * factor[0].value);
                tiny += usize::from(factor[0].value.abs() < 1e-12);
            }
            Equation::Bp4 => {
                let (l, j, k) =
                    (row.cursor.layer, row.cursor.neuron.unwrap() - 1, row.cursor.input.unwrap() - 1);
                let (delta, a) = (trace.pass.layers[l - 2].delta.at(0, j), trace.input_of(l - 2).row(0)[k]);
                assert_eq!(sum.total, a * delta);
                let w = network.layers[l - 2].w.get(j, k);
                let told: Vec<f64> = added.iter().map(|term| term.value).collect();
                assert_eq!(told, [1e6 * w, 1e5 * w.signum()]);
            }
            _ => {}
        }
    }
    assert_eq!(tiny, 4);
}

/// Weights that exploded are what is to be looked at: every number is shown, also where squares and costs overflow.
#[test]
fn weights_of_any_size_are_explained() {
    for (size, finite) in [(1e7, true), (1e60, true), (1e120, false), (1e200, false)] {
        let mut numbers = Numbers::new(8);
        let mut network = numbers.network(&[3, 4, 2], Activation::Relu, Activation::Identity);
        for layer in &mut network.layers {
            for j in 0..layer.outputs() {
                (0..layer.inputs()).for_each(|k| layer.w.set(j, k, size * layer.w.get(j, k)));
            }
        }
        let samples = Samples { x: numbers.matrix(2, 3), y: numbers.matrix(2, 2), weights: None };
        let trace = Trace::of(&ThreadPool::single(), &network, Cost::Quadratic, &samples.batch()).unwrap();
        assert_eq!(trace.cost().is_finite(), finite, "{size}");
        let request =
            Request { samples: vec![0, 1], plan: plan(OptimizerName::Sgd, 0.5), ..Request::default() };
        let explanation = explain(&ThreadPool::single(), &network, &trace, &request).unwrap();
        assert_eq!(explanation.component.len(), 2 * 6 + 6 + 6 + 12 + 8);
        for row in &explanation.component {
            let gradient = matches!(row.cursor.equation, Equation::Bp3 | Equation::Bp4);
            assert_eq!((row.check.is_some(), row.step.is_some()), (gradient && finite, gradient));
            assert!(row.check.is_none_or(|check| check.verdict != Verdict::Disagrees), "{row:?}");
        }
        assert_eq!(explanation.pictures.is_empty(), !finite);
    }
}

/// Targets of a softmax that add up to 2 pull its outputs up as a whole.
#[test]
fn targets_that_are_no_probabilities_multiply_by_their_sum() {
    let mut numbers = Numbers::new(12);
    let network = numbers.network(&[3, 3], Activation::Tanh, Activation::Softmax);
    let y = Matrix::from_rows(&[[1.0, 0.0, 1.0]]);
    let samples = Samples { x: numbers.matrix(1, 3), y, weights: None };
    let cost = Cost::SoftmaxCrossEntropy { smoothing: 0.0 };
    let trace = Trace::of(&ThreadPool::single(), &network, cost, &samples.batch()).unwrap();
    let request = Request { samples: vec![0], neuron: Some(1), ..Request::default() };
    let explanation = explain(&ThreadPool::single(), &network, &trace, &request).unwrap();
    let bp1 = explanation.component.iter().find(|row| row.cursor.equation == Equation::Bp1).unwrap();
    let Form::Sum { sum, .. } = &bp1.form else { panic!("a sum") };
    let names: Vec<String> =
        sum.terms().flat_map(|term| term.factors).map(|factor| factor.symbol.to_string()).collect();
    assert_eq!(names, ["Σy", "a²₁", "y₁"]);
    assert_eq!(sum.total, bp1.value);
    assert!(explanation.two_forms[0].agrees);
}

#[test]
fn a_large_network_has_a_way_in() {
    let explanation = of_large(Request::default()).unwrap();
    let (network, samples, objective) = large();
    let trace = Trace::of(&ThreadPool::single(), &network, objective, &samples.batch()).unwrap();
    assert_eq!(explanation.layers.iter().map(|layer| layer.layer).collect::<Vec<_>>(), [2, 3, 4]);
    for (layer, gradient) in explanation.layers.iter().zip(&trace.gradients.layers) {
        let square: f64 = gradient.b.iter().map(|b| b * b).sum();
        assert!((layer.bias_gradient - square.sqrt()).abs() < 1e-15);
    }
    assert!(explanation.layers[2].saturated.is_none());
    // tanh is flat where 1 − a² < 0.05
    let a = &trace.pass.layers[0].a;
    let flat = (0..6).flat_map(|i| a.row(i)).filter(|&a| 1.0 - a * a < 0.05).count();
    assert_eq!(explanation.layers[0].saturated, Some(flat as f64 / 180.0));
    let sizes: Vec<f64> = explanation.largest_gradients.iter().map(|g| g.gradient.abs()).collect();
    assert!(sizes.len() == 8 && sizes.is_sorted_by(|a, b| a >= b));
    let largest = Parameter::all(&network).map(|p| match p {
        Parameter::Weight { .. } => p.gradient(&trace.gradients).abs(),
        _ => 0.0,
    });
    assert_eq!(sizes[0], largest.fold(0.0, f64::max));
    let wrong = &explanation.most_wrong[0];
    assert!(wrong.sample >= 100 && wrong.delta.abs() >= explanation.most_wrong[7].delta.abs());
}

#[test]
fn both_forms_of_bp1_stand_side_by_side_and_agree() {
    let explanation =
        of_large(Request { layer: Some(4), neuron: Some(3), shown: 2, ..Request::default() }).unwrap();
    let [forms] = &explanation.two_forms[..] else { panic!("one output") };
    assert_eq!(forms.symbol.to_string(), "δ⁴₃");
    adds_up(&forms.short);
    adds_up(&forms.jacobian);
    assert!(forms.agrees && forms.difference < 1e-14);
    assert_eq!((forms.short.len(), forms.jacobian.len()), (2, 12));
    assert!(explanation.component.iter().all(|row| row.cursor.layer == 4));
    assert_eq!(explanation.component[0].cursor.sample, Some(102));
}

#[test]
fn moving_z_changes_the_cost_by_delta_dz() {
    for explanation in [of_worked_example(), of_large(Request::default()).unwrap()] {
        assert!(!explanation.pictures.is_empty());
        for picture in &explanation.pictures {
            let error = |n: usize| (picture.pushes[n].actual - picture.pushes[n].predicted).abs();
            assert_eq!(picture.pushes[2].predicted, picture.delta.value * 0.001);
            // What is left falls with Δz².
            assert!(error(2) < 1e-6 && error(1) < 1e-4, "{picture:?}");
            assert!(error(1) < 1e-10 || (80.0..125.0).contains(&(error(1) / error(2))), "{picture:?}");
        }
    }
}

#[test]
fn a_batch_shows_each_delta_and_then_the_mean() {
    let explanation = of_large(Request { neuron: Some(1), ..Request::default() }).unwrap();
    let (network, samples, objective) = large();
    let trace = Trace::of(&ThreadPool::single(), &network, objective, &samples.batch()).unwrap();
    assert_eq!(explanation.batch.len(), 3);
    for (at, view) in explanation.batch.iter().enumerate() {
        assert_eq!(view.each.len(), 6);
        let mean = view.each.iter().sum::<f64>() / samples.weights.as_ref().unwrap().iter().sum::<f64>();
        assert!((view.mean - mean).abs() < 1e-15);
        assert_eq!(view.mean, trace.gradients.layers[at].b[0]);
    }
    assert!(of_worked_example().batch.is_empty());
    // The rows of ∂C/∂b are of the batch: no single sample is named, but each of the terms names its own.
    let row = explanation.component.iter().find(|row| row.cursor.equation == Equation::Bp3).unwrap();
    let Form::Sum { sum, .. } = &row.form else { panic!("a sum") };
    assert_eq!(row.cursor.sample, None);
    assert_eq!(sum.samples.as_deref(), Some(&[100, 101, 102, 103, 104, 105][..]));
    assert!(sum.terms().all(|term| term.sample.is_some()));
}

#[test]
fn matrix_form_holds_the_same_numbers() {
    let explanation = of_worked_example();
    let row = |equation, layer| {
        explanation
            .matrix
            .iter()
            .find(|row| (row.cursor.equation, row.cursor.layer) == (equation, layer))
            .unwrap()
    };
    let bp2 = row(Equation::Bp2, 2);
    assert!(bp2.operands[0].transposed);
    assert_eq!(bp2.operands[0].entries, [[0.40, 0.45], [0.50, 0.55]]);
    for k in 0..2 {
        let entry = |view: usize, i: usize| bp2.operands[view].entries[i][0];
        let sum: f64 = (0..2).map(|j| bp2.operands[0].entries[j][k] * entry(1, j)).sum();
        assert!((bp2.result.entries[k][0] - sum * entry(2, k)).abs() < 1e-17);
    }
    // 2 layers of z, a, δ, ∂C/∂b and ∂C/∂w
    assert_eq!(explanation.matrix.len(), 10);
    let bp4 = row(Equation::Bp4, 2);
    assert!((bp4.result.entries[0][0] - 0.000438567734474).abs() < 1e-15);
    let large = of_large(Request::default()).unwrap();
    let w = &large.matrix[0].operands[0];
    assert_eq!((w.rows, w.cols, w.entries.len(), w.entries[0].len()), (30, 20, 8, 8));
}

/// Each equation in matrix form holds for the numbers shown, of a weighted and regularised batch of one column a sample.
#[test]
fn matrix_form_of_a_batch_holds() {
    let mut numbers = Numbers::new(5);
    let network = numbers.network(&[3, 4, 2], Activation::Tanh, Activation::Softmax);
    let cost = Cost::SoftmaxCrossEntropy { smoothing: 0.2 };
    let weights = Some(vec![0.5, 2.0, 1.0, 0.25, 3.0]);
    let samples = Samples { x: numbers.matrix(5, 3), y: numbers.targets(cost, 5, 2), weights };
    let regularisation = Regularisation { l2: 0.3, l1: 0.2, weight_decay: 0.0 };
    let objective = Objective { cost, regularisation, n: 10 };
    let trace = Trace::of(&ThreadPool::single(), &network, objective, &samples.batch()).unwrap();
    let request = Request { samples: (0..5).collect(), ..Request::default() };
    let explanation = explain(&ThreadPool::single(), &network, &trace, &request).unwrap();
    for row in &explanation.matrix {
        let at = |n: usize, i: usize, j: usize| {
            let view = &row.operands[n];
            if view.transposed { view.entries[j][i] } else { view.entries[i][j] }
        };
        let inner = |n: usize| {
            let view = &row.operands[n];
            if view.transposed { view.rows } else { view.cols }
        };
        let product = |i: usize, j: usize| (0..inner(0)).map(|k| at(0, i, k) * at(1, k, j)).sum::<f64>();
        let factor: f64 = row.factor.iter().map(|factor| factor.value).product();
        for i in 0..row.result.rows {
            for j in 0..row.result.cols {
                let added: f64 = row.added.iter().map(|added| added.by.value * added.of.entries[i][j]).sum();
                let (value, operands) = match row.cursor.equation {
                    Equation::WeightedInput => (product(i, j) + at(2, i, 0), 3),
                    Equation::Activation if row.cursor.layer == 2 => (at(0, i, j).tanh(), 1),
                    Equation::Activation => (row.result.entries[i][j], 1),
                    Equation::Bp1 => ((at(0, i, j) - at(1, i, j)) * at(2, 0, j), 3),
                    Equation::Bp2 => (product(i, j) * at(2, i, j), 3),
                    Equation::Bp3 => ((0..5).map(|k| at(0, i, k)).sum::<f64>() * factor, 1),
                    Equation::Bp4 => (product(i, j) * factor + added, 2),
                    other => panic!("{other:?}"),
                };
                assert_eq!(row.operands.len(), operands);
                assert!((row.result.entries[i][j] - value).abs() < 1e-14, "{row:?}");
            }
        }
        assert_eq!(row.cursor.sample, None);
    }
    assert_eq!(explanation.matrix.len(), 10);
}

#[test]
fn a_sample_that_counts_nothing_is_explained_too() {
    let (network, mut samples, objective) = large();
    samples.weights.as_mut().unwrap()[0] = 0.0;
    let trace = Trace::of(&ThreadPool::single(), &network, objective, &samples.batch()).unwrap();
    let request = Request { samples: (0..6).collect(), ..Request::default() };
    let explanation = explain(&ThreadPool::single(), &network, &trace, &request).unwrap();
    check_rows(&explanation);
    let bp1 = explanation.component.iter().find(|row| row.cursor.equation == Equation::Bp1).unwrap();
    let Form::Sum { sum, factor, .. } = &bp1.form else { panic!("a sum") };
    assert!(bp1.value == 0.0 && sum.total != 0.0 && factor[0].value == 0.0);
    assert!(explanation.two_forms.iter().all(|forms| forms.agrees));
}

#[test]
fn what_does_not_exist_is_refused() {
    let message = |request| told(&of_large(request).unwrap_err());
    let request = Request::default;
    assert_eq!(
        message(Request { layer: Some(5), ..request() }),
        "layer: expected a layer from 2 to 4, found 5; layer 1 is the input, which has no weights"
    );
    assert_eq!(
        message(Request { layer: Some(4), neuron: Some(13), ..request() }),
        "neuron: expected a neuron from 1 to 12 of layer 4, found 13"
    );
    assert_eq!(
        message(Request { layer: Some(2), weight: Some((1, 0)), ..request() }),
        "weight: expected an input from 1 to 20 of layer 2, found 0"
    );
    let weight = of_large(Request { layer: Some(2), weight: Some((11, 20)), ..request() }).unwrap();
    let name = weight.component.last().unwrap().symbol.to_string();
    assert_eq!(name, "∂C/∂w²₁₁,₂₀");
}

#[test]
fn the_step_has_the_decay_of_the_weights() {
    let plan = plan(OptimizerName::Adam, 0.01);
    let explanation = of_large(Request { plan, ..Request::default() }).unwrap();
    for row in explanation.component.iter().filter(|row| row.step.is_some()) {
        let (check, step) = (row.check.unwrap(), row.step.unwrap());
        // Adam's first step is η in the direction against the gradient; 0.01·0.3·w is the decay.
        let decay = if row.cursor.equation == Equation::Bp4 { 0.01 * 0.3 * check.value } else { 0.0 };
        assert!((step.change + 0.01 * row.value.signum() + decay).abs() < 1e-5, "{row:?}");
    }
}
