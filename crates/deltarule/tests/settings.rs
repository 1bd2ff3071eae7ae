//! What the user said, checked: every bad value is named with its field, its range and what was found.

use deltarule::{Activation, Cost};
use deltarule::{OptimizerName, ScheduleName, Settings, Task, Variants};

fn message(settings: Settings, task: Task) -> String {
    let error = settings.plan(task).unwrap_err();
    error.hint().map_or(error.to_string(), |hint| format!("{error}; {hint}"))
}

#[test]
fn bad_values_are_named_with_field_range_and_value() {
    let base = Settings::default;
    let momentum = || Settings { optimizer: Some(OptimizerName::Momentum), ..base() };
    for (settings, expected) in [
        (Settings { eta: Some(f64::NAN), ..base() }, "eta: expected a finite number above 0, found NaN"),
        (Settings { eta: Some(0.0), ..base() }, "eta: expected a finite number above 0, found 0"),
        (Settings { eta: Some(f64::INFINITY), ..base() }, "eta: expected a finite number above 0, found inf"),
        (Settings { batch_size: Some(0), ..base() }, "batch-size: expected 1 or more, found 0"),
        (Settings { epochs: Some(0), ..base() }, "epochs: expected 1 or more, found 0"),
        (Settings { patience: Some(0), ..base() }, "patience: expected 1 or more, found 0"),
        (
            Settings { hidden: Some(vec![5, 0]), ..base() },
            "hidden: expected widths of 1 or more, found 0 for hidden layer 2",
        ),
        (Settings { dropout: Some(1.0), ..base() }, "dropout: expected a number from 0 to below 1, found 1"),
        (Settings { clip: Some(-1.0), ..base() }, "clip: expected a finite number above 0, found -1"),
        (Settings { l2: Some(-0.1), ..base() }, "l2: expected a finite number from 0 up, found -0.1"),
        (Settings { beta2: Some(1.0), ..base() }, "beta2: expected a number from 0 to below 1, found 1"),
        (
            Settings { momentum: Some(0.9), ..base() },
            "momentum: expected nothing with optimizer adam, found 0.9",
        ),
        (
            Settings { beta1: Some(0.9), ..momentum() },
            "beta1: expected nothing with optimizer momentum, found 0.9",
        ),
        (
            Settings { schedule_every: Some(3), ..base() },
            "schedule-every: expected nothing with schedule constant, found 3",
        ),
        (
            Settings { smoothing: Some(0.1), cost: Some(Cost::Quadratic), ..base() },
            "smoothing: expected nothing with cost quadratic, found 0.1",
        ),
        (
            Settings { smoothing: Some(1.0), ..base() },
            "smoothing: expected a number from 0 to below 1, found 1",
        ),
        (
            Settings { seed: Some(1 << 63), ..base() },
            "seed: expected a whole number from 0 to below 9223372036854775808, found 9223372036854775808",
        ),
        (
            Settings { eta_input_scale: Some(6.0), ..base() },
            "eta-input-scale: expected nothing without input-scale, found 6",
        ),
    ] {
        assert_eq!(message(settings, Task::Classes), expected);
    }
    let softmax = Settings { activation: Some(Activation::Softmax), ..base() };
    assert!(message(softmax, Task::Classes).contains("softmax is for the output"));
    let rmse = Settings { metric: Some("rmse".parse().unwrap()), ..base() };
    assert!(
        message(rmse, Task::Classes)
            .starts_with("metric: expected one for classes: cost, error-rate, accuracy")
    );
    let relu = Settings {
        cost: Some(Cost::BinaryCrossEntropy),
        output_activation: Some(Activation::Relu),
        ..base()
    };
    assert!(message(relu, Task::MultiLabel).contains("expected sigmoid, found relu"));
}

