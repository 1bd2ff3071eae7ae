//! One equation of one number: symbols, numbers put in, signed terms, verdict.

use super::style::{WIDTH, adding_up, joined, names, numbers, short, signed, signed_bar, symbol};
use crate::lang::Words;
use crate::text::{self, Align, Table, number, width};
use crate::ui::{BOLD, DIM, GREEN, RED, YELLOW, paint};
use deltarule::Activation;
use deltarule::explain::{Cursor, Equation, Factor, Form, Index, Letter, Role, Row, Sum, Symbol, Term};
use deltarule::gradcheck::{Check, Kink, Verdict};

/// Sums of up to so many terms are written out in a line.
const IN_A_LINE: usize = 3;
/// Of longer ones so many terms are listed.
const LISTED: usize = 8;
/// Columns of the longest bar of a written-out sum, and of a list of terms.
const BAR: usize = 12;
const LONG_BAR: usize = 24;
/// Where the text of a row begins, after the equation's name.
const INDENT: &str = "      ";

/// Rows of one sample or of a batch, in one language.
pub(super) struct Rows<'a> {
    pub(super) words: &'a Words,
    /// Numbers of the traced samples.
    pub(super) samples: &'a [usize],
}

impl Rows<'_> {
    pub(super) fn show(&self, row: &Row) -> String {
        let mut lines = match &row.form {
            Form::Function { activation, argument } => self.function(row, *activation, argument),
            Form::Sum { sum, factor, added } => self.sum(row, sum, factor, added),
        };
        lines.extend(row.check.iter().map(|check| self.check(check)));
        if let Some(step) = row.step {
            let parameter = match row.symbol.role {
                Role::BiasGradient => Role::Bias,
                Role::InputScaleGradient => Role::InputScale,
                _ => Role::Weight,
            };
            let of = symbol(Symbol { role: parameter, ..row.symbol });
            let before = row.check.map_or(step.after - step.change, |check| check.value);
            lines.push(format!(
                "{}  Δ{of} = {}   {of}: {} → {}",
                paint(DIM, self.words.step),
                signed(step.change),
                number(before),
                number(step.after)
            ));
        }
        let mut out = String::new();
        for (n, line) in lines.into_iter().enumerate() {
            if n == 0 {
                let head = format!("{}{line}", padded(label(row.cursor.equation)));
                out += &self.with_cursor(&head, &row.cursor);
            } else {
                out += &format!("{INDENT}{line}\n");
            }
        }
        out
    }

    /// The line with the number's place at its right edge, or above it where there is no room.
    fn with_cursor(&self, line: &str, cursor: &Cursor) -> String {
        let place = self.place(cursor);
        match WIDTH.checked_sub(width(line) + width(&place)) {
            Some(room) if room >= 2 => format!("{line}{}{}\n", " ".repeat(room), paint(DIM, place)),
            _ => format!("{}{}\n{line}\n", " ".repeat(WIDTH - width(&place)), paint(DIM, place)),
        }
    }

    /// `layer 2 · neuron 1 ← 3`, with the sample before it where there are several.
    pub(super) fn place(&self, cursor: &Cursor) -> String {
        let mut place = format!("{} {}", self.words.layer, cursor.layer);
        if let Some(sample) = cursor.sample.filter(|_| self.samples.len() > 1) {
            place = format!("{} {sample} · {place}", self.words.sample);
        }
        if let Some(j) = cursor.neuron {
            place += &format!(" · {} {j}", self.words.neuron);
        }
        if let Some(k) = cursor.input {
            place += &format!(" ← {k}");
        }
        place
    }

    fn function(&self, row: &Row, activation: Activation, argument: &Factor) -> Vec<String> {
        let (left, z, value) = (symbol(row.symbol), symbol(argument.symbol), number(row.value));
        vec![match activation {
            Activation::Softmax => {
                let all = symbol(Symbol { j: None, ..argument.symbol });
                let j = row.symbol.neuron_number().unwrap_or(1);
                format!("{left} = softmax({all}), {} {j} = {}", self.words.output, paint(BOLD, value))
            }
            Activation::Identity => format!("{left} = {z} = {}", paint(BOLD, value)),
            _ => {
                format!(
                    "{left} = {activation}({z}) = {activation}({}) = {}",
                    number(argument.value),
                    paint(BOLD, value)
                )
            }
        }]
    }

    fn sum(&self, row: &Row, sum: &Sum, factor: &[Factor], added: &[Term]) -> Vec<String> {
        let left = symbol(row.symbol);
        let (count, shown) = (sum.len(), Shown::of(sum));
        let value = paint(BOLD, number(row.value));
        if let ([term], [], []) = (&shown.terms[..], factor, added) {
            let put_in = match &term.factors[..] {
                [_] => String::new(),
                factors => format!(" = {}", numbers(factors)),
            };
            let name = joined(&shown.terms, names);
            return vec![format!("{left} = {name}{put_in} = {value}")];
        }
        let after = |shown: fn(&[Factor]) -> String| {
            let times = if factor.is_empty() { String::new() } else { format!(" · {}", shown(factor)) };
            let plus = added.iter().map(|term| format!(" + {}", shown(&term.factors))).collect::<String>();
            times + &plus
        };
        // A bracket is for a sum that something multiplies.
        let wrap = |inner: String| {
            if factor.is_empty() || count == 1 { inner } else { format!("( {inner} )") }
        };
        let gap = " ".repeat(width(&left));
        if count <= IN_A_LINE {
            let symbols = format!("{left} = {}{}", wrap(joined(&shown.terms, names)), after(names));
            let put_in = format!("{gap} = {}{}", wrap(joined(&shown.terms, numbers)), after(numbers));
            let bars =
                format!("{gap}   {}", self.bars_in_a_line(&Parts::of(row, sum, &shown, factor, added)));
            if [&symbols, &put_in, &bars].into_iter().all(|line| width(line) + INDENT.len() <= WIDTH) {
                let mut lines = vec![symbols, put_in];
                if count + added.len() > 1 {
                    lines.push(bars);
                }
                lines.push(format!("{gap} = {value}"));
                return lines;
            }
        }
        let general = general(sum, &shown);
        let mut lines = vec![format!("{left} = {}{}", wrap(general), after(names))];
        lines.extend(self.listed(row, sum, &shown, factor, added));
        if !factor.is_empty() {
            lines.push(format!("{gap} = {}{} = {value}", number(sum.total), after(numbers)));
        }
        lines
    }

    /// `▇▇▇▇ +0.0554   ▂▂ −0.0190`
    fn bars_in_a_line(&self, parts: &Parts) -> String {
        let bars = parts.values.iter().zip(&parts.shown.parts).map(|(&value, shown)| {
            let bar = signed_bar(value, value.abs() / parts.largest, BAR);
            format!("{bar} {shown}")
        });
        bars.collect::<Vec<_>>().join("   ")
    }

    /// A line a term: names, numbers, the signed product, its bar; then what is not shown, and the sum.
    fn listed(&self, row: &Row, sum: &Sum, shown: &Shown, factor: &[Factor], added: &[Term]) -> Vec<String> {
        let parts = Parts::of(row, sum, shown, factor, added);
        let mut table =
            Table::new([("", Align::Left), ("", Align::Left), ("", Align::Right), ("", Align::Left)]);
        let several = self.samples.len() > 1;
        let with_added = if factor.is_empty() { added } else { &[] };
        let zeros = shown.terms.iter().filter(|term| term.value == 0.0).count();
        let mut values = parts.values.iter().zip(&parts.shown.parts);
        let mut line = |names: String, put_in: String| {
            let Some((&value, shown)) = values.next() else { return };
            if value == 0.0 && zeros > 1 {
                return;
            }
            let bar = signed_bar(value, value.abs() / parts.largest, LONG_BAR);
            table.row([names, put_in, shown.clone(), bar]);
        };
        let term_line = |term: &Term| {
            let sample = match term.sample {
                Some(sample) if several => paint(DIM, format_args!("{} {sample}: ", self.words.sample)),
                _ => String::new(),
            };
            let sign = if term.sign < 0.0 { "−" } else { "" };
            (format!("{sample}{sign}{}", names(&term.factors)), format!("{sign}{}", numbers(&term.factors)))
        };
        for term in &shown.terms {
            let (names, put_in) = term_line(term);
            line(names, put_in);
        }
        if let Some(rest) = &shown.rest {
            line(paint(DIM, self.words.more(rest.count)), String::new());
        }
        for term in with_added {
            let (names, put_in) = term_line(term);
            line(names, put_in);
        }
        let of_rest = shown.rest.as_ref().filter(|rest| rest.value == 0.0).map_or(0, |rest| rest.count);
        let hidden_zeros = zeros + of_rest;
        if zeros > 1 {
            table.row([paint(DIM, self.words.zeros(hidden_zeros)), String::new(), "0".into(), String::new()]);
        }
        let (name, total) = match factor.is_empty() {
            true => (symbol(row.symbol), paint(BOLD, &parts.shown.total)),
            false => (paint(DIM, self.words.sum), parts.shown.total.clone()),
        };
        table.row([name, String::new(), total, String::new()]);
        table.render("  ").lines().map(str::to_owned).collect()
    }

    /// The central difference and what it says.
    fn check(&self, check: &Check) -> String {
        let words = self.words;
        let verdict = match check.verdict {
            Verdict::Agrees => paint(GREEN, words.agrees),
            Verdict::NotCheckable => paint(DIM, words.not_checkable),
            Verdict::Disagrees => paint(RED.bold(), words.disagrees),
            Verdict::Kink(kink) => paint(YELLOW, self.kink(kink)),
        };
        format!(
            "{} (h = {}) {}   {} {}   {verdict}",
            paint(DIM, words.central_difference),
            short(check.h),
            number(check.numeric),
            paint(DIM, words.relative_error),
            short(check.relative_error)
        )
    }

    fn kink(&self, kink: Kink) -> String {
        let words = self.words;
        let sample = |i: usize| self.samples.get(i).copied().unwrap_or(i);
        match kink {
            Kink::Activation { l, j, sample: i } => words.kink(&format!(
                "{} {} · {} {l} · {} {}",
                words.sample,
                sample(i),
                words.layer,
                words.neuron,
                j + 1
            )),
            Kink::Cost { j, sample: i } => {
                words.kink(&format!("{} {} · {} {}", words.sample, sample(i), words.output, j + 1))
            }
            Kink::Regularisation => words.kink("|w|"),
        }
    }
}

