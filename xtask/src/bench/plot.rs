//! Small plots as SVG: panels of one line each, two in a row.

use std::fmt::Write;

/// A line of points, each with the label of its place on the x axis.
pub(super) struct Series {
    pub(super) points: Vec<(f64, f64)>,
    pub(super) labels: Vec<String>,
}

/// One plot.
pub(super) struct Panel {
    pub(super) title: String,
    pub(super) log_x: bool,
    /// A logarithmic y axis over the points' whole decades; otherwise it runs from 0 to 100.
    pub(super) log_y: bool,
    pub(super) series: Series,
}

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 56.0;
const TOP: f64 = 34.0;
const RIGHT: f64 = 16.0;
const BOTTOM: f64 = 62.0;
/// Marks on the y axis of a linear panel.
const LINEAR: [f64; 5] = [0.0, 25.0, 50.0, 75.0, 100.0];

/// Where values lie on an axis of `length`.
struct Axis {
    log: bool,
    from: f64,
    to: f64,
    length: f64,
}

impl Axis {
    fn new(log: bool, from: f64, to: f64, length: f64) -> Self {
        let scaled = |value: f64| if log { value.log10() } else { value };
        Self { log, from: scaled(from), to: scaled(to), length }
    }

    fn at(&self, value: f64) -> f64 {
        let value = if self.log { value.log10() } else { value };
        let span = self.to - self.from;
        if span == 0.0 { 0.5 * self.length } else { (value - self.from) / span * self.length }
    }
}

/// All panels as one picture.
pub(super) fn svg(panels: &[Panel]) -> String {
    let rows = panels.len().div_ceil(2) as f64;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        2.0 * WIDTH,
        rows * HEIGHT
    );
    for (number, panel) in panels.iter().enumerate() {
        let (x, y) = ((number % 2) as f64 * WIDTH, (number / 2) as f64 * HEIGHT);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "<g transform=\"translate({x} {y})\">\n{}</g>", drawn(panel));
    }
    text + "</svg>\n"
}

fn drawn(panel: &Panel) -> String {
    let Series { points, labels } = &panel.series;
    let least = |value: fn(&(f64, f64)) -> f64| points.iter().map(value).fold(f64::INFINITY, f64::min);
    let most = |value: fn(&(f64, f64)) -> f64| points.iter().map(value).fold(f64::NEG_INFINITY, f64::max);
    let (width, height) = (WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
    let x = Axis::new(panel.log_x, least(|p| p.0), most(|p| p.0), width);
    let marks: Vec<f64> = if panel.log_y {
        let (from, to) = (least(|p| p.1).log10().floor() as i32, most(|p| p.1).log10().ceil() as i32);
        (from..=to.max(from + 1)).map(|power| 10f64.powi(power)).collect()
    } else {
        LINEAR.to_vec()
    };
    let y = Axis::new(panel.log_y, marks[0], marks[marks.len() - 1], height);
    let place = |&(a, b): &(f64, f64)| (LEFT + x.at(a), TOP + height - y.at(b));

    let mut text = format!("<text x=\"{LEFT}\" y=\"20\" font-size=\"13\">{}</text>\n", panel.title);
    for mark in marks {
        let (_, at) = place(&(points[0].0, mark));
        let _ = writeln!(
            text,
            "<line x1=\"{LEFT}\" y1=\"{at:.1}\" x2=\"{}\" y2=\"{at:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{mark}</text>",
            LEFT + width,
            LEFT - 6.0,
            at + 4.0
        );
    }
    let mut line = String::new();
    for (point, label) in points.iter().zip(labels) {
        let (px, py) = place(point);
        let _ = write!(line, "{px:.1},{py:.1} ");
        let foot = TOP + height + 14.0;
        let _ = writeln!(
            text,
            "<circle cx=\"{px:.1}\" cy=\"{py:.1}\" r=\"3\" fill=\"#1f5fa8\"/>\
             <text transform=\"translate({:.1} {foot}) rotate(-40)\" text-anchor=\"end\">{label}</text>",
            px + 4.0
        );
    }
    let _ = writeln!(text, "<polyline points=\"{}\" fill=\"none\" stroke=\"#1f5fa8\"/>", line.trim_end());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_lie_where_they_belong() {
        let axis = Axis::new(true, 1.0, 1000.0, 300.0);
        assert!((axis.at(10.0) - 100.0).abs() < 1e-9);
        let axis = Axis::new(false, 0.0, 100.0, 200.0);
        assert_eq!(axis.at(25.0), 50.0);
    }

    #[test]
    fn a_picture_has_every_point() {
        let series = Series { points: vec![(1.0, 10.0), (2.0, 90.0)], labels: vec!["a".into(), "b".into()] };
        let picture = svg(&[Panel { title: "t".into(), log_x: true, log_y: false, series }]);
        assert_eq!(picture.matches("<circle").count(), 2);
        assert!(picture.starts_with("<svg") && picture.ends_with("</svg>\n"));
    }
}
