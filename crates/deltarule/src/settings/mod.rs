//! What the user said about a network and its training.
//!
//! [`Settings`] is one table: the struct, how it is merged and checked, flags, keys of files, help and the list of
//! settings all follow from it. Whoever has settings of their own writes a table with [`settings!`](crate::settings!).

mod setting;
mod table;
mod value;

pub use setting::{Choice, Group, Kind, Need, Setting};
pub use table::SettingsTable;
#[doc(hidden)]
pub use table::{dashed, deserialize, serialize};
pub use value::{SettingValue, Value};

#[doc(hidden)]
pub use serde;

use crate::activation::Activation;
use crate::cost::Cost;
use crate::init::Init;
use crate::interval::Interval;
use crate::metrics::Metric;
use crate::optimizer::{OptimizerName, Parametrisation};
use crate::schedule::ScheduleName;
use crate::selection::Keep;
use crate::task::Task;

const NETWORK: Group = Group { en: "Network", ko: "신경망" };
const COST: Group = Group { en: "Cost", ko: "비용 함수" };
const LEARNING: Group = Group { en: "Learning", ko: "학습" };
const EPOCHS: Group = Group { en: "Batches and epochs", ko: "배치와 에폭" };

const COUNT: Interval = Interval::at_least(1.0);
const POSITIVE: Interval = Interval::above(0.0);
const NOT_NEGATIVE: Interval = Interval::at_least(0.0);
const SHARE: Interval = Interval::half_open(0.0, 1.0);
/// What a signed number of 64 bits holds, as those of settings files are.
const SEEDS: Interval = Interval::half_open(0.0, 9_223_372_036_854_775_808.0);

const MOMENTUM: &[&str] = &["momentum", "nesterov"];
const ADAM: &[&str] = &["adam", "adamw"];

