//! The equations in component form: one row for each number, with the terms that it is the sum of.

use super::step::ParameterUpdate;
use super::terms::{Factor, Role, Sum, Symbol, Term};
use super::{Cursor, Equation};
use crate::activation::Activation;
use crate::gradcheck::{Check, Parameter};
use crate::network::Network;
use crate::trace::Trace;
use deltarule_kernels::{Matrix, Rows, ThreadPool};
use serde::Serialize;

/// How a number comes about.
#[derive(Clone, Debug, PartialEq, Serialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize)]
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
    /// Its central difference, for ∂C/∂w, ∂C/∂b and ∂C/∂s.
    pub check: Option<Check>,
    /// What the optimizer makes of it.
    pub step: Option<ParameterUpdate>,
}

/// BP1 in its short form beside the general one with the Jacobian.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TwoForms {
    /// δ of an output.
    pub symbol: Symbol,
    /// u (a − y), the difference taken
    pub short: Sum,
    /// Σₖ ∂C/∂aₖ · ∂aₖ/∂zⱼ
    pub jacobian: Sum,
    /// The distance between the two.
    pub difference: f64,
    /// Whether they agree to rounding. The Jacobian form says nothing where an activation has rounded to 0 or 1.
    pub agrees: bool,
}

/// The sum that the engine multiplied by `factor` to get `product`; where that is 0, what the terms add up to.
fn divided(terms: Vec<Term>, product: f64, factor: f64) -> Sum {
    let plain = terms.iter().map(|term| term.value).sum();
    Sum::new(terms, if factor == 0.0 { plain } else { product / factor })
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
            neuron: symbol.j,
            input: symbol.k,
            ..self.cursor.clone()
        };
        Row { cursor: at, symbol, value, form, check: None, step: None }
    }

    fn weight_of_sample(&self, i: usize) -> Option<Factor> {
        let u = self.trace.weights.as_ref()?[i];
        Some(Factor::new(
            Symbol { role: Role::SampleWeight, layer: 1, j: Some(self.samples[i] + 1), k: None },
            u,
        ))
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
        let term = Term::of(vec![s, Factor::new(Symbol::neuron(Role::Input, 1, k), x)]);
        let a = self.trace.input_of(0).row(self.i)[k];
        let form = Form::Sum { sum: Sum::new(vec![term], a), factor: vec![], added: vec![] };
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
        let terms = below.iter().enumerate().map(|(k, &a)| {
            Term::of(vec![
                Factor::new(Symbol::edge(Role::Weight, l, j, k), layer.w.get(j, k)),
                Factor::new(Symbol::neuron(Role::Activation, l - 1, k), a),
            ])
        });
        let added = vec![Term::of(vec![Factor::new(Symbol::neuron(Role::Bias, l, j), bias)])];
        let form = Form::Sum { sum: Sum::new(terms.collect(), z - bias), factor: vec![], added };
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
        let u = factor.first().map_or(1.0, |u| u.value);
        let sum = if cost.has_fused_delta() {
            self.short(j, delta, u)
        } else if self.network.output().activation.is_elementwise() {
            let slope = self.trace.sigma_prime(self.pool, self.network, at).at(self.i, j);
            factor.insert(0, Factor::new(Symbol::neuron(Role::SigmaPrime, l, j), slope));
            let nabla = self.nabla().at(0, j);
            let term = Term::of(vec![Factor::new(Symbol::neuron(Role::CostSlope, l, j), nabla)]);
            Sum::new(vec![term], nabla)
        } else {
            divided(self.jacobian_terms(j), delta, u)
        };
        let form = Form::Sum { sum, factor, added: vec![] };
        self.row(Equation::Bp1, Symbol::neuron(Role::Delta, l, j), delta, form)
    }

    /// a − y, y being t with label smoothing.
    fn short(&self, j: usize, delta: f64, u: f64) -> Sum {
        let l = self.network.layers.len() + 1;
        let a = self.trace.pass.output().a.at(self.i, j);
        let y = self.trace.objective.cost.target(self.trace.y.at(self.i, j), self.network.outputs());
        let a = Term::of(vec![Factor::new(Symbol::neuron(Role::Activation, l, j), a)]);
        divided(vec![a, Term::minus(Factor::new(Symbol::neuron(Role::Target, l, j), y))], delta, u)
    }

    /// ∇ₐC of the sample, unweighted.
    fn nabla(&self) -> Matrix<f64> {
        let a = Matrix::from_rows(&[self.trace.pass.output().a.row(self.i)]);
        let mut nabla = Matrix::zeros(1, a.cols());
        let y = Rows::range(&self.trace.y, self.i..self.i + 1);
        self.trace.objective.cost.gradient(&a, y, &mut nabla);
        nabla
    }

    /// ∂C/∂aₖ · ∂aₖ/∂zⱼ for every k.
    fn jacobian_terms(&self, j: usize) -> Vec<Term> {
        let at = self.network.layers.len() - 1;
        let slopes = self.trace.sigma_prime(self.pool, self.network, at);
        let (nabla, a) = (self.nabla(), self.trace.pass.output().a.row(self.i));
        let activation = self.network.output().activation;
        let term = |k| {
            let through = activation.jacobian(a, slopes.row(self.i), k, j);
            Term::of(vec![
                Factor::new(Symbol::neuron(Role::CostSlope, at + 2, k), nabla.at(0, k)),
                Factor::new(Symbol::edge(Role::Jacobian, at + 2, j, k), through),
            ])
        };
        (0..a.len()).filter(|&k| k == j || !activation.is_elementwise()).map(term).collect()
    }

    /// Both forms of BP1, for a cost that has a short one.
    pub(super) fn two_forms(&self, j: usize) -> Option<TwoForms> {
        if !self.trace.objective.cost.has_fused_delta() {
            return None;
        }
        let output = self.trace.pass.output();
        let u = self.weight_of_sample(self.i).map_or(1.0, |u| u.value);
        let short = self.short(j, output.delta.at(self.i, j), u);
        let terms = self.jacobian_terms(j);
        let general: f64 = terms.iter().map(|term| term.value).sum();
        let difference = (general - short.total).abs();
        Some(TwoForms {
            symbol: Symbol::neuron(Role::Delta, self.network.layers.len() + 1, j),
            short,
            jacobian: Sum::new(terms, general),
            difference,
            agrees: difference <= 1e-12,
        })
    }

    /// δ of neuron k of layer `l`, below the output; that of layer 1 has no σ′.
    pub(super) fn bp2(&self, l: usize, k: usize) -> Row {
        let (above, passes) = (l - 1, &self.trace.pass);
        let terms: Vec<Term> = passes.layers[above]
            .delta
            .row(self.i)
            .iter()
            .enumerate()
            .map(|(j, &delta)| {
                Term::of(vec![
                    Factor::new(
                        Symbol::edge(Role::Weight, l + 1, j, k),
                        self.network.layers[above].w.get(j, k),
                    ),
                    Factor::new(Symbol::neuron(Role::Delta, l + 1, j), delta),
                ])
            })
            .collect();
        let (delta, factor) = match above.checked_sub(1) {
            None => (self.delta_of_input(self.i, k), vec![]),
            Some(at) => {
                let slope = self.trace.sigma_prime(self.pool, self.network, at).at(self.i, k);
                let slope = Factor::new(Symbol::neuron(Role::SigmaPrime, l, k), slope);
                (passes.layers[at].delta.at(self.i, k), vec![slope])
            }
        };
        let sum = divided(terms, delta, factor.first().map_or(1.0, |slope| slope.value));
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
        let sum = self.over_samples(value / self.trace.scale, |i| {
            vec![
                Factor::new(Symbol::neuron(Role::Input, 1, k), self.trace.x.at(i, k)),
                Factor::new(Symbol::neuron(Role::Delta, 1, k), self.delta_of_input(i, k)),
            ]
        });
        let form = Form::Sum { sum, factor: self.mean(), added: vec![] };
        self.row(Equation::InputScale, Symbol::neuron(Role::InputScaleGradient, 1, k), value, form)
    }

    /// ∂C/∂b of neuron j of layer `l`, a term for each sample.
    pub(super) fn bp3(&self, l: usize, j: usize) -> Row {
        let at = l - 2;
        let value = self.trace.gradients.layers[at].b[j];
        let sum = self.over_samples(value / self.trace.scale, |i| {
            vec![Factor::new(Symbol::neuron(Role::Delta, l, j), self.trace.pass.layers[at].delta.at(i, j))]
        });
        let form = Form::Sum { sum, factor: self.mean(), added: vec![] };
        self.row(Equation::Bp3, Symbol::neuron(Role::BiasGradient, l, j), value, form)
    }

    /// ∂C/∂w from neuron k to neuron j of layer `l`, a term for each sample, and what regularisation adds.
    pub(super) fn bp4(&self, l: usize, j: usize, k: usize) -> Row {
        let at = l - 2;
        let value = self.trace.gradients.layers[at].w.get(j, k);
        let w = self.network.layers[at].w.get(j, k);
        let objective = self.trace.objective;
        let regularisation = |factors| Term::of(factors);
        let coefficient =
            |c: f64| Factor::new(Symbol::whole(Role::Regularisation, l), c / objective.n as f64);
        let mut added = Vec::new();
        if objective.regularisation.l2 != 0.0 {
            let weight = Factor::new(Symbol::edge(Role::Weight, l, j, k), w);
            added.push(regularisation(vec![coefficient(objective.regularisation.l2), weight]));
        }
        if objective.regularisation.l1 != 0.0 && w != 0.0 {
            added.push(regularisation(vec![coefficient(objective.regularisation.l1 * w.signum())]));
        }
        let of_batch = value - added.iter().map(|term| term.value).sum::<f64>();
        let below = self.trace.input_of(at);
        let sum = self.over_samples(of_batch / self.trace.scale, |i| {
            vec![
                Factor::new(Symbol::neuron(Role::Activation, l - 1, k), below.row(i)[k]),
                Factor::new(Symbol::neuron(Role::Delta, l, j), self.trace.pass.layers[at].delta.at(i, j)),
            ]
        });
        let form = Form::Sum { sum, factor: self.mean(), added };
        self.row(Equation::Bp4, Symbol::edge(Role::WeightGradient, l, j, k), value, form)
    }

    fn over_samples(&self, total: f64, factors: impl Fn(usize) -> Vec<Factor>) -> Sum {
        let term = |i| Term { sample: Some(self.samples[i]), ..Term::of(factors(i)) };
        Sum::new((0..self.trace.samples()).map(term).collect(), total)
    }

    /// 1/Σᵢ uᵢ, where it is not 1.
    fn mean(&self) -> Vec<Factor> {
        let mean = Factor::new(Symbol::whole(Role::Mean, 1), self.trace.scale);
        if self.trace.scale == 1.0 { vec![] } else { vec![mean] }
    }
}
