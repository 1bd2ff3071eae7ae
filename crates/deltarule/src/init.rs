//! Initial weights.
//!
//! They are drawn in f64 whatever the network's own numbers are, so that a network in f32 starts from the same weights as
//! one in f64, rounded; and each weight's number depends on the seed, the layer and its place alone.

use crate::random::{Purpose, Random};
use crate::real::Real;
use crate::variants;
use deltarule_kernels::Panels;

variants! {
    /// The distribution of a layer's initial weights, for n inputs and m outputs. N(μ, v) has variance v; U(±r) is even
    /// between −r and r.
    #[derive(Eq)]
    pub enum Init: "initialisation" {
        /// N(0, 1), biases too: the book's first
        Normal = "normal", "N(0, 1), 편향도: 책의 첫 방법";
        /// N(0, 1/n), biases N(0, 1): the book's better one
        ScaledNormal = "scaled-normal", "N(0, 1/n), 편향은 N(0, 1): 책의 더 나은 방법";
        /// N(0, 2/(n + m)), biases 0 (Glorot and Bengio, 2010)
        GlorotNormal = "glorot-normal", "N(0, 2/(n + m)), 편향 0 (Glorot와 Bengio, 2010)";
        /// U(±√(6/(n + m))), biases 0 (Glorot and Bengio, 2010)
        GlorotUniform = "glorot-uniform", "U(±√(6/(n + m))), 편향 0 (Glorot와 Bengio, 2010)";
        /// N(0, 2/n), biases 0 (He, Zhang, Ren and Sun, 2015)
        HeNormal = "he-normal", "N(0, 2/n), 편향 0 (He 외, 2015)";
        /// U(±√(6/n)), biases 0 (He, Zhang, Ren and Sun, 2015)
        HeUniform = "he-uniform", "U(±√(6/n)), 편향 0 (He 외, 2015)";
        /// N(0, 1/n), biases 0 (LeCun, Bottou, Orr and Müller, 1998)
        LecunNormal = "lecun-normal", "N(0, 1/n), 편향 0 (LeCun 외, 1998)";
        /// U(±√(3/n)), biases 0 (LeCun, Bottou, Orr and Müller, 1998)
        LecunUniform = "lecun-uniform", "U(±√(3/n)), 편향 0 (LeCun 외, 1998)";
        /// Weights and biases 0: only where no symmetry has to be broken, as in the last layer
        Zero = "zero", "가중치와 편향 0: 마지막 층처럼 대칭을 깰 필요가 없는 곳에만";
    }
}

/// The shape that random numbers are brought to: times a standard deviation, or to a range.
enum Spread {
    Normal(f64),
    Uniform(f64),
}

impl Init {
    /// The weights of layer `layer` (1 is the first with weights), from `inputs` to `outputs` neurons.
    pub fn weights<T: Real>(self, outputs: usize, inputs: usize, seed: u64, layer: usize) -> Panels<T> {
        let (n, m) = (inputs as f64, outputs as f64);
        let spread = match self {
            Self::Normal => Spread::Normal(1.0),
            Self::ScaledNormal | Self::LecunNormal => Spread::Normal((1.0 / n).sqrt()),
            Self::GlorotNormal => Spread::Normal((2.0 / (n + m)).sqrt()),
            Self::GlorotUniform => Spread::Uniform((6.0 / (n + m)).sqrt()),
            Self::HeNormal => Spread::Normal((2.0 / n).sqrt()),
            Self::HeUniform => Spread::Uniform((6.0 / n).sqrt()),
            Self::LecunUniform => Spread::Uniform((3.0 / n).sqrt()),
            Self::Zero => return Panels::zeros(outputs, inputs),
        };
        let random = Random::new(seed, Purpose::Weights, layer as u32);
        match spread {
            Spread::Normal(deviation) => {
                let mut normals = random.normals();
                Panels::from_fn(outputs, inputs, |_, _| {
                    T::from_f64(deviation * normals.next().expect("normals do not end"))
                })
            }
            Spread::Uniform(range) => Panels::from_fn(outputs, inputs, |j, k| {
                T::from_f64(range * (2.0 * random.uniform((j * inputs + k) as u64) - 1.0))
            }),
        }
    }

