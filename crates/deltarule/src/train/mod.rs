//! Training: mini-batches, validation, early stopping, observers. Prints nothing and reads no clock.
//!
//! ```
//! use deltarule::batches::Shuffled;
//! use deltarule::dataset::Dataset;
//! use deltarule::train::{Trainer, TrainingState};
//! use deltarule::{Matrix, Settings, Task, ThreadPool};
//!
//! // y = 2x − 1 at a few points, learnt by a single linear neuron.
//! let x = Matrix::from_rows(&[[0.0], [0.5], [1.0], [2.0]]);
//! let y = Matrix::from_rows(&[[-1.0], [0.0], [1.0], [3.0]]);
//! let data = Dataset::<f64>::new(x, y, None)?;
//!
//! let settings = Settings { hidden: Some(vec![]), eta: Some(0.1), epochs: Some(500), ..Settings::default() };
//! let plan = settings.plan(Task::Regression)?;
//! let mut batches = Shuffled::new(&data, plan.batch(), plan.drop_last(), plan.seed());
//! let mut state = TrainingState::new(&plan, plan.network(1, 1)?, &batches)?;
//! let mut trainer = Trainer::new(&plan, &state, &batches)?;
//! let pool = ThreadPool::single();
//! while state.epoch() < plan.epochs() {
//!     let report = trainer.epoch(&pool, &mut state, &mut batches, None, &mut ())?;
//!     if report.is_some_and(|report| report.cost < 1e-9) {
//!         break;
//!     }
//! }
//! let network = state.into_kept();
//! assert!((network.layers[0].w.get(0, 0) - 2.0).abs() < 1e-3);
//! assert!((network.layers[0].b[0] + 1.0).abs() < 1e-3);
//! # Ok::<(), deltarule::Error>(())
//! ```
//!
//! [`Trainer::run`] is such a loop, with an observer and early stopping.

mod report;
mod saved;
mod state;
mod trainer;
pub(crate) mod update;

pub use report::{End, EpochReport, Observer, StepReport, Validation};
pub use state::TrainingState;
pub use trainer::Trainer;
