//! The commands, a module each.

pub(crate) mod completions;
pub(crate) mod cv;
pub(crate) mod eval;
pub(crate) mod explain;
pub(crate) mod gradcheck;
pub(crate) mod inspect;
pub(crate) mod predict;
pub(crate) mod settings;
pub(crate) mod train;
