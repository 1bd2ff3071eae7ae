//! The four equations in component form, as plain loops over l, j and k: equal to the matrix form, and, written
//! deliberately wrong in every way that one could think of, caught by the gradient check.

// The indices are the point of the component form.
#![expect(clippy::needless_range_loop)]

use crate::common::{Numbers, Samples};
use deltarule::gradcheck::{self, Settings};
use deltarule::{Activation, Cost, Gradients, Network, Objective, Regularisation, ThreadPool, Trace};

/// A way to get the gradient wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mistake {
    None,
    ForwardBiasLeftOut,
    Bp1SignTurned,
    Bp1SigmaPrimeLeftOut,
    Bp1SigmaPrimeOfA,
    Bp1SampleWeightLeftOut,
    Bp1FactorTwo,
    Bp2IndicesSwapped,
    Bp2SigmaPrimeLeftOut,
    Bp2SigmaPrimeOfTheLayerAbove,
    Bp2WeightsOfItsOwnLayer,
    Bp2LastNeuronLeftOut,
    Bp3MeanLeftOut,
    Bp3MeanOverSamplesNotWeights,
    Bp3FirstSampleOnly,
    Bp4MeanLeftOut,
    Bp4IndicesSwapped,
    Bp4ZInsteadOfA,
    Bp4ActivationsOfTheLayerItself,
    Bp4FirstSampleOnly,
    RegularisationLeftOut,
    RegularisationNotOverN,
    RegularisationOfBiases,
    RegularisationDoubled,
}

const MISTAKES: [Mistake; 23] = [
    Mistake::ForwardBiasLeftOut,
    Mistake::Bp1SignTurned,
    Mistake::Bp1SigmaPrimeLeftOut,
    Mistake::Bp1SigmaPrimeOfA,
    Mistake::Bp1SampleWeightLeftOut,
    Mistake::Bp1FactorTwo,
    Mistake::Bp2IndicesSwapped,
    Mistake::Bp2SigmaPrimeLeftOut,
    Mistake::Bp2SigmaPrimeOfTheLayerAbove,
    Mistake::Bp2WeightsOfItsOwnLayer,
    Mistake::Bp2LastNeuronLeftOut,
    Mistake::Bp3MeanLeftOut,
    Mistake::Bp3MeanOverSamplesNotWeights,
    Mistake::Bp3FirstSampleOnly,
    Mistake::Bp4MeanLeftOut,
    Mistake::Bp4IndicesSwapped,
    Mistake::Bp4ZInsteadOfA,
    Mistake::Bp4ActivationsOfTheLayerItself,
    Mistake::Bp4FirstSampleOnly,
    Mistake::RegularisationLeftOut,
    Mistake::RegularisationNotOverN,
    Mistake::RegularisationOfBiases,
    Mistake::RegularisationDoubled,
];

