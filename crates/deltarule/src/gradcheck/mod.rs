//! The gradient checked against central differences, parameter by parameter.
//!
//! Backpropagation gives every ∂C/∂w at once; this asks the cost itself what happens when one w moves:
//!
//! ```text
//! D(h) = (C(w + h) − C(w − h)) / 2h
//! ∂C/∂w ≈ (4 D(h/2) − D(h)) / 3        (Richardson: the error falls with h⁴)
//! ```
//!
//! - h is chosen for each parameter: about the step that moves the weighted input by 10⁻³, smaller where D(h)
//!   and D(h/2) tell of strong curvature.
//! - A difference across a kink of σ or of C is no derivative. A step that crosses one is made smaller; where
//!   that does not help, the kink is named and the parameter is not counted as wrong.
//! - A cost is known to about 10⁻¹⁶ of its size, so D to about 10⁻¹⁶ C/h, and the gradient has the rounding of its own
//!   precision: together [`Check::resolution`]. A difference that is smaller, and yet larger than the tolerance, says
//!   nothing: the parameter is not checkable.
//!
//! Differences are always taken in f64, also of a network in f32, whose rounding would drown them.

mod differences;
mod parameter;
mod race;
mod rounding;

pub use differences::Differences;
pub use parameter::Parameter;
use parameter::from_one;
pub use race::{Race, race};

use crate::batches::Batch;
use crate::error::Result;
use crate::network::Network;
use crate::objective::Objective;
use crate::pass::Gradients;
use crate::random::{Purpose, Random};
use crate::real::Real;
use crate::trace::Trace;
use deltarule_kernels::{Matrix, Rows, ThreadPool};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// What of a check is chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The largest relative error that agrees. Where there is none it is 10⁻⁷ for gradients in f64 and 10⁻⁴ for those in
    /// f32, and a difference that the rounding of their own precision explains is not checkable: terms that cancel may
    /// leave a right gradient without a single right digit.
    pub tolerance: Option<f64>,
    /// How many parameters to look at; all where there is no number. A sample takes as many from the weights and the
    /// biases of every layer as there are.
    pub sample: Option<usize>,
    /// The seed of the sample.
    pub seed: u64,
}

impl Default for Settings {
    /// All parameters, by the tolerance of their precision.
    fn default() -> Self {
        Self { tolerance: None, sample: None, seed: 0 }
    }
}

/// A kink that lies within ±h of a parameter. Neurons count from 0 here, and from 1 where they are serialised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "snake_case")]
pub enum Kink {
    /// z of this neuron changes its sign.
    Activation {
        /// Layer, the first after the input being 2
        l: usize,
        /// Neuron
        #[serde(with = "from_one")]
        j: usize,
        /// Sample
        sample: usize,
    },
    /// The difference of this output to its target passes a corner of the cost.
    Cost {
        /// Output
        #[serde(with = "from_one")]
        j: usize,
        /// Sample
        sample: usize,
    },
    /// The weight itself passes 0, where |w| of L1 has its corner.
    Regularisation,
}

/// What the comparison says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// The relative error is within the tolerance; or gradient and difference are 0 and no output moves.
    Agrees,
    /// The relative error is beyond the tolerance, and the difference is no larger than rounding makes it.
    NotCheckable,
    /// No difference can be taken here.
    Kink(Kink),
    /// The gradient is wrong.
    Disagrees,
}

/// One parameter's gradient beside its central difference.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// Which parameter.
    pub parameter: Parameter,
    /// Its value.
    pub value: f64,
    /// ∂C/∂w by backpropagation.
    pub analytic: f64,
    /// ∂C/∂w by central differences.
    pub numeric: f64,
    /// h
    pub h: f64,
    /// |analytic − numeric| / max(|analytic|, |numeric|); 0 where both are 0.
    pub relative_error: f64,
    /// The absolute difference that rounding alone may make, and curvature that no smaller h avoided.
    pub resolution: f64,
    /// What the comparison says.
    pub verdict: Verdict,
}

