//! Figures as SVG: polygons, lines, points and words over two axes, with a legend or a colour bar.
//!
//! A picture decides nothing, so it is drawn in floats: callers compute exactly, clip to what is
//! shown and convert at the end. Plain text, no library: what is needed of SVG are four elements.
//!
//! ```
//! use foldline::drawing::{Axis, Color, Figure, Style};
//!
//! let mut figure = Figure::new(Axis::new("x", 0.0, 2.0), Axis::new("y", 0.0, 1.0));
//! figure.polygon(&[[0.0, 0.0], [2.0, 0.0], [2.0, 1.0]], Style::filled(Color::category(0)));
//! figure.point([1.0, 0.5], 3.0, Style::filled(Color::INK).titled("the middle"));
//! assert!(figure.to_svg().starts_with("<svg "));
//! ```

mod style;

use std::fmt::Write;

pub use style::{Color, Style};

/// Width and height that the data may take, in pixels.
const AREA: [f64; 2] = [640.0, 560.0];

/// Space around the data: left, top, right, bottom.
const MARGIN: [f64; 4] = [84.0, 48.0, 24.0, 60.0];

/// Width of what stands to the right of the data, where there is a legend or a bar.
const LEGEND: f64 = 150.0;

/// About so many ticks an axis.
const TICKS: f64 = 6.0;

/// Legend entries beyond these are counted, not shown.
const MOST_ENTRIES: usize = 24;

/// One axis: what it measures, and from where to where.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// Its name.
    pub label: String,
    /// The least value shown.
    pub low: f64,
    /// The largest value shown.
    pub high: f64,
}

impl Axis {
    /// An axis from `low` to `high`; where they are equal (or out of order, or not finite), it is
    /// widened until something can be shown.
    pub fn new(label: impl Into<String>, low: f64, high: f64) -> Self {
        let label = label.into();
        // Beyond this differences would overflow, and no pixel could tell.
        let limited = |value: f64| if value.is_nan() { 0.0 } else { value.clamp(-1e300, 1e300) };
        let (low, high) = (limited(low.min(high)), limited(low.max(high)));
        let size = low.abs().max(high.abs());
        let room = size * 1e-9;
        if high - low > room {
            return Self { label, low, high };
        }
        let half = if size == 0.0 { 1.0 } else { size / 2.0 };
        Self { label, low: low - half, high: high + half }
    }

    /// An axis over all values, with a little room at both ends.
    pub fn around(label: impl Into<String>, values: impl IntoIterator<Item = f64>) -> Self {
        let finite = values.into_iter().filter(|value| value.is_finite());
        let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        if low > high {
            return Self::new(label, 0.0, 1.0);
        }
        let axis = Self::new(label, low, high);
        let room = (axis.high - axis.low) * 0.05;
        Self { low: axis.low - room, high: axis.high + room, ..axis }
    }

    fn share(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }

    /// Round values inside the axis, and the digits after the point that tell them apart.
    fn ticks(&self) -> Vec<(f64, String)> {
        let rough = (self.high - self.low) / TICKS;
        let power = 10f64.powf(rough.log10().floor());
        let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power >= rough);
        let step = factor.unwrap_or(10.0) * power;
        let first = (self.low / step).ceil();
        let size = self.low.abs().max(self.high.abs());
        let digits = (size / step).log10().floor().max(0.0) as usize + 1;
        let multiples = (0..).map(|k| first + f64::from(k)).take(20);
        let values = multiples.map(|k| k * step).take_while(|value| *value <= self.high);
        let plain = (1e-4..1e6).contains(&size) && step >= 1e-7;
        let places = (-step.log10().floor()).max(0.0) as usize;
        let word = |value: f64| match plain {
            _ if value.abs() < step / 2.0 => "0".to_owned(),
            true => minus(&format!("{value:.places$}")),
            false => minus(&format!("{value:.digits$e}")),
        };
        values.map(|value| (value, word(value))).collect()
    }
}

/// A number with the typographic minus sign.
fn minus(number: &str) -> String {
    number.replace('-', "\u{2212}")
}

/// What explains the colours.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Legend {
    /// Nothing does.
    #[default]
    None,
    /// A colour and a word each.
    Entries(Vec<(Color, String)>),
    /// The colours of [`Color::sequential`] over a range of values.
    Bar(Axis),
}

#[derive(Debug, Clone, PartialEq)]
enum Mark {
    Polygon(Vec<[f64; 2]>, Style),
    Line(Vec<[f64; 2]>, Style),
    Point([f64; 2], f64, Style),
    Word([f64; 2], String),
}

