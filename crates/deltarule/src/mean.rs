//! The weighted mean over samples, the same for costs and for metrics.

use crate::exact;
use crate::real::Real;
use serde::{Deserialize, Serialize};

/// A weighted mean in the making: Σᵢ uᵢ vᵢ / Σᵢ uᵢ.
///
/// ```
/// use deltarule::mean::WeightedMean;
///
/// assert_eq!(WeightedMean::of([1.0, 4.0], Some(&[2.0, 1.0])).mean(), 2.0);
/// assert_eq!(WeightedMean::of([1.0, 4.0], None::<&[f64]>).mean(), 2.5);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightedMean {
    /// Σᵢ uᵢ vᵢ
    #[serde(with = "exact")]
    pub total: f64,
    /// Σᵢ uᵢ
    #[serde(with = "exact")]
    pub weight: f64,
}

impl WeightedMean {
    /// Of these values, summed in order; each weighs 1 where no weights are given.
    pub fn of<T: Real>(values: impl IntoIterator<Item = f64>, weights: Option<&[T]>) -> Self {
        let mut mean = Self::default();
        match weights {
            None => values.into_iter().for_each(|value| mean.add(value, 1.0)),
            Some(weights) => {
                values.into_iter().zip(weights).for_each(|(value, weight)| mean.add(value, weight.to_f64()));
            }
        }
        mean
    }

    /// Takes one more value.
    pub fn add(&mut self, value: f64, weight: f64) {
        self.total += weight * value;
        self.weight += weight;
    }

    /// Takes the values of another one, after its own.
    pub fn merge(&mut self, other: Self) {
        self.total += other.total;
        self.weight += other.weight;
    }

    /// Σᵢ uᵢ vᵢ / Σᵢ uᵢ; not a number where nothing has a weight.
    pub fn mean(&self) -> f64 {
        self.total / self.weight
    }
}

/// Σᵢ uᵢ: the number of samples where no weights are given. Its inverse is the scale of BP3 and BP4.
pub fn total_weight<T: Real>(samples: usize, weights: Option<&[T]>) -> f64 {
    weights.map_or(samples as f64, |weights| weights.iter().map(|u| u.to_f64()).sum())
}
