//! The way into a network: its layers, the outputs that are most wrong, the largest gradients.

use super::style::{in_hue, short, signed, signed_bar, symbol};
use crate::lang::Words;
use crate::text::{self, Align, Table, bar, number, percent};
use crate::ui::{BOLD, DIM, MAGENTA, RED, YELLOW, paint};
use deltarule::explain::{Explanation, LayerStats, Picture, Role, Symbol};
use deltarule::gradcheck::Parameter;

/// Columns of the longest bar.
const BAR: usize = 16;

/// The norms of each layer, their bars on one log scale.
pub(super) fn layers(words: &Words, layers: &[LayerStats]) -> String {
    let norms =
        || layers.iter().flat_map(|layer| [layer.delta, layer.weight_gradient]).filter(|&norm| norm > 0.0);
    let low = norms().fold(f64::INFINITY, f64::min).log10().floor();
    let high = norms().fold(0.0, f64::max).log10().ceil();
    let span = (high - low).max(1.0);
    let norm_bar = |norm: f64| {
        let share = if norm > 0.0 { (norm.log10() - low) / span } else { 0.0 };
        if norm > 0.0 { bar(share.max(0.01), BAR) } else { String::new() }
    };
    let mut table = Table::new([
        (words.layer, Align::Right),
        (words.neurons, Align::Right),
        ("‖δ‖", Align::Right),
        ("", Align::Left),
        ("‖∂C/∂b‖", Align::Right),
        ("‖∂C/∂w‖", Align::Right),
        ("", Align::Left),
        (words.saturated, Align::Right),
    ]);
    for layer in layers.iter().rev() {
        let saturated = match layer.saturated {
            None => paint(DIM, "—"),
            Some(share) if share >= 0.5 => paint(RED, percent(share)),
            Some(share) if share >= 0.2 => paint(YELLOW, percent(share)),
            Some(share) => percent(share),
        };
        table.row([
            layer.layer.to_string(),
            text::count(layer.neurons),
            number(layer.delta),
            paint(MAGENTA, norm_bar(layer.delta)),
            number(layer.bias_gradient),
            number(layer.weight_gradient),
            paint(YELLOW, norm_bar(layer.weight_gradient)),
            saturated,
        ]);
    }
    let scale = if low.is_finite() && high.is_finite() {
        format!("  {}\n", paint(DIM, words.log_scale(&power(low), &power(low + span))))
    } else {
        String::new()
    };
    table.render("  ") + &scale
}

fn power(exponent: f64) -> String {
    short(10_f64.powf(exponent))
}

/// The outputs with the largest error.
pub(super) fn most_wrong(words: &Words, explanation: &Explanation, labels: &[String]) -> String {
    let several = explanation.samples.len() > 1;
    let mut table = Table::new([
        (if several { words.sample } else { "" }, Align::Right),
        (words.output, Align::Left),
        ("", Align::Left),
        ("a", Align::Right),
        ("y", Align::Right),
        ("δ", Align::Right),
        ("", Align::Left),
    ]);
    let largest = explanation.most_wrong.iter().fold(f64::MIN_POSITIVE, |most, o| most.max(o.delta.abs()));
    for output in &explanation.most_wrong {
        let label =
            output.a.symbol.neuron_number().and_then(|j| labels.get(j - 1)).map_or("", String::as_str);
        table.row([
            if several { output.sample.to_string() } else { String::new() },
            symbol(output.a.symbol),
            label.to_owned(),
            number(output.a.value),
            number(output.y),
            signed(output.delta),
            signed_bar(output.delta, output.delta.abs() / largest, BAR),
        ]);
    }
    table.render("  ")
}

