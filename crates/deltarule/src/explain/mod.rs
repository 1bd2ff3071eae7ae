//! One pass explained, number by number: where each comes from, and whether a central difference agrees.
//!
//! An [`Explanation`] only reads a [`Trace`] and asks the [gradient check](crate::gradcheck); it is data, for the
//! program and for others to show. Layers and neurons count from 1 in it, as in the book: layer 1 is the input.

mod matrix;
mod overview;
mod rows;
mod step;
mod terms;

pub use matrix::{Added, MatrixRow, View};
pub use overview::{LargeGradient, LayerStats, Output};
pub use rows::{Form, Row, TwoForms};
pub use step::ParameterUpdate;
pub use terms::{Factor, Index, Letter, Products, Role, Series, Sum, Symbol, Term};

use crate::activation::Activation;
use crate::batches::Batch;
use crate::cost::Cost;
use crate::error::{Error, Result};
use crate::gradcheck::{Differences, Parameter};
use crate::network::Network;
use crate::objective::Regularisation;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::trace::Trace;
use crate::train::TrainingState;
use deltarule_kernels::{Rows, ThreadPool};
use rows::Maker;
use serde::{Deserialize, Serialize};
use step::NextStep;

/// Which equation a number belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Equation {
    /// a¹ = s ⊙ x, with a learned input scale
    ScaledInput,
    /// zˡ = wˡ aˡ⁻¹ + bˡ
    WeightedInput,
    /// aˡ = σ(zˡ)
    Activation,
    /// δᴸ = ∇ₐC ⊙ σ′(zᴸ)
    Bp1,
    /// δˡ = ((wˡ⁺¹)ᵀ δˡ⁺¹) ⊙ σ′(zˡ)
    Bp2,
    /// ∂C/∂b = δ
    Bp3,
    /// ∂C/∂w = a δ
    Bp4,
    /// ∂C/∂s = x δ¹, which is BP4 of the learned input scale
    InputScale,
}

/// Where a number belongs: names it in the terminal, in JSON and in a link alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The run.
    pub run: String,
    /// The step of training after which the network was as it is here, where that is known.
    pub step: Option<u64>,
    /// Number of the sample; none where the number is of the whole batch.
    pub sample: Option<usize>,
    /// Layer.
    pub layer: usize,
    /// Neuron j of that layer.
    pub neuron: Option<usize>,
    /// Neuron k of the layer before.
    pub input: Option<usize>,
    /// Equation.
    pub equation: Equation,
}

/// What is to be explained. Numbers count from 1, samples as their data set has them.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The run's name.
    pub run: String,
    /// How far the training was when the network was as it is here, where that is known; with a state its own is taken.
    pub progress: Option<Progress>,
    /// The number of each traced sample.
    pub samples: Vec<usize>,
    /// Which of the traced samples has its z, a and δ shown; the first is 0.
    pub shown: usize,
    /// Only this layer; 1 is the learned input scale.
    pub layer: Option<usize>,
    /// Only this neuron of each layer shown.
    pub neuron: Option<usize>,
    /// Only this weight (j, k) of each layer shown.
    pub weight: Option<(usize, usize)>,
    /// The plan of the training, for the step that its optimizer would take first, at the plan's η and with running
    /// values of 0.
    pub plan: Option<Plan>,
    /// The training that the network is from, for the step that its optimizer would really take next.
    pub state: Option<TrainingState<f64>>,
    /// How much of a large network.
    pub extent: Extent,
}

/// How much of a large network is explained where neither a layer nor a neuron is asked for. Of each number that is
/// explained all terms are there: how many to show is for the one who shows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Layers with up to this many neurons are explained whole; of others the neuron with the largest error, and of
    /// its weights the one with the largest gradient.
    pub whole: usize,
    /// How many of the most wrong outputs, and of the weights with the largest gradient.
    pub most: usize,
    /// How many rows and columns of each matrix.
    pub corner: usize,
}

