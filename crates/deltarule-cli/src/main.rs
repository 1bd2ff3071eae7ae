//! The program `deltarule`: train a network, predict with it, and open every gradient it computes.

#![forbid(unsafe_code)]

mod args;
mod commands;
mod config;
mod defaults;
mod explain;
mod failure;
mod flags;
mod interrupt;
mod lang;
mod report;
mod text;
mod ui;

use args::{Cli, Command, When};
use clap::Parser;
use deltarule_pipeline::ErrorKind;
use failure::{Failure, exit_code};
use std::process::ExitCode;
use ui::{Ui, Verbosity};

/// Columns come and go by the hundred megabytes. This one keeps their memory for the next, where that of the system gives it
/// back, to be cleared and handed out again page by page.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refused(&error),
    };
    choose_colours(cli.global.color);
    let verbosity = match (cli.global.quiet, cli.global.verbose) {
        (true, _) => Verbosity::Quiet,
        (_, true) => Verbosity::Verbose,
        _ => Verbosity::Normal,
    };
    let ui = Ui::new(verbosity, cli.global.json);
    match guarded(|| dispatch(&ui, cli.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            ui.fail(&failure);
            ExitCode::from(failure.code())
        }
    }
}

/// Help, the version, or words that are no command line; these as JSON where that was asked for.
fn refused(error: &clap::Error) -> ExitCode {
    let json = std::env::args_os().any(|word| word == "--json");
    if error.use_stderr() && json {
        let text = error.render().to_string();
        let message = text.split("\n\n").next().unwrap_or_default().trim_start_matches("error: ");
        Ui::new(Verbosity::Normal, true).fail(&Failure::usage(message));
    } else {
        // Nobody is left to be told when the stream is closed.
        let _ = error.print();
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(exit_code(ErrorKind::Usage)))
}

fn choose_colours(when: When) {
    match when {
        When::Auto => {}
        When::Always => anstream::ColorChoice::AlwaysAnsi.write_global(),
        When::Never => anstream::ColorChoice::Never.write_global(),
    }
}

/// Runs the command; a panic, which is always a defect of the program, becomes an error that says so.
fn guarded(command: impl FnOnce() -> failure::Outcome) -> failure::Outcome {
    std::panic::set_hook(Box::new(|_| {}));
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(command)).unwrap_or_else(|panic| {
        let what = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no message");
        Err(Failure::new(ErrorKind::RunTime, format_args!("a defect in deltarule itself: {what}"))
            .hint("please report it with the command that you typed"))
    })
}

fn dispatch(ui: &Ui, command: Command) -> failure::Outcome {
    match command {
        Command::Train(args) => commands::train::run(ui, *args),
        Command::Predict(args) => commands::predict::run(ui, args),
        Command::Eval(args) => commands::eval::run(ui, args),
        Command::Cv(args) => commands::cv::run(ui, *args),
        Command::Explain(args) => commands::explain::run(ui, args),
        Command::Gradcheck(args) => commands::gradcheck::run(ui, *args),
        Command::Inspect(args) => commands::inspect::run(ui, args),
        Command::Settings(args) => commands::settings::run(ui, args),
        Command::Completions(args) => commands::completions::run(ui, args),
    }
}
