//! Counts, times, networks and points in words and small tables for people.

use std::fmt::Write;

use foldline::text::{decimal, exact_for_people};
use foldline::{Network, Rational};

/// Rows of a table of numbers that are printed at most.
const MOST_ROWS: usize = 24;

/// Characters of an exact number that are printed at most.
const MOST_CHARACTERS: usize = 44;

/// `12345` as `12,345`.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 input`, `5 inputs`.
pub fn plural(value: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(value), if value == 1 { "" } else { "s" })
}

/// Seconds with as many decimals as make sense.
pub fn duration(seconds: f64) -> String {
    match seconds {
        none if none <= 0.0 => "0 s".to_owned(),
        short if short < 0.1 => format!("{:.1} ms", 1000.0 * short),
        medium if medium < 10.0 => format!("{medium:.2} s"),
        long => format!("{long:.1} s"),
    }
}

/// `5 inputs, 300 ReLU neurons, 5 outputs`.
pub fn network(network: &Network) -> String {
    format!(
        "{}, {}, {}",
        plural(network.inputs() as u64, "input"),
        plural(network.neurons() as u64, "ReLU neuron"),
        plural(network.outputs() as u64, "output")
    )
}

/// A table of points, their coordinates named `X_0`, `X_1`, …: approximately and exactly.
///
/// Long numbers are cut, and so are points of many coordinates.
pub fn point_table(points: &[(char, &[Rational])]) -> String {
    let longest = points.iter().map(|(_, point)| point.len().min(MOST_ROWS)).max().unwrap_or(0);
    let width = 2 + longest.saturating_sub(1).to_string().len();
    let mut text = format!("  {:width$}  {:<16}  exactly\n", "", "approximately");
    for (letter, point) in points {
        for (index, value) in point.iter().enumerate().take(MOST_ROWS) {
            let name = format!("{letter}_{index}");
            let exact = shorten(&exact_for_people(value));
            let _ = writeln!(text, "  {name:<width$}  {:<16}  {exact}", decimal(value, 10));
        }
        if point.len() > MOST_ROWS {
            let more = point.len() - MOST_ROWS;
            let _ = writeln!(text, "  {letter}: {more} more (--json has all)");
        }
    }
    text
}

/// Cuts long numbers, and says how long they are.
pub fn shorten(text: &str) -> String {
    let length = text.chars().count();
    if length <= MOST_CHARACTERS {
        return text.to_owned();
    }
    let head: String = text.chars().take(MOST_CHARACTERS / 2).collect();
    format!("{head}… ({length} characters, --json has all)")
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldline::parse_rational;

    #[test]
    fn counts_are_grouped() {
        assert_eq!(
            [0, 999, 1000, 1_234_567].map(count),
            ["0", "999", "1,000", "1,234,567"].map(String::from)
        );
        assert_eq!(plural(1, "input"), "1 input");
    }

    #[test]
    fn tables_cut_long_numbers_and_long_lists() {
        let long = parse_rational("1/123456789123456789123456789123456789123456789").unwrap();
        let text = point_table(&[('X', &vec![long; MOST_ROWS + 3])]);
        assert_eq!(text.lines().count(), MOST_ROWS + 2);
        assert!(text.contains("characters, --json has all"), "{text}");
        assert!(text.ends_with("X: 3 more (--json has all)\n"), "{text}");
    }
}
