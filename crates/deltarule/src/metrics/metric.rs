//! The metrics by name.

use super::ranking::over_classes;
use super::*;
use crate::dataset::Truth;
use crate::error::{Error, Result};
use crate::interval::Interval;
use crate::task::Task;
use crate::variants;
use crate::variants::Variants;
use deltarule_kernels::Matrix;

/// Bins of the calibration error.
const BINS: usize = 15;

variants! {
    /// A number that says how good predictions are, sample weights heeded.
    ///
    /// ```
    /// use deltarule::metrics::Metric;
    ///
    /// let metric: Metric = "log-loss".parse()?;
    /// assert!(!metric.greater_is_better());
    /// let wrong = "balanced-acuracy".parse::<Metric>().unwrap_err();
    /// assert!(wrong.to_string().contains("did you mean `balanced-accuracy`?"));
    /// # Ok::<(), deltarule::Error>(())
    /// ```
    pub enum Metric: "metric" {
        /// The mean cost that is minimised, without regularisation
        Cost = "cost", "정규화를 뺀, 최소화하는 평균 비용";
        /// Share of the samples whose class is wrong: 1 − accuracy
        ErrorRate = "error-rate", "클래스를 틀린 표본의 비율: 1 − 정확도";
        /// Share of the samples whose class is right
        ///
        /// [`Confusion::accuracy`]
        Accuracy = "accuracy", "클래스를 맞힌 표본의 비율";
        /// Mean over the classes of the share of their samples that is right
        ///
        /// [`Confusion::balanced_accuracy`]
        BalancedAccuracy = "balanced-accuracy", "클래스별 정답 비율의 평균";
        /// Harmonic mean of precision and recall of class 1 of two
        ///
        /// [`Confusion::f1_binary`]
        F1 = "f1", "두 클래스 중 1의 정밀도와 재현율의 조화 평균";
        /// Mean of F1 over the classes
        ///
        /// [`Confusion::f1_macro`]
        F1Macro = "f1-macro", "클래스별 F1의 평균";
        /// Mean of F1 over the classes, each by its number of samples
        ///
        /// [`Confusion::f1_weighted`]
        F1Weighted = "f1-weighted", "표본 수로 가중한 클래스별 F1의 평균";
        /// Mean of −ln of the probability given to the right class; no label smoothing
        ///
        /// [`log_loss`]
        LogLoss = "log-loss", "정답 클래스에 준 확률의 −ln의 평균";
        /// Mean squared error of the probabilities
        ///
        /// [`brier`]
        Brier = "brier", "확률의 평균 제곱 오차";
        /// Area under the ROC curve of class 1 of two; of more classes the mean over one against the rest
        ///
        /// [`roc_auc`], [`roc_auc_one_vs_rest`]
        RocAuc = "roc-auc", "ROC 곡선 아래 넓이; 클래스가 셋 이상이면 하나 대 나머지의 평균";
        /// Area under the ROC curve, the mean over all pairs of classes
        ///
        /// [`roc_auc_one_vs_one`]
        RocAucOvo = "roc-auc-ovo", "ROC 곡선 아래 넓이, 모든 클래스 쌍의 평균";
        /// Mean precision over the recalls of class 1 of two; of more classes the mean over them
        ///
        /// [`average_precision`]
        AveragePrecision = "average-precision", "재현율에 걸친 정밀도의 평균";
        /// Mean distance between the probability of the likeliest class and how often it is right, in 15 bins
        ///
        /// [`calibration_error`]
        CalibrationError = "calibration-error", "가장 유력한 클래스의 확률과 실제로 맞은 비율의 평균 차이, 15구간";
        /// Mean over samples and outputs of |a − y|
        ///
        /// [`mean_absolute_error`]
        Mae = "mae", "|a − y|의 평균";
        /// Mean over samples and outputs of (a − y)²
        ///
        /// [`mean_squared_error`]
        Mse = "mse", "(a − y)²의 평균";
        /// √ of the mean over samples of (a − y)², of each output by itself; then the mean over the outputs
        ///
        /// [`root_mean_squared_error`]
        Rmse = "rmse", "출력마다 (a − y)² 평균의 제곱근을 구한 뒤의 평균";
        /// Share of the variance of y that is explained, averaged over the outputs
        ///
        /// [`r_squared`]
        R2 = "r2", "설명된 y 분산의 비율";
        /// Mean pinball loss of the quantile q
        ///
        /// [`quantile_loss`]
        QuantileLoss {
            /// q, from 0 to 1
            q: 0.5 in Interval::closed(0.0, 1.0)
        } = "quantile-loss", "q 분위수 손실의 평균";
        /// Mean deviance of counts from rates
        ///
        /// [`poisson_deviance`]
        PoissonDeviance = "poisson-deviance", "발생률에 대한 횟수의 평균 이탈도";
    }
}

use Metric::*;