impl Default for Extent {
    /// 4 neurons, 8 outputs and weights, 8 rows and columns.
    fn default() -> Self {
        Self { whole: 4, most: 8, corner: 8 }
    }
}

/// A small change of z, what δ says it changes the cost by, and what it does.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Push {
    /// Δz
    pub dz: f64,
    /// δ Δz
    pub predicted: f64,
    /// C(z + Δz) − C(z)
    pub actual: f64,
}

/// The picture of δ: what happens to the sample's own cost when z of a neuron is moved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// δ of the neuron, without the sample's weight.
    pub delta: Factor,
    /// Smaller and smaller changes.
    pub pushes: Vec<Push>,
}

/// δ of one neuron for each sample, and the mean that the update uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BatchView {
    /// δ of the neuron.
    pub symbol: Symbol,
    /// δ of each sample, times what the sample counts.
    pub each: Vec<f64>,
    /// Their sum over Σᵢ uᵢ, which is ∂C/∂b.
    pub mean: f64,
}

/// A pass with all that there is to say about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// The run's name.
    pub run: String,
    /// The epochs of training after which the network was as it is here, where that is known: a fraction within one.
    pub epoch: Option<f64>,
    /// The steps.
    pub step: Option<u64>,
    /// The numbers of the samples.
    pub samples: Vec<usize>,
    /// Neurons of each layer, input first.
    pub widths: Vec<usize>,
    /// σ of each layer after the input.
    pub activations: Vec<Activation>,
    /// Number of weights, biases and input factors.
    pub parameters: usize,
    /// C of a sample.
    pub cost: Cost,
    /// What is added to its mean.
    pub regularisation: Regularisation,
    /// C of each sample.
    pub costs: Vec<f64>,
    /// Their mean.
    pub mean_cost: f64,
    /// What regularisation adds.
    pub penalty: f64,
    /// How the error fades or grows from layer to layer, from the first hidden one to the output.
    pub layers: Vec<LayerStats>,
    /// The outputs that are most wrong.
    pub most_wrong: Vec<Output>,
    /// The weights with the largest gradient.
    pub largest_gradients: Vec<LargeGradient>,
    /// The equations in component form: forward upwards, BP1 and BP2 downwards, BP3 and BP4.
    pub component: Vec<Row>,
    /// The equations in matrix form.
    pub matrix: Vec<MatrixRow>,
    /// BP1 in both of its forms, where it has a short one.
    pub two_forms: Vec<TwoForms>,
    /// What moving z does; nothing where the cost is not finite.
    pub pictures: Vec<Picture>,
    /// δ sample by sample, where there are several.
    pub batch: Vec<BatchView>,
}

