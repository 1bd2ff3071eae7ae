//! How far a training is.

use serde::{Deserialize, Serialize};

/// How far a training is: so many steps, of so many an epoch.
///
/// ```
/// use deltarule::progress::Progress;
///
/// let progress = Progress { steps: 9, epoch_steps: 4 };
/// assert_eq!(progress.epoch(), 2.25);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// Steps done.
    pub steps: u64,
    /// Steps of an epoch.
    pub epoch_steps: u64,
}

impl Progress {
    /// Epochs done, with the part of the one under way.
    pub fn epoch(self) -> f64 {
        self.steps as f64 / self.epoch_steps.max(1) as f64
    }
}
