//! What was measured, as JSON and as tables.

use super::cases::Case;
use super::machine::Machine;
use super::median;
use serde::Serialize;
use std::fmt::Write;

#[derive(Debug, Serialize)]
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
}

/// One case with one number of threads.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) case: String,
    pub(crate) title: &'static str,
    pub(crate) network: String,
    pub(crate) task: String,
    pub(crate) precision: &'static str,
    pub(crate) threads: usize,
    /// Operations that a sample asks for.
    pub(crate) flops: f64,
    /// Of the fused multiply-add, of all threads together, in GFLOP/s.
    pub(crate) peak_gflops: Option<f64>,
    /// Share of the peak that deltarule reaches.
    pub(crate) share: Option<f64>,
    /// The largest memory that deltarule's process held, and what its data and parameters take.
    pub(crate) memory: Option<Memory>,
    /// deltarule first.
    pub(crate) entries: Vec<Entry>,
    /// Who has no part, and why.
    pub(crate) skipped: Vec<(String, String)>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Memory {
    pub(crate) peak_bytes: u64,
    pub(crate) data_bytes: u64,
    pub(crate) parameter_bytes: u64,
}

/// One peer's figures. A rate is samples a second; of case F, processes a second.
#[derive(Debug, Serialize)]
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
        peaks: Vec<f64>,
        entries: Vec<Entry>,
        skipped: Vec<(String, String)>,
        memory: Option<u64>,
    ) -> Self {
        let peak = median(&peaks);
        let width = if case.precision == "f64" { 8 } else { 4 };
        let values = case.samples * (case.widths[0] + case.widths[case.widths.len() - 1]);
        Self {
            case: case.name.clone(),
            title: case.title,
            network: case.network(),
            task: format!("{:?}", case.task).to_lowercase(),
            precision: case.precision,
            threads: case.threads,
            flops: case.flops(),
            peak_gflops: Some(peak),
            share: Some(entries[0].median * case.flops() / 1e9 / peak),
            memory: memory.map(|peak_bytes| Memory {
                peak_bytes,
                data_bytes: (values * width) as u64,
                parameter_bytes: (case.parameters() * width) as u64,
            }),
            entries,
            skipped,
        }
    }

    fn gflops(&self, entry: &Entry) -> Option<f64> {
        (self.flops > 0.0).then(|| entry.median * self.flops / 1e9)
    }

    /// How many times as fast deltarule is.
    fn ratio(&self, entry: &Entry) -> f64 {
        self.entries[0].median / entry.median
    }
}

/// One row as it is shown while the others are still being measured.
pub(crate) fn text(row: &Row) -> String {
    let mut text = format!("case {} ({}), {}, {} threads", row.case, row.title, row.network, row.threads);
    if let Some(peak) = row.peak_gflops {
        // Writing to a string cannot fail.
        let _ = write!(text, ", peak {peak:.1} GFLOP/s");
    }
    text.push('\n');
    for entry in &row.entries {
        let gflops = row.gflops(entry).map_or(String::new(), |gflops| format!("{gflops:>8.2} GFLOP/s"));
        let share = row
            .gflops(entry)
            .zip(row.peak_gflops)
            .map_or(String::new(), |(gflops, peak)| format!("{:>6.1} %", 100.0 * gflops / peak));
        let (name, rate, ratio) =
            (format!("{} {}", entry.peer, entry.version), rate(entry.median), row.ratio(entry));
        let _ = writeln!(text, "  {name:<32} {rate:>12}/s {gflops} {share} {ratio:>8.2}×  {}", entry.detail);
    }
    for (peer, reason) in &row.skipped {
        let _ = writeln!(text, "  {peer:<32} skipped: {reason}");
    }
    if let Some(Memory { peak_bytes, data_bytes, parameter_bytes }) = row.memory {
        let mib = |bytes: u64| bytes as f64 / (1 << 20) as f64;
        let _ = writeln!(
            text,
            "  memory {:.1} MiB; data {:.1} MiB and 6 times the parameters {:.1} MiB",
            mib(peak_bytes),
            mib(data_bytes),
            mib(6 * parameter_bytes)
        );
    }
    text
}

