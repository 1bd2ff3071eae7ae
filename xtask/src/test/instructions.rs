//! Instructions of one training step, counted by valgrind: a slow-down shows without a clock.

use super::{Options, Outcome};
use crate::shell::{cargo, exists, output, program, root, run, target};
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// Where the counts to compare with are kept, by case.
const STORED: &str = "xtask/instructions.json";
/// How far a count may be from the stored one: another compiler moves it by a few per cent.
const TOLERANCE: f64 = 0.06;
/// The cases, of the names that the example `step` knows: A the book's network, C a small table.
const CASES: &[&str] = &["A", "C"];
/// Steps of the shorter and the longer run; their difference leaves out what start and end cost.
const STEPS: [u64; 2] = [20, 60];

pub(super) fn check(options: &Options) -> Result<Outcome> {
    if !exists("valgrind") {
        return Ok(Outcome::Lacking { what: "valgrind", remedy: "`apt-get install valgrind`" });
    }
    if !vectors() {
        return Ok(Outcome::Skipped("the stored counts are for processors with AVX2 and FMA".into()));
    }
    run(&mut cargo(&["build", "--release", "-p", "deltarule", "--example", "step"]))?;
    let example = target()?.join("release/examples/step");
    let mut counts = BTreeMap::new();
    for &case in CASES {
        let [short, long] = [count(&example, case, STEPS[0])?, count(&example, case, STEPS[1])?];
        let each = long.checked_sub(short).context("more steps took fewer instructions")?;
        counts.insert(case.to_owned(), each / (STEPS[1] - STEPS[0]));
    }
    let file = root().join(STORED);
    if options.bless {
        std::fs::write(&file, format!("{}\n", serde_json::to_string_pretty(&counts)?))?;
    }
    let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {STORED}"))?;
    compare(&counts, &serde_json::from_str(&text).context(STORED)?)
}

/// More instructions than stored are a fault; far fewer are good news that should be stored.
fn compare(counts: &BTreeMap<String, u64>, stored: &BTreeMap<String, u64>) -> Result<Outcome> {
    let (mut report, mut more, mut fewer) = (String::new(), false, false);
    for (case, &count) in counts {
        let &expected = stored.get(case).with_context(|| format!("{STORED} has no case {case}"))?;
        let change = count as f64 / expected as f64 - 1.0;
        more |= change > TOLERANCE;
        fewer |= change < -TOLERANCE;
        let between = if report.is_empty() { "" } else { ", " };
        write!(report, "{between}{case} {count} ({:+.1} % of {expected})", 100.0 * change)?;
    }
    let store = "`cargo xtask test --only instructions --bless` stores them";
    if more {
        bail!(
            "a step takes over {} % more instructions: {report}; if that is meant, {store}",
            100.0 * TOLERANCE
        );
    }
    if fewer {
        write!(report, "; {store}")?;
    }
    Ok(Outcome::Passed(report))
}

/// valgrind knows AVX2 and no AVX-512, so the count is of the path for AVX2 wherever it is taken.
fn vectors() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma");
    #[cfg(not(target_arch = "x86_64"))]
    return false;
}

fn count(example: &Path, case: &str, steps: u64) -> Result<u64> {
    let example = example.to_str().context("the target folder's name is not UTF-8")?;
    let (out, steps) = (target()?.join(format!("callgrind.{case}")), steps.to_string());
    let out = format!("--callgrind-out-file={}", out.display());
    let mut command = program("valgrind", &["--tool=callgrind", "--quiet", &out, example, case, &steps]);
    output(command.env("DELTARULE_ISA", "avx2"))?;
    let file = out.split_once('=').expect("the option just built").1;
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?;
    total(&text).with_context(|| format!("{file} has no total"))
}

/// The total of a callgrind file, of its line `summary:` or `totals:`.
fn total(text: &str) -> Option<u64> {
    let line =
        text.lines().find_map(|line| line.strip_prefix("totals: ").or(line.strip_prefix("summary: ")))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_found() {
        assert_eq!(total("events: Ir\nfn=(1) main\n1 20\ntotals: 4711\n"), Some(4711));
        assert_eq!(total("events: Ir\n"), None);
    }

    #[test]
    fn more_instructions_fail_and_fewer_ask_to_be_stored() {
        let counts = |count| BTreeMap::from([("A".to_owned(), count)]);
        assert!(compare(&counts(1050), &counts(1000)).is_ok());
        assert!(compare(&counts(1070), &counts(1000)).is_err());
        let Ok(Outcome::Passed(note)) = compare(&counts(930), &counts(1000)) else {
            panic!("fewer are no fault")
        };
        assert!(note.contains("--bless"));
        assert!(compare(&counts(1000), &BTreeMap::new()).is_err());
    }
}
