//! What a run is: its data and how they are divided, their preparation, training, figures and files.
//!
//! It prints nothing, reads no flags and knows no terminal, so that every front end runs the same application.
#![forbid(unsafe_code)]

pub mod settings;
