//! The equations in component form: one row for each number, with the terms that it is the sum of.

use super::step::ParameterUpdate;
use super::terms::{Factor, Letter, Products, Role, Series, Sum, Symbol, Term};
use super::{Cursor, Equation};
use crate::activation::Activation;
use crate::cost::{Cost, sign};
use crate::gradcheck::{Check, Parameter};
use crate::network::Network;
use crate::objective::Objective;
use crate::trace::Trace;
use deltarule_kernels::{Matrix, Rows, ThreadPool};
use serde::{Deserialize, Serialize};

/// How a number comes about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "snake_case")]
pub enum Form {
    /// (Σ terms) · factor + Σ added
    Sum {
        /// The terms.
        sum: Sum,
        /// What the whole sum is multiplied by: σ′(z) or the mean over the batch.
        factor: Vec<Factor>,
        /// What is added after that: the bias, or regularisation.
        added: Vec<Term>,
    },
    /// σ of the argument
    Function {
        /// σ
        activation: Activation,
        /// z
        argument: Factor,
    },
}

/// One number, its name, and where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Where it belongs.
    pub cursor: Cursor,
    /// Its name.
    pub symbol: Symbol,
    /// Its value, as the engine computed it.
    pub value: f64,
    /// How it comes about.
    #[serde(flatten)]
    pub form: Form,
    /// Its central difference, for ∂C/∂w, ∂C/∂b and ∂C/∂s of a cost that is finite.
    pub check: Option<Check>,
    /// What the optimizer makes of it.
    pub step: Option<ParameterUpdate>,
}

/// BP1 in its short form beside the general one with the Jacobian.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TwoForms {
    /// δ of an output.
    pub symbol: Symbol,
    /// a − y
    pub short: Sum,
    /// Σₖ ∂C/∂aₖ · ∂aₖ/∂zⱼ
    pub jacobian: Sum,
    /// The distance between the two.
    pub difference: f64,
    /// Whether they agree to rounding. The Jacobian form says nothing where an activation has rounded to 0 or 1.
    pub agrees: bool,
}

/// Makes the rows of one sample of a trace.
pub(super) struct Maker<'a> {
    pub(super) pool: &'a ThreadPool,
    pub(super) network: &'a Network<f64>,
    pub(super) trace: &'a Trace<f64>,
    /// Numbers of the samples.
    pub(super) samples: &'a [usize],
    /// Row of the sample whose z, a and δ are shown.
    pub(super) i: usize,
    pub(super) cursor: Cursor,
}