/// Explains a trace of this network.
///
/// # Errors
/// Where the request names a layer, a neuron or a weight that does not exist.
pub fn explain(
    pool: &ThreadPool,
    network: &Network<f64>,
    trace: &Trace<f64>,
    request: &Request,
) -> Result<Explanation> {
    if request.samples.len() != trace.samples() || request.shown >= trace.samples() {
        return Err(Error::shape("samples to explain", trace.samples(), request.samples.len()));
    }
    let i = request.shown;
    let progress = request.state.as_ref().map(TrainingState::progress).or(request.progress);
    let layers = layers(network, request)?;
    let mut shown = Vec::new();
    for &l in &layers {
        shown.push((l, neurons(network, trace, request, l)?));
    }
    let cursor = Cursor {
        run: request.run.clone(),
        step: progress.map(|progress| progress.steps),
        sample: Some(request.samples[i]),
        layer: 1,
        neuron: None,
        input: None,
        equation: Equation::WeightedInput,
    };
    let maker = Maker { pool, network, trace, samples: &request.samples, i, cursor };
    let last = network.layers.len() + 1;
    let mut component = Vec::new();
    for (l, neurons) in &shown {
        component.extend(neurons.iter().flat_map(|&j| maker.forward(*l, j)));
    }
    for (l, neurons) in shown.iter().rev() {
        let delta = |&j: &usize| if *l == last { maker.bp1(j) } else { maker.bp2(*l, j) };
        component.extend(neurons.iter().map(delta));
    }
    let mut checker = Checker {
        differences: differences(pool, network, trace)?,
        next_step: request
            .plan
            .as_ref()
            .map(|plan| NextStep::new(pool, network, trace, plan, request.state.as_ref()))
            .transpose()?,
    };
    for (l, neurons) in &shown {
        if *l == 1 {
            component.extend(
                neurons.iter().map(|&k| checker.checked(maker.input_scale(k), Parameter::InputScale { k })),
            );
            continue;
        }
        for &j in neurons {
            component.push(checker.checked(maker.bp3(*l, j), Parameter::Bias { l: *l, j }));
        }
        for &j in neurons {
            for k in inputs(network, trace, request, *l, j)? {
                component.push(checker.checked(maker.bp4(*l, j, k), Parameter::Weight { l: *l, j, k }));
            }
        }
    }

    // The learned input scale has neither z nor b of its own.
    let neurons: Vec<(usize, usize)> = shown
        .iter()
        .filter(|(l, _)| *l > 1)
        .flat_map(|(l, neurons)| neurons.iter().map(|&j| (*l - 2, j)))
        .collect();
    let outputs = neurons.iter().filter(|(at, _)| at + 2 == last);
    Ok(Explanation {
        run: request.run.clone(),
        epoch: progress.map(Progress::epoch),
        step: progress.map(|progress| progress.steps),
        samples: request.samples.clone(),
        widths: network.widths(),
        activations: network.layers.iter().map(|layer| layer.activation).collect(),
        parameters: network.parameters(),
        cost: trace.objective.cost,
        regularisation: trace.objective.regularisation,
        costs: trace.costs.clone(),
        mean_cost: trace.mean_cost,
        penalty: trace.penalty,
        layers: overview::layers(pool, network, trace),
        most_wrong: overview::most_wrong(trace, &request.samples, request.extent.most),
        largest_gradients: overview::largest_gradients(network, trace, request.extent.most),
        two_forms: outputs.filter_map(|&(_, j)| maker.two_forms(j)).collect(),
        pictures: pictures(pool, network, trace, i, &neurons)?,
        batch: if trace.samples() > 1 {
            neurons.iter().map(|&at| batch_view(trace, at)).collect()
        } else {
            vec![]
        },
        matrix: matrix::rows(pool, network, trace, &layers, &maker.cursor, request.extent.corner),
        component,
    })
}

/// Takes differences of a cost, if it is a finite number.
fn differences<'a>(
    pool: &'a ThreadPool,
    network: &Network<f64>,
    trace: &'a Trace<f64>,
) -> Result<Option<Differences<'a>>> {
    trace.cost().is_finite().then(|| Differences::new(pool, network, trace)).transpose()
}

/// What gives a row its central difference and the optimizer's step.
struct Checker<'a> {
    /// None where the cost is not finite.
    differences: Option<Differences<'a>>,
    next_step: Option<NextStep<'a>>,
}

impl Checker<'_> {
    fn checked(&mut self, row: Row, parameter: Parameter) -> Row {
        let check = self.differences.as_mut().map(|of| of.check::<f64>(parameter, row.value, None));
        let step = self.next_step.as_ref().map(|next| next.of(parameter));
        Row { check, step, ..row }
    }
}

