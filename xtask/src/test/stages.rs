//! The stages that are one call of another program.

use super::{Options, Outcome, passed};
use crate::shell::{self, cargo, exists, output, root, run, toolchain_cargo};
use anyhow::{Result, bail};

pub(super) fn fmt(_: &Options) -> Result<Outcome> {
    run(&mut cargo(&["fmt", "--all", "--check"]))?;
    passed()
}

pub(super) fn clippy(_: &Options) -> Result<Outcome> {
    run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    passed()
}

/// Unit tests, integration tests and the examples in the documentation.
pub(super) fn test(_: &Options) -> Result<Outcome> {
    run(&mut cargo(&["test", "--workspace", "--no-fail-fast"]))?;
    passed()
}

/// The library's examples assert what they show.
pub(super) fn examples(_: &Options) -> Result<Outcome> {
    /// Takes arguments; the stage `instructions` runs it.
    const COUNTED: &str = "step";
    // As all tests are built, so that nothing is built twice.
    run(&mut cargo(&["build", "--workspace", "--examples"]))?;
    let built = shell::target()?.join("debug/examples");
    let mut names = Vec::new();
    for file in std::fs::read_dir(root().join("crates/deltarule/examples"))? {
        let name = file?.path().file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if name != COUNTED {
            run(&mut shell::program(built.join(&name), &[]))?;
            names.push(name);
        }
    }
    names.sort();
    Ok(Outcome::Passed(names.join(", ")))
}

pub(super) fn doc(_: &Options) -> Result<Outcome> {
    let arguments = ["doc", "--workspace", "--no-deps", "--document-private-items"];
    run(cargo(&arguments).env("RUSTDOCFLAGS", "-D warnings"))?;
    passed()
}

/// The optimiser must not change a bit: the tests with golden hashes once more, in release.
pub(super) fn golden(_: &Options) -> Result<Outcome> {
    let arguments = ["test", "--release", "-p", "deltarule-kernels", "-p", "deltarule", "golden"];
    let said = output(&mut cargo(&arguments))?;
    print!("{said}");
    let run: usize = said.lines().filter_map(tests_run).sum();
    if run == 0 {
        bail!("no test with `golden` in its name exists");
    }
    Ok(Outcome::Passed(format!("{run} tests")))
}

/// The number of passed tests in cargo's closing line of one test program.
fn tests_run(line: &str) -> Option<usize> {
    line.strip_prefix("test result: ok. ")?.split_once(" passed")?.0.parse().ok()
}

/// Every script parses; what it needs beyond Python itself need not be installed.
pub(super) fn python(_: &Options) -> Result<Outcome> {
    if !exists("python3") {
        return Ok(Outcome::Lacking { what: "python3", remedy: "`apt-get install python3`" });
    }
    let check = "import ast, pathlib, sys\n\
                 scripts = sorted(pathlib.Path('xtask').rglob('*.py'))\n\
                 for script in scripts: ast.parse(script.read_text('utf-8'), str(script))\n\
                 print(f'{len(scripts)} scripts')";
    let said = output(&mut shell::program("python3", &["-I", "-c", check]))?;
    Ok(Outcome::Passed(said.trim().to_owned()))
}

/// What was public at the last release still is, or the version says that it is not.
pub(super) fn semver(_: &Options) -> Result<Outcome> {
    let releases = output(&mut shell::program("git", &["tag", "--list", "v*", "--sort=-version:refname"]));
    let Some(last) = releases.ok().and_then(|tags| tags.lines().next().map(str::to_owned)) else {
        return Ok(Outcome::Skipped("no release to compare with".into()));
    };
    if output(&mut cargo(&["semver-checks", "--version"])).is_err() {
        return Ok(Outcome::Skipped("no cargo-semver-checks: `cargo install cargo-semver-checks`".into()));
    }
    run(&mut cargo(&["semver-checks", "--workspace", "--baseline-rev", &last]))?;
    Ok(Outcome::Passed(format!("compared with {last}")))
}

/// The code for NEON: built, and run where there is what emulates it.
pub(super) fn aarch64(_: &Options) -> Result<Outcome> {
    const TARGET: &str = "aarch64-unknown-linux-gnu";
    const LINKER: &str = "aarch64-linux-gnu-gcc";
    const EMULATOR: &str = "qemu-aarch64";
    let installed = output(&mut shell::program("rustup", &["target", "list", "--installed"]));
    if !installed.is_ok_and(|targets| targets.lines().any(|line| line == TARGET)) {
        return Ok(Outcome::Skipped(format!("`rustup target add {TARGET}` has not been run")));
    }
    run(&mut cargo(&["check", "-p", "deltarule-kernels", "-p", "deltarule", "--target", TARGET]))?;
    if !exists(EMULATOR) || !exists(LINKER) {
        return Ok(Outcome::Passed(format!("built, not run: {EMULATOR} and {LINKER} would run it")));
    }
    let tests = ["--test", "golden", "--test", "products"];
    let mut command = cargo(&["test", "-p", "deltarule-kernels", "--target", TARGET]);
    command.args(tests).env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", LINKER).env(
        "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER",
        format!("{EMULATOR} -L /usr/aarch64-linux-gnu"),
    );
    run(&mut command)?;
    Ok(Outcome::Passed("built, and run by an emulator".into()))
}

pub(super) fn asan(_: &Options) -> Result<Outcome> {
    if output(&mut toolchain_cargo("nightly", &["--version"])).is_err() {
        return Ok(Outcome::Skipped("no nightly toolchain".into()));
    }
    let Some(host) = host() else {
        return Ok(Outcome::Skipped("cannot tell the host's target".into()));
    };
    if !host.ends_with("linux-gnu") {
        return Ok(Outcome::Skipped(format!("not set up for {host}")));
    }
    // A target of its own is named so that build scripts and macros, which run on the host, are left alone.
    let mut command =
        toolchain_cargo("nightly", &["test", "-p", "deltarule-kernels", "--target", &host, "--lib"]);
    // All but `guarded`, which catches the same with pages of its own.
    for suite in ["golden", "math", "math_isa", "products", "thread_pool"] {
        command.args(["--test", suite]);
    }
    command.env("RUSTFLAGS", "-Zsanitizer=address").env("CARGO_TARGET_DIR", root().join("target/asan"));
    run(&mut command)?;
    passed()
}

/// The products against their naive siblings, on plain numbers and on what Miri knows of AVX2.
pub(super) fn miri(_: &Options) -> Result<Outcome> {
    if output(&mut toolchain_cargo("nightly", &["miri", "--version"])).is_err() {
        return Ok(Outcome::Skipped("no nightly toolchain with Miri".into()));
    }
    let mut command =
        toolchain_cargo("nightly", &["miri", "test", "-p", "deltarule-kernels", "--test", "products"]);
    command.env("CARGO_TARGET_DIR", root().join("target/miri"));
    if cfg!(target_arch = "x86_64") {
        command.env("RUSTFLAGS", "-Ctarget-feature=+avx2,+fma,+bmi1,+bmi2");
    }
    run(&mut command)?;
    passed()
}

/// The target that this machine's compiler builds for.
fn host() -> Option<String> {
    let said = output(&mut shell::program("rustc", &["-vV"])).ok()?;
    said.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_counted() {
        let line = "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out";
        assert_eq!(tests_run(line), Some(12));
        assert_eq!(tests_run("test golden ... ok"), None);
    }
}