/// All rows, for a terminal.
pub(crate) fn plain(report: &Report) -> String {
    let rows: String = report.rows.iter().map(text).collect();
    format!("{}\n\n{rows}", description(report))
}

/// A table for each number of threads, with a column for each peer.
pub(crate) fn markdown(report: &Report) -> String {
    let mut text = format!("{}\n", description(report));
    let mut names: Vec<&str> = Vec::new();
    for entry in report.rows.iter().flat_map(|row| &row.entries[1..]) {
        if !names.contains(&entry.peer.as_str()) {
            names.push(&entry.peer);
        }
    }
    let mut threads: Vec<usize> = report.rows.iter().map(|row| row.threads).collect();
    threads.sort_unstable();
    threads.dedup();
    for threads in threads {
        let _ =
            write!(text, "\n{threads} threads:\n\n| case | network | deltarule | GFLOP/s | share of peak |");
        names.iter().for_each(|name| text.extend([" ", name, " |"]));
        let _ = write!(text, "\n|---|---|---|---|---|{}", "---|".repeat(names.len()));
        for row in report.rows.iter().filter(|row| row.threads == threads) {
            let ours = &row.entries[0];
            let gflops = row.gflops(ours).map_or("–".into(), |gflops| format!("{gflops:.1}"));
            let share = row.share.map_or("–".into(), |share| format!("{:.0} %", 100.0 * share));
            let _ = write!(
                text,
                "\n| {} {} | {} | {}/s | {gflops} | {share} |",
                row.case,
                row.title,
                row.network,
                rate(ours.median)
            );
            for name in &names {
                let cell =
                    row.entries.iter().find(|entry| entry.peer == *name).map_or("–".into(), |entry| {
                        format!("{}/s (×{:.1})", rate(entry.median), row.ratio(entry))
                    });
                let _ = write!(text, " {cell} |");
            }
        }
        text.push('\n');
    }
    text
}

fn description(report: &Report) -> String {
    let Machine { processor, cores, system, compiler, commit, date, command } = &report.machine;
    let mut peers: Vec<String> = Vec::new();
    for entry in report.rows.iter().flat_map(|row| &row.entries) {
        let peer = format!("{} {}", entry.peer, entry.version);
        if !peers.contains(&peer) {
            peers.push(peer);
        }
    }
    let quick = if report.quick { " A quick run: its figures show that it works, not how fast." } else { "" };
    format!(
        "`{command}` on {date}, commit {commit}, {processor}, {cores} cores, {system}, {compiler}. {}. \
         Medians of {} repetitions that take turns; (×N): deltarule is N times as fast.{quick}",
        peers.join(", "),
        report.rows.first().map_or(0, |row| row.entries[0].rates.len()),
    )
}

/// A number of samples with three digits that count.
fn rate(value: f64) -> String {
    match value {
        v if v >= 1e6 => format!("{:.2} M", v / 1e6),
        v if v >= 1e4 => format!("{:.1} k", v / 1e3),
        v if v >= 1e3 => format!("{:.2} k", v / 1e3),
        v if v >= 10.0 => format!("{v:.0}"),
        v => format!("{v:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::cases::case;

    fn report() -> Report {
        let entries = vec![
            Entry::new("deltarule", "0.1.0", "", vec![400.0, 600.0, 500.0]),
            Entry::new("PyTorch", "2", "", vec![100.0]),
        ];
        let row = Row::new(&case("A").expect("a case"), vec![1.0], entries, vec![], None);
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
    fn the_table_has_a_column_for_each_peer() {
        let table = markdown(&report());
        assert!(
            table.contains("| case | network | deltarule | GFLOP/s | share of peak | PyTorch |\n"),
            "{table}"
        );
        assert!(table.contains("| 500/s | 0.0 | 5 % | 100/s (×5.0) |\n"), "{table}");
    }

    #[test]
    fn rates_have_three_digits() {
        assert_eq!(rate(1_490_000.0), "1.49 M");
        assert_eq!(rate(33_456.0), "33.5 k");
        assert_eq!(rate(583.4), "583");
        assert_eq!(rate(0.25), "0.25");
    }
}
