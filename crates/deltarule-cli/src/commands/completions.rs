//! `deltarule completions`

use crate::args::{Cli, Completions};
use crate::failure::Outcome;
use crate::ui::Ui;
use clap::CommandFactory;

pub(crate) fn run(ui: &Ui, args: Completions) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "deltarule", &mut script);
    ui.print(&String::from_utf8_lossy(&script))
}