#[test]
fn resolved_settings_make_the_same_plan_again_and_survive_json() {
    let step = Settings { schedule: Some(ScheduleName::Step), ..Settings::default() };
    for task in [Task::Classes, Task::Regression, Task::MultiLabel, Task::Counts] {
        let decayed = Settings { optimizer: Some(OptimizerName::AdamW), ..Settings::default() };
        for settings in [Settings::default(), Settings::tabular(task), step.clone(), decayed] {
            let plan = settings.plan(task).unwrap();
            assert_eq!(plan.settings().plan(task).unwrap(), plan);
            let json = serde_json::to_string(plan.settings()).unwrap();
            let back: Settings = serde_json::from_str(&json).unwrap();
            assert_eq!(&back, plan.settings());
        }
    }
    let adamw = Settings { optimizer: Some(OptimizerName::AdamW), ..Settings::default() };
    assert_eq!(adamw.plan(Task::Classes).unwrap().regularisation().weight_decay, 0.01);
    let unknown = serde_json::from_str::<Settings>(r#"{"etaa": 1}"#).unwrap_err().to_string();
    assert!(unknown.contains("unknown field `etaa`"), "{unknown}");
}

#[test]
fn what_the_user_said_goes_before_the_preset() {
    let said = Settings { eta: Some(0.5), hidden: Some(vec![7]), ..Settings::default() };
    let merged = said.or(Settings::tabular(Task::Classes));
    assert_eq!((merged.eta, merged.hidden, merged.batch_size), (Some(0.5), Some(vec![7]), Some(256)));
    assert_eq!(merged.activation, Some(Activation::Selu));
    let network =
        Settings::tabular(Task::Classes).plan(Task::Classes).unwrap().network::<f32>(10, 3).unwrap();
    assert_eq!(network.widths(), [10, 256, 256, 256, 3]);
    assert!(network.output().w.iter().all(|w| w == 0.0) && network.output().b == [0.0; 3]);
    assert_eq!(network.input_scale, Some(vec![1.0; 10]));
}

/// The recipe's smoothing is for the error rate; its authors leave it out where probabilities are asked for.
#[test]
fn the_recipe_goes_along_with_what_the_user_chose() {
    let cost = |metric: Option<&str>| {
        let metric = metric.map(|name| name.parse().unwrap());
        Settings { metric, ..Settings::default() }.or_tabular(Task::Classes).cost
    };
    for metric in [None, Some("error-rate"), Some("accuracy"), Some("f1-macro")] {
        assert_eq!(cost(metric), Some(Cost::SoftmaxCrossEntropy { smoothing: 0.1 }), "{metric:?}");
    }
    for metric in ["log-loss", "roc-auc", "brier", "cost"] {
        assert_eq!(cost(Some(metric)), Some(Cost::SoftmaxCrossEntropy { smoothing: 0.0 }), "{metric}");
    }
    let said = Some(Cost::SoftmaxCrossEntropy { smoothing: 0.2 });
    let both = Settings { metric: Some("log-loss".parse().unwrap()), cost: said, ..Settings::default() };
    assert_eq!(both.or_tabular(Task::Classes).cost, said);

    for optimizer in OptimizerName::all() {
        let said = Settings { optimizer: Some(optimizer), ..Settings::default() };
        for task in [Task::Classes, Task::Regression] {
            let plan = said.clone().or_tabular(task).plan(task).unwrap();
            let eta = plan.settings().eta.unwrap();
            let expected = match (optimizer.name().starts_with("adam"), task) {
                (true, Task::Classes) => 0.04,
                (true, _) => 0.07,
                (false, _) => 0.1,
            };
            assert_eq!(eta, expected, "{optimizer}");
            assert_eq!(plan.settings().hidden, Some(vec![256; 3]));
        }
    }
}

/// The smoothing is a parameter of the cost that can be said by itself.
#[test]
fn smoothing_becomes_part_of_the_cost() {
    let completed = |said: Settings| said.plan(Task::Classes).unwrap().settings().clone();
    let smooth = |smoothing| Some(Cost::SoftmaxCrossEntropy { smoothing });
    for cost in [None, smooth(0.0), smooth(0.1)] {
        let settings = completed(Settings { smoothing: Some(0.2), cost, ..Settings::default() });
        assert_eq!((settings.cost, settings.smoothing), (smooth(0.2), None));
    }
    let said = Settings { smoothing: Some(0.2), ..Settings::default() };
    assert_eq!(completed(said.or_tabular(Task::Classes)).cost, smooth(0.2));
}

#[test]
fn the_recipe_goes_without_its_input_scale() {
    let said = Settings { input_scale: Some(false), ..Settings::default() };
    assert_eq!(said.or_tabular(Task::Classes).plan(Task::Classes).unwrap().settings().eta_input_scale, None);
}