/// A figure; shapes are drawn in the order in which they are added.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// What stands above it.
    pub title: String,
    /// A smaller line below the title.
    pub subtitle: String,
    /// To the right.
    pub horizontal: Axis,
    /// Upward.
    pub vertical: Axis,
    /// Whether a unit is as long on both axes (if that leaves both sides longer than a fifth).
    pub equal_units: bool,
    /// What explains the colours.
    pub legend: Legend,
    marks: Vec<Mark>,
}

impl Figure {
    /// An empty figure. Shapes are cut off at the ends of the axes.
    pub fn new(horizontal: Axis, vertical: Axis) -> Self {
        let (title, subtitle, marks) = (String::new(), String::new(), Vec::new());
        let (equal_units, legend) = (false, Legend::None);
        Self { title, subtitle, horizontal, vertical, equal_units, legend, marks }
    }

    /// Adds a polygon by its corners in order. One with a corner that is not finite is left out.
    pub fn polygon(&mut self, corners: &[[f64; 2]], style: Style) {
        if all_finite(corners) {
            self.marks.push(Mark::Polygon(corners.to_vec(), style));
        }
    }

    /// Adds a line through points in order. One with a point that is not finite is left out.
    pub fn line(&mut self, points: &[[f64; 2]], style: Style) {
        if all_finite(points) {
            self.marks.push(Mark::Line(points.to_vec(), style));
        }
    }

    /// Adds a disc with a radius in pixels. A point that is not finite is left out.
    pub fn point(&mut self, at: [f64; 2], radius: f64, style: Style) {
        if all_finite(&[at]) {
            self.marks.push(Mark::Point(at, radius, style));
        }
    }

    /// Adds words that begin a little to the upper right of a point.
    pub fn word(&mut self, at: [f64; 2], text: impl Into<String>) {
        if all_finite(&[at]) {
            self.marks.push(Mark::Word(at, text.into()));
        }
    }

    /// The figure as an SVG file.
    pub fn to_svg(&self) -> String {
        let [left, top, right, bottom] = MARGIN;
        let [width, height] = self.area();
        let beside = if self.legend == Legend::None { 0.0 } else { LEGEND };
        let (all_width, all_height) = (left + width + right + beside, top + height + bottom);
        let (all_width, all_height) = (pixels(all_width), pixels(all_height));
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {all_width} {all_height}\" \
             width=\"{all_width}\" height=\"{all_height}\" font-family=\"sans-serif\" \
             font-size=\"13\" fill=\"{ink}\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
             <text x=\"{x}\" y=\"20\" font-size=\"15\">{title}</text>\n\
             <text x=\"{x}\" y=\"38\" fill=\"#60606a\">{subtitle}</text>\n\
             <clipPath id=\"area\"><rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\"/></clipPath>\n",
            ink = Color::INK.hex(),
            title = escape(&self.title),
            subtitle = escape(&self.subtitle),
            x = pixels(left),
            y = pixels(top),
            w = pixels(width),
            h = pixels(height),
        );
        svg.push_str("<g clip-path=\"url(#area)\" stroke-linejoin=\"round\">\n");
        for mark in &self.marks {
            self.mark(mark, [width, height], &mut svg);
        }
        svg.push_str("</g>\n");
        self.axes([width, height], &mut svg);
        match &self.legend {
            Legend::None => {}
            Legend::Entries(entries) => legend(entries, left + width + 20.0, &mut svg),
            Legend::Bar(axis) => bar(axis, left + width + 20.0, height, &mut svg),
        }
        svg.push_str("</svg>\n");
        svg
    }

    /// Width and height of the data in pixels.
    fn area(&self) -> [f64; 2] {
        if !self.equal_units {
            return AREA;
        }
        let ratio =
            (self.horizontal.high - self.horizontal.low) / (self.vertical.high - self.vertical.low);
        let shape = [AREA[0].min(AREA[1] * ratio), AREA[1].min(AREA[0] / ratio)];
        if shape[0] < AREA[0] / 5.0 || shape[1] < AREA[1] / 5.0 { AREA } else { shape }
    }

    fn place(&self, point: [f64; 2], area: [f64; 2]) -> [f64; 2] {
        // Far beyond the picture the place does not matter, but renderers dislike huge numbers.
        let kept = |value: f64| value.clamp(-1e5, 1e5);
        [
            kept(MARGIN[0] + self.horizontal.share(point[0]) * area[0]),
            kept(MARGIN[1] + (1.0 - self.vertical.share(point[1])) * area[1]),
        ]
    }

    fn mark(&self, mark: &Mark, area: [f64; 2], svg: &mut String) {
        let list = |points: &[[f64; 2]]| {
            let place = |point: &[f64; 2]| {
                let [x, y] = self.place(*point, area);
                format!("{},{}", pixels(x), pixels(y))
            };
            points.iter().map(place).collect::<Vec<_>>().join(" ")
        };
        let (name, geometry, style) = match mark {
            Mark::Polygon(points, style) => {
                ("polygon", format!("points=\"{}\"", list(points)), style)
            }
            Mark::Line(points, style) => {
                ("polyline", format!("points=\"{}\"", list(points)), style)
            }
            Mark::Point(at, radius, style) => {
                let [x, y] = self.place(*at, area).map(pixels);
                ("circle", format!("cx=\"{x}\" cy=\"{y}\" r=\"{}\"", pixels(*radius)), style)
            }
            Mark::Word(at, text) => {
                let [x, y] = self.place(*at, area);
                let (x, y, text) = (pixels(x + 5.0), pixels(y - 5.0), escape(text));
                let _ = writeln!(svg, "<text x=\"{x}\" y=\"{y}\">{text}</text>");
                return;
            }
        };
        let _ = write!(svg, "<{name} {geometry}{}", style.attributes());
        let _ = match &style.title {
            Some(title) => writeln!(svg, "><title>{}</title></{name}>", escape(title)),
            None => writeln!(svg, "/>"),
        };
    }

    fn axes(&self, [width, height]: [f64; 2], svg: &mut String) {
        let [left, top, ..] = MARGIN;
        let (ink, bottom) = (Color::INK.hex(), top + height);
        let _ = writeln!(
            svg,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"{ink}\"/>",
            pixels(left),
            pixels(top),
            pixels(width),
            pixels(height),
        );
        for (value, word) in self.horizontal.ticks() {
            let x = pixels(left + self.horizontal.share(value) * width);
            let (y, end, below) = (pixels(bottom), pixels(bottom + 5.0), pixels(bottom + 19.0));
            let _ = writeln!(
                svg,
                "<path d=\"M{x} {y}V{end}\" stroke=\"{ink}\"/>\
                 <text x=\"{x}\" y=\"{below}\" text-anchor=\"middle\">{word}</text>"
            );
        }
        for (value, word) in self.vertical.ticks() {
            let y = top + (1.0 - self.vertical.share(value)) * height;
            let (x, end, before) = (pixels(left), pixels(left - 5.0), pixels(left - 8.0));
            let (y, base) = (pixels(y), pixels(y + 4.0));
            let _ = writeln!(
                svg,
                "<path d=\"M{x} {y}H{end}\" stroke=\"{ink}\"/>\
                 <text x=\"{before}\" y=\"{base}\" text-anchor=\"end\">{word}</text>"
            );
        }
        let (x, y) = (pixels(left + width / 2.0), pixels(bottom + 44.0));
        let label = escape(&self.horizontal.label);
        let _ = writeln!(svg, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">{label}</text>");
        let (y, label) = (pixels(top + height / 2.0), escape(&self.vertical.label));
        let _ = writeln!(
            svg,
            "<text transform=\"translate(20 {y}) rotate(-90)\" text-anchor=\"middle\">{label}</text>"
        );
    }
}

