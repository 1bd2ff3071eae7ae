//! The equations in matrix form, their matrices side by side.

use super::rows::{Rows, label, padded};
use super::style::{WIDTH, symbol};
use crate::text::{number, width};
use crate::ui::{DIM, paint};
use deltarule::Cost;
use deltarule::explain::{Equation, Explanation, MatrixRow, Role, View};

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
    let Written { symbols, parts } = written(explanation, row);
    let place = rows.place(&row.cursor);
    let head = format!("{}{symbols}", padded(label(row.cursor.equation)));
    let room = WIDTH.saturating_sub(width(&head) + width(&place)).max(2);
    let mut out = format!("{head}{}{}\n", " ".repeat(room), paint(DIM, place));

    let blocks: Vec<(&str, Block)> = parts.iter().map(|&(operator, view)| (operator, block(view))).collect();
    let total: usize = blocks.iter().map(|(_, block)| block.width + 4).sum();
    if total + 6 <= WIDTH {
        let height = blocks.iter().map(|(_, block)| block.lines.len()).max().unwrap_or(0);
        for i in 0..height {
            let mut line = String::from("   ");
            for (operator, block) in &blocks {
                // The operator stands before the middle of its matrix.
                let operator = if i == (height - 1) / 2 { operator } else { " " };
                let top = (height - block.lines.len()) / 2;
                let cell = i.checked_sub(top).and_then(|i| block.lines.get(i)).map_or("", String::as_str);
                line += &format!("{operator:>2} {cell}{} ", " ".repeat(block.width - width(cell)));
            }
            out += &format!("{}\n", line.trim_end());
        }
    } else {
        for (operator, block) in &blocks {
            for (i, line) in block.lines.iter().enumerate() {
                let operator = if i == 0 { operator } else { " " };
                out += &format!("   {operator:>2} {line}\n");
            }
        }
    }
    for factor in row.factor.iter().chain(row.added.iter().map(|added| &added.by)) {
        let text = format!("{} = {}", symbol(factor.symbol), number(factor.value));
        out += &format!("      {}\n", paint(DIM, text));
    }
    for (_, view) in parts {
        if shown(view) != (view.rows, view.cols) {
            let size = if view.cols == 1 {
                view.rows.to_string()
            } else {
                format!("{} × {}", view.rows, view.cols)
            };
            let text = format!("{}: {size}, ‖·‖ = {}", symbol(view.symbol), number(view.norm));
            out += &format!("      {}\n", paint(DIM, text));
        }
    }
    out
}

/// An equation in symbols, and its matrices with what stands before each.
struct Written<'a> {
    symbols: String,
    parts: Vec<(&'static str, &'a View)>,
}

fn written<'a>(explanation: &Explanation, row: &'a MatrixRow) -> Written<'a> {
    let name = |view: &View| {
        let plain = symbol(view.symbol);
        if view.transposed { format!("({plain})ᵀ") } else { plain }
    };
    let names: Vec<String> = row.operands.iter().map(name).collect();
    let (mut right, mut operators) = match (row.cursor.equation, &names[..]) {
        (Equation::ScaledInput, [s, x]) => (format!("{s} ⊙ {x}"), vec!["=", "⊙"]),
        (Equation::WeightedInput, [w, a, b]) => (format!("{w} {a} + {b}"), vec!["=", "·", "+"]),
        (Equation::Activation, [z]) => {
            (format!("{}({z})", explanation.activations[row.cursor.layer - 2]), vec!["=σ"])
        }
        (Equation::Bp1, [a, y, ..]) => error_of_output(explanation, row, a, y),
        (Equation::Bp2, [w, delta, slope]) => (format!("({w} {delta}) ⊙ {slope}"), vec!["=", "·", "⊙"]),
        (Equation::Bp2 | Equation::Bp4, [left, right]) => (format!("{left} {right}"), vec!["=", "·"]),
        (Equation::Bp3, [delta]) if row.operands[0].cols == 1 => (delta.clone(), vec!["="]),
        (Equation::Bp3, [delta]) => (format!("Σᵢ {delta}"), vec!["=Σ"]),
        (Equation::InputScale, [x, delta]) if row.operands[0].cols == 1 => {
            (format!("{x} ⊙ {delta}"), vec!["=", "⊙"])
        }
        (Equation::InputScale, [x, delta]) => (format!("Σᵢ {x} ⊙ {delta}"), vec!["=Σ", "⊙"]),
        (equation, names) => unreachable!("{equation:?} of {names:?}"),
    };
    for factor in &row.factor {
        right = format!("{} · {right}", symbol(factor.symbol));
    }
    let mut parts = vec![(" ", &row.result)];
    operators.reverse();
    parts.extend(row.operands.iter().map(|view| (operators.pop().unwrap_or("·"), view)));
    for added in &row.added {
        right += &format!(" + {} · {}", symbol(added.by.symbol), name(&added.of));
        parts.push(("+", &added.of));
    }
    Written { symbols: format!("{} = {right}", symbol(row.result.symbol)), parts }
}

/// BP1: in its short form where the cost has one, by σ′ or by the Jacobian; times diag(u) where samples are weighted.
fn error_of_output(
    explanation: &Explanation,
    row: &MatrixRow,
    a: &str,
    y: &str,
) -> (String, Vec<&'static str>) {
    let of = |role| row.operands.iter().find(|view| view.symbol.role == role);
    let elementwise = explanation.activations[row.cursor.layer - 2].is_elementwise();
    let (mut right, mut operators) = match of(Role::SigmaPrime).map(|view| symbol(view.symbol)) {
        None => (format!("{a} − {y}"), vec!["=", "−"]),
        Some(slope) if explanation.cost == Cost::Quadratic && elementwise => {
            (format!("({a} − {y}) ⊙ {slope}"), vec!["=", "−", "⊙"])
        }
        Some(slope) if elementwise => (format!("∇ₐC({a}, {y}) ⊙ {slope}"), vec!["=∇", ",", "⊙"]),
        Some(_) => (format!("(∂a/∂z)ᵀ ∇ₐC({a}, {y})"), vec!["=∇", ",", " "]),
    };
    if let Some(u) = of(Role::SampleWeight) {
        right = format!("({right}) diag({})", symbol(u.symbol));
        operators.push("·");
    }
    (right, operators)
}

/// How many rows and columns of a matrix there are to show.
fn shown(view: &View) -> (usize, usize) {
    (view.entries.len(), view.entries.first().map_or(0, Vec::len))
}

/// The entries between brackets, transposed where the equation has it so.
fn block(view: &View) -> Block {
    let turned = |(rows, cols)| if view.transposed { (cols, rows) } else { (rows, cols) };
    let ((rows, cols), (shown_rows, shown_cols)) = (turned((view.rows, view.cols)), turned(shown(view)));
    let at = |i: usize, j: usize| if view.transposed { view.entries[j][i] } else { view.entries[i][j] };
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
