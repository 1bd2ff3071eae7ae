//! Cost functions: C and ∇ₐC, side by side, and the mean that is differentiated.
//!
//! For one sample with output activations a (from weighted inputs z) and targets y:
//!
//! | name | C | ∇ₐC | short form of BP1 |
//! |---|---|---|---|
//! | `quadratic` | ½ Σⱼ (aⱼ − yⱼ)² | a − y | |
//! | `mean-squared` | 1/N Σⱼ (aⱼ − yⱼ)², N outputs | 2 (a − y) / N | |
//! | `binary-cross-entropy` | −Σⱼ (yⱼ ln aⱼ + (1 − yⱼ) ln(1 − aⱼ)) | (a − y) / (a (1 − a)) | a − y, for sigmoid |
//! | `softmax-cross-entropy:ε` | −Σⱼ tⱼ ln aⱼ, t = (1 − ε) y + ε/N | −t / a | a − t, for softmax |
//! | `absolute` | Σⱼ ∣aⱼ − yⱼ∣ | sign(a − y) | |
//! | `huber:d` | Σⱼ ½ rⱼ² where ∣rⱼ∣ ≤ d, else d (∣rⱼ∣ − ½ d), r = a − y | r cut off at ±d | |
//! | `quantile:q` | Σⱼ q (yⱼ − aⱼ) where aⱼ < yⱼ, else (1 − q) (aⱼ − yⱼ) | −q where a < y, else 1 − q | |
//! | `poisson` | Σⱼ (aⱼ − yⱼ ln aⱼ), without the constant ln yⱼ! | 1 − y / a | a − y, for exp |
//!
//! Those with a short form are computed from z, and so stay exact where a rounds to 0 or 1; an infinite cost stays
//! infinite.

use crate::activation::Activation;
use crate::error::{Error, Result};
use crate::exponential::Exponential;
use crate::hint::Hint;
use crate::interval::Interval;
use crate::real::Real;
use crate::variants;
use deltarule_kernels::{Matrix, Rows, ThreadPool};

variants! {
    /// How wrong the outputs of one sample are; [`Objective`](crate::Objective) takes the mean of it. The
    /// [module](self) has the formulas.
    ///
    /// ```
    /// # use deltarule::{Activation, Cost};
    /// let cost: Cost = "huber:1.5".parse()?;
    /// assert_eq!(cost, Cost::Huber { delta: 1.5 });
    /// assert!(Cost::Poisson.check_output(Activation::Sigmoid).is_err());
    /// # Ok::<(), deltarule::Error>(())
    /// ```
    pub enum Cost: "cost" {
        /// ½‖a − y‖², the book's
        Quadratic = "quadratic", "½‖a − y‖², 책의 제곱 비용";
        /// The mean over the outputs of (a − y)²
        MeanSquared = "mean-squared", "(a − y)²의 출력 평균";
        /// −Σ (y ln a + (1 − y) ln(1 − a)), the book's cross-entropy; for sigmoid outputs
        BinaryCrossEntropy = "binary-cross-entropy",
            "−Σ (y ln a + (1 − y) ln(1 − a)), 책의 교차 엔트로피; 시그모이드 출력용";
        /// −Σ t ln a; for a softmax output
        SoftmaxCrossEntropy {
            /// ε, from 0 to below 1: t = (1 − ε) y + ε/N (Szegedy et al., 2016)
            smoothing: 0.0 in Interval::half_open(0.0, 1.0)
        } = "softmax-cross-entropy", "−Σ t ln a; 소프트맥스 출력용";
        /// Σ |a − y|
        Absolute = "absolute", "Σ |a − y|";
        /// Quadratic up to delta, linear beyond (Huber, 1964)
        Huber {
            /// Where the two meet
            delta: 1.0 in Interval::above(0.0)
        } = "huber", "delta까지는 제곱, 그 너머는 직선 (Huber, 1964)";
        /// Least at the q-quantile of y (Koenker and Bassett, 1978), also called pinball loss
        Quantile {
            /// q, between 0 and 1
            q: 0.5 in Interval::open(0.0, 1.0)
        } = "quantile", "y의 q 분위수에서 가장 작다 (Koenker와 Bassett, 1978)";
        /// Σ (a − y ln a): the negative log-likelihood of counts y under rates a; for exp outputs (log link)
        Poisson = "poisson", "Σ (a − y ln a): 발생률 a에서 횟수 y의 음의 로그 가능도; exp 출력용";
    }
}

