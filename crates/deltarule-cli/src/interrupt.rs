//! Ctrl-C: the first asks to stop after the step, the second ends the program at once.

use crate::failure::{Failure, Outcome, exit_code};
use deltarule_pipeline::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the user asked to stop.
#[derive(Clone, Debug)]
pub(crate) struct Flag(Arc<AtomicBool>);

impl Flag {
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// From now on Ctrl-C sets the flag.
pub(crate) fn watch() -> Outcome<Flag> {
    let flag = Flag(Arc::new(AtomicBool::new(false)));
    let handler = flag.clone();
    let on_signal = move || {
        if handler.0.swap(true, Ordering::Relaxed) {
            std::process::exit(exit_code(ErrorKind::Interrupted).into());
        }
    };
    ctrlc::set_handler(on_signal).map_err(|error| {
        Failure::new(ErrorKind::RunTime, format_args!("cannot watch for Ctrl-C: {error}"))
    })?;
    Ok(flag)
}
