//! The library builds in a moment: how many crates it needs.

use super::{Options, Outcome};
use crate::shell::{cargo, output};
use anyhow::{Result, bail};
use std::collections::BTreeSet;

/// The library with everything it needs stays under this many crates.
const LIBRARY_BUDGET: usize = 20;

pub(super) fn check(_: &Options) -> Result<Outcome> {
    let tree = output(&mut cargo(&[
        "tree",
        "--locked",
        "-p",
        "deltarule",
        "-e",
        "normal",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]))?;
    let library: BTreeSet<&str> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    if library.len() >= LIBRARY_BUDGET {
        bail!("the library needs {} crates, its limit is {LIBRARY_BUDGET}:\n{tree}", library.len());
    }
    Ok(Outcome::Passed(format!("{} crates", library.len())))
}