use Cost::{
    Absolute, BinaryCrossEntropy, Huber, MeanSquared, Poisson, Quadratic, Quantile, SoftmaxCrossEntropy,
};

impl Cost {
    /// The output activation that goes with this cost where the user names none.
    pub fn canonical_output(self) -> Activation {
        match self {
            BinaryCrossEntropy => Activation::Sigmoid,
            SoftmaxCrossEntropy { .. } => Activation::Softmax,
            Poisson => Activation::Exp,
            Quadratic | MeanSquared | Absolute | Huber { .. } | Quantile { .. } => Activation::Identity,
        }
    }

    /// Whether BP1 is a − y for this cost, the output activation being the only one it combines with.
    pub fn has_fused_delta(self) -> bool {
        matches!(self, BinaryCrossEntropy | SoftmaxCrossEntropy { .. } | Poisson)
    }

    /// The a − y at which C has a kink or a jump in its second derivative: a difference taken across one is no
    /// derivative.
    pub fn kinks(self) -> Vec<f64> {
        match self {
            Absolute | Quantile { .. } => vec![0.0],
            Huber { delta } => vec![-delta, delta],
            Quadratic | MeanSquared | BinaryCrossEntropy | SoftmaxCrossEntropy { .. } | Poisson => vec![],
        }
    }

    /// Whether this cost can follow that output activation: one with a short form follows only its own,
    /// the others follow all.
    ///
    /// # Errors
    /// [`Error::Setting`] that names the activation it needs.
    pub fn check_output(self, output: Activation) -> Result<()> {
        if self.has_fused_delta() && output != self.canonical_output() {
            let needed = self.canonical_output();
            return Err(Error::setting(format!("output activation with cost {self}"), needed, output)
                .with_hint("this cost is defined by the likelihood of that output"));
        }
        Ok(())
    }

    /// Whether the targets are ones that this cost has a meaning for.
    ///
    /// # Errors
    /// [`Error::Data`] that names the first sample and output (both from 0) whose target is not.
    pub fn check_targets<T: Real>(self, y: Rows<'_, T>) -> Result<()> {
        let expected = match self {
            BinaryCrossEntropy | SoftmaxCrossEntropy { .. } => "a probability from 0 to 1",
            Poisson => "a finite count from 0 up",
            _ => "a finite number",
        };
        for (i, row) in y.iter().enumerate() {
            for (j, &target) in row.iter().enumerate() {
                let inside = match self {
                    BinaryCrossEntropy | SoftmaxCrossEntropy { .. } => target >= T::ZERO && target <= T::ONE,
                    Poisson => target >= T::ZERO && target.is_finite(),
                    _ => target.is_finite(),
                };
                if !inside {
                    return Err(Error::data(format!("target {j} of sample {i}"), expected, target)
                        .with_hint(Hint::new("the cost is ").text(self)));
                }
            }
        }
        Ok(())
    }

    /// C of one sample, summed over its outputs, given what [`Costs`] has prepared: the `tail` of
    /// binary or softmax cross-entropy, and the largest z of the latter.
    fn of_sample<T: Real>(self, z: &[T], a: &[T], y: &[T], tail: &[T], top: T) -> f64 {
        let constant = T::from_f64;
        let sum = match self {
            Quadratic => constant(0.5) * sum([a, y], |_, [a, y]| square(a - y)),
            MeanSquared => sum([a, y], |_, [a, y]| square(a - y)) / constant(a.len() as f64),
            // −y ln a − (1 − y) ln(1 − a) = max(z, 0) − y z + ln(1 + e^−|z|)
            BinaryCrossEntropy => sum([z, y, tail], |_, [z, y, tail]| (T::ZERO.larger(z) - y * z) + tail),
            // −ln aⱼ = (max z − zⱼ) + ln Σₖ e^(zₖ − max z)
            SoftmaxCrossEntropy { smoothing } => {
                let smooth = Smoothing::new(smoothing, a.len());
                let tail = tail[0];
                sum([z, y], |_, [z, y]| {
                    let t = smooth.target(y);
                    let c = t * ((top - z) + tail);
                    if t == T::ZERO { t } else { c }
                })
            }
            Absolute => sum([a, y], |_, [a, y]| (a - y).abs()),
            Huber { delta } => {
                let (delta, half) = (constant(delta), constant(0.5));
                sum([a, y], |_, [a, y]| {
                    let r = (a - y).abs();
                    if r <= delta { half * r * r } else { delta * (r - half * delta) }
                })
            }
            Quantile { q } => {
                let (below, above) = (constant(q), constant(1.0 - q));
                sum([a, y], |_, [a, y]| if a < y { below * (y - a) } else { above * (a - y) })
            }
            Poisson => sum([z, a, y], |_, [z, a, y]| if y == T::ZERO { a } else { a - y * z }),
        };
        sum.to_f64()
    }

