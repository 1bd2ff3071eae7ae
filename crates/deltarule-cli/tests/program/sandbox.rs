//! A folder of its own for each test, and the program run in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A temporary folder in which the program runs.
pub(crate) struct Sandbox {
    folder: tempfile::TempDir,
}

/// What a run of the program left.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    shown: String,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), contents).expect("a file in the temporary folder");
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).expect("a file that the program wrote")
    }

    pub(crate) fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).expect("text")
    }

    /// The program, about to run here with nothing of the surroundings to change what it prints.
    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_deltarule"));
        command.args(line.split_whitespace()).current_dir(self.folder.path());
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "LANG", "LC_ALL"] {
            command.env_remove(name);
        }
        command
    }

    /// Runs `deltarule` with the words of `line`.
    pub(crate) fn run(&self, line: &str) -> Ended {
        self.run_with_input(line, "")
    }

    pub(crate) fn run_with_input(&self, line: &str, input: &str) -> Ended {
        use std::io::Write;
        let mut command = self.command(line);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        // A program that ends before it has read everything closes its end.
        let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
        self.ended(line, child.wait_with_output().expect("the program ends"))
    }

    pub(crate) fn ended(&self, line: &str, output: std::process::Output) -> Ended {
        let plain = |bytes: &[u8]| {
            let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
            without_times(&text.replace(&self.folder.path().display().to_string(), "<folder>"))
        };
        let code = output.status.code().unwrap_or(-1);
        let (stdout, stderr) = (plain(&output.stdout), plain(&output.stderr));
        let shown = format!("$ deltarule {line}\n{stderr}{stdout}[exit {code}]");
        Ended { code, stdout, stderr, shown }
    }

    /// Runs a line that must succeed.
    pub(crate) fn done(&self, line: &str) -> Ended {
        let ended = self.run(line);
        assert_eq!(ended.code, 0, "{ended}");
        ended
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown)
    }
}

/// `in 1.23 s (4,567 samples/s)` differs from run to run.
fn without_times(text: &str) -> String {
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        match (line.find(" in "), line.find(" samples/s)")) {
            (Some(from), Some(to)) if from < to => {
                out += &line[..from];
                out += " in <time>";
                out += &line[to + " samples/s)".len()..];
            }
            _ => out += line,
        }
    }
    out
}

/// A folder of test data that may be absent; says so where it is.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} is not there", path.display());
    None
}

/// 60 houses whose price depends on their rooms, their town and their garden, some cells missing.
pub(crate) fn houses() -> String {
    let mut text = String::from("rooms,town,garden,price\n");
    for i in 0..60_u32 {
        let (rooms, town, garden) = (1 + i * 7 % 6, i * 5 % 3, i % 2);
        let price = 40.5 + 30.25 * f64::from(rooms) + 25.0 * f64::from(town) + 12.0 * f64::from(garden);
        let rooms = if i % 13 == 5 { String::new() } else { rooms.to_string() };
        let (town, garden) = (["Bonn", "Kiel", "Ulm"][town as usize], ["no", "yes"][garden as usize]);
        text += &format!("{rooms},{town},{garden},{price}\n");
    }
    text
}
