//! One case: a question, its files, and the library's function that answers it and writes a certificate.

use std::path::{Path, PathBuf};
use std::time::Duration;

use foldcheck::Content;
use foldline::formats::region::parse_region;
use foldline::kernel::Region;
use foldline::questions::maximum::{Answer, maximum};
use foldline::{Network, Options, Rational};

use crate::source::{Magnitude, Piece, Read, Source, names, sum};

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    Verify,
    Maximum,
    Range,
    Positive,
    Surjective,
    Zero,
    Equivalent,
    /// p, a rational or `inf`.
    Lipschitz(&'static str),
    Regions,
    Train,
    ZeroLoss,
    Interpolate,
    Separable,
    Contains,
    /// p, a rational, `inf` or `matrix`.
    Norm(&'static str),
}

/// All of them.
pub const QUESTIONS: [Question; 27] = [
    Question::Verify,
    Question::Maximum,
    Question::Range,
    Question::Positive,
    Question::Surjective,
    Question::Zero,
    Question::Equivalent,
    Question::Lipschitz("0"),
    Question::Lipschitz("1/2"),
    Question::Lipschitz("1"),
    Question::Lipschitz("3/2"),
    Question::Lipschitz("2"),
    Question::Lipschitz("3"),
    Question::Lipschitz("inf"),
    Question::Regions,
    Question::Train,
    Question::ZeroLoss,
    Question::Interpolate,
    Question::Separable,
    Question::Contains,
    Question::Norm("1"),
    Question::Norm("3/2"),
    Question::Norm("2"),
    Question::Norm("3"),
    Question::Norm("11/10"),
    Question::Norm("inf"),
    Question::Norm("matrix"),
];

/// The files of a case, in the order in which a checker is given them.
pub struct Case {
    pub folder: PathBuf,
    pub files: Vec<Content>,
}

impl Case {
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), files: Vec::new() }
    }

    /// Writes a file.
    pub fn add(&mut self, name: &str, text: String) -> PathBuf {
        let path = self.folder.join(name);
        std::fs::write(&path, &text).unwrap();
        self.files.push(Content::new(name, text.into_bytes()));
        path
    }

    /// Where the certificate is written.
    pub fn target(&self) -> PathBuf {
        self.folder.join("certificate")
    }
}

/// A network on a region, or on all of R^d.
pub struct Subject {
    pub network: Network,
    pub network_file: PathBuf,
    pub region: Option<(Region, PathBuf)>,
    pub output: usize,
}

impl Subject {
    /// The region.
    pub fn over(&self) -> Region {
        let everywhere = || Region::everything(self.network.inputs());
        self.region.as_ref().map_or_else(everywhere, |(region, _)| region.clone())
    }

    /// Draws a network and a region; some questions need a region, or one that is a single polyhedron.
    pub fn draw(source: &mut Source, case: &mut Case, over: Over, outputs: usize) -> Self {
        let inputs = source.between(1, 3);
        let outputs = source.between(1, outputs);
        let Read { network, text } = source.network(inputs, outputs, 2);
        let network_file = case.add("n.json", text);
        let output = source.between(0, outputs - 1);
        let region = region(source, case, (inputs, outputs), over);
        Self { network, network_file, region, output }
    }
}

/// What a question takes for a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    Always,
    Perhaps,
    /// Perhaps, and then one polyhedron in JSON.
    PerhapsOne,
    /// Perhaps, and then a box.
    PerhapsBox,
}

fn region(
    source: &mut Source,
    case: &mut Case,
    (inputs, outputs): (usize, usize),
    over: Over,
) -> Option<(Region, PathBuf)> {
    if over != Over::Always && source.one_in(5) {
        return None;
    }
    let single = matches!(over, Over::PerhapsOne | Over::PerhapsBox);
    let (name, text) = if single || source.one_in(2) {
        let mut piece = source.piece(inputs);
        if over == Over::PerhapsBox {
            piece.half_spaces.clear();
        }
        ("r.json", piece.json())
    } else {
        let count = source.between(1, 2);
        let pieces: Vec<String> = (0..count)
            .map(|_| {
                let piece = source.piece(inputs);
                format!("(and {})", piece.conjuncts(source).join(" "))
            })
            .collect();
        ("r.vnnlib", format!("{}(assert (or {}))\n", names(inputs, outputs), pieces.join(" ")))
    };
    let path = case.add(name, text.clone());
    Some((parse_region(name, &text, inputs).expect("a region"), path))
}

/// The options of a search: a limit that only skips what takes too long.
pub fn options(limit: Duration) -> Options {
    Options { threads: 1, timeout: Some(limit), ..Options::default() }
}

/// A property: disjuncts with a region and output atoms, which are often just touched.
pub fn property(source: &mut Source, network: &Network, limit: Duration) -> String {
    let (inputs, outputs) = (network.inputs(), network.outputs());
    let count = if source.one_in(3) { 2 } else { 1 };
    let disjuncts: Vec<String> = (0..count)
        .map(|_| {
            let piece = source.piece(inputs);
            let mut parts = piece.conjuncts(source);
            let atoms: Vec<String> =
                (0..source.between(1, 2)).map(|_| atom(source, network, &piece, limit)).collect();
            if atoms.len() > 1 && source.one_in(2) {
                parts.push(format!("(or {})", atoms.join(" ")));
            } else {
                parts.extend(atoms);
            }
            if source.one_in(6) {
                // A formula of inputs alone, with an alternative that its numbers may exclude.
                let [a, b] =
                    [(); 2].map(|()| (0..inputs).map(|_| source.number()).collect::<Vec<_>>());
                let bounds = [source.number(), source.number()];
                parts.push(format!(
                    "(or (<= {} {}) (>= {} {}))",
                    sum('X', &a),
                    bounds[0],
                    sum('X', &b),
                    bounds[1]
                ));
            }
            format!("(and {})", parts.join(" "))
        })
        .collect();
    format!("{}(assert (or {}))\n", names(inputs, outputs), disjuncts.join(" "))
}

/// `factors·y ≥ bound`, the bound being drawn, taken at a corner, or the maximum itself.
fn atom(source: &mut Source, network: &Network, piece: &Piece, limit: Duration) -> String {
    let factors: Vec<Rational> = (0..network.outputs()).map(|_| source.number()).collect();
    let relation = if source.one_in(2) { ">" } else { ">=" };
    let bound = match source.random.below(4) {
        0 => source.number(),
        1 => {
            let output = network.evaluate(&source.corner(piece)).output;
            factors.iter().zip(&output).fold(Rational::ZERO, |sum, (a, y)| sum + a * y)
        }
        _ => {
            let region = parse_region("r.json", &piece.json(), network.inputs()).expect("a region");
            let objective: Vec<(usize, Rational)> = factors.iter().cloned().enumerate().collect();
            match maximum(network, &region, &[objective], &options(limit)).answer {
                Answer::Maximum { maximum, .. } => maximum.value,
                _ => source.number(),
            }
        }
    };
    format!("({relation} {} {bound})", sum('Y', &factors))
}

/// A case's name.
pub fn name(question: Question, magnitude: Magnitude, seed: u64) -> String {
    let question = format!("{question:?}").to_lowercase();
    let plain: String =
        question.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    format!("{plain}-{magnitude:?}-{seed}").to_lowercase()
}