crate::settings! {
    /// What the user said about the network and its training. What is left out is decided by [`Settings::plan`].
    ///
    /// ```
    /// use deltarule::{Settings, Task};
    ///
    /// let settings = Settings { hidden: Some(vec![30]), eta: Some(f64::NAN), ..Settings::default() };
    /// let message = settings.plan(Task::Classes).unwrap_err().to_string();
    /// assert_eq!(message, "eta: expected a finite number above 0, found NaN");
    /// ```
    pub struct Settings {
        NETWORK {
            /// Widths of the hidden layers, `none` for no hidden layer
            hidden: Vec<usize> = vec![100], "은닉층마다 뉴런 수, 은닉층이 없으면 `none`",
                range(COUNT), unit("neurons");
            /// Activation of the hidden layers
            activation: Activation = Activation::Relu, "은닉층의 활성화 함수";
            /// Activation of the output layer
            output_activation: Activation, "출력층의 활성화 함수",
                otherwise("what fits the cost", "비용 함수에 맞는 것");
            /// Distribution of the initial weights
            init: Init, "가중치 초깃값의 분포";
            /// Whether the last layer starts at zero
            zero_last: bool = false, "마지막 층을 0에서 시작할지";
            /// How weights are scaled against their learning rate
            parametrisation: Parametrisation = Parametrisation::Standard, "학습률에 견준 가중치의 크기";
            /// Whether every input column is multiplied by a learned factor
            input_scale: bool = false, "입력 열마다 학습되는 배율을 곱할지";
        }
        COST {
            /// The cost that is minimised
            cost: Cost, "최소로 만들 비용 함수", otherwise("what fits the task", "과제에 맞는 것");
            /// Label smoothing of the softmax cross-entropy, before what its parameter says
            smoothing: f64, "소프트맥스 교차 엔트로피의 라벨 스무딩, 비용 함수의 매개변수보다 먼저",
                range(SHARE), form("SHARE"), need("cost", &["softmax-cross-entropy"]),
                otherwise("the parameter of the cost", "비용 함수의 매개변수");
            /// λ of the quadratic penalty (λ/2n) Σ w²
            l2: f64 = 0.0, "제곱 벌점 (λ/2n) Σ w²의 λ", range(NOT_NEGATIVE), form("LAMBDA");
            /// λ₁ of the penalty (λ₁/n) Σ |w|
            l1: f64 = 0.0, "절댓값 벌점 (λ₁/n) Σ |w|의 λ₁", range(NOT_NEGATIVE), form("LAMBDA");
        }
        LEARNING {
            /// The update rule
            optimizer: OptimizerName = OptimizerName::Adam, "갱신 규칙";
            /// η, the learning rate
            eta: f64, "η, 학습률", aliases(&["learning-rate"]), range(POSITIVE), form("RATE");
            /// Factor on η for biases
            eta_biases: f64 = 1.0, "편향의 η에 곱하는 수", range(POSITIVE), form("FACTOR");
            /// Factor on η for the learned factors of the input columns
            eta_input_scale: f64 = 1.0, "학습되는 입력 배율의 η에 곱하는 수",
                range(POSITIVE), form("FACTOR"), need("input-scale", &["true"]);
            /// μ of momentum and Nesterov
            momentum: f64 = 0.9, "모멘텀과 네스테로프의 μ", range(SHARE), form("MU"), need("optimizer", MOMENTUM);
            /// β₁ of Adam
            beta1: f64 = 0.9, "Adam의 β₁", range(SHARE), form("BETA"), need("optimizer", ADAM);
            /// β₂ of Adam
            beta2: f64 = 0.999, "Adam의 β₂", range(SHARE), form("BETA"), need("optimizer", ADAM);
            /// ε of Adam
            epsilon: f64 = 1e-8, "Adam의 ε", range(POSITIVE), form("EPSILON"), need("optimizer", ADAM);
            /// How η changes from step to step
            schedule: ScheduleName = ScheduleName::Constant, "η가 단계마다 바뀌는 방식";
            /// Epochs between two changes of the step schedule
            schedule_every: u32 = 10, "step 스케줄이 η를 바꾸는 간격",
                range(COUNT), unit("epochs"), form("EPOCHS"), need("schedule", &["step"]);
            /// What each change of the step schedule multiplies η by
            schedule_factor: f64 = 0.1, "step 스케줄이 바뀔 때마다 η에 곱하는 수",
                range(POSITIVE), form("FACTOR"), need("schedule", &["step"]);
            /// Decoupled weight decay: weights shrink by 1 − η·decay each step
            weight_decay: f64, "분리된 가중치 감쇠: 단계마다 가중치에 1 − η·감쇠를 곱한다",
                range(NOT_NEGATIVE), form("RATE");
            /// Share of hidden activations set to zero in each step
            dropout: f64 = 0.0, "단계마다 0으로 두는 은닉 활성화 값의 비율", range(SHARE), form("SHARE");
            /// Largest norm of the gradient of the cost; longer ones are shortened
            clip: f64, "비용 함수 기울기의 최대 길이, 더 길면 줄인다",
                range(POSITIVE), form("NORM"), otherwise("no limit", "제한 없음");
        }
        EPOCHS {
            /// Samples of a mini-batch
            batch_size: usize = 32, "미니배치의 표본 수",
                aliases(&["batch"]), range(COUNT), unit("samples"), form("M");
            /// Whether a last batch that is short is left out
            drop_last: bool = false, "모자란 마지막 배치를 버릴지";
            /// Passes over the training data at the most
            epochs: u32 = 30, "훈련 데이터를 거치는 최대 횟수", range(COUNT), unit("epochs");
            /// Stop after so many epochs without a better validation metric
            patience: u32, "검증 지표가 나아지지 않은 채 이만큼 지나면 멈춘다",
                range(COUNT), unit("epochs"), form("EPOCHS"), otherwise("never stops early", "일찍 멈추지 않음");
            /// Validation metric that chooses the best epoch
            metric: Metric, "가장 좋은 에폭을 고르는 검증 지표";
            /// Which epoch's weights are kept
            keep: Keep = Keep::Best, "어느 에폭의 가중치를 남길지";
            /// Seed of everything random
            seed: u64 = 0, "모든 난수의 시드", range(SEEDS), form("SEED");
        }
    }
}

impl Settings {
    /// These settings, and where they are silent the recipe [`Settings::tabular`].
    ///
    /// What of the recipe belongs to a choice that these settings make otherwise is left out with it: η and the
    /// constants of Adam where there is another optimizer, the rate of a scale that is not learned, and the label smoothing where epochs are compared by
    /// anything but the predicted classes, since it makes for fewer mistakes and for probabilities that are off.
    pub fn or_tabular(self, task: Task) -> Self {
        let mut recipe = Self::tabular(task);
        if !matches!(self.optimizer, None | Some(OptimizerName::Adam | OptimizerName::AdamW)) {
            recipe = Self { eta: None, beta1: None, beta2: None, epsilon: None, ..recipe };
        }
        if self.input_scale == Some(false) {
            recipe.eta_input_scale = None;
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
            batch_size: Some(256),
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
