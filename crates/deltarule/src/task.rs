//! What a network is for.

use crate::variants;

variants! {
    /// What the targets are, which decides the settings that the user leaves open.
    #[derive(Eq)]
    pub enum Task: "task" {
        /// Numbers, one or several a sample
        Regression = "regression", "표본마다 하나 또는 여러 개의 수";
        /// One class of several a sample, as a one-hot row; or of two, as a single 0 or 1
        Classes = "classes", "표본마다 여러 클래스 가운데 하나";
        /// Any number of labels a sample, a 0 or 1 each
        MultiLabel = "multi-label", "표본마다 몇 개든 붙는 라벨, 각각 0 또는 1";
        /// Counts from 0 up
        Counts = "counts", "0 이상의 횟수";
    }
}