    /// The biases of layer `layer`.
    pub fn biases<T: Real>(self, outputs: usize, seed: u64, layer: usize) -> Vec<T> {
        match self {
            Self::Normal | Self::ScaledNormal => {
                let random = Random::new(seed, Purpose::Biases, layer as u32);
                random.normals().take(outputs).map(T::from_f64).collect()
            }
            _ => vec![T::ZERO; outputs],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean, variance and largest magnitude of 300 × 200 weights (n = 200 inputs).
    fn moments(init: Init) -> (f64, f64, f64) {
        let w = init.weights::<f64>(300, 200, 4, 1);
        let count = 60_000.0;
        let mean = w.iter().sum::<f64>() / count;
        let variance = w.iter().map(|w| (w - mean) * (w - mean)).sum::<f64>() / count;
        (mean, variance, w.iter().map(f64::abs).fold(0.0, f64::max))
    }

    #[test]
    fn weights_have_the_variance_and_range_of_their_distribution() {
        let (n, m) = (200.0, 300.0);
        let cases = [
            (Init::Normal, 1.0, f64::INFINITY),
            (Init::ScaledNormal, 1.0 / n, f64::INFINITY),
            (Init::LecunNormal, 1.0 / n, f64::INFINITY),
            (Init::LecunUniform, 1.0 / n, (3.0_f64 / n).sqrt()),
            (Init::HeNormal, 2.0 / n, f64::INFINITY),
            (Init::HeUniform, 2.0 / n, (6.0_f64 / n).sqrt()),
            (Init::GlorotNormal, 2.0 / (n + m), f64::INFINITY),
            (Init::GlorotUniform, 2.0 / (n + m), (6.0_f64 / (n + m)).sqrt()),
        ];
        for (init, expected, range) in cases {
            let (mean, variance, largest) = moments(init);
            // Four standard errors of the mean; the variance of 60,000 numbers is within 3 %.
            assert!(mean.abs() < 4.0 * (expected / 60_000.0).sqrt(), "{init}: mean {mean}");
            assert!((variance / expected - 1.0).abs() < 0.03, "{init}: variance {variance}");
            assert!(
                largest <= range && (range.is_infinite() || largest > 0.999 * range),
                "{init}: {largest}"
            );
        }
        assert_eq!(moments(Init::Zero), (0.0, 0.0, 0.0));
    }

    #[test]
    fn both_precisions_start_from_the_same_weights() {
        for init in [Init::ScaledNormal, Init::HeUniform] {
            let double = init.weights::<f64>(5, 7, 1, 2);
            let single = init.weights::<f32>(5, 7, 1, 2);
            assert!(double.iter().map(|w| w as f32).eq(single.iter()));
        }
        let double = Init::Normal.biases::<f64>(9, 1, 2);
        assert!(double.iter().map(|&b| b as f32).eq(Init::Normal.biases::<f32>(9, 1, 2)));
    }

    #[test]
    fn layers_and_seeds_differ() {
        let base = Init::Normal.weights::<f64>(3, 3, 0, 1);
        assert!(base == Init::Normal.weights::<f64>(3, 3, 0, 1));
        assert!(base != Init::Normal.weights::<f64>(3, 3, 0, 2));
        assert!(base != Init::Normal.weights::<f64>(3, 3, 1, 1));
        assert_ne!(base.get(0, 0), Init::Normal.biases::<f64>(3, 0, 1)[0]);
        assert_eq!(Init::HeNormal.biases::<f32>(2, 0, 1), [0.0, 0.0]);
    }
}