fn legend(entries: &[(Color, String)], x: f64, svg: &mut String) {
    let mut y = MARGIN[1] + 2.0;
    for (color, word) in entries.iter().take(MOST_ENTRIES) {
        let _ = writeln!(
            svg,
            "<rect x=\"{}\" y=\"{}\" width=\"14\" height=\"14\" fill=\"{}\"/>\
             <text x=\"{}\" y=\"{}\">{}</text>",
            pixels(x),
            pixels(y),
            color.hex(),
            pixels(x + 21.0),
            pixels(y + 12.0),
            escape(word),
        );
        y += 20.0;
    }
    if entries.len() > MOST_ENTRIES {
        let more = entries.len() - MOST_ENTRIES;
        let (x, y) = (pixels(x), pixels(y + 12.0));
        let _ = writeln!(svg, "<text x=\"{x}\" y=\"{y}\">and {more} more</text>");
    }
}

fn bar(axis: &Axis, x: f64, height: f64, svg: &mut String) {
    const STEPS: usize = 64;
    let top = MARGIN[1];
    let step = height / STEPS as f64;
    for index in 0..STEPS {
        let color = Color::sequential((index as f64 + 0.5) / STEPS as f64).hex();
        let y = top + height - (index + 1) as f64 * step;
        // A little overlap hides the seams.
        let (x, y, tall) = (pixels(x), pixels(y), pixels(step + 0.5));
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{y}\" width=\"16\" height=\"{tall}\" fill=\"{color}\"/>"
        );
    }
    for (value, word) in axis.ticks() {
        let y = pixels(top + (1.0 - axis.share(value)) * height + 4.0);
        let _ = writeln!(svg, "<text x=\"{}\" y=\"{y}\">{word}</text>", pixels(x + 22.0));
    }
    let (x, y, label) = (pixels(x), pixels(top + height + 20.0), escape(&axis.label));
    let _ = writeln!(svg, "<text x=\"{x}\" y=\"{y}\">{label}</text>");
}

