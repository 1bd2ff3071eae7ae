//! Central differences of the cost of one batch.

use super::rounding::Rounding;
use super::{Check, Kink, Parameter, Verdict, epsilon, usual_tolerance};
use crate::batches::Batch;
use crate::cost::Costs;
use crate::error::{Error, Result};
use crate::mean::WeightedMean;
use crate::network::Network;
use crate::objective::Objective;
use crate::pass::Pass;
use crate::real::Real;
use crate::trace::Trace;
use deltarule_kernels::{Rows, ThreadPool};

/// What takes differences of a traced cost, with its own copy of the network to move parameters in.
pub struct Differences<'a> {
    pool: &'a ThreadPool,
    batch: Batch<'a, f64>,
    objective: Objective,
    cost_kinks: Vec<f64>,
    network: Network<f64>,
    trace: &'a Trace<f64>,
    /// z and a of the copy. Those of the layers before `stale` belong to the network as it was traced.
    pass: Pass<f64>,
    stale: usize,
    costs: Costs<f64>,
    rounding: Rounding,
    forward_passes: u64,
}

/// D(h) of a parameter.
struct Central {
    slope: f64,
    /// A kink between w − h and w + h.
    kink: Option<Kink>,
    /// The difference that rounding of the costs may make.
    noise: f64,
    /// Whether no output moved.
    still: bool,
}

/// A numerical derivative.
struct Derivative {
    value: f64,
    h: f64,
    /// A kink that no smaller h avoided.
    kink: Option<Kink>,
    /// How far it may be off.
    error: f64,
    /// Whether no output moved.
    still: bool,
}

/// Times the error that is usual, so that hardly any is larger.
const MARGIN: f64 = 16.0;

impl<'a> Differences<'a> {
    /// For the network and the batch that were traced.
    ///
    /// # Errors
    /// [`Error::Data`] where the cost is not finite.
    pub fn new(pool: &'a ThreadPool, network: &Network<f64>, trace: &'a Trace<f64>) -> Result<Self> {
        if !trace.cost().is_finite() {
            return Err(Error::data("cost", "a finite number, to take differences of", trace.cost())
                .with_hint("a weight, an input or a target is too large"));
        }
        Ok(Self {
            pool,
            batch: trace.batch(),
            objective: trace.objective,
            cost_kinks: trace.objective.cost.kinks(),
            network: network.clone(),
            trace,
            pass: trace.pass.clone(),
            stale: network.layers.len(),
            costs: Costs::new(trace.objective.cost, network.outputs()),
            rounding: Rounding::of(pool, network, trace),
            forward_passes: 0,
        })
    }

    /// Forward passes so far.
    pub fn forward_passes(&self) -> u64 {
        self.forward_passes
    }

    /// The parameter's gradient, computed in `T`, beside its central difference; the tolerance is that of
    /// [`Settings`](super::Settings).
    pub fn check<T: Real>(&mut self, parameter: Parameter, analytic: f64, tolerance: Option<f64>) -> Check {
        let value = parameter.of(&self.network);
        let Derivative { value: numeric, h, kink, error, still } = self.derivative(parameter, value);
        let of_gradient = MARGIN * epsilon::<T>() * self.rounding.gradient(self.trace, parameter);
        let (tolerance, resolution) = match tolerance {
            Some(tolerance) => (tolerance, error),
            None => (usual_tolerance::<T>(), error + of_gradient),
        };
        // What overflows says nothing.
        let resolution = if resolution.is_finite() { resolution } else { f64::MAX };
        let difference = (analytic - numeric).abs();
        let relative_error =
            if difference == 0.0 { 0.0 } else { difference / analytic.abs().max(numeric.abs()) };
        let verdict = match kink {
            // A cost may be too large to tell that an output moved.
            _ if relative_error <= tolerance && (numeric != 0.0 || still) => Verdict::Agrees,
            _ if analytic.is_finite() && (difference <= resolution || !numeric.is_finite()) => {
                Verdict::NotCheckable
            }
            Some(kink) if analytic.is_finite() => Verdict::Kink(kink),
            _ => Verdict::Disagrees,
        };
        Check { parameter, value, analytic, numeric, h, relative_error, resolution, verdict }
    }

