//! Ctrl-C.

use crate::sandbox::Sandbox;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[test]
fn an_interrupted_training_saves_and_ends_with_130() {
    let sandbox = Sandbox::new();
    let line = "train digits --epochs 100000 --out run";
    let mut command = sandbox.command(line);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let started = Instant::now();
    let metrics = sandbox.path("run/metrics.jsonl");
    while std::fs::metadata(&metrics).map_or(0, |found| found.len()) == 0 {
        assert!(started.elapsed() < Duration::from_secs(60), "no epoch within a minute");
        std::thread::sleep(Duration::from_millis(10));
    }
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(killed.is_ok_and(|status| status.success()));
    let ended = sandbox.ended(line, child.wait_with_output().expect("the program ends"));
    assert_eq!(ended.code, 130, "{ended}");
    assert!(ended.stderr.contains("interrupted; saved in run"), "{ended}");
    sandbox.done("eval run");
}
