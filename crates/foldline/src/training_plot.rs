//! Pictures of trained networks with one or two inputs: the data, the fit and the hinges.
//!
//! A hinge is where a hidden node turns on: a_j·x + b_j = 0. Pictures are drawn in floats and decide nothing.

use foldline_kernel::{Rational, Sample};
use foldline_questions::training::statement::Model;

use crate::drawing::{Axis, Color, Figure, Legend, Style};

/// Squares along each side of the colours of a fit over two inputs.
const SQUARES: usize = 48;

/// Radius of data points, in pixels.
const RADIUS: f64 = 4.0;

/// The model in floats.
struct Fit {
    /// a_j, b_j, and whether w_j = 1.
    nodes: Vec<(Vec<f64>, f64, bool)>,
    offset: f64,
    output_relu: bool,
}

fn float(value: &Rational) -> f64 {
    value.to_f64().value()
}

impl Fit {
    fn new(model: &Model) -> Self {
        let node = |(node, positive): (&Vec<Rational>, &bool)| {
            let numbers: Vec<f64> = node.iter().map(float).collect();
            let (bias, weights) = numbers.split_last().expect("d + 1 numbers");
            (weights.to_vec(), *bias, *positive)
        };
        Self {
            nodes: model.nodes.iter().zip(&model.positive).map(node).collect(),
            offset: float(&model.offset),
            output_relu: model.output_relu,
        }
    }

    /// The value before the output ReLU.
    fn before(&self, point: &[f64]) -> f64 {
        self.nodes.iter().fold(self.offset, |sum, (weights, bias, positive)| {
            let at = weights.iter().zip(point).fold(*bias, |sum, (a, x)| sum + a * x).max(0.0);
            if *positive { sum + at } else { sum - at }
        })
    }

    fn value(&self, point: &[f64]) -> f64 {
        let before = self.before(point);
        if self.output_relu { before.max(0.0) } else { before }
    }
}

/// The figure of a model on its sample; `names` are those of the coordinates and the label. None
/// if there are more than two coordinates.
pub fn figure(sample: &Sample, model: &Model, names: &[String]) -> Option<Figure> {
    let fit = Fit::new(model);
    match (sample.dimension, names) {
        (1, [x, y]) => Some(over_a_line(sample, &fit, [x, y])),
        (2, [x, z, y]) => Some(over_a_plane(sample, &fit, [x, z, y])),
        _ => None,
    }
}

fn over_a_line(sample: &Sample, fit: &Fit, [x, y]: [&String; 2]) -> Figure {
    let points: Vec<[f64; 2]> =
        sample.points.iter().zip(&sample.labels).map(|(x, y)| [float(&x[0]), float(y)]).collect();
    let horizontal = Axis::around(x, points.iter().map(|point| point[0]));
    let (low, high) = (horizontal.low, horizontal.high);
    let hinge = |(weights, bias, _): &(Vec<f64>, f64, bool)| -bias / weights[0];
    let inside = |at: &f64| *at > low && *at < high;
    let hinges: Vec<f64> = fit.nodes.iter().map(hinge).filter(inside).collect();
    let mut bends: Vec<f64> = [low, high].into_iter().chain(hinges.iter().copied()).collect();
    bends.sort_by(f64::total_cmp);
    if fit.output_relu {
        // Between two bends the value before the output is affine, and may cross 0 once.
        let crossings: Vec<f64> = bends
            .windows(2)
            .filter_map(|ends| {
                let (left, right) = (fit.before(&[ends[0]]), fit.before(&[ends[1]]));
                (left * right < 0.0).then(|| ends[0] + (ends[1] - ends[0]) * left / (left - right))
            })
            .collect();
        bends.extend(crossings);
        bends.sort_by(f64::total_cmp);
    }
    let line: Vec<[f64; 2]> = bends.iter().map(|&at| [at, fit.value(&[at])]).collect();
    let vertical = Axis::around(y, points.iter().chain(&line).map(|point| point[1]));
    let (bottom, top) = (vertical.low, vertical.high);
    let mut figure = Figure::new(horizontal, vertical);
    for at in hinges {
        let title = format!("hinge at {at}");
        let style = Style::line(Color::GRAY, 1.0).dashed().titled(title);
        figure.line(&[[at, bottom], [at, top]], style);
    }
    figure.line(&line, Style::line(Color::category(0), 2.0));
    for point in points {
        let title = format!("label {}, fit {}", point[1], fit.value(&point[..1]));
        figure.point(point, RADIUS, Style::filled(Color::INK).titled(title));
    }
    let entries = [(Color::category(0), "fit"), (Color::INK, "data"), (Color::GRAY, "hinges")];
    figure.legend = Legend::Entries(entries.map(|(color, word)| (color, word.to_owned())).into());
    figure
}

