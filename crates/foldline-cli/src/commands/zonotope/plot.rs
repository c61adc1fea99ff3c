//! `foldline zonotope plot Z… --axes i,j --output FILE.svg`: exact projections onto two coordinates.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use foldline::drawing::{Axis, Color, Figure, Legend, Style};
use foldline::formats::input::display_name;
use foldline::formats::zonotope::read_zonotope;
use foldline::geometry::directed::nearest;
use foldline::geometry::zonotopes::projected_polygon;
use foldline::questions::containment::{Options, Outcome, Verdict, contains};
use foldline::text::exact_for_people;
use foldline::{Rational, Zonotope};
use serde_json::{Value, json};

use super::describe;
use crate::describe::plural;
use crate::interrupt::stop_flag;
use crate::load::at_most_one_stdin;
use crate::options::{OutputOptions, TimeoutOption, parse_numbers};
use crate::report::{Exit, Failure, Report};
use crate::witness_file::write_whole;

/// Draw zonotopes, projected onto two coordinates, as an SVG picture
///
/// The corners are computed exactly and put in exact order; only the picture is rounded. With
/// --contains the first zonotope is OUTER, and of each other one that it does not contain a
/// point outside is marked (outside of the projection, if there is such a point).
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The zonotopes: .json, .npy, .npz or .mat
    #[arg(value_name = "Z", required = true)]
    zonotopes: Vec<PathBuf>,
    /// The two coordinates, from 0: to the right, and upward
    #[arg(long, value_name = "I,J", default_value = "0,1")]
    axes: String,
    /// The picture to write
    #[arg(long = "output", alias = "out", value_name = "FILE.svg")]
    file: PathBuf,
    /// Is each other zonotope contained in the first one? Mark a point outside
    #[arg(long)]
    contains: bool,
    /// Mark a point: one number a dimension, separated by commas; may be repeated
    #[arg(long = "point", value_name = "X1,X2,…", allow_hyphen_values = true)]
    points: Vec<String>,
    #[command(flatten)]
    pub output: OutputOptions,
    #[command(flatten)]
    timeout: TimeoutOption,
}

const EXAMPLES: &str = "\
Examples:
  foldline zonotope plot z.json --output z.svg
  foldline zonotope plot outer.json inner.json --axes 0,2 --contains --output pair.svg

Exit codes:
  0 drawn    2 wrong usage    4 bad input";

/// A zonotope that is drawn.
struct Drawn {
    name: String,
    zonotope: Zonotope,
    corners: Vec<[Rational; 2]>,
}

/// A point that is marked, with what is written beside it.
struct Marked {
    point: Vec<Rational>,
    words: String,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    let paths: Vec<_> = arguments.zonotopes.iter().map(PathBuf::as_path).collect();
    at_most_one_stdin(&paths)?;
    let zonotopes = read_all(&arguments.zonotopes)?;
    let dimension = zonotopes[0].1.dimension();
    let axes = parse_axes(&arguments.axes, dimension)?;
    let draw = |(name, zonotope): (String, Zonotope)| {
        let corners = projected_polygon(&zonotope, axes);
        Drawn { name, zonotope, corners }
    };
    let drawn: Vec<Drawn> = zonotopes.into_iter().map(draw).collect();
    let mut marked = Vec::new();
    for text in &arguments.points {
        let point = parse_numbers("--point", text)?;
        if point.len() != dimension {
            return Err(Failure::Usage(format!(
                "--point has {}, but the zonotopes have {}",
                plural(point.len() as u64, "number"),
                plural(dimension as u64, "dimension")
            )));
        }
        marked.push(Marked { point, words: text.clone() });
    }
    let mut answers = Vec::new();
    if arguments.contains {
        if drawn.len() < 2 {
            let message =
                "--contains needs two zonotopes at least: OUTER, and one that it may hold";
            return Err(Failure::Usage(message.to_owned()));
        }
        let options = Options {
            timeout: arguments.timeout.timeout,
            stop: Some(stop_flag()),
            verdict_only: true,
            ..Options::default()
        };
        for inner in &drawn[1..] {
            let (answer, violation) = compare(&drawn[0].zonotope, inner, axes, &options);
            answers.push(answer);
            marked.extend(violation);
        }
    }
    write_whole(&arguments.file, &picture(&drawn, &marked, &answers, axes).to_svg())?;
    Ok(report(arguments, &drawn, &marked, &answers, start))
}

/// The zonotopes, which have one dimension, with their names.
fn read_all(paths: &[PathBuf]) -> Result<Vec<(String, Zonotope)>, Failure> {
    let mut zonotopes: Vec<(String, Zonotope)> = Vec::new();
    for path in paths {
        let (name, zonotope) = (display_name(path), read_zonotope(path)?);
        if let Some((first, other)) = zonotopes.first()
            && other.dimension() != zonotope.dimension()
        {
            return Err(Failure::Input(format!(
                "{name} has {}, but {first} has {}",
                plural(zonotope.dimension() as u64, "dimension"),
                plural(other.dimension() as u64, "dimension")
            )));
        }
        zonotopes.push((name, zonotope));
    }
    Ok(zonotopes)
}

/// Two different coordinates.
fn parse_axes(text: &str, dimension: usize) -> Result<[usize; 2], Failure> {
    let parsed = text.split_once(',').and_then(|(first, second)| {
        Some([first.trim().parse().ok()?, second.trim().parse::<usize>().ok()?])
    });
    match parsed {
        Some([first, second]) if first != second && first.max(second) < dimension => {
            Ok([first, second])
        }
        _ => Err(Failure::Usage(format!(
            "--axes {text}: expected two different coordinates I,J below {dimension}, from 0"
        ))),
    }
}

