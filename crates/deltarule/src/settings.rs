//! What the user said about a network and its training.

use crate::activation::Activation;
use crate::cost::Cost;
use crate::init::Init;
use crate::metrics::Metric;
use crate::optimizer::{OptimizerName, Parametrisation};
use crate::schedule::ScheduleName;
use crate::selection::Keep;
use crate::task::Task;
use serde::{Deserialize, Serialize};

/// What the user said about the network and its training. What is left out is decided by [`Settings::plan`].
///
/// ```
/// use deltarule::{Settings, Task};
///
/// let settings = Settings { hidden: Some(vec![30]), eta: Some(f64::NAN), ..Settings::default() };
/// let message = settings.plan(Task::Classes).unwrap_err().to_string();
/// assert_eq!(message, "eta: expected a finite number above 0, found NaN");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// Neurons of each hidden layer; an empty list for none.
    pub hidden: Option<Vec<usize>>,
    /// Activation of the hidden layers.
    pub activation: Option<Activation>,
    /// Activation of the output layer.
    pub output: Option<Activation>,
    /// The cost.
    pub cost: Option<Cost>,
    /// Distribution of the initial weights.
    pub init: Option<Init>,
    /// Whether the last layer starts at zero.
    pub zero_last: Option<bool>,
    /// How weights are scaled against their learning rate.
    pub parametrisation: Option<Parametrisation>,
    /// Whether every input column is multiplied by a learned factor.
    pub input_scale: Option<bool>,
    /// The update rule.
    pub optimizer: Option<OptimizerName>,
    /// η, the learning rate.
    pub eta: Option<f64>,
    /// Factor on η for biases.
    pub eta_biases: Option<f64>,
    /// Factor on η for the learned factors of the input columns.
    pub eta_input_scale: Option<f64>,
    /// μ of momentum and Nesterov.
    pub momentum: Option<f64>,
    /// β₁ of Adam.
    pub beta1: Option<f64>,
    /// β₂ of Adam.
    pub beta2: Option<f64>,
    /// ε of Adam.
    pub epsilon: Option<f64>,
    /// How η changes.
    pub schedule: Option<ScheduleName>,
    /// Epochs between two changes of the step schedule.
    pub schedule_every: Option<u32>,
    /// What each change of the step schedule multiplies η by.
    pub schedule_factor: Option<f64>,
    /// λ of the book: λ/(2n) Σ w² is added to the cost.
    pub l2: Option<f64>,
    /// λ₁: λ₁/n Σ |w| is added to the cost.
    pub l1: Option<f64>,
    /// Decoupled weight decay: weights shrink by 1 − η·decay each step.
    pub decay: Option<f64>,
    /// Share of the hidden neurons left out at each step.
    pub dropout: Option<f64>,
    /// Largest norm of the gradient of the cost (without regularisation); a longer one is scaled down to it.
    pub clip: Option<f64>,
    /// Samples a step.
    pub batch: Option<usize>,
    /// Whether a last batch that is short is left out.
    pub drop_last: Option<bool>,
    /// Times that training goes through the samples, at most.
    pub epochs: Option<u32>,
    /// Epochs without a better validation before training stops; without it, it never stops early.
    pub patience: Option<u32>,
    /// The number by which epochs are compared on the validation samples.
    pub metric: Option<Metric>,
    /// Which epoch's weights are kept.
    pub keep: Option<Keep>,
    /// The seed of all randomness.
    pub seed: Option<u64>,
}

impl Settings {
    /// These settings, and those of `base` where these are silent.
    pub fn or(self, base: Self) -> Self {
        Self {
            hidden: self.hidden.or(base.hidden),
            activation: self.activation.or(base.activation),
            output: self.output.or(base.output),
            cost: self.cost.or(base.cost),
            init: self.init.or(base.init),
            zero_last: self.zero_last.or(base.zero_last),
            parametrisation: self.parametrisation.or(base.parametrisation),
            input_scale: self.input_scale.or(base.input_scale),
            optimizer: self.optimizer.or(base.optimizer),
            eta: self.eta.or(base.eta),
            eta_biases: self.eta_biases.or(base.eta_biases),
            eta_input_scale: self.eta_input_scale.or(base.eta_input_scale),
            momentum: self.momentum.or(base.momentum),
            beta1: self.beta1.or(base.beta1),
            beta2: self.beta2.or(base.beta2),
            epsilon: self.epsilon.or(base.epsilon),
            schedule: self.schedule.or(base.schedule),
            schedule_every: self.schedule_every.or(base.schedule_every),
            schedule_factor: self.schedule_factor.or(base.schedule_factor),
            l2: self.l2.or(base.l2),
            l1: self.l1.or(base.l1),
            decay: self.decay.or(base.decay),
            dropout: self.dropout.or(base.dropout),
            clip: self.clip.or(base.clip),
            batch: self.batch.or(base.batch),
            drop_last: self.drop_last.or(base.drop_last),
            epochs: self.epochs.or(base.epochs),
            patience: self.patience.or(base.patience),
            metric: self.metric.or(base.metric),
            keep: self.keep.or(base.keep),
            seed: self.seed.or(base.seed),
        }
    }

    /// These settings, and where they are silent the recipe [`Settings::tabular`].
    ///
    /// What of the recipe belongs to a choice that these settings make otherwise is left out with it: η and the
    /// constants of Adam where there is another optimizer, and the label smoothing where epochs are compared by
    /// anything but the predicted classes, since it makes for fewer mistakes and for probabilities that are off.
    pub fn or_tabular(self, task: Task) -> Self {
        let mut recipe = Self::tabular(task);
        if !matches!(self.optimizer, None | Some(OptimizerName::Adam | OptimizerName::AdamW)) {
            recipe = Self { eta: None, beta1: None, beta2: None, epsilon: None, ..recipe };
        }
        if task == Task::Classes && self.metric.is_some_and(|metric| !metric.is_of_decisions()) {
            recipe.cost = Some(Cost::SoftmaxCrossEntropy { smoothing: 0.0 });
        }
        self.or(recipe)
    }

    /// The recipe RealMLP-TD-S for tables (Holzmüller, Grinsztajn and Steinwart, "Better by default", 2024), to be
    /// used with its preprocessing and with a fifth of the samples for validation.
    pub fn tabular(task: Task) -> Self {
        let classes = matches!(task, Task::Classes | Task::MultiLabel);
        Self {
            hidden: Some(vec![256; 3]),
            activation: Some(if classes { Activation::Selu } else { Activation::Mish }),
            cost: (task == Task::Classes).then_some(Cost::SoftmaxCrossEntropy { smoothing: 0.1 }),
            init: Some(Init::ScaledNormal),
            zero_last: Some(true),
            parametrisation: Some(Parametrisation::Ntk),
            input_scale: Some(true),
            optimizer: Some(OptimizerName::Adam),
            eta: Some(if classes { 0.04 } else { 0.07 }),
            eta_biases: Some(0.1),
            eta_input_scale: Some(6.0),
            beta1: Some(0.9),
            beta2: Some(0.95),
            epsilon: Some(1e-8),
            schedule: Some(ScheduleName::Coslog4),
            batch: Some(256),
            drop_last: Some(true),
            epochs: Some(256),
            metric: Some(match task {
                Task::Classes => Metric::ErrorRate,
                Task::Regression => Metric::Rmse,
                Task::MultiLabel | Task::Counts => Metric::Cost,
            }),
            keep: Some(Keep::LastBest),
            ..Self::default()
        }
    }
}
