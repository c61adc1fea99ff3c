//! A network's cells as a figure: coloured by affine map or by the value of an output.

use foldline_kernel::Rational;
use foldline_questions::regions::picture::{Picture, Polygon};

use crate::drawing::{Axis, Color, Figure, Legend, Style};
use crate::text::{decimal, exact_for_people};

/// Up to so many cells each says its map when the pointer rests on it.
const MOST_TITLES: usize = 5_000;

/// Outputs beyond these are left out of what a cell says.
const MOST_OUTPUTS: usize = 4;

/// What a cell's colour means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coloring {
    /// Cells with one affine map have one colour.
    Map,
    /// The value of an output (from 0, among those of the maps) in the middle of the cell.
    Output(usize),
}

/// The picture as a figure; `outputs` are the numbers of the maps' outputs.
pub fn figure(picture: &Picture, coloring: Coloring, outputs: &[usize]) -> Figure {
    let axis = |k: usize| {
        let [low, high] = picture.window[k].clone().map(|end| end.to_f64().value());
        Axis::new(format!("x_{}", picture.axes[k]), low, high)
    };
    let mut figure = Figure::new(axis(0), axis(1));
    figure.equal_units = true;
    figure.subtitle = subtitle(picture);
    let values: Option<Vec<f64>> = match coloring {
        Coloring::Map => None,
        Coloring::Output(output) => {
            let value = |cell| value(picture, cell, output);
            Some(picture.cells.iter().map(value).collect())
        }
    };
    let scale = values.as_ref().map(|values| {
        let number = if let Coloring::Output(output) = coloring { outputs[output] } else { 0 };
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Axis::new(format!("y_{number}"), low, high)
    });
    let width = match picture.cells.len() {
        0..2_000 => 0.7,
        2_000..20_000 => 0.3,
        _ => 0.1,
    };
    for (index, cell) in picture.cells.iter().enumerate() {
        let color = match (&values, &scale) {
            (Some(values), Some(axis)) => {
                Color::sequential((values[index] - axis.low) / (axis.high - axis.low))
            }
            _ => Color::category(cell.map),
        };
        let mut style = Style::filled(color).outlined(Color::INK, width);
        if picture.cells.len() <= MOST_TITLES {
            style = style.titled(title(picture, cell, outputs));
        }
        figure.polygon(&cell.corners, style);
    }
    figure.legend = scale.map_or(Legend::None, Legend::Bar);
    figure
}

/// An output in the middle of a cell.
fn value(picture: &Picture, cell: &Polygon, output: usize) -> f64 {
    let count = cell.corners.len() as f64;
    let middle = [0, 1].map(|k| cell.corners.iter().map(|corner| corner[k] / count).sum::<f64>());
    let [constant, x, y] = picture.maps[cell.map][output];
    constant + x * middle[0] + y * middle[1]
}

fn subtitle(picture: &Picture) -> String {
    let plural = |count: usize, word: &str| {
        let s = if count == 1 { "" } else { "s" };
        format!("{count} {word}{s}")
    };
    let cells = plural(picture.cells.len(), "cell");
    let mut text = format!("{cells}, {}", plural(picture.maps.len(), "affine map"));
    if picture.goes_on {
        text += " in this window";
    }
    let fixed = picture.base.iter().enumerate().filter(|(j, _)| !picture.axes.contains(j));
    let words: Vec<String> =
        fixed.map(|(j, value)| format!("x_{j} = {}", exact_for_people(value))).collect();
    if !words.is_empty() {
        text += &format!("; {}", words.join(", "));
    }
    text
}

/// A cell's map in words, rounded.
fn title(picture: &Picture, cell: &Polygon, outputs: &[usize]) -> String {
    let short =
        |value: f64| Rational::try_from(value).map_or_else(|_| "?".to_owned(), |v| decimal(&v, 4));
    let mut lines = vec![format!("map {}", cell.map)];
    for (row, output) in picture.maps[cell.map].iter().zip(outputs).take(MOST_OUTPUTS) {
        let mut text = format!("y_{output} = {}", short(row[0]));
        for (value, axis) in row[1..].iter().zip(picture.axes) {
            let sign = if *value < 0.0 { '-' } else { '+' };
            text += &format!(" {sign} {} x_{axis}", short(value.abs()));
        }
        lines.push(text);
    }
    lines.join("; ")
}
