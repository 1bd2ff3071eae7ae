//! What rows are made of: names of numbers, and sums with all of their terms.

use crate::gradcheck::Parameter;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// What a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Σ y over the outputs, where the targets are no probabilities
    TargetTotal,
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
    /// 1/m
    Mean,
    /// 1/Σᵢ uᵢ, where samples count differently
    WeightedMean,
    /// λ/n
    L2,
    /// λ₁/n
    L1,
}

/// A neuron's number, from 1, or the letter of a number that a sum runs over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Index {
    /// This neuron.
    At(usize),
    /// Every neuron in turn.
    Over(Letter),
}

/// What an index that runs is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Letter {
    /// Of the neurons above.
    J,
    /// Of the neurons below.
    K,
}

impl Index {
    /// Its number, unless it runs.
    pub fn number(self) -> Option<usize> {
        match self {
            Self::At(number) => Some(number),
            Self::Over(_) => None,
        }
    }

    fn at(self, number: usize) -> Self {
        match self {
            Self::At(_) => self,
            Self::Over(_) => Self::At(number),
        }
    }
}

/// The name of a number. Layers and neurons count from 1, as in the book; the input is layer 1.
///
/// Serialised, it also has its `text`, for those who only show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Symbol {
    /// What it is.
    pub role: Role,
    /// Layer.
    pub layer: usize,
    /// Neuron of that layer.
    pub j: Option<Index>,
    /// Neuron of the layer before.
    pub k: Option<Index>,
}

impl Symbol {
    /// The name of neuron `j` of layer `l`, where l counts as in the book and j from 0.
    pub fn neuron(role: Role, l: usize, j: usize) -> Self {
        Self { role, layer: l, j: Some(Index::At(j + 1)), k: None }
    }

    /// The name of what runs from neuron `k` of the layer before to neuron `j`, both from 0.
    pub fn edge(role: Role, l: usize, j: usize, k: usize) -> Self {
        Self { role, layer: l, j: Some(Index::At(j + 1)), k: Some(Index::At(k + 1)) }
    }

    /// The name of a whole vector or matrix, or of a number that belongs to no neuron.
    pub fn whole(role: Role, l: usize) -> Self {
        Self { role, layer: l, j: None, k: None }
    }

    /// The name of a parameter.
    pub fn of(parameter: Parameter) -> Self {
        match parameter {
            Parameter::InputScale { k } => Self::neuron(Role::InputScale, 1, k),
            Parameter::Bias { l, j } => Self::neuron(Role::Bias, l, j),
            Parameter::Weight { l, j, k } => Self::edge(Role::Weight, l, j, k),
        }
    }

    /// The same of every neuron in turn.
    pub(super) fn over_j(self, letter: Letter) -> Self {
        Self { j: Some(Index::Over(letter)), ..self }
    }

    /// The same of every neuron of the layer before in turn.
    pub(super) fn over_k(self) -> Self {
        Self { k: Some(Index::Over(Letter::K)), ..self }
    }

    /// The number of its neuron, where it names one.
    pub fn neuron_number(self) -> Option<usize> {
        self.j.and_then(Index::number)
    }

    /// The number of its neuron of the layer before, where it names one.
    pub fn input_number(self) -> Option<usize> {
        self.k.and_then(Index::number)
    }

    /// What it is called where the index that runs has come to `number`.
    pub fn at(self, number: usize) -> Self {
        Self { j: self.j.map(|j| j.at(number)), k: self.k.map(|k| k.at(number)), ..self }
    }
}

impl Serialize for Symbol {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Symbol", 5)?;
        fields.serialize_field("text", &self.to_string())?;
        fields.serialize_field("role", &self.role)?;
        fields.serialize_field("layer", &self.layer)?;
        fields.serialize_field("j", &self.j)?;
        fields.serialize_field("k", &self.k)?;
        fields.end()
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
            Role::TargetTotal => write!(f, "Σy"),
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
            Role::Mean => write!(f, "1/m"),
            Role::WeightedMean => write!(f, "1/Σu"),
            Role::L2 => write!(f, "λ/n"),
            Role::L1 => write!(f, "λ₁/n"),
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
fn lowered(j: Option<Index>, k: Option<Index>) -> String {
    let long = |index: Option<Index>| matches!(index, Some(Index::At(10..)));
    let comma = if j.is_some() && k.is_some() && (long(j) || long(k)) { "," } else { "" };
    let index = |index: Option<Index>| match index {
        None => String::new(),
        Some(Index::At(number)) => digits(number, '₀'),
        Some(Index::Over(Letter::J)) => "ⱼ".to_owned(),
        Some(Index::Over(Letter::K)) => "ₖ".to_owned(),
    };
    format!("{}{comma}{}", index(j), index(k))
}

/// A named number.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
}

