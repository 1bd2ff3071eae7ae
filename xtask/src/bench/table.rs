//! What was measured, as text for a terminal and as tables for a document.

use super::machine::Machine;
use super::report::{Entry, Memory, Report, Row};
use std::fmt::Write;

/// One row as it is shown while the others are still being measured.
pub(crate) fn text(row: &Row) -> String {
    let mut text = format!("case {} ({}), {}, {} threads", row.case, row.title, row.network, row.threads);
    // Writing to a string cannot fail, here and below.
    if let Some((peak, machine)) = row.peak_gflops.zip(row.machine_gflops) {
        let _ = write!(text, ", peak {peak:.1} GFLOP/s");
        if peak < 0.95 * machine {
            let _ = write!(text, ", {machine:.1} with the best instruction set of this machine");
        }
    }
    text.push('\n');
    for entry in &row.entries {
        let gflops = row.gflops(entry).map_or(String::new(), |gflops| format!("{gflops:>8.2} GFLOP/s"));
        let share = row
            .gflops(entry)
            .zip(row.peak_gflops)
            .map_or(String::new(), |(gflops, peak)| format!("{:>6.1} %", 100.0 * gflops / peak));
        let (name, speed, ratio) =
            (format!("{} {}", entry.peer, entry.version), speed(row, entry), row.ratio(entry));
        let _ = writeln!(text, "  {name:<32} {speed:>12} {gflops} {share} {ratio:>8.2}×  {}", entry.detail);
    }
    for (peer, reason) in &row.skipped {
        let _ = writeln!(text, "  {peer:<32} skipped: {reason}");
    }
    for note in [memory(row), weights(row)].into_iter().flatten() {
        let _ = writeln!(text, "  {note}");
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
        let rows = || report.rows.iter().filter(|row| row.threads == threads);
        let thread = if threads == 1 { "thread" } else { "threads" };
        let _ =
            write!(text, "\n{threads} {thread}:\n\n| case | network | deltarule | GFLOP/s | share of peak |");
        names.iter().for_each(|name| text.extend([" ", name, " |"]));
        let _ = write!(text, "\n|---|---|---|---|---|{}", "---|".repeat(names.len()));
        for row in rows() {
            line(&mut text, row, &names);
        }
        text.push('\n');
        for row in rows() {
            for note in [memory(row), weights(row)].into_iter().flatten() {
                let _ = write!(text, "\n- {}, {}: {note}", row.case, row.precision);
            }
        }
        text.push('\n');
    }
    text
}

fn line(text: &mut String, row: &Row, names: &[&str]) {
    let ours = &row.entries[0];
    let gflops = row.gflops(ours).map_or("–".into(), |gflops| format!("{gflops:.1}"));
    let share = row.share.map_or("–".into(), |share| format!("{:.0} %", 100.0 * share));
    let (case, title, network, speed) = (&row.case, &row.title, &row.network, speed(row, ours));
    let precision = if row.precision == "f32" { String::new() } else { format!(", {}", row.precision) };
    let _ = write!(text, "\n| {case} {title} | {network}{precision} | {speed} | {gflops} | {share} |");
    for name in names {
        let entry = row.entries.iter().find(|entry| entry.peer == *name);
        let cell = entry
            .map_or("–".into(), |entry| format!("{} (×{:.1})", self::speed(row, entry), row.ratio(entry)));
        let _ = write!(text, " {cell} |");
    }
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
    let command = command.split("; ").map(|command| format!("`{command}`")).collect::<Vec<_>>().join(", ");
    format!(
        "{command} on {date}, commit {commit}, {processor}, {cores} cores, {system}, {compiler}. {}. \
         Medians of {} repetitions that take turns; (×N): deltarule is N times as fast.{quick}",
        peers.join(", "),
        report.rows.first().map_or(0, |row| row.entries[0].rates.len()),
    )
}

/// The largest memory of deltarule's process against what the data and the training of the parameters need.
fn memory(row: &Row) -> Option<String> {
    let Memory { peak_bytes, data_bytes, parameter_bytes } = *row.memory.as_ref()?;
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let needed = data_bytes + 6 * parameter_bytes;
    Some(format!(
        "memory {:.1} MiB, {:.2} times the data ({:.1} MiB) and 6 times the parameters ({:.1} MiB)",
        mib(peak_bytes),
        peak_bytes as f64 / needed as f64,
        mib(data_bytes),
        mib(6 * parameter_bytes)
    ))
}

/// The speed at which weights are read.
fn weights(row: &Row) -> Option<String> {
    Some(format!("weights read at {:.0} GB/s", row.weights_gbytes?))
}

/// Samples a second; of whole processes, the time of one.
fn speed(row: &Row, entry: &Entry) -> String {
    if row.flops > 0.0 { format!("{}/s", rate(entry.median)) } else { format!("{:.3} s", 1.0 / entry.median) }
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
    use super::super::report::tests::report;
    use super::*;

    #[test]
    fn the_table_has_a_column_for_each_peer() {
        let table = markdown(&report());
        assert!(
            table.contains("| case | network | deltarule | GFLOP/s | share of peak | PyTorch |\n"),
            "{table}"
        );
        assert!(table.contains("| 500/s | 0.0 | 5 % | 100/s (×5.0) |\n"), "{table}");
    }

    /// 300 MiB against 200 MiB of data and 6 times 8⅓ MiB of parameters.
    #[test]
    fn memory_is_compared_with_what_is_needed() {
        let mut report = report();
        let row = &mut report.rows[0];
        let mib = 1 << 20;
        row.memory =
            Some(Memory { peak_bytes: 300 * mib, data_bytes: 200 * mib, parameter_bytes: 25 * mib / 3 });
        let note = memory(row).expect("a note");
        assert_eq!(
            note,
            "memory 300.0 MiB, 1.20 times the data (200.0 MiB) and 6 times the parameters (50.0 MiB)"
        );
    }

    #[test]
    fn rates_have_three_digits() {
        assert_eq!(rate(1_490_000.0), "1.49 M");
        assert_eq!(rate(33_456.0), "33.5 k");
        assert_eq!(rate(583.4), "583");
        assert_eq!(rate(0.25), "0.25");
    }
}