    /// ∇ₐC of every sample, unweighted, into the rows of `gradient`.
    pub(crate) fn gradient<T: Real>(self, a: &Matrix<T>, y: Rows<'_, T>, gradient: &mut Matrix<T>) {
        let constant = T::from_f64;
        let (one, two) = (T::ONE, constant(2.0));
        match self {
            Quadratic => each(a, y, gradient, |a, y| a - y),
            MeanSquared => {
                let factor = two / constant(a.cols() as f64);
                each(a, y, gradient, |a, y| factor * (a - y));
            }
            BinaryCrossEntropy => each(a, y, gradient, |a, y| (a - y) / (a * (one - a))),
            SoftmaxCrossEntropy { smoothing } => {
                let smooth = Smoothing::new(smoothing, a.cols());
                each(a, y, gradient, |a, y| -smooth.target(y) / a);
            }
            Absolute => each(a, y, gradient, |a, y| sign(a - y)),
            Huber { delta } => {
                let delta = constant(delta);
                each(a, y, gradient, |a, y| cut_off(a - y, delta));
            }
            Quantile { q } => {
                let (below, above) = (constant(q), constant(1.0 - q));
                each(a, y, gradient, |a, y| {
                    let s = sign(a - y);
                    if s < T::ZERO { below * s } else { above * s }
                });
            }
            Poisson => each(a, y, gradient, |a, y| one - y / a),
        }
    }

    /// What one of `outputs` outputs is compared with: y, or t with label smoothing.
    pub(crate) fn target<T: Real>(self, y: T, outputs: usize) -> T {
        match self {
            SoftmaxCrossEntropy { smoothing } if smoothing > 0.0 => {
                Smoothing::new(smoothing, outputs).target(y)
            }
            _ => y,
        }
    }

    /// ∂C/∂z of every sample, unweighted, for the costs with a short form: a − y, or a − t.
    pub(crate) fn fused_delta<T: Real>(self, a: &Matrix<T>, y: Rows<'_, T>, delta: &mut Matrix<T>) {
        let SoftmaxCrossEntropy { smoothing } = self else {
            return each(a, y, delta, |a, y| a - y);
        };
        let smooth = Smoothing::new(smoothing, a.cols());
        for i in 0..a.rows() {
            // 1 where the targets are probabilities; as a factor it keeps the derivative exact where they are not.
            let total = sum([y.row(i)], |_, [y]| smooth.target(y));
            for ((delta, &a), &y) in delta.row_mut(i).iter_mut().zip(a.row(i)).zip(y.row(i)) {
                *delta = total * a - smooth.target(y);
            }
        }
    }
}

/// t = (1 − ε) y + ε/N
struct Smoothing<T> {
    keep: T,
    add: T,
}

impl<T: Real> Smoothing<T> {
    fn new(smoothing: f64, outputs: usize) -> Self {
        Self { keep: T::from_f64(1.0 - smoothing), add: T::from_f64(smoothing / outputs as f64) }
    }

    fn target(&self, y: T) -> T {
        self.keep * y + self.add
    }
}

fn square<T: Real>(x: T) -> T {
    x * x
}

/// −1, 0 or 1; NaN stays NaN.
pub(crate) fn sign<T: Real>(x: T) -> T {
    if x > T::ZERO {
        T::ONE
    } else if x < T::ZERO {
        -T::ONE
    } else {
        x * T::ZERO
    }
}

fn cut_off<T: Real>(x: T, at: T) -> T {
    if x > at {
        at
    } else if x < -at {
        -at
    } else {
        x
    }
}

/// Numbers that are taken side by side, so that the processor need not wait for one after the other.
const SIDE_BY_SIDE: usize = 8;

/// The largest value; one that is not a number is passed over.
pub(crate) fn maximum<T: Real>(values: &[T]) -> T {
    let larger = |top: T, v: T| if v > top { v } else { top };
    let (eights, rest) = values.as_chunks::<SIDE_BY_SIDE>();
    let mut tops = [values[0]; SIDE_BY_SIDE];
    for eight in eights {
        for (top, &v) in tops.iter_mut().zip(eight) {
            *top = larger(*top, v);
        }
    }
    for (top, &v) in tops.iter_mut().zip(rest) {
        *top = larger(*top, v);
    }
    let [a, b, c, d, e, f, g, h] = tops;
    larger(larger(larger(a, b), larger(c, d)), larger(larger(e, f), larger(g, h)))
}