    /// C with the parameter moved by this much, minus C.
    pub fn change(&mut self, parameter: Parameter, by: f64) -> f64 {
        let value = parameter.of(&self.network);
        let moved = self.costs_with(parameter, value + by).to_vec();
        parameter.set(&mut self.network, value);
        self.mean_of_differences(&moved, &self.trace.costs) + self.penalty_moved(parameter, value + by, value)
    }

    /// The derivative, with a smaller h where D(h) and D(h/2) lie further apart than rounding explains, and where a
    /// kink is in the way.
    fn derivative(&mut self, parameter: Parameter, value: f64) -> Derivative {
        let (mut h, smallest) = self.steps(parameter, value);
        loop {
            let last = h / 10.0 < smallest;
            let wide = self.central(parameter, value, h);
            if wide.kink.is_some() && !last {
                h /= 10.0;
                continue;
            }
            let narrow = self.central(parameter, value, h / 2.0);
            // D(h) is off by about h²/6 C‴, the extrapolation by about the square of that.
            let (apart, noise) = ((wide.slope - narrow.slope).abs(), wide.noise + 2.0 * narrow.noise);
            let curved = apart > (1e-5 * narrow.slope.abs()).max(noise);
            if curved && !last {
                h /= 10.0;
                continue;
            }
            return Derivative {
                value: (4.0 * narrow.slope - wide.slope) / 3.0,
                h,
                kink: wide.kink.or(narrow.kink),
                error: if curved { noise + apart } else { noise },
                still: wide.still && narrow.still,
            };
        }
    }

    /// The first h, a power of ten that moves the weighted inputs by about 10⁻³, and the smallest.
    ///
    /// A large weight is moved by a millionth of itself, since less drowns in the rounding of z. Where that turns out to be
    /// too much, h may shrink to a thousandth of what moves z by 10⁻³, as long as w ± h are other numbers than w.
    fn steps(&self, parameter: Parameter, value: f64) -> (f64, f64) {
        let column =
            |rows: Rows<'_, f64>, k: usize| rows.iter().fold(0.0, |top: f64, row| top.max(row[k].abs()));
        let moved = match parameter {
            Parameter::Bias { .. } => 1.0,
            Parameter::Weight { l, k, .. } => column(self.trace.input_of(l - 2), k),
            Parameter::InputScale { k } => {
                let w = &self.network.layers[0].w;
                let largest = (0..w.outputs()).fold(0.0, |top: f64, j| top.max(w.get(j, k).abs()));
                column(self.batch.x, k) * largest
            }
        };
        let wanted = if moved > 0.0 { 3e-3 / moved } else { 1e-3 };
        let wanted = 10_f64.powf(wanted.log10().floor()).min(1.0);
        let first = wanted.max(1e-6 * value.abs().max(1e-2));
        (first, (1e-3 * first.min(wanted)).max(64.0 * f64::EPSILON * value.abs()))
    }

    fn central(&mut self, parameter: Parameter, value: f64, h: f64) -> Central {
        let (up, down) = (value + h, value - h);
        let above = self.costs_with(parameter, up).to_vec();
        let (kink_above, still_above) = (self.kink_crossed(), self.is_still());
        let below = self.costs_with(parameter, down).to_vec();
        let (kink_below, still_below) = (self.kink_crossed(), self.is_still());
        parameter.set(&mut self.network, value);
        let moved = self.mean_of_differences(&above, &below) + self.penalty_moved(parameter, up, down);
        let sizes = above.iter().zip(&below).map(|(above, below)| above.abs() + below.abs());
        let size = WeightedMean::of(sizes, self.batch.weights).mean();
        let l1 = self.objective.regularisation.l1 != 0.0 && matches!(parameter, Parameter::Weight { .. });
        let own = (l1 && value.abs() <= h).then_some(Kink::Regularisation);
        Central {
            slope: moved / (up - down),
            kink: kink_above.or(kink_below).or(own),
            noise: MARGIN * f64::EPSILON * (self.rounding.cost + size) / h,
            still: still_above && still_below,
        }
    }