impl Check {
    /// Worst first: wrong, at a kink, not checkable, right; among each other by relative error.
    fn rank(&self, other: &Self) -> Ordering {
        let badness = |check: &Self| match check.verdict {
            Verdict::Disagrees => 3,
            Verdict::Kink(_) => 2,
            Verdict::NotCheckable => 1,
            Verdict::Agrees => 0,
        };
        badness(other).cmp(&badness(self)).then(other.relative_error.total_cmp(&self.relative_error))
    }
}

/// The parameters of one layer together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LayerReport {
    /// Layer, the first after the input being 2; the input scale is layer 1.
    pub l: usize,
    /// How many weights, biases and factors it has.
    pub parameters: usize,
    /// How many were looked at.
    pub checked: usize,
    /// What was found.
    #[serde(flatten)]
    pub counts: Counts,
    /// The largest relative error among those that agree or are wrong.
    pub worst: f64,
}

/// How many parameters have which verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// [`Verdict::Agrees`]
    pub agree: usize,
    /// [`Verdict::NotCheckable`]
    pub not_checkable: usize,
    /// [`Verdict::Kink`]
    pub kinks: usize,
    /// [`Verdict::Disagrees`]
    pub wrong: usize,
}

/// All that a gradient check found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Every parameter looked at, the worst first.
    pub checks: Vec<Check>,
    /// Layer by layer, from the input.
    pub layers: Vec<LayerReport>,
    /// The tolerance used.
    pub tolerance: f64,
    /// Forward passes that the differences took.
    pub forward_passes: u64,
}

impl Report {
    /// Whether some parameter agrees and none is wrong. Where none could be checked nothing has passed.
    pub fn passed(&self) -> bool {
        let Counts { agree, wrong, .. } = self.counts();
        agree > 0 && wrong == 0
    }

    /// What was found of all layers together.
    pub fn counts(&self) -> Counts {
        self.layers.iter().fold(Counts::default(), |sum, LayerReport { counts, .. }| Counts {
            agree: sum.agree + counts.agree,
            not_checkable: sum.not_checkable + counts.not_checkable,
            kinks: sum.kinks + counts.kinks,
            wrong: sum.wrong + counts.wrong,
        })
    }

    /// The largest relative error among those that agree or are wrong.
    pub fn worst(&self) -> f64 {
        self.layers.iter().map(|layer| layer.worst).fold(0.0, f64::max)
    }
}

/// Runs backpropagation over the batch, in the network's own precision, and checks its gradient against differences of
/// the same network and samples in f64.
///
/// ```
/// # use deltarule::{gradcheck, Activation, Batch, Cost, Matrix, Network, ThreadPool};
/// # let network = Network::<f64>::zeros(&[2, 3, 1], Activation::Tanh, Activation::Sigmoid)?;
/// # let (x, y) = (Matrix::from_rows(&[[0.5, -1.0]]), Matrix::from_rows(&[[1.0]]));
/// # let batch = Batch::new((&x).into(), (&y).into());
/// let settings = gradcheck::Settings::default();
/// let report = gradcheck::check(&ThreadPool::single(), &network, Cost::Quadratic, &batch, &settings)?;
/// assert!(report.passed());
/// # Ok::<(), deltarule::Error>(())
/// ```
///
/// # Errors
/// Where the batch does not fit the network or the cost, or the cost is not finite.
pub fn check<T: Real>(
    pool: &ThreadPool,
    network: &Network<T>,
    objective: impl Into<Objective>,
    batch: &Batch<'_, T>,
    settings: &Settings,
) -> Result<Report> {
    let objective = objective.into();
    let gradients = Trace::of(pool, network, objective, batch)?.gradients.cast();
    let double = |rows: Rows<'_, T>| Matrix::from_fn(rows.len(), rows.cols(), |i, j| rows.row(i)[j].to_f64());
    let (x, y) = (double(batch.x), double(batch.y));
    let weights: Option<Vec<f64>> = batch.weights.map(|weights| weights.iter().map(|u| u.to_f64()).collect());
    let batch = Batch { x: (&x).into(), y: (&y).into(), weights: weights.as_deref() };
    let network = network.cast();
    let trace = Trace::of(pool, &network, objective, &batch)?;
    check_in::<T>(pool, &network, &trace, &gradients, settings)
}

