//! Which epoch's weights are kept.

use crate::metrics::Metric;
use crate::network::Network;
use crate::variants;
use deltarule_kernels::Real;

variants! {
    /// Which epoch's weights a training run ends with.
    #[derive(Eq)]
    pub enum Keep: "choice of weights to keep" {
        /// Those of the best epoch by the metric on the validation samples, the first of equals
        ///
        /// Without validation samples they are those of the last epoch.
        Best = "best", "검증 지표가 가장 좋은 에포크의 가중치, 같으면 먼저 것";
        /// Those of the best epoch, the last of equals
        LastBest = "last-best", "가장 좋은 에포크의 가중치, 같으면 나중 것";
        /// Those of the last epoch
        Final = "final", "마지막 에포크의 가중치";
    }
}

/// The best epoch so far.
pub(crate) struct Best<T: Real> {
    metric: Metric,
    keep: Keep,
    epoch: Option<(u32, f64)>,
    epochs_without_better: u32,
    network: Option<Network<T>>,
}

impl<T: Real> Best<T> {
    pub(crate) fn new(metric: Metric, keep: Keep) -> Self {
        Self { metric, keep, epoch: None, epochs_without_better: 0, network: None }
    }

    /// Considers an epoch by its value, and says whether it is now the one to keep.
    pub(crate) fn offer(&mut self, epoch: u32, value: f64, network: &Network<T>) -> bool {
        let better = self.epoch.is_none_or(|(_, best)| self.metric.better(value, best));
        let equal = self.epoch.is_some_and(|(_, best)| value == best);
        self.epochs_without_better = if better { 0 } else { self.epochs_without_better + 1 };
        let replaces = better || equal && self.keep == Keep::LastBest;
        if replaces {
            self.epoch = Some((epoch, value));
            if self.keep != Keep::Final {
                self.network = Some(network.clone());
            }
        }
        replaces
    }

    /// The best epoch's number and value.
    pub(crate) fn epoch(&self) -> Option<(u32, f64)> {
        self.epoch
    }

    /// Epochs since one was strictly better than all before.
    pub(crate) fn epochs_without_better(&self) -> u32 {
        self.epochs_without_better
    }

    /// The network of the epoch to keep, unless that is simply the last one.
    pub(crate) fn into_network(self) -> Option<Network<T>> {
        self.network
    }
}