fn all_finite(points: &[[f64; 2]]) -> bool {
    points.iter().flatten().all(|value| value.is_finite())
}

/// A length with at most two digits after the point.
fn pixels(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Text as XML takes it.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            // XML has no way to say these.
            control if control.is_control() => safe.push(' '),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(axis: &Axis) -> Vec<String> {
        axis.ticks().into_iter().map(|(_, word)| word).collect()
    }

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(words(&Axis::new("", 0.0, 1.0)), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(words(&Axis::new("", -2.5, 2.5)), ["−2", "−1", "0", "1", "2"]);
        for (low, high) in [(1e-12, 3e-12), (1e9, 1e9 + 50.0), (-1e300, 1e300), (0.1, 0.1)] {
            let axis = Axis::new("", low, high);
            let ticks = axis.ticks();
            assert!((2..20).contains(&ticks.len()), "{low} {high}: {ticks:?}");
            assert!(ticks.iter().all(|(value, _)| (axis.low..=axis.high).contains(value)));
            let mut different = words(&axis);
            different.dedup();
            assert_eq!(different.len(), ticks.len(), "{ticks:?}");
        }
    }

    #[test]
    fn an_axis_always_has_a_length() {
        for (low, high) in
            [(0.0, 0.0), (3.0, 3.0), (2.0, 1.0), (f64::NAN, 1.0), (f64::INFINITY, 0.0)]
        {
            let axis = Axis::new("", low, high);
            assert!(axis.low < axis.high && (axis.high - axis.low).is_finite(), "{axis:?}");
        }
        assert_eq!(Axis::around("", []), Axis::new("", 0.0, 1.0));
        let axis = Axis::around("", [1.0, f64::NAN, 3.0]);
        assert!(axis.low < 1.0 && axis.high > 3.0 && axis.high < 4.0);
    }

    #[test]
    fn shapes_stand_where_their_coordinates_say() {
        let mut figure = Figure::new(Axis::new("x", 0.0, 10.0), Axis::new("y", 0.0, 10.0));
        figure.polygon(&[[0.0, 0.0], [10.0, 0.0], [10.0, 10.0]], Style::filled(Color(1, 2, 3)));
        figure.line(&[[0.0, f64::NAN], [1.0, 1.0]], Style::line(Color::INK, 2.0));
        figure.point([5.0, 5.0], 3.0, Style::line(Color::INK, 1.0).titled("a < b"));
        let svg = figure.to_svg();
        assert!(svg.contains("points=\"84,608 724,608 724,48\" fill=\"#010203\"/>"), "{svg}");
        assert!(svg.contains("cx=\"404\" cy=\"328\" r=\"3\""), "{svg}");
        assert!(svg.contains("<title>a &lt; b</title></circle>"), "{svg}");
        assert!(!svg.contains("polyline") && !svg.contains("NaN"), "{svg}");
    }

    #[test]
    fn units_are_equal_where_both_sides_stay_visible() {
        let square = Figure {
            equal_units: true,
            ..Figure::new(Axis::new("x", 0.0, 4.0), Axis::new("y", 0.0, 2.0))
        };
        assert_eq!(square.area(), [640.0, 320.0]);
        let long = Figure { horizontal: Axis::new("x", 0.0, 1e6), ..square };
        assert_eq!(long.area(), AREA);
    }

    #[test]
    fn neighbouring_categories_differ() {
        let distance = |a: Color, b: Color| {
            [a.0.abs_diff(b.0), a.1.abs_diff(b.1), a.2.abs_diff(b.2)]
                .map(u32::from)
                .iter()
                .sum::<u32>()
        };
        for index in 0..200 {
            assert!(distance(Color::category(index), Color::category(index + 1)) > 60, "{index}");
        }
        assert_eq!(Color::sequential(-1.0), Color::sequential(0.0));
        assert!(distance(Color::sequential(0.0), Color::sequential(1.0)) > 300);
    }

    #[test]
    fn a_legend_and_a_bar_are_drawn_beside_the_data() {
        let mut figure = Figure::new(Axis::new("x", 0.0, 1.0), Axis::new("y", 0.0, 1.0));
        let narrow = figure.to_svg();
        figure.legend =
            Legend::Entries((0..30).map(|k| (Color::category(k), format!("map {k}"))).collect());
        let entries = figure.to_svg();
        assert!(
            entries.contains("map 23")
                && !entries.contains("map 24")
                && entries.contains("and 6 more")
        );
        figure.legend = Legend::Bar(Axis::new("output", -1.0, 1.0));
        assert!(figure.to_svg().contains(">output</text>"));
        assert!(narrow.contains("width=\"748\"") && entries.contains("width=\"898\""));
    }
}