fn sigma(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

fn sigma_prime(z: f64) -> f64 {
    sigma(z) * (1.0 - sigma(z))
}

/// ∂C/∂w and ∂C/∂b of the quadratic cost of a sigmoid network, component by component.
fn component_form(
    network: &Network<f64>,
    samples: &Samples,
    regularisation: Regularisation,
    n: usize,
    mistake: Mistake,
) -> Gradients<f64> {
    use Mistake::*;
    let layers = &network.layers;
    let (depth, m) = (layers.len(), samples.x.rows());
    let u = |i: usize| samples.weights.as_ref().map_or(1.0, |u| u[i]);
    let total: f64 = (0..m).map(u).sum();
    let mut gradients = Gradients::zeros(network);
    for i in 0..m {
        let (x, y) = (samples.x.row(i), samples.y.row(i));

        // zˡⱼ = bˡⱼ + Σₖ wˡⱼₖ aˡ⁻¹ₖ, aˡⱼ = σ(zˡⱼ)
        let (mut z, mut a) = (vec![x.to_vec()], vec![x.to_vec()]);
        for (l, layer) in layers.iter().enumerate() {
            let mut z_l = vec![];
            for j in 0..layer.outputs() {
                let mut sum = if mistake == ForwardBiasLeftOut { 0.0 } else { layer.b[j] };
                for (k, a_k) in a[l].iter().enumerate() {
                    sum += layer.w.get(j, k) * a_k;
                }
                z_l.push(sum);
            }
            a.push(z_l.iter().map(|&z| sigma(z)).collect());
            z.push(z_l);
        }

        // BP1: δᴸⱼ = ∂C/∂aᴸⱼ σ′(zᴸⱼ)
        let mut delta = vec![vec![]; depth + 1];
        for j in 0..network.outputs() {
            let slope = match mistake {
                Bp1SignTurned => y[j] - a[depth][j],
                Bp1FactorTwo => 2.0 * (a[depth][j] - y[j]),
                _ => a[depth][j] - y[j],
            };
            let prime = match mistake {
                Bp1SigmaPrimeLeftOut => 1.0,
                Bp1SigmaPrimeOfA => sigma_prime(a[depth][j]),
                _ => sigma_prime(z[depth][j]),
            };
            let weight = if mistake == Bp1SampleWeightLeftOut { 1.0 } else { u(i) };
            delta[depth].push(weight * slope * prime);
        }

        // BP2: δˡₖ = Σⱼ wˡ⁺¹ⱼₖ δˡ⁺¹ⱼ σ′(zˡₖ)
        for l in (1..depth).rev() {
            for k in 0..layers[l].inputs() {
                let above = match mistake {
                    Bp2WeightsOfItsOwnLayer => &layers[l - 1].w,
                    _ => &layers[l].w,
                };
                let neurons = layers[l].outputs() - usize::from(mistake == Bp2LastNeuronLeftOut);
                let mut sum = 0.0;
                for j in 0..neurons {
                    let w = if mistake == Bp2IndicesSwapped { above.get(k, j) } else { above.get(j, k) };
                    sum += w * delta[l + 1][j];
                }
                let prime = match mistake {
                    Bp2SigmaPrimeLeftOut => 1.0,
                    Bp2SigmaPrimeOfTheLayerAbove => sigma_prime(z[l + 1][k]),
                    _ => sigma_prime(z[l][k]),
                };
                delta[l].push(sum * prime);
            }
        }

        for (l, gradient) in gradients.layers.iter_mut().enumerate() {
            for j in 0..layers[l].outputs() {
                // BP3: ∂C/∂bˡⱼ = δˡⱼ, the mean over the batch
                let share = match mistake {
                    Bp3MeanLeftOut => 1.0,
                    Bp3MeanOverSamplesNotWeights => 1.0 / m as f64,
                    Bp3FirstSampleOnly if i > 0 => 0.0,
                    _ => 1.0 / total,
                };
                gradient.b[j] += share * delta[l + 1][j];
                // BP4: ∂C/∂wˡⱼₖ = aˡ⁻¹ₖ δˡⱼ, the mean over the batch
                for k in 0..layers[l].inputs() {
                    let term = match mistake {
                        Bp4IndicesSwapped => a[l][j] * delta[l + 1][k],
                        Bp4ZInsteadOfA if l > 0 => z[l][k] * delta[l + 1][j],
                        Bp4ActivationsOfTheLayerItself => a[l + 1][k] * delta[l + 1][j],
                        _ => a[l][k] * delta[l + 1][j],
                    };
                    let share = match mistake {
                        Bp4MeanLeftOut => 1.0,
                        Bp4FirstSampleOnly if i > 0 => 0.0,
                        _ => 1.0 / total,
                    };
                    gradient.w.set(j, k, gradient.w.get(j, k) + share * term);
                }
            }
        }
    }

    let n = if mistake == RegularisationNotOverN { 1.0 } else { n as f64 };
    let factor = match mistake {
        RegularisationLeftOut => 0.0,
        RegularisationDoubled => 2.0,
        _ => 1.0,
    };
    let added = |w: f64| factor * (regularisation.l2 * w + regularisation.l1 * w.signum()) / n;
    for (layer, gradient) in layers.iter().zip(&mut gradients.layers) {
        for j in 0..layer.outputs() {
            if mistake == RegularisationOfBiases {
                gradient.b[j] += added(layer.b[j]);
            }
            for k in 0..layer.inputs() {
                gradient.w.set(j, k, gradient.w.get(j, k) + added(layer.w.get(j, k)));
            }
        }
    }
    gradients
}

/// All layers three wide, so that no swapped index leaves its range.
fn problem() -> (Network<f64>, Samples, Objective) {
    let mut numbers = Numbers::new(11);
    let network = numbers.network(&[3, 3, 3, 3], Activation::Sigmoid, Activation::Sigmoid);
    let weights = Some((0..4).map(|_| 0.5 + numbers.normal().abs()).collect());
    let samples = Samples { x: numbers.matrix(4, 3), y: numbers.matrix(4, 3), weights };
    let regularisation = Regularisation { l2: 0.4, l1: 0.1, weight_decay: 0.0 };
    (network, samples, Objective { cost: Cost::Quadratic, regularisation, n: 20 })
}

#[test]
fn component_form_equals_matrix_form() {
    let (network, samples, objective) = problem();
    let trace = Trace::of(&ThreadPool::single(), &network, objective, &samples.batch()).unwrap();
    let component = component_form(&network, &samples, objective.regularisation, objective.n, Mistake::None);
    for (matrix, component) in trace.gradients.layers.iter().zip(&component.layers) {
        let matrix = matrix.w.iter().chain(matrix.b.iter().copied());
        for (a, b) in matrix.zip(component.w.iter().chain(component.b.iter().copied())) {
            assert!((a - b).abs() <= 1e-15, "{a} {b}");
        }
    }
}

#[test]
fn every_mistake_turns_the_gradient_check_red() {
    let (network, samples, objective) = problem();
    let pool = ThreadPool::single();
    let trace = Trace::of(&pool, &network, objective, &samples.batch()).unwrap();
    let check = |mistake| {
        let gradients = component_form(&network, &samples, objective.regularisation, objective.n, mistake);
        gradcheck::check_gradients(&pool, &network, &trace, &gradients, &Settings::default()).unwrap()
    };
    let right = check(Mistake::None);
    assert!(right.passed() && right.worst() < 1e-9, "{:?}", right.checks[0]);
    for mistake in MISTAKES {
        let report = check(mistake);
        assert!(!report.passed(), "{mistake:?} went unseen");
        assert!(report.checks[0].relative_error > 1e-3, "{mistake:?}: {:?}", report.checks[0]);
    }
}

#[test]
fn a_single_wrong_number_among_all_is_found_and_comes_first() {
    let (network, samples, objective) = problem();
    let pool = ThreadPool::single();
    let trace = Trace::of(&pool, &network, objective, &samples.batch()).unwrap();
    let mut gradients = trace.gradients.clone();
    let right = gradients.layers[1].w.get(2, 0);
    gradients.layers[1].w.set(2, 0, right * (1.0 + 1e-6));
    let report =
        gradcheck::check_gradients(&pool, &network, &trace, &gradients, &Settings::default()).unwrap();
    assert_eq!(report.checks[0].parameter, gradcheck::Parameter::Weight { l: 3, j: 2, k: 0 });
    assert_eq!(report.layers.iter().map(|layer| layer.counts.wrong).collect::<Vec<_>>(), [0, 1, 0]);
    assert!((report.worst() - 1e-6).abs() < 1e-8);
}

#[test]
fn a_gradient_that_is_not_a_number_is_wrong() {
    let (network, samples, objective) = problem();
    let pool = ThreadPool::single();
    let trace = Trace::of(&pool, &network, objective, &samples.batch()).unwrap();
    let mut gradients = trace.gradients.clone();
    gradients.layers[0].b[1] = f64::NAN;
    let report =
        gradcheck::check_gradients(&pool, &network, &trace, &gradients, &Settings::default()).unwrap();
    assert!(!report.passed());
    assert_eq!(report.checks[0].parameter, gradcheck::Parameter::Bias { l: 2, j: 1 });
}
