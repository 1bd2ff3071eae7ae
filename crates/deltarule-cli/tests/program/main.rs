//! The program as its users meet it: what it prints, what it writes, how it ends.

mod commands;
mod data_errors;
mod forms;
mod help;
mod model_errors;
mod predictions;
mod reading;
mod real_tables;
mod recipe;
mod sandbox;
mod settings_errors;
mod snapshot;
#[cfg(unix)]
mod stopping;
mod voice;
