//! Which epoch's weights are kept.

use crate::variants;

variants! {
    /// Which epoch's weights a training run ends with.
    #[derive(Eq)]
    pub enum Keep: "choice of weights to keep" {
        /// Those of the best epoch by the metric on the validation samples, the first of equals
        ///
        /// Without validation samples they are those of the last epoch.
        Best = "best", "검증 지표가 가장 좋은 에폭의 가중치, 같으면 먼저 것";
        /// Those of the best epoch, the last of equals
        LastBest = "last-best", "가장 좋은 에폭의 가중치, 같으면 나중 것";
        /// Those of the last epoch
        Final = "final", "마지막 에폭의 가중치";
    }
}
