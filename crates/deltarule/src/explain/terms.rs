//! What rows are made of: names of numbers, and sums whose terms are shown.

use serde::Serialize;
use std::fmt;

/// What a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// x, where a learned input scale makes a¹ of it
    Input,
    /// a; that of layer 1 is x
    Activation,
    /// z
    WeightedInput,
    /// w
    Weight,
    /// sign(w)
    WeightSign,
    /// b
    Bias,
    /// sₖ of the learned input scale
    InputScale,
    /// y, or t with label smoothing
    Target,
    /// δ
    Delta,
    /// σ′(z)
    SigmaPrime,
    /// ∂C/∂a
    CostSlope,
    /// ∂aₖ/∂zⱼ of the output
    Jacobian,
    /// ∂C/∂w
    WeightGradient,
    /// ∂C/∂b
    BiasGradient,
    /// ∂C/∂s
    InputScaleGradient,
    /// uᵢ, what a sample counts
    SampleWeight,
    /// 1/Σᵢ uᵢ
    Mean,
    /// λ/n and λ₁/n · sign(w)
    Regularisation,
}

/// The name of a number. Layers and neurons count from 1, as in the book; the input is layer 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Symbol {
    /// What it is.
    pub role: Role,
    /// Layer.
    pub layer: usize,
    /// Neuron of that layer.
    pub j: Option<usize>,
    /// Neuron of the layer before.
    pub k: Option<usize>,
}

impl Symbol {
    /// The name of neuron `j` of layer `l`, where l counts as in the book and j from 0.
    pub(super) fn neuron(role: Role, l: usize, j: usize) -> Self {
        Self { role, layer: l, j: Some(j + 1), k: None }
    }

    /// The name of what runs from neuron `k` of the layer before to neuron `j`, both from 0.
    pub(super) fn edge(role: Role, l: usize, j: usize, k: usize) -> Self {
        Self { role, layer: l, j: Some(j + 1), k: Some(k + 1) }
    }

    /// The name of a whole vector or matrix, or of a number that belongs to no neuron.
    pub(super) fn whole(role: Role, l: usize) -> Self {
        Self { role, layer: l, j: None, k: None }
    }
}

/// `w³₂₁`: layer above, neurons below.
impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (layer, indices) = (raised(self.layer), lowered(self.j, self.k));
        match self.role {
            Role::Input => write!(f, "x{indices}"),
            Role::Activation => write!(f, "a{layer}{indices}"),
            Role::WeightedInput => write!(f, "z{layer}{indices}"),
            Role::Weight => write!(f, "w{layer}{indices}"),
            Role::WeightSign => write!(f, "sign(w{layer}{indices})"),
            Role::Bias => write!(f, "b{layer}{indices}"),
            Role::InputScale => write!(f, "s{indices}"),
            Role::Target => write!(f, "y{indices}"),
            Role::Delta => write!(f, "δ{layer}{indices}"),
            Role::SigmaPrime => write!(f, "σ′(z{layer}{indices})"),
            Role::CostSlope => write!(f, "∂C/∂a{layer}{indices}"),
            Role::Jacobian => {
                let (z, a) = (lowered(self.j, None), lowered(self.k, None));
                write!(f, "∂a{layer}{a}/∂z{layer}{z}")
            }
            Role::WeightGradient => write!(f, "∂C/∂w{layer}{indices}"),
            Role::BiasGradient => write!(f, "∂C/∂b{layer}{indices}"),
            Role::InputScaleGradient => write!(f, "∂C/∂s{indices}"),
            Role::SampleWeight => write!(f, "u{indices}"),
            Role::Mean => write!(f, "1/Σu"),
            Role::Regularisation => write!(f, "λ/n"),
        }
    }
}

fn digits(number: usize, zero: char) -> String {
    let digit = |d: char| char::from_u32(zero as u32 + d as u32 - '0' as u32).unwrap_or(d);
    number.to_string().chars().map(digit).collect()
}

/// The superscripts 1, 2 and 3 are older than the others and lie elsewhere in Unicode.
fn raised(number: usize) -> String {
    digits(number, '⁰').replace('\u{2071}', "¹").replace('\u{2072}', "²").replace('\u{2073}', "³")
}

/// Two indices stand together while each is a single digit.
fn lowered(j: Option<usize>, k: Option<usize>) -> String {
    let comma = if j.is_some() && k.is_some() && j.max(k) > Some(9) { "," } else { "" };
    let index = |i: Option<usize>| i.map_or(String::new(), |i| digits(i, '₀'));
    format!("{}{comma}{}", index(j), index(k))
}

/// A named number.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Factor {
    /// Its name.
    pub symbol: Symbol,
    /// Its value.
    pub value: f64,
}

impl Factor {
    pub(super) fn new(symbol: Symbol, value: f64) -> Self {
        Self { symbol, value }
    }
}

/// One term of a sum: a signed product of named numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Term {
    /// −1 where the product is subtracted.
    pub sign: f64,
    /// What is multiplied.
    pub factors: Vec<Factor>,
    /// The product with its sign.
    pub value: f64,
    /// Number of the sample, where the sum runs over samples.
    pub sample: Option<usize>,
}

impl Term {
    pub(super) fn of(factors: Vec<Factor>) -> Self {
        let value = factors.iter().map(|factor| factor.value).product();
        Self { sign: 1.0, factors, value, sample: None }
    }

    pub(super) fn minus(factor: Factor) -> Self {
        Self { sign: -1.0, value: -factor.value, factors: vec![factor], sample: None }
    }
}

/// What is not shown of a sum.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rest {
    /// How many terms; 0 where all are shown and this is only what rounding leaves.
    pub count: usize,
    /// Their sum.
    pub value: f64,
}

/// A sum of which the largest terms are shown. The shown terms, added from the first to the last, and then the rest, give
/// exactly the total.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sum {
    /// The largest terms by magnitude, in the order in which they are added.
    pub terms: Vec<Term>,
    /// The others.
    pub rest: Option<Rest>,
    /// What the engine computed.
    pub total: f64,
}

impl Sum {
    /// How many terms of a sum are shown.
    pub const SHOWN: usize = 8;

    /// The sum of these terms, which the engine found to be `total`.
    pub(super) fn new(mut terms: Vec<Term>, total: f64) -> Self {
        let hidden = terms.len().saturating_sub(Self::SHOWN);
        if hidden > 0 {
            let mut by_size: Vec<usize> = (0..terms.len()).collect();
            by_size.sort_by(|&i, &j| terms[j].value.abs().total_cmp(&terms[i].value.abs()));
            let mut shown = by_size[..Self::SHOWN].to_vec();
            shown.sort_unstable();
            terms = shown.into_iter().map(|i| terms[i].clone()).collect();
        }
        let partial: f64 = terms.iter().map(|term| term.value).sum();
        let mut rest = total - partial;
        // The difference is rounded: a step of the last digit may be missing.
        for candidate in [rest, rest.next_up(), rest.next_down()] {
            if partial + candidate == total {
                rest = candidate;
                break;
            }
        }
        let rest = (hidden > 0 || rest != 0.0).then_some(Rest { count: hidden, value: rest });
        Self { terms, rest, total }
    }
}
