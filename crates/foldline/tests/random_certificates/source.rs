//! Random numbers, networks, regions and point sets as texts, over chosen orders of magnitude.

use foldline::formats::network::{NetworkOptions, parse_network};
use foldline::kernel::number::{from_f32_bits, power_of_two};
use foldline::{Integer, Natural, Network, Rational};

use crate::random::Random;

/// Over how many orders of magnitude the numbers of a case range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Magnitude {
    Ordinary,
    Ten,
    Sixty,
}

/// What made certificates fail once, or nothing of the kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    General,
    /// Weights of 10⁴.
    Heavy,
    /// Weights of about 2¹⁸ and boxes 2⁻²⁵ wide.
    Narrow,
    /// Weights like −13/5 and regions without ends.
    Unbounded,
}

/// Where the numbers of one case come from.
pub struct Source {
    pub random: Random,
    magnitude: Magnitude,
    kind: Kind,
}

/// A region: what it says of each input, and half-spaces.
pub struct Piece {
    pub sides: Vec<[Option<Rational>; 2]>,
    pub half_spaces: Vec<(Vec<Rational>, Rational)>,
}

/// A network with the text of its file.
pub struct Read {
    pub network: Network,
    pub text: String,
}

pub fn power_of_ten(exponent: i64) -> Rational {
    let power = Rational::from(Integer::from(10).pow(exponent.unsigned_abs() as usize));
    if exponent < 0 { Rational::ONE / power } else { power }
}

pub fn quoted(values: &[Rational]) -> String {
    values.iter().map(|value| format!("\"{value}\"")).collect::<Vec<_>>().join(",")
}

impl Source {
    pub fn new(seed: u64, magnitude: Magnitude) -> Self {
        let mut random = Random(seed);
        let kind = match random.below(10) {
            0 => Kind::Heavy,
            1 => Kind::Narrow,
            2 | 3 => Kind::Unbounded,
            _ => Kind::General,
        };
        Self { random, magnitude, kind }
    }

    pub fn one_in(&mut self, count: u64) -> bool {
        self.random.below(count) == 0
    }

    pub fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.random.below((high - low + 1) as u64) as usize
    }

    fn signed(&mut self, most: u64) -> i64 {
        let value = 1 + self.random.below(most) as i64;
        if self.one_in(2) { -value } else { value }
    }

    /// A factor for one number or for all of a row.
    fn factor(&mut self) -> Rational {
        let most = match self.magnitude {
            Magnitude::Ordinary => u64::from(self.one_in(8)),
            Magnitude::Ten => 5,
            Magnitude::Sixty => 30,
        };
        let exponent = self.random.below(2 * most + 1) as i64 - most as i64;
        // Powers of two are as frequent as of ten: they are what floats hold.
        if self.one_in(3) { power_of_two(exponent * 10 / 3) } else { power_of_ten(exponent) }
    }

    /// An ordinary number, seldom 0.
    fn mantissa(&mut self) -> Rational {
        match self.random.below(12) {
            0 => Rational::ZERO,
            1..=6 => Rational::from(self.signed(9)),
            7..=9 => {
                let denominators = [2u8, 3, 5, 7, 10];
                let denominator = denominators[self.between(0, 4)];
                let numerator = Integer::from(self.signed(30));
                Rational::from_parts(numerator, Natural::from(denominator))
            }
            _ => {
                let bits = self.signed(1 << 24) as f32 / (1u32 << 22) as f32;
                from_f32_bits(bits.to_bits()).expect("a finite number")
            }
        }
    }

    pub fn number(&mut self) -> Rational {
        self.mantissa() * self.factor()
    }

    fn weight(&mut self) -> Rational {
        let size = match self.kind {
            Kind::Heavy => Rational::from(10_000),
            Kind::Narrow => power_of_two(18),
            _ => return self.number(),
        };
        self.number() * size
    }

    /// A row of weights and the bias; often the numbers of a row are of one size.
    fn row(&mut self, width: usize, biased: bool) -> Vec<Rational> {
        let common = self.one_in(2).then(|| self.factor());
        let mut row: Vec<Rational> = (0..width).map(|_| self.weight()).collect();
        row.push(if biased { self.number() } else { Rational::ZERO });
        if let Some(common) = common {
            row.iter_mut().for_each(|value| *value = self.mantissa() * &common);
        }
        row
    }

    /// A network with so many inputs, at most two hidden layers, and degenerate rows.
    pub fn network(&mut self, inputs: usize, outputs: usize, most_hidden: usize) -> Read {
        let least = usize::from(!self.one_in(8)).min(most_hidden);
        let hidden = self.between(least, most_hidden);
        let mut layers = Vec::new();
        let mut width = inputs;
        for index in 0..=hidden {
            let is_last = index == hidden;
            let size =
                if is_last { outputs } else { self.between(1, if hidden > 1 { 3 } else { 5 }) };
            let biased = !self.one_in(4);
            let mut rows: Vec<Vec<Rational>> = (0..size).map(|_| self.row(width, biased)).collect();
            if size > 1 && self.one_in(3) {
                let (from, to) = (self.between(0, size - 1), self.between(0, size - 1));
                let factor = Rational::from(self.signed(2));
                rows[to] = rows[from].iter().map(|value| value * &factor).collect();
            }
            let word = if !is_last || self.one_in(6) { "relu" } else { "linear" };
            let weights: Vec<String> =
                rows.iter().map(|row| format!("[{}]", quoted(&row[..width]))).collect();
            let biases: Vec<Rational> = rows.iter().map(|row| row[width].clone()).collect();
            layers.push(format!(
                r#"{{"weights":[{}],"bias":[{}],"activation":"{word}"}}"#,
                weights.join(","),
                quoted(&biases)
            ));
            width = size;
        }
        let text = format!(r#"{{"layers":[{}]}}"#, layers.join(","));
        let read = parse_network("n.json", text.as_bytes(), &NetworkOptions::default());
        Read { network: read.expect("a network").network, text }
    }

    fn side(&mut self) -> [Option<Rational>; 2] {
        let low = self.number();
        let width = match self.random.below(24) {
            0..=2 => Rational::ZERO,
            // An inverted side.
            3 => -Rational::ONE,
            _ if self.kind == Kind::Narrow => power_of_two(-25),
            _ => {
                let width = self.number();
                if width < Rational::ZERO { -width } else { width }
            }
        };
        let high = &low + width;
        let missing = if self.kind == Kind::Unbounded { 2 } else { 8 };
        let mut end = |value: Rational| (!self.one_in(missing)).then_some(value);
        [end(low), end(high)]
    }

    pub fn piece(&mut self, inputs: usize) -> Piece {
        let sides = (0..inputs).map(|_| self.side()).collect();
        let count = if self.one_in(4) { self.between(1, 2) } else { 0 };
        let half_space =
            |source: &mut Self| ((0..inputs).map(|_| source.number()).collect(), source.number());
        let half_spaces = (0..count).map(|_| half_space(self)).collect();
        Piece { sides, half_spaces }
    }

    /// A corner of a piece, or where it has none the end there is, or 0.
    pub fn corner(&mut self, piece: &Piece) -> Vec<Rational> {
        let mut end = |side: &[Option<Rational>; 2]| {
            let first = self.between(0, 1);
            side[first].clone().or_else(|| side[1 - first].clone()).unwrap_or(Rational::ZERO)
        };
        piece.sides.iter().map(&mut end).collect()
    }
}