/// The terms of a sum that are shown, in the order in which they are added, and the others together.
struct Shown {
    terms: Vec<Term>,
    rest: Option<Rest>,
}

struct Rest {
    count: usize,
    value: f64,
}

impl Shown {
    /// The largest terms.
    fn of(sum: &Sum) -> Self {
        let values: Vec<f64> = sum.values().collect();
        if values.len() <= LISTED {
            return Self { terms: sum.terms().collect(), rest: None };
        }
        let mut by_size: Vec<usize> = (0..values.len()).collect();
        by_size.sort_by(|&i, &j| values[j].abs().total_cmp(&values[i].abs()));
        let mut listed = vec![false; values.len()];
        by_size[..LISTED].iter().for_each(|&n| listed[n] = true);
        let value = values.iter().zip(&listed).filter(|(_, listed)| !**listed).map(|(value, _)| value).sum();
        Self {
            terms: sum.terms().zip(&listed).filter(|(_, listed)| **listed).map(|(term, _)| term).collect(),
            rest: Some(Rest { count: values.len() - LISTED, value }),
        }
    }
}

/// The terms with their values as printed.
struct Parts {
    values: Vec<f64>,
    largest: f64,
    shown: super::style::AddingUp,
}

impl Parts {
    /// What is added after the sum counts among its terms where nothing multiplies the sum.
    fn of(row: &Row, sum: &Sum, shown: &Shown, factor: &[Factor], added: &[Term]) -> Self {
        let mut values: Vec<f64> = shown.terms.iter().map(|term| term.value).collect();
        let rest_at = shown.rest.as_ref().map(|rest| {
            values.push(rest.value);
            values.len() - 1
        });
        let mut total = sum.total;
        if factor.is_empty() && !added.is_empty() {
            values.extend(added.iter().map(|term| term.value));
            total = row.value;
        }
        let largest = values.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
        let shown = adding_up(&values, rest_at, total);
        Self { values, largest: if largest > 0.0 { largest } else { 1.0 }, shown }
    }
}

