//! An explanation as text: it renders what the library found, and computes no gradient of its own.

mod matrix;
mod overview;
mod rows;
mod style;

pub(crate) use overview::parameter;
pub(crate) use style::{short, signed};

use crate::lang::Words;
use crate::text::{self, Align, Table, number};
use crate::ui::{BOLD, DIM, paint};
use deltarule::explain::{Equation, Explanation, Row};
use rows::Rows;

/// What the text says besides the explanation itself.
pub(crate) struct Page<'a> {
    pub(crate) words: &'a Words,
    pub(crate) explanation: &'a Explanation,
    /// Names of the outputs.
    pub(crate) labels: &'a [String],
    /// Lines of the heading: what each is, and what it says.
    pub(crate) facts: &'a [(&'static str, String)],
    /// The sample drawn, where it is an image.
    pub(crate) picture: Option<String>,
    /// Whether a layer was asked for.
    pub(crate) focused: bool,
    /// Whether a neuron or a weight of it was.
    pub(crate) chosen: bool,
    pub(crate) matrix: bool,
    /// Commands that go deeper, each with what it shows.
    pub(crate) next: &'a [(String, String)],
}

impl Page<'_> {
    pub(crate) fn render(&self) -> String {
        let (words, explanation) = (self.words, self.explanation);
        let mut out = self.heading();
        let several = explanation.samples.len() > 1;
        let mut section = |title: &str, body: String| {
            if !body.is_empty() {
                out += &format!("\n{}{body}", text::heading(title));
            }
        };
        if !self.focused {
            section(words.layers, overview::layers(words, &explanation.layers));
            if !self.whole() {
                section(words.most_wrong, overview::most_wrong(words, explanation, self.labels));
                section(words.largest_gradients, overview::largest_gradients(words, explanation));
            }
        }
        if several {
            section(words.batch, overview::batch(words, explanation));
        }
        let rows = Rows { words, samples: &explanation.samples };
        if self.matrix {
            let body = |wanted: &[Equation]| {
                let rows_of = explanation.matrix.iter().filter(|row| wanted.contains(&row.cursor.equation));
                rows_of.map(|row| matrix::show(&rows, explanation, row)).collect::<Vec<_>>().join("\n")
            };
            section(
                words.forward,
                body(&[Equation::ScaledInput, Equation::WeightedInput, Equation::Activation]),
            );
            section(words.bp1, body(&[Equation::Bp1]));
            section(words.bp2, body(&[Equation::Bp2]));
            section(words.bp3, body(&[Equation::Bp3]));
            section(words.bp4, body(&[Equation::Bp4]));
            section(words.input_scale, body(&[Equation::InputScale]));
        } else {
            if !self.whole() && !self.chosen {
                section(words.one_path, format!("  {}\n", paint(DIM, words.one_path_note)));
            }
            let of = |wanted: &[Equation]| -> Vec<&Row> {
                explanation.component.iter().filter(|row| wanted.contains(&row.cursor.equation)).collect()
            };
            let body = |wanted: &[Equation]| {
                of(wanted).into_iter().map(|row| rows.show(row)).collect::<Vec<_>>().join("\n")
            };
            section(words.forward, self.forward(&rows));
            section(words.bp1, body(&[Equation::Bp1]));
            let forms = explanation.two_forms.iter().map(|forms| rows.two_forms(forms));
            section(words.two_forms, forms.collect::<Vec<_>>().join("\n"));
            section(words.bp2, body(&[Equation::Bp2]));
            section(words.bp3, body(&[Equation::Bp3]));
            section(words.bp4, body(&[Equation::Bp4]));
            section(words.input_scale, body(&[Equation::InputScale]));
        }
        let of_sample = match explanation.samples[..] {
            [first, _, ..] => format!("{} ({} {first})", words.picture, words.sample),
            _ => words.picture.to_owned(),
        };
        section(&of_sample, overview::pictures(words, &explanation.pictures));
        if !self.next.is_empty() {
            let mut table = Table::new([("", Align::Left), ("", Align::Left)]);
            self.next.iter().for_each(|(command, what)| table.row([command.clone(), paint(DIM, what)]));
            section(words.next, table.render("  "));
        }
        out
    }

    /// Whether every weight and factor of the layers shown is shown.
    fn whole(&self) -> bool {
        let Explanation { component, widths, .. } = self.explanation;
        let shown = |layer: usize, equation| {
            component
                .iter()
                .filter(|row| (row.cursor.layer, row.cursor.equation) == (layer, equation))
                .count()
        };
        component.iter().map(|row| row.cursor.layer).all(|layer| match layer {
            1 => shown(1, Equation::InputScale) == widths[0],
            l => shown(l, Equation::Bp4) == widths[l - 2] * widths[l - 1],
        })
    }

    /// z and a of a neuron stand together.
    fn forward(&self, rows: &Rows<'_>) -> String {
        let mut out = String::new();
        for row in &self.explanation.component {
            match row.cursor.equation {
                Equation::WeightedInput => {
                    if !out.is_empty() {
                        out.push('\n');
                    }
                    out += &rows.show(row);
                }
                Equation::ScaledInput | Equation::Activation => out += &rows.show(row),
                _ => {}
            }
        }
        out
    }

    fn heading(&self) -> String {
        let (words, explanation) = (self.words, self.explanation);
        let mut place = vec![explanation.run.clone()];
        if let Some(epoch) = explanation.epoch {
            place.push(format!("{} {}", words.epoch, number(epoch)));
        }
        if let Some(step) = explanation.step {
            place.push(format!("{} {step}", words.training_step));
        }
        place.push(match explanation.samples[..] {
            [one] => format!("{} {one}", words.sample),
            [first, .., last] => format!("{} {first}–{last}", words.samples),
            [] => String::new(),
        });
        let mut out = text::heading(&place.join(" · "));
        let mut table = Table::new([("", Align::Left), ("", Align::Left)]);
        let widths = explanation.widths.iter().map(usize::to_string).collect::<Vec<_>>().join("-");
        let activations =
            explanation.activations.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let parameters = words.parameters(&text::count(explanation.parameters));
        table.row([paint(DIM, words.network), format!("{widths} ({activations}), {parameters}")]);
        let mut cost = format!("C = {} ({})", paint(BOLD, number(explanation.mean_cost)), explanation.cost);
        if explanation.penalty > 0.0 {
            cost += &format!(" + {} ({})", number(explanation.penalty), words.regularisation);
        }
        table.row([paint(DIM, words.cost), cost]);
        for (name, what) in self.facts {
            table.row([paint(DIM, name), what.clone()]);
        }
        out += &table.render("  ");
        if let Some(picture) = &self.picture {
            out += &format!("\n{picture}");
        }
        out
    }
}
