//! The equations in matrix form, their matrices side by side.

use super::rows::{Rows, label, padded};
use super::style::{WIDTH, symbol};
use crate::text::width;
use crate::ui::{DIM, paint};
use deltarule::Cost;
use deltarule::explain::{Equation, Explanation, MatrixRow, View};

/// A block of lines as wide as its widest.
struct Block {
    lines: Vec<String>,
    width: usize,
}

impl Block {
    fn of(lines: Vec<String>) -> Self {
        let width = lines.iter().map(|line| width(line)).max().unwrap_or(0);
        Self { lines, width }
    }
}

/// One equation: its symbols, its matrices, and the size of each that is not shown whole.
pub(super) fn show(rows: &Rows<'_>, explanation: &Explanation, row: &MatrixRow) -> String {
    let (symbols, operators) = equation(explanation, row);
    let place = rows.place(&row.cursor);
    let head = format!("{}{symbols}", padded(label(row.cursor.equation)));
    let room = WIDTH.saturating_sub(width(&head) + width(&place)).max(2);
    let mut out = format!("{head}{}{}\n", " ".repeat(room), paint(DIM, place));

    let views: Vec<&View> = std::iter::once(&row.result).chain(&row.operands).collect();
    let blocks: Vec<Block> = views.iter().map(|view| block(view)).collect();
    let total: usize = blocks.iter().map(|block| block.width + 4).sum();
    if total + 6 <= WIDTH {
        let height = blocks.iter().map(|block| block.lines.len()).max().unwrap_or(0);
        for i in 0..height {
            let mut line = String::from("   ");
            for (n, block) in blocks.iter().enumerate() {
                // The operator stands before the middle of its matrix.
                let operator = if n > 0 && i == (height - 1) / 2 { operators[n - 1] } else { " " };
                let top = (height - block.lines.len()) / 2;
                let cell = i.checked_sub(top).and_then(|i| block.lines.get(i)).map_or("", String::as_str);
                line += &format!("{operator:>2} {cell}{} ", " ".repeat(block.width - width(cell)));
            }
            out += &format!("{}\n", line.trim_end());
        }
    } else {
        for (n, block) in blocks.iter().enumerate() {
            for (i, line) in block.lines.iter().enumerate() {
                let operator = if n > 0 && i == 0 { operators[n - 1] } else { " " };
                out += &format!("   {operator:>2} {line}\n");
            }
        }
    }
    for view in views {
        let size =
            if view.cols == 1 { view.rows.to_string() } else { format!("{} × {}", view.rows, view.cols) };
        let norm = crate::text::number(view.norm);
        let text = format!("{}: {size}, ‖·‖ = {norm}", symbol(view.symbol));
        if view.rows > View::SHOWN || view.cols > View::SHOWN {
            out += &format!("      {}\n", paint(DIM, text));
        }
    }
    out
}

/// The equation in symbols, and what stands before each operand.
fn equation(explanation: &Explanation, row: &MatrixRow) -> (String, Vec<&'static str>) {
    let name = |n: usize| {
        let view = &row.operands[n];
        let plain = symbol(view.symbol);
        if view.transposed { format!("({plain})ᵀ") } else { plain }
    };
    let left = symbol(row.result.symbol);
    let activation = explanation.activations[row.cursor.layer - 2];
    match row.cursor.equation {
        Equation::WeightedInput => {
            (format!("{left} = {} {} + {}", name(0), name(1), name(2)), vec!["=", "·", "+"])
        }
        Equation::Activation => (format!("{left} = {activation}({})", name(0)), vec!["=σ"]),
        Equation::Bp1 if row.operands.len() == 2 => {
            (format!("{left} = {} − {}", name(0), name(1)), vec!["=", "−"])
        }
        Equation::Bp1 if explanation.cost == Cost::Quadratic && activation.is_elementwise() => {
            (format!("{left} = ({} − {}) ⊙ {}", name(0), name(1), name(2)), vec!["=", "−", "⊙"])
        }
        Equation::Bp1 if activation.is_elementwise() => {
            (format!("{left} = ∇ₐC({}, {}) ⊙ {}", name(0), name(1), name(2)), vec!["=∇", ",", "⊙"])
        }
        Equation::Bp1 => (format!("{left} = (∂a/∂z)ᵀ ∇ₐC({}, {})", name(0), name(1)), vec!["=∇", ",", " "]),
        Equation::Bp2 => (format!("{left} = ({} {}) ⊙ {}", name(0), name(1), name(2)), vec!["=", "·", "⊙"]),
        Equation::Bp3 => (format!("{left} = {}", name(0)), vec!["="]),
        Equation::Bp4 => (format!("{left} = {} {}", name(0), name(1)), vec!["=", "·"]),
    }
}

/// The entries between brackets, transposed where the equation has it so.
fn block(view: &View) -> Block {
    let (rows, cols) = if view.transposed { (view.cols, view.rows) } else { (view.rows, view.cols) };
    let at = |i: usize, j: usize| if view.transposed { view.entries[j][i] } else { view.entries[i][j] };
    let (shown_rows, shown_cols) = (rows.min(View::SHOWN), cols.min(View::SHOWN));
    let mut cells: Vec<Vec<String>> =
        (0..shown_rows).map(|i| (0..shown_cols).map(|j| entry(at(i, j))).collect()).collect();
    if cols > shown_cols {
        cells.iter_mut().for_each(|row| row.push("…".to_owned()));
    }
    if rows > shown_rows {
        let columns = cells.first().map_or(0, Vec::len);
        cells.push(vec!["⋮".to_owned(); columns]);
    }
    let columns = cells.first().map_or(0, Vec::len);
    let widths: Vec<usize> =
        (0..columns).map(|j| cells.iter().map(|row| width(&row[j])).max().unwrap_or(0)).collect();
    let last = cells.len().saturating_sub(1);
    let line = |(i, row): (usize, &Vec<String>)| {
        let (open, close) = match (i, last) {
            (_, 0) => ("[", "]"),
            (0, _) => ("⎡", "⎤"),
            (i, last) if i == last => ("⎣", "⎦"),
            _ => ("⎢", "⎥"),
        };
        let cells = row.iter().zip(&widths).map(|(cell, w)| format!("{}{cell}", " ".repeat(w - width(cell))));
        format!("{}{}{}", paint(DIM, open), cells.collect::<Vec<_>>().join(" "), paint(DIM, close))
    };
    Block::of(cells.iter().enumerate().map(line).collect())
}

/// Four significant digits.
fn entry(x: f64) -> String {
    let text = if x == 0.0 {
        "0".to_owned()
    } else if (1e-3..1e4).contains(&x.abs()) {
        let decimals = (3 - x.abs().log10().floor() as i32).clamp(0, 6) as usize;
        format!("{x:.decimals$}")
    } else {
        format!("{x:.1e}")
    };
    text.replace('-', "−")
}