/// The name of an equation at the start of its row.
pub(super) fn label(equation: Equation) -> &'static str {
    match equation {
        Equation::WeightedInput => "z",
        Equation::ScaledInput | Equation::Activation => "a",
        Equation::Bp1 => "BP1",
        Equation::Bp2 => "BP2",
        Equation::Bp3 => "BP3",
        Equation::Bp4 | Equation::InputScale => "BP4",
    }
}

pub(super) fn padded(label: &str) -> String {
    let pad = " ".repeat(INDENT.len() - label.chars().count());
    format!("{}{pad}", paint(BOLD, label))
}

/// The sum with a letter for the index that it runs over: `Σⱼ w³ⱼ₁·δ³ⱼ`.
fn general(sum: &Sum, shown: &Shown) -> String {
    let [products] = &sum.products[..] else { return joined(&shown.terms, names) };
    let factors = products.factors.iter().map(|series| series.symbol);
    let indices = factors.clone().flat_map(|symbol| [symbol.j, symbol.k]);
    let letter = indices.flatten().find_map(|index| match index {
        Index::At(_) => None,
        Index::Over(Letter::J) => Some("Σⱼ "),
        Index::Over(Letter::K) => Some("Σₖ "),
    });
    let over = if sum.samples.is_some() { "Σᵢ " } else { letter.unwrap_or_default() };
    format!("{over}{}", factors.map(symbol).collect::<Vec<_>>().join("·"))
}

/// BP1 in both of its forms.
impl Rows<'_> {
    pub(super) fn two_forms(&self, forms: &deltarule::explain::TwoForms) -> String {
        let symbol_text = symbol(forms.symbol);
        let cursor = Cursor {
            run: String::new(),
            step: None,
            sample: self.samples.first().copied(),
            layer: forms.symbol.layer,
            neuron: forms.symbol.neuron_number(),
            input: None,
            equation: Equation::Bp1,
        };
        let as_row = |sum: &Sum| Row {
            cursor: cursor.clone(),
            symbol: forms.symbol,
            value: sum.total,
            form: Form::Sum { sum: sum.clone(), factor: vec![], added: vec![] },
            check: None,
            step: None,
        };
        let row = as_row(&forms.jacobian);
        let mut out = self.show(&row);
        let verdict = if forms.agrees {
            paint(GREEN, self.words.agrees)
        } else {
            paint(YELLOW, self.words.jacobian_rounded)
        };
        out += &format!(
            "{INDENT}{}  {symbol_text} = {} = {}   {} {}   {verdict}\n",
            paint(DIM, self.words.short_form),
            joined(&forms.short.terms().collect::<Vec<_>>(), names),
            number(forms.short.total),
            paint(DIM, self.words.difference),
            text::number(forms.difference)
        );
        out
    }
}