fn over_a_plane(sample: &Sample, fit: &Fit, [x, z, y]: [&String; 3]) -> Figure {
    let points: Vec<[f64; 2]> =
        sample.points.iter().map(|point| [float(&point[0]), float(&point[1])]).collect();
    let labels: Vec<f64> = sample.labels.iter().map(float).collect();
    let horizontal = Axis::around(x, points.iter().map(|point| point[0]));
    let vertical = Axis::around(z, points.iter().map(|point| point[1]));
    let size = [horizontal.high - horizontal.low, vertical.high - vertical.low];
    let start = [horizontal.low, vertical.low];
    let at = |i: f64, j: f64| {
        let share = [i / SQUARES as f64, j / SQUARES as f64];
        [start[0] + share[0] * size[0], start[1] + share[1] * size[1]]
    };
    let squares: Vec<(usize, usize, f64)> = (0..SQUARES)
        .flat_map(|i| (0..SQUARES).map(move |j| (i, j)))
        .map(|(i, j)| (i, j, fit.value(&at(i as f64 + 0.5, j as f64 + 0.5))))
        .collect();
    let values = labels.iter().copied().chain(squares.iter().map(|square| square.2));
    let bar = Axis::around(y, values);
    let color = |value: f64| Color::sequential((value - bar.low) / (bar.high - bar.low));
    let mut figure = Figure::new(horizontal, vertical);
    for &(i, j, value) in &squares {
        let (i, j) = (i as f64, j as f64);
        let corners = [at(i, j), at(i + 1.0, j), at(i + 1.0, j + 1.0), at(i, j + 1.0)];
        let style = Style::filled(color(value)).outlined(color(value), 0.5);
        figure.polygon(&corners, style);
    }
    let far = at(SQUARES as f64, SQUARES as f64);
    for (weights, bias, _) in &fit.nodes {
        if let Some(ends) = chord(weights, *bias, start, far) {
            figure.line(&ends, Style::line(Color::INK, 1.5).dashed());
        }
    }
    for (point, label) in points.iter().zip(&labels) {
        let title = format!("label {label}, fit {}", fit.value(point));
        let style = Style::filled(color(*label)).outlined(Color::INK, 1.5).titled(title);
        figure.point(*point, RADIUS + 1.0, style);
    }
    figure.legend = Legend::Bar(bar);
    figure
}

/// Where the line weights·x + bias = 0 meets the boundary of a rectangle, twice.
fn chord(weights: &[f64], bias: f64, low: [f64; 2], high: [f64; 2]) -> Option<[[f64; 2]; 2]> {
    let mut ends = Vec::new();
    for axis in 0..2 {
        let other = 1 - axis;
        for side in [low[axis], high[axis]] {
            let value = -(bias + weights[axis] * side) / weights[other];
            if value >= low[other] && value <= high[other] {
                let mut point = [0.0; 2];
                (point[axis], point[other]) = (side, value);
                if !ends.contains(&point) {
                    ends.push(point);
                }
            }
        }
    }
    (ends.len() >= 2).then(|| [ends[0], ends[ends.len() - 1]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldline_kernel::number::parse_rational;

    fn numbers(values: &[&str]) -> Vec<Rational> {
        values.iter().map(|text| parse_rational(text).unwrap()).collect()
    }

    fn sample(rows: &[&[&str]]) -> Sample {
        let rows: Vec<Vec<Rational>> = rows.iter().map(|row| numbers(row)).collect();
        let labels = rows.iter().map(|row| row.last().unwrap().clone()).collect();
        let points = rows.iter().map(|row| row[..row.len() - 1].to_vec()).collect();
        Sample { dimension: rows[0].len() - 1, points, labels }
    }

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|index| format!("c{index}")).collect()
    }

    #[test]
    fn a_line_has_its_bends() {
        // [1 − 2[x − 1]₊]₊ bends at 1 and at 3/2.
        let model = Model {
            nodes: vec![numbers(&["2", "-2"])],
            positive: vec![false],
            offset: Rational::ONE,
            output_relu: true,
        };
        let sample = sample(&[&["0", "1"], &["3", "0"]]);
        let svg = figure(&sample, &model, &names(2)).unwrap().to_svg();
        assert!(svg.contains("hinge at 1<") && svg.contains("label 0, fit 0"), "{svg}");
        // Two ends, the hinge and the zero.
        let line = svg.lines().find(|line| line.contains("<polyline") && !line.contains("dash"));
        assert_eq!(line.unwrap().matches(',').count(), 4, "{svg}");
    }

    #[test]
    fn a_plane_has_a_hinge_and_degenerate_data_are_drawn() {
        let model = Model {
            nodes: vec![numbers(&["1", "1", "-1"]), numbers(&["0", "0", "0"])],
            positive: vec![true, true],
            offset: Rational::ZERO,
            output_relu: false,
        };
        let data = sample(&[&["0", "0", "0"], &["1", "1", "1"], &["1", "0", "0"]]);
        let svg = figure(&data, &model, &names(3)).unwrap().to_svg();
        assert_eq!(svg.matches("stroke-dasharray").count(), 1, "one hinge; the zero node has none");
        assert!(svg.matches("<polygon").count() >= SQUARES * SQUARES && svg.contains("fit 1"));
        let single = sample(&[&["2", "2", "5"]]);
        assert!(figure(&single, &model, &names(3)).is_some());
        let wide = sample(&[&["2", "2", "5", "1"]]);
        assert!(figure(&wide, &model, &names(4)).is_none());
    }

    #[test]
    fn chords() {
        let chord = |a, b, c| chord(&[a, b], c, [0.0, 0.0], [2.0, 1.0]);
        assert_eq!(chord(1.0, 0.0, -1.0), Some([[1.0, 0.0], [1.0, 1.0]]));
        assert_eq!(chord(0.0, 1.0, -0.5), Some([[0.0, 0.5], [2.0, 0.5]]));
        assert_eq!(chord(1.0, 1.0, -9.0), None);
        assert_eq!(chord(0.0, 0.0, 0.0), None);
    }
}