/// The weights with the largest gradient.
pub(super) fn largest_gradients(words: &Words, explanation: &Explanation) -> String {
    let mut table = Table::new([
        (words.weight, Align::Left),
        (words.value, Align::Right),
        ("∂C/∂w", Align::Right),
        ("", Align::Left),
    ]);
    let largest =
        explanation.largest_gradients.iter().fold(f64::MIN_POSITIVE, |most, w| most.max(w.gradient.abs()));
    for weight in &explanation.largest_gradients {
        table.row([
            parameter(weight.parameter),
            number(weight.value),
            signed(weight.gradient),
            signed_bar(weight.gradient, weight.gradient.abs() / largest, BAR),
        ]);
    }
    table.render("  ")
}

/// The name of a parameter as in the equations.
pub(crate) fn parameter(parameter: Parameter) -> String {
    symbol(Symbol::of(parameter))
}

/// What moving z of a neuron does to the cost.
pub(super) fn pictures(words: &Words, pictures: &[Picture]) -> String {
    if pictures.is_empty() {
        return String::new();
    }
    let mut table = Table::new([
        ("", Align::Left),
        ("Δz", Align::Right),
        ("δ·Δz", Align::Right),
        ("ΔC", Align::Right),
        (words.off_by, Align::Right),
    ]);
    for picture in pictures {
        for (n, push) in picture.pushes.iter().enumerate() {
            let name = match n {
                0 => format!("{} = {}", symbol(picture.delta.symbol), number(picture.delta.value)),
                _ => String::new(),
            };
            let largest = push.actual.abs().max(push.predicted.abs());
            let off = match largest > 0.0 {
                true => percent((push.actual - push.predicted).abs() / largest),
                false => percent(0.0),
            };
            table.row([name, number(push.dz), signed(push.predicted), signed(push.actual), off]);
        }
    }
    table.render("  ")
}

/// δ of each sample, and the mean that the update uses.
pub(super) fn batch(words: &Words, explanation: &Explanation) -> String {
    /// Neurons beside each other, and samples below each other.
    const COLUMNS: usize = 5;
    const SAMPLES: usize = 32;
    let samples = &explanation.samples;
    let shown = if samples.len() > SAMPLES { SAMPLES - 1 } else { samples.len() };
    let mut out = String::new();
    for (n, views) in explanation.batch.chunks(COLUMNS).enumerate() {
        let with_bars = views.len() == 1;
        let mut columns = vec![(words.sample.to_owned(), Align::Right), ("C".to_owned(), Align::Right)];
        for view in views {
            columns.push((symbol(view.symbol), Align::Right));
        }
        columns.push((String::new(), Align::Left));
        let mut table = Table::of(columns);
        let largest = views[0].each.iter().fold(f64::MIN_POSITIVE, |most, delta| most.max(delta.abs()));
        let coloured = |value: f64| {
            let style = if value < 0.0 { RED } else { crate::ui::GREEN };
            paint(style, signed(value))
        };
        for (i, sample) in samples.iter().enumerate().take(shown) {
            let mut cells = vec![sample.to_string(), number(explanation.costs[i])];
            cells.extend(views.iter().map(|view| coloured(view.each[i])));
            if with_bars {
                let delta = views[0].each[i];
                cells.push(signed_bar(delta, delta.abs() / largest, BAR));
            }
            table.row(cells);
        }
        if shown < samples.len() {
            let more = samples.len() - shown;
            let costs: f64 = explanation.costs[shown..].iter().sum();
            let mut cells = vec![paint(DIM, words.more(more)), number(costs)];
            cells.extend(views.iter().map(|view| coloured(view.each[shown..].iter().sum())));
            table.row(cells);
        }
        let mut cells = vec![paint(BOLD, words.mean), paint(BOLD, number(explanation.mean_cost))];
        cells.extend(views.iter().map(|view| paint(BOLD, signed(view.mean))));
        cells.push(paint(DIM, format_args!("= {}", in_hue(Role::BiasGradient, "∂C/∂b"))));
        table.row(cells);
        if n > 0 {
            out.push('\n');
        }
        out += &table.render("  ");
    }
    out
}