/// One factor of every term of a sum.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Its name, with the index that runs, if one does.
    pub symbol: Symbol,
    /// Its value in each term.
    pub values: Vec<f64>,
}

impl Series {
    pub(super) fn new(symbol: Symbol, values: impl IntoIterator<Item = f64>) -> Self {
        Self { symbol, values: values.into_iter().collect() }
    }

    pub(super) fn one(factor: Factor) -> Self {
        Self { symbol: factor.symbol, values: vec![factor.value] }
    }
}

/// Terms that are products of the same factors, a neuron or a sample each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Products {
    /// −1 where the products are subtracted.
    pub sign: f64,
    /// What is multiplied.
    pub factors: Vec<Series>,
    /// The products with their sign.
    pub values: Vec<f64>,
}

impl Products {
    pub(super) fn new(sign: f64, factors: Vec<Series>) -> Self {
        let product = |n: usize| factors.iter().map(|factor| factor.values[n]).product::<f64>();
        let values = (0..factors[0].values.len()).map(|n| sign * product(n)).collect();
        Self { sign, factors, values }
    }
}

/// A sum with every one of its terms. Their values, added from the first to the last, give the total to the last bit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sum {
    /// The terms.
    pub products: Vec<Products>,
    /// The number of each term's sample, where the sum runs over samples.
    pub samples: Option<Vec<usize>>,
    /// What they add up to.
    pub total: f64,
}

impl Sum {
    pub(super) fn of(products: Vec<Products>) -> Self {
        let mut sum = Self { products, samples: None, total: 0.0 };
        sum.total = sum.values().sum();
        sum
    }

    pub(super) fn over_samples(factors: Vec<Series>, samples: &[usize]) -> Self {
        Self { samples: Some(samples.to_vec()), ..Self::of(vec![Products::new(1.0, factors)]) }
    }

    /// Number of terms.
    pub fn len(&self) -> usize {
        self.products.iter().map(|products| products.values.len()).sum()
    }

    /// Whether there is nothing to add.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of each term.
    pub fn values(&self) -> impl Iterator<Item = f64> {
        self.products.iter().flat_map(|products| products.values.iter().copied())
    }

    /// Each term with the names of its factors.
    pub fn terms(&self) -> impl Iterator<Item = Term> {
        let term = |products: &Products, n: usize| Term {
            sign: products.sign,
            factors: products
                .factors
                .iter()
                .map(|series| Factor::new(series.symbol.at(n + 1), series.values[n]))
                .collect(),
            value: products.values[n],
            sample: self.samples.as_ref().map(|samples| samples[n]),
        };
        self.products
            .iter()
            .flat_map(move |products| (0..products.values.len()).map(move |n| term(products, n)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_their_layer_above_and_their_neurons_below() {
        let text = |symbol: Symbol| symbol.to_string();
        assert_eq!(text(Symbol::edge(Role::Weight, 3, 1, 0)), "w³₂₁");
        assert_eq!(text(Symbol::edge(Role::Weight, 12, 10, 4)), "w¹²₁₁,₅");
        assert_eq!(text(Symbol::edge(Role::Weight, 2, 12, 0).over_k()), "w²₁₃,ₖ");
        assert_eq!(text(Symbol::edge(Role::Weight, 2, 0, 12).over_j(Letter::J)), "w²ⱼ,₁₃");
        assert_eq!(text(Symbol::edge(Role::Weight, 2, 0, 2).over_j(Letter::J)), "w²ⱼ₃");
        assert_eq!(text(Symbol::edge(Role::Jacobian, 4, 3, 0).over_k()), "∂a⁴ₖ/∂z⁴₄");
        assert_eq!(text(Symbol::whole(Role::Delta, 3)), "δ³");
        let running = Symbol::edge(Role::Weight, 2, 0, 2).over_j(Letter::J);
        assert_eq!(running.at(7), Symbol::edge(Role::Weight, 2, 6, 2));
        assert_eq!((running.neuron_number(), running.input_number()), (None, Some(3)));
    }

    #[test]
    fn json_has_the_text_and_the_parts_of_a_name() {
        let symbol = Symbol::edge(Role::Weight, 2, 0, 2).over_j(Letter::J);
        let json = serde_json::to_value(symbol).unwrap();
        let expected = serde_json::json!({ "text": "w²ⱼ₃", "role": "weight", "layer": 2, "j": "j", "k": 3 });
        assert_eq!(json, expected);
        assert_eq!(serde_json::from_value::<Symbol>(json).unwrap(), symbol);
    }
}
