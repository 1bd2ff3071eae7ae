//! What was measured, as it is kept in JSON.

use super::cases::{Case, Task};
use super::machine::Machine;
use super::median;
use super::peer::Peak;
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use std::path::Path;

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    /// Fewer samples and repetitions than what counts.
    pub(crate) quick: bool,
    pub(crate) rows: Vec<Row>,
}

impl Report {
    pub(crate) fn new(machine: Machine, quick: bool) -> Self {
        Self { machine, quick, rows: Vec::new() }
    }

    /// The results of several runs as those of one.
    pub(crate) fn read_all(paths: &[impl AsRef<Path>]) -> Result<Self> {
        let mut whole: Option<Self> = None;
        for path in paths {
            let path = path.as_ref().display();
            let text =
                std::fs::read_to_string(path.to_string()).with_context(|| format!("cannot read {path}"))?;
            let part: Self =
                serde_json::from_str(&text).with_context(|| format!("{path} is not what --json wrote"))?;
            match &mut whole {
                None => whole = Some(part),
                Some(whole) => {
                    whole.append(part).with_context(|| format!("{path} does not belong to the others"))?
                }
            }
        }
        whole.context("no results")
    }

    fn append(&mut self, other: Self) -> Result<()> {
        let (ours, theirs) = (&mut self.machine, other.machine);
        for (what, ours, theirs) in [
            ("processor", &ours.processor, &theirs.processor),
            ("commit", &ours.commit, &theirs.commit),
            ("date", &ours.date, &theirs.date),
        ] {
            if ours != theirs {
                bail!("{what} {theirs}, not {ours}");
            }
        }
        ours.command = format!("{}; {}", ours.command, theirs.command);
        self.quick |= other.quick;
        self.rows.extend(other.rows);
        Ok(())
    }
}

/// One case with one number of threads.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Row {
    pub(crate) case: String,
    pub(crate) title: String,
    pub(crate) network: String,
    pub(crate) task: String,
    pub(crate) precision: String,
    pub(crate) threads: usize,
    /// Operations that a sample asks for.
    pub(crate) flops: f64,
    /// Of the fused multiply-add on the instruction set in use, of all threads together, in GFLOP/s.
    pub(crate) peak_gflops: Option<f64>,
    /// The same on the best instruction set of the machine.
    pub(crate) machine_gflops: Option<f64>,
    /// Share of the peak that deltarule reaches.
    pub(crate) share: Option<f64>,
    /// How fast deltarule reads its weights where it predicts one sample at a time, in GB/s.
    pub(crate) weights_gbytes: Option<f64>,
    /// The largest memory that deltarule's process held, and what its data and parameters take.
    pub(crate) memory: Option<Memory>,
    /// deltarule first.
    pub(crate) entries: Vec<Entry>,
    /// Who has no part, and why.
    pub(crate) skipped: Vec<(String, String)>,
}

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Memory {
    pub(crate) peak_bytes: u64,
    pub(crate) data_bytes: u64,
    pub(crate) parameter_bytes: u64,
}

/// One peer's figures. A rate is samples a second; of case F, processes a second.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Entry {
    pub(crate) peer: String,
    pub(crate) version: String,
    pub(crate) detail: String,
    pub(crate) rates: Vec<f64>,
    pub(crate) median: f64,
}

impl Entry {
    pub(crate) fn new(peer: &str, version: &str, detail: &str, rates: Vec<f64>) -> Self {
        let median = median(&rates);
        Self { peer: peer.into(), version: version.into(), detail: detail.into(), rates, median }
    }
}

impl Row {
    pub(crate) fn new(
        case: &Case,
        peaks: &[Peak],
        entries: Vec<Entry>,
        skipped: Vec<(String, String)>,
        memory: Option<u64>,
    ) -> Self {
        let of = |gflops: fn(&Peak) -> f64| median(&peaks.iter().map(gflops).collect::<Vec<_>>());
        let peak = of(|peak| peak.gflops);
        let width = if case.precision == "f64" { 8 } else { 4 };
        let values = case.samples * (case.widths[0] + case.widths[case.widths.len() - 1]);
        Self {
            case: case.name.clone(),
            title: case.title.into(),
            network: case.network(),
            task: format!("{:?}", case.task).to_lowercase(),
            precision: case.precision.into(),
            threads: case.threads,
            flops: case.flops(),
            peak_gflops: Some(peak),
            machine_gflops: Some(of(|peak| peak.machine)),
            share: Some(entries[0].median * case.flops() / 1e9 / peak),
            weights_gbytes: (case.task == Task::Predict && case.batch == 1)
                .then(|| entries[0].median * (case.weights() * width) as f64 / 1e9),
            memory: memory.map(|peak_bytes| Memory {
                peak_bytes,
                data_bytes: (values * width) as u64,
                parameter_bytes: (case.parameters() * width) as u64,
            }),
            entries,
            skipped,
        }
    }

    pub(crate) fn gflops(&self, entry: &Entry) -> Option<f64> {
        (self.flops > 0.0).then(|| entry.median * self.flops / 1e9)
    }

    /// How many times as fast deltarule is.
    pub(crate) fn ratio(&self, entry: &Entry) -> f64 {
        self.entries[0].median / entry.median
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::bench::cases::case;

    /// Case A measured on a machine with a peak of 1 GFLOP/s.
    pub(in crate::bench) fn report() -> Report {
        let entries = vec![
            Entry::new("deltarule", "0.1.0", "", vec![400.0, 600.0, 500.0]),
            Entry::new("PyTorch", "2", "", vec![100.0]),
        ];
        let peak = Peak { gflops: 1.0, machine: 2.0 };
        let row = Row::new(&case("A").expect("a case"), &[peak], entries, vec![], None);
        let mut report = Report::new(Machine::read(), false);
        report.rows.push(row);
        report
    }

    /// 500 samples of 95,880 operations are 0.04794 GFLOP/s, of a peak of 1.
    #[test]
    fn figures_by_hand() {
        let report = report();
        let row = &report.rows[0];
        assert_eq!(row.entries[0].median, 500.0);
        assert!((row.share.expect("a share") - 0.047_94).abs() < 1e-12);
        assert_eq!(row.ratio(&row.entries[1]), 5.0);
    }

    #[test]
    fn only_runs_of_one_commit_are_put_together() {
        let mut whole = report();
        whole.append(report()).expect("the same machine");
        assert_eq!(whole.rows.len(), 2);
        let mut other = report();
        other.machine.commit = "another".into();
        assert!(whole.append(other).is_err());
    }
}