/// Σⱼ term(j, values at j) in eight interleaved partial sums, a fixed order.
#[inline(always)]
fn sum<T: Real, const N: usize>(values: [&[T]; N], term: impl Fn(usize, [T; N]) -> T) -> T {
    let mut partial = [T::ZERO; SIDE_BY_SIDE];
    let len = values[0].len();
    let whole = len / SIDE_BY_SIDE;
    for eight in 0..whole {
        let mut eights = [[T::ZERO; SIDE_BY_SIDE]; N];
        for (copy, values) in eights.iter_mut().zip(&values) {
            *copy = values.as_chunks().0[eight];
        }
        for (lane, partial) in partial.iter_mut().enumerate() {
            *partial += term(eight * SIDE_BY_SIDE + lane, column(&eights, lane));
        }
    }
    for (lane, partial) in partial.iter_mut().enumerate() {
        let j = whole * SIDE_BY_SIDE + lane;
        if j < len {
            *partial += term(j, column(&values, j));
        }
    }
    let [a, b, c, d, e, f, g, h] = partial;
    ((a + b) + (c + d)) + ((e + f) + (g + h))
}

#[inline(always)]
fn column<T: Real, const N: usize>(values: &[impl AsRef<[T]>; N], j: usize) -> [T; N] {
    let mut column = [T::ZERO; N];
    for (value, values) in column.iter_mut().zip(values) {
        *value = values.as_ref()[j];
    }
    column
}

fn each<T: Real>(a: &Matrix<T>, y: Rows<'_, T>, out: &mut Matrix<T>, f: impl Fn(T, T) -> T) {
    for i in 0..a.rows() {
        for ((out, &a), &y) in out.row_mut(i).iter_mut().zip(a.row(i)).zip(y.row(i)) {
            *out = f(a, y);
        }
    }
}

/// C of each sample of a batch, with the memory that computing it takes.
#[derive(Clone, Debug)]
pub struct Costs<T: Real> {
    each: Vec<f64>,
    odds: Matrix<T>,
    tail: Matrix<T>,
    tops: Vec<T>,
}

impl<T: Real> Costs<T> {
    /// Memory for a network with this many outputs.
    pub fn new(cost: Cost, outputs: usize) -> Self {
        let (odds, tail) = match cost {
            BinaryCrossEntropy => (0, outputs),
            SoftmaxCrossEntropy { .. } => (1, 1),
            _ => (0, 0),
        };
        let [odds, tail] = [odds, tail].map(|cols| Matrix::zeros(0, cols));
        Self { each: Vec::new(), odds, tail, tops: Vec::new() }
    }

    /// C of each sample, unweighted, from the weighted inputs and the activations of the output layer.
    ///
    /// The cost must be the one this was made for. Allocates only when the batch is larger than any before.
    pub fn compute(
        &mut self,
        pool: &ThreadPool,
        cost: Cost,
        z: &Matrix<T>,
        a: &Matrix<T>,
        y: Rows<'_, T>,
    ) -> &[f64] {
        let samples = a.rows();
        self.tail.resize_rows(samples);
        self.tops.resize(samples, T::ZERO);
        match cost {
            BinaryCrossEntropy => T::map(pool, Rows::all(z), Exponential::LogisticTail, &mut self.tail),
            SoftmaxCrossEntropy { .. } => {
                // Σₖ e^(zₖ − max z) = 1 + the other activations over the largest one
                self.odds.resize_rows(samples);
                for i in 0..samples {
                    let (a, z) = (a.row(i), z.row(i));
                    let top = maximum(z);
                    let at = z.iter().position(|&z| z == top).unwrap_or(0);
                    let others = sum([a], |k, [a]| if k == at { T::ZERO } else { a });
                    self.odds.row_mut(i)[0] = others / a[at];
                    self.tops[i] = top;
                }
                T::map(pool, Rows::all(&self.odds), Exponential::Ln1p, &mut self.tail);
            }
            _ => {}
        }
        self.each.clear();
        let (tail, tops) = (&self.tail, &self.tops);
        self.each
            .extend((0..samples).map(|i| cost.of_sample(z.row(i), a.row(i), y.row(i), tail.row(i), tops[i])));
        &self.each
    }

    /// What [`Costs::compute`] found last.
    pub fn each(&self) -> &[f64] {
        &self.each
    }
}
