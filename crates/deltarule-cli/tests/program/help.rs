use crate::sandbox::Sandbox;

const COMMANDS: [&str; 8] =
    ["train", "predict", "eval", "cv", "explain", "gradcheck", "inspect", "completions"];

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
            sandbox.done(&format!("{command} --help")).stdout.contains(&format!("{flag} "))
                || sandbox.done(&format!("{command} --help")).stdout.contains(&format!("{flag}\n"))
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
    }
}
