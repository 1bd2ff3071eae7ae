//! What a run is: its data and how they are divided, their preparation, training, figures and files.
//!
//! It prints nothing, reads no flags and knows no terminal, so that every front end runs the same application.
//!
//! | to … | use |
//! |---|---|
//! | say which data | [`DataSource`]: a built-in set, images, tables, a data frame in memory |
//! | say how to learn | [`settings`] |
//! | train | [`Fit`], which prepares the data, and [`Fitted`] |
//! | keep a run | [`RunFolder`] |
//! | use a network | [`Trained`]: read, evaluate, predict, explain |
//! | estimate how well it will do | [`CrossValidation`] |
//!
//! ```
//! use deltarule::ThreadPool;
//! use deltarule::metrics::Metric;
//! use deltarule_pipeline::settings::Config;
//! use deltarule_pipeline::{DataSource, Fit, Portion, Question, Trained};
//!
//! // Train on Fisher's flowers; a fifth of them is kept for the test.
//! let pool = ThreadPool::single();
//! let iris = DataSource::parse(&["iris"])?;
//! let mut fit = Fit::new(&iris, Config::default())?;
//! let trained = fit.run(&pool, &mut ())?.trained;
//! let (portion, report) = fit.report(&pool, &trained)?.expect("there is a test");
//! assert_eq!(portion, Portion::Test);
//! assert!(report.value(Metric::Accuracy).unwrap() > 0.8);
//!
//! // Keep the network, and use it elsewhere.
//! let folder = tempfile::tempdir()?;
//! let file = folder.path().join("iris.safetensors");
//! trained.write(&file)?;
//! let trained = Trained::read(&file)?;
//! for batch in trained.open(&iris, false)?.predict(&pool)? {
//!     assert_eq!(batch?.outputs.cols(), 3);
//! }
//!
//! // Open the gradient of the first flower.
//! let flowers = trained.samples_to_explain(Some(&iris))?;
//! let explained = trained.explain(&pool, &flowers, &Question::sample(0))?;
//! assert_eq!(explained.explanation.widths, [4, 100, 3]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod cross_validation;
mod error;
mod explain;
mod fit;
mod predict;
mod prepare;
mod preprocessor;
mod preset;
mod reading;
mod report;
pub mod run_folder;
mod samples;
pub mod settings;
mod source;
mod subset;
mod threads;
mod trained;
mod tune;

pub use cross_validation::{CrossValidated, CrossValidation, FoldResult, MetricSummary};
pub use deltarule_tables::Notice;
pub use error::{Error, ErrorKind, Result};
pub use explain::{Explained, Question};
pub use fit::{Fit, Fitted, Portion, Shape, Watch};
pub use predict::{Predicted, Predictions, Unpredicted};
pub use prepare::{Prepared, StreamedTable, TrainingSet, train_test_split};
pub use preprocessor::{Preprocessor, Transform};
pub use report::{Figure, Report};
pub use run_folder::RunFolder;
pub use samples::{SampleSet, Which};
pub use source::DataSource;
pub use subset::Subset;
pub use threads::thread_pool;
pub use trained::{Evaluation, Trained};
pub use tune::Tuned;