impl Metric {
    /// The names of those that suit such targets.
    pub fn names_for(task: Task) -> Vec<&'static str> {
        Self::all().filter(|metric| metric.suits(task)).map(Variants::name).collect()
    }

    /// Whether it has a meaning for such targets: the cost always, the others for classes or for numbers.
    pub fn suits(self, task: Task) -> bool {
        match self {
            Cost => true,
            Mae | Mse | Rmse | R2 | QuantileLoss { .. } | PoissonDeviance => {
                matches!(task, Task::Regression | Task::Counts)
            }
            _ => task == Task::Classes,
        }
    }

    /// Whether a greater value is the better one.
    pub fn greater_is_better(self) -> bool {
        match self {
            Accuracy | BalancedAccuracy | F1 | F1Macro | F1Weighted | RocAuc | RocAucOvo
            | AveragePrecision | R2 => true,
            Cost
            | ErrorRate
            | LogLoss
            | Brier
            | CalibrationError
            | Mae
            | Mse
            | Rmse
            | QuantileLoss { .. }
            | PoissonDeviance => false,
        }
    }

    /// Whether `value` beats `other`; NaN beats nothing and is beaten by every number.
    pub fn better(self, value: f64, other: f64) -> bool {
        let beats = if self.greater_is_better() { value > other } else { value < other };
        beats || other.is_nan() && !value.is_nan()
    }

    /// Whether it depends on nothing but the predicted classes.
    pub fn is_of_decisions(self) -> bool {
        matches!(self, ErrorRate | Accuracy | BalancedAccuracy | F1 | F1Macro | F1Weighted)
    }

    /// A value as people read it: shares as per cent, everything else with five significant digits.
    ///
    /// ```
    /// use deltarule::metrics::Metric;
    ///
    /// assert_eq!(Metric::Accuracy.show(0.97222), "97.22 %");
    /// assert_eq!(Metric::Rmse.show(12.345678), "12.346");
    /// assert_eq!(Metric::LogLoss.show(0.000123456), "0.00012346");
    /// ```
    pub fn show(self, value: f64) -> String {
        if self.is_of_decisions() {
            return format!("{:.2} %", 100.0 * value);
        }
        let digits =
            if value == 0.0 || !value.is_finite() { 4 } else { 4 - value.abs().log10().floor() as i32 };
        if (-8..=12).contains(&digits) {
            format!("{value:.*}", digits.max(0) as usize)
        } else {
            format!("{value:.4e}")
        }
    }

    /// Its value for outputs, one row a sample, whose mean cost is `cost`.
    ///
    /// # Errors
    /// [`Error::Data`] with the reason where it is undefined.
    pub fn of<T: Real>(self, outputs: &Matrix<T>, truth: &Truth<'_, T>, cost: f64) -> Result<f64> {
        if self == Cost {
            return Ok(cost);
        }
        let (weights, outputs) = (truth.weights(), Rows::all(outputs));
        let value = match truth.classes() {
            Some(classes) => self.of_classes(classes, outputs, weights),
            None => self.of_numbers(truth.y(), outputs, weights),
        };
        value.map_err(|undefined| Error::data("validation samples", format!("some with a {self}"), undefined))
    }

    /// Its value for predicted probabilities of classes.
    ///
    /// # Errors
    /// Where it is undefined, which it is for every sample when it is about numbers.
    ///
    /// # Panics
    /// When the lengths differ or a class has no column.
    pub fn of_classes<T: Real>(
        self,
        truth: &[u32],
        probabilities: Rows<'_, T>,
        weights: Option<&[f64]>,
    ) -> Result<f64, Undefined> {
        match self {
            _ if self.is_of_decisions() => {
                let predicted = predicted_classes(probabilities, None);
                self.of_confusion(&Confusion::new(truth, &predicted, class_count(probabilities), weights))
            }
            LogLoss => log_loss(truth, probabilities, weights),
            Brier => brier(truth, probabilities, weights),
            RocAuc if class_count(probabilities) == 2 => {
                over_classes(truth, probabilities, |positive, scores, _| roc_auc(positive, scores, weights))
            }
            RocAuc => roc_auc_one_vs_rest(truth, probabilities, weights),
            RocAucOvo if weights.is_some() => {
                Err(Undefined::new(self.name(), "it takes no sample weights; roc-auc does"))
            }
            RocAucOvo => roc_auc_one_vs_one(truth, probabilities),
            AveragePrecision => over_classes(truth, probabilities, |positive, scores, _| {
                average_precision(positive, scores, weights)
            }),
            CalibrationError => calibration_error(truth, probabilities, weights, BINS),
            Cost => Err(self.needs_the_network()),
            _ => Err(Undefined::new(self.name(), "the target is a class, not a number")),
        }
    }

    /// Its value where it depends on the predicted classes alone.
    ///
    /// # Errors
    /// Where it is undefined, which it is when it needs probabilities or numbers.
    pub fn of_confusion(self, confusion: &Confusion) -> Result<f64, Undefined> {
        match self {
            ErrorRate => confusion.accuracy().map(|accuracy| 1.0 - accuracy),
            Accuracy => confusion.accuracy(),
            BalancedAccuracy => confusion.balanced_accuracy(),
            F1 => confusion.f1_binary(),
            F1Macro => confusion.f1_macro(),
            F1Weighted => confusion.f1_weighted(),
            _ => Err(Undefined::new(self.name(), "predicted classes are not enough for it")),
        }
    }

    /// Its value for predicted numbers, one row of targets a sample.
    ///
    /// # Errors
    /// Where it is undefined, which it is for every sample when it is about classes.
    ///
    /// # Panics
    /// When the shapes differ.
    pub fn of_numbers<T: Real>(
        self,
        truth: Rows<'_, T>,
        predicted: Rows<'_, T>,
        weights: Option<&[f64]>,
    ) -> Result<f64, Undefined> {
        match self {
            Mae => mean_absolute_error(truth, predicted, weights),
            Mse => mean_squared_error(truth, predicted, weights),
            Rmse => root_mean_squared_error(truth, predicted, weights),
            R2 => r_squared(truth, predicted, weights),
            QuantileLoss { q } => quantile_loss(truth, predicted, weights, q),
            PoissonDeviance => poisson_deviance(truth, predicted, weights),
            Cost => Err(self.needs_the_network()),
            _ => Err(Undefined::new(self.name(), "the target is a number, not a class")),
        }
    }

    fn needs_the_network(self) -> Undefined {
        Undefined::new(self.name(), "it is the network's own, and predictions alone do not have it")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Dataset;

    #[test]
    fn every_task_has_its_metrics() {
        assert_eq!(Metric::names_for(Task::MultiLabel), ["cost"]);
        assert!(!Metric::names_for(Task::Counts).contains(&"accuracy"));
        assert!(Metric::names_for(Task::Classes).contains(&"error-rate"));
        assert!(!Metric::names_for(Task::Classes).contains(&"rmse"));
    }

    #[test]
    fn what_is_no_metric_is_refused() {
        let message = |text: &str| text.parse::<Metric>().unwrap_err().to_string();
        assert!(message("acuracy").starts_with("unknown metric `acuracy`: did you mean `accuracy`?"));
        assert!(message("accuracy:3").contains("expected no parameter, found `3`"));
        assert!(message("quantile-loss:1.5").contains("expected a number from 0 to 1, found 1.5"));
        assert!(message("quantile-loss:NaN").contains("expected a number from 0 to 1, found NaN"));
    }

    #[test]
    fn values_are_shown_with_five_digits() {
        assert_eq!(Mae.show(0.0), "0.0000");
        assert_eq!(Mae.show(-1234567.0), "-1234567");
        assert_eq!(Mae.show(99999.96), "100000");
        assert_eq!(Mae.show(1.5e300), "1.5000e300");
        assert_eq!(Mae.show(f64::INFINITY), "inf");
        assert_eq!(R2.show(-0.25), "-0.25000");
    }

    /// Three samples of classes 0, 1, 1 that weigh 1, 1 and 2; the last one is taken for class 0.
    #[test]
    fn values_by_hand() {
        let y = Matrix::from_rows(&[[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]);
        let data = Dataset::<f64>::new(Matrix::zeros(3, 1), y, Some(vec![1.0, 1.0, 2.0])).unwrap();
        let outputs = Matrix::from_rows(&[[0.5, 0.5], [0.25, 0.75], [0.75, 0.25]]);
        let of = |name: &str| {
            let metric: Metric = name.parse().unwrap();
            metric.of(&outputs, &data.samples().truth(Task::Classes), 7.0).unwrap()
        };
        assert_eq!((of("cost"), of("accuracy"), of("error-rate")), (7.0, 0.5, 0.5));
        // −(ln ½ + ln ¾ + 2 ln ¼) / 4
        assert!((of("log-loss") - 0.938_354_494).abs() < 1e-9, "{}", of("log-loss"));
        // Of the pairs of a 1 with the 0 (at ½), the one at ¾ is in order and the one at ¼, of twice its weight, is not.
        assert!((of("roc-auc") - 1.0 / 3.0).abs() < 1e-12);
        assert!(Metric::ErrorRate.better(0.1, 0.2) && Metric::Accuracy.better(0.2, 0.1));
        let one = data.picked(&[1]).truth(Task::Classes);
        let auc: Metric = "roc-auc".parse().unwrap();
        let message = auc.of(&Matrix::zeros(1, 2), &one, 0.0).unwrap_err().to_string();
        assert!(
            message
                .starts_with("validation samples: expected some with a roc-auc, found roc-auc is undefined"),
            "{message}"
        );
        let numbers = Metric::Rmse.of(&outputs, &data.samples().truth(Task::Regression), 0.0).unwrap();
        // (¼ + ¼ + 2 · 1/16 + 2 · 2 · 9/16) / (4 · 2)
        assert!((numbers - (2.875_f64 / 8.0).sqrt()).abs() < 1e-12);
    }
}