impl Maker<'_> {
    fn row(&self, equation: Equation, symbol: Symbol, value: f64, form: Form) -> Row {
        // ∂C/∂w, ∂C/∂b and ∂C/∂s are of the batch.
        let gradient = matches!(equation, Equation::Bp3 | Equation::Bp4 | Equation::InputScale);
        let of_batch = gradient && self.trace.samples() > 1;
        let sample = if of_batch { None } else { self.cursor.sample };
        let at = Cursor {
            equation,
            sample,
            layer: symbol.layer,
            neuron: symbol.neuron_number(),
            input: symbol.input_number(),
            ..self.cursor.clone()
        };
        Row { cursor: at, symbol, value, form, check: None, step: None }
    }

    fn weight_of_sample(&self, i: usize) -> Option<Factor> {
        let u = self.trace.weights.as_ref()?[i];
        Some(Factor::new(Symbol::whole(Role::SampleWeight, 1), u))
    }

    /// z and a of neuron j of layer `l`, or a¹ where the input scale makes it.
    pub(super) fn forward(&self, l: usize, j: usize) -> Vec<Row> {
        match l {
            1 => vec![self.scaled_input(j)],
            _ => self.weighted_input_and_activation(l - 2, j).into(),
        }
    }

    /// a¹ₖ = sₖ xₖ
    fn scaled_input(&self, k: usize) -> Row {
        let (s, x) = (self.scale_of_input(k), self.trace.x.at(self.i, k));
        let x = Factor::new(Symbol::neuron(Role::Input, 1, k), x);
        let a = self.trace.input_of(0).row(self.i)[k];
        let form = plain(Sum::of(vec![Products::new(1.0, vec![Series::one(s), Series::one(x)])]));
        self.row(Equation::ScaledInput, Symbol::neuron(Role::Activation, 1, k), a, form)
    }

    fn scale_of_input(&self, k: usize) -> Factor {
        let parameter = Parameter::InputScale { k };
        Factor::new(Symbol::neuron(Role::InputScale, 1, k), parameter.of(self.network))
    }

    fn weighted_input_and_activation(&self, at: usize, j: usize) -> [Row; 2] {
        let (layer, l) = (&self.network.layers[at], at + 2);
        let z = self.trace.pass.layers[at].z.as_ref().map_or(f64::NAN, |z| z.at(self.i, j));
        let bias = layer.b[j];
        let below = self.trace.input_of(at).row(self.i);
        let weights = (0..layer.inputs()).map(|k| layer.w.get(j, k));
        let sum = Sum::of(vec![Products::new(
            1.0,
            vec![
                Series::new(Symbol::neuron(Role::Weight, l, j).over_k(), weights),
                Series::new(Symbol::whole(Role::Activation, l - 1).over_j(Letter::K), below.iter().copied()),
            ],
        )]);
        let added = vec![Term::of(vec![Factor::new(Symbol::neuron(Role::Bias, l, j), bias)])];
        let form = Form::Sum { sum, factor: vec![], added };
        let name = Symbol::neuron(Role::WeightedInput, l, j);
        let weighted = self.row(Equation::WeightedInput, name, z, form);
        let form = Form::Function { activation: layer.activation, argument: Factor::new(name, z) };
        let a = self.trace.pass.layers[at].a.at(self.i, j);
        [weighted, self.row(Equation::Activation, Symbol::neuron(Role::Activation, l, j), a, form)]
    }

    /// δ of neuron j of the output.
    pub(super) fn bp1(&self, j: usize) -> Row {
        let at = self.network.layers.len() - 1;
        let (l, cost) = (at + 2, self.trace.objective.cost);
        let delta = self.trace.pass.layers[at].delta.at(self.i, j);
        let mut factor: Vec<Factor> = self.weight_of_sample(self.i).into_iter().collect();
        let sum = if cost.has_fused_delta() {
            self.short(j)
        } else if self.network.output().activation.is_elementwise() {
            let slope = self.trace.sigma_prime(self.pool, self.network, at).at(self.i, j);
            factor.insert(0, Factor::new(Symbol::neuron(Role::SigmaPrime, l, j), slope));
            let nabla = Factor::new(Symbol::neuron(Role::CostSlope, l, j), self.nabla().at(0, j));
            Sum::of(vec![Products::new(1.0, vec![Series::one(nabla)])])
        } else {
            self.jacobian(j)
        };
        let form = Form::Sum { sum, factor, added: vec![] };
        self.row(Equation::Bp1, Symbol::neuron(Role::Delta, l, j), delta, form)
    }

    /// a − y, y being t with label smoothing. Targets of a softmax that do not add up to 1 multiply a by their sum.
    fn short(&self, j: usize) -> Sum {
        let (l, cost, outputs) =
            (self.network.layers.len() + 1, self.trace.objective.cost, self.network.outputs());
        let targets: Vec<f64> = self.trace.y.row(self.i).iter().map(|&y| cost.target(y, outputs)).collect();
        let a = self.trace.pass.output().a.at(self.i, j);
        let mut factors = vec![Series::one(Factor::new(Symbol::neuron(Role::Activation, l, j), a))];
        let total: f64 = targets.iter().sum();
        let of_one = (total - 1.0).abs() <= outputs as f64 * f64::EPSILON;
        if matches!(cost, Cost::SoftmaxCrossEntropy { .. }) && !of_one {
            factors.insert(0, Series::one(Factor::new(Symbol::whole(Role::TargetTotal, l), total)));
        }
        let y = Factor::new(Symbol::neuron(Role::Target, l, j), targets[j]);
        Sum::of(vec![Products::new(1.0, factors), Products::new(-1.0, vec![Series::one(y)])])
    }

    /// ∇ₐC of the sample, unweighted.
    fn nabla(&self) -> Matrix<f64> {
        let a = Matrix::from_rows(&[self.trace.pass.output().a.row(self.i)]);
        let mut nabla = Matrix::zeros(1, a.cols());
        let y = Rows::range(&self.trace.y, self.i..self.i + 1);
        self.trace.objective.cost.gradient(&a, y, &mut nabla);
        nabla
    }

    /// ∂C/∂aₖ · ∂aₖ/∂zⱼ, summed over every k that aⱼ's z moves.
    fn jacobian(&self, j: usize) -> Sum {
        let at = self.network.layers.len() - 1;
        let slopes = self.trace.sigma_prime(self.pool, self.network, at);
        let (nabla, a) = (self.nabla(), self.trace.pass.output().a.row(self.i));
        let activation = self.network.output().activation;
        let through = |k| activation.jacobian(a, slopes.row(self.i), k, j);
        let factors = if activation.is_elementwise() {
            vec![
                Series::new(Symbol::neuron(Role::CostSlope, at + 2, j), [nabla.at(0, j)]),
                Series::new(Symbol::edge(Role::Jacobian, at + 2, j, j), [through(j)]),
            ]
        } else {
            let slope = Symbol::whole(Role::CostSlope, at + 2).over_j(Letter::K);
            vec![
                Series::new(slope, nabla.row(0).iter().copied()),
                Series::new(Symbol::neuron(Role::Jacobian, at + 2, j).over_k(), (0..a.len()).map(through)),
            ]
        };
        Sum::of(vec![Products::new(1.0, factors)])
    }

    /// Both forms of BP1, for a cost that has a short one.
    pub(super) fn two_forms(&self, j: usize) -> Option<TwoForms> {
        if !self.trace.objective.cost.has_fused_delta() {
            return None;
        }
        let (short, jacobian) = (self.short(j), self.jacobian(j));
        let difference = (jacobian.total - short.total).abs();
        let size: f64 = short.values().map(f64::abs).sum();
        Some(TwoForms {
            symbol: Symbol::neuron(Role::Delta, self.network.layers.len() + 1, j),
            short,
            jacobian,
            difference,
            agrees: difference <= 1e-12 * size.max(1.0),
        })
    }

    /// δ of neuron k of layer `l`, below the output; that of layer 1 has no σ′.
    pub(super) fn bp2(&self, l: usize, k: usize) -> Row {
        let (above, passes) = (l - 1, &self.trace.pass);
        let w = &self.network.layers[above].w;
        let sum = Sum::of(vec![Products::new(
            1.0,
            vec![
                Series::new(
                    Symbol::edge(Role::Weight, l + 1, 0, k).over_j(Letter::J),
                    (0..w.outputs()).map(|j| w.get(j, k)),
                ),
                Series::new(
                    Symbol::whole(Role::Delta, l + 1).over_j(Letter::J),
                    passes.layers[above].delta.row(self.i).iter().copied(),
                ),
            ],
        )]);
        let (delta, factor) = match above.checked_sub(1) {
            None => (self.delta_of_input(self.i, k), vec![]),
            Some(at) => {
                let slope = self.trace.sigma_prime(self.pool, self.network, at).at(self.i, k);
                let slope = Factor::new(Symbol::neuron(Role::SigmaPrime, l, k), slope);
                (passes.layers[at].delta.at(self.i, k), vec![slope])
            }
        };
        let form = Form::Sum { sum, factor, added: vec![] };
        self.row(Equation::Bp2, Symbol::neuron(Role::Delta, l, k), delta, form)
    }

    /// δ¹ₖ of a sample, where there is an input scale.
    fn delta_of_input(&self, i: usize, k: usize) -> f64 {
        self.trace.pass.input.as_ref().map_or(f64::NAN, |input| input.delta.at(i, k))
    }

    /// ∂C/∂s of input k, a term for each sample.
    pub(super) fn input_scale(&self, k: usize) -> Row {
        let value = Parameter::InputScale { k }.gradient(&self.trace.gradients);
        let sum = self.over_samples([
            (Symbol::neuron(Role::Input, 1, k), &|i| self.trace.x.at(i, k)),
            (Symbol::neuron(Role::Delta, 1, k), &|i| self.delta_of_input(i, k)),
        ]);
        let form = Form::Sum { sum, factor: mean(self.trace), added: vec![] };
        self.row(Equation::InputScale, Symbol::neuron(Role::InputScaleGradient, 1, k), value, form)
    }

    /// ∂C/∂b of neuron j of layer `l`, a term for each sample.
    pub(super) fn bp3(&self, l: usize, j: usize) -> Row {
        let at = l - 2;
        let value = self.trace.gradients.layers[at].b[j];
        let delta = |i| self.trace.pass.layers[at].delta.at(i, j);
        let sum = self.over_samples([(Symbol::neuron(Role::Delta, l, j), &delta)]);
        let form = Form::Sum { sum, factor: mean(self.trace), added: vec![] };
        self.row(Equation::Bp3, Symbol::neuron(Role::BiasGradient, l, j), value, form)
    }

    /// ∂C/∂w from neuron k to neuron j of layer `l`, a term for each sample, and what regularisation adds.
    pub(super) fn bp4(&self, l: usize, j: usize, k: usize) -> Row {
        let at = l - 2;
        let value = self.trace.gradients.layers[at].w.get(j, k);
        let below = self.trace.input_of(at);
        let sum = self.over_samples([
            (Symbol::neuron(Role::Activation, l - 1, k), &|i| below.row(i)[k]),
            (Symbol::neuron(Role::Delta, l, j), &|i| self.trace.pass.layers[at].delta.at(i, j)),
        ]);
        let form = Form::Sum { sum, factor: mean(self.trace), added: self.regularisation(l, j, k) };
        self.row(Equation::Bp4, Symbol::edge(Role::WeightGradient, l, j, k), value, form)
    }

    /// λ/n · w and λ₁/n · sign(w)
    fn regularisation(&self, l: usize, j: usize, k: usize) -> Vec<Term> {
        let Objective { regularisation, n, .. } = self.trace.objective;
        let w = self.network.layers[l - 2].w.get(j, k);
        let term = |role, lambda: f64, of, value| {
            let coefficient = Factor::new(Symbol::whole(role, l), lambda / n as f64);
            let factor = Factor::new(Symbol::edge(of, l, j, k), value);
            (lambda != 0.0).then(|| Term::of(vec![coefficient, factor]))
        };
        let l2 = term(Role::L2, regularisation.l2, Role::Weight, w);
        let l1 = term(Role::L1, regularisation.l1, Role::WeightSign, sign(w));
        l2.into_iter().chain(l1).collect()
    }

    fn over_samples<const N: usize>(&self, factors: [(Symbol, &dyn Fn(usize) -> f64); N]) -> Sum {
        let series = factors.map(|(symbol, value)| Series::new(symbol, (0..self.trace.samples()).map(value)));
        Sum::over_samples(series.into(), self.samples)
    }
}

/// What the sum over samples is multiplied by, where that is not 1.
pub(super) fn mean(trace: &Trace<f64>) -> Vec<Factor> {
    let role = if trace.weights.is_some() { Role::WeightedMean } else { Role::Mean };
    let mean = Factor::new(Symbol::whole(role, 1), trace.scale);
    if trace.scale == 1.0 { vec![] } else { vec![mean] }
}

/// A sum that nothing multiplies and to which nothing is added.
fn plain(sum: Sum) -> Form {
    Form::Sum { sum, factor: vec![], added: vec![] }
}