/// Checks these gradients, wherever they come from, against differences of the traced cost.
///
/// # Errors
/// Where the cost is not finite.
pub fn check_gradients(
    pool: &ThreadPool,
    network: &Network<f64>,
    trace: &Trace<f64>,
    gradients: &Gradients<f64>,
    settings: &Settings,
) -> Result<Report> {
    check_in::<f64>(pool, network, trace, gradients, settings)
}

/// The same for gradients that were computed in `T`.
fn check_in<T: Real>(
    pool: &ThreadPool,
    network: &Network<f64>,
    trace: &Trace<f64>,
    gradients: &Gradients<f64>,
    settings: &Settings,
) -> Result<Report> {
    let mut differences = Differences::new(pool, network, trace)?;
    let mut layers = Vec::new();
    let mut checks = Vec::new();
    for (l, chosen, parameters) in chosen(network, settings) {
        let first = checks.len();
        checks.extend(
            chosen.into_iter().map(|p| differences.check::<T>(p, p.gradient(gradients), settings.tolerance)),
        );
        layers.push(summary(l, parameters, &checks[first..]));
    }
    checks.sort_by(Check::rank);
    let tolerance = settings.tolerance.unwrap_or(usual_tolerance::<T>());
    Ok(Report { checks, layers, tolerance, forward_passes: differences.forward_passes() })
}

/// The relative error that agrees where no tolerance is given.
fn usual_tolerance<T: Real>() -> f64 {
    if epsilon::<T>() > f64::EPSILON { 1e-4 } else { 1e-7 }
}

/// The distance from 1 to the next number.
fn epsilon<T: Real>() -> f64 {
    if T::from_f64(1.0 + f64::EPSILON) == T::ONE { f32::EPSILON.into() } else { f64::EPSILON }
}

fn summary(l: usize, parameters: usize, checks: &[Check]) -> LayerReport {
    let count = |is: fn(&Verdict) -> bool| checks.iter().filter(|check| is(&check.verdict)).count();
    let judged = |check: &&Check| matches!(check.verdict, Verdict::Agrees | Verdict::Disagrees);
    LayerReport {
        l,
        parameters,
        checked: checks.len(),
        counts: Counts {
            agree: count(|verdict| *verdict == Verdict::Agrees),
            not_checkable: count(|verdict| *verdict == Verdict::NotCheckable),
            kinks: count(|verdict| matches!(verdict, Verdict::Kink(_))),
            wrong: count(|verdict| *verdict == Verdict::Disagrees),
        },
        worst: checks.iter().filter(judged).map(|check| check.relative_error).fold(0.0, f64::max),
    }
}

/// The parameters to look at: for each layer its number, those chosen, and how many it has.
fn chosen(network: &Network<f64>, settings: &Settings) -> Vec<(usize, Vec<Parameter>, usize)> {
    let mut groups = Parameter::groups(network);
    let mut left = settings.sample.unwrap_or(usize::MAX);
    // Small groups first: what they leave of their share goes to the larger ones.
    let mut by_size: Vec<usize> = (0..groups.len()).collect();
    by_size.sort_by_key(|&g| groups[g].1.len());
    let sizes: Vec<usize> = groups.iter().map(|(_, group)| group.len()).collect();
    for (done, &g) in by_size.iter().enumerate() {
        let group = &mut groups[g].1;
        let take = left.div_ceil(by_size.len() - done).min(group.len()).min(left);
        if take < group.len() {
            Random::new(settings.seed, Purpose::Choice, g as u32).shuffle(group);
            group.truncate(take);
        }
        left -= take;
    }
    let mut layers: Vec<(usize, Vec<Parameter>, usize)> = Vec::new();
    for ((l, group), size) in groups.into_iter().zip(sizes) {
        match layers.last_mut() {
            Some((last, chosen, parameters)) if *last == l => {
                chosen.extend(group);
                *parameters += size;
            }
            _ => layers.push((l, group, size)),
        }
    }
    layers
}