/// The numbers of the layers to show.
fn layers(network: &Network<f64>, request: &Request) -> Result<Vec<usize>> {
    let last = network.layers.len() + 1;
    let first = if network.input_scale.is_some() { 1 } else { 2 };
    match (request.layer, request.weight) {
        (None, None) => Ok((first..=last).collect()),
        (None, Some(_)) => Ok((2..=last).collect()),
        (Some(1), Some((j, k))) if first == 1 => Err(Error::setting(
            "weight",
            "none of layer 1, which has a factor for each input",
            format!("{j},{k}"),
        )),
        (Some(l), _) if (first..=last).contains(&l) => Ok(vec![l]),
        (Some(l), _) => {
            let error = Error::setting("layer", format!("a layer from {first} to {last}"), l);
            let plain = first == 2;
            Err(if plain { error.with_hint("layer 1 is the input, which has no weights") } else { error })
        }
    }
}

/// The neurons of layer `l` to show, from 0.
fn neurons(network: &Network<f64>, trace: &Trace<f64>, request: &Request, l: usize) -> Result<Vec<usize>> {
    let width = network.widths()[l - 1];
    match request.weight.map(|(j, _)| j).or(request.neuron) {
        Some(j) if (1..=width).contains(&j) => Ok(vec![j - 1]),
        Some(j) => Err(Error::setting("neuron", format!("a neuron from 1 to {width} of layer {l}"), j)),
        None if width <= request.extent.whole => Ok((0..width).collect()),
        None if l == 1 => Ok(vec![largest(trace.gradients.input_scale.iter().flatten().copied())]),
        None => Ok(vec![largest(trace.pass.layers[l - 2].delta.row(request.shown).iter().copied())]),
    }
}

/// The inputs k of neuron `j` of layer `l` whose weights to show, from 0.
fn inputs(
    network: &Network<f64>,
    trace: &Trace<f64>,
    request: &Request,
    l: usize,
    j: usize,
) -> Result<Vec<usize>> {
    let width = network.layers[l - 2].inputs();
    match request.weight {
        Some((_, k)) if (1..=width).contains(&k) => Ok(vec![k - 1]),
        Some((_, k)) => Err(Error::setting("weight", format!("an input from 1 to {width} of layer {l}"), k)),
        None if width <= request.extent.whole => Ok((0..width).collect()),
        None => Ok(vec![largest((0..width).map(|k| trace.gradients.layers[l - 2].w.get(j, k)))]),
    }
}

/// Index of the largest magnitude.
fn largest(values: impl Iterator<Item = f64>) -> usize {
    let best = values.enumerate().max_by(|(_, a), (_, b)| a.abs().total_cmp(&b.abs()));
    best.map_or(0, |(index, _)| index)
}

/// Moving b moves z, and in a trace of one sample it moves nothing else.
fn pictures(
    pool: &ThreadPool,
    network: &Network<f64>,
    trace: &Trace<f64>,
    i: usize,
    neurons: &[(usize, usize)],
) -> Result<Vec<Picture>> {
    let alone = Batch::new(Rows::range(&trace.x, i..i + 1), Rows::range(&trace.y, i..i + 1));
    let alone = Trace::of(pool, network, trace.objective.cost, &alone)?;
    let Some(mut differences) = differences(pool, network, &alone)? else { return Ok(Vec::new()) };
    let picture = |&(at, j): &(usize, usize)| {
        let delta = Factor::new(Symbol::neuron(Role::Delta, at + 2, j), alone.pass.layers[at].delta.at(0, j));
        let push = |dz| Push {
            dz,
            predicted: delta.value * dz,
            actual: differences.change(Parameter::Bias { l: at + 2, j }, dz),
        };
        Picture { delta, pushes: [0.1, 0.01, 0.001].map(push).to_vec() }
    };
    Ok(neurons.iter().map(picture).collect())
}

fn batch_view(trace: &Trace<f64>, (at, j): (usize, usize)) -> BatchView {
    let delta = &trace.pass.layers[at].delta;
    BatchView {
        symbol: Symbol::neuron(Role::Delta, at + 2, j),
        each: (0..delta.rows()).map(|i| delta.at(i, j)).collect(),
        mean: trace.gradients.layers[at].b[j],
    }
}