impl Piece {
    /// As JSON; rows of zeros are left out, as some readers refuse them.
    pub fn json(&self) -> String {
        let end = |end: &Option<Rational>| {
            end.as_ref().map_or("null".to_owned(), |value| format!("\"{value}\""))
        };
        let sides: Vec<String> =
            self.sides.iter().map(|[low, high]| format!("[{},{}]", end(low), end(high))).collect();
        let rows = || self.half_spaces.iter().filter(|(row, _)| row.iter().any(|a| !a.is_zero()));
        let matrix: Vec<String> = rows().map(|(row, _)| format!("[{}]", quoted(row))).collect();
        let bounds: Vec<Rational> = rows().map(|(_, bound)| bound.clone()).collect();
        let (sides, matrix, bounds) = (sides.join(","), matrix.join(","), quoted(&bounds));
        if bounds.is_empty() {
            return format!(r#"{{"box":[{sides}]}}"#);
        }
        format!(r#"{{"box":[{sides}],"A":[{matrix}],"b":[{bounds}]}}"#)
    }

    /// The conjunction as a VNN-LIB formula, without its parentheses: perhaps with `<` for `<=`.
    pub fn conjuncts(&self, source: &mut Source) -> Vec<String> {
        let mut relation = || if source.one_in(8) { "<" } else { "<=" };
        let mut parts = Vec::new();
        for (j, [low, high]) in self.sides.iter().enumerate() {
            parts.extend(low.iter().map(|low| format!("({} {low} X_{j})", relation())));
            parts.extend(high.iter().map(|high| format!("({} X_{j} {high})", relation())));
        }
        for (row, bound) in &self.half_spaces {
            parts.push(format!("({} {} {bound})", relation(), sum('X', row)));
        }
        if parts.is_empty() {
            parts.push(format!("(<= X_0 {})", source.number()));
        }
        parts
    }
}

/// A linear term.
pub fn sum(letter: char, factors: &[Rational]) -> String {
    let terms: String = factors
        .iter()
        .enumerate()
        .map(|(index, factor)| format!(" (* {factor} {letter}_{index})"))
        .collect();
    format!("(+ 0{terms})")
}

/// The names of a VNN-LIB file.
pub fn names(inputs: usize, outputs: usize) -> String {
    let declare = |(letter, count): (char, usize)| -> String {
        (0..count).map(|index| format!("(declare-const {letter}_{index} Real)\n")).collect()
    };
    declare(('X', inputs)) + &declare(('Y', outputs))
}
