use crate::sandbox::Sandbox;

const COMMANDS: [&str; 9] =
    ["train", "predict", "eval", "cv", "explain", "gradcheck", "inspect", "settings", "completions"];

#[test]
fn every_command_explains_itself() {
    let sandbox = Sandbox::new();
    for command in COMMANDS {
        crate::snapshot::assert_snapshot(
            format!("help_{command}"),
            sandbox.done(&format!("{command} --help")),
        );
    }
}

/// A flag that is listed is one that is understood.
#[test]
fn no_command_lists_what_it_refuses() {
    let sandbox = Sandbox::new();
    for flag in ["--test", "--stream", "--shuffle-buffer"] {
        let listed = |command: &str| {
            let help = sandbox.done(&format!("{command} --help")).stdout;
            [" ", "\n", "["].iter().any(|after| help.contains(&format!("{flag}{after}")))
        };
        assert!(listed("train") && !listed("cv") && !listed("gradcheck"), "{flag}");
    }
}

#[test]
fn the_overview_names_every_command() {
    let overview = Sandbox::new().done("--help").stdout;
    crate::snapshot::assert_snapshot("help", &overview);
    for command in COMMANDS {
        assert!(overview.lines().any(|line| line.trim_start().starts_with(command)), "{command}: {overview}");
    }
}

#[test]
fn completions_are_scripts_for_the_shell() {
    let sandbox = Sandbox::new();
    for (shell, sign) in
        [("bash", "complete -F"), ("zsh", "#compdef deltarule"), ("fish", "complete -c deltarule")]
    {
        let script = sandbox.done(&format!("completions {shell}")).stdout;
        assert!(script.contains(sign) && script.contains("out-of-fold"), "{shell}");
        // After `--activation <TAB>` and the like.
        for value in ["leaky-relu", "softmax-cross-entropy", "one-cycle", "multi-label", "tabular", "roc-auc"]
        {
            assert!(script.contains(value), "{shell}: {value}");
        }
    }
}

#[test]
fn settings_are_listed_for_people_and_for_programs() {
    let sandbox = Sandbox::new();
    crate::snapshot::assert_snapshot("settings", sandbox.done("settings"));
    crate::snapshot::assert_snapshot("settings_one", sandbox.done("settings learning-rate"));
    crate::snapshot::assert_snapshot("settings_values_ko", sandbox.done("settings activation --lang ko"));
    crate::snapshot::assert_snapshot("settings_unknown", sandbox.run("settings leerning-rate"));
    let all: serde_json::Value =
        serde_json::from_str(&sandbox.done("settings --json").stdout).expect("one JSON value");
    let shown = sandbox.done("settings").stdout;
    for setting in all.as_array().expect("a list") {
        let name = setting["name"].as_str().expect("a name");
        assert!(shown.lines().any(|line| line.trim_start().starts_with(&format!("{name} "))), "{name}");
    }
}