    /// The mean of C of each sample less another one. Samples that did not change cancel to the last bit.
    fn mean_of_differences(&self, costs: &[f64], others: &[f64]) -> f64 {
        let differences = costs.iter().zip(others).map(|(cost, other)| cost - other);
        WeightedMean::of(differences, self.batch.weights).mean()
    }

    /// What regularisation adds with the parameter at `to`, less what it adds at `from`: of all its terms one has changed.
    fn penalty_moved(&self, parameter: Parameter, to: f64, from: f64) -> f64 {
        let Objective { regularisation, n, .. } = self.objective;
        match parameter {
            Parameter::Weight { .. } => {
                let squares = (to - from) * (0.5 * (to + from));
                (regularisation.l2 * squares + regularisation.l1 * (to.abs() - from.abs())) / n as f64
            }
            Parameter::InputScale { .. } | Parameter::Bias { .. } => 0.0,
        }
    }

    /// C of each sample with this value of the parameter.
    fn costs_with(&mut self, parameter: Parameter, value: f64) -> &[f64] {
        parameter.set(&mut self.network, value);
        self.forward_passes += 1;
        let changed = match parameter {
            Parameter::InputScale { .. } => 0,
            Parameter::Bias { l, .. } | Parameter::Weight { l, .. } => l - 1,
        };
        // Counted with the input scale as 0, so that layers[i] is i + 1.
        match changed.min(self.stale) {
            0 => self.pass.forward(self.pool, &self.network, self.batch.x),
            first => self.pass.forward_from(self.pool, &self.network, self.batch.x, first - 1),
        }
        self.stale = changed;
        let (z, a) = self.pass.output_z_a();
        self.costs.compute(self.pool, self.objective.cost, z, a, self.batch.y)
    }

    /// Whether the pass just made has the outputs that were traced.
    fn is_still(&self) -> bool {
        let (then, now) = (&self.trace.pass.output().a, &self.pass.output().a);
        (0..then.rows()).all(|i| then.row(i) == now.row(i))
    }

    /// The first kink that lies between the traced pass and the one just made.
    fn kink_crossed(&self) -> Option<Kink> {
        for (i, layer) in self.network.layers.iter().enumerate() {
            let kinks = layer.activation.kinks();
            if kinks.is_empty() {
                continue;
            }
            let (Some(then), Some(now)) = (&self.trace.pass.layers[i].z, &self.pass.layers[i].z) else {
                continue;
            };
            for sample in 0..now.rows() {
                let mut pairs = then.row(sample).iter().zip(now.row(sample));
                if let Some(j) = pairs.position(|(&then, &now)| piece(kinks, then) != piece(kinks, now)) {
                    return Some(Kink::Activation { l: i + 2, j, sample });
                }
            }
        }
        let kinks = &self.cost_kinks;
        let (then, now) = (&self.trace.pass.output().a, &self.pass.output().a);
        for (sample, y) in self.batch.y.iter().enumerate() {
            let mut pairs = then.row(sample).iter().zip(now.row(sample)).zip(y);
            let crossed =
                |((then, now), y): ((&f64, &f64), &f64)| piece(kinks, then - y) != piece(kinks, now - y);
            if let Some(j) = pairs.position(crossed) {
                return Some(Kink::Cost { j, sample });
            }
        }
        None
    }
}

/// Which of the smooth pieces between kinks x lies on, a kink belonging to the piece on its left.
fn piece(kinks: &[f64], x: f64) -> usize {
    kinks.iter().filter(|&&kink| x > kink).count()
}
