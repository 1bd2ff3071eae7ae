//! What goes where: results on standard output, the rest on standard error, colours only where they are wanted.

use crate::sandbox::Sandbox;

#[test]
fn quiet_says_results_only() {
    let sandbox = Sandbox::new();
    let ended = sandbox.done("train xor --epochs 2 -q");
    assert_eq!(ended.stderr, "");
    assert!(ended.stdout.contains("accuracy"), "{ended}");
    assert_eq!(sandbox.done("predict runs/xor-1 xor -o p.csv -q").stderr, "");
}

#[test]
fn json_is_one_value() {
    let sandbox = Sandbox::new();
    let parse = |line: &str| -> serde_json::Value {
        serde_json::from_str(&sandbox.done(line).stdout).expect("one JSON value")
    };
    let trained = parse("train xor --epochs 2 --json");
    assert_eq!(trained["run"], "runs/xor-1");
    assert_eq!(trained["epochs"], 2);
    let evaluated = parse("eval runs/xor-1 --json");
    assert_eq!(evaluated["evaluation"], trained["evaluation"]);
    assert_eq!(parse("inspect runs/xor-1 --json")["task"], "classes");
    let predicted = parse("predict runs/xor-1 xor -o p.csv --json");
    assert_eq!(predicted["rows"].as_u64(), Some(sandbox.text("p.csv").lines().count() as u64 - 1));
    let failed = sandbox.run("eval runs/none --json");
    let error: serde_json::Value = serde_json::from_str(&failed.stderr).expect("one JSON value");
    assert_eq!((failed.code, &error["error"]["code"]), (1, &serde_json::json!(1)));
    assert!(parse("completions bash --json")["script"].as_str().expect("text").contains("complete -F"));
    for line in [
        "train --json",
        "tran digits --json",
        "train digits --epochs ten --json",
        "train digits --eta -1 --json",
    ] {
        let failed = sandbox.run(line);
        let error: serde_json::Value = serde_json::from_str(&failed.stderr).expect("one JSON value");
        assert_eq!((failed.code, &error["error"]["code"]), (2, &serde_json::json!(2)), "{failed}");
        assert!(!error["error"]["message"].as_str().expect("text").is_empty(), "{failed}");
    }
}

#[test]
fn colours_are_for_those_who_want_them() {
    let sandbox = Sandbox::new();
    sandbox.done("train xor --epochs 1 -q");
    let escape = '\u{1b}';
    assert!(!sandbox.done("eval runs/xor-1").stdout.contains(escape), "no terminal");
    assert!(sandbox.done("eval runs/xor-1 --color always").stdout.contains(escape));
    assert!(!sandbox.done("eval runs/xor-1 --color never").stdout.contains(escape));
    let mut command = sandbox.command("eval runs/xor-1");
    command.env("CLICOLOR_FORCE", "1");
    assert!(command.output().expect("the program ends").stdout.contains(&0x1b));
    command.env_remove("CLICOLOR_FORCE").env("NO_COLOR", "1");
    assert!(!command.output().expect("the program ends").stdout.contains(&0x1b));
}

/// A reader that goes away is no error: `deltarule … | head -1`.
#[test]
fn a_closed_pipe_is_no_error() {
    use std::io::{BufRead, BufReader};
    let sandbox = Sandbox::new();
    sandbox.done("train digits --epochs 1 --out run -q");
    sandbox.done("train moons --epochs 1 --out moons -q");
    for line in [
        "explain run --samples 0..200",
        "predict run digits",
        // More than a pipe holds.
        "predict moons moons:n=50000 --probabilities",
        "inspect run",
        "train --help",
        "completions bash",
    ] {
        let mut command = sandbox.command(line);
        let mut child = command
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("starts");
        let mut first = String::new();
        BufReader::with_capacity(16, child.stdout.take().expect("piped"))
            .read_line(&mut first)
            .expect("a line");
        let output = child.wait_with_output().expect("the program ends");
        assert!(output.status.success() && output.stderr.is_empty(), "{line}: {output:?}");
        assert!(!first.is_empty());
    }
}

#[test]
fn verbose_says_more() {
    let sandbox = Sandbox::new();
    let plain = sandbox.done("train xor --epochs 120").stderr;
    let verbose = sandbox.done("train xor --epochs 120 -v").stderr;
    let lines = |text: &str| text.lines().filter(|line| line.starts_with("epoch")).count();
    assert_eq!((lines(&plain), lines(&verbose)), (41, 120));
    assert_eq!(lines(&sandbox.text("runs/xor-1/log.txt")), 120);
}
