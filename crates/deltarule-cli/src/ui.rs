//! What the program says: results on standard output, everything else on standard error and in the run's log.

use crate::failure::{Failure, Outcome};
use anstyle::{AnsiColor, Style};
use deltarule_pipeline::ErrorKind;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::fmt::Display;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::sync::Mutex;

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const RED: Style = AnsiColor::Red.on_default();
pub(crate) const GREEN: Style = AnsiColor::Green.on_default();
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default();
pub(crate) const MAGENTA: Style = AnsiColor::Magenta.on_default();
pub(crate) const CYAN: Style = AnsiColor::Cyan.on_default();

/// `text` in `style`; the stream drops the style where it is not wanted.
pub(crate) fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verbosity {
    Quiet,
    Normal,
    Verbose,
}

/// The program's voice.
#[derive(Debug)]
pub(crate) struct Ui {
    pub(crate) json: bool,
    verbosity: Verbosity,
    log: Mutex<Option<File>>,
    bar: Mutex<Option<ProgressBar>>,
}

impl Ui {
    pub(crate) fn new(verbosity: Verbosity, json: bool) -> Self {
        Self { json, verbosity, log: Mutex::new(None), bar: Mutex::new(None) }
    }

    /// From now on everything said also goes to `log`, in plain text.
    pub(crate) fn log_to(&self, log: File) {
        *self.log.lock().expect("log") = Some(log);
    }

    /// A result. A reader that has gone away (`| head`) is no error.
    pub(crate) fn print(&self, text: &str) -> Outcome {
        let mut out = anstream::stdout().lock();
        let written = out
            .write_all(text.as_bytes())
            .and_then(|()| if text.ends_with('\n') { Ok(()) } else { out.write_all(b"\n") });
        self.record(text);
        match written.and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::new(
                ErrorKind::RunTime,
                format_args!("cannot write to standard output: {error}"),
            )),
            _ => Ok(()),
        }
    }

    /// A result as one JSON value, indented for a person at a terminal.
    pub(crate) fn print_json(&self, value: &impl serde::Serialize) -> Outcome {
        let text = if std::io::stdout().is_terminal() {
            serde_json::to_string_pretty(value)
        } else {
            serde_json::to_string(value)
        };
        let text =
            text.map_err(|e| Failure::new(ErrorKind::RunTime, format_args!("cannot write JSON: {e}")))?;
        self.print(&text)
    }

    /// Something worth knowing on the way.
    pub(crate) fn note(&self, text: impl Display) {
        self.say(Verbosity::Normal, text);
    }

    /// Something only the curious want to know.
    pub(crate) fn detail(&self, text: impl Display) {
        self.say(Verbosity::Verbose, text);
    }

    /// Something that may make a result other than what the user expects. Said even when quiet.
    pub(crate) fn warn(&self, text: impl Display) {
        self.say(Verbosity::Quiet, format_args!("{}: {text}", paint(YELLOW.bold(), "warning")));
    }

    /// The error that ends the program.
    pub(crate) fn fail(&self, failure: &Failure) {
        self.end_progress();
        if self.json {
            self.say(Verbosity::Quiet, failure.to_json());
            return;
        }
        self.say(Verbosity::Quiet, format_args!("{}: {}", paint(RED.bold(), "error"), failure.message));
        if let Some(hint) = &failure.hint {
            self.say(Verbosity::Quiet, format_args!("{}: {hint}", paint(CYAN.bold(), "hint")));
        }
    }

    fn say(&self, at: Verbosity, text: impl Display) {
        let text = text.to_string();
        self.record(&text);
        if self.verbosity < at {
            return;
        }
        let write = || {
            // Nobody is left to be told when standard error itself is closed.
            let _ = writeln!(anstream::stderr(), "{text}");
        };
        match &*self.bar.lock().expect("progress bar") {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    fn record(&self, text: &str) {
        if let Some(log) = &mut *self.log.lock().expect("log") {
            // The log is a courtesy: a full disk shows itself when the model is saved.
            let line = format!("{}\n", anstream::adapter::strip_str(text.trim_end_matches('\n')));
            let _ = log.write_all(line.as_bytes());
        }
    }

    /// Starts a progress bar over `length` steps, with the time left; nothing where there is no terminal. Says whether
    /// there is one.
    pub(crate) fn start_progress(&self, length: u64) -> bool {
        if self.verbosity == Verbosity::Quiet || !std::io::stderr().is_terminal() {
            return false;
        }
        let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {msg}  {eta} left") {
            bar.set_style(style.progress_chars("█▉▊▋▌▍▎▏ "));
        }
        *self.bar.lock().expect("progress bar") = Some(bar);
        true
    }

    /// Moves the progress bar to `position`, which is called `place`.
    pub(crate) fn progress(&self, position: u64, place: String) {
        if let Some(bar) = &*self.bar.lock().expect("progress bar") {
            bar.set_message(place);
            bar.set_position(position);
        }
    }

    /// Takes the progress bar away.
    pub(crate) fn end_progress(&self) {
        if let Some(bar) = self.bar.lock().expect("progress bar").take() {
            bar.finish_and_clear();
        }
    }
}
