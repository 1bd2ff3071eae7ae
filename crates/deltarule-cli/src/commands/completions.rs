//! `deltarule completions`

use crate::args::{Cli, Completions};
use crate::failure::Outcome;
use crate::ui::Ui;
use clap::CommandFactory;
use serde_json::json;

pub(crate) fn run(ui: &Ui, args: Completions) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "deltarule", &mut script);
    let script = String::from_utf8_lossy(&script);
    if ui.json {
        return ui.print_json(&json!({ "shell": args.shell.to_string(), "script": script }));
    }
    ui.print(&script)
}
