//! Small pieces of text: aligned tables, bars, numbers as people write them.

use crate::ui::{BOLD, DIM, paint};
use unicode_width::UnicodeWidthStr;

/// Which side of its column a cell keeps to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Columns that take the width of their widest cell. Colours do not count as width.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new<const N: usize>(columns: [(&str, Align); N]) -> Self {
        Self { columns: columns.map(|(name, align)| (name.to_owned(), align)).into(), rows: Vec::new() }
    }

    pub(crate) fn of(columns: Vec<(String, Align)>) -> Self {
        Self { columns, rows: Vec::new() }
    }

    pub(crate) fn row<I: IntoIterator<Item = String>>(&mut self, cells: I) {
        self.rows.push(cells.into_iter().collect());
    }

    pub(crate) fn render(&self, indent: &str) -> String {
        let header: Vec<String> = self.columns.iter().map(|(name, _)| name.clone()).collect();
        let lines = || std::iter::once(&header).chain(&self.rows);
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|c| lines().filter_map(|cells| cells.get(c)).map(|cell| width(cell)).max().unwrap_or(0))
            .collect();
        let mut text = String::new();
        for (n, cells) in lines().enumerate() {
            if n == 0 && header.iter().all(String::is_empty) {
                continue;
            }
            let mut line = String::from(indent);
            for (c, cell) in cells.iter().enumerate() {
                let pad = " ".repeat(widths[c] - width(cell));
                let cell = if n == 0 && !cell.is_empty() { paint(DIM, cell) } else { cell.clone() };
                line += &match self.columns[c].1 {
                    Align::Left => cell + &pad,
                    Align::Right => pad + &cell,
                };
                line += "  ";
            }
            text += line.trim_end();
            text.push('\n');
        }
        text
    }
}

/// Columns that `text` takes in a terminal, colours left out.
pub(crate) fn width(text: &str) -> usize {
    anstream::adapter::strip_str(text).to_string().width()
}

/// A heading.
pub(crate) fn heading(text: &str) -> String {
    paint(BOLD, text) + "\n"
}

/// `12345678` as `12,345,678`.
pub(crate) fn count(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `n` of `thing`, in the plural where it is not one.
pub(crate) fn plural(n: usize, thing: &str) -> String {
    format!("{} {thing}{}", count(n), if n == 1 { "" } else { "s" })
}

/// The value of a metric as the library shows it, with the minus sign of all other numbers here.
pub(crate) fn metric(metric: deltarule::metrics::Metric, value: f64) -> String {
    metric.show(value).replace('-', "−")
}

/// A share as a percentage with two decimals.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

/// Six significant digits, in scientific notation where the number is far from one; the minus sign is the typographic one.
pub(crate) fn number(x: f64) -> String {
    let text = if x == 0.0 {
        "0".to_owned()
    } else if !x.is_finite() {
        format!("{x}")
    } else if (1e-4..1e6).contains(&x.abs()) {
        let decimals = (5 - x.abs().log10().floor() as i32).clamp(0, 9) as usize;
        let fixed = format!("{x:.decimals$}");
        if fixed.contains('.') { fixed.trim_end_matches('0').trim_end_matches('.').to_owned() } else { fixed }
    } else {
        format!("{x:.5e}")
    };
    text.replace('-', "−")
}

/// A bar of eighth blocks, `share` of `width` columns long.
pub(crate) fn bar(share: f64, width: usize) -> String {
    const PARTS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    let eighths = (share.clamp(0.0, 1.0) * (width * 8) as f64).round() as usize;
    let mut text = "█".repeat(eighths / 8);
    if !eighths.is_multiple_of(8) {
        text.push(PARTS[eighths % 8]);
    }
    text
}

/// How long something took.
pub(crate) fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 1e-3 => format!("{:.0} µs", s * 1e6),
        s if s < 1.0 => format!("{:.0} ms", s * 1e3),
        s if s < 60.0 => format!("{s:.2} s"),
        s => format!("{} min {:.0} s", (s / 60.0).floor(), s % 60.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(number(0.0), "0");
        assert_eq!(number(0.138_498_561_6), "0.138499");
        assert_eq!(number(-0.038_098_236_5), "−0.0380982");
        assert_eq!(number(2.0), "2");
        assert_eq!(number(1.5e-7), "1.50000e−7");
        assert_eq!(number(123_456.7), "123457");
        assert_eq!(count(1), "1");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(plural(1, "layer"), "1 layer");
        assert_eq!(duration(0.012), "12 ms");
        assert_eq!(duration(75.0), "1 min 15 s");
    }

    #[test]
    fn tables_align_whatever_their_colours() {
        let mut table = Table::new([("name", Align::Left), ("n", Align::Right)]);
        table.row([paint(BOLD, "a"), "10".to_owned()]);
        table.row(["층층".to_owned(), "2".to_owned()]);
        let plain = anstream::adapter::strip_str(&table.render("  ")).to_string();
        assert_eq!(plain, "  name   n\n  a     10\n  층층   2\n");
    }
}