/// Whether `outer` contains the other one, and if not a point outside: where the projections differ
/// too, one that is outside of the projection.
fn compare(
    outer: &Zonotope,
    inner: &Drawn,
    axes: [usize; 2],
    options: &Options,
) -> (&'static str, Option<Marked>) {
    let unit = |axis: usize| -> Vec<Rational> {
        (0..outer.dimension()).map(|j| Rational::from(u8::from(j == axis))).collect()
    };
    let rows = axes.map(unit);
    let origin = [Rational::ZERO, Rational::ZERO];
    let projected =
        contains(&outer.image(&rows, &origin), &inner.zonotope.image(&rows, &origin), options);
    let outcome = match &projected.verdict {
        Verdict::Separated(_) => projected,
        _ => contains(outer, &inner.zonotope, options),
    };
    let Outcome { verdict: Verdict::Separated(separation), .. } = &outcome else {
        let is_contained = outcome.verdict == Verdict::Contained;
        return (if is_contained { "yes" } else { "undecided" }, None);
    };
    // The same coefficients give a point of the whole zonotope.
    let mut point = inner.zonotope.center.clone();
    for (generator, &coefficient) in inner.zonotope.generators.iter().zip(&separation.coefficients)
    {
        for (sum, entry) in point.iter_mut().zip(generator) {
            *sum += Rational::from(coefficient) * entry;
        }
    }
    ("no", Some(Marked { point, words: format!("outside: {}", inner.name) }))
}

fn float(point: &[Rational; 2]) -> [f64; 2] {
    [nearest(&point[0]), nearest(&point[1])]
}

fn picture(
    drawn: &[Drawn],
    marked: &[Marked],
    answers: &[&'static str],
    axes: [usize; 2],
) -> Figure {
    let at = |mark: &Marked| axes.map(|axis| nearest(&mark.point[axis]));
    let corners = || drawn.iter().flat_map(|zonotope| zonotope.corners.iter().map(float));
    let axis = |side: usize| {
        let points = corners().chain(marked.iter().map(at));
        Axis::around(format!("x_{}", axes[side]), points.map(move |point| point[side]))
    };
    let mut figure = Figure::new(axis(0), axis(1));
    figure.equal_units = true;
    figure.title = drawn.iter().map(|z| z.name.as_str()).collect::<Vec<_>>().join(", ");
    if drawn.len() == 1 {
        figure.subtitle = describe(&drawn[0].zonotope);
    }
    let mut entries = Vec::new();
    for (index, zonotope) in drawn.iter().enumerate() {
        let color = Color::category(index);
        let corners: Vec<[f64; 2]> = zonotope.corners.iter().map(float).collect();
        let title = format!("{}: {}", zonotope.name, plural(corners.len() as u64, "corner"));
        match corners.as_slice() {
            [point] => figure.point(*point, 4.0, Style::filled(color).titled(title)),
            [_, _] => figure.line(&corners, Style::line(color, 2.5).titled(title)),
            _ => {
                figure.polygon(&corners, Style::filled(color).with_opacity(0.25).titled(title));
                figure.polygon(&corners, Style::line(color, 2.0));
            }
        }
        let answer = index.checked_sub(1).and_then(|index| answers.get(index));
        let word = match answer {
            Some(&"yes") => " (contained)",
            Some(&"no") => " (not contained)",
            Some(_) => " (undecided)",
            None => "",
        };
        entries.push((color, format!("{}{word}", zonotope.name)));
    }
    for mark in marked {
        figure.point(at(mark), 4.5, Style::filled(Color::INK).titled(mark.words.clone()));
        figure.word(at(mark), mark.words.clone());
    }
    figure.legend = Legend::Entries(entries);
    figure
}

fn report(
    arguments: &Arguments,
    drawn: &[Drawn],
    marked: &[Marked],
    answers: &[&'static str],
    start: Instant,
) -> Report {
    let corners: usize = drawn.iter().map(|zonotope| zonotope.corners.len()).sum();
    let statistics = json!({"corners": corners});
    let mut report = Report::new("zonotope plot", "drawn", Exit::Yes, start, statistics);
    let exact = |corner: &[Rational; 2]| corner.iter().map(Rational::to_string).collect::<Vec<_>>();
    let described = |(index, zonotope): (usize, &Drawn)| {
        let corners: Vec<Vec<String>> = zonotope.corners.iter().map(exact).collect();
        let mut object = json!({"file": zonotope.name, "corners": corners});
        if let Some(answer) = index.checked_sub(1).and_then(|index| answers.get(index)) {
            object["contained"] = (*answer).into();
        }
        object
    };
    report.set("zonotopes", drawn.iter().enumerate().map(described).collect::<Vec<Value>>());
    let point = |mark: &Marked| mark.point.iter().map(Rational::to_string).collect::<Vec<_>>();
    report.set("points", marked.iter().map(point).collect::<Vec<_>>());
    let path = arguments.file.display().to_string();
    report.text = format!("picture  {path} ({})\n", plural(corners as u64, "corner"));
    for mark in marked.iter().skip(arguments.points.len()) {
        let point: Vec<String> = mark.point.iter().map(exact_for_people).collect();
        report.text += &format!("{}  ({})\n", mark.words, point.join(", "));
    }
    report.set("files", json!({"picture": path}));
    report
}
