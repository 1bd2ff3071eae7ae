//! Central differences of the cost of one batch.

use super::{Check, Kink, Parameter, Verdict};
use crate::batches::Batch;
use crate::cost::Costs;
use crate::error::{Error, Result};
use crate::mean::WeightedMean;
use crate::network::Network;
use crate::objective::Objective;
use crate::pass::Pass;
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
    /// Of what size the numbers are whose rounding errors end up in the cost.
    magnitude: f64,
    forward_passes: u64,
}

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
            magnitude: magnitude(trace),
            forward_passes: 0,
        })
    }

    /// Forward passes so far.
    pub fn forward_passes(&self) -> u64 {
        self.forward_passes
    }

    /// The parameter's gradient beside its central difference.
    pub fn check(&mut self, parameter: Parameter, analytic: f64, tolerance: f64) -> Check {
        let value = parameter.of(&self.network);
        let (numeric, h, kink) = self.derivative(parameter, value);
        let resolution = 16.0 * f64::EPSILON * self.magnitude / h;
        let difference = (analytic - numeric).abs();
        let relative_error =
            if difference == 0.0 { 0.0 } else { difference / analytic.abs().max(numeric.abs()) };
        let verdict = match kink {
            _ if relative_error <= tolerance || difference <= resolution => Verdict::Agrees,
            Some(kink) if analytic.is_finite() => Verdict::Kink(kink),
            _ => Verdict::Disagrees,
        };
        Check { parameter, value, analytic, numeric, h, relative_error, resolution, verdict }
    }

    /// C with the parameter moved by this much, minus C.
    pub fn change(&mut self, parameter: Parameter, by: f64) -> f64 {
        let value = parameter.of(&self.network);
        let moved = self.cost_with(parameter, value + by);
        parameter.set(&mut self.network, value);
        moved - self.trace.cost()
    }

    /// The derivative, the h it was taken with, and a kink that no smaller h avoided.
    fn derivative(&mut self, parameter: Parameter, value: f64) -> (f64, f64, Option<Kink>) {
        const SMALLER: usize = 3;
        let mut h = self.step(parameter, value);
        for attempt in 0..=SMALLER {
            let (wide, kink) = self.central(parameter, value, h);
            if kink.is_some() && attempt < SMALLER {
                h /= 10.0;
                continue;
            }
            let (narrow, nearer) = self.central(parameter, value, h / 2.0);
            // D(h) is off by about h²/6 C‴, the extrapolation by about the square of that.
            let curved = (wide - narrow).abs() > 1e-5 * narrow.abs().max(1e-3 * self.magnitude);
            if curved && attempt < SMALLER {
                h /= 10.0;
                continue;
            }
            return ((4.0 * narrow - wide) / 3.0, h, kink.or(nearer));
        }
        unreachable!("the last attempt returns")
    }

    /// A power of ten that moves the weighted inputs by about 10⁻³.
    fn step(&self, parameter: Parameter, value: f64) -> f64 {
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
        10_f64.powf(wanted.log10().floor()).clamp(1e-6 * value.abs().max(1e-2), 1.0)
    }

    /// D(h), and a kink between w − h and w + h.
    fn central(&mut self, parameter: Parameter, value: f64, h: f64) -> (f64, Option<Kink>) {
        let (up, down) = (value + h, value - h);
        let above = self.cost_with(parameter, up);
        let kink_above = self.kink_crossed();
        let below = self.cost_with(parameter, down);
        let kink_below = self.kink_crossed();
        parameter.set(&mut self.network, value);
        let l1 = self.objective.regularisation.l1 != 0.0 && matches!(parameter, Parameter::Weight { .. });
        let own = (l1 && value.abs() <= h).then_some(Kink::Regularisation);
        ((above - below) / (up - down), kink_above.or(kink_below).or(own))
    }

    /// The cost with this value of the parameter.
    fn cost_with(&mut self, parameter: Parameter, value: f64) -> f64 {
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
        let Objective { cost, regularisation, n } = self.objective;
        let (z, a) = self.pass.output_z_a();
        let costs = self.costs.compute(self.pool, cost, z, a, self.batch.y);
        WeightedMean::of(costs.iter().copied(), self.batch.weights).mean()
            + regularisation.penalty(&self.network.layers, n)
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

/// |C| and, as each z is known to its rounding error, Σ |δ z|.
fn magnitude(trace: &Trace<f64>) -> f64 {
    let layer = |layer: &crate::pass::LayerPass<f64>| -> f64 {
        let rows = |i| layer.delta.row(i).iter().zip(layer.z.as_ref().map_or(&[][..], |z| z.row(i)));
        (0..layer.delta.rows()).flat_map(rows).map(|(delta, z)| (delta * z.abs().max(1.0)).abs()).sum()
    };
    trace.cost().abs() + trace.penalty.abs() + trace.scale * trace.pass.layers.iter().map(layer).sum::<f64>()
}
